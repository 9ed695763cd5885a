"""Readers of the forms in which MPI-INF-3DHP's annotations are found."""

import os
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from propose_keras.data.cameras import Camera
from propose_keras.data.errors import DataFileError
from propose_keras.data.safe_npz import load_npz

from . import facts
from .calibration import read_calibration
from .matlab import read_mat
from .recordings import Recording, make_recording


def read_test_mat(path: str | os.PathLike, subject: str) -> Recording:
    """Reads the valid frames of a test sequence as the authors ship it.

    Args:
        path: `TS*/annot_data.mat`, of MATLAB 7.3 or older.
        subject: `TS1` to `TS6`.

    Returns:
        The frames where `valid_frame` is 1.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If the file is damaged or not what its name claims.
    """
    names = ("annot2", "annot3", "univ_annot3", "valid_frame", "activity_annotation")
    mat = read_mat(path, names)
    arrays = {}
    for name, size in (("annot2", 2), ("annot3", 3), ("univ_annot3", 3)):
        # MATLAB's axes: coordinate, joint, person, frame; a last axis of 1 goes.
        value = np.asarray(mat[name])
        if value.shape[:2] != (size, 17) or value.size != size * 17 * value.shape[-1]:
            raise DataFileError(
                f"{path}: expected `{name}` of MATLAB size {size} x 17 x 1 x frames, "
                f"received {' x '.join(map(str, value.shape))}."
            )
        arrays[name] = value.reshape(size, 17, value.shape[-1]).transpose(2, 1, 0)
    return _test_recording(
        str(path),
        subject,
        valid=np.asarray(mat["valid_frame"]).ravel(),
        activity=np.asarray(mat["activity_annotation"]).ravel(),
        **arrays,
    )


def read_test_npz(path: str | os.PathLike) -> list[Recording]:
    """Reads P-STMO's `data_test_3dhp.npz`: `univ_annot3` of every test sequence.

    The file maps `TS*` to `data_2d` (N, 17, 2), `data_3d` (N, 17, 3) and `valid`
    (N,). It has neither `annot3` nor activities.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If the file is damaged, unsafe, or not what its name claims.
    """
    recordings = []
    for subject, fields in _items(load_npz(path, ["data"])["data"], path):
        source = f"{path}, {subject}"
        if subject not in facts.TEST_CAMERAS:
            raise DataFileError(
                f"{source}: expected the sequences {sorted(facts.TEST_CAMERAS)}."
            )
        valid = _array(fields, "valid", source).ravel()
        recording = _test_recording(
            source,
            subject,
            valid=valid,
            activity=np.zeros(len(valid)),
            annot2=_array(fields, "data_2d", source),
            univ_annot3=_array(fields, "data_3d", source),
            annot3=None,
        )
        recordings.append(recording)
    return sorted(recordings, key=lambda r: r.subject)


def _test_recording(source, subject, valid, activity, annot3, **arrays) -> Recording:
    num_frames = len(arrays["annot2"])
    for name, value in (("valid_frame", valid), ("activity_annotation", activity)):
        if len(value) != num_frames:
            raise DataFileError(
                f"{source}: `annot2` has {num_frames} frames, `{name}` has "
                f"{len(value)}. They must agree."
            )
    rows = np.flatnonzero(valid == 1)
    if annot3 is not None and len(annot3) != num_frames:
        raise DataFileError(
            f"{source}: `annot2` has {num_frames} frames, `annot3` has {len(annot3)}."
        )
    if len(arrays["univ_annot3"]) != num_frames:
        raise DataFileError(
            f"{source}: `annot2` has {num_frames} frames, `univ_annot3` has "
            f"{len(arrays['univ_annot3'])}."
        )
    return make_recording(
        source,
        subject=subject,
        action="",
        scene=facts.TEST_SCENES[subject],
        camera=facts.TEST_CAMERAS[subject],
        frame_rate=facts.TEST_FRAME_RATE,
        frame_numbers=rows,
        activity=activity[rows],
        annot3=None if annot3 is None else annot3[rows],
        num_annotated=num_frames,
        **{name: value[rows] for name, value in arrays.items()},
    )


def read_training_mat(
    folder: str | os.PathLike, subject: str, sequence: str, cameras: Sequence[int]
) -> Iterator[Recording]:
    """Reads `annot.mat` and `camera.calibration` of one training sequence.

    Annotations that go on after the last image are left out.

    Args:
        folder: `S*/Seq*`.
        subject: `S1` to `S8`.
        sequence: `Seq1` or `Seq2`.
        cameras: Numbers of the cameras wanted, 0 to 13.

    Yields:
        One recording per camera.

    Raises:
        FileNotFoundError: If one of the two files is not there.
        DataFileError: If one is damaged or lacks a camera.
    """
    path = os.path.join(folder, "annot.mat")
    calibrations = read_calibration(os.path.join(folder, "camera.calibration"))
    mat = read_mat(path, ("annot2", "annot3", "univ_annot3", "cameras"))
    numbers = [int(n) for n in np.concatenate(mat["cameras"], axis=None).ravel()]
    for name in ("annot2", "annot3", "univ_annot3"):
        if not isinstance(mat[name], list) or len(mat[name]) != len(numbers):
            raise DataFileError(
                f"{path}: expected `{name}` as a cell array with one cell for each of "
                f"the {len(numbers)} cameras in `cameras`."
            )
    for camera in cameras:
        if camera not in numbers or camera not in calibrations:
            raise DataFileError(
                f"{folder} lacks camera {camera}: annot.mat has {sorted(numbers)}, "
                f"camera.calibration has {sorted(calibrations)}."
            )
        cell = numbers.index(camera)
        arrays = {
            name: _training_joints(mat[name][cell], size, f"{path}, {name}{{{cell}}}")
            for name, size in (("annot2", 2), ("annot3", 3), ("univ_annot3", 3))
        }
        yield _training_recording(
            f"{path}, camera {camera}",
            subject,
            sequence,
            calibrations[camera],
            **arrays,
        )


