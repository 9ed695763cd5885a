"""Tables with a line for each frame, person and joint.

The header names the columns: `frame` and `joint` (`landmark`, `keypoint`, `bodypart`,
`node`, ...: names or numbers), `x`, `y`; optional are the person (`person`, `track`,
...) and the score (`score`, `visibility`, ...). SLEAP's `points` csv is one
(https://io.sleap.ai/latest/formats/). Lines may stand in any order.
"""

import array
import dataclasses
import re
from collections.abc import Iterator, Sequence

import numpy as np

from propose_keras.keypoint_files import mediapipe_scores
from propose_keras.keypoint_files.csv_header import (
    FRAMES,
    PEOPLE,
    SCORES,
    plain_column,
)
from propose_keras.keypoint_files.frame_order import natural_order
from propose_keras.keypoint_files.joint_names import match_names
from propose_keras.keypoint_files.records import (
    KeypointFileError,
    PersonKeypoints,
    recognise_layout,
)
from propose_keras.keypoint_files.table_rows import (
    cell_name,
    is_empty,
    parse_number,
    person_of_row,
)
from propose_keras.skeletons import LAYOUTS, Y_FIRST_LAYOUTS

_KINDS = ("joint", "landmark", "keypoint", "bodypart", "node", "part", "marker")
# A name says more than a number.
_JOINTS = (
    *(f"{kind}name" for kind in _KINDS),
    *(f"{kind}s" for kind in _KINDS),
    *_KINDS,
    *("jointtype", "point", "kp", "name", "label"),
    *(f"{kind}{end}" for kind in _KINDS for end in ("id", "index", "idx", "number")),
    *("pointid", "kpid", "index"),
)
_X = ("x", "xpx", "xpixel", "xpixels", "xcoord", "xcoordinate", "colorx")
_Y = ("y", "ypx", "ypixel", "ypixels", "ycoord", "ycoordinate", "colory")


@dataclasses.dataclass(frozen=True)
class LongColumns:
    """Which column holds what; None where there is none."""

    frame: int | None
    joint: int
    x: int
    y: int
    person: int | None
    score: int | None
    presence: int | None
    is_probability: bool  # Of MediaPipe's two.


def long_columns(header: Sequence[str]) -> LongColumns | None:
    """The columns of such a table, None if the header is another's."""
    plain = [plain_column(name) for name in header]

    def find(names, but=()):
        return next(
            (plain.index(n) for n in names if n in plain and plain.index(n) not in but),
            None,
        )

    x, y, joint = find(_X), find(_Y), find(_JOINTS)
    if x is None or y is None or joint is None:
        return None
    frame = next((i for i, name in enumerate(plain) if name in FRAMES), None)
    person = find(PEOPLE, (frame, joint))
    score = find(SCORES)
    return LongColumns(
        *(frame, joint, x, y, person, score, find([mediapipe_scores.PRESENCE])),
        score is not None and mediapipe_scores.is_probability(plain[score]),
    )


# Keys of people with a name or number begin here, those of others at 0.
_NAMED = 1 << 32


class _Table:
    """The lines of a table, as numbers of a few bytes each."""

    def __init__(self) -> None:
        self.frames: dict[str, int] = {}
        self.joints: dict[str, int] = {}
        self.people: dict[str, int] = {}
        self.keys = array.array("q")  # Frame, person, joint of each line.
        self.values = array.array("d")  # x, y, score of each line.
        self.unnamed = False

    def add(self, name, line, columns: LongColumns, decimal_comma):
        def number(place):
            cell = "" if place is None else line[place]
            return parse_number(cell, decimal_comma)

        frame = "0" if columns.frame is None else line[columns.frame].strip()
        joint = line[columns.joint].strip()
        if not joint or not frame:
            raise KeypointFileError(f"{name}: no frame or no joint.")
        who = "" if columns.person is None else line[columns.person]
        self.unnamed = self.unnamed or is_empty(who)
        self.keys.append(self.frames.setdefault(frame, len(self.frames)))
        if is_empty(who):
            self.keys.append(-1)
        else:
            place = self.people.setdefault(who.strip(), len(self.people))
            self.keys.append(_NAMED + place)
        self.keys.append(self.joints.setdefault(joint, len(self.joints)))
        try:
            self.values.extend(map(number, (columns.x, columns.y)))
            score = number(columns.score)
            if columns.is_probability:
                score = float(
                    mediapipe_scores.smaller_of(score, number(columns.presence))
                )
            self.values.append(score)
        except ValueError as error:
            raise KeypointFileError(f"{name}: {error}.") from error


