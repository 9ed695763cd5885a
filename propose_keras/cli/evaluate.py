"""Evaluates a trained model: `python evaluate.py --workdir=DIR --dataset=NAME ...`.

Prints the tables of the paper and writes `report.json`, `report.md` and, with
`--table`, the table in four formats. Tables 4 to 7 are made of the reports of several
runs: `--table=4 --runs=DIR` reads `DIR/VARIANT/evaluation/report.json`.
"""

import functools
import importlib.util
import json
import pathlib
import sys
import time

from absl import flags

from propose_keras.cli import outputs, temperatures
from propose_keras.cli.errors import UserError, run_main
from propose_keras.cli.models import load_model
from propose_keras.data.arrays import split_validation
from propose_keras.data.reading import load_arrays
from propose_keras.deterministic import DeterministicLifter
from propose_keras.evaluation.evaluator import Evaluator, PoseDataError
from propose_keras.evaluation.frames import select_poses
from propose_keras.evaluation.protocols import OPTIONS, PROTOCOLS, get_protocol
from propose_keras.evaluation.report import format_report, write_report
from propose_keras.evaluation.summary import summarize
from propose_keras.flip import FlipEnsemble
from propose_keras.model import ProPose

_SECONDS_BETWEEN_LINES = 10.0


def define_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    string = functools.partial(flags.DEFINE_string, flag_values=values)
    integer = functools.partial(flags.DEFINE_integer, flag_values=values)
    string("workdir", None, "Folder of a run.")
    string(
        "model",
        "model.keras",
        "Its model: model.keras, of the last step, or best.keras, of the lowest error "
        "on the held-out subject.",
    )
    string("dataset", None, "Built data set: NAME or NAME/CONFIG.")
    string("data_dir", None, "The --data_dir that tfds build was given.")
    flags.DEFINE_enum(
        "split",
        "test",
        ["test", "validation"],
        "validation is --validation_subject of the training split.",
        flag_values=values,
    )
    string("validation_subject", "S8", "Subject held out of training.")
    string(
        "protocol",
        "h36m",
        f"One of {', '.join(PROTOCOLS)}, with options such as h36m+16-joints: "
        f"{', '.join(OPTIONS)}.",
    )
    flags.DEFINE_list(
        "num_hypotheses",
        ["1", "10", "200"],
        "Numbers of hypotheses S.",
        flag_values=values,
    )
    integer("frame_stride", 64, "Every so many frames, from frame 0 of each clip.", 1)
    string("frame_list", None, "File of frames, for protocol h36m-hard.")
    integer("seed", 0, "Of the hypotheses.", 0)
    string("output", None, "Folder for reports; WORKDIR/evaluation if unset.")
    integer("batch_size", 64, "Poses per step.", 1)
    integer("chunk_size", None, "Hypotheses per pose at once; unset: 65536 / batch.", 1)
    integer("table", None, "Table of the paper to print and write beside ours.", 1, 7)
    string("runs", None, "For Tables 4 to 7: folder of the variants' runs.")
    flags.DEFINE_list(
        "reports",
        [],
        "For Tables 1 to 3: LABEL=report.json of other runs, for rows of their own.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "flip_test",
        False,
        "Lift the mirrored input too: the mode is the mean of both, every other "
        "hypothesis is of the mirrored input. Twice the work.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "temperature",
        None,
        "Factor on the base's deviation, instead of the model's own.",
        lower_bound=1e-6,
        flag_values=values,
    )
    flags.DEFINE_list(
        "temperatures",
        [],
        "Print errors and calibration at each of these temperatures instead of a "
        "report; with --split=validation only, since it is for choosing one.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "figures",
        False,
        "Draw the figures of the paper and of the report, PNG and PDF.",
        flag_values=values,
    )


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
    for name in ("workdir", "dataset", "data_dir"):
        if not getattr(values, name):
            raise UserError(f"--{name} is required.")
    if values.figures and importlib.util.find_spec("matplotlib") is None:
        raise UserError(
            "--figures needs matplotlib: pip install propose-keras[visualization]."
        )
    workdir = pathlib.Path(values.workdir).expanduser()
    output = pathlib.Path(values.output or workdir / "evaluation").expanduser()
    others = outputs.read_reports(values.reports)
    if values.temperatures:
        evaluator, arrays = prepare(workdir, values)
        chosen = temperatures.parse(values)
        temperatures.print_table(evaluator, arrays, chosen, output, _Progress())
        return
    model, arrays, report = evaluate(workdir, values)
    system = "ProPose" if isinstance(model, ProPose) else "Deterministic"
    print(format_report(report, system))
    try:
        if values.table is not None:
            reports = {f"{system}, {workdir.name}": report, **others}
            outputs.print_tables(values.table, reports, output)
        write_report(report, output, system)
        if values.figures:
            outputs.draw_figures(model, arrays, report, output)
    except OSError as error:
        raise UserError(f"Cannot write to --output={output}: {error}.") from error
    print(f"Wrote {output / 'report.json'} and report.md.")


def evaluate(workdir, values):
    """Evaluates the model in a work folder under the flags.

    Returns:
        The model, the poses evaluated and the report.

    Raises:
        UserError: If the flags, the data or the model do not fit.
    """
    evaluator, arrays = prepare(workdir, values)
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
    report["flip_test"] = isinstance(model, FlipEnsemble)
    if report["flip_test"]:
        model = model.model
    report["kind"] = "deterministic"
    if isinstance(model, ProPose):
        report["kind"] = "probabilistic"
        report["temperature"] = round(float(model.temperature), 6)
    return model, arrays.subset(measured.rows), report


def prepare(workdir, values):
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
    kinds = (ProPose, DeterministicLifter)
    model = load_model(workdir / values.model, kinds, distribute=True)
    if isinstance(model, DeterministicLifter):
        if values.temperature or values.temperatures:
            raise UserError(
                f"{workdir / values.model} gives one pose, not a distribution: it has "
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


def check_held_out(values):
    """Refuses to call a subject held out that the run was trained on."""
    path = pathlib.Path(values.workdir).expanduser() / "configuration.json"
    if not path.exists():
        return
    held_out = json.loads(path.read_text(encoding="utf-8")).get("validation_subject")
    if held_out != values.validation_subject:
        trained = f"held out {held_out}" if held_out else "held nobody out"
        raise UserError(
            f"--split=validation asks for subject {values.validation_subject}, but the "
            f"run in {values.workdir} {trained}: its figures would be those of "
            "training data. Pass --validation_subject, or evaluate another run."
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
