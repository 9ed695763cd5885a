"""The table that compares models, from the reports and histories in runs' folders."""

import csv
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from propose_keras.evaluation.report import HypothesisMeasures, Report
from propose_keras.evaluation.report_json import read_report
from propose_keras.evaluation.table import Table

_REPORT = pathlib.Path("evaluation", "report.json")


def _result(name: str, measure: str = "mpjpe") -> Callable[[Report], Any]:
    return lambda report: getattr(report.results.get(name), measure, None)


def _of_hypotheses(
    read: Callable[[HypothesisMeasures], Any],
) -> Callable[[Report], Any]:
    return lambda report: read(report.hypotheses) if report.hypotheses else None


def _percent(value):
    return None if value is None else 100.0 * value


def _covered(index: int):
    return _of_hypotheses(
        lambda h: _percent(h.coverage.covered[index]) if h.coverage else None
    )


def _conformal(report: Report) -> float | None:
    if report.conformal is None:
        return None
    return (report.conformal.adaptive or report.conformal.fixed).mean


COLUMNS: dict[str, Callable[[Report], Any]] = {
    "mode": _result("mode"),
    "one sample": _result("1"),
    "S=10": _result("10"),
    "S=200": _result("200"),
    "S=200, P2": _result("200", "pa_mpjpe"),
    "energy": _of_hypotheses(lambda h: h.energy_score),
    "of joints": _of_hypotheses(lambda h: h.energy_score_joints),
    "ECE, %": _of_hypotheses(lambda h: _percent(h.ece)),
    "50 %": _covered(0),
    "90 %": _covered(1),
    "radius": _conformal,
    "CPS": _result("200", "cps"),
    "spread": _of_hypotheses(lambda h: h.spread),
    "symmetry": _of_hypotheses(lambda h: h.symmetry),
    "1000 / s": _of_hypotheses(
        lambda h: h.hypotheses_per_second and h.hypotheses_per_second / 1000.0
    ),
    "1000 weights": lambda r: r.num_weights and r.num_weights / 1000.0,
}
"""Heads and what they are of a report; docs/comparison.md explains them."""


def comparison_tables(runs: str | os.PathLike) -> list[Table]:
    """Tables of all runs of a folder, each row the mean over a model's seeds.

    Args:
        runs: Folder with `NAME/seed_*/evaluation/report.json`, and the runs'
            `history.csv` next to `evaluation`.

    Returns:
        The models, and the poses that their hypotheses were reduced to; the latter is
        left out if no report has any.

    Raises:
        ValueError: If there is no report, one cannot be read, or they are of different
            data sets or protocols.
    """
    runs = pathlib.Path(runs)
    reports: dict[str, list[Report]] = {}
    seconds: dict[str, list[float | None]] = {}
    for path in sorted(runs.glob(f"*/seed_*/{_REPORT}")):
        name = path.parents[2].name
        reports.setdefault(name, []).append(_read(path))
        history = path.parents[1] / "history.csv"
        seconds.setdefault(name, []).append(training_seconds(history))
    if not reports:
        raise ValueError(f"There is no {runs / '*' / 'seed_*' / _REPORT}.")
    kinds = {(r.dataset, r.protocol) for of_name in reports.values() for r in of_name}
    if len(kinds) > 1:
        raise ValueError(
            f"The reports of {runs} are of different data sets or protocols: "
            f"{', '.join(' '.join(kind) for kind in sorted(kinds))}."
        )
    title = f"Comparison, {' '.join(kinds.pop())}, mean over seeds"
    rows = tuple(
        (
            name,
            str(len(of_name)),
            *(_mean([read(report) for report in of_name]) for read in COLUMNS.values()),
            _mean(seconds[name]),
        )
        for name, of_name in reports.items()
    )
    tables = [Table(title, ("Model", "Seeds", *COLUMNS, "training, s"), rows)]
    aggregates = _aggregates(reports)
    return tables + ([aggregates] if aggregates else [])


def _aggregates(reports):
    names: list[str] = []
    for report in (r for of_name in reports.values() for r in of_name):
        measures = report.hypotheses
        found = measures.aggregates if measures else None
        names += [name for name in found or () if name not in names]
    if not names:
        return None
    rows = []
    for model, of_model in reports.items():
        found = [r.hypotheses.aggregates or {} for r in of_model if r.hypotheses]
        if any(found):
            rows.append(
                (
                    model,
                    *(_mean([_mpjpe(errors, n) for errors in found]) for n in names),
                )
            )
    title = "One pose of the hypotheses, MPJPE, mm"
    return Table(title, ("Model", *names), tuple(rows))


def _mpjpe(errors, name):
    return errors[name].mpjpe if name in errors else None


def training_seconds(history: pathlib.Path) -> float | None:
    """Seconds of training, validation left out, by a run's `history.csv`.

    Returns:
        None if there is no such file.
    """
    if not history.is_file():
        return None
    seconds, before = 0.0, 0.0
    with open(history, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            poses = 1e6 * float(row["million_poses"])
            seconds += (poses - before) / float(row["poses_per_second"])
            before = poses
    return seconds


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean; None if a value is missing."""
    numbers = [v for v in values if v is not None]
    if len(numbers) < len(values) or not numbers:
        return None
    return sum(numbers) / len(numbers)


def _read(path):
    try:
        return read_report(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no report: {error}.") from error
