"""Measures of poses and hypotheses as pure functions of tensors."""

from propose_keras.metrics.aggregates import (
    AGGREGATE_NAMES,
    AGGREGATES,
    density_mean,
    geometric_median,
    medoid,
)
from propose_keras.metrics.calibration import (
    QUANTILES,
    calibration_curve,
    calibration_levels,
    expected_calibration_error,
)
from propose_keras.metrics.coverage import (
    central_ranks,
    conformal_quantile,
    coverage,
)
from propose_keras.metrics.energy import energy_score, joint_energy_scores
from propose_keras.metrics.hypotheses import (
    REDUCTIONS,
    best_of,
    mean_pose,
    top_k_aggregate,
)
from propose_keras.metrics.keras_metrics import (
    AlignedMeanPerJointPositionError,
    MeanPerJointPositionError,
)
from propose_keras.metrics.motion import MotionErrors, motion_errors
from propose_keras.metrics.plausibility import (
    consistency_2d,
    spread,
    symmetry_error,
)
from propose_keras.metrics.poses import (
    aligned_joint_errors,
    auc,
    cps,
    joint_errors,
    mpjpe,
    n_mpjpe,
    pa_mpjpe,
    pck,
)

__all__ = [
    "AGGREGATES",
    "AGGREGATE_NAMES",
    "QUANTILES",
    "REDUCTIONS",
    "AlignedMeanPerJointPositionError",
    "MeanPerJointPositionError",
    "MotionErrors",
    "aligned_joint_errors",
    "auc",
    "best_of",
    "calibration_curve",
    "calibration_levels",
    "central_ranks",
    "conformal_quantile",
    "consistency_2d",
    "coverage",
    "cps",
    "density_mean",
    "energy_score",
    "expected_calibration_error",
    "geometric_median",
    "joint_energy_scores",
    "joint_errors",
    "mean_pose",
    "medoid",
    "motion_errors",
    "mpjpe",
    "n_mpjpe",
    "pa_mpjpe",
    "pck",
    "spread",
    "symmetry_error",
    "top_k_aggregate",
]
