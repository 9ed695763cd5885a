"""Measures of poses and hypotheses as pure functions of tensors."""

from propose_keras.metrics.calibration import (
    QUANTILES,
    calibration_curve,
    calibration_levels,
    expected_calibration_error,
)
from propose_keras.metrics.energy import energy_score
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
    "consistency_2d",
    "cps",
    "energy_score",
    "expected_calibration_error",
    "joint_errors",
    "mean_pose",
    "motion_errors",
    "mpjpe",
    "n_mpjpe",
    "pa_mpjpe",
    "pck",
    "spread",
    "symmetry_error",
    "top_k_aggregate",
]
