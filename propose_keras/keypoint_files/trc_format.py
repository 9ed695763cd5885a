"""Markers in pixels as `.trc` files: Sports2D's and others'.

The text format of Motion Analysis (https://opensimconfluence.atlassian.net/wiki/spaces/
OpenSim/pages/53089827/Marker+.trc+Files): a line that begins with `PathFileType`, names
and values of the header, a line `Frame#`, `Time` and the markers' names, one of `X1`,
`Y1`, `Z1`, ..., then a line per frame, all separated by tabs. Sports2D writes one file
for each person in pixels (`..._px_person00.trc`) with all Z 0, whose header says metres
all the same, and one in metres (https://github.com/davidpagnon/Sports2D). Pose2Sim's
and OpenCap's are 3D. There are no scores.
"""

import pathlib
import re
from collections.abc import Iterator

import numpy as np

from propose_keras.keypoint_files.joint_names import match_names
from propose_keras.keypoint_files.records import KeypointFileError, PersonKeypoints
from propose_keras.keypoint_files.table_rows import (
    PersonColumns,
    cell_name,
    parse_number,
    person_of_row,
)
from propose_keras.keypoint_files.text_encoding import encoding_of

_FIRST_MARKER = 2  # After the frame and the time.
# Nobody is so small in pixels, nor so tall in metres.
_TALLEST_METRES = 4.0
_EXPECTED = (
    "Expected markers in pixels, x to the right, y down, all Z 0, as in Sports2D's "
    "files `_px_`"
)


def read_trc(path: pathlib.Path, layout: str | None) -> Iterator[PersonKeypoints]:
    """The person of a trc file; all of it is read, to tell pixels from metres.

    Raises:
        KeypointFileError: If the file is no such text, or its markers are metres or 3D.
    """
    try:
        lines = path.read_text(encoding_of(path)).splitlines()
    except UnicodeError as error:
        raise KeypointFileError(f"{path} is not a trc text: {error}.") from error
    cells = [line.split("\t") for line in lines]
    header = next((i for i, c in enumerate(cells) if c[0].strip() == "Frame#"), None)
    if header is None:
        raise KeypointFileError(
            f"{path}: expected a trc file with a line Frame#, Time and the markers' "
            "names, separated by tabs."
        )
    names = [name.strip() for name in cells[header][_FIRST_MARKER::3]]
    names = names[: next((i for i, name in enumerate(names) if not name), len(names))]
    known, order = match_names(names, layout, str(path))
    columns = PersonColumns(
        [(None, None, None) if i is None else (3 * i, 3 * i + 1, None) for i in order]
    )
    frames, values = _values(path, cells, header, len(names))
    _check_header(path, cells[:header], len(frames))
    _check_pixels(path, values.reshape(-1, len(names), 3))
    found = re.search(r"person_?(\d{1,9})", path.stem)
    person = int(found[1]) if found else 0
    # Where a gap was not filled, some programs write 0.
    gaps = np.repeat((values.reshape(-1, len(names), 3) == 0).all(axis=2), 3, axis=1)
    values = np.where(gaps, np.nan, values)
    for frame, row in zip(frames, values):
        name = f"{path}, frame {frame}"
        numbers = columns.pick(row)
        result = person_of_row(name, frame, person, numbers, known, False)
        if result is not None:
            yield result


def _values(path, cells, header, num_markers):
    """The frames, and `(frames, 3 * markers)`, NaN where there is nothing."""
    width = 3 * num_markers
    frames, values = [], []
    for number, line in enumerate(cells[header + 1 :], header + 2):
        if not line[0].strip():
            continue  # The axes' names, or an empty line.
        row = line[_FIRST_MARKER : _FIRST_MARKER + width]
        # Editors take away the tabs of markers that are missing at the end of a line.
        row += [""] * (width - len(row))
        try:
            values.append([parse_number(cell) for cell in row])
        except ValueError as error:
            raise KeypointFileError(f"{path}, line {number}: {error}.") from error
        frames.append(cell_name(line[0]))
    return frames, np.array(values).reshape(-1, width)


def _check_header(path, cells, num_frames):
    """Refuses millimetres, and files that end before the last frame."""
    above = next((i for i, line in enumerate(cells[:-1]) if "Units" in line), None)
    stated = {} if above is None else dict(zip(cells[above], cells[above + 1]))
    # Metres do not tell: Sports2D states them in its files of pixels.
    if stated.get("Units", "").strip().lower() == "mm":
        raise KeypointFileError(f"{path}: the markers are in millimetres. {_EXPECTED}.")
    stated_frames = stated.get("NumFrames", "").strip()
    if stated_frames.isdecimal() and num_frames < int(stated_frames):
        raise KeypointFileError(
            f"{path}: {num_frames} frames, the header states {stated_frames}. Is the "
            "file cut short?"
        )


def _check_pixels(path, values):
    """Refuses what is 3D or in metres."""
    if (np.abs(values[..., 2]) > 0).any():
        raise KeypointFileError(
            f"{path}: the markers are 3D (Z is not 0), as those of Pose2Sim, OpenCap "
            f"and motion capture. {_EXPECTED}."
        )
    measured = np.isfinite(values[..., :2]).all(axis=-1) & (values != 0).any(axis=-1)
    sizes = [
        np.ptp(row[there, :2], axis=0).max()
        for row, there in zip(values, measured)
        if there.sum() > 1
    ]
    if sizes and np.median(sizes) < _TALLEST_METRES:
        raise KeypointFileError(
            f"{path}: the markers are in metres: the person is {np.median(sizes):.2f} "
            f"in size. {_EXPECTED}."
        )
