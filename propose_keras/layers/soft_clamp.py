"""The parameterised soft clamp of Eq. 5."""

import math

from keras import ops

from propose_keras.types import Tensor


def soft_clamp(t: Tensor, alpha: float) -> Tensor:
    """Restricts `t` smoothly to the interval `(-alpha, alpha)`, Eq. 5.

    `sigma_alpha(t) = (2 alpha / pi) arctan(t / alpha)`; its slope at 0 is `2 / pi`.

    Args:
        t: Tensor of any shape.
        alpha: Positive float, the interval's half width.

    Returns:
        Tensor of `t`'s shape.
    """
    return (2.0 * alpha / math.pi) * ops.arctan(t / alpha)
