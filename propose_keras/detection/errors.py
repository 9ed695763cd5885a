"""Errors of pictures and detectors."""

from types import ModuleType

from propose_keras.data.errors import DataFileError


class DetectionError(DataFileError):
    """A picture, a video or a detector's model cannot be used; the message says why."""


def import_extra(module: str, purpose: str, install: str) -> ModuleType:
    """Imports a package that not everyone has.

    Args:
        module: Its name.
        purpose: What needs it, to begin the message with.
        install: What to type to have it.

    Raises:
        ImportError: If it is not installed; the message says how to.
    """
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs {module.split('.')[0]}, which cannot be imported "
            f"({error}). Install it with `{install}`."
        ) from error
