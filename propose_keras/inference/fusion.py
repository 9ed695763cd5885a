"""One pose from several calibrated cameras: the product of what each view says.

For each joint the hypotheses of a view have a mean and a covariance, long along the
line of sight. The product of such Gaussians is Gaussian: its mean is that of the views'
weighted by their precisions. Hypothesis i of the product is the i-th hypotheses of all
views, weighted alike, so that the hypotheses have the product's covariance.

Views of one person are not wrong independently: what a detector takes for a hip, or a
model for a body, it does in each of them. The product is wider for it.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from propose_keras.inference.results import LiftedPoses
from propose_keras.inference.track_filter import covariance

# Share of the views' variance that they have in common: with V views the product's is
# `1 + share (V - 1)` times that of independent ones. Chosen by ECE on detections of
# Human3.6M's S8, where 0.5 and 1 were about as good.
COMMON_SHARE = 0.75
_AXES = "world of the cameras' positions; mm, poses relative to the hip"


class View(NamedTuple):
    """What one camera saw.

    Attributes:
        keypoints: A source, see `Lifter.stream`.
        rotation: `(3, 3)`, world to camera.
        position: Of the camera in the world, `(3,)` mm.
        intrinsics: fx, fy, cx, cy in pixels, or a camera matrix `(3, 3)`.
        image_size: Width and height in pixels.
    """

    keypoints: Any
    rotation: Any
    position: Any
    intrinsics: Any
    image_size: Any = None


def fuse(
    views: Sequence[LiftedPoses],
    rotations: Sequence[np.ndarray],
    positions: Sequence[np.ndarray],
) -> LiftedPoses:
    """Poses of people seen by several cameras at once.

    Args:
        views: What each camera gave, lifted with different seeds: hypotheses of
            different views are independent. Frames and people that some of them lack
            are left out.
        rotations: Of each camera, `(3, 3)`, world to camera.
        positions: Of each camera in the world, `(3,)` mm.

    Returns:
        Poses and roots in the world's axes; the rest is the first view's.

    Raises:
        ValueError: If there are not two views, or no frame and person is in all.
    """
    count = len(views)
    if count < 2 or len(rotations) != count or len(positions) != count:
        raise ValueError(
            "Expected at least two views, each with the rotation and position of its "
            f"camera, received {count} views, {len(rotations)} rotations and "
            f"{len(positions)} positions."
        )
    views = _in_common(views)
    turns = [np.asarray(rotation, np.float64) for rotation in rotations]
    poses, roots, precisions, of_roots = [], [], [], []
    for view, turn, position in zip(views, turns, positions):
        # Row vectors: from the camera's axes to the world's.
        joints = np.concatenate([view.mode[:, None], view.hypotheses], axis=1) @ turn
        poses.append(joints)
        precisions.append(np.linalg.inv(covariance(joints)))
        root = np.concatenate([view.root[:, None], view.root_hypotheses], axis=1)
        roots.append((root @ turn + np.asarray(position, np.float64))[:, :, None])
        stated = turn.T @ view.root_covariance @ turn
        of_roots.append(np.linalg.inv(stated)[:, None])
    joints, _ = _product(poses, precisions)
    joints[:, :, 0] = 0.0
    root, covariances = _product(roots, of_roots)
    return dataclasses.replace(
        views[0].with_poses(joints, root[:, :, 0]),
        root_covariance=covariances[:, 0].astype(np.float32),
        axes=_AXES,
    )


def _in_common(views):
    """The rows of the frames and people that all views have."""
    keys = [list(zip(view.frame.tolist(), view.person.tolist())) for view in views]
    common = set(keys[0]).intersection(*keys[1:])
    if not common:
        raise ValueError(
            "No frame and person is in all views. Frames must have the same numbers, "
            "and people the same names, in each of them."
        )
    wanted = [key for key in keys[0] if key in common]
    places = [{key: row for row, key in enumerate(of_view)} for of_view in keys]
    return [
        view.subset([place[key] for key in wanted])
        for view, place in zip(views, places)
    ]


def _product(values, precisions):
    """Values `(N, 1 + S, P, 3)`, the mode first, weighted by `(N, P, 3, 3)`.

    Returns:
        The product's, and its covariances `(N, P, 3, 3)`.
    """
    width = 1 + COMMON_SHARE * (len(values) - 1)
    total = np.linalg.inv(np.sum(precisions, axis=0))
    shares = [
        np.einsum("npij,nspj->nspi", total @ precision, value)
        for value, precision in zip(values, precisions)
    ]
    found = np.sum(shares, axis=0)
    mode = found[:, :1]
    return np.concatenate([mode, mode + np.sqrt(width) * (found[:, 1:] - mode)], 1), (
        width * total
    )
