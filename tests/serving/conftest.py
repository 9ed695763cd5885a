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

NUM_HYPOTHESES = 3


@pytest.fixture(scope="session")
def served_model():
    """A small model whose every weight matters, adapted to figures in an image."""
    rng = np.random.default_rng(1)
    model = ProPose.from_sizes(
        latent_size=4, width=8, num_blocks=1, num_couplings=2, temperature=1.5
    )
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
def exported_here(served_model, tmp_path_factory):
    """A version folder that the backend of this process wrote."""
    from propose_keras.serving import export_saved_model

    folder = tmp_path_factory.mktemp("served") / "new"
    return export_saved_model(served_model, folder, 3, NUM_HYPOTHESES)


@pytest.fixture(scope="session")
def exported(served_model, exported_here, tmp_path_factory):
    """Version folders by backend; the other's is written by `propose-export`."""
    workdir = tmp_path_factory.mktemp("run")
    served_model.save(workdir / "model.keras")
    here = keras.backend.backend()
    (other,) = {"tensorflow", "jax"} - {here}
    process = subprocess.run(
        [
            *(sys.executable, "-m", "propose_keras.cli.export"),
            *(f"--workdir={workdir}", f"--output={workdir}", "--version=12"),
            f"--num_hypotheses={NUM_HYPOTHESES}",
        ],
        env={**os.environ, "KERAS_BACKEND": other},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert "Assets written" not in process.stderr
    assert process.stdout == f"Wrote {workdir / '12'}.\n"
    return {here: exported_here, other: workdir / "12"}


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
