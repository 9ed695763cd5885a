"""Keypoints as arrays: npz, npy and csv.

- npz: `keypoints` (frames, J, 2 or 3) or (frames, people, J, 2 or 3); optional are
  `scores`, `frame`, `person`, `layout` and `image_size`.
- npy: the array `keypoints` alone, read as it is needed.
- csv: a header `frame,person,x0,y0,score0,x1,...`, `person` and the scores optional,
  joints by their index, then one line per person and frame.
"""

import csv
import pathlib
from collections.abc import Iterator

import numpy as np

from propose_keras.data.safe_npz import load_npz
from propose_keras.keypoint_files.records import (
    KeypointFileError,
    PersonKeypoints,
    check_image_size,
    make_person,
    people_of_array,
)

_OPTIONAL = ("scores", "frame", "person", "layout", "image_size")


def read_npz(path: pathlib.Path, layout: str | None) -> Iterator[PersonKeypoints]:
    """People of an npz archive; nothing in the file is executed.

    Raises:
        KeypointFileError: If an entry has another shape than the format's.
        NpzError: If the file is damaged or hostile.
    """
    entries = load_npz(path, ("keypoints",), _OPTIONAL)
    size = entries.get("image_size")
    if layout is None:
        layout = (_column(entries, "layout", "U", path) or [None])[0]
    yield from people_of_array(
        str(path),
        np.asarray(entries["keypoints"]),
        entries.get("scores"),
        layout,
        None if size is None else check_image_size(size, str(path)),
        _column(entries, "frame", "iuU", path),
        _column(entries, "person", "iu", path),
    )


def _column(entries, key, kinds, path):
    """An optional entry as a list of ints or strings."""
    if key not in entries:
        return None
    values = np.asarray(entries[key])
    if values.dtype.kind not in kinds:
        raise KeypointFileError(
            f"{path}: `{key}` must hold {'text' if kinds == 'U' else 'whole numbers'}"
            f"{' or text' if kinds == 'iuU' else ''}, found {values.dtype}."
        )
    return values.reshape(-1).tolist()


def read_npy(path: pathlib.Path, layout: str | None) -> Iterator[PersonKeypoints]:
    """People of an npy file.

    Raises:
        KeypointFileError: If the file is damaged or holds no such array.
    """
    try:
        values = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # NumPy lets through whatever a damaged header causes.
        raise KeypointFileError(
            f"{path} is not an npy file of numbers or is cut short: {error}."
        ) from error
    yield from people_of_array(str(path), values, layout=layout)


def read_csv(path: pathlib.Path, layout: str | None) -> Iterator[PersonKeypoints]:
    """People of a table, line by line.

    Raises:
        KeypointFileError: If the header or a line is not the format's.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        try:
            header = [column.strip() for column in next(lines, [])]
            offset, width = _columns(header, path)
            for line in lines:
                if line:
                    yield _person(line, header, offset, width, path, lines, layout)
        except (UnicodeDecodeError, csv.Error) as error:
            raise KeypointFileError(f"{path} is not a csv text: {error}.") from error


def _columns(header: list[str], path: pathlib.Path) -> tuple[int, int]:
    """Where the joints begin, and the columns of each."""
    offset = 1 + (len(header) > 1 and header[1] == "person")
    joints = header[offset:]
    for names in (("x", "y", "score"), ("x", "y")):
        count = len(joints) // len(names)
        expected = [f"{n}{joint}" for joint in range(count) for n in names]
        if header[:1] == ["frame"] and count and joints == expected:
            return offset, len(names)
    raise KeypointFileError(
        f"{path}: expected the header frame,person,x0,y0,score0,x1,y1,score1,... "
        f"(person and scores may be left out), found {','.join(header)[:80]!r}."
    )


def _person(line, header, offset, width, path, lines, layout):
    name = f"{path}, line {lines.line_num}"
    if len(line) != len(header):
        raise KeypointFileError(
            f"{name}: {len(line)} columns, the header has {len(header)}. Is the file "
            "cut short?"
        )
    try:
        person = int(line[1]) if offset == 2 else 0
        values = np.array(line[offset:], np.float64).reshape(-1, width)
    except ValueError as error:
        raise KeypointFileError(f"{name}: {error}.") from error
    frame = line[0].strip()
    return make_person(
        name, int(frame) if frame.isdecimal() else frame, person, values, layout=layout
    )
