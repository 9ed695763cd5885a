"""Small comparators for tests."""

import keras
import numpy as np
from keras import ops

from propose_keras import backend
from propose_keras.comparators import COMPARATORS

SIZE = np.float32([1000, 900])
SMALL = {"width": 16, "num_blocks": 1, "dropout": 0.1}
OWN = {
    "mixture": {"num_components": 3},
    "cvae": {"latent_size": 4, "training_hypotheses": 2},
    "flow": {"num_couplings": 2, "training_hypotheses": 6, "num_best": 2},
    "score": {"sampling_steps": 4},
    "flow_matching": {"sampling_steps": 2},
}
GRAPH = {"encoder": "graph", "graph_width": 8, "graph_heads": 2, "graph_blocks": 1}


def make_model(name, **changes):
    keras.utils.set_random_seed(0)
    return COMPARATORS[name].from_sizes(**{**SMALL, **OWN.get(name, {}), **changes})


def inputs(keypoints):
    return {"keypoints": keypoints, "image_size": np.tile(SIZE, (len(keypoints), 1))}


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def run(model, function, *arrays):
    """Calls a function of arrays that reads a model, its outputs in NumPy.

    As one program on JAX, which compiles every single operation otherwise; one by one
    on TensorFlow, which compiles programs for seconds.
    """
    if backend.name == "jax":
        function = backend.compile_function(function, tuple(model.variables))
    return keras.tree.map_structure(
        numpy, function(*(ops.convert_to_tensor(a) for a in arrays))
    )
