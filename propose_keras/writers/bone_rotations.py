"""Turns joint positions into angles between bones, as animations want them."""

from collections.abc import Iterable

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
# The middle angle must stay away from 90 degrees. Hips and thorax turn and bend
# farther than they lean; a bone's shortest rotation hardly turns it about itself.
ORDERS = {joint: "ZYX" for joint in CHILDREN}
ORDERS |= dict.fromkeys(map(H36M_17.index, ("Hip", "Thorax")), "YZX")
ORDERS |= dict.fromkeys(
    map(H36M_17.index, ("LShoulder", "LElbow", "RShoulder", "RElbow")), "ZXY"
)
# A shorter bone, in mm, has no direction.
_SHORTEST = 1.0


def bones_of(poses: np.ndarray) -> np.ndarray:
    """Each joint relative to its parent, of `(..., 17, 3)`; the root is 0."""
    parents = np.array(H36M_17.parents)
    parents[H36M_17.root] = H36M_17.root
    return poses - poses[..., parents, :]


def rest_pose(lengths: np.ndarray, chunks: Iterable[np.ndarray]) -> np.ndarray:
    """A T-pose in which hips and shoulders sit as a person's do on average.

    Args:
        lengths: Of the bone to each joint, `(17,)` mm.
        chunks: The person's poses, `(n, 17, 3)` mm each, y up.

    Returns:
        Each joint relative to its parent, `(17, 3)` mm; the root is 0.
    """
    rest = T_POSE * np.asarray(lengths)[:, None]
    totals = np.zeros_like(rest)
    for poses in chunks:
        bones = bones_of(poses)
        for children in CHILDREN.values():
            if len(children) > 1:
                own = bones[:, children]
                rotations = _turn_all(rest[children], own, np.eye(3))
                totals[children] += (own @ rotations).sum(axis=0)
    sums = np.linalg.norm(totals, axis=-1, keepdims=True)
    mean = lengths[:, None] * totals / np.maximum(sums, _SHORTEST)
    return np.where(sums >= _SHORTEST, mean, rest)


class JointAngles:
    """Euler angles of poses; each chunk goes on where the one before it ended.

    A joint with one child turns its bone from the parent's frame by the shortest
    rotation; one with several turns as fits them best (least squares, without
    mirroring: Kabsch 1976). A bone that has no length keeps its angle.

    Args:
        rest: Each joint relative to its parent in the rest pose, `(17, 3)` mm.
    """

    def __init__(self, rest: np.ndarray) -> None:
        self._rest = rest
        self._rotations = {joint: np.eye(3) for joint in CHILDREN}
        self._angles = np.zeros((len(CHILDREN), 3))

    def __call__(self, poses: np.ndarray) -> np.ndarray:
        """Angles of the next poses.

        Args:
            poses: `(n, 17, 3)` mm, y up, n at least 1.

        Returns:
            Radians, `(n, joints, 3)`, for each joint of `CHILDREN` in its order of
            `ORDERS`, the first of which is the leftmost factor. No angle jumps by a
            full turn from pose to pose.
        """
        bones, world, angles = bones_of(poses), {}, []
        for index, (joint, children) in enumerate(CHILDREN.items()):
            parent = world.get(H36M_17.parents[joint], np.eye(3))
            local, last = bones[:, children] @ parent, self._rotations[joint]
            if len(children) == 1:
                rotations = _turn_one(T_POSE[children[0]], local[:, 0], last)
            else:
                rotations = _turn_all(self._rest[children], local, last)
            self._rotations[joint] = rotations[-1]
            world[joint] = parent @ rotations
            held = self._angles[index, 0]
            angles.append(_euler_angles(rotations, ORDERS[joint], held))
        return self._unwrap(np.stack(angles, axis=1))

    def _unwrap(self, angles: np.ndarray) -> np.ndarray:
        """Takes of the two triples that mean the same the one nearer to the last."""
        twins = np.pi + angles * np.array([1, -1, 1])
        for frame, pair in enumerate(np.stack([angles, twins], axis=1)):
            pair -= 2 * np.pi * np.round((pair - self._angles) / (2 * np.pi))
            far = np.abs(pair - self._angles).sum(axis=-1)
            self._angles = np.where((far[1] < far[0])[:, None], pair[1], pair[0])
            angles[frame] = self._angles
        return angles


def _hold(values: np.ndarray, usable: np.ndarray, last) -> np.ndarray:
    """Replaces what is not usable by what was usable before, at first by `last`."""
    rows = np.where(usable, np.arange(1, len(values) + 1), 0)
    return np.concatenate([[last], values])[np.maximum.accumulate(rows)]


def _turn_one(rest: np.ndarray, bones: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The shortest rotations `(n, 3, 3)` of the direction `rest` to bones `(n, 3)`."""
    lengths = np.linalg.norm(bones, axis=-1)
    directions = bones / np.maximum(lengths, _SHORTEST)[:, None]
    directions = _hold(directions, lengths >= _SHORTEST, last @ rest)
    cross = np.outer(rest, directions).reshape(3, -1, 3)
    cross = (cross - cross.transpose(2, 1, 0)).transpose(1, 2, 0)
    cosine = (directions @ rest)[:, None, None]
    rotations = np.eye(3) + cross + cross @ cross / np.maximum(1 + cosine, 1e-9)
    # Straight back there are many: the half turn about one axis.
    axis = np.roll(rest, 1)
    half_turn = 2 * np.outer(axis, axis) - np.eye(3)
    return np.where(1 + cosine < 1e-9, half_turn, rotations)


def _turn_all(rest: np.ndarray, bones: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The rotations `(n, 3, 3)` that best turn `rest`, `(c, 3)`, to `(n, c, 3)`."""
    products = np.einsum("nci,cj->nij", bones, rest)
    scale = max((rest**2).sum(), _SHORTEST)
    rotations, certainty = _nearest(products)
    # In turn, since each of them leans on the one before it.
    for row in np.flatnonzero(certainty < 1e-3 * scale):
        before = rotations[row - 1] if row else last
        rotations[row] = _nearest(products[row] + 1e-2 * scale * before)[0]
    return rotations


def _nearest(products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The proper rotations nearest to matrices, and how well those tell them."""
    left, sizes, right = np.linalg.svd(products)
    sign = np.sign(np.linalg.det(left @ right))
    left[..., 2] *= sign[..., None]
    return left @ right, sizes[..., 1] + sign * sizes[..., 2]


def _euler_angles(rotations: np.ndarray, order: str, last: float) -> np.ndarray:
    """Radians `(n, 3)`; where the first is not determined it keeps its value."""
    i, j, k = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    second = np.arcsin(np.clip(sign * rotations[:, i, k], -1, 1))
    first = np.arctan2(-sign * rotations[:, j, k], rotations[:, k, k])
    first = _hold(first, np.hypot(rotations[:, j, k], rotations[:, k, k]) > 1e-7, last)
    # What remains when the first is undone has the third alone in row j.
    row = np.cos(first)[:, None] * rotations[:, j]
    row += sign * np.sin(first)[:, None] * rotations[:, k]
    third = np.arctan2(sign * row[:, i], row[:, j])
    return np.stack([first, second, third], axis=-1)
