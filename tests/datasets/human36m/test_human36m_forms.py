import human36m_files as files
import numpy as np
import pytest
from human36m import clips, plan, sources

from propose_keras.data.cameras import project
from propose_keras.data.errors import DataFileError
from propose_keras.human36m_names import CAMERAS, Sequence
from propose_keras.skeletons import H36M_17_FROM_32, convert

WORLD = files.make_world()
DETECTIONS = files.make_detections(WORLD)


def write(form, folder):
    folder.mkdir(parents=True, exist_ok=True)
    if form == "h5":
        files.write_h5_tree(folder, WORLD, DETECTIONS)
    elif form == "npz":
        files.write_positions_npz(folder / "data_3d_h36m.npz", WORLD)
        files.write_detections_npz(folder / "data_2d_h36m_sh_ft_h36m.npz", DETECTIONS)
    else:
        files.write_archives(folder, WORLD, mono=form == "mono")
    return folder


def read(folder, detections="gt", with_scores=False, form=None, **options):
    found = sources.find_sources(folder, detections, form)
    planned = plan.make_plan(found, **options)
    return dict(clips.make_examples(planned.clips, found, with_scores))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    forms = ("h5", "npz", "archives", "mono")
    return {form: write(form, tmp_path_factory.mktemp(form)) for form in forms}


@pytest.fixture(scope="module")
def examples(folders):
    return {form: read(folder) for form, folder in folders.items()}


@pytest.mark.parametrize("form", ["npz", "archives", "mono"])
def test_forms_agree(examples, form):
    expected, found = examples["h5"], examples[form]
    assert set(found) == set(expected)
    for key, example in found.items():
        for name, atol in (("pose_3d", 0.01), ("keypoints_2d", 0.001)):
            assert example[name].dtype == np.float32
            np.testing.assert_allclose(example[name], expected[key][name], atol=atol)
        for name in ("subject", "action", "take", "camera", "frame_rate"):
            assert example[name] == expected[key][name]
        for name in ("image_size", "intrinsics", "distortion", "rotation"):
            np.testing.assert_allclose(example[name], expected[key][name], atol=1e-6)


def test_poses_are_the_worlds_seen_by_the_camera(examples):
    example = examples["archives"]["S1_WalkDog_2_54138969"]
    world = WORLD[Sequence("S1", "WalkDog", "2")][:, H36M_17_FROM_32]
    expected = (world - example["translation"]) @ example["rotation"].T
    np.testing.assert_allclose(example["pose_3d"], expected, atol=0.01)


def test_ground_truth_2d_is_the_distorted_projection(examples):
    for example in examples["npz"].values():
        keypoints = project(
            example["pose_3d"], example["intrinsics"], example["distortion"]
        )
        np.testing.assert_allclose(example["keypoints_2d"], keypoints, atol=0.01)
        straight = project(example["pose_3d"], example["intrinsics"], np.zeros(5))
        assert np.abs(straight - keypoints).max() > 0.1


def test_every_camera_of_every_sequence_but_the_corrupt_one(examples):
    expected = {
        "_".join((q.subject, q.action, q.take, camera))
        for q in WORLD
        for camera in CAMERAS
        if (q.subject, q.action) != ("S11", "Directions")
    }
    assert set(examples["mono"]) == expected


@pytest.mark.parametrize("form", ["h5", "npz"])
def test_hourglass_detections_become_17_joints(folders, form):
    found = read(folders[form], "sh")
    key = "S9_SittingDown_1_60457274"
    raw = DETECTIONS[Sequence("S9", "SittingDown", "1"), "60457274"]
    np.testing.assert_allclose(
        found[key]["keypoints_2d"], convert(raw, "mpii16"), atol=1e-3
    )


def test_any_detections_by_name_beside_any_positions(tmp_path):
    folder = write("archives", tmp_path)
    detections = files.make_detections(WORLD, num_joints=17)
    files.write_detections_npz(
        folder / "data_2d_h36m_vitpose.npz", detections, layout="h36m"
    )
    found = read(folder, "vitpose")
    raw = detections[Sequence("S1", "Directions", "1"), "55011271"]
    np.testing.assert_allclose(
        found["S1_Directions_1_55011271"]["keypoints_2d"], raw, atol=1e-3
    )


def test_coco_detections_become_17_joints(tmp_path):
    folder = write("archives", tmp_path)
    detections = files.make_detections(WORLD, num_joints=17)
    path = folder / "data_2d_h36m_cpn.npz"
    files.write_detections_npz(path, detections, layout="coco")
    found = read(folder, "cpn")["S1_Directions_1_55011271"]["keypoints_2d"]
    raw = detections[Sequence("S1", "Directions", "1"), "55011271"]
    np.testing.assert_allclose(found, convert(raw, "coco17"), atol=1e-3)
    np.testing.assert_allclose(found[:, 0], (raw[:, 11] + raw[:, 12]) / 2, atol=1e-3)


