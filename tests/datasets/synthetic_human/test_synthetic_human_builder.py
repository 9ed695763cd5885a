import numpy as np
import pytest
import synthetic_human as synthetic
import tensorflow_datasets as tfds
from synthetic_human import clips, rare

from propose_keras.data import batches
from propose_keras.data.building import clip_features
from propose_keras.data.cameras import project
from propose_keras.data.other_cameras import other_cameras
from propose_keras.data.reading import load_arrays
from propose_keras.skeletons import H36M_17


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
    assert first.name == "full" and [c.name for c in others] == [
        "large",
        "rare",
        "tiny",
    ]
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


def build(cls, data_dir, beam_options=None, **config):
    config = cls.builder_config_cls(
        name="custom", version="1.0.0", duration=2.0, frame_rate=2.0, **config
    )
    builder = cls(config=config, data_dir=data_dir)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(beam_options=beam_options)
    )
    return load_arrays("synthetic_human/custom", data_dir, "test")


def test_beams_workers_make_the_same(builder_class, tmp_path):
    alone = build(builder_class, tmp_path / "alone", num_takes=1)
    by_beam = build(builder_class, tmp_path / "beam", num_takes=1, parallel=True)
    assert len(alone) == 2 * 15 * 4 * 4
    np.testing.assert_array_equal(alone.pose_3d, by_beam.pose_3d)
    np.testing.assert_array_equal(alone.keypoints_2d, by_beam.keypoints_2d)


@pytest.mark.parametrize(
    ("num_poses", "num_takes"), [(None, 2), (1, 1), (1680, 1), (1681, 2), (10**6, 596)]
)
def test_a_number_of_poses_is_reached(builder_class, num_poses, num_takes):
    config = builder_class.builder_config_cls(
        name="custom", duration=2.0, frame_rate=2.0, num_poses=num_poses
    )
    assert config.takes_of_each_action == num_takes


@pytest.mark.parametrize(
    ("num_poses", "num_cameras", "num_people"),
    [(None, 1, 2), (1, 1, 1), (300_000, 1, 295), (300_000, 4, 74)],
)
def test_a_number_of_rare_poses_is_reached(
    builder_class, num_poses, num_cameras, num_people
):
    config = builder_class.builder_config_cls(
        name="custom",
        motions="rare",
        frame_rate=5.0,
        num_poses=num_poses,
        num_cameras=num_cameras,
    )
    assert config.takes_of_each_action == num_people


def test_unknown_motions_are_named(builder_class):
    with pytest.raises(ValueError, match="Unknown motions 'odd'.*actions, rare"):
        builder_class.builder_config_cls(name="custom", motions="odd")


@pytest.fixture(scope="module")
def rare_arrays(synthetic_builder_class, tmp_path_factory):
    """Rare poses of five people by two cameras, built by Beam."""
    data_dir = tmp_path_factory.mktemp("rare")
    settings = {"motions": "rare", "num_takes": 5, "num_cameras": 2, "parallel": True}
    build(synthetic_builder_class, data_dir, **settings)
    return {
        split: load_arrays("synthetic_human/custom", data_dir, split)
        for split in ("train", "test")
    }


def test_rare_poses_are_split_by_person(rare_arrays):
    subjects = {
        split: {clip.subject for clip in arrays.clips}
        for split, arrays in rare_arrays.items()
    }
    assert subjects["train"] == {"P00001", "P00002", "P00003", "P00004"}
    assert subjects["test"] == {"P00005"}
    routines = len(rare.ROUTINES)
    assert len(rare_arrays["test"].clips) == 2 * routines
    assert len(rare_arrays["train"]) == 4 * 2 * routines * 4


def test_virtual_cameras_see_people_who_lie(rare_arrays):
    arrays = rare_arrays["train"]
    inside = (arrays.keypoints_2d >= 0) & (arrays.keypoints_2d <= 1000)
    assert inside.all() and arrays.pose_3d[..., 2].min() > 500
    lying = arrays.select(actions=["Lying", "Rolling"])
    size = np.ptp(lying.keypoints_2d, axis=1).max(axis=1)
    assert 60 < np.median(size) < 900


def test_rare_poses_are_the_same_alone(rare_arrays):
    examples = dict(rare.clips.make_examples("P00005", 2.0, 2.0, 0, 2))
    arrays = rare_arrays["test"]
    for index, clip in enumerate(arrays.clips):
        key = f"{clip.subject}/{clip.action}/{clip.take}/{clip.camera}"
        rows = arrays.clip_index == index
        np.testing.assert_array_equal(arrays.pose_3d[rows], examples[key]["pose_3d"])


def test_training_cameras_see_people_who_lie(rare_arrays):
    arrays, batch_of = rare_arrays["train"], {}

    def keep(name):
        return lambda batch, _: batch_of.setdefault(name, batch)

    augmentations = (keep("before"), other_cameras(), keep("after"))
    next(batches(arrays, len(arrays), 0, augmentations=augmentations))
    (old, before), (new, after) = batch_of["before"], batch_of["after"]
    changed = np.any(new["keypoints"] != old["keypoints"], axis=(1, 2))
    assert changed.mean() > 0.98
    again = project(after, new["intrinsics"], new["distortion"])
    np.testing.assert_allclose(new["keypoints"], again, atol=0.2)
    # The camera is turned and moved; the person stays as they are.
    start, end = np.array(H36M_17.bones).T
    lengths = [
        np.linalg.norm(p[:, end] - p[:, start], axis=-1) for p in (before, after)
    ]
    np.testing.assert_allclose(*lengths, atol=0.1)


def test_a_runner_that_loses_clips_is_found_out(builder_class, tmp_path, monkeypatch):
    make_examples = clips.make_examples

    def lose_some(take, **settings):
        examples = list(make_examples(take, **settings))
        return examples[1:] if take == ("S9", "Eating", 1) else examples

    monkeypatch.setattr(clips, "make_examples", lose_some)
    with pytest.raises(RuntimeError, match="wrote 119 of 120 clips"):
        build(builder_class, tmp_path, num_takes=1, parallel=True)
    assert not list(tmp_path.glob("synthetic_human/custom/*"))
