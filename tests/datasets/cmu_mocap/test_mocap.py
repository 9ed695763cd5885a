import pathlib

import cmu_mocap as mocap
import mocap_files as files
import numpy as np
import pytest
from cmu_mocap.motion import CMU_UNIT_MM, Motion, euler_matrices, z_up
from scipy.spatial.transform import Rotation

from propose_keras.data.errors import DataFileError
from propose_keras.skeletons import H36M_17


@pytest.mark.parametrize("axes", ["xyz", "zyx", "yxz", "xz", "y", ""])
def test_euler_matrices_multiply_in_the_order_given(rng, axes):
    angles = rng.uniform(-180, 180, (5, len(axes)))
    if axes:
        expected = Rotation.from_euler(axes.upper(), angles, degrees=True).as_matrix()
    else:
        expected = np.tile(np.eye(3), (5, 1, 1))
    np.testing.assert_allclose(euler_matrices(angles, axes), expected, atol=1e-12)


def _write_both(folder, motion, **bvh):
    files.write_asf(f"{folder}/02/02.asf", motion)
    files.write_amc(f"{folder}/02/02_01.amc", motion)
    files.write_bvh(f"{folder}/02_01.bvh", motion, **bvh)
    skeleton = mocap.read_asf(f"{folder}/02/02.asf")
    return mocap.read_amc(f"{folder}/02/02_01.amc", skeleton), f"{folder}/02_01.bvh"


def test_asf_and_bvh_of_one_motion_give_the_same_poses(tmp_path):
    from_amc, path = _write_both(tmp_path, files.Motion())
    from_bvh = mocap.read_bvh(path)
    assert from_amc.frame_rate == 120
    assert from_bvh.frame_rate == pytest.approx(120, rel=1e-4)
    poses = mocap.retarget(from_amc, mocap.ASF_RULE)
    assert poses.shape == (6, 17, 3)
    np.testing.assert_allclose(
        mocap.retarget(from_bvh, mocap.BVH_RULE), poses, atol=1e-3
    )


def test_a_bvh_that_has_its_thorax_is_left_alone(tmp_path):
    from_amc, path = _write_both(tmp_path, files.Motion(), with_thorax=True)
    np.testing.assert_allclose(
        mocap.retarget(mocap.read_bvh(path), mocap.BVH_RULE),
        mocap.retarget(from_amc, mocap.ASF_RULE),
        atol=1e-3,
    )


def test_lost_thorax_is_put_back_only_on_request(tmp_path):
    from_amc, path = _write_both(tmp_path, files.Motion())
    lost = mocap.retarget(mocap.read_bvh(path, mend_thorax=False), mocap.BVH_RULE)
    gap = np.linalg.norm(lost - mocap.retarget(from_amc, mocap.ASF_RULE), axis=-1)
    thorax = np.linalg.norm([0, 2.0, 0.1]) * CMU_UNIT_MM
    head, foot = H36M_17.index("Head"), H36M_17.index("RFoot")
    np.testing.assert_allclose(gap[:, head], thorax, rtol=1e-5)
    np.testing.assert_allclose(gap[:, foot], 0, atol=1e-3)


def test_rest_pose_at_the_start_is_left_out_and_motion_is_not(tmp_path):
    motion = files.Motion(num_frames=4)
    for rest_pose in (True, False):
        files.write_bvh(f"{tmp_path}/a.bvh", motion, rest_pose=rest_pose)
        assert len(mocap.read_bvh(f"{tmp_path}/a.bvh").positions) == 4


def test_bvh_of_a_known_pose(tmp_path):
    path = tmp_path / "arm.bvh"
    path.write_text(
        "HIERARCHY\nROOT Base\n{\nOFFSET 0 0 0\n"
        "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation\n"
        "JOINT Tip\n{\nOFFSET 1 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
        "End Site\n{\nOFFSET 2 0 0\n}\n}\n}\n"
        "MOTION\nFrames: 1\nFrame Time: 0.04\n5 6 7 90 0 0 0 0 -90\n"
    )
    motion = mocap.read_bvh(path, unit_mm=10)
    # Turned a quarter about z, the arm goes up; its tip, a quarter back about y, to +z.
    expected = np.array([[5, 6, 7], [5, 7, 7], [5, 7, 9]])
    np.testing.assert_allclose(motion.positions[0], z_up(expected * 10.0), atol=1e-9)
    assert motion.joint_names == ("Base", "Tip", "Tip_end")


