"""A still picture of a few lifted poses."""

import os
import pathlib

import numpy as np

from propose_keras.detection import Frames
from propose_keras.drawing import figure_hypotheses, matplotlib_figure
from propose_keras.inference.results import LiftedPoses
from propose_keras.writers.base import PoseWriter
from propose_keras.writers.page_data import FrameSample
from propose_keras.writers.scene_figure import figure_scenes

# Rows of the figure and hypotheses of each person.
_NUM_ROWS, _FAN_SIZE = 4, 50


class FigureWriter(PoseWriter):
    """Draws poses spread evenly over what is written, with a fan of hypotheses each.

    Of several people whose `root` is known it draws four frames, all people of each in
    one scene, seen by the camera and from above; else four poses, each around its hip,
    seen by the camera and from the side.

    Args:
        path: A name that ends in one of `SUFFIXES`.
        frames: The pictures that the people were found in, under the names that the
            poses have; they are read a second time and shown behind the keypoints.
            Those of a camera cannot be.

    Raises:
        ValueError: If the suffix is another one; on leaving the `with` block, if
            nothing was written.
        ImportError: If matplotlib is not installed.
        OSError: If the folder cannot be written to, or `path` is a folder.
    """

    SUFFIXES = (".png", ".pdf", ".svg")
    OPTIONS = ("frames",)

    def __init__(self, path: str | os.PathLike, frames: Frames | None = None) -> None:
        matplotlib_figure()  # Fails now if it is not installed.
        super().__init__(path)
        self._source = frames if frames is not None and frames.can_be_reread else None
        self._kept, self._stride, self._count = [], 1, 0
        self._frames = FrameSample(2 * _NUM_ROWS)
        self._people: set[int | str] = set()
        self._are_placed = True

    def write(self, poses: LiftedPoses) -> None:
        """Looks at a batch."""
        self._people.update(poses.person.tolist())
        self._are_placed &= bool(np.isfinite(poses.root).all())
        for row in range(len(poses)):
            one = poses.take(row, _FAN_SIZE)
            self._frames.add(one)
            if self._count % self._stride == 0:
                self._kept.append(one)
            self._count += 1
            if len(self._kept) > 2 * _NUM_ROWS:
                self._kept, self._stride = self._kept[::2], 2 * self._stride

    def rows(self) -> LiftedPoses:
        """The rows that are drawn, where people are drawn one by one."""
        return LiftedPoses.concatenate(_spread_out(self._kept))

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        if not self._kept:
            raise ValueError("there is no pose to draw.")
        path = self._folder / f"figure{self.path.suffix}"
        if len(self._people) > 1 and self._are_placed:
            chosen = _spread_out(self._frames.kept)
            frames = [LiftedPoses.concatenate(people) for people in chosen]
            figure_scenes(
                frames, self._pictures([f.frame_name[0] for f in frames]), path
            )
            return {self.path: path}
        poses = self.rows()
        figure_hypotheses(
            poses.keypoints,
            poses.hypotheses,
            None,
            poses.mode,
            path,
            titles=[f"{f}, person {p}" for f, p in zip(poses.frame_name, poses.person)],
            missing=poses.missing,
            pictures=self._pictures(poses.frame_name),
        )
        return {self.path: path}

    def _pictures(self, names: list[int | str]) -> list[np.ndarray | None]:
        """The pictures of frames, None where there is none."""
        found: dict[int | str, np.ndarray] = {}
        for frame in self._source or ():
            if frame.name in names:
                found[frame.name] = frame.image
            if len(found) == len(set(names)):
                break
        return [found.get(name) for name in names]


def _spread_out(kept: list) -> list:
    """A few of those that were kept, evenly spread."""
    count = min(_NUM_ROWS, len(kept))
    return [kept[i * len(kept) // count] for i in range(count)]
