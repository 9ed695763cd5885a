"""Finds MPI-INF-3DHP's files below a folder, and lists which are missing."""

import dataclasses
import re
from pathlib import Path

from propose_keras.data.errors import DataFileError

from . import facts

_SEARCH_DEPTH = 2
_TEST_FOLDER = re.compile(r"TS[1-6]")
_SUBJECT_FOLDER = re.compile(r"S[1-8]")

EXPECTED_TREE = """
    mpi_inf_3dhp/S1/Seq1/annot.mat                 training set, with
    mpi_inf_3dhp/S1/Seq1/camera.calibration        (and so on to S8/Seq2)
    mpi_inf_3dhp_test_set/TS1/annot_data.mat       test set (and so on to TS6)
or P-STMO's
    data_train_3dhp.npz
    data_test_3dhp.npz
"""


@dataclasses.dataclass(frozen=True)
class Sources:
    """Files found. Of each split at most one of the two forms is set.

    Attributes:
        test_mats: `TS*` to its `annot_data.mat`.
        test_npz: P-STMO's test file.
        training_folders: (subject, sequence) to the folder of its files.
        training_npz: P-STMO's training file.
    """

    test_mats: dict[str, Path]
    test_npz: Path | None
    training_folders: dict[tuple[str, str], Path]
    training_npz: Path | None

    def missing(self) -> list[str]:
        """Sequences of the complete data set for which there is no file."""
        missing = []
        if self.training_npz is None:
            missing += [
                "/".join(key)
                for key in facts.TRAINING_SEQUENCES
                if key not in self.training_folders
            ]
        if self.test_npz is None:
            missing += [key for key in facts.TEST_SCENES if key not in self.test_mats]
        return missing


def find_sources(manual_dir: Path) -> Sources:
    """Finds the files in a folder or up to two levels below it.

    Args:
        manual_dir: `pathlib.Path` or `epath.Path`.

    Raises:
        FileNotFoundError: If there is none; the message shows the tree expected.
        DataFileError: If something is there twice, or in two forms.
    """
    test_mats: dict[str, Path] = {}
    training: dict[tuple[str, str], Path] = {}
    npz: dict[str, Path] = {}
    for folder in _folders(manual_dir, _SEARCH_DEPTH):
        for child in sorted(folder.iterdir()):
            if child.name in ("data_test_3dhp.npz", "data_train_3dhp.npz"):
                _add(npz, child.name, child)
            elif _TEST_FOLDER.fullmatch(child.name):
                if (child / "annot_data.mat").exists():
                    _add(test_mats, child.name, child / "annot_data.mat")
            elif _SUBJECT_FOLDER.fullmatch(child.name):
                for sequence in ("Seq1", "Seq2"):
                    if (child / sequence / "annot.mat").exists():
                        _add(training, (child.name, sequence), child / sequence)
    sources = Sources(
        test_mats=test_mats,
        test_npz=npz.get("data_test_3dhp.npz"),
        training_folders=training,
        training_npz=npz.get("data_train_3dhp.npz"),
    )
    for split, mats, archive in (
        ("test", test_mats, sources.test_npz),
        ("training", training, sources.training_npz),
    ):
        if mats and archive:
            raise DataFileError(
                f"The {split} set is in {manual_dir} in two forms: {archive} and "
                f"{next(iter(mats.values()))}. Leave one of them: the authors' files "
                "have more (annot3, activities, calibration)."
            )
    if not (test_mats or training or npz):
        raise FileNotFoundError(
            f"There is no file of MPI-INF-3DHP in {manual_dir} or up to "
            f"{_SEARCH_DEPTH} folders below. Expected{EXPECTED_TREE}"
        )
    return sources


def _folders(folder: Path, depth: int):
    yield folder
    if depth:
        for child in sorted(folder.iterdir()):
            known = _TEST_FOLDER.fullmatch(child.name) or _SUBJECT_FOLDER.fullmatch(
                child.name
            )
            if child.is_dir() and not known:
                yield from _folders(child, depth - 1)


def _add(found: dict, key, path: Path) -> None:
    if key in found:
        raise DataFileError(
            f"Two copies of the same files: {found[key]} and {path}. Leave one of them."
        )
    found[key] = path
