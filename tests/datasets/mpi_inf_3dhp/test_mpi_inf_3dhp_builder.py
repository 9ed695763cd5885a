import os
import pathlib
import tempfile

import builder_tools
import mpi_inf_3dhp_files as files
import numpy as np
import pytest
import tensorflow_datasets as tfds
from mpi_inf_3dhp.facts import TEST_SCENES

from propose_keras.data.errors import DataFileError
from propose_keras.data.reading import load_arrays
from propose_keras.evaluation import get_protocol

NAME = "mpi_inf_3dhp"


def _write_set(folder, subjects=("TS1", "TS6")):
    for seed, subject in enumerate(subjects):
        path = str(folder / "mpi_inf_3dhp_test_set" / subject / "annot_data.mat")
        files.write_mat73(path, files.make_annotations(subject=subject, seed=seed))
    files.write_training(folder / "S1/Seq1", files.make_training())


class MpiInf3dhpTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builder_tools.builder_class(NAME)
    SPLITS = {"train": 8, "test": 4}

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        _write_set(pathlib.Path(cls.EXAMPLE_DIR))
        super().setUpClass()


def test_build_and_read_back(tmp_path):
    _write_set(tmp_path / "manual")
    built = builder_tools.build(NAME, tmp_path / "manual", tmp_path / "data")
    assert built.info.metadata["frames"] == {"S1": 64, "TS1": 8, "TS6": 8}
    assert "TS2" in built.info.metadata["missing"]
    found = builder_tools.examples(built, "test")
    assert sorted(found) == [
        *("TS1-CrouchReach-1-studio", "TS1-StandWalk-1-studio"),
        *("TS6-CrouchReach-1-outdoor", "TS6-StandWalk-1-outdoor"),
    ]
    example = found["TS6-StandWalk-1-outdoor"]
    assert example["frame_numbers"].tolist() == [0, 2, 3, 5]
    assert example["scene"] == b"Outdoor"
    arrays = load_arrays(NAME, tmp_path / "data", "test", pose_feature="pose_3d_univ")
    assert len(arrays) == 16


def test_the_protocol_knows_the_scenes():
    assert get_protocol("3dhp-official").scenes == TEST_SCENES


def test_training_set_from_npz(tmp_path):
    fields = files.npz_fields(files.make_annotations())
    keys = ["S2 Seq1", "S1 Seq2", "S1 Seq1"]
    cameras = {str(camera): fields for camera in range(9)}
    path = str(tmp_path / "manual/data_train_3dhp.npz")
    files.write_npz(path, {key: [cameras] for key in keys})
    built = builder_tools.build(NAME, tmp_path / "manual", tmp_path / "data")
    assert built.info.splits["train"].num_examples == 24
    arrays = load_arrays(NAME, tmp_path / "data", "train")
    assert {(c.subject, c.action) for c in arrays.clips} == {
        tuple(key.split()) for key in keys
    }
    assert len(arrays) == 24 * 12


def test_config_fields(tmp_path):
    _write_set(tmp_path / "manual")
    data = tmp_path / "data"
    built = builder_tools.build(NAME, tmp_path / "manual", data, cameras=(3,))
    assert list(builder_tools.examples(built, "train")) == ["S1-Seq1-1-3"]


def test_missing_sequences_are_an_error_if_strict(tmp_path):
    _write_set(tmp_path / "manual")
    builder_tools.check_fails(
        *(FileNotFoundError, r"lacks the sequences .*'S1/Seq2'.*'TS2'", NAME),
        *(tmp_path / "manual", tmp_path / "data"),
        strict=True,
    )


def test_test_set_from_npz_only(tmp_path):
    annotations = files.make_annotations()
    path = str(tmp_path / "manual/data_test_3dhp.npz")
    files.write_npz(path, {"TS1": files.npz_fields(annotations)})
    built = builder_tools.build(NAME, tmp_path / "manual", tmp_path / "data")
    assert list(built.info.splits) == ["test"]
    (example,) = builder_tools.examples(built, "test").values()
    np.testing.assert_array_equal(example["pose_3d"], example["pose_3d_univ"])
    assert len(example["annot3"]) == 0


class _Attack:
    def __reduce__(self):
        return os.system, ("false",)


def _damage_mat(folder):
    path = folder / "mpi_inf_3dhp_test_set/TS6/annot_data.mat"
    path.write_bytes(path.read_bytes()[:2000])


def _damage_calibration(folder):
    (folder / "S1/Seq1/camera.calibration").write_text("name 0\n  size 2048\n")


def _add_attack(folder):
    for subject in ("TS1", "TS6"):
        os.remove(folder / "mpi_inf_3dhp_test_set" / subject / "annot_data.mat")
    files.write_npz(str(folder / "data_test_3dhp.npz"), {"TS1": _Attack()})


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (_damage_mat, r"TS6/annot_data\.mat"),
        (_damage_calibration, r"camera\.calibration"),
        (_add_attack, r"data_test_3dhp\.npz.*not allowed"),
    ],
)
def test_damaged_files_leave_no_data_set(tmp_path, damage, match):
    _write_set(tmp_path / "manual")
    damage(tmp_path / "manual")
    builder_tools.check_fails(
        *(DataFileError, match, NAME, tmp_path / "manual", tmp_path / "data")
    )


def test_missing_file_found_by_a_worker(tmp_path):
    _write_set(tmp_path / "manual")
    os.remove(tmp_path / "manual/S1/Seq1/camera.calibration")
    builder_tools.check_fails(
        *(FileNotFoundError, r"^There is no file .*Seq1/camera\.calibration\.$", NAME),
        *(tmp_path / "manual", tmp_path / "data"),
    )


def test_two_clips_of_one_name(tmp_path):
    annotations = files.make_annotations()
    annotations["activity_annotation"] = annotations["activity_annotation"] + 7
    path = str(tmp_path / "manual/TS1/annot_data.mat")
    files.write_mat73(path, annotations)
    builder_tools.check_fails(
        *(DataFileError, "TS1-Unknown-studio is there twice", NAME),
        *(tmp_path / "manual", tmp_path / "data"),
    )


def test_empty_folder(tmp_path):
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual/notes.txt").write_text("nothing here")
    builder_tools.check_fails(
        *(FileNotFoundError, r"no file of MPI-INF-3DHP", NAME),
        *(tmp_path / "manual", tmp_path / "data"),
    )
