import human36m_files as files
import numpy as np
import pytest
from human36m import calibration

from propose_keras.human36m_names import CAMERAS, SUBJECTS


def assert_same_cameras(cameras, expected):
    assert set(cameras) == set(expected)
    for key, camera in cameras.items():
        other = expected[key]
        assert (camera.name, camera.image_size) == (other.name, other.image_size)
        np.testing.assert_allclose(camera.rotation, other.rotation, atol=1e-9)
        np.testing.assert_allclose(camera.translation, other.translation)
        np.testing.assert_allclose(camera.intrinsics, other.intrinsics)
        np.testing.assert_allclose(camera.distortion, other.distortion)


def test_published_cameras_stand_around_the_scene():
    cameras = calibration.published_cameras()
    assert set(cameras) == {(s, c) for s in SUBJECTS for c in CAMERAS}
    middle = np.array([0.0, 0.0, 900.0])
    for (_, name), camera in cameras.items():
        np.testing.assert_allclose(
            camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-6
        )
        assert np.linalg.det(camera.rotation) > 0
        assert 1000 < camera.translation[2] < 2000
        x, y = camera.project(camera.from_world(middle))
        assert 300 < x < 700 and 200 < y < 800, name
        above = camera.project(camera.from_world(middle + [0, 0, 100]))
        assert above[1] < y


def test_first_camera_is_the_published_one():
    camera = calibration.published_cameras()["S1", "54138969"]
    assert camera.image_size == (1000, 1002)
    np.testing.assert_allclose(
        camera.rotation[0], [-0.91536173, 0.40180837, 0.02574754], atol=1e-6
    )
    # Tangential terms in 3d-pose-baseline's order; VideoPose3D swaps them.
    np.testing.assert_allclose(
        camera.distortion[3:], [-0.00142447, -0.0009757], atol=1e-8
    )


def test_h5_and_metadata_state_the_same_cameras(tmp_path):
    expected = calibration.published_cameras()
    files.write_cameras_h5(tmp_path / "cameras.h5")
    assert_same_cameras(calibration.cameras_from_h5(tmp_path / "cameras.h5"), expected)
    files.write_metadata(tmp_path / "metadata.xml")
    assert_same_cameras(
        calibration.cameras_from_metadata(tmp_path / "metadata.xml"), expected
    )


@pytest.mark.parametrize("subject", SUBJECTS)
def test_frame_rate_and_sizes(subject):
    assert calibration.FRAME_RATE == 50
    cameras = calibration.published_cameras()
    sizes = [cameras[subject, name].image_size for name in CAMERAS]
    assert sizes == [(1000, 1002), (1000, 1000), (1000, 1000), (1000, 1002)]
