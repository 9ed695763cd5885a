"""Labels and column heads of tables, and where their numbers are from."""

from collections.abc import Mapping

from propose_keras.evaluation.report import Report
from propose_keras.human36m_names import ACTIONS

ABBREVIATIONS = {
    "Directions": "Dir.",
    "Discussion": "Dis.",
    "Eating": "Eat",
    "Greeting": "Gre.",
    "Phoning": "Phon.",
    "Photo": "Phot.",
    "Posing": "Pos.",
    "Purchases": "Pur.",
    "Sitting": "Sit",
    "SittingDown": "SitD.",
    "Smoking": "Smo.",
    "Waiting": "Wait",
    "WalkDog": "WalkD.",
    "Walking": "Walk",
    "WalkTogether": "WalkT.",
}
"""Column heads of the paper's Table 1, in its order."""

PROVENANCE = ("2D input", "Protocol", "Source")
"""Column heads of what `published_provenance` and `our_provenance` return."""


def action_order(action: str) -> tuple[int, str]:
    """Key that sorts actions: those of Human3.6M in its order, others by name."""
    return (ACTIONS.index(action), "") if action in ACTIONS else (len(ACTIONS), action)


def protocol_names(reports: Mapping[str, Report]) -> str:
    """The protocols of reports, each once, with what they mean."""
    names = {f"{r.protocol}: {r.protocol_description}" for r in reports.values()}
    return "; ".join(sorted(names))


def published_label(row: Mapping) -> str:
    """Label of a row of `published.json`: system, number of hypotheses, note."""
    note = f", {row['note']}" if row.get("note") else ""
    number = f", S={row['num_hypotheses']}" if "num_hypotheses" in row else ""
    return f"{row['system']}{number}{note}"


def result_name(name: str) -> str:
    """What a key of `Report.results` stands for."""
    return {"mode": "mode", "1": "one random sample"}.get(name, f"S={name}")


def published_provenance(row: Mapping) -> tuple[str, str, str]:
    """2D input, protocol and source of a row of `published.json`."""
    return row["input"], row["protocol"], f"published: {row['source']}"


def our_provenance(report: Report) -> tuple[str, str, str]:
    """2D input, protocol and source of a report."""
    stride = report.frame_stride
    frames = {None: "frames of the list", 1: "all frames"}.get(
        stride, f"frame stride {stride}"
    )
    protocol = ", ".join(
        (report.protocol, frames, report.ground_truth, *options(report))
    )
    return report.dataset, protocol, "this report"


def options(report: Report) -> list[str]:
    """What was done beyond the protocol: flip test, temperature, deviations told."""
    done = ["flip test"] if report.flip_test else []
    if report.temperature not in (None, 1.0):
        done.append(f"temperature {report.temperature:g}")
    if report.assumed_deviation:
        done.append(f"assumed deviation {report.assumed_deviation:g}")
    return done
