"""Test-time flip."""

import numpy as np
import pytest
from keras import ops

from propose_keras import DeterministicLifter, PoseNormalization, ProPose
from propose_keras.data.augmentations import flip
from propose_keras.evaluation.flip import FlipEnsemble

ORDER = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]


def numpy(x):
    return ops.convert_to_numpy(x)


def mirror(pose):
    return pose[..., ORDER, :] * [-1.0, 1.0, 1.0]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(200, 800, (5, 17, 2)).astype("float32")
    size = rng.uniform(900, 1100, (5, 2)).astype("float32")
    return keypoints, size, 200 * rng.normal(size=(5, 17, 3)).astype("float32")


def prepared(model, data):
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    model.normalization.adapt(*data)
    return model


@pytest.fixture(scope="module")
def model(data):
    sizes = {"latent_size": 4, "width": 8, "num_blocks": 1, "num_couplings": 2}
    return prepared(ProPose.from_sizes(**sizes), data)


def test_mode_is_the_mean_of_both_views(model, data):
    keypoints, size, pose = data
    mirrored, _ = flip(keypoints, size, pose)
    direct, other = (numpy(model.mode(k, size)) for k in (keypoints, mirrored))
    ensemble = numpy(FlipEnsemble(model).mode(keypoints, size))
    np.testing.assert_allclose(ensemble, (direct + mirror(other)) / 2, atol=1e-2)
    assert np.abs(ensemble - direct).max() > 1.0


def test_the_mirrored_input_has_the_mirrored_mode(model, data):
    keypoints, size, pose = data
    ensemble = FlipEnsemble(model)
    mirrored, _ = flip(keypoints, size, pose)
    np.testing.assert_allclose(
        numpy(ensemble.mode(mirrored, size)),
        mirror(numpy(ensemble.mode(keypoints, size))),
        atol=1e-2,
    )


def test_hypotheses_take_turns_and_chunks_change_nothing(model, data):
    keypoints, size, pose = data
    ensemble = FlipEnsemble(model)

    def draw(model, keypoints):
        return model.sample(
            keypoints=keypoints, image_size=size, num_hypotheses=7, seed=3
        )

    hypotheses = numpy(ensemble.sample(keypoints, size, num_hypotheses=7, seed=3))
    direct = numpy(draw(model, keypoints))
    mirrored, _ = flip(keypoints, size, pose)
    other = mirror(numpy(draw(model, mirrored)))
    np.testing.assert_allclose(hypotheses[:, ::2], direct[:, ::2], atol=1e-2)
    np.testing.assert_allclose(hypotheses[:, 1::2], other[:, 1::2], atol=1e-2)
    part = numpy(
        ensemble.sample(keypoints, size, num_hypotheses=4, seed=3, first_hypothesis=3)
    )
    np.testing.assert_allclose(part, hypotheses[:, 3:], atol=1e-2)


def test_temperature_widens_both_halves(model, data):
    keypoints, size, _ = data
    ensemble = FlipEnsemble(model)
    cold, warm = (
        numpy(
            ensemble.sample(
                keypoints, size, num_hypotheses=6, seed=3, temperature=temperature
            )
        )
        for temperature in (1e-6, 1.0)
    )
    for first in (0, 1):
        assert np.ptp(cold[:, first::2], axis=1).max() < 0.1
        assert np.ptp(warm[:, first::2], axis=1).max() > 1.0


def test_without_an_image_size_the_input_is_mirrored_all_the_same(data):
    """A model that needs no image size does not care where the mirror stands."""
    keypoints, size, pose = data
    normalization = PoseNormalization(scale="pose", root="remove")
    model = ProPose.from_sizes(
        latent_size=4,
        width=8,
        num_blocks=0,
        num_couplings=1,
        normalization=normalization,
    )
    ensemble = FlipEnsemble(prepared(model, data))
    given = numpy(ensemble.mode(keypoints, size))
    np.testing.assert_allclose(numpy(ensemble.mode(keypoints)), given, atol=1e-2)
    assert np.abs(given - numpy(model.mode(keypoints))).max() > 1.0


def test_a_deterministic_model_has_a_mode(data):
    keypoints, size, _ = data
    model = prepared(DeterministicLifter.from_sizes(width=8, num_blocks=0), data)
    mode = numpy(FlipEnsemble(model).mode(keypoints, size))
    assert mode.shape == (5, 17, 3)
    assert np.abs(mode - numpy(model.mode(keypoints, size))).max() > 1.0
