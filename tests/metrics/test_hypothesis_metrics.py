import numpy as np
import pytest
from keras import ops

from propose_keras import metrics
from propose_keras.metrics.hypotheses import check_num_hypotheses
from propose_keras.skeletons import H36M_17, MPI_INF_3DHP_17


@pytest.fixture
def errors(rng):
    return np.float32(rng.uniform(10, 100, (30, 8)))


@pytest.mark.parametrize(
    "name, reduce",
    [
        ("best", lambda e: e.min(1)),
        ("mean", lambda e: e.mean(1)),
        ("median", lambda e: np.median(e, 1)),
        ("worst", lambda e: e.max(1)),
        ("random", lambda e: e[:, 0]),
    ],
)
def test_reductions(errors, name, reduce):
    np.testing.assert_allclose(metrics.REDUCTIONS[name](errors), reduce(errors), 1e-5)


def test_median_of_an_odd_number(errors):
    np.testing.assert_allclose(
        metrics.REDUCTIONS["median"](errors[:, :7]), np.median(errors[:, :7], 1)
    )


def test_best_of_takes_the_first_so_many(errors):
    best = np.asarray(metrics.best_of(errors, (1, 3, 8)))
    for column, number in enumerate((1, 3, 8)):
        np.testing.assert_allclose(best[:, column], errors[:, :number].min(1))


def test_top_k_aggregate_is_the_mean_of_the_k_best(errors, rng):
    hypotheses = np.float32(rng.normal(size=(30, 8, 17, 3)) * 200)
    order = np.argsort(errors, axis=1)[:, :3]
    expected = hypotheses[np.arange(30)[:, None], order].mean(1)
    actual = metrics.top_k_aggregate(hypotheses, errors, 3)
    np.testing.assert_allclose(actual, expected, atol=1e-3)
    np.testing.assert_allclose(
        metrics.top_k_aggregate(hypotheses, errors, 8),
        metrics.mean_pose(hypotheses),
        atol=1e-3,
    )


@pytest.mark.parametrize("k", [0, 9])
def test_top_k_aggregate_refuses_an_impossible_k(errors, k):
    with pytest.raises(ValueError, match="from 1 to the number of hypotheses, 8"):
        metrics.top_k_aggregate(np.zeros((30, 8, 17, 3)), errors, k)


@pytest.mark.parametrize("numbers", [(), (0, 10), (-1,), (2.5,)])
def test_impossible_numbers_of_hypotheses_are_refused(numbers):
    with pytest.raises(ValueError, match="at least 1"):
        check_num_hypotheses(numbers)


def test_numbers_of_hypotheses_are_sorted_once_each():
    assert check_num_hypotheses([200, 1, 10, 10]) == (1, 10, 200)


def ece_reference(hypotheses, target):
    """The definition of the paper, in float64."""
    center = np.median(hypotheses, axis=1)
    spread = np.linalg.norm(hypotheses - center[:, None], axis=-1)
    truth = np.linalg.norm(target - center, axis=-1)
    quantiles = np.arange(21) / 20
    omega = np.stack(
        [(np.quantile(spread, q, axis=1) > truth).mean(0) for q in quantiles]
    )
    return np.abs(np.median(omega, 1) - quantiles).mean(), omega


def ece(hypotheses, target):
    """What evaluation does batch by batch; the error and its curve."""
    levels = [
        ops.convert_to_numpy(metrics.calibration_levels(hypotheses[i], target[i]))
        for i in np.array_split(np.arange(len(target)), 3)
    ]
    curve = metrics.calibration_curve(np.concatenate(levels))
    return metrics.expected_calibration_error(curve), curve


@pytest.mark.parametrize("num_hypotheses", [1, 2, 21, 200])
@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_ece_and_its_curve(rng, num_hypotheses, spread):
    hypotheses = rng.normal(size=(60, num_hypotheses, 16, 3)) * 50 * spread
    target = rng.normal(size=(60, 16, 3)) * 50
    place = rng.normal(size=(60, 1, 16, 3)) * 300
    hypotheses, target = (
        np.float32(hypotheses + place),
        np.float32(target + place[:, 0]),
    )
    expected_error, expected_curve = ece_reference(
        np.float64(hypotheses), np.float64(target)
    )
    error, curve = ece(hypotheses, target)
    # A pose may fall on either side of a quantile that float32 cannot tell from it.
    np.testing.assert_allclose(curve, expected_curve, atol=1.01 / 60)
    assert np.mean(curve != expected_curve) < 0.02
    np.testing.assert_allclose(error, expected_error, atol=2e-3)


def test_ece_tells_calibrated_from_overconfident(rng):
    target = np.float32(rng.normal(size=(500, 4, 3)))
    hypotheses = np.float32(rng.normal(size=(500, 100, 4, 3)))
    assert ece(hypotheses, target)[0] < 0.05
    assert ece(0.1 * hypotheses, target)[0] > 0.4
    assert ece(10 * hypotheses, target)[0] > 0.4


def test_spread_is_the_standard_deviation_about_the_mean_joint(rng):
    hypotheses = np.float32(rng.normal(size=(6, 50, 17, 3)) * [3, 4, 12])
    expected = np.sqrt(hypotheses.var(axis=1).sum(-1))
    np.testing.assert_allclose(metrics.spread(hypotheses), expected, rtol=1e-4)
    np.testing.assert_allclose(metrics.spread(hypotheses[:, :1]), 0, atol=1e-5)


@pytest.mark.parametrize("skeleton", [H36M_17, MPI_INF_3DHP_17], ids=lambda s: s.name)
def test_symmetry_error_is_what_was_added_to_one_side(rng, skeleton):
    pose = rng.normal(size=(5, 17, 3)) * 100
    mirror = np.array([-1.0, 1, 1])
    pose = 0.5 * (pose + (pose * mirror)[:, list(skeleton.flip)])
    np.testing.assert_allclose(
        metrics.symmetry_error(np.float32(pose), skeleton), 0, atol=1e-3
    )
    wrist = skeleton.index("LWrist")
    bone = pose[:, wrist] - pose[:, skeleton.parents[wrist]]
    pose[:, wrist] += 30 * bone / np.linalg.norm(bone, axis=-1, keepdims=True)
    np.testing.assert_allclose(
        metrics.symmetry_error(np.float32(pose), skeleton), 30 / 6, atol=1e-3
    )


def test_consistency_2d_needs_no_camera(rng):
    pose = np.float32(rng.normal(size=(5, 3, 17, 3)) * 200)
    keypoints = np.float32(pose[:, 0, :, :2] * 0.21 + [500, 400])
    consistency = np.asarray(metrics.consistency_2d(pose, keypoints[:, None]))
    np.testing.assert_allclose(consistency[:, 0], 0, atol=1e-5)
    assert consistency[:, 1:].min() > 0.5
    mirrored = metrics.consistency_2d(pose[:, 0] * np.float32([1, 1, -1]), keypoints)
    np.testing.assert_allclose(mirrored, 0, atol=1e-5)
