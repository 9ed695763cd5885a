import re
import tracemalloc

import numpy as np
import pytest
import synthetic_human as synthetic
from cmu_mocap.bvh import read_bvh
from lifted_poses import lifted_poses
from walks import FRAME_RATE, placed, walk

from propose_keras.inference import LiftedPoses
from propose_keras.skeletons import H36M_17
from propose_keras.writers import open_writer
from propose_keras.writers.bvh import BvhWriter

# Rows of the 17 joints among those of the file; a tip follows each foot and each hand.
TIPS = {"RFoot": 4, "LFoot": 8, "LWrist": 16, "RWrist": 20}
JOINTS = [row for row in range(21) if row not in TIPS.values()]
BONES = [(parent, child) for parent, child in H36M_17.bones]
# Bones that no other bone of their joint has to share a rotation with.
SINGLE = [child for parent, child in BONES if sum(p == parent for p, _ in BONES) == 1]


@pytest.fixture(scope="module")
def motion():
    """`(150, 17, 3)` mm in a camera's axes, smooth: 3 s at 50 Hz."""
    clip = next(synthetic.generate_clips(("S9",), 1, 3.0, 50.0))
    return clip["pose_3d"] - clip["pose_3d"][:, :1]


def lifted(mode, frame=None, person=None):
    people = np.zeros(len(mode), int) if person is None else np.asarray(person)
    return lifted_poses(mode, frame, person=people)


def write(path, *batches, **kwargs):
    with BvhWriter(path, **kwargs) as writer:
        for batch in batches:
            writer.write(batch)
    assert sorted(path.parent.iterdir()) == sorted(writer.paths)
    return writer.paths


def read_all(path, unit_mm=10.0):
    """Joints and tips `(n, 21, 3)` mm, x right, y away, z up, and the frame rate."""
    found = read_bvh(path, unit_mm=unit_mm)
    # Its y is the file's z.
    return found.positions, found.frame_rate


def read(path):
    """Poses `(n, 17, 3)` mm from the hip in the camera's axes, and the frame rate."""
    positions, frame_rate = read_all(path)
    poses = positions[:, JOINTS]
    return (poses - poses[:, :1])[..., [0, 2, 1]] * [1, -1, 1], frame_rate


def values_of(path):
    """Numbers of the frames, `(n, 3 + 3 * 16)`."""
    lines = path.read_text().partition("Frame Time: ")[2].splitlines()[1:]
    return np.array([line.split() for line in lines], float)


def directions(poses, children):
    parents = [H36M_17.parents[child] for child in children]
    bones = poses[:, children] - poses[:, parents]
    return bones / np.linalg.norm(bones, axis=-1, keepdims=True)


def angles_between(first, second):
    """Degrees; from the chord, which is exact for small ones."""
    chord = np.linalg.norm(first - second, axis=-1)
    return np.rad2deg(2 * np.arcsin(chord / 2))


def test_bones_point_where_they_did(tmp_path, motion):
    # Beyond a chunk, with lengths that change and a person upside down and turned.
    other = 1.1 * motion[::-1] * [-1, -1, 1]
    poses = np.concatenate([motion, other])
    (path,) = write(tmp_path / "a.bvh", lifted(poses), frame_rate=50)
    found, frame_rate = read(path)
    assert frame_rate == pytest.approx(50, abs=1e-4)
    assert found.shape == poses.shape
    error = angles_between(directions(found, SINGLE), directions(poses, SINGLE))
    assert error.max() < 0.01
    # Hips and shoulders are shared, but by a body that hardly bends there.
    shared = [child for _, child in BONES if child not in SINGLE]
    error = angles_between(directions(found, shared), directions(poses, shared))
    assert error.mean() < 3
    assert error.max() < 25


def symmetric(pose):
    """The pose `(17, 3)` and its mirror image from left to right, averaged."""
    left = pose[H36M_17.index("LHip")] - pose[H36M_17.index("RHip")]
    left = left / np.linalg.norm(left)
    mirrored = pose - 2 * (pose @ left)[:, None] * left
    return (pose + mirrored[list(H36M_17.flip)]) / 2


def test_a_stiff_body_comes_back_whole(tmp_path, motion):
    """Rotations of one pose are reproduced at all joints: no mirror, right axes."""
    angles = np.linspace(0, 3, 40)
    cos, sin = np.cos(angles), np.sin(angles)
    turns = np.zeros((40, 3, 3))
    turns[:, 1, 1] = 1
    turns[:, 0, 0] = turns[:, 2, 2] = cos
    turns[:, 0, 2], turns[:, 2, 0] = sin, -sin
    poses = symmetric(motion[0]) @ turns
    found, _ = read(write(tmp_path / "a.bvh", lifted(poses))[0])
    assert np.linalg.norm(found - poses, axis=-1).max() < 1


