"""Motion of a skeleton, and the angles that motion files describe it by."""

from __future__ import annotations

import dataclasses

import numpy as np

# One length unit of the CMU database is 1 / 0.45 inch (its own FAQ; the 0.45 is the
# `:units length` of the skeletons).
CMU_UNIT_MM = 25.4 / 0.45


@dataclasses.dataclass(frozen=True, eq=False)
class Motion:
    """Positions of named joints over time.

    Attributes:
        joint_names: Names in order.
        positions: World frame, z up, mm, `(frames, joints, 3)`.
        frame_rate: Frames per second.
    """

    joint_names: tuple[str, ...]
    positions: np.ndarray
    frame_rate: float

    def __getitem__(self, joint_name: str) -> np.ndarray:
        """Positions of one joint, `(frames, 3)` mm."""
        return self.positions[:, self.joint_names.index(joint_name)]

    def resample(self, frame_rate: float) -> Motion:
        """The frames nearest to those of a lower rate; a higher one changes nothing."""
        if frame_rate >= self.frame_rate:
            return self
        step = self.frame_rate / frame_rate
        count = int(np.ceil(len(self.positions) / step))
        rows = np.minimum(np.round(np.arange(count) * step), len(self.positions) - 1)
        positions = self.positions[rows.astype(int)]
        return dataclasses.replace(self, positions=positions, frame_rate=frame_rate)


def euler_matrices(angles: np.ndarray, axes: str) -> np.ndarray:
    """Rotation matrices of Euler angles.

    Args:
        angles: Degrees, `(..., n)`.
        axes: The n axes, such as `zyx`; the first is the leftmost factor, so
            `zyx` gives `Rz Ry Rx`.

    Returns:
        `(..., 3, 3)`; the identity for no axes.
    """
    radians = np.deg2rad(angles)
    total = np.broadcast_to(np.eye(3), (*radians.shape[:-1], 3, 3))
    for index, axis in enumerate(axes):
        first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        cos, sin = np.cos(radians[..., index]), np.sin(radians[..., index])
        matrix = np.zeros_like(total)
        matrix[..., "xyz".index(axis), "xyz".index(axis)] = 1
        matrix[..., first, first] = matrix[..., second, second] = cos
        matrix[..., second, first], matrix[..., first, second] = sin, -sin
        total = total @ matrix
    return total


def z_up(points: np.ndarray) -> np.ndarray:
    """Turns y-up points `(..., 3)` so that z is up: `(x, y, z)` to `(x, -z, y)`."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)
