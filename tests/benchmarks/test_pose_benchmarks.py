import importlib
import pathlib
import re

import numpy as np
import pytest

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def load(monkeypatch):
    """Imports a benchmark by name, as Python finds others beside a script."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def test_sheets_show_every_action(load, synthetic_data_dir, tmp_path):
    pytest.importorskip("matplotlib")
    options = [f"--data_dir={synthetic_data_dir}", "--dataset=synthetic_human/tiny"]
    options += ["--poses=1", "--views=1", f"--output={tmp_path}"]
    load("pose_sheet").main([*options, "--one_sheet", "--columns=8"])
    assert [path.name for path in tmp_path.iterdir()] == ["actions.png"]


def test_body_statistics_find_what_was_put_in(load, tmp_path, capsys):
    statistics = load("body_statistics")
    rng = np.random.default_rng(0)
    columns = sorted({name for names in statistics.SEGMENTS.values() for name in names})
    columns = [*columns, *({"stature"} - set(columns))]
    for sex, factor in (("men", 1.1), ("women", 0.9)):
        rows = [",".join(columns)]
        for stature in rng.normal(1700, 60, 400):
            noise = np.exp(0.05 * rng.normal())
            values = {
                **{"stature": stature, "cervicaleheight": 0.86 * stature},
                **{"trochanterionheight": 0.52 * stature},
                "lateralfemoralepicondyleheight": 0.28 * stature,
                "lateralmalleolusheight": 0.04 * stature,
                **{"bicristalbreadth": 0.16 * stature},
                **{"acromionradialelength": 0.19 * stature},
                **{"radialestylionlength": 0.15 * stature},
                "biacromialbreadth": 0.23 * factor * noise * stature,
            }
            rows.append(",".join(str(values[name]) for name in columns))
        (tmp_path / f"{sex}.csv").write_text("\n".join(rows))
    statistics.main(
        [f"--men={tmp_path / 'men.csv'}", f"--women={tmp_path / 'women.csv'}"]
    )
    found = re.search(
        r"shoulder: ([\d.]+), ([+-][\d.]+), ([\d.]+)", capsys.readouterr().out
    )
    assert found is not None
    share, difference, deviation = map(float, found.groups())
    assert share == pytest.approx(0.229, abs=0.003)
    # Half of the logarithm of 1.1 / 0.9, in percent.
    assert difference == pytest.approx(10.0, abs=0.5)
    assert deviation == pytest.approx(5.0, abs=0.5)
