"""Signatures as TensorFlow functions, from either backend."""

from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from propose_keras import backend
from propose_keras.serving.signatures import served_variables


def make_module(model: Any, signatures: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Turns signatures into what `tf.saved_model.save` takes.

    On TensorFlow the functions are graphs of TensorFlow's operations. On JAX each is
    one `XlaCallModule` operation, for CPU and CUDA, with the weights as its inputs, so
    that they are stored once.

    Args:
        model: A `ProPose` model.
        signatures: Dict from name to `Signature`.

    Returns:
        A `tf.Module` that owns the weights, and a dict from the signatures' names to
        concrete functions.
    """
    module: Any = tf.Module()
    variables = served_variables(model)
    if backend.name == "tensorflow":
        module.served = [variable.value for variable in variables]
        functions = {k: s.function for k, s in signatures.items()}
    else:
        module.served = [
            tf.Variable(cast(Any, np.asarray(v.value)), trainable=False, name=v.name)
            for v in variables
        ]
        functions = {
            name: _from_jax(signature, variables, module.served)
            for name, signature in signatures.items()
        }
    return module, {
        name: tf.function(function, autograph=False).get_concrete_function(
            **_tensor_specs(signatures[name])
        )
        for name, function in functions.items()
    }


def _tensor_specs(signature):
    return {
        name: tf.TensorSpec((None, *value.shape), value.dtype, name)
        for name, value in signature.inputs.items()
    }


def _from_jax(signature, variables, served):
    import jax
    from jax.experimental import jax2tf

    # Row by row, since TFP's shapes take no symbolic batch size.
    def lift_row(row):
        outputs = signature.function(**jax.tree.map(lambda x: x[None], row))
        return jax.tree.map(lambda x: x[0], outputs)

    def stateless(values, inputs):
        with keras.StatelessScope(state_mapping=list(zip(variables, values))):
            return jax.vmap(lift_row)(inputs)

    shapes = {
        name: f"(batch, {', '.join(map(str, value.shape))})"
        for name, value in signature.inputs.items()
    }
    converted = jax2tf.convert(
        stateless,
        polymorphic_shapes=cast(Any, [None, shapes]),
        with_gradient=False,
        native_serialization_platforms=("cpu", "cuda"),
    )
    return lambda **inputs: converted([v.value() for v in served], inputs)
