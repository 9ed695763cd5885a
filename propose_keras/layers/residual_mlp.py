"""Residual MLP, the default encoder and decoder of every network."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from propose_keras import random
from propose_keras.layers.conditioned_dense import ConditionedDense
from propose_keras.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="propose_keras")
class ResidualMLP(keras.layers.Layer):
    """Residual MLP, optionally of hypotheses under a condition.

    One dense layer in, `num_blocks` residual blocks of two dense layers each (the
    shape of Martinez et al. 2017), one dense layer out.

    Dropout takes its noise from `dropout_seed`, not from a state, so that a resumed
    run sees the noise of the run that was killed; without a seed there is none.

    Shape:
        `x` (batch, hypotheses, size), `condition` (batch, 1, condition size) or None,
        to (batch, hypotheses, output_size).

    Args:
        output_size: Size of the output.
        width: Units of the hidden layers.
        num_blocks: Number of residual blocks, 0 or more.
        activation: Name of a Keras activation.
        dropout: Share of hidden units dropped after each block's activation.
        layer_norm: Whether each block normalises its input.
        zero_output: Whether the output starts at 0.

    Raises:
        ValueError: If a size is not positive or `dropout` not in [0, 1).
    """

    def __init__(
        self,
        output_size: int,
        width: int = 512,
        num_blocks: int = 2,
        activation: str | Callable = "relu",
        dropout: float = 0.0,
        layer_norm: bool = False,
        zero_output: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if output_size < 1 or width < 1 or num_blocks < 0:
            raise ValueError(
                "`output_size` and `width` must be at least 1 and `num_blocks` at "
                f"least 0. Received: {output_size=}, {width=}, {num_blocks=}."
            )
        if not 0.0 <= dropout < 1.0:
            raise ValueError(f"`dropout` must be in [0, 1). Received: {dropout}.")
        self.output_size = output_size
        self.width = width
        self.num_blocks = num_blocks
        self.activation = keras.activations.get(activation)
        self.dropout = dropout
        self.layer_norm = layer_norm
        self.zero_output = zero_output

    def build(self, x_shape: Shape, condition_shape: Shape | None = None) -> None:
        if condition_shape is None:
            self.input_layer = keras.layers.Dense(self.width, name="input")
            self.input_layer.build((None, x_shape[-1]))
        else:
            self.input_layer = ConditionedDense(self.width, name="input")
            self.input_layer.build(x_shape, condition_shape)
        hidden = (None, self.width)
        self.norms, self.blocks = [], []
        for i in range(self.num_blocks):
            block = [
                keras.layers.Dense(self.width, name=f"block_{i}_{part}")
                for part in ("a", "b")
            ]
            for layer in block:
                layer.build(hidden)
            self.blocks.append(block)
            if self.layer_norm:
                norm = keras.layers.LayerNormalization(name=f"norm_{i}")
                norm.build(hidden)
                self.norms.append(norm)
        self.output_layer = keras.layers.Dense(
            self.output_size,
            kernel_initializer="zeros" if self.zero_output else "glorot_uniform",
            name="output",
        )
        self.output_layer.build(hidden)

    def call(
        self, x: Tensor, condition: Tensor = None, dropout_seed: Tensor = None
    ) -> Tensor:
        def drop(h, index):
            return self._drop(h, dropout_seed, index)

        shape = ops.shape(x)
        if condition is None:
            h = self.input_layer(ops.reshape(x, (-1, shape[-1])))
        else:
            h = ops.reshape(self.input_layer(x, condition), (-1, self.width))
        for i, (first, second) in enumerate(self.blocks):
            r = self.norms[i](h) if self.layer_norm else h
            r = first(drop(self.activation(r), 2 * i))
            r = second(drop(self.activation(r), 2 * i + 1))
            h = h + r
        h = self.output_layer(self.activation(h))
        return ops.reshape(h, (-1, shape[1], self.output_size))

    def _drop(self, h, seed, index):
        if seed is None or self.dropout == 0.0:
            return h
        row_seed = ops.reshape(random.fold_in(seed, index), (1, 2))
        noise = random.uniform(row_seed, ops.shape(h)[0], self.width)[0]
        keep = ops.cast(noise >= self.dropout, h.dtype)
        return h * keep / (1.0 - self.dropout)

    def compute_output_shape(
        self, x_shape: Shape, condition_shape: Shape | None = None
    ) -> Shape:
        return (*x_shape[:-1], self.output_size)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "output_size": self.output_size,
            "width": self.width,
            "num_blocks": self.num_blocks,
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
            "layer_norm": self.layer_norm,
            "zero_output": self.zero_output,
        }
