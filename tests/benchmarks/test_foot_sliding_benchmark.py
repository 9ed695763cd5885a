"""Feet of a walk that drifts, in place of one that was lifted."""

import importlib.util
import json
import pathlib

import numpy as np
import pytest
from walks import FRAME_RATE, placed, walk

FOLDER = pathlib.Path(__file__).parents[2] / "benchmarks"


class Drifting:
    """A lifter whose people swim about in the picture."""

    @classmethod
    def from_preset(cls, preset, **settings):
        assert preset == "propose_cmu"
        assert settings["correlation_time"] == FRAME_RATE
        return cls()

    def __call__(self, keypoints, layout, image_size):
        pose_3d = walk()["pose_3d"]
        assert keypoints.shape == (len(pose_3d), 17, 2)
        times = np.arange(len(pose_3d)) / FRAME_RATE
        swim = np.stack([80 * np.sin(4 * times), 0 * times, 0 * times], axis=-1)
        noise = np.random.default_rng(0).normal(0, 5, (len(times), 3, 17, 3))
        poses = placed(pose_3d + swim[:, None].astype("float32"))
        return placed(
            pose_3d + swim[:, None], hypotheses=poses.hypotheses + noise.astype("f4")
        )


def test_sliding_is_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FOLDER))
    file = FOLDER / "foot_sliding.py"
    spec = importlib.util.spec_from_file_location("foot_sliding", file)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    monkeypatch.setattr(benchmark, "walks", lambda *_: [walk()])
    monkeypatch.setattr(benchmark, "Lifter", Drifting)
    benchmark.main([f"--output={tmp_path / 'a.json'}"])
    assert "1 clips of 10 s" in capsys.readouterr().out
    table = json.loads((tmp_path / "a.json").read_text())["table"]
    assert list(table) == ["as lifted", "smoothed", "planted", "truth"]
    for row in table.values():
        assert np.isfinite(list(row.values())).all()
    assert table["planted"]["found"] > 0.9
    assert 0.5 < table["planted"]["right"] <= 1
    assert table["planted"]["sliding"] < 1 < 5 < table["as lifted"]["sliding"]
    truth = table["truth"]
    assert truth["mpjpe"] == pytest.approx(0, abs=1e-3)
    assert truth["mrpe"] == pytest.approx(0, abs=1e-3)
    assert truth["sliding"] < 1
