"""The report of an evaluation: what was evaluated, how, and the results.

`evaluation.report_json` reads and writes it.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from propose_keras.evaluation.measures import TOP_K


def _key(name: str) -> Any:
    """A field that has another name in `report.json`."""
    return dataclasses.field(metadata={"key": name})


@dataclasses.dataclass(frozen=True)
class PoseError:
    """Errors of poses, mm; None where the model gave a pose that is not finite.

    Attributes:
        mpjpe: Mean per-joint position error, P1.
        pa_mpjpe: The same after Procrustes alignment, P2.
    """

    mpjpe: float | None
    pa_mpjpe: float | None


@dataclasses.dataclass(frozen=True)
class CorrectKeypoints:
    """Shares of correct keypoints, percent.

    Attributes:
        pck: At the protocol's threshold.
        auc: Mean over the protocol's thresholds.
    """

    pck: float
    auc: float


@dataclasses.dataclass(frozen=True)
class Result(PoseError):
    """Results of one way to choose a pose: the mode, or the best of S hypotheses.

    Attributes:
        per_action: Action to its errors.
        pck: Percent; None if the protocol does not count it.
        auc: Percent; None if the protocol does not count it.
        scenes: Scene to its shares of correct keypoints; None if the protocol has none.
        cps: Correct Poses Score, mm; None if the protocol does not count it.
    """

    per_action: Mapping[str, PoseError]
    pck: float | None = None
    auc: float | None = None
    scenes: Mapping[str, CorrectKeypoints] | None = None
    cps: float | None = None


@dataclasses.dataclass(frozen=True)
class ModeMeasures:
    """Further measures of the mode.

    Attributes:
        n_mpjpe: MPJPE after the best scaling, mm.
        symmetry: Difference in length between left and right bones, mm.
        consistency_2d: Distance from the input in the image, as a share of the
            person's size.
        mpjve: Mean per-joint velocity error, mm per frame, see `metrics.motion_errors`;
            None where no frames follow each other.
        acceleration_error: Mean per-joint acceleration error, mm per squared frame;
            None where no three frames follow each other.
    """

    n_mpjpe: float | None
    symmetry: float | None
    consistency_2d: float | None
    mpjve: float | None = None
    acceleration_error: float | None = None


@dataclasses.dataclass(frozen=True)
class CalibrationCurve:
    """Share of truths within each quantile of the hypotheses, for the median joint."""

    quantiles: tuple[float, ...]
    share: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class ErrorCurve:
    """Errors of the best of so many hypotheses, mm."""

    num_hypotheses: tuple[int, ...]
    mpjpe: tuple[float | None, ...]
    pa_mpjpe: tuple[float | None, ...]


@dataclasses.dataclass(frozen=True)
class SinglePoses:
    """Errors of single poses made of the hypotheses.

    Attributes:
        mean_pose: Of the mean of the hypotheses.
        top_k: Of the mean of the `TOP_K` best hypotheses, an oracle.
    """

    mean_pose: PoseError
    top_k: PoseError = _key(f"top_{TOP_K}")


@dataclasses.dataclass(frozen=True)
class ErrorsOverHypotheses:
    """Mean, median and largest error over a pose's hypotheses."""

    mean: PoseError
    median: PoseError
    worst: PoseError


@dataclasses.dataclass(frozen=True)
class Coverage:
    """Share of truths in central regions, mean over joints; see `metrics.coverage`."""

    shares: tuple[float, ...]
    covered: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Radius:
    """Radius about a joint that is to hold the truth.

    Attributes:
        mean: mm, mean over poses and joints; None if there were too few poses to
            calibrate it.
        by_joint: Joint's name to its radius, mm, mean over poses.
        covered: Share of the truths inside, of the poses that were evaluated.
    """

    mean: float | None
    by_joint: Mapping[str, float | None]
    covered: float


