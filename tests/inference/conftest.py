import functools

import numpy as np
import pytest

from propose_keras import ProPose


def tiny_model(standing, **kwargs):
    """A model with random weights that knows the scale of people."""
    sizes = {"latent_size": 4, "width": 8, "num_blocks": 0, "num_couplings": 1}
    model = ProPose.from_sizes(**sizes, **kwargs)
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    poses = standing + 80 * rng.normal(size=(50, 17, 3))
    pixels = 500 + 0.3 * poses[..., :2]
    model.normalization.adapt(pixels, (1000, 1000), poses)
    return model


@pytest.fixture(scope="session")
def make_model(standing):
    """Makes models with random weights; keyword arguments as of `from_sizes`."""
    return functools.partial(tiny_model, standing)


@pytest.fixture(scope="session")
def model(make_model):
    return make_model(temperature=1.3)
