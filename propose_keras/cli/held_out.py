"""Whether a run or a preset has not seen the subject that is called held out."""

import json
import pathlib
import re

from propose_keras.cli.errors import UserError, user_errors
from propose_keras.presets import preset_training


def check_held_out(values, subject=None, flag="split=validation"):
    """Refuses to call a subject held out that the model was trained on.

    Args:
        values: The flags of `evaluate.py`.
        subject: Who is called held out; --validation_subject if None.
        flag: What asks for that, for the message.

    Raises:
        UserError: If the subject was trained on, or a preset does not record
            its training.
    """
    configuration = training_of(values)
    if configuration is None and values.preset:
        raise UserError(
            f"The preset {values.preset} does not record what it was trained on, so "
            "that nobody can be called held out. Evaluate --split=test."
        )
    if configuration is None:
        return
    trained_on = map(_family, configuration.get("dataset", "").split(","))
    if _family(values.dataset) not in trained_on:
        return
    held_out = configuration.get("validation_subject")
    subject = subject or values.validation_subject
    if held_out != subject:
        trained = f"held out {held_out}" if held_out else "held nobody out"
        raise UserError(
            f"--{flag} asks for subject {subject}, but "
            f"{values.workdir or values.preset} {trained}: its errors would be those "
            "of training data. Pass another subject, or evaluate another run."
        )


def training_of(values):
    """What a preset or a run records of its training, or None.

    Args:
        values: Flags with `preset` and `workdir`, one of them set.

    Returns:
        Dict with `dataset` and `validation_subject`.

    Raises:
        UserError: If the record is damaged.
    """
    if values.preset:
        with user_errors(ValueError):
            return preset_training(values.preset)
    path = pathlib.Path(values.workdir).expanduser() / "configuration.json"
    if not path.exists():
        return None
    with user_errors(ValueError, OSError):
        configuration = json.loads(path.read_text(encoding="utf-8"))
    return {k: configuration.get(k, "") for k in ("dataset", "validation_subject")}


def _family(dataset):
    """Name of a data set without its config and version."""
    return re.split("[/:]", dataset.strip())[0]
