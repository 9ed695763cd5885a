import os
import pathlib

import mpi_inf_3dhp
import mpi_inf_3dhp_files as files
import numpy as np
import pytest
from mpi_inf_3dhp import facts
from mpi_inf_3dhp.calibration import read_calibration

from propose_keras.data.errors import DataFileError
from propose_keras.skeletons import H36M_17, MPI_INF_3DHP_17


@pytest.mark.parametrize("write", [files.write_mat73, files.write_older_mat])
def test_test_set_from_either_matlab_form(tmp_path, write):
    annotations = files.make_annotations(subject="TS5")
    path = str(tmp_path / "TS5/annot_data.mat")
    write(path, annotations)
    recording = mpi_inf_3dhp.read_test_mat(path, "TS5")
    valid = annotations["valid_frame"] == 1
    for name in ("annot2", "annot3", "univ_annot3"):
        np.testing.assert_array_equal(
            getattr(recording, name), annotations[name][valid]
        )
    np.testing.assert_array_equal(recording.frame_numbers, np.flatnonzero(valid))
    assert recording.num_annotated == 12
    assert (recording.scene, recording.camera.image_size) == ("Outdoor", (1920, 1080))


def test_npz_and_mat_give_the_same_universal_poses(tmp_path):
    annotations = {s: files.make_annotations(seed=i) for i, s in enumerate(["TS2"])}
    files.write_mat73(str(tmp_path / "TS2/annot_data.mat"), annotations["TS2"])
    path = str(tmp_path / "data_test_3dhp.npz")
    files.write_npz(path, {k: files.npz_fields(v) for k, v in annotations.items()})
    (from_npz,) = mpi_inf_3dhp.read_test_npz(path)
    from_mat = mpi_inf_3dhp.read_test_mat(tmp_path / "TS2/annot_data.mat", "TS2")
    for name in ("annot2", "univ_annot3", "frame_numbers"):
        np.testing.assert_array_equal(getattr(from_npz, name), getattr(from_mat, name))
    assert from_npz.annot3.shape == (0, 17, 3)
    assert mpi_inf_3dhp.to_example(from_npz)["pose_3d_source"] == "univ_annot3"


def test_activities_split_a_recording(tmp_path):
    path = str(tmp_path / "TS1/annot_data.mat")
    files.write_mat73(path, files.make_annotations())
    parts = list(mpi_inf_3dhp.read_test_mat(path, "TS1").split_by_activity())
    assert [p.action for p in parts] == ["StandWalk", "CrouchReach"]
    assert [p.frame_numbers.tolist() for p in parts] == [[0, 2, 3, 5], [6, 8, 9, 11]]


def test_example_is_in_both_joint_orders(tmp_path):
    path = str(tmp_path / "TS5/annot_data.mat")
    files.write_mat73(path, files.make_annotations(subject="TS5"))
    recording = mpi_inf_3dhp.read_test_mat(path, "TS5")
    example = mpi_inf_3dhp.to_example(recording)
    for ours, theirs in (
        *(("Hip", "Pelvis"), ("RKnee", "RKnee"), ("LFoot", "LAnkle")),
        *(("Thorax", "Neck"), ("Head", "HeadTop"), ("LWrist", "LWrist")),
    ):
        i, j = H36M_17.index(ours), MPI_INF_3DHP_17.index(theirs)
        np.testing.assert_array_equal(example["pose_3d"][:, i], example["annot3"][:, j])
        np.testing.assert_array_equal(
            example["pose_3d_univ"][:, i], example["univ_annot3"][:, j]
        )
    projected = recording.camera.project(example["pose_3d"].astype(float))
    np.testing.assert_allclose(projected, example["keypoints_2d"], atol=0.01)


def test_test_cameras_are_rotations_and_stand_upright():
    for camera in facts.TEST_CAMERAS.values():
        identity = camera.rotation @ camera.rotation.T
        np.testing.assert_allclose(identity, np.eye(3), atol=1e-5)
        assert np.linalg.det(camera.rotation) == pytest.approx(1, abs=1e-5)
        assert camera.rotation[1] @ [0, -1, 0] > 0.9  # image y points down


def test_training_set_from_mat_and_calibration(tmp_path):
    cells = files.make_training()
    files.write_training(tmp_path / "S2/Seq1", cells)
    recordings = list(
        mpi_inf_3dhp.read_training_mat(tmp_path / "S2/Seq1", "S2", "Seq1", (0, 8))
    )
    assert [r.camera.name for r in recordings] == ["0", "8"]
    head_top = facts.JOINT_NAMES_28.index("head_top")
    expected = cells["annot3"][8].reshape(-1, 28, 3)[:, head_top]
    index = MPI_INF_3DHP_17.index("HeadTop")
    np.testing.assert_allclose(recordings[1].annot3[:, index], expected)
    camera = recordings[0].camera
    np.testing.assert_allclose(
        camera.intrinsics, [1497.693, 1497.103, 1024.704, 1051.394]
    )
    np.testing.assert_allclose(camera.translation, [100, 1500, -4000], atol=1e-3)
    np.testing.assert_allclose(camera.rotation, files.rotation_about_y(0.3), atol=1e-7)


