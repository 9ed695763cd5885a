import keras
import numpy as np
import pytest

from propose_keras import metrics
from propose_keras.geometry import root_centre


@pytest.fixture
def pose_and_target(rng):
    target = rng.normal(size=(20, 17, 3)) * 250
    pose = target + rng.normal(size=target.shape) * 80
    pose -= pose[:, :1]
    target -= target[:, :1]
    return np.float32(pose), np.float32(target)


def distances(pose, target):
    return np.sqrt(((np.float64(pose) - np.float64(target)) ** 2).sum(-1))


@pytest.mark.parametrize("joints", [None, (1, 2, 8)])
def test_mpjpe(pose_and_target, joints):
    pose, target = pose_and_target
    keep = slice(None) if joints is None else list(joints)
    expected = distances(pose, target)[:, keep].mean(-1)
    np.testing.assert_allclose(metrics.mpjpe(pose, target, joints), expected, rtol=1e-5)


def test_mpjpe_of_hypotheses_broadcasts(pose_and_target, rng):
    pose, target = pose_and_target
    hypotheses = np.float32(pose[:, None] + rng.normal(size=(20, 5, 17, 3)) * 30)
    errors = np.asarray(metrics.mpjpe(hypotheses, target[:, None]))
    assert errors.shape == (20, 5)
    np.testing.assert_allclose(
        errors[:, 3], distances(hypotheses[:, 3], target).mean(-1), rtol=1e-5
    )


def test_pa_mpjpe_aligns_on_the_joints_kept(pose_and_target):
    pose, target = pose_and_target
    joints = [1, 2, 3, 4, 8, 9]
    of_kept = metrics.pa_mpjpe(pose[:, joints], target[:, joints])
    np.testing.assert_allclose(
        metrics.pa_mpjpe(pose, target, joints), of_kept, rtol=1e-5
    )


def test_pa_mpjpe_of_a_moved_turned_scaled_pose_is_zero(pose_and_target):
    _, target = pose_and_target
    angle = 2.5
    turn = np.array(
        [
            [np.cos(angle), -np.sin(angle), 0],
            [np.sin(angle), np.cos(angle), 0],
            [0, 0, 1],
        ]
    )
    pose = np.float32(0.3 * target @ turn + [100, -50, 4000])
    np.testing.assert_allclose(metrics.pa_mpjpe(pose, target), 0, atol=0.01)


def test_n_mpjpe_takes_the_least_squares_scale(pose_and_target):
    pose, target = (np.float64(a) for a in pose_and_target)
    scale = np.array(
        [np.linalg.lstsq(p.reshape(-1, 1), t.ravel())[0] for p, t in zip(pose, target)]
    )
    expected = distances(scale[..., None] * pose, target).mean(-1)
    np.testing.assert_allclose(metrics.n_mpjpe(*pose_and_target), expected, rtol=1e-5)


def test_n_mpjpe_of_a_pose_without_extent_is_finite(pose_and_target):
    _, target = pose_and_target
    expected = distances(0, target).mean(-1)
    np.testing.assert_allclose(
        metrics.n_mpjpe(np.zeros_like(target), target), expected, rtol=1e-5
    )


def test_pck_counts_strictly_below():
    errors = np.float32([[150.0, 149.999, 0.0, 151.0]])
    np.testing.assert_allclose(metrics.pck(errors), [0.5])
    np.testing.assert_allclose(metrics.pck(errors, threshold=0.0), [0.0])


def test_auc_is_the_mean_pck_over_thresholds(rng):
    errors = np.float32(rng.uniform(0, 200, (50, 14)))
    thresholds = range(0, 151, 5)
    expected = np.mean([(errors < t).mean(-1) for t in thresholds], axis=0)
    np.testing.assert_allclose(metrics.auc(errors, thresholds), expected, rtol=1e-5)


def test_cps_is_the_area_under_the_curve_of_correct_poses(rng):
    errors = np.float32(rng.uniform(0, 350, (40, 16)) * rng.uniform(size=(40, 1)))
    thresholds = np.arange(1, 301)
    curve = (errors.max(-1)[:, None] < thresholds).astype(float)
    expected = np.trapezoid(curve, thresholds, axis=-1)
    np.testing.assert_allclose(
        metrics.cps(errors.max(-1), thresholds), expected, rtol=1e-5
    )
    assert expected.min() < 50 < 250 < expected.max()


@pytest.mark.parametrize(
    "metric, of_poses",
    [
        (metrics.MeanPerJointPositionError(), metrics.mpjpe),
        (metrics.AlignedMeanPerJointPositionError(), metrics.pa_mpjpe),
    ],
)
def test_keras_metric_centres_and_averages_over_poses(
    pose_and_target, rng, metric, of_poses
):
    pose, target = pose_and_target
    place = np.float32(rng.normal(size=(20, 1, 3)) * 1000)
    metric.reset_state()
    metric.update_state(target[:5] + place[:5], pose[:5])
    metric.update_state(target[5:] + place[5:], pose[5:])
    expected = np.mean(of_poses(root_centre(pose), root_centre(target)))
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)
    clone = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(metric)
    )
    assert (clone.name, clone.root) == (metric.name, metric.root)
