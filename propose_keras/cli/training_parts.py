"""What `train.py` makes of its flags."""

from propose_keras.data.augmentations import (
    keypoint_noise,
    other_bodies,
    random_flip,
    turn,
)
from propose_keras.data.detection_errors import detection_errors
from propose_keras.data.other_cameras import other_cameras
from propose_keras.deterministic import DeterministicLifter
from propose_keras.model import ProPose
from propose_keras.normalization import PoseNormalization
from propose_keras.training import TrainingSettings, make_adam, make_optimizer


def make_model(values):
    """The model of the flags: a `ProPose` or a `DeterministicLifter`."""
    normalization = PoseNormalization(
        scale=values.scale,
        root=values.root,
        focal_length=values.focal_length,
        name="normalization",
    )
    if values.model == "deterministic":
        return DeterministicLifter.from_sizes(
            width=values.width,
            num_blocks=values.num_blocks,
            dropout=values.dropout,
            activation=values.activation,
            normalization=normalization,
            seed=values.seed,
            name="deterministic_lifter",
        )
    return ProPose.from_sizes(
        latent_size=values.latent_size,
        width=values.width,
        num_blocks=values.num_blocks,
        num_couplings=values.num_couplings,
        latent_scale=values.latent_scale,
        clamp=values.clamp,
        pilgd=values.pilgd,
        base=values.base,
        flow_width=values.flow_width,
        discriminator_width=values.discriminator_width,
        dropout=values.dropout,
        activation=values.activation,
        temperature=values.temperature,
        normalization=normalization,
        name="propose",
    )


def compile_model(model, values):
    """Compiles a model of `make_model`.

    Raises:
        ValueError: If two flags contradict each other.
    """
    if values.model == "deterministic":
        optimizer = make_adam(
            values.alpha, values.num_steps, **_optimizer_arguments(values)
        )
        # Built now, so that a checkpoint's state can be restored into it.
        optimizer.build(model.trainable_variables)
        model.compile(optimizer, jit_compile=values.jit_compile)
        return
    settings = make_settings(values)
    optimizer = make_optimizer(
        settings,
        values.num_steps,
        alpha=values.alpha,
        beta=values.beta,
        discriminator_rate=values.discriminator_rate,
        **_optimizer_arguments(values),
    )
    model.compile(optimizer, settings=settings, jit_compile=values.jit_compile)


def make_settings(values):
    """The `TrainingSettings` of the flags."""
    return TrainingSettings(
        scheme=values.scheme,
        num_phase_1=values.num_phase_1,
        num_phase_2=values.num_phase_2,
        num_hypotheses=values.training_hypotheses,
        num_best=values.num_best,
        gate=values.gate,
        margin=values.margin,
        generator_weight=values.generator_weight,
        pulling_away_weight=values.pulling_away_weight,
        kl_weight=values.kl_weight,
        use_m2m=values.m2m,
        use_bidirectional=values.bidirectional,
        use_nll=values.nll,
        seed=values.seed,
    )


def _optimizer_arguments(values):
    return {
        "schedule": values.schedule,
        "warmup": values.warmup,
        "weight_decay": values.weight_decay,
        "clip_norm": values.clip_norm or None,
        "ema_momentum": values.ema_momentum or None,
    }


def make_augmentations(values, mean_pose):
    """The augmentations of the flags, for `data.pipeline.batches`.

    Args:
        values: The flags.
        mean_pose: Mean root-relative pose of the training set, `(17, 3)` mm.
    """
    augmentations = []
    if values.other_bodies > 0:
        augmentations.append(other_bodies(values.other_bodies))
    if values.turn > 0:
        augmentations.append(turn(values.turn))
    if values.other_cameras:
        augmentations.append(other_cameras())
    if values.flip:
        augmentations.append(random_flip())
    if values.keypoint_noise > 0:
        augmentations.append(keypoint_noise(values.keypoint_noise))
    if values.detection_errors > 0:
        augmentations.append(detection_errors(values.detection_errors, mean_pose))
    return tuple(augmentations)
