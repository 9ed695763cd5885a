"""How a body rests on the floor: where it tips to, how high it lies, where it stays.

A body of given joint angles is rigid here. It comes to rest where its centre of mass is
as low as the floor lets it be, with the centre of mass above the contacts; a person who
stands keeps the centre of mass above the feet instead.
"""

import numpy as np

from ..kinematics import rotation
from .points import MASS

# Joints that are not supports count as being this far higher, mm.
_IGNORED = 600.0
# From the first to the last step contacts become harder, mm.
_SOFTEST, _HARDEST, _NUM_STEPS = 70.0, 7.0, 14
_LIFT_SOFTNESS = 6.0
# Largest rotation of a step and of all, and how strongly the pose as drawn holds.
_STEP, _MOST, _HOLD = np.radians(6.0), np.radians(32.0), 25.0
# Share of the way from the middle of the supports to one of two that is in balance.
_WITHIN = 0.7
_MOST_BALANCE = np.radians(28.0)


def contact_weights(heights: np.ndarray, support: np.ndarray, softness: float):
    """How much of the weight each joint bears, `(frames, 17)`, by its height."""
    scaled = -(heights + _IGNORED * (1 - support)) / softness
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _level(vectors: np.ndarray) -> np.ndarray:
    """Rotation matrices of rotation vectors in the horizontal plane, `(frames, 2)`."""
    return rotation(np.concatenate([vectors, np.zeros_like(vectors[:, :1])], axis=1))


def _shorten(vectors: np.ndarray, most: float) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors * most * np.tanh(length / most) / np.maximum(length, 1e-9)


def tip_to_rest(points, clearance, support) -> np.ndarray:
    """Tips a body over until it rests on its supports.

    Args:
        points: Joints relative to any point of the body, `(frames, 17, 3)` mm.
        clearance: Least height of each joint, `(frames, 17)` mm.
        support: How much each joint may bear, 0 to 1, `(frames, 17)`.

    Returns:
        Rotation vectors about horizontal axes, `(frames, 2)` radians.
    """
    vectors = np.zeros((len(points), 2))
    moved = points
    for softness in np.geomspace(_SOFTEST, _HARDEST, _NUM_STEPS):
        weights = contact_weights(moved[..., 2] - clearance, support, softness)
        # How heights change with a rotation about x and y.
        lever = np.stack([moved[..., 1], -moved[..., 0]], axis=-1)
        bearing = np.einsum("tj,tji->ti", weights, lever)
        gradient = MASS @ lever - bearing + _HOLD * vectors
        apart = lever - bearing[:, None]
        stiffness = np.einsum("tj,tji,tjk->tik", weights, apart, apart) / softness
        stiffness += (_HOLD + 150.0) * np.eye(2)
        step = -np.linalg.solve(stiffness, gradient[..., None])[..., 0]
        vectors = _shorten(vectors + _shorten(step, _STEP), _MOST)
        moved = points @ _level(vectors).swapaxes(1, 2)
    return vectors


def _between(points, share, offset):
    """The part of `offset` that is on the line between the supports, `(frames, 2)`."""
    level = points[..., :2]
    spread = np.einsum("tj,tji,tjk->tik", share, level, level)
    deviations, axes = np.linalg.eigh(spread)
    axis = axes[:, :, 1]
    reach = _WITHIN * np.sqrt(deviations[:, 1].clip(0))
    along = np.sum(offset[:, :2] * axis, axis=1)
    return np.clip(along, -reach, reach)[:, None] * axis


def keep_balance(points, support) -> np.ndarray:
    """Leans a body until its centre of mass is above or between its supports.

    Arguments and result are those of `tip_to_rest`.
    """
    share = support / np.maximum(support.sum(axis=1, keepdims=True), 1e-6)
    vectors = np.zeros((len(points), 2))
    moved = points
    for _ in range(3):
        middle = np.einsum("tj,tji->ti", share, moved)
        offset = MASS @ moved - middle
        offset[:, :2] -= _between(moved - middle[:, None], share, offset)
        height = np.maximum(offset[:, 2], 300.0)[:, None]
        lean = np.stack([offset[:, 1], -offset[:, 0]], axis=-1) / height
        vectors = _shorten(vectors + lean, _MOST_BALANCE)
        moved = points @ _level(vectors).swapaxes(1, 2)
    return vectors


def settle(points, clearance, support, rest, balance) -> np.ndarray:
    """Rotation matrices `(frames, 3, 3)` that rest or balance a body.

    Args:
        points: Joints relative to any point of the body, `(frames, 17, 3)` mm.
        clearance: Least height of each joint, `(frames, 17)` mm.
        support: How much each joint may bear, 0 to 1, `(frames, 17)`.
        rest: 1 where the body rests on the floor, `(frames, 1)`.
        balance: 1 where the person keeps balance, `(frames, 1)`.
    """
    resting = rest * tip_to_rest(points, clearance, support)
    return _level(resting + balance * keep_balance(points, support))


def lift(points, clearance, support, balance) -> np.ndarray:
    """How far to lift a body so that its supports touch the floor, `(frames,)`.

    The lowest support does, or, of a person who keeps balance, all of them on average:
    knees and hips then bend to bring each to the floor.
    """
    sunk = clearance - points[..., 2] - _IGNORED * (1 - support)
    highest = sunk.max(axis=1)
    total = np.exp((sunk - highest[:, None]) / _LIFT_SOFTNESS).sum(axis=1)
    lowest = highest + _LIFT_SOFTNESS * np.log(total)
    share = support / support.sum(axis=1, keepdims=True)
    average = np.sum(share * (clearance - points[..., 2]), axis=1)
    return lowest + balance[:, 0] * (average - lowest)


def stay(points, weights, airborne) -> np.ndarray:
    """Path over the floor on which the joints that bear weight do not slide.

    Args:
        points: Joints relative to a point that does not move, `(frames, 17, 3)` mm.
        weights: How much of the weight each joint bears, `(frames, 17)`.
        airborne: 0 on the floor to 1 in flight, `(frames,)`.

    Returns:
        Offsets, `(frames, 2)` mm, that begin at 0.
    """
    change = np.diff(points[..., :2], axis=0)
    bearing = (weights[1:] + weights[:-1]) / 2
    slide = np.einsum("tj,tji->ti", bearing, change)
    slide *= (1 - (airborne[1:] + airborne[:-1]) / 2)[:, None]
    return np.concatenate([np.zeros((1, 2)), -np.cumsum(slide, axis=0)])
