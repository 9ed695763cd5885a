"""Tables whose columns or lines name joints: SLEAP's, MediaPipe's, a line per joint."""

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import KeypointFileError, read_keypoints
from propose_keras.keypoint_files.joint_names import plain_name
from propose_keras.keypoint_files.mediapipe_scores import score_of

JOINTS = samples.names("coco17")


@pytest.fixture
def values():
    """`(frames, 2, 17, 3)` with a joint that is missing."""
    values = samples.people(17).round(3)
    values[1, 0, 4] = np.nan, np.nan, 0.0
    return values


def write(path, rows):
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


def cells(numbers):
    return ["" if np.isnan(n) else f"{n:.3f}" for n in np.ravel(numbers)]


@pytest.mark.parametrize(
    "spellings",
    [
        "LShoulder left_shoulder ShoulderLeft SHOULDER_LEFT leftShoulder shoulder.l",
        "Hip MidHip pelvis CHip SpineBase",
        "LMouth mouth_left",
        "SpineNavel SPINE_NAVAL",
        "Neck NECK neck",
    ],
)
def test_spellings_of_a_joint(spellings):
    assert len({plain_name(name) for name in spellings.split()}) == 1


def test_sides_stay_apart():
    assert plain_name("LHip") != plain_name("RHip") != plain_name("Hip")
    assert plain_name("Rear") == "rear"


@pytest.mark.parametrize("layout", ["kinect25", "kinect32", "halpe26", "mediapipe33"])
def test_names_decide_the_layout(tmp_path, layout):
    joints = samples.names(layout)
    values = samples.people(len(joints))[:, 0]
    header = ["frame"] + [f"{j}_{c}" for j in joints for c in ("x", "y", "score")]
    rows = [header] + [[f, *cells(person)] for f, person in enumerate(values)]
    samples.check(read_keypoints(write(tmp_path / "a.csv", rows)), values, layout)


def test_layout_of_the_user_is_found_among_the_names(tmp_path, values):
    header = ["frame"] + [f"{j}_{c}" for j in JOINTS for c in ("x", "y", "score")]
    rows = [header] + [[f, *cells(person)] for f, person in enumerate(values[:, 1])]
    path = write(tmp_path / "a.csv", rows)
    (first, *_) = read_keypoints(path, "halpe26")
    assert np.flatnonzero(first.scores).tolist() == list(range(17))
    with pytest.raises(KeypointFileError, match="expected a layout of"):
        list(read_keypoints(path, "wholebody133"))


def sleap_row(person):
    return [c for joint in person for c in cells(joint)]


def test_sleap_analysis_csv(tmp_path, values):
    """Columns by joint, as SLEAP writes them; a node without x and y has its score."""
    header = ["track", "frame_idx", "instance.score"]
    header += [f"{j}.{c}" for j in JOINTS for c in ("x", "y", "score")]
    rows = [header]
    for frame, pair in zip((3, 4, 6), values):
        for track, person in zip(("bob", "alice"), pair):
            rows.append([track, frame, 0.9, *sleap_row(person)])
    path = write(tmp_path / "a.csv", rows)
    assert rows[3][3 + 12 : 3 + 15] == ["", "", "0.000"]
    flat = values.reshape(-1, 17, 3)
    frames = [3, 3, 4, 4, 6, 6]
    samples.check(read_keypoints(path), flat, "coco17", frames, ["bob", "alice"] * 3)
    rows = [[row[1], *row[2:]] for row in rows]
    found = read_keypoints(write(tmp_path / "b.csv", rows))
    samples.check(found, flat, "coco17", frames, [0, 1] * 3)


def test_people_side_by_side(tmp_path, values):
    header = ["frame_idx"]
    for n in range(2):
        header += [f"inst{n}.track", f"inst{n}.score"]
        header += [f"inst{n}.{j}.{c}" for j in JOINTS for c in ("x", "y", "score")]
    values[2, 1] = np.nan
    rows = [header]
    for frame, pair in enumerate(values):
        rows.append([frame])
        for person in pair:
            rows[-1] += ["", 0.9, *sleap_row(person)]
    found = read_keypoints(write(tmp_path / "a.csv", rows))
    people = [0, 1, 0, 1, 0]
    samples.check(found, values.reshape(-1, 17, 3)[:5], "coco17", people=people)


