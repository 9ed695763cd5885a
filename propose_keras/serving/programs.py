"""Signatures as TensorFlow functions, from either backend."""

import contextlib
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
    with _without_folders():
        return module, {
            name: _trace(function, signatures[name])
            for name, function in functions.items()
        }


@contextlib.contextmanager
def _without_folders():
    """Lets JAX note the source of each operation without this machine's folders."""
    if backend.name != "jax":
        yield
        return
    import jax

    key = "jax_hlo_source_file_canonicalization_regex"
    before = getattr(jax.config, key)
    jax.config.update(key, r".*[/\\]")
    try:
        yield
    finally:
        jax.config.update(key, before)


def _trace(function, signature):
    """A concrete function with the checks and the texts that both backends share."""
    specs = {
        name: tf.TensorSpec((None, *value.shape), value.dtype, name)
        for name, value in signature.inputs.items()
    }

    def served(**inputs):
        checks = [_check_shape(name, value) for name, value in inputs.items()]
        with tf.control_dependencies(checks):
            checks = [_check_rows(inputs)]
        with tf.control_dependencies(checks):
            inputs = {k: tf.identity(v) for k, v in inputs.items()}
        outputs = function(**inputs)
        for name, texts in signature.texts.items():
            outputs[name] = tf.gather(tf.constant(texts), outputs[name])
        return outputs

    return tf.function(served, autograph=False).get_concrete_function(**specs)


# A server compares no shapes, and a program would broadcast what it was not made for,
# or fail with the name of an operation that its client does not know.


def _check_shape(name, value):
    """Asserts that the shape is the declared one, in a text that names the input."""
    expected = ", ".join(map(str, value.shape[1:]))
    # As text, which holds for any rank and which no optimizer takes for known.
    received = tf.strings.reduce_join(tf.as_string(tf.shape(value)), separator=", ")
    return tf.debugging.Assert(
        tf.strings.regex_full_match(received, f"[0-9]+, {expected}"),
        [f"`{name}`: expected shape (batch, {expected}), received", received],
    )


def _check_rows(inputs):
    """Asserts that all inputs have as many rows; JAX's programs take no empty batch."""
    least, at_least = (1, ", at least 1") if backend.name == "jax" else (0, "")
    rows = [tf.shape(value)[0] for value in inputs.values()]
    return tf.debugging.Assert(
        tf.reduce_all(tf.equal(rows, rows[0])) & (rows[0] >= least),
        [f"Expected as many rows of {', '.join(inputs)}{at_least}; received", *rows],
    )


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
