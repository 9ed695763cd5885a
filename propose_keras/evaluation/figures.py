"""Figures of reports, as PNG and PDF: legible in print and for colour-blind readers.

Needs the extra `visualization`. Every function returns a matplotlib figure, which
`save` writes.
"""

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from propose_keras.drawing import matplotlib_figure
from propose_keras.evaluation.report import HypothesisMeasures, Report
from propose_keras.evaluation.table_labels import ABBREVIATIONS

# Okabe and Ito's palette; markers and dashes tell series apart without colour.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
_WIDTH = 7.2  # inches: a page's text width


def make_figure(height: float, width: float = _WIDTH) -> Any:
    """An empty figure, sizes in inches.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    figure = matplotlib_figure()
    return figure.Figure(figsize=(width, height), layout="constrained")


def _result_name(name):
    return {"mode": "mode", "1": "one random sample"}.get(name, f"best of {name}")


def save(figure: Any, path: str | os.PathLike) -> None:
    """Writes a figure as PNG (200 dots per inch) and PDF.

    Args:
        figure: A matplotlib figure.
        path: Without ending; its folder is made if it is not there.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path.with_suffix(".png"), dpi=200)
    # Without a date the same figure is the same file.
    figure.savefig(path.with_suffix(".pdf"), metadata={"CreationDate": None})


def draw_calibration(measures: Mapping[str, HypothesisMeasures]) -> Any:
    """Calibration curves: the share of truths within each quantile of the hypotheses.

    Args:
        measures: Label to the `hypotheses` of a report.
    """
    figure = make_figure(3.6, 3.8)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, label="calibrated")
    for (label, entry), color, marker in zip(measures.items(), COLORS, MARKERS):
        error = "not finite" if entry.ece is None else f"{entry.ece:.3f}"
        axes.plot(
            entry.calibration.quantiles,
            entry.calibration.share,
            color=color,
            marker=marker,
            markersize=3.5,
            label=f"{label}, ECE {error}",
        )
    axes.text(0.05, 0.66, "too wide", color="0.4", fontsize=8)
    axes.text(0.97, 0.03, "too sure", color="0.4", fontsize=8, ha="right")
    axes.set(
        xlabel="quantile of the hypotheses",
        ylabel="share of ground truths within",
        xlim=(0, 1),
        ylim=(0, 1),
        aspect="equal",
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def draw_error_by_action(report: Report, names: Sequence[str] | None = None) -> Any:
    """MPJPE by action, a point for each entry of `results`.

    Args:
        report: What is drawn.
        names: Keys of `results` to draw; None draws all.
    """
    names = list(report.results) if names is None else list(names)
    by_action = {n: report.results[n].per_action for n in names}
    actions = [a for a in ABBREVIATIONS if a in by_action[names[0]]]
    actions += [a for a in by_action[names[0]] if a not in ABBREVIATIONS]
    figure = make_figure(3.0)
    axes = figure.add_subplot()
    positions = np.arange(len(actions) + 1)
    for name, color, marker in zip(names, COLORS, MARKERS):
        errors = [by_action[name][a].mpjpe for a in actions]
        errors.append(report.results[name].mpjpe)
        axes.plot(
            positions,
            np.array(errors, float),
            linestyle="none",
            marker=marker,
            color=color,
            markersize=6,
            label=_result_name(name),
        )
    axes.grid(axis="x", color="0.93")
    axes.set_axisbelow(True)
    axes.axvline(len(actions) - 0.5, color="0.5", linewidth=0.8)
    heads = [ABBREVIATIONS.get(a, a) for a in actions] + ["Avg."]
    axes.set_xticks(positions, heads, rotation=45, ha="right", fontsize=8)
    axes.set(ylabel="MPJPE, mm", xlim=(-0.5, len(actions) + 0.5))
    _set_title(axes, report)
    axes.set_ylim(0, 1.06 * axes.get_ylim()[1])
    _legend_above(axes, len(names))
    return figure


def draw_error_by_joint(report: Report) -> Any:
    """Error of the mode by joint.

    Args:
        report: What is drawn.
    """
    errors = report.error_by_joint
    figure = make_figure(3.4, 4.4)
    axes = figure.add_subplot()
    lengths = np.array(list(errors.values()), float)
    bars = axes.barh(list(errors), lengths, color=COLORS[0])
    axes.bar_label(bars, fmt="%.0f", padding=2, fontsize=8)
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlabel("error of the mode, mm")
    _set_title(axes, report)
    axes.margins(x=0.12)
    return figure


def draw_error_by_num_hypotheses(reports: Mapping[str, Report]) -> Any:
    """Error of the best hypothesis against their number, MPJPE and PA-MPJPE.

    Args:
        reports: Label to report; those without hypotheses are left out.
    """
    figure = make_figure(3.2, 4.8)
    axes = figure.add_subplot()
    curves = {
        label: report.hypotheses.error_by_num_hypotheses
        for label, report in reports.items()
        if report.hypotheses is not None
    }
    for (label, curve), color, marker in zip(curves.items(), COLORS, MARKERS):
        for errors, name, dashes in (
            (curve.mpjpe, "MPJPE", "-"),
            (curve.pa_mpjpe, "PA-MPJPE", "--"),
        ):
            axes.plot(
                curve.num_hypotheses,
                np.array(errors, float),
                dashes,
                color=color,
                marker=marker,
                markersize=4,
                label=f"{label}, {name}",
            )
    numbers = sorted({n for curve in curves.values() for n in curve.num_hypotheses})
    axes.set_xscale("log")
    axes.set_xticks(numbers, [str(n) for n in numbers])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="0.9")
    axes.set(xlabel="number of hypotheses S", ylabel="error of the best, mm")
    _set_title(axes, next(iter(reports.values())))
    axes.legend(frameon=False, fontsize=8)
    return figure


def _set_title(axes, report):
    title = f"{report.dataset}, {report.split}, {report.protocol}"
    axes.set_title(title, fontsize=9)


def _legend_above(axes, columns):
    axes.legend(
        frameon=False,
        fontsize=8,
        ncols=columns,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.08),
    )


def write_figures(report: Report, output_dir: str | os.PathLike) -> None:
    """Writes the figures of a report: `error_by_action`, `calibration` and others.

    Those of hypotheses are left out where the report is of a model without any.

    Args:
        report: What is drawn.
        output_dir: Folder, made if it is not there.
    """
    folder = pathlib.Path(output_dir)
    figures = {
        "error_by_action": draw_error_by_action(report),
        "error_by_joint": draw_error_by_joint(report),
    }
    if report.hypotheses is not None:
        curve = draw_error_by_num_hypotheses({report.system: report})
        figures["error_by_num_hypotheses"] = curve
        figures["calibration"] = draw_calibration({report.system: report.hypotheses})
    for name, figure in figures.items():
        save(figure, folder / name)
