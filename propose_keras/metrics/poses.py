"""Errors of poses against ground truth, one value per pose.

Every function broadcasts over leading axes: hypotheses `(batch, S, J, 3)` are measured
against `target[:, None]`. Nothing is centred here; MPJPE takes root-centred poses
(`geometry.root_centre`). Reductions over hypotheses are in `metrics.hypotheses`, over
poses in `evaluation.summary`.
"""

from typing import Any

import numpy as np
from keras import ops

from propose_keras.geometry import similarity_align
from propose_keras.types import Tensor


def joint_errors(pose: Tensor, target: Tensor, joints: Tensor = None) -> Tensor:
    """Distances between the joints of two poses.

    Args:
        pose: `(..., J, D)`.
        target: `(..., J, D)`.
        joints: Indices of the joints to keep; None keeps all.

    Returns:
        `(..., J)`, or `(..., len(joints))`, in the poses' unit.
    """
    if joints is not None:
        joints = np.asarray(joints)
        pose, target = ops.take(pose, joints, -2), ops.take(target, joints, -2)
    return ops.sqrt(ops.sum(ops.square(pose - target), axis=-1))


def mpjpe(pose: Tensor, target: Tensor, joints: Tensor = None) -> Tensor:
    """Mean per-joint position error (MPJPE), also called P1.

    Args:
        pose: Root-centred, `(..., J, 3)` mm.
        target: Root-centred, `(..., J, 3)` mm.
        joints: Indices of the joints to average over; None averages over all.

    Returns:
        `(...)` mm.
    """
    return ops.mean(joint_errors(pose, target, joints), axis=-1)


def aligned_joint_errors(pose: Tensor, target: Tensor, joints: Tensor = None) -> Tensor:
    """Distances between joints after Procrustes alignment of the pose.

    The alignment has scale and a proper rotation and sees the kept joints only.

    Args:
        pose: `(..., J, 3)` mm.
        target: `(..., J, 3)` mm.
        joints: Indices of the joints to keep; None keeps all.

    Returns:
        `(..., J)`, or `(..., len(joints))`, mm.
    """
    if joints is not None:
        joints = np.asarray(joints)
        pose, target = ops.take(pose, joints, -2), ops.take(target, joints, -2)
    return joint_errors(similarity_align(pose, target), target)


def pa_mpjpe(pose: Tensor, target: Tensor, joints: Tensor = None) -> Tensor:
    """Mean per-joint position error after Procrustes alignment (PA-MPJPE), P2.

    Args:
        pose: `(..., J, 3)` mm.
        target: `(..., J, 3)` mm.
        joints: Indices of the joints to align and average over; None takes all.

    Returns:
        `(...)` mm.
    """
    return ops.mean(aligned_joint_errors(pose, target, joints), axis=-1)


def n_mpjpe(pose: Tensor, target: Tensor, joints: Tensor = None) -> Tensor:
    """Mean per-joint position error after the best scaling about the root.

    The scale that minimises the sum of squares, as in Rhodin et al., "Unsupervised
    geometry-aware representation for 3D human pose estimation" (ECCV 2018).

    Args:
        pose: Root-centred, `(..., J, 3)` mm.
        target: Root-centred, `(..., J, 3)` mm.
        joints: Indices of the joints to scale by and average over; None takes all.

    Returns:
        `(...)` mm.
    """
    if joints is not None:
        joints = np.asarray(joints)
        pose, target = ops.take(pose, joints, -2), ops.take(target, joints, -2)
    norm = ops.sum(ops.square(pose), axis=(-2, -1), keepdims=True)
    product = ops.sum(pose * target, axis=(-2, -1), keepdims=True)
    scale = product / ops.where(norm > 0, norm, 1.0)
    return mpjpe(scale * pose, target)


def pck(errors: Tensor, threshold: float = 150.0) -> Tensor:
    """Share of correct keypoints: joints whose error is strictly below a threshold.

    Args:
        errors: Joint errors, `(..., J)` mm.
        threshold: mm.

    Returns:
        `(...)` in [0, 1].
    """
    errors = ops.convert_to_tensor(errors)
    return ops.mean(ops.cast(errors < threshold, errors.dtype), axis=-1)


def auc(errors: Tensor, thresholds: Any) -> Tensor:
    """Area under the PCK curve: the mean of `pck` over thresholds.

    Args:
        errors: Joint errors, `(..., J)` mm.
        thresholds: Sequence of thresholds, mm.

    Returns:
        `(...)` in [0, 1].
    """
    errors = ops.convert_to_tensor(errors)
    thresholds = np.asarray(thresholds, "float32")
    below = ops.cast(errors[..., None] < thresholds, errors.dtype)
    return ops.mean(below, axis=(-2, -1))


def cps(largest_errors: Tensor, thresholds: Any) -> Tensor:
    """Correct Poses Score: area under the curve of wholly correct poses.

    A pose is correct at a threshold if all its joints lie strictly within it after
    Procrustes alignment (Wandt et al., "CanonPose", CVPR 2021). The area is that of
    the trapezoid rule; with thresholds 1 to 300 mm it is at most 299.

    Args:
        largest_errors: Largest joint error of each pose after alignment, `(...)` mm;
            for hypotheses their minimum over hypotheses, which is the best hypothesis
            at every threshold at once.
        thresholds: Increasing sequence of thresholds, mm.

    Returns:
        `(...)` mm.
    """
    largest_errors = ops.convert_to_tensor(largest_errors)
    thresholds = np.asarray(thresholds, np.float64)
    weights = np.zeros(len(thresholds))
    weights[1:] += np.diff(thresholds) / 2
    weights[:-1] += np.diff(thresholds) / 2
    below = ops.cast(
        largest_errors[..., None] < thresholds.astype("float32"), largest_errors.dtype
    )
    return ops.sum(below * weights.astype("float32"), axis=-1)
