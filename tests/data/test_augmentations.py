import itertools

import numpy as np
import pytest

from propose_keras.data import Clip, PoseArrays, batches
from propose_keras.data.augmentations import (
    flip,
    keypoint_noise,
    other_bodies,
    random_flip,
    shift,
    tilt,
    turn,
)
from propose_keras.data.cameras import Camera, project
from propose_keras.skeletons import H36M_17

# A camera 2 m above the floor that looks down by 20 degrees; the world's z points up.
TILT = np.radians(20)
CAMERA = Camera(
    name="c",
    image_size=(1000, 1002),
    intrinsics=np.array([1145.0, 1143, 512, 515]),
    distortion=np.array([-0.2, 0.24, -0.002, -0.0009, -0.001]),
    rotation=np.array(
        [
            [1, 0, 0],
            [0, -np.sin(TILT), -np.cos(TILT)],
            [0, np.cos(TILT), -np.sin(TILT)],
        ]
    ),
    translation=np.array([0.0, -5000, 2000]),
)


@pytest.fixture
def batch():
    """Eight people in the world's frame, seen by the camera, and a detector's error."""
    rng = np.random.default_rng(0)
    world = rng.uniform([-400, -400, 100], [400, 400, 1700], (8, 17, 3))
    pose = CAMERA.from_world(world).astype(np.float32)
    error = rng.normal(size=(8, 17, 2)) * 5
    inputs = {
        "keypoints": (CAMERA.project(pose) + error).astype(np.float32),
        "image_size": np.full((8, 2), 1000, np.float32),
        "intrinsics": np.tile(np.float32(CAMERA.intrinsics), (8, 1)),
        "distortion": np.tile(np.float32(CAMERA.distortion), (8, 1)),
        "rotation": np.tile(np.float32(CAMERA.rotation), (8, 1, 1)),
    }
    return (inputs, pose), error


def bones(pose):
    start, end = zip(*H36M_17.bones)
    return pose[:, list(end)] - pose[:, list(start)]


def to_world(pose):
    return pose @ CAMERA.rotation + CAMERA.translation


def assert_keypoints_moved_with_the_pose(augmented, error):
    inputs, pose = augmented
    np.testing.assert_allclose(
        inputs["keypoints"] - CAMERA.project(pose), error, atol=0.02
    )
    assert inputs["keypoints"].dtype == pose.dtype == np.float32


def test_other_bodies_scale_bones_alike_on_both_sides(batch):
    (inputs, pose), error = batch
    augmented = other_bodies(0.1)((inputs, pose), np.random.default_rng(1))
    before, after = bones(pose), bones(augmented[1])
    lengths = [np.linalg.norm(b, axis=-1) for b in (before, after)]
    cosine = np.sum(before * after, axis=-1) / (lengths[0] * lengths[1])
    np.testing.assert_allclose(cosine, 1, atol=1e-5)
    factor = np.ones((8, 17))
    factor[:, [end for _, end in H36M_17.bones]] = lengths[1] / lengths[0]
    np.testing.assert_allclose(
        factor[:, list(H36M_17.left)], factor[:, list(H36M_17.right)], rtol=1e-4
    )
    assert len(np.unique(factor.round(3))) > 60
    assert_keypoints_moved_with_the_pose(augmented, error)


def test_other_bodies_have_the_deviation_asked_for(batch):
    (inputs, pose), _ = batch
    many = {name: np.repeat(value, 500, axis=0) for name, value in inputs.items()}
    pose = np.repeat(pose, 500, axis=0)
    _, moved = other_bodies(0.05)((many, pose), np.random.default_rng(1))
    lengths = [np.linalg.norm(bones(p), axis=-1) for p in (pose, moved)]
    logarithm = np.log(lengths[1] / lengths[0])
    assert logarithm.std() == pytest.approx(0.05 * np.sqrt(2), rel=0.03)
    # What a body's bones share is half of the variance.
    assert logarithm.mean(axis=1).std() == pytest.approx(0.05, rel=0.15)


def test_other_bodies_stay_on_the_floor(batch):
    (inputs, pose), _ = batch
    _, moved = other_bodies(0.1)((inputs, pose), np.random.default_rng(1))
    heights = [to_world(p)[..., 2].min(axis=1) for p in (pose, moved)]
    np.testing.assert_allclose(heights[1], heights[0], atol=0.01)
    hips = [to_world(p)[:, 0] for p in (pose, moved)]
    np.testing.assert_allclose(hips[1][:, :2], hips[0][:, :2], atol=0.01)


