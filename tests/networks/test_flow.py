import gc
import weakref

import numpy as np
import pytest
from keras import ops
from network_makers import make_flow

from propose_keras import backend


def randomise(layer, rng, scale=0.3):
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * scale)


@pytest.fixture
def flow(rng):
    flow = make_flow(latent_size=5, num_joints=3, num_couplings=4)
    flow.build()
    randomise(flow, rng)
    return flow


@pytest.fixture
def inputs(rng):
    latents = rng.normal(size=(6, 4, 5)).astype("float32")
    condition = rng.normal(size=(6, 3, 2)).astype("float32")
    return latents, condition


def to_numpy(x):
    return ops.convert_to_numpy(x)


def test_starts_volume_preserving(inputs):
    flow = make_flow(latent_size=5, num_joints=3, num_couplings=8)
    flow.build()
    base, log_det = flow.forward(*inputs)
    np.testing.assert_allclose(to_numpy(log_det), 0.0)
    np.testing.assert_allclose(
        np.sort(to_numpy(base), axis=-1), np.sort(inputs[0], axis=-1)
    )


def test_round_trip_with_the_cache_broken(flow, inputs):
    latents, condition = inputs
    base, _ = flow.forward(latents, condition)
    # Fresh arrays: TFP's cache would return the original latents.
    again = flow.inverse(to_numpy(base).copy(), condition)
    assert not np.allclose(to_numpy(base), latents, atol=0.1)
    np.testing.assert_allclose(to_numpy(again), latents, atol=1e-4)


def test_forward_is_the_chains_inverse(flow, inputs):
    latents, condition = inputs
    arguments = flow.condition_arguments(condition)
    np.testing.assert_allclose(
        to_numpy(flow.forward(latents, condition)[0]),
        to_numpy(flow.chain.inverse(ops.convert_to_tensor(latents), **arguments)),
        atol=1e-6,
    )


def test_log_determinant_against_numerical_jacobian(flow, inputs):
    latents, condition = (x[:1].astype("float64") for x in inputs)
    _, log_det = flow.forward(latents.astype("float32"), condition)
    step = 1e-2
    for h in range(latents.shape[1]):
        jacobian = np.zeros((5, 5))
        for i in range(5):
            values = []
            for sign in (1, -1):
                moved = latents[:, h : h + 1].copy()
                moved[0, 0, i] += sign * step
                values.append(
                    to_numpy(flow.forward(moved.astype("float32"), condition)[0])
                )
            jacobian[:, i] = (values[0] - values[1])[0, 0] / (2 * step)
        expected = np.log(np.abs(np.linalg.det(jacobian)))
        np.testing.assert_allclose(to_numpy(log_det)[0, h], expected, atol=2e-2)


def test_log_determinant_does_not_depend_on_the_call_order(flow, inputs):
    latents, condition = inputs
    arguments = flow.condition_arguments(condition)
    alone = flow.chain.inverse_log_det_jacobian(
        ops.convert_to_tensor(latents), 1, **arguments
    )
    np.testing.assert_allclose(
        to_numpy(alone), to_numpy(flow.forward(latents, condition)[1]), atol=1e-5
    )


def test_output_depends_on_the_condition(flow, inputs):
    latents, condition = inputs
    base, log_det = flow.forward(latents, condition)
    other_base, other_log_det = flow.forward(latents, condition + 1.0)
    assert np.abs(to_numpy(base - other_base)).max() > 1e-2
    assert np.abs(to_numpy(log_det - other_log_det)).max() > 1e-2


def test_every_coupling_requires_the_condition(flow, inputs):
    with pytest.raises(TypeError, match="condition"):
        flow.chain.inverse(ops.convert_to_tensor(inputs[0]))


def test_condition_is_broadcast_over_hypotheses(flow, inputs):
    latents, condition = inputs
    base, _ = flow.forward(latents, condition)
    single, _ = flow.forward(latents[:, 2:3], condition)
    np.testing.assert_allclose(to_numpy(base)[:, 2:3], to_numpy(single), atol=1e-5)


def test_every_coordinate_is_reached_by_every_other(inputs, rng):
    flow = make_flow(latent_size=5, num_joints=3, num_couplings=8)
    flow.build()
    randomise(flow, rng)
    latents, condition = (x[:1] for x in inputs)
    base = to_numpy(flow.forward(latents, condition)[0])
    for i in range(5):
        moved = latents.copy()
        moved[..., i] += 0.5
        change = to_numpy(flow.forward(moved, condition)[0]) - base
        assert (np.abs(change).max(axis=(0, 1)) > 1e-5).all()


def test_one_evaluation_gives_value_and_log_determinant(flow, inputs, monkeypatch):
    calls = []
    original = type(flow.subnets[0]).call

    def counted(self, *args, **kwargs):
        calls.append(self.name)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(type(flow.subnets[0]), "call", counted)
    flow.forward(*inputs)
    assert sorted(calls) == [f"subnet_{i}" for i in range(4)]


def test_a_flow_that_was_compiled_is_freed(rng):
    """TFP's own caches, one for each class of bijectors, would keep it."""
    latents = rng.normal(size=(2, 1, 6)).astype("float32")
    condition = rng.normal(size=(2, 17, 2)).astype("float32")

    def subnet_of_a_compiled_flow():
        flow = make_flow()
        flow.build()
        backend.compile_function(flow.forward, flow.variables)(latents, condition)
        return weakref.ref(flow.subnets[0])

    subnet = subnet_of_a_compiled_flow()
    gc.collect()
    assert subnet() is None
