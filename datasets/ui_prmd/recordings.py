"""Finds UI-PRMD in either of its forms and reads it."""

from __future__ import annotations

import dataclasses
import functools
import gzip
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from propose_keras.data.errors import DataFileError
from propose_keras.data.safe_npz import load_npz

from .facts import EXERCISES, FRAME_RATE, MARKERS
from .markers import Markers

_SEARCH_DEPTH = 5
_NAME = re.compile(r"(m\d\d)_(s\d\d)_(e\d\d)(_inc)?")
_FILE_NAME = re.compile(r"(m\d\d_s\d\d_e\d\d)_positions(_inc)?\.txt(?:\.gz)?")
NPZ_FRAME_RATE = 25.0

EXPECTED_TREE = """
    Segmented Movements/Vicon/Positions/m01_s01_e01_positions.txt ...
    Incorrect Segmented Movements/Vicon/Positions/m01_s01_e01_positions_inc.txt ...
        the data set's own files, packed by gzip or not, or
    uiprmd_markers39_25hz.npz
        every fourth frame: positions_quarter_mm, marker_names, sequence_names,
        sequence_offsets
"""


@dataclasses.dataclass(frozen=True)
class Recording:
    """One repetition of an exercise, not yet read.

    Attributes:
        name: Unique name, such as `m01_s01_e01` or, done wrong, `m01_s01_e01_inc`.
        subject: The person, such as `s01`.
        action: The exercise, such as `deep_squat`.
        take: Number of the repetition, such as `01` or `01_inc`.
        frame_rate: Frames per second of the source.
        read: Returns the markers. Raises `DataFileError` if the file is damaged.
    """

    name: str
    subject: str
    action: str
    take: str
    frame_rate: float
    read: Callable[[], Markers]


def find_recordings(manual_dir: Path) -> list[Recording]:
    """Finds the recordings in a folder or up to five levels below it.

    Files of joint angles, and those of the Kinect, are passed over.

    Args:
        manual_dir: `pathlib.Path` or `epath.Path`.

    Returns:
        The recordings by name.

    Raises:
        FileNotFoundError: If there is none; the message shows the tree expected.
        DataFileError: If there are both forms, or a recording is there twice.
    """
    files: dict[str, Path] = {}
    packed = []
    for path in _walk(manual_dir, _SEARCH_DEPTH):
        name = _recording_name(path.name)
        if path.name.startswith("uiprmd") and path.suffix == ".npz":
            packed.append(path)
        elif name and "Kinect" not in path.parts:
            if name in files:
                raise DataFileError(
                    f"{manual_dir} holds {name} twice: {files[name]} and {path}. Leave "
                    "one of them."
                )
            files[name] = path
    if len(packed) + bool(files) > 1:
        raise DataFileError(
            f"{manual_dir} holds the data set more than once: "
            f"{[str(p) for p in packed]} and {len(files)} text files. Leave one form."
        )
    if packed:
        return _npz_recordings(packed[0])
    if not files:
        raise FileNotFoundError(
            f"There are no positions of Vicon's markers in {manual_dir} or up to "
            f"{_SEARCH_DEPTH} folders below. Expected{EXPECTED_TREE}"
        )
    return [
        _recording(
            name, FRAME_RATE, functools.partial(read_positions, os.fspath(files[name]))
        )
        for name in sorted(files)
    ]


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    for child in sorted(folder.iterdir()):
        if not child.is_dir():
            yield child
        elif depth:
            yield from _walk(child, depth - 1)


def _recording_name(file_name: str) -> str | None:
    match = _FILE_NAME.fullmatch(file_name)
    return match[1] + (match[2] or "") if match else None


def _recording(name: str, frame_rate: float, read: Callable[[], Markers]) -> Recording:
    match = _NAME.fullmatch(name)
    if not match or match[1] not in EXERCISES:
        raise DataFileError(
            f"{name!r} is not the name of a recording: expected one such as "
            f"m01_s01_e01 or m01_s01_e01_inc, with an exercise of {list(EXERCISES)}."
        )
    return Recording(
        name=name,
        subject=match[2],
        action=EXERCISES[match[1]],
        take=match[3][1:] + (match[4] or ""),
        frame_rate=frame_rate,
        read=read,
    )


def read_positions(path: str | os.PathLike) -> Markers:
    """Reads a file of marker positions.

    A line is a frame: x, y and z of 39 markers in mm, with commas between. Three zeros
    stand for a marker that was not seen.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If it is damaged, empty or holds another number of markers.
    """
    path = os.fspath(path)
    opened = gzip.open if path.endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="ascii") as file:
            lines = file.read().split()
        rows = np.array(",".join(lines).split(","), dtype=np.float32)
        positions = rows.reshape(len(lines), len(MARKERS), 3)
    except (OSError, EOFError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise DataFileError(
            f"{path} is not a file of {len(MARKERS)} markers, three numbers each in a "
            f"line for each frame, or is cut short: {error}."
        ) from error
    if not np.isfinite(positions).all():
        raise DataFileError(f"{path} holds numbers that are not finite.")
    return Markers(positions)


def _npz_recordings(path: Path) -> list[Recording]:
    names, _, _ = _read_npz(os.fspath(path), os.stat(path).st_mtime)
    return [
        _recording(name, NPZ_FRAME_RATE, _NpzReader(os.fspath(path), index))
        for index, name in sorted(enumerate(names), key=lambda item: item[1])
    ]


@dataclasses.dataclass(frozen=True)
class _NpzReader:
    path: str
    index: int

    def __call__(self) -> Markers:
        _, positions, offsets = _read_npz(self.path, os.stat(self.path).st_mtime)
        rows = slice(offsets[self.index], offsets[self.index + 1])
        return Markers(positions[rows].astype(np.float32) / 4)


@functools.lru_cache(maxsize=1)
def _read_npz(path: str, modified: float):
    """The file is read once per process, not once per recording."""
    del modified
    keys = (
        "positions_quarter_mm",
        "marker_names",
        "sequence_names",
        "sequence_offsets",
    )
    positions, markers, names, offsets = map(load_npz(path, keys).get, keys)
    if tuple(markers.tolist()) != MARKERS:
        raise DataFileError(
            f"{path}: expected `marker_names` {list(MARKERS)}, received "
            f"{markers.tolist()}."
        )
    if positions.shape[1:] != (len(MARKERS), 3) or positions.dtype.kind not in "iuf":
        raise DataFileError(
            f"{path}: expected `positions_quarter_mm` of shape (N, {len(MARKERS)}, 3), "
            f"received {positions.shape} of {positions.dtype}."
        )
    whole = offsets.dtype.kind in "iu" and len(offsets) == len(names) + 1
    if (
        not whole
        or offsets[0] != 0
        or offsets[-1] != len(positions)
        or (np.diff(offsets) < 1).any()
    ):
        raise DataFileError(
            f"{path}: `sequence_offsets` must grow from 0 to the {len(positions)} "
            f"frames, one more than the {len(names)} `sequence_names`."
        )
    if len(set(names.tolist())) != len(names):
        raise DataFileError(f"{path}: `sequence_names` holds a name twice.")
    return names.tolist(), positions, offsets
