import keras
import numpy as np
import pytest

from propose_keras import ProPose, backend


@pytest.fixture(scope="module")
def data():
    """Inputs and poses of 32 rows, noise but finite."""
    rng = np.random.default_rng(0)
    inputs = {
        "keypoints": rng.uniform(200, 800, (32, 17, 2)).astype("float32"),
        "image_size": np.full((32, 2), 1000, "float32"),
    }
    return inputs, (200 * rng.normal(size=(32, 17, 3))).astype("float32")


@pytest.fixture(scope="module")
def make_model(data):
    """Makes tiny models, the same at every call with the same arguments."""

    def make(**kwargs):
        keras.utils.set_random_seed(0)
        sizes = {"latent_size": 4, "width": 8, "num_blocks": 1, "num_couplings": 2}
        if kwargs.get("encoder") == "graph":
            sizes |= {"graph_width": 16, "graph_heads": 4, "decoder_width": 8}
        model = ProPose.from_sizes(**{**sizes, **kwargs})
        inputs, pose_3d = data
        model.normalization.adapt(inputs["keypoints"], inputs["image_size"], pose_3d)
        return model

    return make


@pytest.fixture(scope="module")
def compile_model():
    """Compiles a model for a test that runs few steps.

    TensorFlow then runs operations one by one: tracing a step takes longer than a dozen
    of them. Steps as graphs, and under XLA, are in test_training and `tests/cli`.
    """

    def compile_model(model, optimizer, settings):
        eager = backend.name == "tensorflow"
        model.compile(optimizer, settings=settings, run_eagerly=eager)
        return model

    return compile_model
