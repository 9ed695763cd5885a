"""Measures of poses and hypotheses: pure functions, and sums over poses."""

from propose_keras.metrics.accumulators import (
    GroupMean,
    LatentNegativeLogLikelihood,
    Mean,
)
from propose_keras.metrics.calibration import (
    QUANTILES,
    calibration_curve,
    calibration_levels,
    ece,
    expected_calibration_error,
)
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
from propose_keras.metrics.plausibility import (
    consistency_2d,
    diversity,
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
    "QUANTILES",
    "REDUCTIONS",
    "AlignedMeanPerJointPositionError",
    "GroupMean",
    "LatentNegativeLogLikelihood",
    "Mean",
    "MeanPerJointPositionError",
    "aligned_joint_errors",
    "auc",
    "best_of",
    "calibration_curve",
    "calibration_levels",
    "consistency_2d",
    "cps",
    "diversity",
    "ece",
    "expected_calibration_error",
    "joint_errors",
    "mean_pose",
    "mpjpe",
    "n_mpjpe",
    "pa_mpjpe",
    "pck",
    "symmetry_error",
    "top_k_aggregate",
]
