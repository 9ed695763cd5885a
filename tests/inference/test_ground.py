"""The floor of exact poses, seen by a camera of known height and direction."""

import dataclasses
import warnings

import numpy as np
import pytest
from walks import FRAME_RATE, placed, walk

from propose_keras.inference import (
    Ground,
    GroundWarning,
    LiftedPoses,
    estimate_ground,
    in_world,
)
from propose_keras.inference.bones import stature
from propose_keras.inference.foot_contacts import FEET

UP = np.array([0.0, 0, 1])


def true_ground(clip):
    return Ground(clip["rotation"] @ UP, float(clip["translation"][2]))


def degrees(first, second):
    return np.degrees(np.arccos(np.clip(first @ second, -1, 1)))


@pytest.fixture(scope="module")
def clip():
    return walk()


def test_the_floor_is_where_feet_rest(clip):
    found = estimate_ground(placed(clip["pose_3d"]), FRAME_RATE)
    true = true_ground(clip)
    assert degrees(found.normal, true.normal) < 1.0
    # What the body's ankles differ from the mean share of the stature.
    assert found.height == pytest.approx(true.height, abs=40)
    assert found.num_rests > 8
    assert found.camera_height == found.height


def test_feet_on_steps_and_people_who_bend_change_little(clip):
    pose = clip["pose_3d"].astype(float)
    up = clip["rotation"] @ UP
    steps = pose + 300 * up * (np.arange(len(pose)) % 90 < 20)[:, None, None]
    poses = placed(np.concatenate([pose, steps + [2500, 0, 0]]))
    poses = dataclasses.replace(
        poses,
        frame=np.tile(np.arange(len(pose)), 2),
        person=np.repeat([3, 7], len(pose)),
    )
    found = estimate_ground(poses, FRAME_RATE)
    alone = estimate_ground(placed(pose), FRAME_RATE)
    assert degrees(found.normal, alone.normal) < 1.0
    assert found.height == pytest.approx(alone.height, abs=25)


def test_the_world_is_the_true_one_up_to_a_turn(clip):
    pose = clip["pose_3d"].astype(float)
    poses = placed(pose)
    found = in_world(poses, true_ground(clip))
    truth = pose @ clip["rotation"] + clip["translation"]
    joints = found.root[:, None] + found.mode
    np.testing.assert_allclose(joints[..., 2], truth[..., 2], atol=0.1)
    # The camera's right has no height, and the camera is above the origin.
    assert found.mode.shape == pose.shape
    origin = true_ground(clip).to_world(np.zeros(3))
    np.testing.assert_allclose(origin, [0, 0, clip["translation"][2]], atol=1e-6)
    offset = true_ground(clip).to_world(np.array([1000.0, 0, 0])) - origin
    assert offset[0] > 990
    assert offset[1] == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(
        np.linalg.norm(np.diff(joints, axis=0), axis=-1),
        np.linalg.norm(np.diff(truth, axis=0), axis=-1),
        atol=0.1,
    )
    # The line of sight, which is where the root is least certain, is turned, too.
    axis = np.linalg.eigh(found.root_covariance[0])[1][:, -1]
    sight = true_ground(clip).rotation @ [0, 0, 1]
    assert abs(axis @ sight) == pytest.approx(1, abs=1e-4)
    assert found.axes.startswith("world: x right")
    np.testing.assert_allclose(found.forward, sight, atol=1e-6)
    again = LiftedPoses.concatenate([found.subset([0, 1]), found.take(2)])
    assert again.axes == found.axes
    assert again.forward == found.forward


