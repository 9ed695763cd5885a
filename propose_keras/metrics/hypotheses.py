"""From errors of hypotheses to one number per pose.

`errors` is `(batch, S)`: what a per-pose metric gives for hypotheses of shape
`(batch, S, J, 3)`. Best, worst and top-k choose by the ground truth: they are oracles,
and measure what the hypotheses contain, not what a user gets. Minima of different
metrics are taken apart: the hypothesis with the lowest MPJPE need not be the one with
the lowest PA-MPJPE.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from propose_keras.types import Tensor


def best(errors: Tensor) -> Tensor:
    """Error of the best hypothesis, `(batch,)`."""
    return ops.min(errors, axis=-1)


def best_of(errors: Tensor, num_hypotheses: Sequence[int]) -> Tensor:
    """Error of the best of the first so many hypotheses, for several numbers.

    Args:
        errors: `(batch, S)`.
        num_hypotheses: Sequence of numbers, each from 1 to `S`.

    Returns:
        `(batch, len(num_hypotheses))`.
    """
    return ops.stack([best(errors[:, :n]) for n in num_hypotheses], axis=-1)


def worst(errors: Tensor) -> Tensor:
    """Error of the worst hypothesis, `(batch,)`."""
    return ops.max(errors, axis=-1)


def mean(errors: Tensor) -> Tensor:
    """Mean error over hypotheses, `(batch,)`."""
    return ops.mean(errors, axis=-1)


def median(errors: Tensor) -> Tensor:
    """Median error over hypotheses, `(batch,)`; for even S of the middle two."""
    return sorted_median(ops.sort(errors, axis=-1))


def sorted_median(values: Any) -> Tensor:
    """Median of values sorted along the last axis, `(...)`."""
    size = values.shape[-1]
    return 0.5 * (values[..., (size - 1) // 2] + values[..., size // 2])


def random(errors: Tensor) -> Tensor:
    """Error of one random hypothesis, the first, `(batch,)`."""
    return errors[:, 0]


def mean_pose(hypotheses: Tensor) -> Tensor:
    """The mean over hypotheses `(batch, S, J, 3)`: a pose `(batch, J, 3)`."""
    return ops.mean(hypotheses, axis=1)


def top_k_aggregate(hypotheses: Tensor, errors: Tensor, k: int) -> Tensor:
    """Mean of the k best hypotheses, a pose (the paper's Eq. 12 takes the same mean).

    Args:
        hypotheses: `(batch, S, J, 3)`.
        errors: `(batch, S)`, by which the best are chosen.
        k: How many, from 1 to `S`.

    Returns:
        `(batch, J, 3)`.
    """
    num_hypotheses = errors.shape[-1]
    if not 1 <= k <= num_hypotheses:
        raise ValueError(
            f"`k` must be from 1 to the number of hypotheses, {num_hypotheses}; "
            f"received {k}."
        )
    _, indices = ops.top_k(-errors, k)
    chosen = ops.take_along_axis(hypotheses, indices[..., None, None], axis=1)
    return ops.mean(chosen, axis=1)


REDUCTIONS = {
    "best": best,
    "mean": mean,
    "median": median,
    "worst": worst,
    "random": random,
}
"""Reductions of errors `(batch, S)` to `(batch,)` by name."""


def check_num_hypotheses(num_hypotheses: Sequence[int]) -> tuple[int, ...]:
    """Sorted tuple of numbers of hypotheses.

    Raises:
        ValueError: If there is none or one is not a whole number of at least 1.
    """
    numbers = tuple(num_hypotheses)
    wrong = [n for n in numbers if not isinstance(n, int | np.integer) or n < 1]
    if wrong or not numbers:
        raise ValueError(
            "Expected one or more numbers of hypotheses, whole and at least 1; "
            f"received {list(numbers)}."
        )
    return tuple(sorted({int(n) for n in numbers}))
