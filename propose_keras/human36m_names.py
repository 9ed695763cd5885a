"""Names of Human3.6M's subjects, actions, takes and files.

Each of the seven published subjects performs fifteen actions in two takes. A
file carries a name such as `Directions`, `Directions 1` or `WalkDog 1`, whose
number is not the take: which file is take 1 and which take 2 is what the data
set's `metadata.xml` states, and is reproduced here.
"""

from __future__ import annotations

import dataclasses
import re

TRAIN_SUBJECTS = ("S1", "S5", "S6", "S7", "S8")
TEST_SUBJECTS = ("S9", "S11")
SUBJECTS = TRAIN_SUBJECTS + TEST_SUBJECTS
CAMERAS = ("54138969", "55011271", "58860488", "60457274")
ACTIONS = (
    "Directions",
    "Discussion",
    "Eating",
    "Greeting",
    "Phoning",
    "Photo",
    "Posing",
    "Purchases",
    "Sitting",
    "SittingDown",
    "Smoking",
    "Waiting",
    "WalkDog",
    "Walking",
    "WalkTogether",
)
TAKES = ("1", "2")

# Spellings of the official archives and of the action list in metadata.xml.
_SYNONYMS = {
    "TakingPhoto": "Photo",
    "WalkingDog": "WalkDog",
    "WalkingTogether": "WalkTogether",
}

# What follows the action in the file names of takes 1 and 2. The rule:
_FILE_NUMBERS = ("1", "")
# The exceptions, from the mapping in metadata.xml:
_IRREGULAR_FILE_NUMBERS = {
    ("S1", "Eating"): ("2", ""),
    ("S1", "Sitting"): ("1", "2"),
    ("S1", "SittingDown"): ("2", ""),
    ("S5", "Directions"): ("1", "2"),
    ("S5", "Discussion"): ("2", "3"),
    ("S5", "Greeting"): ("1", "2"),
    ("S5", "SittingDown"): ("", "1"),
    ("S5", "Photo"): ("", "2"),
    ("S5", "Waiting"): ("1", "2"),
    ("S6", "Eating"): ("1", "2"),
    ("S6", "Posing"): ("2", ""),
    ("S6", "Sitting"): ("1", "2"),
    ("S6", "Photo"): ("", "1"),
    ("S6", "Waiting"): ("3", ""),
    ("S7", "Phoning"): ("2", ""),
    ("S7", "SittingDown"): ("", "1"),
    ("S7", "Photo"): ("", "1"),
    ("S7", "Waiting"): ("1", "2"),
    ("S7", "Walking"): ("1", "2"),
    ("S8", "SittingDown"): ("", "1"),
    ("S8", "WalkTogether"): ("1", "2"),
    ("S9", "Discussion"): ("1", "2"),
    ("S9", "SittingDown"): ("", "1"),
    ("S11", "Discussion"): ("1", "2"),
    ("S11", "Greeting"): ("2", ""),
    ("S11", "Phoning"): ("3", "2"),
    ("S11", "SittingDown"): ("", "1"),
    ("S11", "Smoking"): ("2", ""),
}


@dataclasses.dataclass(frozen=True, order=True)
class Sequence:
    """One performance, seen by all four cameras.

    Attributes:
        subject: `S1`, `S5`, ... `S11`.
        action: One of `ACTIONS`.
        take: `1` or `2`: Human3.6M's subaction.
    """

    subject: str
    action: str
    take: str

    @property
    def file_name(self) -> str:
        """The name in Human3.6M's files, such as `Directions 1`."""
        return f"{self.action} {_file_numbers(self)[int(self.take) - 1]}".strip()

    @property
    def key(self) -> str:
        """`S9/Directions 1`: subject and name in the files."""
        return f"{self.subject}/{self.file_name}"


ALL_SEQUENCES = tuple(
    Sequence(s, a, t) for s in SUBJECTS for a in ACTIONS for t in TAKES
)


def _file_numbers(sequence: Sequence) -> tuple[str, str]:
    key = sequence.subject, sequence.action
    return _IRREGULAR_FILE_NUMBERS.get(key, _FILE_NUMBERS)


def parse_sequence(subject: str, name: str) -> Sequence | None:
    """The sequence that a file is of, from its name without extension.

    Args:
        subject: The subject whose file it is.
        name: Such as `Directions`, `Directions 1`, `TakingPhoto 1` or, as
            3d-pose-baseline's detections write it, `WalkDog_1`.

    Returns:
        The sequence; None if Human3.6M has none of that name for the subject,
        as for `_ALL 1`.
    """
    match = re.fullmatch(r"([A-Za-z]+)(?:[ _](\d))?", name)
    if match is None or subject not in SUBJECTS:
        return None
    action = _SYNONYMS.get(match[1], match[1])
    if action not in ACTIONS:
        return None
    numbers = _file_numbers(Sequence(subject, action, "1"))
    number = match[2] or ""
    if number not in numbers:
        return None
    return Sequence(subject, action, str(numbers.index(number) + 1))


def parse_clip(text: str) -> tuple[Sequence, str | None]:
    """Reads `S5 Waiting 1` or, for one camera, `S5 Waiting 1.55011271`.

    Returns:
        The sequence, and the camera or None for all four.

    Raises:
        ValueError: If Human3.6M has no such sequence or camera.
    """
    name, _, camera = text.partition(".")
    subject, _, name = name.partition(" ")
    sequence = parse_sequence(subject, name)
    if sequence is None or (camera and camera not in CAMERAS):
        raise ValueError(
            f"Human3.6M has no sequence {text!r}. Expected a subject and a file name "
            "such as 'S11 Directions', with '.54138969' after it for one camera only."
        )
    return sequence, camera or None
