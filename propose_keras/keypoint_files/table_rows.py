"""People from rows of tables: csv, trc, HDF5."""

import dataclasses
import re

import numpy as np

from propose_keras.keypoint_files.records import PersonKeypoints, make_person

# How programs write that there is nothing.
_EMPTY = frozenset(("", "nan", "na", "n/a", "null", "none", "-nan"))


@dataclasses.dataclass(frozen=True)
class PersonColumns:
    """Where a person's numbers stand in a row.

    Attributes:
        joints: For each joint its columns of x, y and score, None where there is none.
        layout: The joint order, if the header decides it.
        person: Column of the person's name or number, if there is one.
        number: The person's number, if there is no such column.
        presence: Where the scores are MediaPipe's visibility, the columns of its
            presence.
    """

    joints: list[tuple[int | None, int | None, int | None]]
    layout: str | None = None
    person: int | None = None
    number: int = 0
    presence: list[int | None] | None = None

    @property
    def has_scores(self) -> bool:
        """Whether there is a score of any joint."""
        return any(score is not None for _, _, score in self.joints)

    def pick(self, row: np.ndarray) -> np.ndarray:
        """The joints' x, y and score of a row of numbers, `(J, 3)`, NaN for none."""
        row = np.append(row, np.nan)
        return row[[[-1 if i is None else i for i in joint] for joint in self.joints]]


def person_of_row(
    name: str,
    frame: int | str,
    person: int | str,
    numbers: np.ndarray,
    layout: str | None,
    has_scores: bool,
    tracked: bool = True,
) -> PersonKeypoints | None:
    """A person of a table's numbers, None if no joint of hers is there.

    Args:
        name: What is read, for errors.
        frame: See `PersonKeypoints`.
        person: See `PersonKeypoints`.
        numbers: `(J, 3)`: x, y, score. A joint whose x or y is NaN is missing; one
            without a score, as drawn by hand, has the score 1.
        layout: See `recognise_layout`.
        has_scores: Whether the table has scores at all.
        tracked: See `PersonKeypoints`.

    Raises:
        KeypointFileError: As `make_person`.
    """
    measured = ~np.isnan(numbers[:, :2]).any(axis=1)
    if not measured.any():
        return None
    scores = numbers[:, 2] if has_scores else np.full(len(numbers), np.nan)
    scores = np.where(np.isnan(scores), 1.0, scores)
    scores = np.where(measured, scores, 0.0)
    return make_person(
        name, frame, person, numbers[:, :2], scores, layout, tracked=tracked
    )


def parse_number(cell: str, decimal_comma: bool = False) -> float:
    """The number of a cell, NaN for an empty one.

    Raises:
        ValueError: If it is something else.
    """
    cell = cell.strip()
    if cell.lower() in _EMPTY:
        return np.nan
    return float(cell.replace(",", ".") if decimal_comma else cell)


def is_empty(cell: str) -> bool:
    """Whether a cell says that there is nothing."""
    return cell.strip().lower() in _EMPTY


def cell_name(cell: str) -> int | str:
    """The number of a frame or person, as 3 and 3.0, or its name as text."""
    cell = cell.strip()
    whole, _, fraction = cell.partition(".")
    if re.fullmatch(r"[0-9]{1,18}", whole) and not fraction.strip("0"):
        return int(whole)
    return cell
