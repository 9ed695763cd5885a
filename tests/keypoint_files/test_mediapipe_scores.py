"""Scores of MediaPipe's landmarks: the same in every kind of file."""

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import read_keypoints
from propose_keras.keypoint_files.mediapipe_scores import score_of

NAMES = samples.names("mediapipe33")
SIZE = (1000.0, 500.0)


def test_the_smaller_one_counts_less_the_least_doubt():
    np.testing.assert_allclose(score_of(np.array([1.0, 0.5, 0.1])), [0.8, 0.3, 0.0])
    found = score_of(np.array([1.0, 0.9, 0.1]), np.array([1.0, 0.4, 0.9]))
    np.testing.assert_allclose(found, [0.8, 0.2, 0.0])


def test_presence_that_is_not_known():
    """Older versions of MediaPipe leave it at 0."""
    found = score_of(np.array([0.9, 0.9, np.nan]), np.array([0.0, np.nan, 0.6]))
    np.testing.assert_allclose(found, [0.7, 0.7, 0.4])
    assert np.isnan(score_of(np.array(np.nan), np.array(np.nan)))


@pytest.fixture
def values():
    """`(frames, 33, 5)`: x, y, z, visibility, presence."""
    rng = np.random.default_rng(8)
    return np.concatenate(
        [rng.uniform(0.1, 0.9, (3, 33, 3)), rng.uniform(0.3, 1.0, (3, 33, 2))], axis=-1
    ).round(4)


KEYS = ("x", "y", "z", "visibility", "presence")


def as_array(folder, frames, keys):
    np.save(folder / "a.npy", frames)
    return folder / "a.npy"


def as_lists(folder, frames, keys):
    people = [[dict(zip(keys, row)) for row in one] for one in frames.tolist()]
    return samples.write_json(folder / "a.json", people)


def as_names(folder, frames, keys):
    people = [
        {"frame": i, "joints": {n: dict(zip(keys, r)) for n, r in zip(NAMES, one)}}
        for i, one in enumerate(frames.tolist())
    ]
    return samples.write_json(folder / "a.json", people)


def write_rows(folder, rows):
    path = folder / "a.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


def as_columns(folder, frames, keys):
    header = [f"landmark_{j}_{key}" for j in range(33) for key in keys]
    return write_rows(folder, [header, *(one.ravel().tolist() for one in frames)])


def as_named_columns(folder, frames, keys):
    header = [f"{name}_{key}" for name in NAMES for key in keys]
    return write_rows(folder, [header, *(one.ravel().tolist() for one in frames)])


def as_lines(folder, frames, keys):
    rows = [["frame", "landmark", *keys]]
    for frame, one in enumerate(frames.tolist()):
        rows += [[frame, joint, *numbers] for joint, numbers in enumerate(one)]
    return write_rows(folder, rows)


@pytest.mark.parametrize("has_presence", [False, True])
@pytest.mark.parametrize(
    "write",
    [as_array, as_lists, as_names, as_columns, as_named_columns, as_lines],
)
def test_every_file(tmp_path, values, write, has_presence):
    count = 5 if has_presence else 4
    path = write(tmp_path, values[..., :count], KEYS[:count])
    found = list(read_keypoints(path, image_size=SIZE))
    assert {person.layout for person in found} == {"mediapipe33"}
    expected = score_of(values[..., 3], values[..., 4] if has_presence else None)
    scores = np.stack([person.scores for person in found])
    np.testing.assert_allclose(scores, expected, atol=1e-6)


@pytest.mark.parametrize("write", [as_lists, as_names, as_columns, as_lines])
def test_what_is_called_a_score_stays_one(tmp_path, values, write):
    frames = values[..., [0, 1, 3]]
    path = write(tmp_path, frames, ("x", "y", "score"))
    found = list(read_keypoints(path, image_size=SIZE))
    scores = np.stack([person.scores for person in found])
    np.testing.assert_allclose(scores, values[..., 3], atol=1e-6)


def test_visibility_of_other_layouts_stays_a_score(tmp_path, values):
    header = [f"{n}_{k}" for n in samples.names("coco17") for k in ("x", "y", "vis")]
    rows = [header, *(one[:17, [0, 1, 3]].ravel().tolist() for one in values)]
    found = list(read_keypoints(write_rows(tmp_path, rows)))
    scores = np.stack([person.scores for person in found])
    np.testing.assert_allclose(scores, values[:, :17, 3], atol=1e-6)
