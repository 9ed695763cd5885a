import numpy as np
import pytest

from propose_keras.data.detection_errors import detection_errors
from propose_keras.skeletons import H36M_17

COUNT = 4000


@pytest.fixture
def batch(standing):
    """Standing people of 0.3 pixels per mm."""
    rng = np.random.default_rng(0)
    pose = standing + 60 * rng.normal(size=(COUNT, 17, 3))
    keypoints = (500 + 0.3 * pose[..., :2]).astype(np.float32)
    return {"keypoints": keypoints, "image_size": None}, pose


def sizes(keypoints):
    centred = keypoints - keypoints[:, :1]
    return np.sqrt(np.mean(np.sum(centred**2, axis=-1), axis=-1))


def errors_of(batch, standing, level, seed=1):
    before = batch[0]["keypoints"].copy()
    inputs, pose = detection_errors(level, standing)(batch, np.random.default_rng(seed))
    np.testing.assert_array_equal(batch[0]["keypoints"], before)
    assert pose is batch[1]
    assert inputs["keypoints"].dtype == np.float32
    return (inputs["keypoints"] - before) / sizes(before)[:, None, None]


def test_each_pose_has_its_own_level(batch, standing):
    error = np.abs(errors_of(batch, standing, 0.05)).mean(axis=-1)
    wrist = np.delete(error, [0, 7, 8, 9, 10], axis=1)
    # Mean absolute value of a normal of half the level on average.
    assert np.median(wrist) == pytest.approx(0.025 * 0.8, rel=0.2)
    levels = np.median(wrist, axis=1)
    assert np.quantile(levels, 0.1) < 0.3 * np.quantile(levels, 0.9)


def test_joints_go_missing_in_a_fifth_of_the_poses(batch, standing):
    moved = np.abs(errors_of(batch, standing, 1e-9)).max(axis=-1) > 1e-4
    assert np.mean(moved.any(axis=1)) == pytest.approx(0.2, abs=0.04)
    assert moved.sum(axis=1).max() <= 17 - 6
    wrist, elbow = H36M_17.index("LWrist"), H36M_17.index("LElbow")
    assert moved[moved[:, elbow], wrist].mean() > 0.5
    assert moved[:, wrist].mean() < 0.1


def test_filled_joints_are_where_people_have_them(batch, standing):
    error = errors_of(batch, standing, 1e-9)
    moved = np.abs(error).max(axis=-1) > 1e-4
    assert np.abs(error[moved]).mean() < 0.5


def test_errors_are_a_function_of_the_generator(batch, standing):
    first = errors_of(batch, standing, 0.05)
    np.testing.assert_array_equal(first, errors_of(batch, standing, 0.05))
    assert np.abs(first - errors_of(batch, standing, 0.05, seed=2)).max() > 0.01
