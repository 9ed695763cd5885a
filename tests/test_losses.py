"""Every loss against a few lines of NumPy."""

import numpy as np
import pytest
from keras import ops

from propose_keras import losses


def to_numpy(x):
    return ops.convert_to_numpy(x)


@pytest.fixture
def poses(rng):
    return [rng.normal(size=(5, 1, 17, 3)).astype("float32") for _ in range(2)]


def test_reconstruction_3d_is_a_sum_of_unsquared_norms(poses):
    pose, other = poses
    expected = np.sqrt(((pose - other) ** 2).sum(-1)).sum(-1)
    np.testing.assert_allclose(
        to_numpy(losses.reconstruction_3d(pose, other)), expected, rtol=1e-5
    )


def test_norms_of_zero_are_zero(poses):
    assert to_numpy(losses.reconstruction_3d(poses[0], poses[0])).max() < 1e-4


def test_reconstruction_2d_is_l1(rng):
    a, b = rng.normal(size=(2, 5, 17, 2)).astype("float32")
    np.testing.assert_allclose(
        to_numpy(losses.reconstruction_2d(a, b)), np.abs(a - b).sum((1, 2)), rtol=1e-5
    )


def test_negative_log_likelihood(rng):
    base, mean, log_scale = rng.uniform(-1, 1, (3, 4, 2, 6)).astype("float32")
    log_det = rng.normal(size=(4, 2)).astype("float32")
    scale = np.exp(log_scale)
    density = np.exp(-0.5 * ((base - mean) / scale) ** 2) / (scale * (2 * np.pi) ** 0.5)
    np.testing.assert_allclose(
        to_numpy(losses.negative_log_likelihood(base, log_det, mean, log_scale)),
        -(np.log(density.astype("float64")).sum(-1) + log_det),
        rtol=1e-4,
    )


def test_discriminator_losses():
    real, fake = np.array([1.0, 2.0], "float32"), np.array([0.2, 3.0], "float32")
    np.testing.assert_allclose(
        to_numpy(losses.discriminator_loss(real, fake, 0.5)), [1.3, 2.0], rtol=1e-6
    )
    np.testing.assert_array_equal(to_numpy(losses.generator_loss(fake)), fake)


def test_pulling_away(rng):
    features = rng.normal(size=(4, 3)).astype("float32")
    total = 0.0
    for i in range(4):
        for j in range(4):
            if i != j:
                s, t = features[i], features[j]
                total += (s @ t / np.linalg.norm(s) / np.linalg.norm(t)) ** 2
    np.testing.assert_allclose(
        to_numpy(losses.pulling_away(features)), total / 12, rtol=1e-5
    )


def test_pulling_away_of_one_pose_is_zero():
    assert to_numpy(losses.pulling_away(np.ones((1, 3), "float32"))) == 0.0


def test_best_of_m(rng):
    pose = rng.normal(size=(3, 1, 17, 3)).astype("float32")
    hypotheses = rng.normal(size=(3, 8, 17, 3)).astype("float32")
    errors = np.linalg.norm(hypotheses - pose, axis=-1).sum(-1)
    index = np.argsort(errors, axis=1)[:, :2]
    chosen = np.take_along_axis(hypotheses, index[..., None, None], axis=1)
    selected = to_numpy(losses.select_best(pose, hypotheses, 2))
    np.testing.assert_array_equal(np.sort(selected), np.sort(index))
    expected = np.linalg.norm(pose[:, 0] - chosen.mean(1), axis=-1).sum(-1)
    np.testing.assert_allclose(
        to_numpy(losses.best_of_m(pose, chosen)), expected, rtol=1e-5
    )


def test_random_hypothesis(poses):
    pose, other = poses
    expected = np.linalg.norm(pose - other, axis=-1).sum((1, 2))
    np.testing.assert_allclose(
        to_numpy(losses.random_hypothesis(pose, other)), expected, rtol=1e-5
    )


def test_bidirectional_and_its_gate():
    np.testing.assert_allclose(losses.bidirectional(2.0, 3.0), 5.0)
    assert not losses.gate_is_open(0.49, 0.5)
    assert losses.gate_is_open(0.5, 0.5)


def test_mode_to_mode(rng):
    a, b = rng.normal(size=(2, 4, 1, 6)).astype("float32")
    np.testing.assert_allclose(
        to_numpy(losses.mode_to_mode(a, b)), np.linalg.norm(a - b, axis=-1), rtol=1e-5
    )


def test_kl_to_standard_normal_by_sampling(rng):
    mean, scale = np.array([[0.5, -1.0]], "float32"), np.array([[0.7, 1.5]], "float32")
    draws = mean + scale * rng.normal(size=(400_000, 2))
    log_q = -0.5 * ((draws - mean) / scale) ** 2 - np.log(scale)
    expected = (log_q + 0.5 * draws**2).sum(-1).mean()
    np.testing.assert_allclose(
        to_numpy(losses.kl_to_standard_normal(mean, scale)), [expected], atol=2e-2
    )
