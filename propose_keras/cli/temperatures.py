"""What `evaluate.py --temperatures` does."""

from propose_keras.cli.errors import UserError
from propose_keras.evaluation.evaluator import PoseDataError
from propose_keras.evaluation.table import write_tables
from propose_keras.evaluation.temperature import sweep_temperatures
from propose_keras.model import check_temperature


def check_flags(values):
    """Refuses flags that do not go with --temperatures, and wrong temperatures."""
    if values.split != "validation":
        raise UserError(
            "--temperatures is for choosing one, and nothing is chosen on the test "
            "split: pass --split=validation."
        )
    for name in ("temperature", "table", "figures", "reports"):
        if getattr(values, name):
            raise UserError(f"--temperatures makes a table only: leave --{name} out.")
    if not any(values.num_hypotheses):
        raise UserError("--temperatures compares hypotheses: pass --num_hypotheses.")
    parse(values)


def parse(values):
    """The temperatures of the flag, as floats."""
    try:
        temperatures = [float(t) for t in values.temperatures]
        for temperature in temperatures:
            check_temperature(temperature)
    except ValueError as error:
        given = ",".join(values.temperatures)
        raise UserError(
            f"--temperatures={given}: expected positive numbers. {error}"
        ) from error
    return temperatures


def print_table(evaluator, arrays, temperatures, output, progress):
    """Prints and writes errors and calibration at each temperature.

    Args:
        evaluator: Of the model.
        arrays: Poses of the held-out subject.
        temperatures: Positive floats.
        output: `pathlib.Path` of the folder for `temperatures.{md,tex,csv,json}`.
        progress: See `Evaluator.evaluate`.

    Raises:
        UserError: If the poses cannot be evaluated or the folder not be written.
    """
    try:
        table = sweep_temperatures(evaluator, arrays, temperatures, progress)
    except PoseDataError as error:
        raise UserError(str(error)) from error
    print(table.to_markdown())
    try:
        write_tables([table], "temperatures", output)
    except OSError as error:
        raise UserError(f"Cannot write to --output={output}: {error}.") from error