def test_up_is_z_and_the_frame_stays_right_handed():
    np.testing.assert_array_equal(z_up(np.array([0.0, 1, 0])), [0, 0, 1])
    assert np.linalg.det(z_up(np.eye(3))) == pytest.approx(1)


def test_retargeted_bones_keep_their_lengths(tmp_path):
    motion, _ = _write_both(tmp_path, files.Motion(num_frames=50))
    poses = mocap.retarget(motion, mocap.ASF_RULE)
    rigid = [(p, j) for p, j in H36M_17.bones if H36M_17.joint_names[j] not in _LOOSE]
    for parent, child in rigid:
        lengths = np.linalg.norm(poses[:, child] - poses[:, parent], axis=-1)
        assert np.ptp(lengths) < 1e-3
    hips = poses[:, [H36M_17.index("RHip"), H36M_17.index("LHip")]].mean(axis=1)
    np.testing.assert_allclose(poses[:, 0], hips)


# Not one bone of the source: the back's joints bend in between.
_LOOSE = ("Spine", "Thorax", "LShoulder", "RShoulder")


def test_resampling_keeps_the_nearest_frames():
    times = np.arange(11.0).reshape(11, 1, 1) * np.ones(3)
    motion = Motion(("a",), times, 100.0)
    assert motion.resample(50)["a"][:, 0].tolist() == [0, 2, 4, 6, 8, 10]
    assert motion.resample(40)["a"][:, 0].tolist() == [0, 2, 5, 8, 10]
    assert motion.resample(120) is motion


def test_sequences_of_every_form_are_named_and_split(tmp_path):
    for subject in ("05", "12"):
        folder = tmp_path / "asf/subjects" / subject
        files.write_asf(f"{folder}/{subject}.asf", files.Motion())
        files.write_amc(f"{folder}/{subject}_03.amc", files.Motion())
        files.write_bvh(f"{tmp_path}/bvh/0{subject}/{subject}_03.bvh", files.Motion())
    for form in ("asf", "bvh"):
        index = tmp_path / form / "cmu-mocap-index-text.txt"
        index.write_text("Subject #12 (dance)\n12_03\tRun/jog, sudden stop\n")
        sequences = mocap.find_sequences(tmp_path / form)
        found = [(s.name, s.subject, s.action, s.take, s.split) for s in sequences]
        assert found == [
            ("05_03", "05", "unknown", "03", "test"),
            ("12_03", "12", "run_jog_sudden_stop", "03", "train"),
        ]
        poses, frame_rate = sequences[1].read(60.0)
        assert (poses.shape, frame_rate) == ((3, 17, 3), 60.0)


@pytest.mark.parametrize("names", [None, files.MAX_NAMES])
@pytest.mark.parametrize("unit_mm", [25.4 / 0.45, 1.0, 10.0, 25.4, 1000.0])
def test_conversions_of_other_names_and_units_are_the_same_motion(
    tmp_path, names, unit_mm
):
    motion = files.Motion()
    files.write_bvh(f"{tmp_path}/a/02_01.bvh", motion)
    files.write_bvh(
        f"{tmp_path}/b/02_01.bvh",
        motion,
        frame_time=1 / 60,
        scale=25.4 / 0.45 / unit_mm,
        names=names,
    )
    poses = []
    for folder, expected_rate in (("a", 120), ("b", 60)):
        (sequence,) = mocap.find_sequences(tmp_path / folder)
        found, frame_rate = sequence.read(120.0)
        assert frame_rate == pytest.approx(expected_rate, rel=1e-4)
        poses.append(found)
    np.testing.assert_allclose(poses[1], poses[0], atol=0.5)


def test_a_bvh_of_another_skeleton_is_refused(tmp_path):
    files.write_bvh(f"{tmp_path}/02_01.bvh", files.Motion(), names={"LeftLeg": "shin"})
    (sequence,) = mocap.find_sequences(tmp_path)
    with pytest.raises(DataFileError, match=r"02_01\.bvh.*no known conversion.*'shin'"):
        sequence.read(60.0)


