import importlib.util
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def files(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tests/datasets/ui_prmd")
    yield importlib.import_module("ui_prmd_files")
    sys.modules.pop("ui_prmd_files", None)


def _benchmark():
    path = ROOT / "benchmarks/marker_joints.py"
    spec = importlib.util.spec_from_file_location("marker_joints", path)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    return benchmark


def test_lengths_of_a_person_who_is_known(tmp_path, capsys, files):
    tracks = {"m01_s01_e05": files.perform(480)[0]}
    files.write_npz(f"{tmp_path}/uiprmd.npz", tracks)
    _benchmark().main(
        ["--manual_dir", str(tmp_path), "--figure", str(tmp_path / "figures")]
    )
    row = capsys.readouterr().out.splitlines()[-1]
    name, stature, thigh, shank, *_ = row.strip("| ").split(" | ")
    assert name == "s01"
    assert float(stature) == pytest.approx(files.STATURE, abs=10)
    assert thigh == f"{files.THIGH:.0f} / {files.THIGH:.0f} (0.241; 0.0 / 0.0 %)"
    assert shank.startswith(f"{files.SHANK:.0f} / {files.SHANK:.0f}")
    assert (tmp_path / "figures/s01.png").stat().st_size > 10_000
