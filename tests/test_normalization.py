import keras
import numpy as np
import pytest
from keras import ops

from propose_keras.normalization import PoseNormalization


def to_numpy(x):
    return ops.convert_to_numpy(x)


@pytest.fixture
def data(rng):
    keypoints = rng.uniform(200, 800, (50, 17, 2)).astype("float32")
    image_size = np.tile([1000.0, 800.0], (50, 1)).astype("float32")
    return keypoints, image_size, 300 * rng.normal(size=(50, 17, 3)).astype("float32")


@pytest.mark.parametrize("scale", ["image", "pose"])
@pytest.mark.parametrize("root", ["keep", "remove", "ray"])
def test_conditions_are_standardised(data, scale, root):
    layer = PoseNormalization(scale=scale, root=root)
    layer.adapt(*data)
    condition = to_numpy(layer.normalize_keypoints(data[0], data[1]))
    rows = slice(None) if root == "keep" else slice(1, None)
    np.testing.assert_allclose(condition.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(condition[:, rows].std(0), 1, atol=1e-3)


def test_image_scale_is_screen_coordinates(data):
    keypoints, image_size, _ = data
    layer = PoseNormalization()
    condition = to_numpy(layer.normalize_keypoints(keypoints, image_size))
    screen = keypoints / 500.0 - np.array([1.0, 0.8], "float32")
    np.testing.assert_allclose(condition[:, 0], screen[:, 0], atol=1e-5)
    np.testing.assert_allclose(
        condition[:, 1:], (screen - screen[:, :1])[:, 1:], atol=1e-5
    )


def test_root_removed_and_pose_scale_ignore_place_and_size(data):
    keypoints = data[0]
    layer = PoseNormalization(scale="pose", root="remove")
    assert not layer.needs_image_size
    np.testing.assert_allclose(
        to_numpy(layer(keypoints)), to_numpy(layer(2.5 * keypoints + 70)), atol=1e-4
    )


def test_poses_return_root_relative(data):
    layer = PoseNormalization()
    layer.adapt(*data)
    pose = data[2]
    normalised = to_numpy(layer.normalize_pose(pose))
    assert abs(np.sqrt((normalised**2).mean()) - 1) < 1e-4
    back = to_numpy(layer.denormalize_pose(normalised))
    np.testing.assert_allclose(back, pose - pose[:, :1], atol=1e-2)
    assert not back[:, 0].any()


def test_statistics_are_saved(data, tmp_path):
    inputs = keras.Input((17, 2)), keras.Input((2,))
    layer = PoseNormalization(scale="pose")
    layer.adapt(*data)
    model = keras.Model(inputs, layer(*inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    expected = to_numpy(model([data[0], data[1]]))
    np.testing.assert_allclose(to_numpy(loaded([data[0], data[1]])), expected)


def test_missing_image_size_is_asked_for(data):
    with pytest.raises(ValueError, match="pass `image_size`"):
        PoseNormalization()(data[0])


def test_bad_data_is_refused(data):
    keypoints, image_size, pose = data
    with pytest.raises(ValueError, match="0 poses"):
        PoseNormalization().adapt(keypoints[:0], image_size[:0], pose[:0])
    pose[3, 2, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        PoseNormalization().adapt(keypoints, image_size, pose)


@pytest.mark.parametrize("argument", ["scale", "root", "skeleton"])
def test_unknown_values_are_listed(argument):
    with pytest.raises(ValueError, match="'other'"):
        PoseNormalization(**{argument: "other"})


def shown_by(camera, points, size=1000.0):
    """Pixels of points `(batch, J, 3)` for a camera of focal length `camera`."""
    return points[..., :2] / points[..., 2:] * camera * size + size / 2


@pytest.mark.parametrize("scale", ["image", "pose"])
def test_a_turned_camera_sees_the_same_condition_with_a_ray(rng, scale):
    """Turning the camera about its centre turns the pose and moves the pixels."""
    person = rng.normal(size=(6, 17, 3)) * 300
    ahead = person - person[:, :1] + [0, 0, 5000]
    x, y = 0.3, -0.2
    axis = np.array([y, -x, 0]) / np.hypot(x, y)
    cross = np.cross(np.eye(3), axis) * np.sin(np.arctan(np.hypot(x, y)))
    turn = np.eye(3) + cross + cross @ cross / (1 + np.cos(np.arctan(np.hypot(x, y))))
    aside = ahead @ turn.T
    layer = PoseNormalization(scale=scale, root="ray", focal_length=1.2)
    size = np.array([1000.0, 1000.0], "float32")
    ahead_2d, aside_2d = shown_by(1.2, ahead), shown_by(1.2, aside)
    assert np.abs(ahead_2d - aside_2d).mean() > 100
    layer.adapt(aside_2d, size, aside)
    np.testing.assert_allclose(
        to_numpy(layer(aside_2d, size)), to_numpy(layer(ahead_2d, size)), atol=2e-4
    )
    _, view = layer.observe(aside_2d, size)
    normalised = layer.normalize_pose(aside, view)
    np.testing.assert_allclose(
        to_numpy(normalised), to_numpy(layer.normalize_pose(ahead)), atol=1e-4
    )
    several = ops.stack([normalised, 2 * normalised], axis=1)
    back = to_numpy(layer.denormalize_pose(several, view))
    np.testing.assert_allclose(back[:, 0], aside - aside[:, :1], atol=0.05)
    assert not back[:, :, 0].any()


def test_a_ray_at_the_border_is_finite(rng):
    layer = PoseNormalization(root="ray", focal_length=0.3)
    keypoints = rng.uniform(-3000, 3000, (40, 17, 2))
    condition = to_numpy(layer(keypoints, np.array([1000.0, 800.0], "float32")))
    assert np.isfinite(condition).all()


def test_an_impossible_focal_length_is_refused():
    with pytest.raises(ValueError, match="focal_length"):
        PoseNormalization(root="ray", focal_length=0.0)
