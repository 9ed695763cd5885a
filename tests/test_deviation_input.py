"""Models that are told how uncertain each keypoint is."""

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras import Lifter, ProPose
from propose_keras.comparators import GaussianLifter
from propose_keras.deterministic import DeterministicLifter
from propose_keras.evaluation.flip import FlipEnsemble
from propose_keras.normalization import PoseNormalization

SIZES = {
    **{"graph_width": 16, "graph_heads": 4, "graph_blocks": 1, "decoder_width": 8},
    **{"latent_size": 4, "width": 8, "num_blocks": 1, "num_couplings": 2},
}
IMAGE_SIZE = (1000, 1000)


def to_numpy(x):
    return ops.convert_to_numpy(x)


def make_model(encoder, rng, **settings):
    normalization = PoseNormalization(
        deviation_input=True, scale="pose", root="ray", name="normalization"
    )
    model = ProPose.from_sizes(
        **SIZES, encoder=encoder, normalization=normalization, **settings
    )
    for variable in model.trainable_variables:
        variable.assign(0.3 * rng.normal(size=variable.shape))
    return model


@pytest.fixture(scope="module", params=["graph", "mlp"])
def model(request):
    return make_model(request.param, np.random.default_rng(0))


@pytest.fixture
def keypoints(rng, standing):
    """People who stand, 0.25 pixels per mm."""
    pose = standing + 40 * rng.normal(size=(5, 17, 3))
    return (500 + 0.25 * pose[..., :2]).astype("float32")


def with_deviation(keypoints, deviation):
    column = np.broadcast_to(np.float32(deviation), (*keypoints.shape[:2], 1))
    return np.concatenate([keypoints, column], axis=-1)


def size_of(keypoints):
    centred = keypoints - keypoints[:, :1]
    return np.sqrt(np.mean(np.sum(centred**2, axis=-1), axis=-1))[:, None, None]


def test_the_condition_has_the_deviation_on_a_logarithmic_scale(keypoints):
    layer = PoseNormalization(deviation_input=True)
    share = np.array([0.0, 0.01, 0.4], "float32")
    for value, expected in zip(share, (0.0, np.log(2) / np.log(41), 1.0)):
        given = with_deviation(keypoints, value * size_of(keypoints))
        condition = to_numpy(layer.normalize_keypoints(given, IMAGE_SIZE))
        assert condition.shape == (5, 17, 3)
        np.testing.assert_allclose(condition[..., 2], expected, rtol=1e-4)
    plain = PoseNormalization().normalize_keypoints(keypoints, IMAGE_SIZE)
    np.testing.assert_allclose(condition[..., :2], to_numpy(plain), atol=1e-5)


def test_poses_depend_on_what_is_told(model, keypoints):
    exact = to_numpy(model.mode(with_deviation(keypoints, 0.0), IMAGE_SIZE))
    np.testing.assert_allclose(exact, to_numpy(model.mode(keypoints, IMAGE_SIZE)))
    told = with_deviation(keypoints, 0.0)
    told[:, 3, 2] = 50.0
    moved = to_numpy(model.mode(told, IMAGE_SIZE))
    # In normalised units, whose deviation is 1 mm here.
    assert np.abs(moved - exact).max() > 0.05


def test_the_assumed_deviation_is_that_of_keypoints_without(model, keypoints):
    told = with_deviation(keypoints, 0.05 * size_of(keypoints))
    expected = to_numpy(model.mode(told, IMAGE_SIZE))
    model.normalization.set_assumed_deviation(0.05)
    try:
        found = to_numpy(model.mode(keypoints, IMAGE_SIZE))
    finally:
        model.normalization.set_assumed_deviation(0.0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=0.01)


