"""Forward and inverse kinematics of a body with the joints of `H36M_17`.

Frames are x forward, y left, z up. A limb has four angles: flexion and abduction
(the two components of the rotation that swings it out of hanging straight down),
medial twist about its own axis, and the hinge (knee or elbow), which is never
negative. Angles are radians, lengths mm.
"""

import dataclasses

import numpy as np

from propose_keras.skeletons import H36M_17

# Side signs along y: left, right.
SIDES = (1.0, -1.0)

# Lowest and highest flexion, abduction, medial twist and hinge, degrees: wide readings
# of the clinical ranges. The twist of a leg that is flexed and abducted at once reads
# some 35 degrees more than the clinician's outward rotation, hence its low limit.
ARM_LIMITS = np.radians([[-60, 170], [-55, 165], [-90, 100], [4, 148]])
LEG_LIMITS = np.radians([[-40, 130], [-35, 70], [-110, 50], [3, 152]])
# Forward flexion, bend to the left, turn to the left.
SPINE_LIMITS = np.radians([[-25, 75], [-35, 35], [-45, 45]])
HEAD_LIMITS = np.radians([[-40, 50], [-30, 30], [-70, 70]])
ELBOW_DIRECTION, KNEE_DIRECTION = 1.0, -1.0

# Share of the spine's rotation that has happened below the first spine joint, and
# of the head's below the nose.
_LUMBAR_SHARE = 0.4
_NECK_SHARE = 0.6
# Rest directions of bones that are not straight: the nose lies in front of the
# neck, the top of the head behind the nose, the shoulders below the neck's base.
_NECK_REST = np.array([0.42, 0.0, 0.91])
_HEAD_REST = np.array([-0.32, 0.0, 0.95])
_SHOULDER_DROP = 0.12
_CLAVICLE_LIFT = 0.22
# Share of a limb's reach over which it straightens gradually.
_REACH_SLACK = 0.028


@dataclasses.dataclass(frozen=True)
class Body:
    """Bone lengths in mm, the same on both sides.

    The shoulder and hip lengths run from the middle to one side.
    """

    hip: float
    thigh: float
    shank: float
    spine: float
    thorax: float
    neck: float
    head: float
    shoulder: float
    upper_arm: float
    forearm: float
    ankle_height: float

    @property
    def leg(self) -> float:
        """Length of the straight leg from hip joint to ankle."""
        return self.thigh + self.shank


@dataclasses.dataclass
class Pose:
    """Joint angles and root motion over time.

    Attributes:
        root: Position of the hip in the world, `(frames, 3)` mm.
        pelvis: Rotation from pelvis to world, `(frames, 3, 3)`.
        spine: Flexion, bend and turn of the chest against the pelvis, `(frames, 3)`.
        head: The same of the head against the chest, `(frames, 3)`.
        arms: Angles of left and right arm, `(frames, 2, 4)`.
        legs: Angles of left and right leg, `(frames, 2, 4)`.
    """

    root: np.ndarray
    pelvis: np.ndarray
    spine: np.ndarray
    head: np.ndarray
    arms: np.ndarray
    legs: np.ndarray


