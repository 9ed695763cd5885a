import importlib.util
import json
import pathlib

import pytest

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "long_streams.py"


@pytest.mark.parametrize("options", [["--form=list"], ["--form=folder"], ["--lift"]])
def test_a_minute(tmp_path, capsys, options):
    spec = importlib.util.spec_from_file_location("long_streams_benchmark", PATH)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    output = tmp_path / "memory.json"
    benchmark.main(["--minutes=1", *options, f"--output={output}"])
    result = json.loads(output.read_text())
    assert 1600 < result["num_people"] < 1800
    assert result["num_tracks"] == 1
    assert result["memory_mb"].keys() == {"0"}
    assert "1 tracks" in capsys.readouterr().out
