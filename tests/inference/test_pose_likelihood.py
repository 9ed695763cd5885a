import numpy as np
import pytest
from scipy import optimize, stats

from propose_keras.inference.pose_likelihood import PoseLikelihood, default_likelihood
from propose_keras.skeletons import H36M_17


@pytest.fixture(scope="module")
def likelihood():
    return default_likelihood()


def reference(likelihood, keypoints, measured):
    """The same for one pose, with the place taken out and the size searched for."""
    both = np.repeat(measured, 2)
    count = int(measured.sum())
    # Directions that leave the place alone.
    together = np.tile(np.eye(2), (count, 1))
    apart = np.linalg.svd(together)[0][:, 2:]
    covariance = likelihood.covariance + 1e-4 * np.eye(34)
    mean = apart.T @ likelihood.mean.reshape(-1)[both]
    covariance = apart.T @ covariance[np.ix_(both, both)] @ apart
    pose = apart.T @ keypoints[measured].reshape(-1)

    def largest(density):
        def negative(log_size):
            free = 2 * count - 2
            return -free * log_size - density.logpdf(np.exp(log_size) * pose)

        start = -np.log(np.linalg.norm(pose))
        found = optimize.minimize_scalar(
            negative, bounds=(start - 6, start + 6), method="bounded"
        )
        return -found.fun

    person = stats.multivariate_normal(mean, covariance)
    scattered = stats.multivariate_normal(np.zeros(len(mean)), np.eye(len(mean)))
    return largest(person) - largest(scattered)


@pytest.mark.parametrize("missing", [(), (2, 3, 5, 6), (0, 1, 2, 3, 4, 5, 6, 7, 9)])
def test_it_is_the_ratio_of_two_gaussians(likelihood, keypoints, missing):
    measured = np.ones(17, bool)
    measured[list(missing)] = False
    given = np.where(measured[:, None], keypoints, np.nan)
    found = likelihood.log_ratio(given, measured)
    expected = [reference(likelihood, pose, measured) for pose in keypoints]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_neither_place_nor_size_matter(likelihood, keypoints):
    measured = np.ones(17, bool)
    expected = likelihood.log_ratio(keypoints, measured)
    moved = 0.01 * keypoints.astype(float) + [5000, -70]
    np.testing.assert_allclose(
        likelihood.log_ratio(moved, measured), expected, rtol=1e-6
    )


def test_a_person_is_likelier_upright_and_in_order(likelihood, standing):
    measured = np.ones(17, bool)
    pose = standing[None, :, :2]
    (upright,) = likelihood.log_ratio(pose, measured)
    assert upright > 30
    ways = [pose * [1, -1], pose[..., ::-1], pose[:, ::-1], pose * [4, 1]]
    for other in ways:
        assert likelihood.log_ratio(other, measured)[0] < upright - 10


def test_of_little_there_is_nothing_to_say(likelihood, keypoints):
    measured = np.zeros(17, bool)
    measured[:4] = True
    assert likelihood.log_ratio(keypoints, measured).tolist() == [0.0] * 7
    one_place = np.full((2, 17, 2), 3.0)
    assert likelihood.log_ratio(one_place, np.ones(17, bool)).tolist() == [0.0] * 2


def test_fitting_finds_the_people_it_was_given(tmp_path):
    rng = np.random.default_rng(0)
    shape = rng.normal(size=(17, 2))
    shape -= shape.mean(axis=0)
    shape /= np.sqrt(np.mean(np.sum(shape**2, axis=1)))
    poses = shape + 0.01 * rng.normal(size=(2000, 17, 2))
    sizes = rng.uniform(10, 200, (2000, 1, 1))
    fitted = PoseLikelihood.fit(poses * sizes + rng.normal(size=(2000, 1, 2)) * 300)
    np.testing.assert_allclose(fitted.mean, shape, atol=0.002)
    deviations = np.sqrt(np.diag(fitted.covariance))
    np.testing.assert_allclose(deviations, 0.01, rtol=0.2)
    fitted.save(tmp_path / "a.npz")
    again = PoseLikelihood.load(tmp_path / "a.npz")
    measured = np.ones(17, bool)
    np.testing.assert_allclose(
        again.log_ratio(poses, measured), fitted.log_ratio(poses, measured), rtol=1e-3
    )


def test_the_one_that_is_shipped_stands(likelihood):
    at = dict(zip(H36M_17.joint_names, likelihood.mean))
    assert at["Head"][1] < at["Thorax"][1] < at["Hip"][1] < at["LFoot"][1]
    # Seen from all sides, mirrored: left and right are in the same place.
    np.testing.assert_allclose(likelihood.mean[:, 0], 0, atol=0.02)
    assert np.linalg.eigvalsh(likelihood.covariance).min() > -1e-6