def _training_joints(cell: np.ndarray, size: int, source: str) -> np.ndarray:
    num_joints = len(facts.JOINT_NAMES_28)
    if cell.ndim != 2 or cell.shape[1] != num_joints * size:
        raise DataFileError(
            f"{source}: expected frames x {num_joints * size} ({num_joints} joints of "
            f"{size} numbers), received {' x '.join(map(str, cell.shape))}."
        )
    joints = cell.reshape(len(cell), num_joints, size)
    return joints[:, list(facts.JOINTS_17_FROM_28)]


def list_training_npz(path: str | os.PathLike) -> list[tuple[str, str]]:
    """Subject and sequence of what P-STMO's `data_train_3dhp.npz` holds.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If the file is damaged, unsafe, or not what its name claims.
    """
    return [key for key, _ in _training_npz_items(path)]


def read_training_npz(
    path: str | os.PathLike,
    cameras: Sequence[int],
    sequences: Collection[tuple[str, str]] | None = None,
) -> Iterator[Recording]:
    """Reads P-STMO's `data_train_3dhp.npz`: `univ_annot3`, eight cameras.

    The file maps `S* Seq*` to a list of one dictionary, camera number to `data_2d`
    (N, 17, 2) and `data_3d` (N, 17, 3). It has no calibration: figures of the cameras
    come out as NaN.

    Args:
        path: The file.
        cameras: Numbers of the cameras wanted; those the file lacks are left out.
        sequences: Subject and sequence of those wanted, or None for all.

    Yields:
        One recording per sequence and camera.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If the file is damaged, unsafe, or not what its name claims.
    """
    for (subject, sequence), value in _training_npz_items(path):
        if sequences is not None and (subject, sequence) not in sequences:
            continue
        key = f"{subject} {sequence}"
        if not isinstance(value, list) or len(value) != 1:
            raise DataFileError(
                f"{path}, {key}: expected a list of one dictionary of cameras, "
                f"received {type(value).__name__}."
            )
        by_camera = dict(_items(value[0], f"{path}, {key}"))
        for camera in cameras:
            if str(camera) not in by_camera:
                continue
            source = f"{path}, {key}, camera {camera}"
            fields = by_camera[str(camera)]
            yield _training_recording(
                source,
                subject,
                sequence,
                _unknown_camera(camera),
                annot2=_array(fields, "data_2d", source),
                univ_annot3=_array(fields, "data_3d", source),
                annot3=None,
            )


def _training_npz_items(path) -> Iterator[tuple[tuple[str, str], Any]]:
    for key, value in sorted(_items(load_npz(path, ["data"])["data"], path)):
        subject, _, sequence = key.partition(" ")
        if (subject, sequence) not in facts.TRAINING_SEQUENCES:
            raise DataFileError(f"{path}: {key!r} is not a training sequence.")
        yield (subject, sequence), value


def _unknown_camera(number: int) -> Camera:
    return Camera(
        name=str(number),
        image_size=facts.TRAINING_IMAGE_SIZE,
        intrinsics=np.full(4, np.nan),
        distortion=np.full(5, np.nan),
        rotation=np.full((3, 3), np.nan),
        translation=np.full(3, np.nan),
    )


def _training_recording(source, subject, sequence, camera, annot3, **arrays):
    num_images, frame_rate = facts.TRAINING_SEQUENCES[subject, sequence]
    num_frames = min(num_images, len(arrays["annot2"]))
    return make_recording(
        source,
        subject=subject,
        action=sequence,
        scene="",
        camera=camera,
        frame_rate=frame_rate,
        frame_numbers=np.arange(num_frames),
        activity=np.zeros(num_frames),
        annot3=None if annot3 is None else annot3[:num_images],
        num_annotated=len(arrays["annot2"]),
        **{name: value[:num_images] for name, value in arrays.items()},
    )


def _items(value: Any, source: Any):
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise DataFileError(
            f"{source}: expected a dictionary, received {type(value).__name__}. It is "
            "not the file that P-STMO distributes under this name."
        )
    return value.items()


def _array(fields: Any, name: str, source: str) -> np.ndarray:
    value = dict(_items(fields, source)).get(name)
    if not isinstance(value, np.ndarray) or value.dtype == object:
        raise DataFileError(f"{source}: expected an array {name!r}.")
    return value
