"""Keypoints in HDF5 files: SLEAP's and DeepLabCut's.

- SLEAP's analysis file (`sleap-convert --format analysis`, sleap-io's `save_file` as
  `.h5`): `tracks`, x and y of each node in each frame, `node_names`, `point_scores` and
  more; the axes' order is in the attribute `dims`, in files of older versions that of
  MATLAB: track, xy, node, frame (https://io.sleap.ai/latest/formats/
  #sleap-analysis-hdf5-format-h5).
- DeepLabCut's table of a video, see `deeplabcut` and `pandas_hdf5`.
"""

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from propose_keras.keypoint_files.deeplabcut import deeplabcut_columns
from propose_keras.keypoint_files.joint_names import match_names
from propose_keras.keypoint_files.pandas_hdf5 import find_table, read_table
from propose_keras.keypoint_files.records import KeypointFileError, PersonKeypoints
from propose_keras.keypoint_files.table_rows import cell_name, person_of_row

# What h5py lets through from damaged files.
_DAMAGE = (
    *(OSError, KeyError, ValueError, TypeError, RuntimeError, IndexError),
    *(AttributeError, OverflowError, MemoryError, NotImplementedError, EOFError),
)
_AXES = ("frame", "track", "node", "xy")
# Of files that do not state them: MATLAB's, or that before the transposition to it.
_AXES_BY_DEFAULT = (
    ("track", "xy", "node", "frame"),
    ("frame", "node", "xy", "track"),
)
_LARGEST = 2**29  # Numbers that are read at once.
# What marks other files of this kind.
_OTHERS = {
    "pred_points": "a SLEAP project. Export it: `sleap-convert --format analysis`",
    "poseest": "poses of mice of JABS",
    "model_weights": "a Keras model",
    "layers": "weights of a Keras model",
    "#refs#": "a file of MATLAB. Save the keypoints as csv or npz",
}


def read_hdf5(path: pathlib.Path, layout: str | None) -> Iterator[PersonKeypoints]:
    """People of an HDF5 file.

    Raises:
        KeypointFileError: If the file is damaged or another's.
    """
    try:
        with h5py.File(path, "r") as file:
            if {"tracks", "node_names"} <= set(file):
                read = _sleap(path, *_sleap_arrays(path, file), layout)
            elif (group := find_table(file)) is not None:
                read = _deeplabcut(path, read_table(path, group), layout)
            else:
                raise _unknown(path, file)
    except _DAMAGE as error:
        if isinstance(error, KeypointFileError):
            raise
        raise KeypointFileError(
            f"{path} is no HDF5 file or is damaged: {type(error).__name__}, {error}."
        ) from error
    yield from read


def _sleap_arrays(path, file):
    """Names of nodes and tracks, `(frames, tracks, nodes, 2)`, and scores or None."""
    nodes = [_text(name) for name in file["node_names"][()]]
    names = file["track_names"][()] if "track_names" in file else []
    axes = _axes(path, file["tracks"], len(nodes))
    tracks = _transposed(path, file["tracks"], axes, _AXES)
    scores = file.get("point_scores")
    if scores is not None:
        axes = _stated_axes(scores) or [axis for axis in axes if axis != "xy"]
        scores = _transposed(path, scores, axes, _AXES[:3])
    return nodes, [_text(name) for name in names], tracks, scores


def _axes(path, tracks, num_nodes):
    """Names of the axes of the tracks."""
    stated = _stated_axes(tracks)
    for axes in [stated] if stated else _AXES_BY_DEFAULT:
        sizes = dict(zip(axes, tracks.shape))
        if sorted(sizes) == sorted(_AXES) and (sizes["node"], sizes["xy"]) == (
            num_nodes,
            2,
        ):
            return axes
    raise KeypointFileError(
        f"{path}: expected SLEAP's tracks of {num_nodes} nodes, (tracks, 2, nodes, "
        f"frames), found the shape {tracks.shape}."
    )


def _stated_axes(dataset):
    stated = dataset.attrs.get("dims")
    return None if stated is None else list(json.loads(_text(stated)))


def _transposed(path, dataset, axes, wanted):
    if dataset.size > _LARGEST:
        raise KeypointFileError(f"{path}: {dataset.name} has {dataset.size} numbers.")
    return np.transpose(dataset[()].astype(float), [axes.index(a) for a in wanted])


def _sleap(path, nodes, names, tracks, scores, layout):
    if scores is not None and scores.shape != tracks.shape[:3]:
        raise KeypointFileError(
            f"{path}: expected SLEAP's point scores of shape {tracks.shape[:3]}, found "
            f"{scores.shape}."
        )
    layout, places = match_names(nodes, layout, str(path))
    known = [place is not None for place in places]
    people = [cell_name(name) for name in names]
    if len(people) != tracks.shape[1] or len(set(people)) < len(people):
        people = list(range(tracks.shape[1]))
    for frame in range(len(tracks)):
        for track, person in enumerate(people):
            joints = np.full((len(places), 3), np.nan)
            chosen = [place for place in places if place is not None]
            joints[known, :2] = tracks[frame, track, chosen]
            if scores is not None:
                joints[known, 2] = scores[frame, track, chosen]
            name = f"{path}, frame {frame}, track {track}"
            found = person_of_row(
                name, frame, person, joints, layout, scores is not None
            )
            if found is not None:
                yield found


def _deeplabcut(path, table, layout):
    frames, columns, values = table
    named = [
        isinstance(column, tuple) and all(isinstance(part, str) for part in column)
        for column in columns
    ]
    width = {len(column) for column in columns} if all(named) else set()
    if width not in ({3}, {4}):
        raise KeypointFileError(
            f"{path}: expected DeepLabCut's table with columns of scorer, individual "
            f"(if several), body part and coordinate, found {columns[:3]}."
        )
    *_, parts, coordinates = zip(*columns)
    individuals = [column[1] for column in columns] if width == {4} else None
    people = deeplabcut_columns(str(path), individuals, parts, coordinates, layout)
    for frame, row in zip(frames, values):
        for person in people:
            found = person_of_row(
                f"{path}, frame {frame}, person {person.number}",
                frame,
                person.number,
                person.pick(row),
                person.layout,
                person.has_scores,
            )
            if found is not None:
                yield found


def _unknown(path, file):
    kind = next((kind for key, kind in _OTHERS.items() if key in file), None)
    found = f"holds {sorted(file)[:20]}" if kind is None else f"seems to be {kind}"
    return KeypointFileError(
        f"{path}: an HDF5 file that {found}. Expected SLEAP's analysis file (tracks, "
        "node_names, point_scores) or DeepLabCut's table of a video."
    )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
