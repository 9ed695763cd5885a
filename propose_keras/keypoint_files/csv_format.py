"""Keypoints as a table: csv and tsv.

- By number: a header `frame,person,x0,y0,score0,x1,...`, `person` and the scores
  optional, then a line per person and frame.
- By name: `frame,person,nose_x,nose_y,nose_score,left_eye_x,...`; the names decide the
  layout, and joints that it lacks are missing.
- DeepLabCut: header lines `scorer`, `individuals` (with several animals or people),
  `bodyparts` and `coords`, then a line per frame.
- Ultralytics' `to_csv()`: one frame, its people's keypoints as text.

Columns are separated by commas, semicolons or tabs; with the latter two a decimal comma
is read, too. Case does not matter. An empty cell is a missing joint.
"""

import ast
import csv
import dataclasses
import itertools
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from propose_keras.keypoint_files.landmark_formats import (
    is_ultralytics,
    ultralytics_people,
)
from propose_keras.keypoint_files.natural_order import natural_order
from propose_keras.keypoint_files.records import (
    KeypointFileError,
    PersonKeypoints,
    make_person,
)
from propose_keras.skeletons import SKELETONS

_FRAMES = ("frame", "frame_id", "image_id", "image", "")
_PEOPLE = ("person", "person_id", "track_id", "idx", "id")
_SCORES = ("score", "likelihood", "confidence", "conf", "visibility", "c", "p", "v")
_NUMBERED = re.compile(r"(x|y|score|s|c)(\d+)")
_WHOLE = re.compile(r"[+-]?\d+")
_NAMED = re.compile(rf"(.+?)[_ .]+(x|y|{'|'.join(_SCORES)})")


@dataclasses.dataclass(frozen=True)
class _Columns:
    """Where a person's numbers stand in a line.

    Attributes:
        frame: Column of the frame's name.
        person: Column of the person, None if there is none.
        joints: For each joint its columns of x, y and score, None where there is none.
        layout: The joint order, if the header decides it.
        number: The person's, where each has columns of its own.
    """

    frame: int
    person: int | None
    joints: list[tuple[int | None, int | None, int | None]]
    layout: str | None = None
    number: int | None = None


def read_csv(
    path: pathlib.Path, layout: str | None, image_size: Any = None
) -> Iterator[PersonKeypoints]:
    """People of a table, line by line.

    Raises:
        KeypointFileError: If the header or a line is not the format's.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:
        try:
            first = file.readline()
            file.seek(0)
            counts = {separator: first.count(separator) for separator in "\t;,"}
            separator = max(counts, key=lambda s: counts[s])
            lines = csv.reader(file, delimiter=separator)
            header = [column.strip().lower() for column in next(lines, [])]
            if {"keypoints", "box"} <= set(header):
                yield from _ultralytics(path, header, lines, layout, image_size)
                return
            people = _people_columns(path, header, lines)
            num_header_lines = lines.line_num

            def body():
                """Numbers of lines, and the lines, from the first after the header."""
                file.seek(0)
                lines = csv.reader(file, delimiter=separator)
                for line in lines:
                    if lines.line_num <= num_header_lines:
                        continue
                    if any(cell.strip() for cell in line):
                        if len(line) != len(header):
                            raise KeypointFileError(
                                f"{path}, line {lines.line_num}: {len(line)} columns, "
                                f"the header has {len(header)}. Is the file cut short?"
                            )
                        yield lines.line_num, line

            for number, line in _by_frame(body, people[0].frame):
                name = f"{path}, line {number}"
                for columns in people:
                    yield from _person(name, line, columns, layout, separator != ",")
        except (UnicodeDecodeError, csv.Error) as error:
            raise KeypointFileError(f"{path} is not a csv text: {error}.") from error


def _by_frame(body, column):
    """Lines in the order of their frames; held in memory only if they are in another.

    Tables of several people may be sorted by person.
    """

    def frame(numbered_line):
        return natural_order(numbered_line[1][column].strip())

    last = None
    for numbered_line in body():
        key = frame(numbered_line)
        if last is not None and key < last:
            return sorted(body(), key=frame)
        last = key
    return body()


def _people_columns(path, header, lines) -> list[_Columns]:
    """The columns of each person of a line."""
    if header[:1] == ["scorer"]:
        return _deeplabcut(path, lines)
    frame = header.index("frame") if "frame" in header else 0
    if not header or header[frame] not in _FRAMES:
        raise _unknown_header(path, header)
    person = next((header.index(name) for name in _PEOPLE if name in header), None)
    rest = [c for i, c in enumerate(header) if i not in (frame, person)]
    numbered = [_NUMBERED.fullmatch(column) for column in rest]
    if rest and all(numbered):
        joints = sorted({int(m[2]) for m in numbered if m})
        if joints != list(range(len(joints))):
            raise _unknown_header(path, header)
        where = {column: header.index(column) for column in rest}

        def find(joint, names):
            found = [where[f"{n}{joint}"] for n in names if f"{n}{joint}" in where]
            return found[0] if found else None

        columns = [
            (find(j, "x"), find(j, "y"), find(j, ("score", "s", "c"))) for j in joints
        ]
        if any(None in joint[:2] for joint in columns):
            raise _unknown_header(path, header)
        return [_Columns(frame, person, columns)]
    named = {}
    for column in rest:
        match = _NAMED.fullmatch(column)
        if match:
            kind = match[2] if match[2] in "xy" else "score"
            named.setdefault(match[1], {})[kind] = header.index(column)
    if not named:
        raise _unknown_header(path, header)
    layout, joints = _by_name(path, named)
    return [_Columns(frame, person, joints, layout)]


def _deeplabcut(path, lines) -> list[_Columns]:
    """The columns of DeepLabCut's header, whose first line is read."""
    rows = {}
    for line in itertools.islice(lines, 3):
        rows[line[0].strip().lower()] = [cell.strip().lower() for cell in line]
        if line[0].strip().lower() == "coords":
            break
    if not {"bodyparts", "coords"} <= set(rows):
        raise KeypointFileError(
            f"{path}: expected DeepLabCut's header lines scorer, bodyparts and coords, "
            f"found {sorted(rows)}."
        )
    individuals = rows.get("individuals", [""] * len(rows["coords"]))
    people = []
    for number, individual in enumerate(dict.fromkeys(individuals[1:])):
        named = {}
        for i, (who, part, coordinate) in enumerate(
            zip(individuals, rows["bodyparts"], rows["coords"])
        ):
            if i and who == individual:
                kind = coordinate if coordinate in ("x", "y") else "score"
                named.setdefault(part, {})[kind] = i
        layout, joints = _by_name(path, named)
        people.append(_Columns(0, None, joints, layout, number))
    return people


