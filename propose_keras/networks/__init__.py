"""The networks of the paper's Fig. 2 and the discriminator of Eq. 11."""

from propose_keras.networks.context import PoseContext
from propose_keras.networks.couplings import AffineCoupling
from propose_keras.networks.discriminator import Discriminator
from propose_keras.networks.flow import ConditionalFlow
from propose_keras.networks.lifting import GraphLifter
from propose_keras.networks.pagd import PAGDLearner
from propose_keras.networks.pilgd import PILGDLearner

__all__ = [
    "AffineCoupling",
    "ConditionalFlow",
    "Discriminator",
    "GraphLifter",
    "PAGDLearner",
    "PILGDLearner",
    "PoseContext",
]
