"""Noise of trajectories is standard normal, smooth, of track and time only."""

import numpy as np
import pytest
from keras import ops

from propose_keras import Lifter
from propose_keras.inference.trajectories import grid_of, smooth_normal, track_seed


@pytest.fixture(scope="module")
def walk(keypoints):
    """Ten frames `(10, 17, 2)` of somebody who moves by 3 pixels a frame."""
    return keypoints[:1] + np.arange(10.0)[:, None, None] * [3.0, 0.0]


def noise(times, correlation_time=5.0, track=3, seed=0, draws=4000, size=1):
    seeds = np.tile(np.array(track_seed(seed, track), np.int32), (len(times), 1))
    found = smooth_normal(seeds, draws, size, *grid_of(times, correlation_time))
    return ops.convert_to_numpy(found)


def test_every_frame_is_standard_normal():
    found = noise(np.arange(0, 12), size=2)
    np.testing.assert_allclose(found.mean(axis=1), 0.0, atol=0.07)
    np.testing.assert_allclose(found.var(axis=1), 1.0, atol=0.1)
    _, weights = grid_of(np.arange(-50, 50), 7.3)
    np.testing.assert_allclose(np.sum(weights**2, axis=1), 1.0, rtol=1e-6)


@pytest.mark.parametrize("correlation_time", [0.5, 4.0, 30.0])
def test_frames_are_correlated_as_stated(correlation_time):
    times = np.array([100, 101, 104, 130, 200])
    found = np.corrcoef(noise(times, correlation_time)[..., 0])
    apart = (times[:, None] - times) / correlation_time
    np.testing.assert_allclose(found, np.exp(-(apart**2) / 2), atol=0.06)


def test_batches_gaps_and_large_numbers_change_nothing():
    times = np.array([7, 8, 20, 2**40, 2**40 + 1])
    whole = noise(times, draws=3)
    alone = np.concatenate([noise(times[i : i + 1], draws=3) for i in range(5)])
    np.testing.assert_allclose(whole, alone, rtol=1e-5, atol=1e-6)
    assert np.isfinite(whole).all()


def test_tracks_seeds_and_draws_differ():
    times = np.arange(3)
    first = noise(times, draws=6)
    assert np.abs(np.corrcoef(first[0, :, 0])).max() <= 1.0
    for other in (
        noise(times, track=4, draws=6),
        noise(times, track="anna", draws=6),
        noise(times, seed=1, draws=6),
    ):
        assert np.abs(first - other).min() > 1e-4
    assert len(np.unique(first.round(5))) == first.size


def test_hypotheses_are_motions_and_the_distribution_stays(model, walk):
    free = Lifter(model, 300, batch_size=8)(walk, "h36m17", (1000, 1000))
    smooth = Lifter(model, 300, batch_size=8, correlation_time=8.0)(
        walk, "h36m17", (1000, 1000)
    )

    def step(poses):
        deviations = poses.hypotheses - poses.mean[:, None]
        return np.linalg.norm(np.diff(deviations, axis=0), axis=-1)[..., 1:].mean()

    np.testing.assert_array_equal(smooth.mode, free.mode)
    ratio = smooth.spread[:, 1:].mean() / free.spread[:, 1:].mean()
    assert ratio == pytest.approx(1.0, abs=0.1)
    assert step(smooth) < 0.25 * step(free)


def test_negative_times_are_refused(model):
    with pytest.raises(ValueError, match="`correlation_time` of at least 0 frames"):
        Lifter(model, correlation_time=-1.0)
