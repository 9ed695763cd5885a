"""Motions and views of a small data set, lifted by a model that knows nothing."""

import dataclasses
import importlib.util
import json
import pathlib

import numpy as np
import pytest
from synthetic_human import generate_clips

from propose_keras import ProPose
from propose_keras.data import Clip, PoseArrays
from propose_keras.data.cameras import project

FOLDER = pathlib.Path(__file__).parents[2] / "benchmarks"
SIDE = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    return benchmark


@pytest.fixture(scope="module")
def arrays():
    """Two cameras' clips of 20 frames, at a right angle."""
    made = next(generate_clips(("S9",), 1, 1.0, 20.0))
    front = Clip(
        *(made["subject"], made["action"], "1", "front", 20.0, (1000, 1000)),
        *(np.array([1100.0, 1100, 500, 500]), np.zeros(5)),
        *(np.eye(3), np.zeros(3), 20),
    )
    middle = np.array([0, 0, 5000.0])
    side = dataclasses.replace(
        front, camera="side", rotation=SIDE, translation=middle - middle @ SIDE
    )
    pose = made["pose_3d"].astype(float)
    world = pose - pose[:1, :1] + middle
    seen = [(world - c.translation) @ c.rotation.T for c in (front, side)]
    pose_3d = np.concatenate(seen)
    camera = front.intrinsics, front.distortion
    return PoseArrays(
        keypoints_2d=np.array(project(pose_3d, *camera), np.float32),
        pose_3d=pose_3d.astype(np.float32),
        clips=[front, side],
        clip_index=np.repeat([0, 1], 20).astype(np.int32),
        frame_index=np.tile(np.arange(20), 2).astype(np.int32),
    )


@pytest.fixture(scope="module")
def model(arrays, tmp_path_factory):
    sizes = {"latent_size": 4, "width": 8, "num_blocks": 0, "num_couplings": 1}
    model = ProPose.from_sizes(**sizes)
    root_relative = arrays.pose_3d - arrays.pose_3d[:, :1]
    model.normalization.adapt(arrays.keypoints_2d, (1000, 1000), root_relative)
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path


def run(name, arrays, model, tmp_path, monkeypatch, *flags):
    benchmark = load(name)
    monkeypatch.setattr(benchmark, "load_arrays", lambda *_: arrays)
    output = tmp_path / "table.json"
    common = ["--data_dir=none", f"--model={model}", "--num_hypotheses=20"]
    benchmark.main([*common, f"--output={output}", *flags])
    return json.loads(output.read_text())["table"]


def test_clips_are_measured_raw_smoothed_and_live(
    arrays, model, tmp_path, monkeypatch, capsys
):
    flags = "--clips=2", "--frames=20", "--detection_errors=0.02", "--known_camera"
    table = run("video", arrays, model, tmp_path, monkeypatch, *flags)
    assert list(table) == ["as lifted", "smoothed", "live"]
    for row in table.values():
        assert np.isfinite(list(row.values())).all()
        assert 0 <= row["ece"] <= 0.5
        assert 0 <= row["root_within_90"] <= 1
    assert len({row["mpjve"] for row in table.values()}) == 3
    assert "2 clips of 20 frames" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="No clip has 21 frames"):
        run("video", arrays, model, tmp_path, monkeypatch, "--frames=21")


def test_views_are_fused_and_triangulated(arrays, model, tmp_path, monkeypatch, capsys):
    flags = ["--frame_stride=5"]
    table = run("views", arrays, model, tmp_path, monkeypatch, *flags)
    assert list(table) == ["1 camera", "2 cameras", "2 cameras, triangulated"]
    # Exact keypoints of exact cameras.
    assert table["2 cameras, triangulated"]["mpjpe"] < 1
    assert table["2 cameras, triangulated"]["mrpe"] < 1
    assert np.isfinite(list(table["2 cameras"].values())).all()
    assert table["2 cameras"]["mpjpe"] != table["1 camera"]["mpjpe"]
    assert "1 sequences" in capsys.readouterr().out
