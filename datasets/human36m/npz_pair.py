"""VideoPose3D's `data_3d_h36m.npz` and `data_2d_h36m_<name>.npz`."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Iterator

import numpy as np

from propose_keras.data.errors import DataFileError
from propose_keras.data.safe_npz import load_npz
from propose_keras.human36m_names import (
    CAMERAS,
    SUBJECTS,
    Sequence,
    parse_sequence,
)

from .checks import check_detections, check_positions

POSITIONS_FILE = "data_3d_h36m.npz"
DETECTIONS_PATTERN = "data_2d_h36m_{}.npz"


@dataclasses.dataclass(frozen=True)
class NpzPositions:
    """World positions in `data_3d_h36m.npz`, metres in the file.

    Attributes:
        path: The file.
    """

    path: pathlib.Path

    def lengths(self) -> dict[Sequence, int]:
        """Frames of each sequence."""
        return {
            key: len(value)
            for key, value in _load_positions(self.path, _stamp(self.path)).items()
        }

    def read(
        self, sequences: tuple[Sequence, ...]
    ) -> Iterator[tuple[Sequence, str | None, np.ndarray]]:
        """Yields sequence, None and world positions `(N, 17, 3)` in mm.

        Raises:
            DataFileError: If the file is damaged or an array of another shape.
        """
        positions = _load_positions(self.path, _stamp(self.path))
        for sequence in sequences:
            yield sequence, None, positions[sequence]


@dataclasses.dataclass(frozen=True)
class NpzDetections:
    """Detections in `data_2d_h36m_<name>.npz`.

    Attributes:
        path: The file.
    """

    path: pathlib.Path

    def lengths(self) -> dict[tuple[Sequence, str], int]:
        """Frames of each sequence and camera."""
        detections, _ = _load_detections(self.path, _stamp(self.path))
        return {key: len(value) for key, value in detections.items()}

    def read(
        self, sequence: Sequence, camera: str
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Keypoints `(N, 17, 2)` in pixels, and confidences if there are any.

        Raises:
            DataFileError: If the file is damaged or an array of another shape.
        """
        detections, layout = _load_detections(self.path, _stamp(self.path))
        name = f"{self.path}: {sequence.key}, camera {camera}"
        return check_detections(detections[sequence, camera], name, layout)


def _stamp(path: pathlib.Path) -> tuple[int, int]:
    """Distinguishes a file from one that replaces it under the same name."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


# Workers read many sequences from one file, which can only be read as a whole.
@functools.lru_cache(maxsize=1)
def _load_positions(
    path: pathlib.Path, stamp: tuple[int, int]
) -> dict[Sequence, np.ndarray]:
    del stamp
    tree = load_npz(path, ("positions_3d",))["positions_3d"]
    found = {}
    for sequence, value, name in _walk(tree, path, "positions_3d"):
        found[sequence] = check_positions(value, name, unit_mm=1000.0)
    return found


@functools.lru_cache(maxsize=1)
def _load_detections(
    path: pathlib.Path, stamp: tuple[int, int]
) -> tuple[dict[tuple[Sequence, str], np.ndarray], str | None]:
    del stamp
    entries = load_npz(path, ("positions_2d",), optional_keys=("metadata",))
    found = {}
    for sequence, views, name in _walk(entries["positions_2d"], path, "positions_2d"):
        if not isinstance(views, list | tuple | np.ndarray) or len(views) != 4:
            raise DataFileError(f"{name}: expected a list with one array per camera.")
        for camera, view in zip(CAMERAS, views):
            if view is not None:
                if np.ndim(view) != 3:
                    raise DataFileError(
                        f"{name}, camera {camera}: expected (frames, joints, 2), "
                        f"found shape {np.shape(view)}."
                    )
                found[sequence, camera] = view
    metadata = entries.get("metadata")
    layout = metadata.get("layout_name") if isinstance(metadata, dict) else None
    return found, layout


def _walk(tree, path: pathlib.Path, key: str) -> Iterator[tuple[Sequence, object, str]]:
    if not isinstance(tree, dict) or not all(
        isinstance(v, dict) for v in tree.values()
    ):
        raise DataFileError(
            f"{path}: expected {key} to be {{subject: {{action: ...}}}}, found "
            f"{type(tree).__name__}."
        )
    seen = set()
    for subject in SUBJECTS:
        for action, value in tree.get(subject, {}).items():
            sequence = parse_sequence(subject, str(action))
            if sequence in seen:
                raise DataFileError(
                    f"{path}: {subject} has {sequence.file_name} under two names."
                )
            if sequence is not None:
                seen.add(sequence)
                yield sequence, value, f"{path}: {subject}/{action}"
    if not seen:
        raise DataFileError(
            f"{path}: {key} has no sequence of Human3.6M's subjects "
            f"{', '.join(SUBJECTS)}; its keys are {sorted(map(str, tree))[:10]}."
        )
