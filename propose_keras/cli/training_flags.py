"""The flags of `train.py`."""

from absl import flags

from propose_keras.networks.pilgd import PILGD_KINDS
from propose_keras.normalization import ROOT_MODES, SCALE_MODES
from propose_keras.training import TrainingSettings
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
    data.integer("batch_size", 128, "Poses per step.")
    data.integer("num_steps", 26000, "Steps of training, both phases together.")
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
    model.integer(
        "discriminator_width", None, "Units of the discriminator; --width if unset."
    )
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

    optimizer.float("alpha", 4e-3, "Learning rate of g, k, q, v, h.")
    optimizer.float("beta", 2e-3, "Learning rate of f.")
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
