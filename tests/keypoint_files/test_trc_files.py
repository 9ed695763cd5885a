"""Markers in pixels as trc files, as Sports2D writes them."""

import keypoint_file_samples as samples
import numpy as np
import pytest

from propose_keras.keypoint_files import KeypointFileError, read_keypoints
from propose_keras.skeletons import get_skeleton

# Sports2D's markers of its model with feet.
MARKERS = (
    *("Hip", "RHip", "RKnee", "RAnkle", "RBigToe", "RSmallToe", "RHeel", "LHip"),
    *("LKnee", "LAnkle", "LBigToe", "LSmallToe", "LHeel", "Neck", "Head", "Nose"),
    *("RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist"),
)


def write_trc(path, xyz, markers=MARKERS, units="m", first=0):
    """`xyz`: `(frames, markers, 3)`, NaN for empty cells."""
    frames, count, _ = xyz.shape
    header = "DataRate CameraRate NumFrames NumMarkers Units OrigDataRate"
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "\t".join([*header.split(), "OrigDataStartFrame", "OrigNumFrames"]),
        "\t".join(map(str, (30, 30, frames, count, units, 30, 0, frames))),
        "Frame#\tTime\t" + "\t\t\t".join(markers) + "\t\t\t",
        "\t\t" + "\t".join(f"X{m}\tY{m}\tZ{m}" for m in range(1, count + 1)),
    ]
    for frame, row in enumerate(xyz):
        cells = ["" if np.isnan(v) else f"{v:.4f}" for v in row.ravel()]
        lines.append("\t".join([str(first + frame), f"{frame / 30:.3f}", *cells]))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def xyz():
    values = samples.people(len(MARKERS))[:, 0]
    values[..., 2] = 0.0
    return values


def expected(xyz, layout="halpe26", markers=MARKERS):
    joints = get_skeleton(layout).joint_names
    values = np.full((len(xyz), len(joints), 3), [np.nan, np.nan, 0.0])
    for index, joint in enumerate(joints):
        if joint in markers:
            place = markers.index(joint)
            there = xyz[:, place, :2].any(axis=1) & ~np.isnan(xyz[:, place, 0])
            values[there, index, :2] = xyz[there, place, :2]
            values[there, index, 2] = 1.0
    return values


@pytest.mark.parametrize("first", [0, 1])
def test_sports2d(tmp_path, xyz, first):
    path = write_trc(tmp_path / "v_Sports2D_px_person03.trc", xyz, first=first)
    frames = range(first, first + 3)
    found = read_keypoints(path)
    samples.check(found, expected(xyz), "halpe26", frames, [3] * 3)


def test_markers_that_are_missing(tmp_path, xyz):
    xyz[0, 3], xyz[1, 4], xyz[2, -1] = np.nan, 0.0, np.nan
    path = write_trc(tmp_path / "a.trc", xyz)
    path.write_text("\n".join(line.rstrip() for line in path.read_text().split("\n")))
    found = samples.check(read_keypoints(path), expected(xyz), "halpe26")
    assert [int((p.scores > 0).sum()) for p in found] == [21, 21, 21]


@pytest.mark.parametrize(
    ("layout", "spelling"), [("coco17", {}), ("body25", {"MidHip": "CHip"})]
)
def test_names_of_other_models(tmp_path, layout, spelling):
    markers = get_skeleton(layout).joint_names
    xyz = samples.people(len(markers))[:, 1]
    xyz[..., 2] = 0.0
    called = [spelling.get(joint, joint) for joint in markers]
    path = write_trc(tmp_path / "a.trc", xyz, called)
    samples.check(read_keypoints(path), expected(xyz, layout, markers), layout)


@pytest.mark.parametrize(
    ("change", "units", "message"),
    [
        (lambda xyz: xyz / 500 + [0, 0, 0.1], "m", "3D .Z is not 0."),
        (lambda xyz: xyz / 500, "m", "in metres: the person is 1"),
        (lambda xyz: xyz, "mm", "in millimetres"),
        (lambda xyz: xyz * np.nan, "m", "no person in any frame"),
        (lambda xyz: xyz[:0], "m", "no person in any frame"),
    ],
    ids=["3D", "metres", "millimetres", "nobody", "no frames"],
)
def test_what_is_no_pixels_is_named(tmp_path, xyz, change, units, message):
    path = write_trc(tmp_path / "a.trc", change(xyz), units=units)
    with pytest.raises(KeypointFileError, match=message):
        list(read_keypoints(path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Frame#", "Number", "expected a trc file with a line Frame#"),
        ("RHip\t", "RHipp\t", None),
        ("Hip", "Thigh", None),
        ("\t\t\tRHip", "\t\t\tHip", "joints of the same name"),
    ],
)
def test_headers(tmp_path, xyz, old, new, message):
    path = write_trc(tmp_path / "a.trc", xyz)
    path.write_text(path.read_text().replace(old, new))
    if message is None:
        assert len(list(read_keypoints(path))) == 3
        return
    with pytest.raises(KeypointFileError, match=message):
        list(read_keypoints(path))


def test_files_that_are_cut_short_or_damaged(tmp_path, xyz):
    path = write_trc(tmp_path / "a.trc", xyz)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]))
    with pytest.raises(KeypointFileError, match="2 frames, the header states 3. .*cut"):
        list(read_keypoints(path))
    path.write_text("\n".join([*lines[:-1], lines[-1].replace("\t", "\tx", 3)]))
    with pytest.raises(KeypointFileError, match="line 8: could not convert"):
        list(read_keypoints(path))
    path.write_bytes(path.read_bytes()[:100] + b"\xff")
    with pytest.raises(KeypointFileError, match="a.trc is not a trc text"):
        list(read_keypoints(path))
