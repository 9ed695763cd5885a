"""Reads trained models for the command-line programs."""

import keras

from propose_keras.cli.errors import UserError
from propose_keras.model import ProPose


def load_model(path, distribute=False):
    """The model of a finished run.

    Args:
        path: `pathlib.Path` of a model.keras.
        distribute: Whether to spread the work over the devices where JAX has several.

    Raises:
        UserError: If there is none, it cannot be read or is no `ProPose` model.
    """
    if not path.exists():
        raise UserError(
            f"There is no {path}. Train a model with train.py "
            f"--workdir={path.parent}, or pass the --workdir of a finished run."
        )
    on_jax = keras.backend.backend() == "jax"
    if distribute and on_jax and len(keras.distribution.list_devices()) > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel())
    try:
        model = keras.saving.load_model(path, compile=False)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise UserError(f"Cannot read {path}: {error}") from error
    if not isinstance(model, ProPose):
        raise UserError(f"{path} holds a {type(model).__name__}, not a ProPose model.")
    return model
