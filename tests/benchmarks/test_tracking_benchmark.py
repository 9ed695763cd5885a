import importlib.util
import json
import pathlib

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "tracking.py"


def test_scenes_are_followed(tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("tracking_benchmark", PATH)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    output = tmp_path / "tracking.json"
    benchmark.main(["--num_scenes=2", "--seconds=5", f"--output={output}"])
    rows = json.loads(output.read_text())
    for row in rows:
        assert row["detections"] > 50
        assert row["switches"] < 0.05 * row["switches_untracked"]
    mended, exchanged = (
        sum(row["exchanged"] - row["left"] - row["harmed"] for row in rows),
        sum(row["exchanged"] for row in rows),
    )
    assert mended > 0.5 * exchanged
    assert "people" in capsys.readouterr().out
