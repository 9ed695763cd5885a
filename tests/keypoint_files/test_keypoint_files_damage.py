"""Damaged, unknown and hostile keypoint files are refused with a reason."""

import json
import pickle

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.data.errors import DataFileError
from propose_keras.keypoint_files import read_keypoints


def changed(change, num_joints=26, make=samples.alphapose):
    document = make(samples.people(num_joints))
    change(document)
    return json.dumps(document)


def set_keypoint(index, value):
    def change(document):
        document[0]["keypoints"][index] = value

    return change


def drop(key):
    return lambda document: document[1].pop(key)


def shorten(document):
    document[0]["keypoints"] = document[0]["keypoints"][:-3]


JSON_CASES = {
    "empty file": ("", "It is empty .0 bytes."),
    "empty list": ("[]", "no person in any frame"),
    "no people": ('{"people": []}', "no person in any frame"),
    "no instances": ('{"instance_info": []}', "no person in any frame"),
    "not JSON": ("hello", "not JSON"),
    "a number": ("3", "expected a list or an object, found int"),
    "list of numbers": ("[1, 2]", "unknown JSON: a list of numbers"),
    "list of texts": ('["a", null]', "unknown JSON: a list of str"),
    "missing comma": (
        changed(lambda d: None).replace("}, {", "} {", 1),
        "character [0-9]+: expected a comma",
    ),
    "text after the list": ("[] []", "more text after the array"),
    "deep nesting": ('[{"a":' + "[" * 100_000, "cannot be read: .*recursion depth"),
    "endless number": ('[{"a": ' + "9" * 5000 + "}]", "cannot be read: .*4300 digits"),
    "number over the range": (changed(set_keypoint(0, 10**400)), "are not numbers"),
    "person over the range": (
        changed(lambda d: d[0].update(idx=10**40)),
        "must fit into 64 bits",
    ),
    "unknown list": ('[{"bones": 1}]', r"keys \['bones'\]. Expected AlphaPose"),
    "unknown object": ('{"bones": 1}', r"keys \['bones'\]. Expected AlphaPose"),
    "cut short": (changed(lambda d: None)[:-40], "cut short at character"),
    "cut object": ('{"people": [', "cut short"),
    "NaN": (changed(set_keypoint(0, float("nan"))), "Nose is at .*nan"),
    "infinity": (changed(set_keypoint(4, float("inf"))), "LEye is at .*inf"),
    "absurd coordinate": (changed(set_keypoint(3, 1e30)), "LEye is at"),
    "score 90": (changed(set_keypoint(2, 90)), "score of Nose is 90; .*0..1"),
    "negative score": (changed(set_keypoint(5, -2)), "score of LEye is -2"),
    "NaN score": (changed(set_keypoint(2, float("nan"))), "score of Nose is nan"),
    "text coordinate": (changed(set_keypoint(0, "left")), "keypoints are not numbers"),
    "null coordinate": (changed(set_keypoint(0, [])), "keypoints are not numbers"),
    "wrong count": (
        changed(shorten),
        "before are in the layout 'body25', frame '0.jpg' has joints of 'halpe26'",
    ),
    "unknown count": (
        changed(lambda d: None, 19),
        r"no known layout has 19 joints. Known are \{.*'coco18': 18.*and 17 of",
    ),
    "missing key": (changed(drop("keypoints")), "expected the key 'keypoints'"),
    "missing image": (changed(drop("image_id")), "expected the key 'image_id'"),
    "people not a list": ('{"people": {"a": 1}}', r"unknown JSON: object .*\['a'\]"),
    "person not an object": ('{"people": ["a"]}', "unknown JSON: a list of str"),
    "percents as scores": (
        changed(lambda d: d[0]["keypoints"].__setitem__(2, 93)),
        "score of Nose is 93",
    ),
    "unknown flag": (
        changed(
            lambda d: d["annotations"][0]["keypoints"].__setitem__(2, 7),
            17,
            samples.coco_annotations,
        ),
        "visibility flags must be 0, 1 or 2",
    ),
    "image of no size": (
        changed(lambda d: d["images"][0].update(width=0), 17, samples.coco_annotations),
        "expected an image size",
    ),
    "annotation of no image": (
        changed(lambda d: d["images"].pop(), 17, samples.coco_annotations),
        "an annotation of no image: 12",
    ),
    "scores of other length": (
        changed(
            lambda d: d[0]["instances"][0]["keypoint_scores"].pop(),
            17,
            samples.mmpose_frames,
        ),
        "expected 17 scores, one per joint",
    ),
}


