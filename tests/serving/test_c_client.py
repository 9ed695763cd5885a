"""A program in C lifts with an export: TensorFlow's C API, no Python."""

import importlib.util
import pathlib
import shutil
import subprocess

import numpy as np
import pytest
from tensorflow.core.protobuf import saved_model_pb2

NUM_ROWS = 7
TENSORFLOW = pathlib.Path(importlib.util.find_spec("tensorflow").origin).parent
LIBRARIES = ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2")


def missing_part():
    """What of the compiler, headers and libraries is not there, if anything."""
    if shutil.which("gcc") is None:
        return "gcc"
    needed = [TENSORFLOW / "include/tensorflow/c/c_api.h"]
    needed += [TENSORFLOW / name for name in LIBRARIES]
    return next((str(path) for path in needed if not path.exists()), None)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Path of the compiled client."""
    missing = missing_part()
    if missing:
        pytest.skip(f"{missing} is missing: the C client cannot be compiled")
    program = tmp_path_factory.mktemp("c_client") / "saved_model_client"
    source = pathlib.Path(__file__).with_name("saved_model_client.c")
    process = subprocess.run(
        [
            *("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", source, "-o", program),
            *("-isystem", TENSORFLOW / "include", f"-L{TENSORFLOW}"),
            *(f"-l:{name}" for name in LIBRARIES),
            f"-Wl,-rpath,{TENSORFLOW}",
        ],
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return program


def output_names(folder):
    """Names of the tensors that hold the poses and their spread."""
    content = (folder / "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]
    outputs = graph.signature_def["serving_default"].outputs
    return outputs["pose_3d"].name, outputs["spread"].name


def test_client_in_c(client, exported_here, served_model, requests_of, to_numpy):
    keypoints, size, _ = requests_of(NUM_ROWS)
    folder = exported_here
    process = subprocess.run(
        [client, folder, str(NUM_ROWS), *output_names(folder)],
        input=keypoints.tobytes() + size.tobytes(),
        capture_output=True,
    )
    assert process.returncode == 0, process.stderr.decode()
    answer = np.frombuffer(process.stdout, np.float32)
    pose, spread = np.split(answer, [NUM_ROWS * 51])
    unit = float(served_model.normalization.deviation_3d)
    expected = to_numpy(served_model.mode(keypoints, size))
    np.testing.assert_allclose(
        pose.reshape(NUM_ROWS, 17, 3) / unit, expected / unit, atol=1e-4, rtol=1e-4
    )
    assert spread.shape == (NUM_ROWS * 17,)
    assert spread.reshape(NUM_ROWS, 17)[:, 1:].min() > 0


def test_client_in_c_names_what_fails(client, exported_here, tmp_path):
    def run(folder, rows, content=b""):
        names = output_names(exported_here)
        command = [client, folder, rows, *names]
        process = subprocess.run(command, input=content, capture_output=True)
        return process.returncode, process.stderr.decode()

    code, errors = run(tmp_path, "1")
    assert (code, str(tmp_path) in errors) == (2, True)
    code, errors = run(exported_here, "1", b"short")
    assert (code, "fewer numbers" in errors) == (2, True)
