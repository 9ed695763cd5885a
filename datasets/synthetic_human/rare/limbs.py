"""Arms and legs against the floor and the body: planted, lifted, pushed out."""

import numpy as np

from propose_keras.skeletons import H36M_17

from ..kinematics import (
    ELBOW_DIRECTION,
    KNEE_DIRECTION,
    SIDES,
    Pose,
    forward,
    limb_angles,
    limit,
    torso_rotation,
)
from ..signals import smooth_step
from .bodies import Person
from .collisions import escapes
from .limits import ARM_LIMITS, LEG_LIMITS

_ROOTS, _MIDDLES, _ENDS = (
    np.array([H36M_17.index(name) for name in names])
    for names in (
        ("LShoulder", "RShoulder", "LHip", "RHip"),
        ("LElbow", "RElbow", "LKnee", "RKnee"),
        ("LWrist", "RWrist", "LFoot", "RFoot"),
    )
)
# Over how many mm above the floor a joint begins to give way.
_SOFTNESS = 5.0
_NUM_ROUNDS = 6
# Widths of the zone before a limit in which angles are squashed, radians.
_MARGIN = 0.04


def _unit(vectors):
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-9)


def _above(heights, least):
    """Heights, those near `least` or below raised smoothly, the same shape."""
    return least + _SOFTNESS * np.logaddexp(0.0, (heights - least) / _SOFTNESS)


def _with_height(start, axis, length, height):
    """Unit vectors `axis`, turned up or down until they end at `height`."""
    rise = np.clip((height - start[..., 2]) / length, -0.999, 0.999)
    level = _unit(axis[..., :2] + 1e-6) * np.sqrt(1 - rise**2)[..., None]
    return np.concatenate([level, rise[..., None]], axis=-1)


def _bend(roots, middles, ends, upper, lower):
    """Direction of the upper bone that brings a limb's end to `ends`.

    The middle joint stays on the side on which `middles` are.
    """
    along = ends - roots
    distance = np.linalg.norm(along, axis=-1)
    along = along / np.maximum(distance, 1e-9)[..., None]
    reach = np.clip(distance, 1.02 * np.abs(upper - lower), 0.9995 * (upper + lower))
    cosine = (upper**2 + reach**2 - lower**2) / (2 * upper * reach)
    toward = middles - roots
    across = toward - np.sum(toward * along, axis=-1, keepdims=True) * along
    sine = np.sqrt(np.maximum(1 - cosine**2, 0.0))
    return cosine[..., None] * along + sine[..., None] * _unit(across)


def _within(angles, limits):
    """Angles of which the swing is written as the rotation nearer to the limits.

    An arm that is raised past the vertical was swung by 190 degrees forward, not by 170
    backward.
    """

    def excess(swing):
        low, high = limits[:2].T
        return (np.maximum(low - swing, 0) + np.maximum(swing - high, 0)).sum(axis=-1)

    swing = angles[..., :2]
    size = np.maximum(np.linalg.norm(swing, axis=-1, keepdims=True), 1e-9)
    other = swing * (1 - 2 * np.pi / size)
    is_nearer = (excess(other) < excess(swing))[..., None]
    return np.concatenate([np.where(is_nearer, other, swing), angles[..., 2:]], axis=-1)


def _bring_to(height, roots, middles, ends):
    """Middle and end joints with the ends at `height`.

    A limb that lies turns about its root and keeps its hinge; one that stands keeps its
    place on the floor and bends.
    """
    along = ends - roots
    distance = np.linalg.norm(along, axis=-1)
    old = along / np.maximum(distance, 1e-9)[..., None]
    new = _with_height(roots, old, distance, height)
    both = old + new
    share = np.sum(both * (middles - roots), axis=-1)
    share /= np.maximum(1 + np.sum(old * new, axis=-1), 1e-6)
    turned = middles - both * share[..., None]
    turned += 2 * new * np.sum(old * (middles - roots), axis=-1, keepdims=True)
    bent = np.concatenate([ends[..., :2], height[..., None]], axis=-1)
    steep = np.abs(roots[..., 2] - height) / np.maximum(distance, 1e-9)
    stands = smooth_step((steep - 0.45) / 0.35)[..., None]
    lying_end = roots + distance[..., None] * new
    return turned + stands * (middles - turned), lying_end + stands * (bent - lying_end)


def place_limbs(
    person: Person, pose: Pose, clearance: np.ndarray, planted: np.ndarray
) -> Pose:
    """The pose with its limbs above the floor, outside of the body and planted.

    Args:
        person: Whose pose.
        pose: The pose; its trunk stays.
        clearance: Least height of each joint, `(frames, 17)` mm.
        planted: 1 for each hand and foot that the floor holds, 0 for a free one, in the
            order left and right hand, left and right foot, `(frames, 4)`.

    Returns:
        The pose with other angles of arms and legs, within their limits.
    """
    body = person.body
    upper = np.array([body.upper_arm] * 2 + [body.thigh] * 2)
    lower = np.array([body.forearm] * 2 + [body.shank] * 2)
    chest = pose.pelvis @ torso_rotation(pose.spine)
    for _ in range(_NUM_ROUNDS):
        points = forward(body, pose)
        roots, middles, ends = points[:, _ROOTS], points[:, _MIDDLES], points[:, _ENDS]
        moves = escapes(points, person.scale)
        middles = middles + moves[:, :, 0]
        ends = ends + (1 - 0.8 * planted[..., None]) * moves[:, :, 1]
        height = _above(ends[..., 2], clearance[:, _ENDS])
        height += planted * (clearance[:, _ENDS] - height)
        middles, ends = _bring_to(height, roots, middles, ends)
        upper_axis = _bend(roots, middles, ends, upper, lower)
        middles = roots + upper[:, None] * upper_axis
        height = _above(middles[..., 2], clearance[:, _MIDDLES])
        upper_axis = _with_height(roots, upper_axis, upper, height)
        middles = roots + upper[:, None] * upper_axis
        lower_axis = _unit(ends - middles)
        ends = middles + lower[:, None] * lower_axis
        height = _above(ends[..., 2], clearance[:, _ENDS])
        lower_axis = _with_height(middles, lower_axis, lower, height)
        arms, legs = np.empty_like(pose.arms), np.empty_like(pose.legs)
        for i, side in enumerate(SIDES):
            for parent, angles, limb, direction in (
                (chest, arms, i, ELBOW_DIRECTION),
                (pose.pelvis, legs, i + 2, KNEE_DIRECTION),
            ):
                local = (
                    np.einsum("tji,tj->ti", parent, axis[:, limb])
                    for axis in (upper_axis, lower_axis)
                )
                angles[:, i] = limb_angles(*local, side, direction)
        pose = Pose(
            root=pose.root,
            pelvis=pose.pelvis,
            spine=pose.spine,
            head=pose.head,
            arms=limit(_within(arms, ARM_LIMITS), ARM_LIMITS, _MARGIN),
            legs=limit(legs, LEG_LIMITS, _MARGIN),
        )
    return pose
