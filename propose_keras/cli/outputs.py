"""What `evaluate.py` makes of reports: tables of the paper and figures."""

import contextlib
import pathlib
import sys

import numpy as np

from propose_keras.cli.errors import UserError, user_errors
from propose_keras.evaluation import figures
from propose_keras.evaluation.comparison_table import comparison_tables
from propose_keras.evaluation.model_figures import write_model_figures
from propose_keras.evaluation.paper_tables import make_tables
from propose_keras.evaluation.report_json import read_report
from propose_keras.evaluation.run_tables import table_of_runs
from propose_keras.evaluation.table import write_tables


@contextlib.contextmanager
def writing_to(output):
    """Makes what keeps files from being written a `UserError`."""
    try:
        yield
    except OSError as error:
        raise UserError(f"Cannot write to --output={output}: {error}.") from error


def read_reports(entries):
    """Reports of `LABEL=PATH` entries by label."""
    reports = {}
    for entry in entries:
        label, _, path = entry.partition("=")
        path = pathlib.Path(path).expanduser()
        if not path.is_file():
            raise UserError(
                f"--reports={entry}: expected LABEL=PATH of a report.json that "
                "evaluate.py wrote."
            )
        try:
            reports[label] = read_report(path)
        except (OSError, ValueError) as error:
            raise UserError(f"{path} is no report: {error}.") from error
    return reports


def check_table(number, protocol):
    """Refuses a table that results under the protocol do not belong in."""
    if number is not None and (number == 2) != (protocol.scenes is not None):
        data = "MPI-INF-3DHP" if number == 2 else "Human3.6M"
        raise UserError(
            f"Table {number} holds results on {data}; protocol {protocol.name!r} is "
            f"defined on {', '.join(protocol.datasets)}."
        )


def print_tables(tables, name, output):
    """Prints tables and writes them in four formats."""
    for table in tables:
        print(table.to_markdown())
    with writing_to(output):
        write_tables(tables, name, output)


def print_paper_tables(number, reports, output):
    """Prints and writes one of Tables 1 to 3."""
    with user_errors(ValueError):
        tables = make_tables(number, reports)
    print_tables(tables, f"table{number}", output)


def print_table_of_runs(number, runs, output):
    """Prints and writes one of Tables 4 to 7 from the runs of the variants.

    Raises:
        UserError: If there is no report of any of the table's variants.
    """
    if not runs:
        raise UserError(f"--table={number} is made of several runs: pass --runs.")
    runs = pathlib.Path(runs).expanduser()
    with user_errors(ValueError):
        table, missing = table_of_runs(number, runs)
    if missing:
        print(f"Not there, left empty: {', '.join(missing)}.", file=sys.stderr)
    output = pathlib.Path(output or runs).expanduser()
    print_tables([table], f"table{number}", output)


def print_comparison(runs, output):
    """Prints and writes the comparison of the runs in a folder.

    Raises:
        UserError: If there are no reports, or they do not belong together.
    """
    if not runs:
        raise UserError("--comparison is made of several runs: pass --runs.")
    runs = pathlib.Path(runs).expanduser()
    with user_errors(ValueError):
        tables = comparison_tables(runs)
    print_tables(tables, "comparison", pathlib.Path(output or runs).expanduser())


def draw_figures(model, poses, report, output):
    """Writes the report's figures and, of a distribution, the paper's Figs. 3 and 4."""
    figures.write_figures(report, output)
    finite = np.isfinite(poses.pose_3d).all(axis=(1, 2))
    write_model_figures(
        model, poses.subset(np.flatnonzero(finite)), output, report.seed
    )
