"""What `evaluate.py` makes of reports: tables of the paper and figures."""

import pathlib
import sys

import numpy as np

from propose_keras.cli.errors import UserError
from propose_keras.evaluation import figures
from propose_keras.evaluation.latent_plane import draw_latent_means, spread_out_rows
from propose_keras.evaluation.latents import instance_depths, latent_means
from propose_keras.evaluation.paper_tables import VARIANTS, make_tables
from propose_keras.evaluation.report import read_report
from propose_keras.evaluation.table import write_tables
from propose_keras.visualization import figure_hypotheses

# Poses and hypotheses of each in the figure of hypotheses.
_NUM_FANS, _FAN_SIZE = 4, 50


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
        reports[label] = _read(path)
    return reports


def _read(path):
    try:
        return read_report(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is no report: {error}.") from error


def print_tables(number, reports, output):
    """Prints a table of the paper and writes it in four formats."""
    try:
        tables = make_tables(number, reports)
    except ValueError as error:
        raise UserError(str(error)) from error
    for table in tables:
        print(table.to_markdown())
    write_tables(tables, f"table{number}", output)


def print_ablations(number, runs, output):
    """Prints and writes one of Tables 4 to 7 from the runs of the variants.

    Raises:
        UserError: If there is no report of any of the table's variants.
    """
    if not runs:
        raise UserError(f"--table={number} is made of several runs: pass --runs.")
    runs = pathlib.Path(runs).expanduser()
    name = pathlib.Path("evaluation", "report.json")
    reports, missing = {}, []
    for variant in VARIANTS[number]:
        paths = sorted((runs / variant).glob(f"seed_*/{name}"))
        alone = runs / variant / name
        if not paths and alone.exists():
            paths = [alone]
        reports[variant] = [_read(path) for path in paths]
        if not paths:
            missing.append(str(runs / variant / "seed_*" / name))
    if not any(reports.values()):
        raise UserError(f"None of the reports of Table {number}: {', '.join(missing)}.")
    if missing:
        print(f"Not there, left empty: {', '.join(missing)}.", file=sys.stderr)
    print_tables(number, reports, pathlib.Path(output or runs).expanduser())


def draw_figures(model, arrays, report, output):
    """Writes the report's figures and, of a distribution, the paper's Figs. 3 and 4."""
    figures.write_figures(report, output)
    if not model.has_latent_density:
        return
    means = latent_means(model, arrays)
    actions = arrays.labels("action")
    figures.save(
        draw_latent_means(
            means,
            actions,
            arrays.pose_3d,
            depths=lambda rows: instance_depths(model, arrays.subset(rows)),
        ),
        output / "latent_means",
    )
    # Poses far from each other, as in Fig. 3, so that the fans differ.
    chosen = arrays.subset(spread_out_rows(means, _NUM_FANS))
    figure = figure_hypotheses(
        chosen.keypoints_2d,
        np.asarray(
            model.sample(
                keypoints=chosen.keypoints_2d,
                image_size=chosen.image_sizes(),
                num_hypotheses=_FAN_SIZE,
                seed=report["seed"],
            )
        ),
        chosen.pose_3d,
        np.asarray(
            model.mode(keypoints=chosen.keypoints_2d, image_size=chosen.image_sizes())
        ),
        output / "hypotheses.png",
        titles=list(chosen.labels("action")),
    )
    figures.save(figure, output / "hypotheses")
