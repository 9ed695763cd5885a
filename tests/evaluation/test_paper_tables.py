import csv
import dataclasses
import functools
import io
import json

import pytest

from propose_keras.evaluation.paper_tables import (
    VARIANTS,
    ablation_table,
    make_tables,
    per_action_tables,
    published,
)
from propose_keras.evaluation.report import CorrectKeypoints, PoseError, Result
from propose_keras.evaluation.run_tables import table_of_runs
from propose_keras.evaluation.table import Table, write_tables
from propose_keras.evaluation.table_labels import ABBREVIATIONS
from propose_keras.human36m_names import ACTIONS


def _make_report(
    report, offset=0.0, protocol="h36m", numbers=("mode", "1", "10", "200"), ece=None
):
    def result(base):
        per_action = {
            action: PoseError(mpjpe=base + i, pa_mpjpe=base + i - 10.0)
            for i, action in enumerate(ACTIONS)
        }
        result = Result(mpjpe=base + 7, pa_mpjpe=base - 3, per_action=per_action)
        if not protocol.startswith("3dhp"):
            return result
        scenes = {
            scene: CorrectKeypoints(pck=base + i, auc=base / 2 + i)
            for i, scene in enumerate(("GS", "noGS", "Outdoor"))
        }
        return dataclasses.replace(result, pck=base, auc=base / 2, scenes=scenes)

    return dataclasses.replace(
        report,
        protocol=protocol,
        results={n: result(50.0 + offset + i) for i, n in enumerate(numbers)},
        hypotheses=dataclasses.replace(report.hypotheses, ece=ece),
    )


@pytest.fixture
def make_report(report):
    return functools.partial(_make_report, report)


def test_published_rows_have_their_action_mean():
    """A check of the transcription; two rows are means over frames instead."""
    over_frames = {
        ("Li and Lee 2020", "mpjpe"),
        ("Wehrbein et al. 2021", "pa_mpjpe"),
    }
    for row in published()["1"]:
        for protocol in ("mpjpe", "pa_mpjpe"):
            if row[protocol] is None:
                continue
            *actions, average = row[protocol]
            assert len(actions) == 15
            tolerance = 0.3 if (row["system"], protocol) in over_frames else 0.07
            assert sum(actions) / 15 == pytest.approx(average, abs=tolerance)


def test_published_tables_agree_with_each_other():
    of_paper = {
        row["num_hypotheses"]: row
        for row in published()["1"]
        if row["system"] == "ProPose, the paper"
    }
    for number in "4567":
        full = [r for r in published()[number] if r["variant"] == "full"]
        assert [r["multi_hypothesis"] for r in full] == [
            [of_paper[200]["mpjpe"][-1], of_paper[200]["pa_mpjpe"][-1]]
        ]
    (single,) = (
        row["mpjpe"]
        for row in published()["3"]
        if row["system"] == "ProPose, the paper"
    )
    assert published()["4"][0]["single_hypothesis"][0] == single


def test_every_published_row_says_where_it_is_from():
    for number in "1234567":
        for row in published()[number]:
            assert row["source"] == f"ProPose, Table {number}"
            assert row["protocol"]
            assert "input" in row


def test_per_action_table_has_the_papers_columns(make_report):
    mpjpe, pa_mpjpe = per_action_tables({"ours": make_report()})
    assert " ".join(mpjpe.columns[1:17]) == (
        "Dir. Dis. Eat Gre. Phon. Phot. Pos. Pur. Sit SitD. Smo. Wait WalkD. Walk "
        "WalkT. Avg."
    )
    assert tuple(ABBREVIATIONS) == ACTIONS
    assert [row[0] for row in mpjpe.rows] == [
        "ours, mode",
        "ours, one random sample",
        "ours, S=10",
        "ours, S=200",
    ]
    assert mpjpe.rows[0][1:17] == (*(50.0 + i for i in range(15)), 57.0)
    assert pa_mpjpe.rows[3][1:17] == (*(43.0 + i for i in range(15)), 50.0)
    assert mpjpe.title == "MPJPE (P1), mm (h36m: 17 joints)"


def test_actions_of_other_data_sets_get_columns_of_their_own(make_report):
    report = make_report(numbers=("mode",))
    report.results["mode"].per_action.clear()
    report.results["mode"].per_action.update(
        Sports=PoseError(mpjpe=1.0, pa_mpjpe=2.0),
        Walking=PoseError(mpjpe=3.0, pa_mpjpe=4.0),
    )
    table = per_action_tables({"ours": report})[0]
    assert table.columns[1:4] == ("Walk", "Sports", "Avg.")
    assert table.rows[0][1:3] == (3.0, 1.0)


def test_missing_actions_leave_their_cell_empty(make_report):
    report = make_report(numbers=("mode",))
    del report.results["mode"].per_action["Greeting"]
    table = per_action_tables({"ours": report})[0]
    assert len(table.columns) == 17
    assert table.rows[0][4] is None


