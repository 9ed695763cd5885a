"""Arrays in the shapes of MoveNet and MediaPipe."""

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import (
    KeypointFileError,
    people_of_array,
    read_keypoints,
)
from propose_keras.keypoint_files.mediapipe_scores import score_of

SUFFIXES = ("npy", "npz", "json")


def save(path, array, key="keypoints"):
    if path.suffix == ".npy":
        np.save(path, array)
    elif path.suffix == ".npz":
        np.savez(path, **{key: array})
    else:
        samples.write_json(path, array.tolist())
    return path


def movenet(num_frames=3, num_people=1):
    """`(frames, people, 17, 3)`: y, x, score; and the same as x, y, score."""
    values = samples.people(17, num_frames)[:, :num_people]
    values[..., :2] /= 1000.0
    return values[..., [1, 0, 2]], values


def check(found, values, layout="coco17"):
    found = list(found)
    assert {person.layout for person in found} == {layout}
    keypoints = np.stack([person.keypoints for person in found])
    expected = values.reshape(-1, *values.shape[-2:])
    np.testing.assert_allclose(keypoints, expected[..., :2], atol=1e-6)
    scores = np.stack([person.scores for person in found])
    np.testing.assert_allclose(scores, expected[..., 2], atol=1e-6)
    return found


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("num_frames", [1, 3])
@pytest.mark.parametrize("layout", [None, "movenet17"])
def test_movenet(tmp_path, suffix, num_frames, layout):
    array, expected = movenet(num_frames)
    path = save(tmp_path / f"a.{suffix}", array[:, None])
    check(read_keypoints(path, layout), expected)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_movenet_for_one_image(tmp_path, suffix):
    array, expected = movenet(1)
    path = save(tmp_path / f"a.{suffix}", array)
    assert array.shape == (1, 1, 17, 3)
    check(read_keypoints(path), expected)
    # The layout says that the first is x; so do pixels that it is not MoveNet's.
    check(read_keypoints(path, "coco17"), array)
    path = save(tmp_path / f"b.{suffix}", array * [1000, 1000, 1])
    with pytest.raises(KeypointFileError, match="movenet17. Pass the layout"):
        list(read_keypoints(path))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("num_frames", [1, 3])
def test_movenet_multipose(tmp_path, suffix, batch, num_frames):
    array, expected = movenet(num_frames, 2)
    people = np.zeros((num_frames, 6, 56))
    people[:, :2, :51] = array.reshape(num_frames, 2, 51)
    people[:, :2, 55] = 0.7
    path = save(tmp_path / f"a.{suffix}", people[:, None] if batch else people)
    found = list(read_keypoints(path))
    assert len(found) == 6 * num_frames
    check([person for person in found if person.scores.any()], expected)
    if num_frames == 1 and suffix == "json":
        path = save(tmp_path / "one.json", people[0])
        assert len(list(read_keypoints(path))) == 6


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_plain_arrays_of_movenet_must_be_named(tmp_path, suffix):
    array, expected = movenet()
    path = save(tmp_path / f"a.{suffix}", array[:, 0])
    with pytest.raises(KeypointFileError, match="17 joints can be .*movenet17"):
        list(read_keypoints(path))
    check(read_keypoints(path, "movenet17"), expected)
    check(read_keypoints(path, "coco17"), array)


@pytest.mark.parametrize("key", ["arr_0", "output_0", "keypoints_with_scores"])
def test_archives_whose_array_has_no_name(tmp_path, key):
    array, expected = movenet()
    check(read_keypoints(save(tmp_path / "a.npz", array[:, None], key)), expected)


def test_frames_of_people_are_not_taken_for_movenet():
    """`(1, 1, 17, 3)` may be one frame of one person: only files are looked into."""
    array, expected = movenet(1)
    with pytest.raises(KeypointFileError, match="Pass the layout"):
        list(people_of_array("keypoints", array))
    check(people_of_array("keypoints", array[:, None]), expected)


