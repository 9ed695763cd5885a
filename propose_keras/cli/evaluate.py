"""Evaluates a trained model: `python evaluate.py --workdir=DIR --dataset=NAME ...`.

Prints the tables of the paper and writes `report.json`, `report.md` and, with
`--table`, the table in four formats. Tables 4 to 7 are made of the reports of several
runs: `--table=4 --runs=DIR` reads `DIR/VARIANT/seed_*/evaluation/report.json`.
"""

import importlib.util
import json
import pathlib
import re
import sys
import time

from absl import flags

from propose_keras.cli import outputs, temperatures
from propose_keras.cli.errors import UserError, run_main
from propose_keras.cli.evaluation_flags import define_flags
from propose_keras.cli.models import load_model, preset_path
from propose_keras.data.arrays import split_validation
from propose_keras.data.reading import load_arrays
from propose_keras.evaluation.evaluator import Evaluator, PoseDataError
from propose_keras.evaluation.flip import FlipEnsemble
from propose_keras.evaluation.pose_selection import select_poses
from propose_keras.evaluation.protocols import get_protocol
from propose_keras.evaluation.report import format_report, write_report
from propose_keras.evaluation.summary import summarize
from propose_keras.pose_model import PoseModel
from propose_keras.presets import preset_training

_SECONDS_BETWEEN_LINES = 10.0


def main(argv):
    """Does what the flags of the process say."""
    del argv
    execute(flags.FLAGS)


def execute(values):
    """Evaluates a run, or makes a table of evaluations.

    Args:
        values: The flags of `define_flags`, parsed.

    Raises:
        UserError: If the flags, the data or the model do not fit.
    """
    if values.temperatures:
        temperatures.check_flags(values)
    if values.table is not None and values.table > 3:
        outputs.print_ablations(values.table, values.runs, values.output)
        return
    if values.workdir and values.preset:
        raise UserError("Pass --workdir or --preset, not both.")
    for name in ("workdir", "dataset", "data_dir"):
        if not getattr(values, name) and not (name == "workdir" and values.preset):
            raise UserError(f"--{name} is required.")
    if values.figures and importlib.util.find_spec("matplotlib") is None:
        raise UserError(
            "--figures needs matplotlib: pip install propose-keras[visualization]."
        )
    folder = pathlib.Path(values.workdir or values.preset).expanduser()
    output = folder / "evaluation" if values.workdir else pathlib.Path(folder.name)
    output = pathlib.Path(values.output or output).expanduser()
    others = outputs.read_reports(values.reports)
    if values.temperatures:
        evaluator, arrays = prepare(values)
        chosen = temperatures.parse(values)
        temperatures.print_table(evaluator, arrays, chosen, output, _Progress())
        return
    model, arrays, report = evaluate(values)
    system = model.system_name
    print(format_report(report, system))
    try:
        if values.table is not None:
            reports = {f"{system}, {folder.name}": report, **others}
            outputs.print_tables(values.table, reports, output)
        write_report(report, output, system)
        if values.figures:
            outputs.draw_figures(model, arrays, report, output)
    except OSError as error:
        raise UserError(f"Cannot write to --output={output}: {error}.") from error
    print(f"Wrote {output / 'report.json'} and report.md.")


def evaluate(values):
    """Evaluates a model under the flags.

    Returns:
        The model, the poses evaluated and the report.

    Raises:
        UserError: If the flags, the data or the model do not fit.
    """
    evaluator, arrays = prepare(values)
    try:
        measured = evaluator.evaluate(arrays, progress=_Progress())
    except PoseDataError as error:
        raise UserError(str(error)) from error
    report = summarize(
        measured,
        arrays,
        evaluator.protocol,
        values.dataset,
        values.split,
        values.frame_stride,
    )
    model = evaluator.model
    report["flip_test"] = values.flip_test
    if report["flip_test"]:
        model = model.model
    report["kind"] = "deterministic"
    if model.is_probabilistic:
        report["kind"] = "probabilistic"
        report["temperature"] = round(float(model.temperature), 6)
    return model, arrays.subset(measured.rows), report


def prepare(values):
    """The evaluator of the flags, and the poses to evaluate.

    Raises:
        UserError: If the flags, the data or the model do not fit.
    """
    try:
        protocol = get_protocol(values.protocol)
        protocol.check_dataset(values.dataset)
        numbers = [int(n) for n in values.num_hypotheses]
        check_table(values.table, protocol)
    except ValueError as error:
        raise UserError(str(error)) from error
    if values.preset:
        path = preset_path(values.preset)
    else:
        path = pathlib.Path(values.workdir).expanduser() / values.model
    model = load_model(path, (PoseModel,), distribute=True)
    if not model.is_probabilistic:
        if values.temperature or values.temperatures:
            raise UserError(
                f"{path} gives one pose, not a distribution: it has "
                "no temperature. Leave --temperature and --temperatures out."
            )
        numbers = []
    try:
        if values.temperature:
            model.set_temperature(values.temperature)
        evaluator = Evaluator(
            FlipEnsemble(model) if values.flip_test else model,
            protocol,
            numbers,
            seed=values.seed,
            batch_size=values.batch_size,
            chunk_size=values.chunk_size,
        )
        return evaluator, read_poses(protocol, values)
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from error


def check_table(number, protocol):
    """Refuses a table that the protocol's figures do not belong in."""
    if number is not None and (number == 2) != (protocol.scenes is not None):
        data = "MPI-INF-3DHP" if number == 2 else "Human3.6M"
        raise UserError(
            f"Table {number} holds figures on {data}; protocol {protocol.name!r} is "
            f"defined on {', '.join(protocol.datasets)}."
        )


def read_poses(protocol, values):
    """The poses that the flags ask for."""
    if values.split == "validation":
        check_held_out(values)
        arrays = load_arrays(
            values.dataset, values.data_dir, "train", protocol.pose_feature
        )
        _, arrays = split_validation(arrays, values.validation_subject)
    else:
        arrays = load_arrays(
            values.dataset, values.data_dir, "test", protocol.pose_feature
        )
    return select_poses(protocol, arrays, values.frame_stride, values.frame_list)


def _family(dataset):
    """Name of a data set without its config and version."""
    return re.split("[/:]", dataset.strip())[0]


def check_held_out(values):
    """Refuses to call a subject held out that the run was trained on."""
    if values.preset:
        configuration = preset_training(values.preset)
        if configuration is None:
            raise UserError(
                f"The preset {values.preset} does not say what it was trained on, so "
                "that nobody can be called held out. Evaluate --split=test."
            )
    else:
        path = pathlib.Path(values.workdir).expanduser() / "configuration.json"
        if not path.exists():
            return
        configuration = json.loads(path.read_text(encoding="utf-8"))
    trained_on = map(_family, configuration.get("dataset", "").split(","))
    if _family(values.dataset) not in trained_on:
        return
    held_out = configuration.get("validation_subject")
    if held_out != values.validation_subject:
        trained = f"held out {held_out}" if held_out else "held nobody out"
        raise UserError(
            f"--split=validation asks for subject {values.validation_subject}, but "
            f"{values.workdir or values.preset} {trained}: its figures would be those "
            "of training data. Pass --validation_subject, or evaluate another run."
        )


class _Progress:
    """Says now and then how far an evaluation is."""

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
