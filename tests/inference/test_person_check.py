"""Clips of the synthetic human, written in many layouts and read in many ways."""

import numpy as np
import pytest
from synthetic_human import generate_clips

from propose_keras import Lifter
from propose_keras.data.landmarks import NUM_FREE_ANGLES, landmarks
from propose_keras.inference.person_check import PersonCheck, PersonWarning
from propose_keras.inference.units import in_pixels
from propose_keras.keypoint_files import KeypointWarning, people_of_array
from propose_keras.skeletons import (
    H36M_17,
    SKELETONS,
    convert,
    get_skeleton,
    layouts_alike,
)

SIZE = (1000, 1000)
# What posetrack17 is named as: the two differ in two joints of the head.
NAMED = {"posetrack17": "coco17"}
PAIRS = [
    (a, b)
    for a in sorted(SKELETONS)
    for b in layouts_alike(a)[1:]
    if NAMED.get(a, a) != NAMED.get(b, b)
]
ACTIONS = ("Walking", "Sitting", "Eating", "Greeting")


@pytest.fixture(scope="module")
def clips():
    """Ten frames of each action, `{action: (10, 17, 3)}` mm in a camera's frame."""
    found = {}
    for clip in generate_clips(("S9",), 1, 2.0, 5.0):
        found.setdefault(clip["action"], clip["pose_3d"].astype(float))
    return found


def pixels(pose_3d, layout="h36m17", place=(500, 500)):
    """Poses as a detector of a layout sees them, `(N, J, 2)`."""
    points = landmarks(pose_3d, layout, np.zeros((1, NUM_FREE_ANGLES)))
    points = points - pose_3d[:, :1] + [0, 0, 5000]
    return points[..., :2] / points[..., 2:] * 1100 + np.array(place)


def said_of_fractions(keypoints, size):
    """What the check says of fractions of an image."""
    check = PersonCheck(size)
    people = in_pixels(people_of_array("clip", keypoints, layout="h36m17"), size)
    notes = [str(note) for person in people for note in check.add(person)]
    return notes + [str(note) for note in check.finish()]


def said(keypoints, layout="h36m17", size=SIZE, scores=None, at_end=True):
    """What the check says."""
    check = PersonCheck(size, 0.3)
    people = people_of_array("clip", keypoints, scores, layout)
    notes = [str(note) for person in people for note in check.add(person)]
    return notes + [str(note) for note in check.finish() if at_end]


def turned(pose_3d, angle):
    """Poses turned about the camera's x axis, so that their heads come nearer."""
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    root = pose_3d[:, :1]
    matrix = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return (pose_3d - root) @ matrix.T + root


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("layout", sorted(SKELETONS))
def test_people_are_people_in_every_layout(clips, action, layout):
    keypoints = pixels(clips[action], layout)
    assert said(keypoints, layout) == []
    names = get_skeleton(layout).joint_names
    for parts in (
        ("Knee", "Ankle", "Foot"),
        ("Knee", "Ankle", "Foot", "Hip", "Pelvis"),
    ):
        scores = [float(not any(part in name for part in parts)) for name in names]
        assert said(keypoints, layout, scores=np.tile(scores, (10, 1))) == []
    for frame in range(0, 10, 3):
        assert said(keypoints[frame : frame + 1], layout) == []


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("angle", [-30, 30, 50, 70])
def test_people_are_people_from_above_and_below(clips, action, angle):
    assert said(pixels(turned(clips[action], angle))) == []


@pytest.mark.parametrize("action", ["Walking", "Greeting", "SittingDown"])
def test_people_who_sit_on_the_floor_and_lie(clips, action):
    keypoints = pixels(clips[action])
    assert said(keypoints) == []
    # Turned by a right angle, the head at the right.
    lying = np.stack([1000 - keypoints[..., 1], keypoints[..., 0]], axis=-1)
    assert said(lying) == []


def test_of_lying_people_exchanged_axes_cannot_be_told(clips):
    (note,) = said(pixels(clips["Walking"])[..., ::-1])
    assert note.startswith("These people lie on their sides")
    assert "If the people do lie, all is well." in note


@pytest.mark.parametrize(("written", "read"), PAIRS)
def test_other_joint_orders_are_named(clips, written, read):
    for action in ACTIONS:
        (note,) = said(pixels(clips[action], written), read)
        name = NAMED.get(written, written)
        assert f"As {read} these are not people; as {name} they are." in note
        assert f"Pass the layout {name} " in note
        assert "10 poses" in note


@pytest.mark.parametrize("layout", ["h36m17", "coco17", "body25"])
def test_y_upward_and_exchanged_axes_are_said(clips, layout):
    for action in ACTIONS:
        keypoints = pixels(clips[action], layout)
        for upward in ([0, 1000] + keypoints * [1, -1], keypoints * [1, -1]):
            (note,) = said(upward, layout)
            assert "upside down, as they are where y points upward" in note
        (note,) = said(keypoints[..., ::-1], layout)
        assert "where x and y are exchanged" in note


def test_an_order_with_y_upward_is_found(clips):
    keypoints = pixels(clips["Walking"], "coco17") * [1, -1] + [0, 1000]
    (note,) = said(keypoints, "3dhp17")
    assert "as coco17 they are, if y is turned" in note


