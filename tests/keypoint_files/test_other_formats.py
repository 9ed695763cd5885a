"""What detectors of other kinds write: fractions, names, other layouts and orders."""

import json

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import KeypointFileError, read_keypoints
from propose_keras.skeletons import get_skeleton

SIZE = (1000.0, 500.0)


def write(tmp_path, document, name="a.json"):
    return samples.write_json(tmp_path / name, document)


def check(found, values, layout):
    """`values` (frames, J, 3): one person in each frame."""
    found = list(found)
    assert {person.layout for person in found} == {layout}
    keypoints = np.stack([person.keypoints for person in found])
    np.testing.assert_allclose(keypoints, values[..., :2], atol=0.01)
    scores = np.stack([person.scores for person in found])
    np.testing.assert_allclose(scores, values[..., 2], atol=1e-4)
    return found


@pytest.fixture
def coco():
    return samples.people(17)[:, 0]


@pytest.mark.parametrize(
    ("layout", "count", "first"),
    [("coco17", 133, 17), ("halpe26", 136, 26)],
)
def test_longer_layouts_give_their_first_joints(tmp_path, layout, count, first):
    values = samples.people(count)
    path = write(tmp_path, samples.alphapose(values))
    check(read_keypoints(path), values[..., :first, :].reshape(-1, first, 3), layout)


@pytest.mark.parametrize("layout", ["mpii15", "coco18", "mediapipe33"])
def test_layouts_are_known_by_their_number_of_joints(tmp_path, layout):
    values = samples.people(get_skeleton(layout).num_joints)[:, :1]
    path = write(tmp_path, samples.alphapose(values))
    check(read_keypoints(path), values[:, 0], layout)


def test_body25b_must_be_named(tmp_path):
    values = samples.people(25)[:, :1]
    folder = samples.write_openpose(tmp_path / "o", values)
    check(read_keypoints(folder, "body25b"), values[:, 0], "body25b")
    check(read_keypoints(folder), values[:, 0], "body25")


def test_scores_above_1_are_clipped_and_noted(tmp_path, coco):
    coco[1, 3, 2], coco[2, 5, 2] = 1.112, 7.0
    path = write(tmp_path, samples.coco_results(coco[:, None]))
    found = check(read_keypoints(path), np.minimum(coco, [1e9, 1e9, 1]), "coco17")
    assert [len(person.notes) for person in found] == [0, 1, 1]
    assert "taken as 1" in found[1].notes[0]


def landmarks(person):
    return [
        {"x": x / SIZE[0], "y": y / SIZE[1], "z": 0.1, "visibility": score + 0.2}
        for x, y, score in person.tolist()
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda frames: frames,
        lambda frames: [[people] for people in frames],
        lambda frames: [{"landmarks": people} for people in frames],
        lambda frames: [{"pose_landmarks": {"landmark": people}} for people in frames],
        lambda frames: [[{"landmark": people}] for people in frames],
    ],
    ids=["frames", "people", "landmarks", "protobuf", "protobufs"],
)
def test_mediapipe(tmp_path, make):
    values = samples.people(33)[:, 0]
    path = write(tmp_path, make([landmarks(person) for person in values]))
    found = check(read_keypoints(path, image_size=SIZE), values, "mediapipe33")
    assert [person.frame for person in found] == [0, 1, 2]
    with pytest.raises(KeypointFileError, match="Pass `image_size`"):
        list(read_keypoints(path))


def test_mediapipe_frames_without_people(tmp_path):
    values = samples.people(33)[:, 0]
    path = write(tmp_path, [[], landmarks(values[0]), []])
    (person,) = read_keypoints(path, image_size=SIZE)
    assert person.frame == 1
    one = write(tmp_path, landmarks(values[0]), "one.json")
    check(read_keypoints(one, image_size=SIZE), values[:1], "mediapipe33")


