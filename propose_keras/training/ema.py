"""The running average of the weights, where the optimizers keep one."""

import contextlib
from collections.abc import Iterator
from typing import Any

from keras import ops

from propose_keras.training.flat_adam import FlatAdam
from propose_keras.types import Tensor


def weight_averages(optimizer: Any) -> list[tuple[Any, Tensor]]:
    """Pairs of a weight and its running average.

    Args:
        optimizer: Any Keras optimizer of one network.

    Returns:
        An empty list where it keeps no averages (`use_ema=False`), or has taken no step
        and they are still 0.
    """
    if not optimizer.use_ema or int(optimizer.iterations) == 0:
        return []
    if isinstance(optimizer, FlatAdam):
        return optimizer.weight_averages()
    averages = zip(
        optimizer._trainable_variables, optimizer._model_variables_moving_average
    )
    # As one buffer with its weight, an average would be deleted by the next step on
    # JAX, to which the weight is donated.
    return [(variable, ops.copy(average)) for variable, average in averages]


@contextlib.contextmanager
def averaged_weights(model: Any) -> Iterator[Any]:
    """Gives the model its averaged weights for the length of a `with` block.

    Does nothing if the optimizers keep no average (`ema_momentum=None`) or have taken
    no step.
    """
    saved = []
    for optimizer in getattr(model.optimizer, "optimizers", [model.optimizer]):
        for variable, average in weight_averages(optimizer):
            saved.append((variable, variable.numpy()))
            variable.assign(average)
    try:
        yield
    finally:
        for variable, value in saved:
            variable.assign(value)
