"""Arrays in JSON, people without keypoints, and documents of other kinds."""

import json

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import KeypointFileError, read_keypoints


@pytest.fixture
def values():
    return samples.people(17)


def flat(values):
    return values.reshape(-1, *values.shape[-2:])


def write(tmp_path, document, name="a.json"):
    return samples.write_json(tmp_path / name, document)


def test_arrays(tmp_path, values):
    """As in npy: frames of one person, of several, of as many as there are."""
    path = write(tmp_path, values.tolist())
    samples.check(read_keypoints(path, "coco17"), flat(values), "coco17")
    path = write(tmp_path, {"keypoints": values[:, 0].tolist()})
    samples.check(read_keypoints(path, "h36m17"), values[:, 0], "h36m17", range(3))
    frames = [values[0].tolist(), [], values[1, :1].tolist()]
    expected = flat(values)[:3]
    path = write(tmp_path, frames)
    samples.check(read_keypoints(path, "coco17"), expected, "coco17", [0, 0, 2])
    path = write(tmp_path, dict(zip(("f0", "f1", "f2"), frames)))
    names = ["f0", "f0", "f2"]
    samples.check(read_keypoints(path, "coco17"), expected, "coco17", names)
    path = write(tmp_path, values[0, 0].tolist())
    samples.check(read_keypoints(path, "coco17"), values[0, :1], "coco17", [0])
    path = write(tmp_path, [one.ravel().tolist() for one in values[:, 0]])
    samples.check(read_keypoints(path, "coco17"), values[:, 0], "coco17", range(3))
    with pytest.raises(KeypointFileError, match="Pass the layout"):
        list(read_keypoints(path))


def test_a_folder_of_arrays(tmp_path, values):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, pair in enumerate(values):
        write(folder, pair.tolist(), f"{number}.json")
    frames = ["0", "0", "1", "1", "2", "2"]
    found = read_keypoints(folder, "coco17")
    samples.check(found, flat(values), "coco17", frames)


@pytest.mark.parametrize(
    "row", [[1, 2], [[1.0, 2.0], [1.0]], [[[1, 2], "a"]], [[1, 2, 3, 4, 5, 6]]]
)
def test_arrays_of_other_shapes(tmp_path, row):
    with pytest.raises(KeypointFileError):
        list(read_keypoints(write(tmp_path, [row, row]), "coco17"))


EMPTY = {
    "AlphaPose": [{"image_id": "1", "keypoints": []}, {}],
    "MMPose": [{"frame_id": 1, "instances": [{}, {"keypoints": []}, None]}],
    "OpenPose": {"people": [{"pose_keypoints_2d": []}, {}]},
    "PoseFlow": {"1.jpg": [], "2.jpg": [{}], "3.jpg": None},
    "PoseTrack": {"annolist": [{"image": {"name": "1"}, "annorect": [{}]}]},
    "annotations": {
        "images": [{"id": 1}],
        "annotations": [{"image_id": 1, "keypoints": []}],
    },
    "MediaPipe": [[], {"pose_landmarks": []}, None, {"pose_landmarks": [[]]}],
    "Ultralytics": [[{"keypoints": {"x": [], "y": []}}]],
    "arrays": [[], None],
    "object": {},
    "named": [{"frame": 1, "keypoints": {}}, {"frame": 2, "keypoints": None}],
}


@pytest.mark.parametrize("form", EMPTY)
def test_empty_people_are_nobody(tmp_path, form):
    with pytest.raises(KeypointFileError, match="no person in any frame"):
        list(read_keypoints(write(tmp_path, EMPTY[form])))


