import functools
import importlib.util
import json
import pathlib
import types

import numpy as np
import pytest

from propose_keras.detection import DETECTORS

FOLDER = pathlib.Path(__file__).parents[2] / "benchmarks"

pytest.importorskip("cv2", reason="needs the extra detection")
pytest.importorskip("skimage", reason="needs the extra test")


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Standing:
    """Sees one person in each frame."""

    layout = "h36m17"

    def __init__(self, pose, model=None, max_people=None):
        self.keypoints = 250 + 0.2 * pose[None, :, :2]

    def __call__(self, frames):
        for _ in frames:
            yield self.keypoints, np.ones((1, 17))


@pytest.mark.slow
def test_the_pace_of_all_stages(tmp_path, monkeypatch, capsys, standing):
    detector = functools.partial(Standing, standing)
    monkeypatch.setitem(DETECTORS, "mediapipe", detector)
    output = tmp_path / "detection.json"
    sizes = ["--num_frames=5", "--repeats=1", "--num_hypotheses=3", "--threads=1"]
    load("detection").main([*sizes, f"--output={output}"])
    result = json.loads(output.read_text())
    assert (result["num_frames"], result["num_people"]) == (5, 5)
    assert result["size"] == [640, 480]
    assert len(result["frames_per_second"]) == 5
    assert min(result["frames_per_second"].values()) > 0
    assert set(result["processor_ms_per_frame"]) == set(result["frames_per_second"])
    assert "lifting 3 hypotheses" in capsys.readouterr().out


def test_the_scatter_of_landmarks(monkeypatch):
    """Of a detector that puts them where they are, but for a known deviation."""
    scatter = load("detection_scatter")
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (300, 400, 3), dtype=np.uint8)
    corner, scale, part = scatter.crop(picture, np.random.default_rng(1))
    assert part.shape[1] / scale[0] + corner[0] <= 400 + 1e-6
    assert part.shape[0] / scale[1] + corner[1] <= 300 + 1e-6

    true, crops = np.array([200.0, 150.0]), []
    make = scatter.crop
    monkeypatch.setattr(scatter, "crop", lambda *a: crops.append(make(*a)) or crops[-1])

    def landmarks(frames):
        for frame, (corner, scale, _) in zip(frames, crops):
            found = np.full((1, 33, 4), 0.8)
            place = (true + rng.normal(0, 3.0, (33, 2)) - corner) * scale
            found[0, :, :2] = place / frame.size
            yield found

    detector = types.SimpleNamespace(landmarks=landmarks)
    found = scatter.landmarks(detector, picture, 50, rng)
    assert found.shape == (50, len(scatter.USED), 4)
    np.testing.assert_allclose(found[..., :2].mean(axis=(0, 1)), true, atol=0.5)
    deviations = (found - np.median(found, axis=0))[..., :2].reshape(-1, 2)
    (row,) = scatter.table(2.0 * deviations, np.full(len(deviations), 0.8))
    assert (row["from"], row["to"], row["share"]) == (0.7, 0.9, 1)
    assert row["rms"] == pytest.approx(6.0, rel=0.1)
    assert row["typical"] == pytest.approx(6.0, rel=0.15)
    assert row["assumed"] == pytest.approx(50 * 0.4)
