import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Tests compile many small programs: compiling them fast beats running them fast.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)

import keras
import numpy as np
import pytest

DATASETS = pathlib.Path(__file__).parents[1] / "datasets"


@pytest.fixture(scope="session", autouse=True)
def compile_once(tmp_path_factory):
    """Lets JAX compile equal programs of different tests once."""
    if keras.backend.backend() == "jax":
        import jax

        cache = tmp_path_factory.mktemp("jax_cache")
        jax.config.update("jax_compilation_cache_dir", str(cache))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def synthetic_builder_class():
    import importlib

    sys.path.insert(0, str(DATASETS))
    try:
        name = "synthetic_human.synthetic_human_dataset_builder"
        return importlib.import_module(name).Builder
    finally:
        sys.path.remove(str(DATASETS))


@pytest.fixture(scope="session")
def synthetic_data_dir(synthetic_builder_class, tmp_path_factory):
    """Folder in which `synthetic_human/tiny` is built."""
    data_dir = tmp_path_factory.mktemp("tfds")
    synthetic_builder_class(config="tiny", data_dir=data_dir).download_and_prepare()
    return data_dir