def test_amc_and_bvh_may_lie_together_and_each_take_is_read_once(tmp_path):
    files.write_asf(f"{tmp_path}/02/02.asf", files.Motion())
    files.write_amc(f"{tmp_path}/02/02_01.amc", files.Motion(num_frames=10))
    files.write_bvh(f"{tmp_path}/02/02_01.bvh", files.Motion(num_frames=4))
    files.write_bvh(f"{tmp_path}/02/02_02.bvh", files.Motion(num_frames=4))
    first, second = mocap.find_sequences(tmp_path)
    assert (first.name, second.name) == ("02_01", "02_02")
    assert (len(first.read(120.0)[0]), len(second.read(120.0)[0])) == (10, 4)


def test_npz_sequences(tmp_path):
    arrays = files.write_npz(f"{tmp_path}/cmu_mocap_small.npz")
    sequences = mocap.find_sequences(tmp_path)
    found = [(s.name, s.subject, s.action, s.take, s.split) for s in sequences]
    assert found == [
        ("amc/05_01", "05", "unknown", "01", "test"),
        ("amc/02_03", "02", "unknown", "03", "train"),
        ("expmap/train/walking_4", "expmap", "walking", "4", "train"),
    ]
    poses, frame_rate = sequences[1].read(60.0)
    np.testing.assert_allclose(poses, arrays["positions"][4:10] * 1000.0, rtol=1e-6)
    assert frame_rate == 60
    poses, frame_rate = sequences[1].read(30.0)
    assert (len(poses), frame_rate) == (3, 30)


def _bvh_text(tmp_path):
    path = tmp_path / "whole.bvh"
    files.write_bvh(str(path), files.Motion())
    return path.read_text()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: t[:400], "no MOTION"),
        (lambda t: t[:-300], "numbers follow"),
        (lambda t: t.replace("Frames: 7", "Frames: 9"), "announces 9 frames"),
        (lambda t: t.replace("Frames:", "Rows:"), "cannot read MOTION"),
        (lambda t: t.replace("JOINT Spine\n", "JOINT\n"), "HIERARCHY is damaged"),
        (lambda t: t.replace("}\n}\nMOTION", "}\nMOTION"), "braces open"),
        (lambda t: t.replace("Xrotation", "Wrotation"), "Wrotation"),
        (lambda t: "<html>Not found</html>", "not a BVH file"),
    ],
)
def test_damaged_bvh(tmp_path, damage, message):
    path = tmp_path / "02_01.bvh"
    path.write_text(damage(_bvh_text(tmp_path)))
    with pytest.raises(DataFileError, match=rf"02_01\.bvh.*({message})"):
        mocap.read_bvh(path)


def test_bvh_with_numbers_that_are_not_finite(tmp_path):
    path = tmp_path / "02_01.bvh"
    head, _, tail = _bvh_text(tmp_path).rpartition("\n")
    path.write_text(head.rsplit(" ", 1)[0] + " inf\n" + tail)
    with pytest.raises(DataFileError, match="not finite"):
        mocap.read_bvh(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: t[: len(t) // 2], "line|lacks or repeats"),
        (lambda t: t[: t.rindex("head")], "frame 6 lacks or repeats .*'head'"),
        (lambda t: t.replace("head", "skull"), "0 degrees of freedom for 'skull'"),
        (lambda t: t.replace("ltibia ", "ltibia 1 ", 1), "1 degrees of freedom"),
        (lambda t: t.replace("ltibia ", "ltibia x", 1), "'ltibia x"),
        (lambda t: t.replace(":DEGREES", ":RADIANS"), ":DEGREES is missing"),
        (lambda t: "", "not an AMC file"),
    ],
)
def test_damaged_amc(tmp_path, damage, message):
    files.write_asf(f"{tmp_path}/02.asf", files.Motion())
    path = pathlib.Path(f"{tmp_path}/02_01.amc")
    files.write_amc(str(path), files.Motion())
    path.write_text(damage(path.read_text()))
    skeleton = mocap.read_asf(f"{tmp_path}/02.asf")
    with pytest.raises(DataFileError, match=rf"02_01\.amc.*({message})"):
        mocap.read_amc(path, skeleton)


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"angle deg": "angle rad"}, "not in degrees"),
        ({"orientation 0 0 0": "orientation 0 90 0"}, "rest position"),
        ({"dof rx ry rz": "dof rx l"}, "only rotations"),
        ({"lhipjoint lfemur": "lhipjoint lthigh"}, "lthigh is not a bone"),
        ({"root lhipjoint": "pelvis lhipjoint"}, "pelvis has children"),
        ({":hierarchy": ":tree"}, "hierarchy"),
        ({"direction": "towards"}, "direction"),
    ],
)
def test_asf_that_is_not_as_cmu_writes_it(tmp_path, replaced, message):
    path = f"{tmp_path}/02.asf"
    files.write_asf(path, files.Motion(), **replaced)
    with pytest.raises(DataFileError, match=rf"02\.asf.*{message}"):
        mocap.read_asf(path)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95, 0.999])
