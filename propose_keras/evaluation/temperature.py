"""How the base's temperature trades calibration against the best hypothesis."""

from collections.abc import Callable, Sequence

from propose_keras.data.arrays import PoseArrays
from propose_keras.evaluation.evaluator import Evaluator
from propose_keras.evaluation.summary import summarize
from propose_keras.evaluation.table import Table
from propose_keras.model import check_temperature

COLUMNS = ("Temperature", "S", "MPJPE", "PA-MPJPE", "ECE, %", "Spread")


def sweep_temperatures(
    evaluator: Evaluator,
    arrays: PoseArrays,
    temperatures: Sequence[float],
    progress: Callable[[int, int], None] | None = None,
) -> Table:
    """Evaluates a model at several temperatures.

    Hypotheses that are too close together and hypotheses that are too far apart both
    have a large calibration error; between the two lies a temperature with the least.
    What is chosen from the table has to be chosen on people whom training has not
    seen, and not on the test set.

    Args:
        evaluator: Of the model; its program is compiled once for all temperatures.
            The model has its own temperature again afterwards.
        arrays: Poses of the held-out subject.
        temperatures: Positive floats.
        progress: See `Evaluator.evaluate`.

    Returns:
        A table with `COLUMNS`, a row for each temperature and number of hypotheses;
        errors and spread in mm. ECE and spread are those of the largest S.

    Raises:
        ValueError: If a temperature is not positive and finite, or no number of
            hypotheses is evaluated. Nothing has been evaluated then.
        PoseDataError: As `Evaluator.evaluate`.
    """
    if not evaluator.num_hypotheses:
        raise ValueError("A temperature changes hypotheses: evaluate one S at least.")
    for temperature in temperatures:
        check_temperature(temperature)
    model, protocol = evaluator.model, evaluator.protocol
    before = float(model.temperature)
    rows = []
    try:
        for temperature in temperatures:
            model.set_temperature(temperature)
            measures = evaluator.evaluate(arrays, progress)
            report = summarize(measures, arrays, protocol, "", "")
            for number in evaluator.num_hypotheses:
                result = report["results"][str(number)]
                rows.append(
                    (
                        f"{temperature:g}",
                        str(number),
                        result["mpjpe"],
                        result["pa_mpjpe"],
                        None if report["ece"] is None else 100 * report["ece"],
                        report["diversity"],
                    )
                )
    finally:
        model.set_temperature(before)
    title = f"Errors and calibration by temperature, mm, {protocol.name}"
    return Table(title, COLUMNS, tuple(rows))