def rotation(vectors: np.ndarray) -> np.ndarray:
    """Matrices `(..., 3, 3)` of the rotation vectors `(..., 3)` (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1)
    cross = cross.reshape(*x.shape, 3, 3)
    # np.sinc(x / pi) = sin(x) / x, defined at 0.
    return (
        np.eye(3)
        + np.sinc(angle / np.pi) * cross
        + 0.5 * np.sinc(angle / 2 / np.pi) ** 2 * (cross @ cross)
    )


def torso_rotation(angles: np.ndarray) -> np.ndarray:
    """Rotation `(..., 3, 3)` of flexion, bend to the left, turn to the left."""
    flexion, bend, turn = np.moveaxis(angles, -1, 0)
    return rotation(np.stack([-bend, flexion, turn], axis=-1))


def limit(angles: np.ndarray, limits: np.ndarray, margin: float = 0.1) -> np.ndarray:
    """Squashes angles smoothly into their limits.

    Args:
        angles: `(..., angles)` radians.
        limits: Lowest and highest value of each angle, `(angles, 2)` radians.
        margin: Width of the zone before a limit where the squashing sets in.

    Returns:
        Angles within the limits; those farther than `margin` from them unchanged.
    """
    low, high = limits[:, 0] + margin, limits[:, 1] - margin
    inside = np.clip(angles, low, high)
    return inside + margin * np.tanh((angles - inside) / margin)


def limb_rotation(angles: np.ndarray, side: float) -> np.ndarray:
    """Rotation `(..., 3, 3)` of an upper limb from `(..., 4)` angles."""
    flexion, abduction, twist, _ = np.moveaxis(angles, -1, 0)
    zero = np.zeros_like(twist)
    swing = rotation(np.stack([side * abduction, -flexion, zero], axis=-1))
    return swing @ rotation(np.stack([zero, zero, -side * twist], axis=-1))


def limb_forward(angles, side, upper, lower, direction):
    """Positions of a limb's two lower joints relative to its upper joint.

    Args:
        angles: Flexion, abduction, twist, hinge, `(..., 4)`.
        side: 1 for left, -1 for right.
        upper: Length of upper arm or thigh, mm.
        lower: Length of forearm or shank, mm.
        direction: `ELBOW_DIRECTION` or `KNEE_DIRECTION`.

    Returns:
        Elbow and wrist, or knee and ankle, each `(..., 3)` mm in the parent's frame.
    """
    matrix = limb_rotation(angles, side)
    hinge = angles[..., 3]
    local = [direction * np.sin(hinge), np.zeros_like(hinge), -np.cos(hinge)]
    middle = -upper * matrix[..., 2]
    end = middle + lower * np.einsum("...ij,...j->...i", matrix, np.stack(local, -1))
    return middle, end


def limb_inverse(target, pole, side, upper, lower, direction, hinge_limits):
    """Angles that bring a limb's end to `target` with its middle towards `pole`.

    Args:
        target: Wrist or ankle relative to shoulder or hip, `(..., 3)` mm, in the
            parent's frame. Targets out of reach are approached as far as the hinge
            limits allow; the last percents before them are approached gradually,
            for a hinge would otherwise snap when the limb straightens.
        pole: Direction in which elbow or knee point, `(..., 3)`.
        side: 1 for left, -1 for right.
        upper: Length of upper arm or thigh, mm.
        lower: Length of forearm or shank, mm.
        direction: `ELBOW_DIRECTION` or `KNEE_DIRECTION`.
        hinge_limits: Lowest and highest hinge angle, radians.

    Returns:
        Angles `(..., 4)`; only the hinge is limited.
    """
    straight, bent = (
        np.sqrt(upper**2 + lower**2 + 2 * upper * lower * np.cos(angle))
        for angle in hinge_limits
    )
    distance = np.linalg.norm(target, axis=-1, keepdims=True)
    along = target / distance
    slack = _REACH_SLACK * straight
    excess = np.maximum(distance - straight + slack, 0.0)
    distance = np.minimum(distance, straight - slack * np.exp(-excess / slack))
    distance = np.maximum(distance, bent)
    across = pole - np.sum(pole * along, axis=-1, keepdims=True) * along
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    cosine = (upper**2 + distance**2 - lower**2) / (2 * upper * distance)
    upper_axis = cosine * along + np.sqrt(1 - cosine**2) * across
    lower_axis = (distance * along - upper * upper_axis) / lower
    return limb_angles(upper_axis, lower_axis, side, direction)


def limb_angles(upper_axis, lower_axis, side, direction):
    """Angles of a limb whose two bones point in given directions.

    Args:
        upper_axis: Unit vector along upper arm or thigh, `(..., 3)`, in the parent's
            frame.
        lower_axis: Unit vector along forearm or shank, `(..., 3)`.
        side: 1 for left, -1 for right.
        direction: `ELBOW_DIRECTION` or `KNEE_DIRECTION`.

    Returns:
        Flexion, abduction, twist, hinge, `(..., 4)`, not limited.
    """
    hinge = np.arccos(np.clip(np.sum(upper_axis * lower_axis, axis=-1), -1, 1))

    swing = np.arccos(np.clip(-upper_axis[..., 2], -1, 1))
    scale = swing / np.maximum(np.hypot(upper_axis[..., 0], upper_axis[..., 1]), 1e-9)
    flexion, abduction = scale * upper_axis[..., 0], side * scale * upper_axis[..., 1]
    zero = np.zeros_like(flexion)
    matrix = rotation(np.stack([side * abduction, -flexion, zero], axis=-1))
    local = direction * np.einsum("...ji,...j->...i", matrix, lower_axis)
    twist = np.arctan2(-side * local[..., 1], local[..., 0])
    return np.stack([flexion, abduction, twist, hinge], axis=-1)


def shoulder_offset(body: Body, side: float, elevation: np.ndarray) -> np.ndarray:
    """Shoulder relative to the base of the neck in the chest's frame.

    Args:
        body: The body.
        side: 1 for left, -1 for right.
        elevation: Angle of the upper arm against hanging down, `(...,)`. The
            shoulder girdle rises with it.

    Returns:
        `(..., 3)` mm.
    """
    lift = _CLAVICLE_LIFT * (1 - np.cos(elevation)) / 2 - _SHOULDER_DROP
    offset = [np.zeros_like(lift), side * np.cos(lift), np.sin(lift)]
    return body.shoulder * np.stack(offset, axis=-1)


def forward(body: Body, pose: Pose) -> np.ndarray:
    """Joint positions in the world, `(frames, 17, 3)` mm, in the order of `H36M_17`."""

    def along(matrices, direction):
        return matrices @ (np.asarray(direction) / np.linalg.norm(direction))

    def apply(matrices, vectors):
        return np.einsum("...ij,...j->...i", matrices, vectors)

    joints = np.empty((len(pose.root), H36M_17.num_joints, 3))

    def put(name, position):
        joints[:, H36M_17.index(name)] = position
        return position

    hip = put("Hip", pose.root)
    lumbar = pose.pelvis @ torso_rotation(_LUMBAR_SHARE * pose.spine)
    chest = pose.pelvis @ torso_rotation(pose.spine)
    neck = chest @ torso_rotation(_NECK_SHARE * pose.head)
    head = chest @ torso_rotation(pose.head)
    up = (0.0, 0.0, 1.0)
    spine = put("Spine", hip + body.spine * along(lumbar, up))
    thorax = put("Thorax", spine + body.thorax * along(chest, up))
    nose = put("Nose", thorax + body.neck * along(neck, _NECK_REST))
    put("Head", nose + body.head * along(head, _HEAD_REST))
    for i, (side, letter) in enumerate(zip(SIDES, "LR")):
        hip_joint = put(
            letter + "Hip", hip + body.hip * along(pose.pelvis, (0.0, side, 0.0))
        )
        knee, ankle = limb_forward(
            pose.legs[:, i], side, body.thigh, body.shank, KNEE_DIRECTION
        )
        put(letter + "Knee", hip_joint + apply(pose.pelvis, knee))
        put(letter + "Foot", hip_joint + apply(pose.pelvis, ankle))

        elevation = np.linalg.norm(pose.arms[:, i, :2], axis=-1)
        offset = shoulder_offset(body, side, elevation)
        shoulder = put(letter + "Shoulder", thorax + apply(chest, offset))
        elbow, wrist = limb_forward(
            pose.arms[:, i], side, body.upper_arm, body.forearm, ELBOW_DIRECTION
        )
        put(letter + "Elbow", shoulder + apply(chest, elbow))
        put(letter + "Wrist", shoulder + apply(chest, wrist))
    return joints
