"""What a video keeps of people until it is drawn, and where each is drawn."""

from typing import Any

import numpy as np

from propose_keras.inference.results import LiftedPoses
from propose_keras.skeletons import H36M_17
from propose_keras.writers.person_artists import VIEWS, Person, project

# What views show at least to each side of the hip, and at most, as no part of a body
# is farther from it; mm.
_ROOM, _REACH = 300.0, 1400.0
_THORAX = H36M_17.index("Thorax")
_DRAWN = ("keypoints", "missing", "mode", "root")


def row_dtype(num_hypotheses: int) -> np.dtype:
    """Of a person in a frame.

    The place of the frame, who it is, the place in panels of their own (`slot`) and in
    a scene (`spot`), -1 for none, and what is drawn.
    """
    num_joints = H36M_17.num_joints
    return np.dtype(
        [
            *[(name, np.int64) for name in ("frame", "person", "slot", "spot")],
            ("keypoints", np.float32, (num_joints, 2)),
            ("missing", bool, (num_joints,)),
            ("mode", np.float32, (num_joints, 3)),
            ("root", np.float32, (3,)),
            ("hypotheses", np.float32, (num_hypotheses, num_joints, 3)),
        ]
    )


def rows_of(poses: LiftedPoses, dtype: np.dtype) -> np.ndarray:
    """Rows of poses, without places."""
    rows = np.zeros(len(poses), dtype)
    hypotheses = poses.hypotheses[:, : dtype["hypotheses"].shape[0]]
    # What is known of people whose hips were not seen is relative to the thorax.
    unseen = poses.missing[:, H36M_17.root, None, None, None]
    moved = poses.mode[:, None, [_THORAX]] - hypotheses[:, :, [_THORAX]]
    rows["hypotheses"] = hypotheses + np.where(unseen, moved, 0.0)
    for name in _DRAWN:
        rows[name] = getattr(poses, name)
    return rows


def person_of(row: Any, name: str, place: str, trail: np.ndarray) -> Person:
    """What is drawn of a row.

    Args:
        row: Of `row_dtype`.
        name: Of the person.
        place: `"slot"` or `"spot"`, in which it is drawn around its root.
        trail: See `Person`.
    """
    drawn = {name: row[name] for name in ("keypoints", "missing", "mode", "hypotheses")}
    root = row["root"] if place == "spot" else np.zeros(3)
    return Person(slot=int(row[place]), name=name, root=root, trail=trail, **drawn)


def assign(people: list[int], before: dict[int, int], count: int) -> dict[int, int]:
    """Places of people: those who had one keep it, the others take what is free.

    Args:
        people: Numbers of those who are there.
        before: Places in the frame before.
        count: How many places there are.
    """
    places = {person: before[person] for person in people if person in before}
    free = [place for place in range(count) if place not in places.values()]
    new = [person for person in people if person not in places]
    return places | dict(zip(new, free))


def view_limits(modes: np.ndarray) -> np.ndarray:
    """Corners `(views, 2, 2)` of what each of `VIEWS` must show to hold all modes."""
    drawn = np.stack([project(modes, view)[..., :2] for view in VIEWS.values()])
    limits = np.stack([drawn.min(axis=(1, 2)), drawn.max(axis=(1, 2))], axis=1)
    limits = limits.clip(-_REACH, _REACH)
    limits[:, 0] = np.minimum(limits[:, 0], -_ROOM)
    limits[:, 1] = np.maximum(limits[:, 1], _ROOM)
    return limits + 80.0 * np.array([[-1], [1]])
