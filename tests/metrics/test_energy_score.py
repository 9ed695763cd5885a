"""The energy score against its definition in float64."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras import metrics


def energy_score(hypotheses, target):
    return ops.convert_to_numpy(
        metrics.energy_score(np.float32(hypotheses), np.float32(target))
    )


def reference(hypotheses, target):
    """Mean over all ordered pairs of different hypotheses, one pose at a time."""
    scores = []
    for poses, truth in zip(np.float64(hypotheses), np.float64(target)):
        between = [
            np.sqrt(np.mean(np.sum((a - b) ** 2, axis=-1)))
            for a, b in itertools.permutations(poses, 2)
        ]
        to_truth = np.sqrt(np.mean(np.sum((poses - truth) ** 2, axis=-1), axis=-1))
        scores.append(np.mean(to_truth) - np.mean(between) / 2)
    return np.array(scores)


@pytest.mark.parametrize("num_hypotheses", [2, 3, 4, 7, 50, 200])
def test_definition(rng, num_hypotheses):
    place = rng.normal(size=(3, 1, 16, 3)) * 300
    hypotheses = np.float32(place + rng.normal(size=(3, num_hypotheses, 16, 3)) * 80)
    target = np.float32(place[:, 0] + rng.normal(size=(3, 16, 3)) * 60)
    expected = reference(hypotheses, target)
    np.testing.assert_allclose(energy_score(hypotheses, target), expected, rtol=2e-5)


def test_it_is_unbiased(rng):
    """It is the mean of the scores of all pairs, whatever the number of hypotheses."""
    hypotheses = rng.normal(size=(2, 9, 5, 3)) * 100
    target = rng.normal(size=(2, 5, 3)) * 100
    pairs = [
        energy_score(hypotheses[:, list(pair)], target)
        for pair in itertools.combinations(range(9), 2)
    ]
    np.testing.assert_allclose(
        energy_score(hypotheses, target), np.mean(pairs, axis=0), rtol=1e-5
    )


def test_of_one_pose_it_is_the_root_mean_square_joint_error(rng):
    pose, target = rng.normal(size=(2, 4, 16, 3)) * 100
    hypotheses = np.repeat(pose[:, None], 6, axis=1)
    expected = np.sqrt(np.mean(np.sum((pose - target) ** 2, axis=-1), axis=-1))
    np.testing.assert_allclose(energy_score(hypotheses, target), expected, rtol=1e-5)


def test_the_true_distribution_has_the_lowest_score(rng):
    """Of distributions too narrow, too wide, shifted, or of independent joints."""
    noise = rng.normal(size=(4000, 21, 4, 3)) * [100.0, 60.0, 20.0]
    # Joints move together: only a score of whole poses sees whether hypotheses do.
    noise = 0.3 * noise + rng.normal(size=(4000, 21, 1, 3)) * 100
    target, hypotheses = noise[:, 0], noise[:, 1:]
    independent = hypotheses.copy()
    for joint in range(4):
        independent[:, :, joint] = np.roll(hypotheses[:, :, joint], joint, axis=1)
    best = energy_score(hypotheses, target).mean()
    for wrong in (
        0.5 * hypotheses,
        1.5 * hypotheses,
        hypotheses + 60,
        independent,
        0 * hypotheses,
    ):
        assert energy_score(wrong, target).mean() > best + 2.0


def test_scores_of_joints_are_those_of_poses_of_one_joint(rng):
    hypotheses, target = rng.normal(size=(2, 7, 4, 3)), rng.normal(size=(2, 4, 3))
    by_joint = metrics.joint_energy_scores(np.float32(hypotheses), np.float32(target))
    for joint in range(4):
        one = slice(joint, joint + 1)
        np.testing.assert_allclose(
            ops.convert_to_numpy(by_joint)[:, joint],
            reference(hypotheses[:, :, one], target[:, one]),
            rtol=1e-4,
            atol=1e-5,
        )


def test_the_score_of_a_gaussian_by_its_closed_form(rng):
    """Of N(0, s^2 I) in three dimensions, at 0: s (2 - sqrt 2) sqrt(2 / pi).

    The mean of the chi distribution is 2 sqrt(2 / pi), and two draws are apart by
    sqrt 2 of it.
    """
    hypotheses = np.float32(50 * rng.normal(size=(2000, 20, 1, 3)))
    scores = energy_score(hypotheses, np.zeros((2000, 1, 3)))
    expected = 50 * (2 - 2**0.5) * (2 / np.pi) ** 0.5
    error = float(scores.std()) / 2000**0.5
    assert float(scores.mean()) == pytest.approx(expected, abs=5 * error)
    assert error < 0.01 * expected


def test_one_hypothesis_has_no_score(rng):
    with pytest.raises(ValueError, match="at least 2 hypotheses, received 1"):
        metrics.energy_score(rng.normal(size=(2, 1, 16, 3)), np.zeros((2, 16, 3)))


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="asks XLA through JAX")
def test_memory_does_not_grow_with_the_square():
    """64 poses of 200 hypotheses: all pairs at once would take 490 MB."""
    import jax

    shapes = [
        jax.ShapeDtypeStruct(shape, "float32")
        for shape in ((64, 200, 16, 3), (64, 16, 3))
    ]
    program = jax.jit(metrics.energy_score).lower(*shapes).compile()
    assert program.memory_analysis().temp_size_in_bytes < 30e6