def test_3d_keypoints_are_refused(tmp_path, values):
    """MMPose's 3D results have three coordinates besides the scores."""
    instances = samples.mmpose_instances(values[0])
    for instance in instances:
        instance["keypoints"] = [[*xy, 0.1] for xy in instance["keypoints"]]
    with pytest.raises(KeypointFileError, match="as of 3D poses"):
        list(read_keypoints(write(tmp_path, instances)))


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (
            [{"bbox": [1, 2, 3, 4], "image_id": 1, "score": 1}],
            "boxes without keypoints",
        ),
        ({"frames": [{"bodies": [{"joint_positions": [[1, 2, 3]]}]}]}, "of a Kinect"),
        ([{"betas": [1], "theta": [2]}], "SMPL"),
        (
            {"poses": [{"frame": 1, "hypotheses": [], "keypoints": []}]},
            "propose-predict",
        ),
        ({"shapes": [1], "imagePath": "a"}, "labelme"),
        ({"a": 1}, "object with the keys"),
        ([{"a": 1}], "a list of objects with the keys"),
        ([["a"]], "a list of str"),
    ],
)
def test_other_documents_are_named(tmp_path, document, kind):
    with pytest.raises(KeypointFileError, match=f"unknown JSON: .*{kind}"):
        list(read_keypoints(write(tmp_path, document)))


def test_json_of_other_names_and_lines(tmp_path, values):
    document = json.dumps(samples.alphapose(samples.people(26)))
    for name in ("a.txt", "a"):
        (tmp_path / name).write_text(document)
        assert len(list(read_keypoints(tmp_path / name))) == 6
    (tmp_path / "a.json").write_text('{"a": 1}\n{"a": 2}\n')
    with pytest.raises(KeypointFileError, match="unknown JSON: .* keys .'a'."):
        list(read_keypoints(tmp_path / "a.json"))


def test_numbers_at_the_end_of_what_is_read(tmp_path, monkeypatch):
    """A number in a list may be cut where one reading of the file ends."""
    monkeypatch.setattr("propose_keras.keypoint_files.json_stream._CHUNK", 1)
    path = write(tmp_path, [None, [[[12.5, 17.25]] * 17]])
    (found,) = read_keypoints(path, "coco17")
    assert found.keypoints.tolist() == [[12.5, 17.25]] * 17
    (tmp_path / "a.json").write_text("[12345, 6]")
    with pytest.raises(KeypointFileError, match="a list of numbers"):
        list(read_keypoints(tmp_path / "a.json"))


DOCUMENTS = {
    "AlphaPose": samples.alphapose,
    "annotations": samples.coco_annotations,
    "MMPose": lambda values: {"instance_info": samples.mmpose_frames(values)},
    "PoseFlow": samples.poseflow,
    "arrays": lambda values: values.tolist(),
    "named": lambda values: [
        {"frame": frame, "keypoints": dict(zip(samples.names("coco17"), one.tolist()))}
        for frame, one in enumerate(values[:, 0])
    ],
    "landmarks": lambda values: {
        str(frame): [{"x": x, "y": y, "name": "nose"} for x, y, _ in one.tolist()]
        for frame, one in enumerate(values[:, 0])
    },
}
OTHERS = (None, [], {}, 0, -1, 1e400, "", "x", True, [[1, 2]], {"x": 1, "y": 2}, [None])


def places(document, place=()):
    """Paths to the values of a document, of lists to the first three."""
    yield place
    items = []
    if isinstance(document, dict):
        items = document.items()
    elif isinstance(document, list):
        items = list(enumerate(document))[:3]
    for key, value in items:
        yield from places(value, (*place, key))


@pytest.mark.parametrize("form", DOCUMENTS)
def test_values_of_other_kinds_go_through_as_no_other_error(tmp_path, values, form):
    text = json.dumps(DOCUMENTS[form](values))
    paths = list(places(json.loads(text)))
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(100):
        document = [json.loads(text)]
        inside, key = document, 0
        for step in paths[rng.integers(len(paths))]:
            inside, key = inside[key], step
        inside[key] = OTHERS[rng.integers(len(OTHERS))]
        try:
            list(read_keypoints(write(tmp_path, document[0]), "coco17"))
        except KeypointFileError:
            refused += 1
    assert refused > 20
