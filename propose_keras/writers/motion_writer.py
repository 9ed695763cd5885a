"""The template of writers of motions: people on a floor, along time."""

import importlib
import os
import pathlib
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from propose_keras.inference.ground import Ground
from propose_keras.inference.ground_estimation import Standing, estimate_ground
from propose_keras.inference.results import LiftedPoses, numbers_or_names
from propose_keras.skeletons import H36M_17
from propose_keras.writers.base import PoseWriter, file_name
from propose_keras.writers.motion import Motion, make_motion
from propose_keras.writers.world import GroundFinder, describe, found_ground

_ROW = np.dtype(
    [
        ("frame", np.int64),
        ("mode", np.float32, (H36M_17.num_joints, 3)),
        ("root", np.float32, (3,)),
        ("root_covariance", np.float32, (3, 3)),
        ("missing", bool, (H36M_17.num_joints,)),
    ]
)
_INTERPOLATED = "mode", "root", "root_covariance"


class MotionWriter(PoseWriter):
    """Writes people's modes as motions on the floor that is found under them.

    Poses are kept on disk while they grow; at the end memory holds everybody's to find
    the floor, and one person's motion. See `writers.motion.make_motion`.

    - Frames that a person misses are filled by straight lines between the joints'
      positions; a gap of more than `max_gap` frames is cut out. A motion begins with
      its person's first frame.
    - Where people's places are not known, since the image's size is not, everybody's
      hip stays above the origin, and feet are not planted.

    A subclass writes motions in `_finish`. If it needs a package, `LIBRARY` has its
    name and that of the extra that installs it, and `self._library` is the package.

    Args:
        path: File to write.
        frame_rate: Frames per second.
        max_gap: Frames in a row that are filled at most.
        ground: The floor, or what finds it from people and frame rate.

    Raises:
        ValueError: If the suffix, the frame rate or the gap is not one; on leaving the
            block, if there is no pose to write.
        ImportError: If `LIBRARY` is not installed.
        OSError: If the folder cannot be written to, or a file to write is a folder.
    """

    OPTIONS = ("frame_rate", "ground")
    LIBRARY: ClassVar[tuple[str, str] | None] = None

    def __init__(
        self,
        path: str | os.PathLike,
        frame_rate: float = 30.0,
        max_gap: int = 30,
        ground: Ground | GroundFinder = estimate_ground,
    ) -> None:
        if not 0 < frame_rate < np.inf or max_gap < 0:
            raise ValueError(
                "expected a `frame_rate` above 0 and a `max_gap` of at least 0, "
                f"received {frame_rate} and {max_gap}."
            )
        if self.LIBRARY:
            self._library: Any = _imported(*self.LIBRARY, self.SUFFIXES[0])
        super().__init__(path)
        self._frame_rate, self._max_gap = frame_rate, max_gap
        self._ground = ground
        self._people: dict[int | str, pathlib.Path] = {}

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        rows = np.zeros(len(poses), _ROW)
        for name in _ROW.names or ():
            rows[name] = getattr(poses, name)
        for person in np.unique(poses.person).tolist():
            number = len(self._people)
            path = self._people.setdefault(person, self._folder / f"{number}.rows")
            with open(path, "ab") as file:
                file.write(rows[poses.person == person].tobytes())

    def _motions(self) -> Iterator[tuple[int | str, Motion]]:
        """Everybody's motion.

        Raises:
            ValueError: If there is none.
        """
        if not self._people:
            raise ValueError(
                f"there is no pose to write to {self.path}: nobody was detected with "
                "enough joints."
            )
        ground = self._found_ground()
        for person, source in self._people.items():
            rows = np.memmap(source, _ROW, "r")
            mode, root, covariance = _filled(rows, self._max_gap)
            yield (
                person,
                make_motion(
                    *(mode, root, covariance, ground, self._frame_rate),
                    start=int(rows["frame"][0]),
                ),
            )

    def _found_ground(self):
        people = {
            name: np.memmap(rows, _ROW, "r") for name, rows in self._people.items()
        }
        if not any(np.isfinite(rows["root"]).any() for rows in people.values()):
            self.notes.append(
                f"In {self.path} people stay in one place: where they are is not known "
                "without the image's size."
            )
            return Ground(np.array([0.0, -1.0, 0.0]), 0.0)
        joined = np.concatenate([np.asarray(rows) for rows in people.values()])
        names = [name for name, rows in people.items() for _ in rows]
        fields = {n: joined[n] for n in Standing._fields if n != "person"}
        standing = Standing(person=numbers_or_names(names), **fields)
        ground = found_ground(self._ground, standing, self._frame_rate)
        self.notes.append(describe(ground))
        return ground


class PersonFilesWriter(MotionWriter):
    """Writes a file for each person.

    One person's is written to `path`; those of several next to it, to
    `name.person3.bvh` and so on. A subclass writes a motion in `_write_motion`.
    """

    def _write_motion(self, motion: Motion, path: pathlib.Path) -> None:
        raise NotImplementedError

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        finished = {}
        for person, motion in self._motions():
            name = "" if len(self._people) == 1 else f".person{file_name(person)}"
            path = self.path.with_name(f"{self.path.stem}{name}{self.path.suffix}")
            if path in finished:
                path = path.with_name(f"{path.stem}.{len(finished)}{path.suffix}")
            finished[path] = self._people[person].with_suffix(self.path.suffix)
            self._write_motion(motion, finished[path])
        return finished


def _imported(name, extra, suffix):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{suffix} files need {name}: pip install {name}, or the extra {extra}."
        ) from error


def _filled(rows: np.ndarray, max_gap: int) -> list[np.ndarray]:
    """Modes, roots and their covariances of consecutive frames."""
    steps = np.diff(rows["frame"])
    steps = np.where((steps < 1) | (steps > max_gap + 1), 1, steps)
    times = np.concatenate([[0], np.cumsum(steps)])
    frames = np.arange(times[-1] + 1)
    after = np.searchsorted(times, frames)
    before = np.maximum(after - 1, 0)
    part = (frames - times[before]) / np.maximum(times[after] - times[before], 1)
    found = []
    for name in _INTERPOLATED:
        values = rows[name].astype(np.float64)
        share = part.reshape(-1, *(1,) * (values.ndim - 1))
        found.append(values[before] + share * (values[after] - values[before]))
    return found
