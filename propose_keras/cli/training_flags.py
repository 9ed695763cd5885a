"""The flags of `train.py` and what is made of them."""

from absl import flags

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
from propose_keras.networks.pilgd import PILGD_KINDS
from propose_keras.normalization import ROOT_MODES, SCALE_MODES, PoseNormalization
from propose_keras.training import TrainingSettings, make_adam, make_optimizer
from propose_keras.training.settings import SCHEMES

MODELS = ("propose", "deterministic")
_DEFAULT = TrainingSettings()


class _Group(list):
    """Names of flags that belong together; its methods define them."""

    def __init__(self, values):
        super().__init__()
        self._values = values

    def _define(self, define, name, default, *args, **kwargs):
        self.append(name)
        define(name, default, *args, flag_values=self._values, **kwargs)

    def string(self, name, default, text):
        self._define(flags.DEFINE_string, name, default, text)

    def integer(self, name, default, text, lower_bound=1):
        self._define(flags.DEFINE_integer, name, default, text, lower_bound=lower_bound)

    def float(self, name, default, text, lower_bound=0.0, upper_bound=None):
        bounds = {"lower_bound": lower_bound, "upper_bound": upper_bound}
        self._define(flags.DEFINE_float, name, default, text, **bounds)

    def bool(self, name, default, text):
        self._define(flags.DEFINE_bool, name, default, text)

    def enum(self, name, default, values, text):
        self._define(flags.DEFINE_enum, name, default, values, text)


# Names of the flags that say where a run is, and of those that say what it is.
_FOLDERS, _SETTINGS = [], []


