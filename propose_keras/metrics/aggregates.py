"""One pose out of many hypotheses, without the ground truth."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from propose_keras.metrics.hypotheses import mean_pose
from propose_keras.types import Tensor

_WEISZFELD_STEPS = 20
# mm; the steps' weights are 1 / distance.
_LEAST_DISTANCE = 1e-2


def geometric_median(hypotheses: Tensor) -> Tensor:
    """The point of least mean distance to a joint's hypotheses, for each joint.

    Of all poses it has the least expected MPJPE under the hypotheses, which the mean of
    the hypotheses has for squared errors. Weiszfeld's algorithm, from the mean.

    Args:
        hypotheses: `(batch, S, J, 3)` mm.

    Returns:
        `(batch, J, 3)` mm.
    """

    def step(_, center):
        squares = ops.sum(ops.square(hypotheses - center[:, None]), axis=-1)
        weights = 1.0 / ops.maximum(ops.sqrt(squares), _LEAST_DISTANCE)[..., None]
        total = ops.sum(weights, axis=1)
        return ops.sum(weights * hypotheses, axis=1) / total

    return ops.fori_loop(0, _WEISZFELD_STEPS, step, mean_pose(hypotheses))


def medoid(hypotheses: Tensor) -> Tensor:
    """The hypothesis of least mean MPJPE to the others: a pose that was drawn.

    Args:
        hypotheses: `(batch, S, J, 3)` mm.

    Returns:
        `(batch, J, 3)` mm.
    """
    shape = tuple(hypotheses.shape)
    hypotheses = ops.convert_to_tensor(hypotheses)
    twice = ops.concatenate([hypotheses, hypotheses], axis=1)

    def add_shift(shift, total):
        others = ops.slice(twice, (0, shift, 0, 0), shape)
        squares = ops.sum(ops.square(hypotheses - others), axis=-1)
        return total + ops.sum(ops.sqrt(squares), axis=-1)

    start = ops.zeros_like(hypotheses[:, :, 0, 0])
    total = ops.fori_loop(1, shape[1], add_shift, start)
    chosen = ops.argmin(total, axis=1)
    one_hot = ops.one_hot(chosen, shape[1], dtype=hypotheses.dtype)
    return ops.einsum("bs,bsjd->bjd", one_hot, hypotheses)


def density_mean(hypotheses: Tensor, log_prob: Tensor) -> Tensor:
    """Mean of the hypotheses, each weighted by its density.

    Args:
        hypotheses: `(batch, S, J, 3)` mm.
        log_prob: `(batch, S)` nats, up to a number for each row.

    Returns:
        `(batch, J, 3)` mm. In as many dimensions as a pose has, a few hypotheses hold
        most of the weight.
    """
    weights = ops.softmax(log_prob, axis=-1)
    return ops.einsum("bs,bsjd->bjd", weights, hypotheses)


AGGREGATES: dict[str, Any] = {
    "mean": mean_pose,
    "geometric_median": geometric_median,
    "medoid": medoid,
}
"""By name, those of the hypotheses alone."""

AGGREGATE_NAMES = ("mode", *AGGREGATES, "density_mean")
"""All names; the mode is the model's, and the last needs a density."""


def check_aggregates(names: Sequence[str]) -> None:
    """Raises `ValueError` unless names are of `AGGREGATE_NAMES`, each once."""
    wrong = [name for name in names if name not in AGGREGATE_NAMES]
    if wrong or len(set(names)) < len(names):
        raise ValueError(
            f"Expected aggregates out of {', '.join(AGGREGATE_NAMES)}, each once; "
            f"received {', '.join(map(repr, names))}."
        )