def test_training_annotations_after_the_last_image_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setitem(facts.TRAINING_SEQUENCES, ("S1", "Seq1"), (5, 25))
    files.write_training(tmp_path, files.make_training(num_frames=8))
    (recording,) = mpi_inf_3dhp.read_training_mat(tmp_path, "S1", "Seq1", (4,))
    assert len(recording.annot2) == len(recording.annot3) == 5


def _training_npz(path, num_frames=8, sequence="S1 Seq1", **changes):
    cells = files.make_training(num_frames)
    joints = list(facts.JOINTS_17_FROM_28)
    fields = {
        "data_2d": cells["annot2"][0].reshape(-1, 28, 2)[:, joints],
        "data_3d": cells["univ_annot3"][0].reshape(-1, 28, 3)[:, joints],
    }
    files.write_npz(path, {sequence: [{"0": {**fields, **changes}}]})
    return fields


def test_training_set_from_npz(tmp_path):
    path = str(tmp_path / "data_train_3dhp.npz")
    fields = _training_npz(path)
    (recording,) = mpi_inf_3dhp.read_training_npz(path, (0, 1))
    np.testing.assert_array_equal(recording.univ_annot3, fields["data_3d"])
    assert (recording.subject, recording.action) == ("S1", "Seq1")
    assert np.isnan(recording.camera.intrinsics).all()


@pytest.mark.parametrize("swapped", [True, False])
def test_sides_are_fixed_where_they_are_swapped(tmp_path, monkeypatch, swapped):
    monkeypatch.setitem(facts.SWAPPED_SIDES, ("S4", "Seq2"), (3, 6))
    cells = files.make_training(num_frames=8)
    still = cells["univ_annot3"][:, :1]
    cells = {k: np.repeat(v[:, :1], 8, axis=1) for k, v in cells.items()}
    flip = list(MPI_INF_3DHP_17.flip)
    joints = np.array(facts.JOINTS_17_FROM_28)
    if swapped:
        for name, size in (("annot2", 2), ("annot3", 3), ("univ_annot3", 3)):
            view = cells[name].reshape(14, 8, 28, size)
            view[:, 3:6, joints] = view[:, 3:6, joints[flip]]
    files.write_training(tmp_path, cells)
    (recording,) = mpi_inf_3dhp.read_training_mat(tmp_path, "S4", "Seq2", (0,))
    fixed = recording.fix_swapped_sides()
    expected = np.repeat(still[0].reshape(1, 28, 3)[:, joints], 8, axis=0)
    np.testing.assert_allclose(fixed.univ_annot3, expected)
    assert np.ptp(fixed.annot2, axis=0).max() == 0


def test_files_are_found_in_the_folder_itself_and_above(tmp_path):
    root = tmp_path / "downloads/mpi_inf_3dhp_test_set"
    files.write_mat73(str(root / "TS6/annot_data.mat"), files.make_annotations())
    files.write_training(tmp_path / "downloads/S3/Seq2", files.make_training())
    for manual_dir in (tmp_path, tmp_path / "downloads"):
        sources = mpi_inf_3dhp.find_sources(manual_dir)
        assert list(sources.test_mats) == ["TS6"]
        assert list(sources.training_folders) == [("S3", "Seq2")]
        missing = sources.missing()
        assert len(missing) == 15 + 5
        assert "S3/Seq2" not in missing and "TS6" not in missing


def test_sources_that_cannot_be_told_apart_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"TS1/annot_data\.mat"):
        mpi_inf_3dhp.find_sources(tmp_path)
    files.write_mat73(str(tmp_path / "a/TS6/annot_data.mat"), files.make_annotations())
    files.write_npz(str(tmp_path / "data_test_3dhp.npz"), {})
    with pytest.raises(DataFileError, match=r"two forms.*data_test_3dhp.*TS6"):
        mpi_inf_3dhp.find_sources(tmp_path)
    os.remove(tmp_path / "data_test_3dhp.npz")
    files.write_mat73(str(tmp_path / "b/TS6/annot_data.mat"), files.make_annotations())
    with pytest.raises(DataFileError, match="Two copies"):
        mpi_inf_3dhp.find_sources(tmp_path)


@pytest.mark.parametrize("write", [files.write_mat73, files.write_older_mat])
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_truncated_mat(tmp_path, write, kept):
    path = pathlib.Path(tmp_path / "TS1/annot_data.mat")
    write(str(path), files.make_annotations(num_frames=200))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(DataFileError, match=r"annot_data\.mat.*download it again"):
        mpi_inf_3dhp.read_test_mat(path, "TS1")


