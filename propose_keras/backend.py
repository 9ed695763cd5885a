"""The one place that knows which backend Keras runs on.

Public names: `name`, the backend's name; `tfp`, TensorFlow Probability for that
backend; `GreedyBijectorCache`, TFP's bijector cache that stores the log-determinant
together with the value; `check_not_forked`, `compile_function`, `switch` and
`use_all_devices`.
"""

import importlib
import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from propose_keras import backend_choice, quiet_imports
from propose_keras.types import Tensor

# Before Keras is imported, which fails where its backend is missing; the package has
# chosen one by now.
backend_choice.check()

with quiet_imports.without_notes():
    import keras

name: str = keras.backend.backend()

tf: Any = None
jax: Any = None
# TFP uses what newer versions of its dependencies call deprecated.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    if name == "tensorflow":
        with quiet_imports.without_notes():
            tf = importlib.import_module("tensorflow")
            # What it prints of GPUs comes when it first looks for them.
            tf.config.list_physical_devices()
            tfp: Any = importlib.import_module("tensorflow_probability")
            cache_util: Any = importlib.import_module(
                "tensorflow_probability.python.internal.cache_util"
            )
    else:
        jax = importlib.import_module("jax")
        # TFP takes TensorFlow's docstrings where it can, at the price of loading it.
        with quiet_imports.without("tensorflow"):
            tfp = importlib.import_module("tensorflow_probability.substrates.jax")
            cache_util = importlib.import_module(
                "tensorflow_probability.substrates.jax.internal.cache_util"
            )

GreedyBijectorCache = cache_util.BijectorCacheWithGreedyAttrs

__all__ = [
    "GreedyBijectorCache",
    "check_not_forked",
    "compile_function",
    "name",
    "switch",
    "tfp",
    "use_all_devices",
]


def check_not_forked() -> None:
    """Raises an error where a compiled function would wait forever.

    The threads that run compiled programs do not survive a fork. What calls this is
    taken to start them, so that processes forked later get the error.

    Raises:
        RuntimeError: If this process was forked from one that has called this.
    """
    global _has_run
    if _forked:
        raise RuntimeError(
            "This process was forked from one in which "
            f"{name} had already run, and {name} cannot go on in it. Start workers by "
            'multiprocessing.get_context("spawn") or "forkserver", or fork before '
            "the first model is loaded."
        )
    _has_run = True


_has_run = _forked = False


def _note_fork():
    global _forked
    _forked = _has_run


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def compile_function(function: Callable, variables: Sequence[Any] = ()) -> Callable:
    """Compiles a function of tensors with XLA.

    The function is traced anew for every new shape of its arguments; what is no tensor
    it must close over. It may have no side effects.

    Args:
        function: Callable of tensors (nests of them) that returns a nest of tensors.
        variables: All `keras.Variable`s that `function` reads, such as
            `model.variables`. Their values are inputs of the compiled program: later
            assignments to them are seen.

    Returns:
        The compiled callable. It raises `RuntimeError`, see `check_not_forked`.
    """
    if name == "tensorflow":
        compiled = tf.function(function, jit_compile=True, autograph=False)
    else:
        compiled = _compile_for_jax(function, variables)

    def run(*args):
        check_not_forked()
        return compiled(*args)

    return run


def _compile_for_jax(function, variables):
    @jax.jit
    def compiled(values, *args):
        with keras.StatelessScope(state_mapping=list(zip(variables, values))):
            return function(*args)

    return lambda *args: compiled([v.value for v in variables], *args)


def use_all_devices() -> None:
    """Spreads batches over the devices from here on, if JAX has several.

    On TensorFlow one device is used.
    """
    if name == "jax" and len(keras.distribution.list_devices()) > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel())


def switch(index: Tensor, branches: Sequence[Callable], *operands: Any) -> Any:
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
