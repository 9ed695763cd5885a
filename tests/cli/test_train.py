"""`train.py` as its users start it: real processes, really killed."""

import contextlib
import csv
import io
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from absl import flags

from propose_keras import DeterministicLifter, ProPose
from propose_keras.cli import train, training_flags
from propose_keras.cli.errors import UserError
from propose_keras.comparators import GaussianLifter

ROOT = pathlib.Path(__file__).parents[2]
TINY = [
    "--dataset=synthetic_human/tiny",
    "--latent_size=4",
    "--width=8",
    "--num_blocks=1",
    "--num_couplings=1",
    "--batch_size=16",
    "--num_steps=400",
    "--checkpoint_interval=80",
    "--training_hypotheses=4",
    "--dropout=0.1",
    "--ema_momentum=0.9",
    # JAX ignores this; TensorFlow starts faster without XLA.
    *(["--nojit_compile"] if keras.backend.backend() == "tensorflow" else []),
]


@pytest.fixture(scope="module")
def data_flag(synthetic_data_dir):
    return f"--data_dir={synthetic_data_dir}"


@pytest.fixture(scope="module")
def start(data_flag, tmp_path_factory):
    """Starts `train.py` on the tiny data; further flags come last and win."""
    cache = str(tmp_path_factory.mktemp("cache"))
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": cache}
    environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

    def start(workdir, *flags):
        program = [sys.executable, str(ROOT / "train.py")]
        return subprocess.Popen(
            [*program, *TINY, data_flag, f"--workdir={workdir}", *flags],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="module")
def execute(data_flag):
    """Does in this process what `train.py` does; returns what it prints."""

    def execute(workdir, *others):
        values = flags.FlagValues()
        training_flags.define_flags(values)
        values(["train", *TINY, data_flag, f"--workdir={workdir}", *others])
        with contextlib.redirect_stdout(io.StringIO()) as output:
            train.execute(values)
        return output.getvalue()

    return execute


def finish(process):
    output, errors = process.communicate(timeout=300)
    return process.returncode, output, errors


@pytest.fixture(scope="module")
def finished(start, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("straight")
    code, output, errors = finish(start(workdir))
    assert code == 0, errors
    return workdir, output


def test_a_run_leaves_what_it_promises(finished):
    workdir, output = finished
    assert "training poses" in output
    assert "val_mpjpe" in output
    names = {p.name for p in workdir.iterdir()}
    assert names == {
        *("model.keras", "best.keras", "checkpoints", "logs"),
        *("train.flags", "configuration.json", "history.csv"),
    }
    # Without the optimizers, which are in the checkpoints.
    checkpoint = workdir / "checkpoints" / "step_00000400" / "state.weights.h5"
    assert (workdir / "model.keras").stat().st_size < checkpoint.stat().st_size
    assert (workdir / "checkpoints" / "step_00000400").is_dir()
    assert any((workdir / "logs").iterdir())
    assert "--width=8" in (workdir / "train.flags").read_text().splitlines()


def test_logs_hold_losses_and_validation(finished):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(finished[0] / "logs"))
    events.Reload()
    assert {"recon_3d", "nll", "val_mpjpe", "val_mpjpe_10"} <= set(
        events.Tags()["tensors"]
    )
    steps = [e.step for e in events.Tensors("val_mpjpe")]
    assert steps == [80, 160, 240, 320, 400]


