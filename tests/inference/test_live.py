"""Frames lifted as they come are followed, lifted as others, and smoothed."""

import numpy as np
import pytest

from propose_keras import Lifter
from propose_keras.keypoint_files import KeypointWarning, PersonKeypoints

SIZE = (1000, 1000)


@pytest.fixture(scope="module")
def lifter(model):
    return Lifter(model, num_hypotheses=6, batch_size=2, correlation_time=5.0)


@pytest.fixture(scope="module")
def clip(keypoints):
    """Two people in eight frames, `(8, 2, 17, 2)`, the second 500 pixels aside."""
    moved = keypoints[:1] + np.arange(8.0)[:, None, None] * [3.0, 0.0]
    return np.stack([moved, moved + [500.0, 0.0]], axis=1)


def test_each_frame_is_lifted_as_in_a_stream(lifter, clip):
    live = lifter.live("h36m17", SIZE)
    whole = lifter(clip, "h36m17", SIZE, track=True)
    for time, frame in enumerate(clip):
        # A detector lists people in any order.
        poses = live(frame[::-1] if time % 2 else frame)
        assert poses.frame.tolist() == [time] * 2
        order = np.argsort(poses.person)
        np.testing.assert_allclose(
            poses.hypotheses[order], whole.hypotheses[2 * time : 2 * time + 2], atol=0.1
        )


def test_frames_may_be_missing_empty_or_of_one_person(lifter, clip):
    live = lifter.live("h36m17", SIZE)
    assert len(live([])) == 0
    assert live(clip[0, 0]).person.tolist() == [0]
    poses = live(clip[4], time=9)
    assert poses.frame.tolist() == [9, 9]
    assert poses.person.tolist() == [0, 1]
    with pytest.raises(ValueError, match="`time` above 9"):
        live(clip[4], time=9)
    few = np.concatenate([clip[4], np.zeros((2, 17, 1))], axis=-1)
    poses = live(few)
    assert (len(poses), poses.num_skipped) == (0, 2)


def test_people_of_detectors_and_fractions_are_taken(lifter, clip):
    person = PersonKeypoints("a.jpg", 7, clip[0, 0], np.ones(17), "h36m17", SIZE)
    by_name = lifter.live()([person])
    by_array = lifter.live("h36m17", SIZE)(clip[0, 0])
    np.testing.assert_allclose(by_name.mode, by_array.mode, atol=1e-3)
    with pytest.warns(KeypointWarning, match="fractions"):
        fractions = lifter.live("h36m17", SIZE)(clip[0, 0] / 1000)
    np.testing.assert_allclose(fractions.mode, by_array.mode, atol=0.1)


def test_what_looks_wrong_is_said_once(lifter, clip):
    live = lifter.live("h36m17", SIZE)
    with pytest.warns(KeypointWarning, match="fractions of the image") as caught:
        poses = [live(frame / 1000) for frame in clip]
    assert len({str(warning.message) for warning in caught}) == len(caught)
    assert any("fractions" in note for note in poses[-1].warnings)
    # Where the frame was handed over.
    assert {warning.filename for warning in caught} == {__file__}


def test_live_poses_are_smoothed_by_what_was_before(model, clip):
    rng = np.random.default_rng(0)
    shaken = clip[:, 0] + rng.normal(0, 4, clip[:, 0].shape)
    arguments = {"num_hypotheses": 6, "batch_size": 1, "smooth": "live"}
    live = Lifter(model, **arguments).live("h36m17", SIZE)
    found = [live(frame) for frame in shaken]
    stream = list(Lifter(model, **arguments).stream(shaken, "h36m17", SIZE))
    assert len(stream) == len(shaken)
    for a, b in zip(found, stream):
        np.testing.assert_allclose(a.mode, b.mode, atol=0.5)
    raw = Lifter(model, 6, batch_size=8)(shaken, "h36m17", SIZE)

    def acceleration(modes):
        return np.abs(np.diff(modes, 2, axis=0)).mean()

    smooth = np.concatenate([poses.mode for poses in found])
    assert acceleration(smooth) < 0.8 * acceleration(raw.mode)
