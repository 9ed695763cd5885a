"""What the views of a scene of several people must show."""

import collections
from typing import NamedTuple

import numpy as np

from propose_keras.writers.person_artists import SCENE_VIEWS, project

# Frames for which a scene shows where a person was.
TRAIL = 60
# Share of poses that may reach beyond, of which a few are in a wrong place.
_OUTSIDE = 0.015
# Around what is shown, and above it, for names, mm.
_MARGIN, _NAME = 120.0, 150.0


class Scene(NamedTuple):
    """A scene of people in the camera's frame.

    Attributes:
        limits: Corners `(views, 2, 2)`, mm to the right and up, in `SCENE_VIEWS`.
        floor: Where the feet are, mm down.
    """

    limits: np.ndarray
    floor: float


def scene_of(modes: np.ndarray, roots: np.ndarray) -> Scene:
    """The scene that holds nearly all poses.

    Args:
        modes: `(N, 17, 3)` mm relative to the root.
        roots: `(N, 3)` mm in the camera's frame.
    """
    poses = modes + roots[:, None]
    limits = []
    for view in SCENE_VIEWS.values():
        drawn = project(poses, view)[..., :2]
        low = np.quantile(drawn.min(axis=1), _OUTSIDE, axis=0) - _MARGIN
        high = np.quantile(drawn.max(axis=1), 1 - _OUTSIDE, axis=0) + _MARGIN
        limits.append([low, high + [0.0, _NAME]])
    floor = np.quantile(poses[..., 1].max(axis=1), 1 - _OUTSIDE)
    return Scene(np.array(limits), float(floor))


class Trails:
    """Where people were in the last frames, on the floor of a scene.

    Args:
        scene: The scene; None: nobody leaves a trail.
    """

    def __init__(self, scene: Scene | None) -> None:
        self._scene = scene
        self._seen: dict[int, collections.deque[tuple[int, np.ndarray]]] = {}

    def __call__(self, person: int, frame: int, root: np.ndarray) -> np.ndarray:
        """The trail `(T, 3)` of a person who is at a root, mm, in the next frame."""
        if self._scene is None:
            return np.zeros((0, 3))
        seen = self._seen.setdefault(person, collections.deque(maxlen=TRAIL))
        if seen and frame - seen[-1][0] > TRAIL:
            seen.clear()
        seen.append((frame, np.array([root[0], self._scene.floor, root[2]])))
        return np.array([place for when, place in seen if when > frame - TRAIL])
