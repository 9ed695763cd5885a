"""Checkpoints, averaged weights and saved models."""

import keras
import numpy as np
import pytest

from propose_keras import TrainingSettings
from propose_keras.training import checkpoints, make_optimizer
from propose_keras.training.ema import averaged_weights

SETTINGS = TrainingSettings(num_hypotheses=4)


@pytest.fixture
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


def state(model):
    return [np.array(v) for v in [*model.variables, *model.optimizer.variables]]


def test_resumed_run_ends_with_the_same_weights(compiled, data, tmp_path):
    batches = list(steps(data))
    straight = compiled()
    train(straight, batches[:7])
    checkpoints.save_checkpoint(straight, tmp_path, {"best": 3.5})
    train(straight, batches[7:])
    resumed = compiled()
    found = checkpoints.restore_checkpoint(resumed, tmp_path)
    assert found == {"step": 7, "best": 3.5}
    assert checkpoints.current_step(resumed) == 7
    train(resumed, batches[7:])
    # All but the metrics' sums, which count the steps since the start of a process.
    skip = {id(v) for v in [*straight.metrics_variables, *resumed.metrics_variables]}
    ours = [v for v in straight.variables if id(v) not in skip]
    theirs = [v for v in resumed.variables if id(v) not in skip]
    for a, b in zip(
        [*ours, *straight.optimizer.variables], [*theirs, *resumed.optimizer.variables]
    ):
        np.testing.assert_array_equal(np.array(a), np.array(b))


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
    variable, average = (
        flow._trainable_variables[0],
        flow._model_variables_moving_average[0],
    )
    average.assign(np.full(average.shape, 7.0))
    before = [np.array(v) for v in model.trainable_variables]
    with pytest.raises(RuntimeError), averaged_weights(model):
        assert (np.array(variable) == 7.0).all()
        raise RuntimeError
    for a, b in zip(before, model.trainable_variables):
        np.testing.assert_array_equal(a, np.array(b))


def test_saved_model_goes_on_training(compiled, data, tmp_path):
    batches = list(steps(data))
    model = compiled()
    train(model, batches[:4])
    checkpoints.save_model(model, tmp_path / "model.keras")
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.settings == SETTINGS
    train(model, batches[4:6])
    train(loaded, batches[4:6])
    for a, b in zip(model.trainable_variables, loaded.trainable_variables):
        np.testing.assert_array_equal(np.array(a), np.array(b))
