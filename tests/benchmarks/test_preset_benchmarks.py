"""Tables of a preset's model card, of a model that knows nothing."""

import importlib.util
import json
import pathlib
import sys

import numpy as np
import pytest
from synthetic_human import generate_clips

from propose_keras import Lifter, ProPose
from propose_keras.data import Clip, PoseArrays
from propose_keras.normalization import PoseNormalization
from propose_keras.skeletons import H36M_17

FOLDER = pathlib.Path(__file__).parents[2] / "benchmarks"
# Looks along the world's y axis: x right, y down, z forward.
LEVEL = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


@pytest.fixture(scope="module")
def benchmarks():
    sys.path.insert(0, str(FOLDER))
    try:
        yield {
            name: importlib.import_module(name)
            for name in ("preset_groups", "second_modes")
        }
    finally:
        sys.path.remove(str(FOLDER))


@pytest.fixture
def run(benchmarks, monkeypatch, tmp_path):
    """Runs a benchmark on people of one clip; returns what it wrote."""
    made = next(generate_clips(("S9",), 1, 1.0, 20.0))
    clip = Clip(
        *(made["subject"], made["action"], "1", "front", 20.0, (1000, 1000)),
        *(np.array([1100.0, 1100, 500, 500]), np.zeros(5)),
        *(LEVEL, np.zeros(3), len(made["pose_3d"])),
    )
    count = len(made["pose_3d"])
    arrays = PoseArrays(
        keypoints_2d=made["keypoints_2d"],
        pose_3d=made["pose_3d"],
        clips=[clip],
        clip_index=np.zeros(count, np.int32),
        frame_index=np.arange(count, dtype=np.int32),
    )
    normalization = PoseNormalization(deviation_input=True, scale="pose", root="ray")
    model = ProPose.from_sizes(
        latent_size=4, width=8, num_couplings=2, normalization=normalization
    )

    def go(name, *arguments):
        module = benchmarks[name]
        monkeypatch.setattr(module, "load_arrays", lambda *_: arrays)
        monkeypatch.setattr(
            module.Lifter, "from_preset", lambda _, **kwargs: Lifter(model, **kwargs)
        )
        output = tmp_path / "rows.json"
        given = ("--data_dir=-", "--dataset=a", "--num_hypotheses=4", *arguments)
        module.main([*given, f"--output={output}"])
        return json.loads(output.read_text())

    return go


def test_every_group_has_its_rows(run, capsys, benchmarks, monkeypatch):
    module = benchmarks["preset_groups"]
    # The first row of each group: each is lifted by the same program.
    groups = {k: dict(list(v.items())[:1]) for k, v in module.GROUPS.items()}
    names = ("as above", "roll", "not seen", "stature", "trunk to the vertical")
    monkeypatch.setattr(module, "GROUPS", {name: groups[name] for name in names})
    rows = run("preset_groups", "--poses=4")
    assert tuple(rows) == names
    assert rows["stature"]["1.2 m"]["people"] == 4
    row = rows["not seen"]["feet"]
    assert 0 <= row["within_two"] <= 1 and row["mode"] >= row["mode_aligned"] > 0
    assert "| roll | 45 degrees |" in capsys.readouterr().out


def test_cameras_are_as_stated(benchmarks):
    module = benchmarks["preset_groups"]
    world = np.zeros((3, 17, 3))
    world[:, H36M_17.index("Head"), 2] = 700.0  # Above the hip.
    generator = np.random.default_rng(0)
    level = module.Conditions(pitch=0.0, noise=0.0, distance=5.0, field_of_view=90.0)
    pose, keypoints = module.see(world, level, generator)
    np.testing.assert_allclose(pose[:, H36M_17.index("Head")], [[0, -700, 0]] * 3)
    head = keypoints[:, H36M_17.index("Head")]
    np.testing.assert_allclose(head, [[960, 540 - 960 * 0.7 / 5]] * 3)
    turned = module.Conditions(pitch=0.0, noise=0.0, roll=180.0)
    pose, _ = module.see(world, turned, generator)
    np.testing.assert_allclose(
        pose[:, H36M_17.index("Head")], [[0, 700, 0]] * 3, atol=1e-9
    )
    down = module.Conditions(pitch=90.0, noise=0.0)
    pose, _ = module.see(world, down, generator)
    # Seen from above the head is nearer.
    np.testing.assert_allclose(
        pose[:, H36M_17.index("Head")], [[0, 0, -700]] * 3, atol=1e-9
    )


def test_reflected_ends_project_alike_and_keep_the_length(benchmarks):
    reflected = benchmarks["second_modes"].reflected
    parent = np.array([[100.0, -200, 4000]])
    end = parent + [[50.0, 80, -200]]
    other = reflected(parent, end)
    np.testing.assert_allclose(
        other[..., :2] / other[..., 2:], end[..., :2] / end[..., 2:]
    )
    length = np.linalg.norm(end - parent)
    assert np.linalg.norm(other - parent) == pytest.approx(length)
    assert np.linalg.norm(other - end) > 300


def test_knees_do_not_bend_forwards(benchmarks):
    is_possible = benchmarks["second_modes"].is_possible
    thigh, forward = np.array([[0.0, 400, 0]]), np.array([[0.0, 0, 1]])
    back, front = np.array([[0.0, 300, -250]]), np.array([[0.0, 300, 250]])
    assert is_possible(thigh, back, forward, True).all()
    assert not is_possible(thigh, front, forward, True).any()
    assert is_possible(thigh, front, forward, False).all()
    # No limb folds onto itself.
    assert not is_possible(thigh, -thigh, forward, False).any()


def test_limbs_with_two_answers_are_counted(run, capsys):
    rows = run("second_modes", "--poses=20")
    assert sum(row["limbs"] for row in rows.values()) > 0
    for row in rows.values():
        assert not row["limbs"] or row["both"] <= min(row["true"], row["reflected"])
    assert "| all |" in capsys.readouterr().out
