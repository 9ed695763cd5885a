"""Which keypoints are fractions of the image, and what they are in pixels."""

import json

import numpy as np
import pytest

from propose_keras.inference.percents import MAYBE_PERCENTS, PERCENTS
from propose_keras.inference.sources import people_of
from propose_keras.inference.units import (
    CENTRED,
    CENTRED_BY_AXIS,
    FRACTIONS,
    MAYBE_BY_AXIS,
    in_pixels,
)
from propose_keras.keypoint_files import KeypointFileError, people_of_array
from propose_keras.skeletons import get_skeleton

SIZE = (1000.0, 500.0)


def people(values, layout):
    return list(people_of_array("keypoints", values, layout=layout))


def pose(layout="coco17"):
    """`(3, J, 2)` fractions."""
    count = {"coco17": 17, "mediapipe33": 33}[layout]
    return np.random.default_rng(0).uniform(0.2, 0.8, (3, count, 2))


def check(found, expected, note):
    for person, keypoints in zip(found, expected, strict=True):
        np.testing.assert_allclose(person.keypoints, keypoints, rtol=1e-5)
        assert person.notes == ((note,) if note else ())


def test_legs_far_below_the_image_are_fractions_still():
    values = pose()
    values[:, 11:, 1] += 4.0
    check(in_pixels(people(values, "coco17"), SIZE), values * SIZE, FRACTIONS)
    with pytest.raises(KeypointFileError, match="image_size"):
        list(in_pixels(people(values, "coco17"), None))


def test_joints_at_the_origin_do_not_decide():
    values = pose() * SIZE
    values[0], values[1, 5:] = 0.0, 0.0
    check(in_pixels(people(values, "coco17"), SIZE), values, None)
    values = pose()
    values[0] = 0.0
    check(in_pixels(people(values, "coco17"), SIZE), values * SIZE, FRACTIONS)


@pytest.mark.parametrize("layout", ["coco17", "mediapipe33"])
def test_landmarks_left_of_the_image_are_not_centred(layout):
    values = pose(layout) * [1.0, 0.6] - [0.5, 0.0]
    found = in_pixels(people(values, layout), SIZE)
    if layout == "mediapipe33":
        check(found, values * SIZE, FRACTIONS)
    else:
        check(found, (values + [1.0, 0.5]) * 500.0, CENTRED)


def test_heights_beyond_those_of_videopose3d_are_openposes(standing):
    """Of images wider than high only half the width is 1 with the former."""
    pixels = 0.3 * standing[:, :2] + [[[500, 270]], [[700, 290]]]
    values = 2 * pixels / SIZE - 1
    check(in_pixels(people(values, "h36m17"), SIZE), pixels, CENTRED_BY_AXIS)
    # Feet below the picture are no reason alone.
    for lower in (0, 60):
        values = (pixels + [0, lower]) / 500 - [1.0, 0.5]
        found = in_pixels(people(values, "h36m17"), SIZE)
        for person, keypoints in zip(found, pixels + [0, lower], strict=True):
            np.testing.assert_allclose(person.keypoints, keypoints, rtol=1e-5)
            assert person.notes == (CENTRED, MAYBE_BY_AXIS)


def test_both_units_in_one_source_are_refused():
    values = pose() * SIZE
    values[2] /= SIZE
    with pytest.raises(KeypointFileError, match="Frame 2, person 0: .* fractions"):
        list(in_pixels(people(values, "coco17"), SIZE))


def test_openposes_in_the_lower_half_only(standing):
    """Heads below the picture, as VideoPose3D's they would be, are never found."""
    pixels = 0.06 * standing[:, :2] + [[[450, 445]], [[520, 440]]]
    found = in_pixels(people(2 * pixels / SIZE - 1, "h36m17"), SIZE)
    check(found, pixels, CENTRED_BY_AXIS)


LARGE = (1920.0, 1080.0)


def write_percents(path, pixels, size=LARGE):
    """As annotation tools export them: lists by name, 0 to 100."""
    names = get_skeleton("coco17").joint_names
    rows = [
        {"frame": frame, "name": name, "x": x, "y": y, "score": 1.0}
        for frame, person in enumerate(100 * pixels / size)
        for name, (x, y) in zip(names, person.tolist())
    ]
    path.write_text(json.dumps(rows))
    return path


def test_percents_of_a_file_are_scaled_and_that_is_said(tmp_path):
    pixels = np.tile(pose(), (4, 1, 1)) * LARGE
    path = write_percents(tmp_path / "a.json", pixels)
    check(people_of(path, image_size=LARGE), pixels, PERCENTS)
    # Pixels, if there is no room for percents or the size is not known.
    for size in ((399.0, 1080.0), None):
        check(people_of(path, image_size=size), 100 * pixels / LARGE, None)


def test_pixels_and_percents_in_one_source_are_refused():
    values = 100 * pose()
    values[2] *= 15
    check(in_pixels(people(values, "coco17"), LARGE), values, None)
    many = np.concatenate([np.tile(values[:1], (500, 1, 1)), values[2:]])
    with pytest.raises(KeypointFileError, match="Frame 500, .* others are percents"):
        list(in_pixels(people(many, "coco17"), LARGE))


def test_a_few_people_in_the_corner_may_be_in_pixels():
    """So may those who cover little of it; a frame of a live stream decides nothing."""
    few, small = 100 * pose(), np.tile(20 + 30 * pose(), (4, 1, 1))
    for values in (few, small):
        check(in_pixels(people(values, "coco17"), LARGE), values, MAYBE_PERCENTS)
