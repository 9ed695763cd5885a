"""What every network must do: build, take any batch, serialise, save and load."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras.networks import (
    ConditionalFlow,
    Discriminator,
    PAGDLearner,
    PILGDLearner,
)

SMALL = {"width": 8, "num_blocks": 1}
NETWORKS = {
    "pilgd_instance": lambda: PILGDLearner(17, 6, encoder=SMALL, decoder=SMALL),
    "pilgd_standard": lambda: PILGDLearner(
        17, 6, kind="standard", encoder=SMALL, decoder=SMALL
    ),
    "pagd": lambda: PAGDLearner(17, 6, 5, encoder=SMALL, decoder=SMALL),
    "discriminator": lambda: Discriminator(17, 5, encoder=SMALL, decoder=SMALL),
    "flow": lambda: ConditionalFlow(6, 17, 3, subnet=SMALL),
}


def make_inputs(network, batch_size):
    rng = np.random.default_rng(0)
    condition = rng.normal(size=(batch_size, 17, 2)).astype("float32")
    if isinstance(network, PAGDLearner):
        return (condition,)
    if isinstance(network, ConditionalFlow):
        first = rng.normal(size=(batch_size, 3, 6))
    else:
        first = rng.normal(size=(batch_size, 3, 17, 3))
    return first.astype("float32"), condition


def run(network, inputs):
    outputs = keras.tree.flatten(network(*inputs))
    return [ops.convert_to_numpy(x) for x in outputs]


def randomise(network, rng):
    for variable in network.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)


@pytest.fixture(params=sorted(NETWORKS))
def network(request, rng):
    network = NETWORKS[request.param]()
    network.build()
    randomise(network, rng)
    return network


def test_any_batch_size_gives_the_same_rows(network):
    inputs = make_inputs(network, 7)
    whole = run(network, inputs)
    for batch in (slice(0, 1), slice(2, 5)):
        for a, b in zip(whole, run(network, [x[batch] for x in inputs]), strict=True):
            np.testing.assert_allclose(a[batch], b, rtol=1e-4, atol=1e-5)


def test_config_carries_every_argument(network):
    config = network.get_config()
    copy = type(network).from_config(config)
    assert copy.get_config() == config
    arguments = set(inspect.signature(type(network).__init__).parameters)
    assert arguments - {"self", "kwargs"} <= set(config)


def test_serialisation_keeps_the_function(network):
    config = keras.saving.serialize_keras_object(network)
    copy = keras.saving.deserialize_keras_object(config)
    copy.set_weights(network.get_weights())
    inputs = make_inputs(network, 4)
    for a, b in zip(run(network, inputs), run(copy, inputs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_building_twice_with_calls_adds_no_weights(network):
    count = len(network.weights)
    run(network, make_inputs(network, 2))
    assert len(network.weights) == count


def test_instance_latents_are_clamped_and_have_fixed_scale(rng):
    network = PILGDLearner(17, 6, latent_scale=0.2, clamp=1.5)
    network.build()
    pose = 1e4 * rng.normal(size=(5, 1, 17, 3)).astype("float32")
    mean, scale = network.encode(pose, np.zeros((5, 17, 2), "float32"))
    assert np.abs(ops.convert_to_numpy(mean)).max() < 1.5
    assert (ops.convert_to_numpy(scale) == np.float32(0.2)).all()


def test_standard_latents_have_a_scale_of_their_own(rng):
    network = NETWORKS["pilgd_standard"]()
    network.build()
    randomise(network, rng)
    pose = rng.normal(size=(5, 1, 17, 3)).astype("float32")
    _, scale = network.encode(pose, np.zeros((5, 17, 2), "float32"))
    assert ops.convert_to_numpy(scale).std() > 1e-3


def test_base_starts_standard_and_stays_clamped(rng):
    network = PAGDLearner(17, 6, mean_clamp=1.0, log_scale_clamp=0.5)
    network.build()
    condition = rng.normal(size=(4, 17, 2)).astype("float32")
    for x in network(condition):
        assert not ops.convert_to_numpy(x).any()
    randomise(network, rng)
    mean, log_scale = network(100 * condition)
    assert np.abs(ops.convert_to_numpy(mean)).max() < 1.0
    assert np.abs(ops.convert_to_numpy(log_scale)).max() < 0.5


def test_energy_is_the_mean_joint_distance_to_the_reconstruction(rng):
    network = NETWORKS["discriminator"]()
    network.build()
    pose = rng.normal(size=(4, 2, 17, 3)).astype("float32")
    for variable in network.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    energy, _ = network(pose, np.zeros((4, 17, 2), "float32"))
    expected = np.linalg.norm(pose, axis=-1).mean(-1)
    np.testing.assert_allclose(ops.convert_to_numpy(energy), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PILGDLearner(latent_scale=0.0),
        lambda: PILGDLearner(kind="other"),
        lambda: PAGDLearner(mean_clamp=0.0),
        lambda: ConditionalFlow(latent_size=1),
        lambda: ConditionalFlow(num_couplings=0),
    ],
)
def test_bad_arguments_are_named(make):
    with pytest.raises(ValueError, match="must be"):
        make()
