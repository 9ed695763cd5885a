"""Reads MATLAB files of both forms: version 7.3 (HDF5) and older."""

import os
from collections.abc import Sequence

import h5py
import numpy as np

from propose_keras.data.errors import DataFileError


def read_mat(
    path: str | os.PathLike, names: Sequence[str]
) -> dict[str, np.ndarray | list[np.ndarray]]:
    """Reads variables of a MATLAB file.

    Version 7.3 files go through h5py, which needs nothing else; older ones through
    `scipy.io`.

    Args:
        path: The file.
        names: Variables to read; each must be there.

    Returns:
        `{name: value}`: an array with MATLAB's axes in MATLAB's order, or for a cell
        array the list of its cells, down the columns.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If it is cut short, not a MATLAB file, or lacks a variable.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        reader = _read_hdf5 if h5py.is_hdf5(path) else _read_older
        found = reader(path, names)
    # Damaged files make either library raise almost anything.
    except Exception as error:
        if isinstance(error, ImportError):
            raise
        raise DataFileError(
            f"Cannot read {path} as a MATLAB file: {error or type(error).__name__}. "
            "It is cut short or another kind of file; download it again."
        ) from error
    missing = [name for name in names if name not in found]
    if missing:
        raise DataFileError(f"{path} lacks the variables {missing}.")
    return found


def _read_hdf5(path, names):
    with h5py.File(path) as file:
        return {n: _hdf5_value(file, file[n]) for n in names if n in file}


def _hdf5_value(file, dataset):
    value = dataset[()]
    if dataset.dtype != object:
        return value.T
    return [file[reference][()].T for reference in value.ravel()]


def _read_older(path, names):
    try:
        from scipy import io
    except ImportError as error:
        raise ImportError(
            f"{path} is a MATLAB file older than version 7.3: reading it needs scipy. "
            'Run `pip install ".[datasets]"`.'
        ) from error
    found = io.loadmat(path, variable_names=list(names))
    return {
        name: list(value.ravel(order="F")) if value.dtype == object else value
        for name, value in found.items()
        if name in names
    }
