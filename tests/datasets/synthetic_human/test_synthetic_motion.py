import functools

import numpy as np
import pytest
import synthetic_human as synthetic
from synthetic_human import kinematics

from propose_keras.skeletons import H36M_17

DURATION, FRAME_RATE = 12.0, 25.0
CLIPS = [
    (subject, action) for subject in ("S5", "S8", "S9") for action in synthetic.ACTIONS
]
JOINT = {name: index for index, name in enumerate(H36M_17.joint_names)}


@functools.cache
def motion(subject, action, take=1, seed=0):
    return synthetic.synthesize_motion(
        subject, action, take, seed, DURATION, FRAME_RATE
    )


def joint(joints, name):
    return joints[:, JOINT[name]]


def speed(positions):
    return np.linalg.norm(np.diff(positions, axis=0), axis=-1) * FRAME_RATE


def forward_axis(joints):
    """Horizontal direction that the pelvis faces, `(frames, 2)`."""
    left = (joint(joints, "LHip") - joint(joints, "RHip"))[:, :2]
    left /= np.linalg.norm(left, axis=-1, keepdims=True)
    return np.stack([left[:, 1], -left[:, 0]], axis=-1)


def ahead(joints, name, of):
    offset = (joint(joints, name) - joint(joints, of))[:, :2]
    return np.sum(offset * forward_axis(joints), axis=-1)


def distance_to_segment(points, start, end):
    along = np.sum((points - start) * (end - start), axis=-1)
    share = np.clip(along / np.sum((end - start) ** 2, axis=-1), 0, 1)[:, None]
    return np.linalg.norm(points - start - share * (end - start), axis=-1)


@pytest.mark.parametrize("subject", synthetic.SUBJECTS)
def test_bones_keep_their_length_and_are_alike_on_both_sides(subject):
    joints = np.concatenate([motion(subject, a) for a in synthetic.ACTIONS])
    parents, children = np.array(H36M_17.bones).T
    lengths = np.linalg.norm(joints[:, children] - joints[:, parents], axis=-1)
    np.testing.assert_allclose(lengths - lengths[0], 0, atol=1e-3)
    by_child = dict(zip(children, lengths[0]))
    for left, right in zip(H36M_17.left, H36M_17.right):
        assert by_child[left] == pytest.approx(by_child[right], abs=1e-6)
    body = synthetic.get_body(subject)
    assert by_child[JOINT["LKnee"]] == pytest.approx(body.thigh)
    assert by_child[JOINT["RWrist"]] == pytest.approx(body.forearm)


@pytest.mark.parametrize("subject, action", CLIPS)
def test_joint_limits_hold(subject, action):
    pose = synthetic.synthesize_pose(subject, action, 1, 0, DURATION, FRAME_RATE)
    for angles, limits in (
        (pose.arms, kinematics.ARM_LIMITS),
        (pose.legs, kinematics.LEG_LIMITS),
        (pose.spine, kinematics.SPINE_LIMITS),
        (pose.head, kinematics.HEAD_LIMITS),
    ):
        assert np.all(angles >= limits[:, 0]) and np.all(angles <= limits[:, 1])


@pytest.mark.parametrize("subject, action", CLIPS)
def test_nothing_sinks_into_the_floor_or_the_torso(subject, action):
    joints = motion(subject, action)
    assert joints[..., 2].min() > 30
    for side in "LR":
        elbow, wrist = (joint(joints, side + name) for name in ("Elbow", "Wrist"))
        for points in (elbow, wrist, (elbow + wrist) / 2):
            lower = distance_to_segment(
                points, joint(joints, "Hip"), joint(joints, "Spine")
            )
            upper = distance_to_segment(
                points, joint(joints, "Spine"), joint(joints, "Thorax")
            )
            assert np.mean(np.minimum(lower, upper) < 80) < 0.02


@pytest.mark.parametrize("subject, action", CLIPS)
def test_motion_is_smooth(subject, action):
    joints = motion(subject, action)
    acceleration = np.linalg.norm(np.diff(joints, 2, axis=0), axis=-1) * FRAME_RATE**2
    # Feet of fast walkers reach 5 m/s and 60 m/s^2.
    assert speed(joints).max() < 6500
    assert acceleration.max() < 80e3
    assert speed(joint(joints, "Hip")).max() < 2000
    assert speed(joints).max() > 200


def test_same_seed_same_motion_other_seed_other_motion():
    def make(seed=0, take=1, subject="S1", action="Waiting"):
        return synthetic.synthesize_motion(subject, action, take, seed, 2.0, 10.0)

    np.testing.assert_array_equal(make(), make())
    others = (make(seed=1), make(take=2), make(subject="S9"), make(action="Posing"))
    for other in others:
        assert np.abs(other - make()).max() > 50


