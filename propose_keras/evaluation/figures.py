"""Figures of reports, as PNG and PDF: legible in print and for colour-blind readers.

Needs the extra `visualization`. Every function returns a matplotlib figure, which
`save` writes.
"""

import os
import pathlib
from collections.abc import Mapping

import numpy as np

from propose_keras.evaluation.tables import ABBREVIATIONS
from propose_keras.visualization.skeleton import draw_pose_3d

# Okabe and Ito's palette; markers and dashes say the same again without colour.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
_WIDTH = 7.2  # inches: a page's text width
# Who is where in Fig. 3: fifteen colours could not be told apart.
ACTION_GROUPS = {
    "Sitting": "on a chair",
    "SittingDown": "on the floor",
    "WalkDog": "walking",
    "Walking": "walking",
    "WalkTogether": "walking",
}
_OTHER_GROUP = "other actions"


def _figure(height, width=_WIDTH):
    try:
        from matplotlib import figure
    except ImportError as error:
        raise ImportError(
            "Drawing needs matplotlib. Install it with "
            "`pip install propose-keras[visualization]`."
        ) from error
    return figure.Figure(figsize=(width, height), layout="constrained")


def _result_name(name):
    return {"mode": "mode", "1": "one random sample"}.get(name, f"best of {name}")


def save(figure, path: str | os.PathLike) -> None:
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


