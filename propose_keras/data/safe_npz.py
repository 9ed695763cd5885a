"""Reads npz archives that hold pickles, without executing what a pickle asks for.

The field's npz files (VideoPose3D's, P-STMO's) wrap dictionaries of arrays in a
pickled object array. Python's unpickler calls whatever a file names, so a file
from a stranger can run code. Here only arrays, numbers, strings, bytes, None,
lists, tuples and dictionaries come out: the few NumPy functions that such a
pickle names are replaced by plain records, which are checked before an array is
made of their bytes.
"""

import collections
import os
import pickle
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from typing import IO, Any, BinaryIO

import numpy as np

from propose_keras.data.errors import DataFileError

_PLAIN_KINDS = "biufcSU"
# All that reading a damaged or hostile archive is known to raise, memory errors
# for absurd declared sizes included.
_DAMAGE = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError),
    *(EOFError, MemoryError, RecursionError, OSError, NotImplementedError),
    *(pickle.UnpicklingError, zipfile.BadZipFile, zlib.error, RuntimeError),
    # NumPy retries a header that is no Python literal token by token.
    *(SyntaxError, tokenize.TokenError),
)


class NpzError(DataFileError):
    """A file is not the npz archive that was expected; the message says why."""


def load_npz(
    path: str | os.PathLike | BinaryIO,
    allowed_keys: Iterable[str],
    optional_keys: Iterable[str] = (),
) -> dict[str, Any]:
    """Loads known entries of an npz archive; nothing in the file is executed.

    Args:
        path: The archive, or a binary file object open on it.
        allowed_keys: Entries to load. Each must be there.
        optional_keys: Entries to load if they are there.

    Returns:
        `{key: value}`. A plain entry is an array; a pickled entry is what was
        pickled (a 0-d object array is unwrapped to its item). Entries named in
        neither argument are not read.

    Raises:
        FileNotFoundError: If there is no such file.
        NpzError: If the file is truncated, not an npz archive, lacks a key, or
            holds a pickle that asks for anything but arrays and plain values.
    """
    allowed_keys, optional_keys = list(allowed_keys), list(optional_keys)
    name: Any = path
    if not isinstance(path, str | os.PathLike):
        name = getattr(path, "name", path)
    elif not os.path.isfile(path):
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise NpzError(
            f"{name} is not an npz (zip) archive or is cut short: {error}. "
            "Download it again."
        ) from error
    with archive:
        present = {m.removesuffix(".npy") for m in archive.namelist()}
        missing = [key for key in allowed_keys if key not in present]
        if missing:
            raise NpzError(
                f"{name} lacks the entries {missing}; it holds {sorted(present)[:20]}."
            )
        wanted = allowed_keys + [key for key in optional_keys if key in present]
        return {key: _load_entry(archive, key, name) for key in wanted}


def _load_entry(archive: zipfile.ZipFile, key: str, name: Any) -> Any:
    member = f"{key}.npy" if f"{key}.npy" in archive.namelist() else key
    try:
        with archive.open(member) as file:
            value = _read_npy(file)
            # Reading to the end makes zipfile compare the checksum.
            if file.read(1):
                raise ValueError("bytes follow the array")
            return value
    except _DAMAGE as error:
        raise NpzError(
            f"Cannot read the entry {key!r} of {name}: {error or type(error).__name__}."
        ) from error


def _read_npy(file: IO[bytes]) -> Any:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"npy format version {version}; expected (1, 0) or (2, 0)")
    if not dtype.hasobject:
        # `read_array` wants the file from its magic string on.
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
    array = _resolve(_PlainUnpickler(file).load())
    if not isinstance(array, np.ndarray) or array.shape != shape:
        raise ValueError(
            f"the header announces an object array of shape {shape}, the pickle "
            f"holds {type(array).__name__} of shape {np.shape(array)}"
        )
    return array.item() if array.ndim == 0 else array


