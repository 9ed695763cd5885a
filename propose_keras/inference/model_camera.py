"""Pixels of a user's camera as a model's own camera would see them.

A model takes images to have one focal length, `PoseNormalization.focal_length`. Where
the real one is known, keypoints are moved to where they would lie in a square image of
that focal length; where not even the image's size is known, the hip is taken to lie in
the middle of the image, far enough away for perspective not to matter.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from propose_keras.skeletons import H36M_17
from propose_keras.types import Tensor, TensorLike

# Width and height in pixels of the image that keypoints are moved to.
_SIZE = 1000.0
# Root mean square distance of the joints from the hip there, where nothing is known of
# the image: a grown-up's at 5 m.
_PERSON = 125.0


def check_image_size(image_size: Sequence[float] | None) -> tuple[float, float] | None:
    """Width and height in pixels, or None.

    Raises:
        ValueError: If it is not two positive numbers.
    """
    if image_size is None:
        return None
    size = np.asarray(image_size, float)
    if size.shape != (2,) or not (np.isfinite(size) & (size > 0)).all():
        raise ValueError(
            "Expected `image_size` to be width and height in pixels, received "
            f"{image_size!r}."
        )
    return float(size[0]), float(size[1])


def check_intrinsics(
    intrinsics: Sequence[float] | np.ndarray | None,
) -> np.ndarray | None:
    """fx, fy, cx, cy in pixels, `(4,)`, or None; also of a camera matrix `(3, 3)`.

    Raises:
        ValueError: If it is neither, or a focal length is not positive.
    """
    if intrinsics is None:
        return None
    values = np.asarray(intrinsics, float)
    if values.shape == (3, 3):
        values = values[[0, 1, 0, 1], [0, 1, 2, 2]]
    if values.shape != (4,) or not np.isfinite(values).all() or min(values[:2]) <= 0:
        raise ValueError(
            "Expected `intrinsics` to be fx, fy, cx, cy in pixels, or a camera matrix "
            f"of 3 by 3, received {intrinsics!r}."
        )
    return values


def to_model_camera(
    keypoints: np.ndarray,
    image_size: np.ndarray,
    intrinsics: np.ndarray | None,
    normalization: Any,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Moves keypoints to where the model's own camera would see them.

    Args:
        keypoints: `(batch, 17, 2)` pixels, without gaps.
        image_size: `(batch, 2)` pixels, NaN where not known.
        intrinsics: Of `check_intrinsics`.
        normalization: The model's.

    Returns:
        Keypoints `(batch, 17, 2)`, image sizes `(batch, 2)` and by how much lengths in
        the image have grown `(batch,)`, float32.

    Raises:
        ValueError: If an image size is missing that the model cannot do without.
    """
    image_size = np.array(image_size, np.float32)
    if intrinsics is not None:
        factor = normalization.focal_length * _SIZE / intrinsics[:2]
        keypoints = (keypoints - intrinsics[2:]) * factor + _SIZE / 2
        scale = np.full(len(keypoints), factor.mean(), np.float32)
        return keypoints.astype(np.float32), np.full_like(image_size, _SIZE), scale
    unknown = np.isnan(image_size).any(axis=1)
    if unknown.any() and normalization.scale == "image":
        raise ValueError(
            "This model reads screen coordinates and the source does not say how "
            "large the images are: pass `image_size`, their width and height in "
            "pixels, or `intrinsics`."
        )
    return center_unknown(np.asarray(keypoints, np.float32), image_size, unknown)


def center_unknown(
    keypoints: TensorLike, image_size: TensorLike, unknown: TensorLike, xp: Any = np
) -> tuple[Tensor, Tensor, Tensor]:
    """Moves people of images of unknown size to the middle of one.

    Args:
        keypoints: `(batch, 17, 2)` pixels, without gaps.
        image_size: `(batch, 2)` pixels.
        unknown: Whether the image's size is not known, `(batch,)` bool.
        xp: Namespace of the arrays: `numpy`, or `keras.ops` for tensors.

    Returns:
        As `to_model_camera`.
    """
    centred = keypoints - keypoints[:, H36M_17.root, None]
    extent = xp.sqrt(xp.mean(xp.sum(centred**2, axis=-1), axis=-1))
    factor = _PERSON / xp.maximum(extent, 1e-6)
    middle = centred * factor[:, None, None] + _SIZE / 2
    return (
        xp.where(unknown[:, None, None], middle, keypoints),
        xp.where(unknown[:, None], _SIZE, image_size),
        xp.where(unknown, factor, xp.ones_like(factor)),
    )