def draw_calibration(reports: Mapping[str, Mapping]):
    """Calibration curves: the share of truths within each quantile of the hypotheses.

    Args:
        reports: Label to report (`summarize`).
    """
    figure = _figure(3.6, 3.8)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, label="calibrated")
    for (label, report), color, marker in zip(reports.items(), COLORS, MARKERS):
        curve = report["calibration"]
        axes.plot(
            curve["quantiles"],
            curve["share"],
            color=color,
            marker=marker,
            markersize=3.5,
            label=f"{label}, ECE {report['ece']:.3f}",
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


def draw_error_by_action(report: Mapping, names=None):
    """Errors by action under Protocol 1, a point for each entry of `results`.

    Args:
        report: Of `summarize`.
        names: Keys of `results` to draw; None draws all.
    """
    names = list(report["results"]) if names is None else list(names)
    by_action = {n: report["results"][n]["per_action"] for n in names}
    actions = [a for a in ABBREVIATIONS if a in by_action[names[0]]]
    actions += [a for a in by_action[names[0]] if a not in ABBREVIATIONS]
    figure = _figure(3.0)
    axes = figure.add_subplot()
    positions = np.arange(len(actions) + 1)
    for name, color, marker in zip(names, COLORS, MARKERS):
        errors = [by_action[name][a]["mpjpe"] for a in actions]
        errors.append(report["results"][name]["mpjpe"])
        axes.plot(
            positions,
            errors,
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


def draw_error_by_joint(report: Mapping):
    """Error of the mode by joint, Protocol 1.

    Args:
        report: Of `summarize`.
    """
    errors = report["error_by_joint"]
    figure = _figure(3.4, 4.4)
    axes = figure.add_subplot()
    bars = axes.barh(list(errors), list(errors.values()), color=COLORS[0])
    axes.bar_label(bars, fmt="%.0f", padding=2, fontsize=8)
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlabel("error of the mode, mm")
    _set_title(axes, report)
    axes.margins(x=0.12)
    return figure


def draw_error_by_num_hypotheses(reports: Mapping[str, Mapping]):
    """Error of the best hypothesis against their number, both protocols.

    Args:
        reports: Label to report.
    """
    figure = _figure(3.2, 4.8)
    axes = figure.add_subplot()
    for (label, report), color, marker in zip(reports.items(), COLORS, MARKERS):
        curve = report["error_by_num_hypotheses"]
        for key, name, dashes in (
            ("mpjpe", "Protocol 1", "-"),
            ("pa_mpjpe", "Protocol 2", "--"),
        ):
            axes.plot(
                curve["num_hypotheses"],
                curve[key],
                dashes,
                color=color,
                marker=marker,
                markersize=4,
                label=f"{label}, {name}",
            )
    numbers = curve["num_hypotheses"]
    axes.set_xscale("log")
    axes.set_xticks(numbers, [str(n) for n in numbers])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="0.9")
    axes.set(xlabel="number of hypotheses S", ylabel="error of the best, mm")
    _set_title(axes, next(iter(reports.values())))
    axes.legend(frameon=False, fontsize=8)
    return figure


def draw_latent_means(means, actions, poses_3d, depths=None, num_points=6):
    """The paper's Fig. 3: means of the PILGD in the plane of their two main components.

    Around the plane stand chosen poses that lie far apart in it, each with the
    distribution of its joints' depths.

    Args:
        means: mu_3D, `(num_poses, d)`.
        actions: Action of each pose, `(num_poses,)`.
        poses_3d: `(num_poses, J, 3)` mm in the camera's frame.
        depths: Callable from rows `(num_points,)` to depths relative to the root,
            `(num_points, num_samples)` mm; by default the poses' own joints.
        num_points: How many poses to show, even.
    """
    means, poses_3d = np.asarray(means, np.float64), np.asarray(poses_3d)
    plane, shares = _principal_plane(means)
    rows = spread_out_rows(plane, num_points)
    if depths is None:
        depths = poses_3d[rows, 1:, 2] - poses_3d[rows, :1, 2]
    else:
        depths = np.asarray(depths(rows))
    bins = np.linspace(depths.min(), depths.max(), 40)
    figure = _figure(1.6 * num_points / 2 + 0.4, 9.6)
    grid = figure.add_gridspec(num_points // 2, 5, width_ratios=(1, 0.8, 3.4, 1, 0.8))
    axes = figure.add_subplot(grid[:, 2])
    groups = np.array([ACTION_GROUPS.get(str(a), _OTHER_GROUP) for a in actions])
    for group, color, marker in zip(np.unique(groups)[::-1], COLORS, MARKERS):
        of_group = plane[groups == group]
        axes.scatter(
            *of_group.T,
            s=9,
            marker=marker,
            color=color,
            alpha=0.35,
            linewidths=0,
            label=group,
            rasterized=True,
        )
    legend = figure.legend(
        loc="outside upper center", ncols=4, frameon=False, fontsize=9
    )
    for handle in legend.legend_handles:
        handle.set(alpha=1.0, sizes=[30])
    axes.set_xlabel(f"first component ({shares[0]:.0%} of the variance)")
    axes.set_ylabel(f"second component ({shares[1]:.0%})")
    axes.set(xticks=[], yticks=[])
    # Left boxes for the left points, from the top down.
    order = np.argsort(plane[rows, 0], kind="stable")
    sides = np.split(order, 2)
    sides = [side[np.argsort(-plane[rows[side], 1], kind="stable")] for side in sides]
    for side, first in zip(sides, (0, 3)):
        for line, point in enumerate(side):
            letter = "ABCDEFGHIJ"[line + (0 if first == 0 else num_points // 2)]
            axes.annotate(
                letter,
                plane[rows[point]],
                fontsize=10,
                fontweight="bold",
                ha="center",
                va="center",
                bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": "black"},
            )
            box = figure.add_subplot(grid[line, first], projection="3d")
            draw_pose_3d(box, poses_3d[rows[point]], linewidth=1.6)
            box.view_init(elev=10, azim=-65)
            box.set_axis_off()
            box.set_title(f"{letter}: {actions[rows[point]]}", fontsize=9)
            histogram = figure.add_subplot(grid[line, first + 1])
            histogram.hist(depths[point], bins=bins, color="0.35", density=True)
            histogram.set_yticks([])
            histogram.tick_params(axis="x", labelsize=7)
            histogram.set_xlabel("depth, mm", fontsize=7)
            histogram.spines[["left", "top", "right"]].set_visible(False)
    return figure


def _principal_plane(means):
    """Coordinates in the plane of the two main components, and their shares."""
    centred = means - means.mean(axis=0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    # The signs of the directions are free: fixed, so that figures can be compared.
    signs = np.sign(directions[np.arange(2), np.abs(directions[:2]).argmax(axis=1)])
    plane = centred @ (directions[:2] * signs[:, None]).T
    return plane, singular[:2] ** 2 / np.sum(singular**2)


def spread_out_rows(points, number):
    """Rows of points far from each other: farthest-point sampling from the fringe.

    Args:
        points: `(num_points, d)`.
        number: How many; fewer come back if there are fewer points.
    """
    number = min(number, len(points))
    distance = np.linalg.norm(points - points.mean(axis=0), axis=1)
    # The outermost hundredth are outliers, not examples.
    eligible = np.flatnonzero(distance <= np.quantile(distance, 0.99))
    points, distance = points[eligible], distance[eligible]
    chosen = [int(distance.argmax())]
    nearest = np.full(len(points), np.inf)
    for _ in range(number - 1):
        last = np.linalg.norm(points - points[chosen[-1]], axis=1)
        nearest = np.minimum(nearest, last)
        chosen.append(int(nearest.argmax()))
    return eligible[chosen]


def _set_title(axes, report):
    title = f"{report['dataset']}, {report['split']}, {report['protocol']}"
    axes.set_title(title, fontsize=9)


def _legend_above(axes, columns):
    axes.legend(
        frameon=False,
        fontsize=8,
        ncols=columns,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.08),
    )


def write_figures(
    report: Mapping, output_dir: str | os.PathLike, label: str = "ProPose"
) -> None:
    """Writes the figures of a report: `calibration`, `error_by_action` and others.

    Args:
        report: Of `summarize`.
        output_dir: Folder, made if it is not there.
        label: Name of the system.
    """
    folder = pathlib.Path(output_dir)
    figures = {
        "calibration": draw_calibration({label: report}),
        "error_by_action": draw_error_by_action(report),
        "error_by_joint": draw_error_by_joint(report),
        "error_by_num_hypotheses": draw_error_by_num_hypotheses({label: report}),
    }
    for name, figure in figures.items():
        save(figure, folder / name)
