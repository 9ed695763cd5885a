"""Calibration of hypotheses: is the truth where the hypotheses say it is?

Expected calibration error (ECE) of Pierzchlewicz et al., "Multi-hypothesis 3D human
pose estimation metrics favor miscalibrated distributions" (arXiv 2210.11179). With
`m_j` the coordinate-wise median of the hypotheses of joint `j`, `e_h = |m_j - x_h|` and
`e_gt = |m_j - x*|`:

    omega_j(q) = mean over poses of [quantile_q(e_h) > e_gt]
    ECE = mean over q of |median over j of omega_j(q) - q|,   q = 0, 0.05, ..., 1

The published figures take 200 hypotheses and 16 joints, the root left out.
"""

import numpy as np
from keras import ops

from propose_keras.metrics.hypotheses import sorted_median
from propose_keras.types import Tensor

QUANTILES = np.arange(21) / 20


def calibration_levels(hypotheses: Tensor, target: Tensor) -> Tensor:
    """Where each joint's truth lies among its hypotheses, as an index of `QUANTILES`.

    `[quantile_q(e_h) > e_gt]` is monotone in q, so one number is enough: the index of
    the first q at which it holds, `len(QUANTILES)` if it never does. Quantiles are
    interpolated linearly, as NumPy does. The comparison needs the two hypotheses next
    to the truth only, so the distances are not sorted.

    Args:
        hypotheses: `(batch, S, J, 3)` mm.
        target: `(batch, J, 3)` mm.

    Returns:
        `(batch, J)` int32.
    """
    num_hypotheses = hypotheses.shape[1]
    # The hypotheses' axis last: sorting and sums then run along memory.
    hypotheses = ops.transpose(hypotheses, (0, 2, 3, 1))
    center = sorted_median(ops.sort(hypotheses, axis=-1))
    distances = ops.sqrt(ops.sum(ops.square(hypotheses - center[..., None]), axis=-2))
    truth = ops.sqrt(ops.sum(ops.square(target - center), axis=-1))
    within = distances <= truth[..., None]
    num_within = ops.sum(ops.cast(within, "int32"), axis=-1)
    below = ops.max(ops.where(within, distances, -np.inf), axis=-1)
    above = ops.min(ops.where(within, np.inf, distances), axis=-1)
    position = QUANTILES * (num_hypotheses - 1)
    index = np.floor(position + 1e-9)
    fraction = np.maximum(position - index, 0.0).astype("float32")
    index = index.astype("int32")
    # Sorted, hypothesis `num_within` is the first beyond the truth. Only a quantile
    # between the neighbours of the truth has to be computed.
    num_within, truth = num_within[..., None], truth[..., None]
    below, above = below[..., None], above[..., None]
    between = (num_within == index + 1) & (fraction > 0)
    between = between & (below + fraction * (above - below) > truth)
    exceeds = (num_within <= index) | between
    return ops.sum(ops.cast(ops.logical_not(exceeds), "int32"), axis=-1)


def calibration_curve(levels: Tensor) -> Tensor:
    """The curve `omega`.

    Args:
        levels: Of `calibration_levels`, NumPy array `(num_poses, J)`.

    Returns:
        `(len(QUANTILES), J)` float64: for each q and joint the share of poses whose
        truth lies within the q-quantile of the hypotheses' distances.
    """
    levels = np.asarray(levels)
    counts = np.stack([(levels <= i).sum(axis=0) for i in range(len(QUANTILES))])
    return counts / len(levels)


def expected_calibration_error(curve: Tensor) -> Tensor:
    """ECE of a curve.

    Args:
        curve: Of `calibration_curve`, `(len(QUANTILES), J)`.

    Returns:
        Float: 0 is perfect, 0.5 the worst of one that is always too wide or too sure.
    """
    return float(np.mean(np.abs(np.median(curve, axis=-1) - QUANTILES)))