def test_frame_rate_samples_the_same_motion():
    fast = synthetic.synthesize_motion("S6", "Walking", 1, 0, 4.0, 50.0)
    slow = synthetic.synthesize_motion("S6", "Walking", 1, 0, 4.0, 10.0)
    np.testing.assert_allclose(fast[::5], slow, atol=1e-6)


@pytest.mark.parametrize("subject", synthetic.SUBJECTS)
def test_walking_walks(subject):
    joints = motion(subject, "Walking")
    left, right = joint(joints, "LFoot"), joint(joints, "RFoot")
    pelvis_speed = speed(joint(joints, "Hip")[:, :2])
    assert 600 < pelvis_speed.mean() < 1500

    # Legs alternate, one step after the other, and take real steps.
    apart = ahead(joints, "LFoot", of="RFoot")
    crossings = np.sum(apart[1:] * apart[:-1] < 0) / DURATION
    assert 1.3 < crossings < 2.3
    assert apart.max() > 350 and apart.min() < -350

    # One foot is near the floor at any time and hardly slides; both are lifted.
    lowest = np.minimum(left[:, 2], right[:, 2])
    assert lowest.min() > 60 and lowest.max() < 130
    slower = np.minimum(speed(left[:, :2]), speed(right[:, :2]))
    assert np.percentile(slower, 95) < 0.12 * pelvis_speed.mean()
    assert left[:, 2].max() > 160 and right[:, 2].max() > 160

    # Arms swing against the legs; knees point forward.
    for side in "LR":
        wrist = ahead(joints, side + "Wrist", of="Thorax")
        foot = ahead(joints, side + "Foot", of="Hip")
        assert np.corrcoef(wrist, foot)[0, 1] < -0.5
        hip, knee, ankle = (joint(joints, side + n) for n in ("Hip", "Knee", "Foot"))
        bulge = (knee - (hip + ankle) / 2)[:, :2] * forward_axis(joints)
        assert np.all(bulge.sum(axis=-1) > 0)


@pytest.mark.parametrize("subject", synthetic.SUBJECTS)
@pytest.mark.parametrize("take", [1, 2])
def test_sitting_sits(subject, take):
    joints = motion(subject, "Sitting", take)
    height = joint(joints, "Hip")[:, 2]
    assert height.min() > 420 and height.max() < 570
    slopes = [
        np.abs(thigh[:, 2]) / np.linalg.norm(thigh, axis=-1)
        for thigh in (
            joint(joints, "LKnee") - joint(joints, "LHip"),
            joint(joints, "RKnee") - joint(joints, "RHip"),
        )
    ]
    # At least one thigh lies flat; the other may be crossed over it.
    assert np.mean(np.minimum(*slopes) < 0.3) > 0.9


@pytest.mark.parametrize("subject", synthetic.SUBJECTS)
@pytest.mark.parametrize("take", [1, 2])
def test_sitting_down_goes_from_standing_to_the_floor(subject, take):
    height = joint(motion(subject, "SittingDown", take), "Hip")[:, 2]
    leg = synthetic.get_body(subject).leg
    assert height[0] > 0.9 * leg
    assert height[-1] < 0.75 * leg and height.min() < 0.7 * leg


def test_sitting_down_mostly_ends_with_the_hip_near_the_floor():
    lowest = [
        joint(motion(subject, "SittingDown", take), "Hip")[:, 2].min()
        for subject in synthetic.SUBJECTS
        for take in (1, 2)
    ]
    assert np.mean(np.array(lowest) < 200) > 0.5


@pytest.mark.parametrize("subject", synthetic.SUBJECTS)
def test_phoning_holds_a_hand_at_the_ear(subject):
    joints = motion(subject, "Phoning")
    head = (joint(joints, "Nose") + joint(joints, "Head")) / 2
    nearest = min(
        np.median(np.linalg.norm(joint(joints, name) - head, axis=-1))
        for name in ("LWrist", "RWrist")
    )
    assert nearest < 260


def test_people_face_all_directions():
    facing = np.concatenate(
        [forward_axis(motion(s, a)) for s, a in CLIPS if a != "Walking"]
    )
    angles = np.arctan2(facing[:, 1], facing[:, 0])
    counts, _ = np.histogram(angles, bins=8, range=(-np.pi, np.pi))
    assert counts.min() > 0.03 * counts.sum()


def test_unknown_action_is_named():
    with pytest.raises(ValueError, match="Unknown action 'Flying'.*Walking"):
        synthetic.synthesize_motion("S1", "Flying", 1, 0, 1.0, 10.0)
