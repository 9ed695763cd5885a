"""Writes a model as ONNX files that need no TensorFlow, JAX or Keras to run."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import keras

from propose_keras import backend, files
from propose_keras.data.infilling import check_uncertainty
from propose_keras.model import ProPose
from propose_keras.serving.onnx_conversion import to_onnx
from propose_keras.serving.onnx_programs import make_programs, metadata

_PACKAGES = ("tensorflow", "onnx", "tf2onnx")


def export_onnx(
    model: ProPose,
    folder: str | os.PathLike,
    score_threshold: float = 0.3,
    keypoint_noise: float = 50.0,
) -> pathlib.Path:
    """Exports a model to ONNX: the files `lift`, `hypotheses` and `coco17` of a folder.

    - `lift.onnx`: `keypoints` (B, J, 2) pixels and `image_size` (B, 2) width and height
      to `pose_3d` (B, J, 3) mm, the mode, and `spread` (B, J) mm.
    - `hypotheses.onnx`: the same and `noise` (B, S, d) to `hypotheses` (B, S, J, 3) mm
      and `latent_log_prob` (B, S) nats.
    - `coco17.onnx`, for models of the skeleton `h36m17`: `keypoints` in COCO's order,
      `scores` (B, 17), `image_size`, `noise` and `noise_2d` (B, S, 17, 2) to what
      `serving.detections.Coco17Lifting` returns.

    All numbers are float32; B and S are free. `lift.onnx` is the served signature
    `serving_default`: the noise behind its spread is a constant. The others take their
    noise, standard normal, from their client: all of their outputs are functions of the
    inputs. In `hypotheses.onnx` noise of 0 gives the mode, at S = 1 for much less work
    than `lift.onnx` spends on the spread. A row of an output depends on that row of the
    inputs only, and all files hold the model's temperature.

    The conversion is tf2onnx's, of the program that Keras' TensorFlow backend makes;
    on JAX a second process with that backend does it. The folder appears when it is
    complete.

    `metadata_props` of the files describes their contents, each value as JSON:
    `package`, `version`, `skeleton`, `joints` (names in order), `root` (a name),
    `axes`, `units` (by input or output), `latent_size` (d), `temperature`; in
    `coco17.onnx` `input_joints`, `problems` (texts by `problem`), `score_threshold`
    and `keypoint_noise`, in the others `spread_num_hypotheses`.

    Args:
        model: A `ProPose` model.
        folder: Folder to write; may not exist yet.
        score_threshold: Of `coco17.onnx`: joints whose score is lower are missing.
        keypoint_noise: Of `coco17.onnx`: deviation per axis of a joint of score 0, in
            mm at the person's scale; see `Lifter`.

    Returns:
        Path of the folder.

    Raises:
        ImportError: If a package is missing that the conversion needs.
        FileExistsError: If the folder exists.
        OSError: If the folder cannot be written.
        ValueError: If ONNX lacks an operation of the model, or a number is out of
            range.
        RuntimeError: If the second process failed, on JAX.
    """
    _check_packages()
    check_uncertainty(score_threshold, keypoint_noise)
    settings = {"score_threshold": score_threshold, "keypoint_noise": keypoint_noise}
    folder = pathlib.Path(folder)
    if folder.exists():
        raise FileExistsError(
            f"{folder} exists: exports are not overwritten. Choose another folder."
        )
    parent = folder.parent
    if parent.exists() and not parent.is_dir():
        raise NotADirectoryError(f"{parent} is a file; a folder was expected.")
    convert = _convert if backend.name == "tensorflow" else _convert_elsewhere
    contents = convert(model, settings)
    parent.mkdir(parents=True, exist_ok=True)
    with files.staging_folder(folder) as hidden:
        staged = hidden / folder.name
        staged.mkdir()
        for name, content in contents.items():
            (staged / name).write_bytes(content)
        staged.rename(folder)
    return folder


def _check_packages():
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f'Exporting to ONNX needs {" and ".join(missing)}: pip install ".[onnx]"'
        )


def _convert(model, settings):
    """The files' contents by name; Keras must run on TensorFlow."""
    contents = {}
    for name, program in make_programs(model, **settings).items():
        converted = to_onnx(program, model.variables, metadata(model, program))
        contents[name] = converted.SerializeToString()
    return contents


def _convert_elsewhere(model, settings):
    """As `_convert`, in a process of its own that has the TensorFlow backend."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        process = subprocess.run(
            [
                *(sys.executable, "-c"),
                "import sys; from propose_keras.serving import onnx_model; "
                "onnx_model._convert_file(*sys.argv[1:])",
                *(str(path), folder, json.dumps(settings)),
            ],
            env={
                **os.environ,
                "KERAS_BACKEND": "tensorflow",
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                # The memory of GPUs is this process'.
                "CUDA_VISIBLE_DEVICES": "-1",
            },
            capture_output=True,
            text=True,
        )
        if process.returncode != 0:
            reason = process.stderr.strip().rpartition("\n")[2]
            raise RuntimeError(
                "Exporting to ONNX converts the model in a second process, in which "
                "Keras runs on TensorFlow. That process failed with code "
                f"{process.returncode}: {reason or 'no message'}. To see all of it, "
                "load the saved model with KERAS_BACKEND=tensorflow and export there."
            )
        return {p.name: p.read_bytes() for p in path.parent.glob("*.onnx")}


def _convert_file(path, folder, settings):
    """Converts a saved model into a folder: what the second process runs."""
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    for name, content in _convert(model, json.loads(settings)).items():
        (pathlib.Path(folder) / name).write_bytes(content)
