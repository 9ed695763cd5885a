"""The world that a floor gives: z up, the floor at 0, the camera above the origin."""

import dataclasses

import numpy as np

from propose_keras.inference.results import LiftedPoses

WORLD_AXES = (
    "world: x right, y away from the camera, z up, from the floor below the camera; "
    "mm, poses relative to the hip"
)
# Fields of `LiftedPoses` that are poses.
_POSES = "mode", "hypotheses", "mean"
_POSES = "mode", "hypotheses", "mean"


@dataclasses.dataclass(frozen=True, eq=False)
class Ground:
    """A floor in the axes of poses, such as the camera's.

    Attributes:
        normal: `(3,)`, unit vector upward.
        height: Of the origin, the camera, over the floor: mm, in the poses' size.
        scale: How much larger everything is than the poses have it.
        num_rests: Rests of feet that it was found from; 0 if it was not.
    """

    normal: np.ndarray
    height: float
    scale: float = 1.0
    num_rests: int = 0

    def __post_init__(self) -> None:
        normal = np.asarray(self.normal, np.float64)
        length = np.linalg.norm(normal) if normal.shape == (3,) else 0.0
        if not 0 < length < np.inf or not self.scale > 0:
            raise ValueError(
                "expected a `normal` of three numbers that are not all 0 and a `scale` "
                f"above 0, received {self.normal} and {self.scale}."
            )
        object.__setattr__(self, "normal", normal / length)

    @property
    def rotation(self) -> np.ndarray:
        """`(3, 3)`: rows are the world's axes x right, y away, z up."""
        up = self.normal
        right = np.array([1.0, 0.0, 0.0]) - up[0] * up
        if np.linalg.norm(right) < 0.1:
            right = np.array([0.0, 0.0, -1.0]) + up[2] * up
        right = right / np.linalg.norm(right)
        return np.stack([right, np.cross(up, right), up])

    @property
    def camera_height(self) -> float:
        """Of the camera over the floor, mm in the world's size."""
        return self.scale * self.height

    @property
    def camera_pitch(self) -> float:
        """Degrees by which the camera looks down."""
        return float(np.degrees(np.arcsin(np.clip(-self.normal[2], -1.0, 1.0))))

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """Points `(..., 3)` mm in the poses' axes, in the world."""
        moved = points @ self.rotation.T + np.array([0.0, 0.0, self.height])
        return self.scale * moved


def in_world(poses: LiftedPoses, ground: Ground) -> LiftedPoses:
    """Poses in the world: x right, y away from the camera, z up, the floor at z = 0.

    Args:
        poses: In the camera's axes.
        ground: See `estimate_ground`.

    Returns:
        The same people; poses, still relative to the hip, and roots, from the floor
        below the camera, are turned, and scaled by `ground.scale`.
    """
    turn = ground.scale * ground.rotation.T
    roots = {
        name: ground.to_world(getattr(poses, name).astype(np.float64))
        for name in ("root", "root_hypotheses")
    }
    turned = {name: getattr(poses, name) @ turn for name in _POSES}
    covariance = turn.T @ poses.root_covariance @ turn
    scaled = {
        name: ground.scale * getattr(poses, name)
        for name in ("spread", "spread_about_thorax")
    }
    fields = {**roots, **turned, **scaled, "root_covariance": covariance}
    single = {name: value.astype(np.float32) for name, value in fields.items()}
    x, y, z = (ground.rotation @ np.array(poses.forward)).tolist()
    return dataclasses.replace(poses, axes=WORLD_AXES, forward=(x, y, z), **single)
