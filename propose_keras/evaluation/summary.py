"""From measures of poses to the report of a data set."""

import math

import keras
import numpy as np

from propose_keras.data.arrays import PoseArrays
from propose_keras.evaluation.conformal import conformal_radius
from propose_keras.evaluation.evaluator import PoseMeasures
from propose_keras.evaluation.protocols import Protocol
from propose_keras.evaluation.report import (
    CalibrationCurve,
    CorrectKeypoints,
    Coverage,
    ErrorCurve,
    ErrorsOverHypotheses,
    HypothesisMeasures,
    ModeMeasures,
    PoseError,
    Report,
    Result,
    SinglePoses,
)
from propose_keras.metrics import (
    QUANTILES,
    calibration_curve,
    coverage,
    cps,
    expected_calibration_error,
    motion_errors,
)
from propose_keras.metrics.coverage import SHARES
from propose_keras.pose_model import PoseModel, is_probabilistic
from propose_keras.skeletons import H36M_17


def summarize(
    measures: PoseMeasures,
    poses: PoseArrays,
    protocol: Protocol,
    model: PoseModel,
    *,
    dataset: str = "",
    split: str = "",
    frame_stride: int = 1,
    flip_test: bool = False,
    calibration: PoseMeasures | None = None,
    calibration_subject: str = "",
) -> Report:
    """Averages measures of poses by the rules of a protocol.

    Args:
        measures: Of `Evaluator.evaluate`.
        poses: The poses that were evaluated.
        protocol: The protocol they were evaluated under.
        model: The model that was evaluated.
        dataset: Name for the report.
        split: Name for the report.
        frame_stride: For the report; the protocol's own goes before it.
        flip_test: For the report.
        calibration: Measures of poses that calibrate the conformal radius.
        calibration_subject: Whose those are, for the report.
    """
    average = _Average(measures, poses, protocol)
    results = {"mode": average.result("mode", None)}
    for number in measures.num_hypotheses:
        results[str(number)] = average.result("best", measures.curve.index(number))
    temperature = None
    if is_probabilistic(model):
        temperature = round(float(model.temperature), 6)
    # Models of others need no normalisation.
    normalization = getattr(model, "normalization", None)
    assumed_deviation = getattr(normalization, "assumed_deviation", None)
    if assumed_deviation is not None:
        assumed_deviation = round(float(assumed_deviation), 6)
    motion = motion_errors(
        measures.values["mode_offset"],
        poses.clip_index[measures.rows],
        poses.frame_index[measures.rows],
    )
    return Report(
        protocol=protocol.name,
        protocol_description=protocol.description,
        ground_truth=protocol.ground_truth,
        dataset=dataset,
        split=split,
        num_poses=measures.num_poses,
        num_excluded=measures.num_excluded,
        frame_stride=(
            None if protocol.needs_frame_list else protocol.frame_stride or frame_stride
        ),
        seed=measures.seed,
        backend=keras.backend.backend(),
        results=results,
        mode=ModeMeasures(
            n_mpjpe=average.mean("mode_n_mpjpe"),
            symmetry=average.mean("mode_symmetry"),
            consistency_2d=average.mean("mode_consistency_2d"),
            mpjve=_finite(motion.velocity),
            acceleration_error=_finite(motion.acceleration),
        ),
        error_by_joint={
            name: _finite(error)
            for name, error in zip(
                H36M_17.joint_names,
                measures.values["mode_joints"].mean(axis=0, dtype=np.float64),
            )
        },
        seconds=measures.seconds,
        hypotheses=_hypotheses(measures, average) if measures.num_hypotheses else None,
        system=model.system_name,
        kind="probabilistic" if is_probabilistic(model) else "deterministic",
        flip_test=flip_test,
        temperature=temperature,
        assumed_deviation=assumed_deviation,
        num_weights=int(sum(math.prod(v.shape) for v in model.variables)),
        conformal=calibration
        and conformal_radius(measures, calibration, calibration_subject),
    )


def _hypotheses(measures, average):
    values = measures.values
    share = calibration_curve(values["levels"])
    # Quantiles of hypotheses that are not finite mean nothing.
    finite = np.isfinite(values["spread"]).all()
    latent_log_prob = values.get("latent_log_prob")
    columns = range(len(measures.curve))
    return HypothesisMeasures(
        ece=expected_calibration_error(share) if finite else None,
        num_hypotheses=measures.num_hypotheses[-1],
        calibration=CalibrationCurve(
            quantiles=tuple(QUANTILES.tolist()),
            share=tuple(np.median(share, axis=1).tolist()),
        ),
        spread=_finite(np.mean(values["spread"], dtype=np.float64)),
        symmetry=average.mean("symmetry"),
        consistency_2d=average.mean("consistency_2d"),
        single=SinglePoses(
            mean_pose=average.error("mean_pose"), top_k=average.error("top_k")
        ),
        over_hypotheses=ErrorsOverHypotheses(
            mean=average.error("mean"),
            median=average.error("median"),
            worst=average.error("worst"),
        ),
        error_by_num_hypotheses=ErrorCurve(
            num_hypotheses=measures.curve,
            mpjpe=tuple(average.mean("best_mpjpe", i) for i in columns),
            pa_mpjpe=tuple(average.mean("best_pa_mpjpe", i) for i in columns),
        ),
        hypotheses_per_second=_finite(measures.hypotheses_per_second),
        energy_score=(
            average.mean("energy_score") if "energy_score" in values else None
        ),
        latent_nll=(
            None
            if latent_log_prob is None
            else _finite(-np.mean(latent_log_prob, dtype=np.float64))
        ),
        **_scores(measures),
        aggregates={
            name: average.error(f"aggregate_{name}") for name in measures.aggregates
        }
        or None,
    )