def test_scores_come_along_on_request(tmp_path):
    folder = write("npz", tmp_path)
    detections = files.make_detections(WORLD, num_joints=17)
    scored = {
        key: np.concatenate([poses, np.full((*poses.shape[:2], 1), 0.5)], axis=-1)
        for key, poses in detections.items()
    }
    path = folder / "data_2d_h36m_hrnet.npz"
    files.write_detections_npz(path, scored, layout="h36m")
    example = read(folder, "hrnet", with_scores=True)["S1_Directions_1_55011271"]
    assert example["keypoint_scores"].shape == (7, 17)
    assert (example["keypoint_scores"] == 0.5).all()
    assert "keypoint_scores" not in read(folder, "hrnet")["S1_Directions_1_55011271"]
    with pytest.raises(DataFileError, match="with_scores"):
        read(folder, "sh", with_scores=True)


def test_manual_dir_may_be_the_folder_above(folders, tmp_path):
    folder = write("h5", tmp_path / "data" / "h36m")
    assert set(read(folder.parent)) == set(read(folders["h5"]))


def test_unpacked_archives_are_read(examples, tmp_path):
    world = {q: pose for q, pose in WORLD.items() if q.subject in ("S1", "S9")}
    for sequence, pose in world.items():
        path = tmp_path / sequence.subject / "MyPoseFeatures" / "D3_Positions"
        path.mkdir(parents=True, exist_ok=True)
        contents = files.cdf_bytes(pose.reshape(1, len(pose), -1))
        (path / f"{files.archive_name(sequence)}.cdf").write_bytes(contents)
    found = read(tmp_path)
    assert len(found) == 12
    for key, example in found.items():
        np.testing.assert_allclose(
            example["pose_3d"], examples["archives"][key]["pose_3d"], atol=0.01
        )


def test_dropped_sequences_are_a_choice(folders):
    kept = read(folders["npz"], dropped_sequences=("S1 Directions 1.55011271",))
    assert "S11_Directions_2_54138969" in kept
    assert "S1_Directions_1_55011271" not in kept
    assert "S1_Directions_1_54138969" in kept


def test_a_few_frames_more_are_cut(tmp_path):
    folder = write("npz", tmp_path)
    path = folder / "data_2d_h36m_cpn_ft_h36m_dbb.npz"
    files.write_detections_npz(path, files.make_detections(WORLD, 17, 2), "h36m")
    example = read(folder, "cpn")["S1_Directions_1_54138969"]
    assert len(example["pose_3d"]) == len(example["keypoints_2d"]) == 7
    planned = plan.make_plan(sources.find_sources(folder, "cpn"))
    assert planned.trimmed[0] == "S1/Directions 1.54138969 (7 and 9 frames)"
    assert "20 clips cut" in planned.report()


def test_many_frames_more_are_refused_and_listed(tmp_path):
    folder = write("npz", tmp_path)
    detections = files.make_detections(WORLD, 17)
    odd = Sequence("S1", "Directions", "1"), "54138969"
    detections[odd] = np.zeros((40, 17, 2))
    del detections[Sequence("S9", "SittingDown", "1"), "60457274"]
    path = folder / "data_2d_h36m_cpn_ft_h36m_dbb.npz"
    files.write_detections_npz(path, detections, "h36m")
    planned = plan.make_plan(sources.find_sources(folder, "cpn"))
    assert planned.mismatched == ("S1/Directions 1.54138969 (7 and 40 frames)",)
    assert planned.missing_detections == ("S9/SittingDown.60457274",)
    assert not planned.complete
    examples = read(folder, "cpn")
    assert "S1_Directions_1_54138969" not in examples
    assert "S9_SittingDown_1_60457274" not in examples
    assert len(examples) == 18
    with pytest.raises(DataFileError, match="not complete(.|\n)*7 and 40 frames"):
        read(folder, "cpn", strict=True)


def test_swapped_names_are_matched_by_length(tmp_path):
    takes = [Sequence("S1", "Eating", take) for take in ("1", "2")]
    lengths = dict(zip(takes, (30, 60)))
    world = files.make_world({**files.SEQUENCES, **lengths})
    detections = files.make_detections(world)
    for camera in CAMERAS:
        first, second = ((take, camera) for take in takes)
        detections[first], detections[second] = detections[second], detections[first]
    files.write_h5_tree(tmp_path, world, detections)
    planned = plan.make_plan(sources.find_sources(tmp_path, "sh"))
    assert len(planned.renamed) == 8
    assert not planned.mismatched
    example = read(tmp_path, "sh")["S1_Eating_1_54138969"]
    assert len(example["pose_3d"]) == len(example["keypoints_2d"]) == 30


def test_missing_sequences_are_listed(folders):
    planned = plan.make_plan(sources.find_sources(folders["h5"]))
    report = planned.report()
    assert "train: 12 clips, 72 frames" in report
    assert "test: 8 clips, 28 frames" in report
    assert "204 sequences without 3D positions: all of S5, all of S6" in report
    assert "S9/Directions 1" in report
    assert "4 clips dropped by the config: S11/Directions.54138969" in report
