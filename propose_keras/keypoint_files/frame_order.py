"""The order of frames' names."""

import re

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
