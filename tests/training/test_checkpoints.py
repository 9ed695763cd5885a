"""Checkpoints, averaged weights and saved models."""

import h5py
import keras
import numpy as np
import pytest

from propose_keras import TrainingSettings
from propose_keras.training import checkpoints, make_optimizer
from propose_keras.training.ema import averaged_weights

SETTINGS = TrainingSettings(training_hypotheses=4)


@pytest.fixture(scope="module")
def compiled(make_model, compile_model):
    def compiled():
        optimizer = make_optimizer(SETTINGS, 12, ema_momentum=0.5, weight_decay=0.01)
        return compile_model(make_model(dropout=0.1), optimizer, SETTINGS)

    return compiled


def steps(data):
    """The same 12 batches whenever asked."""
    inputs, pose_3d = data
    for step in range(12):
        rows = np.random.default_rng(step).permutation(32)[:16]
        yield {k: v[rows] for k, v in inputs.items()}, pose_3d[rows]


def train(model, batches):
    """Trains without `fit`, which would overwrite weights by their averages."""
    for x, y in batches:
        model.train_on_batch(x, y)


def test_resumed_runs_end_with_the_same_weights(compiled, data, tmp_path):
    batches = list(steps(data))
    straight = compiled()
    train(straight, batches[:7])
    checkpoints.save_checkpoint(straight, tmp_path / "checkpoints", {"best": 3.5})
    checkpoints.save_model(straight, tmp_path / "model.keras")
    assert {p.name for p in tmp_path.iterdir()} == {"checkpoints", "model.keras"}
    train(straight, batches[7:])

    restored = compiled()
    found = checkpoints.restore_checkpoint(restored, tmp_path / "checkpoints")
    assert found == {"step": 7, "best": 3.5}
    assert checkpoints.current_step(restored) == 7
    train(restored, batches[7:])
    assert_equal_state(restored, straight)


def test_a_saved_model_has_the_weights_and_no_optimizer(compiled, data, tmp_path):
    model = compiled()
    train(model, list(steps(data))[:3])
    checkpoints.save_model(model, tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    for a, b in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(np.array(a), np.array(b), err_msg=a.path)
    # The model goes on training as if nothing had happened.
    train(model, list(steps(data))[3:4])
    assert checkpoints.current_step(model) == 4


def test_checkpoints_hold_each_optimizer_once(compiled, tmp_path):
    model = compiled()
    path = checkpoints.save_checkpoint(model, tmp_path, {}) / "state.weights.h5"
    held = []
    with h5py.File(path) as file:
        file.visititems(
            lambda _, item: held.append(item.size if hasattr(item, "size") else 0)
        )
    needed = [*model.variables, *model.optimizer.variables]
    assert sum(held) <= sum(int(np.prod(v.shape)) for v in needed)


def assert_equal_state(model, other):
    """Weights and optimizers are equal; the metrics' sums are not compared."""
    for a, b in zip(
        [*model.trainable_variables, *model.optimizer.variables],
        [*other.trainable_variables, *other.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_array_equal(np.array(a), np.array(b), err_msg=a.path)


def test_only_the_newest_checkpoints_stay_and_half_written_ones_are_ignored(
    compiled, tmp_path
):
    model = compiled()
    assert checkpoints.restore_checkpoint(model, tmp_path) is None
    for step in (1, 2, 3):
        model.optimizer.iterations.assign(step)
        checkpoints.save_checkpoint(model, tmp_path, {})
    (tmp_path / ".writing_1").mkdir()
    names = sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("."))
    assert names == ["step_00000002", "step_00000003"]
    assert checkpoints.restore_checkpoint(model, tmp_path)["step"] == 3


def test_averaged_weights_are_lent_and_given_back(compiled):
    model = compiled()
    flow = model.optimizer.for_network("flow")
    flow.iterations.assign(1)
    average = flow._model_variables_moving_average[0]
    average.assign(np.full(average.shape, 7.0))
    variable = model.flow.trainable_variables[0]
    before = [np.array(v) for v in model.trainable_variables]
    with pytest.raises(RuntimeError), averaged_weights(model):
        assert (np.array(variable) == 7.0).all()
        raise RuntimeError
    for a, b in zip(before, model.trainable_variables):
        np.testing.assert_array_equal(a, np.array(b))
