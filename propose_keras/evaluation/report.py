"""Reports on disk: `report.json` and `report.md`."""

import json
import os
import pathlib
from collections.abc import Mapping

from propose_keras.evaluation.measures import TOP_K
from propose_keras.evaluation.paper_tables import per_action_tables
from propose_keras.evaluation.table import Table, write_text


def write_report(
    report: Mapping, output_dir: str | os.PathLike, label: str = "ProPose"
) -> None:
    """Writes `report.json` and `report.md`.

    Each file is written beside and renamed, so there is never half a report.

    Args:
        report: Of `summarize`.
        output_dir: Folder, made if it is not there.
        label: Name of the system in the tables.
    """
    folder = pathlib.Path(output_dir)
    write_text(
        folder / "report.json", json.dumps(report, indent=2, allow_nan=False) + "\n"
    )
    write_text(folder / "report.md", format_report(report, label))


def read_report(path: str | os.PathLike) -> dict:
    """Reads a `report.json`."""
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def format_report(report: Mapping, label: str = "ProPose") -> str:
    """A report as Markdown: what was evaluated, the tables, uncertainty.

    Args:
        report: Of `summarize`.
        label: Name of the system in the tables.
    """
    results = report["results"]
    lines = [
        f"# {report['dataset']}, {report['split']}, protocol {report['protocol']}",
        "",
        f"{report['protocol_description']}; ground truth: {report['ground_truth']}. "
        f"{report['frames']:,} poses, {_frames(report)}, "
        f"{report['excluded_frames']} left out for ground truth that is not finite. "
        f"Seed {report['seed']}, backend {report['backend']}{_options(report)}.",
        "",
    ]
    for table in per_action_tables({label: report}):
        lines += [table.to_markdown()]
    if "pck" in report:
        columns = ["Hypothesis", *report.get("scenes", {}), "PCK", "AUC"]
        rows = [
            (
                name,
                *(scene["pck"] for scene in result.get("scenes", {}).values()),
                result["pck"],
                result["auc"],
            )
            for name, result in results.items()
        ]
        title = f"PCK at 150 mm and AUC, percent, {report['protocol']}"
        lines += [Table(title, tuple(columns), tuple(rows)).to_markdown()]
    if "ece" in report:
        lines += _format_distribution(report)
    if "cps" in report:
        values = ", ".join(f"{n}: {r['cps']:.1f}" for n, r in results.items())
        lines += [f"- Correct Poses Score, area from 1 to 300 mm: {values}"]
    return "\n".join(lines) + "\n"


def _format_distribution(report) -> list[str]:
    """Lines about the hypotheses beyond their errors."""
    largest = report["ece_num_hypotheses"]
    single, over = report["single"], report["over_hypotheses"]
    rows = [
        ("mean of the hypotheses", *single["mean_pose"].values()),
        (f"mean of the best {TOP_K} (oracle)", *single[f"top_{TOP_K}"].values()),
        ("mean error", *over["mean"].values()),
        ("median error", *over["median"].values()),
        ("worst error", *over["worst"].values()),
    ]
    title = f"Over {largest} hypotheses, mm, {report['protocol']}"
    return [
        Table(title, ("", "MPJPE", "PA-MPJPE"), tuple(rows)).to_markdown(),
        f"- expected calibration error, {largest} hypotheses: "
        f"{_number(report['ece'], 3)}",
        f"- spread (standard deviation of a joint): "
        f"{_number(report['diversity'], 1)} mm",
        f"- symmetry error: {_number(report['symmetry'], 1)} mm",
        f"- 2D consistency: {_number(report['consistency_2d'], 4)} of the person's "
        "size",
        "- latent negative log-likelihood (of the latent, not of the pose): "
        f"{_number(report['latent_nll'])} nats",
    ]


def _frames(report) -> str:
    stride = report["frame_stride"]
    return f"frame stride {stride}" if stride else "frames of the list"


def _options(report) -> str:
    """What was done beyond the protocol: flip test, temperature."""
    options = ["flip test"] if report.get("flip_test") else []
    temperature = report.get("temperature", 1.0)
    if temperature != 1.0:
        options.append(f"temperature {temperature:g}")
    return "".join(f", {option}" for option in options)


def _number(value, digits=2) -> str:
    return "not finite" if value is None else f"{value:.{digits}f}"
