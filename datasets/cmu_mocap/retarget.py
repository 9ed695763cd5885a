"""The 17 joints of Human3.6M from a motion-capture skeleton."""

import numpy as np

from propose_keras.data.errors import DataFileError
from propose_keras.skeletons import H36M_17

from .motion import Motion

# Each target joint is the mean of the sources named. `Hip` is the middle between the
# hips, as in Human3.6M: the root of the CMU skeleton lies 10 cm higher.

# Bones of CMU's ASF skeletons; a joint is the end of the bone named. `Thorax` is the
# base of the neck at the height of the shoulders, which Human3.6M's is too.
ASF_RULE = {
    "Hip": ("lhipjoint", "rhipjoint"),
    "RHip": ("rhipjoint",),
    "RKnee": ("rfemur",),
    "RFoot": ("rtibia",),
    "LHip": ("lhipjoint",),
    "LKnee": ("lfemur",),
    "LFoot": ("ltibia",),
    "Spine": ("upperback",),
    "Thorax": ("lowerneck",),
    "Nose": ("upperneck",),
    "Head": ("head",),
    "LShoulder": ("lclavicle",),
    "LElbow": ("lhumerus",),
    "LWrist": ("lradius",),
    "RShoulder": ("rclavicle",),
    "RElbow": ("rhumerus",),
    "RWrist": ("rradius",),
}

# Joints of the BVH conversions of the CMU database: the same places on the body.
BVH_RULE = {
    "Hip": ("LeftUpLeg", "RightUpLeg"),
    "RHip": ("RightUpLeg",),
    "RKnee": ("RightLeg",),
    "RFoot": ("RightFoot",),
    "LHip": ("LeftUpLeg",),
    "LKnee": ("LeftLeg",),
    "LFoot": ("LeftFoot",),
    "Spine": ("Spine1",),
    "Thorax": ("Neck1",),
    "Nose": ("Head",),
    "Head": ("Head_end",),
    "LShoulder": ("LeftArm",),
    "LElbow": ("LeftForeArm",),
    "LWrist": ("LeftHand",),
    "RShoulder": ("RightArm",),
    "RElbow": ("RightForeArm",),
    "RWrist": ("RightHand",),
}

LEG_LENGTHS_MM = (500, 1200)


def retarget(motion: Motion, rule: dict[str, tuple[str, ...]], source: str = "motion"):
    """Moves a motion to the 17 joints of Human3.6M.

    Bone lengths stay the actor's.

    Args:
        motion: The motion.
        rule: Target joint to the source joints whose mean it is.
        source: File name, for the message.

    Returns:
        World positions, z up, mm, `(frames, 17, 3)`.

    Raises:
        DataFileError: If the motion lacks a joint of the rule, or thigh and shin are
            not of a person's length, which is a wrong unit.
    """
    wanted = {name for names in rule.values() for name in names}
    missing = sorted(wanted - set(motion.joint_names))
    if missing:
        raise DataFileError(
            f"{source}: the skeleton lacks the joints {missing}; it has "
            f"{sorted(motion.joint_names)}."
        )
    poses = np.stack(
        [
            np.mean([motion[name] for name in rule[joint]], axis=0)
            for joint in H36M_17.joint_names
        ],
        axis=1,
    )
    check_leg_length(poses, source)
    return poses


def check_leg_length(poses: np.ndarray, source: str) -> None:
    """Refuses poses `(frames, 17, 3)` whose unit cannot be mm.

    Raises:
        DataFileError: If the right thigh and shin together are shorter than 500 mm or
            longer than 1200 mm.
    """
    hip, knee, foot = (poses[0, H36M_17.index(j)] for j in ("RHip", "RKnee", "RFoot"))
    length = np.linalg.norm(knee - hip) + np.linalg.norm(foot - knee)
    low, high = LEG_LENGTHS_MM
    if not low < length < high:
        raise DataFileError(
            f"{source}: thigh and shin are {length:.0f} mm long together, expected "
            f"{low} to {high}. The length unit of the file is not the one assumed."
        )