def test_truncated_asf(tmp_path, kept):
    path = pathlib.Path(f"{tmp_path}/02.asf")
    files.write_asf(str(path), files.Motion())
    text = path.read_text()
    path.write_text(text[: int(len(text) * kept)])
    with pytest.raises(DataFileError, match=r"02\.asf.*cut short"):
        mocap.read_asf(path)


def test_wrong_unit_and_wrong_skeleton(tmp_path):
    files.write_bvh(f"{tmp_path}/02_01.bvh", files.Motion())
    in_cm = mocap.read_bvh(f"{tmp_path}/02_01.bvh", unit_mm=10)
    with pytest.raises(DataFileError, match=r"02_01: thigh and shin are 1\d\d mm"):
        mocap.retarget(in_cm, mocap.BVH_RULE, "02_01")
    with pytest.raises(DataFileError, match=r"lacks the joints \['head'"):
        mocap.retarget(in_cm, mocap.ASF_RULE, "02_01")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": np.zeros((15, 16, 3))}, r"shape \(N, 17, 3\)"),
        ({"positions": np.full((15, 17, 3), np.nan)}, "not finite"),
        ({"sequence_offsets": np.array([0, 4, 10, 14])}, "grow from 0 to the 15"),
        ({"sequence_offsets": np.array([0, 10, 4, 15])}, "grow from 0"),
        ({"sequence_offsets": np.array([0, 4, 15])}, "one whole number more"),
        ({"sequence_names": np.array(["a", "b", "a"])}, "a name twice"),
    ],
)
def test_wrong_arrays_in_the_npz(tmp_path, changes, message):
    path = f"{tmp_path}/cmu_mocap_small.npz"
    files.write_npz(path, **changes)
    with pytest.raises(DataFileError, match=rf"cmu_mocap_small\.npz.*{message}"):
        mocap.read_npz(path)


def test_npz_in_another_unit(tmp_path):
    path = f"{tmp_path}/cmu_mocap_small.npz"
    arrays = files.write_npz(path)
    files.write_npz(path, positions=arrays["positions"] * 1000)
    (sequence, *_) = mocap.find_sequences(tmp_path)
    with pytest.raises(DataFileError, match="thigh and shin"):
        sequence.read(60.0)


def test_folders_that_cannot_be_told_apart_are_refused(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"(?s)no AMC, BVH or cmu_mocap.*01\.asf"
    ):
        mocap.find_sequences(tmp_path)
    files.write_amc(f"{tmp_path}/a/02_01.amc", files.Motion())
    with pytest.raises(DataFileError, match=r"02_01\.amc needs its skeleton.*02\.asf"):
        mocap.find_sequences(tmp_path)
    for folder in "ab":
        files.write_asf(f"{tmp_path}/{folder}/02.asf", files.Motion())
        files.write_amc(f"{tmp_path}/{folder}/02_01.amc", files.Motion())
    with pytest.raises(DataFileError, match="02_01 is there twice"):
        mocap.find_sequences(tmp_path)
    files.write_npz(f"{tmp_path}/cmu_mocap_small.npz")
    with pytest.raises(DataFileError, match="several forms"):
        mocap.find_sequences(tmp_path)
