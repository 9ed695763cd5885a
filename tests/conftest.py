import gc
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

from propose_keras import backend
from propose_keras.data import Clip
from propose_keras.skeletons import H36M_17

DATASETS = pathlib.Path(__file__).parents[1] / "datasets"


@pytest.fixture(scope="session", autouse=True)
def compile_fast(tmp_path_factory):
    """Lets backends start small programs fast."""
    if keras.backend.backend() == "jax":
        import jax

        # Equal programs of different tests, and of the processes that they start, are
        # compiled once.
        cache = str(tmp_path_factory.mktemp("jax_cache"))
        jax.config.update("jax_compilation_cache_dir", cache)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
        os.environ["JAX_COMPILATION_CACHE_DIR"] = cache
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.5"
    else:
        import tensorflow as tf

        # Optimising a graph takes longer than these graphs run.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(scope="module", autouse=True)
def free_memory():
    """Frees a module's models and compiled programs after it."""
    yield
    keras.utils.clear_session()
    if keras.backend.backend() == "jax":
        import jax

        jax.clear_caches()
    gc.collect()


@pytest.fixture(scope="module")
def uncompiled():
    """Runs operations one by one on TensorFlow, which compiles for seconds.

    For tests of what is measured; that compiled programs measure the same is tested in
    test_evaluator.
    """
    with pytest.MonkeyPatch.context() as patch:
        if backend.name == "tensorflow":
            patch.setattr(backend, "compile_function", lambda function, _: function)
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def make_clip():
    """Makes a `Clip`; keyword arguments replace what is written here."""

    def make(**changes):
        clip = {
            **{"subject": "S1", "action": "Walking", "take": "1", "camera": "a"},
            **{"frame_rate": 50.0, "image_size": (1000, 1000), "num_frames": 8},
            **{"intrinsics": np.ones(4), "distortion": np.zeros(5)},
            **{"rotation": np.eye(3), "translation": np.zeros(3)},
        }
        return Clip(**{**clip, **changes})

    return make


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


# A standing person, hip at 0, x right and y down, mm.
STANDING = {
    **{"RHip": (-130, 0), "RKnee": (-150, 420), "RFoot": (-160, 840)},
    **{"LHip": (130, 0), "LKnee": (150, 420), "LFoot": (160, 840)},
    **{"Spine": (0, -240), "Thorax": (0, -490), "Nose": (0, -580), "Head": (0, -700)},
    **{"LShoulder": (150, -450), "LElbow": (230, -190), "LWrist": (240, 60)},
    **{"RShoulder": (-150, -450), "RElbow": (-230, -190), "RWrist": (-240, 60)},
}


@pytest.fixture(scope="session")
def standing():
    """`(17, 3)` mm."""
    rows = [(*STANDING.get(name, (0, 0)), 0) for name in H36M_17.joint_names]
    return np.array(rows, float)


@pytest.fixture(scope="session")
def keypoints(standing):
    """`(7, 17, 2)` pixels in the order h36m17."""
    rng = np.random.default_rng(2)
    poses = standing[:, :2] + 60 * rng.normal(size=(7, 17, 2))
    return (500 + 0.3 * poses).astype("float32")


@pytest.fixture(scope="session")
def pose_task():
    """Path of MediaPipe's model."""
    import pose_task

    return pose_task.pose_task()


@pytest.fixture(scope="session")
def astronaut():
    """A woman seen to the hips, from the front: `(512, 512, 3)`, public domain."""
    data = pytest.importorskip("skimage.data", reason="needs the extra test")
    return data.astronaut()
