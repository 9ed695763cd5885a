import importlib.util
import json
import pathlib

import pytest

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "evaluation.py"


@pytest.mark.slow
def test_benchmark_prints_a_table_and_writes_json(tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("evaluation_benchmark", PATH)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    output = tmp_path / "evaluation.json"
    benchmark.main(
        ["--batch_size=2", "--num_hypotheses=3", "--width=8", f"--output={output}"]
    )
    result = json.loads(output.read_text())
    assert set(result["seconds"]) == set(result["compile_seconds"])
    assert result["hypotheses_per_second"] > 0
    assert "the whole program" in capsys.readouterr().out
