"""Every format gives the same people."""

import json
import tracemalloc

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import read_keypoints
from propose_keras.keypoint_files.json_stream import iterate_array


def check(found, values, layout, scores=True):
    found = list(found)
    assert len(found) == values.shape[0] * values.shape[1]
    assert {p.layout for p in found} == {layout}
    expected = values.reshape(-1, *values.shape[2:])
    keypoints = np.stack([p.keypoints for p in found])
    np.testing.assert_allclose(keypoints, expected[..., :2], rtol=1e-6)
    if scores:
        given = np.stack([p.scores for p in found])
        np.testing.assert_allclose(given, expected[..., 2], rtol=1e-6)
    return found


@pytest.mark.parametrize(
    "num_joints, layout", [(17, "coco17"), (26, "halpe26"), (16, "mpii16")]
)
def test_alphapose(tmp_path, num_joints, layout):
    values = samples.people(num_joints)
    path = samples.write_json(tmp_path / "a.json", samples.alphapose(values))
    found = check(read_keypoints(path), values, layout)
    assert [p.frame for p in found[::2]] == ["0.jpg", "1.jpg", "2.jpg"]
    assert [p.person for p in found[:2]] == [7, 4]


def test_tracks_that_are_not_distinct_are_places_in_the_frame(tmp_path):
    values = samples.people(26)
    document = samples.alphapose(values, tracks=(0, 0))
    found = read_keypoints(samples.write_json(tmp_path / "a.json", document))
    assert [p.person for p in found] == [0, 1] * 3


def test_coco_results(tmp_path):
    values = samples.people(17)
    path = samples.write_json(tmp_path / "r.json", samples.coco_results(values))
    found = check(read_keypoints(path), values, "coco17")
    assert [p.frame for p in found] == [10, 10, 11, 11, 12, 12]


def test_coco_annotations_have_image_sizes_and_flags(tmp_path):
    values = samples.people(17)
    document = samples.coco_annotations(values)
    document["annotations"][0]["keypoints"][2::3] = [0, 1] + [2] * 15
    path = samples.write_json(tmp_path / "annotations.json", document)
    found = check(read_keypoints(path), values, "coco17", scores=False)
    assert found[0].scores.tolist() == [0.0, 0.5] + [1.0] * 15
    assert {p.image_size for p in found} == {(1000.0, 800.0)}
    assert found[0].frame == "0.jpg"


@pytest.mark.parametrize("form", ["list", "document"])
def test_mmpose_video(tmp_path, form):
    values = samples.people(17)
    document = samples.mmpose_frames(values)
    if form == "document":
        document = {"meta_info": {"dataset_name": "coco"}, "instance_info": document}
    path = samples.write_json(tmp_path / "m.json", document)
    found = check(read_keypoints(path), values, "coco17")
    assert [p.frame for p in found] == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("form", ["list", "document"])
def test_mmpose_image(tmp_path, form):
    values = samples.people(26, num_frames=1)
    document = samples.mmpose_instances(values[0])
    if form == "document":
        document = {"meta_info": {}, "instance_info": document}
    path = samples.write_json(tmp_path / "m.json", document)
    check(read_keypoints(path), values, "halpe26")


def test_openpose_folder_is_in_the_order_of_its_numbers(tmp_path):
    values = samples.people(25, num_frames=11)
    folder = samples.write_openpose(tmp_path / "frames", values)
    for path in folder.iterdir():
        path.rename(folder / f"video_{int(path.stem.split('_')[1])}_keypoints.json")
    found = check(read_keypoints(folder), values, "body25")
    assert found[-1].frame == "video_10"
    assert [p.person for p in found[:2]] == [0, 1]


def test_openpose_file_and_frame_without_people(tmp_path):
    values = samples.people(25)
    folder = samples.write_openpose(tmp_path / "frames", values)
    files = sorted(folder.iterdir())
    check(read_keypoints(files[1]), values[1:2], "body25")
    samples.write_json(files[1], {"people": []})
    found = check(read_keypoints(folder), values[[0, 2]], "body25")
    assert "video_000000000001" not in {p.frame for p in found}


def test_openpose_misses_joints_at_the_origin(tmp_path):
    values = samples.people(25, num_frames=1)
    values[0, 0, 4] = 0.0
    found = check(
        read_keypoints(samples.write_openpose(tmp_path / "f", values)), values, "body25"
    )
    assert found[0].scores[4] == 0


def test_arrays(tmp_path):
    values = samples.people(17)
    np.save(tmp_path / "a.npy", values)
    check(read_keypoints(tmp_path / "a.npy", "h36m17"), values, "h36m17")
    np.savez(
        tmp_path / "a.npz",
        keypoints=values[:, 0, :, :2],
        scores=values[:, 0, :, 2],
        frame=[5, 6, 9],
        person=[1, 1, 2],
        layout="coco17",
        image_size=[640, 480],
    )
    found = check(read_keypoints(tmp_path / "a.npz"), values[:, :1], "coco17")
    assert [(p.frame, p.person) for p in found] == [(5, 1), (6, 1), (9, 2)]
    assert found[0].image_size == (640.0, 480.0)


def test_people_who_are_not_there_are_left_out(tmp_path):
    values = samples.people(26)
    values[1, 0] = np.nan
    np.save(tmp_path / "a.npy", values)
    found = list(read_keypoints(tmp_path / "a.npy"))
    assert [(p.frame, p.person) for p in found][1:4] == [(0, 1), (1, 1), (2, 0)]


def test_csv(tmp_path):
    values = samples.people(17)
    path = samples.write_csv(tmp_path / "a.csv", values)
    found = check(read_keypoints(path, "coco17"), values, "coco17")
    assert [(p.frame, p.person) for p in found[:3]] == [(0, 0), (0, 1), (1, 0)]
    header = "frame," + ",".join(f"x{j},y{j}" for j in range(16))
    path.write_text(f"{header}\nleft.png,{','.join(['1.5'] * 32)}\n")
    (person,) = read_keypoints(path)
    assert (person.frame, person.layout) == ("left.png", "mpii16")
    assert (person.keypoints == 1.5).all()
    assert (person.scores == 1).all()


def test_scores_a_little_over_one_are_one(tmp_path):
    values = samples.people(26)
    values[0, 0, 0, 2] = 1.04
    path = samples.write_json(tmp_path / "a.json", samples.alphapose(values))
    assert next(read_keypoints(path)).scores[0] == 1.0


def test_long_lists_are_streamed(tmp_path):
    path = tmp_path / "long.json"
    element = json.dumps(samples.alphapose(samples.people(26))[0])
    with open(path, "w") as file:
        file.write("[" + ",\n".join([element] * 4000) + "]")
    with open(path) as file:
        tracemalloc.start()
        count = sum(1 for _ in iterate_array(file, "long.json"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 4000
    assert peak < path.stat().st_size / 4
