"""Where people stand: the root that puts a pose onto its keypoints.

A joint at `P + T` (pose relative to the root, and the root, mm in the camera's axes) is
seen at `f (P + T)_xy / (P + T)_z + c`. Times its depth, that is linear in T: weighted
least squares of all measured joints, once more with the depths found (as in Mehta et
al., "VNect", 2017, Sec. 4.3, but with perspective kept).
"""

from typing import Any, NamedTuple

import numpy as np

# Deviation of a well measured keypoint, as a share of the person's extent in the image,
# and that of all of them together: detectors differ in what they take for a joint.
_KEYPOINT_DEVIATION, _COMMON_DEVIATION = 0.01, 0.03
# Of an assumed focal length, and of a principal point that is taken to be the image's
# middle, as shares of the focal length.
FOCAL_LENGTH_DEVIATION, PRINCIPAL_POINT_DEVIATION = 0.15, 0.015
# Least depth of a root, mm: nobody is nearer.
_NEAREST = 300.0


class Placement(NamedTuple):
    """Roots in the camera's frame, mm; NaN where the camera is not known at all.

    Attributes:
        root: `(N, 3)`, of the mode.
        root_hypotheses: `(N, S, 3)`.
        root_covariance: `(N, 3, 3)` mm^2 of `root`. What is not known of the person's
            size is in the hypotheses.
    """

    root: np.ndarray
    root_hypotheses: np.ndarray
    root_covariance: np.ndarray


def place(
    mode: np.ndarray,
    hypotheses: np.ndarray,
    keypoints: np.ndarray,
    weights: np.ndarray,
    intrinsics: np.ndarray,
    focal_length_deviation: float = 0.0,
    principal_point_deviation: float = 0.0,
) -> Placement:
    """Places poses.

    Args:
        mode: `(N, 17, 3)` mm relative to the root.
        hypotheses: `(N, S, 17, 3)` mm relative to the root.
        keypoints: `(N, 17, 2)` pixels.
        weights: `(N, 17)` of the keypoints, from 0 for joints that were not measured to
            1 for those that are certain.
        intrinsics: `(N, 4)`: fx, fy, cx, cy in pixels; NaN where not known.
        focal_length_deviation: What is not known of the focal length, as a share.
        principal_point_deviation: The same of the principal point, as a share of the
            focal length.
    """
    poses = np.concatenate([mode[:, None], hypotheses], axis=1).astype(np.float64)
    rays = (keypoints - intrinsics[:, None, 2:]) / intrinsics[:, None, :2]
    roots, information = _fit(poses, rays[:, None], weights[:, None])
    extent = np.sqrt(np.sum(np.var(rays, axis=1), axis=-1))
    depth = np.maximum(roots[:, 0, 2], _NEAREST)
    noise = (_KEYPOINT_DEVIATION * extent * depth) ** 2
    covariance = noise[:, None, None] * np.linalg.inv(information[:, 0])
    common = (_COMMON_DEVIATION * extent * depth) ** 2
    common += (principal_point_deviation * depth) ** 2
    covariance += common[:, None, None] * np.diag([1.0, 1.0, 0.0])
    spread = roots[:, 1:] - roots[:, 1:].mean(axis=1, keepdims=True)
    covariance += np.einsum("nsi,nsj->nij", spread, spread) / spread.shape[1]
    root = roots[:, 0]
    along = root * [0.0, 0.0, 1.0]
    covariance += focal_length_deviation**2 * along[:, :, None] * along[:, None]
    return Placement(
        root.astype(np.float32),
        roots[:, 1:].astype(np.float32),
        covariance.astype(np.float32),
    )


def camera_of(
    image_size: np.ndarray, intrinsics: np.ndarray | None, focal_length: float
) -> dict[str, Any]:
    """Arguments of `place` for people's cameras.

    Args:
        image_size: `(N, 2)` pixels, NaN where not known.
        intrinsics: fx, fy, cx, cy of all of them, or None where they must be assumed.
        focal_length: The one to assume, as a share of the longer side.
    """
    if intrinsics is not None:
        return {"intrinsics": np.tile(intrinsics, (len(image_size), 1))}
    focal = focal_length * image_size.max(axis=1, keepdims=True)
    return {
        "intrinsics": np.concatenate([focal, focal, image_size / 2], axis=1),
        "focal_length_deviation": FOCAL_LENGTH_DEVIATION,
        "principal_point_deviation": PRINCIPAL_POINT_DEVIATION,
    }


def _fit(poses, rays, weights):
    """Roots `(N, S, 3)`, and the normal matrices `(N, S, 3, 3)` of unit deviations."""
    weights = np.maximum(np.broadcast_to(weights, poses.shape[:-1]), 1e-6)
    roots, _ = _solve(poses, rays, weights)
    depth = np.maximum(poses[..., 2] + roots[..., 2:], _NEAREST)
    # Over their mean, so that weights stay of the order of 1.
    return _solve(poses, rays, weights * (depth.mean(-1, keepdims=True) / depth) ** 2)


def _solve(poses, rays, weights):
    """Weighted least squares of `[1, 0, -x] T = x P_z - P_x`, and the like for y."""
    rays = np.broadcast_to(rays, (*poses.shape[:-1], 2))
    target = rays * poses[..., 2:] - poses[..., :2]
    total = np.sum(weights, axis=-1)
    weighted = weights[..., None] * rays
    by_ray = np.sum(weighted, axis=-2)
    normal = np.zeros((*total.shape, 3, 3))
    normal[..., 0, 0] = normal[..., 1, 1] = total
    normal[..., :2, 2] = normal[..., 2, :2] = -by_ray
    normal[..., 2, 2] = np.sum(weighted * rays, axis=(-2, -1))
    right = np.zeros((*total.shape, 3))
    right[..., :2] = np.sum(weights[..., None] * target, axis=-2)
    right[..., 2] = -np.sum(weighted * target, axis=(-2, -1))
    return np.linalg.solve(normal, right[..., None])[..., 0], normal
