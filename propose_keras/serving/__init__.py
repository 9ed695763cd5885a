"""Exports for servers: SavedModels for TensorFlow Serving, and ONNX.

Names are resolved on first use: each kind of export has packages of its own.
"""

import importlib
from typing import TYPE_CHECKING

_PUBLIC_NAMES = {
    "export_onnx": "propose_keras.serving.onnx_model",
    "export_saved_model": "propose_keras.serving.saved_model",
}

if TYPE_CHECKING:
    from propose_keras.serving.onnx_model import export_onnx
    from propose_keras.serving.saved_model import export_saved_model

__all__ = ["export_onnx", "export_saved_model"]


def __getattr__(name):
    if name not in _PUBLIC_NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC_NAMES[name]), name)


def __dir__():
    return __all__