def test_turning_is_about_the_vertical_through_the_hip(batch):
    (inputs, pose), error = batch
    augmented = turn(180.0)((inputs, pose), np.random.default_rng(1))
    before, after = to_world(pose), to_world(augmented[1])
    np.testing.assert_allclose(after[:, 0], before[:, 0], atol=0.01)
    np.testing.assert_allclose(after[..., 2], before[..., 2], atol=0.01)
    relative = [
        (p - p[:, :1])[..., 0] + 1j * (p - p[:, :1])[..., 1] for p in (before, after)
    ]
    angles = np.angle(relative[1][:, 1:] / relative[0][:, 1:])
    np.testing.assert_allclose(angles, angles[:, :1] * np.ones((1, 16)), atol=1e-3)
    assert angles[:, 0].max() > 1 > -1 > angles[:, 0].min()
    assert_keypoints_moved_with_the_pose(augmented, error)


def test_shifts_are_along_the_floor_and_of_their_deviation(batch):
    (inputs, pose), error = batch
    augmented = shift(300.0)((inputs, pose), np.random.default_rng(1))
    moved = to_world(augmented[1]) - to_world(pose)
    np.testing.assert_allclose(moved, moved[:, :1] * np.ones((1, 17, 1)), atol=0.01)
    np.testing.assert_allclose(moved[..., 2], 0, atol=0.01)
    deviation = np.sqrt(np.mean(moved[:, 0, :2] ** 2, axis=0))
    np.testing.assert_allclose(deviation, 300.0, rtol=0.3)
    assert_keypoints_moved_with_the_pose(augmented, error)


def test_nobody_comes_near_the_camera_or_behind_it(batch):
    (inputs, pose), error = batch
    # All arms' length before the camera: no turn leaves everyone in front of it.
    near = pose - pose[:, :1] + np.float32([0, 0, 900])
    near[..., 2] = np.maximum(near[..., 2], 510)
    keypoints = np.float32(CAMERA.project(near) + error)
    _, moved = augmented = turn(180.0)(
        ({**inputs, "keypoints": keypoints}, near), np.random.default_rng(1)
    )
    assert moved[..., 2].min() >= 500
    is_same = (moved == near).all(axis=(1, 2))
    assert 0 < is_same.sum() < len(near)
    np.testing.assert_array_equal(
        augmented[0]["keypoints"][is_same], keypoints[is_same]
    )


def test_batches_hand_each_row_its_own_camera(batch):
    (_, pose), _ = batch
    clips = [
        Clip(
            subject="S1",
            action="Walking",
            take="1",
            camera=str(width),
            frame_rate=50.0,
            image_size=(width, 1000),
            intrinsics=np.array([width, width, width / 2, 500.0]),
            distortion=CAMERA.distortion,
            rotation=CAMERA.rotation,
            translation=CAMERA.translation,
            num_frames=4,
        )
        for width in (1000, 2000)
    ]
    cameras = {c.image_size[0]: (c.intrinsics, c.distortion) for c in clips}
    index = np.repeat([0, 1], 4).astype(np.int32)
    keypoints = [
        project(pose[i : i + 4], c.intrinsics, c.distortion)
        for i, c in zip((0, 4), clips)
    ]
    arrays = PoseArrays(
        keypoints_2d=np.concatenate(keypoints).astype(np.float32),
        pose_3d=pose,
        clips=clips,
        clip_index=index,
        frame_index=np.tile(np.arange(4), 2).astype(np.int32),
    )
    augmentations = other_bodies(0.1), turn(30.0)
    stream = list(
        itertools.islice(batches(arrays, 8, 0, augmentations=augmentations), 4)
    )
    for inputs, moved in stream:
        assert set(inputs) == {"keypoints", "image_size"}
        assert not np.isin(moved[:, 5, 0], pose[:, 5, 0]).any()
        for row in range(8):
            camera = cameras[int(inputs["image_size"][row, 0])]
            np.testing.assert_allclose(
                inputs["keypoints"][row], project(moved[row], *camera), atol=0.05
            )
    resumed = next(batches(arrays, 8, 0, start_step=3, augmentations=augmentations))
    np.testing.assert_array_equal(resumed[1], stream[3][1])
    np.testing.assert_array_equal(resumed[0]["keypoints"], stream[3][0]["keypoints"])