def test_mirrored_joints_take_their_deviation_along(keypoints):
    # A model that mirrors exactly has the same mode of a pose and its mirror image.
    class Mirrored:
        is_probabilistic = has_latent_density = False
        normalization = PoseNormalization(deviation_input=True)
        num_joints, variables, seen = 17, (), []

        def mode(self, keypoints, image_size):
            self.seen.append(to_numpy(keypoints))
            return ops.zeros((5, 17, 3))

    told = with_deviation(keypoints, 0.0)
    told[:, 3, 2] = 50.0  # The right foot, whose mirror image is the left one.
    ensemble = FlipEnsemble(Mirrored())
    ensemble.mode(told, IMAGE_SIZE)
    mirrored = Mirrored.seen[1]
    np.testing.assert_allclose(mirrored[:, 6, 2], 50.0)
    np.testing.assert_allclose(mirrored[:, 6, 0], 1000 - told[:, 3, 0])
    assert mirrored[..., 2].sum() == 5 * 50.0


def test_it_is_saved_and_trained(tmp_path, keypoints):
    model = make_model("graph", np.random.default_rng(1))
    model.normalization.set_assumed_deviation(0.03)
    model.compile()
    pose = np.random.default_rng(2).normal(size=(5, 17, 3)).astype("float32")
    told = with_deviation(keypoints, 4.0)
    data = {"keypoints": told, "image_size": np.tile(np.float32([1000, 1000]), (5, 1))}
    before = to_numpy(model.lifter.graph.embedding.kernel).copy()
    model.fit(data, 300 * pose, batch_size=5, epochs=2, verbose=0)
    # Weights of what is told of a joint learn: the third number of each.
    moved = np.abs(to_numpy(model.lifter.graph.embedding.kernel) - before)
    assert moved[:, 2].max() > 0
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for given in (keypoints, told):
        np.testing.assert_array_equal(
            to_numpy(loaded.mode(given, IMAGE_SIZE)),
            to_numpy(model.mode(given, IMAGE_SIZE)),
        )


def test_lifting_tells_what_scores_and_gaps_mean(keypoints):
    model = make_model("graph", np.random.default_rng(3))
    scores = np.ones((5, 17, 1), "float32")
    scores[0, 4:7] = 0.0
    detections = np.concatenate([keypoints, scores], axis=-1)
    lifter = Lifter(model, num_hypotheses=6, batch_size=5, seed=3)
    poses = lifter(detections, "h36m17", IMAGE_SIZE)
    assert poses.missing[0, 4:7].all() and poses.missing.sum() == 3
    infilled = lifter._infilling(detections[..., :2], scores[..., 0])
    deviation = np.sqrt(np.sum(infilled.factor**2, axis=-1, keepdims=True))
    assert deviation[0, 4:7].min() > 2 * deviation[1:].max() > 0
    told = np.concatenate([infilled.keypoints, deviation], axis=-1)
    expected = to_numpy(model.sample(told, IMAGE_SIZE, num_hypotheses=6, seed=3))
    np.testing.assert_allclose(poses.hypotheses, expected, rtol=1e-3, atol=0.05)
    exact = Lifter(model, num_hypotheses=6, batch_size=5, seed=3, detector_noise=0.0)
    expected = to_numpy(model.sample(keypoints, IMAGE_SIZE, num_hypotheses=6, seed=3))
    found = exact(detections, "h36m17", IMAGE_SIZE).hypotheses
    np.testing.assert_allclose(found[1:], expected[1:], rtol=1e-3, atol=0.05)


def test_the_reference_takes_deviations_too(keypoints):
    normalization = PoseNormalization(deviation_input=True)
    model = DeterministicLifter.from_sizes(
        normalization=normalization, width=8, num_blocks=1
    )
    assert model.mode(with_deviation(keypoints, 3.0), IMAGE_SIZE).shape == (5, 17, 3)


def test_errors_say_what_is_wrong(model, keypoints):
    with pytest.raises(ValueError, match="negative deviations"):
        model.mode(with_deviation(keypoints, -1.0), IMAGE_SIZE)
    with pytest.raises(ValueError, match=r"\(batch, 17, 2\).*received shape \(5, 17"):
        PoseNormalization().observe(with_deviation(keypoints, 1.0), IMAGE_SIZE)
    for layer, share in ((PoseNormalization(), 0.1), (model.normalization, -0.1)):
        with pytest.raises(ValueError, match="share of at least 0"):
            layer.set_assumed_deviation(share)
    with pytest.raises(ValueError, match="x and y of keypoints only"):
        GaussianLifter.from_sizes(normalization=PoseNormalization(deviation_input=True))
