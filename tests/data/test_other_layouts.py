import numpy as np
import pytest

from propose_keras.data.cameras import project
from propose_keras.data.other_layouts import other_layouts

COUNT = 3000


@pytest.fixture
def batch(standing):
    rng = np.random.default_rng(0)
    pose = standing + 30 * rng.normal(size=(COUNT, 17, 3)) + [300, -200, 5000]
    inputs = {
        "keypoints": np.zeros((COUNT, 17, 2), np.float32),
        "intrinsics": np.tile(np.float32([1100, 1100, 500, 500]), (COUNT, 1)),
        "distortion": np.zeros((COUNT, 5), np.float32),
    }
    return inputs, pose.astype(np.float32)


def distances(batch, level):
    """How far keypoints lie from the projections, `(COUNT, 17)` pixels."""
    inputs, pose = other_layouts(level)(batch, np.random.default_rng(1))
    np.testing.assert_array_equal(pose, batch[1])
    assert inputs["keypoints"].dtype == np.float32
    seen = project(pose, inputs["intrinsics"], inputs["distortion"])
    return np.linalg.norm(inputs["keypoints"] - seen, axis=-1)


def test_without_errors_only_what_layouts_distort_is_moved(batch):
    away = distances(batch, 0.0)
    assert np.median(away[:, 1:7]) < 0.01  # Legs.
    assert 10 < away[:, 9:11].max() < 60  # Nose and head.
    # Few layouts have Human3.6M's nose.
    assert 0.1 < np.mean(away[:, 9] < 0.01) < 0.3


def test_errors_grow_with_the_level_and_some_joints_are_far_off(batch):
    legs = [distances(batch, level)[:, 1:7] for level in (0.02, 0.06)]
    ratio = np.median(legs[1]) / np.median(legs[0])
    assert ratio == pytest.approx(3.0, rel=0.05)
    # A radius is about 110 pixels.
    assert np.median(legs[1]) == pytest.approx(0.06 * 110 * 0.5, rel=0.3)
    assert 0.002 < np.mean(legs[1] > 25) < 0.02


def test_it_is_a_function_of_the_generator(batch):
    first, second = (distances(batch, 0.05) for _ in range(2))
    np.testing.assert_array_equal(first, second)
