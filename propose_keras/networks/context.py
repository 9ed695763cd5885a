"""What the networks see of a 2D pose."""

from typing import Any, NamedTuple

from propose_keras.networks.shapes import flatten_condition
from propose_keras.types import Tensor


class PoseContext(NamedTuple):
    """What the networks see of a 2D pose, computed once for all hypotheses.

    Attributes:
        condition: The normalised 2D pose, `(batch, J, 2)`, without deviations.
        features: What the networks are conditioned on, `(batch, 1, size)`: the flat 2D
            pose, as in the paper, or the features of a lifter.
        lifted: The lifted pose, normalised, `(batch, 1, J, 3)`, or None.
    """

    condition: Any
    features: Any
    lifted: Any = None


def as_context(condition: Tensor) -> PoseContext:
    """A `PoseContext` as it is, or the paper's, of a condition `(batch, J, inputs)`."""
    if isinstance(condition, PoseContext):
        return condition
    return PoseContext(condition[..., :2], flatten_condition(condition))
