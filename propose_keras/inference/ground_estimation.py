"""Finds the floor that people stand on from their feet at rest.

One camera that stands still is assumed. The floor is the plane on which feet rest, by
weighted least squares with Tukey's weights against feet that rest elsewhere (Holland
and Welsch, "Robust regression using iteratively reweighted least-squares", 1977). What
is known of its direction before is how people hold themselves: on average upright. That
decides where they stay in one place; where they walk about, their feet do.
"""

import dataclasses
import warnings
from typing import NamedTuple

import numpy as np

from propose_keras.inference.bones import stature
from propose_keras.inference.foot_contacts import ANKLE_SHARE, FEET, rests, speeds
from propose_keras.inference.ground import Ground
from propose_keras.inference.results import LiftedPoses
from propose_keras.keypoint_files import KeypointWarning
from propose_keras.skeletons import H36M_17

_CAMERA_UP = np.array([0.0, -1.0, 0.0])
_THORAX = H36M_17.index("Thorax")
# Across the line of sight, mm/s, and how much higher than the other foot, mm.
_SLOW, _LOW = 300.0, 40.0
FEWEST_RESTS = 2
# Seconds after which a rest counts as another one.
_LONG_REST = 1.0
# Deviation of a resting ankle's height, mm, and those of the direction up by people's
# bodies and by the camera alone, radians.
_HEIGHT_DEVIATION = 60.0
_BODY_DEVIATION, _CAMERA_DEVIATION = np.radians([2.5, 10.0])
# People further from the camera's upright, as cosine, do not tell which way is up.
_UPRIGHT = np.cos(np.radians(40.0))
# A floor so steep in the picture is none.
_STEEPEST = np.cos(np.radians(60.0))
# Tukey's constant, in deviations, and iterations, which suffice for the weights.
_TUKEY, _ITERATIONS = 4.685, 20
# People are rather that tall, m.
_SMALLEST, _TALLEST = 0.5, 2.5


class GroundWarning(KeypointWarning):
    """The floor could not be found, or does not look right; the message says why."""


class Standing(NamedTuple):
    """What of poses tells of the floor: fields of `LiftedPoses`.

    Attributes:
        frame: `(N,)` ints.
        person: `(N,)`.
        root: `(N, 3)` mm.
        mode: `(N, 17, 3)` mm.
        missing: `(N, 17)` bool.
    """

    frame: np.ndarray
    person: np.ndarray
    root: np.ndarray
    mode: np.ndarray
    missing: np.ndarray


def estimate_ground(
    poses: LiftedPoses | Standing,
    frame_rate: float = 30.0,
    camera_height: float | None = None,
    camera_pitch: float | None = None,
) -> Ground:
    """Finds the floor from feet at rest, in a clip of a camera that stands still.

    Args:
        poses: In the camera's axes, best smoothed along tracks.
        frame_rate: Frames per second.
        camera_height: Of the camera over the floor in metres, if known. It gives
            everything its size: people and places are scaled to agree with it.
        camera_pitch: Degrees by which the camera looks down, if known; then it is taken
            not to be rolled, and only its height is sought.

    Returns:
        The floor. Where fewer than 2 rests of feet are seen, up is the camera's (-y),
        or what the pitch says, and the floor lies where the lower feet are, by median.

    Warns:
        GroundWarning: If the floor could not be found, or the height makes giants or
            dwarfs of the people.

    Raises:
        ValueError: If an argument is out of range.
    """
    _check(frame_rate, camera_height, camera_pitch)
    statures = stature(poses.mode.astype(np.float64))
    ankles = poses.root[:, None].astype(np.float64) + poses.mode[:, FEET]
    heights = ANKLE_SHARE * statures
    if camera_pitch is not None:
        pitch = np.radians(camera_pitch)
        up, deviation = np.array([0.0, -np.cos(pitch), -np.sin(pitch)]), 0.0
    else:
        up, deviation = _upright(poses.mode, poses.missing)
    found = _resting_feet(poses, ankles, heights, up, frame_rate)
    normal, height = up, 0.0
    if len(found) >= FEWEST_RESTS:
        normal, height = _fit(found, up, deviation)
    if len(found) >= FEWEST_RESTS and normal @ _CAMERA_UP > _STEEPEST:
        ground = Ground(normal, height, num_rests=len(found))
    else:
        up = up if camera_pitch is not None else _CAMERA_UP
        ground = Ground(up, _height_over_feet(ankles, heights, up))
        _warn(_not_found(len(found), np.isfinite(poses.root).any()))
    return _scaled(ground, camera_height, statures)


def _check(frame_rate, camera_height, camera_pitch):
    if not 0 < frame_rate < np.inf:
        raise ValueError(f"expected a `frame_rate` above 0, received {frame_rate}.")
    if camera_height is not None and not 0 < camera_height < np.inf:
        raise ValueError(
            f"expected a `camera_height` in metres, above 0, received {camera_height}."
        )
    if camera_pitch is not None and not -60 <= camera_pitch <= 60:
        raise ValueError(
            "expected a `camera_pitch` in degrees from -60 to 60, received "
            f"{camera_pitch}."
        )


