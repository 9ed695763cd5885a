"""The models are what the protocols of `pose_model` ask for."""

import inspect

import keras
import pytest

from propose_keras import DeterministicLifter, ProPose
from propose_keras.comparators import COMPARATORS, ComparatorLifter, GaussianLifter
from propose_keras.evaluation.flip import FlipEnsemble
from propose_keras.pose_model import (
    LatentDensityModel,
    NoiseModel,
    PoseDensityModel,
    PoseModel,
    ProbabilisticPoseModel,
)


@pytest.fixture(scope="module")
def probabilistic():
    return ProPose.from_sizes(latent_size=4, width=8, num_blocks=0, num_couplings=1)


@pytest.fixture(scope="module")
def deterministic():
    return DeterministicLifter.from_sizes(width=8, num_blocks=0)


def test_a_model_is_what_it_is_called(probabilistic, deterministic):
    assert isinstance(probabilistic, LatentDensityModel)
    assert probabilistic.is_probabilistic
    assert probabilistic.has_latent_density
    assert isinstance(probabilistic, NoiseModel)
    assert isinstance(deterministic, PoseModel)
    assert not isinstance(deterministic, ProbabilisticPoseModel)
    assert not deterministic.is_probabilistic
    assert not deterministic.has_latent_density
    assert not isinstance(deterministic, NoiseModel)
    assert not isinstance(keras.Sequential(), PoseModel)


def test_a_wrapper_is_what_it_wraps(probabilistic, deterministic):
    for model in (probabilistic, deterministic):
        ensemble = FlipEnsemble(model)
        assert isinstance(ensemble, PoseModel)
        for name in ("is_probabilistic", "has_latent_density", "system_name"):
            assert getattr(ensemble, name) == getattr(model, name)
    assert isinstance(FlipEnsemble(probabilistic), LatentDensityModel)


@pytest.mark.parametrize(
    "protocol, method, classes",
    [
        (
            PoseModel,
            "mode",
            (ProPose, DeterministicLifter, ComparatorLifter, FlipEnsemble),
        ),
        (ProbabilisticPoseModel, "sample", (ProPose, ComparatorLifter, FlipEnsemble)),
        (
            ProbabilisticPoseModel,
            "set_temperature",
            (ProPose, ComparatorLifter, FlipEnsemble),
        ),
        (NoiseModel, "draw_noise", (ProPose, *COMPARATORS.values())),
        (NoiseModel, "sample_from_noise", (ProPose, ComparatorLifter)),
        (PoseDensityModel, "log_prob", (GaussianLifter, FlipEnsemble)),
        (LatentDensityModel, "latent_log_prob", (ProPose, FlipEnsemble)),
    ],
)
def test_methods_take_the_same_keywords(protocol, method, classes):
    def keywords(owner):
        parameters = inspect.signature(getattr(owner, method)).parameters.values()
        return {p.name: p.default for p in parameters}

    for owner in classes:
        assert keywords(owner) == keywords(protocol), owner
