"""Training moves what Algorithm 1 says, on real compiled steps."""

import dataclasses

import keras
import numpy as np
import pytest
from training_tools import moved_networks, snapshot

from propose_keras import TrainingSettings, backend
from propose_keras.training import FlatAdam, make_optimizer, objectives
from propose_keras.training.ema import weight_averages
from propose_keras.training.phases import choose_phase

# Phases by step for N_p1 = 2, N_p2 = 1.
SETTINGS = TrainingSettings(num_phase_1=2, num_phase_2=1, training_hypotheses=4)
PHASES = ["phase_1", "phase_1", "phase_2"] * 2
MOVED = {
    "phase_1": {"pilgd_learner", "discriminator"},
    "phase_2": {"pagd_learner", "flow"},
}


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.snapshots, self.logs = [], []

    def on_train_begin(self, logs=None):
        self.snapshots.append(snapshot(self.model))

    def on_train_batch_end(self, batch, logs=None):
        self.snapshots.append(snapshot(self.model))
        self.logs.append(dict(logs))


@pytest.fixture(scope="module")
def trained(make_model, data):
    model, recorder = make_model(), Recorder()
    # A graph without XLA on TensorFlow.
    jit_compile = "auto" if backend.name == "jax" else False
    optimizer = keras.optimizers.SGD(1e-3)
    model.compile(optimizer, settings=SETTINGS, jit_compile=jit_compile)
    model.fit(*data, batch_size=16, epochs=3, callbacks=[recorder], verbose=0)
    return model, recorder


def test_each_phase_moves_its_networks_and_reports_its_losses(trained):
    model, recorder = trained
    assert int(model.optimizer.iterations) == 6
    pairs = zip(recorder.snapshots, recorder.snapshots[1:])
    for phase, (before, after) in zip(PHASES, pairs, strict=True):
        assert moved_networks(before, after) == MOVED[phase]
    moves = [int(o.iterations) for o in model.optimizer.optimizers]
    assert sorted(moves) == [2, 2, 4, 4]
    # Within an epoch of two steps the means weigh in only the phase that ran.
    first, second = recorder.logs[0], recorder.logs[2]
    assert first["phase_1"] > 0
    assert first["phase_2"] == 0
    assert second["phase_2"] != 0
    assert second["phase_1"] == 0
    assert {"recon_3d", "recon_2d", "nll", "m2m", "discriminator"} <= set(first)


@pytest.mark.parametrize(
    "arguments", [{}, {"encoder": "graph", "graph_activation": "gelu"}]
)
def test_every_weight_of_a_network_learns(make_model, compile_model, data, arguments):
    model = make_model(activation="gelu", **arguments)
    compile_model(model, FlatAdam(1e-2), SETTINGS)
    before = snapshot(model)
    # Hidden layers before an output that starts at 0 wait for it to leave 0.
    model.fit(*data, batch_size=16, epochs=6, verbose=0)
    after = snapshot(model)
    assert [path for path in before if (before[path] == after[path]).all()] == []


def test_training_is_a_function_of_its_seed(make_model, compile_model, data):
    def train(model):
        model.fit(*data, batch_size=16, epochs=2, shuffle=False, verbose=0)
        return snapshot(model)

    def compiled(seed):
        settings = TrainingSettings(training_hypotheses=4, seed=seed)
        model = make_model(dropout=0.2)
        return compile_model(model, keras.optimizers.SGD(1e-2), settings)

    model = compiled(seed=1)
    weights = model.get_weights()
    first = train(model)
    model.set_weights(weights)
    for variable in model.optimizer.variables:
        if variable.name == "iteration":
            variable.assign(0)
    again, other = train(model), train(compiled(seed=2))
    for path in first:
        np.testing.assert_array_equal(first[path], again[path])
    assert moved_networks(first, other)


