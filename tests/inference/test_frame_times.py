import dataclasses

import numpy as np
import pytest

from propose_keras.inference.frame_times import FrameTimes, frame_number, timed
from propose_keras.keypoint_files import PersonKeypoints


@pytest.mark.parametrize(
    ("name", "number"),
    [
        (7, 7),
        ("000012.jpg", 12),
        ("walk_2_000012.jpg", 12),
        ("video_000000000010", 10),
        ("clips/cam3/frame-5.png", 5),
        ("frame5.v", 5),
        ("C:\\video2\\shot.jpg", None),
        ("left.png", None),
        ("1.25", None),
        (2**60, None),
        ("99999999999999999999999.jpg", None),
    ],
)
def test_number_in_a_name(name, number):
    assert frame_number(name) == number


@pytest.mark.parametrize(
    ("names", "times"),
    [
        ([3, 3, 4, 7, 12], [3, 3, 4, 7, 12]),
        (["f_8.png", "f_9.png", "f_12.png"], [8, 9, 12]),
        (["a", "a", "b", "c"], [0, 0, 1, 2]),
        (["5.jpg", "cover.jpg", "9.jpg"], [5, 6, 9]),
        (["a/1", "a/2", "b/1", "b/2", "b/5"], [1, 2, 3, 4, 7]),
        ([-2, -1, 3], [-2, -1, 3]),
        (["0.04", "0.08", "0.12"], [0, 1, 2]),
    ],
)
def test_times_increase(names, times):
    clock = FrameTimes()
    assert [clock(name) for name in names] == times


def test_starting_over_is_said_once():
    nobody = PersonKeypoints(0, 0, np.zeros((17, 2)), np.zeros(17), "coco17")
    names = ["a/1", "a/2", "b/1", "b/1", "b/2"]
    people = [dataclasses.replace(nobody, frame=name) for name in names]
    found = list(timed(people))
    assert [person.time for person in found] == [1, 2, 3, 3, 4]
    assert [bool(person.notes) for person in found] == [0, 0, 1, 0, 0]
    assert "start over at 'b/1'" in found[2].notes[0]


def test_known_times_stay():
    person = PersonKeypoints("x", 0, np.zeros((17, 2)), np.zeros(17), "coco17", time=40)
    assert next(timed([person])) is person
