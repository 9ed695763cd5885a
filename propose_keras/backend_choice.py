"""Lets Keras run on the backend that is installed, before Keras is imported.

Keras takes the backend of the environment variable `KERAS_BACKEND`, else of its
configuration file, else TensorFlow. Where that one is not installed and the other is,
`choose` sets the variable. It never overrules the variable.
"""

import importlib.util
import json
import os
import pathlib
import sys

BACKENDS = ("tensorflow", "jax")


def choose() -> None:
    """Sets `KERAS_BACKEND` if Keras would pick a backend that is not installed."""
    if "keras" in sys.modules or "KERAS_BACKEND" in os.environ:
        return
    wanted = configured_backend()
    others = [name for name in BACKENDS if is_installed(name) and name != wanted]
    if wanted in BACKENDS and not is_installed(wanted) and others:
        os.environ["KERAS_BACKEND"] = others[0]


def check() -> None:
    """Checks that the backend that Keras will run on can be used.

    Raises:
        ImportError: If this package does not run on it or it is not installed.
    """
    name = os.environ.get("KERAS_BACKEND") or configured_backend()
    if name not in BACKENDS:
        raise ImportError(
            f"propose_keras runs on the Keras backends 'tensorflow' and 'jax', not "
            f"{name!r}: TensorFlow Probability, which the flow is built from, has no "
            "version for it. Set the environment variable KERAS_BACKEND to "
            "'tensorflow' or 'jax' before Keras is imported."
        )
    if not is_installed(name):
        raise ImportError(
            f"Keras is set to the backend {name!r}, which is not installed. Run "
            f'`pip install ".[{name}]"` in a clone of propose_keras, or set the '
            "environment variable KERAS_BACKEND to one that is."
        )


def is_installed(name: str) -> bool:
    """Whether a package can be imported; it is not."""
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # `sys.modules` holds it without a specification.
        return sys.modules[name] is not None


def configured_backend() -> str:
    """The backend that Keras takes if no environment variable names one."""
    home = pathlib.Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    try:
        return json.loads((home / "keras.json").read_text())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"