def test_each_weight_scales_its_loss(make_model, data):
    model = make_model(pilgd="standard", encoder="graph")
    inputs, pose_3d = data
    model.compile("sgd", settings={"gate": 0.0}, run_eagerly=True)
    batch = model.training_batch((inputs, pose_3d))
    seeds = objectives.noise_seeds(np.array([1, 2], "uint32"))
    names = [f.name for f in dataclasses.fields(TrainingSettings)]
    weights = {n: 1.0 for n in names if n.endswith("_weight")}

    def total(**changes):
        settings = TrainingSettings(
            scheme="end_to_end", training_hypotheses=4, **{**weights, **changes}
        )
        loss, logs, _ = objectives.end_to_end(
            model, settings, batch, seeds, bidirectional=True
        )
        return float(loss), {k: float(v) for k, v in logs.items()}

    whole, logs = total()
    logs["bidirectional"] = logs["best_of_m"] + logs["random"]
    assert len(weights) == 10
    for name in weights:
        tripled, _ = total(**{name: 3.0})
        expected = whole + 2 * logs[name.removesuffix("_weight")]
        np.testing.assert_allclose(tripled, expected, rtol=1e-4, err_msg=name)


def test_losses_fall_and_averaged_weights_are_used(make_model, data):
    settings = TrainingSettings(training_hypotheses=4)
    model = make_model(width=32, num_blocks=0, num_couplings=1)
    optimizer = make_optimizer(
        settings, 200, alpha=3e-3, beta=3e-3, ema_momentum=0.9, warmup=0.1
    )
    model.compile(optimizer, settings=settings)
    untrained = model.evaluate(*data, verbose=0, return_dict=True)["mpjpe"]
    # XLA on both backends, as by default, and a last batch that is smaller.
    history = model.fit(*data, batch_size=20, epochs=100, shuffle=False, verbose=0)
    for name in ("recon_3d", "recon_2d", "nll"):
        values = [v for v in history.history[name] if v != 0]
        assert np.mean(values[-10:]) < np.mean(values[:5])
    trained = model.evaluate(*data, verbose=0, return_dict=True)
    assert trained["mpjpe"] < 0.8 * untrained
    np.testing.assert_allclose(trained["loss"], trained["mpjpe"], rtol=1e-4)
    assert set(trained) == {"loss", "mpjpe"}
    flow = optimizer.for_network("flow")
    averages = weight_averages(flow)
    assert len(averages) == len(model.flow.trainable_variables)
    for variable, average in averages:
        np.testing.assert_array_equal(np.array(variable), np.array(average))


def test_gate_is_drawn_anew_for_each_step(make_model):
    model = make_model()
    model.compile("sgd", settings=SETTINGS)
    gates = {
        int(choose_phase(0, model.step_seeds(step), SETTINGS)) for step in range(20)
    }
    assert gates == {0, 1}


def test_networks_that_took_no_step_keep_their_weights(make_model, compile_model, data):
    settings = TrainingSettings(num_phase_1=50, training_hypotheses=4)
    model = make_model()
    optimizer = make_optimizer(settings, 100, ema_momentum=0.9)
    compile_model(model, optimizer, settings)
    before = snapshot(model)
    model.fit(*data, batch_size=16, verbose=0)
    assert moved_networks(before, snapshot(model)) == MOVED["phase_1"]


def test_frozen_networks_stay(make_model, compile_model, data):
    model = make_model()
    model.pilgd_learner.trainable = False
    before = {v.path: np.array(v) for v in model.pilgd_learner.variables}
    compile_model(model, keras.optimizers.SGD(1e-3), SETTINGS)
    model.fit(*data, batch_size=8, verbose=0)
    for variable in model.pilgd_learner.variables:
        np.testing.assert_array_equal(before[variable.path], np.array(variable))


@pytest.mark.parametrize("mistake", ["weights", "joints", "image_size"])
def test_mistakes_in_fit_are_named(make_model, compile_model, data, mistake):
    inputs, pose_3d = data
    model = make_model()
    compile_model(model, "sgd", SETTINGS)
    arguments, message = {}, "takes no sample weights|no sample weights"
    if mistake == "weights":
        arguments["sample_weight"] = np.ones(32)
    elif mistake == "joints":
        pose_3d, message = pose_3d[:, :16], r"\(batch, 17, 3\)"
    else:
        inputs, message = {"keypoints": inputs["keypoints"]}, "pass `image_size`"
    with pytest.raises(ValueError, match=message):
        model.fit(inputs, pose_3d, batch_size=16, verbose=0, **arguments)
