"""The networks of the comparators: residual MLPs or graphs over the joints."""

import dataclasses
import math
from typing import Any

import keras
from keras import ops

from propose_keras.layers import ResidualMLP
from propose_keras.networks import parts
from propose_keras.networks.graph_settings import GraphSettings
from propose_keras.networks.shapes import flatten_condition
from propose_keras.settings import setting
from propose_keras.types import Tensor


@dataclasses.dataclass(frozen=True)
class TrunkSettings(GraphSettings):
    """Sizes that all comparators have; those of the MLP are Martinez et al. 2017's.

    Raises:
        ValueError: If a value is out of range.
    """

    width: int = setting(1024, "Units of hidden layers.", minimum=1)
    num_blocks: int = setting(2, "Residual blocks of two dense layers.", minimum=0)
    dropout: float = setting(
        0.0, "Share of hidden units dropped in training.", minimum=0, maximum=0.99
    )
    activation: str = setting("relu", "Activation, by its Keras name.")
    temperature: float = setting(
        1.0,
        "Factor on the deviation of the noise that hypotheses are made of.",
        minimum=1e-6,
    )

    def __post_init__(self):
        super().__post_init__()
        keras.activations.get(self.activation)


def make_mlp(
    settings: TrunkSettings, output_size: int, name: str, **arguments: Any
) -> Any:
    """A `ResidualMLP` of these sizes; `arguments` go before them."""
    sizes = {
        "width": settings.width,
        "num_blocks": settings.num_blocks,
        "dropout": settings.dropout,
        "activation": settings.activation,
    }
    return ResidualMLP(output_size, name=name, **{**sizes, **arguments})


def make_trunk(
    settings: TrunkSettings, outputs: int, skeleton: Any, name: str, zero: bool = False
) -> Any:
    """A network that ends in numbers of each joint, joint by joint.

    Args:
        settings: Sizes, and whether it is a `ResidualMLP` or a `JointGraph`.
        outputs: Numbers of each joint.
        skeleton: The `Skeleton`.
        name: Of the layer.
        zero: Whether the output starts at 0.

    Returns:
        A layer that `networks.parts.check_part` describes, of
        `J * outputs` outputs, whose inputs are numbers of each joint, too.
    """
    if settings.encoder == "graph":
        return settings.make_graph(outputs, skeleton.name, name, zero_output=zero)
    size = skeleton.num_joints * outputs
    return make_mlp(settings, size, name, zero_output=zero)


def with_root(pose: Tensor, root: int) -> Tensor:
    """Poses `(..., J - 1, n)` without their root to `(..., J, n)`, the root's row 0."""
    zero = ops.zeros_like(pose[..., :1, :])
    return ops.concatenate([pose[..., :root, :], zero, pose[..., root:, :]], axis=-2)


def without_root(pose: Tensor, root: int) -> Tensor:
    """Poses `(..., J, n)` to `(..., J - 1, n)`, without the root's row."""
    before, after = pose[..., :root, :], pose[..., root + 1 :, :]
    return ops.concatenate([before, after], axis=-2)


def with_time(pose: Tensor, time: Tensor, num_features: int) -> Tensor:
    """Appends features of a time to the numbers of each joint.

    Args:
        pose: `(batch, S, J, n)`.
        time: In [0, 1], broadcasts against `(batch, S)`.
        num_features: F, even.

    Returns:
        `(batch, S, J * (n + F))`, joint by joint: sine and cosine of `2^k pi t / 2`
        for k from 0 to F / 2 - 1 (Vaswani et al. 2017, with frequencies for [0, 1]).
    """
    shape = ops.shape(pose)
    angle = [0.5 * math.pi * 2.0**k for k in range(num_features // 2)]
    angle = time[..., None] * ops.convert_to_tensor(angle, dtype="float32")
    features = ops.concatenate([ops.sin(angle), ops.cos(angle)], axis=-1)
    features = ops.broadcast_to(features[..., None, :], (*shape[:-1], num_features))
    joined = ops.concatenate([pose, features], axis=-1)
    return ops.reshape(joined, (-1, shape[1], joined.shape[2] * joined.shape[3]))


class JointOutputs:
    """Mixin that runs trunks: numbers of each joint but the root's out of them."""

    num_joints: Any
    root: Any

    def per_joint(self, trunk: Any, condition: Tensor, seed: Tensor = None) -> Tensor:
        """Numbers of each joint that are not the root's, of keypoints alone.

        Args:
            trunk: Of `make_trunk`.
            condition: `(batch, J, 2)`.
            seed: Of dropout, or None.

        Returns:
            `(batch, J - 1, outputs)`.
        """
        flat = trunk(flatten_condition(condition), None, dropout_seed=seed)
        numbers = ops.reshape(
            flat, (-1, self.num_joints, trunk.output_size // self.num_joints)
        )
        return without_root(numbers, self.root)

    def per_joint_of(
        self, trunk: Any, x: Tensor, condition: Tensor, seed: Tensor = None
    ) -> Tensor:
        """The same of numbers of each joint under keypoints.

        Args:
            trunk: Of `make_trunk`.
            x: `(batch, S, J * n)`, joint by joint.
            condition: `(batch, J, 2)`.
            seed: Of dropout, or None.

        Returns:
            `(batch, S, J - 1, outputs)`.
        """
        flat = trunk(x, flatten_condition(condition), dropout_seed=seed)
        outputs = trunk.output_size // self.num_joints
        shape = (-1, ops.shape(x)[1], self.num_joints, outputs)
        return without_root(ops.reshape(flat, shape), self.root)

    def dropout_seed(self, part: Any, seed: Tensor | None, stream: int = 0) -> Any:
        """Seed of a part's dropout, None where nothing is dropped."""
        return parts.dropout_seed_of(part, seed, stream)
