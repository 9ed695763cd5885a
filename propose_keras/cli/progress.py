"""How far a long step is, on standard error."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO, TypeVar

from propose_keras.detection import Frame, Frames

T = TypeVar("T")
# Seconds between two lines, and between two changes of a terminal's last line.
_BETWEEN_LINES, _BETWEEN_CHANGES = 10.0, 0.2


class Meter:
    """Counts, and says how far it is now and then.

    On a terminal one line changes and goes away at the end; elsewhere a line is written
    every ten seconds, so that what is soon done says nothing.

    Args:
        what: What is done, in a word.
        total: How often it will be done, where that is known.
        unit: What is counted.
        stream: Where to write; by default standard error.
        clock: Seconds.
    """

    def __init__(
        self,
        what: str,
        total: int | None = None,
        unit: str = "frames",
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what, self._total, self._unit = what, total, unit
        self._stream, self._clock = stream or sys.stderr, clock
        self._is_terminal = self._stream.isatty()
        self._width, self._count, self._last = 0, 0, clock()

    def step(self, count: int = 1) -> None:
        """Counts, and says so if it is time to."""
        self._count += count
        pause = _BETWEEN_CHANGES if self._is_terminal else _BETWEEN_LINES
        if self._clock() - self._last < pause:
            return
        self._last = self._clock()
        text = str(self)
        if self._is_terminal:
            self._stream.write(f"\r{text:{self._width}}")
            self._width = len(text)
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def close(self) -> None:
        """Takes the line of a terminal away."""
        if self._is_terminal and self._width:
            self._stream.write(f"\r{'':{self._width}}\r")
            self._stream.flush()

    def __str__(self) -> str:
        if not self._total:
            return f"{self._what}: {self._count:,} {self._unit}"
        # Of a video, containers state a length that may be off by some.
        share = min(100, 100 * self._count // self._total)
        return (
            f"{self._what}: {self._count:,} of {self._total:,} {self._unit} ({share} %)"
        )


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Items as they come, counted as frames by a `Meter`."""
    meter = Meter(what, total)
    try:
        for item in items:
            yield item
            meter.step()
    finally:
        meter.close()


class WithProgress(Frames):
    """Frames that are counted while they are read.

    Args:
        frames: The frames.
        what: What is done with them, in a word.
    """

    def __init__(self, frames: Frames, what: str) -> None:
        self._frames, self._what = frames, what
        self.name, self.rate = frames.name, frames.rate
        self.num_frames, self.can_be_reread = frames.num_frames, frames.can_be_reread

    @property
    def size(self) -> tuple[int, int]:
        return self._frames.size

    def __iter__(self) -> Iterator[Frame]:
        return progress(self._frames, self._what, self.num_frames)
