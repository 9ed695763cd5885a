"""Writes lifted poses as npz or JSON, batch by batch, whole or not at all."""

import json
import os
import pathlib
import shutil
import tempfile
import zipfile
from collections.abc import Sequence

import numpy as np

from propose_keras.inference.results import ARRAY_FIELDS, AXES, LiftedPoses
from propose_keras.skeletons import H36M_17

SUFFIXES = (".npz", ".json", ".bvh")


def open_writer(path: str | os.PathLike, frame_rate: float = 30.0) -> "PoseWriter":
    """A writer for the kind of file that `path` names; use it in a `with` statement.

    Args:
        path: A name that ends in one of `SUFFIXES`.
        frame_rate: Frames per second, which BVH wants to know.

    Raises:
        ValueError: If the suffix is none of `SUFFIXES`.
        OSError: If the folder cannot be written to, or `path` is a folder.
    """
    path = check_suffix(path, SUFFIXES)
    suffix = path.suffix.lower()
    if suffix == ".bvh":
        from propose_keras.inference.bvh import BvhWriter

        return BvhWriter(path, frame_rate=frame_rate)
    return {".npz": NpzWriter, ".json": JsonWriter}[suffix](path)


def check_suffix(path: str | os.PathLike, suffixes: Sequence[str]) -> pathlib.Path:
    """The path, whose name must end in one of the suffixes, in either case.

    Raises:
        ValueError: If it does not.
    """
    path = pathlib.Path(path)
    if path.suffix.lower() not in suffixes:
        raise ValueError(
            f"expected a name that ends in {' or '.join(suffixes)}, not {path.name!r}."
        )
    return path


class PoseWriter:
    """Writes into a folder beside the file, which appears when all is written.

    Leaving the `with` block by an exception leaves no trace; a file that was there
    before then stays as it was.
    """

    def __init__(self, path: pathlib.Path):
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder")
        self.path = path
        self._folder = pathlib.Path(
            tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent)
        )

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        try:
            finished = self._finish(discard=kind is not None)
            if finished is not None:
                os.replace(finished, self.path)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        raise NotImplementedError

    def _finish(self, discard: bool) -> pathlib.Path | None:
        """Closes what is open; returns the whole file unless it is to be discarded."""
        raise NotImplementedError


class NpzWriter(PoseWriter):
    """An npz archive: the arrays of `LiftedPoses` by name, and what they are.

    The further entries are `joint_names`, `axes` and `num_skipped`. Arrays are kept on
    disk while they grow; only the frames' names are held in memory.
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(path)
        self._files = {
            name: open(self._folder / name, "wb")  # noqa: SIM115
            for name in ARRAY_FIELDS
        }
        self._headers = {}
        self._frames, self._num_skipped = [], 0

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        self._frames += poses.frame
        self._num_skipped += poses.num_skipped
        for name, file in self._files.items():
            array = np.ascontiguousarray(getattr(poses, name))
            self._headers[name] = array.dtype, array.shape[1:]
            file.write(array.data)

    def _finish(self, discard: bool) -> pathlib.Path | None:
        for file in self._files.values():
            file.close()
        if discard:
            return None
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
                "frame": _frame_array(self._frames),
                "joint_names": np.array(H36M_17.joint_names),
                "axes": np.array(AXES),
                "num_skipped": np.array(self._num_skipped),
            }.items():
                with archive.open(f"{name}.npy", "w") as target:
                    np.lib.format.write_array(target, value, allow_pickle=False)
        return finished


class JsonWriter(PoseWriter):
    """A JSON object: `axes`, `joint_names`, and `poses`, one object per row.

    Numbers are rounded to a hundredth (mm, pixels, nats).
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(path)
        self._finished = self._folder / "finished.json"
        self._file = open(self._finished, "w", encoding="utf-8")  # noqa: SIM115
        head = json.dumps({"axes": AXES, "joint_names": H36M_17.joint_names})
        self._file.write(head[:-1] + ', "poses": [')
        self._separator, self._num_skipped = "\n", 0

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        self._num_skipped += poses.num_skipped
        for row, frame in enumerate(poses.frame):
            pose = {"frame": frame}
            for name in ARRAY_FIELDS:
                value = getattr(poses, name)[row]
                # In double precision, whose rounded numbers print short.
                exact = value.dtype.kind == "f"
                pose[name] = (value.astype(float).round(2) if exact else value).tolist()
            self._file.write(self._separator + json.dumps(pose))
            self._separator = ",\n"

    def _finish(self, discard: bool) -> pathlib.Path | None:
        with self._file:
            if discard:
                return None
            self._file.write(f'\n], "num_skipped": {self._num_skipped}}}\n')
        return self._finished


def _frame_array(frames: list[int | str]) -> np.ndarray:
    if all(isinstance(frame, int) and abs(frame) < 2**63 for frame in frames):
        return np.array(frames, np.int64)
    return np.array([str(frame) for frame in frames])
