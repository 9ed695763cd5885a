"""The flags of `train.py` and what is made of them."""

from absl import flags

from propose_keras.data.pipeline import keypoint_noise, random_flip
from propose_keras.deterministic import DeterministicLifter
from propose_keras.model import ProPose
from propose_keras.networks.pilgd import PILGD_KINDS
from propose_keras.normalization import ROOT_MODES, SCALE_MODES, PoseNormalization
from propose_keras.training import TrainingSettings, make_adam, make_optimizer
from propose_keras.training.settings import SCHEMES

MODELS = ("propose", "deterministic")
_DEFAULT = TrainingSettings()
_RUN, _DATA, _MODEL, _LOSS, _OPTIMIZER = [], [], [], [], []


def _define(group, define, name, default, text, *args, **kwargs):
    group.append(name)
    define(name, default, text, *args, **kwargs)


def _string(group, name, default, text):
    _define(group, flags.DEFINE_string, name, default, text)


def _integer(group, name, default, text, lower_bound=1):
    _define(group, flags.DEFINE_integer, name, default, text, lower_bound=lower_bound)


def _float(group, name, default, text, lower_bound=0.0):
    _define(group, flags.DEFINE_float, name, default, text, lower_bound=lower_bound)


def _bool(group, name, default, text):
    _define(group, flags.DEFINE_bool, name, default, text)


def _enum(group, name, default, values, text):
    group.append(name)
    flags.DEFINE_enum(name, default, values, text)


def define_flags():
    """Defines the flags; called once, by the program's module."""
    _string(_RUN, "workdir", None, "Folder for model, checkpoints and logs.")
    _string(_RUN, "data_dir", None, "The --data_dir that tfds build was given.")
    _integer(_RUN, "verbose", 2, "Progress: 0 none, 1 a bar, 2 a line per epoch.", 0)

    _string(_DATA, "dataset", None, "Built data set: NAME or NAME/CONFIG.")
    _integer(_DATA, "seed", 0, "Of weights, order of the data and training noise.", 0)
    _string(
        _DATA,
        "validation_subject",
        "S8",
        "Training subject held out for validation; empty trains on all of them.",
    )
    _integer(_DATA, "train_frame_stride", 1, "Train on every so many frames.")
    _integer(_DATA, "batch_size", 256, "Poses per step.")
    _integer(_DATA, "num_steps", 20000, "Steps of training, both phases together.")
    _integer(
        _DATA,
        "checkpoint_interval",
        1000,
        "Steps between checkpoints and validations; divides --num_steps.",
    )
    _bool(_DATA, "flip", True, "Mirror half of the poses left to right.")
    _float(_DATA, "keypoint_noise", 0.0, "Noise on 2D joints in training, pixels.")

    _enum(
        _MODEL,
        "model",
        "propose",
        MODELS,
        "What to train; deterministic, a residual MLP of --width and --num_blocks that "
        "gives one pose, is the reference that ProPose's mode is measured against.",
    )
    _enum(_MODEL, "pilgd", "instance", PILGD_KINDS, "PILGD learner; Table 4.")
    _enum(_MODEL, "base", "pagd", ["pagd", "standard"], "Base; Table 5.")
    _integer(_MODEL, "latent_size", 32, "Dimension d of the latent space.", 2)
    _integer(_MODEL, "width", 512, "Units of hidden layers.")
    _integer(_MODEL, "num_blocks", 2, "Residual blocks of en- and decoders.", 0)
    _integer(_MODEL, "num_couplings", 8, "Couplings of the flow.")
    _integer(
        _MODEL, "flow_width", None, "Units of the flow's subnets; --width if unset."
    )
    _float(_MODEL, "latent_scale", 0.1, "s of Eq. 3.", 1e-6)
    _float(_MODEL, "clamp", 1.0, "alpha of Eq. 5.", 1e-6)
    _float(_MODEL, "dropout", 0.0, "Dropout in en- and decoders.")
    _string(_MODEL, "activation", "relu", "Activation, by Keras' name.")
    _float(
        _MODEL,
        "temperature",
        1.0,
        "Factor on the base's deviation that is saved with the model; training knows "
        "nothing of it. evaluate.py --temperatures finds it.",
        1e-6,
    )
    _enum(_MODEL, "scale", "image", SCALE_MODES, "2D scale; see PoseNormalization.")
    _enum(_MODEL, "root", "keep", ROOT_MODES, "2D root; see PoseNormalization.")

    _enum(_LOSS, "scheme", "alternate", SCHEMES, "Training scheme; Table 6.")
    _integer(_LOSS, "num_phase_1", _DEFAULT.num_phase_1, "N_p1 of Algorithm 1.")
    _integer(_LOSS, "num_phase_2", _DEFAULT.num_phase_2, "N_p2 of Algorithm 1.")
    _integer(
        _LOSS,
        "training_hypotheses",
        _DEFAULT.num_hypotheses,
        "L of the best-of-M loss.",
    )
    _integer(_LOSS, "num_best", _DEFAULT.num_best, "k of Eq. 12.")
    _float(_LOSS, "gate", _DEFAULT.gate, "b of Eq. 14.")
    _float(_LOSS, "margin", _DEFAULT.margin, "m of Eq. 11.")
    _float(_LOSS, "generator_weight", _DEFAULT.generator_weight, "Weight of L_G.")
    _float(
        _LOSS, "pulling_away_weight", _DEFAULT.pulling_away_weight, "Weight of L_PT."
    )
    _float(_LOSS, "kl_weight", _DEFAULT.kl_weight, "Weight of the VAE's KL term.")
    _bool(_LOSS, "m2m", True, "Train L_m2m; Table 7.")
    _bool(_LOSS, "bidirectional", True, "Train L_Bi; Table 7.")
    _bool(_LOSS, "nll", True, "Train L_NLL; Table 7.")

    _float(_OPTIMIZER, "alpha", 1e-3, "Learning rate of g, k, q, v, h.")
    _float(_OPTIMIZER, "beta", 1e-3, "Learning rate of f.")
    _float(_OPTIMIZER, "discriminator_rate", 1e-3, "Learning rate of D.")
    _enum(_OPTIMIZER, "schedule", "cosine", ["cosine", "constant"], "Of the rates.")
    _float(_OPTIMIZER, "warmup", 0.02, "Share of the steps with rising rates.")
    _float(_OPTIMIZER, "weight_decay", 0.0, "Of AdamW.")
    _float(_OPTIMIZER, "clip_norm", 1.0, "Gradient norm per network; 0 is no limit.")
    _float(_OPTIMIZER, "ema_momentum", 0.0, "Of the averaged weights; 0 is none.")
    _bool(_OPTIMIZER, "jit_compile", True, "Compile the step with XLA.")
    flags.mark_flags_as_required(["workdir", "dataset", "data_dir"])


