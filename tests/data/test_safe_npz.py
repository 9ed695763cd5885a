import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from propose_keras.data import safe_npz


def _write_member(path, payload: bytes, shape=()):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|O", "fortran_order": False, "shape": shape}
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.npy", header.getvalue() + payload)
    return path


def _pickled(value, protocol=4):
    array = np.empty((), object)
    array[()] = value
    return pickle.dumps(array, protocol=protocol)


@pytest.mark.parametrize("compressed", [False, True])
def test_nested_values_come_back_as_numpy_would_load_them(tmp_path, compressed):
    positions = {
        "S1": {
            "Walking 1": np.arange(12, dtype=np.float32).reshape(2, 2, 3),
            "views": [np.asfortranarray(np.eye(3)[:, :2]), np.arange(3)],
        },
        "names": ("a", b"b", 3, 2.5, None, True, np.float32(0.5), np.int64(7)),
        "text": np.array(["left", "right"]),
        "big_endian": np.arange(3, dtype=">f8"),
    }
    objects = np.empty(2, object)
    objects[:] = [np.zeros((2, 2)), {"k": [1]}]
    save = np.savez_compressed if compressed else np.savez
    path = tmp_path / "set.npz"
    save(path, positions_3d=positions, plain=np.ones((2, 3)), objects=objects)
    loaded = safe_npz.load_npz(path, ["positions_3d", "plain"], ["objects", "absent"])
    assert sorted(loaded) == ["objects", "plain", "positions_3d"]
    with np.load(path, allow_pickle=True) as expected:
        np.testing.assert_equal(loaded["positions_3d"], expected["positions_3d"].item())
        np.testing.assert_equal(loaded["plain"], expected["plain"])
        np.testing.assert_equal(loaded["objects"][0], expected["objects"][0])
        assert loaded["objects"][1] == {"k": [1]}
    loaded["positions_3d"]["S1"]["Walking 1"][0] = 0  # arrays are writable


@pytest.mark.parametrize("protocol", range(6))
def test_every_pickle_protocol_is_read(tmp_path, protocol):
    value = {"pose": np.linspace(0, 1, 6).reshape(3, 2), "scalar": np.float64(2.5)}
    path = _write_member(tmp_path / "set.npz", _pickled(value, protocol))
    np.testing.assert_equal(safe_npz.load_npz(path, ["data"])["data"], value)


class _Call:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("function", [os.system, eval, exec, open, np.load, getattr])
def test_attack_is_refused_and_not_executed(tmp_path, function):
    evidence = tmp_path / "evidence"
    argument = f"touch {evidence}" if function is os.system else str(evidence)
    path = _write_member(tmp_path / "evil.npz", _pickled(_Call(function, argument)))
    with pytest.raises(safe_npz.NpzError, match=r"evil\.npz.*not allowed"):
        safe_npz.load_npz(path, ["data"])
    assert not evidence.exists()


def test_keys_that_were_not_asked_for_are_not_read(tmp_path):
    path = tmp_path / "mixed.npz"
    np.savez(path, good=np.ones(2), evil=np.array(_Call(os.system, "false"), object))
    assert list(safe_npz.load_npz(path, ["good"])) == ["good"]


def _dtype_pickle(state):
    """An object array given as raw bytes: it would be taken for pointers."""
    return pickle.dumps(_RawArray(state), protocol=2)


class _RawArray:
    def __init__(self, dtype_state):
        self.dtype_state = dtype_state

    def __reduce__(self):
        dtype = _RawDType(self.dtype_state)
        return (
            np.empty(0).__reduce__()[0],
            (np.ndarray, (0,), b"b"),
            (1, (1,), dtype, False, b"\x01" * 8),
        )


class _RawDType:
    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        return np.dtype, ("O8", False, True), self.state


def test_object_pointers_as_bytes_are_refused(tmp_path):
    state = (3, "|", None, None, None, -1, -1, 0)
    path = _write_member(tmp_path / "raw.npz", _dtype_pickle(state), shape=(1,))
    with pytest.raises(safe_npz.NpzError, match="raw bytes"):
        safe_npz.load_npz(path, ["data"])


def test_structured_dtype_is_refused(tmp_path):
    path = tmp_path / "set.npz"
    record = {"x": np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])}
    np.savez(path, data=np.array(record, object))
    with pytest.raises(safe_npz.NpzError, match="structured"):
        safe_npz.load_npz(path, ["data"])


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_truncated_archive(tmp_path, kept):
    path = tmp_path / "cut.npz"
    np.savez(path, data=np.array({"S1": np.random.default_rng(0).random(1000)}, object))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(safe_npz.NpzError, match=r"cut\.npz.*(cut short|zip)"):
        safe_npz.load_npz(path, ["data"])


def test_truncated_pickle_and_wrong_shape(tmp_path):
    payload = _pickled({"S1": np.arange(100)})
    path = _write_member(tmp_path / "cut.npz", payload[:-40])
    with pytest.raises(safe_npz.NpzError, match=r"'data' of .*cut\.npz"):
        safe_npz.load_npz(path, ["data"])
    path = _write_member(tmp_path / "shape.npz", payload, shape=(3,))
    with pytest.raises(safe_npz.NpzError, match=r"announces .* \(3,\)"):
        safe_npz.load_npz(path, ["data"])


def test_flipped_bits_are_noticed(tmp_path):
    path = tmp_path / "set.npz"
    np.savez(path, data=np.arange(1000.0))
    content = bytearray(path.read_bytes())
    content[4000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(safe_npz.NpzError, match="CRC"):
        safe_npz.load_npz(path, ["data"])


def test_missing_file_missing_key_and_not_a_zip(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        safe_npz.load_npz(tmp_path / "none.npz", ["data"])
    path = tmp_path / "set.npz"
    np.savez(path, other=np.ones(1))
    with pytest.raises(safe_npz.NpzError, match=r"lacks .*'data'.*'other'"):
        safe_npz.load_npz(path, ["data"])
    path.write_text("<html>Quota exceeded</html>")
    with pytest.raises(safe_npz.NpzError, match=r"set\.npz is not an npz"):
        safe_npz.load_npz(path, ["data"])


def test_header_that_is_no_literal(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((3, 17, 2)))
    broken = buffer.getvalue().replace(b"(3, 17, 2)", b"(3, 17, 2 ")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", broken)
    with pytest.raises(safe_npz.NpzError, match="Cannot read the entry 'a'"):
        safe_npz.load_npz(tmp_path / "a.npz", ("a",))
