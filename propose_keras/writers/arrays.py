"""Writes lifted poses as npz or JSON, in memory that does not grow."""

import itertools
import json
import os
import pathlib
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO, Any

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

# Computed from the poses.
_COMPUTED = {
    "joint_angles": lambda poses: joint_angles(poses.mode),
    "joint_angle_spread": lambda poses: joint_angle_spread(poses.hypotheses),
    "modes": lambda poses: poses.modes().poses,
    "mode_weights": lambda poses: poses.modes().weights,
}
# Without these nobody knows whose pose a row is.
_ALWAYS = ("frame", "person")
SAVED_FIELDS = (*(name for name in ARRAY_FIELDS if name not in _ALWAYS), *_COMPUTED)
# Names of frames and people that are held in memory at a time.
_CHUNK = 1024


class NpzWriter(PoseWriter):
    """An npz archive: the arrays of `LiftedPoses` by name, and what they are.

    The further entries are `joint_angles` and `joint_angle_spread` (see
    `inference.joint_angles`), `modes` and `mode_weights` (of `LiftedPoses.modes`),
    `joint_angle_names`, `joint_names`, `axes` and
    `num_skipped`. Arrays and names are kept on disk while they grow.

    Args:
        path: File to write.
        fields: Names of the arrays to write, of `SAVED_FIELDS`, by default all. Frames
            and people are always written.

    Raises:
        ValueError: If the suffix or a name is none, or there is no name.
        OSError: If the folder cannot be written to, or `path` is a folder.
    """

    SUFFIXES = (".npz",)
    OPTIONS = ("fields",)

    def __init__(
        self, path: str | os.PathLike, fields: Sequence[str] | None = None
    ) -> None:
        chosen = ["frame", *_check_fields(fields)]
        super().__init__(path)
        self._files = {name: self._open(name, "wb") for name in chosen}
        self._headers = {}
        self._texts = {
            name: _Names(self._open(f"{name}.txt", "w+", "utf-8"))
            for name in ("frame_name", "person")
        }
        self._num_rows, self._num_skipped = 0, 0
        self._axes = AXES

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        self._num_rows += len(poses)
        self._num_skipped += poses.num_skipped
        self._axes = poses.axes
        self._texts["frame_name"].extend(poses.frame_name)
        self._texts["person"].extend(poses.person.tolist())
        arrays = _arrays(poses, self._files)
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
                with (
                    self._entry(archive, name, dtype, tail) as target,
                    open(self._folder / name, "rb") as source,
                ):
                    shutil.copyfileobj(source, target, 1 << 16)
                # The disk needs room for one array twice, not for all.
                os.remove(self._folder / name)
            for name, names in self._texts.items():
                with self._entry(archive, name, names.dtype, ()) as target:
                    for part in names.parts():
                        target.write(part.data)
            for name, value in {
                "joint_names": np.array(H36M_17.joint_names),
                "joint_angle_names": np.array(JOINT_ANGLES),
                "axes": np.array(self._axes),
                "num_skipped": np.array(self._num_skipped),
            }.items():
                with archive.open(f"{name}.npy", "w") as target:
                    np.lib.format.write_array(target, value, allow_pickle=False)
        return {self.path: finished}

    def _entry(self, archive, name, dtype, tail):
        """An entry of as many rows as were written, open behind its header."""
        target = archive.open(f"{name}.npy", "w", force_zip64=True)
        header = {
            "descr": np.lib.format.dtype_to_descr(dtype),
            "fortran_order": False,
            "shape": (self._num_rows, *tail),
        }
        np.lib.format.write_array_header_1_0(target, header)
        return target


class _Names:
    """Numbers and names, one in each line of a file, as `numbers_or_names` has them."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._are_numbers, self._longest = True, 1

    def extend(self, values: Iterable[int | str]) -> None:
        for value in values:
            found = numbers_or_names([value])
            self._are_numbers &= found.dtype.kind == "i"
            self._longest = max(self._longest, len(str(value)))
            self._file.write(json.dumps(value) + "\n")

    @property
    def dtype(self) -> np.dtype:
        """Of the whole array."""
        return np.dtype(np.int64 if self._are_numbers else f"<U{self._longest}")

    def parts(self) -> Iterable[np.ndarray]:
        """The array, part by part."""
        self._file.seek(0)
        while lines := list(itertools.islice(self._file, _CHUNK)):
            values = [json.loads(line) for line in lines]
            text = values if self._are_numbers else list(map(str, values))
            yield np.array(text, self.dtype)


class JsonWriter(PoseWriter):
    """A JSON object: `axes`, joints' and angles' names, and `poses`, an object per row.

    Numbers are rounded to a hundredth (mm, pixels, nats, degrees); what is not known is
    null. Arguments and errors as `NpzWriter`.
    """

    SUFFIXES = (".json",)
    OPTIONS = ("fields",)

    def __init__(
        self, path: str | os.PathLike, fields: Sequence[str] | None = None
    ) -> None:
        self._fields = [*_ALWAYS, *_check_fields(fields)]
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
        arrays = _arrays(poses, self._fields)
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


def _arrays(poses: LiftedPoses, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Arrays by name, those that are computed too."""
    return {
        name: _COMPUTED[name](poses).astype(np.float32)
        if name in _COMPUTED
        else getattr(poses, name)
        for name in names
    }


def _check_fields(fields: Sequence[str] | None) -> Sequence[str]:
    if fields is None:
        return SAVED_FIELDS
    wrong = [name for name in fields if name not in (*SAVED_FIELDS, *_ALWAYS)]
    if wrong or not fields:
        raise ValueError(
            f"expected names of arrays to save, of {', '.join(SAVED_FIELDS)}; received "
            f"{', '.join(map(repr, wrong)) or 'none'}."
        )
    return [name for name in fields if name not in _ALWAYS]


def _rounded(values: np.ndarray) -> np.ndarray:
    # In double precision, whose rounded numbers print short.
    rounded = values.astype(float).round(2)
    if np.isfinite(rounded).all():
        return rounded
    known = np.isfinite(rounded)
    rounded = rounded.astype(object)
    rounded[~known] = None
    return rounded
