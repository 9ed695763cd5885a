"""A still picture of a few lifted poses."""

import os
import pathlib

from propose_keras.drawing import figure_hypotheses, matplotlib_figure
from propose_keras.inference.results import LiftedPoses
from propose_keras.writers.base import PoseWriter

# Rows of the figure and hypotheses of each.
_NUM_FANS, _FAN_SIZE = 4, 50


class FigureWriter(PoseWriter):
    """Draws poses spread evenly over what is written, with a fan of hypotheses each.

    Args:
        path: A name that ends in one of `SUFFIXES`.

    Raises:
        ValueError: If the suffix is another one; on leaving the `with` block, if
            nothing was written.
        ImportError: If matplotlib is not installed.
        OSError: If the folder cannot be written to, or `path` is a folder.
    """

    SUFFIXES = (".png", ".pdf", ".svg")

    def __init__(self, path: str | os.PathLike) -> None:
        matplotlib_figure()  # Fails now if it is not installed.
        super().__init__(path)
        self._kept, self._stride, self._count = [], 1, 0

    def write(self, poses: LiftedPoses) -> None:
        """Looks at a batch."""
        for row in range(len(poses)):
            if self._count % self._stride == 0:
                self._kept.append(poses.take(row, _FAN_SIZE))
            self._count += 1
            if len(self._kept) > 2 * _NUM_FANS:
                self._kept, self._stride = self._kept[::2], 2 * self._stride

    def rows(self) -> LiftedPoses:
        """The rows that are drawn."""
        count = min(_NUM_FANS, len(self._kept))
        steps = [i * len(self._kept) // count for i in range(count)]
        return LiftedPoses.concatenate([self._kept[i] for i in steps])

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        if not self._kept:
            raise ValueError("there is no pose to draw.")
        poses, path = self.rows(), self._folder / f"figure{self.path.suffix}"
        figure_hypotheses(
            poses.keypoints,
            poses.hypotheses,
            None,
            poses.mode,
            path,
            titles=[f"{f}, person {p}" for f, p in zip(poses.frame_name, poses.person)],
            missing=poses.missing,
        )
        return {self.path: path}
