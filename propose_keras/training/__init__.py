"""Training: settings, phases, optimizers, the losses of a step."""

from propose_keras.training.flat_adam import FlatAdam
from propose_keras.training.optimizers import (
    PhaseOptimizer,
    WarmUpSchedule,
    make_adam,
    make_optimizer,
)
from propose_keras.training.settings import (
    AdamSettings,
    OptimizerSettings,
    TrainingSettings,
)

__all__ = [
    "AdamSettings",
    "FlatAdam",
    "OptimizerSettings",
    "PhaseOptimizer",
    "TrainingSettings",
    "WarmUpSchedule",
    "make_adam",
    "make_optimizer",
]
