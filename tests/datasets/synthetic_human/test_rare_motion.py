import numpy as np
import pytest
from synthetic_human import kinematics, rare
from synthetic_human.rare import limits, points, routines
from synthetic_human.rare.key_poses import KEY_POSES

from propose_keras.skeletons import H36M_17

JOINT = {name: index for index, name in enumerate(H36M_17.joint_names)}
DURATION, FRAME_RATE, NUM_PEOPLE = 9.0, 5.0, 4
LYING = ("Lying", "Rolling")


def make(number, names=rare.ROUTINES, duration=DURATION, frame_rate=FRAME_RATE):
    """A person and the poses of routines, by name."""
    person = rare.draw_person(np.random.default_rng([5, number]))
    rngs = [
        np.random.default_rng([number, rare.ROUTINES.index(name)]) for name in names
    ]
    poses = rare.synthesize_poses(person, names, rngs, duration, frame_rate)
    return person, dict(zip(names, poses))


@pytest.fixture(scope="module")
def people():
    return [make(number) for number in range(NUM_PEOPLE)]


@pytest.fixture(scope="module")
def clips(people):
    """Joints of a person of 1700 mm, `(frames, 17, 3)`, by routine and person."""
    return {
        (name, number): kinematics.forward(person.body, pose) / person.scale
        for number, (person, poses) in enumerate(people)
        for name, pose in poses.items()
    }


@pytest.fixture(scope="module")
def joints(clips):
    return np.concatenate(list(clips.values()))


def angle(first, second):
    cosine = np.sum(first * second, axis=-1)
    cosine /= np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def bone(joints, start, end):
    return joints[..., JOINT[end], :] - joints[..., JOINT[start], :]


def trunk_angle(joints):
    """Of the trunk with the vertical, degrees: 0 upright, 180 upside down."""
    return angle(bone(joints, "Hip", "Thorax"), np.array([0.0, 0.0, 1.0]))


def front(joints):
    """Unit vector that the chest faces."""
    vector = np.cross(
        bone(joints, "RShoulder", "LShoulder"), bone(joints, "Spine", "Thorax")
    )
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)


def test_bones_keep_their_length_and_are_alike_on_both_sides(people):
    parents, children = np.array(H36M_17.bones).T
    for person, poses in people:
        joints = np.concatenate(
            [kinematics.forward(person.body, pose) for pose in poses.values()]
        )
        lengths = np.linalg.norm(joints[:, children] - joints[:, parents], axis=-1)
        np.testing.assert_allclose(lengths - lengths[0], 0, atol=1e-3)
        by_child = dict(zip(children, lengths[0]))
        for left, right in zip(H36M_17.left, H36M_17.right):
            assert by_child[left] == pytest.approx(by_child[right], abs=1e-6)
        assert by_child[JOINT["LKnee"]] == pytest.approx(person.body.thigh)


def test_joint_limits_hold(people):
    for _, poses in people:
        for pose in poses.values():
            for angles, bounds in (
                (pose.arms, limits.ARM_LIMITS),
                (pose.legs, limits.LEG_LIMITS),
                (pose.spine, limits.SPINE_LIMITS),
                (pose.head, limits.HEAD_LIMITS),
            ):
                assert np.all(angles >= bounds[:, 0]) and np.all(angles <= bounds[:, 1])


def test_nothing_sinks_into_the_floor(clips):
    for (name, _), joints in clips.items():
        assert joints[..., 2].min() > 30, name
        assert joints[:, JOINT["Hip"], 2].min() > 70, name


def test_the_floor_bears_who_does_not_jump(clips):
    for (name, _), joints in clips.items():
        lowest = joints[..., 2].min(axis=1)
        if name != "Jumping":
            # The highest support is the ankle of a foot on its ball.
            assert lowest.max() < points.FOOT_HEIGHTS["toes"] + 15, name
    jumps = np.concatenate([clips["Jumping", n] for n in range(NUM_PEOPLE)])
    lowest = jumps[..., 2].min(axis=1)
    assert np.mean(lowest > 250) > 0.1 and np.mean(lowest < 150) > 0.2