def test_table_1_marks_published_rows(make_report):
    tables = make_tables(1, {"ours": make_report()})
    assert [len(t.rows) for t in tables] == [9 + 4, 6 + 4]
    for table in tables:
        sources = [row[-1] for row in table.rows]
        assert set(sources[:-4]) == {"published: ProPose, Table 1"}
        assert set(sources[-4:]) == {"this report"}
        assert table.rows[-1][17:19] == (
            "human36m/gt",
            "h36m, frame stride 64, camera frame",
        )


def test_table_2_is_pck_by_scene(make_report):
    (table,) = make_tables(2, {"ours": make_report(protocol="3dhp-official")})
    assert len(table.rows) == 10 + 2
    assert table.rows[-2][1] == "ours, mode"
    assert table.rows[-2][3:8] == (50.0, 51.0, 52.0, 50.0, 25.0)
    assert table.rows[-1][1] == "ours, one random sample"
    with pytest.raises(ValueError, match="report of 'ours' is of protocol 'h36m'"):
        make_tables(2, {"ours": make_report()})


def test_table_3_is_the_mode(make_report):
    (table,) = make_tables(3, {"ours": make_report()})
    assert len(table.rows) == 10 + 1
    assert table.rows[-1][:3] == ("probabilistic", "ours, mode", 57.0)


@pytest.mark.parametrize(
    "number, variants",
    [
        (4, ("full", "pilgd_standard")),
        (5, ("full", "base_standard")),
        (6, ("full", "end_to_end")),
        (7, ("without_m2m", "without_bi", "without_nll", "full")),
    ],
)
def test_ablation_tables_put_ours_beside_the_papers(make_report, number, variants):
    assert set(variants) == set(VARIANTS[number])
    reports = {
        v: [
            make_report(offset=10.0 * i, ece=0.1),
            make_report(offset=10.0 * i + 2, ece=0.2),
        ]
        for i, v in enumerate(variants)
    }
    table = ablation_table(number, reports)
    multi = [row for row in table.rows if row[0] == "MH"]
    assert [row[4] for row in multi] == [61.0 + 10 * i for i in range(len(variants))]
    assert [row[5] for row in multi] == pytest.approx([2**0.5] * len(variants))
    assert [row[8] for row in multi] == pytest.approx([15.0] * len(variants))
    single = [row for row in table.rows if row[0] == "SH"]
    assert {row[8] for row in single} <= {None}
    assert [row[6] for row in single] == (
        [] if number == 7 else [48.0 + 10 * i for i in range(len(variants))]
    )
    assert {row[9] for row in table.rows} == {"2"}
    partly = ablation_table(number, {"full": [make_report()]})
    ours = [row for row in partly.rows if row[4] is not None]
    assert {row[5] for row in ours} == {None}
    assert sum(row[4] is None for row in partly.rows) == len(table.rows) * (
        len(variants) - 1
    ) / len(variants)


def test_what_is_not_finite_leaves_its_cell_empty(make_report):
    broken = make_report()
    result = dataclasses.replace(broken.results["mode"], mpjpe=None)
    broken.results["mode"] = result
    table = ablation_table(4, {"full": [make_report(), broken]})
    row = next(row for row in table.rows if row[0] == "SH" and row[9] == "2")
    assert row[4:6] == (None, None)
    assert row[6] == 47.0


@pytest.mark.parametrize("number", [0, 4, 8])
def test_tables_of_systems_are_three(number):
    with pytest.raises(ValueError, match=f"1 to 3, received {number}. Tables 4 to 7"):
        make_tables(number, {})


@pytest.mark.parametrize("number", [3, 8])
def test_tables_of_runs_are_four(number, tmp_path):
    with pytest.raises(ValueError, match=f"Tables 4 to 7 .* none of number {number}"):
        table_of_runs(number, tmp_path)


TABLE = Table("A & B, mm", ("Name", "P1"), (("x_1", 1.26), ("50% of y", None)))


def test_markdown():
    assert TABLE.to_markdown() == (
        "**A & B, mm**\n\n"
        "| Name     |  P1 |\n"
        "| -------- | --: |\n"
        "| x_1      | 1.3 |\n"
        "| 50% of y |   - |\n"
    )


def test_latex_escapes():
    assert "\\begin{tabular}{lr}" in TABLE.to_latex()
    assert "x\\_1 & 1.3 \\\\" in TABLE.to_latex()
    assert "50\\% of y & - \\\\" in TABLE.to_latex()


def test_csv_and_json_are_not_rounded(tmp_path):
    write_tables([TABLE, TABLE], "table1", tmp_path)
    rows = list(csv.reader(io.StringIO((tmp_path / "table1.csv").read_text())))
    assert rows == [["Name", "P1"], ["x_1", "1.26"], ["50% of y", ""], []] + [
        *(["Name", "P1"], ["x_1", "1.26"], ["50% of y", ""])
    ]
    first, _ = json.loads((tmp_path / "table1.json").read_text())
    assert first["rows"] == [
        *({"Name": "x_1", "P1": 1.26}, {"Name": "50% of y", "P1": None})
    ]
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [
        ".csv",
        ".json",
        ".md",
        ".tex",
    ]
