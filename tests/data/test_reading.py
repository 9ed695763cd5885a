import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow_datasets as tfds

from propose_keras.data import DatasetNotBuiltError, load_arrays
from propose_keras.data.building import clip_features

FRAMES = {("S1", "Walking", "a"): 5, ("S1", "Eating", "a"): 3, ("S1", "Eating", "b"): 4}


def make_example(subject, action, camera, num_frames):
    generator = np.random.default_rng(len(action) + ord(camera))
    return {
        "pose_3d": generator.normal(size=(num_frames, 17, 3)).astype(np.float32),
        "other_pose": np.full((num_frames, 17, 3), 7, np.float32),
        "valid": np.arange(num_frames) % 2 == 0,
        "keypoints_2d": generator.normal(size=(num_frames, 17, 2)).astype(np.float32),
        "keypoint_scores": generator.random((num_frames, 17), np.float32),
        "subject": subject,
        "action": action,
        "take": "1",
        "camera": camera,
        "frame_rate": 50.0,
        "image_size": [1000, 1002],
        "intrinsics": [1.0, 2.0, 3.0, 4.0],
        "distortion": np.arange(5, dtype=np.float32),
        "rotation": np.eye(3, dtype=np.float32),
        "translation": [1.0, 2.0, 3.0],
    }


class Clips(tfds.core.GeneratorBasedBuilder):
    """Three clips."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=n) for n in ("gt", "sh")]

    def _info(self):
        features = dict(clip_features(with_scores=True))
        features["other_pose"] = tfds.features.Tensor(
            shape=(None, 17, 3), dtype=np.float32
        )
        features["valid"] = tfds.features.Tensor(shape=(None,), dtype=np.bool_)
        return tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict(features)
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for key, num_frames in FRAMES.items():
            yield "/".join(key), make_example(*key, num_frames)


def build(data_dir, file_format):
    builder = Clips(data_dir=data_dir, config="gt", file_format=file_format)
    builder.download_and_prepare()


@pytest.fixture(scope="module")
def data_dirs(tmp_path_factory):
    folders = {}
    for file_format in ("tfrecord", "array_record"):
        folders[file_format] = tmp_path_factory.mktemp(file_format)
        build(folders[file_format], file_format)
    return folders


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_all_frames_come_out_in_order(data_dirs, file_format):
    arrays = load_arrays("clips/gt", data_dirs[file_format], "train")
    keys = sorted(FRAMES)
    assert [(c.subject, c.action, c.camera) for c in arrays.clips] == keys
    assert [c.num_frames for c in arrays.clips] == [FRAMES[k] for k in keys]
    expected = [make_example(*key, FRAMES[key]) for key in keys]
    for name in ("pose_3d", "keypoints_2d", "keypoint_scores"):
        values = getattr(arrays, name)
        assert values.dtype == np.float32
        np.testing.assert_array_equal(
            values, np.concatenate([e[name] for e in expected])
        )
    assert arrays.clip_index.tolist() == [0] * 3 + [1] * 4 + [2] * 5
    assert arrays.frame_index.tolist() == [*range(3), *range(4), *range(5)]
    clip = arrays.clips[0]
    assert (clip.take, clip.frame_rate, clip.image_size) == ("1", 50.0, (1000, 1002))
    np.testing.assert_array_equal(clip.distortion, np.arange(5))
    np.testing.assert_array_equal(clip.intrinsics, [1, 2, 3, 4])


def test_other_pose_and_mask(data_dirs):
    arrays = load_arrays(
        "clips/gt",
        data_dirs["tfrecord"],
        "train",
        pose_feature="other_pose",
        frame_mask="valid",
    )
    assert (arrays.pose_3d == 7).all()
    assert arrays.frame_index.tolist() == [0, 2, 0, 2, 0, 2, 4]
    assert [c.num_frames for c in arrays.clips] == [3, 4, 5]


@pytest.mark.parametrize("dataset", ["clips/sh", "no_such_set", "no_such_set/gt"])
def test_not_built_names_the_command(data_dirs, dataset):
    folder = data_dirs["tfrecord"]
    with pytest.raises(DatasetNotBuiltError) as error:
        load_arrays(dataset, folder, "train")
    message = str(error.value)
    name, _, config = dataset.partition("/")
    assert f"tfds build datasets/{name}" in message
    assert f"--data_dir={folder}" in message
    assert (f"--config={config}" in message) == bool(config)
    if name == "clips":
        assert "gt" in message


def test_unknown_split_and_feature(data_dirs):
    folder = data_dirs["tfrecord"]
    with pytest.raises(ValueError, match="no split 'test'.*train"):
        load_arrays("clips/gt", folder, "test")
    with pytest.raises(ValueError, match="no feature 'pose_4d'.*pose_3d"):
        load_arrays("clips/gt", folder, "train", pose_feature="pose_4d")


def test_array_record_is_read_without_tensorflow(data_dirs):
    program = """
        import importlib.machinery
        import sys

        class WithoutTensorFlow(importlib.machinery.PathFinder):
            @classmethod
            def find_spec(cls, name, path=None, target=None):
                if name.split(".")[0] == "tensorflow":
                    return None
                return super().find_spec(name, path, target)

        finder = importlib.machinery.PathFinder
        sys.meta_path[sys.meta_path.index(finder)] = WithoutTensorFlow
        from propose_keras.data import load_arrays
        print(len(load_arrays("clips/gt", sys.argv[1], "train")))
    """
    outcome = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), data_dirs["array_record"]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip() == "12"
