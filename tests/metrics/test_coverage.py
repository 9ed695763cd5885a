"""Coverage and conformal radii of distributions that are known."""

import math

import numpy as np
import pytest
from keras import ops

from propose_keras import metrics

SHARES = (0.5, 0.9)


def ranks(hypotheses, target):
    return ops.convert_to_numpy(
        metrics.central_ranks(np.float32(hypotheses), np.float32(target))
    )


def draw(rng, number, scale=1.0, num_hypotheses=20, joints=4):
    """Truths and hypotheses of one Gaussian, but for the scale of the hypotheses."""
    factor = 100 * rng.normal(size=(joints, 3, 3))
    place = 300 * rng.normal(size=(number, 1, joints, 3))
    noise = rng.normal(size=(number, num_hypotheses + 1, joints, 3))
    noise[:, 1:] *= scale
    points = place + np.einsum("jkl,nsjl->nsjk", factor, noise)
    return points[:, 1:], points[:, 0]


@pytest.mark.parametrize("num_hypotheses", [10, 21])
def test_truths_drawn_as_the_hypotheses_are_covered_as_promised(rng, num_hypotheses):
    hypotheses, target = draw(rng, 3000, num_hypotheses=num_hypotheses)
    found = ranks(hypotheses, target)
    assert found.shape == (3000, 4)
    assert found.min() == 0
    assert found.max() == num_hypotheses
    for share in SHARES:
        covered = metrics.coverage(found, num_hypotheses, share)
        np.testing.assert_allclose(covered, share, atol=0.04)


def test_hypotheses_too_close_together_cover_less_as_the_chi_distribution_says(rng):
    """Of many hypotheses of half the deviation: P(chi_3 < half the quantile)."""
    hypotheses, target = draw(rng, 600, 0.5, num_hypotheses=400)
    found = ranks(hypotheses, target)

    def chi_3(x):
        return math.erf(x / 2**0.5) - x * math.exp(-x * x / 2) * (2 / math.pi) ** 0.5

    # Medians and 90 % quantiles of the chi distribution of three degrees.
    for share, quantile in zip(SHARES, (1.5382, 2.5003)):
        assert chi_3(quantile) == pytest.approx(share, abs=1e-4)
        covered = metrics.coverage(found, 400, share)
        np.testing.assert_allclose(covered, chi_3(0.5 * quantile), atol=0.06)


def test_ranks_are_those_of_numpy(rng):
    hypotheses, target = draw(rng, 5, num_hypotheses=12)
    found = ranks(hypotheses, target)
    for pose, joint in np.ndindex(5, 4):
        points = np.concatenate([target[pose, None, joint], hypotheses[pose, :, joint]])
        points = points - points.mean(axis=0)
        inverse = np.linalg.inv(points.T @ points)
        distances = np.einsum("ni,ij,nj->n", points, inverse, points)
        assert found[pose, joint] == np.sum(distances[1:] < distances[0])


def test_hypotheses_in_a_plane_or_all_alike_are_no_error(rng):
    hypotheses, target = draw(rng, 8)
    hypotheses[..., 2] = 0
    assert np.all(ranks(hypotheses, target) == 20)
    target[..., 2] = 0
    assert np.any(ranks(hypotheses, target) < 20)
    alike = np.repeat(target[:, None], 12, axis=1)
    assert ranks(alike, target).max() <= 12
    assert np.all(ranks(alike, target + 30) == 12)


def test_conformal_radii_hold_what_they_promise(rng):
    errors = rng.exponential(size=(5000, 2)) * [10, 30]
    radius = metrics.conformal_quantile(errors[:2500], 0.9)
    np.testing.assert_allclose(radius, -np.log(0.1) * np.array([10, 30]), rtol=0.08)
    held = np.mean(errors[2500:] <= radius, axis=0)
    np.testing.assert_allclose(held, 0.9, atol=0.02)


def test_the_quantile_is_that_of_the_definition():
    errors = np.arange(1.0, 10.0)[:, None]
    assert metrics.conformal_quantile(errors, 0.9) == 9.0  # ceil(10 * 0.9) = 9.
    assert metrics.conformal_quantile(errors, 0.5) == 5.0
    assert metrics.conformal_quantile(errors[:8], 0.9) == np.inf
