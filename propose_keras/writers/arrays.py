"""Writes lifted poses as npz or JSON."""

import json
import os
import pathlib
import shutil
import zipfile
from typing import Any

import numpy as np

from propose_keras.inference.joint_angles import (
    JOINT_ANGLES,
    joint_angle_spread,
    joint_angles,
)
from propose_keras.inference.results import (
    ARRAY_FIELDS,
    AXES,
    LiftedPoses,
    numbers_or_names,
)
from propose_keras.skeletons import H36M_17
from propose_keras.writers.base import PoseWriter

_ANGLES = "joint_angles", "joint_angle_spread"


class NpzWriter(PoseWriter):
    """An npz archive: the arrays of `LiftedPoses` by name, and what they are.

    The further entries are `joint_angles` and `joint_angle_spread` (see
    `inference.joint_angles`), `joint_angle_names`, `joint_names`, `axes` and
    `num_skipped`. Arrays are kept on disk while they grow; only the names of frames and
    people are held in memory.
    """

    SUFFIXES = (".npz",)

    def __init__(self, path: str | os.PathLike) -> None:
        super().__init__(path)
        names = [name for name in (*ARRAY_FIELDS, *_ANGLES) if name != "person"]
        self._files = {name: self._open(name, "wb") for name in names}
        self._headers = {}
        self._frames, self._people, self._num_skipped = [], [], 0
        self._axes = AXES

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        self._frames += poses.frame_name
        self._people += poses.person.tolist()
        self._num_skipped += poses.num_skipped
        self._axes = poses.axes
        arrays = _arrays(poses)
        for name, file in self._files.items():
            array = np.ascontiguousarray(arrays[name])
            self._headers[name] = array.dtype, array.shape[1:]
            file.write(array.data)

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        for file in self._files.values():
            file.close()
        finished = self._folder / "finished.npz"
        with zipfile.ZipFile(finished, "w") as archive:
            for name, (dtype, tail) in self._headers.items():
                header = {
                    "descr": np.lib.format.dtype_to_descr(dtype),
                    "fortran_order": False,
                    "shape": (len(self._frames), *tail),
                }
                with (
                    archive.open(f"{name}.npy", "w", force_zip64=True) as target,
                    open(self._folder / name, "rb") as source,
                ):
                    np.lib.format.write_array_header_1_0(target, header)
                    shutil.copyfileobj(source, target, 1 << 20)
            for name, value in {
                "frame_name": numbers_or_names(self._frames),
                "person": numbers_or_names(self._people),
                "joint_names": np.array(H36M_17.joint_names),
                "joint_angle_names": np.array(JOINT_ANGLES),
                "axes": np.array(self._axes),
                "num_skipped": np.array(self._num_skipped),
            }.items():
                with archive.open(f"{name}.npy", "w") as target:
                    np.lib.format.write_array(target, value, allow_pickle=False)
        return {self.path: finished}


class JsonWriter(PoseWriter):
    """A JSON object: `axes`, joints' and angles' names, and `poses`, an object per row.

    Numbers are rounded to a hundredth (mm, pixels, nats, degrees); what is not known is
    null.
    """

    SUFFIXES = (".json",)

    def __init__(self, path: str | os.PathLike) -> None:
        super().__init__(path)
        self._finished = self._folder / "finished.json"
        self._file = self._open(self._finished.name, "w", "utf-8")
        head = {
            "joint_names": H36M_17.joint_names,
            "joint_angle_names": JOINT_ANGLES,
        }
        self._file.write(json.dumps(head)[:-1] + ', "poses": [')
        self._separator, self._num_skipped, self._axes = "\n", 0, AXES

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        self._num_skipped += poses.num_skipped
        self._axes = poses.axes
        arrays = _arrays(poses)
        for row, frame in enumerate(poses.frame_name):
            pose: dict[str, Any] = {"frame_name": frame}
            for name, array in arrays.items():
                value = array[row]
                pose[name] = (
                    _rounded(value) if value.dtype.kind == "f" else value
                ).tolist()
            self._file.write(self._separator + json.dumps(pose))
            self._separator = ",\n"

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        tail = {"num_skipped": self._num_skipped, "axes": self._axes}
        self._file.write(f"\n], {json.dumps(tail)[1:]}\n")
        self._file.close()
        return {self.path: self._finished}


def _arrays(poses: LiftedPoses) -> dict[str, np.ndarray]:
    """The arrays by name, with the angles of joints."""
    found = joint_angles(poses.mode), joint_angle_spread(poses.hypotheses)
    angles = [values.astype(np.float32) for values in found]
    return {name: getattr(poses, name) for name in ARRAY_FIELDS} | dict(
        zip(_ANGLES, angles)
    )


def _rounded(values: np.ndarray) -> np.ndarray:
    # In double precision, whose rounded numbers print short.
    rounded = values.astype(float).round(2)
    if np.isfinite(rounded).all():
        return rounded
    known = np.isfinite(rounded)
    rounded = rounded.astype(object)
    rounded[~known] = None
    return rounded
