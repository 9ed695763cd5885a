"""Adam on all weights of a network at once."""

import math
import types
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from propose_keras.types import Tensor


@keras.saving.register_keras_serializable(package="propose_keras")
class FlatAdam(keras.optimizers.Adam):
    """Adam (and AdamW, with `weight_decay`) on one vector of all weights.

    The numbers are those of `keras.optimizers.Adam`, whose 142 updates, one for each
    weight of the default networks, take XLA longer to compile than all the rest of a
    training step. Takes the same arguments, but for `clipnorm`, the norm of a single
    weight's gradient.

    Raises:
        ValueError: If `clipnorm` is passed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.clipnorm is not None:
            raise ValueError(
                "`FlatAdam` does not see the gradients of single weights: pass "
                "`global_clipnorm` in place of `clipnorm`, or use "
                "`keras.optimizers.Adam`."
            )
        # Not a list, whose variables Keras would take for the optimizer's own, and JAX
        # for buffers that it is given twice.
        self._model = types.SimpleNamespace(weights=[])
        self._whole: Any = None

    @property
    def _parts(self) -> list[Any]:
        return self._model.weights

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the moments and, with `use_ema`, the averages of all weights.

        Args:
            variables: Trainable variables, all of one dtype.

        Raises:
            ValueError: If their dtypes differ.
        """
        if self.built:
            return
        dtypes = sorted({variable.dtype for variable in variables})
        if len(dtypes) > 1:
            raise ValueError(
                "`FlatAdam` needs weights of one dtype, received "
                f"{' and '.join(dtypes)}: use `keras.optimizers.Adam`."
            )
        self._model.weights = list(variables)
        if self._parts:
            size = sum(math.prod(variable.shape) for variable in variables)
            self._whole = keras.Variable(
                "zeros", shape=(size,), dtype=dtypes[0], name="weights"
            )
        super().build([self._whole] if self._parts else [])

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None
    ) -> None:
        """Moves the weights that the optimizer was built with.

        Args:
            grads: A gradient for each of them, in the same order; None counts as 0.
            trainable_variables: The weights, in the same order. May be left out once
                the optimizer is built.

        Raises:
            ValueError: If they are other weights, or not as many gradients.
        """
        if not self.built:
            self.build(list(trainable_variables or []))
        given = self._parts if trainable_variables is None else trainable_variables
        if [id(v) for v in given] != [id(v) for v in self._parts]:
            raise ValueError(
                f"`FlatAdam` was built with {len(self._parts)} weights and moves all "
                f"of them, in that order; received {len(list(given))} others."
            )
        if not self._parts:
            return
        whole = self._whole
        pairs = zip(grads, self._parts, strict=True)
        gradient = _joined(
            [ops.zeros(v.shape, v.dtype) if g is None else g for g, v in pairs]
        )
        whole.assign(_joined(self._parts))
        super().apply([gradient], [whole])
        for variable, value in zip(self._parts, self._split(whole)):
            variable.assign(value)

    def stateless_apply(
        self,
        optimizer_variables: Sequence[Tensor],
        grads: Sequence[Tensor],
        trainable_variables: Sequence[Tensor],
    ) -> tuple[list[Tensor], list[Tensor]]:
        """`apply` as a function of values, see `keras.optimizers.Optimizer`."""
        state = [*self._parts, *self.variables]
        values = [*trainable_variables, *optimizer_variables]
        mapping = list(zip(state, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            self.apply(grads)
        new = [scope.get_current_value(variable) for variable in state]
        return new[: len(self._parts)], new[len(self._parts) :]

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Restores the state, of a version that saved the weights with it, too."""
        names = sorted(store.keys(), key=int)
        if len(names) == len(self.variables) + len(self._parts):
            names = [names[0], *names[1 + len(self._parts) :]]
            store = {str(i): store[name] for i, name in enumerate(names)}
        super().load_own_variables(store)

    def weight_averages(self) -> list[tuple[Any, Tensor]]:
        """Pairs of a weight and its running average; none without `use_ema`."""
        if not (self.use_ema and self._parts):
            return []
        averages = self._split(self._model_variables_moving_average[0])
        return list(zip(self._parts, averages))

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Overwrites the weights by their running averages, where there are any."""
        for variable, average in self.weight_averages():
            variable.assign(average)

    def _split(self, whole):
        whole = ops.convert_to_tensor(whole)
        ends = np.cumsum([math.prod(variable.shape) for variable in self._parts])
        pieces = ops.split(whole, ends[:-1].tolist()) if len(ends) > 1 else [whole]
        return [ops.reshape(p, v.shape) for p, v in zip(pieces, self._parts)]


def _joined(tensors):
    return ops.concatenate([ops.reshape(tensor, (-1,)) for tensor in tensors])
