"""Writes the best poses as BVH animations."""

import os
import pathlib

import numpy as np

from propose_keras.inference.ground import Ground
from propose_keras.inference.ground_estimation import estimate_ground
from propose_keras.skeletons import H36M_17
from propose_keras.writers.bone_rotations import CHILDREN
from propose_keras.writers.euler_angles import euler_angles
from propose_keras.writers.motion import TURNING, Motion
from propose_keras.writers.motion_writer import PersonFilesWriter
from propose_keras.writers.world import GroundFinder

# In the order H36M_17, as motion capture names them; that of the head's top is not
# written.
JOINT_NAMES = (
    *("Hips", "RightUpLeg", "RightLeg", "RightFoot"),
    *("LeftUpLeg", "LeftLeg", "LeftFoot", "Spine", "Neck", "Head", "HeadTop"),
    *("LeftArm", "LeftForeArm", "LeftHand", "RightArm", "RightForeArm", "RightHand"),
)
# The middle angle must stay away from 90 degrees. Hips and thorax turn and bend
# farther than they lean; a bone's shortest rotation hardly turns it about itself.
_ORDERS = dict.fromkeys(TURNING, "ZYX")
_ORDERS |= dict.fromkeys(map(H36M_17.index, ("Hip", "Thorax")), "YZX")
_ORDERS |= dict.fromkeys(
    map(H36M_17.index, ("LShoulder", "LElbow", "RShoulder", "RElbow")), "ZXY"
)
_MM_PER_METRE = 1000.0


class BvhWriter(PersonFilesWriter):
    """A BVH animation of each person's `mode`, a file for each.

    - Units are centimetres, or what `bvh_scale` says; y is up, the floor at 0. The hips
      move; the other joints turn.
    - The rest pose is a T-pose that faces z, with hips and shoulders as they sit on
      average, left like right. A bone is as long as its median over the person's
      frames.
    - A joint with one child turns its bone to exactly where the pose has it, by the
      shortest way; how it turns about itself, 17 joints do not tell. Hips and neck turn
      as fits their children best. A bone that has no length keeps its angle.
    - Feet at rest do not slide, see `inference.foot_planting`.

    Args:
        path: File to write, `name.bvh`.
        frame_rate: Frames per second.
        max_gap: Frames in a row that are filled at most.
        ground: See `MotionWriter`.
        bvh_scale: Units per metre: 100 are centimetres.

    Raises:
        ValueError: If the suffix or a number is not one; on leaving the block, if there
            is no pose to write.
        OSError: If the folder cannot be written to, or a file to write is a folder.
    """

    SUFFIXES = (".bvh",)
    OPTIONS = ("frame_rate", "ground", "bvh_scale")

    def __init__(
        self,
        path: str | os.PathLike,
        frame_rate: float = 30.0,
        max_gap: int = 30,
        ground: Ground | GroundFinder = estimate_ground,
        bvh_scale: float = 100.0,
    ) -> None:
        if not 0 < bvh_scale < np.inf:
            raise ValueError(
                "expected as `bvh_scale` units per metre, such as 100 for centimetres, "
                f"received {bvh_scale}."
            )
        super().__init__(path, frame_rate, max_gap, ground)
        self._scale = bvh_scale / _MM_PER_METRE

    def _write_motion(self, motion: Motion, path: pathlib.Path) -> None:
        angles = euler_angles(motion.rotations, [_ORDERS[joint] for joint in TURNING])
        roots = motion.positions[:, H36M_17.root] * self._scale
        flat = np.rad2deg(angles).reshape(len(motion), -1)
        values = np.concatenate([roots, flat], axis=1)
        with open(path, "w", encoding="ascii") as file:
            hierarchy = _hierarchy(H36M_17.root, motion, self._scale)
            file.write(f"HIERARCHY\n{hierarchy}MOTION\n")
            file.write(f"Frames: {len(motion)}\n")
            file.write(f"Frame Time: {1 / self._frame_rate:.9f}\n")
            formats = ["%.6f"] * 3 + ["%.4f"] * flat.shape[1]
            np.savetxt(file, _rounded(values), fmt=formats)


def _hierarchy(joint: int, motion: Motion, scale: float, indent: str = "") -> str:
    kind = "JOINT" if indent else "ROOT"
    turns, inner = joint in TURNING, f"{indent}\t"
    title = f"{kind} {JOINT_NAMES[joint]}" if turns else "End Site"
    lines = [
        f"{indent}{title}\n{indent}{{\n",
        _offset(motion.rest[joint], scale, inner),
    ]
    if turns:
        channels = [f"{axis}rotation" for axis in _ORDERS[joint]]
        if joint == H36M_17.root:
            channels = ["Xposition", "Yposition", "Zposition", *channels]
        lines += [f"{inner}CHANNELS {len(channels)} {' '.join(channels)}\n"]
        for child in CHILDREN.get(joint, ()):
            lines += [_hierarchy(child, motion, scale, inner)]
        if joint in motion.tips:
            tip = _offset(motion.tips[joint], scale, f"{inner}\t")
            lines += [f"{inner}End Site\n{inner}{{\n{tip}{inner}}}\n"]
    return "".join([*lines, f"{indent}}}\n"])


def _offset(offset: np.ndarray, scale: float, indent: str) -> str:
    numbers = _rounded(offset * scale)
    return f"{indent}OFFSET {' '.join(f'{x:.6f}' for x in numbers)}\n"


def _rounded(values: np.ndarray) -> np.ndarray:
    """What prints without -0.0000."""
    return np.where(np.abs(values) < 5e-5, 0.0, values)
