"""The order of frames' names."""

import collections
import re
from collections.abc import Iterable, Sequence
from typing import Any

from propose_keras.keypoint_files.records import PersonKeypoints

# What is said where frames are not stated.
COUNTED = (
    "The frames are not stated: they were counted, a new one where the number of a "
    "person comes again."
)
_DECIMAL = re.compile(r"(-?)(\d+)(?:\.(\d+))?", re.ASCII)
_TURNED = str.maketrans("0123456789", "9876543210")
_DIGITS = re.compile(r"(\d+)")


def natural_order(name: str) -> list:
    """Key that sorts names as people do: frame 2 before frame 10.

    Decimal fractions, such as times in seconds, and numbers below 0 are sorted as such.
    """
    number = _DECIMAL.fullmatch(name.strip())
    if number:
        sign, whole, fraction = number[1], number[2], number[3]
        if sign:
            # Whatever is further from 0 comes first.
            whole, fraction = whole.lstrip("0"), f"{fraction or '':0<20}"
            return [(False, -1 - len(whole), (whole + fraction).translate(_TURNED))]
        # The digits behind the point are no number of their own.
        return [*_words(whole), *([(False, 0, fraction)] if fraction else [])]
    return _words(name)


def _words(name):
    # Numbers by length, then digits: `int` refuses very long ones.
    return [
        (True, len(part.lstrip("0")), part.lstrip("0"))
        if part.isdecimal()
        else (False, 0, part)
        for part in _DIGITS.split(name)
    ]


def in_frame_order(people: Iterable[PersonKeypoints]) -> list[PersonKeypoints]:
    """People by frame, those of one frame in the order that they had."""

    def key(person):
        time = person.time
        return (0, time) if time is not None else (1, natural_order(str(person.frame)))

    return sorted(people, key=key)


def counted_frames(
    people: Sequence[Any], tracks: Sequence[int | str | None]
) -> list[list] | None:
    """Frames of people in their order, each begun where a track comes again.

    Args:
        people: Whose frames are not stated.
        tracks: Of each person.

    Returns:
        The people of each frame; None where tracks do not tell: somebody has none,
        nobody comes again, everybody has 0, as without tracking, or somebody's n-th
        time is not the n-th frame.
    """
    if None in tracks or len(set(tracks)) == len(tracks) or set(tracks) == {0}:
        return None
    frames, seen, times = [], set(), collections.Counter()
    for person, track in zip(people, tracks):
        if track in seen or not frames:
            frames.append([])
            seen = set()
        frames[-1].append(person)
        seen.add(track)
        times[track] += 1
        if times[track] != len(frames):
            return None
    return frames
