"""How the base's temperature trades calibration against the best hypothesis."""

from collections.abc import Callable, Sequence

from propose_keras.data.arrays import PoseArrays
from propose_keras.evaluation.evaluator import Evaluator
from propose_keras.evaluation.summary import summarize
from propose_keras.evaluation.table import Table

COLUMNS = ("Temperature", "S", "MPJPE", "PA-MPJPE", "ECE", "Diversity")


def sweep_temperatures(
    evaluator: Evaluator,
    arrays: PoseArrays,
    temperatures: Sequence[float],
    progress: Callable[[int, int], None] | None = None,
) -> Table:
    """Evaluates a model at several temperatures.

    The calibration error of the largest S is V-shaped in the temperature: hypotheses
    are too close together on one side of its minimum and too far apart on the other.
    The error of the best hypothesis has a minimum too, as a rule at a higher
    temperature for a larger S. What is chosen from it has to be chosen on people whom
    training has not seen, and not on the test set.

    Args:
        evaluator: Of the model; its program is compiled once for all temperatures.
            The model has its own temperature again afterwards.
        arrays: Poses of the held-out subject.
        temperatures: Positive floats.
        progress: See `Evaluator.evaluate`.

    Returns:
        A table with `COLUMNS`, a row for each temperature and number of hypotheses;
        errors and diversity in mm. ECE and diversity are those of the largest S.

    Raises:
        ValueError: If a temperature is not positive and finite.
    """
    model, protocol = evaluator.model, evaluator.protocol
    before = float(model.temperature)
    rows = []
    try:
        for temperature in temperatures:
            model.set_temperature(temperature)
            figures = evaluator.evaluate(arrays, progress)
            report = summarize(figures, arrays, protocol, "", "")
            for number in evaluator.num_hypotheses:
                result = report["results"][str(number)]
                rows.append(
                    (
                        f"{temperature:g}",
                        str(number),
                        result["mpjpe"],
                        result["pa_mpjpe"],
                        f"{report['ece']:.3f}",
                        report["diversity"],
                    )
                )
    finally:
        model.set_temperature(before)
    return Table(f"Temperature, mm, {protocol.name}", COLUMNS, tuple(rows))
