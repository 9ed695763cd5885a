import numpy as np
import pytest

from propose_keras.data.infilling import _STATURE, SEGMENT_SHARES, Infilling
from propose_keras.skeletons import H36M_17

MISSING = [
    ["RWrist"],
    ["LKnee"],
    ["Hip", "Spine"],
    ["RShoulder", "RElbow", "RWrist", "Head"],
]


def scores_without(names, score=1.0):
    scores = np.full((1, 17), score)
    scores[0, [H36M_17.index(name) for name in names]] = 0.0
    return scores


def tree_covariance(standing):
    """Covariance per axis of all joints, mm^2, the root's all but free."""
    variance = np.zeros(17)
    variance[0] = 1e9
    for parent, child in H36M_17.bones:
        length = _STATURE * SEGMENT_SHARES[H36M_17.joint_names[child]]
        square = np.sum((standing[child] - standing[parent]) ** 2)
        variance[child] = max((length**2 - square) / 3, (0.1 * length) ** 2)
    steps = np.eye(17)
    for joint in range(1, 17):  # Parents come before children.
        steps[joint] += steps[H36M_17.parents[joint]]
    return steps @ np.diag(variance) @ steps.T


@pytest.mark.parametrize("names", MISSING, ids="+".join)
def test_gaps_are_the_conditional_gaussian(standing, keypoints, names):
    scores = scores_without(names)
    infilled = Infilling(standing)(keypoints[:1], scores)
    gaps = np.flatnonzero(scores[0] == 0)
    kept = np.flatnonzero(scores[0])
    covariance = tree_covariance(standing)
    gain = covariance[np.ix_(gaps, kept)] @ np.linalg.inv(
        covariance[np.ix_(kept, kept)]
    )
    expected = covariance[np.ix_(gaps, gaps)] - gain @ covariance[np.ix_(kept, gaps)]
    factor = infilled.factor[0].astype(float)
    found = (factor @ factor.T)[np.ix_(gaps, gaps)]
    # The scale in pixels per mm follows from the covariance's own.
    scale = np.sqrt(np.trace(found) / np.trace(expected))
    assert 0.25 < scale < 0.35
    np.testing.assert_allclose(found, scale**2 * expected, rtol=1e-3, atol=0.1)
    mean = standing[:, :2] * scale
    filled = mean[gaps] + gain @ (keypoints[0, kept] - mean[kept])
    np.testing.assert_allclose(infilled.keypoints[0, gaps], filled, atol=0.05)
    np.testing.assert_array_equal(infilled.keypoints[0, kept], keypoints[0, kept])
    np.testing.assert_array_equal(np.flatnonzero(infilled.missing[0]), gaps)


def random_gaps(count):
    """Scores `(count, 17)` of people with at least 4 joints measured."""
    rng = np.random.default_rng(5)
    scores = rng.random((count, 17))
    for row in scores:
        row[rng.permutation(17)[: rng.integers(1, 14)]] = 0.0
    return scores


def test_any_gaps_have_the_root_of_the_dense_covariance(standing):
    scores = random_gaps(200)
    keypoints = np.random.default_rng(6).uniform(0, 900, (200, 17, 2))
    infilling = Infilling(standing, score_threshold=0.0, keypoint_noise=0.0)
    infilled = infilling(keypoints, scores)
    precision = np.linalg.inv(tree_covariance(standing))
    for row in range(200):
        gaps, kept = np.flatnonzero(scores[row] == 0), np.flatnonzero(scores[row])
        dense = np.linalg.inv(precision[np.ix_(gaps, gaps)])
        found = infilled.factor[row][np.ix_(gaps, gaps)]
        root = np.linalg.cholesky(dense)
        scale = found[0, 0] / root[0, 0]
        np.testing.assert_allclose(found, scale * root, rtol=1e-3, atol=1e-3)
        mean = standing[:, :2] * scale
        pull = precision[np.ix_(gaps, kept)] @ (keypoints[row, kept] - mean[kept])
        filled = mean[gaps] - dense @ pull
        np.testing.assert_allclose(infilled.keypoints[row, gaps], filled, atol=0.1)
        assert not np.delete(infilled.factor[row], gaps, axis=0).any()


def test_gaps_move_and_grow_with_the_person(standing, keypoints):
    scores = scores_without(["LKnee", "LFoot", "Nose"], 0.8)
    infilling = Infilling(standing)
    near = infilling(3 * keypoints[:1] - 200, scores)
    far = infilling(keypoints[:1], scores)
    np.testing.assert_allclose(near.keypoints, 3 * far.keypoints - 200, atol=0.01)
    np.testing.assert_allclose(near.factor, 3 * far.factor, rtol=1e-3, atol=1e-4)


def test_nothing_is_uncertain_at_score_one(standing, keypoints):
    infilled = Infilling(standing)(keypoints, np.ones((7, 17)))
    assert not infilled.factor.any()
    assert not infilled.missing.any()
    np.testing.assert_array_equal(infilled.keypoints, keypoints)


def test_measured_joints_are_as_uncertain_as_their_scores_say(standing, keypoints):
    scores = np.ones((1, 17))
    scores[0, 3], scores[0, 5] = 0.9, 0.5
    infilling = Infilling(standing, keypoint_noise=50.0)
    factor = infilling(keypoints[:1], scores).factor[0]
    assert np.count_nonzero(factor) == 2
    np.testing.assert_allclose(factor[5, 5] / factor[3, 3], 5.0, rtol=1e-5)
    # 0.3 pixels per mm.
    np.testing.assert_allclose(factor[5, 5], 25.0 * 0.3, rtol=0.15)


def test_joints_under_the_threshold_are_not_looked_at(standing, keypoints):
    scores = np.full((1, 17), 0.9)
    scores[0, 6] = 0.29
    wild = keypoints[:1].copy()
    wild[0, 6] = 1e5
    infilling = Infilling(standing, score_threshold=0.3)
    first, second = infilling(keypoints[:1], scores), infilling(wild, scores)
    np.testing.assert_array_equal(first.keypoints, second.keypoints)
    assert first.missing[0, 6]
    assert not Infilling(standing, score_threshold=0.2)(wild, scores).missing.any()


def test_who_can_be_filled_in(standing, keypoints):
    infilling = Infilling(standing)
    scores = np.zeros(17)
    scores[[1, 5, 9]] = 1.0
    assert not infilling.can_fill(keypoints[0], scores)
    scores[12] = 1.0
    assert infilling.can_fill(keypoints[0], scores)
    assert not infilling.can_fill(np.full((17, 2), 3.0), scores)
    two = infilling.can_fill(keypoints[:2], np.stack([scores, 0 * scores]))
    assert two.tolist() == [True, False]
    infilled = infilling(keypoints[:1], scores[None])
    assert np.isfinite(infilled.keypoints).all()
    assert np.isfinite(infilled.factor).all()