def test_history_is_the_curve_of_error_against_poses_seen(finished):
    with open(finished[0] / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    seen = [float(row["million_poses"]) for row in rows]
    assert seen == pytest.approx([i * 80 * 16 / 1e6 for i in range(1, 6)])
    assert all(float(row["poses_per_second"]) > 0 for row in rows)
    assert all(float(row["val_mpjpe"]) > 0 for row in rows)


def test_the_deterministic_reference_trains_and_goes_on(execute, tmp_path):
    flags = ["--model=deterministic", "--num_steps=160", "--validation_subject="]
    # As the preset is trained: several data sets and everything drawn anew.
    flags += ["--dataset=synthetic_human/tiny, synthetic_human/tiny", "--root=ray"]
    flags += ["--other_bodies=0.05", "--other_cameras", "--detection_errors=0.05"]
    for name in "ab":
        output = execute(tmp_path / name, *flags)
        assert "val_mpjpe" not in output
        assert "4,800 training poses" in output
    # A run that was stopped after its first checkpoint.
    (tmp_path / "b" / "model.keras").unlink()
    shutil.rmtree(tmp_path / "b" / "checkpoints" / "step_00000160")
    output = execute(tmp_path / "b", *flags)
    assert "Going on from step 80 of 160" in output
    with open(tmp_path / "b" / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["80", "160"]
    assert set(rows[0]) == {
        *("step", "loss", "mpjpe", "poses_per_second", "million_poses")
    }
    straight, resumed = (
        keras.saving.load_model(tmp_path / name / "model.keras") for name in "ab"
    )
    assert isinstance(resumed, DeterministicLifter)
    for a, b in zip(straight.trainable_variables, resumed.trainable_variables):
        np.testing.assert_array_equal(np.array(a), np.array(b), err_msg=a.path)


def test_a_comparator_trains_and_goes_on(execute, tmp_path):
    flags = ["--model=gaussian", "--num_steps=160"]
    for name in "ab":
        assert "Without effect on --model=gaussian" in execute(tmp_path / name, *flags)
    # A run that was stopped after its first checkpoint.
    (tmp_path / "b" / "model.keras").unlink()
    shutil.rmtree(tmp_path / "b" / "checkpoints" / "step_00000160")
    assert "Going on from step 80 of 160" in execute(tmp_path / "b", *flags)
    straight, resumed = (
        keras.saving.load_model(tmp_path / name / "model.keras") for name in "ab"
    )
    assert isinstance(resumed, GaussianLifter)
    assert int(np.array(resumed.step)) == 160
    for a, b in zip(straight.variables, resumed.variables):
        np.testing.assert_array_equal(np.array(a), np.array(b), err_msg=a.path)
    with open(tmp_path / "b" / "history.csv", newline="") as file:
        assert {"loss", "nll", "val_mpjpe", "val_mpjpe_10"} <= set(
            next(csv.reader(file))
        )


def test_killed_and_resumed_run_ends_with_the_same_weights(finished, start, tmp_path):
    process = start(tmp_path)
    checkpoints = tmp_path / "checkpoints"
    deadline = time.monotonic() + 300
    while not list(checkpoints.glob("step_*")):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stderr.close()
    code, output, errors = finish(start(tmp_path))
    assert code == 0, errors
    assert "Going on from step" in output
    straight = keras.saving.load_model(finished[0] / "model.keras")
    resumed = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(resumed, ProPose)
    for a, b in zip(straight.trainable_variables, resumed.trainable_variables):
        np.testing.assert_array_equal(np.array(a), np.array(b), err_msg=a.path)


def test_a_finished_run_is_left_alone(finished, execute):
    workdir, _ = finished
    before = (workdir / "model.keras").stat().st_mtime_ns
    assert "nothing to do" in execute(workdir)
    assert (workdir / "model.keras").stat().st_mtime_ns == before


def test_a_folder_of_something_else_is_refused(execute, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"mine")
    with pytest.raises(UserError, match="no configuration.json"):
        execute(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--width=16", "--width: 8 there, 16 now"),
        ("--num_steps=130", "not a multiple"),
        ("--nll_weight=0", "end_to_end"),
        ("--dataset=human36m/gt", "tfds build datasets/human36m"),
        ("--validation_subject=S77", "S77"),
    ],
)
def test_mistakes_are_user_errors(finished, execute, tmp_path, flag, message):
    # Another configuration is a mistake in a folder that holds a run.
    workdir = finished[0] if flag == "--width=16" else tmp_path / "run"
    with pytest.raises(UserError, match=message):
        execute(workdir, flag)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("flag", ["--scheme=other", "--no_such_flag"])
def test_wrong_flags_end_with_one_clear_error(start, tmp_path, flag):
    code, _, errors = finish(start(tmp_path / "run", flag))
    assert code == 2
    assert "Traceback" not in errors
    assert flag[2:].partition("=")[0] in errors
    assert not (tmp_path / "run").exists()
