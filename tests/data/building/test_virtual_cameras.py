import dataclasses

import numpy as np
import pytest

from propose_keras.data.building.virtual_cameras import (
    VirtualCameras,
    sample_cameras,
    sees_all,
)


def _walk(length_mm=2000, num_frames=30, seed=0):
    rng = np.random.default_rng(seed)
    body = rng.uniform([-300, -300, 0], [300, 300, 1800], (17, 3))
    steps = np.linspace(-0.5, 0.5, num_frames)[:, None, None] * [length_mm, 0, 0]
    return body + steps + [5000, -3000, 0]


@pytest.mark.parametrize("distortion", [False, True])
def test_person_is_in_every_image_and_settings_hold(distortion):
    positions = _walk()
    settings = VirtualCameras(count=8, distortion=distortion, image_size=(1200, 900))
    middle = (positions.min((0, 1)) + positions.max((0, 1))) / 2
    cameras = sample_cameras(positions, "02_03", settings)
    assert [c.name for c in cameras] == list("01234567")
    for camera in cameras:
        assert sees_all(camera, positions, settings.margin)
        pixels = camera.project(camera.from_world(positions))
        assert pixels.min() > 0 and (pixels < [1200, 900]).all()
        distance = np.linalg.norm(camera.translation[:2] - middle[:2])
        assert 3000 <= distance <= 7000
        assert 500 <= camera.translation[2] <= 2500
        assert 1000 <= camera.intrinsics[0] == camera.intrinsics[1] <= 1300
        assert camera.distortion.any() == distortion


def test_cameras_are_proper_and_upright():
    for camera in sample_cameras(_walk(), "a", VirtualCameras()):
        np.testing.assert_allclose(
            camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-9
        )
        assert np.linalg.det(camera.rotation) == pytest.approx(1)
        low, high = camera.from_world(
            np.array([[5000.0, -3000, 0], [5000, -3000, 1700]])
        )
        assert high[1] < low[1]  # the head is above the feet in the image


def test_cameras_stand_around_the_person():
    positions = _walk()
    cameras = sample_cameras(positions, "a", VirtualCameras(count=4))
    offsets = np.array([c.translation[:2] for c in cameras]) - [5000, -3000]
    angles = np.sort(np.arctan2(offsets[:, 1], offsets[:, 0]))
    gaps = np.diff([*angles, angles[0] + 2 * np.pi])
    assert gaps.max() < np.pi + 0.2


def test_cameras_follow_from_seed_and_name_alone():
    def draw(name, seed):
        cameras = sample_cameras(_walk(), name, VirtualCameras(seed=seed))
        return np.array([c.translation for c in cameras])

    np.testing.assert_array_equal(draw("a", 0), draw("a", 0))
    assert np.abs(draw("a", 0) - draw("b", 0)).min() > 1e-3
    assert np.abs(draw("a", 0) - draw("a", 1)).min() > 1e-3


def test_long_motion_gets_a_camera_that_stands_back():
    positions = _walk(length_mm=20_000)
    settings = VirtualCameras(count=2)
    for camera in sample_cameras(positions, "a", settings):
        assert sees_all(camera, positions, settings.margin)
        assert np.linalg.norm(camera.translation[:2] - [5000, -3000]) > 7000


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 0},
        {"distance_mm": (5000.0, 3000.0)},
        {"focal_length_px": (0.0, 1000.0)},
        {"margin": 0.5},
        {"image_size": (0, 1000)},
    ],
)
def test_settings_out_of_range(changes):
    with pytest.raises(ValueError, match="Expected"):
        dataclasses.replace(VirtualCameras(), **changes)
