"""Reads trained models from files and folders."""

import os
import pathlib
import zipfile

import keras

from propose_keras.comparators import ComparatorLifter  # All are known to Keras now.
from propose_keras.deterministic import DeterministicLifter
from propose_keras.model import ProPose
from propose_keras.presets import check_kind, load_preset


def load_model(
    path: str | os.PathLike, kinds: tuple[type, ...] = (ProPose,)
) -> ProPose | DeterministicLifter | ComparatorLifter:
    """Loads a model that was saved as a file or as a preset's folder.

    Code in the files is not executed.

    Args:
        path: A `.keras` file, or a folder that `save_to_preset` wrote.
        kinds: Classes or runtime-checkable protocols that the model may be of.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or holds another model.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        return load_preset(path.resolve(), kinds)
    if not path.is_file():
        raise FileNotFoundError(f"There is no model file {path}.")
    # Other suffixes are formats of older Kerases, which safe mode does not cover.
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise ValueError(
            f"Cannot read {path}: it is not a .keras file, or it is cut short."
        )
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras lets through whatever a damaged file causes.
        raise ValueError(f"Cannot read the model {path}: {error}") from error
    check_kind(model, kinds, path)
    return model