class _DType:
    """A pickle's description of a dtype: `dtype(descr, align, copy)` and its state."""

    __slots__ = ("descr", "byte_order")
    byte_order: Any

    def __init__(self, descr, align=False, copy=False):
        del align, copy
        self.descr, self.byte_order = descr, "|"

    def __setstate__(self, state):
        _, self.byte_order, subarray, names, fields, *_ = state
        if subarray is not None or names is not None or fields is not None:
            raise pickle.UnpicklingError("structured dtypes are not allowed")

    def dtype(self) -> np.dtype:
        """The checked dtype: a plain number or string, or object."""
        dtype = np.dtype(self.descr) if isinstance(self.descr, str) else None
        if dtype is None or dtype.names or dtype.kind not in f"{_PLAIN_KINDS}O":
            raise pickle.UnpicklingError(f"dtype {self.descr!r} is not allowed")
        return dtype.newbyteorder(self.byte_order) if self.byte_order in "<>" else dtype


class _Array:
    """A pickle's description of an array; its state arrives after the object."""

    __slots__ = ("state",)

    def __init__(self, *unused):
        self.state: Any = None

    def __setstate__(self, state):
        _, shape, dtype, fortran, data = state
        self.state = shape, dtype, "F" if fortran else "C", data


def _scalar(dtype: _DType, data: bytes = b""):
    return np.frombuffer(data, _plain_dtype(dtype), count=1)[0]


def _from_buffer(data, dtype: _DType, shape, order):
    array = np.frombuffer(data, _plain_dtype(dtype)).reshape(shape, order=order)
    return array.copy()


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"text encoding {encoding!r} is not allowed")
    return text.encode("latin1")


class _Function:
    """Keeps a pickle's BUILD instruction from writing to a function's attributes."""

    __slots__ = ("_function",)

    def __init__(self, function):
        object.__setattr__(self, "_function", function)

    def __setattr__(self, name, value):
        raise pickle.UnpicklingError("functions cannot be changed")

    def __call__(self, *args):
        return self._function(*args)


_GLOBALS = {
    **{
        (f"numpy.{core}.multiarray", function): _Function(replacement)
        for core in ("core", "_core")
        for function, replacement in (("_reconstruct", _Array), ("scalar", _scalar))
    },
    **{
        (f"numpy.{core}.numeric", "_frombuffer"): _Function(_from_buffer)
        for core in ("core", "_core")
    },
    ("numpy", "ndarray"): _Function(_Array),
    ("numpy", "dtype"): _Function(_DType),
    ("_codecs", "encode"): _Function(_encode),
    ("collections", "OrderedDict"): _Function(collections.OrderedDict),
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        try:
            return _GLOBALS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"its pickle asks for {module}.{name}, which is not allowed: only "
                "arrays, numbers, strings, lists, tuples and dictionaries are. The "
                "file is not what it claims to be; do not load it by other means"
            ) from None

    def persistent_load(self, pid):
        raise pickle.UnpicklingError("its pickle refers to objects outside the file")


def _plain_dtype(dtype: Any) -> np.dtype:
    if not isinstance(dtype, _DType):
        raise pickle.UnpicklingError("an array without a dtype")
    plain = dtype.dtype()
    if plain.hasobject:
        raise pickle.UnpicklingError("objects given as raw bytes")
    return plain


def _resolve(value: Any) -> Any:
    """Turns the records in an unpickled value into arrays."""
    if isinstance(value, _Array):
        return _resolve_array(value)
    if isinstance(value, dict):
        return {_resolve(k): _resolve(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_resolve(v) for v in value)
    plain = (str, bytes, bytearray, int, float, complex, np.generic, np.ndarray)
    if value is None or isinstance(value, plain):
        return value
    raise pickle.UnpicklingError(f"a {type(value).__name__} among the values")


def _resolve_array(record: _Array) -> np.ndarray:
    """Makes the array once; the record then keeps it in place of its bytes."""
    if record.state is None:
        raise pickle.UnpicklingError("an array without contents")
    if isinstance(record.state, np.ndarray):
        return record.state
    shape, dtype, order, data = record.state
    if not isinstance(dtype, _DType):
        raise pickle.UnpicklingError("an array without a dtype")
    if not dtype.dtype().hasobject:
        record.state = _from_buffer(data, dtype, shape, order)
        return record.state
    if not isinstance(data, list):
        raise pickle.UnpicklingError("objects given as raw bytes")
    array = np.empty(len(data), object)
    for index, item in enumerate(data):
        array[index] = _resolve(item)
    record.state = array.reshape(shape, order=order)
    return record.state
