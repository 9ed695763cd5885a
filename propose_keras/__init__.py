"""ProPose: probabilistic 2D-to-3D human pose lifting in Keras 3.

Public names are resolved on first use, so that importing this package (or
`propose_keras.data` in a Beam worker) starts no accelerator and loads neither
Keras nor TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING

from propose_keras import backend_choice
from propose_keras.version import __version__

backend_choice.choose()

_PUBLIC_NAMES = {
    "ConditionalFlow": "propose_keras.networks",
    "DeterministicLifter": "propose_keras.deterministic",
    "Discriminator": "propose_keras.networks",
    "LiftedPoses": "propose_keras.inference",
    "Lifter": "propose_keras.inference",
    "PAGDLearner": "propose_keras.networks",
    "PILGDLearner": "propose_keras.networks",
    "PoseDistribution": "propose_keras.distribution",
    "PoseNormalization": "propose_keras.normalization",
    "ProPose": "propose_keras.model",
    "TrainingSettings": "propose_keras.training",
    "load_model": "propose_keras.inference",
    "make_optimizer": "propose_keras.training",
    "open_writer": "propose_keras.writers",
}

if TYPE_CHECKING:
    from propose_keras.deterministic import DeterministicLifter
    from propose_keras.distribution import PoseDistribution
    from propose_keras.inference import LiftedPoses, Lifter, load_model
    from propose_keras.model import ProPose
    from propose_keras.networks import (
        ConditionalFlow,
        Discriminator,
        PAGDLearner,
        PILGDLearner,
    )
    from propose_keras.normalization import PoseNormalization
    from propose_keras.training import TrainingSettings, make_optimizer
    from propose_keras.writers import open_writer

__all__ = [
    "ConditionalFlow",
    "DeterministicLifter",
    "Discriminator",
    "LiftedPoses",
    "Lifter",
    "PAGDLearner",
    "PILGDLearner",
    "PoseDistribution",
    "PoseNormalization",
    "ProPose",
    "TrainingSettings",
    "__version__",
    "load_model",
    "make_optimizer",
    "open_writer",
]


def __getattr__(name):
    if name not in _PUBLIC_NAMES:
        raise AttributeError(f"module 'propose_keras' has no attribute {name!r}")
    importlib.import_module("propose_keras.backend")
    return getattr(importlib.import_module(_PUBLIC_NAMES[name]), name)


def __dir__():
    return __all__
