import numpy as np
import pytest

from propose_keras import skeletons
from propose_keras.data.landmarks import NUM_FREE_ANGLES, landmarks
from propose_keras.skeletons import H36M_17, SKELETONS, Skeleton, convert, get_skeleton

LAYOUTS = sorted(SKELETONS)


@pytest.fixture
def poses(standing):
    """Three people of whom none is like the other, `(3, 17, 3)` mm."""
    return standing + 40 * np.random.default_rng(0).normal(size=(3, 17, 3))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_brought_back_they_are_the_person(standing, layout):
    points = landmarks(standing[None], layout, np.zeros((1, NUM_FREE_ANGLES)))
    assert points.shape == (1, get_skeleton(layout).num_joints, 3)
    away = np.linalg.norm(convert(points, layout)[0] - standing, axis=-1)
    # Maps move the nose and the head: see `skeletons`.
    assert away.max() < 160
    assert np.median(away) < 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_mirror_image_has_the_mirrored_joints(poses, layout):
    noise = np.random.default_rng(1).normal(size=(3, NUM_FREE_ANGLES))
    points = landmarks(poses, layout, noise)
    mirrored = landmarks(
        poses[:, H36M_17.flip] * [-1, 1, 1],
        layout,
        # The head turns the other way; feet and hands change places.
        noise[:, [0, 1, 3, 2, 5, 4]] * [-1, 1, -1, -1, 1, 1],
    )
    flip = list(get_skeleton(layout).flip)
    np.testing.assert_allclose(mirrored[:, flip] * [-1, 1, 1], points, atol=1e-6)


def test_faces_hands_and_feet_are_where_they_belong(standing):
    names = get_skeleton("mediapipe33").joint_names
    points = landmarks(standing[None], "mediapipe33", np.zeros((1, NUM_FREE_ANGLES)))[0]
    at = dict(zip(names, points))
    # x is the person's left, y down, z away from where the person looks.
    assert at["Nose"][2] < at["LEye"][2] < at["LEar"][2]
    assert at["REar"][0] < at["REye"][0] < at["Nose"][0] < at["LEye"][0]
    assert at["LEye"][1] < at["Nose"][1] < at["LMouth"][1] < at["LShoulder"][1]
    for side in "LR":
        assert at[side + "FootIndex"][2] < at[side + "Ankle"][2] < at[side + "Heel"][2]
        assert at[side + "Heel"][1] > at[side + "Ankle"][1]
        assert at[side + "Index"][1] > at[side + "Wrist"][1]
        assert at[side + "Thumb"][2] < at[side + "Pinky"][2]


def test_noise_turns_the_head_and_nothing_else(standing):
    noise = np.zeros((1, NUM_FREE_ANGLES))
    straight = landmarks(standing[None], "coco17", noise)[0]
    noise[0, 0] = 1.0
    turned = landmarks(standing[None], "coco17", noise)[0]
    assert (turned - straight)[0, 0] > 40  # The nose, to the person's left.
    np.testing.assert_array_equal(turned[5:], straight[5:])


def test_joints_that_are_not_known(standing, monkeypatch):
    wings = Skeleton("angel2", ("Nose", "Wing"), (-1, 0), (), ())
    monkeypatch.setitem(skeletons.SKELETONS, "angel2", wings)
    with pytest.raises(ValueError, match="Where is 'Wing' of 'angel2'"):
        landmarks(standing[None], "angel2", np.zeros((1, NUM_FREE_ANGLES)))
