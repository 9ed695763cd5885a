"""Tables in the paper's layout, with the published rows."""

import functools
import importlib.resources
import itertools
import json
import statistics
from collections.abc import Mapping, Sequence

from propose_keras.evaluation.report import Report
from propose_keras.evaluation.table import Table
from propose_keras.evaluation.table_labels import (
    ABBREVIATIONS,
    PROVENANCE,
    action_order,
    our_provenance,
    protocol_names,
    published_label,
    published_provenance,
    result_name,
)
from propose_keras.human36m_names import ACTIONS

VARIANTS = {
    4: ("full", "pilgd_standard"),
    5: ("full", "base_standard"),
    6: ("full", "end_to_end"),
    7: ("full", "without_m2m", "without_bi", "without_nll"),
}
"""Variants that Tables 4 to 7 are made of."""


@functools.cache
def published() -> dict:
    """Published results by number of the paper's table; see `published.json`."""
    path = importlib.resources.files("propose_keras.evaluation") / "published.json"
    return json.loads(path.read_text(encoding="utf-8"))


def per_action_tables(
    reports: Mapping[str, Report], with_published: bool = False
) -> list[Table]:
    """The paper's Table 1: errors by action, one table for MPJPE, one for PA-MPJPE.

    Args:
        reports: Label to report; every entry of its `results` is a row.
        with_published: Whether the published systems' rows come first.

    Returns:
        Tables of MPJPE (P1) and PA-MPJPE (P2). Data sets with actions of their own get
        a column for each. Where there are published rows, each row has its input,
        protocol and source.
    """
    actions = {
        action
        for report in reports.values()
        for action in report.results["mode"].per_action
    }
    if actions <= set(ACTIONS):
        actions = list(ABBREVIATIONS)
    heads = [ABBREVIATIONS.get(a, a) for a in sorted(actions, key=action_order)]
    tables = []
    for head, key in (("MPJPE (P1)", "mpjpe"), ("PA-MPJPE (P2)", "pa_mpjpe")):
        rows = []
        if with_published:
            for row in published()["1"]:
                errors = row[key]
                if errors is not None:
                    rows.append(
                        (published_label(row), *errors, *published_provenance(row))
                    )
        for label, report in reports.items():
            for name, result in report.results.items():
                by_action = result.per_action
                errors = [
                    getattr(by_action[a], key) if a in by_action else None
                    for a in sorted(actions, key=action_order)
                ]
                rows.append(
                    (
                        f"{label}, {result_name(name)}",
                        *errors,
                        getattr(result, key),
                        *our_provenance(report),
                    )
                )
        columns = ("System", *heads, "Avg.", *PROVENANCE)
        if not with_published:
            columns = columns[: -len(PROVENANCE)]
        rows = tuple(row[: len(columns)] for row in rows)
        tables.append(Table(f"{head}, mm ({protocol_names(reports)})", columns, rows))
    return tables


def cross_dataset_table(reports: Mapping[str, Report]) -> Table:
    """The paper's Table 2: PCK and AUC on MPI-INF-3DHP, percent.

    Args:
        reports: Label to report of a `3dhp-*` protocol; the mode and one random
            sample, if evaluated, are rows.

    Raises:
        ValueError: If a report has no PCK.
    """
    rows = [
        (
            row["kind"],
            published_label(row),
            row["training_data"],
            *(row[k] for k in ("gs", "nogs", "outdoor", "pck", "auc")),
            *published_provenance(row),
        )
        for row in published()["2"]
    ]
    for label, report in reports.items():
        for name in ("mode", "1"):
            result = report.results.get(name)
            if result is None:
                continue
            if result.scenes is None:
                raise ValueError(
                    f"Table 2 is made of PCK by scene; the report of {label!r} is of "
                    f"protocol {report.protocol!r}. Evaluate with a 3dhp protocol."
                )
            scenes = [result.scenes.get(name) for name in ("GS", "noGS", "Outdoor")]
            rows.append(
                (
                    report.kind,
                    f"{label}, {result_name(name)}",
                    None,
                    *(scene and scene.pck for scene in scenes),
                    result.pck,
                    result.auc,
                    *our_provenance(report),
                )
            )
    heads = ("GS", "noGS", "Outdoor", "ALL (PCK)", "ALL (AUC)")
    columns = ("Type", "Method", "Training data", *heads, *PROVENANCE)
    return Table("3DHP, PCK at 150 mm and AUC, percent", columns, tuple(rows))


