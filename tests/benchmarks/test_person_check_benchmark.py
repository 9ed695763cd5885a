import importlib.util
import json
import pathlib

ROOT = pathlib.Path(__file__).parents[2]


def test_benchmark_counts_warnings(synthetic_data_dir, tmp_path, capsys, monkeypatch):
    path = ROOT / "benchmarks" / "person_check.py"
    spec = importlib.util.spec_from_file_location("person_check_benchmark", path)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    monkeypatch.setattr(benchmark, "NUM_FRAMES", 8)
    example = ROOT / "examples" / "two-people.json"
    benchmark.main(
        [
            *("--datasets=synthetic_human/tiny", f"--data_dir={synthetic_data_dir}"),
            *("--clips=30", f"--files={example}", "--image_size=1000x1000"),
            f"--output={tmp_path / 'check.json'}",
        ]
    )
    found = json.loads((tmp_path / "check.json").read_text())
    assert list(found) == ["synthetic_human/tiny", str(example)]
    rows = found["synthetic_human/tiny"]
    cases = {(r["reading"], r["seen"], r["poses"]): r for r in rows}
    assert cases["right", "all", 1]["of"] == 30
    assert cases["layout", "all", 10]["of"] >= 32
    assert cases["layout", "whole body", 1]["warned"] > 0
    for rows in found.values():
        assert all(0 <= row["warned"] <= row["of"] for row in rows)
    printed = capsys.readouterr().out
    assert "false alarms" in printed
    assert "missed: x, y exchanged" in printed
