"""What can be said of hypotheses without ground truth."""

from typing import Any

import numpy as np
from keras import ops

from propose_keras.types import Tensor, TensorLike


def spread(hypotheses: Tensor) -> Tensor:
    """Standard deviation of each joint over hypotheses.

    The root of the mean squared distance to the joint's mean position.

    Args:
        hypotheses: `(batch, S, J, 3)` mm.

    Returns:
        `(batch, J)` mm; 0 for a root that all hypotheses share, or for one hypothesis.
    """
    deviation = hypotheses - ops.mean(hypotheses, axis=1, keepdims=True)
    return ops.sqrt(ops.mean(ops.sum(ops.square(deviation), axis=-1), axis=1))


def symmetric_bones(skeleton: Any) -> Any:
    """Pairs of bones that mirror each other.

    Args:
        skeleton: A `propose_keras.skeletons.Skeleton`.

    Returns:
        Int array `(num_pairs, 2, 2)`: left and right bone, each parent and child.
    """
    flip, bones = skeleton.flip, set(skeleton.bones)
    return np.array(
        [
            [(parent, child), (flip[parent], flip[child])]
            for parent, child in skeleton.bones
            if child in skeleton.left and (flip[parent], flip[child]) in bones
        ]
    )


def symmetry_error(pose: Tensor, skeleton: Any) -> Tensor:
    """Mean difference in length between a left bone and its right counterpart.

    Args:
        pose: `(..., J, 3)` mm.
        skeleton: A `propose_keras.skeletons.Skeleton` of `J` joints.

    Returns:
        `(...)` mm.
    """
    pairs = symmetric_bones(skeleton)

    def lengths(bones):
        ends = ops.take(pose, bones[:, 1], -2) - ops.take(pose, bones[:, 0], -2)
        return ops.sqrt(ops.sum(ops.square(ends), axis=-1))

    return ops.mean(ops.abs(lengths(pairs[:, 0]) - lengths(pairs[:, 1])), axis=-1)


def consistency_2d(pose: Tensor, keypoints: TensorLike) -> Tensor:
    """How far a pose is from its own input in the image plane, without a camera.

    The pose's x and y and the keypoints are each moved to a mean of 0 and scaled to a
    root mean square distance of 1 from it, so neither focal length nor depth is needed;
    what perspective does within the body stays in the figure.

    Args:
        pose: Camera-frame pose, `(..., J, 3)`, any unit: x right, y down.
        keypoints: `(..., J, 2)`, any unit: x right, y down.

    Returns:
        `(...)`: mean distance over joints, as a share of the person's size.
    """

    def normalize(points):
        points = points - ops.mean(points, axis=-2, keepdims=True)
        square = ops.mean(ops.sum(ops.square(points), -1, True), axis=-2, keepdims=True)
        return points / ops.sqrt(ops.where(square > 0, square, 1.0))

    difference = normalize(pose[..., :2]) - normalize(keypoints)
    return ops.mean(ops.sqrt(ops.sum(ops.square(difference), axis=-1)), axis=-1)
