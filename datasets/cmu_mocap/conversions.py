"""BVH conversions of the CMU database: what they call joints, and their units."""

import dataclasses
import os

import numpy as np

from propose_keras.data.errors import DataFileError

from .bvh import read_bvh
from .motion import CMU_UNIT_MM, Motion
from .retarget import BVH_RULE, LEG_LENGTHS_MM, retarget

# Names of the release for 3ds Max, by those of the release for MotionBuilder.
_MAX_NAMES = {
    **{"LeftUpLeg": "LeftHip", "LeftLeg": "LeftKnee", "LeftFoot": "LeftAnkle"},
    **{"RightUpLeg": "RightHip", "RightLeg": "RightKnee", "RightFoot": "RightAnkle"},
    **{"Spine1": "Chest2", "Neck1": "Neck", "Head": "Head", "Head_end": "Head_end"},
    **{"LeftArm": "LeftShoulder", "LeftForeArm": "LeftElbow"},
    **{"RightArm": "RightShoulder", "RightForeArm": "RightElbow"},
    **{"LeftHand": "LeftWrist", "RightHand": "RightWrist"},
}
_MAX_RULE = {
    joint: tuple(_MAX_NAMES[name] for name in names)
    for joint, names in BVH_RULE.items()
}
_RULES = (BVH_RULE, _MAX_RULE)
# Units that conversions are found in: the database's own, mm, cm, inches, m.
_UNITS_MM = (CMU_UNIT_MM, 1.0, 10.0, 25.4, 1000.0)


def read_conversion(
    path: str | os.PathLike, frame_rate: float
) -> tuple[np.ndarray, float]:
    """Reads a BVH conversion of the CMU database, whoever made it.

    Joints may have the names of the release for MotionBuilder or those of the release
    for 3ds Max. The unit, which the format does not state, is the one of the
    database's own, mm, cm, inches and metres that makes the legs those of a person;
    legs differ less between people than these units do.

    Args:
        path: The file.
        frame_rate: Frames per second to keep.

    Returns:
        World positions, z up, mm, `(frames, 17, 3)`, and the frame rate.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If it is damaged, or of another skeleton or unit.
    """
    motion = read_bvh(path, unit_mm=1.0).resample(frame_rate)
    rule = next((r for r in _RULES if _has(motion, r)), None)
    if rule is None:
        raise DataFileError(
            f"{os.fspath(path)}: the joints are those of no known conversion of the "
            f"CMU database; expected {sorted(_names(BVH_RULE))} or "
            f"{sorted(_names(_MAX_RULE))}, received {sorted(motion.joint_names)}."
        )
    unit_mm = _find_unit(motion, rule)
    scaled = dataclasses.replace(motion, positions=motion.positions * unit_mm)
    return retarget(scaled, rule, os.fspath(path)), motion.frame_rate


def _names(rule: dict[str, tuple[str, ...]]) -> set[str]:
    return {name for names in rule.values() for name in names}


def _has(motion: Motion, rule: dict[str, tuple[str, ...]]) -> bool:
    return _names(rule) <= set(motion.joint_names)


def _find_unit(motion: Motion, rule: dict[str, tuple[str, ...]]) -> float:
    hip, knee, foot = (motion[rule[j][0]][0] for j in ("RHip", "RKnee", "RFoot"))
    leg = np.linalg.norm(knee - hip) + np.linalg.norm(foot - knee)
    low, high = LEG_LENGTHS_MM
    # Where none fits, the database's own goes into the message.
    return next((u for u in _UNITS_MM if low < leg * u < high), CMU_UNIT_MM)
