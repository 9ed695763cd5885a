"""The flags that make a `Lifter`."""

import functools
import pathlib

from absl import flags

from propose_keras.cli.errors import UserError
from propose_keras.inference import Lifter
from propose_keras.inference.model_camera import check_intrinsics

DEFAULT_PRESET = "propose_base"
# Over which hypotheses keep their noise, where poses are smoothed.
CORRELATION_SECONDS = 1.0
_TRACK = {"auto": None, "yes": True, "no": False}
_SMOOTH = {"yes": True, "live": "live", "no": False}


def define_lifter_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    string = functools.partial(flags.DEFINE_string, flag_values=values)
    integer = functools.partial(flags.DEFINE_integer, flag_values=values)
    number = functools.partial(flags.DEFINE_float, flag_values=values)
    enum = functools.partial(flags.DEFINE_enum, flag_values=values)
    string(
        "preset",
        None,
        f"Model that comes with the package, or folder of one; {DEFAULT_PRESET} if "
        "there is no --model either.",
    )
    string("model", None, "The model.keras of a run.")
    integer("num_hypotheses", 200, "Hypotheses S of each pose.", 1)
    integer("seed", 0, "Of the hypotheses.", 0, 2**31 - 1)
    string("image_size", None, "WIDTHxHEIGHT of the images in pixels.")
    string("intrinsics", None, "FX,FY,CX,CY of the camera in pixels, if known.")
    enum(
        "track",
        "auto",
        list(_TRACK),
        "Find out who is who from frame to frame; auto: where INPUT does not say.",
    )
    enum(
        "smooth",
        "auto",
        ["auto", *_SMOOTH],
        "Smooth people's motions, each joint as far as it is uncertain; live: by the "
        "frames before alone; auto: for bvh and video.",
    )
    number(
        "correlation_time",
        None,
        "Seconds over which a hypothesis keeps its noise, so that each is one motion; "
        f"by default {CORRELATION_SECONDS:g} where poses are smoothed, else 0, where "
        "frames are independent.",
        0.0,
    )
    number("height", None, "Stature of all people in metres, if known.", 0.3, 3.0)
    number("score_threshold", 0.3, "Joints of a lower score are missing.", 0.0, 1.0)
    number(
        "keypoint_noise",
        50.0,
        "Deviation of a joint of score 0, mm at the person's scale.",
        0.0,
    )
    number(
        "detector_noise",
        None,
        "Deviation of joints of any score besides, mm; by default 30 for models that "
        "are told deviations, else 0. 0 takes joints of score 1 for exact.",
        0.0,
    )
    integer("batch_size", 16, "People per step.", 1)


def parse_track(text):
    """The `track` of `Lifter.stream`."""
    return _TRACK[text]


def parse_smooth(values, has_motion):
    """The `smooth` of `Lifter`.

    Args:
        values: The flags of `define_lifter_flags`, parsed.
        has_motion: Whether an output shows motion.

    Raises:
        UserError: If people are to be smoothed but not to be followed.
    """
    if values.smooth == "auto":
        return has_motion and values.track != "no"
    if values.smooth != "no" and values.track == "no":
        raise UserError(
            f"--smooth={values.smooth} follows people from frame to frame, which "
            "--track=no forbids."
        )
    return _SMOOTH[values.smooth]


def make_lifter(values, smooth, frame_rate):
    """The `Lifter` of the flags.

    Args:
        values: The flags of `define_lifter_flags`, parsed.
        smooth: Of `parse_smooth`.
        frame_rate: Frames per second.

    Raises:
        UserError: If there is no such model.
    """
    if values.model and values.preset:
        raise UserError("Pass --model or --preset, not both.")
    settings = {
        name: getattr(values, name)
        for name in (
            *("num_hypotheses", "seed", "batch_size"),
            *("score_threshold", "keypoint_noise", "detector_noise", "height"),
        )
    }
    seconds = values.correlation_time
    if seconds is None:
        seconds = CORRELATION_SECONDS if smooth else 0.0
    settings |= {"smooth": smooth, "correlation_time": seconds * frame_rate}
    try:
        if values.model:
            return Lifter(pathlib.Path(values.model).expanduser(), **settings)
        return Lifter.from_preset(values.preset or DEFAULT_PRESET, **settings)
    except FileNotFoundError as error:
        raise UserError(f"{error} Pass the model.keras of a run.") from error
    except ValueError as error:
        raise UserError(str(error)) from error


def parse_image_size(text):
    """Width and height of `WIDTHxHEIGHT`, or None.

    Raises:
        UserError: If the text is something else.
    """
    if not text:
        return None
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        width = height = 0
    if width < 1 or height < 1:
        raise UserError(f"--image_size={text}: expected WIDTHxHEIGHT, as in 1920x1080.")
    return width, height


def parse_intrinsics(text):
    """Four numbers of `FX,FY,CX,CY`, or None.

    Raises:
        UserError: If the text is something else.
    """
    if not text:
        return None
    try:
        return check_intrinsics([float(part) for part in text.split(",")])
    except ValueError:
        raise UserError(
            f"--intrinsics={text}: expected FX,FY,CX,CY in pixels, as in "
            "1150,1150,500,500."
        ) from None
