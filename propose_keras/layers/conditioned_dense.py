"""A dense layer of hypotheses and the condition they share."""

from typing import Any

import keras
from keras import ops

from propose_keras.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="propose_keras")
class ConditionedDense(keras.layers.Layer):
    """Dense layer `x W_x + c W_c + b` that projects the condition once per pose.

    Equal to a dense layer on the concatenation of `x` and `c`, but `c W_c` is computed
    for each pose and broadcast over its hypotheses instead of once per hypothesis.

    Shape:
        `x` (batch, hypotheses, size) and `condition` (batch, 1, condition size) to
        (batch, hypotheses, units).

    Args:
        units: Size of the output.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, x_shape: Shape, condition_shape: Shape) -> None:
        size, condition_size = x_shape[-1], condition_shape[-1]
        # Both kernels together are initialised as the one of a plain dense layer is.
        limit = (6.0 / (size + condition_size + self.units)) ** 0.5
        initializer = keras.initializers.RandomUniform(-limit, limit)
        self.kernel = self.add_weight(
            shape=(size, self.units), initializer=initializer, name="kernel"
        )
        self.condition_kernel = self.add_weight(
            shape=(condition_size, self.units),
            initializer=initializer.clone(),
            name="condition_kernel",
        )
        self.bias = self.add_weight(
            shape=(self.units,), initializer="zeros", name="bias"
        )

    def call(self, x: Tensor, condition: Tensor) -> Tensor:
        shape = ops.shape(x)
        flat = ops.reshape(x, (-1, shape[-1]))
        product = ops.reshape(ops.matmul(flat, self.kernel), (-1, shape[1], self.units))
        condition = ops.matmul(ops.squeeze(condition, axis=1), self.condition_kernel)
        return product + (condition + self.bias)[:, None, :]

    def compute_output_shape(self, x_shape: Shape, condition_shape: Shape) -> Shape:
        return (*x_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
