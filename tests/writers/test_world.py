"""Arrays and tables in the world that the floor gives."""

import csv
import functools
import json

import numpy as np
import pytest
from walks import FRAME_RATE, placed, walk

from propose_keras.inference import (
    JOINT_ANGLES,
    Ground,
    GroundWarning,
    LiftedPoses,
    estimate_ground,
    in_world,
    joint_angles,
)
from propose_keras.skeletons import H36M_17
from propose_keras.writers import open_writer


@pytest.fixture(scope="module")
def poses():
    pose_3d = walk()["pose_3d"]
    noise = np.random.default_rng(0).normal(0, 20, (len(pose_3d), 3, 17, 3))
    relative = pose_3d - pose_3d[:, :1]
    hypotheses = (relative[:, None] + noise).astype("float32")
    people = np.array(["Anna, B.", "C"])[np.arange(len(pose_3d)) // 100]
    return placed(pose_3d, hypotheses=hypotheses, person=people, num_skipped=3)


def write(path, batches, **options):
    with open_writer(path, FRAME_RATE, **options) as writer:
        for batch in batches:
            writer.write(batch)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    return writer


def parts(poses):
    return [poses.subset(slice(i, i + 50)) for i in range(0, len(poses), 50)]


def test_npz_in_the_world(tmp_path, poses):
    writer = write(tmp_path / "a.npz", parts(poses), world=True)
    expected = in_world(poses, estimate_ground(poses, FRAME_RATE))
    with np.load(tmp_path / "a.npz") as found:
        assert str(found["axes"]) == expected.axes
        assert found["person"].tolist() == poses.person.tolist()
        for name in ("mode", "hypotheses", "root", "root_covariance"):
            np.testing.assert_array_equal(found[name], getattr(expected, name))
    assert "rests of feet the camera is 1.5" in writer.notes[0]


def test_json_on_a_known_floor(tmp_path, poses):
    ground = Ground(np.array([0, -1, 0]), 1500.0)
    write(tmp_path / "a.json", parts(poses), world=True, ground=ground)
    found = json.loads((tmp_path / "a.json").read_text())
    root = [pose["root"] for pose in found["poses"]]
    expected = poses.root[:, [0, 2, 1]] * [1, 1, -1] + [0, 0, 1500]
    np.testing.assert_allclose(root, expected, atol=0.0051)


def test_a_table(tmp_path, poses):
    write(tmp_path / "a.csv", [*parts(poses), placed(np.full((1, 17, 3), np.nan))])
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(poses) + 1
    last = rows.pop()
    assert last["root_x"] == last["RKnee_y"] == ""
    assert [row["person"] for row in rows] == poses.person.tolist()
    assert [int(row["frame"]) for row in rows] == poses.frame.tolist()

    def column(name):
        return np.array([float(row[name]) for row in rows])

    for joint, name in enumerate(H36M_17.joint_names):
        for axis, letter in enumerate("xyz"):
            mode = poses.mode[:, joint, axis]
            np.testing.assert_allclose(column(f"{name}_{letter}"), mode, atol=0.0051)
        spread = poses.spread[:, joint]
        np.testing.assert_allclose(column(f"{name}_spread"), spread, atol=0.0051)
    np.testing.assert_allclose(column("root_z"), poses.root[:, 2], atol=0.0051)
    angles = joint_angles(poses.mode)
    for place, name in enumerate(JOINT_ANGLES):
        np.testing.assert_allclose(column(name), angles[:, place], atol=0.0051)
        assert (column(f"{name}_spread") > 0).all()


def test_nothing_is_left_where_the_floor_is_an_error(tmp_path, poses, recwarn):
    def refuse(*_):
        raise GroundWarning("no floor")

    with (
        pytest.raises(GroundWarning),
        open_writer(tmp_path / "a.npz", world=True, ground=refuse) as writer,
    ):
        writer.write(poses)
    with (
        pytest.raises(ZeroDivisionError),
        open_writer(tmp_path / "a.npz", world=True) as writer,
    ):
        writer.write(poses)
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    finder = functools.partial(estimate_ground, camera_height=1.5)
    write(tmp_path / "a.npz", [LiftedPoses.concatenate(parts(poses))], ground=finder)
    assert not recwarn.list
