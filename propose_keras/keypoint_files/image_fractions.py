"""Coordinates as fractions of the image's width and height."""

from typing import Any

import numpy as np

from propose_keras.keypoint_files.records import KeypointFileError

# Nobody is this small in pixels; some joints may lie beyond the image's edge.
LARGEST_FRACTION = 2.0


def are_fractions(values: np.ndarray) -> bool:
    """Whether most coordinates are fractions of an image, not pixels.

    Args:
        values: `(..., 2)`; joints at exactly 0, 0, which many programs write for none,
            and NaN do not count.
    """
    values = np.asarray(values, float).reshape(-1, 2)
    values = values[np.isfinite(values).all(axis=1) & (values != 0).any(axis=1)]
    return bool(values.size) and bool(np.median(np.abs(values)) <= LARGEST_FRACTION)


def to_pixels(values: np.ndarray, image_size: Any, name: str) -> np.ndarray:
    """Fractions of the image as pixels.

    Raises:
        KeypointFileError: If the image's size is not known.
    """
    if image_size is None or not np.isfinite(image_size).all():
        raise KeypointFileError(
            f"{name}: x and y are fractions of the image's width and height. Pass "
            "`image_size`, in pixels."
        )
    return values * np.asarray(image_size, float)