def mirror(bone):
    return tuple(H36M_17.flip[joint] for joint in bone)


def test_lengths_are_the_medians_left_like_right(tmp_path, motion):
    scale = np.linspace(0.8, 1.3, len(motion))[:, None, None]
    (path,) = write(tmp_path / "a.bvh", lifted(scale * motion))
    found, _ = read(path)

    def lengths(poses):
        return np.stack(
            [np.linalg.norm(poses[:, c] - poses[:, p], axis=-1) for p, c in BONES], -1
        )

    found_lengths = lengths(scale * motion)
    mirrored = [BONES.index(mirror(bone)) for bone in BONES]
    expected = np.median((found_lengths + found_lengths[:, mirrored]) / 2, axis=0)
    np.testing.assert_allclose(lengths(found), np.tile(expected, (150, 1)), atol=0.01)


@pytest.mark.parametrize("scale", [100.0, 1.0])
def test_people_walk_on_the_floor(tmp_path, scale):
    clip = walk()
    poses = placed(clip["pose_3d"])
    options = {"frame_rate": FRAME_RATE, "bvh_scale": scale}
    with open_writer(tmp_path / "a.bvh", **options) as writer:
        writer.write(poses)
    found, _ = read_all(tmp_path / "a.bvh", unit_mm=1000 / scale)
    truth = clip["pose_3d"] @ clip["rotation"] + clip["translation"]
    # The floor is found within some centimetres, and ankles are the mean share of the
    # stature above it.
    height = found[:, JOINTS[0], 2] - truth[:, 0, 2]
    assert np.abs(height).max() < 70
    # Of the way, one camera tells the shape.
    way = np.linalg.norm(np.diff(found[:, 0, :2], axis=0), axis=-1).sum()
    expected = np.linalg.norm(np.diff(truth[:, 0, :2], axis=0), axis=-1).sum()
    assert way == pytest.approx(expected, rel=0.05)
    feet = found[:, [JOINTS[3], JOINTS[6]]]
    speed = np.linalg.norm(np.gradient(truth[:, [3, 6]], axis=0), axis=-1)
    rest = speed < 150 / FRAME_RATE
    steps = np.linalg.norm(np.diff(feet[..., :2], axis=0), axis=-1)
    assert np.median(steps[rest[1:] & rest[:-1]]) < 0.02
    # Feet lie flat at rest, ahead of the ankle, and never in the floor.
    toes = found[:, [TIPS["RFoot"], TIPS["LFoot"]]]
    assert toes[..., 2].min() > -1
    resting = rest & (toes[..., 2] < 1)
    assert resting[rest].mean() > 0.9
    heading = np.gradient(truth[:, 0, :2], axis=0)
    turn = poses_turn(found, truth)
    ahead = np.sum((toes - feet)[..., :2] * (heading @ turn)[:, None], axis=-1)
    assert (ahead[resting] > 0).all()
    assert "the camera is" in writer.notes[0]
    lengths = {
        (a, b): np.linalg.norm(found[:, JOINTS[a]] - found[:, JOINTS[b]], axis=-1)
        for a, b in BONES
    }
    for bone, length in lengths.items():
        assert np.ptp(length) < 0.05
        assert length[0] == pytest.approx(lengths[mirror(bone)][0], abs=0.05)


def poses_turn(found, truth):
    """The turn `(2, 2)` about the vertical from the true world to that of a file."""
    first = truth[:, JOINTS[0], :2] - truth[:, 0, :2].mean(axis=0)
    second = found[:, 0, :2] - found[:, 0, :2].mean(axis=0)
    left, _, right = np.linalg.svd(first.T @ second)
    return left @ right


def test_angles_run_on(tmp_path, motion):
    """A spinning person's angles grow beyond 180 degrees, in whatever batches."""
    turn = np.linspace(0, 4 * np.pi, 150)
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x, y, z = np.moveaxis(motion, -1, 0)
    poses = np.stack([cos * x + sin * z, y, cos * z - sin * x], axis=-1)
    batches = [
        lifted(poses[i : i + 7], range(i, min(i + 7, 150))) for i in range(0, 150, 7)
    ]
    values = values_of(write(tmp_path / "a.bvh", *batches)[0])
    assert (values[:, :3] == values[0, :3]).all()
    assert np.abs(np.diff(values, axis=0)).max() < 25
    assert np.ptp(values[:, 3]) > 600
    (tmp_path / "a.bvh").unlink()
    (whole,) = write(tmp_path / "a.bvh", lifted(poses))
    np.testing.assert_array_equal(values_of(whole), values)