def single_hypothesis_table(reports: Mapping[str, Report]) -> Table:
    """The paper's Table 3: MPJPE of one hypothesis on Human3.6M, mm.

    Args:
        reports: Label to report; the mode is the row.
    """
    rows = [
        (row["kind"], published_label(row), row["mpjpe"], *published_provenance(row))
        for row in published()["3"]
    ]
    rows += [
        (
            report.kind,
            f"{label}, mode",
            report.results["mode"].mpjpe,
            *our_provenance(report),
        )
        for label, report in reports.items()
    ]
    columns = ("Type", "Method", "MPJPE", *PROVENANCE)
    return Table("One hypothesis, MPJPE (P1), mm", columns, tuple(rows))


def ablation_table(number: int, reports: Mapping[str, Sequence[Report]]) -> Table:
    """The paper's Tables 4 to 7: MPJPE and PA-MPJPE of variants, mm.

    Ours are means over the reports of a variant, one per seed, with the standard
    deviation over seeds, and the calibration error.

    Args:
        number: 4 (PILGD), 5 (base), 6 (training scheme) or 7 (losses).
        reports: Variant (see `VARIANTS`) to its reports. Variants that are missing
            leave our cells empty.

    Raises:
        ValueError: If the reports are of different data sets or protocols.
    """
    everything = list(itertools.chain.from_iterable(reports.values()))
    measured = {", ".join(our_provenance(r)[:2]) for r in everything}
    if len(measured) > 1:
        raise ValueError(
            f"Table {number} compares variants, but the reports are of different data "
            f"sets or protocols: {'; '.join(sorted(measured))}."
        )
    rows = []
    entries = published()[str(number)]
    for kind, name in (("MH", "multi_hypothesis"), ("SH", "single_hypothesis")):
        for entry in entries:
            if entry[name] is None:
                continue
            result = "mode" if kind == "SH" else str(entry["num_hypotheses"])
            ours = [
                report
                for report in reports.get(entry["variant"], ())
                if result in report.results
            ]
            rows.append(
                (
                    kind,
                    entry["label"],
                    *(float(error) for error in entry[name]),
                    *_over_seeds([r.results[result].mpjpe for r in ours]),
                    *_over_seeds([r.results[result].pa_mpjpe for r in ours]),
                    _calibration(ours) if kind == "MH" else None,
                    str(len(ours)) if ours else None,
                    ", ".join(our_provenance(ours[0])[:2]) if ours else None,
                )
            )
    heads = {4: "PILGD", 5: "Base distribution", 6: "Training scheme", 7: "Method"}
    columns = (
        "Type",
        heads[number],
        "MPJPE, published",
        "PA-MPJPE, published",
        "MPJPE, ours",
        "+-",
        "PA-MPJPE, ours",
        "+-",
        "ECE, %, ours",
        "Seeds",
        "Data set and protocol, ours",
    )
    title = f"Table {number}: MH is the best of 200, SH the mode, mm"
    return Table(title, columns, tuple(rows))


def make_tables(number: int, reports: Mapping[str, Report]) -> Sequence[Table]:
    """One of the paper's Tables 1 to 3; `ablation_table` makes Tables 4 to 7.

    Args:
        number: The table's number in the paper.
        reports: Label to report.

    Raises:
        ValueError: If there is no such table or a report does not fit it.
    """
    if number == 1:
        return per_action_tables(reports, with_published=True)
    if number == 2:
        return [cross_dataset_table(reports)]
    if number == 3:
        return [single_hypothesis_table(reports)]
    raise ValueError(
        f"Expected the number of a table of systems, 1 to 3, received {number}. Tables "
        f"{min(VARIANTS)} to {max(VARIANTS)} compare runs: `table_of_runs`."
    )


def _over_seeds(errors):
    """Mean and standard deviation, None where there are too few errors."""
    if None in errors:
        return None, None
    return (
        statistics.mean(errors) if errors else None,
        statistics.stdev(errors) if len(errors) > 1 else None,
    )


def _calibration(reports):
    errors = [r.hypotheses.ece for r in reports if r.hypotheses is not None]
    errors = [error for error in errors if error is not None]
    return 100 * statistics.mean(errors) if errors else None
