import numpy as np
import pytest

from propose_keras.evaluation.evaluator import Evaluator
from propose_keras.evaluation.protocols import get_protocol
from propose_keras.evaluation.temperature import COLUMNS, sweep_temperatures
from propose_keras.model import ProPose


@pytest.fixture(scope="module")
def evaluator(arrays):
    rng = np.random.default_rng(0)
    model = ProPose.from_sizes(
        latent_size=4, width=8, num_blocks=0, num_couplings=1, base="standard"
    )
    # Far from its start, so that what is drawn matters.
    for variable in model.trainable_variables:
        variable.assign(0.3 * rng.normal(size=variable.shape))
    model.normalization.adapt(arrays.keypoints_2d, arrays.image_sizes(), arrays.pose_3d)
    return Evaluator(model, get_protocol("h36m"), (1, 20), batch_size=64)


def test_spread_grows_and_each_row_is_an_evaluation(evaluator, arrays):
    table = sweep_temperatures(evaluator, arrays, [0.5, 1.0, 2.0])
    assert table.columns == COLUMNS
    assert [row[:2] for row in table.rows] == [
        (t, s) for t in ("0.5", "1", "2") for s in ("1", "20")
    ]
    spread = [row[5] for row in table.rows[1::2]]
    assert spread[0] < spread[1] < spread[2]
    figures = evaluator.evaluate(arrays)
    last = figures.curve.index(20)
    actions = arrays.labels("action")
    by_action = [
        figures.values["best_mpjpe"][actions == a, last].mean() for a in set(actions)
    ]
    assert table.rows[3][2] == pytest.approx(np.mean(by_action), rel=1e-5)
    assert float(evaluator.model.temperature) == 1.0


def test_without_hypotheses_there_is_nothing_to_compare(evaluator, arrays):
    mode_only = Evaluator(evaluator.model, evaluator.protocol, ())
    with pytest.raises(ValueError, match="one S at least"):
        sweep_temperatures(mode_only, arrays, [1.0])


def test_the_model_keeps_its_temperature_after_a_mistake(evaluator, arrays):
    def stop(done, total):
        raise KeyboardInterrupt

    evaluator.model.set_temperature(1.5)
    with pytest.raises(KeyboardInterrupt):
        sweep_temperatures(evaluator, arrays, [0.5], progress=stop)
    with pytest.raises(ValueError, match="must be positive"):
        sweep_temperatures(evaluator, arrays, [0.5, -1.0], progress=stop)
    assert float(evaluator.model.temperature) == 1.5
    evaluator.model.set_temperature(1.0)
