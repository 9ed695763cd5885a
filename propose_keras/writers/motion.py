"""One person's poses as a motion of a skeleton on the floor, for animations."""

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from propose_keras.inference.bones import bone_lengths, stature
from propose_keras.inference.foot_contacts import ANKLE_SHARE, FEET
from propose_keras.inference.foot_planting import plant_feet
from propose_keras.inference.ground import Ground
from propose_keras.skeletons import H36M_17
from propose_keras.writers.bone_rotations import (
    CHILDREN,
    T_POSE,
    bone_rotations,
    posed,
    rest_pose,
    shortest_rotations,
    world_rotations,
)

# Joints that turn: all but the top of the head, parents first.
TURNING = tuple(j for j in range(H36M_17.num_joints) if j != H36M_17.index("Head"))
_WRISTS = [H36M_17.index("LWrist"), H36M_17.index("RWrist")]
# Shares of the stature by Drillis and Contini: a foot, of which a quarter is behind the
# ankle, and a hand.
_TOES_AHEAD, _HAND = 0.75 * 0.152, 0.108


@dataclasses.dataclass(frozen=True, eq=False)
class Motion:
    """A motion of a skeleton whose bones have one length each, left like right.

    Axes are y up, z towards the camera, x to its right; the floor is at y = 0.

    Attributes:
        positions: `(n, 17, 3)` mm.
        rotations: `(n, 16, 3, 3)`: of each joint of `TURNING` from its own axes to its
            parent's; the hip's to the world's.
        rest: Each joint relative to its parent in the rest pose, a T-pose that faces z,
            `(17, 3)` mm; the hip's is 0.
        tips: Of feet and hands, by joint, `(3,)` mm from it in the rest pose.
        contacts: `(n, 2)` bool: the left and the right foot rests on the floor.
        is_placed: Whether it is known where the person is; else the hip stays.
        start: The number of the first frame.
    """

    positions: np.ndarray
    rotations: np.ndarray
    rest: np.ndarray
    tips: dict[int, np.ndarray]
    contacts: np.ndarray
    is_placed: bool
    start: int = 0

    def __len__(self) -> int:
        return len(self.positions)


def y_up(points: np.ndarray) -> np.ndarray:
    """Points `(..., 3)` with z up, with y up: the z of these comes to the camera."""
    return points[..., [0, 2, 1]] * np.array([1.0, 1.0, -1.0])


def z_up(points: np.ndarray) -> np.ndarray:
    """The inverse of `y_up`."""
    return points[..., [0, 2, 1]] * np.array([1.0, -1.0, 1.0])


def make_motion(
    mode: np.ndarray,
    root: np.ndarray,
    root_covariance: np.ndarray,
    ground: Ground,
    frame_rate: float,
    start: int = 0,
) -> Motion:
    """Makes a motion of a person's poses in consecutive frames.

    The skeleton's bones have the median of their lengths. Its hip and its neck turn as
    fits their children best, all others exactly. Feet at rest are planted, see
    `inference.foot_planting`; they point where the pelvis faces then, toes on the
    floor, and at other times stand at a right angle to the shank. Hands go on along the
    forearm.

    Args:
        mode: `(n, 17, 3)` mm relative to the hip, n at least 1.
        root: `(n, 3)` mm; NaN where people's places are not known.
        root_covariance: `(n, 3, 3)` mm^2.
        ground: In the same axes.
        frame_rate: Frames per second.
        start: The number of the first frame.
    """
    turn = ground.scale * ground.rotation.T
    poses = y_up(mode.astype(np.float64) @ turn)
    lengths = np.median(bone_lengths(poses), axis=0)
    rest = rest_pose(lengths, poses)
    rotations = bone_rotations(poses, rest)
    is_placed = bool(np.isfinite(root).all())
    if not is_placed:
        poses = posed(rotations, rest, np.zeros((len(mode), 3)))
        lower = np.median(poses[:, FEET, 1].min(axis=1))
        height = ANKLE_SHARE * np.median(stature(poses)) - lower
        positions = poses + [0.0, height, 0.0]
        contacts = np.zeros((len(mode), 2), bool)
        weights = contacts.astype(float)
    else:
        roots = y_up(ground.to_world(root.astype(np.float64)))
        planted = plant_feet(
            z_up(posed(rotations, rest, roots)),
            frame_rate,
            turn.T @ root_covariance @ turn,
            np.array([0.0, 0.0, ground.camera_height]),
        )
        positions, contacts = y_up(planted.positions), planted.contacts
        weights = planted.weights
        rotations = bone_rotations(positions, rest)
    height = float(np.median(stature(positions)))
    toes = np.array([0.0, -ANKLE_SHARE, _TOES_AHEAD]) * height
    tips = dict.fromkeys(FEET, toes)
    tips |= {wrist: _HAND * height * T_POSE[wrist] for wrist in _WRISTS}
    return Motion(
        positions=positions,
        rotations=_with_ends(rotations, positions, toes, contacts, weights, is_placed),
        rest=rest,
        tips=tips,
        contacts=contacts,
        is_placed=is_placed,
        start=start,
    )


