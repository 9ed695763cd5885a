import numpy as np
import pytest
from synthetic_human import kinematics, signals
from synthetic_human.subjects import SUBJECTS, get_body, get_style

BODY = get_body("S1")
ARM = (BODY.upper_arm, BODY.forearm)


def random_angles(rng, limits, num=200):
    return rng.uniform(limits[:, 0], limits[:, 1], (num, 4))


def test_rotation_is_that_of_scipy(rng):
    transform = pytest.importorskip("scipy.spatial.transform")
    vectors = np.concatenate([rng.normal(0, 2, (50, 3)), np.zeros((1, 3))])
    expected = transform.Rotation.from_rotvec(vectors).as_matrix()
    np.testing.assert_allclose(kinematics.rotation(vectors), expected, atol=1e-12)


@pytest.mark.parametrize(
    "angle, moved",
    [
        # A quarter turn of each angle from an arm that hangs down, left side:
        # forward is +x, outward is +y.
        ((90, 0, 0, 0), (1, 0, 0)),
        ((0, 90, 0, 0), (0, 1, 0)),
        ((180, 0, 0, 0), (0, 0, 1)),
    ],
)
def test_swing_directions(angle, moved):
    elbow, wrist = kinematics.limb_forward(np.radians([angle]), 1.0, *ARM, 1.0)
    np.testing.assert_allclose(elbow[0], ARM[0] * np.array(moved), atol=1e-9)
    np.testing.assert_allclose(wrist[0], sum(ARM) * np.array(moved), atol=1e-9)


def test_hinges_bend_one_way():
    bent = np.radians([[0.0, 0.0, 0.0, 90.0]])
    elbow, wrist = kinematics.limb_forward(bent, 1.0, *ARM, kinematics.ELBOW_DIRECTION)
    knee, ankle = kinematics.limb_forward(bent, 1.0, *ARM, kinematics.KNEE_DIRECTION)
    np.testing.assert_allclose(wrist - elbow, [[ARM[1], 0, 0]], atol=1e-9)
    np.testing.assert_allclose(ankle - knee, [[-ARM[1], 0, 0]], atol=1e-9)


def test_sides_mirror_each_other(rng):
    angles = random_angles(rng, kinematics.ARM_LIMITS)
    left = kinematics.limb_forward(angles, 1.0, *ARM, 1.0)
    right = kinematics.limb_forward(angles, -1.0, *ARM, 1.0)
    np.testing.assert_allclose(left, np.array(right) * [1, -1, 1], atol=1e-9)


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_inverse_finds_the_angles_again(rng, side, direction):
    limits = np.radians([[-60, 120], [-40, 80], [-80, 80], [45, 140]])
    angles = random_angles(rng, limits)
    middle, end = kinematics.limb_forward(angles, side, *ARM, direction)
    reach = np.radians([4, 148])
    found = kinematics.limb_inverse(end, middle, side, *ARM, direction, reach)
    np.testing.assert_allclose(found, angles, atol=1e-6)


def test_inverse_goes_towards_a_target_out_of_reach():
    limits = kinematics.ARM_LIMITS[3]
    target, pole = np.array([[900.0, 100.0, 300.0]]), np.array([[0.0, 0.0, -1.0]])
    angles = kinematics.limb_inverse(target, pole, 1.0, *ARM, 1.0, limits)
    _, wrist = kinematics.limb_forward(angles, 1.0, *ARM, 1.0)
    cosine = np.sum(wrist * target) / np.linalg.norm(wrist) / np.linalg.norm(target)
    assert cosine > 1 - 1e-9
    assert 0.97 * sum(ARM) < np.linalg.norm(wrist) < sum(ARM)


def test_limit_keeps_the_inside_and_never_leaves(rng):
    limits = np.array([[-1.0, 2.0]])
    angles = np.linspace(-5, 5, 1001)[:, None]
    limited = kinematics.limit(angles, limits)
    assert limited.min() >= -1.0 and limited.max() <= 2.0
    assert np.all(np.diff(limited, axis=0) >= 0)
    inside = (angles > -0.9) & (angles < 1.9)
    np.testing.assert_array_equal(limited[inside], angles[inside])


def test_forward_stands_upright_with_all_bones_in_length():
    legs = np.zeros((1, 2, 4))
    pose = kinematics.Pose(
        root=np.array([[10.0, 20.0, 950.0]]),
        pelvis=np.eye(3)[None],
        spine=np.zeros((1, 3)),
        head=np.zeros((1, 3)),
        arms=legs,
        legs=legs,
    )
    joints = kinematics.forward(BODY, pose)[0]
    names = kinematics.H36M_17.index
    np.testing.assert_allclose(
        joints[names("LFoot")], [10, 20 + BODY.hip, 950 - BODY.leg], atol=1e-9
    )
    np.testing.assert_allclose(
        joints[names("Thorax")], [10, 20, 950 + BODY.spine + BODY.thorax], atol=1e-9
    )
    assert joints[names("Nose"), 0] > joints[names("Thorax"), 0]
    assert joints[names("Head"), 2] > joints[names("Nose"), 2]


def test_subjects_differ_in_human_proportion():
    bodies = [get_body(subject) for subject in SUBJECTS]
    for body in bodies:
        assert 0.9 < body.thigh / body.shank < 1.1
        assert 0.55 < (body.upper_arm + body.forearm) / body.leg < 0.65
        assert 0.5 < (body.spine + body.thorax) / body.leg < 0.62
    legs = sorted(body.leg for body in bodies)
    assert min(np.diff(legs)) > 0.5 and legs[-1] - legs[0] > 80
    assert len({get_style(subject, 0) for subject in SUBJECTS}) == len(SUBJECTS)
    with pytest.raises(ValueError, match="Unknown subject 'S2'.*S11"):
        get_body("S2")


def test_noise_is_band_limited_and_normalised(rng):
    times = np.arange(0, 400, 0.1)
    values = signals.noise(rng, times, 16, low=0.2, high=0.5)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(values.std(axis=0), 1, atol=0.25)
    power = np.abs(np.fft.rfft(values * np.hanning(len(times))[:, None], axis=0)) ** 2
    frequencies = np.fft.rfftfreq(len(times), 0.1)
    inside = (frequencies > 0.18) & (frequencies < 0.52)
    assert power[inside].sum() > 0.999 * power.sum()


def test_sequence_holds_its_values():
    times = np.array([0.0, 0.9, 1.5, 2.0, 10.0])
    values = [np.array([1.0]), np.array([3.0])]
    track = signals.sequence(times, [0.0, 1.0], [1.0, 1.0], values)
    np.testing.assert_allclose(track[:, 0], [1, 1, 2, 3, 3])


def test_bump_starts_and_ends_at_zero_with_its_peak_at_one():
    phase = np.linspace(-0.5, 1.5, 2001)
    values = signals.bump(phase)
    assert values.min() >= 0 and values.max() == pytest.approx(1.0, abs=1e-5)
    assert phase[values.argmax()] == pytest.approx(3 / 7, abs=1e-3)
    assert np.all(values[(phase <= 0) | (phase >= 1)] == 0)
