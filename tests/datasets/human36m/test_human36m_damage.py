"""Bad input: each case ends in an error that names the file and the reason."""

import pathlib
import pickle
import zipfile

import h5py
import human36m_files as files
import numpy as np
import pytest
from human36m import calibration, clips, plan, sources

from propose_keras.data.errors import DataFileError
from propose_keras.data.safe_npz import NpzError
from propose_keras.human36m_names import Sequence

WORLD = files.make_world(
    {Sequence("S1", "Directions", "1"): 6, Sequence("S9", "Directions", "1"): 5}
)
POSITIONS = "S1/MyPoses/3D_positions/Directions 1.h5"
ARCHIVE = "Poses_D3_Positions_S1.tgz"
MEMBER = "S1/MyPoseFeatures/D3_Positions/Directions 1.cdf"


def read_all(folder, detections="gt"):
    found = sources.find_sources(folder, detections)
    planned = plan.make_plan(found)
    for _ in clips.make_examples(planned.clips, found):
        pass


def write_h5(folder):
    files.write_h5_tree(folder, WORLD, files.make_detections(WORLD))


def write_npz(folder):
    files.write_positions_npz(folder / "data_3d_h36m.npz", WORLD)
    detections = files.make_detections(WORLD)
    files.write_detections_npz(folder / "data_2d_h36m_sh.npz", detections)


def write_archives(folder):
    files.write_archives(folder, WORLD)


def cut(path, share=0.5):
    contents = path.read_bytes()
    path.write_bytes(contents[: int(len(contents) * share)])


def replace_h5(path, name, values):
    with h5py.File(path, "w") as file:
        file[name] = values


def replace_member(folder, contents):
    files.write_archive(folder / ARCHIVE, {MEMBER: contents})


def pose(frames=6, joints=32):
    return np.tile(files.STANDING[:1], (frames, joints, 1))


def with_world(folder, value):
    tree = {"S1": {"Directions 1": value}, "S9": {"Directions 1": value}}
    np.savez(folder / "data_3d_h36m.npz", positions_3d=np.array(tree, object))


def with_detections(folder, value):
    tree = {"S1": {"Directions 1": value}}
    np.savez(folder / "data_2d_h36m_sh.npz", positions_2d=np.array(tree, object))


class Intruder:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (pathlib.Path(self.path),)


def with_pickle(folder, value):
    with zipfile.ZipFile(folder / "data_3d_h36m.npz", "w") as archive:
        header = np.lib.format.magic(1, 0)
        text = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
        text += b" " * (117 - len(text)) + b"\n"
        header += len(text).to_bytes(2, "little") + text
        archive.writestr("positions_3d.npy", header + pickle.dumps(value))


H5_CASES = {
    "positions cut short": (lambda f: cut(f / POSITIONS), POSITIONS, "gt"),
    "positions empty": (lambda f: (f / POSITIONS).write_bytes(b""), POSITIONS, "gt"),
    "positions are text": (
        lambda f: (f / POSITIONS).write_text("<html>404</html>"),
        "not an HDF5 file",
        "gt",
    ),
    "positions without array": (
        lambda f: replace_h5(f / POSITIONS, "poses", np.zeros((96, 6))),
        "no array '3D_positions'; it holds",
        "gt",
    ),
    "positions of another shape": (
        lambda f: replace_h5(f / POSITIONS, "3D_positions", np.zeros((95, 6))),
        r"expected 3D_positions \(96, frames\), found \(95, 6\)",
        "gt",
    ),
    "positions of another joint count": (
        lambda f: replace_h5(f / POSITIONS, "3D_positions", np.zeros((90, 6))),
        r"found float64 of shape \(6, 30, 3\)",
        "gt",
    ),
    "positions a single number": (
        lambda f: replace_h5(f / POSITIONS, "3D_positions", 1.0),
        "single number",
        "gt",
    ),
    "positions in metres": (
        lambda f: replace_h5(
            f / POSITIONS,
            "3D_positions",
            next(iter(WORLD.values())).reshape(6, -1).T / 1000,
        ),
        "thigh measures",
        "gt",
    ),
    "positions not finite": (
        lambda f: replace_h5(f / POSITIONS, "3D_positions", np.full((96, 6), np.nan)),
        "not finite",
        "gt",
    ),
    "a sequence twice": (
        lambda f: (f / POSITIONS).with_name("Directions_1.h5").write_bytes(b""),
        "are of the same sequence",
        "gt",
    ),
    "cameras cut short": (
        lambda f: cut(f / "cameras.h5", 0.1),
        "Cannot read the cameras in .*cameras.h5",
        "gt",
    ),
    "cameras of nobody": (
        lambda f: replace_h5(f / "cameras.h5", "something", 1),
        "it has none at all",
        "gt",
    ),
    "detections of another joint count": (
        lambda f: replace_h5(
            f / "S1/StackedHourglass/Directions_1.54138969.h5",
            "poses",
            np.zeros((6, 14, 2)),
        ),
        "Directions_1.54138969.h5: 14 joints per frame",
        "sh",
    ),
    "detections of another shape": (
        lambda f: replace_h5(
            f / "S1/StackedHourglass/Directions_1.54138969.h5",
            "poses",
            np.zeros((6, 32)),
        ),
        r"Directions_1.54138969.h5: expected 2D detections",
        "sh",
    ),
    "no such detections": (
        lambda f: None,
        "no 2D detections 'cpn'.*data_2d_h36m_cpn_ft_h36m_dbb.npz",
        "cpn",
    ),
    "mixed forms": (write_npz, "several forms: npz, h5.*`source`", "gt"),
}

