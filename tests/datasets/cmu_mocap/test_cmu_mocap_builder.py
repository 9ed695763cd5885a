import pathlib
import pickle
import tempfile

import builder_tools
import cmu_mocap as mocap
import mocap_files as files
import numpy as np
import pytest
import tensorflow_datasets as tfds

from propose_keras.data.cameras import project
from propose_keras.data.errors import DataFileError
from propose_keras.data.reading import load_arrays

NAME = "cmu_mocap"


def _write_set(folder):
    for seed, subject in enumerate(("02", "05")):
        motion = files.Motion(num_frames=10, seed=seed)
        files.write_asf(f"{folder}/subjects/{subject}/{subject}.asf", motion)
        files.write_amc(f"{folder}/subjects/{subject}/{subject}_01.amc", motion)


class CmuMocapTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builder_tools.builder_class(NAME)
    SPLITS = {"train": 4, "test": 4}

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        _write_set(pathlib.Path(cls.EXAMPLE_DIR))
        super().setUpClass()


def test_build_and_read_back(tmp_path):
    _write_set(tmp_path / "manual")
    built = builder_tools.build(NAME, tmp_path / "manual", tmp_path / "data")
    assert built.info.metadata["sequences"] == 2
    found = builder_tools.examples(built, "train")
    assert sorted(found) == [f"02-unknown-01-{camera}" for camera in range(4)]
    for example in found.values():
        assert example["pose_3d"].shape == (5, 17, 3)
        assert example["frame_rate"] == 60
        pixels = project(
            example["pose_3d"].astype(float),
            example["intrinsics"],
            example["distortion"],
        )
        np.testing.assert_allclose(example["keypoints_2d"], pixels, atol=0.01)
        assert pixels.min() > 0 and pixels.max() < 1000
    assert len(load_arrays(NAME, tmp_path / "data", "test")) == 20


def test_beams_workers_make_the_same(tmp_path):
    files.write_npz(f"{tmp_path}/manual/cmu_mocap_small.npz")
    folders = [tmp_path / "alone", tmp_path / "beam"]
    for parallel, folder in enumerate(folders):
        builder_tools.build(
            NAME, tmp_path / "manual", folder, parallel=bool(parallel), num_cameras=2
        )
    builder_tools.assert_same_arrays(f"{NAME}/custom", folders, "train")
    builder_tools.assert_same_arrays(f"{NAME}/custom", folders, "test")


def test_workers_are_sent_no_poses(tmp_path):
    files.write_npz(f"{tmp_path}/cmu_mocap_small.npz", {"amc/02_03": 5000})
    (sequence,) = mocap.find_sequences(tmp_path)
    assert len(pickle.dumps(sequence)) < 2000


def test_workers_cannot_list_what_they_skip(tmp_path):
    _write_set(tmp_path / "manual")
    builder_tools.check_fails(
        *(ValueError, "leave out `parallel`", NAME),
        *(tmp_path / "manual", tmp_path / "data"),
        parallel=True,
        skip_damaged=True,
    )


def test_cameras_show_the_same_motion(tmp_path):
    files.write_npz(f"{tmp_path}/manual/cmu_mocap_small.npz")
    built = builder_tools.build(NAME, tmp_path / "manual", tmp_path / "data")
    found = builder_tools.examples(built, "train")
    worlds = [
        example["pose_3d"] @ example["rotation"] + example["translation"]
        for key, example in found.items()
        if key.startswith("expmap-walking-4")
    ]
    assert len(worlds) == 4
    for world in worlds[1:]:
        np.testing.assert_allclose(world, worlds[0], atol=0.01)


def test_config_fields(tmp_path):
    files.write_npz(f"{tmp_path}/manual/cmu_mocap_small.npz")
    built = builder_tools.build(
        *(NAME, tmp_path / "manual", tmp_path / "data"),
        num_cameras=1,
        image_size=(640, 480),
        distortion=True,
        frame_rate=20.0,
        focal_length_px=(500.0, 500.0),
    )
    (example,) = builder_tools.examples(built, "test").values()
    assert example["image_size"].tolist() == [640, 480]
    assert example["intrinsics"].tolist() == [500, 500, 320, 240]
    assert example["distortion"].all()
    assert example["frame_rate"] == 20
    assert len(example["pose_3d"]) == 2


def _cut_last_amc(folder):
    path = folder / "subjects/05/05_01.amc"
    path.write_text(path.read_text()[:-200])


def test_damaged_file_leaves_no_data_set(tmp_path):
    _write_set(tmp_path / "manual")
    _cut_last_amc(tmp_path / "manual")
    builder_tools.check_fails(
        *(DataFileError, r"05_01\.amc.*cut short", NAME),
        *(tmp_path / "manual", tmp_path / "data"),
    )


def test_damaged_file_is_listed_on_request(tmp_path):
    _write_set(tmp_path / "manual")
    files.write_amc(
        f"{tmp_path}/manual/subjects/05/05_02.amc", files.Motion(num_frames=10, seed=1)
    )
    _cut_last_amc(tmp_path / "manual")
    built = builder_tools.build(
        *(NAME, tmp_path / "manual", tmp_path / "data"), skip_damaged=True
    )
    assert built.info.metadata["skipped"] == ["05_01"]
    assert built.info.splits["test"].num_examples == 4


def test_split_of_damaged_files_only(tmp_path):
    _write_set(tmp_path / "manual")
    _cut_last_amc(tmp_path / "manual")
    builder_tools.check_fails(
        *(DataFileError, "split 'test' came out empty", NAME),
        *(tmp_path / "manual", tmp_path / "data"),
        skip_damaged=True,
    )


def _add_npz(folder):
    files.write_npz(f"{folder}/cmu_mocap_small.npz")


def _remove_skeleton(folder):
    (folder / "subjects/02/02.asf").unlink()


@pytest.mark.parametrize(
    ("damage", "match"),
    [(_add_npz, "several forms"), (_remove_skeleton, r"02_01\.amc needs its skeleton")],
)
def test_sources_that_cannot_be_built(tmp_path, damage, match):
    _write_set(tmp_path / "manual")
    damage(tmp_path / "manual")
    builder_tools.check_fails(
        *(DataFileError, match, NAME, tmp_path / "manual", tmp_path / "data")
    )
