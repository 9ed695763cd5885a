"""The backend is found, loads without notes, and refuses what would hang."""

import multiprocessing
import os
import subprocess
import sys

import keras
import pytest

from propose_keras import backend

MISSING = "import sys; sys.modules[{!r}] = None; "


def run_python(program, tmp_path, **environment):
    """Runs a program in a new process; a variable of None is not set there."""
    variables = {**os.environ, "KERAS_HOME": str(tmp_path), **environment}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={k: v for k, v in variables.items() if v is not None},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("other", {"tensorflow", "jax"} - {backend.name})
def test_the_installed_backend_is_taken(other, tmp_path):
    (tmp_path / "keras.json").write_text(f'{{"backend": "{other}"}}')
    program = MISSING.format(other) + (
        "import propose_keras, keras; print(keras.config.backend())"
    )
    done = run_python(program, tmp_path, KERAS_BACKEND=None)
    assert done.stdout.split() == [backend.name], done.stderr


def test_a_missing_backend_is_one_line(tmp_path):
    program = MISSING.format(backend.name) + "import propose_keras.cli.predict"
    done = run_python(program, tmp_path, KERAS_BACKEND=backend.name)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f'pip install ".[{backend.name}]"' in done.stderr


def test_a_backend_without_tfp_is_one_line(tmp_path):
    done = run_python("import propose_keras.cli.train", tmp_path, KERAS_BACKEND="torch")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: propose_keras runs on")
    assert done.stderr.count("\n") == 1


def test_loading_the_backend_prints_nothing_and_warns_of_nothing(tmp_path):
    program = (
        "import sys; from propose_keras import backend; print('tensorflow' in "
        "sys.modules)"
    )
    done = run_python(program, tmp_path, TF_CPP_MIN_LOG_LEVEL=None)
    assert done.stderr == ""
    # Loading it takes seconds, and JAX has no use for it.
    assert done.stdout.strip() == str(backend.name == "tensorflow")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_is_told_so():
    double = backend.compile_function(lambda x: 2 * x)
    assert keras.ops.convert_to_numpy(double(keras.ops.ones(()))) == 2
    pipe, theirs = multiprocessing.Pipe()

    def child():
        try:
            double(None)
        except RuntimeError as error:
            theirs.send(str(error))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    assert pipe.poll(60), "the forked process hangs"
    assert "was forked" in pipe.recv()
    process.join()
