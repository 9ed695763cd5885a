"""JSON as it leaves Python programs: lines, texts in texts, tensors as lists."""

import json

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import KeypointFileError, read_keypoints


@pytest.fixture
def values():
    """`(frames, 2, 17, 3)`."""
    return samples.people(17)


def flat(values):
    return values.reshape(-1, *values.shape[-2:])


def instances(pair):
    return samples.mmpose_instances(pair)


def ultralytics(pair):
    columns = ("x", "y", "visible")
    return [
        {"name": "person", "keypoints": dict(zip(columns, one.T.tolist()))}
        for one in pair
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.txt"])
@pytest.mark.parametrize("make", [instances, ultralytics])
def test_lines(tmp_path, values, name, make):
    lines = [json.dumps(make(pair)) for pair in values]
    (tmp_path / name).write_text("\n".join([*lines, ""]))
    found = list(read_keypoints(tmp_path / name))
    samples.check(found, flat(values), "coco17", [0, 0, 1, 1, 2, 2], [0, 1] * 3)
    (tmp_path / name).write_text("\n".join([*lines, lines[0][:40]]))
    with pytest.raises(KeypointFileError, match="line 4, is not JSON or is cut short"):
        list(read_keypoints(tmp_path / name))


def test_lines_of_people_in_any_order(tmp_path, values):
    rows = samples.alphapose(values)
    lines = [json.dumps(row) for row in (*rows[4:], *rows[:4])]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    found = list(read_keypoints(tmp_path / "a.jsonl"))
    assert [person.frame for person in found[::2]] == ["0.jpg", "1.jpg", "2.jpg"]
    samples.check(found, flat(values), "coco17")


def test_texts_that_hold_json(tmp_path, values):
    """`json.dump(result.to_json(), file)` writes a text."""
    path = samples.write_json(
        tmp_path / "a.json", [json.dumps(ultralytics(pair)) for pair in values]
    )
    samples.check(read_keypoints(path), flat(values), "coco17")
    path = samples.write_json(tmp_path / "b.json", json.dumps(ultralytics(values[0])))
    samples.check(read_keypoints(path), values[0], "coco17")
    path = samples.write_json(tmp_path / "c.json", "a text")
    with pytest.raises(KeypointFileError, match="expected a list or an object"):
        list(read_keypoints(path))


@pytest.mark.parametrize(
    "make",
    [
        lambda frames: {"predictions": frames, "visualization": []},
        lambda frames: [{"predictions": [people]} for people in frames],
    ],
)
def test_results_of_mmposes_inferencer(tmp_path, values, make):
    frames = [instances(pair) for pair in values]
    found = list(read_keypoints(samples.write_json(tmp_path / "a.json", make(frames))))
    samples.check(found, flat(values), "coco17", [0, 0, 1, 1, 2, 2], [0, 1] * 3)
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, people in enumerate(frames):
        samples.write_json(folder / f"{number}.json", {"predictions": [people]})
    found = read_keypoints(folder)
    samples.check(found, flat(values), "coco17", ["0", "0", "1", "1", "2", "2"])


@pytest.mark.parametrize(
    "make",
    [
        lambda n, people: {"image_id": n, "pred_keypoints": people, "scores": [1, 1]},
        lambda n, people: {"frame": n, "keypoints": people},
        lambda n, people: {"frame": n, "instances": {"pred_keypoints": people}},
    ],
)
def test_people_of_a_frame_in_one_tensor(tmp_path, values, make):
    """As Detectron2's `Instances` and torchvision's results."""
    rows = [make(n, pair.tolist()) for n, pair in enumerate(values)]
    found = list(read_keypoints(samples.write_json(tmp_path / "a.json", rows)))
    samples.check(found, flat(values), "coco17", [0, 0, 1, 1, 2, 2], [0, 1] * 3)
    assert not any(person.tracked for person in found)


@pytest.mark.parametrize("has_visibility", [False, True])
@pytest.mark.parametrize("behind", ["", " 0.91", " 4", " 0.91 4"])
def test_labels_with_confidence_and_track(tmp_path, values, has_visibility, behind):
    size = (1000.0, 1000.0)
    for frame, (one, _) in enumerate(values):
        numbers = (one / [1000, 1000, 1])[:, : 2 + has_visibility]
        joints = " ".join(f"{number:.6f}" for number in numbers.ravel())
        (tmp_path / f"v_{frame}.txt").write_text(f"0 .5 .5 .2 .6 {joints}{behind}\n")
    found = list(read_keypoints(tmp_path, image_size=size))
    expected = values[:, 0].copy()
    if not has_visibility:
        expected[..., 2] = 1.0
    samples.check(found, expected, "coco17")
    has_track = behind.endswith("4")
    assert {person.tracked for person in found} == {has_track}
    assert {person.person for person in found} == {4 if has_track else 0}


def test_times_in_seconds_are_in_order(tmp_path, values):
    many = np.concatenate([values[:, 0], values[:, 1]])
    times = [0.0, 0.0333, 0.1, 0.1333, 1.5, 10.25]
    rows = [
        {"image_id": time, "keypoints": one.ravel().tolist()}
        for time, one in zip(times, many)
    ]
    found = list(read_keypoints(samples.write_json(tmp_path / "a.json", rows[::-1])))
    samples.check(found, many, "coco17", [0, *map(str, times[1:])])
    for number, row in enumerate(rows):
        row["image_id"] = number - 20
    found = read_keypoints(samples.write_json(tmp_path / "a.json", rows[::-1]))
    samples.check(found, many, "coco17", list(range(-20, -14)))


def test_a_score_of_minus_1_is_a_missing_joint(tmp_path, values):
    values[0, 0, 3] = -1.0
    path = samples.write_json(tmp_path / "a.json", samples.alphapose(values))
    first = next(iter(read_keypoints(path)))
    assert first.scores[3] == 0
    assert (np.delete(first.scores, 3) > 0).all()