NPZ_CASES = {
    "positions cut short": (
        lambda f: cut(f / "data_3d_h36m.npz"),
        "data_3d_h36m.npz is not an npz",
        "gt",
    ),
    "positions without entry": (
        lambda f: np.savez(f / "data_3d_h36m.npz", poses=np.zeros(3)),
        "data_3d_h36m.npz lacks the entries",
        "gt",
    ),
    "positions not a tree": (
        lambda f: np.savez(f / "data_3d_h36m.npz", positions_3d=np.zeros(3)),
        "expected positions_3d to be {subject",
        "gt",
    ),
    "positions of nobody": (
        lambda f: with_pickle(f, np.array({"S2": {"Directions": 1}}, object)),
        "no sequence of Human3.6M's subjects.*'S2'",
        "gt",
    ),
    "positions of another shape": (
        lambda f: with_world(f, np.zeros((6, 32, 2), np.float32)),
        r"S1/Directions 1: expected 3D positions .*\(6, 32, 2\)",
        "gt",
    ),
    "positions are text": (
        lambda f: with_world(f, "6 frames"),
        "S1/Directions 1: expected 3D positions",
        "gt",
    ),
    "positions without frames": (
        lambda f: with_world(f, np.zeros((0, 32, 3), np.float32)),
        r"shape \(0, 32, 3\)",
        "gt",
    ),
    "positions in millimetres": (
        lambda f: with_world(f, next(iter(WORLD.values()))),
        "in another unit",
        "gt",
    ),
    "detections cut short": (
        lambda f: cut(f / "data_2d_h36m_sh.npz"),
        "data_2d_h36m_sh.npz is not an npz",
        "sh",
    ),
    "detections of two cameras": (
        lambda f: with_detections(f, [np.zeros((6, 16, 2))] * 2),
        "data_2d_h36m_sh.npz: S1/Directions 1: expected a list with one array per",
        "sh",
    ),
    "detections of another shape": (
        lambda f: with_detections(f, [np.zeros((6, 32))] * 4),
        r"camera 54138969: expected \(frames, joints, 2\)",
        "sh",
    ),
}

ARCHIVE_CASES = {
    "archive cut short": (lambda f: cut(f / ARCHIVE), f"{ARCHIVE} is not a tgz", "gt"),
    "archive cut at its very end": (
        lambda f: (f / ARCHIVE).write_bytes((f / ARCHIVE).read_bytes()[:-9]),
        f"{ARCHIVE} is not a tgz",
        "gt",
    ),
    "archive is a page": (
        lambda f: (f / ARCHIVE).write_text("<html>Please log in</html>"),
        f"{ARCHIVE} is not a tgz",
        "gt",
    ),
    "archive of something else": (
        lambda f: files.write_archive(f / ARCHIVE, {"S1/Videos/a.mp4": b"film"}),
        f"{ARCHIVE} holds no CDF file",
        "gt",
    ),
    "CDF cut short": (
        lambda f: replace_member(f, files.cdf_bytes(pose().reshape(1, 6, -1))[:900]),
        "Directions 1.cdf in .*tgz is not a CDF file",
        "gt",
    ),
    "CDF of another variable": (
        lambda f: replace_member(
            f, files.cdf_bytes(pose().reshape(1, 6, -1), variable="Angles")
        ),
        "Directions 1.cdf in .* with a variable Pose",
        "gt",
    ),
    "CDF of 2D poses": (
        lambda f: replace_member(f, files.cdf_bytes(np.zeros((1, 6, 64)))),
        r"expected Pose \(1, frames, 96\), found \(6, 64\)",
        "gt",
    ),
    "metadata cut short": (
        lambda f: cut(f / "metadata.xml"),
        "Cannot read the cameras in .*metadata.xml",
        "gt",
    ),
    "metadata without cameras": (
        lambda f: (f / "metadata.xml").write_text("<a><b/></a>"),
        "no element <w0>",
        "gt",
    ),
    "metadata with fewer numbers": (
        lambda f: (f / "metadata.xml").write_text("<a><w0>[1 2 3]</w0></a>"),
        "<w0> has 300 numbers",
        "gt",
    ),
    "archive and folder": (
        lambda f: (f / "S1/MyPoseFeatures/D3_Positions").mkdir(parents=True),
        "hold the same poses",
        "gt",
    ),
}

