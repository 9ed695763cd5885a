import numpy as np
import pytest

from propose_keras.metrics import GroupMean, LatentNegativeLogLikelihood, Mean


def test_mean_does_not_depend_on_the_batches_and_leaves_out_nan(rng):
    values = np.float32(rng.uniform(0, 1e4, 1000))
    values[[3, 700]] = np.nan
    mean = Mean()
    for part in np.split(values, [1, 10, 600]):
        mean.update(part)
    assert mean.result() == pytest.approx(np.nanmean(np.float64(values)), rel=1e-12)
    assert (mean.count, mean.num_excluded) == (998, 2)


def test_mean_of_nothing_is_nan():
    assert np.isnan(Mean().result())


def test_group_means_weigh_groups_or_poses():
    mean = GroupMean()
    mean.update([1.0, 3.0, 10.0], ["walk", "walk", "sit"])
    mean.update([5.0, np.nan], ["walk", "sit"])
    assert mean.by_group() == {"sit": 10.0, "walk": 3.0}
    assert mean.result() == pytest.approx(6.5)
    assert mean.result(weighting="pose") == pytest.approx(19 / 4)
    with pytest.raises(ValueError, match="'group' or 'pose'"):
        mean.result(weighting="joint")


def test_a_group_without_a_finite_value_does_not_count():
    mean = GroupMean()
    mean.update([np.nan, 4.0], ["walk", "sit"])
    assert mean.result() == 4.0


def test_latent_likelihood_is_negated():
    mean = LatentNegativeLogLikelihood()
    mean.update(np.float32([1.0, 3.0]))
    assert mean.result() == -2.0