def _by_name(path, named):
    """The layout that knows most of the names, and its joints' columns."""
    given = {_plain(name): columns for name, columns in named.items()}
    best = max(
        SKELETONS.values(),
        key=lambda s: (
            sum(_plain(joint) in given for joint in s.joint_names),
            -s.num_joints,
        ),
    )
    known = [_plain(joint) for joint in best.joint_names]
    if sum(joint in given for joint in known) < 4:
        raise KeypointFileError(
            f"{path}: the columns' names {sorted(named)[:20]} are those of no known "
            f"layout; {best.name} has {', '.join(best.joint_names)}."
        )
    columns = [given.get(joint, {}) for joint in known]
    joints = [(c.get("x"), c.get("y"), c.get("score")) for c in columns]
    return best.name, joints


def _plain(name: str) -> str:
    """A joint's name without case, separators and spelling of the side."""
    name = re.sub(r"[^a-z0-9]", "", name.lower())
    return re.sub(r"^(left|right)", lambda m: m[0][0], name)


def _person(name, line, columns, layout, comma):
    frame = line[columns.frame].strip()
    person = columns.number or 0
    try:
        if columns.person is not None:
            person = line[columns.person].strip()
            if not person:
                raise ValueError("there is no person")
            person = int(person) if _WHOLE.fullmatch(person) else person
        numbers = [[_number(line, i, comma) for i in joint] for joint in columns.joints]
    except ValueError as error:
        raise KeypointFileError(f"{name}: {error}.") from error
    values = np.array(numbers, np.float64)
    has_scores = any(joint[2] is not None for joint in columns.joints)
    scores = values[:, 2] if has_scores else np.ones(len(values))
    # An empty cell is a joint that is missing; a number that is none is a mistake.
    empty = [
        any(i is None or not line[i].strip() for i in joint[:2])
        for joint in columns.joints
    ]
    if all(empty):
        return
    scores = np.where(empty, 0.0, scores)
    yield make_person(
        name,
        int(frame) if frame.isdecimal() else frame,
        person,
        values[:, :2],
        scores,
        layout or columns.layout,
        tracked=columns.person is not None or columns.number is not None,
    )


def _number(line, index, comma) -> float:
    cell = "" if index is None else line[index].strip()
    if not cell:
        return np.nan
    return float(cell.replace(",", ".") if comma else cell)


def _ultralytics(path, header, lines, layout, image_size):
    people = []
    for line in lines:
        if not line:
            continue
        name = f"{path}, line {lines.line_num}"
        try:
            row = dict(zip(header, line, strict=True))
            person = {"keypoints": ast.literal_eval(row["keypoints"])}
        except (ValueError, SyntaxError) as error:
            raise KeypointFileError(
                f"{name}: expected Ultralytics' keypoints, {{'x': [...], 'y': [...]}}: "
                f"{error}."
            ) from error
        if not is_ultralytics(person):
            raise KeypointFileError(f"{name}: expected keypoints of x and y.")
        if row.get("track_id", "").isdecimal():
            person["track_id"] = int(row["track_id"])
        people.append(person)
    yield from ultralytics_people(str(path), 0, people, layout, image_size)


def _unknown_header(path, header) -> KeypointFileError:
    return KeypointFileError(
        f"{path}: expected the header frame,person,x0,y0,score0,x1,y1,score1,... "
        "(person and scores may be left out), names as in nose_x,nose_y,nose_score, "
        f"or that of DeepLabCut or Ultralytics, found {','.join(header)[:80]!r}."
    )