def ultralytics(person, scale=(1.0, 1.0)):
    keypoints = {
        "x": (person[:, 0] / scale[0]).tolist(),
        "y": (person[:, 1] / scale[1]).tolist(),
        "visible": person[:, 2].tolist(),
    }
    return {"name": "person", "class": 0, "box": {"x1": 0}, "keypoints": keypoints}


def test_ultralytics(tmp_path, coco):
    one = write(tmp_path, [ultralytics(coco[0])], "one.json")
    check(read_keypoints(one), coco[:1], "coco17")
    frames = [[ultralytics(person)] for person in coco]
    for number, document in enumerate((frames, {"results": frames})):
        path = write(tmp_path, document, f"{number}.json")
        found = check(read_keypoints(path), coco, "coco17")
        assert [person.frame for person in found] == [0, 1, 2]
    fractions = [[ultralytics(person, SIZE)] for person in coco]
    path = write(tmp_path, fractions, "fractions.json")
    check(read_keypoints(path, image_size=SIZE), coco, "coco17")


def test_ultralytics_csv(tmp_path, coco):
    person = ultralytics(coco[0])
    text = "name,class,confidence,box,keypoints\n"
    text += f'person,0,0.9,"{person["box"]}","{person["keypoints"]}"\n'
    (tmp_path / "a.csv").write_text(text)
    check(read_keypoints(tmp_path / "a.csv"), coco[:1], "coco17")


@pytest.mark.parametrize("with_scores", [True, False])
def test_ultralytics_labels(tmp_path, coco, with_scores):
    folder = tmp_path / "labels"
    folder.mkdir()
    if not with_scores:
        coco[..., 2] = 1.0
    for number, person in zip((2, 10, 1), coco):
        joints = person[:, : 3 if with_scores else 2].copy()
        joints[:, :2] /= SIZE
        numbers = " ".join(f"{v:.6f}" for v in joints.ravel())
        (folder / f"v_{number}.txt").write_text(f"0 0.5 0.5 0.3 0.8 {numbers}\n")
    (folder / "v_3.txt").write_text("")
    found = check(read_keypoints(folder, image_size=SIZE), coco[[2, 0, 1]], "coco17")
    assert [person.frame for person in found] == ["v_1", "v_2", "v_10"]
    with pytest.raises(KeypointFileError, match="Pass `image_size`"):
        list(read_keypoints(folder))


def test_mmpose_folder(tmp_path, coco):
    folder = tmp_path / "predictions"
    folder.mkdir()
    for number, person in zip((2, 10, 1), coco):
        instances = samples.mmpose_instances([person])
        write(folder, instances, f"img_{number}.json")
    found = check(read_keypoints(folder), coco[[2, 0, 1]], "coco17")
    assert [person.frame for person in found] == ["img_1", "img_2", "img_10"]


def test_old_openpose_and_alphapose_formats(tmp_path):
    values = samples.people(18)[:, 0]
    flat = [person.ravel().tolist() for person in values]
    old = tmp_path / "old"
    old.mkdir()
    for number, person in enumerate(flat):
        people = {"people": [{"pose_keypoints": person}]}
        write(old, people, f"v_{number}_keypoints.json")
    check(read_keypoints(old), values, "coco18")
    names = ["0.jpg", "2.jpg", "10.jpg"]
    for key, joints in (("people", "pose_keypoints_2d"), ("bodies", "joints")):
        images = {n: {key: [{joints: p}]} for n, p in zip(names, flat)}
        shuffled = {name: images[name] for name in sorted(images)}
        found = check(
            read_keypoints(write(tmp_path, shuffled, f"{key}.json")), values, "coco18"
        )
        assert [person.frame for person in found] == names


def test_people_without_keypoints_are_not_there(tmp_path):
    values = samples.people(25)[:, :1]
    folder = samples.write_openpose(tmp_path / "o", values)
    empty = {"people": [{"pose_keypoints_2d": []}, {}]}
    write(folder, empty, "video_000000000001_keypoints.json")
    found = check(read_keypoints(folder), values[[0, 2], 0], "body25")
    assert [person.frame[-1] for person in found] == ["0", "2"]
    path = write(tmp_path, [[], []], "nobody.json")
    with pytest.raises(KeypointFileError, match="no person in any frame"):
        list(read_keypoints(path))


