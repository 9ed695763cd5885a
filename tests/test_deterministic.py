"""The reference without a distribution."""

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras import DeterministicLifter, PoseNormalization
from propose_keras.losses import reconstruction_3d

SIZE = (1000.0, 900.0)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    pose = 250 * rng.normal(size=(64, 17, 3)).astype("float32") + [0, 0, 4000]
    keypoints = 1100 * pose[..., :2] / pose[..., 2:] + 500
    return keypoints.astype("float32"), np.float32(pose)


def make(data, **kwargs):
    keras.utils.set_random_seed(0)
    model = DeterministicLifter.from_sizes(width=32, num_blocks=1, **kwargs)
    model.normalization.adapt(data[0], SIZE, data[1])
    return model


def inputs(keypoints):
    return {"keypoints": keypoints, "image_size": np.tile(SIZE, (len(keypoints), 1))}


def test_learns_to_lift(data):
    model = make(data)
    model.compile(keras.optimizers.Adam(3e-3))
    before = model.evaluate(inputs(data[0]), data[1], verbose=0, return_dict=True)
    history = model.fit(inputs(data[0]), data[1], epochs=40, verbose=0)
    after = model.evaluate(inputs(data[0]), data[1], verbose=0, return_dict=True)
    assert after["mpjpe"] < 0.6 * before["mpjpe"]
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_loss_is_equation_4_on_normalised_poses(data):
    model = make(data)
    model.compile(keras.optimizers.SGD(0.0))
    normalize = model.normalization.normalize_pose
    lifted = model.mode(data[0], SIZE)
    expected = ops.mean(reconstruction_3d(normalize(data[1]), normalize(lifted)))
    loss = model.evaluate(
        inputs(data[0]), data[1], batch_size=64, verbose=0, return_dict=True
    )["loss"]
    assert loss == pytest.approx(float(expected), rel=1e-5)


def test_poses_are_root_relative_and_call_is_the_mode(data):
    model = make(data)
    poses = ops.convert_to_numpy(model.mode(data[0], SIZE))
    assert poses.shape == (64, 17, 3)
    assert not poses[:, 0].any()
    called = ops.convert_to_numpy(model(inputs(data[0])))
    np.testing.assert_allclose(called, poses, atol=1e-3)


def test_dropout_follows_from_seed_and_step(data):
    keypoints = data[0]

    def training_calls(seed):
        model = make(data, dropout=0.5, seed=seed)
        return [
            ops.convert_to_numpy(model(inputs(keypoints), training=True))
            for _ in range(2)
        ]

    first, again, other = training_calls(1), training_calls(1), training_calls(2)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first[0] - first[1]).max() > 1.0
    assert np.abs(first[0] - other[0]).max() > 1.0


def test_saved_model_lifts_the_same(data, tmp_path):
    model = make(data, dropout=0.1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        ops.convert_to_numpy(loaded.mode(data[0], SIZE)),
        ops.convert_to_numpy(model.mode(data[0], SIZE)),
        atol=1e-3,
    )


def test_mistakes(data):
    from propose_keras.layers import ResidualMLP

    with pytest.raises(ValueError, match="51 outputs, three a joint.* one of 50"):
        DeterministicLifter(ResidualMLP(50, width=2), PoseNormalization())
    model = make(data)
    with pytest.raises(ValueError, match="takes no sample weights"):
        model.compute_loss(y=data[1], y_pred=data[1], sample_weight=np.ones(64))
    with pytest.raises(ValueError, match="received shape"):
        model.mode(data[0][:, :16], SIZE)
