"""Evaluates a model on poses under a protocol."""

from collections.abc import Callable, Sequence

from propose_keras.data.arrays import PoseArrays
from propose_keras.evaluation.evaluator import Evaluator
from propose_keras.evaluation.flip import FlipEnsemble
from propose_keras.evaluation.protocols import Protocol
from propose_keras.evaluation.report import Report
from propose_keras.evaluation.summary import summarize
from propose_keras.pose_model import PoseModel, is_probabilistic


def evaluate_model(
    model: PoseModel,
    protocol: Protocol,
    poses: PoseArrays,
    *,
    num_hypotheses: Sequence[int] = (1, 10, 200),
    seed: int = 0,
    batch_size: int = 64,
    chunk_size: int | None = None,
    flip_test: bool = False,
    dataset: str = "",
    split: str = "",
    frame_stride: int = 1,
    progress: Callable[[int, int], None] | None = None,
    aggregates: Sequence[str] = (),
    calibration: PoseArrays | None = None,
    calibration_subject: str = "",
) -> Report:
    """Evaluates a model on poses under a protocol.

    Example:
    ```python
    protocol = get_protocol("h36m")
    poses = load_poses(protocol, "human36m/gt", data_dir, frame_stride=64)
    report = evaluate_model(model, protocol, poses, num_hypotheses=(1, 200))
    report.results["200"].mpjpe
    ```

    Args:
        model: A `PoseModel`; see `propose_keras.pose_model`.
        protocol: Of `get_protocol`.
        poses: Of `load_poses`, or chosen by `select_poses`.
        num_hypotheses: Numbers of hypotheses S; for each the best is reported. Empty
            for the mode alone. A model that is not probabilistic has its mode only,
            whatever is passed.
        seed: Of the hypotheses.
        batch_size: Poses per call of the compiled program.
        chunk_size: Hypotheses per pose that run at once; see `Evaluator`.
        flip_test: Whether to lift the mirrored input too; see `FlipEnsemble`.
        dataset: Name for the report.
        split: Name for the report.
        frame_stride: For the report: every so many frames that `poses` holds.
        progress: Called with the number of poses done and their total.
        aggregates: Names of `metrics.AGGREGATE_NAMES`, see `Evaluator`.
        calibration: Poses of a person that training has not seen, which calibrate the
            conformal radius; see `metrics.coverage`.
        calibration_subject: Who that is, for the report.

    Raises:
        EvaluationError: If the model is not one of 17 joints, no pose has finite
            ground truth, or keypoints are not finite.
        ValueError: If a number is out of range.
    """
    evaluator = Evaluator(
        FlipEnsemble(model) if flip_test else model,
        protocol,
        num_hypotheses if is_probabilistic(model) else (),
        seed=seed,
        batch_size=batch_size,
        chunk_size=chunk_size,
        aggregates=aggregates,
    )
    measured = None if calibration is None else evaluator.evaluate(calibration)
    return summarize(
        evaluator.evaluate(poses, progress),
        poses,
        protocol,
        model,
        dataset=dataset,
        split=split,
        frame_stride=frame_stride,
        flip_test=flip_test,
        calibration=measured,
        calibration_subject=calibration_subject,
    )
