"""Reshapes between poses and the flat vectors that the networks work on."""

from keras import ops

from propose_keras.types import Tensor


def flatten_condition(condition: Tensor) -> Tensor:
    """Condition `(batch, J, 2)` to `(batch, 1, 2J)`: one row for all hypotheses."""
    return ops.reshape(condition, (-1, 1, condition.shape[1] * condition.shape[2]))


def flatten_pose(pose: Tensor) -> Tensor:
    """Poses `(batch, hypotheses, J, 3)` to `(batch, hypotheses, 3J)`."""
    shape = ops.shape(pose)
    return ops.reshape(pose, (-1, shape[1], shape[2] * shape[3]))


def unflatten_pose(flat: Tensor, num_joints: int) -> Tensor:
    """Flat poses `(batch, hypotheses, 3J)` to `(batch, hypotheses, J, 3)`."""
    return ops.reshape(flat, (-1, ops.shape(flat)[1], num_joints, 3))
