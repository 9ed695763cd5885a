"""Capsules around the bones: how deep they are in each other, and which way is out."""

import numpy as np

from .points import CAPSULE_ENDS, CAPSULE_RADII, CAPSULES

LIMBS = ("LArm", "RArm", "LLeg", "RLeg")
# Near its root a limb's upper bone is always inside the trunk: this share is left out.
_FREE_FROM = 0.45
# Depth that flesh and clothes give way, mm for a stature of 1700 mm.
_SOFT = 10.0

_ARMS, _LEGS = ("UpperArm", "Forearm"), ("Thigh", "Shank")


def _list_pairs() -> list[tuple[str, str]]:
    pairs = []
    for side, other in ("LR", "RL"):
        fore, upper = side + "Forearm", side + "UpperArm"
        trunk = ["pelvis", "belly", "chest", "head"]
        legs = [s + bone for s in "LR" for bone in _LEGS]
        pairs += [(fore, name) for name in [*trunk, *legs, other + "UpperArm"]]
        pairs += [(upper, name) for name in ["belly", "chest", "head", *legs]]
        pairs += [(side + "Shank", name) for name in ["belly", "chest", "head"]]
        pairs += [(side + "Thigh", "chest"), (side + "Shank", other + "Thigh")]
    pairs += [("L" + b, "R" + b) for b in ("Forearm", "Thigh", "Shank", "UpperArm")]
    return pairs


PAIRS = _list_pairs()
_FIRST, _SECOND = (
    np.array([CAPSULES.index(pair[i]) for pair in PAIRS]) for i in range(2)
)
_REACH = CAPSULE_RADII[_FIRST] + CAPSULE_RADII[_SECOND]
_IS_UPPER = [name.endswith(("UpperArm", "Thigh")) for name in CAPSULES]
_START = _FREE_FROM * np.array(_IS_UPPER, float)


def _closest(start_1, along_1, start_2, along_2):
    """Where two segments are nearest, as shares 0 to 1 of each, `(...,)` both.

    Ericson, "Real-Time Collision Detection" (2005), section 5.1.9.
    """
    between = start_1 - start_2
    a, e = (np.sum(along**2, axis=-1) for along in (along_1, along_2))
    f = np.sum(along_2 * between, axis=-1)
    c = np.sum(along_1 * between, axis=-1)
    b = np.sum(along_1 * along_2, axis=-1)
    denominator = np.maximum(a * e - b * b, 1e-6)
    s = np.clip((b * f - c * e) / denominator, 0.0, 1.0)
    t = np.clip((b * s + f) / e, 0.0, 1.0)
    return np.clip((b * t - c) / a, 0.0, 1.0), t


def overlaps(points: np.ndarray, scale: float):
    """How deep each pair of capsules of `PAIRS` is in each other.

    Args:
        points: Joints, `(frames, 17, 3)` mm.
        scale: Of the body, 1 for a stature of 1700 mm.

    Returns:
        Depth `(frames, pairs)` mm, negative where they are apart; direction out of the
        second `(frames, pairs, 3)`; where along the first and the second bone, from 0
        at its upper joint to 1, each `(frames, pairs)`.
    """
    ends = points[:, CAPSULE_ENDS]
    full = ends[:, :, 1] - ends[:, :, 0]
    starts = ends[:, :, 0] + _START[:, None] * full
    along = (1 - _START)[:, None] * full
    share_1, share_2 = _closest(
        *(starts[:, _FIRST], along[:, _FIRST], starts[:, _SECOND], along[:, _SECOND])
    )
    nearest_1 = starts[:, _FIRST] + share_1[..., None] * along[:, _FIRST]
    nearest_2 = starts[:, _SECOND] + share_2[..., None] * along[:, _SECOND]
    apart = nearest_1 - nearest_2
    distance = np.linalg.norm(apart, axis=-1)
    out = apart / np.maximum(distance, 1e-6)[..., None]
    first, second = (
        _START[index] + (1 - _START[index]) * share
        for index, share in ((_FIRST, share_1), (_SECOND, share_2))
    )
    return _REACH * scale - distance, out, first, second


def _placements(index, position):
    """Limb, and shares by which its middle and end joint move, for each pair."""
    limb = np.full(len(index), -1)
    lower = np.zeros(len(index), bool)
    for number, name in enumerate(LIMBS):
        for bone in _ARMS if name.endswith("Arm") else _LEGS:
            is_bone = index == CAPSULES.index(name[0] + bone)
            limb[is_bone] = number
            lower[is_bone] = bone in ("Forearm", "Shank")
    middle = np.where(lower, 1 - position, position)
    return limb, middle, np.where(lower, 1.0, position)


def escapes(points: np.ndarray, scale: float) -> np.ndarray:
    """How far to move the limbs' joints so that they come out of the body.

    Args:
        points: Joints, `(frames, 17, 3)` mm.
        scale: Of the body, 1 for a stature of 1700 mm.

    Returns:
        Movements of each limb's middle and end joint, `(frames, 4, 2, 3)` mm, limbs in
        the order of `LIMBS`.
    """
    depth, out, *positions = overlaps(points, scale)
    depth = np.maximum(depth - _SOFT * scale, 0.0)
    moves = np.zeros((len(points), len(LIMBS), 2, 3))
    both = _placements(_SECOND, positions[1])[0] >= 0
    push = depth * np.where(both, 0.5, 1.0)
    for index, position, sign in zip((_FIRST, _SECOND), positions, (1.0, -1.0)):
        limb, middle, end = _placements(index, position)
        for number in range(len(LIMBS)):
            own = limb == number
            vectors = sign * push[:, own, None] * out[:, own]
            moves[:, number, 0] += np.sum(middle[:, own, None] * vectors, axis=1)
            moves[:, number, 1] += np.sum(end[:, own, None] * vectors, axis=1)
    return moves
