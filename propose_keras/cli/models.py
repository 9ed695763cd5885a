"""Reads trained models for the command-line programs."""

from propose_keras import backend, inference
from propose_keras.cli.errors import UserError
from propose_keras.model import ProPose
from propose_keras.presets import preset_folder


def preset_path(name):
    """Folder of a preset.

    Raises:
        UserError: If there is none; the message lists the names.
    """
    try:
        return preset_folder(name)
    except ValueError as error:
        raise UserError(str(error)) from error


def load_model(path, kinds=(ProPose,), distribute=False):
    """The model of a finished run or of a preset.

    Args:
        path: `pathlib.Path` of a model.keras or a preset's folder.
        kinds: Classes that the model may be of.
        distribute: Whether to spread the work over several devices, where that is so
            with this backend.

    Raises:
        UserError: If there is none, it cannot be read or is of another kind.
    """
    if not path.exists():
        raise UserError(
            f"There is no {path}. Train a model with train.py "
            f"--workdir={path.parent}, or pass the --workdir of a finished run."
        )
    if distribute:
        backend.use_all_devices()
    try:
        return inference.load_model(path, kinds)
    except ValueError as error:
        raise UserError(str(error)) from error
