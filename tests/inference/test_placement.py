"""People are put where they stand."""

import numpy as np
import pytest

from propose_keras.inference.placement import (
    FOCAL_LENGTH_DEVIATION,
    PRINCIPAL_POINT_DEVIATION,
    camera_of,
    place,
)

INTRINSICS = np.array([1100.0, 1150.0, 500.0, 510.0])
ROOTS = np.array([[100, 200, 4000], [-500, 0, 3000], [0, 0, 1500], [0, 100, 10000.0]])


@pytest.fixture
def poses(standing):
    rng = np.random.default_rng(0)
    poses = standing + rng.normal(0, 60, (4, *standing.shape))
    return poses - poses[:, :1]


def seen(poses, roots=ROOTS, intrinsics=INTRINSICS):
    points = poses + roots[:, None]
    return points[..., :2] / points[..., 2:] * intrinsics[:2] + intrinsics[2:]


def placed(poses, keypoints, weights=None, hypotheses=None, **arguments):
    hypotheses = poses[:, None] if hypotheses is None else hypotheses
    weights = np.ones(poses.shape[:2]) if weights is None else weights
    intrinsics = np.tile(INTRINSICS, (len(poses), 1))
    return place(poses, hypotheses, keypoints, weights, intrinsics, **arguments)


def test_exact_keypoints_give_the_exact_place(poses):
    found = placed(poses, seen(poses))
    np.testing.assert_allclose(found.root, ROOTS, atol=0.01)
    np.testing.assert_allclose(found.root_hypotheses[:, 0], ROOTS, atol=0.01)


def test_joints_that_were_not_measured_do_not_count(poses):
    keypoints, weights = seen(poses), np.ones((4, 17))
    keypoints[:, 3:9] += 500.0
    weights[:, 3:9] = 0.0
    np.testing.assert_allclose(placed(poses, keypoints, weights).root, ROOTS, atol=5)


def test_the_covariance_is_that_of_the_error(poses):
    rng = np.random.default_rng(1)
    pose, root = np.repeat(poses[:1], 4000, 0), np.repeat(ROOTS[:1], 4000, 0)
    exact = seen(pose, root)
    deviation = 0.01 * np.sqrt(np.sum(np.var(exact[0] / INTRINSICS[:2], axis=0)))
    noise = deviation * INTRINSICS[:2] * rng.normal(size=exact.shape)
    found = placed(pose, exact + noise)
    measured = np.cov((found.root - root).T)
    stated = found.root_covariance.mean(axis=0)
    # And what all keypoints have in common, across the line of sight.
    common = (3 * deviation * ROOTS[0, 2]) ** 2 * np.array([1, 1, 0])
    np.testing.assert_allclose(
        np.diag(measured), np.diag(stated) - common, rtol=0.15, atol=0.02 * common[0]
    )
    assert measured[0, 2] * stated[0, 2] > 0


def test_what_is_not_known_of_the_camera_widens_the_place(poses):
    keypoints = seen(poses)
    sure = placed(poses, keypoints).root_covariance
    focal = placed(poses, keypoints, focal_length_deviation=0.2).root_covariance
    expected = np.zeros((4, 3, 3))
    expected[:, 2, 2] = (0.2 * ROOTS[:, 2]) ** 2
    np.testing.assert_allclose(focal - sure, expected, rtol=0.01, atol=2.0)
    point = placed(poses, keypoints, principal_point_deviation=0.01).root_covariance
    expected[:, 2, 2] = 0
    expected[:, 0, 0] = expected[:, 1, 1] = (0.01 * ROOTS[:, 2]) ** 2
    np.testing.assert_allclose(point - sure, expected, rtol=0.01, atol=2.0)


def test_hypotheses_spread_the_place(poses):
    larger = poses[:, None] * np.array([0.9, 1.0, 1.1])[:, None, None]
    found = placed(poses, seen(poses), hypotheses=larger)
    expected = ROOTS[:, None] * np.array([0.9, 1.0, 1.1])[:, None]
    np.testing.assert_allclose(found.root_hypotheses, expected, rtol=1e-4, atol=0.1)
    variance = 0.02 / 3 * ROOTS[:, 2] ** 2
    assert (found.root_covariance[:, 2, 2] > variance).all()


def test_cameras_are_assumed_from_the_images_size():
    size = np.array([[1000.0, 500.0], [np.nan, np.nan]])
    assumed = camera_of(size, None, 1.15)
    np.testing.assert_allclose(assumed["intrinsics"][0], [1150, 1150, 500, 250])
    assert np.isnan(assumed["intrinsics"][1]).all()
    assert assumed["focal_length_deviation"] == FOCAL_LENGTH_DEVIATION
    assert assumed["principal_point_deviation"] == PRINCIPAL_POINT_DEVIATION
    given = camera_of(size, INTRINSICS, 1.15)
    np.testing.assert_array_equal(given["intrinsics"], [INTRINSICS] * 2)


def test_without_a_camera_nobody_stands_anywhere(poses):
    unknown, weights = np.full((4, 4), np.nan), np.ones((4, 17))
    found = place(poses, poses[:, None], seen(poses), weights, unknown)
    assert np.isnan(found.root).all()
    assert np.isnan(found.root_covariance).all()
