"""An ONNX export appears whole or not at all, and says what stopped it."""

import importlib.util
import pathlib

import keras
import pytest

for module in ("onnx", "tf2onnx"):
    pytest.importorskip(module)

from propose_keras.serving import onnx_model
from propose_keras.serving.onnx_conversion import to_onnx
from propose_keras.serving.onnx_model import export_onnx
from propose_keras.serving.onnx_programs import OnnxProgram

FILES = ("lift.onnx", "hypotheses.onnx", "coco17.onnx")
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


@pytest.fixture
def converts_at_once(monkeypatch):
    """Replaces the conversion where only what comes after it is tested."""

    def convert(model, settings):
        return dict.fromkeys(FILES, b"content")

    monkeypatch.setattr(onnx_model, "_convert", convert)
    monkeypatch.setattr(onnx_model, "_convert_elsewhere", convert)


def test_existing_folders_are_kept(served_model, tmp_path, converts_at_once):
    (tmp_path / "1").mkdir()
    with pytest.raises(FileExistsError, match="not overwritten. Choose another"):
        export_onnx(served_model, str(tmp_path / "1"))
    assert not list((tmp_path / "1").iterdir())
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError, match="is a file; a folder was expected"):
        export_onnx(served_model, tmp_path / "file" / "1")
    with pytest.raises(OSError):
        export_onnx(served_model, tmp_path / "file" / "2" / "1")
    assert (tmp_path / "file").read_text() == "mine"


def test_nothing_is_left_where_writing_fails(
    served_model, tmp_path, converts_at_once, monkeypatch
):
    write_bytes = pathlib.Path.write_bytes

    def fill_the_disk(path, content):
        if path.name == FILES[1]:
            raise OSError("No space left")
        return write_bytes(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(pathlib.Path, "write_bytes", fill_the_disk)
        with pytest.raises(OSError, match="No space left"):
            export_onnx(served_model, tmp_path / "1")
    assert not list(tmp_path.iterdir())
    assert export_onnx(served_model, tmp_path / "1") == tmp_path / "1"


def test_nothing_is_left_where_converting_fails(served_model, tmp_path, monkeypatch):
    if ON_TENSORFLOW:
        import tf2onnx

        def fail(*args, **kwargs):
            raise RuntimeError("cannot be converted")

        monkeypatch.setattr(tf2onnx.convert, "from_graph_def", fail)
        message = "cannot be converted"
    else:
        monkeypatch.setattr(
            served_model, "save", lambda path: path.write_bytes(b"no model")
        )
        message = "(?s)second process.*failed with code 1: .*model.keras.*KERAS_BACKEND"
    with pytest.raises(RuntimeError, match=message):
        export_onnx(served_model, tmp_path / "new" / "1")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not ON_TENSORFLOW, reason="what JAX's second process does")
def test_operations_that_onnx_lacks_are_named():
    program = OnnxProgram(
        {"x": ("batch", 2)}, {"y": ("batch", 2)}, lambda x: {"y": keras.ops.erfinv(x)}
    )
    with pytest.raises(ValueError, match="tf2onnx cannot convert TensorFlow's Erfinv"):
        to_onnx(program, [], {})


@pytest.mark.parametrize("missing", [["onnx"], ["onnx", "tf2onnx"]])
def test_missing_packages_are_named(served_model, tmp_path, monkeypatch, missing):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *args: None if name in missing else find_spec(name, *args),
    )
    names = " and ".join(missing)
    message = rf'needs {names}: pip install "\.\[onnx\]"'
    with pytest.raises(ImportError, match=message):
        export_onnx(served_model, tmp_path / "1")
    assert not list(tmp_path.iterdir())


def test_settings_out_of_range_are_told(served_model, tmp_path):
    for settings in ({"score_threshold": 1.5}, {"keypoint_noise": float("nan")}):
        with pytest.raises(ValueError, match=r"in 0\.\.1|at least 0 mm"):
            export_onnx(served_model, tmp_path / "1", **settings)
    assert not list(tmp_path.iterdir())
