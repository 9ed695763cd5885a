"""The flag `--temperatures` of `evaluate.py`."""

from propose_keras.cli.errors import UserError
from propose_keras.inputs import check_temperature


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
