import pathlib

import builder_tools
import numpy as np
import pytest
import ui_prmd
import ui_prmd_files as files

from propose_keras.data.cameras import project
from propose_keras.data.errors import DataFileError
from propose_keras.data.reading import load_arrays

NAME = "ui_prmd"


@pytest.fixture(scope="module")
def recordings():
    found = {
        "m01_s01_e01": files.perform(480, seed=1)[0],
        "m03_s01_e02_inc": files.perform(80, seed=2)[0],
        "m07_s01_e03": files.perform(80, seed=3)[0],
        "m01_s04_e01": files.perform(480, seed=4, stature=1800)[0],
        "m01_s05_e01": files.perform(40, seed=5)[0],
    }
    # One marker is never seen, so the recording cannot be used.
    found["m07_s01_e03"][:, files.MARKERS.index("RTHI")] = 0
    return found


def _write_texts(folder, recordings):
    for number, (name, track) in enumerate(recordings.items()):
        path = files.path_of(folder, name)
        files.write_text(path + ".gz" * (number % 2), track)


@pytest.fixture(scope="module")
def built(tmp_path_factory, recordings):
    folder = tmp_path_factory.mktemp("text")
    _write_texts(folder / "manual", recordings)
    return folder, builder_tools.build(NAME, folder / "manual", folder / "data")


def test_build_and_read_back(built):
    folder, builder = built
    assert builder.info.metadata["skipped"] == ["m07_s01_e03"]
    assert builder.info.metadata["recordings"] == 5
    assert builder.info.metadata["left_out"] == 1
    found = builder_tools.examples(builder, "train")
    assert sorted(found) == [
        *(f"s01-deep_squat-01-{camera}" for camera in range(4)),
        *(f"s01-inline_lunge-02_inc-{camera}" for camera in range(4)),
    ]
    example = found["s01-deep_squat-01-0"]
    assert example["pose_3d"].shape == (120, 17, 3)
    assert example["frame_rate"] == 25
    pixels = project(
        example["pose_3d"].astype(float), example["intrinsics"], example["distortion"]
    )
    np.testing.assert_allclose(example["keypoints_2d"], pixels, atol=0.01)
    held_out = load_arrays(NAME, folder / "data", "validation")
    assert {clip.subject for clip in held_out.clips} == {"s04"}


def test_the_packed_form_is_the_same(built, tmp_path, recordings):
    files.write_npz(f"{tmp_path}/manual/uiprmd_markers39_25hz.npz", recordings)
    builder_tools.build(NAME, tmp_path / "manual", tmp_path / "data")
    worlds = []
    for folder in (built[0], tmp_path):
        arrays = load_arrays(NAME, folder / "data", "train")
        assert [clip.take for clip in arrays.clips] == ["01"] * 4 + ["02_inc"] * 4
        camera = arrays.clips[0]
        worlds.append(arrays.pose_3d[:120] @ camera.rotation + camera.translation)
    # The packed form rounds to a quarter of a millimetre.
    np.testing.assert_allclose(worlds[0], worlds[1], atol=1.0)


def test_config_fields(tmp_path, recordings):
    _write_texts(tmp_path / "manual", recordings)
    builder = builder_tools.build(
        *(NAME, tmp_path / "manual", tmp_path / "data"),
        frame_rate=50.0,
        num_cameras=1,
        dropped_subjects=("s05",),
        with_incorrect=False,
    )
    found = builder_tools.examples(builder, "train")
    assert list(found) == ["s01-deep_squat-01-0"]
    (example,) = found.values()
    assert (len(example["pose_3d"]), example["frame_rate"]) == (240, 50)


def test_other_files_of_the_data_set_are_passed_over(tmp_path):
    track = np.ones((4, 39, 3))
    files.write_text(files.path_of(tmp_path, "m02_s03_e04"), track)
    for other in ("Vicon/Angles/m02_s03_e04_angles", "Kinect/Positions/m02_s03_e04"):
        files.write_text(f"{tmp_path}/Segmented Movements/{other}.txt", track)
    kinect = "Segmented Movements/Kinect/Positions/m02_s03_e04_positions.txt"
    files.write_text(f"{tmp_path}/{kinect}", track)
    (recording,) = ui_prmd.find_recordings(tmp_path)
    assert recording.action == "hurdle_step"
    np.testing.assert_array_equal(recording.read().positions, track)


def test_folders_that_cannot_be_told_apart_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="(?s)no positions.*m01_s01_e01"):
        ui_prmd.find_recordings(tmp_path)
    track = np.ones((4, 39, 3))
    path = files.path_of(tmp_path, "m01_s01_e01")
    files.write_text(path, track)
    files.write_text(f"{path}.gz", track)
    with pytest.raises(DataFileError, match="m01_s01_e01 twice"):
        ui_prmd.find_recordings(tmp_path)
    pathlib.Path(f"{path}.gz").unlink()
    files.write_npz(f"{tmp_path}/uiprmd.npz", {"m01_s01_e01": track})
    with pytest.raises(DataFileError, match="more than once"):
        ui_prmd.find_recordings(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda t: t[:-30],
        lambda t: t.replace("1.000000", "x", 1),
        lambda t: t.replace("1.000000", "nan", 1),
        lambda t: "",
        lambda t: "<html>Not found</html>",
    ],
)
def test_damaged_text(tmp_path, damage):
    path = pathlib.Path(f"{tmp_path}/m01_s01_e01_positions.txt")
    files.write_text(str(path), np.ones((4, 39, 3)))
    path.write_text(damage(path.read_text()))
    with pytest.raises(DataFileError, match=r"m01_s01_e01_positions\.txt"):
        ui_prmd.read_positions(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"marker_names": np.array(files.MARKERS[::-1])}, "`marker_names`"),
        ({"positions_quarter_mm": np.zeros((5, 38, 3), "i2")}, "of shape"),
        ({"sequence_offsets": np.array([0, 2, 9])}, "grow from 0 to the 5"),
        ({"sequence_names": np.array(["m01_s01_e01"] * 2)}, "a name twice"),
        ({"sequence_names": np.array(["m01_s01_e01", "walk"])}, "'walk' is not"),
    ],
)
def test_wrong_arrays_in_the_npz(tmp_path, changes, message):
    tracks = {"m01_s01_e01": np.ones((8, 39, 3)), "m02_s01_e01": np.ones((12, 39, 3))}
    files.write_npz(f"{tmp_path}/uiprmd.npz", tracks, **changes)
    with pytest.raises(DataFileError, match=message):
        ui_prmd.find_recordings(tmp_path)
