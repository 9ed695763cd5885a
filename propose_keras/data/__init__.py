"""Readers, cameras, synthetic motion and in-memory arrays: NumPy only.

Nothing here imports Keras, so that Beam workers and `tfds build` load fast.
"""

from propose_keras.data.arrays import Clip, PoseArrays, split_validation
from propose_keras.data.pipeline import batches
from propose_keras.data.reading import DatasetNotBuiltError, load_arrays

__all__ = [
    "Clip",
    "DatasetNotBuiltError",
    "PoseArrays",
    "batches",
    "load_arrays",
    "split_validation",
]
