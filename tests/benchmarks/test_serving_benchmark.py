import importlib.util
import json
import pathlib

import pytest

from propose_keras import ProPose

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "serving.py"


@pytest.mark.slow
def test_benchmark_prints_a_table_and_writes_json(tmp_path, capsys):
    for module in ("tensorflow_serving", "onnxruntime", "tf2onnx"):
        pytest.importorskip(module)
    spec = importlib.util.spec_from_file_location("serving_benchmark", PATH)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    model = ProPose.from_sizes(latent_size=4, width=8, num_blocks=0, num_couplings=1)
    model.save(tmp_path / "model.keras")
    output = tmp_path / "serving.json"
    sizes = ["--num_hypotheses=3", "--repeats=1", "--threads=1"]
    benchmark.main(
        [f"--model={tmp_path / 'model.keras'}", *sizes, f"--output={output}"]
    )
    result = json.loads(output.read_text())
    assert (result["num_hypotheses"], result["threads"]) == (3, 1)
    assert set(result["clients"]) == set(benchmark.CLIENTS)
    for client, measured in result["clients"].items():
        assert measured["first_pose_seconds"] > 0
        for task, paces in measured["frames_per_second"].items():
            assert set(paces) == {"1", "64"}
            for pace in paces.values():
                if (client, task) == ("SavedModel", "mode"):
                    assert pace is None
                else:
                    assert pace > 0
    printed = capsys.readouterr().out
    assert "3 hypotheses" in printed
    assert "ONNX Runtime: first pose after" in printed
