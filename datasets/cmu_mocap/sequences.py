"""Finds the CMU motion-capture database in any of its forms and reads it."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from absl import logging

from propose_keras.data.errors import DataFileError
from propose_keras.data.safe_npz import load_npz

from .asf import read_amc, read_asf
from .conversions import read_conversion
from .retarget import ASF_RULE, check_leg_length, retarget

_SEARCH_DEPTH = 4
_TRIAL = re.compile(r"(\d+)_(\d+)")
_INDEX_LINE = re.compile(r"\s*(\d+)_(\d+)\s+(\S.*)")
INDEX_FILE = "cmu-mocap-index-text.txt"
NPZ_FRAME_RATE = 60.0
AMC_FRAME_RATE = 120.0
TEST_SUBJECT_STEP = 5
# AMC and BVH at 120 frames per second, about.
_TEXT_BYTES_PER_SECOND = 100_000

EXPECTED_TREE = f"""
    subjects/01/01.asf, subjects/01/01_01.amc ...    the database's own files, or
    01/01_01.bvh ...                                 BVH conversions, or both, or
    cmu_mocap*.npz                                   positions of the 17 joints
and, if you have it, {INDEX_FILE}, which names the actions.
"""


@dataclasses.dataclass(frozen=True)
class MocapSequence:
    """One performance, not yet read.

    Attributes:
        name: Unique name, such as `02_03`.
        subject: The person, such as `02`.
        action: What they do, or `unknown`.
        take: Number of the performance.
        split: `train` or `test`.
        duration: Seconds, estimated from the file's size; for sharing out work.
        read: Returns positions, world frame, z up, mm, `(frames, 17, 3)` and the frame
            rate. Raises `DataFileError` if the file is damaged.
    """

    name: str
    subject: str
    action: str
    take: str
    split: str
    duration: float
    read: Callable[[float], tuple[np.ndarray, float]]


def split_of(subject: str) -> str:
    """Split of a subject: every fifth number is for testing, the rest for training."""
    is_test = subject.isdigit() and int(subject) % TEST_SUBJECT_STEP == 0
    return "test" if is_test else "train"


def find_sequences(manual_dir: Path) -> list[MocapSequence]:
    """Finds the sequences in a folder or up to four levels below it.

    Args:
        manual_dir: `pathlib.Path` or `epath.Path`.

    Returns:
        The sequences by name; of a take that is there as AMC and as BVH, the AMC.

    Raises:
        FileNotFoundError: If there is none; the message shows the tree expected.
        DataFileError: If a take is there twice in one form, an npz lies beside other
            forms, or a motion has no skeleton.
    """
    files: dict[str, list[Path]] = {".amc": [], ".asf": [], ".bvh": [], ".npz": []}
    actions: dict[tuple[int, int], str] = {}
    for path in _walk(manual_dir, _SEARCH_DEPTH):
        suffix = path.suffix.lower()
        if path.name == INDEX_FILE:
            actions = _read_index(path)
        elif suffix in files and (
            suffix != ".npz" or path.name.startswith("cmu_mocap")
        ):
            files[suffix].append(path)
    forms = [suffix for suffix in (".amc", ".bvh", ".npz") if files[suffix]]
    if not forms:
        raise FileNotFoundError(
            f"There is no AMC, BVH or cmu_mocap*.npz file in {manual_dir} or up to "
            f"{_SEARCH_DEPTH} folders below. Expected{EXPECTED_TREE}"
        )
    if len(forms) > 1 and ".npz" in forms:
        raise DataFileError(
            f"{manual_dir} holds the data set in several forms, such as "
            f"{' and '.join(str(files[form][0]) for form in forms)}. Leave one of "
            "them; only AMC and BVH files may lie together."
        )
    if forms == [".npz"]:
        if len(files[".npz"]) > 1:
            raise DataFileError(
                f"Several npz files: {files['.npz']}. Leave one of them."
            )
        return _npz_sequences(files[".npz"][0])
    in_amc = _by_name(files[".amc"], files[".asf"], actions)
    in_bvh = _by_name(files[".bvh"], [], actions)
    in_both = in_amc.keys() & in_bvh.keys()
    if in_both:
        logging.info(
            "%d takes are there as AMC and as BVH; the AMC files are read.",
            len(in_both),
        )
    sequences = in_bvh | in_amc
    return [sequences[name] for name in sorted(sequences)]


def _by_name(paths, skeletons, actions) -> dict[str, MocapSequence]:
    found: dict[str, Path] = {}
    sequences: dict[str, MocapSequence] = {}
    for path in paths:
        sequence = _file_sequence(path, skeletons, actions)
        if sequence.name in sequences:
            raise DataFileError(
                f"{sequence.name} is there twice, as {found[sequence.name]} and as "
                f"{path}. Leave one of them."
            )
        sequences[sequence.name], found[sequence.name] = sequence, path
    return sequences


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    for child in sorted(folder.iterdir()):
        if not child.is_dir():
            yield child
        elif depth:
            yield from _walk(child, depth - 1)


def _read_index(path: Path) -> dict[tuple[int, int], str]:
    """Reads lines such as `02_03 run/jog`; whatever else the file holds is passed."""
    matches = map(_INDEX_LINE.match, path.read_text().splitlines())
    return {
        (int(m[1]), int(m[2])): "_".join(re.findall(r"[a-z0-9]+", m[3].lower()))
        for m in matches
        if m
    }


def _file_sequence(path: Path, skeletons: list[Path], actions) -> MocapSequence:
    trial = _TRIAL.fullmatch(path.stem)
    subject = f"{int(trial[1]):02d}" if trial else path.parent.name
    take = f"{int(trial[2]):02d}" if trial else path.stem
    action = actions.get((int(trial[1]), int(trial[2]))) if trial else None
    if path.suffix.lower() == ".bvh":
        read = _BvhReader(os.fspath(path))
    else:
        read = _AmcReader(os.fspath(path), os.fspath(_skeleton(path, skeletons)))
    return MocapSequence(
        name=f"{subject}_{take}",
        subject=subject,
        action=action or "unknown",
        take=take,
        split=split_of(subject),
        duration=os.path.getsize(path) / _TEXT_BYTES_PER_SECOND,
        read=read,
    )


def _skeleton(path: Path, skeletons: list[Path]) -> Path:
    near = [s for s in skeletons if s.parent == path.parent]
    named = [s for s in near if s.stem == path.stem.partition("_")[0]]
    chosen = named or near
    if len(chosen) != 1:
        raise DataFileError(
            f"{path} needs its skeleton in the same folder, "
            f"{path.stem.partition('_')[0]}.asf; found {[s.name for s in near]}."
        )
    return chosen[0]


@dataclasses.dataclass(frozen=True)
class _BvhReader:
    path: str

    def __call__(self, frame_rate: float) -> tuple[np.ndarray, float]:
        return read_conversion(self.path, frame_rate)


@dataclasses.dataclass(frozen=True)
class _AmcReader:
    path: str
    skeleton_path: str

    def __call__(self, frame_rate: float) -> tuple[np.ndarray, float]:
        skeleton = read_asf(self.skeleton_path)
        motion = read_amc(self.path, skeleton, AMC_FRAME_RATE).resample(frame_rate)
        return retarget(motion, ASF_RULE, self.path), motion.frame_rate


def _npz_sequences(path: Path) -> list[MocapSequence]:
    names, _, offsets = read_npz(path)
    sequences = []
    for name, start, end in zip(names, offsets[:-1], offsets[1:]):
        folder, _, stem = name.rpartition("/")
        trial = _TRIAL.fullmatch(stem)
        if trial:
            subject, action, take = trial[1], "unknown", trial[2]
        else:
            # Such as `expmap/train/walking_49`: the person is not known.
            subject = folder.partition("/")[0] or "unknown"
            action, _, take = stem.rpartition("_")
            action, take = (action, take) if action else (stem, "1")
        named_split = {"train", "test"}.intersection(name.split("/")[:-1])
        sequences.append(
            MocapSequence(
                name=name,
                subject=subject,
                action=action,
                take=take,
                split=min(named_split, default=split_of(subject)),
                duration=(end - start) / NPZ_FRAME_RATE,
                read=_NpzReader(os.fspath(path), name),
            )
        )
    return sequences


@dataclasses.dataclass(frozen=True)
class _NpzReader:
    path: str
    name: str

    def __call__(self, frame_rate: float) -> tuple[np.ndarray, float]:
        names, positions, offsets = _latest_npz(self.path, os.stat(self.path).st_mtime)
        index = names.index(self.name)
        poses = positions[offsets[index] : offsets[index + 1]].astype(np.float64) * 1000
        check_leg_length(poses, f"{self.path}, {self.name}")
        step = max(1, round(NPZ_FRAME_RATE / frame_rate))
        return poses[::step], NPZ_FRAME_RATE / step


@functools.lru_cache(maxsize=1)
def _latest_npz(path: str, modified: float):
    """The file is read once per process, not once per sequence."""
    del modified
    return read_npz(path)


def read_npz(path: str | os.PathLike) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Reads retargeted motion: names, positions (N, 17, 3) in m and offsets.

    Offsets are the first row of each sequence, and N at the end; z is up, 60 Hz.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If it is damaged, or shapes, names or offsets do not agree.
    """
    keys = ("positions", "sequence_names", "sequence_offsets")
    positions, names, offsets = map(load_npz(path, keys).get, keys)
    if (
        positions.ndim != 3
        or positions.shape[1:] != (17, 3)
        or positions.dtype == object
    ):
        raise DataFileError(
            f"{path}: expected `positions` of shape (N, 17, 3), received "
            f"{positions.shape} of {positions.dtype}."
        )
    if not np.isfinite(positions).all():
        raise DataFileError(f"{path}: `positions` is not finite everywhere.")
    agree = names.ndim == offsets.ndim == 1 and len(offsets) == len(names) + 1
    if not agree or offsets.dtype.kind not in "iu" or names.dtype.kind != "U":
        raise DataFileError(
            f"{path}: expected one text in `sequence_names` for each sequence and one "
            f"whole number more in `sequence_offsets`, received {names.shape} of "
            f"{names.dtype} and {offsets.shape} of {offsets.dtype}."
        )
    if offsets[0] != 0 or offsets[-1] != len(positions) or (np.diff(offsets) < 1).any():
        raise DataFileError(
            f"{path}: `sequence_offsets` must grow from 0 to the {len(positions)} "
            f"positions, received {offsets[:3]} ... {offsets[-1:]}."
        )
    if len(set(names.tolist())) != len(names):
        raise DataFileError(f"{path}: `sequence_names` holds a name twice.")
    return names.tolist(), positions, offsets
