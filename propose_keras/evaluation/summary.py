"""From measures of poses to the report of a data set."""

import math

import keras
import numpy as np

from propose_keras.data.arrays import PoseArrays
from propose_keras.evaluation.evaluator import PoseMeasures
from propose_keras.evaluation.measures import TOP_K
from propose_keras.evaluation.protocols import Protocol
from propose_keras.metrics import (
    QUANTILES,
    calibration_curve,
    cps,
    expected_calibration_error,
)
from propose_keras.skeletons import H36M_17


def summarize(
    measures: PoseMeasures,
    arrays: PoseArrays,
    protocol: Protocol,
    dataset: str,
    split: str,
    frame_stride: int = 1,
) -> dict:
    """The report of an evaluation, ready for JSON.

    Keys, all pose errors in mm:

    - `protocol`, `protocol_description`, `ground_truth`, `dataset`, `split`, `frames`
      (poses evaluated), `excluded_frames` (ground truth not finite), `frame_stride`,
      `seed`, `backend`;
    - `results`: for `mode` and for each number of hypotheses, as a string, `mpjpe`,
      `pa_mpjpe` and `per_action`, action to both. `1` is one random hypothesis; from
      there on it is the best, for each measure by itself. Where the protocol counts
      them also `pck` and `auc` (percent), `scenes` (scene to both), `cps`;
    - `ece`, `ece_num_hypotheses`, `calibration` (`quantiles` and the median joint's
      `share`); `diversity`, the standard deviation of a joint over hypotheses;
      `symmetry` and `consistency_2d`, means over hypotheses; `latent_nll` in nats, of
      the latent, not of the pose;
    - `single`: for the mean of the hypotheses (`mean_pose`) and of the best `TOP_K`
      (`top_5`, an oracle) `mpjpe` and `pa_mpjpe`; `over_hypotheses`: the same for the
      `mean`, `median` and `worst` error; `mode`: `n_mpjpe`, `symmetry`,
      `consistency_2d` of the mode;
    - `error_by_joint` of the mode; `error_by_num_hypotheses`;
    - of a model without a distribution, evaluated with no hypotheses, nothing that is
      of hypotheses: `results` has `mode` only;
    - `pck`, `auc`, `scenes` of the mode, for protocols that count them;
    - `seconds`, `hypotheses_per_second` (null if one batch did it all).

    Args:
        measures: Of `Evaluator.evaluate`.
        arrays: The arrays that were evaluated.
        protocol: The protocol they were evaluated under.
        dataset: Name for the report.
        split: Name for the report.
        frame_stride: For the report; the protocol's own goes before it.
    """
    reduce = _Reduction(measures, arrays, protocol)
    mode = reduce.result("mode", None)
    report = {
        "protocol": protocol.name,
        "protocol_description": protocol.description,
        "ground_truth": protocol.ground_truth,
        "dataset": dataset,
        "split": split,
        "frames": measures.num_poses,
        "excluded_frames": measures.num_excluded,
        "frame_stride": (
            None if protocol.needs_frame_list else protocol.frame_stride or frame_stride
        ),
        "seed": measures.seed,
        "backend": keras.backend.backend(),
        "results": {"mode": mode},
        "mode": {
            name: reduce.mean(measures.values[f"mode_{name}"])
            for name in ("n_mpjpe", "symmetry", "consistency_2d")
        },
        "error_by_joint": {
            name: float(error)
            for name, error in zip(
                H36M_17.joint_names,
                np.mean(measures.values["mode_joints"], axis=0, dtype=np.float64),
            )
        },
        **{
            name: mode[name] for name in ("pck", "auc", "scenes", "cps") if name in mode
        },
        "seconds": measures.seconds,
    }
    if measures.num_hypotheses:
        for number in measures.num_hypotheses:
            column = measures.curve.index(number)
            report["results"][str(number)] = reduce.result("best", column)
        report.update(_summarize_distribution(measures, reduce))
    return _without_nan(report)


