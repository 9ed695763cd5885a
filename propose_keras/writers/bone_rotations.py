"""Turns joint positions into rotations of bones, as animations want them."""

import numpy as np

from propose_keras.skeletons import H36M_17

CHILDREN = {
    joint: [child for parent, child in H36M_17.bones if parent == joint]
    for joint in sorted({parent for parent, _ in H36M_17.bones})
}
_RIGHT, _LEFT = (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0)
_UP, _DOWN = (0.0, 1.0, 0.0), (0.0, -1.0, 0.0)
_T_POSE = {
    **{"Hip": (0.0, 0.0, 0.0), "RHip": _RIGHT, "RKnee": _DOWN, "RFoot": _DOWN},
    **{"LHip": _LEFT, "LKnee": _DOWN, "LFoot": _DOWN},
    **{"Spine": _UP, "Thorax": _UP, "Nose": _UP, "Head": _UP},
    **{"LShoulder": _LEFT, "LElbow": _LEFT, "LWrist": _LEFT},
    **{"RShoulder": _RIGHT, "RElbow": _RIGHT, "RWrist": _RIGHT},
}
# Direction of the bone to each joint: y up, facing z, which puts the left at x.
T_POSE = np.array([_T_POSE[name] for name in H36M_17.joint_names])
_PARENTS = np.array(H36M_17.parents)
_PARENTS[H36M_17.root] = H36M_17.root
# A shorter bone, in mm, has no direction.
_SHORTEST = 1.0


def bones_of(poses: np.ndarray) -> np.ndarray:
    """Each joint relative to its parent, of `(..., 17, 3)`; the root is 0."""
    return poses - poses[..., _PARENTS, :]


def rest_pose(lengths: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """A T-pose in which hips and shoulders sit as a person's do on average.

    Its left is the mirror image of its right.

    Args:
        lengths: Of the bone to each joint, `(17,)` mm, left like right.
        poses: The person's poses, `(n, 17, 3)` mm, y up.

    Returns:
        Each joint relative to its parent, `(17, 3)` mm; the root is 0.
    """
    rest = T_POSE * np.asarray(lengths)[:, None]
    bones, totals = bones_of(poses), np.zeros_like(rest)
    for children in CHILDREN.values():
        if len(children) > 1:
            own = bones[:, children]
            rotations = _turn_all(rest[children], own)
            totals[children] += (own @ rotations).sum(axis=0)
    totals = totals + totals[list(H36M_17.flip)] * [-1.0, 1.0, 1.0]
    sums = np.linalg.norm(totals, axis=-1, keepdims=True)
    mean = lengths[:, None] * totals / np.maximum(sums, _SHORTEST)
    return np.where(sums >= _SHORTEST, mean, rest)


def bone_rotations(poses: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Rotations that bring a skeleton from its rest pose into poses.

    A joint with one child turns its bone from the parent's frame by the shortest
    rotation; one with several turns as fits them best (least squares, without
    mirroring: Kabsch 1976). A bone that has no length keeps its rotation.

    Args:
        poses: `(n, 17, 3)` mm, y up, n at least 1.
        rest: Each joint relative to its parent in the rest pose, `(17, 3)` mm.

    Returns:
        `(n, joints, 3, 3)`: for each joint of `CHILDREN`, in that order, from its own
        axes to its parent's.
    """
    bones, world, found = bones_of(poses), {}, []
    for joint, children in CHILDREN.items():
        parent = world.get(H36M_17.parents[joint], np.eye(3))
        local = bones[:, children] @ parent
        if len(children) == 1:
            rotations = _turn_one(T_POSE[children[0]], local[:, 0])
        else:
            rotations = _turn_all(rest[children], local)
        world[joint] = parent @ rotations
        found.append(rotations)
    return np.stack(found, axis=1)


def world_rotations(rotations: np.ndarray) -> dict[int, np.ndarray]:
    """By joint, `(n, 3, 3)` from its own axes to the world's; see `bone_rotations`."""
    world = {}
    for place, joint in enumerate(CHILDREN):
        parent = world.get(H36M_17.parents[joint], np.eye(3))
        world[joint] = parent @ rotations[:, place]
    return world


def posed(rotations: np.ndarray, rest: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """Joints of a skeleton that is turned by `bone_rotations`.

    Args:
        rotations: `(n, joints, 3, 3)`.
        rest: `(17, 3)` mm.
        roots: `(n, 3)` mm.

    Returns:
        `(n, 17, 3)` mm.
    """
    world = world_rotations(rotations)
    found = np.tile(roots[:, None], (1, H36M_17.num_joints, 1))
    for parent, child in H36M_17.bones:
        found[:, child] = found[:, parent] + world[parent] @ rest[child]
    return found


def shortest_rotations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The shortest rotations `(n, 3, 3)` of unit vectors `(n, 3)` to others."""
    first, second = np.broadcast_arrays(first, second)
    cross = first[:, None] * second[:, :, None]
    cross = cross - np.swapaxes(cross, 1, 2)
    cosine = np.sum(first * second, axis=-1)[:, None, None]
    rotations = np.eye(3) + cross + cross @ cross / np.maximum(1 + cosine, 1e-9)
    # Straight back there are many: the half turn about one axis.
    axis = np.roll(first, 1, axis=-1)
    half_turn = 2 * axis[:, :, None] * axis[:, None] - np.eye(3)
    return np.where(1 + cosine < 1e-9, half_turn, rotations)


def hold(values: np.ndarray, usable: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Replaces what is not usable by what was usable before, at first by `start`."""
    rows = np.where(usable, np.arange(1, len(values) + 1), 0)
    return np.concatenate([start[None], values])[np.maximum.accumulate(rows)]


def _turn_one(rest: np.ndarray, bones: np.ndarray) -> np.ndarray:
    """The shortest rotations `(n, 3, 3)` of the direction `rest` to bones `(n, 3)`."""
    lengths = np.linalg.norm(bones, axis=-1)
    directions = bones / np.maximum(lengths, _SHORTEST)[:, None]
    return shortest_rotations(rest, hold(directions, lengths >= _SHORTEST, rest))


def _turn_all(rest: np.ndarray, bones: np.ndarray) -> np.ndarray:
    """The rotations `(n, 3, 3)` that best turn `rest`, `(c, 3)`, to `(n, c, 3)`."""
    products = np.einsum("nci,cj->nij", bones, rest)
    scale = max((rest**2).sum(), _SHORTEST)
    rotations, certainty = _nearest(products)
    # In turn, since each of them leans on the one before it.
    for row in np.flatnonzero(certainty < 1e-3 * scale):
        before = rotations[row - 1] if row else np.eye(3)
        rotations[row] = _nearest(products[row] + 1e-2 * scale * before)[0]
    return rotations


def _nearest(products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The proper rotations nearest to matrices, and how well those tell them."""
    left, sizes, right = np.linalg.svd(products)
    sign = np.sign(np.linalg.det(left @ right))
    left[..., 2] *= sign[..., None]
    return left @ right, sizes[..., 1] + sign * sizes[..., 2]
