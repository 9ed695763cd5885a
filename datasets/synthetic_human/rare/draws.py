"""Poses drawn around a key pose: other angles each time, within the joint limits."""

import dataclasses

import numpy as np

from ..gestures import arm_angles
from ..kinematics import SIDES, limit, rotation
from .bodies import Person
from .key_poses import KEY_POSES, KeyPose
from .limits import ARM_LIMITS, HEAD_LIMITS, LEG_LIMITS, SPINE_LIMITS
from .points import FOOT_HEIGHTS, joint_mask

# Standard deviations from one use of a key pose to the next, degrees.
_TILT_SPREAD = np.array([6.0, 9.0])
_SPINE_SPREAD = np.array([6.0, 4.0, 6.0])
_HEAD_SPREAD = np.array([8.0, 6.0, 11.0])
_ARM_SPREAD = np.array([9.0, 8.0, 11.0, 10.0])
_LEG_SPREAD = np.array([7.0, 5.0, 6.0, 8.0])
# A share of the limbs is drawn much more widely, and of free arms anywhere in a range
# that is comfortable in every direction, degrees.
_WIDE_SHARE, _WIDE = 0.2, 2.0
_ANY_SHARE = 0.15
_ANY_ARM = np.array([[-20, 140], [-10, 120], [-70, 60], [5, 130]])
_PLANTS = {
    **{"hands": (0, 1), "feet": (2, 3), "LHand": (0,), "RHand": (1,)},
    **{"LFoot": (2,), "RFoot": (3,)},
}


@dataclasses.dataclass(frozen=True)
class DrawnPose:
    """A pose to go to.

    Attributes:
        tilt: Rotation from the pelvis to a frame whose z axis points up, `(3, 3)`.
        angles: Radians, `(22,)`: three of the spine, three of the head, four of left
            and right arm, four of left and right leg.
        contact: `(25,)`: support of each joint (17), which hands and feet are planted
            (4), heights of the left and right ankle in mm (2), rest, balance.
        busy: Factor on the movement while the pose is held.
    """

    tilt: np.ndarray
    angles: np.ndarray
    contact: np.ndarray
    busy: float


def _pair(value):
    """Left and right of what may stand for both."""
    if isinstance(value, str) or not isinstance(value[0], (str, tuple)):
        return value, value
    return value


def _pick(rng, alternatives):
    return _pair(alternatives[rng.integers(len(alternatives))])


def _spread(rng, deviations, key: KeyPose, planted: bool):
    factor = 0.7 if planted else 1.0
    if not planted and key.mode != "balance" and rng.uniform() < _WIDE_SHARE:
        factor = _WIDE
    noise = rng.normal(size=deviations.shape).clip(-2, 2)
    return np.radians(factor * key.spread * deviations * noise)


def _draw_arm(rng, key: KeyPose, arm, person: Person, side: float, planted: bool):
    is_free = not planted and "elbows" not in key.support and key.spread >= 1
    if is_free and rng.uniform() < _ANY_SHARE:
        return np.radians(rng.uniform(*_ANY_ARM.T))
    if isinstance(arm, str):
        return arm_angles(arm, person.body, side, rng)
    return np.radians(arm) + _spread(rng, _ARM_SPREAD, key, planted)


def _contact(key: KeyPose) -> np.ndarray:
    planted = np.zeros(4)
    for name in key.plant:
        planted[list(_PLANTS[name])] = 1.0
    feet = (key.feet, key.feet) if isinstance(key.feet, str) else key.feet
    heights = [FOOT_HEIGHTS[foot] for foot in feet]
    modes = [float(key.mode == mode) for mode in ("rest", "balance")]
    return np.concatenate([joint_mask(key.support), planted, heights, modes])


def draw_pose(rng: np.random.Generator, name: str, person: Person) -> DrawnPose:
    """Draws a pose of a person around the key pose `name` of `KEY_POSES`."""
    key = KEY_POSES[name]
    contact = _contact(key)
    planted = contact[17:21] > 0
    pitch, spin = np.radians((key.pitch, key.spin)) + key.spread * np.radians(
        _TILT_SPREAD
    ) * rng.normal(size=2).clip(-2, 2)
    tilt = rotation(np.array([0, pitch, 0])) @ rotation(np.array([0, 0, spin]))
    spine = np.radians(key.spine) + _spread(rng, _SPINE_SPREAD, key, True)
    head = np.radians(key.head) + _spread(rng, _HEAD_SPREAD, key, True) / 0.7
    arms, legs = _pick(rng, key.arms), _pick(rng, key.legs)
    angles = [limit(spine, SPINE_LIMITS), limit(head, HEAD_LIMITS)]
    for arm, side, is_planted in zip(arms, SIDES, planted[:2]):
        drawn = _draw_arm(rng, key, arm, person, side, is_planted)
        angles.append(limit(drawn, ARM_LIMITS, 0.04))
    for leg, is_planted in zip(legs, planted[2:]):
        drawn = np.radians(leg) + _spread(rng, _LEG_SPREAD, key, is_planted)
        angles.append(limit(drawn, LEG_LIMITS, 0.04))
    return DrawnPose(tilt, np.concatenate(angles), contact, key.busy)
