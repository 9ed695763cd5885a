"""Loads and runs the builders in `datasets/` the way `tfds build` does."""

import importlib
import pathlib

import pytest
import tensorflow_datasets as tfds

from propose_keras.data.reading import DatasetNotBuiltError, load_arrays

DATASETS = pathlib.Path(__file__).parents[2] / "datasets"


def builder_class(name):
    with tfds.core.utils.add_sys_path(DATASETS):
        return importlib.import_module(f"{name}.{name}_dataset_builder").Builder


def build(name, manual_dir, data_dir, **config):
    """Builds a data set; returns the builder, read anew from what was written."""
    cls = builder_class(name)
    settings = (
        cls.builder_config_cls(name="custom", version="1.0.0", **config)
        if config
        else "standard"
    )
    builder = cls(data_dir=data_dir, config=settings)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
    )
    return tfds.builder_from_directory(builder.data_path)


def check_fails(error, match, name, manual_dir, data_dir, **config):
    """Checks that a build ends in an error and leaves nothing to take for whole."""
    with pytest.raises(error, match=match):
        build(name, manual_dir, data_dir, **config)
    assert not list(pathlib.Path(data_dir).glob(f"{name}/*/*.*.*"))
    with pytest.raises(DatasetNotBuiltError):
        load_arrays(f"{name}/standard", data_dir, "test")


def examples(builder, split):
    """Examples by subject, action, take and camera."""
    found = {}
    for example in tfds.as_numpy(builder.as_dataset(split=split)):
        parts = [example[k].decode() for k in ("subject", "action", "take", "camera")]
        found["-".join(parts)] = example
    return found