def _scores(measures):
    """Proper scores and coverage, of as many hypotheses as they need."""
    values, scores = measures.values, {}
    if "pose_log_prob" in values:
        mean = np.mean(values["pose_log_prob"], dtype=np.float64)
        scores["pose_nll"] = _finite(-mean)
    if "energy_score_joints" in values:
        by_joint = values["energy_score_joints"].mean(axis=0, dtype=np.float64)
        scores["energy_score_joints"] = _finite(by_joint.mean())
        scores["energy_score_by_joint"] = {
            name: _finite(score)
            for name, score in zip(H36M_17.joint_names[1:], by_joint)
        }
    if "central_ranks" in values and np.isfinite(values["spread"]).all():
        number = measures.num_hypotheses[-1]
        covered = (
            coverage(values["central_ranks"], number, share).mean() for share in SHARES
        )
        scores["coverage"] = Coverage(SHARES, tuple(float(c) for c in covered))
    return scores


class _Average:
    """Averages measures of poses by the rules of a protocol.

    Poses whose ground truth is not finite have been left out before. A pose that the
    model gives as NaN makes the mean NaN, which a report holds as None.
    """

    def __init__(self, measures, poses, protocol):
        self._values = measures.values
        self._protocol = protocol
        actions = poses.labels("action")[measures.rows]
        self._actions, self._action_index = np.unique(actions, return_inverse=True)
        self._scenes = None
        if protocol.scenes is not None:
            subjects = poses.labels("subject")[measures.rows]
            self._scenes = np.array([protocol.scenes[s] for s in subjects])

    def mean(self, name, column=None):
        """The mean of a measure, or of a column of one."""
        values = self._measure(name, column)
        if self._protocol.average == "action":
            return _finite(np.mean(self._by_action(values)))
        return _finite(np.mean(values, dtype=np.float64))

    def error(self, name, column=None):
        """MPJPE and PA-MPJPE of the poses whose measures have this prefix."""
        return PoseError(
            mpjpe=self.mean(f"{name}_mpjpe", column),
            pa_mpjpe=self.mean(f"{name}_pa_mpjpe", column),
        )

    def result(self, name, column):
        """The result of the mode, or of a column of the best."""
        error = self.error(name, column)
        by_action = zip(
            self._actions,
            self._by_action(self._measure(f"{name}_mpjpe", column)),
            self._by_action(self._measure(f"{name}_pa_mpjpe", column)),
        )
        correct, scenes, score = None, None, None
        if self._protocol.pck is not None:
            correct = self._correct(name, column, slice(None))
        if correct is not None and self._scenes is not None:
            scenes = {
                scene: self._correct(name, column, self._scenes == scene)
                for scene in dict.fromkeys(self._protocol.scenes.values())
                if (self._scenes == scene).any()
            }
        if self._protocol.cps is not None:
            largest = self._measure(f"{name}_largest", column)
            areas = cps(largest, self._protocol.cps.thresholds)
            score = float(np.mean(np.float64(areas)))
        return Result(
            mpjpe=error.mpjpe,
            pa_mpjpe=error.pa_mpjpe,
            per_action={
                str(action): PoseError(mpjpe=_finite(mpjpe), pa_mpjpe=_finite(aligned))
                for action, mpjpe, aligned in by_action
            },
            pck=correct and correct.pck,
            auc=correct and correct.auc,
            scenes=scenes,
            cps=score,
        )

    def _measure(self, name, column):
        values = self._values[name]
        return values if column is None else values[:, column]

    def _by_action(self, values):
        """Mean of each action, in the order of `self._actions`."""
        sums = np.bincount(self._action_index, weights=np.float64(values))
        return sums / np.bincount(self._action_index)

    def _correct(self, name, column, rows):
        """PCK and AUC in percent, means over poses: by scene, they weigh by frames."""
        pck = self._measure(f"{name}_pck", column)[rows]
        auc = self._measure(f"{name}_auc", column)[rows]
        return CorrectKeypoints(
            pck=100 * float(np.mean(pck, dtype=np.float64)),
            auc=100 * float(np.mean(auc, dtype=np.float64)),
        )


def _finite(value):
    """A float, or None: JSON knows neither NaN nor infinity."""
    return float(value) if math.isfinite(value) else None
