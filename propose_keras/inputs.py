"""Checks of what users pass in."""

import math
import numbers
from typing import Any

import numpy as np
from keras import ops

from propose_keras.types import Tensor, TensorLike


def check_keypoints(
    keypoints: TensorLike, num_joints: int, with_deviation: bool = False
) -> Tensor:
    """Checks `(batch, J, 2)` keypoints and returns them as a float32 tensor.

    Values are checked for NaN and infinity if they are a NumPy array or a list; a
    tensor may be one of a program being traced.

    Args:
        keypoints: `(batch, J, 2)` pixels.
        num_joints: J.
        with_deviation: Whether `(batch, J, 3)` are allowed, too: x, y and the standard
            deviation of each coordinate, pixels.

    Raises:
        ValueError: Saying what was expected and what came.
    """
    is_nested = isinstance(keypoints, list | tuple)
    shape = np.shape(keypoints) if is_nested else keypoints.shape
    has_deviation = len(shape) == 3 and shape[-1] == 3
    size = 3 if with_deviation and has_deviation else 2
    checked = _check(keypoints, num_joints, size, "keypoints", "pixels")
    on_host = isinstance(keypoints, np.ndarray | list | tuple)
    if size == 3 and on_host and (np.asarray(keypoints)[..., 2] < 0).any():
        raise ValueError(
            "`keypoints` holds negative deviations; the third number of each joint is "
            "the standard deviation of its coordinates, pixels."
        )
    return checked


def check_pose(pose_3d: TensorLike, num_joints: int) -> Tensor:
    """Checks `(batch, J, 3)` poses; as `check_keypoints`."""
    return _check(pose_3d, num_joints, 3, "pose_3d", "mm")


def check_image_size(image_size: TensorLike, batch_size: int) -> Tensor:
    """Checks `(2,)` or `(batch, 2)` image sizes; returns them as a float32 tensor.

    Args:
        image_size: Width and height in pixels.
        batch_size: Rows that they are for, or None if unknown while tracing.

    Raises:
        ValueError: Saying what was expected and what came.
    """
    on_host = isinstance(image_size, np.ndarray | list | tuple)
    image_size = np.asarray(image_size, "float32") if on_host else image_size
    shape = tuple(image_size.shape)
    if shape != (2,) and not _is_pair_per_row(shape, batch_size):
        raise ValueError(
            f"Expected `image_size`, width and height in pixels, of shape (2,) or "
            f"({batch_size or 'batch'}, 2), received shape {shape}."
        )
    if on_host and not (np.isfinite(image_size) & (image_size > 0)).all():
        raise ValueError("`image_size` must be positive and finite.")
    return ops.cast(ops.convert_to_tensor(image_size), "float32")


def check_integer(
    value: Any, name: str, minimum: int, maximum: int | None = None
) -> int:
    """Checks a whole number and returns it as an int.

    Args:
        value: An int or a NumPy integer; True and 2.0 are none.
        name: Of the argument.
        minimum: Smallest value allowed.
        maximum: Largest value allowed, or None.

    Raises:
        ValueError: If it is no whole number or out of range.
    """
    is_integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_integer or value < minimum or (maximum is not None and value > maximum):
        limits = f"at least {minimum}"
        if maximum is not None:
            limits = f"from {minimum} to {maximum}"
        raise ValueError(
            f"`{name}` must be a whole number, {limits}; received {value!r}."
        )
    return int(value)


def check_row_seeds(seed: Any, batch_size: int) -> Tensor:
    """Checks a seed: an int, or integers of shape `(batch, 2)`; returns it.

    Raises:
        ValueError: Saying what was expected and what came.
    """
    if isinstance(seed, numbers.Number):
        return check_integer(seed, "seed", 0, 2**31 - 1)
    if isinstance(seed, list | tuple):
        seed = np.asarray(seed)
    shape = tuple(seed.shape)
    if not _is_pair_per_row(shape, batch_size):
        raise ValueError(
            f"Expected `seed` to be an int or row seeds of shape "
            f"({batch_size or 'batch'}, 2), received shape {shape}."
        )
    return seed


def check_temperature(temperature: float) -> None:
    """Raises `ValueError` unless a temperature is positive and finite."""
    if not 0.0 < temperature < math.inf:
        raise ValueError(
            f"`temperature` must be positive and finite, received {temperature}."
        )


def _is_pair_per_row(shape, batch_size):
    """Whether a shape is `(batch, 2)`, sizes unknown while tracing allowed."""
    if len(shape) != 2 or shape[1] != 2:
        return False
    return None in (shape[0], batch_size) or shape[0] == batch_size


def _check(value, num_joints, size, name, unit):
    on_host = isinstance(value, np.ndarray | list | tuple)
    value = np.asarray(value, "float32") if on_host else value
    shape = tuple(value.shape)
    if len(shape) != 3 or shape[1:] != (num_joints, size):
        raise ValueError(
            f"Expected `{name}` of shape (batch, {num_joints}, {size}) in {unit}, "
            f"received shape {shape}."
        )
    if shape[0] == 0:
        raise ValueError(f"Received an empty batch: `{name}` has shape {shape}.")
    if on_host and not np.isfinite(value).all():
        rows = np.unique(np.nonzero(~np.isfinite(value))[0])
        raise ValueError(
            f"`{name}` holds NaN or infinity in {len(rows)} of {shape[0]} rows, the "
            f"first at row {rows[0]}. Fill in or drop such rows."
        )
    return ops.cast(ops.convert_to_tensor(value), "float32")
