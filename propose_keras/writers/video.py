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
from propose_keras.skeletons import H36M_17
from propose_keras.writers.base import PoseWriter, Progress, check_suffix
from propose_keras.writers.encoders import make_encoder
from propose_keras.writers.frame_painter import (
    VIEWS,
    FramePainter,
    Person,
    project,
)
from propose_keras.writers.source_pictures import without_gaps

MAX_PEOPLE, FAN_SIZE = 4, 20
MAX_GAP = 30
_DEFAULT_SIZES = {".mp4": (1280, 720), ".gif": (800, 450)}
# What views show at least to each side of the hip, and at most, as no part of a body
# is farther from it; mm.
_ROOM, _REACH = 300.0, 1400.0
_MORE = "--max_frames or `max_frames` is how many it may show."
# A caption, rows of people, and the picture that they are in, if it is shown.
_Step = tuple[str, np.ndarray, np.ndarray | None]


class VideoWriter(PoseWriter):
    """A video of a stream of poses.

    A frame shows the keypoints that were lifted, those filled in hollow, and of each
    person the mode over the first 20 hypotheses, from the camera and from the side,
    without perspective, the hip always in the same place. Up to four people are shown,
    who keep their panels while they are in the picture; the rest are counted. Frames
    in which there is nobody are empty, by the numbers of the frames; more than 30 of
    them in a row are left out.

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
        self._progress = progress or (lambda steps, *_: steps)
        self._rows = self._open("rows", "wb")
        self._dtype: np.dtype | None = None
        self._names: list[int | str | None] = []
        self._captions: list[str] = []
        self._num_drawn = 0
        # The frame being read: its time, its name, its rows.
        self._time, self._name, self._people = None, "", []
        self._last_time: int | None = None
        self._numbers: dict[int | str, int] = {}
        self._slots: dict[int, int] = {}
        self._num_left_out = 0

    @property
    def num_frames(self) -> int:
        """Frames that the video has; with `frames`, once it is complete."""
        return len(self._names) if self._source is None else self._num_drawn

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        hypotheses = poses.hypotheses[:, :FAN_SIZE]
        if self._dtype is None:
            self._dtype = _row_dtype(hypotheses.shape[1])
        rows = np.zeros(len(poses), self._dtype)
        rows["hypotheses"] = hypotheses
        for name in ("keypoints", "missing", "mode"):
            rows[name] = getattr(poses, name)
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
            self._slots = _assign(numbers, self._slots)
            for number, row in zip(numbers, people):
                if number in self._slots:
                    row["frame"], row["slot"] = len(self._names), self._slots[number]
                    self._rows.write(row.tobytes())
            more = len(people) - len(self._slots)
            note = f"   + {more} more {'person' if more == 1 else 'people'}"
            self._names.append(self._name)
            self._captions.append(f"{self._name}{note if more else ''}")

    def _end_gap(self) -> None:
        """Adds frames in which nobody was, where no pictures say so."""
        last, self._last_time = self._last_time, self._time
        if self._source is not None or last is None or self._time is None:
            return
        gap = self._time - last - 1
        absent = [str(last + 1 + i) for i in range(gap)] if gap <= MAX_GAP else []
        room = self._max_frames - len(self._names)
        self._captions += absent[:room]
        self._names += [None] * len(absent[:room])
        self._num_left_out += max(0, len(absent) - room)

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        self._end_frame()
        self._rows.close()
        dtype = self._dtype
        if not self._captions or dtype is None:
            raise ValueError(
                f"there is no pose to show in {self.path}: nobody was detected with "
                "enough joints."
            )
        rows = np.memmap(self._folder / "rows", dtype, "r")
        finished = self._folder / f"finished{self._suffix}"
        painter = FramePainter(
            self._size,
            int(rows["slot"].max()) + 1,
            self._image_limits(rows),
            _view_limits(rows["mode"]),
            dtype["hypotheses"].shape[0],
            with_pictures=self._source is not None,
        )
        numbered = [str(person) for person in self._numbers]
        ends = np.searchsorted(rows["frame"], np.arange(len(self._names)), "right")
        people = [rows[first:end] for first, end in zip([0, *ends], ends)]
        encoder = self._encode(finished, self._size, self._frame_rate)
        next(encoder)
        with contextlib.closing(encoder):
            steps = self._progress(self._steps(people), "drawing", self._total())
            for caption, shown, image in steps:
                drawn = [_person(row, numbered) for row in shown]
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
            return len(self._captions)
        count = self._source.num_frames
        return None if count is None else min(count, self._max_frames)

    def _steps(self, people: list[np.ndarray]) -> Iterator[_Step]:
        """What is drawn one after the other."""
        if self._source is None:
            for caption, rows in zip(self._captions, people):
                yield caption, rows, None
            return
        places = {name: place for place, name in enumerate(self._names)}
        for count, frame in enumerate(without_gaps(self._source)):
            if count == self._max_frames:
                self.omissions.append(
                    f"{self.path} ends after {count:,} frames; {_MORE}"
                )
                return
            place = places.get(frame.name)
            if place is None:
                yield str(frame.name), people[0][:0], frame.image
            else:
                yield self._captions[place], people[place], frame.image

    def _image_limits(self, rows: np.ndarray) -> np.ndarray:
        if self._image_size is not None:
            return np.array([(0, 0), self._image_size], float)
        keypoints = rows["keypoints"]
        low, high = keypoints.min(axis=(0, 1)), keypoints.max(axis=(0, 1))
        margin = 0.06 * (high - low).max()
        return np.array([low - margin, high + margin])


def _row_dtype(num_hypotheses: int) -> np.dtype:
    num_joints = H36M_17.num_joints
    return np.dtype(
        [
            *[("frame", np.int64), ("person", np.int64), ("slot", np.int64)],
            ("keypoints", np.float32, (num_joints, 2)),
            ("missing", bool, (num_joints,)),
            ("mode", np.float32, (num_joints, 3)),
            ("hypotheses", np.float32, (num_hypotheses, num_joints, 3)),
        ]
    )


def _assign(people: list[int], before: dict[int, int]) -> dict[int, int]:
    """Slots of people: those who had one keep it, the others take what is free."""
    slots = {person: before[person] for person in people if person in before}
    free = [slot for slot in range(MAX_PEOPLE) if slot not in slots.values()]
    new = [person for person in people if person not in slots]
    return slots | dict(zip(new, free))


def _person(row: np.void, names: list[str]) -> Person:
    return Person(
        slot=int(row["slot"]),
        name=names[int(row["person"])],
        **{n: row[n] for n in ("keypoints", "missing", "mode", "hypotheses")},
    )


def _view_limits(modes: np.ndarray) -> np.ndarray:
    """Corners `(views, 2, 2)` of what each view must show to hold all modes."""
    drawn = np.stack([project(modes, view)[..., :2] for view in VIEWS.values()])
    limits = np.stack([drawn.min(axis=(1, 2)), drawn.max(axis=(1, 2))], axis=1)
    limits = limits.clip(-_REACH, _REACH)
    limits[:, 0] = np.minimum(limits[:, 0], -_ROOM)
    limits[:, 1] = np.maximum(limits[:, 1], _ROOM)
    return limits + 80.0 * np.array([[-1], [1]])