@dataclasses.dataclass(frozen=True)
class ConformalRadius:
    """Radii by split conformal prediction, see `evaluation.conformal`.

    Attributes:
        share: Share of the truths that the radius is to hold.
        subject: Whose poses calibrated it.
        num_poses: How many those were.
        fixed: The same for all poses.
        adaptive: In proportion to the spread of the hypotheses; None without any.
    """

    share: float
    subject: str
    num_poses: int
    fixed: Radius
    adaptive: Radius | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class HypothesisMeasures:
    """What a report holds of a distribution beyond `Report.results`.

    Attributes:
        ece: Expected calibration error; None if a hypothesis is not finite.
        num_hypotheses: How many hypotheses these measures are of.
        calibration: The curve that `ece` is the error of.
        spread: Standard deviation of a joint over hypotheses, mm.
        symmetry: As `ModeMeasures.symmetry`, mean over hypotheses.
        consistency_2d: As `ModeMeasures.consistency_2d`, mean over hypotheses.
        single: Errors of single poses made of the hypotheses.
        over_hypotheses: Mean, median and largest error over hypotheses.
        error_by_num_hypotheses: Errors of the best against the number of hypotheses.
        hypotheses_per_second: None if one batch did it all.
        energy_score: Mean energy score, mm, see `metrics.energy_score`; None of a
            single hypothesis, or where a hypothesis is not finite.
        latent_nll: Mean negative log-likelihood of the truths' latents, nats; None of a
            model without a latent density.
        pose_nll: Mean negative log-likelihood of the truths, nats, of a density per
            mm to the power of 48; None of a model without one.
        energy_score_joints: Mean energy score of single joints, mm, see
            `metrics.joint_energy_scores`.
        energy_score_by_joint: Joint's name to its energy score, mm.
        coverage: Coverage of central regions; None of few hypotheses.
        aggregates: Name to the errors of the pose that the hypotheses were reduced to,
            see `metrics.AGGREGATE_NAMES`; None if not asked for.
    """

    ece: float | None
    num_hypotheses: int = _key("ece_num_hypotheses")
    calibration: CalibrationCurve
    spread: float | None = _key("diversity")
    symmetry: float | None
    consistency_2d: float | None
    single: SinglePoses
    over_hypotheses: ErrorsOverHypotheses
    error_by_num_hypotheses: ErrorCurve
    hypotheses_per_second: float | None
    energy_score: float | None = None
    latent_nll: float | None = None
    pose_nll: float | None = None
    energy_score_joints: float | None = None
    energy_score_by_joint: Mapping[str, float | None] | None = None
    coverage: Coverage | None = None
    aggregates: Mapping[str, PoseError] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """The report of an evaluation.

    Attributes:
        protocol: Name of the evaluation protocol, options included.
        protocol_description: One line for people.
        ground_truth: What the data set's authors call the ground truth.
        dataset: Name of the data set.
        split: Name of the split.
        num_poses: Poses evaluated.
        num_excluded: Poses left out since their ground truth is not finite.
        frame_stride: Every so many frames were taken; None for those of a list.
        seed: Of the hypotheses.
        backend: Keras' backend.
        results: `"mode"`, and each number of hypotheses as a string, to its results:
            `"1"` is one random hypothesis, from there on it is the best, for each
            measure by itself.
        mode: Further measures of the mode.
        error_by_joint: Joint's name to the mode's error, mm.
        seconds: Wall time.
        hypotheses: Measures of the distribution; None if no hypotheses were drawn.
        system: Name of the method.
        kind: `"probabilistic"` or `"deterministic"`.
        flip_test: Whether the mirrored input was lifted too.
        temperature: The model's; None of a deterministic model.
        assumed_deviation: What a model that is told deviations took that of the
            keypoints for, a share of the pose's size; None of another model.
        num_weights: Numbers that the model has, its normalisation's included.
        conformal: Radii calibrated on other poses; None if there were none.
    """

    protocol: str
    protocol_description: str
    ground_truth: str
    dataset: str
    split: str
    num_poses: int = _key("frames")
    num_excluded: int = _key("excluded_frames")
    frame_stride: int | None
    seed: int
    backend: str
    results: Mapping[str, Result]
    mode: ModeMeasures
    error_by_joint: Mapping[str, float | None]
    seconds: float
    hypotheses: HypothesisMeasures | None = None
    system: str = "ProPose"
    kind: str = "probabilistic"
    flip_test: bool = False
    temperature: float | None = None
    assumed_deviation: float | None = None
    num_weights: int | None = None
    conformal: ConformalRadius | None = None
