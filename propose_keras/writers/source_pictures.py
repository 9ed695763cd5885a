"""The pictures behind the keypoints of a video."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator

import numpy as np

from propose_keras.detection import Frame

if typing.TYPE_CHECKING:
    import matplotlib.axes


def without_gaps(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Frames; one whose number is not followed by the next one is repeated."""
    before: Frame | None = None
    for frame in frames:
        if before is not None and isinstance(frame.name, int):
            for _ in range(int(before.name) + 1, frame.name):
                yield before
        yield frame
        before = frame


def paste(picture: np.ndarray, axes: matplotlib.axes.Axes, canvas: np.ndarray) -> None:
    """Puts a picture behind what axes show, faster than matplotlib would.

    Args:
        picture: `(height, width, 3)` uint8.
        axes: They begin at the picture's corner, (0, 0), and count its pixels.
        canvas: `(height, width, 4)` uint8 pixels of their figure, which are changed.
    """
    from PIL import Image

    height, width = picture.shape[:2]
    # Pixels of the canvas, which counts from below.
    corners = axes.transData.transform([(0, 0), (width, height)])
    (left, bottom), (right, top) = axes.bbox.get_points()
    size = np.rint(np.abs(corners[1] - corners[0])).astype(int).clip(1)
    small = Image.fromarray(picture).resize(
        size.tolist(), Image.Resampling.BILINEAR, reducing_gap=2.0
    )
    rows = slice(round(len(canvas) - top), round(len(canvas) - bottom))
    room = canvas[rows, round(left) : round(right)]
    small = np.asarray(small)[: len(room), : room.shape[1]]
    room[: len(small), : small.shape[1], :3] = small
