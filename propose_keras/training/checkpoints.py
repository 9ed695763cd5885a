"""Checkpoints that a kill at any moment cannot spoil."""

import json
import os
import pathlib
import shutil
from typing import Any

import keras
import numpy as np

from propose_keras import files

_PREFIX = "step_"
_WEIGHTS, _STATE = "state.weights.h5", "state.json"


def save_checkpoint(
    model: Any, directory: str | os.PathLike, state: dict[str, Any], keep: int = 2
) -> pathlib.Path:
    """Writes weights, optimizers and step as a folder that appears when it is whole.

    Args:
        model: A compiled model.
        directory: Folder of the checkpoints, made if missing.
        state: What else to keep, JSON serialisable, such as the best score.
        keep: Number of checkpoints to keep; older ones are removed.

    Returns:
        Path of the checkpoint, named after the number of steps taken.
    """
    directory = pathlib.Path(directory)
    step = current_step(model)
    path = directory / f"{_PREFIX}{step:08d}"
    directory.mkdir(parents=True, exist_ok=True)
    with files.whole_folder(path) as folder:
        model.save_weights(folder / _WEIGHTS)
        (folder / _STATE).write_text(json.dumps({"step": step, **state}))
    for old in _checkpoints(directory)[:-keep]:
        shutil.rmtree(old)
    return path


def restore_checkpoint(
    model: Any, directory: str | os.PathLike
) -> dict[str, Any] | None:
    """Restores the newest checkpoint of a folder.

    Args:
        model: A model compiled as the one that was saved.
        directory: Folder of the checkpoints.

    Returns:
        The state that was saved with it, `step` included, or None if there is none.
    """
    checkpoints = _checkpoints(pathlib.Path(directory))
    if not checkpoints:
        return None
    model.load_weights(checkpoints[-1] / _WEIGHTS)
    return json.loads((checkpoints[-1] / _STATE).read_text())


def current_step(model: Any) -> int:
    """Steps that a compiled model has been trained for."""
    return int(np.asarray(model.optimizer.iterations))


def save_model(model: Any, path: str | os.PathLike) -> None:
    """Writes a `.keras` file, whole or not at all.

    The file holds the model as users need it, without its optimizers, which are up to
    three times as large; checkpoints have those.
    """
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    with files.whole_file(path) as staged:
        keras.saving.save_model(copy, staged)


def _checkpoints(directory):
    """Complete checkpoints, oldest first; half-written ones have another name."""
    return sorted(directory.glob(f"{_PREFIX}*"))
