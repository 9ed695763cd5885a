"""A report as Markdown, and the two files of a report."""

import json
import os
import pathlib

from propose_keras.evaluation.measures import TOP_K
from propose_keras.evaluation.paper_tables import per_action_tables
from propose_keras.evaluation.report import PoseError, Report
from propose_keras.evaluation.report_json import report_to_json
from propose_keras.evaluation.table import Table
from propose_keras.evaluation.table_labels import options
from propose_keras.files import write_text


def write_report(report: Report, output_dir: str | os.PathLike) -> None:
    """Writes `report.json` and `report.md`, each whole or not at all.

    Args:
        report: The report.
        output_dir: Folder, made if it is not there.
    """
    folder = pathlib.Path(output_dir)
    value = json.dumps(report_to_json(report), indent=2, allow_nan=False)
    write_text(folder / "report.json", value + "\n")
    write_text(folder / "report.md", format_report(report))


def format_report(report: Report) -> str:
    """A report as Markdown: what was evaluated, the tables, uncertainty."""
    frames = "frames of the list"
    if report.frame_stride:
        frames = f"frame stride {report.frame_stride}"
    lines = [
        f"# {report.dataset}, {report.split}, protocol {report.protocol}",
        "",
        f"{report.protocol_description}; ground truth: {report.ground_truth}. "
        f"{report.num_poses:,} poses, {frames}, "
        f"{report.num_excluded} left out for ground truth that is not finite. "
        + ", ".join(
            (f"Seed {report.seed}", f"backend {report.backend}", *options(report))
        )
        + ".",
        "",
    ]
    lines += [t.to_markdown() for t in per_action_tables({report.system: report})]
    if report.results["mode"].pck is not None:
        lines.append(_correct_keypoints(report).to_markdown())
    if report.hypotheses is not None:
        lines += _hypotheses(report)
    if report.mode.mpjve is not None:
        lines.append(
            f"- motion of the mode: velocity error (MPJVE) {report.mode.mpjve:.1f} mm "
            "per frame, acceleration error "
            f"{_number(report.mode.acceleration_error, 1)} mm per squared frame"
        )
    if report.conformal is not None:
        lines.append(_conformal(report.conformal))
    if report.results["mode"].cps is not None:
        scores = ", ".join(f"{n}: {r.cps:.1f}" for n, r in report.results.items())
        lines.append(f"- Correct Poses Score, area from 1 to 300 mm: {scores}")
    return "\n".join(lines) + "\n"


def _correct_keypoints(report):
    scenes = report.results["mode"].scenes or {}
    rows = []
    for name, result in report.results.items():
        by_scene = [result.scenes[scene].pck for scene in scenes]
        rows.append((name, *by_scene, result.pck, result.auc))
    return Table(
        f"PCK at 150 mm and AUC, percent, {report.protocol}",
        ("Hypothesis", *scenes, "PCK", "AUC"),
        tuple(rows),
    )


def _hypotheses(report) -> list[str]:
    """Lines about the hypotheses beyond their errors."""
    measures = report.hypotheses
    single, over = measures.single, measures.over_hypotheses
    number = measures.num_hypotheses

    def row(name: str, error: PoseError):
        return name, error.mpjpe, error.pa_mpjpe

    rows = (
        row("mean of the hypotheses", single.mean_pose),
        row(f"mean of the best {TOP_K} (oracle)", single.top_k),
        row("mean error", over.mean),
        row("median error", over.median),
        row("worst error", over.worst),
        *(
            row(f"--aggregate={name}", error)
            for name, error in (measures.aggregates or {}).items()
        ),
    )
    title = f"Over {number} hypotheses, mm, {report.protocol}"
    lines = [
        Table(title, ("", "MPJPE", "PA-MPJPE"), rows).to_markdown(),
        f"- expected calibration error, {number} hypotheses: "
        f"{_number(measures.ece, 3)}",
        f"- spread (standard deviation of a joint): {_number(measures.spread, 1)} mm",
        f"- symmetry error: {_number(measures.symmetry, 1)} mm",
        f"- 2D consistency: {_number(measures.consistency_2d, 4)} of the person's size",
    ]
    if measures.energy_score is not None:
        lines.insert(
            2,
            f"- energy score, {number} hypotheses: {measures.energy_score:.1f} mm",
        )
    if measures.energy_score_joints is not None:
        lines.append(
            "- energy score of single joints: "
            f"{_number(measures.energy_score_joints, 1)} mm"
        )
    if measures.coverage is not None:
        covered = ", ".join(
            f"{100 * c:.1f} % in the region of {100 * share:.0f} %"
            for share, c in zip(measures.coverage.shares, measures.coverage.covered)
        )
        lines.append(f"- truths in central regions of the hypotheses: {covered}")
    if measures.pose_nll is not None:
        lines.append(
            "- negative log-likelihood of the pose, of a density per mm to the 48th: "
            f"{_number(measures.pose_nll, 2)} nats"
        )
    if measures.latent_nll is not None:
        lines.append(
            "- latent negative log-likelihood (of the latent, not of the pose): "
            f"{_number(measures.latent_nll, 2)} nats"
        )
    return lines


def _conformal(conformal) -> str:
    radii = {"the same for all poses": conformal.fixed}
    if conformal.adaptive is not None:
        radii["by the hypotheses' spread"] = conformal.adaptive
    texts = (
        f"{_number(radius.mean, 1)} mm {name} (holds {100 * radius.covered:.1f} %)"
        for name, radius in radii.items()
    )
    return (
        f"- conformal radius of a joint, {100 * conformal.share:.0f} %, calibrated on "
        f"{conformal.num_poses:,} poses of {conformal.subject}: {', '.join(texts)}"
    )


def _number(value, digits) -> str:
    return "not finite" if value is None else f"{value:.{digits}f}"