def test_results_come_in_natural_order_whatever_the_files(tmp_path):
    values = samples.people(26, num_frames=12)
    rows = samples.alphapose(values, tracks=(3, 5))
    names = [f"{frame}.jpg" for frame in range(12) for _ in range(2)]
    by_text = sorted(rows, key=lambda row: row["image_id"])
    by_person = sorted(rows, key=lambda row: row["idx"])
    for number, order in enumerate((by_text, by_person, rows[::-1])):
        found = list(read_keypoints(write(tmp_path, order, f"{number}.json")))
        assert [person.frame for person in found] == names
        people = sorted(found, key=lambda p: (names.index(p.frame), p.person))
        check(people, values.reshape(-1, 26, 3), "halpe26")
    floats = [{**row, "image_id": float(i // 2)} for i, row in enumerate(rows)]
    found = list(read_keypoints(write(tmp_path, floats, "floats.json")))
    assert [person.frame for person in found] == [i // 2 for i in range(24)]


def table(coco, header, separator=",", decimal="."):
    lines = [separator.join(header)]
    for frame, person in enumerate(coco):
        numbers = [f"{v:.3f}".replace(".", decimal) for v in person.ravel()]
        lines.append(separator.join([str(frame), "0", *numbers]))
    return lines


HEADER = ["frame", "person"] + [
    f"{c}{j}" for j in range(17) for c in ("x", "y", "score")
]


@pytest.mark.parametrize(
    ("separator", "decimal", "end"),
    [(",", ".", "\r\n"), (",", ".", "\r"), (";", ".", "\n"), (";", ",", "\n")]
    + [("\t", ".", "\n"), ("\t", ",", "\r\n")],
)
def test_tables(tmp_path, coco, separator, decimal, end):
    coco = coco.round(3)
    for header in (HEADER, [name.upper() for name in HEADER]):
        text = end.join(table(coco, header, separator, decimal)) + end
        (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
        check(read_keypoints(tmp_path / "a.csv", "coco17"), coco, "coco17")


def named(joint):
    return joint.replace("L", "left_").replace("R", "right_").lower()


def test_tables_with_names(tmp_path, coco):
    coco = coco.round(3)
    joints = get_skeleton("coco17").joint_names
    order = np.random.default_rng(0).permutation(17)
    header = ["Frame", "Person"]
    header += [f"{named(joints[j])}_{c}" for j in order for c in ("x", "y", "score")]
    lines = table(coco[:, order], header)
    lines[2] = lines[2].replace(f"{coco[1, order[0], 0]:.3f}", "", 1)
    (tmp_path / "a.csv").write_text("\n".join(lines))
    expected = coco.copy()
    expected[1, order[0]] = np.nan, np.nan, 0.0
    check(read_keypoints(tmp_path / "a.csv"), expected, "coco17")
    (tmp_path / "b.csv").write_text("frame,tail_x,tail_y,snout_x,snout_y\n0,1,2,3,4\n")
    with pytest.raises(KeypointFileError, match="those of no known layout"):
        list(read_keypoints(tmp_path / "b.csv"))


def test_deeplabcut(tmp_path, coco):
    coco = coco.round(3)
    joints = get_skeleton("coco17").joint_names
    parts = [named(j) for j in joints for _ in range(3)]
    lines = [["scorer", *["net"] * 51], ["bodyparts", *parts]]
    lines.append(["coords", *["x", "y", "likelihood"] * 17])
    for frame, person in enumerate(coco):
        lines.append([str(frame), *(f"{v:.3f}" for v in person.ravel())])
    path = tmp_path / "dlc.csv"
    path.write_text("\n".join(",".join(line) for line in lines))
    found = check(read_keypoints(path), coco, "coco17")
    assert [person.frame for person in found] == [0, 1, 2]


def test_npz_of_other_lifters(tmp_path, coco):
    path = tmp_path / "custom.npz"
    metadata = {"layout_name": "coco", "video_metadata": {"v.mp4": {"w": 9, "h": 8}}}
    positions = {"v.mp4": {"custom": [coco[..., :2]]}}
    np.savez(path, positions_2d=np.array(positions), metadata=np.array(metadata))
    coco[..., 2] = 1.0
    found = check(read_keypoints(path), coco, "coco17")
    assert {person.image_size for person in found} == {(9.0, 8.0)}

    path = tmp_path / "input_2D_keypoints.npz"
    np.savez(path, reconstruction=coco[None, ..., :2])
    check(read_keypoints(path), coco, "h36m17")

    path = tmp_path / "detectron.npz"
    frames = np.empty((3, 2), object)
    for frame, person in enumerate(coco):
        rows = np.stack([person[:, 0], person[:, 1], 0 * person[:, 2], person[:, 2]])
        frames[frame] = [], [rows]
    boxes = np.empty((3, 2), object)
    np.savez(path, boxes=boxes, keypoints=frames, metadata=np.array({"w": 9, "h": 8}))
    check(read_keypoints(path), coco, "coco17")


def test_unknown_documents_are_named(tmp_path):
    for document in ([{"bones": 1}], {"bones": 1}, [[{"bones": 1}]], 3):
        path = write(tmp_path, document)
        with pytest.raises(KeypointFileError, match="unknown JSON"):
            list(read_keypoints(path))
    (tmp_path / "a.json").write_text(json.dumps([[1]])[:-1])
    with pytest.raises(KeypointFileError):
        list(read_keypoints(tmp_path / "a.json"))


@pytest.mark.parametrize(
    "document",
    [
        [{"x": 0.5, "y": 0.5}, {"z": 1}],
        {"results": [3]},
        [ultralytics(np.ones((17, 3))), {"keypoints": 1}],
        [{"image_id": 2, "keypoints": []}, {"image_id": 1, "keypoints": []}, [1]],
    ],
    ids=["landmark", "number", "person", "row"],
)
def test_mixed_documents_are_refused(tmp_path, document):
    with pytest.raises(KeypointFileError):
        list(read_keypoints(write(tmp_path, document), image_size=SIZE))


def test_names_of_very_long_numbers_are_sorted(tmp_path):
    values = samples.people(26)
    rows = samples.alphapose(values[:2])
    for row, digits in zip(rows, ("2", "2", "1", "1")):
        row["image_id"] = digits * 5000
    found = list(read_keypoints(write(tmp_path, rows)))
    assert [person.frame[0] for person in found] == list("1122")


def test_joints_that_ultralytics_did_not_find(tmp_path, coco):
    coco[..., 2] = 1.0
    person = ultralytics(coco[0])
    person["keypoints"]["x"][4] = person["keypoints"]["y"][4] = 0.0
    del person["keypoints"]["visible"]
    (found,) = read_keypoints(write(tmp_path, [person]))
    assert np.flatnonzero(found.scores == 0).tolist() == [4]


def test_short_names_of_scores_and_columns_that_lack(tmp_path, coco):
    coco = coco.round(3)
    header = [name.replace("score", "s") for name in HEADER]
    (tmp_path / "a.csv").write_text("\n".join(table(coco, header)))
    check(read_keypoints(tmp_path / "a.csv", "coco17"), coco, "coco17")
    (tmp_path / "b.csv").write_text("frame,x0,y0,x1\n0,1,2,3\n")
    with pytest.raises(KeypointFileError, match="expected the header"):
        list(read_keypoints(tmp_path / "b.csv"))


def test_boxes_beside_keypoints_of_ones_own(tmp_path, coco):
    path = tmp_path / "a.npz"
    np.savez(path, keypoints=coco, boxes=np.ones((3, 4)))
    check(read_keypoints(path, "coco17"), coco, "coco17")
    np.savez(path, keypoints=np.array([None, 3], object), boxes=np.ones(2))
    with pytest.raises(KeypointFileError, match="expected Detectron's keypoints"):
        list(read_keypoints(path))
