"""A lifted pose and features of each joint, from a 2D pose."""

from typing import Any, Self

import keras
from keras import ops

from propose_keras.layers import PerJointDense
from propose_keras.networks import parts
from propose_keras.networks.context import PoseContext
from propose_keras.networks.shapes import flatten_condition
from propose_keras.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="propose_keras")
class GraphLifter(keras.layers.Layer):
    """A joint graph with two outputs per joint: its lifted position, and features.

    The first alone is a deterministic lifter. ProPose's other networks are conditioned
    on the features, and its PILGD learner encodes what differs from the lifted pose.

    Args:
        graph: A `JointGraph` of three outputs.
        num_features: Features of each joint.
        isolated: Whether losses of other networks stop at the features, so that the
            graph learns from the error of the lifted pose alone.
        num_inputs: Numbers of each joint of the condition, see `PoseNormalization`.
            What is more than x and y, its deviation, is among the features as it is.

    Raises:
        ValueError: If the graph's outputs are not three.
    """

    def __init__(
        self,
        graph: Any,
        num_features: int = 16,
        isolated: bool = True,
        num_inputs: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if graph.outputs != 3:
            raise ValueError(
                f"`graph` must have three outputs per joint, received {graph.outputs}."
            )
        self.graph = graph
        self.num_features = num_features
        self.isolated = isolated
        self.num_inputs = num_inputs
        self.head = PerJointDense(num_features, name="features")

    @property
    def num_joints(self) -> int:
        """Number of joints, J."""
        return self.graph.skeleton.num_joints

    @property
    def feature_size(self) -> int:
        """Size of all joints' features together."""
        return self.num_joints * (self.num_features + self.num_inputs - 2)

    def build(self, condition_shape: Shape | None = None) -> None:
        parts.build_part(self.graph, self.num_inputs * self.num_joints)
        if not self.head.built:
            self.head.build((self.num_joints, None, self.graph.width))

    def call(self, condition: Tensor) -> Tensor:
        """`PoseContext` of normalised 2D poses `(batch, J, num_inputs)`."""
        tokens = self.graph.tokens(flatten_condition(condition))
        lifted = self.graph.join(self.graph.head(tokens))
        lifted = ops.reshape(lifted, (-1, 1, self.num_joints, 3))
        if self.isolated:
            tokens = ops.stop_gradient(tokens)
        features = ops.tanh(self.head(tokens))
        if self.num_inputs > 2:
            given = ops.transpose(condition[..., 2:], (1, 0, 2))
            features = ops.concatenate([features, given], axis=-1)
        features = self.graph.join(features)
        features = ops.reshape(features, (-1, 1, self.feature_size))
        return PoseContext(condition[..., :2], features, lifted)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "graph": parts.serialize_part(self.graph),
            "num_features": self.num_features,
            "isolated": self.isolated,
            "num_inputs": self.num_inputs,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        return cls(**parts.with_layers(config, {"graph": None}, custom_objects))