def configuration(values):
    """The flags that make a run what it is, in order: name to value."""
    names = [*_DATA, *_MODEL, *_LOSS, *_OPTIMIZER]
    return {name: getattr(values, name) for name in names}


def flagfile_text(values):
    """A flagfile that repeats a run, its folders included."""
    lines = []
    for name in [*_RUN, *_DATA, *_MODEL, *_LOSS, *_OPTIMIZER]:
        value = getattr(values, name)
        if isinstance(value, bool):
            lines.append(f"--{'' if value else 'no'}{name}")
        elif value is not None:
            lines.append(f"--{name}={value}")
    return "\n".join(lines) + "\n"


def make_model(values):
    """The model of the flags: a `ProPose` or a `DeterministicLifter`."""
    normalization = PoseNormalization(
        scale=values.scale, root=values.root, name="normalization"
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
    settings = make_settings(values)
    if values.model == "deterministic":
        optimizer = make_adam(
            values.alpha, values.num_steps, **_optimizer_arguments(values)
        )
        # Built now, so that a checkpoint's state can be restored into it.
        optimizer.build(model.trainable_variables)
        model.compile(optimizer, jit_compile=values.jit_compile)
        return
    optimizer = make_optimizer(
        settings,
        values.num_steps,
        alpha=values.alpha,
        beta=values.beta,
        discriminator_rate=values.discriminator_rate,
        **_optimizer_arguments(values),
    )
    model.compile(optimizer, settings, jit_compile=values.jit_compile)


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


def make_augmentations(values):
    """The augmentations of the flags, for `data.pipeline.batches`."""
    augmentations = []
    if values.flip:
        augmentations.append(random_flip())
    if values.keypoint_noise > 0:
        augmentations.append(keypoint_noise(values.keypoint_noise))
    return tuple(augmentations)
