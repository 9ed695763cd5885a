"""What a body is besides its joints: flesh around them, mass, and segments."""

import numpy as np

from propose_keras.skeletons import H36M_17

from .bodies import Person

_INDEX = {name: index for index, name in enumerate(H36M_17.joint_names)}

# Distance of a joint from the floor when the body rests on it, mm, for a stature of
# 1700 mm. The foot's depends on how it stands, see `FOOT_HEIGHTS`.
_FLESH = {
    **{"Hip": 95, "RHip": 95, "LHip": 95, "Spine": 88, "Thorax": 85},
    **{"Nose": 60, "Head": 68, "LShoulder": 62, "RShoulder": 62},
    **{"LElbow": 42, "RElbow": 42, "LWrist": 40, "RWrist": 40},
    **{"LKnee": 55, "RKnee": 55, "LFoot": 50, "RFoot": 50},
}
FLESH = np.array([float(_FLESH[name]) for name in H36M_17.joint_names])
# The ankle above the floor: on the sole, the ball of the foot, the instep, the heel or
# the side of the foot.
FOOT_HEIGHTS = {"sole": 82.0, "toes": 135.0, "instep": 58.0, "side": 50.0}

# Shares of the body's mass, and where along a segment they lie: Dempster's, as in
# Winter, "Biomechanics and Motor Control of Human Movement" (2009), table 4.1. The
# trunk's is spread over its joints.
_MASS = {
    **{"Hip": 0.2, "Spine": 0.15, "Thorax": 0.147, "Nose": 0.04, "Head": 0.041},
    **{"LShoulder": 0.0158, "RShoulder": 0.0158},
    **{"LElbow": 0.0192, "RElbow": 0.0192, "LWrist": 0.015, "RWrist": 0.015},
    **{"LHip": 0.0567, "RHip": 0.0567, "LKnee": 0.0673, "RKnee": 0.0673},
    **{"LFoot": 0.037, "RFoot": 0.037},
}
MASS = np.array([_MASS[name] for name in H36M_17.joint_names])
MASS /= MASS.sum()

# Capsules: the joints at both ends and the radius in mm for a stature of 1700 mm.
_CAPSULES = {
    "pelvis": ("RHip", "LHip", 85),
    "belly": ("Hip", "Spine", 92),
    "chest": ("Spine", "Thorax", 92),
    "shoulders": ("RShoulder", "LShoulder", 52),
    "head": ("Nose", "Head", 76),
    "LUpperArm": ("LShoulder", "LElbow", 40),
    "LForearm": ("LElbow", "LWrist", 32),
    "RUpperArm": ("RShoulder", "RElbow", 40),
    "RForearm": ("RElbow", "RWrist", 32),
    "LThigh": ("LHip", "LKnee", 62),
    "LShank": ("LKnee", "LFoot", 44),
    "RThigh": ("RHip", "RKnee", 62),
    "RShank": ("RKnee", "RFoot", 44),
}
CAPSULES = list(_CAPSULES)
CAPSULE_ENDS = np.array([[_INDEX[a], _INDEX[b]] for a, b, _ in _CAPSULES.values()])
CAPSULE_RADII = np.array([float(radius) for *_, radius in _CAPSULES.values()])

TRUNK = ("Hip", "RHip", "LHip", "Spine", "Thorax", "LShoulder", "RShoulder")
HEAD = ("Nose", "Head")
# What key poses may name as supports.
SUPPORTS = {
    "trunk": TRUNK + HEAD,
    "head": HEAD,
    "seat": ("Hip", "RHip", "LHip"),
    "elbows": ("LElbow", "RElbow"),
    "hands": ("LWrist", "RWrist"),
    "knees": ("LKnee", "RKnee"),
    "feet": ("LFoot", "RFoot"),
    **{name: (name,) for name in H36M_17.joint_names},
}


def joint_mask(names) -> np.ndarray:
    """1 for the joints that the names of `SUPPORTS` stand for, `(17,)`."""
    mask = np.zeros(H36M_17.num_joints)
    for name in names:
        mask[[_INDEX[joint] for joint in SUPPORTS[name]]] = 1.0
    return mask


def clearances(person: Person, foot_heights: np.ndarray) -> np.ndarray:
    """Least height of each joint above the floor, mm.

    Args:
        person: Whose joints.
        foot_heights: Of left and right ankle, for the mean stature, `(frames, 2)` mm.

    Returns:
        `(frames, 17)`.
    """
    heights = np.repeat(FLESH[None], len(foot_heights), axis=0)
    heights[:, _INDEX["LFoot"]] = foot_heights[:, 0]
    heights[:, _INDEX["RFoot"]] = foot_heights[:, 1]
    return heights * person.scale