def mediapipe(width):
    rng = np.random.default_rng(3)
    values = rng.uniform(0.1, 0.9, (4, 33, 5))
    values[..., 2] -= 0.5
    expected = np.delete(values[..., :4], 2, axis=-1)
    presence = values[..., 4] if width == 5 else None
    expected[..., 2] = 1.0 if width == 3 else score_of(values[..., 3], presence)
    return values[..., :width], expected


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("width", [3, 4, 5])
def test_mediapipe(tmp_path, suffix, width):
    array, expected = mediapipe(width)
    for number, shaped in enumerate((array, array[:, None])):
        path = save(tmp_path / f"{number}.{suffix}", shaped)
        check(read_keypoints(path), expected, "mediapipe33")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_mediapipe_flat(tmp_path, suffix):
    array, expected = mediapipe(4)
    path = save(tmp_path / f"a.{suffix}", array.reshape(4, 132))
    check(read_keypoints(path), expected, "mediapipe33")


def test_third_numbers_that_are_scores(tmp_path):
    """Depths go below 0, scores do not."""
    values = samples.people(33)[:, 0]
    path = save(tmp_path / "a.npy", values)
    check(read_keypoints(path), values.round(6), "mediapipe33")


@pytest.mark.parametrize(("layout", "count"), [("kinect25", 25), ("kinect32", 32)])
def test_kinect_must_be_named(tmp_path, layout, count):
    values = samples.people(count)[:, 0]
    path = save(tmp_path / "a.npy", values)
    check(read_keypoints(path, layout), values, layout)
    if count == 25:
        check(read_keypoints(path), values, "body25")
        return
    with pytest.raises(KeypointFileError, match="order of kinect32. Pass the layout"):
        list(read_keypoints(path))


def test_one_person_of_one_frame(tmp_path):
    values = samples.people(26)[0, 0]
    check(read_keypoints(save(tmp_path / "a.npy", values)), values[None], "halpe26")


def test_frames_without_a_person(tmp_path):
    values = samples.people(26)[:, 0]
    values[1] = np.nan
    found = list(read_keypoints(save(tmp_path / "a.npy", values)))
    assert [person.frame for person in found] == [0, 2]


def test_pickled_arrays_are_named(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"keypoints": 1}, None], object))
    with pytest.raises(KeypointFileError, match="Python objects .a pickle."):
        list(read_keypoints(tmp_path / "a.npy"))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("layout", ["coco17", "halpe26", "body25"])
def test_a_line_of_numbers_for_each_frame(tmp_path, suffix, layout):
    count = {"coco17": 17, "halpe26": 26, "body25": 25}[layout]
    values = samples.people(count)[:, 0]
    path = save(tmp_path / f"a.{suffix}", values.reshape(3, -1))
    check(read_keypoints(path, layout), values, layout)
    if suffix != "json":
        path = save(tmp_path / f"b.{suffix}", values[..., :2].reshape(3, -1))
        values[..., 2] = 1.0
        check(read_keypoints(path, layout), values, layout)


def test_people_before_frames_are_noted():
    rng = np.random.default_rng(0)
    person = rng.uniform(100, 900, (17, 2))
    clip = person + 5 * rng.normal(size=(40, 17, 2)).cumsum(axis=0)
    (first, *_) = people_of_array("keypoints", np.stack([clip, clip]), layout="coco17")
    assert "axes of frames and people exchanged" in first.notes[0]
    right = np.stack([clip, clip], axis=1)
    assert next(people_of_array("keypoints", right, layout="coco17")).notes == ()
    # A crowd in one picture.
    crowd = clip[:20, None] * 0.1 + rng.uniform(0, 900, (20, 1, 1, 2))
    crowd = crowd.reshape(1, 20, 17, 2)
    assert next(people_of_array("keypoints", crowd, layout="coco17")).notes == ()
