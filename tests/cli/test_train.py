"""`train.py` as its users start it: real processes, really killed."""

import csv
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

from propose_keras import DeterministicLifter, ProPose

ROOT = pathlib.Path(__file__).parents[2]
TINY = [
    "--dataset=synthetic_human/tiny",
    "--latent_size=4",
    "--width=8",
    "--num_blocks=1",
    "--num_couplings=2",
    "--batch_size=16",
    "--num_steps=1000",
    "--checkpoint_interval=200",
    "--training_hypotheses=4",
    "--dropout=0.1",
    "--ema_momentum=0.9",
    # JAX ignores this; TensorFlow starts faster without XLA.
    *(["--nojit_compile"] if keras.backend.backend() == "tensorflow" else []),
]


@pytest.fixture(scope="module")
def start(synthetic_data_dir, tmp_path_factory):
    """Starts `train.py` on the tiny data; further flags come last and win."""
    cache = str(tmp_path_factory.mktemp("cache"))
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": cache}
    environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

    def start(workdir, *flags):
        return subprocess.Popen(
            [
                *(sys.executable, str(ROOT / "train.py"), *TINY),
                f"--data_dir={synthetic_data_dir}",
                f"--workdir={workdir}",
                *flags,
            ],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


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
    checkpoint = workdir / "checkpoints" / "step_00001000" / "state.weights.h5"
    assert (workdir / "model.keras").stat().st_size < checkpoint.stat().st_size
    assert (workdir / "checkpoints" / "step_00001000").is_dir()
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
    assert steps == [200, 400, 600, 800, 1000]


def test_history_is_the_curve_of_error_against_poses_seen(finished):
    with open(finished[0] / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    seen = [float(row["million_poses"]) for row in rows]
    assert seen == pytest.approx([i * 200 * 16 / 1e6 for i in range(1, 6)])
    assert all(float(row["poses_per_second"]) > 0 for row in rows)
    assert all(float(row["val_mpjpe"]) > 0 for row in rows)


def test_the_deterministic_reference_trains_and_goes_on(start, tmp_path):
    flags = ["--model=deterministic", "--num_steps=400", "--validation_subject="]
    # As the preset is trained: several data sets and everything drawn anew.
    flags += ["--dataset=synthetic_human/tiny, synthetic_human/tiny", "--root=ray"]
    flags += ["--other_bodies=0.05", "--other_cameras", "--detection_errors=0.05"]
    processes = [start(tmp_path / name, *flags) for name in "ab"]
    for process in processes:
        code, output, errors = finish(process)
        assert code == 0, errors
        assert "val_mpjpe" not in output
        assert "4,800 training poses" in output
    # A run that was stopped after its first checkpoint.
    (tmp_path / "b" / "model.keras").unlink()
    shutil.rmtree(tmp_path / "b" / "checkpoints" / "step_00000400")
    code, output, errors = finish(start(tmp_path / "b", *flags))
    assert code == 0, errors
    assert "Going on from step 200 of 400" in output
    with open(tmp_path / "b" / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["200", "400"]
    assert set(rows[0]) == {
        *("step", "loss", "mpjpe", "poses_per_second", "million_poses")
    }
    straight, resumed = (
        keras.saving.load_model(tmp_path / name / "model.keras") for name in "ab"
    )
    assert isinstance(resumed, DeterministicLifter)
    for a, b in zip(straight.trainable_variables, resumed.trainable_variables):
        np.testing.assert_array_equal(np.array(a), np.array(b), err_msg=a.path)


def test_killed_and_resumed_run_ends_with_the_same_weights(finished, start, tmp_path):
    process = start(tmp_path)
    checkpoints = tmp_path / "checkpoints"
    deadline = time.monotonic() + 300
    while not list(checkpoints.glob("step_*")):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(np.random.default_rng().uniform(0, 0.1))
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


def test_a_finished_run_is_left_alone(finished, start):
    workdir, _ = finished
    before = (workdir / "model.keras").stat().st_mtime_ns
    code, output, _ = finish(start(workdir))
    assert code == 0
    assert "nothing to do" in output
    assert (workdir / "model.keras").stat().st_mtime_ns == before


def test_a_folder_of_something_else_is_refused(start, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"mine")
    code, _, errors = finish(start(tmp_path))
    assert code == 2
    assert "no configuration.json" in errors
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--width=16"], "--width: 8 there, 16 now"),
        (["--scheme=other"], "scheme"),
        (["--num_steps=130"], "not a multiple"),
        (["--nll_weight=0"], "end_to_end"),
        (["--dataset=human36m/gt"], "tfds build datasets/human36m"),
        (["--validation_subject=S77"], "S77"),
        (["--no_such_flag"], "no_such_flag"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_mistakes_end_with_one_clear_error(finished, start, tmp_path, flags, message):
    # Another configuration is a mistake in a folder that holds a run.
    workdir = finished[0] if flags == ["--width=16"] else tmp_path / "run"
    code, _, errors = finish(start(workdir, *flags))
    assert code == 2
    assert "Traceback" not in errors
    assert message in errors
    assert not (tmp_path / "run").exists()