def long_rows(values, joints, frames=(0, 2, 10), people=("a", "b")):
    return [
        [frame, who, joint, *cells(row)]
        for frame, pair in zip(frames, values)
        for who, person in zip(people, pair)
        for joint, row in zip(joints, person)
    ]


@pytest.mark.parametrize("word", ["joint", "keypoint_name", "bodypart", "node"])
def test_a_line_per_joint_in_any_order(tmp_path, values, word):
    header = ["frame_id", "person", word, "x", "y", "score"]
    rows = long_rows(values, JOINTS, people=(4, 7))
    order = np.random.default_rng(0).permutation(len(rows))
    path = write(tmp_path / "a.csv", [header, *(rows[i] for i in order)])
    flat, frames = values.reshape(-1, 17, 3), [0, 0, 2, 2, 10, 10]
    samples.check(read_keypoints(path), flat, "coco17", frames, [4, 7] * 3)


def test_a_line_per_joint_without_people(tmp_path, values):
    """The n-th line for the same joint of a frame is the n-th person's."""
    header = ["frame", "joint", "x", "y", "confidence"]
    rows = [[r[0], *r[2:]] for r in long_rows(values, JOINTS)]
    by_joint = sorted(rows, key=lambda row: JOINTS.index(row[1]))
    for order in (rows, by_joint):
        path = write(tmp_path / "a.csv", [header, *order])
        flat = values.reshape(-1, 17, 3)
        samples.check(read_keypoints(path), flat, "coco17", people=[0, 1] * 3)


@pytest.mark.parametrize("first", [0, 1])
def test_joints_by_number(tmp_path, values, first):
    header = ["frame", "person", "joint_id", "x", "y", "score"]
    rows = long_rows(values, range(first, first + 17))
    path = write(tmp_path / "a.csv", [header, *rows])
    flat = values.reshape(-1, 17, 3)
    samples.check(read_keypoints(path, "coco17"), flat, "coco17")
    with pytest.raises(KeypointFileError, match="Pass the layout"):
        list(read_keypoints(path))
    with pytest.raises(KeypointFileError, match="'halpe26' has 26"):
        list(read_keypoints(path, "halpe26"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("0,nose,1,2\n0,nose,3\n", "line 3: 3 columns"),
        ("0,nose,1,2\n,nose,3,4\n", "line 3: no frame or no joint"),
        ("0,tail,1,2\n0,snout,1,2\n", "no known layout"),
    ],
)
def test_wrong_lines_per_joint(tmp_path, lines, message):
    (tmp_path / "a.csv").write_text("frame,joint,x,y\n" + lines)
    with pytest.raises(KeypointFileError, match=message):
        list(read_keypoints(tmp_path / "a.csv"))


def test_two_lines_for_the_same_joint_of_a_person(tmp_path, values):
    rows = long_rows(values, JOINTS)
    header = ["frame", "person", "joint", "x", "y", "score"]
    path = write(tmp_path / "a.csv", [header, *rows, rows[0]])
    with pytest.raises(KeypointFileError, match="two lines for the same joint"):
        list(read_keypoints(path))


SIZE = np.array([1000.0, 500.0])


def landmarks():
    """`(frames, 33, 4)`: fractions, depth and visibility."""
    rng = np.random.default_rng(5)
    xy = rng.uniform(0.1, 0.9, (3, 33, 2))
    return np.concatenate(
        [xy, rng.normal(size=(3, 33, 1)), rng.uniform(0.5, 1, (3, 33, 1))], axis=-1
    ).round(5)


