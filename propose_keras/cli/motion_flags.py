"""The flags of the floor that people stand on, and of files of motion."""

import functools

from absl import flags

from propose_keras.cli.errors import UserError
from propose_keras.inference import estimate_ground


def define_motion_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    flags.DEFINE_boolean(
        "world",
        False,
        "Write npz, json and csv in the world: x right, y away from the camera, z up, "
        "the floor at 0, found from feet at rest.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "camera_height",
        None,
        "Of the camera above the floor in metres, if known. Gives people and places "
        "their size, in the world and in files of motion.",
        0.01,
        100.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "camera_pitch",
        None,
        "Degrees by which the camera looks down, if known.",
        -60.0,
        60.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "bvh_scale",
        100.0,
        "Units of bvh files per metre: 100 are centimetres.",
        0.001,
        flag_values=values,
    )


def ground_finder(values):
    """What finds the floor by the flags of `define_motion_flags`, parsed.

    Raises:
        UserError: If two flags say how large people are.
    """
    if values.camera_height and values.height:
        raise UserError(
            "Pass --height or --camera_height, not both: each says how large people "
            "are."
        )
    return functools.partial(
        estimate_ground,
        camera_height=values.camera_height,
        camera_pitch=values.camera_pitch,
    )
