"""One pose out of hypotheses."""

import numpy as np
import pytest
from keras import ops

from propose_keras import metrics
from propose_keras.metrics.aggregates import check_aggregates


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.fixture
def hypotheses(rng):
    """Skewed, so that mean, median and medoid differ."""
    return np.float32(100 * rng.exponential(size=(3, 31, 5, 3)) ** 2)


def mean_distance(pose, hypotheses):
    return np.linalg.norm(hypotheses - pose[:, None], axis=-1).mean(axis=1)


def test_the_geometric_median_has_the_least_mean_distance(rng, hypotheses):
    median = numpy(metrics.geometric_median(hypotheses))
    least = mean_distance(median, hypotheses)
    assert np.all(least < mean_distance(hypotheses.mean(axis=1), hypotheses))
    for _ in range(20):
        moved = median + 3 * rng.normal(size=median.shape)
        assert np.all(least < mean_distance(moved, hypotheses) + 0.05)


def test_the_geometric_median_of_points_on_a_line_is_their_median():
    line = np.float32([0, 1, 2, 50, 100])[None, :, None, None] * np.ones(3, "float32")
    median = numpy(metrics.geometric_median(line))
    np.testing.assert_allclose(median, 2.0, atol=0.3)


def test_the_medoid_is_a_hypothesis(hypotheses):
    medoid = numpy(metrics.medoid(hypotheses))
    for row, pose in zip(hypotheses, medoid):
        between = np.linalg.norm(row[:, None] - row[None], axis=-1).mean(axis=(1, 2))
        np.testing.assert_allclose(pose, row[between.argmin()], rtol=1e-6)


def test_densities_are_weights_up_to_a_factor(hypotheses, rng):
    log_prob = np.float32(rng.normal(size=(3, 31)))
    weights = np.exp(log_prob) / np.exp(log_prob).sum(axis=1, keepdims=True)
    expected = np.einsum("bs,bsjd->bjd", weights, hypotheses)
    for shift in (0, -300):
        mean = numpy(metrics.density_mean(hypotheses, log_prob + np.float32(shift)))
        np.testing.assert_allclose(mean, expected, rtol=1e-4)


def test_wrong_names_are_named():
    check_aggregates(("mode", "medoid"))
    with pytest.raises(ValueError, match="out of mode, mean, .* received 'average'"):
        check_aggregates(["average"])
    with pytest.raises(ValueError, match="each once"):
        check_aggregates(["mode", "mode"])
