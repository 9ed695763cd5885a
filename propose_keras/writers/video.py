"""Videos of lifted people as mp4 or gif."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterator

import numpy as np

from propose_keras.detection import Frames
from propose_keras.drawing import matplotlib_figure
from propose_keras.inference.results import LiftedPoses
from propose_keras.writers.base import PoseWriter, Progress, check_suffix, no_progress
from propose_keras.writers.encoders import make_encoder
from propose_keras.writers.frame_painter import FramePainter
from propose_keras.writers.scene import Scene, Trails, scene_of
from propose_keras.writers.source_pictures import without_gaps
from propose_keras.writers.video_rows import (
    assign,
    person_of,
    row_dtype,
    rows_of,
    view_limits,
)

# People with panels of their own, and in one scene.
MAX_PEOPLE, MAX_IN_SCENE, FAN_SIZE = 4, 16, 20
MAX_GAP = 30
_DEFAULT_SIZES = {".mp4": (1280, 720), ".gif": (800, 450)}
_MORE = "--max_frames or `max_frames` is how many it may show."
# A caption, rows of people, and the picture that they are in, if it is shown.
_Step = tuple[str, np.ndarray, np.ndarray | None]


class VideoWriter(PoseWriter):
    """A video of a stream of poses.

    A frame shows the keypoints that were lifted, those filled in hollow, and of each
    person the mode over the first 20 hypotheses, from the camera and from the side,
    without perspective, the hip always in the same place. Several people stand in one
    scene, at their `root`, seen by the camera and from above, with where they were in
    the last 60 frames. Where the camera is not known, each has panels of their own: up
    to four people, who keep them while they are in the picture. Who has no place, 16 in
    a scene, is counted. Hypotheses of people whose hips were not seen are drawn around
    the mode's thorax. Frames in which there is nobody are empty, by the numbers of the
    frames; more than 30 of them in a row are left out.

    With the frames that the people were found in, keypoints are drawn over them. Then
    all of them are in the video, with people or without; where their numbers leave
    gaps the frame before stays.

    Poses are kept on disk; the video is drawn at the end, when it is known what its
    panels have to hold. Frames are read a second time then.

    Args:
        path: File to write: `.mp4` (H.264, yuv420p) or `.gif`.
        frame_rate: Frames per second. A gif shows no more than 50.
        max_frames: Further ones are left out.
        image_size: Width and height in pixels of the images, which the 2D panel shows;
            by default it shows where people are.
        size: Width and height of the video in pixels, even; by default 1280 x 720, of
            a gif 800 x 450.
        frames: The pictures that the people were found in, under the names that the
            poses have. Those of a camera cannot be read again and are not shown.
        progress: Given the frames to draw, "drawing" and how many there are, gives them
            one by one: where to say how far it is.

    Attributes:
        num_frames: Frames that the video has.

    Raises:
        ImportError: If matplotlib or imageio-ffmpeg is not installed.
        ValueError: If the suffix or a number is not one; on leaving the block, if there
            is no pose to show.
        OSError: If the folder cannot be written to, or `path` is a folder.
    """

    SUFFIXES = (".mp4", ".gif")
    OPTIONS = ("frame_rate", "image_size", "frames", "max_frames", "progress")

    def __init__(
        self,
        path: str | os.PathLike,
        frame_rate: float = 30.0,
        max_frames: int = 3000,
        image_size: tuple[int, int] | None = None,
        size: tuple[int, int] | None = None,
        frames: Frames | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._suffix = check_suffix(path, self.SUFFIXES).suffix.lower()
        if not 0 < frame_rate < np.inf or max_frames < 1:
            raise ValueError(
                "expected a `frame_rate` above 0 and `max_frames` of at least 1, "
                f"received {frame_rate} and {max_frames}."
            )
        width, height = size or _DEFAULT_SIZES[self._suffix]
        self._size = int(width), int(height)
        if min(self._size) < 64 or any(length % 2 for length in self._size):
            raise ValueError(
                "expected as `size` two even numbers of pixels, of at least 64, "
                f"received {self._size}."
            )
        matplotlib_figure()
        self._encode = make_encoder(self._suffix)
        super().__init__(path)
        self._frame_rate, self._max_frames = frame_rate, max_frames
        self._image_size = image_size
        self._source = frames if frames is not None and frames.can_be_reread else None
        if self._source is not None:
            self._image_size = self._source.size
        self._progress = progress or no_progress
        self._rows = self._open("rows", "wb")
        self._dtype: np.dtype | None = None
        self._names: list[int | str] = []
        # Of each frame: who is in it, or nobody.
        self._counts: list[int] = []
        self._are_placed = True
        self._num_drawn = 0
        # The frame being read: its time, its name, its rows.
        self._time, self._name, self._people = None, "", []
        self._last_time: int | None = None
        self._numbers: dict[int | str, int] = {}
        self._slots: dict[int, int] = {}
        self._spots: dict[int, int] = {}
        self._num_left_out = 0

    @property
    def num_frames(self) -> int:
        """Frames that the video has; with `frames`, once it is complete."""
        return len(self._names) if self._source is None else self._num_drawn

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        if self._dtype is None:
            self._dtype = row_dtype(min(FAN_SIZE, poses.hypotheses.shape[1]))
        rows = rows_of(poses, self._dtype)
        self._are_placed &= bool(np.isfinite(poses.root).all())
        for person in poses.person.tolist():
            self._numbers.setdefault(person, len(self._numbers))
        rows["person"] = [self._numbers[person] for person in poses.person.tolist()]
        for row, time, name in zip(rows, poses.frame.tolist(), poses.frame_name):
            if time != self._time:
                self._end_frame()
                self._time, self._name = time, name
            self._people.append(row)

    def _end_frame(self) -> None:
        """Keeps the frame that has been read, which may end in a later batch."""
        people, self._people = self._people, []
        if not people or self._time is None:
            return
        self._end_gap()
        if len(self._names) == self._max_frames:
            self._num_left_out += 1
        else:
            numbers = [int(row["person"]) for row in people]
            self._slots = assign(numbers, self._slots, MAX_PEOPLE)
            self._spots = assign(numbers, self._spots, MAX_IN_SCENE)
            for number, row in zip(numbers, people):
                if number in self._slots or number in self._spots:
                    row["frame"] = len(self._names)
                    row["slot"] = self._slots.get(number, -1)
                    row["spot"] = self._spots.get(number, -1)
                    self._rows.write(row.tobytes())
            self._names.append(self._name)
            self._counts.append(len(people))

    def _end_gap(self) -> None:
        """Adds frames in which nobody was, where no pictures say so."""
        last, self._last_time = self._last_time, self._time
        if self._source is not None or last is None or self._time is None:
            return
        gap = self._time - last - 1
        absent = [last + 1 + i for i in range(gap)] if gap <= MAX_GAP else []
        room = self._max_frames - len(self._names)
        self._names += absent[:room]
        self._counts += [0] * len(absent[:room])
        self._num_left_out += max(0, len(absent) - room)

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        self._end_frame()
        self._rows.close()
        dtype = self._dtype
        if not self._names or dtype is None:
            raise ValueError(
                f"there is no pose to show in {self.path}: nobody was detected with "
                "enough joints."
            )
        rows = np.memmap(self._folder / "rows", dtype, "r")
        finished = self._folder / f"finished{self._suffix}"
        scene: Scene | None = None
        if len(self._numbers) > 1 and self._are_placed:
            scene = scene_of(rows["mode"], rows["root"])
        kind = "slot" if scene is None else "spot"
        painter = FramePainter(
            self._size,
            int(rows[kind].max()) + 1,
            self._image_limits(rows),
            view_limits(rows["mode"]) if scene is None else scene.limits,
            dtype["hypotheses"].shape[0],
            with_pictures=self._source is not None,
            floor=None if scene is None else scene.floor,
        )
        trails = Trails(scene)
        numbered = [str(person) for person in self._numbers]
        ends = np.searchsorted(rows["frame"], np.arange(len(self._names)), "right")
        people = [rows[first:end] for first, end in zip([0, *ends], ends)]
        encoder = self._encode(finished, self._size, self._frame_rate)
        next(encoder)
        with contextlib.closing(encoder):
            steps = self._progress(self._steps(people), "drawing", self._total())
            for caption, shown, image in steps:
                drawn = []
                for row in shown[shown[kind] >= 0]:
                    number = int(row["person"])
                    trail = trails(number, int(row["frame"]), row["root"])
                    drawn.append(person_of(row, numbered[number], kind, trail))
                if len(shown):
                    more = self._counts[int(shown[0]["frame"])] - len(drawn)
                    note = f"   + {more} more {'person' if more == 1 else 'people'}"
                    caption += note if more else ""
                encoder.send(painter.draw(caption, drawn, image))
                self._num_drawn += 1
            encoder.send(None)
        if self._num_left_out and self._source is None:
            self.omissions.append(
                f"{self.path} leaves out {self._num_left_out:,} frames at its end; "
                f"{_MORE}"
            )
        return {self.path: finished}

    def _total(self) -> int | None:
        """Frames to draw, if that is known."""
        if self._source is None:
            return len(self._names)
        count = self._source.num_frames
        return None if count is None else min(count, self._max_frames)

    def _steps(self, people: list[np.ndarray]) -> Iterator[_Step]:
        """What is drawn one after the other."""
        if self._source is None:
            for name, rows in zip(self._names, people):
                yield str(name), rows, None
            return
        places = {name: place for place, name in enumerate(self._names)}
        for count, frame in enumerate(without_gaps(self._source)):
            if count == self._max_frames:
                self.omissions.append(
                    f"{self.path} ends after {count:,} frames; {_MORE}"
                )
                return
            place = places.get(frame.name)
            rows = people[0][:0] if place is None else people[place]
            yield str(frame.name), rows, frame.image

    def _image_limits(self, rows: np.ndarray) -> np.ndarray:
        if self._image_size is not None:
            return np.array([(0, 0), self._image_size], float)
        keypoints = rows["keypoints"]
        low, high = keypoints.min(axis=(0, 1)), keypoints.max(axis=(0, 1))
        margin = 0.06 * (high - low).max()
        return np.array([low - margin, high + margin])
