import errno
import itertools
import pathlib
import shutil
import tempfile

import builder_tools
import h5py
import human36m_files as files
import numpy as np
import pytest
import tensorflow_datasets as tfds

from propose_keras.data import DatasetNotBuiltError, load_arrays
from propose_keras.data.errors import DataFileError
from propose_keras.human36m_names import CAMERAS

NAME = "human36m"
WORLD = files.make_world()


def write(folder):
    files.write_h5_tree(folder, WORLD, files.make_detections(WORLD))


def build(manual_dir, data_dir, config="gt", **settings):
    cls = builder_tools.builder_class(NAME)
    builder = cls(data_dir=data_dir, config=config, **settings)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
    )
    return builder


def custom(**fields):
    cls = builder_tools.builder_class(NAME)
    return cls.builder_config_cls(name="custom", version="1.0.0", **fields)


@pytest.fixture(scope="module")
def manual_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manual")
    write(folder)
    return folder


class Human36mTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builder_tools.builder_class(NAME)
    BUILDER_CONFIG_NAMES_TO_TEST = ["gt"]
    SPLITS = {"train": 12, "test": 8}

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
        write(pathlib.Path(cls.EXAMPLE_DIR))
        super().setUpClass()


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_build_and_read_back(manual_dir, tmp_path, file_format):
    builder = build(manual_dir, tmp_path, file_format=file_format)
    train = load_arrays("human36m/gt", tmp_path, "train")
    test = load_arrays("human36m/gt", tmp_path, "test")
    assert (len(train), len(test)) == (72, 28)
    assert {clip.subject for clip in train.clips} == {"S1", "S8"}
    assert {clip.subject for clip in test.clips} == {"S9", "S11"}
    clip = train.clips[0]
    assert (clip.action, clip.take, clip.camera) == ("Directions", "1", CAMERAS[0])
    assert (clip.frame_rate, clip.image_size) == (50.0, (1000, 1002))
    contents = builder.info.metadata["contents"]
    assert "train: 12 clips, 72 frames" in contents
    assert any("all of S5" in line for line in contents)


def test_config_by_the_name_of_a_file(manual_dir, tmp_path):
    folder = tmp_path / "manual"
    shutil.copytree(manual_dir, folder)
    detections = files.make_detections(WORLD, num_joints=17)
    files.write_detections_npz(
        folder / "data_2d_h36m_vitpose.npz", detections, layout="h36m"
    )
    build(folder, tmp_path / "data", "vitpose")
    arrays = load_arrays("human36m/vitpose", tmp_path / "data", "train")
    first = next(iter(WORLD))
    np.testing.assert_allclose(
        arrays.keypoints_2d[:7], detections[first, CAMERAS[0]], atol=1e-3
    )


def test_config_fields(manual_dir, tmp_path):
    config = custom(detections="gt", dropped_sequences=["S1 WalkDog.54138969"])
    build(manual_dir, tmp_path, config)
    train = load_arrays("human36m/custom", tmp_path, "train")
    test = load_arrays("human36m/custom", tmp_path, "test")
    assert len(train) == 72 - 5
    assert ("S11", "Directions") in {(c.subject, c.action) for c in test.clips}


def assert_nothing_was_built(data_dir, config):
    with pytest.raises(DatasetNotBuiltError):
        load_arrays(f"human36m/{config}", data_dir, "train")
    left = itertools.chain(data_dir.rglob("*.tfrecord*"), data_dir.rglob("*info.json"))
    assert not list(left)


def test_missing_sequences_are_an_error_if_strict(manual_dir, tmp_path):
    with pytest.raises(DataFileError, match="204 sequences without 3D positions"):
        build(manual_dir, tmp_path, custom(detections="gt", strict=True))
    assert_nothing_was_built(tmp_path, "custom")


def test_damage_is_named(manual_dir, tmp_path):
    folder = tmp_path / "manual"
    shutil.copytree(manual_dir, folder)
    damaged = folder / "S1/MyPoses/3D_positions/Directions 1.h5"
    with h5py.File(damaged, "r+") as file:
        file["3D_positions"][...] = np.nan
    data_dir = tmp_path / "data"
    with pytest.raises(DataFileError, match=r"Directions 1.h5: .* are not finite\.$"):
        build(folder, data_dir)
    assert_nothing_was_built(data_dir, "gt")


def test_no_space_left(manual_dir, tmp_path, monkeypatch):
    def write_until_full(self, path, examples):
        pathlib.Path(path).write_bytes(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(tfds.core.writer.ExampleWriter, "write", write_until_full)
    with pytest.raises(OSError, match="No space left to write the data set") as error:
        build(manual_dir, tmp_path)
    assert error.value.errno == errno.ENOSPC
    assert error.value.filename.startswith(str(tmp_path))
    assert_nothing_was_built(tmp_path, "gt")


def test_a_killed_build_is_not_taken_for_whole(manual_dir, tmp_path):
    built = build(manual_dir, tmp_path / "whole")
    half = tmp_path / "data/human36m/gt/1.0.0.incompleteABC123_human36m"
    shutil.copytree(built.data_path, half)
    with pytest.raises(DatasetNotBuiltError, match="tfds build datasets/human36m"):
        load_arrays("human36m/gt", tmp_path / "data", "train")