def test_page_saved_instead_of_a_mat(tmp_path):
    path = tmp_path / "annot_data.mat"
    path.write_text("<html>Quota exceeded</html>" * 50)
    with pytest.raises(DataFileError, match=r"annot_data\.mat as a MATLAB file"):
        mpi_inf_3dhp.read_test_mat(path, "TS1")


def _changed(**changes):
    return {**files.make_annotations(), **changes}


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        (_changed(annot2=np.zeros((12, 16, 2))), "`annot2` of MATLAB size 2 x 17"),
        (_changed(annot3=np.zeros((12, 28, 3))), "`annot3` of MATLAB size 3 x 17"),
        (_changed(univ_annot3=np.ones((11, 17, 3))), "`univ_annot3` has 11"),
        (_changed(annot3=np.ones((11, 17, 3))), "`annot3` has 11"),
        (_changed(valid_frame=np.ones(11)), "12 frames, `valid_frame` has 11"),
        (_changed(valid_frame=np.zeros(12)), "no valid frame"),
        (_changed(annot3=np.full((12, 17, 3), np.nan)), "`annot3` is not finite"),
        (
            _changed(univ_annot3=files.make_annotations()["univ_annot3"][:, ::-1]),
            "joints are in another order",
        ),
    ],
)
def test_wrong_arrays_in_a_mat(tmp_path, annotations, message):
    path = str(tmp_path / "TS1/annot_data.mat")
    files.write_mat73(path, annotations)
    with pytest.raises(DataFileError, match=f"annot_data.mat.*{message}"):
        mpi_inf_3dhp.read_test_mat(path, "TS1")


def test_mat_without_a_variable(tmp_path):
    annotations = files.make_annotations()
    del annotations["univ_annot3"]
    path = str(tmp_path / "TS1/annot_data.mat")
    files.write_mat73(path, annotations)
    with pytest.raises(DataFileError, match=r"lacks the variables \['univ_annot3'\]"):
        mpi_inf_3dhp.read_test_mat(path, "TS1")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([1, 2], "expected a dictionary, received ndarray"),
        ({"TS7": files.npz_fields(files.make_annotations())}, "expected the sequences"),
        ({"TS1": {"data_2d": np.zeros((3, 17, 2))}}, "expected an array 'valid'"),
        (
            {"TS1": {**files.npz_fields(_changed()), "data_3d": np.ones((12, 16, 3))}},
            r"`univ_annot3` of shape \(8, 17, 3\)",
        ),
    ],
)
def test_wrong_contents_of_the_test_npz(tmp_path, data, message):
    path = str(tmp_path / "data_test_3dhp.npz")
    files.write_npz(path, data)
    with pytest.raises(DataFileError, match=f"data_test_3dhp.npz.*{message}"):
        mpi_inf_3dhp.read_test_npz(path)


def test_wrong_contents_of_the_training_npz(tmp_path):
    path = str(tmp_path / "data_train_3dhp.npz")
    _training_npz(path, sequence="S9 Seq1")
    with pytest.raises(DataFileError, match="'S9 Seq1' is not a training sequence"):
        list(mpi_inf_3dhp.read_training_npz(path, (0,)))
    _training_npz(path, data_3d=np.ones((7, 17, 3)))
    with pytest.raises(DataFileError, match=r"`univ_annot3` of shape \(8, 17, 3\)"):
        list(mpi_inf_3dhp.read_training_npz(path, (0,)))


def test_training_mat_of_another_skeleton_or_without_a_camera(tmp_path):
    cells = files.make_training()
    cells["annot3"] = cells["annot3"][..., :-3]
    files.write_training(tmp_path, cells)
    with pytest.raises(DataFileError, match=r"annot3\{0\}: expected frames x 84"):
        list(mpi_inf_3dhp.read_training_mat(tmp_path, "S1", "Seq1", (0,)))
    files.write_training(tmp_path, files.make_training(num_cameras=3))
    with pytest.raises(DataFileError, match="lacks camera 5"):
        list(mpi_inf_3dhp.read_training_mat(tmp_path, "S1", "Seq1", (5,)))
    os.remove(tmp_path / "camera.calibration")
    with pytest.raises(FileNotFoundError, match=r"camera\.calibration"):
        list(mpi_inf_3dhp.read_training_mat(tmp_path, "S1", "Seq1", (0,)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no camera"),
        (files.calibration_block(0)[:-120], "`extrinsic` with 16 numbers"),
        (files.calibration_block(0).replace("1497.693", "?"), "line 5.*numbers"),
        (
            files.calibration_block(0, angle=0.3).replace("0.955", "9.955"),
            "no rotation",
        ),
    ],
)
def test_damaged_calibration(tmp_path, text, message):
    path = tmp_path / "camera.calibration"
    path.write_text(text)
    with pytest.raises(DataFileError, match=rf"camera\.calibration.*{message}"):
        read_calibration(path)
