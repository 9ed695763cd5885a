"""Angles against a body whose joints are turned by known angles."""

import numpy as np
import pytest

from propose_keras.inference import JOINT_ANGLES, joint_angle_spread, joint_angles
from propose_keras.skeletons import H36M_17

# Facing the camera, in its axes: x right, y down; the person's left is at x.
STANDING = {
    **{"Hip": (0, 0, 0), "LHip": (130, 0, 0), "RHip": (-130, 0, 0)},
    **{"LKnee": (130, 440, 0), "RKnee": (-130, 440, 0)},
    **{"LFoot": (130, 880, 0), "RFoot": (-130, 880, 0)},
    **{"Spine": (0, -230, 0), "Thorax": (0, -480, 0)},
    **{"Nose": (0, -600, -40), "Head": (0, -720, 0)},
    **{"LShoulder": (150, -470, 0), "RShoulder": (-150, -470, 0)},
    **{"LElbow": (150, -190, 0), "RElbow": (-150, -190, 0)},
    **{"LWrist": (150, 60, 0), "RWrist": (-150, 60, 0)},
}
FORWARD = np.array([0, 0, -1.0])
DOWN = np.array([0, 1.0, 0])


def pose(**changes):
    joints = STANDING | changes
    return np.array([joints[name] for name in H36M_17.joint_names], float)


def turned(pose, seed=0):
    """The pose in other axes, somewhere else."""
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return pose @ (rotation * np.linalg.det(rotation)) + [100, 200, 300]


def angles(pose):
    found = dict(zip(JOINT_ANGLES, joint_angles(pose)))
    other = dict(zip(JOINT_ANGLES, joint_angles(turned(pose))))
    for side in ("left", "right"):
        if found[f"{side}_shoulder_elevation"] < 1e-3:  # In no plane.
            del other[f"{side}_shoulder_plane"]
    assert other == pytest.approx({name: found[name] for name in other}, abs=1e-5)
    return found


def test_standing_is_zero():
    found = angles(pose())
    for name in JOINT_ANGLES:
        if "shoulder_plane" not in name:
            assert found[name] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("side", ["left", "right"])
def test_each_joint_turns_by_itself(side):
    letter, sign = side[0].upper(), 1.0 if side == "left" else -1.0
    outward = np.array([sign, 0, 0])

    def at(name):
        return np.array(STANDING[letter + name], float)

    def along(angle, to):
        angle = np.deg2rad(angle)
        return np.cos(angle) * DOWN + np.sin(angle) * to

    bent = along(70, -FORWARD)
    found = angles(pose(**{f"{letter}Foot": at("Knee") + 440 * bent}))
    assert found[f"{side}_knee_flexion"] == pytest.approx(70)
    found = angles(pose(**{f"{letter}Knee": at("Hip") + 440 * along(40, FORWARD)}))
    assert found[f"{side}_hip_flexion"] == pytest.approx(40)
    assert found[f"{side}_hip_abduction"] == pytest.approx(0, abs=1e-6)
    found = angles(pose(**{f"{letter}Knee": at("Hip") + 440 * along(-20, FORWARD)}))
    assert found[f"{side}_hip_flexion"] == pytest.approx(-20)
    found = angles(pose(**{f"{letter}Knee": at("Hip") + 440 * along(25, outward)}))
    assert found[f"{side}_hip_abduction"] == pytest.approx(25)
    found = angles(pose(**{f"{letter}Wrist": at("Elbow") + 250 * FORWARD}))
    assert found[f"{side}_elbow_flexion"] == pytest.approx(90)
    for to, plane in ((outward, 0), (FORWARD, 90), (-FORWARD, -90)):
        elbow = at("Shoulder") + 280 * along(120, to)
        found = angles(pose(**{f"{letter}Elbow": elbow}))
        assert found[f"{side}_shoulder_elevation"] == pytest.approx(120)
        assert found[f"{side}_shoulder_plane"] == pytest.approx(plane, abs=1e-6)
    others = [name for name in JOINT_ANGLES if not name.startswith(side)]
    for name in others:
        if "shoulder_plane" not in name:
            assert found[name] == pytest.approx(0, abs=1e-6)


def test_spread_takes_the_short_way_round():
    """Elbows on both sides of straight back are near each other."""
    shoulder = np.array(STANDING["LShoulder"], float)

    def raised(plane):
        plane = np.deg2rad(plane)
        to = np.array([np.cos(plane), 0, -np.sin(plane)])
        return pose(LElbow=shoulder + 280 * to)

    hypotheses = np.stack([raised(174), raised(-174)])
    spread = dict(zip(JOINT_ANGLES, joint_angle_spread(hypotheses)))
    assert spread["left_shoulder_plane"] == pytest.approx(6)
    assert spread["left_shoulder_elevation"] == pytest.approx(0, abs=1e-6)


def test_other_layouts_are_refused():
    with pytest.raises(ValueError, match=r"expected poses \(..., 17, 3\)"):
        joint_angles(np.zeros((5, 26, 3)))
