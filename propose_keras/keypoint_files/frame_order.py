"""The order of frames' names."""

import re
from collections.abc import Iterable

from propose_keras.keypoint_files.records import PersonKeypoints

_DIGITS = re.compile(r"(\d+)")


def natural_order(name: str) -> list:
    """Key that sorts names as people do: frame 2 before frame 10."""
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
