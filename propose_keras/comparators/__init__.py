"""Probabilistic lifters that others have published, trained and measured as ProPose."""

from propose_keras.comparators.base import ComparatorLifter
from propose_keras.comparators.cvae import CVAELifter, CVAESettings
from propose_keras.comparators.flow import FlowLifter, FlowSettings
from propose_keras.comparators.flow_matching import (
    FlowMatchingLifter,
    FlowMatchingSettings,
)
from propose_keras.comparators.gaussian import GaussianLifter, GaussianSettings
from propose_keras.comparators.mixture import (
    MixtureDensityLifter,
    MixtureDensitySettings,
)
from propose_keras.comparators.registry import COMPARATORS
from propose_keras.comparators.score import ScoreLifter, ScoreSettings

__all__ = [
    "COMPARATORS",
    "CVAELifter",
    "CVAESettings",
    "ComparatorLifter",
    "FlowLifter",
    "FlowMatchingLifter",
    "FlowMatchingSettings",
    "FlowSettings",
    "GaussianLifter",
    "GaussianSettings",
    "MixtureDensityLifter",
    "MixtureDensitySettings",
    "ScoreLifter",
    "ScoreSettings",
]
