"""Central regions of hypotheses: how often the truth lies inside, and how large.

**Coverage.** The central region of share q of a joint is an ellipsoid about the mean of
the hypotheses, of the shape of their covariance, that holds q of them. Nothing is taken
to be Gaussian: its size follows from the hypotheses' own Mahalanobis distances. Mean
and covariance are of hypotheses and truth together, so that a truth drawn as the
hypotheses are is any one of `S + 1` points: its rank among them is then uniform, and
the expected coverage of share q is q, for any S.

**Conformal radius.** A radius that holds the truth of a further pose with a probability
of at least q, whatever the model: split conformal prediction (Papadopoulos et al. 2002;
Lei et al., "Distribution-free predictive inference for regression", JASA 2018). It is
the `ceil((n + 1) q)`-th smallest of the errors of n calibration poses. Errors divided
by the spread of the hypotheses give one that adapts to the pose (locally weighted, in
Lei et al.): where a model knows when it errs, its mean is smaller. The promise is for
poses as those of the calibration; other people, and frames that are alike, break it.
"""

import math
from typing import Any

import numpy as np
from keras import ops

from propose_keras.types import Tensor

SHARES = (0.5, 0.9)
"""Shares of the central regions that reports hold."""

LEAST_HYPOTHESES = 10
"""Fewest hypotheses whose covariance is taken to mean something."""

# Of the mean variance: keeps the covariance of hypotheses in a plane invertible.
_RIDGE = 1e-5


def central_ranks(hypotheses: Tensor, target: Tensor) -> Tensor:
    """Rank of each joint's truth by its Mahalanobis distance from the middle.

    Args:
        hypotheses: `(batch, S, J, 3)` mm.
        target: `(batch, J, 3)` mm.

    Returns:
        `(batch, J)` int32 from 0, nearer than all hypotheses, to S, beyond all.
    """
    points = ops.concatenate([target[:, None], hypotheses], axis=1)
    # The points' axis last: sums then run along memory.
    points = ops.transpose(points, (0, 2, 3, 1))
    points = points - ops.mean(points, axis=-1, keepdims=True)
    products = {
        (i, k): ops.mean(points[:, :, i] * points[:, :, k], axis=-1)
        for i in range(3)
        for k in range(i, 3)
    }
    variance = (products[0, 0] + products[1, 1] + products[2, 2]) / 3.0
    ridge = _RIDGE * variance + 1e-6
    distances = _mahalanobis(points, products, ridge)
    closer = distances[..., 1:] < distances[..., :1]
    return ops.sum(ops.cast(closer, "int32"), axis=-1)


def _mahalanobis(points, products, ridge):
    """Squared distances `(batch, J, S)` of centred points `(batch, J, 3, S)`.

    By the LDL factors of the covariance; three by three, this is faster to compile
    than a decomposition.
    """
    x, y, z = (points[:, :, i] for i in range(3))
    first = products[0, 0] + ridge
    a, b = products[0, 1] / first, products[0, 2] / first
    second = products[1, 1] + ridge - a * products[0, 1]
    c = (products[1, 2] - a * products[0, 2]) / second
    third = products[2, 2] + ridge - b * products[0, 2] - ops.square(c) * second
    first, second, third = (
        ops.maximum(v, ridge)[..., None] for v in (first, second, third)
    )
    y = y - a[..., None] * x
    z = z - b[..., None] * x - c[..., None] * y
    return ops.square(x) / first + ops.square(y) / second + ops.square(z) / third


def coverage(ranks: Any, num_hypotheses: int, share: float) -> np.ndarray:
    """Share of truths inside the central region of a share.

    A truth at the region's border counts in part, so that the coverage of truths drawn
    as the hypotheses are is `share` for any number of hypotheses.

    Args:
        ranks: Of `central_ranks`, `(num_poses, J)`.
        num_hypotheses: S.
        share: q, in (0, 1).

    Returns:
        `(J,)` float64.
    """
    inside = share * (num_hypotheses + 1) - np.asarray(ranks, np.float64)
    return np.mean(np.clip(inside, 0.0, 1.0), axis=0)


def conformal_quantile(errors: Any, share: float) -> np.ndarray:
    """The quantile of split conformal prediction.

    Args:
        errors: Of n calibration poses, `(n, J)`.
        share: q, in (0, 1).

    Returns:
        `(J,)` float64: the `ceil((n + 1) q)`-th smallest error; infinite where n is too
        small for any finite radius to hold q.
    """
    errors = np.sort(np.asarray(errors, np.float64), axis=0)
    number = len(errors)
    # A hair less, so that 0.9 * 10 rounded up is 9.
    rank = math.ceil((number + 1) * share - 1e-9)
    if rank > number:
        return np.full(errors.shape[1:], np.inf)
    return errors[rank - 1]
