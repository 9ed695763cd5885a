import numpy as np
import pytest
import synthetic_human as synthetic

from propose_keras.data import cameras


@pytest.fixture(scope="module")
def clips():
    return list(synthetic.generate_clips(synthetic.SUBJECTS, 1, 8.0, 5.0))


def test_every_action_camera_and_subject_is_there(clips):
    seen = {(c["subject"], c["action"], c["take"], c["camera"]) for c in clips}
    assert len(seen) == len(clips) == 7 * 15 * 4
    assert len({c["action"] for c in clips}) == 15
    assert [c["camera"] for c in clips[:4]] == [
        *("54138969", "55011271", "58860488", "60457274")
    ]
    sizes = [tuple(c["image_size"]) for c in clips[:4]]
    assert sizes == [(1000, 1002), (1000, 1000), (1000, 1000), (1000, 1002)]
    assert not set(synthetic.TRAIN_SUBJECTS) & set(synthetic.TEST_SUBJECTS)


def test_people_are_in_front_of_the_cameras_and_in_the_image(clips):
    inside = [
        np.all((c["keypoints_2d"] >= 0) & (c["keypoints_2d"] < c["image_size"]), -1)
        for c in clips
    ]
    assert np.mean(inside) >= 0.99
    depth = np.concatenate([c["pose_3d"][..., 2].ravel() for c in clips])
    assert depth.min() > 1500 and depth.max() < 9000


def test_keypoints_are_the_projected_pose(clips):
    for clip in clips[::7]:
        again = cameras.project(
            clip["pose_3d"].astype(np.float64), clip["intrinsics"], clip["distortion"]
        )
        np.testing.assert_allclose(clip["keypoints_2d"], again, atol=0.01)


def test_cameras_see_one_world(clips):
    worlds = [
        c["pose_3d"] @ c["rotation"].astype(np.float64) + c["translation"]
        for c in clips[:4]
    ]
    for world in worlds[1:]:
        np.testing.assert_allclose(world, worlds[0], atol=0.05)
    assert worlds[0][..., 2].min() > 0


@pytest.mark.parametrize("subject", synthetic.SUBJECTS)
def test_cameras_stand_around_the_scene(subject):
    rig = synthetic.synthesize_cameras(subject, 0)
    for camera in rig:
        rotation = camera.rotation
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation) == pytest.approx(1.0)
        assert 1200 < camera.translation[2] < 1900
        assert 4200 < np.linalg.norm(camera.translation[:2]) < 6200
        middle = camera.project(camera.from_world(np.array([0.0, 0.0, 900.0])))
        assert np.abs(middle - camera.intrinsics[2:]).max() < 40
        # A point above another is higher in the image, whose y points down.
        above = camera.project(camera.from_world(np.array([0.0, 0.0, 1500.0])))
        assert above[1] < middle[1] - 50
    bearings = np.degrees([np.arctan2(*c.translation[1::-1]) for c in rig])
    assert np.ptp(bearings) > 150


def test_clips_do_not_depend_on_the_others(clips):
    alone = next(synthetic.generate_clips(("S9",), 1, 8.0, 5.0))
    same = next(c for c in clips if c["subject"] == "S9")
    for name, value in alone.items():
        np.testing.assert_array_equal(value, same[name])


def test_a_lifter_has_something_to_learn(clips):
    def poses(subjects):
        poses = [c["pose_3d"] for c in clips if c["subject"] in subjects]
        poses = np.concatenate(poses)
        return poses - poses[:, :1]

    mean = poses(synthetic.TRAIN_SUBJECTS).mean(axis=0)
    error = np.linalg.norm(poses(synthetic.TEST_SUBJECTS) - mean, axis=-1).mean()
    assert 120 < error < 350