def test_arms_that_contradict_the_legs(clips):
    arms = list(range(11)) + [14, 15, 16, 11, 12, 13]
    frontal = np.concatenate([clips[action] for action in ACTIONS])
    (note,) = said(pixels(frontal)[:, arms])
    assert "Left and right of the arms contradict" in note


def test_what_is_nobody_in_any_order(clips):
    order = np.random.default_rng(1).permutation(17)
    (note,) = said(pixels(clips["Walking"])[:, order])
    assert "As h36m17 these are not people, nor in another known order" in note
    (note,) = said(pixels(clips["Walking"])[:1, order])
    assert "one pose" in note


def test_the_sides_of_a_whole_person_are_not_judged(clips):
    """A mirror image in depth is a person, too."""
    assert said(pixels(clips["Walking"])[:, H36M_17.flip]) == []


def test_width_and_height_exchanged(clips):
    keypoints = pixels(clips["Walking"], place=(1500, 500))
    assert said(keypoints, size=(1920, 1080)) == []
    (note,) = said(keypoints, size=(1080, 1920))
    assert "outside the image of 1080 x 1920 pixels; in one of 1920 x 1080" in note


def test_legs_guessed_below_the_edge_say_nothing_of_the_size(clips):
    for action in ACTIONS:
        cut_off = pixels(clips[action], place=(300, 725))
        assert (cut_off[..., 1] > 720).mean() > 0.25
        assert said(cut_off, size=(1280, 720)) == []


def test_a_size_that_is_far_too_small(clips):
    keypoints = pixels(clips["Walking"], place=(1500, 700))
    (note,) = said(keypoints, size=(640, 360))
    assert note.startswith("100 % of the joints lie outside the image of 640 x 360")
    assert "Pass the size of the images" in note


def test_exchanged_axes_have_to_fit_into_the_image(clips):
    """Someone who lies at the right of a wide image, the head to the left."""
    lying = pixels(clips["Walking"])[..., ::-1] + [1000, 0]
    assert said(lying, size=None) != []
    assert said(lying, size=(1920, 1080)) == []


def test_exchanged_axes_of_fractions_have_their_own_units(clips):
    """As MoveNet's y and x read as x and y: exchanged, they lie inside."""
    size = (1920, 1080)
    fractions = pixels(clips["Walking"], place=(1000, 540)) / size
    assert said_of_fractions(fractions, size) == []
    (note,) = said_of_fractions(fractions[..., ::-1], size)
    assert "where x and y are exchanged" in note


def test_it_is_said_once_and_as_soon_as_ten_are_seen(clips):
    keypoints = np.tile(pixels(clips["Walking"], "coco17"), (30, 1, 1))
    assert len(said(keypoints, "h36m17")) == 1
    assert len(said(keypoints[:10], "h36m17", at_end=False)) == 1
    assert said(keypoints[:9], "h36m17", at_end=False) == []
    assert len(said(keypoints[:9], "h36m17")) == 1


def test_a_source_that_was_clear_is_not_looked_at_any_more(clips):
    upright = np.tile(pixels(clips["Walking"]), (16, 1, 1))
    upside_down = np.tile(upright * [1, -1], (20, 1, 1))
    assert said(np.concatenate([upright, upside_down])) == []
    assert len(said(np.concatenate([upright[:20], upside_down]))) == 1


def test_people_of_whom_little_is_seen_say_nothing(clips):
    keypoints = pixels(clips["Walking"])
    scores = np.zeros((10, 17))
    scores[:, :5] = 1.0
    assert said(keypoints * [1, -1], scores=scores) == []
    scores[:, 5:] = 0.2  # Under the threshold.
    assert said(keypoints * [1, -1], scores=scores) == []
    assert said(np.full((10, 17, 2), 7.0)) == []


def test_only_the_first_layout_is_looked_at(clips):
    check = PersonCheck(SIZE)
    right = people_of_array("a", pixels(clips["Walking"]), layout="h36m17")
    wrong = people_of_array("b", pixels(clips["Walking"], "coco17"), layout="3dhp17")
    assert not [n for p in [*right, *wrong] for n in check.add(p)]
    assert not list(check.finish())


@pytest.mark.parametrize("batch_size", [1, 4, 10])
def test_lifters_warn_once_and_keep_it_in_the_result(model, clips, batch_size):
    lifter = Lifter(model, num_hypotheses=2, batch_size=batch_size)
    keypoints = pixels(clips["Walking"], "coco17")
    with pytest.warns(PersonWarning, match="as coco17 they are") as caught:
        found = lifter(keypoints, "h36m17", SIZE)
    assert len(caught) == len(found.warnings) == 1
    assert issubclass(PersonWarning, KeypointWarning)
    # Few enough to be judged at the end, when all batches were full.
    with pytest.warns(PersonWarning) as caught:
        parts = list(lifter.stream(keypoints[:8], "h36m17", SIZE))
    assert [warning.filename for warning in caught] == [__file__]
    assert sum(map(len, parts)) == 8
    assert len(parts[-1].warnings) == 1
    assert lifter(keypoints, "coco17", SIZE).warnings == ()
    assert lifter(convert(keypoints, "coco17"), "h36m17", SIZE).warnings == ()
