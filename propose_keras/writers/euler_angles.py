"""Rotations along time as Euler angles that do not jump."""

from collections.abc import Sequence

import numpy as np

from propose_keras.writers.bone_rotations import hold


def euler_angles(rotations: np.ndarray, orders: Sequence[str]) -> np.ndarray:
    """Euler angles of joints along time.

    Args:
        rotations: `(n, joints, 3, 3)`.
        orders: Of each joint, such as `"ZYX"`; the first axis is the leftmost factor.

    Returns:
        Radians, `(n, joints, 3)`. No angle jumps by a full turn from pose to pose.
    """
    angles = [_angles(rotations[:, j], order) for j, order in enumerate(orders)]
    return _unwrap(np.stack(angles, axis=1))


def _angles(rotations, order):
    """Radians `(n, 3)`; where the first is not determined it keeps its value."""
    i, j, k = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    second = np.arcsin(np.clip(sign * rotations[:, i, k], -1, 1))
    first = np.arctan2(-sign * rotations[:, j, k], rotations[:, k, k])
    determined = np.hypot(rotations[:, j, k], rotations[:, k, k]) > 1e-7
    first = hold(first, determined, np.zeros(()))
    # What remains when the first is undone has the third alone in row j.
    row = np.cos(first)[:, None] * rotations[:, j]
    row += sign * np.sin(first)[:, None] * rotations[:, k]
    third = np.arctan2(sign * row[:, i], row[:, j])
    return np.stack([first, second, third], axis=-1)


def _unwrap(angles):
    """Takes of the two triples that mean the same the one nearer to the last."""
    last = np.zeros(angles.shape[1:])
    twins = np.pi + angles * np.array([1, -1, 1])
    for frame, pair in enumerate(np.stack([angles, twins], axis=1)):
        pair -= 2 * np.pi * np.round((pair - last) / (2 * np.pi))
        far = np.abs(pair - last).sum(axis=-1)
        last = np.where((far[1] < far[0])[:, None], pair[1], pair[0])
        angles[frame] = last
    return angles
