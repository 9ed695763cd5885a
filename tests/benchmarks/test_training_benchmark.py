import importlib.util
import json
import pathlib

import pytest

from propose_keras import ProPose, TrainingSettings

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "training.py"
TINY = ["--width=8", "--num_blocks=0", "--num_couplings=1", "--latent_size=4"]


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("training_benchmark", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_benchmark_prints_and_writes_json(benchmark, tmp_path, capsys):
    output = tmp_path / "training.json"
    arguments = ["--batch_size=4", "--timed_steps=2"]
    arguments += ["--num_steps=100", "--checkpoint_interval=100"]
    benchmark.main([*TINY, *arguments, f"--output={output}"])
    result = json.loads(output.read_text())
    assert result["run_poses"] == 400
    expected_hours = 400 / result["poses_per_second"] / 3600
    assert result["run_hours"] == pytest.approx(expected_hours)
    assert "poses per second" in capsys.readouterr().out


def test_operations_are_counted_from_the_shapes(benchmark):
    model = ProPose.from_sizes(
        latent_size=4, width=8, num_blocks=0, num_couplings=1, base="standard"
    )
    settings = TrainingSettings(
        generator_weight=0.0, pulling_away_weight=0.0, bidirectional_weight=0.0
    )
    encoder = (51 + 34) * 8 + 8 * 4
    decoder = (4 + 34) * 8 + 8 * 51
    # Two coordinates kept, shift and log-scale of two; a block of two dense layers.
    flow = (2 + 34) * 8 + 2 * 8 * 8 + 8 * 4
    phase_1 = 6 * (encoder + decoder)
    phase_2 = 2 * encoder + 2 * 6 * flow
    counted = benchmark.operations_per_pose(model, settings)
    assert counted == pytest.approx((phase_1 + phase_2) / 2)
    half_open = TrainingSettings(
        generator_weight=0.0, pulling_away_weight=0.0, gate=0.5
    )
    more = benchmark.operations_per_pose(model, half_open) - counted
    bidirectional = 2 * 11 * flow + 2 * 10 * decoder + 6 * 3 * decoder
    assert more == pytest.approx(0.5 * bidirectional / 2)
