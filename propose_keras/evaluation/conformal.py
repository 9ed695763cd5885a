"""The conformal radius of a model, see `metrics.coverage`."""

from collections.abc import Mapping

import numpy as np

from propose_keras.evaluation.evaluator import PoseMeasures
from propose_keras.evaluation.report import ConformalRadius, Radius
from propose_keras.metrics import conformal_quantile
from propose_keras.skeletons import H36M_17

SHARE = 0.9
"""Share of the poses whose joint the radius is to hold."""

# mm, added to the spread that errors are divided by.
_LEAST_SPREAD = 1.0


def conformal_radius(
    measures: PoseMeasures, calibration: PoseMeasures, subject: str
) -> ConformalRadius:
    """Radii from calibration poses, measured on others.

    About the mean of the hypotheses or, of a model without a distribution, about its
    pose; of the 16 joints that are not the root.

    Args:
        measures: Of the poses that are evaluated.
        calibration: Of the calibration poses, by the same evaluator.
        subject: Who they are of, for the report.
    """
    errors, spread = _errors(measures.values)
    given, given_spread = _errors(calibration.values)
    fixed = np.broadcast_to(conformal_quantile(given, SHARE), errors.shape)
    adaptive = None
    if spread is not None and given_spread is not None:
        factor = conformal_quantile(given / given_spread, SHARE)
        adaptive = _radius(errors, factor * spread)
    return ConformalRadius(
        share=SHARE,
        subject=subject,
        num_poses=calibration.num_poses,
        fixed=_radius(errors, fixed),
        adaptive=adaptive,
    )


def _errors(values: Mapping[str, np.ndarray]):
    """Errors `(num_poses, 16)` mm and what they are divided by, or None."""
    if "mean_pose_joints" not in values:
        return np.float64(values["mode_joints"][:, 1:]), None
    spread = np.float64(values["spread"]) + _LEAST_SPREAD
    return np.float64(values["mean_pose_joints"]), spread


def _radius(errors, radius):
    by_joint = radius.mean(axis=0)
    names = H36M_17.joint_names[1:]
    return Radius(
        mean=_finite(by_joint.mean()),
        by_joint={name: _finite(value) for name, value in zip(names, by_joint)},
        covered=float(np.mean(errors <= radius)),
    )


def _finite(value):
    return float(value) if np.isfinite(value) else None
