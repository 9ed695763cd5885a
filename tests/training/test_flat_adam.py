"""Adam on all weights at once moves them as Keras' Adam does weight by weight."""

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras import backend
from propose_keras.training import FlatAdam, WarmUpSchedule
from propose_keras.training.ema import weight_averages

SHAPES = [(3, 4), (4,), (), (2, 1, 5)]


def make_variables(shapes=SHAPES):
    rng = np.random.default_rng(0)
    return [
        keras.Variable(rng.normal(size=shape).astype("float32")) for shape in shapes
    ]


def gradients(step, shapes=SHAPES):
    rng = np.random.default_rng([1, step])
    return [ops.convert_to_tensor(rng.normal(size=s).astype("float32")) for s in shapes]


@pytest.mark.parametrize("shapes", [SHAPES, [(3,)]])
@pytest.mark.parametrize(
    "arguments",
    [
        {"learning_rate": 0.1},
        {"learning_rate": WarmUpSchedule(0.1, 5, 2), "global_clipnorm": 0.5},
        {"learning_rate": 0.1, "weight_decay": 0.1},
        {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.7},
    ],
)
def test_moves_weights_as_keras_adam_does(arguments, shapes):
    expected, received = make_variables(shapes), make_variables(shapes)
    adam, flat = keras.optimizers.Adam(**arguments), FlatAdam(**arguments)
    for step in range(4):
        adam.apply(gradients(step, shapes), expected)
        flat.apply(gradients(step, shapes), received)
        for a, b in zip(expected, received):
            np.testing.assert_allclose(np.array(b), np.array(a), rtol=2e-6, atol=1e-7)
    assert int(flat.iterations) == 4
    averages = weight_averages(adam), weight_averages(flat)
    assert len(averages[1]) == (len(shapes) if "use_ema" in arguments else 0)
    for (_, a), (variable, b) in zip(*averages, strict=True):
        assert any(variable is v for v in received)
        np.testing.assert_allclose(np.array(b), np.array(a), rtol=2e-6, atol=1e-7)
    adam.finalize_variable_values(expected)
    flat.finalize_variable_values(received)
    for a, b in zip(expected, received):
        np.testing.assert_allclose(np.array(b), np.array(a), rtol=2e-6, atol=1e-7)


def test_no_gradient_counts_as_zero():
    weights = make_variables()
    before = np.array(weights[1])
    FlatAdam(0.1).apply(
        [g if i != 1 else None for i, g in enumerate(gradients(0))], weights
    )
    np.testing.assert_array_equal(np.array(weights[1]), before)
    assert float(weights[2]) != float(make_variables()[2])


@pytest.mark.skipif(backend.name != "jax", reason="TensorFlow keeps state in variables")
def test_a_function_of_values_gives_the_same():
    weights, optimizer = make_variables(), FlatAdam(0.1, use_ema=True)
    optimizer.build(weights)
    before = [np.array(v) for v in weights]
    state = [v.value for v in optimizer.variables]
    values, state = optimizer.stateless_apply(
        state, gradients(0), [v.value for v in weights]
    )
    for variable, value in zip(weights, before):
        np.testing.assert_array_equal(np.array(variable), value)
    optimizer.apply(gradients(0))
    for variable, value in zip([*weights, *optimizer.variables], [*values, *state]):
        np.testing.assert_array_equal(np.array(variable), np.array(value))


def test_weights_are_not_part_of_its_state():
    """JAX refuses a state that holds the same array twice."""
    weights = make_variables()
    optimizer = FlatAdam(0.1, use_ema=True)
    optimizer.build(weights)
    state = {id(variable) for variable in optimizer.variables}
    assert not state & {id(variable) for variable in weights}
    size = sum(int(np.prod(shape)) for shape in SHAPES)
    vectors = [v for v in optimizer.variables if len(v.shape)]
    assert [tuple(v.shape) for v in vectors] == [(size,)] * 3


def test_config_gives_the_same_optimizer():
    optimizer = FlatAdam(WarmUpSchedule(0.1, 5), global_clipnorm=1.0, use_ema=True)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(optimizer)
    )
    assert type(again) is FlatAdam
    assert again.get_config() == optimizer.get_config()


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="`global_clipnorm` in place of `clipnorm`"):
        FlatAdam(0.1, clipnorm=1.0)
    with pytest.raises(ValueError, match="float16 and float32"):
        FlatAdam(0.1).build(
            [keras.Variable(np.zeros(2, dtype)) for dtype in ("float32", "float16")]
        )
    optimizer = FlatAdam(0.1)
    optimizer.build(make_variables())
    with pytest.raises(ValueError, match="built with 4 weights"):
        optimizer.apply(gradients(0), make_variables())
    with pytest.raises(ValueError, match=r"shorter|longer"):
        optimizer.apply(gradients(0)[:3])
