"""Building blocks shared by the networks."""

from propose_keras.layers.conditioned_dense import ConditionedDense
from propose_keras.layers.joint_graph import (
    GraphDecoder,
    JointGraph,
    JointMixing,
    PerJointDense,
)
from propose_keras.layers.residual_mlp import ResidualMLP
from propose_keras.layers.soft_clamp import soft_clamp

__all__ = [
    "ConditionedDense",
    "GraphDecoder",
    "JointGraph",
    "JointMixing",
    "PerJointDense",
    "ResidualMLP",
    "soft_clamp",
]
