"""What a protocol measures of poses, as one traceable function of tensors."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras import ops

from propose_keras import metrics
from propose_keras.geometry import root_centre
from propose_keras.metrics.coverage import LEAST_HYPOTHESES
from propose_keras.metrics.hypotheses import REDUCTIONS, best_of
from propose_keras.skeletons import H36M_17
from propose_keras.types import Tensor, TensorLike

TOP_K = 5
"""How many hypotheses the top-k aggregate averages, as Wehrbein et al. do."""

# Measures of which less is better, and of which more is.
_MINIMISED = ("mpjpe", "pa_mpjpe", "largest")
_MAXIMISED = ("pck", "auc")


def measure_poses(
    protocol: Any, pose: Tensor, target: Tensor, keypoints: TensorLike
) -> dict[str, Tensor]:
    """Measures poses one by one.

    Args:
        protocol: A `Protocol`.
        pose: Root-centred, `(..., 17, 3)` mm.
        target: Root-centred, `(..., 17, 3)` mm, broadcasting against `pose`.
        keypoints: `(..., 17, 2)` pixels, broadcasting against `pose`.

    Returns:
        Dictionary of `(...)` tensors: `mpjpe`, `pa_mpjpe`, `n_mpjpe`, `symmetry` (all
        mm), `consistency_2d`; where the protocol has them `pck` and `auc` (shares) and
        `largest`, the largest aligned joint error (mm), which CPS is computed from.
    """
    errors = metrics.joint_errors(pose, target)
    measures = {
        "mpjpe": metrics.mpjpe(pose, target, protocol.joints),
        "n_mpjpe": metrics.n_mpjpe(pose, target, protocol.joints),
        "symmetry": metrics.symmetry_error(pose, H36M_17),
        "consistency_2d": metrics.consistency_2d(pose, keypoints),
    }
    aligned = metrics.aligned_joint_errors(pose, target, protocol.joints)
    measures["pa_mpjpe"] = ops.mean(aligned, axis=-1)
    if protocol.pck is not None:
        counted = ops.take(errors, protocol.pck.joints, axis=-1)
        measures["pck"] = metrics.pck(counted, protocol.pck.threshold)
        measures["auc"] = metrics.auc(counted, protocol.pck.auc_thresholds)
    if protocol.cps is not None:
        if protocol.joints is not None:
            aligned = metrics.aligned_joint_errors(pose, target)
        measures["largest"] = ops.max(
            ops.take(aligned, protocol.cps.joints, axis=-1), axis=-1
        )
    return measures


def measure_hypotheses(
    measures: Any, num_hypotheses: Sequence[int]
) -> dict[str, Tensor]:
    """Reduces measures of hypotheses to measures of poses.

    Args:
        measures: Of `measure_poses`, each `(batch, S)`.
        num_hypotheses: Increasing numbers of hypotheses, the last is `S`.

    Returns:
        Dictionary of `(batch, len(num_hypotheses))` for the best of each number
        (`best_mpjpe`, ...; each measure's best by itself), and of `(batch,)` for the
        other reductions over all `S` (`median_mpjpe`, ...).
    """
    reduced = {}
    for name in _MINIMISED:
        if name in measures:
            reduced[f"best_{name}"] = best_of(measures[name], num_hypotheses)
    for name in _MAXIMISED:
        if name in measures:
            reduced[f"best_{name}"] = -best_of(-measures[name], num_hypotheses)
    for reduction in ("mean", "median", "worst"):
        for name in ("mpjpe", "pa_mpjpe"):
            reduced[f"{reduction}_{name}"] = REDUCTIONS[reduction](measures[name])
    for name in ("symmetry", "consistency_2d"):
        reduced[name] = metrics.REDUCTIONS["mean"](measures[name])
    return reduced


def measure_distribution(hypotheses: Tensor, target: Tensor) -> dict[str, Tensor]:
    """What hypotheses say of the truth as a distribution.

    Args:
        hypotheses: Root-centred, `(batch, S, 17, 3)` mm.
        target: Root-centred, `(batch, 17, 3)` mm.

    Returns:
        `levels`, `(batch, 16)` int32, of the joints without the root (see
        `metrics.calibration_levels`); `spread` and `mean_pose_joints`, the error of the
        hypotheses' mean, both `(batch, 16)` mm; of several hypotheses `energy_score`,
        `(batch,)` mm, and `energy_score_joints`, `(batch, 16)` mm; and of ten or more
        `central_ranks`, `(batch, 16)` int32, see `metrics.central_ranks`.
    """
    hypotheses, target = hypotheses[..., 1:, :], target[..., 1:, :]
    measures = {
        "levels": metrics.calibration_levels(hypotheses, target),
        "spread": metrics.spread(hypotheses),
        "mean_pose_joints": metrics.joint_errors(metrics.mean_pose(hypotheses), target),
    }
    if hypotheses.shape[1] > 1:
        measures["energy_score"] = metrics.energy_score(hypotheses, target)
        measures["energy_score_joints"] = metrics.joint_energy_scores(
            hypotheses, target
        )
    if hypotheses.shape[1] >= LEAST_HYPOTHESES:
        measures["central_ranks"] = metrics.central_ranks(hypotheses, target)
    return measures


def measure_aggregates(
    protocol: Any, poses: Mapping[str, Tensor], target: Tensor, keypoints: TensorLike
) -> dict[str, Tensor]:
    """Measures poses that a distribution was reduced to.

    Args:
        protocol: A `Protocol`.
        poses: Name to poses, `(batch, 17, 3)` mm.
        target: Root-centred, `(batch, 17, 3)` mm.
        keypoints: `(batch, 17, 2)` pixels.

    Returns:
        `aggregate_NAME_mpjpe` and `aggregate_NAME_pa_mpjpe`, `(batch,)` mm.
    """
    # Together, so that the alignment is compiled once.
    stacked = root_centre(ops.stack(list(poses.values()), axis=1))
    measured = measure_poses(protocol, stacked, target[:, None], keypoints[:, None])
    return {
        f"aggregate_{name}_{error}": measured[error][:, i]
        for i, name in enumerate(poses)
        for error in ("mpjpe", "pa_mpjpe")
    }


def measure_mode(
    protocol: Any, mode: Tensor, target: Tensor, keypoints: TensorLike
) -> dict[str, Tensor]:
    """Measures the one pose of a model without a distribution.

    Args:
        protocol: A `Protocol`.
        mode: `(batch, 17, 3)` mm.
        target: Root-centred, `(batch, 17, 3)` mm.
        keypoints: `(batch, 17, 2)` pixels.

    Returns:
        Dictionary of `(batch,)` (`mode_mpjpe`, ...), `mode_joints`, `(batch, 17)` mm,
        and `mode_offset`, `(batch, 17, 3)` mm, the mode less the target.
    """
    mode = root_centre(mode)
    measures = measure_poses(protocol, mode, target, keypoints)
    return {
        **{f"mode_{name}": value for name, value in measures.items()},
        "mode_joints": metrics.joint_errors(mode, target),
        "mode_offset": mode - target,
    }


def measure_single(
    protocol: Any,
    mode: Tensor,
    hypotheses: Tensor,
    measures: Any,
    target: Tensor,
    keypoints: TensorLike,
) -> dict[str, Tensor]:
    """Measures the single poses that a distribution offers.

    Args:
        protocol: A `Protocol`.
        mode: The pose at the mode, `(batch, 17, 3)` mm.
        hypotheses: `(batch, S, 17, 3)` mm.
        measures: Of the hypotheses, each `(batch, S)`.
        target: Root-centred, `(batch, 17, 3)` mm.
        keypoints: `(batch, 17, 2)` pixels.

    Returns:
        Dictionary of `(batch,)` for the mode (`mode_mpjpe`, ...), the mean pose and the
        mean of the `TOP_K` best (an oracle), `mode_joints`, `(batch, 17)` mm, and
        `mode_offset`, `(batch, 17, 3)` mm, the mode less the target.
    """
    top_k = min(TOP_K, hypotheses.shape[1])
    poses = {
        "mode": root_centre(mode),
        "mean_pose": metrics.mean_pose(hypotheses),
        "top_k_mpjpe": metrics.top_k_aggregate(hypotheses, measures["mpjpe"], top_k),
        "top_k_pa_mpjpe": metrics.top_k_aggregate(
            hypotheses, measures["pa_mpjpe"], top_k
        ),
    }
    # Together, so that the alignment is compiled once.
    stacked = ops.stack(list(poses.values()), axis=1)
    single = measure_poses(protocol, stacked, target[:, None], keypoints[:, None])
    measured = {f"mode_{name}": value[:, 0] for name, value in single.items()}
    measured["mean_pose_mpjpe"] = single["mpjpe"][:, 1]
    measured["mean_pose_pa_mpjpe"] = single["pa_mpjpe"][:, 1]
    measured["top_k_mpjpe"] = single["mpjpe"][:, 2]
    measured["top_k_pa_mpjpe"] = single["pa_mpjpe"][:, 3]
    measured["mode_joints"] = metrics.joint_errors(poses["mode"], target)
    measured["mode_offset"] = poses["mode"] - target
    return measured
