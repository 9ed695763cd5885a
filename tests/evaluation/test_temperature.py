import numpy as np
import pytest

from propose_keras.evaluation.model_evaluation import evaluate_model
from propose_keras.evaluation.protocols import get_protocol
from propose_keras.evaluation.table_labels import options
from propose_keras.evaluation.temperature import COLUMNS, sweep_temperatures
from propose_keras.model import ProPose
from propose_keras.normalization import PoseNormalization

pytestmark = pytest.mark.usefixtures("uncompiled")


@pytest.fixture(scope="module")
def model(arrays):
    rng = np.random.default_rng(0)
    model = ProPose.from_sizes(
        latent_size=4, width=8, num_blocks=0, num_couplings=1, base="standard"
    )
    # Far from its start, so that what is drawn matters.
    for variable in model.trainable_variables:
        variable.assign(0.3 * rng.normal(size=variable.shape))
    model.normalization.adapt(arrays.keypoints_2d, arrays.image_sizes(), arrays.pose_3d)
    return model


@pytest.fixture(scope="module")
def sweep(model, arrays):
    def sweep(temperatures, num_hypotheses=(1, 20), **kwargs):
        return sweep_temperatures(
            model,
            get_protocol("h36m"),
            arrays,
            temperatures,
            num_hypotheses=num_hypotheses,
            **kwargs,
        )

    return sweep


def test_spread_grows_and_each_row_is_an_evaluation(sweep, model, arrays):
    table = sweep([0.5, 1.0, 2.0])
    assert table.columns == COLUMNS
    assert [row[:2] for row in table.rows] == [
        (t, s) for t in ("0.5", "1", "2") for s in ("1", "20")
    ]
    spread = [row[6] for row in table.rows[1::2]]
    assert spread[0] < spread[1] < spread[2]
    report = evaluate_model(model, get_protocol("h36m"), arrays, num_hypotheses=(1, 20))
    assert table.rows[3][2] == pytest.approx(report.results["20"].mpjpe, rel=1e-5)
    assert table.rows[3][6] == pytest.approx(report.hypotheses.spread, rel=1e-5)
    assert table.rows[3][5] == pytest.approx(report.hypotheses.energy_score, rel=1e-5)
    assert float(model.temperature) == 1.0


def test_reports_say_what_deviation_of_keypoints_was_assumed(model, arrays):
    told = ProPose.from_sizes(
        **{"latent_size": 4, "width": 8, "num_blocks": 0, "num_couplings": 1},
        base="standard",
        normalization=PoseNormalization(deviation_input=True),
    )
    told.normalization.set_assumed_deviation(0.03)
    reports = [
        evaluate_model(m, get_protocol("h36m"), arrays, num_hypotheses=())
        for m in (model, told)
    ]
    assert [r.assumed_deviation for r in reports] == [None, pytest.approx(0.03)]
    assert "assumed deviation 0.03" in options(reports[1])


def test_without_hypotheses_there_is_nothing_to_compare(sweep):
    with pytest.raises(ValueError, match="one S at least"):
        sweep([1.0], num_hypotheses=())


def test_the_model_keeps_its_temperature_after_a_mistake(sweep, model):
    def stop(done, total):
        raise KeyboardInterrupt

    model.set_temperature(1.5)
    with pytest.raises(KeyboardInterrupt):
        sweep([0.5], progress=stop)
    with pytest.raises(ValueError, match="must be positive"):
        sweep([0.5, -1.0], progress=stop)
    assert float(model.temperature) == 1.5
    model.set_temperature(1.0)