def long_people(
    path: object,
    lines: Iterator[tuple[str, list[str]]],
    columns: LongColumns,
    decimal_comma: bool,
    layout: str | None,
) -> Iterator[PersonKeypoints]:
    """People of such a table, by frame.

    Args:
        path: The file, for errors.
        lines: Each one's name, for errors, and its cells.
        columns: Of `long_columns`.
        decimal_comma: Whether numbers may have a comma for the point.
        layout: The layout that the user names, if any.

    Raises:
        KeypointFileError: If a line is wrong, or joints are of no known layout.
    """
    table = _Table()
    for name, line in lines:
        table.add(name, line, columns, decimal_comma)
    if not table.keys:
        return
    known, place = _joint_places(str(path), list(table.joints), layout)
    people = [cell_name(who) for who in table.people]
    names, keys, values = _sorted(path, table, place)
    starts = np.flatnonzero(np.r_[True, (keys[1:, :2] != keys[:-1, :2]).any(axis=1)])
    for start, end in zip(starts, [*starts[1:], len(keys)]):
        rank, person, _ = keys[start].tolist()
        frame, tracked = cell_name(names[rank]), person >= _NAMED
        if tracked:
            person = people[person - _NAMED]
        numbers = np.full((LAYOUTS[known], 3), np.nan)
        numbers[keys[start:end, 2]] = values[start:end]
        if columns.is_probability and mediapipe_scores.is_layout(known):
            numbers[:, 2] = mediapipe_scores.score_of(numbers[:, 2])
        found = person_of_row(
            f"{path}, frame {frame}, person {person}",
            frame,
            person,
            numbers,
            known,
            columns.score is not None,
            tracked,
        )
        if found is not None:
            yield found


def _sorted(path, table, place):
    """The frames' names in order; the lines' frame, person and joint; their values."""
    keys = np.array(table.keys, np.int64).reshape(-1, 3)
    values = np.array(table.values).reshape(-1, 3)
    given = list(table.frames)
    order = sorted(range(len(given)), key=lambda i: natural_order(given[i]))
    names = [given[i] for i in order]
    keys[:, 0], keys[:, 2] = np.argsort(order)[keys[:, 0]], place[keys[:, 2]]
    keys, values = keys[keys[:, 2] >= 0], values[keys[:, 2] >= 0]
    if table.unnamed:
        _number_the_unnamed(keys)
    order = np.lexsort(keys.T[::-1])
    keys, values = keys[order], values[order]
    same = np.flatnonzero((keys[1:] == keys[:-1]).all(axis=1))
    if len(same):
        frame, person, _ = keys[same[0]].tolist()
        raise KeypointFileError(
            f"{path}: two lines for the same joint of frame {names[frame]}, person "
            f"{person}."
        )
    return names, keys, values


def _joint_places(name, joints, layout):
    """The layout, and for each joint of the file its place there, -1 for none."""
    if not all(re.fullmatch(r"[0-9]{1,9}", joint) for joint in joints):
        known, order = match_names(joints, layout, name)
        place = np.full(len(joints), -1)
        for index, joint in enumerate(order):
            if joint is not None:
                place[joint] = index
        return known, place
    numbers = np.array([int(joint) for joint in joints])
    # Where no joint has the number 0, they may be numbered from 1.
    counts = [numbers.max() + 1] + [numbers.max()] * bool(numbers.min() == 1)
    if layout is None:
        possible = [count for count in counts if count in LAYOUTS.values()]
    else:
        possible = [count for count in counts if count == LAYOUTS.get(layout)]
    if len(possible) > 1:
        raise KeypointFileError(
            f"{name}: joints have the numbers 1 to {numbers.max()}, of {possible[1]} "
            f"joints from 1 or of {possible[0]} from 0. Pass the layout."
        )
    count = int((possible or counts)[0])
    layout = recognise_layout(count, layout, name)
    # The columns are x and y, whatever the layout's own order.
    layout = Y_FIRST_LAYOUTS.get(layout, layout)
    return layout, numbers - (numbers.max() + 1 - count)


def _number_the_unnamed(keys):
    """Numbers people without a name: of each joint's n-th line in a frame, n."""
    unnamed = np.flatnonzero(keys[:, 1] < 0)
    rows = keys[unnamed][:, [0, 2]]
    order = np.lexsort((np.arange(len(rows)), rows[:, 1], rows[:, 0]))
    rows = rows[order]
    first = np.r_[True, (rows[1:] != rows[:-1]).any(axis=1)]
    place = np.arange(len(rows))
    place -= np.maximum.accumulate(np.where(first, place, 0))
    keys[unnamed[order], 1] = place
