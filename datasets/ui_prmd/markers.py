"""Tracks of the markers of one recording."""

from __future__ import annotations

import dataclasses

import numpy as np

from .facts import MARKERS, NEEDED_MARKERS

_INDEX = {name: index for index, name in enumerate(MARKERS)}


@dataclasses.dataclass(frozen=True, eq=False)
class Markers:
    """Tracks of markers.

    Attributes:
        positions: World frame, z up, mm, `(frames, 39, 3)` in the order of
            `facts.MARKERS`; zero where a marker was not seen.
    """

    positions: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        """One marker, `(frames, 3)` mm."""
        return self.positions[:, _INDEX[name]]

    def __len__(self) -> int:
        return len(self.positions)

    def middle(self, *names: str) -> np.ndarray:
        """The middle of markers, `(frames, 3)` mm."""
        return sum(self[name] for name in names) / len(names)

    def seen(self, names: tuple[str, ...] = NEEDED_MARKERS) -> np.ndarray:
        """Whether each frame has all markers named, `(frames,)`."""
        chosen = self.positions[:, [_INDEX[name] for name in names]]
        return (chosen != 0).any(axis=-1).all(axis=-1)

    def longest_run(self) -> Markers:
        """The longest stretch of frames that have all markers that are needed."""
        seen = np.concatenate([[False], self.seen(), [False]])
        starts = np.flatnonzero(~seen[:-1] & seen[1:])
        ends = np.flatnonzero(seen[:-1] & ~seen[1:])
        if not len(starts):
            return Markers(self.positions[:0])
        longest = np.argmax(ends - starts)
        return Markers(self.positions[starts[longest] : ends[longest]])
