"""The flags of `evaluate.py`."""

import functools

from absl import flags

from propose_keras.evaluation.protocols import OPTIONS, PROTOCOLS
from propose_keras.metrics.aggregates import AGGREGATE_NAMES


def define_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    string = functools.partial(flags.DEFINE_string, flag_values=values)
    integer = functools.partial(flags.DEFINE_integer, flag_values=values)
    string("workdir", None, "Folder of a run.")
    string(
        "preset",
        None,
        "Instead of --workdir: model that comes with the package, or folder of one.",
    )
    string(
        "model",
        "model.keras",
        "Its model: model.keras, of the last step, or best.keras, of the lowest error "
        "on the held-out subject.",
    )
    string("dataset", None, "Built data set: NAME or NAME/CONFIG.")
    string("data_dir", None, "The --data_dir that tfds build was given.")
    flags.DEFINE_enum(
        "split",
        "test",
        ["test", "validation"],
        "validation is --validation_subject of the training split.",
        flag_values=values,
    )
    string("validation_subject", "S8", "Subject held out of training.")
    string(
        "protocol",
        "h36m",
        f"One of {', '.join(PROTOCOLS)}, with options such as h36m+16-joints: "
        f"{', '.join(OPTIONS)}.",
    )
    flags.DEFINE_list(
        "num_hypotheses",
        ["1", "10", "200"],
        "Numbers of hypotheses S.",
        flag_values=values,
    )
    integer("frame_stride", 64, "Every so many frames, from frame 0 of each clip.", 1)
    string("frame_list", None, "File of frames, for protocol h36m-hard.")
    integer("seed", 0, "Of the hypotheses.", 0)
    string(
        "output", None, "Folder for reports; WORKDIR/evaluation if unset, or PRESET."
    )
    integer("batch_size", 64, "Poses per step.", 1)
    integer("chunk_size", None, "Hypotheses per pose at once; unset: 65536 / batch.", 1)
    integer(
        "table", None, "Table of the paper to print and write, with our rows.", 1, 7
    )
    string(
        "runs",
        None,
        "For Tables 4 to 7 and --comparison: folder of the variants' or models' runs.",
    )
    flags.DEFINE_bool(
        "comparison",
        False,
        "Print and write the comparison of the models in --runs, of their reports.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "reports",
        [],
        "For Tables 1 to 3: LABEL=report.json of other runs, for rows of their own.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "aggregate",
        [],
        "Ways to make one pose of the hypotheses, to be measured side by side: "
        f"{', '.join(AGGREGATE_NAMES)}.",
        flag_values=values,
    )
    string(
        "calibration_subject",
        None,
        "Subject held out of training whose poses calibrate the conformal radius.",
    )
    integer(
        "sampling_steps",
        None,
        "Steps from noise to a hypothesis, instead of the model's own.",
        1,
    )
    flags.DEFINE_bool(
        "flip_test",
        False,
        "Lift the mirrored input too: the mode is the mean of both, every other "
        "hypothesis is of the mirrored input. Twice the work.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "assumed_deviation",
        None,
        "Deviation of the keypoints, as a share of the pose's size, for a model of "
        "--deviation_input; 0 takes them for exact.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "temperature",
        None,
        "Factor on the base's deviation, instead of the model's own.",
        lower_bound=1e-6,
        flag_values=values,
    )
    flags.DEFINE_list(
        "temperatures",
        [],
        "Print errors and calibration at each of these temperatures instead of a "
        "report; with --split=validation only, since it is for choosing one.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "figures",
        False,
        "Draw the figures of the paper and of the report, PNG and PDF.",
        flag_values=values,
    )
