import numpy as np
import pytest
import tensorflow_datasets as tfds

from propose_keras.data import synthetic
from propose_keras.data.features import clip_features


@pytest.fixture
def builder_class(synthetic_builder_class):
    return synthetic_builder_class


@pytest.fixture(scope="module")
def built(synthetic_data_dir):
    # As training reads it: by name, without the builder's code.
    return tfds.builder("synthetic_human/tiny", data_dir=synthetic_data_dir)


@pytest.fixture(scope="module")
def examples(built):
    return {
        split: list(tfds.as_numpy(built.as_dataset(split)))
        for split in ("train", "test")
    }


def test_default_config_is_the_full_one(builder_class):
    first, *others = builder_class.BUILDER_CONFIGS
    assert first.name == "full" and [c.name for c in others] == ["large", "tiny"]
    frames = first.duration * first.frame_rate * first.num_takes * 7 * 15 * 4
    assert 90_000 < frames < 110_000


def test_features_are_the_shared_ones(built):
    shared = clip_features()
    assert set(built.info.features) == set(shared)
    for name, feature in shared.items():
        assert built.info.features[name].shape == feature.shape
        assert built.info.features[name].dtype == feature.dtype


def test_splits_are_those_of_the_subjects(built, examples):
    subjects = {
        split: {e["subject"].decode() for e in rows} for split, rows in examples.items()
    }
    assert subjects["train"] == set(synthetic.TRAIN_SUBJECTS)
    assert subjects["test"] == set(synthetic.TEST_SUBJECTS)
    assert built.info.splits["train"].num_examples == 5 * 15 * 4
    assert built.info.splits["test"].num_examples == 2 * 15 * 4


def test_examples_are_the_generated_clips(examples):
    def key(clip):
        parts = (clip[n] for n in ("subject", "action", "take", "camera"))
        return tuple(p if isinstance(p, str) else p.decode() for p in parts)

    expected = {
        key(clip): clip
        for clip in synthetic.generate_clips(synthetic.TEST_SUBJECTS, 1, 4.0, 2.0)
    }
    assert {key(e) for e in examples["test"]} == set(expected)
    for example in examples["test"]:
        for name, value in expected[key(example)].items():
            if not isinstance(value, str):
                np.testing.assert_array_equal(example[name], value)
                assert example[name].dtype == value.dtype


def test_metadata_is_complete(builder_class):
    metadata = builder_class.get_metadata()
    assert "Human3.6M" in metadata.description
    assert "ionescu2014" in metadata.citation
    assert set(metadata.tags) <= set(tfds.core.dataset_metadata.valid_tags())


def test_nothing_is_downloaded(builder_class, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("The builder must not download.")

    monkeypatch.setattr(tfds.download.DownloadManager, "download", refuse)
    monkeypatch.setattr(tfds.download.DownloadManager, "extract", refuse)
    builder = builder_class(config="tiny", data_dir=tmp_path)
    splits = builder._split_generators(None)
    key, example = next(iter(splits["train"]))
    assert key == "S1/Directions/1/54138969"
    assert example["pose_3d"].shape == (8, 17, 3)
    assert not list(tmp_path.iterdir())
