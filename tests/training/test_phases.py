"""The schedule of Algorithm 1 and the settings that make it."""

import numpy as np
import pytest
from keras import ops

from propose_keras.training import TrainingSettings, make_optimizer
from propose_keras.training.objectives import gate_draw, noise_seeds
from propose_keras.training.phases import choose_phase, make_phases


def seeds_of(step):
    return noise_seeds(np.array([step, 1], "uint32"))


@pytest.mark.parametrize(("num_phase_1", "num_phase_2"), [(1, 1), (3, 2), (1, 4)])
def test_schedule_is_algorithm_1(make_model, num_phase_1, num_phase_2):
    settings = TrainingSettings(num_phase_1=num_phase_1, num_phase_2=num_phase_2)
    phases = make_phases(make_model(), settings)
    names = [
        phases[int(choose_phase(step, seeds_of(step), settings))].name
        for step in range(12)
    ]
    expected = ["phase_1"] * num_phase_1 + ["phase_2"] * num_phase_2
    assert names == (expected * 12)[:12]
    for num_steps in range(12):
        for phase, name in enumerate(("phase_1", "phase_2")):
            counted = names[:num_steps].count(name)
            assert settings.steps_of_phase(phase, num_steps) == counted


def test_gate_opens_with_probability_one_minus_b():
    settings = TrainingSettings(scheme="end_to_end", gate=0.25)
    chosen = [int(choose_phase(s, seeds_of(s), settings)) for s in range(60)]
    assert 0.55 < np.mean(chosen) < 0.95
    beta = [float(ops.convert_to_numpy(gate_draw(seeds_of(s)))) for s in range(60)]
    np.testing.assert_array_equal(chosen, np.array(beta) >= 0.25)


def test_networks_of_each_phase(make_model):
    closed, opened, second = make_phases(make_model(), TrainingSettings())
    for phase in (closed, opened):
        networks = [u.networks for u in phase.updates]
        assert networks == [("pilgd_learner",), ("discriminator",)]
    assert [u.networks for u in second.updates] == [("pagd_learner", "flow")]


def test_variants_leave_out_what_they_do_not_train(make_model):
    settings = TrainingSettings(
        bidirectional_weight=0.0, generator_weight=0.0, pulling_away_weight=0.0
    )
    first, second = make_phases(make_model(base="standard"), settings)
    assert [u.networks for u in first.updates] == [("pilgd_learner",)]
    assert [u.networks for u in second.updates] == [("flow",)]
    (only,) = make_phases(
        make_model(), TrainingSettings(scheme="end_to_end", bidirectional_weight=0.0)
    )
    assert only.updates[0].networks == ("pilgd_learner", "pagd_learner", "flow")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scheme": "other"}, "'other'"),
        ({"num_phase_1": 0}, "at least 1"),
        ({"num_phase_1": 1.5}, "an integer"),
        ({"num_phase_1": True}, "an integer"),
        ({"gate": float("nan")}, "a number"),
        ({"num_best": 11}, "cannot exceed"),
        ({"gate": 1.5}, "from 0 to 1"),
        ({"margin": -1.0}, "at least 0"),
        ({"nll_weight": 0.0}, "end_to_end"),
    ],
)
def test_bad_settings(arguments, message):
    with pytest.raises(ValueError, match=message):
        TrainingSettings(**arguments)


def test_schedules_count_their_phases_steps():
    settings = TrainingSettings(num_phase_1=1, num_phase_2=3)
    optimizer = make_optimizer(settings, 400, alpha=1e-3, beta=2e-3, warmup=0.1)
    alpha = optimizer.for_network("pilgd_learner")._learning_rate
    beta = optimizer.for_network("flow")._learning_rate
    rates = [float(ops.convert_to_numpy(alpha(s))) for s in (0, 10, 100)]
    np.testing.assert_allclose(rates, [0.0, 1e-3, 0.0], atol=1e-8)
    rates = [float(ops.convert_to_numpy(beta(s))) for s in (0, 30, 300)]
    np.testing.assert_allclose(rates, [0.0, 2e-3, 0.0], atol=1e-8)


def test_bad_schedules():
    with pytest.raises(ValueError, match="'linear'"):
        make_optimizer(TrainingSettings(), 10, schedule="linear")
    with pytest.raises(ValueError, match="num_steps"):
        make_optimizer(TrainingSettings(), 0)
