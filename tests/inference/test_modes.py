import numpy as np
import pytest
from lifted_poses import lifted_poses

from propose_keras.inference.modes import find_modes
from propose_keras.skeletons import H36M_17

WRIST, ELBOW = H36M_17.index("LWrist"), H36M_17.index("LElbow")
FOOT = H36M_17.index("RFoot")


@pytest.fixture
def drawn(rng, standing):
    """200 hypotheses of a person who stands, 40 mm of deviation."""
    return (standing + 40 * rng.normal(size=(200, 17, 3))).astype(np.float32)


def test_a_gaussian_has_one_mode(drawn):
    modes = find_modes(drawn[None])
    np.testing.assert_array_equal(modes.weights, [[1, 0, 0]])
    assert np.isnan(modes.poses[0, 1:]).all()
    assert (modes.members == 0).all()
    # One of the hypotheses, near their mean.
    assert (drawn == modes.poses[0, 0]).all(axis=(1, 2)).any()
    distance = np.linalg.norm(drawn - drawn.mean(axis=0), axis=-1).mean(axis=-1)
    found = np.linalg.norm(modes.poses[0, 0] - drawn.mean(axis=0), axis=-1).mean()
    assert found <= np.quantile(distance, 0.05)


@pytest.mark.parametrize("count", [10, 20, 49, 50])
def test_what_chance_divides_is_one_mode(rng, standing, count):
    drawn = standing + 100 * rng.normal(size=(20, count, 17, 3))
    assert (find_modes(drawn.astype(np.float32)).weights[:, 0] == 1).all()


def test_a_wide_depth_is_one_mode(drawn, rng):
    drawn[:, WRIST, 2] += rng.uniform(-300, 300, 200)
    assert find_modes(drawn[None]).weights[0, 0] == 1


def test_a_limb_before_or_behind_gives_two(drawn):
    drawn[:, WRIST, 2] += 200
    drawn[:60, WRIST, 2] -= 400
    modes = find_modes(drawn[None])
    np.testing.assert_allclose(modes.weights, [[0.7, 0.3, 0]])
    np.testing.assert_array_equal(modes.members[0], [1] * 60 + [0] * 140)
    depth = modes.poses[0, :2, WRIST, 2] - modes.poses[0, :2, ELBOW, 2]
    assert depth[0] - depth[1] > 250


def test_two_limbs_give_three_at_most(drawn):
    drawn[::2, WRIST, 2] += 400
    drawn[:80, FOOT, 2] += 400
    weights = find_modes(drawn[None]).weights[0]
    assert (weights > 0.15).all() and weights.sum() == pytest.approx(1)
    assert (np.diff(weights) <= 0).all()


def test_few_hypotheses_and_many_poses(drawn):
    far = drawn.copy()
    far[:100, WRIST, 2] += 500
    both = find_modes(np.stack([drawn, far]))
    np.testing.assert_allclose(both.weights, [[1, 0, 0], [0.5, 0.5, 0]])
    one = find_modes(far[None, :1])
    np.testing.assert_array_equal(one.weights, [[1, 0, 0]])
    np.testing.assert_array_equal(one.poses[0, 0], far[0])
    # A single one that is far away is no mode.
    assert find_modes(far[None, 99:]).weights[0, 0] == 1


def test_lifted_poses_have_modes(drawn):
    drawn[:50, WRIST, 2] += 400
    modes = lifted_poses(drawn[:2], hypotheses=np.stack([drawn, drawn])).modes()
    np.testing.assert_allclose(modes.weights, [[0.75, 0.25, 0]] * 2)
