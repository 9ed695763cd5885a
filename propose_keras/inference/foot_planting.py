"""Keeps feet that are at rest where they are.

After Kovar, Schreiner and Gleicher ("Footskate cleanup for motion graph editing",
2002): rests are found, each gets one place on the floor, the hip follows so that legs
reach, and legs of two bones bend to bring the ankles there; before and after a rest
that correction fades in and out. Bones keep their lengths.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from propose_keras.inference.bones import stature
from propose_keras.inference.foot_contacts import (
    ANKLE_SHARE,
    FEET,
    REST_SPEED,
    rests,
    speeds,
)
from propose_keras.skeletons import H36M_17

_KNEES = [H36M_17.index("LKnee"), H36M_17.index("RKnee")]
_HIPS = [H36M_17.index("LHip"), H36M_17.index("RHip")]
# Of motion along the line of sight, the share that tells a foot in motion.
_ALONG_SIGHT = 0.5
# A resting ankle is no higher over where it stands, as a share of the stature.
_HIGHEST = 0.05
# Seconds: over which the height over the floor, the hip's place and its way down to
# where legs reach are corrected, and over which the correction of a leg fades.
_HEIGHT_WINDOW, _ROOT_WINDOW, _DROP_WINDOW, _FADE = 0.5, 0.15, 0.1, 0.3
# What is not known of a pose, mm, beside what is not known of its place.
_POSE_DEVIATION = 40.0
# mm by which a heel may seem to rise from the floor before it does.
_UNNOTICED = 20.0
# mm by which swinging feet are in the floor by mistake, and twice as much by no means.
_SUNK = 40.0
# Of a leg's length, how far it stretches to reach a place.
_STRETCHED = 0.99


class PlantedMotion(NamedTuple):
    """A motion whose resting feet stay where they are.

    Attributes:
        positions: `(n, 17, 3)` mm in the world.
        contacts: `(n, 2)` bool: the left and the right foot is at rest.
        weights: `(n, 2)`, 1 at rest, fading to 0 before and after.
    """

    positions: np.ndarray
    contacts: np.ndarray
    weights: np.ndarray


def plant_feet(
    positions: np.ndarray,
    frame_rate: float,
    root_covariance: np.ndarray | None = None,
    camera: np.ndarray | None = None,
) -> PlantedMotion:
    """Plants the feet of one person's motion.

    Args:
        positions: `(n, 17, 3)` mm in the world, z up, the floor at 0; each bone has one
            length, so that hips keep their form.
        frame_rate: Frames per second.
        root_covariance: `(n, 3, 3)` mm^2 of the hip's place. A person whose feet are
            over or in the floor is moved where the place is least certain, which is
            along the line of sight; without it upward and downward.
        camera: Where the camera is, `(3,)` mm. Motion along the line of sight then
            tells less of whether a foot moves.

    Returns:
        The motion, and where its feet rest.
    """
    positions = np.array(positions, np.float64)
    ankle = ANKLE_SHARE * float(np.median(stature(positions)))
    found = _rests(positions, frame_rate, camera, ankle, None)
    contacts = _marked(found, len(positions))
    up = _over_floor(positions, contacts, ankle, frame_rate)
    positions += _least_certain(up, root_covariance)[:, None]
    highest = _HIGHEST * ankle / ANKLE_SHARE
    found = _rests(positions, frame_rate, camera, ankle, highest)
    contacts = _marked(found, len(positions))
    places = _places(positions, found, ankle)
    offsets = np.where(contacts[..., None], places - positions[:, FEET], 0.0)
    count = contacts.sum(axis=1)
    mean = offsets.sum(axis=1) / np.maximum(count, 1)[:, None]
    positions += _spread_out(mean, count > 0, _ROOT_WINDOW * frame_rate, 0.02)[:, None]
    weights, offsets = _faded(places - positions[:, FEET], found, frame_rate)
    goals = positions[:, FEET] + offsets
    goals[..., 2] += _sunk(ankle - goals[..., 2])
    positions[..., 2] -= _drop(positions, goals, weights, frame_rate)[:, None]
    for side in range(2):
        joints = _HIPS[side], _KNEES[side], FEET[side]
        moved = (goals[:, side] != positions[:, FEET[side]]).any(axis=1)
        _bend(positions, joints, goals[:, side], moved)
    return PlantedMotion(positions, contacts, weights)


def _rests(positions, frame_rate, camera, ankle, highest):
    """Rests of feet; how high they are does not matter where `highest` is None."""
    ankles = positions[:, FEET]
    sight = None
    if camera is not None:
        sight = ankles - camera
        length = np.linalg.norm(sight, axis=-1, keepdims=True)
        sight = sight / np.maximum(length, 1e-6)
    times = np.arange(len(positions))
    still = speeds(times, ankles, frame_rate, sight, _ALONG_SIGHT) < REST_SPEED
    level = ankles[..., 2]
    if highest is None:
        still &= level <= level.min(axis=1, keepdims=True) + ankle
    else:
        still &= level < ankle + highest
    return rests(times, still, frame_rate)


def _marked(found, count):
    contacts = np.zeros((count, 2), bool)
    for foot, rows in found:
        contacts[rows, foot] = True
    return contacts


def _over_floor(positions, contacts, ankle, frame_rate):
    """How far up `(n,)` feet at rest should be, smooth in time; by median elsewhere."""
    if not contacts.any():
        return np.zeros(len(positions))
    needed = ankle - positions[:, FEET, 2]
    middle = np.median(needed[contacts])
    weights = contacts.sum(axis=1)
    mean = np.where(contacts, needed - middle, 0).sum(axis=1) / np.maximum(weights, 1)
    return middle + _spread_out(mean, weights, _HEIGHT_WINDOW * frame_rate, 0.1)


def _least_certain(up, covariance):
    """Ways `(n, 3)` up by so much, sideways where that costs least."""
    way = up[:, None] * np.array([0.0, 0.0, 1.0])
    if covariance is None:
        return way
    column = covariance[:, :, 2].astype(np.float64)
    share = up / (column[:, 2] + _POSE_DEVIATION**2)
    way[:, :2] = share[:, None] * column[:, :2]
    return way


def _spread_out(values, weights, deviation, prior):
    """Values `(n, ...)` averaged over time by a Gaussian, and 0, weighing `prior`."""
    weights = weights.astype(np.float64)
    shape = (-1,) + (1,) * (values.ndim - 1)

    def blur(array):
        return ndimage.gaussian_filter1d(array, deviation, axis=0, mode="nearest")

    total = blur(weights).reshape(shape) + prior
    return blur(values * weights.reshape(shape)) / total


def _places(positions, found, ankle):
    """Where ankles rest, `(n, 2, 3)`; where they are, between rests."""
    places = positions[:, FEET]
    for foot, rows in found:
        places[rows, foot, :2] = np.median(places[rows, foot, :2], axis=0)
        risen = places[rows, foot, 2] - ankle - _UNNOTICED
        places[rows, foot, 2] = ankle + risen.clip(0)
    return places


def _faded(offsets, found, frame_rate):
    """Offsets of rests, which fade out after them and in before.

    Args:
        offsets: `(n, 2, 3)`, which count in rests.
        found: Rests.
        frame_rate: Frames per second.

    Returns:
        Weights `(n, 2)`, 1 in rests, and offsets `(n, 2, 3)`.
    """
    count, fade = len(offsets), max(1, round(_FADE * frame_rate))
    weights, faded = np.zeros((count, 2)), np.zeros((count, 2, 3))
    for foot in range(2):
        ends = [rows for side, rows in found if side == foot]
        for rest in ends:
            weights[rest, foot], faded[rest, foot] = 1.0, offsets[rest, foot]
        starts = [rest.start for rest in ends] + [count]
        stops = [0] + [rest.stop for rest in ends]
        # The gaps between rests, with a rest before or after or both.
        for place, gap in enumerate(zip(stops, starts)):
            rows = np.arange(*gap)
            longest = min(fade, len(rows))
            for edge, is_there in (
                (gap[0] - 1, place > 0),
                (gap[1], place < len(ends)),
            ):
                if is_there:
                    part = np.abs(rows - edge) / (longest + 1)
                    weight = np.cos(np.pi / 2 * part.clip(0, 1)) ** 2
                    weights[rows, foot] += weight
                    faded[rows, foot] += weight[:, None] * offsets[edge, foot]
    return weights.clip(0, 1), faded


def _sunk(depth):
    """How far to lift ankles in the floor; those far in it are somewhere else."""
    return depth.clip(0) * (2 - depth / _SUNK).clip(0, 1)


def _drop(positions, goals, weights, frame_rate):
    """How far down `(n,)` the hip must be for legs to reach, smooth in time."""
    hips = positions[:, _HIPS]
    length = _STRETCHED * _leg_lengths(positions).sum(axis=-1)
    way = hips - goals
    level = np.sum(way[..., :2] ** 2, axis=-1)
    height = np.sqrt(np.maximum(length**2 - level, 0))
    drop = np.maximum(way[..., 2] - height, 0)
    # Where no drop helps there is none.
    helps = (weights > 0) & (level < length**2)
    drop = np.where(helps, drop, 0.0).max(axis=1)
    reach = max(1, round(_DROP_WINDOW * frame_rate))
    kernel = np.hanning(2 * reach + 3)[1:-1]
    highest = ndimage.maximum_filter1d(drop, 2 * reach + 1, mode="nearest")
    return ndimage.convolve1d(highest, kernel / kernel.sum(), mode="nearest")


def _leg_lengths(positions):
    """Thighs and shanks, `(n, 2, 2)` mm."""
    knees = positions[:, _KNEES]
    thighs = np.linalg.norm(knees - positions[:, _HIPS], axis=-1)
    shanks = np.linalg.norm(knees - positions[:, FEET], axis=-1)
    return np.stack([thighs, shanks], axis=-1)


def _bend(positions, joints, goals, rows):
    """Bends a leg so that the ankle is at its goal, or as near as it reaches.

    The knee stays on the side to which it points.
    """
    hip, knee, ankle = (positions[rows, joint] for joint in joints)
    thigh = np.linalg.norm(knee - hip, axis=-1)
    shank = np.linalg.norm(ankle - knee, axis=-1)
    way = goals[rows] - hip
    distance = np.linalg.norm(way, axis=-1)
    direction = way / np.maximum(distance, 1e-6)[:, None]
    low = np.maximum(np.abs(thigh - shank), 1e-3) * (2 - _STRETCHED)
    distance = np.clip(distance, low, (thigh + shank) * (1 - 1e-6))
    along = (thigh**2 - shank**2 + distance**2) / (2 * distance)
    out = np.sqrt(np.maximum(thigh**2 - along**2, 0))
    side = _side(positions[rows], joints, direction)
    positions[rows, joints[1]] = hip + along[:, None] * direction + out[:, None] * side
    positions[rows, joints[2]] = hip + distance[:, None] * direction


def _side(positions, joints, direction):
    """Unit vectors `(n, 3)` across legs to the side where the knees are.

    Of a straight leg, to the front.
    """
    hip, knee, ankle = (positions[:, joint] for joint in joints)
    leg = ankle - hip
    leg = leg / np.maximum(np.linalg.norm(leg, axis=-1, keepdims=True), 1e-6)
    bent = _across(knee - hip, leg)
    left = positions[:, _HIPS[0]] - positions[:, _HIPS[1]]
    ahead = np.cross(left, positions[:, H36M_17.index("Spine")] - positions[:, 0])
    ahead = ahead / np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-6)
    # A few millimetres of the front decide for legs that are straight.
    side = _across(bent + 5.0 * ahead, direction)
    return side / np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-6)


def _across(vectors, direction):
    return vectors - np.sum(vectors * direction, axis=-1, keepdims=True) * direction
