"""Evaluates models under the protocols of the field: reports, tables and figures."""

from propose_keras.evaluation.model_evaluation import evaluate_model
from propose_keras.evaluation.paper_tables import make_tables
from propose_keras.evaluation.pose_selection import load_poses, select_poses
from propose_keras.evaluation.protocols import PROTOCOLS, Protocol, get_protocol
from propose_keras.evaluation.report import Report
from propose_keras.evaluation.report_json import read_report
from propose_keras.evaluation.report_markdown import format_report, write_report
from propose_keras.evaluation.run_tables import table_of_runs
from propose_keras.evaluation.temperature import sweep_temperatures

__all__ = [
    "PROTOCOLS",
    "Protocol",
    "Report",
    "evaluate_model",
    "format_report",
    "get_protocol",
    "load_poses",
    "make_tables",
    "read_report",
    "select_poses",
    "sweep_temperatures",
    "table_of_runs",
    "write_report",
]