def define_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    run, data, model, loss, optimizer = (_Group(values) for _ in range(5))
    run.string("workdir", None, "Folder for model, checkpoints and logs.")
    run.string("data_dir", None, "The --data_dir that tfds build was given.")
    run.integer("verbose", 2, "Progress: 0 none, 1 a bar, 2 a line per epoch.", 0)

    data.string(
        "dataset",
        None,
        "Built data set: NAME or NAME/CONFIG; several with commas between, whose poses "
        "are mixed.",
    )
    data.integer("seed", 0, "Of weights, order of the data and training noise.", 0)
    data.string(
        "validation_subject",
        "S8",
        "Training subject held out for validation; empty trains on all of them.",
    )
    data.integer("train_frame_stride", 1, "Train on every so many frames.")
    data.integer("batch_size", 256, "Poses per step.")
    data.integer("num_steps", 20000, "Steps of training, both phases together.")
    data.integer(
        "checkpoint_interval",
        1000,
        "Steps between checkpoints and validations; divides --num_steps.",
    )
    data.bool("flip", True, "Mirror half of the poses left to right.")
    data.float(
        "other_bodies",
        0.0,
        "Draw bodies in training: deviation of the logarithm of bones' lengths.",
        upper_bound=0.5,
    )
    data.float(
        "turn",
        0.0,
        "Largest angle that people are turned by in training, degrees.",
        upper_bound=180.0,
    )
    data.bool(
        "other_cameras",
        False,
        "Show each training pose to a camera of its own, drawn anew.",
    )
    data.float("keypoint_noise", 0.0, "Noise on 2D joints in training, pixels.")
    data.float(
        "detection_errors",
        0.0,
        "Greatest deviation of 2D joints in training, as a share of the pose's size; "
        "some are far off and some missing, too.",
        upper_bound=1.0,
    )

    model.enum(
        "model",
        "propose",
        MODELS,
        "What to train; deterministic, a residual MLP that gives one pose, is the "
        "reference that ProPose's mode is measured against. Of the model it takes "
        "--width, --num_blocks, --dropout, --activation, --scale and --root only, "
        "trains by Eq. 4, and --alpha is its rate.",
    )
    model.enum("pilgd", "instance", PILGD_KINDS, "PILGD learner; Table 4.")
    model.enum("base", "pagd", ["pagd", "standard"], "Base; Table 5.")
    model.integer("latent_size", 32, "Dimension d of the latent space.", 2)
    model.integer("width", 512, "Units of hidden layers.")
    model.integer("num_blocks", 2, "Residual blocks of en- and decoders.", 0)
    model.integer("num_couplings", 8, "Couplings of the flow.")
    model.integer("flow_width", None, "Units of the flow's subnets; --width if unset.")
    model.float("latent_scale", 0.1, "s of Eq. 3.", 1e-6)
    model.float("clamp", 1.0, "alpha of Eq. 5.", 1e-6)
    model.float("dropout", 0.0, "Dropout in en- and decoders.")
    model.string("activation", "relu", "Activation, by Keras' name.")
    model.float(
        "temperature",
        1.0,
        "Factor on the base's deviation that is saved with the model; training knows "
        "nothing of it. evaluate.py --temperatures finds it.",
        1e-6,
    )
    model.enum("scale", "image", SCALE_MODES, "2D scale; see PoseNormalization.")
    model.enum("root", "keep", ROOT_MODES, "2D root; see PoseNormalization.")
    model.float(
        "focal_length",
        1.15,
        "Assumed focal length, share of an image's longer side; see PoseNormalization.",
        1e-6,
    )

    loss.enum("scheme", "alternate", SCHEMES, "Training scheme; Table 6.")
    loss.integer("num_phase_1", _DEFAULT.num_phase_1, "N_p1 of Algorithm 1.")
    loss.integer("num_phase_2", _DEFAULT.num_phase_2, "N_p2 of Algorithm 1.")
    loss.integer(
        "training_hypotheses",
        _DEFAULT.num_hypotheses,
        "L of the best-of-M loss.",
    )
    loss.integer("num_best", _DEFAULT.num_best, "k of Eq. 12.")
    loss.float("gate", _DEFAULT.gate, "b of Eq. 14.")
    loss.float("margin", _DEFAULT.margin, "m of Eq. 11.")
    loss.float("generator_weight", _DEFAULT.generator_weight, "Weight of L_G.")
    loss.float("pulling_away_weight", _DEFAULT.pulling_away_weight, "Weight of L_PT.")
    loss.float("kl_weight", _DEFAULT.kl_weight, "Weight of the VAE's KL term.")
    loss.bool("m2m", True, "Train L_m2m; Table 7.")
    loss.bool("bidirectional", True, "Train L_Bi; Table 7.")
    loss.bool("nll", True, "Train L_NLL; Table 7.")

    optimizer.float("alpha", 1e-3, "Learning rate of g, k, q, v, h.")
    optimizer.float("beta", 1e-3, "Learning rate of f.")
    optimizer.float("discriminator_rate", 1e-3, "Learning rate of D.")
    optimizer.enum("schedule", "cosine", ["cosine", "constant"], "Of the rates.")
    optimizer.float("warmup", 0.02, "Share of the steps with rising rates.")
    optimizer.float("weight_decay", 0.0, "Of AdamW.")
    optimizer.float("clip_norm", 1.0, "Gradient norm per network; 0 is no limit.")
    optimizer.float("ema_momentum", 0.0, "Of the averaged weights; 0 is none.")
    optimizer.bool("jit_compile", True, "Compile the step with XLA.")
    flags.mark_flags_as_required(["workdir", "dataset", "data_dir"], values)
    _FOLDERS[:], _SETTINGS[:] = run, [*data, *model, *loss, *optimizer]


def configuration(values):
    """The flags that make a run what it is, in order: name to value."""
    return {name: getattr(values, name) for name in _SETTINGS}


def defaults(values):
    """Default of each of the flags of `configuration`."""
    return {name: values[name].default for name in _SETTINGS}


def flagfile_text(values):
    """A flagfile that repeats a run, its folders included."""
    lines = []
    for name in [*_FOLDERS, *_SETTINGS]:
        value = getattr(values, name)
        if isinstance(value, bool):
            lines.append(f"--{'' if value else 'no'}{name}")
        elif value is not None:
            lines.append(f"--{name}={value}")
    return "\n".join(lines) + "\n"


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
