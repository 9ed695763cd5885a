"""Pinhole cameras with Human3.6M's distortion model, in NumPy."""

import dataclasses

import numpy as np

from propose_keras.types import Tensor


@dataclasses.dataclass(frozen=True)
class Camera:
    """A calibrated camera.

    Attributes:
        name: Identifier, such as Human3.6M's `54138969`.
        image_size: `(width, height)` in pixels.
        intrinsics: `(fx, fy, cx, cy)` in pixels.
        distortion: `(k1, k2, k3, p1, p2)`, radial then tangential.
        rotation: World to camera, `(3, 3)`.
        translation: Position of the camera in the world, `(3,)`, mm.
    """

    name: str
    image_size: tuple[int, int]
    intrinsics: np.ndarray
    distortion: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray

    def from_world(self, points: np.ndarray) -> np.ndarray:
        """Moves world points `(..., 3)` mm into the camera's frame, `(..., 3)` mm.

        `X_cam = R (X_world - T)`, as in Human3.6M's tools.
        """
        return (points - self.translation) @ np.asarray(self.rotation).T

    def project(self, points: np.ndarray) -> np.ndarray:
        """Projects camera-frame points `(..., 3)` mm to pixels `(..., 2)`."""
        return project(points, self.intrinsics, self.distortion)


def world_to_camera(
    heading: np.ndarray, pitch: np.ndarray, roll: np.ndarray
) -> np.ndarray:
    """Rotations from the world (z up) to cameras (x right, y down, z forward).

    Args:
        heading: Radians that the camera is turned by about the world's z axis, `(N,)`;
            at 0 it looks along y.
        pitch: Radians that it then looks down by, `(N,)`.
        roll: Radians that it is then turned by about its axis, `(N,)`.

    Returns:
        `(N, 3, 3)`, as `Camera.rotation`.
    """
    zero, one = np.zeros(len(heading)), np.ones(len(heading))
    cosine, sine = np.cos(heading), np.sin(heading)
    level = _matrices([cosine, sine, zero], [zero, zero, -one], [-sine, cosine, zero])
    cosine, sine = np.cos(pitch), np.sin(pitch)
    down = _matrices([one, zero, zero], [zero, cosine, -sine], [zero, sine, cosine])
    cosine, sine = np.cos(roll), np.sin(roll)
    tilt = _matrices([cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one])
    return tilt @ down @ level


def _matrices(*rows):
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def project(points: Tensor, intrinsics: Tensor, distortion: Tensor) -> Tensor:
    """Projects camera-frame points through Human3.6M's distorted pinhole camera.

    The distortion is Brown's with the cross terms of the tangential part taken
    once, not twice, as in the data set's own tools and in 3d-pose-baseline's
    `cameras.py`; the two differ by about 0.1 px at the image's edge.

    Args:
        points: `(..., 3)`, any unit, z forward and positive.
        intrinsics: fx, fy, cx, cy in pixels: `(4,)`, or `(..., 4)` with a camera for
            each row of `(..., J, 3)` points.
        distortion: k1, k2, k3 (radial) and p1, p2 (tangential): `(5,)` or `(..., 5)`.

    Returns:
        Pixels, `(..., 2)`.
    """
    intrinsics, distortion = np.asarray(intrinsics), np.asarray(distortion)
    if intrinsics.ndim > 1:
        intrinsics, distortion = intrinsics[..., None, :], distortion[..., None, :]
    focal, center = intrinsics[..., :2], intrinsics[..., 2:]
    k1, k2, k3, p1, p2 = (distortion[..., i : i + 1] for i in range(5))
    xy = points[..., :2] / points[..., 2:]
    r2 = np.sum(xy**2, axis=-1, keepdims=True)
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    tangential = p1 * xy[..., 1:] + p2 * xy[..., :1]
    xy = xy * (radial + tangential) + r2 * np.concatenate([p2, p1], axis=-1)
    return focal * xy + center
