"""Training: settings, phases, optimizers, the losses of a step."""

from propose_keras.training.optimizers import (
    PhaseOptimizer,
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
    "OptimizerSettings",
    "PhaseOptimizer",
    "TrainingSettings",
    "make_adam",
    "make_optimizer",
]