def _with_ends(rotations, positions, toes, contacts, weights, is_placed):
    """Rotations of all of `TURNING`, with those of feet and hands."""
    world, places = world_rotations(rotations), list(CHILDREN)
    found = np.tile(np.eye(3), (len(rotations), len(TURNING), 1, 1))
    found[:, [TURNING.index(joint) for joint in places]] = rotations
    pelvis = world[H36M_17.root]
    for side, foot in enumerate(FEET):
        shank = world[H36M_17.parents[foot]]
        flat = _turned(_headings(pelvis, contacts[:, side]))
        # The heel may have risen: toes stay on the floor.
        height = positions[:, foot, 1]
        flat = _pitched(flat, toes, -height, -height)
        between = Rotation.from_matrix(np.swapaxes(shank, 1, 2) @ flat).as_rotvec()
        part = Rotation.from_rotvec(weights[:, side, None] * between).as_matrix()
        turn = shank @ part
        if is_placed:
            turn = _pitched(turn, toes, -height, np.inf)
        found[:, TURNING.index(foot)] = np.swapaxes(shank, 1, 2) @ turn
    return found


def _headings(pelvis, contact):
    """Where a foot points, `(n,)` radians about y from z: at rest always the same.

    In frames between rests that of the nearest one.
    """
    ahead = pelvis[:, [0, 2], 2]
    rows = np.flatnonzero(contact)
    if not len(rows):
        return np.arctan2(ahead[:, 0], ahead[:, 1])
    starts = np.flatnonzero(np.diff(rows, prepend=-2) > 1)
    sums = np.add.reduceat(ahead[rows], starts)
    run = np.searchsorted(starts, np.arange(len(rows)), "right") - 1
    headings = np.arctan2(sums[:, 0], sums[:, 1])[run]
    times = np.arange(len(contact))
    after = np.searchsorted(rows, times).clip(0, len(rows) - 1)
    before = (after - 1).clip(0)
    nearer = np.abs(rows[before] - times) < np.abs(rows[after] - times)
    return headings[np.where(nearer, before, after)]


def _turned(angles):
    return Rotation.from_rotvec(angles[:, None] * [0.0, 1.0, 0.0]).as_matrix()


def _pitched(turn, toes, lowest, highest):
    """Feet turned so that their toes are at some height above the ankles.

    Args:
        turn: `(n, 3, 3)`, from the foot's axes to the world's.
        toes: `(3,)` mm in the foot's axes.
        lowest: `(n,)` mm.
        highest: `(n,)` mm, or a number.
    """
    length = max(float(np.linalg.norm(toes)), 1e-6)
    now = turn @ (toes / length)
    wanted = now.copy()
    bounds = np.clip(lowest / length, -1, 1), np.clip(highest / length, -1, 1)
    wanted[:, 1] = np.clip(now[:, 1], *bounds)
    level = np.linalg.norm(now[:, [0, 2]], axis=1)
    factor = np.sqrt(1 - wanted[:, 1] ** 2) / np.maximum(level, 1e-6)
    wanted[:, [0, 2]] *= factor[:, None]
    now, wanted = _unit(now), _unit(wanted)
    return shortest_rotations(now, wanted) @ turn


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
