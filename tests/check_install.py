"""What an installation of one backend must do; run by `make test-install`.

Usage: python check_install.py BACKEND DATA_DIR

In an environment of `pip install ".[BACKEND]"` and nothing else. DATA_DIR holds
`synthetic_human/tiny` in the file format array_record. Every program that users call is
started as they do; lifting may print nothing but its progress to standard error.
"""

import importlib.util
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]
OTHER = {"jax": "tensorflow", "tensorflow": "jax"}
TRAIN = [
    "--dataset=synthetic_human/tiny",
    "--latent_size=4",
    "--width=8",
    "--num_blocks=1",
    "--num_couplings=1",
    "--batch_size=16",
    "--num_steps=20",
    "--checkpoint_interval=10",
]
SAMPLE = """
import numpy as np, propose_keras
model = propose_keras.ProPose.from_preset("propose_base")
keypoints = 500 + 30 * np.random.default_rng(0).normal(size=(2, 17, 2))
poses = model.sample(keypoints, (1000, 1000), num_hypotheses=3, seed=0)
assert poses.shape == (2, 3, 17, 3), poses.shape
"""


def run(*arguments, code=0):
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print("$", " ".join(command)[:100], "->", done.returncode, flush=True)
    if done.returncode != code:
        raise SystemExit(done.stdout + done.stderr)
    return done


def notes(errors):
    """What was printed but for the progress of a slow machine."""
    return [line for line in errors.splitlines() if not line.startswith("lifting: ")]


def main(backend, data_dir):
    other = OTHER[backend]
    assert importlib.util.find_spec(backend), f"{backend} is not installed"
    assert not importlib.util.find_spec(other), f"{other} is installed, too"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        predict = ["-m", "propose_keras.cli.predict", "examples/two-people.json"]
        done = run("-W", "error", *predict, f"--output={folder / 'poses.npz'}")
        assert not notes(done.stderr), done.stderr
        assert "Wrote" in done.stdout
        done = run("-W", "error", "-c", SAMPLE)
        assert not notes(done.stderr), done.stderr
        workdir = f"--workdir={folder / 'run'}"
        data = f"--data_dir={data_dir}"
        run("train.py", *TRAIN, workdir, data)
        evaluate = ["--dataset=synthetic_human/tiny", "--num_hypotheses=1,5"]
        done = run("evaluate.py", workdir, data, *evaluate)
        assert "mode" in done.stdout
        # What is not installed is one line that names the extra.
        export = ["-m", "propose_keras.cli.export", "--preset=propose_base"]
        export += [f"--output={folder / 'served'}", "--version=1", "--format=onnx"]
        done = run(*export, code=2)
        assert 'pip install ".[onnx]"' in done.stderr, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        picture = ["-m", "propose_keras.cli.predict", "docs/images/viewer.png"]
        done = run(*picture, f"--output={folder / 'poses.npz'}", code=2)
        assert 'pip install ".[detection]"' in done.stderr, done.stderr
    print(f"{backend} alone does what it should.")


if __name__ == "__main__":
    main(*sys.argv[1:])
