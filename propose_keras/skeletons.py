"""Joint orders of the field and the maps between them.

A `Skeleton` is plain data: names, parents and left/right pairs of one joint
order. `convert` moves poses from one order to another, computing the joints
that the source lacks from those it has; `convert_detections` does so with the
detector's scores.
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

_COCO_NAMES = (
    *("Nose", "LEye", "REye", "LEar", "REar"),
    *("LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist"),
    *("RWrist", "LHip", "RHip", "LKnee", "RKnee"),
    *("LAnkle", "RAnkle"),
)

# The order of COCO's keypoint task: MMPose, AlphaPose, Detectron2, ViTPose and more.
COCO_17 = Skeleton(
    name="coco17",
    joint_names=_COCO_NAMES,
    parents=(-1, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
    left=(1, 3, 5, 7, 9, 11, 13, 15),
    right=(2, 4, 6, 8, 10, 12, 14, 16),
)

# AlphaPose's Halpe: COCO's joints, then head top, neck, hip centre and feet.
HALPE_26 = Skeleton(
    name="halpe26",
    joint_names=(
        *_COCO_NAMES,
        *("Head", "Neck", "Hip", "LBigToe", "RBigToe"),
        *("LSmallToe", "RSmallToe", "LHeel", "RHeel"),
    ),
    parents=(
        *(18, 0, 0, 1, 2, 18, 18, 5, 6, 7, 8, 19, 19, 11, 12, 13, 14),
        *(18, 19, -1, 15, 16, 15, 16, 15, 16),
    ),
    left=(1, 3, 5, 7, 9, 11, 13, 15, 20, 22, 24),
    right=(2, 4, 6, 8, 10, 12, 14, 16, 21, 23, 25),
)

# OpenPose's BODY_25 model.
BODY_25 = Skeleton(
    name="body25",
    joint_names=(
        *("Nose", "Neck", "RShoulder", "RElbow", "RWrist"),
        *("LShoulder", "LElbow", "LWrist", "MidHip", "RHip"),
        *("RKnee", "RAnkle", "LHip", "LKnee", "LAnkle"),
        *("REye", "LEye", "REar", "LEar", "LBigToe"),
        *("LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel"),
    ),
    parents=(
        *(1, 8, 1, 2, 3, 1, 5, 6, -1, 8, 9, 10, 8, 12, 13),
        *(0, 0, 15, 16, 14, 14, 14, 11, 11, 11),
    ),
    left=(5, 6, 7, 12, 13, 14, 16, 18, 19, 20, 21),
    right=(2, 3, 4, 9, 10, 11, 15, 17, 22, 23, 24),
)

# OpenPose's BODY_25B model: COCO's joints, then neck, head top and feet.
BODY_25B = Skeleton(
    name="body25b",
    joint_names=(
        *_COCO_NAMES,
        *("UpperNeck", "HeadTop", "LBigToe", "LSmallToe", "LHeel"),
        *("RBigToe", "RSmallToe", "RHeel"),
    ),
    parents=(
        *(17, 0, 0, 1, 2, 17, 17, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
        *(-1, 17, 15, 15, 15, 16, 16, 16),
    ),
    left=(1, 3, 5, 7, 9, 11, 13, 15, 19, 20, 21),
    right=(2, 4, 6, 8, 10, 12, 14, 16, 22, 23, 24),
)

# OpenPose's COCO model, and AlphaPose's `--format open` and `cmu`.
COCO_18 = Skeleton(
    name="coco18",
    joint_names=(
        *("Nose", "Neck", "RShoulder", "RElbow", "RWrist"),
        *("LShoulder", "LElbow", "LWrist", "RHip", "RKnee"),
        *("RAnkle", "LHip", "LKnee", "LAnkle", "REye"),
        *("LEye", "REar", "LEar"),
    ),
    parents=(1, -1, 1, 2, 3, 1, 5, 6, 1, 8, 9, 1, 11, 12, 0, 0, 14, 15),
    left=(5, 6, 7, 11, 12, 13, 15, 17),
    right=(2, 3, 4, 8, 9, 10, 14, 16),
)

# OpenPose's MPI model.
MPII_15 = Skeleton(
    name="mpii15",
    joint_names=(
        *("HeadTop", "Neck", "RShoulder", "RElbow", "RWrist"),
        *("LShoulder", "LElbow", "LWrist", "RHip", "RKnee"),
        *("RAnkle", "LHip", "LKnee", "LAnkle", "Chest"),
    ),
    parents=(1, 14, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, -1),
    left=(5, 6, 7, 11, 12, 13),
    right=(2, 3, 4, 8, 9, 10),
)

# MediaPipe's (BlazePose's) pose landmarks.
MEDIAPIPE_33 = Skeleton(
    name="mediapipe33",
    joint_names=(
        *("Nose", "LEyeInner", "LEye", "LEyeOuter", "REyeInner"),
        *("REye", "REyeOuter", "LEar", "REar", "LMouth"),
        *("RMouth", "LShoulder", "RShoulder", "LElbow", "RElbow"),
        *("LWrist", "RWrist", "LPinky", "RPinky", "LIndex"),
        *("RIndex", "LThumb", "RThumb", "LHip", "RHip"),
        *("LKnee", "RKnee", "LAnkle", "RAnkle", "LHeel"),
        *("RHeel", "LFootIndex", "RFootIndex"),
    ),
    parents=(
        *(-1, 0, 1, 2, 0, 4, 5, 3, 6, 0, 0, 0, 0, 11, 12, 13, 14),
        *(15, 16, 15, 16, 15, 16, 11, 12, 23, 24, 25, 26, 27, 28, 27, 28),
    ),
    left=(1, 2, 3, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31),
    right=(4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32),
)

SKELETONS = {
    s.name: s
    for s in (
        *(H36M_17, MPII_16, MPI_INF_3DHP_17, COCO_17, HALPE_26, BODY_25),
        *(BODY_25B, COCO_18, MPII_15, MEDIAPIPE_33),
    )
}

# Layouts that begin with all joints of a shorter one: its name and their own number of
# joints. Faces and hands have nothing to say about the 17 joints of the model.
LONGER_LAYOUTS = {"wholebody133": ("coco17", 133), "halpe136": ("halpe26", 136)}

# Target joint -> source joints whose mean gives it. MPII's upper neck stands in
# for Human3.6M's nose, 3DHP's head for the nose, the middle of the eyes for the head
# in COCO, BODY_25 and MediaPipe (as in MotionBERT), the middle of head top and neck for
# the nose in MPI's 15: known biases of these maps.
_CONVERSIONS = {
    ("mpii16", "h36m17"): (
        *[(6,), (2,), (1,), (0,), (3,), (4,), (5,), (6, 8), (7,), (8,), (9,)],
        *[(13,), (14,), (15,), (12,), (11,), (10,)],
    ),
    ("3dhp17", "h36m17"): tuple(
        (j,) for j in (14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4)
    ),
    ("coco17", "h36m17"): (
        *[(11, 12), (12,), (14,), (16,), (11,), (13,), (15,), (5, 6, 11, 12), (5, 6)],
        *[(0,), (1, 2), (5,), (7,), (9,), (6,), (8,), (10,)],
    ),
    ("halpe26", "h36m17"): (
        *[(19,), (12,), (14,), (16,), (11,), (13,), (15,), (18, 19), (18,)],
        *[(0,), (17,), (5,), (7,), (9,), (6,), (8,), (10,)],
    ),
    ("body25b", "h36m17"): (
        *[(11, 12), (12,), (14,), (16,), (11,), (13,), (15,), (5, 6, 11, 12), (5, 6)],
        *[(0,), (18,), (5,), (7,), (9,), (6,), (8,), (10,)],
    ),
    ("coco18", "h36m17"): (
        *[(8, 11), (8,), (9,), (10,), (11,), (12,), (13,), (2, 5, 8, 11), (2, 5)],
        *[(0,), (14, 15), (5,), (6,), (7,), (2,), (3,), (4,)],
    ),
    ("mpii15", "h36m17"): (
        *[(8, 11), (8,), (9,), (10,), (11,), (12,), (13,), (14,), (1,)],
        *[(0, 1), (0,), (5,), (6,), (7,), (2,), (3,), (4,)],
    ),
    ("mediapipe33", "h36m17"): (
        *[(23, 24), (24,), (26,), (28,), (23,), (25,), (27,)],
        *[(11, 12, 23, 24), (11, 12), (0,), (2, 5)],
        *[(11,), (13,), (15,), (12,), (14,), (16,)],
    ),
    ("body25", "h36m17"): (
        *[(8,), (9,), (10,), (11,), (12,), (13,), (14,), (1, 8), (1,)],
        *[(0,), (15, 16), (5,), (6,), (7,), (2,), (3,), (4,)],
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


def layouts_alike(name: str) -> tuple[str, ...]:
    """Names of the orders of as many joints that can be moved to `H36M_17`.

    Args:
        name: An order; it comes first.
    """
    count = get_skeleton(name).num_joints
    sources = {source for source, _ in _CONVERSIONS} | {H36M_17.name}
    others = sorted(n for n in sources if SKELETONS[n].num_joints == count)
    return (name, *(other for other in others if other != name))


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
    groups = _groups(joints, source, target)
    if groups is None:
        return joints
    return np.stack([joints[..., list(g), :].mean(axis=-2) for g in groups], axis=-2)


def convert_detections(
    joints: np.ndarray, scores: np.ndarray, source: str, target: str = "h36m17"
) -> tuple[np.ndarray, np.ndarray]:
    """Moves detections with their scores from one order to another.

    A joint computed from several is as sure as the least sure of them, and missing
    (score 0) if one of them is.

    Args:
        joints: Coordinates, `(..., J_source, D)`; those of missing joints are ignored.
        scores: `(..., J_source)`, 0 for missing joints.
        source: Name of the order that `joints` is in.
        target: Name of the order wanted.

    Returns:
        Coordinates `(..., J_target, D)`, NaN where missing, and scores
        `(..., J_target)`.

    Raises:
        ValueError: As `convert`, or if the shapes do not fit each other.
    """
    if scores.shape != joints.shape[:-1]:
        raise ValueError(
            f"Expected one score per joint, shape {joints.shape[:-1]}, received "
            f"{scores.shape}."
        )
    joints = np.where((scores > 0)[..., None], joints, np.nan)
    groups = _groups(joints, source, target)
    if groups is None:
        return joints, scores
    lowest = [scores[..., list(g)].min(axis=-1) for g in groups]
    return convert(joints, source, target), np.stack(lowest, axis=-1)


def _groups(joints: np.ndarray, source: str, target: str):
    num_source = get_skeleton(source).num_joints
    if joints.shape[-2] != num_source:
        raise ValueError(
            f"Expected {num_source} joints in the order {source!r} on axis -2, "
            f"received shape {joints.shape}."
        )
    if source == target:
        return None
    if (source, target) not in _CONVERSIONS:
        known = ", ".join(f"{a} -> {b}" for a, b in sorted(_CONVERSIONS))
        raise ValueError(f"No map from {source!r} to {target!r}. There are: {known}.")
    return _CONVERSIONS[source, target]