def test_angles_run_on_head_over_heels(tmp_path, standing):
    """A cartwheel passes the angle at which two of three axes fall together."""
    turn = 0.1 + np.linspace(0, 4 * np.pi, 145)
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x, y, z = np.moveaxis(np.tile(standing, (145, 1, 1)), -1, 0)
    poses = np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=-1)
    (path,) = write(tmp_path / "a.bvh", lifted(poses))
    values = values_of(path)
    assert np.abs(np.diff(values, axis=0)).max() < 6
    assert np.ptp(values[:, 4]) == pytest.approx(720, abs=0.1)
    found, _ = read(path)
    error = angles_between(directions(found, SINGLE), directions(poses, SINGLE))
    assert error.max() < 0.01


def test_arms_pass_all_right_angles(tmp_path, standing):
    """Elbows that close and arms that swing around meet no jump of the angles."""
    swing = np.linspace(-0.5, 0.5, 101) * np.pi
    poses = np.tile(standing, (101, 1, 1))
    for side, sign in (("L", 1), ("R", -1)):
        shoulder, elbow, wrist = (
            H36M_17.index(side + name) for name in ("Shoulder", "Elbow", "Wrist")
        )
        # Up through forward to down.
        way = np.stack([0 * swing + 0.2 * sign, np.sin(swing), -np.cos(swing)], -1)
        poses[:, elbow] = poses[:, shoulder] + 270 * way
        poses[:, wrist] = poses[:, elbow] + 250 * way
    (path,) = write(tmp_path / "a.bvh", lifted(poses))
    assert np.abs(np.diff(values_of(path), axis=0)).max() < 10
    found, _ = read(path)
    error = angles_between(directions(found, SINGLE), directions(poses, SINGLE))
    assert error.max() < 0.01


def test_people_have_their_own_files(tmp_path, motion):
    person = np.tile([3, 12], 75)
    frame = np.repeat(np.arange(75), 2)
    poses = lifted(motion, frame.tolist(), person)
    # The frame of the cut is in both batches.
    batches = [LiftedPoses.concatenate(rows) for rows in split(poses, 41)]
    paths = write(tmp_path / "a.take1.bvh", *batches)
    assert [p.name for p in paths] == [
        "a.take1.person3.bvh",
        "a.take1.person12.bvh",
    ]
    for path, number in zip(paths, (3, 12)):
        found, _ = read(path)
        expected = motion[person == number]
        assert found.shape == expected.shape
        error = angles_between(directions(found, SINGLE), directions(expected, SINGLE))
        assert error.max() < 0.01


def split(poses, row):
    rows = [poses.take(i) for i in range(len(poses))]
    return rows[:row], rows[row:]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([5, 6, 9, 10], [0, 1, 4 / 3, 5 / 3, 2, 3]),  # Filled in.
        ([5, 6, 17, 18], [0, 1, 2, 3]),  # Too long.
        ([5, 6, 4, 5], [0, 1, 2, 3]),  # No times.
        ([5, 6, 6, 2**52], [0, 1, 2, 3]),
    ],
)
def test_gaps(tmp_path, motion, frames, expected):
    poses = motion[::30][:4]
    batches = [lifted(poses[i : i + 1], frames[i : i + 1]) for i in range(4)]
    found, _ = read(write(tmp_path / "a.bvh", *batches, max_gap=9)[0])
    whole, part = np.divmod(np.array(expected), 1)
    after = poses[np.ceil(expected).astype(int)]
    between = poses[whole.astype(int)] * (1 - part[:, None, None])
    between = between + part[:, None, None] * after
    assert found.shape == between.shape
    error = angles_between(directions(found, SINGLE), directions(between, SINGLE))
    assert error.max() < 0.01


def test_bones_without_length_keep_their_angle(tmp_path, motion):
    # Beyond a chunk, which ends in the gap of the foot.
    poses = np.concatenate([motion, motion[::-1]])
    knee, foot = H36M_17.index("RKnee"), H36M_17.index("RFoot")
    poses[240:270, foot] = poses[240:270, knee]
    poses[90:95] = 0
    (path,) = write(tmp_path / "a.bvh", lifted(poses))
    values, (found, _) = values_of(path), read(path)
    assert np.isfinite(values).all()
    # Channels of RightLeg: the third joint.
    leg = values[:, 9:12]
    np.testing.assert_allclose(leg[240:270], np.tile(leg[239], (30, 1)))
    np.testing.assert_allclose(values[90:95], np.tile(values[89], (5, 1)), atol=0.01)
    assert np.ptp(leg[:240], axis=0).max() > 0.1
    usable = np.r_[0:90, 95:240, 270:300]
    error = angles_between(
        directions(found[usable], SINGLE), directions(poses[usable], SINGLE)
    )
    assert error.max() < 0.01


