"""Loads and runs the builders in `datasets/` the way `tfds build` does."""

import dataclasses
import importlib
import pathlib

import numpy as np
import pytest
import tensorflow_datasets as tfds

from propose_keras.data.reading import DatasetNotBuiltError, load_arrays

DATASETS = pathlib.Path(__file__).parents[2] / "datasets"


def builder_class(name):
    with tfds.core.utils.add_sys_path(DATASETS):
        return importlib.import_module(f"{name}.{name}_dataset_builder").Builder


def build(name, manual_dir, data_dir, beam_options=None, **config):
    """Builds a data set; returns the builder, read anew from what was written."""
    cls = builder_class(name)
    settings = (
        cls.builder_config_cls(name="custom", version="1.0.0", **config)
        if config
        else "standard"
    )
    builder = cls(data_dir=data_dir, config=settings)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=manual_dir, beam_options=beam_options
        )
    )
    return tfds.builder_from_directory(builder.data_path)


def check_fails(error, match, name, manual_dir, data_dir, **config):
    """Checks that a build ends in an error and leaves nothing to take for whole."""
    with pytest.raises(error, match=match):
        build(name, manual_dir, data_dir, **config)
    assert not list(pathlib.Path(data_dir).glob(f"{name}/*/*.*.*"))
    with pytest.raises(DatasetNotBuiltError):
        load_arrays(f"{name}/standard", data_dir, "test")


def assert_same_arrays(name, data_dirs, split):
    """Checks that builds in two folders read back as the same clips and arrays."""
    first, second = (load_arrays(name, folder, split) for folder in data_dirs)
    assert len(first.clips) == len(second.clips)
    for clip, other in zip(first.clips, second.clips):
        np.testing.assert_equal(dataclasses.asdict(clip), dataclasses.asdict(other))
    for field in ("pose_3d", "keypoints_2d", "clip_index", "frame_index"):
        np.testing.assert_array_equal(getattr(first, field), getattr(second, field))


def examples(builder, split):
    """Examples by subject, action, take and camera."""
    found = {}
    for example in tfds.as_numpy(builder.as_dataset(split=split)):
        parts = [example[k].decode() for k in ("subject", "action", "take", "camera")]
        found["-".join(parts)] = example
    return found
