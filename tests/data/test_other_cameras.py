import numpy as np
import pytest

from propose_keras.data.cameras import Camera, project
from propose_keras.data.other_cameras import other_cameras
from propose_keras.skeletons import H36M_17

TILT = np.radians(25)
# World to camera: 2 m above the floor, looking down.
ROTATION = np.array(
    [
        [1, 0, 0],
        [0, -np.sin(TILT), -np.cos(TILT)],
        [0, np.cos(TILT), -np.sin(TILT)],
    ]
)
COUNT = 4000


@pytest.fixture(scope="module")
def augmented():
    """World positions, and what the augmentation makes of them."""
    rng = np.random.default_rng(0)
    world = rng.uniform([-400, -400, 100], [400, 400, 1700], (COUNT, 17, 3))
    camera = Camera(
        name="c",
        image_size=(1000, 1002),
        intrinsics=np.array([1145.0, 1143, 512, 515]),
        distortion=np.zeros(5),
        rotation=ROTATION,
        translation=np.array([0.0, -5000, 2000]),
    )
    pose = camera.from_world(world).astype(np.float32)
    inputs = {
        "keypoints": camera.project(pose).astype(np.float32),
        "image_size": np.full((COUNT, 2), 1000, np.float32),
        "intrinsics": np.tile(np.float32(camera.intrinsics), (COUNT, 1)),
        "distortion": np.zeros((COUNT, 5), np.float32),
        "rotation": np.tile(np.float32(ROTATION), (COUNT, 1, 1)),
    }
    return world, other_cameras()((inputs, pose), np.random.default_rng(1))


def test_keypoints_are_projections_into_the_new_camera(augmented):
    _, (inputs, pose) = augmented
    seen = project(pose, inputs["intrinsics"], inputs["distortion"])
    np.testing.assert_allclose(inputs["keypoints"], seen, rtol=1e-4, atol=0.05)
    assert pose[..., 2].min() >= 300 - 1e-3
    assert {a.dtype for a in (*inputs.values(), pose)} == {np.dtype(np.float32)}


def test_people_keep_their_shape_and_stay_upright(augmented):
    world, (inputs, pose) = augmented
    relative = pose - pose[:, :1]
    back = relative @ inputs["rotation"]
    heights = world[..., 2] - world[:, :1, 2]
    np.testing.assert_allclose(back[..., 2], heights, atol=0.5)
    distances = np.linalg.norm(world - world[:, :1], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(relative, axis=-1), distances, atol=0.5)
    gram = inputs["rotation"] @ inputs["rotation"].swapaxes(1, 2)
    np.testing.assert_allclose(gram, np.tile(np.eye(3), (COUNT, 1, 1)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(inputs["rotation"]), 1, atol=1e-5)


def test_draws_cover_what_users_cameras_do(augmented):
    world, (inputs, pose) = augmented
    size, rotation = inputs["image_size"], inputs["rotation"]
    assert len(np.unique(size, axis=0)) == 4
    focal = inputs["intrinsics"][:, 0] / size.max(axis=1)
    assert focal.min() == pytest.approx(0.6, rel=0.02)
    assert focal.max() == pytest.approx(2.0, rel=0.02)
    pitch = np.degrees(np.arcsin(-rotation[:, 2, 2]))
    assert -16 < pitch.min() < -13
    assert 38 < pitch.max() < 41
    # All sides: the person's own x axis in the camera's ground plane.
    heading = np.arctan2(rotation[:, 2, 1], rotation[:, 2, 0])
    counts, _ = np.histogram(heading, 8, (-np.pi, np.pi))
    assert counts.min() > COUNT / 8 * 0.8
    hip = inputs["keypoints"][:, H36M_17.root] / size
    assert (np.abs(hip - 0.5) < 0.36).all()
    assert hip.std(axis=0).min() > 0.15


def test_draws_depend_on_the_generator_only(augmented):
    _, (inputs, pose) = augmented
    again = other_cameras()((inputs, pose), np.random.default_rng(2))
    same = other_cameras()((inputs, pose), np.random.default_rng(2))
    np.testing.assert_array_equal(again[1], same[1])
    assert np.abs(again[1] - pose).max() > 100


def test_an_unknown_range_is_refused():
    with pytest.raises(ValueError, match="'common', 'any', received 'all'"):
        other_cameras("all")
