"""Evaluates a trained model: `python evaluate.py --workdir=DIR --dataset=NAME ...`.

Prints the tables of the paper and writes `report.json`, `report.md` and, with
`--table`, the table in four formats. Tables 4 to 7 are made of the reports of several
runs: `--table=4 --runs=DIR` reads `DIR/VARIANT/seed_*/evaluation/report.json`, and
`--comparison --runs=DIR` compares the models of `DIR/NAME/seed_*`.
"""

import importlib.util
import pathlib
import sys
import time

from absl import flags

from propose_keras.cli import outputs, temperatures
from propose_keras.cli.errors import UserError, run_main, user_errors
from propose_keras.cli.evaluation_flags import define_flags
from propose_keras.cli.held_out import check_held_out
from propose_keras.cli.models import load_model, preset_path
from propose_keras.evaluation.evaluator import EvaluationError
from propose_keras.evaluation.model_evaluation import evaluate_model
from propose_keras.evaluation.pose_selection import load_poses
from propose_keras.evaluation.protocols import get_protocol
from propose_keras.evaluation.report_markdown import format_report, write_report
from propose_keras.evaluation.temperature import sweep_temperatures
from propose_keras.metrics.aggregates import check_aggregates
from propose_keras.metrics.hypotheses import check_num_hypotheses
from propose_keras.pose_model import PoseModel

_SECONDS_BETWEEN_LINES = 10.0


def main(argv):
    """Runs the program with the flags of the process."""
    del argv
    execute(flags.FLAGS)


def execute(values):
    """Evaluates a model, compares temperatures, or makes a table of runs.

    Args:
        values: The flags of `define_flags`, parsed.

    Raises:
        UserError: If the flags, the data or the model do not fit.
    """
    if values.temperatures:
        temperatures.check_flags(values)
    if values.comparison:
        outputs.print_comparison(values.runs, values.output)
        return
    if values.table is not None and values.table > 3:
        outputs.print_table_of_runs(values.table, values.runs, values.output)
        return
    _check_flags(values)
    folder = pathlib.Path(values.workdir or values.preset).expanduser()
    output = folder / "evaluation" if values.workdir else pathlib.Path(folder.name)
    output = pathlib.Path(values.output or output).expanduser()
    reports = outputs.read_reports(values.reports)
    with user_errors(ValueError):
        protocol = get_protocol(values.protocol)
        protocol.check_dataset(values.dataset)
        numbers = [int(n) for n in values.num_hypotheses]
        if numbers:
            check_num_hypotheses(numbers)
        check_aggregates(values.aggregate)
    outputs.check_table(values.table, protocol)
    model = _load_model(values)
    poses = _load_poses(values, protocol)
    calibration = None
    if values.calibration_subject:
        calibration = _load_calibration(values, protocol)
    options = {
        "num_hypotheses": numbers,
        "seed": values.seed,
        "batch_size": values.batch_size,
        "chunk_size": values.chunk_size,
        "flip_test": values.flip_test,
        "progress": _Progress(),
    }
    if values.temperatures:
        chosen = temperatures.parse(values)
        with user_errors(EvaluationError):
            table = sweep_temperatures(model, protocol, poses, chosen, **options)
        outputs.print_tables([table], "temperatures", output)
        return
    with user_errors(EvaluationError):
        report = evaluate_model(
            model,
            protocol,
            poses,
            dataset=values.dataset,
            split=values.split,
            frame_stride=values.frame_stride,
            aggregates=values.aggregate,
            calibration=calibration,
            calibration_subject=values.calibration_subject or "",
            **options,
        )
    print(format_report(report))
    if values.table is not None:
        label = f"{report.system}, {folder.name}"
        outputs.print_paper_tables(values.table, {label: report, **reports}, output)
    with outputs.writing_to(output):
        write_report(report, output)
        if values.figures:
            outputs.draw_figures(model, poses, report, output)
    print(f"Wrote {output / 'report.json'} and report.md.")


def _check_flags(values):
    if values.workdir and values.preset:
        raise UserError("Pass --workdir or --preset, not both.")
    for name in ("workdir", "dataset", "data_dir"):
        if not getattr(values, name) and not (name == "workdir" and values.preset):
            raise UserError(f"--{name} is required.")
    if values.figures and importlib.util.find_spec("matplotlib") is None:
        raise UserError('--figures needs matplotlib: pip install ".[visualization]"')


def _load_model(values):
    if values.preset:
        path = preset_path(values.preset)
    else:
        path = pathlib.Path(values.workdir).expanduser() / values.model
    model = load_model(path, (PoseModel,), distribute=True)
    if not model.is_probabilistic and (values.temperature or values.temperatures):
        raise UserError(
            f"{path} gives one pose, not a distribution: it has "
            "no temperature. Leave --temperature and --temperatures out."
        )
    if values.sampling_steps:
        if not hasattr(model, "set_sampling_steps"):
            raise UserError(
                f"{path} takes no steps from noise to a hypothesis: leave "
                "--sampling_steps out."
            )
        model.set_sampling_steps(values.sampling_steps)
    if values.assumed_deviation is not None:
        with user_errors(ValueError):
            model.normalization.set_assumed_deviation(values.assumed_deviation)
    if values.temperature:
        with user_errors(ValueError):
            model.set_temperature(values.temperature)
    return model


def _load_calibration(values, protocol):
    if values.split == "validation":
        raise UserError(
            "--calibration_subject is of the training split's held-out people, and so "
            "is --split=validation: a radius is to be measured on others."
        )
    subject = values.calibration_subject
    check_held_out(values, subject, f"calibration_subject={subject}")
    with user_errors(ValueError, OSError):
        return load_poses(
            protocol,
            values.dataset,
            values.data_dir,
            "validation",
            validation_subject=subject,
            frame_stride=values.frame_stride,
        )


def _load_poses(values, protocol):
    if values.split == "validation":
        check_held_out(values)
    with user_errors(ValueError, OSError):
        return load_poses(
            protocol,
            values.dataset,
            values.data_dir,
            values.split,
            validation_subject=values.validation_subject,
            frame_stride=values.frame_stride,
            frame_list=values.frame_list,
        )


class _Progress:
    """Prints now and then how many poses are done."""

    def __init__(self):
        self._last = time.monotonic()

    def __call__(self, done, total):
        if time.monotonic() - self._last > _SECONDS_BETWEEN_LINES and done < total:
            self._last = time.monotonic()
            print(f"{done:,} of {total:,} poses", file=sys.stderr, flush=True)


def run():
    """The program: defines its flags, then runs `main`."""
    define_flags()
    run_main(main)


if __name__ == "__main__":
    run()