@pytest.mark.parametrize("case", JSON_CASES)
def test_json(tmp_path, case):
    text, message = JSON_CASES[case]
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DataFileError, match=message) as caught:
        list(read_keypoints(path))
    assert "a.json" in str(caught.value)


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00[{")
    (tmp_path / "a.csv").write_bytes(b"frame,x0,y0\n\xff\xfe,1,2\n")
    for name in ("a.json", "a.csv"):
        with pytest.raises(DataFileError, match=f"{name} is not"):
            list(read_keypoints(tmp_path / name))


def test_folders_and_kinds(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        list(read_keypoints(tmp_path / "none.json"))
    with pytest.raises(DataFileError, match="no JSON files in the folder"):
        list(read_keypoints(tmp_path))
    (tmp_path / "film.mp4").write_bytes(b"0")
    with pytest.raises(DataFileError, match=r"unknown kind of file '.mp4'. .*Expected"):
        list(read_keypoints(tmp_path / "film.mp4"))


def test_layouts_are_known_or_asked_for(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 17, 2)))
    with pytest.raises(DataFileError, match="17 joints can be .*Pass the layout"):
        list(read_keypoints(tmp_path / "a.npy"))
    with pytest.raises(DataFileError, match="unknown layout 'openpose'. Known are"):
        list(read_keypoints(tmp_path / "a.npy", "openpose"))
    with pytest.raises(DataFileError, match="found 17 joints; .*'body25' has 25"):
        list(read_keypoints(tmp_path / "a.npy", "body25"))


@pytest.mark.parametrize(
    "entries, message",
    [
        ({"poses": np.zeros((2, 26, 2))}, r"lacks the entries \['keypoints'\]"),
        (
            {"positions_3d": np.zeros((2, 17, 3))},
            "seems to be 3D poses in VideoPose3D's",
        ),
        ({"keypoints": np.zeros((2, 26))}, r"of shape \(2, 26\)"),
        ({"keypoints": np.zeros((2, 26, 4))}, r"found keypoints of shape \(26, 4\)"),
        ({"keypoints": np.full((2, 26, 2), "a")}, "expected numbers of shape"),
        (
            {"keypoints": np.zeros((2, 26, 2)), "scores": np.ones((2, 25))},
            r"expected scores of shape \(2, 26\), found \(2, 25\)",
        ),
        ({"keypoints": np.zeros((2, 26, 2)), "frame": [1]}, "1 entries of `frame`"),
        ({"keypoints": np.zeros((1, 26, 2)), "person": [0.5]}, "whole numbers or text"),
        ({"keypoints": np.zeros((1, 26, 2)), "frame": [0.5]}, "whole numbers or text"),
        ({"keypoints": np.zeros((2, 26, 2)), "frame": 1}, "1 entries of `frame`"),
        ({"keypoints": np.zeros((1, 17, 2)), "layout": 3}, "`layout` must hold text"),
        ({"keypoints": np.zeros((1, 26, 2)), "image_size": [5]}, "image size of width"),
        ({"keypoints": np.full((1, 26, 2), np.nan)}, "no person in any frame"),
        ({"keypoints": np.array([[[1.0, np.nan]] * 26])}, "Nose is at .*nan"),
        ({"keypoints": np.zeros((0, 26, 2))}, "no person in any frame"),
    ],
)
def test_npz(tmp_path, entries, message):
    np.savez(tmp_path / "a.npz", **entries)
    with pytest.raises(DataFileError, match=message):
        list(read_keypoints(tmp_path / "a.npz"))


class _Bomb:
    """Writes a file when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_hostile_arrays_execute_nothing(tmp_path):
    bomb = np.empty((), object)
    bomb[()] = _Bomb(tmp_path / "touched")
    np.savez(tmp_path / "a.npz", keypoints=bomb)
    np.save(tmp_path / "a.npy", bomb)
    (tmp_path / "b.npy").write_bytes(pickle.dumps(_Bomb(tmp_path / "touched")))
    for name in ("a.npz", "a.npy", "b.npy"):
        with pytest.raises(DataFileError, match=name):
            list(read_keypoints(tmp_path / name))
    assert not (tmp_path / "touched").exists()


def test_truncated_arrays(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((20, 26, 2)))
    np.savez(tmp_path / "a.npz", keypoints=np.ones((20, 26, 2)))
    for name in ("a.npy", "a.npz"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-500])
        with pytest.raises(DataFileError, match="cut short"):
            list(read_keypoints(path))


@pytest.mark.parametrize(
    "text, message",
    [
        ("frame\n", "expected the header frame,person,x0"),
        ("frame,person\n1,0\n", "expected the header"),
        ("frame,x0,y0,x2,y2\n", "expected the header"),
        ("frame,x0,y0\n1,2\n", "line 2: 2 columns, the header has 3. .*cut short"),
        ("frame,x0,y0\n1,2,x\n", "line 2: could not convert"),
        ("frame,joint,x,y\n1,nose,2,b\n", "line 2: could not convert"),
        ("frame,x0,y0\n1,2,3\n", "no known layout has 1 joints"),
        ("frame,x0,y0\n", "no person in any frame"),
    ],
)
def test_csv(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataFileError, match=message):
        list(read_keypoints(tmp_path / "a.csv"))


WRITERS = {
    "alphapose.json": lambda path, values: samples.write_json(
        path, samples.alphapose(values)
    ),
    "mmpose.json": lambda path, values: samples.write_json(
        path, {"instance_info": samples.mmpose_frames(values)}
    ),
    "annotations.json": lambda path, values: samples.write_json(
        path, samples.coco_annotations(values)
    ),
    "poseflow.json": lambda path, values: samples.write_json(
        path, samples.poseflow(values)
    ),
    "table.csv": samples.write_csv,
    "joints.csv": samples.write_long_csv,
    "array.npy": np.save,
    "arrays.npz": lambda path, values: np.savez(
        path, keypoints=values, frame=[0, 1, 2], layout="coco17"
    ),
}


@pytest.mark.parametrize("name", WRITERS)
def test_no_damage_goes_through_as_another_error(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, samples.people(17))
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole)
        # Most of the damage to where the structure is.
        ends = rng.choice([60, 200, len(whole)])
        for place in rng.integers(0, ends, rng.integers(1, 5)):
            damaged[place] = rng.choice(list(b'[]{}",:-0e9 n\x00\xff'))
        path.write_bytes(damaged[: rng.choice([len(whole), rng.integers(len(whole))])])
        try:
            list(read_keypoints(path, "coco17"))
        except DataFileError:
            refused += 1
    assert refused > 50
