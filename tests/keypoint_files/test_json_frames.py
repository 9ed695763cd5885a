"""JSON whose frames have other keys, are an object, or hold named joints."""

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import KeypointFileError, read_keypoints

COCO = samples.names("coco17")


@pytest.fixture
def values():
    return samples.people(17)


def flat(values):
    return values.reshape(-1, *values.shape[-2:])


def write(tmp_path, document, name="a.json"):
    return samples.write_json(tmp_path / name, document)


def person(values, **more):
    return {"keypoints": values.ravel().tolist(), **more}


@pytest.mark.parametrize(
    "key", ["frame", "frame_id", "frame_idx", "image_name", "file_name", "img_path"]
)
def test_frames_of_other_keys(tmp_path, values, key):
    """In any order, as `image_id`."""
    rows = [
        {key: name, **person(one, track_id=track)}
        for track in (0, 1)
        for name, one in zip(("f10.png", "f2.png", "f1.png"), values[:, track])
    ]
    expected = flat(values[::-1])
    frames = [name for name in ("f1.png", "f2.png", "f10.png") for _ in range(2)]
    found = read_keypoints(write(tmp_path, rows))
    samples.check(found, expected, "coco17", frames, [0, 1] * 3)


def test_people_without_a_frame(tmp_path, values):
    rows = [person(one) for one in flat(values)]
    with pytest.raises(KeypointFileError, match="frames of 6 people are not stated"):
        list(read_keypoints(write(tmp_path, rows)))
    samples.check(read_keypoints(write(tmp_path, rows[:1])), values[0, :1], "coco17")
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, pair in zip((2, 10, 1), values):
        write(folder, [person(one) for one in pair], f"v_{number}.json")
    found = read_keypoints(folder)
    frames = ["v_1", "v_1", "v_2", "v_2", "v_10", "v_10"]
    samples.check(found, flat(values[[2, 0, 1]]), "coco17", frames, [0, 1] * 3)


def test_frames_that_are_not_stated_are_counted_by_tracks(tmp_path, values):
    rows = [person(one, idx=track) for pair in values for one, track in zip(pair, "ab")]
    found = list(read_keypoints(write(tmp_path, rows)))
    samples.check(found, flat(values), "coco17", [0, 0, 1, 1, 2, 2], ["a", "b"] * 3)
    assert all("not stated" in person.notes[-1] for person in found)
    for wrong in (
        rows[::2] + rows[1::2],  # By person: it may be one frame or two.
        rows[2:] + [person(values[0, 0], idx="c")] * 2,
        [row | {"idx": 0} for row in rows],
        [*rows[:-1], person(values[0, 0])],
    ):
        with pytest.raises(KeypointFileError, match="are not stated"):
            list(read_keypoints(write(tmp_path, wrong)))


def test_rows_of_which_one_lacks_the_frame(tmp_path, values):
    rows = [{"frame": n, **person(one)} for n, one in enumerate(values[:, 0])]
    del rows[1]["frame"]
    with pytest.raises(KeypointFileError, match="expected the key 'frame'"):
        list(read_keypoints(write(tmp_path, rows)))


def test_poseflow(tmp_path, values):
    """An object of images; `scores` is the person's own."""
    names = ["10.jpg", "9.jpg", "1.jpg"]
    found = samples.poseflow(values)
    images = {name: found[f"{frame}.jpg"] for frame, name in enumerate(names)}
    images["5.jpg"] = []
    found = read_keypoints(write(tmp_path, images))
    frames = [name for name in ("1.jpg", "9.jpg", "10.jpg") for _ in range(2)]
    samples.check(found, flat(values[::-1]), "coco17", frames, [0, 1] * 3)