def test_modes_are_the_same_in_the_world(clip):
    """Arms that may be before or behind, told by depth in either axes."""
    poses = placed(clip["pose_3d"][:2])
    hypotheses = np.repeat(poses.mode[:, None], 80, axis=1)
    hypotheses[:, 30:, 13, 2] += 400
    hypotheses += np.random.default_rng(0).normal(0, 5, hypotheses.shape)
    poses = dataclasses.replace(
        poses,
        hypotheses=hypotheses,
        root_hypotheses=np.repeat(poses.root[:, None], 80, axis=1),
    )
    ground = true_ground(clip)
    found, expected = in_world(poses, ground).modes(), poses.modes()
    np.testing.assert_array_equal(found.members, expected.members)
    np.testing.assert_allclose(expected.weights[:, :2], [[0.625, 0.375]] * 2)
    turned = expected.poses @ ground.rotation.T
    np.testing.assert_allclose(found.poses, turned, atol=0.1)


def test_a_known_camera_gives_the_size(clip):
    true = true_ground(clip)
    small = placed(0.8 * clip["pose_3d"].astype(float))
    height = true.height / 1000
    found = estimate_ground(small, FRAME_RATE, height, true.camera_pitch)
    assert found.camera_pitch == pytest.approx(true.camera_pitch, abs=1e-6)
    assert found.camera_height == pytest.approx(true.height)
    # As far as the ankles' share of the stature is the body's.
    assert found.scale == pytest.approx(1 / 0.8, rel=0.03)
    tall = stature(in_world(small, found).mode.astype(float))
    assert tall[0] == pytest.approx(stature(clip["pose_3d"][0]), rel=0.03)
    with pytest.warns(GroundWarning, match=r"makes the people 16\.\d\d m tall"):
        estimate_ground(small, FRAME_RATE, 10 * height)


def test_without_feet_at_rest_up_is_the_cameras(clip):
    poses = placed(clip["pose_3d"][:40])
    missing = poses.missing.copy()
    missing[:, FEET] = True
    nowhere = np.full((40, 3), np.nan)
    for blind, why in (
        (dataclasses.replace(poses, missing=missing), "feet were seen at rest 0 times"),
        (dataclasses.replace(poses, root=nowhere), r"without the image's size"),
        (poses.subset([0]), "feet were seen at rest 0 times"),
    ):
        with pytest.warns(GroundWarning, match=f"could not be found: {why}"):
            found = estimate_ground(blind, FRAME_RATE)
        np.testing.assert_array_equal(found.normal, [0, -1, 0])
        assert found.num_rests == 0
        assert np.isfinite(found.height)
    # Those who stand stand on it all the same.
    with pytest.warns(GroundWarning):
        found = estimate_ground(dataclasses.replace(poses, missing=missing))
    ankles = found.to_world(poses.root[:, None] + poses.mode)[:, FEET, 2].min(axis=1)
    assert np.median(ankles) == pytest.approx(0.039 * 1700, abs=15)
    with pytest.warns(GroundWarning) as told:
        above = dataclasses.replace(
            poses, missing=missing, root=poses.root - [0, 9e3, 0]
        )
        estimate_ground(above, camera_height=1.5)
    assert "gives nobody a size" in str(told[-1].message)


def test_who_stands_still_tells_the_floor_by_being_upright(standing):
    """Feet in one place leave the plane's direction to the body."""
    tilt = np.radians(12)
    turn = np.array(
        [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    )
    pose = standing @ turn.T + [0, 300, 4000]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = estimate_ground(placed(np.tile(pose, (60, 1, 1))), FRAME_RATE)
    assert degrees(found.normal, turn @ [0, -1, 0]) < 3
    assert found.num_rests == 4


def test_mistakes_are_told(clip):
    poses = placed(clip["pose_3d"][:2])
    for wrong, message in (
        ({"frame_rate": 0}, "`frame_rate` above 0"),
        ({"camera_height": -1.5}, "in metres, above 0"),
        ({"camera_pitch": 90}, "from -60 to 60"),
    ):
        with pytest.raises(ValueError, match=message):
            estimate_ground(poses, **wrong)
    with pytest.raises(ValueError, match="three numbers"):
        Ground(np.zeros(3), 1500.0)