def _not_found(num_rests, is_placed):
    if not is_placed:
        return (
            "The floor could not be found: without the image's size (--image_size) it "
            "is not known where people are. Up is taken to be the camera's."
        )
    return (
        f"The floor could not be found: feet were seen at rest {num_rests} times, "
        f"expected {FEWEST_RESTS} at least, on one plane. Up is taken to be the "
        "camera's, the floor to be under the lower feet; --camera_pitch and "
        "--camera_height say where it is."
    )


def _warn(message):
    warnings.warn(message, GroundWarning, stacklevel=3)


def _scaled(ground, camera_height, statures):
    """The ground, and all on it, in the size that the camera's height gives it."""
    if camera_height is None:
        return ground
    if not ground.height > 0:
        _warn(
            "The camera's height gives nobody a size: no feet were seen below the "
            "camera."
        )
        return ground
    scale = 1000 * camera_height / ground.height
    tall = scale * float(np.median(statures)) / 1000
    if not _SMALLEST < tall < _TALLEST:
        _warn(
            f"A camera {camera_height:g} m above the floor makes the people "
            f"{tall:.2f} m tall. Is its height right, in metres?"
        )
    return dataclasses.replace(ground, scale=scale)


def _upright(modes, missing):
    """The direction up by how people hold themselves, and its deviation in radians."""
    bodies = modes[:, _THORAX] - modes[:, FEET].mean(axis=1)
    length = np.linalg.norm(bodies, axis=-1, keepdims=True)
    bodies = bodies.astype(np.float64) / np.maximum(length, 1e-6)
    seen = ~missing[:, [_THORAX, *FEET]].any(axis=1)
    bodies = bodies[seen & (bodies @ _CAMERA_UP > _UPRIGHT)]
    if not len(bodies):
        return _CAMERA_UP, _CAMERA_DEVIATION
    up = np.median(bodies, axis=0)
    return up / np.linalg.norm(up), _BODY_DEVIATION


def _resting_feet(poses, ankles, heights, up, frame_rate):
    """Ankles at rest `(rests, 4)`: where they are, and their height over the floor."""
    found = []
    placed = np.isfinite(poses.root).all(axis=1)
    for name in dict.fromkeys(poses.person.tolist()):
        mine = np.flatnonzero((poses.person == name) & placed)
        if not len(mine):
            continue
        times, points = poses.frame[mine], ankles[mine]
        sight = points / np.linalg.norm(points, axis=-1, keepdims=True)
        slow = speeds(times, points, frame_rate, sight) < _SLOW
        level = points @ up
        low = level < level.min(axis=1, keepdims=True) + _LOW
        still = slow & low & ~poses.missing[mine][:, FEET]
        for foot, rows in rests(times, still, frame_rate):
            lasts = (times[rows.stop - 1] - times[rows.start] + 1) / frame_rate
            for part in np.array_split(np.r_[rows], max(1, round(lasts / _LONG_REST))):
                place = np.median(points[part, foot], axis=0)
                found.append([*place, np.median(heights[mine][part])])
    return np.array(found).reshape(-1, 4)


def _fit(feet, up, deviation):
    """Normal and height of the plane of feet `(rests, 4)`.

    The normal is `up + a * right + b * away`, made a unit vector: linear in a and b.
    """
    points, heights = feet[:, :3], feet[:, 3]
    right, away, _ = Ground(up, 0.0).rotation
    # Residuals over their deviations: a, b and height times these, less the targets.
    matrix = np.column_stack([points @ right, points @ away, np.ones(len(feet))])
    target = heights - points @ up
    prior = np.diag([1 / max(deviation, 1e-6)] * 2 + [0.0])
    weights = np.ones(len(feet))
    solution = np.array([0.0, 0.0, np.median(target)])
    for _ in range(_ITERATIONS):
        rest = (target - matrix @ solution) / _HEIGHT_DEVIATION
        scale = max(1.0, 1.4826 * float(np.median(np.abs(rest))))
        weights = np.clip(1 - (rest / (_TUKEY * scale)) ** 2, 0, None) ** 2
        weighted = matrix * weights[:, None] / _HEIGHT_DEVIATION**2
        normal_matrix = weighted.T @ matrix + prior**2
        solution = np.linalg.solve(normal_matrix, weighted.T @ target)
    normal = up + solution[0] * right + solution[1] * away
    length = np.linalg.norm(normal)
    return normal / length, float(solution[2] / length)


def _height_over_feet(ankles, heights, up):
    """Height of the camera over a floor under the lower feet, by median; or 0."""
    below = heights + np.max(-(ankles @ up), axis=1)
    below = below[np.isfinite(below)]
    return float(np.median(below)) if len(below) else 0.0
