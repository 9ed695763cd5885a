import dataclasses
import json
import tracemalloc

import numpy as np
import pytest
from lifted_poses import lifted_poses

from propose_keras.inference import (
    AXES,
    JOINT_ANGLES,
    LiftedPoses,
    joint_angle_spread,
    joint_angles,
)
from propose_keras.skeletons import H36M_17
from propose_keras.writers import open_writer


def poses(num_rows, frame=lambda i: i, num_hypotheses=3, num_skipped=0, people=None):
    rng = np.random.default_rng(num_rows)

    def normal(*shape):
        return 100 * rng.normal(size=(num_rows, *shape)).astype("float32")

    return lifted_poses(
        normal(17, 3),
        [frame(i) for i in range(num_rows)],
        person=np.arange(num_rows) if people is None else np.array(people[:num_rows]),
        hypotheses=normal(num_hypotheses, 17, 3),
        mean=normal(17, 3),
        spread=np.abs(normal(17)),
        spread_about_thorax=np.abs(normal(17)),
        mode_latent_log_prob=normal(),
        keypoints=normal(17, 2),
        missing=np.arange(17 * num_rows).reshape(-1, 17) % 5 == 0,
        num_skipped=num_skipped,
    )


def write(path, *batches):
    with open_writer(path) as writer:
        for batch in batches:
            writer.write(batch)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    return LiftedPoses.concatenate(batches)


def check_computed(found, expected):
    for name, value in (
        ("joint_angles", joint_angles(expected.mode)),
        ("joint_angle_spread", joint_angle_spread(expected.hypotheses)),
        ("modes", expected.modes().poses),
        ("mode_weights", expected.modes().weights),
    ):
        np.testing.assert_allclose(found.pop(name), value, atol=0.0051)


@pytest.mark.parametrize("people", [None, ["anna", "b", "anna", "Catherine"]])
@pytest.mark.parametrize("frame", [lambda i: i, lambda i: f"{i}.jpg"])
def test_npz_holds_all(tmp_path, frame, people):
    batches = (
        poses(4, frame, people=people),
        poses(1, frame, num_skipped=2, people=people),
        poses(0),
    )
    expected = write(tmp_path / "a.npz", *batches)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        found = dict(archive)
    assert found.pop("frame_name").tolist() == expected.frame_name
    assert found.pop("num_skipped") == 2
    assert str(found.pop("axes")) == AXES
    assert tuple(found.pop("joint_names")) == H36M_17.joint_names
    check_computed(found, expected)
    assert tuple(found.pop("joint_angle_names")) == JOINT_ANGLES
    assert len(found) == 15
    for name, value in found.items():
        assert value.dtype == getattr(expected, name).dtype
        np.testing.assert_array_equal(value, getattr(expected, name))


def test_json_holds_all(tmp_path):
    expected = write(tmp_path / "a.json", poses(4), poses(2, str), poses(0))
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["axes"] == AXES
    assert tuple(found["joint_names"]) == H36M_17.joint_names
    assert found["num_skipped"] == 0
    assert [p["frame_name"] for p in found["poses"]] == expected.frame_name
    assert tuple(found["joint_angle_names"]) == JOINT_ANGLES
    names = "joint_angles", "joint_angle_spread", "modes", "mode_weights"
    # null becomes NaN.
    computed = {
        name: np.array([pose.pop(name) for pose in found["poses"]], float)
        for name in names
    }
    check_computed(computed, expected)
    for name in set(found["poses"][0]) - {"frame_name"}:
        value = np.array([pose[name] for pose in found["poses"]])
        if name.startswith("root"):
            assert (value == None).all()  # noqa: E711
            continue
        np.testing.assert_allclose(value, getattr(expected, name), atol=0.0051)
    assert len(found["poses"][0]) == 16


@pytest.mark.parametrize("name", ["a.npz", "a.json"])
def test_failure_leaves_everything_as_it_was(tmp_path, name):
    path = tmp_path / name
    for existing in (False, True):
        if existing:
            path.write_text("from before")
        with pytest.raises(ZeroDivisionError), open_writer(path) as writer:
            writer.write(poses(2))
            raise ZeroDivisionError
        assert [p.name for p in tmp_path.iterdir()] == [name] * existing
    assert path.read_text() == "from before"
    write(path, poses(2))
    assert path.stat().st_size > 100


@pytest.mark.parametrize("name", ["a.npz", "a.json"])
def test_memory_does_not_grow(tmp_path, name):
    """Names of people and frames are no exception; counted, not timed."""
    rows, peaks = 64, []
    batch = poses(rows)
    for num_batches in (20, 200):
        tracemalloc.start()
        with open_writer(tmp_path / name, fields=["mode_latent_log_prob"]) as writer:
            for i in range(num_batches):
                names = [f"clip/{rows * i + row:012d}.jpg" for row in range(rows)]
                writer.write(dataclasses.replace(batch, frame_name=names))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The names of 180 batches more are above 800 kB, as a list.
    assert peaks[1] < peaks[0] + 200_000


@pytest.mark.parametrize("name", ["a.npz", "a.json"])
def test_what_is_saved_can_be_chosen(tmp_path, name):
    batch = poses(3, str, people=["anna", "b", "anna"])
    with open_writer(tmp_path / name, fields=("spread", "mode", "person")) as writer:
        writer.write(batch)
    if name == "a.npz":
        with np.load(tmp_path / name) as archive:
            found = dict(archive)
        about = {"joint_names", "joint_angle_names", "axes", "num_skipped"}
    else:
        rows = json.loads((tmp_path / name).read_text())["poses"]
        found = {key: np.array([row[key] for row in rows]) for key in rows[0]}
        about = set()
    assert set(found) == {"frame", "frame_name", "person", "mode", "spread", *about}
    assert found["person"].tolist() == ["anna", "b", "anna"]
    np.testing.assert_allclose(found["mode"], batch.mode, atol=0.0051)


def test_names_that_cannot_be_saved(tmp_path):
    for wrong, message in ((("mode", "pose"), "received 'pose'"), ((), "none")):
        with pytest.raises(ValueError, match=f"of mode, hypotheses.*{message}"):
            open_writer(tmp_path / "a.npz", fields=wrong)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(ValueError, match="in .npz or .json or .*, not 'a.fbx'"):
        open_writer(tmp_path / "a.fbx")
    with pytest.raises(FileNotFoundError):
        open_writer(tmp_path / "none" / "a.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        open_writer(tmp_path / "folder.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.npz"]


def test_rows_are_taken():
    row = poses(4, str, num_skipped=1).take(2, 2)
    assert row.frame_name == ["2"]
    assert row.frame.tolist() == [2]
    assert row.hypotheses.shape == (1, 2, 17, 3)
    assert row.num_skipped == 0
    np.testing.assert_array_equal(row.mode, poses(4).mode[2:3])