def test_posetrack_annolist(tmp_path):
    values = samples.people(15)
    values[1, 0, 4] = np.nan, np.nan, 0.0
    images = []
    for frame, pair in enumerate(values):
        images.append({"image": [{"name": f"images/{frame}.jpg"}], "annorect": []})
        for track, one in enumerate(pair):
            points = [
                {"id": [j], "x": [x], "y": [y], "score": [score]}
                for j, (x, y, score) in enumerate(one.tolist())
                if score
            ]
            found = {"track_id": [track + 5], "annopoints": [{"point": points}]}
            images[-1]["annorect"].append(found)
    images[0]["annorect"] += [{"track_id": [9], "annopoints": []}, {}]
    images.append({"image": [{"name": [1, "images/3.jpg"]}], "annorect": []})
    path = write(tmp_path, {"annolist": images[::-1]})
    frames = [f"images/{n}.jpg" for n in (0, 0, 1, 1, 2, 2)]
    found = read_keypoints(path)
    samples.check(found, flat(values), "posetrack15", frames, [5, 6] * 3)
    images[0]["annorect"][0]["annopoints"][0]["point"][0]["id"] = [15]
    with pytest.raises(KeypointFileError, match="expected PoseTrack's annolist"):
        list(read_keypoints(write(tmp_path, {"annolist": images})))


def test_names_of_categories_decide_the_layout(tmp_path, values):
    """PoseTrack 2018 has 17 joints, but not COCO's."""
    document = samples.coco_annotations(values)
    names = samples.names("posetrack17")
    document["categories"] = [{"id": 1, "keypoints": names}]
    for annotation in document["annotations"]:
        annotation["category_id"] = 1
    expected = flat(values)
    expected[..., 2] = 1.0
    samples.check(read_keypoints(write(tmp_path, document)), expected, "posetrack17")
    document["categories"][0]["keypoints"] = COCO
    samples.check(read_keypoints(write(tmp_path, document)), expected, "coco17")
    document["categories"][0]["keypoints"] = [f"k{n}" for n in range(17)]
    samples.check(read_keypoints(write(tmp_path, document)), expected, "coco17")


NAMED = {
    "object of lists": lambda one, names: dict(zip(names, one.tolist())),
    "object of objects": lambda one, names: {
        name: dict(zip(("x", "y", "confidence"), row))
        for name, row in zip(names, one.tolist())
    },
    "list": lambda one, names: [
        {"name": name, "x": x, "y": y, "z": 1.0, "score": score}
        for name, (x, y, score) in zip(names, one.tolist())
    ],
    "PoseNet": lambda one, names: [
        {"part": name, "position": {"x": x, "y": y}, "score": score}
        for name, (x, y, score) in zip(names, one.tolist())
    ],
}