def check_landmarks(path):
    values = landmarks()
    scores = score_of(values[..., 3:])
    expected = np.concatenate([values[..., :2], scores], axis=-1)
    found = list(read_keypoints(path))
    keypoints = np.stack([person.keypoints for person in found])
    np.testing.assert_allclose(keypoints, expected[..., :2], atol=1e-5)
    scores = np.stack([person.scores for person in found])
    np.testing.assert_allclose(scores, expected[..., 2], atol=1e-5)
    assert {person.layout for person in found} == {"mediapipe33"}
    assert [person.frame for person in found] == [0, 1, 2]


@pytest.mark.parametrize(
    "columns",
    [
        [f"{c}{j}" for j in range(33) for c in "xyzv"],
        [f"{c}{j}" for j in range(1, 34) for c in "xyzv"],
        [f"landmark_{j}_{c}" for j in range(33) for c in ("x", "y", "z", "visibility")],
        [f"{j}_{c}" for j in range(33) for c in ("x", "y", "z", "vis")],
        [f"pose_x_{j}".replace("x", c) for j in range(33) for c in "xyzv"],
        [
            f"{name.upper()}_{c}"
            for name in samples.names("mediapipe33")
            for c in ("x", "y", "z", "visibility")
        ],
    ],
    ids=["x0", "x1", "landmark_0_x", "0_x", "pose_x_0", "NOSE_x"],
)
@pytest.mark.parametrize("before", ["frame", "class", ""])
def test_mediapipe_columns(tmp_path, columns, before):
    rows = [[before, *columns] if before else columns]
    for frame, person in enumerate(landmarks()):
        numbers = [f"{v:.5f}" for v in person.ravel()]
        label = {"frame": [frame], "class": ["sits"], "": []}[before]
        rows.append([*label, *numbers])
    check_landmarks(write(tmp_path / "a.csv", rows))


def test_of_several_numberings_the_body_is_taken(tmp_path):
    """Holistic models number the hands' landmarks as well."""
    columns = [f"pose_{j}_{c}" for j in range(33) for c in ("x", "y", "z", "v")]
    columns += [f"left_hand_{j}_{c}" for j in range(21) for c in "xyz"]
    rows = [columns]
    for person in landmarks():
        rows.append([f"{v:.5f}" for v in person.ravel()] + ["0.5"] * 63)
    check_landmarks(write(tmp_path / "a.csv", rows))


@pytest.mark.parametrize("key", ["landmark", "index", "landmark_name", "name"])
def test_mediapipe_line_per_landmark(tmp_path, key):
    names = samples.names("mediapipe33") if "name" in key else range(33)
    rows = [["frame", key, "x", "y", "z", "visibility"]]
    for frame, person in enumerate(landmarks()):
        for name, row in zip(names, person):
            rows.append([frame, name, *(f"{v:.5f}" for v in row)])
    check_landmarks(write(tmp_path / "a.csv", rows))


def test_world_landmarks_are_refused(tmp_path):
    values = landmarks()
    values[..., :2] -= values[:, 23:25, :2].mean(axis=1, keepdims=True)
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(KeypointFileError, match="world landmarks.*pose_landmarks"):
        list(read_keypoints(tmp_path / "a.npy"))


def test_texts_in_utf_16(tmp_path, values):
    path = samples.write_csv(tmp_path / "a.csv", values[:1])
    path.write_text(path.read_text(), encoding="utf-16")
    samples.check(read_keypoints(path, "coco17"), values[0], "coco17")
    path = samples.write_json(tmp_path / "a.json", samples.coco_results(values[:1]))
    path.write_text(path.read_text(), encoding="utf-16")
    samples.check(read_keypoints(path), values[0], "coco17")


def test_cells_that_say_nothing(tmp_path, values):
    path = samples.write_csv(tmp_path / "a.csv", values)
    assert "nan,nan,0.0" in path.read_text()
    flat = values.reshape(-1, 17, 3)
    samples.check(read_keypoints(path, "coco17"), flat, "coco17")
    path.write_text(path.read_text().replace("nan", "NA").replace("0,0,", "0,1.0,", 1))
    found = samples.check(read_keypoints(path, "coco17"), flat, "coco17")
    assert found[0].person == 1