def test_points_and_straight_lines_are_written(tmp_path):
    """Nobody, a person on a line, and arms folded straight back."""
    line = np.zeros((17, 3))
    line[:, 1] = np.arange(17) * 10.0
    for number, pose in enumerate((np.zeros((17, 3)), line)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (path,) = write(folder / "a.bvh", lifted(np.stack([pose, pose])))
        found, _ = read(path)
        assert np.isfinite(values_of(path)).all()
        np.testing.assert_allclose(found[0], found[1], atol=3)
    children = [c for c in SINGLE if c != H36M_17.root]
    error = angles_between(
        directions(found, children), directions(line[None], children)
    )
    assert error.max() < 0.01


GRAMMAR = {
    "ROOT": r"HIERARCHY\nROOT \w+\n(?P<body>\{\n.*\n\})\nMOTION\n"
    r"Frames: (\d+)\nFrame Time: (\d+\.\d+)\n(?P<frames>(?:-?[\d. -]+\n)+)",
    "OFFSET": r"OFFSET( -?\d+\.\d{6}){3}",
    "CHANNELS": r"CHANNELS (3|6 Xposition Yposition Zposition)( [XYZ]rotation){3}",
}


def test_grammar(tmp_path, motion):
    """Checked line by line, as strict readers do."""
    (path,) = write(tmp_path / "a.bvh", lifted(motion))
    match = re.fullmatch(GRAMMAR["ROOT"], path.read_text(), re.DOTALL)
    assert (match[2], match[3]) == ("150", "0.033333333")
    depth, seen, expected = 0, [], "{"
    for line in match["body"].splitlines():
        text = line.strip()
        assert line == "\t" * (depth - (text == "}")) + text
        if text == "{":
            assert expected == "{"
            depth, expected = depth + 1, "OFFSET"
        elif text == "}":
            assert expected is None
            depth -= 1
        elif text.startswith("OFFSET"):
            assert expected == "OFFSET"
            assert re.fullmatch(GRAMMAR["OFFSET"], text)
            expected = None if seen and seen[-1] == "End Site" else "CHANNELS"
        elif text.startswith("CHANNELS"):
            assert expected == "CHANNELS"
            assert re.fullmatch(GRAMMAR["CHANNELS"], text)
            assert len(set(re.findall("[XYZ]rotation", text))) == 3
            expected = None
        else:
            assert expected is None
            assert re.fullmatch(r"JOINT \w+|End Site", text)
            seen.append(text)
            expected = "{"
    assert depth == 0
    assert seen.count("End Site") == 5
    assert len(set(seen)) - 1 == 15
    rows = match["frames"].splitlines()
    assert len(rows) == 150
    assert {len(row.split()) for row in rows} == {3 + 3 * 16}


def test_failure_leaves_everything_as_it_was(tmp_path, motion):
    poses = lifted(motion, person=np.arange(150) % 2)
    for existing in (False, True):
        names = ["a.bvh", "a.person1.bvh"] if existing else []
        for name in names:
            (tmp_path / name).write_text("from before")
        writer = BvhWriter(tmp_path / "a.bvh")
        with pytest.raises(ZeroDivisionError), writer:
            writer.write(poses)
            raise ZeroDivisionError
        assert writer.paths == []
        assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert (tmp_path / "a.person1.bvh").read_text() == "from before"
    # One of the files cannot be placed: none is.
    (tmp_path / "a.person1.bvh").unlink()
    (tmp_path / "a.person1.bvh").mkdir()
    writer = BvhWriter(tmp_path / "a.bvh")
    with pytest.raises(IsADirectoryError, match="person1"), writer:
        writer.write(poses)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.bvh", "a.person1.bvh"]


def test_poses_are_kept_on_disk(tmp_path, motion):
    """While they are written memory holds none of them."""
    with BvhWriter(tmp_path / "a.bvh") as writer:
        writer.write(lifted(motion))
        tracemalloc.start()
        for first in range(150, 1500, 150):
            writer.write(lifted(motion, range(first, first + 150)))
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert held / 1350 < 20
    assert (tmp_path / "a.bvh").read_text().count("\n") > 1500


def test_mistakes_are_told(tmp_path, motion):
    with pytest.raises(ValueError, match="ends in .bvh, not 'a.npz'"):
        BvhWriter(tmp_path / "a.npz")
    for wrong in ({"frame_rate": 0}, {"frame_rate": np.inf}, {"max_gap": -1}):
        with pytest.raises(ValueError, match="expected a `frame_rate` above 0"):
            BvhWriter(tmp_path / "a.bvh", **wrong)
    with pytest.raises(ValueError, match="units per metre"):
        BvhWriter(tmp_path / "a.bvh", bvh_scale=0)
    with pytest.raises(FileNotFoundError):
        BvhWriter(tmp_path / "none" / "a.bvh")
    writer = BvhWriter(tmp_path / "a.bvh")
    with pytest.raises(ValueError, match="no pose to write"), writer:
        writer.write(lifted(motion[:0]))
    assert list(tmp_path.iterdir()) == []
