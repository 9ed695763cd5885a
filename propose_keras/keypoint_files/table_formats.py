"""Keypoints as arrays: npz and npy.

- npz: `keypoints` (frames, J, 2 or 3) or (frames, people, J, 2 or 3); optional are
  `scores`, `frame`, `person`, `layout` and `image_size`.
- npy: the array `keypoints` alone, read as it is needed.
- Both also as MoveNet and MediaPipe have it, see `array_forms`.
- Of other lifters, npz as well: VideoPose3D's `data_2d_custom_*.npz` (`positions_2d`,
  `metadata`) and what its Detectron scripts write (`boxes`, `keypoints`), MHFormer's
  `input_2D_keypoints.npz` (`reconstruction`, in Human3.6M's order).
"""

import pathlib
import zipfile
from collections.abc import Iterator

import numpy as np

from propose_keras.data.safe_npz import NpzError, load_npz
from propose_keras.keypoint_files.array_forms import is_single_movenet
from propose_keras.keypoint_files.frame_order import natural_order
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
# What NumPy and MoveNet's tutorial call an array that was given no name.
_UNNAMED = ("arr_0", "keypoints_with_scores", "output_0")
# Entries of what is often taken for keypoints.
_OTHERS = {
    "positions_3d": "3D poses in VideoPose3D's form",
    "betas": "motion of a body model in 3D, as AMASS'",
    "annot3": "3D poses of MPI-INF-3DHP",
}
_OPTIONAL = ("scores", "frame", "person", "layout", "image_size")


def read_npz(path: pathlib.Path, layout: str | None) -> Iterator[PersonKeypoints]:
    """People of an npz archive; nothing in the file is executed.

    Raises:
        KeypointFileError: If an entry has another shape than the format's.
        NpzError: If the file is damaged or hostile.
    """
    entries = load_npz(path, (), ("keypoints", *_UNNAMED, *_OPTIONAL, *_PEERS))
    if "keypoints" not in entries and "positions_2d" in entries:
        yield from _videopose3d(path, entries, layout)
        return
    if "keypoints" not in entries and "reconstruction" in entries:
        values = np.asarray(entries["reconstruction"])
        if values.ndim == 4:
            values = np.moveaxis(values, 0, 1)  # Frames before people.
        yield from people_of_array(str(path), values, layout=layout or "h36m17")
        return
    unnamed = [key for key in _UNNAMED if key in entries]
    if "keypoints" not in entries and len(unnamed) == 1:
        entries["keypoints"] = entries[unnamed[0]]
    if "keypoints" not in entries:
        _refuse(path)
    if "boxes" in entries and np.asarray(entries["keypoints"]).dtype == object:
        yield from _detectron(path, entries, layout)
        return
    size = entries.get("image_size")
    if layout is None:
        layout = (_column(entries, "layout", "U", path) or [None])[0]
    values, layout = _single(np.asarray(entries["keypoints"]), layout)
    scores = entries.get("scores")
    frames = _column(entries, "frame", "iuU", path)
    people = _column(entries, "person", "iuU", path)
    if frames and people and len(frames) == len(people) == len(values):
        # Arrays of several people may be sorted by person.
        keys = [natural_order(str(frame)) for frame in frames]
        order = sorted(range(len(frames)), key=keys.__getitem__)
        frames = [frames[i] for i in order]
        people = [people[i] for i in order]
        values = values[order]
        if scores is not None and len(scores) == len(order):
            scores = np.asarray(scores)[order]
    yield from people_of_array(
        *(str(path), values, scores, layout),
        None if size is None else check_image_size(size, str(path)),
        *(frames, people),
    )


def _refuse(path):
    """Says what an archive without keypoints holds, and what it seems to be."""
    with zipfile.ZipFile(path) as archive:
        names = {name.removesuffix(".npy") for name in archive.namelist()}
    kind = next((kind for key, kind in _OTHERS.items() if key in names), None)
    raise NpzError(
        f"{path} lacks the entries ['keypoints']; it holds {sorted(names)[:20]}."
        + (f" It seems to be {kind}: pass 2D keypoints in pixels." if kind else "")
    )


def _videopose3d(path, entries, layout):
    """VideoPose3D's detections: `{video: {"custom": [(frames, J, 2), ...]}}`."""
    metadata = entries.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    layout = layout or _VIDEOPOSE3D_LAYOUTS.get(str(metadata.get("layout_name")))
    videos = metadata.get("video_metadata")
    videos = videos if isinstance(videos, dict) else {}
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
        size = _size_of(videos.get(video), path)
        frames = None
        if len(clips) > 1:
            frames = [f"{video}/{frame}" for frame in range(len(values))]
        yield from people_of_array(str(path), values, None, layout, size, frames=frames)


def _detectron(path, entries, layout):
    """What VideoPose3D's Detectron scripts write: by class, `(people, rows, J)`."""
    size = _size_of(entries.get("metadata"), path)
    frames = entries["keypoints"]
    try:
        if len(frames) == 2 and not len(frames[0]) and np.ndim(frames[1][0]) < 3:
            frames = [frames]  # One frame: nothing, and people.
        people = [list(classes[-1]) if len(classes) else [] for classes in frames]
        rows = [
            (frame, person, np.asarray(numbers, np.float64))
            for frame, found in enumerate(people)
            for person, numbers in enumerate(found)
        ]
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise KeypointFileError(
            f"{path}: expected Detectron's keypoints, for each frame those of each "
            f"class: {error}."
        ) from error
    for frame, person, numbers in rows:
        name = f"{path}, frame {frame}, person {person}"
        if numbers.ndim != 2 or len(numbers) not in (3, 4):
            raise KeypointFileError(
                f"{name}: expected rows x, y, (logit,) score, found {numbers.shape}."
            )
        values, scores = numbers[:2].T, numbers[-1]
        yield make_person(name, frame, person, values, scores, layout, "coco17", size)


def _size_of(metadata, path):
    """The image's size of VideoPose3D's metadata, None if it has none."""
    if isinstance(metadata, dict) and {"w", "h"} <= set(metadata):
        return check_image_size([metadata["w"], metadata["h"]], str(path))
    return None


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
        if "Python objects" in str(error) or "object arrays" in str(error):
            raise KeypointFileError(
                f"{path} holds Python objects (a pickle), which are never loaded. Save "
                "an array of numbers: numpy.save(file, numpy.array(keypoints, float))."
            ) from error
        raise KeypointFileError(
            f"{path} is not an npy file of numbers or is cut short: {error}."
        ) from error
    values, layout = _single(values, layout)
    yield from people_of_array(str(path), values, layout=layout)


def _single(values, layout):
    """One frame as an array of frames; MoveNet's for one image is known."""
    if is_single_movenet(values, layout):
        return values, "movenet17"
    if values.ndim == 2 and values.shape[1] in (2, 3):
        return values[None], layout
    return values, layout