def test_people_do_not_slide(people):
    # A foot or hand that bears weight stays while the trunk moves over it.
    person, poses = make(3, ("PushUps",), 8.0, 25.0)
    joints = kinematics.forward(person.body, poses["PushUps"])
    speed = np.linalg.norm(np.diff(joints[..., :2], axis=0), axis=-1) * 25
    feet = speed[:, [JOINT["LFoot"], JOINT["RFoot"]]]
    heights = joints[:-1, :, 2] / person.scale
    hands = speed[:, [JOINT["LWrist"], JOINT["RWrist"]]]
    low = heights[:, [JOINT["LWrist"], JOINT["RWrist"]]] < 60
    assert np.median(hands[low]) < 150 and np.median(feet) < 150


def distance_to_segment(points, start, end):
    along = np.sum((points - start) * (end - start), axis=-1)
    share = np.clip(along / np.sum((end - start) ** 2, axis=-1), 0, 1)[..., None]
    return np.linalg.norm(points - start - share * (end - start), axis=-1)


def test_arms_stay_out_of_the_trunk_and_the_other_arm(joints):
    def at(name):
        return joints[:, JOINT[name]]

    inside = np.zeros(len(joints), bool)
    for side, other in ("LR", "RL"):
        elbow, wrist = at(side + "Elbow"), at(side + "Wrist")
        for part in (elbow, wrist, (elbow + wrist) / 2):
            lower = distance_to_segment(part, at("Hip"), at("Spine"))
            upper = distance_to_segment(part, at("Spine"), at("Thorax"))
            forearm = distance_to_segment(
                part, at(other + "Elbow"), at(other + "Wrist")
            )
            head = distance_to_segment(part, at("Nose"), at("Head"))
            trunk = np.minimum(lower, upper)
            inside |= (trunk < 75) | (forearm < 25) | (head < 55)
    assert np.mean(inside) < 0.015


def test_legs_stay_out_of_each_other(joints):
    shares = np.linspace(0.5, 1, 6)
    inside = np.zeros(len(joints), bool)
    for start, end in (("Hip", "Knee"), ("Knee", "Foot")):
        thickness = 55 if end == "Knee" else 35
        for share in shares:
            left = joints[:, JOINT["L" + start]] + share * bone(
                joints, "L" + start, "L" + end
            )
            distance = distance_to_segment(
                left, joints[:, JOINT["R" + start]], joints[:, JOINT["R" + end]]
            )
            inside |= distance < thickness
    assert np.mean(inside) < 0.02


def test_trunks_take_every_angle(joints):
    counts, _ = np.histogram(trunk_angle(joints), bins=np.arange(0, 181, 20))
    assert np.all(counts > 0.004 * len(joints))
    heights = joints[:, JOINT["Hip"], 2]
    shares, _ = np.histogram(heights, bins=[0, 150, 400, 700, 1000, 1500])
    assert np.all(shares > 0.02 * len(joints))


def test_knees_elbows_and_hips_bend_and_stretch(joints):
    for side in "LR":
        knee = angle(
            bone(joints, side + "Hip", side + "Knee"),
            bone(joints, side + "Knee", side + "Foot"),
        )
        elbow = angle(
            bone(joints, side + "Shoulder", side + "Elbow"),
            bone(joints, side + "Elbow", side + "Wrist"),
        )
        for bend in (knee, elbow):
            counts, _ = np.histogram(bend, bins=[0, 20, 60, 100, 130])
            assert np.all(counts > 0.03 * len(joints))
        assert knee.max() > 140 and elbow.max() > 125


def test_people_lie_on_every_side(clips):
    joints = np.concatenate(
        [clips[name, number] for name in LYING for number in range(NUM_PEOPLE)]
    )
    lying = joints[np.abs(trunk_angle(joints) - 90) < 20]
    assert len(lying) > 0.8 * len(joints)
    up = front(lying)[:, 2]
    left_is_up = bone(lying, "RShoulder", "LShoulder")[:, 2] > 0
    assert np.mean(up > 0.8) > 0.15 and np.mean(up < -0.8) > 0.05
    on_a_side = np.abs(up) < 0.4
    assert np.mean(on_a_side & left_is_up) > 0.05
    assert np.mean(on_a_side & ~left_is_up) > 0.05


