import numpy as np
import pytest
from comparator_tools import SIZE, inputs, make_model

from propose_keras import backend
from propose_keras.training import make_adam


@pytest.fixture(scope="package")
def data():
    rng = np.random.default_rng(0)
    pose = 250 * rng.normal(size=(48, 17, 3)) + [0, 0, 4000]
    keypoints = 1100 * pose[..., :2] / pose[..., 2:] + 500
    return np.float32(keypoints), np.float32(pose)


@pytest.fixture(scope="package")
def trained(data):
    """A model by name that has taken two epochs, made once: compiling takes seconds."""
    made = {}

    def get(name):
        if name not in made:
            model = make_model(name)
            model.normalization.adapt(data[0], SIZE, data[1])
            before = [np.array(v) for v in model.trainable_variables]
            optimizer = make_adam(3e-3, 20, schedule="constant", warmup=0.0)
            optimizer.build(model.trainable_variables)
            # Without XLA JAX compiles every single operation.
            model.compile(optimizer, jit_compile=backend.name == "jax")
            history = model.fit(
                inputs(data[0]), data[1], batch_size=16, epochs=2, verbose=0
            )
            made[name] = model, before, history.history
        return made[name]

    return get
