"""MPI-INF-3DHP: readers of the authors' files and of P-STMO's."""

from .layout import Sources, find_sources
from .readers import (
    read_test_mat,
    read_test_npz,
    read_training_mat,
    read_training_npz,
)
from .recordings import Recording, to_example

__all__ = [
    "Recording",
    "Sources",
    "find_sources",
    "read_test_mat",
    "read_test_npz",
    "read_training_mat",
    "read_training_npz",
    "to_example",
]
