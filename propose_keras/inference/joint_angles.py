"""Angles of knees, hips, elbows and shoulders.

| angle of each side | 0 | grows |
|---|---|---|
| knee flexion | straight | as the heel comes up |
| hip flexion | the thigh along the trunk | as the knee comes forward |
| hip abduction | the thigh in the sagittal plane of the pelvis | outward |
| elbow flexion | straight | as it bends |
| shoulder elevation | the upper arm hanging along the trunk | to 180 overhead |
| shoulder plane | elevation sideways | to 90 for elevation forward |

Hips are those of Grood and Suntay (J. Biomech. Eng. 105, 1983), as the International
Society of Biomechanics recommends (Wu et al., J. Biomech. 35, 2002): flexion about the
line of both hip joints, abduction out of the plane across it. Shoulders are elevation
and its plane (Wu et al., J. Biomech. 38, 2005). Up in the pelvis is from hip to spine,
in the trunk from spine to thorax, across the line of hips or of shoulders. 17 joints do
not tell how thighs and upper arms turn about themselves, so rotation is not given. The
shoulder's plane says nothing of an arm that hangs or points straight up.
"""

import numpy as np

from propose_keras.skeletons import H36M_17

JOINT_ANGLES = tuple(
    f"{side}_{angle}"
    for side in ("left", "right")
    for angle in (
        *("knee_flexion", "hip_flexion", "hip_abduction", "elbow_flexion"),
        *("shoulder_elevation", "shoulder_plane"),
    )
)


def joint_angles(poses: np.ndarray) -> np.ndarray:
    """Angles of poses.

    Args:
        poses: `(..., 17, 3)` in the order `H36M_17`, of any unit, in any right-handed
            axes, such as the camera's.

    Returns:
        `(..., 12)` degrees, in the order `JOINT_ANGLES`: those of shoulder planes and
        hip flexions in -180..180, abductions in -90..90, the others in 0..180.

    Raises:
        ValueError: If the poses have another shape.
    """
    poses = np.asarray(poses, np.float64)
    if poses.shape[-2:] != (H36M_17.num_joints, 3):
        raise ValueError(
            f"expected poses (..., {H36M_17.num_joints}, 3), received {poses.shape}."
        )
    found = []
    for side, sign in (("L", 1.0), ("R", -1.0)):
        thigh = _direction(poses, f"{side}Hip", f"{side}Knee")
        shank = _direction(poses, f"{side}Knee", f"{side}Foot")
        upper_arm = _direction(poses, f"{side}Shoulder", f"{side}Elbow")
        forearm = _direction(poses, f"{side}Elbow", f"{side}Wrist")
        left, up, forward = _axes(poses, ("RHip", "LHip"), ("Hip", "Spine"))
        found.append(_between(thigh, shank))
        found.append(np.arctan2(_dot(thigh, forward), -_dot(thigh, up)))
        found.append(np.arcsin(np.clip(sign * _dot(thigh, left), -1, 1)))
        found.append(_between(upper_arm, forearm))
        sides = "RShoulder", "LShoulder"
        left, up, forward = _axes(poses, sides, ("Spine", "Thorax"))
        found.append(_between(upper_arm, -up))
        outward = sign * _dot(upper_arm, left)
        found.append(np.arctan2(_dot(upper_arm, forward), outward))
    return np.rad2deg(np.stack(found, axis=-1))


def joint_angle_spread(hypotheses: np.ndarray) -> np.ndarray:
    """Standard deviation of each angle over hypotheses.

    Deviations are taken from the circular mean, the short way round.

    Args:
        hypotheses: `(..., S, 17, 3)`, see `joint_angles`.

    Returns:
        `(..., 12)` degrees.
    """
    angles = np.deg2rad(joint_angles(hypotheses))
    mean = np.exp(1j * angles).mean(axis=-2, keepdims=True)
    deviation = np.angle(np.exp(1j * angles) * np.conj(mean))
    return np.rad2deg(np.sqrt(np.mean(deviation**2, axis=-2)))


def _direction(poses, first, second):
    return _unit(poses[..., H36M_17.index(second), :] - _joint(poses, first))


def _joint(poses, name):
    return poses[..., H36M_17.index(name), :]


def _axes(poses, across, along):
    """Directions to the left, upward and forward of a part of the body."""
    left = _direction(poses, *across)
    up = _direction(poses, *along)
    up = _unit(up - _dot(up, left)[..., None] * left)
    return left, up, np.cross(left, up)


def _between(first, second):
    """Radians between directions; from sine and cosine, exact for small angles."""
    sine = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.arctan2(sine, _dot(first, second))


def _dot(first, second):
    return np.sum(first * second, axis=-1)


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
