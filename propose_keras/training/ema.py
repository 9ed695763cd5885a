"""The running average of the weights, where the optimizers keep one."""

import contextlib
from collections.abc import Iterator
from typing import Any

from keras import ops


@contextlib.contextmanager
def averaged_weights(model: Any) -> Iterator[Any]:
    """Gives the model its averaged weights for the length of a `with` block.

    Does nothing if the optimizers keep no average (`ema_momentum=None`) or have taken
    no step.
    """
    saved = []
    for optimizer in getattr(model.optimizer, "optimizers", [model.optimizer]):
        if not optimizer.use_ema or int(optimizer.iterations) == 0:
            continue
        for variable, average in zip(
            optimizer._trainable_variables,
            optimizer._model_variables_moving_average,
        ):
            saved.append((variable, variable.numpy()))
            variable.assign(ops.copy(average))
    try:
        yield
    finally:
        for variable, value in saved:
            variable.assign(value)
