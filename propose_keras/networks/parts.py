"""Encoders and decoders: what the networks ask of the layers they are given."""

from typing import Any

import keras

from propose_keras import random
from propose_keras.layers import ResidualMLP
from propose_keras.types import Tensor

# Streams of dropout noise: the parts of a step share its seed and must not share noise.
PILGD_ENCODER, PILGD_DECODER, PAGD_ENCODER, PAGD_DECODER = range(4)


def dropout_seed_of(part: Any, seed: int | Tensor, stream: int) -> Tensor | None:
    """Seed of one part's dropout noise, or None where there is no dropout.

    Args:
        part: The layer.
        seed: `(2,)` integers that all parts of a step share, or None.
        stream: One of the streams of this module.
    """
    if seed is None or getattr(part, "dropout", None) == 0.0:
        return None
    return random.fold_in(seed, stream)


def check_part(part: Any, output_size: int, network: str, name: str) -> Any:
    """Checks that a layer can be a network's encoder, decoder or subnet.

    A part is a Keras layer that maps `x` (batch, hypotheses, size) to (batch,
    hypotheses, `output_size`). It is called as `part(x, condition, dropout_seed=seed)`
    with `condition` (batch, 1, condition size), or None in the PAGD learner, and
    `dropout_seed` `(2,)` integers, or None where nothing is dropped. Poses and
    keypoints come flat, joint by joint: `(..., 3 * J)` and `(..., 2 * J)`. Its `build`
    takes the shapes of `x` and `condition`. `ResidualMLP` is one.

    Args:
        part: The layer.
        output_size: Size that its output must have.
        network: Name of the class that was given the part.
        name: Name of the argument.

    Returns:
        The part.

    Raises:
        TypeError: If it is no Keras layer.
        ValueError: If its `output_size` is another.
    """
    if not isinstance(part, keras.layers.Layer):
        raise TypeError(
            f"`{name}` of {network} must be a Keras layer, such as "
            f"`layers.ResidualMLP({output_size})`, received {part!r}."
        )
    size = getattr(part, "output_size", output_size)
    if size != output_size:
        raise ValueError(
            f"`{name}` of {network} must have an output of size {output_size}, "
            f"received a layer of output size {size}."
        )
    return part


def build_part(part: Any, size: int, condition_size: int | None = None) -> None:
    """Builds a part for inputs of `size` and, if not None, `condition_size`."""
    if part.built:
        return
    shapes = [(None, 1, size)]
    if condition_size is not None:
        shapes.append((None, 1, condition_size))
    part.build(*shapes)


def serialize_part(part: Any) -> dict[str, Any]:
    """A part as plain JSON, without the shapes that the network builds it with."""
    config = keras.saving.serialize_keras_object(part)
    config.pop("build_config", None)
    return config


def with_layers(
    config: dict[str, Any],
    output_sizes: dict[str, Any],
    custom_objects: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A network's saved configuration with its parts as layers.

    Args:
        config: Of the network. A part is what `serialize_part` gave or, in files
            written before parts were arguments, a dict of arguments of a `ResidualMLP`.
        output_sizes: Dict from the parts' names to the output sizes of such an MLP.
        custom_objects: See `keras.saving.deserialize_keras_object`.
    """
    layers = {}
    for name, output_size in output_sizes.items():
        part = config[name]
        if isinstance(part, dict) and "class_name" not in part:
            layers[name] = ResidualMLP(output_size, name=name, **part)
        else:
            layers[name] = keras.saving.deserialize_keras_object(
                part, custom_objects=custom_objects
            )
    return {**config, **layers}