@pytest.mark.parametrize(
    ("name", "share", "is_so"),
    [
        ("FloorSitting", 0.8, lambda j: j[:, JOINT["Hip"], 2] < 180),
        ("FloorSitting", 0.8, lambda j: trunk_angle(j) < 60),
        ("Crawling", 0.8, lambda j: front(j)[:, 2] < -0.5),
        ("Crawling", 0.8, lambda j: j[:, [13, 16], 2].max(axis=1) < 160),
        ("PushUps", 0.9, lambda j: front(j)[:, 2] < 0.2),
        ("Handstands", 0.4, lambda j: trunk_angle(j) > 150),
        ("Handstands", 0.4, lambda j: j[:, 3, 2] > j[:, 8, 2]),
        ("DownwardDogs", 0.4, lambda j: trunk_angle(j) > 90),
        ("ShoulderStands", 0.3, lambda j: trunk_angle(j) > 120),
        ("Squatting", 0.5, lambda j: j[:, JOINT["Hip"], 2] < 700),
        ("Kneeling", 0.6, lambda j: j[:, [2, 5], 2].min(axis=1) < 100),
        ("StandingArms", 0.6, lambda j: trunk_angle(j) < 40),
        ("KicksAndLunges", 0.1, lambda j: j[:, [3, 6], 2].max(axis=1) > 500),
        ("GettingUp", 0.1, lambda j: j[:, 0, 2] > 700),
        ("GettingUp", 0.1, lambda j: j[:, 0, 2] < 250),
    ],
)
def test_routines_show_what_they_say(clips, name, share, is_so):
    joints = np.concatenate([clips[name, number] for number in range(NUM_PEOPLE)])
    assert np.mean(is_so(joints)) > share


def test_knees_bend_one_way(joints):
    # The shank turns about an axis that points to the left, or is turned with the
    # thigh outward or inward, but never by a half turn.
    for side in "LR":
        thigh, shank = (
            bone(joints, side + "Hip", side + "Knee"),
            bone(joints, side + "Knee", side + "Foot"),
        )
        across = np.cross(thigh, shank)
        left = bone(joints, "RHip", "LHip")
        bent = angle(thigh, shank) > 30
        turned = angle(across, left)[bent]
        assert np.percentile(turned, 99.5) < 150


def test_a_clip_does_not_depend_on_the_others():
    _, together = make(1, ("Lying", "Kneeling", "Jumping"), 3.0)
    _, alone = make(1, ("Kneeling",), 3.0)
    for name, value in vars(alone["Kneeling"]).items():
        np.testing.assert_array_equal(value, getattr(together["Kneeling"], name))


def test_motion_is_smooth():
    person, poses = make(2, ("Rolling", "FloorSitting", "Handstands"), 5.0, 25.0)
    for name, pose in poses.items():
        joints = kinematics.forward(person.body, pose) / person.scale
        speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1) * 25
        assert np.percentile(speed, 99) < 5000, name
        # Nothing jumps: from one frame to the next speeds change a little. What is
        # pushed out of the body's way is the fastest.
        assert np.percentile(np.abs(np.diff(speed, axis=0)), 98) < 2000, name
        assert speed.max() > 300


def test_every_key_pose_can_be_reached_and_is_used():
    used = set()
    for poses in routines.POSES_OF_ROUTINES.values():
        assert set(poses) <= set(KEY_POSES)
        for start in poses:
            for end in poses:
                used |= {start, *routines.path_between(start, end)}
    assert set(routines.neighbours()) == set(KEY_POSES)
    assert set(KEY_POSES) - used <= {"kneel_bow"}


def test_unknown_routine_is_named():
    person = rare.draw_person(np.random.default_rng(0))
    with pytest.raises(ValueError, match="Unknown routine 'Flying'.*Crawling"):
        rare.synthesize_motion(person, "Flying", np.random.default_rng(0), 1.0, 5.0)