def test_turning_stays_within_the_largest_angle(batch):
    (inputs, pose), _ = batch
    _, moved = turn(10.0)((inputs, pose), np.random.default_rng(1))
    before, after = bones(pose), bones(moved)
    norms = np.linalg.norm(before, axis=-1) * np.linalg.norm(after, axis=-1)
    cosine = np.sum(before * after, axis=-1) / norms
    assert np.cos(np.radians(10.01)) < cosine.min() < np.cos(np.radians(5))


def test_some_people_lean_and_a_few_lie():
    count = 20000
    world = np.tile([[[0.0, 0, 900 + 10 * i] for i in range(17)]], (count, 1, 1))
    pose = CAMERA.from_world(world).astype(np.float32)
    inputs = {
        "keypoints": CAMERA.project(pose).astype(np.float32),
        "intrinsics": np.tile(np.float32(CAMERA.intrinsics), (count, 1)),
        "distortion": np.tile(np.float32(CAMERA.distortion), (count, 1)),
        "rotation": np.tile(np.float32(CAMERA.rotation), (count, 1, 1)),
    }
    augmented, tilted = tilt()((inputs, pose), np.random.default_rng(0))
    np.testing.assert_allclose(tilted[:, 0], pose[:, 0], atol=0.01)  # The hip.
    seen = CAMERA.project(tilted.astype(float))
    np.testing.assert_allclose(augmented["keypoints"], seen, atol=0.05)
    spine = to_world(tilted)[:, 16] - world[:, 0]
    np.testing.assert_allclose(np.linalg.norm(spine, axis=1), 160, rtol=1e-4)
    angle = np.degrees(np.arccos(np.clip(spine[:, 2] / 160, -1, 1)))
    assert np.mean(angle < 0.1) == pytest.approx(0.7, abs=0.02)
    assert np.mean(angle > 60) == pytest.approx(0.05, abs=0.015)
    assert angle.max() < 110
    leaning = angle[(angle > 0.1) & (angle < 50)]
    assert np.sqrt(np.mean(leaning**2)) == pytest.approx(22, abs=2)
    # In all directions alike.
    heading = np.degrees(np.arctan2(spine[:, 1], spine[:, 0]))[angle > 1]
    assert np.histogram(heading, 4, (-180, 180))[0].min() > 0.22 * len(heading)


def test_flip_swaps_sides_in_image_and_space():
    generator = np.random.default_rng(0)
    keypoints = generator.uniform(0, 1000, (2, 17, 2)).astype(np.float32)
    pose_3d = generator.normal(size=(2, 17, 3)).astype(np.float32)
    size = np.array([[1000, 1002], [640, 480]], np.float32)
    flipped, mirrored = flip(keypoints, size, pose_3d)
    left, right = H36M_17.index("LWrist"), H36M_17.index("RWrist")
    np.testing.assert_allclose(flipped[:, left, 0], size[:, 0] - keypoints[:, right, 0])
    np.testing.assert_array_equal(flipped[:, left, 1], keypoints[:, right, 1])
    np.testing.assert_array_equal(mirrored[:, left, 0], -pose_3d[:, right, 0])
    np.testing.assert_array_equal(mirrored[:, left, 1:], pose_3d[:, right, 1:])
    again = flip(flipped, size, mirrored)
    np.testing.assert_allclose(again[0], keypoints, atol=1e-3)
    np.testing.assert_array_equal(again[1], pose_3d)


def test_random_flip_flips_about_half_of_the_rows():
    inputs = {
        "keypoints": np.zeros((2000, 17, 2), np.float32),
        "image_size": np.full((2000, 2), 100, np.float32),
    }
    batch = inputs, np.ones((2000, 17, 3), np.float32)
    augmented, pose = random_flip()(batch, np.random.default_rng(1))
    flipped = pose[:, 0, 0] < 0
    assert 0.45 < flipped.mean() < 0.55
    np.testing.assert_array_equal(augmented["keypoints"][flipped, :, 0], 100)
    np.testing.assert_array_equal(augmented["keypoints"][~flipped, :, 0], 0)


def test_noise_has_the_deviation_asked_for():
    batch = {"keypoints": np.zeros((5000, 17, 2), np.float32)}, np.zeros((5000, 17, 3))
    inputs, _ = keypoint_noise(3.0)(batch, np.random.default_rng(0))
    assert inputs["keypoints"].dtype == np.float32
    assert abs(inputs["keypoints"].std() - 3.0) < 0.05
