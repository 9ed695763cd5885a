"""A part of a source: the frames from one number to another."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from propose_keras.detection import Frame, Frames
from propose_keras.detection.images import ImageFrames
from propose_keras.inference.frame_times import FrameTimes, timed
from propose_keras.keypoint_files import PersonKeypoints


@dataclasses.dataclass(frozen=True)
class FrameRange:
    """Frames by their numbers, from `start` to `stop`, which is not one of them.

    A frame's number is its time, `LiftedPoses.frame`: the number in its name; names
    without a number are counted. Nothing is read beyond `stop`. What is lifted of a
    part is what would be lifted of a source of these frames alone: people are numbered
    and hypotheses are drawn from its beginning.

    ```python
    people = FrameRange(900, 1200).people(read_keypoints("an-hour.json"))
    poses = lifter(people, image_size=(1920, 1080))
    ```

    Args:
        start: Number of the first frame, at least 0.
        stop: Number of the first frame after it; None: all that there are.

    Raises:
        ValueError: If there is no number from `start` to `stop`.
    """

    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        if self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise ValueError(
                f"There is no frame in {self}: expected A:B with 0 <= A < B, of which "
                "B is not included; either may be left out."
            )

    def __str__(self) -> str:
        return f"{self.start}:{'' if self.stop is None else self.stop}"

    def __contains__(self, number: int) -> bool:
        return self.start <= number and not self._is_past(number)

    def _is_past(self, number: int) -> bool:
        return self.stop is not None and number >= self.stop

    def people(self, people: Iterable[PersonKeypoints]) -> Iterator[PersonKeypoints]:
        """The people in these frames, with their `time`.

        Args:
            people: Grouped by frame.

        Raises:
            ValueError: On reading, if nobody is in them.
        """
        seen = _Seen(f"There is nobody in the frames {self}", "frames with people")
        for person in timed(people):
            time = person.time or 0
            seen.add(time)
            if self._is_past(time):
                break
            if time in self:
                yield person
                seen.is_empty = False
        seen.check()

    def pictures(self, frames: Frames) -> Frames:
        """The pictures in these frames, with the names and the rate that they have.

        Raises:
            ValueError: If there are none; of videos and cameras, on reading.
        """
        if not isinstance(frames, ImageFrames):
            return _Part(frames, self)
        times = FrameTimes()
        numbers = [times(name) for name in frames.names]
        seen = _Seen(f"{frames.name} has no picture in {self}", "pictures")
        for number in numbers:
            seen.add(number)
        places = [place for place, number in enumerate(numbers) if number in self]
        seen.is_empty = not places
        seen.check()
        return frames.part(places)


class _Part(Frames):
    """Frames of a video or a camera, whose names are their numbers."""

    def __init__(self, frames: Frames, chosen: FrameRange) -> None:
        self._frames, self._chosen = frames, chosen
        self.name, self.rate = frames.name, frames.rate
        self.can_be_reread = frames.can_be_reread
        self.num_frames = _length(frames.num_frames, chosen)
        stop: Any = getattr(frames, "stop", None)
        if stop is not None:  # Of a camera.
            self.stop = stop

    @property
    def size(self) -> tuple[int, int]:
        return self._frames.size

    def __iter__(self) -> Iterator[Frame]:
        seen = _Seen(f"{self.name} has no frame in {self._chosen}", "frames")
        for number, frame in _numbered(self._frames):
            seen.add(number)
            if number in self._chosen:
                yield frame
                seen.is_empty = False
            if self._chosen._is_past(number + 1):
                break
        seen.check()


class _Seen:
    """What numbers there were, for the error if none of them was wanted."""

    def __init__(self, message: str, what: str) -> None:
        self._message, self._what = message, what
        self._first: int | None = None
        self._last: int | None = None
        self.is_empty = True

    def add(self, number: int) -> None:
        self._first = number if self._first is None else self._first
        self._last = number

    def check(self) -> None:
        """Raises ValueError if nothing was found, though something was there."""
        if self.is_empty and self._first is not None:
            raise ValueError(
                f"{self._message}: of its {self._what} the first is "
                f"{self._first}, and the last that was read {self._last}."
            )


def _numbered(frames: Iterable[Frame]) -> Iterator[tuple[int, Frame]]:
    times = FrameTimes()
    for frame in frames:
        yield times(frame.name), frame


def _length(num_frames: int | None, chosen: FrameRange) -> int | None:
    """How many frames a part of so many has, if that is known."""
    if num_frames is None:
        return None if chosen.stop is None else chosen.stop - chosen.start
    stop = num_frames if chosen.stop is None else min(num_frames, chosen.stop)
    return max(0, stop - chosen.start)
