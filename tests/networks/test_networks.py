"""What every network must do: build, take any batch, serialise, save and load."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops
from network_makers import (
    make_discriminator,
    make_flow,
    make_pagd,
    make_pilgd,
    mlp,
)

from propose_keras.networks import (
    AffineCoupling,
    ConditionalFlow,
    Discriminator,
    PAGDLearner,
    PILGDLearner,
)

NETWORKS = {
    "pilgd_instance": make_pilgd,
    "pilgd_standard": lambda: make_pilgd("standard"),
    "pagd": make_pagd,
    "discriminator": make_discriminator,
    "flow": make_flow,
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
    network = make_pilgd(latent_scale=0.2, clamp=1.5)
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
    network = make_pagd(mean_clamp=1.0, log_scale_clamp=0.5)
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
        lambda: make_pilgd(latent_scale=0.0),
        lambda: make_pilgd("other"),
        lambda: make_pagd(mean_clamp=0.0),
        lambda: make_flow(latent_size=1),
        lambda: make_flow(num_couplings=0),
        lambda: AffineCoupling(mlp(6), clamp=0.0),
        lambda: PILGDLearner(mlp(7), mlp(51), latent_size=6),
        lambda: PAGDLearner(mlp(5), mlp(33), latent_size=6, feature_size=5),
        lambda: Discriminator(mlp(5), mlp(51), feature_size=4),
        lambda: ConditionalFlow([AffineCoupling(mlp(5))], latent_size=6).build(),
    ],
)
def test_bad_arguments_are_named(make):
    with pytest.raises(ValueError, match="must (be|have)"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: PILGDLearner({"width": 8}, mlp(51), latent_size=32),
        lambda: Discriminator(mlp(32), None),
    ],
)
def test_parts_must_be_layers(make):
    with pytest.raises(TypeError, match="must be a Keras layer"):
        make()


@keras.saving.register_keras_serializable(package="tests")
class Linear(keras.layers.Layer):
    """The least that a part must offer: one dense layer that ignores dropout."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = keras.layers.Dense(units)

    def build(self, x_shape, condition_shape=None):
        self.dense.build(x_shape)

    def call(self, x, condition=None, dropout_seed=None):
        return self.dense(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_a_part_is_any_layer_that_keeps_the_contract(rng):
    network = PILGDLearner(Linear(6), Linear(51), latent_size=6)
    network.build()
    config = keras.saving.serialize_keras_object(network)
    copy = keras.saving.deserialize_keras_object(config)
    copy.build()
    copy.set_weights(network.get_weights())
    assert len(network.weights) == 4
    inputs = make_inputs(network, 3)
    for a, b in zip(run(network, inputs), run(copy, inputs), strict=True):
        np.testing.assert_array_equal(a, b)


def test_configurations_from_before_parts_were_arguments_load():
    old = {"width": 8, "num_blocks": 1}
    sizes = {"num_joints": 17, "latent_size": 6, "name": "pilgd_learner"}
    network = PILGDLearner.from_config(
        {**sizes, "kind": "standard", "encoder": old, "decoder": old}
    )
    assert network.encoder.output_size == 12
    assert network.decoder.output_size == 51
    flow = ConditionalFlow.from_config(
        {
            **{"num_joints": 17, "latent_size": 6, "num_couplings": 2, "seed": 3},
            **{"clamp": 1.5, "subnet": {**old, "zero_output": True}},
        }
    )
    assert [c.clamp for c in flow.couplings] == [1.5, 1.5]
    assert all(s.zero_output and s.width == 8 for s in flow.subnets)


def test_bounded_latents_decode_as_the_nearest_that_poses_have(rng):
    free, bounded = (make_pilgd(bounded=value, clamp=1.0) for value in (False, True))
    free.build(), bounded.build()
    bounded.set_weights(free.get_weights())
    condition = rng.normal(size=(4, 17, 2)).astype("float32")
    near = rng.uniform(-1.5, 1.5, (4, 3, 6)).astype("float32")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(bounded.decode(near, condition)),
        ops.convert_to_numpy(free.decode(near, condition)),
    )
    far = near + 1000.0 * np.sign(near)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(bounded.decode(far, condition)),
        ops.convert_to_numpy(free.decode(1.5 * np.sign(near), condition)),
    )
    assert type(bounded).from_config(bounded.get_config()).bounded
