"""The variants of the model and of training move the networks that they should."""

import keras
import numpy as np
import pytest
from training_tools import moved_networks, snapshot

from propose_keras import TrainingSettings


@pytest.mark.parametrize(
    ("model_arguments", "settings_arguments", "moved"),
    [
        ({"pilgd": "standard"}, {}, {"pilgd_learner", "discriminator"}),
        (
            {},
            {"scheme": "end_to_end"},
            {"pilgd_learner", "pagd_learner", "flow", "discriminator"},
        ),
        (
            {"base": "standard"},
            {"scheme": "end_to_end", "nll_weight": 0.0, "gate": 0.0},
            {"pilgd_learner", "flow", "discriminator"},
        ),
        (
            {},
            {
                "m2m_weight": 0.0,
                "bidirectional_weight": 0.0,
                "generator_weight": 0.0,
                "pulling_away_weight": 0.0,
            },
            {"pilgd_learner"},
        ),
        (
            {"encoder": "graph"},
            {"mode_weight": 0.1, "lift_noise": 0.1},
            {"pilgd_learner", "discriminator", "lifter"},
        ),
        (
            {"encoder": "graph"},
            {"scheme": "end_to_end"},
            {"pilgd_learner", "pagd_learner", "flow", "discriminator", "lifter"},
        ),
    ],
)
def test_variants(
    make_model, compile_model, data, model_arguments, settings_arguments, moved
):
    model = make_model(**model_arguments)
    settings = TrainingSettings(training_hypotheses=4, **settings_arguments)
    compile_model(model, keras.optimizers.SGD(1e-3), settings)
    before = snapshot(model)
    logs = model.fit(*data, batch_size=32, verbose=0).history
    assert moved_networks(before, snapshot(model)) == moved
    assert all(np.isfinite(v[0]) for v in logs.values())
    assert ("kl" in logs) == (model_arguments.get("pilgd") == "standard")
    assert ("m2m" in logs) == (settings.m2m_weight > 0)
    assert ("best_of_m" in logs) == (settings.bidirectional_weight > 0)
    assert ("nll" in logs) == (settings.nll_weight > 0)
    assert ("lift" in logs) == ("lifter" in moved)
    assert ("mode" in logs) == (settings.mode_weight > 0)
