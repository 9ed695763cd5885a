"""Where the gradients of the losses reach."""

import functools

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras import TrainingSettings, backend
from propose_keras.training import objectives

if backend.name == "jax":
    import jax

    def gradients(function, variables):
        def loss(values):
            with keras.StatelessScope(state_mapping=list(zip(variables, values))):
                return function()

        return jax.jit(jax.grad(loss))([v.value for v in variables])

else:
    import tensorflow as tf

    def gradients(function, variables):
        @tf.function(autograph=False)
        def compute():
            with tf.GradientTape() as tape:
                loss = function()
            values = [v.value for v in variables]
            return tape.gradient(loss, values, unconnected_gradients="zero")

        return compute()


@pytest.fixture
def model(make_model, rng):
    model = make_model()
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    return model


def reached(model, function):
    """Parts of the model that a loss sends gradient to."""
    variables = model.trainable_variables
    parts = set()
    for variable, gradient in zip(variables, gradients(function, variables)):
        if np.abs(ops.convert_to_numpy(gradient)).max() > 0:
            parts.add("/".join(variable.path.split("/")[:2]))
    whole = ("flow", "discriminator")
    return {p.split("/")[0] if p.startswith(whole) else p for p in parts}


PILGD = {"pilgd_learner/encoder", "pilgd_learner/decoder"}
PAGD = {"pagd_learner/encoder", "pagd_learner/decoder", "pagd_learner/projection"}


def loss_of(objective, model, data, **settings):
    settings = TrainingSettings(training_hypotheses=4, **settings)
    batch = model.training_batch(data)
    seeds = objectives.noise_seeds(np.array([1, 2], "uint32"))
    return lambda: objective(model, settings, batch, seeds)


def bidirectional_loss_of(objective, model, data, **settings):
    """Of an objective with an open gate and no other loss."""
    names = ("recon_3d", "recon_2d", "m2m", "generator", "pulling_away")
    settings |= {f"{name}_weight": 0.0 for name in names}
    open_gate = functools.partial(objective, bidirectional=True)
    return loss_of(open_gate, model, data, **settings)


def test_bidirectional_loss_of_phase_1_teaches_only_the_decoder(model, data):
    function = bidirectional_loss_of(objectives.phase_1, model, data)
    assert reached(model, lambda: function()[0]) == {"pilgd_learner/decoder"}


def test_bidirectional_loss_end_to_end_teaches_the_whole_sampling_path(model, data):
    function = bidirectional_loss_of(
        objectives.end_to_end, model, data, scheme="end_to_end", nll_weight=0.0
    )
    assert reached(model, lambda: function()[0]) == {
        "pilgd_learner/decoder",
        "pagd_learner/encoder",
        "pagd_learner/projection",
        "flow",
    }


def test_phase_2_does_not_teach_the_pilgd_learner(model, data):
    function = loss_of(objectives.phase_2, model, data)
    assert reached(model, lambda: function()[0]) == PAGD | {"flow"}


def test_end_to_end_teaches_everything(model, data):
    function = loss_of(objectives.end_to_end, model, data)
    assert reached(model, lambda: function()[0]) >= PILGD | PAGD | {"flow"}


LIFTER = {"lifter/graph", "lifter/features"}


@pytest.fixture
def lifting_model(make_model, rng):
    model = make_model(encoder="graph")
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    return model


@pytest.mark.parametrize("objective", [objectives.phase_1, objectives.phase_2])
def test_the_lifter_learns_from_its_own_error_and_its_features_from_the_rest(
    lifting_model, data, objective
):
    alone = loss_of(objective, lifting_model, data)
    without = loss_of(objective, lifting_model, data, lift_weight=0.0)
    error = reached(lifting_model, lambda: alone()[0] - without()[0])
    assert error == {"lifter/graph"}
    others = reached(lifting_model, lambda: without()[0])
    assert others & LIFTER == {"lifter/features"}


def test_the_mode_loss_teaches_the_base_and_the_flow(model, data):
    plain = loss_of(objectives.phase_2, model, data)
    with_mode = loss_of(objectives.phase_2, model, data, mode_weight=0.5)
    difference = reached(model, lambda: with_mode()[0] - plain()[0])
    assert difference >= {"pagd_learner/encoder", "pagd_learner/projection", "flow"}


def test_adversarial_loss_reaches_encoder_and_decoder_of_the_pilgd(model, data):
    plain = loss_of(
        objectives.phase_1, model, data, generator_weight=0.0, pulling_away_weight=0.0
    )
    adversarial = loss_of(objectives.phase_1, model, data)
    difference = reached(model, lambda: adversarial()[0] - plain()[0])
    assert difference >= PILGD


def test_discriminator_loss_teaches_only_the_discriminator(model, data):
    settings = TrainingSettings(margin=100.0)
    batch = model.training_batch(data)

    def function():
        reconstruction = model.pilgd_learner(batch.pose, batch.condition)
        return objectives.discriminator(model, settings, batch, None, reconstruction)[0]

    assert reached(model, function) == {"discriminator"}
