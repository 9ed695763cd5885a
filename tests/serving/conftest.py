import importlib.util
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

for module in ("tensorflow_serving", "jax"):
    if importlib.util.find_spec(module) is None:
        collect_ignore_glob = ["test_*.py"]

from propose_keras.model import ProPose

BACKENDS = ("tensorflow", "jax")
NUM_HYPOTHESES = 3


@pytest.fixture(scope="session")
def served_model():
    """A small model whose every weight matters, adapted to figures in an image."""
    rng = np.random.default_rng(1)
    model = ProPose.from_sizes(latent_size=4, width=8, num_blocks=1, num_couplings=2)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    model.normalization.adapt(*make_requests())
    return model


def make_requests(num_rows=64):
    """Keypoints, image sizes and poses."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(200, 800, (num_rows, 17, 2))
    size = rng.choice([1000.0, 1002.0, 2048.0], (num_rows, 2))
    pose_3d = 200 * rng.normal(size=(num_rows, 17, 3))
    return tuple(x.astype("float32") for x in (keypoints, size, pose_3d))


@pytest.fixture(scope="session")
def requests_of():
    return make_requests


@pytest.fixture(scope="session")
def exported(served_model, tmp_path_factory):
    """Version folders that `propose-export` wrote on each backend, by backend."""
    workdir = tmp_path_factory.mktemp("run")
    served_model.save(workdir / "model.keras")
    folders = {b: tmp_path_factory.mktemp("served") / b for b in BACKENDS}
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "propose_keras.cli.export"),
                *(f"--workdir={workdir}", f"--output={folder}", "--version=3"),
                f"--num_hypotheses={NUM_HYPOTHESES}",
            ],
            env={**os.environ, "KERAS_BACKEND": backend},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for backend, folder in folders.items()
    ]
    for process, folder in zip(processes, folders.values()):
        printed, errors = process.communicate()
        assert process.returncode == 0, errors
        assert printed == f"Wrote {folder / '3'}.\n"
    return {backend: folder / "3" for backend, folder in folders.items()}


@pytest.fixture(scope="session")
def ask(tmp_path_factory):
    """Asks the exports, in one process that has TensorFlow only."""

    def ask(folders, requests):
        folder = tmp_path_factory.mktemp("client")
        np.savez(folder / "requests.npz", **requests)
        arguments = [folder / "requests.npz"]
        for name, path in folders.items():
            arguments += [path, folder / f"{name}.npz"]
        script = pathlib.Path(__file__).with_name("saved_model_client.py")
        process = subprocess.run(
            [sys.executable, script, *arguments], capture_output=True, text=True
        )
        assert process.returncode == 0, process.stderr
        return {name: dict(np.load(folder / f"{name}.npz")) for name in folders}

    return ask


@pytest.fixture(scope="session")
def to_numpy():
    return keras.ops.convert_to_numpy
