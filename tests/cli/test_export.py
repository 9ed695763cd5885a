"""How `propose-export` refuses what it cannot do."""

import importlib.util
import json
import os
import subprocess
import sys

import keras
import pytest
from absl import flags

from propose_keras.cli import export
from propose_keras.cli.errors import UserError
from propose_keras.inference import load_model
from propose_keras.model import ProPose
from propose_keras.presets import preset_training

if importlib.util.find_spec("tensorflow_serving") is None:
    pytest.skip("needs the extra serving", allow_module_level=True)

from propose_keras.serving import saved_model, server_files


def execute(*arguments):
    values = flags.FlagValues()
    export.define_flags(values)
    values(["export", *map(str, arguments)])
    export.execute(values)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    model = ProPose.from_sizes(latent_size=2, width=2, num_blocks=0, num_couplings=1)
    model.save(folder / "model.keras")
    return folder


@pytest.mark.parametrize("missing", ["workdir", "output", "version"])
def test_required_flags(tmp_path, missing):
    given = {"workdir": tmp_path, "output": tmp_path / "served", "version": 1}
    del given[missing]
    with pytest.raises(UserError, match=f"--{missing} is required"):
        execute(*(f"--{k}={v}" for k, v in given.items()))


@pytest.mark.parametrize(
    "flag",
    ["--version=one", "--version=1.5", "--version=0", "--version=-1"]
    + ["--num_hypotheses=0", "--num_hypotheses=many"]
    + ["--score_threshold=1.5", "--score_threshold=high", "--keypoint_noise=-1"],
)
def test_wrong_numbers(tmp_path, flag):
    name = flag.partition("=")[0].removeprefix("--")
    with pytest.raises(flags.IllegalFlagValueError, match=name):
        execute(f"--workdir={tmp_path}", f"--output={tmp_path / 'x'}", flag)
    assert not (tmp_path / "x").exists()


def test_presets_and_onnx(workdir, tmp_path):
    pytest.importorskip("tf2onnx", reason="needs the extra onnx")
    load_model(workdir / "model.keras").save_to_preset(tmp_path / "mine")
    preset, output = f"--preset={tmp_path / 'mine'}", f"--output={tmp_path / 'served'}"
    execute(preset, output, "--version=3", "--format=onnx")
    assert {path.name for path in (tmp_path / "served" / "3").iterdir()} == {
        *("coco17.onnx", "hypotheses.onnx", "lift.onnx")
    }
    with pytest.raises(UserError, match="3 exists"):
        execute(preset, output, "--version=3", "--format=onnx")
    with pytest.raises(UserError, match="no preset 'nobody'"):
        execute("--preset=nobody", output, "--version=4")
    with pytest.raises(UserError, match="not both"):
        execute(preset, f"--workdir={workdir}", output, "--version=4")


@pytest.mark.parametrize(
    ("form", "extra"), [("onnx", "onnx"), ("saved_model", "serving")]
)
def test_missing_packages_are_named(workdir, tmp_path, monkeypatch, form, extra):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=rf'pip install "\.\[{extra}\]"'):
        execute(
            *(f"--workdir={workdir}", f"--output={tmp_path / 'x'}"),
            *("--version=1", f"--format={form}"),
        )
    assert not (tmp_path / "x").exists()


def test_no_model(tmp_path):
    arguments = f"--workdir={tmp_path}", f"--output={tmp_path / 'x'}", "--version=1"
    with pytest.raises(UserError, match=r"There is no .*model\.keras\. Train a model"):
        execute(*arguments)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("damage", ["truncated", "text", "other"])
def test_damaged_model(workdir, tmp_path, damage):
    path = tmp_path / "model.keras"
    content = (workdir / "model.keras").read_bytes()
    if damage == "other":
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path)
    else:
        path.write_bytes(content[:1000] if damage == "truncated" else b"no model")
    with pytest.raises(UserError, match=r"Cannot read .*|holds a Sequential"):
        execute(f"--workdir={tmp_path}", f"--output={tmp_path / 'x'}", "--version=1")
    assert not (tmp_path / "x").exists()


def test_existing_version_is_kept(workdir, tmp_path):
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "saved_model.pb").write_text("in service")
    with pytest.raises(UserError, match="not overwritten.*Choose a higher version"):
        execute(f"--workdir={workdir}", f"--output={tmp_path}", "--version=2")
    assert (tmp_path / "2" / "saved_model.pb").read_text() == "in service"
    assert [p.name for p in tmp_path.iterdir()] == ["2"]


@pytest.mark.parametrize("beneath", ["", "/models"])
def test_output_that_is_a_file(workdir, tmp_path, beneath):
    (tmp_path / "file").write_text("kept")
    output = f"{tmp_path}/file{beneath}"
    with pytest.raises(UserError, match="Cannot write to --output="):
        execute(f"--workdir={workdir}", f"--output={output}", "--version=1")
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_output_without_permission(workdir, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UserError, match="Cannot write to --output="):
            execute(f"--workdir={workdir}", f"--output={tmp_path}", "--version=1")
    finally:
        tmp_path.chmod(0o700)
    assert not list(tmp_path.iterdir())


def test_full_disk_leaves_nothing(workdir, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saved_model, "write_warmup_requests", fail)
    with pytest.raises(UserError, match="Cannot write to .*No space left"):
        execute(f"--workdir={workdir}", f"--output={tmp_path}", "--version=1")
    assert not list(tmp_path.iterdir())


def test_next_version_keeps_the_servers_files(tmp_path):
    (tmp_path / "batching.config").write_text("mine")
    server_files.write_server_files(tmp_path)
    assert (tmp_path / "batching.config").read_text() == "mine"
    assert (tmp_path / "models.config").exists()


def test_program_ends_with_code_2(tmp_path):
    process = subprocess.run(
        [
            *(sys.executable, "-m", "propose_keras.cli.export"),
            *(f"--workdir={tmp_path}", f"--output={tmp_path / 'x'}", "--version=1"),
        ],
        capture_output=True,
        text=True,
    )
    assert process.returncode == 2
    assert "Error: There is no " in process.stderr
    assert "Traceback" not in process.stderr
    assert not (tmp_path / "x").exists()


def test_missing_extra_is_named(workdir, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    with pytest.raises(UserError, match=r"tensorflow_serving.*\[serving\]"):
        execute(f"--workdir={workdir}", f"--output={tmp_path / 'x'}", "--version=1")
    assert not (tmp_path / "x").exists()


def test_a_run_becomes_a_preset(workdir, tmp_path):
    record = {"dataset": "cmu_mocap", "validation_subject": "", "seed": 3}
    (workdir / "configuration.json").write_text(json.dumps(record))
    output = tmp_path / "mine"
    execute(f"--workdir={workdir}", f"--output={output}", "--format=preset")
    whole = (output / "model.weights.h5").stat().st_size
    assert isinstance(load_model(output), ProPose)
    assert preset_training(output) == {"dataset": "cmu_mocap", "validation_subject": ""}
    half = ("--format=preset", "--half_precision")
    execute(f"--preset={output}", f"--output={tmp_path / 'half'}", *half)
    assert preset_training(tmp_path / "half") == preset_training(output)
    assert (tmp_path / "half" / "model.weights.h5").stat().st_size < whole
    with pytest.raises(UserError, match="half_precision is of --format=preset only"):
        execute(f"--workdir={workdir}", "--output=x", "--version=1", "--half_precision")
