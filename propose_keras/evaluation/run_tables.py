"""Tables of the paper that compare runs, from the reports in the runs' folders."""

import os
import pathlib
from collections.abc import Sequence

from propose_keras.evaluation.paper_tables import VARIANTS, ablation_table
from propose_keras.evaluation.report_json import read_report
from propose_keras.evaluation.table import Table

_REPORT = pathlib.Path("evaluation", "report.json")


def table_of_runs(number: int, runs: str | os.PathLike) -> tuple[Table, Sequence[str]]:
    """One of the paper's Tables 4 to 7, of the reports of the variants' runs.

    Args:
        number: The table's number in the paper.
        runs: Folder with `VARIANT/seed_*/evaluation/report.json` for each of the
            table's `VARIANTS`, or `VARIANT/evaluation/report.json` for a lone run.

    Returns:
        The table, and the patterns of the reports that are missing: their cells are
        empty.

    Raises:
        ValueError: If there is no such table, there is no report at all, one cannot be
            read, or the reports are of different data sets or protocols.
    """
    if number not in VARIANTS:
        raise ValueError(
            f"Tables {min(VARIANTS)} to {max(VARIANTS)} compare runs; there is none of "
            f"number {number}."
        )
    runs = pathlib.Path(runs)
    reports, missing = {}, []
    for variant in VARIANTS[number]:
        paths = sorted((runs / variant).glob(f"seed_*/{_REPORT}"))
        alone = runs / variant / _REPORT
        if not paths and alone.exists():
            paths = [alone]
        reports[variant] = [_read(path) for path in paths]
        if not paths:
            missing.append(str(runs / variant / "seed_*" / _REPORT))
    if not any(reports.values()):
        raise ValueError(
            f"None of the reports of Table {number}: {', '.join(missing)}."
        )
    return ablation_table(number, reports), missing


def _read(path):
    try:
        return read_report(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no report: {error}.") from error
