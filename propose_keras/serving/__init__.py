"""Export for servers: the only part of the package that needs TensorFlow on JAX."""

from propose_keras.serving.saved_model import export_saved_model

__all__ = ["export_saved_model"]
