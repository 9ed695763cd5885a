"""The filter and the smoother give the Gaussian conditionals."""

import numpy as np
import pytest

from propose_keras.inference.kalman import kalman_filter, smooth

TIMES = np.array([3, 4, 5, 8, 9])
ACCELERATION = np.array([0.5, 2.0])


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    measured = rng.normal(0, 3, (5, 2, 3))
    root = rng.normal(size=(5, 2, 3, 3))
    return measured, root @ np.swapaxes(root, -1, -2) + 0.5 * np.eye(3)


def posterior(measured, noise, acceleration, times):
    """Mean and covariance of one point's positions, by the joint Gaussian."""
    count = len(times)
    # States are linear in a vague start and the driving noises.

    size = np.trace(noise[0]) / 3
    start = np.kron(np.diag([1e4, 1e2]), np.eye(3)) * size
    mean = np.zeros((count, 6))
    mean[:, :3] = measured[0]
    blocks = [[None] * count for _ in range(count)]
    current = start
    for i in range(count):
        if i:
            dt = times[i] - times[i - 1]
            step = np.kron([[1, dt], [0, 1]], np.eye(3))
            drive = acceleration * np.kron(
                [[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]], np.eye(3)
            )
            current = step @ current @ step.T + drive
            for j in range(i):
                blocks[i][j] = step @ blocks[i - 1][j]
                blocks[j][i] = blocks[i][j].T
        blocks[i][i] = current
    prior = np.block(blocks)
    pick = np.kron(np.eye(count), np.eye(3, 6))
    noises = np.zeros((3 * count, 3 * count))
    for i in range(count):
        noises[3 * i : 3 * i + 3, 3 * i : 3 * i + 3] = noise[i]
    gain = prior @ pick.T @ np.linalg.inv(pick @ prior @ pick.T + noises)
    error = (measured - mean[:, :3]).ravel()
    found = mean.ravel() + gain @ error
    covariance = prior - gain @ pick @ prior
    found = found.reshape(count, 6)[:, :3]
    covariance = covariance.reshape(count, 6, count, 6)
    return found, np.stack([covariance[i, :3, i, :3] for i in range(count)])


def test_smoothing_is_conditioning(problem):
    measured, noise = problem
    means, covariances = smooth(kalman_filter(TIMES, measured, noise, ACCELERATION))
    for point in range(2):
        mean, covariance = posterior(
            measured[:, point], noise[:, point], ACCELERATION[point], TIMES
        )
        np.testing.assert_allclose(means[:, point], mean, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(
            covariances[:, point], covariance, rtol=1e-4, atol=1e-5
        )


def test_filtering_knows_the_past_only(problem):
    measured, noise = problem
    whole = kalman_filter(TIMES, measured, noise, ACCELERATION)
    for count in (1, 3, 5):
        part = kalman_filter(
            TIMES[:count], measured[:count], noise[:count], ACCELERATION
        )
        means, covariances = smooth(part)
        state = whole.updated[count - 1]
        np.testing.assert_allclose(means[-1], state.mean[..., :3])
        np.testing.assert_allclose(covariances[-1], state.covariance[..., :3, :3])


def test_parts_go_on_where_the_last_one_ended(problem):
    measured, noise = problem
    whole = kalman_filter(TIMES, measured, noise, ACCELERATION)
    first = kalman_filter(TIMES[:2], measured[:2], noise[:2], ACCELERATION)
    rest = kalman_filter(
        TIMES[2:], measured[2:], noise[2:], ACCELERATION, first.updated[-1]
    )
    np.testing.assert_allclose(rest.updated[-1].mean, whole.updated[-1].mean)
    np.testing.assert_allclose(
        first.log_likelihood + rest.log_likelihood, whole.log_likelihood
    )


def test_likelihood_finds_the_acceleration():
    rng = np.random.default_rng(1)
    frames, true = 3000, 0.3
    noise = np.tile(4.0 * np.eye(3), (frames, 1, 1, 1))
    # Exact discretisation of the white acceleration.
    root = np.linalg.cholesky(true * np.array([[1 / 3, 1 / 2], [1 / 2, 1.0]]))
    drive = rng.normal(size=(frames, 3, 2)) @ root.T
    velocity = np.cumsum(drive[..., 1], axis=0)
    position = np.cumsum(drive[..., 0] + velocity - drive[..., 1], axis=0)
    measured = position[:, None] + 2.0 * rng.normal(size=(frames, 1, 3))
    grid = true * 2.0 ** np.arange(-3, 4)
    found = kalman_filter(np.arange(frames), measured, noise, grid).log_likelihood
    assert grid[found.argmax()] == pytest.approx(true)
    means, _ = smooth(kalman_filter(np.arange(frames), measured, noise, grid[3:4]))
    error = np.sqrt(np.mean((means[:, 0] - position) ** 2))
    assert error < 0.75 * 2.0


def test_measurements_can_share_their_covariances(problem):
    measured, noise = problem
    several = np.stack([measured, 2 * measured + 1, -measured], axis=1)
    together = kalman_filter(TIMES, several, noise, ACCELERATION)
    assert together.updated[-1].mean.shape == (3, 2, 6)
    assert together.updated[-1].covariance.shape == (2, 6, 6)
    means, covariances = smooth(together)
    assert covariances.shape == (5, 2, 3, 3)
    for number in range(3):
        alone = kalman_filter(TIMES, several[:, number], noise, ACCELERATION)
        np.testing.assert_allclose(
            together.log_likelihood[number], alone.log_likelihood
        )
        mean, covariance = smooth(alone)
        np.testing.assert_allclose(means[:, number], mean)
        np.testing.assert_allclose(covariances, covariance)
