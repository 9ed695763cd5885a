"""Joint orders of the field and the maps between them.

A `Skeleton` is plain data: names, parents and left/right pairs of one joint
order. `convert` moves poses from one order to another, computing the joints
that the source lacks from those it has.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """A joint order.

    Attributes:
        name: Short name used in flags and reports.
        joint_names: Names in order.
        parents: Index of each joint's parent, -1 for the root.
        left: Indices of the left joints.
        right: Indices of the right joints, paired with `left`.
    """

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    @property
    def num_joints(self) -> int:
        """Number of joints."""
        return len(self.joint_names)

    @property
    def root(self) -> int:
        """Index of the joint without a parent."""
        return self.parents.index(-1)

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """`(parent, child)` index pairs, one per joint except the root."""
        return tuple((p, j) for j, p in enumerate(self.parents) if p >= 0)

    @property
    def flip(self) -> tuple[int, ...]:
        """Permutation of the joints that swaps left and right."""
        order = list(range(self.num_joints))
        for left, right in zip(self.left, self.right):
            order[left], order[right] = right, left
        return tuple(order)

    def index(self, joint_name: str) -> int:
        """Index of a joint by name."""
        return self.joint_names.index(joint_name)


H36M_17 = Skeleton(
    name="h36m17",
    joint_names=(
        "Hip",
        "RHip",
        "RKnee",
        "RFoot",
        "LHip",
        "LKnee",
        "LFoot",
        "Spine",
        "Thorax",
        "Nose",
        "Head",
        "LShoulder",
        "LElbow",
        "LWrist",
        "RShoulder",
        "RElbow",
        "RWrist",
    ),
    parents=(-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15),
    left=(4, 5, 6, 11, 12, 13),
    right=(1, 2, 3, 14, 15, 16),
)

# The 17 joints of H36M_17 among the 32 of the Human3.6M archives.
H36M_17_FROM_32 = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)

MPII_16 = Skeleton(
    name="mpii16",
    joint_names=(
        "RAnkle",
        "RKnee",
        "RHip",
        "LHip",
        "LKnee",
        "LAnkle",
        "Pelvis",
        "Thorax",
        "UpperNeck",
        "HeadTop",
        "RWrist",
        "RElbow",
        "RShoulder",
        "LShoulder",
        "LElbow",
        "LWrist",
    ),
    parents=(1, 2, 6, 6, 3, 4, -1, 6, 7, 8, 11, 12, 7, 7, 13, 14),
    left=(3, 4, 5, 13, 14, 15),
    right=(2, 1, 0, 12, 11, 10),
)

MPI_INF_3DHP_17 = Skeleton(
    name="3dhp17",
    joint_names=(
        "HeadTop",
        "Neck",
        "RShoulder",
        "RElbow",
        "RWrist",
        "LShoulder",
        "LElbow",
        "LWrist",
        "RHip",
        "RKnee",
        "RAnkle",
        "LHip",
        "LKnee",
        "LAnkle",
        "Pelvis",
        "Spine",
        "Head",
    ),
    parents=(16, 15, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, -1, 14, 1),
    left=(5, 6, 7, 11, 12, 13),
    right=(2, 3, 4, 8, 9, 10),
)

SKELETONS = {s.name: s for s in (H36M_17, MPII_16, MPI_INF_3DHP_17)}

# Target joint -> source joints whose mean gives it. MPII's upper neck stands in
# for Human3.6M's nose, 3DHP's head for the nose: known biases of both maps.
_CONVERSIONS = {
    ("mpii16", "h36m17"): (
        *[(6,), (2,), (1,), (0,), (3,), (4,), (5,), (6, 8), (7,), (8,), (9,)],
        *[(13,), (14,), (15,), (12,), (11,), (10,)],
    ),
    ("3dhp17", "h36m17"): tuple(
        (j,) for j in (14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4)
    ),
}


def get_skeleton(name: str) -> Skeleton:
    """Returns the skeleton called `name`.

    Raises:
        ValueError: If there is none; the message lists those there are.
    """
    if name not in SKELETONS:
        raise ValueError(
            f"Unknown skeleton {name!r}. Known skeletons: {sorted(SKELETONS)}."
        )
    return SKELETONS[name]


def convert(joints: np.ndarray, source: str, target: str = "h36m17") -> np.ndarray:
    """Moves joints from one order to another.

    Args:
        joints: Coordinates, `(..., J_source, D)`.
        source: Name of the order that `joints` is in.
        target: Name of the order wanted.

    Returns:
        Coordinates in the target's order, `(..., J_target, D)`, same dtype.

    Raises:
        ValueError: If the joint count is not the source's or there is no map.
    """
    num_source = get_skeleton(source).num_joints
    if joints.shape[-2] != num_source:
        raise ValueError(
            f"Expected {num_source} joints in the order {source!r} on axis -2, "
            f"received shape {joints.shape}."
        )
    if source == target:
        return joints
    if (source, target) not in _CONVERSIONS:
        known = ", ".join(f"{a} -> {b}" for a, b in sorted(_CONVERSIONS))
        raise ValueError(f"No map from {source!r} to {target!r}. There are: {known}.")
    groups = _CONVERSIONS[source, target]
    return np.stack([joints[..., list(g), :].mean(axis=-2) for g in groups], axis=-2)