def _summarize_distribution(measures, reduce):
    """What a report says of hypotheses, beside their `results`."""
    values = measures.values
    share = calibration_curve(values["levels"])
    # Quantiles of hypotheses that are not finite mean nothing.
    finite = np.isfinite(values["spread"]).all()
    columns = range(len(measures.curve))
    return {
        "ece": expected_calibration_error(share) if finite else np.nan,
        "ece_num_hypotheses": measures.num_hypotheses[-1],
        "calibration": {
            "quantiles": QUANTILES.tolist(),
            "share": np.median(share, axis=1).tolist(),
        },
        "diversity": float(np.mean(values["spread"], dtype=np.float64)),
        "symmetry": reduce.mean(values["symmetry"]),
        "consistency_2d": reduce.mean(values["consistency_2d"]),
        "latent_nll": (
            -np.mean(values["latent_log_prob"], dtype=np.float64)
            if "latent_log_prob" in values
            else None
        ),
        "single": {
            "mean_pose": reduce.both("mean_pose"),
            f"top_{TOP_K}": reduce.both("top_k"),
        },
        "over_hypotheses": {
            name: reduce.both(name) for name in ("mean", "median", "worst")
        },
        "error_by_num_hypotheses": {
            "num_hypotheses": list(measures.curve),
            "mpjpe": [reduce.mean(values["best_mpjpe"][:, i]) for i in columns],
            "pa_mpjpe": [reduce.mean(values["best_pa_mpjpe"][:, i]) for i in columns],
        },
        "hypotheses_per_second": measures.hypotheses_per_second,
    }


class _Reduction:
    """Averages measures of poses as a protocol says.

    A pose that the model made NaN of makes the mean NaN: only ground truth that is not
    finite is left out, and that has happened before.
    """

    def __init__(self, measures, arrays, protocol):
        self._values = measures.values
        self._protocol = protocol
        actions = arrays.labels("action")[measures.rows]
        self._actions, self._action_index = np.unique(actions, return_inverse=True)
        self._scenes = None
        if protocol.scenes is not None:
            subjects = arrays.labels("subject")[measures.rows]
            self._scenes = np.array([protocol.scenes[s] for s in subjects])

    def by_action(self, values):
        """Mean of each action, in the order of `self._actions`."""
        sums = np.bincount(self._action_index, weights=np.float64(values))
        return sums / np.bincount(self._action_index)

    def mean(self, values):
        """The mean that the protocol reports."""
        if self._protocol.average == "action":
            return float(np.mean(self.by_action(values)))
        return float(np.mean(values, dtype=np.float64))

    def both(self, name):
        return {
            "mpjpe": self.mean(self._values[f"{name}_mpjpe"]),
            "pa_mpjpe": self.mean(self._values[f"{name}_pa_mpjpe"]),
        }

    def result(self, name, column):
        """The entry of `results` for the mode or for a column of the best."""

        def get(measure):
            values = self._values[f"{name}_{measure}"]
            return values if column is None else values[:, column]

        mpjpe, pa_mpjpe = get("mpjpe"), get("pa_mpjpe")
        by_action = zip(self._actions, self.by_action(mpjpe), self.by_action(pa_mpjpe))
        result = {
            "mpjpe": self.mean(mpjpe),
            "pa_mpjpe": self.mean(pa_mpjpe),
            "per_action": {
                str(action): {"mpjpe": float(error), "pa_mpjpe": float(aligned)}
                for action, error, aligned in by_action
            },
        }
        if self._protocol.pck is not None:
            result.update(self._correct(get("pck"), get("auc")))
        if self._protocol.cps is not None:
            areas = cps(get("largest"), self._protocol.cps.thresholds)
            result["cps"] = float(np.mean(np.float64(areas)))
        return result

    def _correct(self, pck, auc):
        """PCK and AUC in percent, means over poses: by scene, they weigh by frames."""

        def percent(rows):
            return {
                "pck": 100 * float(np.mean(pck[rows], dtype=np.float64)),
                "auc": 100 * float(np.mean(auc[rows], dtype=np.float64)),
            }

        result = percent(slice(None))
        if self._scenes is not None:
            result["scenes"] = {
                scene: percent(self._scenes == scene)
                for scene in dict.fromkeys(self._protocol.scenes.values())
                if (self._scenes == scene).any()
            }
        return result


def _without_nan(value):
    """JSON knows no NaN: it becomes null."""
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
