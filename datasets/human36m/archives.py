"""The official archives: CDF files, packed as they are downloaded or unpacked."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gzip
import pathlib
import tarfile
import tempfile
import zlib
from collections.abc import Iterator

import numpy as np

from propose_keras.data.errors import DataFileError
from propose_keras.human36m_names import (
    CAMERAS,
    SUBJECTS,
    Sequence,
    parse_sequence,
)

from .checks import NUM_ARCHIVE_JOINTS, check_positions

# Folder inside the archives -> whether its positions are in a camera's frame.
_FOLDERS = {"D3_Positions": False, "D3_Positions_mono": True}
_DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error)


@dataclasses.dataclass(frozen=True)
class CdfPositions:
    """Positions in `Poses_D3_Positions_S*.tgz`, or the same for `_mono_`.

    An archive is read as a stream, one CDF file at a time; nothing is unpacked but
    the file in hand. Unpacked folders `S*/MyPoseFeatures/D3_Positions` and
    `S*/Poses_D3_Positions` are read as well.

    Attributes:
        folder: Where the archives or the folders of the subjects lie.
        mono: Whether to read `_mono`: positions in each camera's frame, four files
            a sequence. The others are world positions.
    """

    folder: pathlib.Path
    mono: bool = False

    @functools.cached_property
    def places(self) -> dict[str, pathlib.Path]:
        """The archive or folder of each subject."""
        found = {}
        suffix = "_mono" if self.mono else ""
        for subject in SUBJECTS:
            candidates = [
                self.folder / f"Poses_D3_Positions{suffix}_{subject}.tgz",
                self.folder / subject / "MyPoseFeatures" / f"D3_Positions{suffix}",
                self.folder / subject / f"Poses_D3_Positions{suffix}",
            ]
            present = [path for path in candidates if path.exists()]
            if len(present) > 1:
                raise DataFileError(
                    f"{present[0]} and {present[1]} hold the same poses. Keep one."
                )
            if present:
                found[subject] = present[0]
        return found

    def lengths(self) -> dict[Sequence, int]:
        """Frames of each sequence; of the shortest camera where they differ."""
        found = {}
        for subject in self.places:
            for sequence, _, positions in self._positions(subject):
                length = len(positions)
                found[sequence] = min(found.get(sequence, length), length)
        return found

    def read(
        self, sequences: tuple[Sequence, ...]
    ) -> Iterator[tuple[Sequence, str | None, np.ndarray]]:
        """Yields sequence, camera or None, and positions `(N, 17, 3)` in mm.

        Positions are in the camera's frame where a camera is named.

        Raises:
            DataFileError: If an archive or a file in it is damaged.
        """
        for subject in dict.fromkeys(sequence.subject for sequence in sequences):
            for item in self._positions(subject):
                if item[0] in sequences:
                    yield item

    def _positions(
        self, subject: str
    ) -> Iterator[tuple[Sequence, str | None, np.ndarray]]:
        place = self.places[subject]
        files = _files_in_archive(place) if place.is_file() else _files_in_folder(place)
        seen = set()
        with contextlib.closing(files):
            for name, path in files:
                parsed = self._parse(subject, name)
                if parsed is None:
                    continue
                if parsed in seen:
                    raise DataFileError(f"{place} holds {name} twice.")
                seen.add(parsed)
                where = f"{name} in {place}"
                yield *parsed, check_positions(read_cdf_pose(path, where), where)
        if not seen:
            raise DataFileError(
                f"{place} holds no CDF file of {subject}'s sequences in a folder "
                f"{'D3_Positions_mono' if self.mono else 'D3_Positions'}."
            )

    def _parse(self, subject: str, name: str) -> tuple[Sequence, str | None] | None:
        path = pathlib.PurePosixPath(name)
        folder = path.parent.name.removeprefix("Poses_")
        if path.suffix != ".cdf" or _FOLDERS.get(folder) != self.mono:
            return None
        if subject not in path.parts[:-1] and len(path.parts) > 2:
            return None
        stem, _, camera = path.stem.partition(".")
        sequence = parse_sequence(subject, stem)
        if sequence is None or (camera in CAMERAS) != self.mono:
            return None
        return sequence, camera or None


def read_cdf_pose(path: pathlib.Path, name: str) -> np.ndarray:
    """Reads the variable `Pose` of a CDF file.

    Args:
        path: The file.
        name: What to call it in an error.

    Returns:
        `(N, 32, 3)` in the file's unit, mm.

    Raises:
        DataFileError: If the file is damaged or has no such variable.
    """
    import cdflib

    try:
        values = np.asarray(cdflib.CDF(path).varget("Pose"))
    except Exception as error:  # cdflib checks little and fails in many ways.
        raise DataFileError(
            f"{name} is not a CDF file with a variable Pose, or is cut short: "
            f"{error or type(error).__name__}."
        ) from error
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2 or values.shape[1] != NUM_ARCHIVE_JOINTS * 3:
        raise DataFileError(
            f"{name}: expected Pose (1, frames, {NUM_ARCHIVE_JOINTS * 3}), "
            f"found {values.shape}."
        )
    return values.reshape(len(values), NUM_ARCHIVE_JOINTS, 3)


def _files_in_folder(folder: pathlib.Path) -> Iterator[tuple[str, pathlib.Path]]:
    for path in sorted(folder.glob("*.cdf")):
        yield f"{folder.name}/{path.name}", path


def _files_in_archive(archive: pathlib.Path) -> Iterator[tuple[str, pathlib.Path]]:
    """Yields each CDF file's name and a temporary copy, overwritten by the next."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "pose.cdf"
        with contextlib.closing(_members(archive)) as members:
            for name, contents in members:
                copy.write_bytes(contents)
                yield name, copy


def _members(archive: pathlib.Path) -> Iterator[tuple[str, bytes]]:
    try:
        # gzip notices a cut where a tar stream of its own would just end.
        with gzip.open(archive) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    if member.isfile() and member.name.endswith(".cdf"):
                        yield member.name, tar.extractfile(member).read()
            while stream.read(1 << 20):
                pass
    except _DAMAGE as error:
        raise DataFileError(
            f"{archive} is not a tgz archive or is cut short: {error}. "
            "Download it again."
        ) from error
