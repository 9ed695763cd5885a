"""Checks of what users pass in."""

import numpy as np
from keras import ops


def check_keypoints(keypoints, num_joints):
    """Checks `(batch, J, 2)` keypoints and returns them as a float32 tensor.

    Values are checked for NaN and infinity if they are a NumPy array or a list; a
    tensor may be one of a program being traced.

    Raises:
        ValueError: Saying what was expected and what came.
    """
    return _check(keypoints, num_joints, 2, "keypoints", "pixels")


def check_pose(pose_3d, num_joints):
    """Checks `(batch, J, 3)` poses; as `check_keypoints`."""
    return _check(pose_3d, num_joints, 3, "pose_3d", "mm")


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
