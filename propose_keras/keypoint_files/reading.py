"""Finds out what a keypoint file is and reads it."""

import os
import pathlib
from collections.abc import Iterator

from propose_keras.keypoint_files import (
    file_kinds,
    json_documents,
    json_formats,
    json_stream,
    table_formats,
)
from propose_keras.keypoint_files.csv_format import read_csv
from propose_keras.keypoint_files.frame_order import natural_order
from propose_keras.keypoint_files.hdf5_formats import read_hdf5
from propose_keras.keypoint_files.landmark_formats import (
    is_label_file,
    read_label_folder,
)
from propose_keras.keypoint_files.records import KeypointFileError, PersonKeypoints
from propose_keras.keypoint_files.text_encoding import encoding_of
from propose_keras.keypoint_files.trc_format import read_trc

_CSV = (".csv", ".tsv")
# Under such names JSON is found, too.
_NO_SUFFIXES = ("", ".txt", ".log", ".dat", ".jsonl", ".ndjson")
_TABLES = {
    ".npz": table_formats.read_npz,
    ".npy": table_formats.read_npy,
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".trc": read_trc,
}


def read_keypoints(
    path: str | os.PathLike,
    layout: str | None = None,
    image_size: tuple[float, float] | None = None,
) -> Iterator[PersonKeypoints]:
    """Reads the keypoints that a detector wrote.

    Formats: see `json_documents`, `landmark_formats`, `table_formats`, `csv_format`,
    `hdf5_formats` and `trc_format`. A folder holds one JSON file per frame, as OpenPose
    and MMPose write, or Ultralytics' text files; a frame's name is its file's. What is
    streamed, that is held in memory one frame at a time: lists in JSON (AlphaPose, COCO
    results, MMPose's), folders, npy, and csv with a line per person.

    Args:
        path: File or folder.
        layout: Name of the joint order, one of `propose_keras.skeletons.LAYOUTS`.
            Detectors' formats need none; arrays of 17 joints do.
        image_size: Width and height in pixels, for formats that hold fractions of them
            (MediaPipe's, Ultralytics' text files).

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
    for person in _read(path, layout, image_size):
        found = found or person.layout
        if person.layout != found:
            raise KeypointFileError(
                f"{path}: the people before are in the layout {found!r}, frame "
                f"{person.frame!r} has joints of {person.layout!r}. Is it damaged?"
            )
        yield person
    if found is None:
        raise KeypointFileError(f"{path}: no person in any frame.")


def _read(path, layout, image_size):
    if path.is_dir():
        return _read_folder(path, layout, image_size)
    suffix = path.suffix.lower()
    if suffix in (*_TABLES, *_CSV, ".json"):
        _check_kind(path)
    if suffix == ".txt" and is_label_file(path):
        return read_label_folder([path], layout, image_size)
    if suffix in _CSV:
        return read_csv(path, layout, image_size)
    if suffix in _TABLES:
        return _TABLES[suffix](path, layout)
    if suffix == ".json" or _begins_as_json(path):
        return _read_json(path, layout, None, image_size)
    seems = file_kinds.seems_to_be(path)
    raise KeypointFileError(
        f"{path}: unknown kind of file {suffix!r}. {seems + ' ' if seems else ''}"
        "Expected .json, .npz, .npy, .csv, .tsv, .h5, .trc, Ultralytics' .txt, or a "
        "folder of OpenPose's or MMPose's JSON files or of Ultralytics' labels."
    )


def _check_kind(path):
    """Refuses files that are empty or begin otherwise than their suffix says."""
    kind = file_kinds.belies_its_suffix(path)
    if kind:
        raise KeypointFileError(f"{path} cannot be read. {kind}")


def _begins_as_json(path):
    """Whether a file that is called otherwise holds JSON."""
    if path.suffix.lower() not in _NO_SUFFIXES:
        return False
    with open(path, encoding=encoding_of(path), errors="replace") as file:
        return json_stream.first_character(file) in ("[", "{")


def _read_folder(path, layout, image_size):
    files = sorted(path.glob("*.json"), key=lambda file: natural_order(file.name))
    labels = sorted(path.glob("*.txt"), key=lambda file: natural_order(file.name))
    labels = [file for file in labels if not file.stat().st_size or is_label_file(file)]
    if not files and labels:
        yield from read_label_folder(labels, layout, image_size)
        return
    if not files:
        raise KeypointFileError(
            f"{path}: no JSON files in the folder, nor labels of Ultralytics. "
            f"{file_kinds.what_a_folder_holds(path)}"
        )
    for file in files:
        _check_kind(file)
        frame = file.stem.removesuffix("_keypoints")
        yield from _read_json(file, layout, frame, image_size)


def _read_json(path, layout, frame, image_size):
    with open(path, encoding=encoding_of(path)) as file:
        try:
            lines = json_stream.are_lines(file)
            if lines or json_stream.first_character(file) == "[":
                iterate = json_stream.iterate_array
                iterate = json_stream.iterate_lines if lines else iterate
                # Twice, so that neither memory nor the order of lines is asked for.
                order = json_formats.results_order(iterate(file, str(path)))
                file.seek(0)
                elements = iterate(file, str(path))
                if not order.is_sorted:
                    elements = iter(json_formats.in_order(elements))
                yield from json_documents.read_list(
                    *(str(path), elements, layout, frame, image_size),
                    has_tracks=order.has_tracks,
                )
                return
            document = json_stream.load_document(file, str(path))
        except UnicodeError as error:
            raise KeypointFileError(f"{path} is not JSON: {error}.") from error
    if isinstance(document, list):  # Of a text that holds one.
        elements = iter(document)
        yield from json_documents.read_list(
            *(str(path), elements, layout, frame, image_size)
        )
        return
    if not isinstance(document, dict):
        raise KeypointFileError(
            f"{path}: unknown JSON: expected a list or an object, found "
            f"{'null' if document is None else type(document).__name__}."
        )
    yield from json_documents.read_object(
        str(path), document, layout, frame, image_size
    )
