"""The one place that knows which backend Keras runs on.

Public names: `name`, the backend's name; `tfp`, TensorFlow Probability for that
backend; `GreedyBijectorCache`, TFP's bijector cache that stores the log-determinant
together with the value; `compile_function`, `switch` and `use_all_devices`.
"""

import os

_MESSAGE = (
    "propose_keras runs on the Keras backends 'tensorflow' and 'jax', not {!r}: "
    "TensorFlow Probability, which the flow is built from, has no version for it. Set "
    "the environment variable KERAS_BACKEND to 'tensorflow' or 'jax' before Keras is "
    "imported."
)

# Before Keras is imported, since that fails where PyTorch is asked for and missing.
if os.environ.get("KERAS_BACKEND", "jax") not in ("tensorflow", "jax"):
    raise ImportError(_MESSAGE.format(os.environ["KERAS_BACKEND"]))

import keras

name: str = keras.backend.backend()

if name == "tensorflow":
    import tensorflow as tf
    import tensorflow_probability as tfp
    from tensorflow_probability.python.internal import cache_util
elif name == "jax":
    import jax
    from tensorflow_probability.substrates import jax as tfp
    from tensorflow_probability.substrates.jax.internal import cache_util
else:
    raise ImportError(_MESSAGE.format(name))

GreedyBijectorCache = cache_util.BijectorCacheWithGreedyAttrs

__all__ = [
    "GreedyBijectorCache",
    "compile_function",
    "name",
    "switch",
    "tfp",
    "use_all_devices",
]


def compile_function(function, variables=()):
    """Compiles a function of tensors with XLA.

    The function is traced anew for every new shape of its arguments; what is no tensor
    it must close over. It may have no side effects.

    Args:
        function: Callable of tensors (nests of them) that returns a nest of tensors.
        variables: All `keras.Variable`s that `function` reads, such as
            `model.variables`. Their values are inputs of the compiled program: later
            assignments to them are seen.

    Returns:
        The compiled callable.
    """
    if name == "tensorflow":
        return tf.function(function, jit_compile=True, autograph=False)

    @jax.jit
    def compiled(values, *args):
        with keras.StatelessScope(state_mapping=list(zip(variables, values))):
            return function(*args)

    return lambda *args: compiled([v.value for v in variables], *args)


def use_all_devices():
    """Spreads batches over the devices from here on, if JAX has several.

    On TensorFlow one device is used.
    """
    if name == "jax" and len(keras.distribution.list_devices()) > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel())


def switch(index, branches, *operands):
    """Runs one of several branches, chosen inside a compiled program.

    Args:
        index: Scalar int32 tensor.
        branches: Callables of `operands` that return like-structured tensors.
        *operands: Tensors (nests of them) handed to the branch.

    Returns:
        What the chosen branch returns.
    """
    if name == "tensorflow":
        return tf.switch_case(
            index, [lambda branch=b: branch(*operands) for b in branches]
        )
    return jax.lax.switch(index, branches, *operands)
