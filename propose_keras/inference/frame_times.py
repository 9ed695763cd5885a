"""When a frame was: an integer for the name that the source gives it."""

import dataclasses
import pathlib
import re
from collections.abc import Iterable, Iterator

from propose_keras.keypoint_files import PersonKeypoints

# Said where numbers start over, as where several clips lie in one folder.
START_OVER = (
    "The numbers of frames start over at {name!r}: from there on they were counted "
    "further. Lift one clip at a time to keep clips apart."
)
# Further numbers are identifiers, not places in a clip.
_LARGEST = 2**53


class FrameTimes:
    """Numbers frames in the order of a stream.

    A frame's time is the number in its name: an integer itself, or the last group of
    digits of a file's name without its suffix (`walk_000012.jpg` is 12). A name without
    a number is the frame after the last one. Times increase: where the numbers start
    over, they are counted further.
    """

    def __init__(self) -> None:
        self._name: int | str | None = None
        self._time, self._offset = -1, 0
        self.started_over_at: int | str | None = None

    def __call__(self, name: int | str) -> int:
        """The time of the next person's frame."""
        if name == self._name:
            return self._time
        is_first, self._name = self._name is None, name
        number = frame_number(name)
        if number is None:
            self._time += 1
            return self._time
        if not is_first and number + self._offset <= self._time:
            self._offset = self._time + 1 - number
            self.started_over_at = name
        self._time = number + self._offset
        return self._time


def frame_number(name: int | str) -> int | None:
    """The number in a frame's name, None if there is none.

    A decimal fraction, such as a time in seconds, is none.
    """
    if isinstance(name, str):
        if re.fullmatch(r"\s*-?\d+\.\d+\s*", name):
            return None
        digits = re.findall(r"\d+", pathlib.PurePath(name.replace("\\", "/")).stem)
        name = int(digits[-1]) if digits else _LARGEST
    return name if abs(name) < _LARGEST else None


def timed(people: Iterable[PersonKeypoints]) -> Iterator[PersonKeypoints]:
    """People with the `time` of their frames.

    Args:
        people: Grouped by frame; those who have a time keep it.
    """
    times = FrameTimes()
    for person in people:
        if person.time is None:
            person = dataclasses.replace(person, time=times(person.frame))
            name, times.started_over_at = times.started_over_at, None
            if name is not None:
                note = START_OVER.format(name=name)
                person = dataclasses.replace(person, notes=(*person.notes, note))
        yield person
