"""Joints of every layout, made from the 17 of Human3.6M.

Eyes, ears, fingers, toes and heels are not among the 17 joints. They are placed where a
head, a hand or a foot has them, to within a centimetre or two on a grown-up, so that
motion capture can be written as any detector would write it.
"""

import numpy as np

from propose_keras.skeletons import H36M_17, get_skeleton

# Deviations of what the 17 joints do not say: turn and nod of the head, turn of each
# foot, nod of each hand, degrees.
_DEVIATIONS = np.radians([30.0, 12.0, 15.0, 15.0, 25.0, 25.0])
NUM_FREE_ANGLES = len(_DEVIATIONS)

# Up, forward and outward of the head's middle, mm.
_FACE = {
    **{"Nose": (-30, 100, 0), "EyeInner": (0, 85, 15), "Eye": (0, 80, 32)},
    **{"EyeOuter": (0, 70, 48), "Ear": (-10, -5, 75), "Mouth": (-70, 85, 25)},
}
# Below the head's top, along the neck, as a share of the way to the thorax.
_HEAD_MIDDLE = 0.45
# Along the shin, forward and outward of the ankle, mm.
_FOOT = {
    **{"BigToe": (70, 170, -25), "SmallToe": (75, 140, 50), "Heel": (65, -60, 0)},
    **{"FootIndex": (70, 180, 0), "Foot": (60, 110, 0)},
}
# Along the forearm and to the thumb's side of the wrist, mm.
_HAND = {
    **{"Hand": (75, 0), "HandTip": (170, 0), "Thumb": (75, 45)},
    **{"Index": (95, 20), "Pinky": (85, -30)},
}
# Names of joints of the trunk and limbs elsewhere, and Human3.6M's joints whose mean
# they are.
_SYNONYMS = {
    **{"MidHip": ("Hip",), "Pelvis": ("Hip",), "SpineBase": ("Hip",)},
    **{"SpineMid": ("Spine",), "Chest": ("Spine",)},
    **{"SpineNavel": ("Hip", "Spine", "Spine")},
    **{"SpineChest": ("Spine", "Spine", "Thorax")},
    **{"Neck": ("Thorax",), "SpineShoulder": ("Thorax",)},
    **{"LClavicle": ("Thorax", "Thorax", "LShoulder")},
    **{"RClavicle": ("Thorax", "Thorax", "RShoulder")},
    **{"UpperNeck": ("Thorax", "Thorax", "Nose"), "HeadTop": ("Head",)},
    **{"HeadBottom": ("Thorax", "Thorax", "Nose")},
    **{"RAnkle": ("RFoot",), "LAnkle": ("LFoot",)},
}
# Names that mean something else in one layout than in the others.
_EXCEPTIONS = {
    **{("3dhp17", "Head"): ("Nose",), ("kinect25", "Head"): ("Nose", "Head")},
    **{("kinect32", "Head"): ("Nose", "Head")},
}


def landmarks(pose_3d: np.ndarray, layout: str, noise: np.ndarray) -> np.ndarray:
    """Poses of Human3.6M's 17 joints as another layout has them.

    Args:
        pose_3d: `(N, 17, 3)` mm.
        layout: Name of a skeleton.
        noise: `(N, NUM_FREE_ANGLES)` standard normal numbers: how heads, hands and feet
            are turned, which the 17 joints do not say. `(1, ...)` turns them alike.

    Returns:
        `(N, J, 3)` mm.

    Raises:
        ValueError: If the layout is unknown, or has a joint that is not known here.
    """
    if layout == H36M_17.name:
        return pose_3d
    joints = {n: pose_3d[:, i] for i, n in enumerate(H36M_17.joint_names)}
    points = {
        name: np.mean([joints[j] for j in sources], axis=0)
        for name, sources in _SYNONYMS.items()
    }
    angles = noise * _DEVIATIONS
    points |= _face(joints, angles[:, 0], angles[:, 1])
    for number, (side, sign) in enumerate((("L", 1.0), ("R", -1.0))):
        points |= _foot(joints, side, sign, angles[:, 2 + number])
        points |= _hand(joints, side, sign, angles[:, 4 + number])
    found = []
    for name in get_skeleton(layout).joint_names:
        if (layout, name) in _EXCEPTIONS:
            sources = _EXCEPTIONS[layout, name]
            found.append(np.mean([joints[j] for j in sources], axis=0))
        elif name in points or name in joints:
            found.append(points[name] if name in points else joints[name])
        else:
            raise ValueError(f"Where is {name!r} of {layout!r}? Add it to `landmarks`.")
    return np.stack(found, axis=1)


def _face(joints, turn, nod):
    up = _unit(joints["Head"] - joints["Thorax"])
    forward, left = _front(up, joints["LShoulder"] - joints["RShoulder"])
    forward, left = _rotate(forward, left, turn)
    up, forward = _rotate(up, forward, nod)
    middle = joints["Head"] + _HEAD_MIDDLE * (joints["Thorax"] - joints["Head"])
    points = {}
    for name, (above, before, outward) in _FACE.items():
        straight = middle + above * up + before * forward
        if outward:
            points["L" + name] = straight + outward * left
            points["R" + name] = straight - outward * left
        else:
            points[name] = straight
    return points


def _foot(joints, side, sign, turn):
    ankle = joints[side + "Foot"]
    shin = _unit(ankle - joints[side + "Knee"])
    forward, left = _front(-shin, joints["LHip"] - joints["RHip"])
    forward, left = _rotate(forward, left, turn)
    return {
        side + name: ankle + along * shin + before * forward + outward * sign * left
        for name, (along, before, outward) in _FOOT.items()
    }


def _hand(joints, side, sign, nod):
    wrist = joints[side + "Wrist"]
    forearm = _unit(wrist - joints[side + "Elbow"])
    # The thumb of an arm that hangs points forward.
    forward, left = _front(-forearm, joints["LShoulder"] - joints["RShoulder"])
    along, _ = _rotate(forearm, sign * left, nod)
    return {
        side + name: wrist + length * along + aside * forward
        for name, (length, aside) in _HAND.items()
    }


def _front(up, across):
    """Forward and left of a part of the body, from its up and right to left."""
    forward = _unit(np.cross(across, up))
    return forward, np.cross(up, forward)


def _rotate(first, second, angle):
    """Turns a pair of perpendicular unit vectors, the first towards the second."""
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return cosine * first + sine * second, cosine * second - sine * first


def _unit(vectors):
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-6)
