"""Finds out what a keypoint file is and reads it."""

import os
import pathlib
import re
from collections.abc import Iterator

from propose_keras.keypoint_files import json_formats, json_stream, table_formats
from propose_keras.keypoint_files.records import KeypointFileError, PersonKeypoints

_TABLES = {
    ".npz": table_formats.read_npz,
    ".npy": table_formats.read_npy,
    ".csv": table_formats.read_csv,
}


def read_keypoints(
    path: str | os.PathLike, layout: str | None = None
) -> Iterator[PersonKeypoints]:
    """Reads the keypoints that a detector wrote.

    Formats: see `json_formats` and `table_formats`. A folder is OpenPose's, one JSON
    file per frame. What is streamed, that is held in memory one frame at a time: lists
    in JSON (AlphaPose, COCO results, MMPose's), OpenPose's folders, npy and csv.

    Args:
        path: File or folder.
        layout: Name of the joint order, see `propose_keras.skeletons`. Detectors'
            formats need none; arrays of 17 joints do.

    Yields:
        One `PersonKeypoints` per person and frame, in the file's order. A frame
        without people yields nothing.

    Raises:
        FileNotFoundError: If there is no such file.
        KeypointFileError: If the file is damaged, of an unknown format or layout, or
            holds no person at all.
        NpzError: If an npz archive is damaged or hostile.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    found = None
    for person in _read(path, layout):
        found = found or person.layout
        if person.layout != found:
            raise KeypointFileError(
                f"{path}: the people before are in the layout {found!r}, frame "
                f"{person.frame!r} has joints of {person.layout!r}. Is it damaged?"
            )
        yield person
    if found is None:
        raise KeypointFileError(f"{path}: no person in any frame.")


def _read(path, layout):
    if path.is_dir():
        return _read_folder(path, layout)
    suffix = path.suffix.lower()
    if suffix == ".json":
        return _read_json(path, layout, 0)
    if suffix not in _TABLES:
        raise KeypointFileError(
            f"{path}: unknown kind of file {suffix!r}. Expected .json, "
            f"{', '.join(_TABLES)} or a folder of OpenPose's JSON files."
        )
    return _TABLES[suffix](path, layout)


def _read_folder(path, layout):
    files = sorted(path.glob("*.json"), key=_natural_order)
    if not files:
        raise KeypointFileError(f"{path}: no JSON files in the folder.")
    for file in files:
        yield from _read_json(file, layout, file.stem.removesuffix("_keypoints"))


def _natural_order(path):
    return [int(p) if p.isdecimal() else p for p in re.split(r"(\d+)", path.name)]


def _read_json(path, layout, frame):
    with open(path, encoding="utf-8-sig") as file:
        try:
            if json_stream.first_character(file) == "[":
                elements = json_stream.iterate_array(file, str(path))
                yield from json_formats.read_list(str(path), elements, layout)
                return
            document = json_stream.load_document(file, str(path))
        except UnicodeDecodeError as error:
            raise KeypointFileError(f"{path} is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise KeypointFileError(
            f"{path}: unknown JSON: expected a list or an object, found "
            f"{type(document).__name__}."
        )
    yield from json_formats.read_object(str(path), document, layout, frame)
