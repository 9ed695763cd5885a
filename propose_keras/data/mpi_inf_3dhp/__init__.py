"""MPI-INF-3DHP: readers of the authors' files and of P-STMO's."""

from propose_keras.data.mpi_inf_3dhp.layout import Sources, find_sources
from propose_keras.data.mpi_inf_3dhp.readers import (
    read_test_mat,
    read_test_npz,
    read_training_mat,
    read_training_npz,
)
from propose_keras.data.mpi_inf_3dhp.recordings import Recording, to_example

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
