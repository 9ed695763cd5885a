"""Keypoints as a table: csv and tsv.

- By number: a header `frame,person,x0,y0,score0,x1,...`, `person` and the scores
  optional, then a line per person and frame.
- By name: `frame,person,nose_x,nose_y,nose_score,left_eye_x,...`; the names decide the
  layout, and joints that it lacks are missing.
- SLEAP's csv, as exported by its program and by sleap-io: `track,frame_idx,
  instance.score,nose.x,nose.y,nose.score,...`, and sleap-io's `instances`, `frames`
  (`inst0.nose.x`, one line a frame) and `points`
  (https://io.sleap.ai/latest/formats/#csv-format-csv).
- A line per joint: see `long_form`.
- MediaPipe's landmarks in any of these: `x0,y0,z0,v0,...`, `landmark_0_x`, by name or a
  line per landmark; z is passed over, scores are those of `mediapipe_scores`.
- DeepLabCut: header lines `scorer`, `individuals` (with several animals or people),
  `bodyparts` and `coords`, then a line per frame.
- Ultralytics' `to_csv()`: one frame, its people's keypoints as text.

Columns are separated by commas, semicolons or tabs; with the latter two a decimal comma
is read, too. Case does not matter. An empty cell is a missing joint. Without a column
of the frame every line is one.
"""

import ast
import csv
import itertools
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from propose_keras.keypoint_files import mediapipe_scores
from propose_keras.keypoint_files.csv_header import frame_column, wide_columns
from propose_keras.keypoint_files.deeplabcut import deeplabcut_columns
from propose_keras.keypoint_files.frame_order import natural_order
from propose_keras.keypoint_files.landmark_formats import (
    is_ultralytics,
    ultralytics_people,
)
from propose_keras.keypoint_files.long_form import long_columns, long_people
from propose_keras.keypoint_files.records import KeypointFileError, PersonKeypoints
from propose_keras.keypoint_files.table_rows import (
    PersonColumns,
    cell_name,
    is_empty,
    parse_number,
    person_of_row,
)
from propose_keras.keypoint_files.text_encoding import encoding_of
from propose_keras.skeletons import Y_FIRST_LAYOUTS

_DEEPLABCUT_ROWS = ("scorer", "individuals", "bodyparts", "coords")


def read_csv(
    path: pathlib.Path, layout: str | None, image_size: Any = None
) -> Iterator[PersonKeypoints]:
    """People of a table, line by line.

    Raises:
        KeypointFileError: If the header or a line is not the format's.
    """
    # Columns say which is x and which is y.
    layout = Y_FIRST_LAYOUTS.get(layout or "", layout)
    with open(path, newline="", encoding=encoding_of(path)) as file:
        try:
            first = file.readline()
            file.seek(0)
            counts = {separator: first.count(separator) for separator in "\t;,"}
            separator = max(counts, key=lambda s: counts[s])
            lines = csv.reader(file, delimiter=separator)
            header = [column.strip() for column in next(lines, [])]
            if {"keypoints", "box"} <= {name.lower() for name in header}:
                yield from _ultralytics(path, header, lines, layout, image_size)
                return
            comma = separator != ","
            if header[:1] == ["scorer"]:
                header, frames, people = _deeplabcut(path, header, lines, layout)
                rows = _rows(path, header, lines)
                yield from _wide(rows, frames, people, layout, comma)
                return
            columns = long_columns(header)
            if columns is not None:
                rows = _rows(path, header, lines)
                yield from long_people(path, rows, columns, comma, layout)
                return
            people = wide_columns(path, header, layout)
            frame = frame_column(header)

            def body():
                file.seek(0)
                lines = csv.reader(file, delimiter=separator)
                next(lines)
                return _rows(path, header, lines)

            frames = [] if frame is None else [frame]
            rows = body() if frame is None else _by_frame(body, frame)
            yield from _wide(rows, frames, people, layout, comma)
        except (UnicodeError, csv.Error) as error:
            raise KeypointFileError(f"{path} is not a csv text: {error}.") from error


def _by_frame(body, column):
    """Lines in the order of their frames; held in memory only if they are in another.

    Tables of several people may be sorted by person.
    """

    def frame(named_line):
        return natural_order(named_line[1][column].strip())

    last = None
    for named_line in body():
        key = frame(named_line)
        if last is not None and key < last:
            return sorted(body(), key=frame)
        last = key
    return body()


def _rows(path, header, lines) -> Iterator[tuple[str, list[str]]]:
    """The lines that are not empty, each with its name for errors."""
    for line in lines:
        if any(cell.strip() for cell in line):
            name = f"{path}, line {lines.line_num}"
            if len(line) != len(header):
                raise KeypointFileError(
                    f"{name}: {len(line)} columns, the header has {len(header)}. Is "
                    "the file cut short?"
                )
            yield name, line


def _deeplabcut(path, header, lines, layout):
    """The last line of DeepLabCut's header, its columns of the frame, its people."""
    rows = {"scorer": header}
    for line in itertools.islice(lines, len(_DEEPLABCUT_ROWS) - 1):
        rows[line[0].strip().lower()] = [cell.strip() for cell in line]
        if line[0].strip().lower() == "coords":
            break
    if not {"bodyparts", "coords"} <= set(rows):
        raise KeypointFileError(
            f"{path}: expected DeepLabCut's header lines scorer, bodyparts and coords, "
            f"found {sorted(rows)}."
        )
    coordinates = [cell.lower() for cell in rows["coords"]]
    people = deeplabcut_columns(
        str(path), rows.get("individuals"), rows["bodyparts"], coordinates, layout
    )
    # The frame's name is one cell, or the parts of a path.
    num_parts = next((i for i, c in enumerate(coordinates) if i and c), 1)
    return rows["coords"], list(range(num_parts)), people


def _wide(rows, frames, people: list[PersonColumns], layout, comma):
    """People of tables with a line per frame or per person."""
    last, unnamed = None, 0
    for index, (name, line) in enumerate(rows):
        frame = "/".join(line[place].strip() for place in frames) or str(index)
        if frame != last:
            last, unnamed = frame, 0
        for columns in people:
            person, tracked = columns.number, True
            if columns.person is not None or len(people) == 1:
                who = "" if columns.person is None else line[columns.person]
                tracked = not is_empty(who)
                person = cell_name(who) if tracked else unnamed
                unnamed += not tracked
            found = person_of_row(
                name,
                cell_name(frame),
                person,
                _numbers(name, line, columns, comma),
                columns.layout or layout,
                columns.has_scores,
                tracked,
            )
            if found is not None:
                yield found


def _numbers(name, line, columns, comma):
    """A person's x, y and score of each joint of a line."""

    def number(place):
        return np.nan if place is None else parse_number(line[place], comma)

    try:
        numbers = np.array([list(map(number, joint)) for joint in columns.joints])
        if columns.presence is not None:
            presence = np.array(list(map(number, columns.presence)))
            numbers[:, 2] = mediapipe_scores.score_of(numbers[:, 2], presence)
        return numbers
    except ValueError as error:
        raise KeypointFileError(f"{name}: {error}.") from error


def _ultralytics(path, header, lines, layout, image_size):
    people = []
    header = [name.lower() for name in header]
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
