"""How the base's temperature trades calibration against the best hypothesis."""

from collections.abc import Callable, Sequence

from propose_keras.data.arrays import PoseArrays
from propose_keras.evaluation.evaluator import Evaluator
from propose_keras.evaluation.flip import FlipEnsemble
from propose_keras.evaluation.protocols import Protocol
from propose_keras.evaluation.summary import summarize
from propose_keras.evaluation.table import Table
from propose_keras.inputs import check_temperature
from propose_keras.pose_model import ProbabilisticPoseModel

COLUMNS = ("Temperature", "S", "MPJPE", "PA-MPJPE", "ECE, %", "Energy score", "Spread")


def sweep_temperatures(
    model: ProbabilisticPoseModel,
    protocol: Protocol,
    poses: PoseArrays,
    temperatures: Sequence[float],
    *,
    num_hypotheses: Sequence[int] = (1, 10, 200),
    seed: int = 0,
    batch_size: int = 64,
    chunk_size: int | None = None,
    flip_test: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Table:
    """Evaluates a model at several temperatures.

    Hypotheses that are too close together and hypotheses that are too far apart both
    have a large calibration error; between the two lies a temperature with the least.
    What is chosen from the table has to be chosen on people whom training has not
    seen, and not on the test set.

    Args:
        model: The model; it has its own temperature again afterwards. Its program is
            compiled once for all temperatures.
        protocol: Of `get_protocol`.
        poses: Poses of the held-out subject.
        temperatures: Positive floats.
        num_hypotheses: Numbers of hypotheses S, at least one.
        seed: Of the hypotheses.
        batch_size: Poses per call of the compiled program.
        chunk_size: Hypotheses per pose that run at once; see `Evaluator`.
        flip_test: Whether to lift the mirrored input too; see `FlipEnsemble`.
        progress: Called with the number of poses done and their total.

    Returns:
        A table with `COLUMNS`, a row for each temperature and number of hypotheses;
        errors, energy score and spread in mm. ECE, energy score and spread are those
        of the largest S.

    Raises:
        ValueError: If a temperature is not positive and finite, there is no number of
            hypotheses, or one is out of range. Nothing has been evaluated then.
        EvaluationError: As `evaluate_model`.
    """
    if not len(num_hypotheses):
        raise ValueError("A temperature changes hypotheses: evaluate one S at least.")
    for temperature in temperatures:
        check_temperature(temperature)
    evaluator = Evaluator(
        FlipEnsemble(model) if flip_test else model,
        protocol,
        num_hypotheses,
        seed=seed,
        batch_size=batch_size,
        chunk_size=chunk_size,
    )
    before = float(model.temperature)
    rows = []
    try:
        for temperature in temperatures:
            model.set_temperature(temperature)
            measures = evaluator.evaluate(poses, progress)
            report = summarize(measures, poses, protocol, model)
            distribution = report.hypotheses
            assert distribution is not None
            for number in evaluator.num_hypotheses:
                result = report.results[str(number)]
                rows.append(
                    (
                        f"{temperature:g}",
                        str(number),
                        result.mpjpe,
                        result.pa_mpjpe,
                        None if distribution.ece is None else 100 * distribution.ece,
                        distribution.energy_score,
                        distribution.spread,
                    )
                )
    finally:
        model.set_temperature(before)
    title = f"Errors and calibration by temperature, mm, {protocol.name}"
    return Table(title, COLUMNS, tuple(rows))
