"""Keypoints as arrays: npz and npy.

- npz: `keypoints` (frames, J, 2 or 3) or (frames, people, J, 2 or 3); optional are
  `scores`, `frame`, `person`, `layout` and `image_size`.
- npy: the array `keypoints` alone, read as it is needed.
- Of other lifters, npz as well: VideoPose3D's `data_2d_custom_*.npz` (`positions_2d`,
  `metadata`) and what its Detectron scripts write (`boxes`, `keypoints`), MHFormer's
  `input_2D_keypoints.npz` (`reconstruction`, in Human3.6M's order).
"""

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

# What marks the files of other programs.
_PEERS = ("positions_2d", "metadata", "reconstruction", "boxes")
_VIDEOPOSE3D_LAYOUTS = {"coco": "coco17", "h36m": "h36m17"}
_OPTIONAL = ("scores", "frame", "person", "layout", "image_size")


def read_npz(path: pathlib.Path, layout: str | None) -> Iterator[PersonKeypoints]:
    """People of an npz archive; nothing in the file is executed.

    Raises:
        KeypointFileError: If an entry has another shape than the format's.
        NpzError: If the file is damaged or hostile.
    """
    entries = load_npz(path, (), ("keypoints", *_OPTIONAL, *_PEERS))
    if "positions_2d" in entries:
        yield from _videopose3d(path, entries, layout)
        return
    if "reconstruction" in entries:
        # People, frames, joints.
        values = np.moveaxis(np.asarray(entries["reconstruction"]), 0, 1)
        yield from people_of_array(str(path), values, layout=layout or "h36m17")
        return
    if "keypoints" not in entries:
        load_npz(path, ("keypoints",))  # Raises, with the entries that there are.
    if "boxes" in entries:
        yield from _detectron(path, entries, layout)
        return
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


def _videopose3d(path, entries, layout):
    """VideoPose3D's detections: `{video: {"custom": [(frames, J, 2), ...]}}`."""
    metadata = entries.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    layout = layout or _VIDEOPOSE3D_LAYOUTS.get(str(metadata.get("layout_name")))
    positions = entries["positions_2d"]
    if not isinstance(positions, dict):
        raise KeypointFileError(f"{path}: expected `positions_2d` by video.")
    clips = [
        (video, np.asarray(clip))
        for video, actions in positions.items()
        for clips in (actions.values() if isinstance(actions, dict) else [])
        for clip in clips
    ]
    for video, values in clips:
        known = metadata.get("video_metadata", {}).get(video, {})
        size = None
        if {"w", "h"} <= set(known):
            size = check_image_size([known["w"], known["h"]], str(path))
        frames = None
        if len(clips) > 1:
            frames = [f"{video}/{frame}" for frame in range(len(values))]
        yield from people_of_array(str(path), values, None, layout, size, frames=frames)


def _detectron(path, entries, layout):
    """What VideoPose3D's Detectron scripts write: by class, `(people, rows, J)`."""
    frames = entries["keypoints"]
    if len(frames) == 2 and not len(frames[0]) and np.ndim(frames[1][0]) < 3:
        frames = [frames]  # One frame: nothing, and people.
    metadata = entries.get("metadata")
    size = None
    if isinstance(metadata, dict) and {"w", "h"} <= set(metadata):
        size = check_image_size([metadata["w"], metadata["h"]], str(path))
    for frame, classes in enumerate(frames):
        people = classes[-1] if len(classes) else []
        for person, rows in enumerate(people):
            rows = np.asarray(rows)
            name = f"{path}, frame {frame}, person {person}"
            if rows.ndim != 2 or len(rows) not in (3, 4):
                raise KeypointFileError(
                    f"{name}: expected rows x, y, (logit,) score, found {rows.shape}."
                )
            values, scores = rows[:2].T, rows[-1]
            yield make_person(
                name, frame, person, values, scores, layout, "coco17", size
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