CASES = [
    pytest.param(write, *case, id=f"{form}: {name}")
    for form, write, cases in (
        ("h5", write_h5, H5_CASES),
        ("npz", write_npz, NPZ_CASES),
        ("archives", write_archives, ARCHIVE_CASES),
    )
    for name, case in cases.items()
]


@pytest.mark.parametrize(("write", "damage", "match", "detections"), CASES)
def test_damage_is_named(tmp_path, write, damage, match, detections):
    write(tmp_path)
    read_all(tmp_path, "gt" if detections == "cpn" or write is write_archives else "sh")
    damage(tmp_path)
    with pytest.raises(DataFileError, match=f"(?s){match}") as error:
        read_all(tmp_path, detections)
    assert str(tmp_path) in str(error.value)


def test_pickles_are_not_executed(tmp_path):
    write_npz(tmp_path)
    trace = tmp_path / "executed"
    with_pickle(tmp_path, Intruder(trace))
    with pytest.raises(NpzError, match="not allowed"):
        read_all(tmp_path)
    assert not trace.exists()


def test_no_such_folder(tmp_path):
    with pytest.raises(DataFileError, match="no folder .*nowhere"):
        sources.find_sources(tmp_path / "nowhere")


def test_empty_folder_says_what_is_expected(tmp_path):
    with pytest.raises(DataFileError, match="(?s)Poses_D3_Positions_S1.*data_3d.*h5"):
        sources.find_sources(tmp_path)


def test_several_folders(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_npz(tmp_path / name)
    with pytest.raises(DataFileError, match="several folders"):
        sources.find_sources(tmp_path)


def test_choosing_among_mixed_forms(tmp_path):
    write_h5(tmp_path)
    write_npz(tmp_path)
    found = sources.find_sources(tmp_path, form="npz")
    assert "npz in" in found.description
    with pytest.raises(DataFileError, match="no poses of the form 'archives'.*npz, h5"):
        sources.find_sources(tmp_path, form="archives")


def test_a_split_with_nothing_in_it(tmp_path):
    sequence = Sequence("S1", "Directions", "1")
    files.write_h5_tree(tmp_path, {sequence: WORLD[sequence]})
    with pytest.raises(DataFileError, match="Nothing to build for the split test"):
        read_all(tmp_path)


def test_poses_behind_the_camera(tmp_path):
    behind = {sequence: pose + [0, 0, 9e4] for sequence, pose in WORLD.items()}
    files.write_h5_tree(tmp_path, behind)
    with pytest.raises(DataFileError, match="behind the camera"):
        read_all(tmp_path)


def test_a_rotation_that_is_none(tmp_path):
    files.write_cameras_h5(tmp_path / "cameras.h5")
    with h5py.File(tmp_path / "cameras.h5", "r+") as file:
        file["subject9/camera2/R"][...] = 1
    with pytest.raises(DataFileError, match="camera S9 55011271"):
        calibration.cameras_from_h5(tmp_path / "cameras.h5")


def test_a_camera_that_is_missing(tmp_path):
    files.write_cameras_h5(tmp_path / "cameras.h5")
    with h5py.File(tmp_path / "cameras.h5", "r+") as file:
        del file["subject9/camera2"]
    with pytest.raises(DataFileError, match="lacks cameras: S9 55011271"):
        calibration.cameras_from_h5(tmp_path / "cameras.h5")
