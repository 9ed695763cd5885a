"""Tables that pandas wrote to HDF5, without pandas and PyTables.

`DataFrame.to_hdf` writes a group with the attribute `pandas_type`. Of the format
"table" it holds a compound data set `table` with the field `index` and one for each
block of columns, `values_block_0`, whose columns' names are pickled in the attribute
`values_block_0_kind`. Of the format "fixed" it holds `block0_values`, its columns'
names by level (`block0_items_level0`, `block0_items_label0`) and the index (`axis1`)
likewise. See `pandas/io/pytables.py`. A pickle of anything but plain names is refused.
"""

import io
import pathlib
import pickle
from typing import Any

import h5py
import numpy as np

from propose_keras.keypoint_files.records import KeypointFileError
from propose_keras.keypoint_files.table_rows import cell_name

_FORMATS = ("frame_table", "frame")


def find_table(file: h5py.File) -> h5py.Group | None:
    """The first group that holds a table, None if there is none."""
    for group in file.values():
        kind = group.attrs.get("pandas_type")
        if isinstance(group, h5py.Group) and kind is not None:
            return group
    return None


def read_table(
    path: pathlib.Path, group: h5py.Group
) -> tuple[list[int | str], list[Any], np.ndarray]:
    """A table of numbers.

    Args:
        path: The file, for errors.
        group: Of `find_table`.

    Returns:
        The index, the parts of one with several levels joined by `/`; the columns'
        names, tuples where they have several levels; the values, `(rows, columns)`.

    Raises:
        KeypointFileError: If the table is of another kind, or a pickle asks for
            anything but names.
    """
    kind = group.attrs["pandas_type"]
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if kind not in _FORMATS:
        raise KeypointFileError(
            f"{path}: expected a table (DataFrame) of pandas, found {kind!r}."
        )
    if kind == "frame":
        index, columns, values = _fixed(group)
    else:
        index, columns, values = _appendable(path, group)
    values = np.concatenate(values, axis=1).astype(float)
    if values.shape != (len(index), len(columns)):
        raise KeypointFileError(
            f"{path}: {len(index)} rows and {len(columns)} columns have names, the "
            f"table is {values.shape}."
        )
    return [_frame(row) for row in index], columns, values


def _appendable(path, group):
    table = group["table"]
    rows = table[()]
    blocks = [name for name in rows.dtype.names if name.startswith("values_block_")]
    columns = []
    for block in blocks:
        columns += _unpickle(path, table.attrs[f"{block}_kind"])
    values = [rows[block].reshape(len(rows), -1) for block in blocks]
    return rows["index"].tolist(), columns, values


def _fixed(group):
    columns, values = [], []
    for block in range(int(group.attrs["nblocks"])):
        stored = group[f"block{block}_values"]
        numbers = stored[()]
        values.append(numbers if stored.attrs.get("transposed") else numbers.T)
        columns += _axis(group, f"block{block}_items")
    return _axis(group, "axis1"), columns, values


def _axis(group, name):
    """An index; tuples where it has several levels."""
    if name in group:
        return [_plain(value) for value in group[name][()].tolist()]
    levels = []
    for level in range(int(group.attrs[f"{name}_nlevels"])):
        names = [_plain(v) for v in group[f"{name}_level{level}"][()].tolist()]
        labels = group[f"{name}_label{level}"][()].tolist()
        levels.append([names[label] for label in labels])
    return list(zip(*levels))


class _NamesOnly(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _unpickle(path, pickled):
    try:
        return list(_NamesOnly(io.BytesIO(bytes(pickled))).load())
    except Exception as error:  # Damaged pickles raise errors of every kind.
        raise KeypointFileError(
            f"{path}: the columns' names are pickled, expected plain names: {error}."
        ) from error


def _plain(value):
    return value.decode() if isinstance(value, bytes) else value


def _frame(row):
    parts = row if isinstance(row, tuple) else (row,)
    name = "/".join(str(_plain(part)) for part in parts)
    return cell_name(name)
