import keras
import numpy as np
import pytest
from keras import ops

from propose_keras.layers import ConditionedDense, ResidualMLP, soft_clamp


def to_numpy(x):
    return ops.convert_to_numpy(x)


def test_soft_clamp_is_eq_5():
    t = np.linspace(-50, 50, 101).astype("float32")
    value = to_numpy(soft_clamp(t, 1.5))
    np.testing.assert_allclose(value, 3 / np.pi * np.arctan(t / 1.5), rtol=1e-5)
    assert np.abs(value).max() < 1.5
    assert (np.diff(value) > 0).all()


def test_conditioned_dense_equals_dense_on_the_concatenation(rng):
    x = rng.normal(size=(4, 3, 5)).astype("float32")
    condition = rng.normal(size=(4, 1, 2)).astype("float32")
    layer = ConditionedDense(6)
    output = to_numpy(layer(x, condition))
    kernel = np.concatenate([layer.kernel, layer.condition_kernel])
    both = np.concatenate([x, np.repeat(condition, 3, axis=1)], axis=-1)
    np.testing.assert_allclose(output, both @ kernel, atol=1e-5)


@pytest.mark.parametrize("conditioned", [True, False])
def test_residual_mlp_shapes_and_serialisation(rng, conditioned):
    layer = ResidualMLP(
        4, width=8, num_blocks=2, activation="silu", dropout=0.1, layer_norm=True
    )
    x = rng.normal(size=(3, 2, 5)).astype("float32")
    condition = rng.normal(size=(3, 1, 6)).astype("float32") if conditioned else None
    output = layer(x, condition)
    assert output.shape == (3, 2, 4)
    copy = ResidualMLP.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    copy(x, condition)
    copy.set_weights(layer.get_weights())
    np.testing.assert_allclose(to_numpy(copy(x, condition)), to_numpy(output))


def test_zero_output_starts_at_zero(rng):
    layer = ResidualMLP(4, width=8, zero_output=True)
    assert not to_numpy(layer(rng.normal(size=(3, 1, 5)).astype("float32"))).any()


def test_dropout_is_a_function_of_its_seed(rng):
    layer = ResidualMLP(4, width=64, dropout=0.5)
    x = rng.normal(size=(3, 1, 5)).astype("float32")
    seed = np.array([1, 2], "uint32")
    once, again = layer(x, dropout_seed=seed), layer(x, dropout_seed=seed)
    other = layer(x, dropout_seed=seed + 1)
    np.testing.assert_array_equal(to_numpy(once), to_numpy(again))
    assert np.abs(to_numpy(once - other)).max() > 1e-3
    assert np.abs(to_numpy(once - layer(x))).max() > 1e-3


def test_dropout_drops_its_share_and_keeps_the_mean(rng):
    # One block of identities: the output is the dropped hidden units over themselves.
    layer = ResidualMLP(1000, width=1000, num_blocks=1, dropout=0.3)
    x = ops.ones((20, 10, 1000))
    layer(x)
    for weight in layer.trainable_variables:
        weight.assign(ops.eye(1000) if len(weight.shape) == 2 else ops.zeros(1000))
    dropped = to_numpy(layer(x, dropout_seed=np.array([3, 4], "uint32"))) - 1.0
    assert abs((dropped == 0).mean() - (1 - 0.7**2)) < 0.01
    assert abs(dropped.mean() - 1.0) < 0.01


@pytest.mark.parametrize(
    "arguments", [{"output_size": 0}, {"output_size": 2, "dropout": 1.0}]
)
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="Received"):
        ResidualMLP(**arguments)


def test_layers_are_registered_for_saving():
    layer = ConditionedDense(3)
    config = keras.saving.serialize_keras_object(layer)
    assert isinstance(keras.saving.deserialize_keras_object(config), ConditionedDense)
