"""Writes the best poses as BVH animations."""

import os
import pathlib
from collections.abc import Iterator

import numpy as np

from propose_keras.inference.results import LiftedPoses
from propose_keras.skeletons import H36M_17
from propose_keras.writers.base import PoseWriter, file_name
from propose_keras.writers.bone_rotations import (
    CHILDREN,
    ORDERS,
    JointAngles,
    bones_of,
    rest_pose,
)

# In the order H36M_17, as motion capture names them; those of leaves are not written.
JOINT_NAMES = (
    *("Hips", "RightUpLeg", "RightLeg", "RightFoot"),
    *("LeftUpLeg", "LeftLeg", "LeftFoot", "Spine", "Neck", "Head", "HeadTop"),
    *("LeftArm", "LeftForeArm", "LeftHand", "RightArm", "RightForeArm", "RightHand"),
)
_CHUNK = 256
_ROW = np.dtype([("frame", np.int64), ("mode", np.float32, (H36M_17.num_joints, 3))])


class BvhWriter(PoseWriter):
    """A BVH animation of each person's `mode`.

    One person's is written to `path`; those of several next to it, to
    `name.person3.bvh` and so on. Poses are kept on disk while they grow; memory holds
    the lengths of one person's bones, to find their median.

    - Units are centimetres; y is up: the camera's axes (x right, y down, z forward)
      turned by 180 degrees about x. Poses are relative to the hip, so that the root
      stays at the origin and only turns.
    - The rest pose is a T-pose that faces z, with hips and shoulders as they sit on
      average. A bone is as long as its median over the person's frames.
    - A joint with one child turns its bone to exactly where the pose has it, by the
      shortest way; how it turns about itself, 17 joints do not tell. Hips and neck turn
      as fits their children best. A bone that has no length keeps its angle.
    - Frames that a person misses are filled by straight lines between the joints'
      positions; a gap of more than `max_gap` frames is cut out. An animation begins
      with its person's first frame.

    Args:
        path: File to write, `name.bvh`.
        frame_rate: Frames per second.
        max_gap: Frames in a row that are filled at most.

    Raises:
        ValueError: If the suffix, the frame rate or the gap is not one; on leaving the
            block, if there is no pose to write.
        OSError: If the folder cannot be written to, or a file to write is a folder.
    """

    SUFFIXES = (".bvh",)
    OPTIONS = ("frame_rate",)

    def __init__(
        self, path: str | os.PathLike, frame_rate: float = 30.0, max_gap: int = 30
    ) -> None:
        if not 0 < frame_rate < np.inf or max_gap < 0:
            raise ValueError(
                "expected a `frame_rate` above 0 and a `max_gap` of at least 0, "
                f"received {frame_rate} and {max_gap}."
            )
        super().__init__(path)
        self._frame_rate, self._max_gap = frame_rate, max_gap
        self._people: dict[int | str, pathlib.Path] = {}

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        rows = np.zeros(len(poses), _ROW)
        rows["mode"] = poses.mode
        rows["frame"] = poses.frame
        for person in np.unique(poses.person).tolist():
            number = len(self._people)
            path = self._people.setdefault(person, self._folder / f"{number}.rows")
            with open(path, "ab") as file:
                file.write(rows[poses.person == person].tobytes())

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        if not self._people:
            raise ValueError(
                f"there is no pose to write to {self.path}: nobody was detected with "
                "enough joints."
            )
        finished = {}
        for person, rows in self._people.items():
            name = "" if len(self._people) == 1 else f".person{file_name(person)}"
            path = self.path.with_name(f"{self.path.stem}{name}{self.path.suffix}")
            if path in finished:
                path = path.with_name(f"{path.stem}.{len(finished)}{path.suffix}")
            finished[path] = self._animate(rows)
        return finished

    def _animate(self, source: pathlib.Path) -> pathlib.Path:
        """Writes the animation of one person's rows."""
        rows = np.memmap(source, _ROW, "r")
        steps = self._steps(rows["frame"])
        rest = rest_pose(_median_lengths(rows), _chunks(rows))
        angles_of = JointAngles(rest)
        finished = source.with_suffix(".bvh")
        with open(finished, "w", encoding="ascii") as file:
            file.write(f"HIERARCHY\n{_hierarchy(H36M_17.root, rest / 10)}MOTION\n")
            file.write(f"Frames: {1 + steps.sum()}\n")
            file.write(f"Frame Time: {1 / self._frame_rate:.9f}\n")
            for poses in _filled(rows, steps):
                angles = np.rad2deg(angles_of(poses))
                values = np.pad(angles.reshape(len(poses), -1), ((0, 0), (3, 0)))
                np.savetxt(file, values.round(4) + 0.0, fmt="%.4f")  # + 0.0: no -0.
        return finished

    def _steps(self, frames: np.ndarray) -> np.ndarray:
        """Frames of the animation from each row to the next."""
        steps = np.diff(frames)
        return np.where((steps < 1) | (steps > self._max_gap + 1), 1, steps)


def _chunks(rows: np.ndarray, overlap: int = 0) -> Iterator[np.ndarray]:
    """Poses `(n, 17, 3)`, y up, each chunk with the first rows of the next."""
    for first in range(0, len(rows) - overlap, _CHUNK):
        poses = rows["mode"][first : first + _CHUNK + overlap]
        yield poses * np.array([1.0, -1.0, -1.0])


def _median_lengths(rows: np.ndarray) -> np.ndarray:
    lengths = np.empty((H36M_17.num_joints, len(rows)), np.float32)
    for index, poses in enumerate(_chunks(rows)):
        found = np.linalg.norm(bones_of(poses), axis=-1)
        lengths[:, index * _CHUNK :][:, :_CHUNK] = found.T
    return np.array([np.median(bone, overwrite_input=True) for bone in lengths], float)


def _filled(rows: np.ndarray, steps: np.ndarray) -> Iterator[np.ndarray]:
    """Poses `(n, 17, 3)`, y up, of all frames, chunk by chunk."""
    yield next(_chunks(rows))[:1]
    for index, poses in enumerate(_chunks(rows, overlap=1)):
        counts = steps[index * _CHUNK :][:_CHUNK]
        before = np.repeat(np.arange(len(counts)), counts)
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        part = (np.arange(len(before)) - starts + 1) / counts[before]
        yield poses[before] + part[:, None, None] * np.diff(poses, axis=0)[before]


def _hierarchy(joint: int, offsets: np.ndarray, indent: str = "") -> str:
    kind = "JOINT" if indent else "ROOT"
    title = f"{kind} {JOINT_NAMES[joint]}" if joint in CHILDREN else "End Site"
    inner = f"{indent}\t"
    lines = [f"{indent}{title}\n{indent}{{\n"]
    offset = offsets[joint].round(4) + 0.0
    lines += [f"{inner}OFFSET {' '.join(f'{x:.4f}' for x in offset)}\n"]
    if joint in CHILDREN:
        channels = [f"{axis}rotation" for axis in ORDERS[joint]]
        if joint == H36M_17.root:
            channels = ["Xposition", "Yposition", "Zposition", *channels]
        lines += [f"{inner}CHANNELS {len(channels)} {' '.join(channels)}\n"]
        lines += [_hierarchy(child, offsets, inner) for child in CHILDREN[joint]]
    return "".join([*lines, f"{indent}}}\n"])
