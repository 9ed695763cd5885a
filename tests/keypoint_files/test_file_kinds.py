"""Files and folders that hold no keypoints are named for what they seem to be."""

import gzip
import io
import json
import pickle
import tarfile
import zipfile

import numpy as np
import pytest

from propose_keras.keypoint_files import KeypointFileError, read_keypoints


def zipped(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.json"))
    return buffer.getvalue()


def npy():
    buffer = io.BytesIO()
    np.save(buffer, np.ones((2, 26, 3)))
    return buffer.getvalue()


MP4 = b"\x00\x00\x00\x20ftypisom" + bytes(40)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
AVI = b"RIFF\x00\x00\x00\x00AVI LIST" + bytes(40)
BVH = b"HIERARCHY\nROOT Hips\n"
C3D = b"\x02\x50" + bytes(600)
PICKLE = pickle.dumps([{"keypoints": np.zeros((17, 3))}])
TORCH = zipped("archive/data.pkl", "archive/data/0")

# Name, contents, what is said.
FILES = [
    ("film.mp4", MP4, "MP4 or QuickTime video.*run a detector"),
    ("film.avi", AVI, "an AVI video.*run a detector"),
    ("film.mkv", b"?" * 40, "a video.*run a detector"),
    ("a.png", PNG, "a PNG picture.*run a detector"),
    ("a.jpg", JPEG, "a JPEG picture.*run a detector"),
    ("a.bmp", b"BM" + bytes(40), "a picture.*run a detector"),
    ("a.pkl", PICKLE, "a Python pickle.*not opened.*numpy.savez"),
    ("old.pickle", b"(lp0\n.", "a Python pickle.*not opened"),
    ("a.pt", TORCH, "a file of PyTorch.*not opened"),
    ("a.zip", zipped("a.json"), "an archive.*Unpack it"),
    ("a.json.gz", gzip.compress(b"[]"), "gzip.*Unpack it"),
    ("a.tar", tarred(), "a tar archive.*Unpack it"),
    ("a.bvh", BVH, "a BVH motion.*in 3D"),
    ("a.c3d", C3D, "a C3D file.*in 3D"),
    ("a.fbx", b"Kaydara FBX Binary", "an FBX motion.*in 3D"),
    ("a.mot", b"Coordinates\nversion=1\n", "a motion in 3D"),
    ("a.xlsx", zipped("[Content_Types].xml"), "an Office document.*csv"),
    ("a.mat", b"MATLAB 5.0 MAT-file" + bytes(200), "a MATLAB file"),
    ("a.parquet", b"PAR1" + bytes(40), "a Parquet table"),
    ("a.slp", b"\x89HDF\r\n\x1a\n", "SLEAP project.*sleap-convert"),
    ("a.hdf", b"\x89HDF\r\n\x1a\n", "an HDF5 file.*Rename it to .h5"),
    ("a.keras", zipped("metadata.json", "model.weights.h5"), "a Keras model"),
    ("a.xyz", b"something", "unknown kind of file '.xyz'. Expected"),
]


@pytest.mark.parametrize(("name", "contents", "kind"), FILES)
def test_files_of_other_kinds(tmp_path, name, contents, kind):
    (tmp_path / name).write_bytes(contents)
    with pytest.raises(KeypointFileError, match=f"unknown kind of file.*{kind}|{kind}"):
        list(read_keypoints(tmp_path / name))


@pytest.mark.parametrize("suffix", ["json", "csv", "npz", "npy", "h5", "trc"])
@pytest.mark.parametrize(
    ("contents", "kind"),
    [
        (MP4, "video"),
        (PNG, "a PNG picture"),
        (PICKLE, "a Python pickle"),
        (TORCH, "a file of PyTorch"),
        (gzip.compress(b"[]"), "gzip"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"", "It is empty"),
    ],
    ids=["video", "picture", "pickle", "PyTorch", "gzip", "html", "empty"],
)
def test_files_under_a_wrong_name(tmp_path, suffix, contents, kind):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(contents)
    with pytest.raises(KeypointFileError, match=f"cannot be read. .*{kind}") as caught:
        list(read_keypoints(path))
    assert "not JSON" not in str(caught.value)


def test_arrays_under_each_others_names(tmp_path):
    (tmp_path / "a.npz").write_bytes(npy())
    with pytest.raises(KeypointFileError, match="a NumPy array. Rename it to .npy"):
        list(read_keypoints(tmp_path / "a.npz"))
    np.savez(tmp_path / "b.npz", keypoints=np.ones((2, 26, 3)))
    (tmp_path / "b.npz").rename(tmp_path / "b.npy")
    with pytest.raises(KeypointFileError, match="a NumPy archive. Rename it to .npz"):
        list(read_keypoints(tmp_path / "b.npy"))


FOLDERS = [
    ({}, "The folder is empty"),
    ({"1.png": PNG, "2.png": PNG}, "2 files '.png', a picture each. .*run a detector"),
    ({"a.mp4": MP4}, "1 file '.mp4', a video each. .*run a detector"),
    ({"a.csv": b"", "b.csv": b""}, "2 files '.csv'. Pass one file"),
    ({"a.pkl": PICKLE}, "a Python pickle each"),
    ({"json/1.json": b"[]"}, r"folders only \(json\): pass the one"),
]


@pytest.mark.parametrize(("files", "kind"), FOLDERS)
def test_folders_without_keypoints(tmp_path, files, kind):
    for name, contents in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(contents)
    with pytest.raises(KeypointFileError, match=f"no JSON files in the folder.*{kind}"):
        list(read_keypoints(tmp_path))


def test_a_folder_with_an_empty_file(tmp_path):
    people = {"people": [{"pose_keypoints_2d": [1.0, 2.0, 0.5] * 25}]}
    (tmp_path / "v_0_keypoints.json").write_text(json.dumps(people))
    (tmp_path / "v_1_keypoints.json").write_bytes(b"")
    with pytest.raises(KeypointFileError, match="v_1_keypoints.json.* It is empty"):
        list(read_keypoints(tmp_path))