@pytest.mark.parametrize("form", NAMED)
@pytest.mark.parametrize("layout", ["coco17", "kinect25", "kinect32"])
def test_named_joints(tmp_path, form, layout):
    names = samples.names(layout)
    values = samples.people(len(names))
    order = np.random.default_rng(0).permutation(len(names))
    shuffled = [names[i] for i in order]
    people = [NAMED[form](one[order], shuffled) for one in flat(values)]
    pairs = [people[:2], people[2:4], people[4:]]
    documents = (
        [{"frame": i // 2, "keypoints": p} for i, p in enumerate(people)],
        {str(f): [{"joints": p} for p in pair] for f, pair in enumerate(pairs)},
        {"frames": [{"bodies": [{"joints": p} for p in pair]} for pair in pairs]},
    )
    for number, document in enumerate(documents):
        path = write(tmp_path, document, f"{number}.json")
        samples.check(read_keypoints(path), flat(values), layout, people=[0, 1] * 3)


def test_named_joints_of_one_person(tmp_path, values):
    one = NAMED["object of lists"](values[0, 0], COCO)
    one["nose"] = None
    expected = values[0, :1].copy()
    expected[0, 0] = np.nan, np.nan, 0.0
    samples.check(read_keypoints(write(tmp_path, one)), expected, "coco17", [0])
    one["left_hip"] = "left"
    with pytest.raises(KeypointFileError, match="unknown JSON|expected joints"):
        list(read_keypoints(write(tmp_path, one)))


def test_rows_of_joints(tmp_path, values):
    """As tables of a line per joint come out as JSON."""
    rows = [
        {"frame": frame, "person": who, "name": name, "x": x, "y": y, "score": score}
        for frame, pair in enumerate(values)
        for who, one in enumerate(pair)
        for name, (x, y, score) in zip(COCO, one.tolist())
    ]
    samples.check(read_keypoints(write(tmp_path, rows)), flat(values), "coco17")


def landmarks(one, size=(1000.0, 500.0)):
    return [
        {"x": x / size[0], "y": y / size[1], "z": 0.1, "visibility": v + 0.2}
        for x, y, v in one.tolist()
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda frames: dict(zip(("0", "1", "10"), frames)),
        lambda frames: {n: [f] for n, f in zip(("0", "1", "10"), frames)},
        lambda frames: {"frames": [{"pose_landmarks": f} for f in frames]},
        lambda frames: [
            {"frame": n, "pose_landmarks": [f]} for n, f in enumerate(frames)
        ],
        lambda frames: [None, *frames],
        lambda frames: [{"pose_landmarks": None}, *({"landmarks": f} for f in frames)],
    ],
)
def test_mediapipe_frames(tmp_path, make):
    values = samples.people(33)[:, 0]
    path = write(tmp_path, make([landmarks(one) for one in values]))
    found = read_keypoints(path, image_size=(1000.0, 500.0))
    samples.check(found, values, "mediapipe33")


def test_people_who_are_an_element_each_have_numbers(tmp_path):
    values = samples.people(33)
    size = (1000.0, 500.0)
    rows = [
        {"frame": frame, "landmarks": landmarks(one), "person": who}
        for frame, pair in enumerate(values)
        for one, who in zip(pair, ("anna", "ben"))
    ]
    found = list(read_keypoints(write(tmp_path, rows), image_size=size))
    samples.check(found, flat(values), "mediapipe33")
    assert [(p.frame, p.person) for p in found[:3]] == [
        (0, "anna"),
        (0, "ben"),
        (1, "anna"),
    ]
    assert all(person.tracked for person in found)
    for row in rows:
        del row["person"]
    # In any order, of which that within a frame is kept.
    path = write(tmp_path, [*rows[2:], *rows[:2]])
    found = list(read_keypoints(path, image_size=size))
    samples.check(found, flat(values), "mediapipe33")
    assert [(p.frame, p.person) for p in found[:3]] == [(0, 0), (0, 1), (1, 0)]
    assert not any(person.tracked for person in found)
    # Everybody has the same number: it is none.
    path = write(tmp_path, [row | {"person": 0} for row in rows])
    found = list(read_keypoints(path, image_size=size))
    assert [person.person for person in found] == [0, 1] * len(values)
    assert not any(person.tracked for person in found)


def test_tracks_of_joints_in_rows_are_kept(tmp_path):
    rows = [
        {"frame": frame, "track_id": 7 + who, "x": x, "y": y, "score": score}
        for frame, pair in enumerate(samples.people(33))
        for who, one in enumerate(pair)
        for x, y, score in one.tolist()
    ]
    found = list(read_keypoints(write(tmp_path, rows)))
    assert [person.person for person in found] == [7, 8] * 3
    assert all(person.tracked for person in found)


def test_landmarks_beyond_the_image_and_in_pixels(tmp_path):
    """Legs below the picture lie far beyond 1; TensorFlow.js writes pixels."""
    values = samples.people(33)[:, 0]
    values[:, 25:, 1] += 2000.0
    path = write(tmp_path, [landmarks(one) for one in values])
    found = read_keypoints(path, image_size=(1000.0, 500.0))
    samples.check(found, values, "mediapipe33")
    path = write(tmp_path, [landmarks(one, (1.0, 1.0)) for one in values])
    samples.check(read_keypoints(path), values, "mediapipe33")


def test_world_landmarks_are_named(tmp_path):
    (one,) = samples.people(33, 1)[:, 0]
    one[:, :2] = (one[:, :2] - one[23:25, :2].mean(axis=0)) / 500
    path = write(tmp_path, [landmarks(one, (1.0, 1.0))])
    with pytest.raises(KeypointFileError, match="world landmarks.*pose_landmarks"):
        list(read_keypoints(path, image_size=(1000, 500)))
    path = write(tmp_path, {"pose_world_landmarks": landmarks(one)})
    with pytest.raises(KeypointFileError, match="MediaPipe's world landmarks"):
        list(read_keypoints(path, image_size=(1000, 500)))
