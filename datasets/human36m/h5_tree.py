"""3d-pose-baseline's tree of h5 files."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Iterator

import h5py
import numpy as np

from propose_keras.data.errors import DataFileError
from propose_keras.human36m_names import (
    CAMERAS,
    SUBJECTS,
    Sequence,
    parse_sequence,
)

from .checks import check_detections, check_positions

POSITIONS_FOLDER = "MyPoses/3D_positions"
DETECTIONS_FOLDERS = {
    "sh": "StackedHourglass",
    "sh_ft": "StackedHourglassFineTuned240",
}


@dataclasses.dataclass(frozen=True)
class H5Positions:
    """World positions in `S*/MyPoses/3D_positions/<name>.h5`.

    Attributes:
        folder: The folder of `S1`, `S5`, ...
    """

    folder: pathlib.Path

    @functools.cached_property
    def files(self) -> dict[Sequence, pathlib.Path]:
        """The file of each sequence."""
        found = {}
        for subject in SUBJECTS:
            for path in sorted((self.folder / subject / POSITIONS_FOLDER).glob("*.h5")):
                sequence = parse_sequence(subject, path.stem)
                if sequence is not None:
                    _add(found, sequence, path)
        return found

    def lengths(self) -> dict[Sequence, int]:
        """Frames of each sequence."""
        return {
            sequence: _shape(path, "3D_positions")[-1]
            for sequence, path in self.files.items()
        }

    def read(
        self, sequences: tuple[Sequence, ...]
    ) -> Iterator[tuple[Sequence, str | None, np.ndarray]]:
        """Yields sequence, None and world positions `(N, 17, 3)` in mm.

        Raises:
            DataFileError: If a file is damaged or of another shape.
        """
        for sequence in sequences:
            path = self.files[sequence]
            values = _read(path, "3D_positions")
            if values.ndim != 2 or values.shape[0] % 3:
                raise DataFileError(
                    f"{path}: expected 3D_positions (96, frames), found {values.shape}."
                )
            positions = values.T.reshape(values.shape[1], -1, 3)
            yield sequence, None, check_positions(positions, str(path))


@dataclasses.dataclass(frozen=True)
class H5Detections:
    """Hourglass detections in `S*/StackedHourglass/<name>.<camera>.h5`.

    Attributes:
        folder: The folder of `S1`, `S5`, ...
        name: Key of `DETECTIONS_FOLDERS`.
    """

    folder: pathlib.Path
    name: str = "sh"

    @functools.cached_property
    def files(self) -> dict[tuple[Sequence, str], pathlib.Path]:
        """The file of each sequence and camera."""
        found = {}
        for subject in SUBJECTS:
            folder = self.folder / subject / DETECTIONS_FOLDERS[self.name]
            for path in sorted(folder.glob("*.h5")):
                stem, _, camera = path.stem.partition(".")
                sequence = parse_sequence(subject, stem)
                if sequence is not None and camera in CAMERAS:
                    _add(found, (sequence, camera), path)
        return found

    def lengths(self) -> dict[tuple[Sequence, str], int]:
        """Frames of each sequence and camera."""
        return {key: _shape(path, "poses")[0] for key, path in self.files.items()}

    def read(
        self, sequence: Sequence, camera: str
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Keypoints `(N, 17, 2)` in pixels, and confidences if there are any.

        Raises:
            DataFileError: If a file is damaged or of another shape.
        """
        path = self.files[sequence, camera]
        return check_detections(_read(path, "poses"), str(path))


def _add(found: dict, key, path: pathlib.Path) -> None:
    if key in found:
        raise DataFileError(
            f"{found[key]} and {path} are of the same sequence. Keep one of them."
        )
    found[key] = path


def _read(path: pathlib.Path, name: str) -> np.ndarray:
    with _open(path, name) as file:
        try:
            return file[name][()]
        except (OSError, RuntimeError, ValueError) as error:
            raise DataFileError(f"Cannot read {name} of {path}: {error}.") from error


def _shape(path: pathlib.Path, name: str) -> tuple[int, ...]:
    with _open(path, name) as file:
        shape = file[name].shape
    if not shape:
        raise DataFileError(f"{path}: {name} is a single number, not an array.")
    return shape


def _open(path: pathlib.Path, name: str) -> h5py.File:
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataFileError(
            f"{path} is not an HDF5 file or is cut short: {error}. Get it again."
        ) from error
    if not isinstance(file.get(name), h5py.Dataset):
        with file:
            names = sorted(file)
        raise DataFileError(f"{path} has no array {name!r}; it holds {names}.")
    return file
