"""People are followed, and sides put back; whole scenes are in tests/benchmarks."""

import dataclasses

import numpy as np
import pytest

from propose_keras.inference.sides import mended
from propose_keras.inference.sources import people_of
from propose_keras.inference.tracking import PATIENCE, tracked
from propose_keras.keypoint_files import PersonKeypoints
from propose_keras.skeletons import COCO_17

RIGHT, LEFT = np.array([8.0, 0.0]), np.array([-8.0, 0.0])


@pytest.fixture
def body():
    """Keypoints `(17, 2)` of somebody 200 pixels tall."""
    rng = np.random.default_rng(3)
    keypoints = rng.uniform(-20, 20, (17, 2))
    keypoints[:, 1] += np.linspace(-90, 90, 17)
    for left, right in zip(COCO_17.left, COCO_17.right):
        keypoints[left, 0], keypoints[right, 0] = 30.0, -30.0
    return keypoints


def person(keypoints, time, place=0, scores=None, **changes):
    return PersonKeypoints(
        frame=f"{time:04d}.jpg",
        person=place,
        keypoints=np.asarray(keypoints, np.float32),
        scores=np.ones(17, np.float32) if scores is None else scores,
        layout="coco17",
        time=time,
        **changes,
    )


def crossing(body, num_frames=60):
    """Two people who cross; the first of a frame is every other time the other one."""
    rng = np.random.default_rng(0)
    for time in range(num_frames):
        people = [
            person(body + [200, 300] + RIGHT * time, time),
            person(body + [680, 310] + LEFT * time, time),
        ]
        order = rng.permutation(2)
        yield [(int(who), people[who]) for who in order]


def test_people_who_cross_keep_their_numbers(body):
    frames = list(crossing(body))
    found = list(tracked(p for frame in frames for _, p in frame))
    numbers = {}
    for (who, _), p in zip((row for frame in frames for row in frame), found):
        numbers.setdefault(who, set()).add(p.person)
    assert sorted(map(len, numbers.values())) == [1, 1]
    assert {p.person for p in found} == {0, 1}
    assert all(p.tracked for p in found)
    assert [p.frame for p in found] == [p.frame for frame in frames for _, p in frame]


def test_a_gap_is_waited_for_and_a_long_one_is_not(body):
    def times(gap):
        return [*range(5), *range(5 + gap, 10 + gap)]

    for gap, expected in ((PATIENCE - 1, {0}), (PATIENCE + 1, {0, 1})):
        people = [person(body, time) for time in times(gap)]
        assert {p.person for p in tracked(people)} == expected


@pytest.mark.parametrize("step", [10, 33, 1000])
def test_frames_may_be_numbered_in_larger_steps(body, step):
    """Every tenth frame of a video, or milliseconds."""
    people = [person(body + 2 * RIGHT * n, n * step) for n in range(8)]
    assert {p.person for p in tracked(people)} == {0}
    late = [*range(5), *range(6 + PATIENCE, 10 + PATIENCE)]
    people = [person(body, n * step) for n in late]
    assert {p.person for p in tracked(people)} == {0, 1}


def test_who_comes_elsewhere_is_new(body):
    people = [person(body, 0), person(body + [400, 0], 1), person(body + [400, 0], 2)]
    people.insert(1, person(body + [150, 0], 0))
    assert [p.person for p in tracked(people)] == [0, 1, 2, 2]


@pytest.mark.parametrize("exchanged", [False, True])
def test_of_people_detected_twice_the_surer_stays(body, exchanged):
    order = list(COCO_17.flip) if exchanged else slice(None)
    low = np.full(17, 0.4, np.float32)
    people = [person((body + 1)[order], 0, scores=low), person(body, 0, place=1)]
    people += [person(body + [300, 0], 0, place=2)]
    found = list(tracked(people))
    assert [p.person for p in found] == [0, 1]
    np.testing.assert_array_equal(found[0].keypoints, people[1].keypoints)


def test_half_covered_people_are_followed(body):
    legs = np.ones(17, np.float32)
    legs[:11] = 0.0
    people = []
    for time in range(20):
        people += [
            person(body + RIGHT * time, time, scores=legs if time % 3 else None),
            person(body + [0, 260] - RIGHT * time, time, place=1),
        ]
    assert [p.person for p in tracked(people)] == [0, 1] * 20


def test_numbers_of_the_source_are_kept_unless_asked(body):
    people = [person(body, t, place="anna", tracked=True) for t in range(3)]
    assert {p.person for p in tracked(people)} == {"anna"}
    assert {p.person for p in tracked(people, True)} == {0}
    places = [dataclasses.replace(p, tracked=False) for p in people]
    assert {p.person for p in tracked(places, False)} == {"anna"}
    assert list(tracked([])) == []


def moving(body, num_frames, exchanged, swap):
    for time in range(num_frames):
        keypoints = body + 0.3 * RIGHT * time
        if time in exchanged:
            keypoints = keypoints[list(swap)]
        yield person(keypoints, time, tracked=True)


LEGS = np.arange(17)
LEGS[11:17] = [12, 11, 14, 13, 16, 15]


@pytest.mark.parametrize("swap", [COCO_17.flip, LEGS])
@pytest.mark.parametrize(
    ("exchanged", "put_back"),
    [
        ([5], [5]),
        ([5, 6, 7], [5, 6, 7]),
        ([3, 8, 9], [3, 8, 9]),
        (range(5, 20), []),  # Turned about, for all that is known.
        ([0], []),  # Nothing came before.
        ([], []),
    ],
)
def test_sides_exchanged_in_single_frames_are_put_back(body, swap, exchanged, put_back):
    found = list(mended(moving(body, 20, exchanged, swap)))
    assert [p.time for p in found if p.sides_exchanged] == put_back
    exact = list(moving(body, 20, [], swap))
    for p in found:
        if p.time not in set(exchanged) - set(put_back):
            np.testing.assert_array_equal(p.keypoints, exact[p.time].keypoints)


def test_sides_that_lie_over_each_other_are_left(body):
    body = body.copy()
    body[:, 0] *= 0.05
    rng = np.random.default_rng(1)
    people = [
        person(body + rng.normal(0, 2, (17, 2)), time, tracked=True)
        for time in range(50)
    ]
    assert not any(p.sides_exchanged for p in mended(people))


def test_people_who_are_not_tracked_are_left(body):
    people = [
        dataclasses.replace(p, tracked=False)
        for p in moving(body, 9, [4], COCO_17.flip)
    ]
    assert list(mended(people)) == people


def test_frames_are_read_no_further_than_looked_ahead(body):
    read = []

    def camera():
        for time in range(100):
            read.append(time)
            yield body + RIGHT * time

    first = next(people_of(camera(), "coco17"))
    assert first.time == 0
    assert len(read) <= 6


def test_people_in_any_order_are_grouped_by_frame(body):
    people = [
        dataclasses.replace(person(body, t, place=who), time=None, tracked=True)
        for who in (0, 1)
        for t in (0, 1, 2, 10)
    ]
    found = list(people_of(people))
    assert [(p.time, p.person) for p in found] == [
        *[(t, who) for t in (0, 1, 2, 10) for who in (0, 1)]
    ]
