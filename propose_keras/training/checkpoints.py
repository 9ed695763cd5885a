"""Checkpoints that a kill at any moment cannot spoil."""

import json
import os
import pathlib
import shutil

import keras
from keras import ops

_PREFIX = "step_"
_WEIGHTS, _STATE = "state.weights.h5", "state.json"


def save_checkpoint(model, directory, state, keep=2):
    """Writes weights, optimizers and step beside the old checkpoints, then renames.

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
    for leftover in directory.glob(".writing_*"):
        shutil.rmtree(leftover)
    beside = directory / f".writing_{os.getpid()}"
    beside.mkdir(parents=True)
    model.save_weights(beside / _WEIGHTS)
    (beside / _STATE).write_text(json.dumps({"step": step, **state}))
    if path.exists():
        shutil.rmtree(path)
    os.replace(beside, path)
    for old in _checkpoints(directory)[:-keep]:
        shutil.rmtree(old)
    return path


def restore_checkpoint(model, directory):
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


def current_step(model):
    """Steps that a compiled model has been trained for."""
    return int(ops.convert_to_numpy(model.optimizer.iterations))


def save_model(model, path):
    """Writes a `.keras` file beside `path` and renames it.

    The file holds the model as users need it, without its optimizers, which are up to
    three times as large; checkpoints have those.
    """
    path = pathlib.Path(path)
    beside = path.with_name(f".writing_{os.getpid()}_{path.name}")
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    keras.saving.save_model(copy, beside)
    os.replace(beside, path)


def _checkpoints(directory):
    """Complete checkpoints, oldest first; half-written ones have another name."""
    return sorted(directory.glob(f"{_PREFIX}*"))
