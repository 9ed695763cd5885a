import numpy as np
import pytest

from propose_keras.data.simulated_detector import simulated_detector
from propose_keras.skeletons import H36M_17

COUNT = 6000


@pytest.fixture(scope="module")
def people():
    """People of 0.3 pixels per mm in images of 1000 pixels, exact keypoints."""
    rng = np.random.default_rng(0)
    heights = {"Head": -650, "Nose": -550, "Thorax": -480, "Spine": -240, "Hip": 0}
    mean = np.zeros((17, 3))
    for index, name in enumerate(H36M_17.joint_names):
        side = 130.0 * {"L": 1, "R": -1}.get(name[0], 0)
        below = {"Knee": 450, "Foot": 900, "Shoulder": -450, "Elbow": -200, "Wrist": 0}
        height = below.get(name[1:], heights.get(name, 0))
        mean[index] = side, height, 0
    pose = mean + 60 * rng.normal(size=(COUNT, 17, 3))
    keypoints = (500 + 0.3 * pose[..., :2]).astype(np.float32)
    return keypoints, pose, mean


def detect(people, level=0.05, seed=1, size=(1000, 1000)):
    """Errors as shares of the pose's size, and what is told of them."""
    keypoints, pose, mean = people
    inputs = {"keypoints": keypoints.copy(), "image_size": np.tile(size, (COUNT, 1))}
    inputs, after = simulated_detector(level, mean)(
        (inputs, pose), np.random.default_rng(seed)
    )
    assert after is pose
    assert inputs["keypoints"].dtype == np.float32
    centred = keypoints - keypoints[:, :1]
    extent = np.sqrt(np.mean(np.sum(centred**2, axis=-1), axis=-1))[:, None, None]
    found = inputs["keypoints"]
    return (found[..., :2] - keypoints) / extent, found[..., 2] / extent[..., 0]


def test_what_is_told_is_how_far_off_joints_are(people):
    error, told = detect(people)
    error, told = error.reshape(-1, 2), told.reshape(-1)
    for low, high in ((0.002, 0.01), (0.01, 0.03), (0.03, 0.1), (0.15, 0.6)):
        rows = (told > low) & (told < high)
        ratio = error[rows] / told[rows, None]
        # Medians of absolute values, which outliers and exchanged sides hardly move.
        assert 0.4 < np.median(np.abs(ratio)) < 1.0, (low, high)


def test_a_fifth_of_the_poses_is_exact_and_told_so(people):
    error, told = detect(people)
    # The same draws with next to no noise: what is missing.
    measured = detect(people, level=1e-9)[1] < 1e-6
    exact = np.where(measured, np.abs(error).max(axis=-1), 0).max(axis=1) < 1e-5
    assert exact.mean() == pytest.approx(0.2, abs=0.03)
    assert np.where(measured, told, 0)[exact].max() == 0


def test_people_are_cut_off_and_hidden_and_told_so(people):
    _, told = detect(people, level=1e-6)
    missing = told > 0.02
    assert 0.3 < missing.any(axis=1).mean() < 0.45
    assert missing.sum(axis=1).max() <= 12
    legs = [H36M_17.index(n) for n in ("RKnee", "RFoot", "LKnee", "LFoot")]
    left = np.array(H36M_17.left)
    arms = [H36M_17.index(n) for n in ("LWrist", "RWrist", "Head")]
    assert (missing[:, legs].all(axis=1) & ~missing[:, arms].any(axis=1)).mean() > 0.02
    only_left = missing[:, left].all(axis=1) & (missing.sum(axis=1) == len(left))
    assert only_left.mean() == pytest.approx(0.025, abs=0.01)


def test_joints_outside_the_image_are_mostly_missing(people):
    keypoints = people[0]
    _, told = detect(people, level=1e-6, size=(1000, 600))
    outside = keypoints[..., 1] > 600
    assert outside.any(axis=1).mean() > 0.5
    assert (told > 0.02)[outside].mean() > 0.6
    assert (told > 0.02)[~outside].mean() < 0.2


def test_draws_depend_on_the_generator_only(people):
    first, again = detect(people)[0], detect(people)[0]
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - detect(people, seed=2)[0]).max() > 0.01
