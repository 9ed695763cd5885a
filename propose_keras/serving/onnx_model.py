"""Writes a model as two ONNX files that need no TensorFlow, JAX or Keras to run."""

import contextlib
import dataclasses
import importlib.util
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable

import keras
import numpy as np

from propose_keras import backend, files, metrics, random
from propose_keras.model import ProPose
from propose_keras.serving.signatures import SPREAD_NUM_HYPOTHESES, SPREAD_SEED
from propose_keras.version import __version__

OPSET = 18
"""Version of ONNX's operators, the newest that tf2onnx writes."""

FILES = ("lift.onnx", "hypotheses.onnx")
"""Names of the files that an export consists of."""

_PACKAGES = ("tensorflow", "onnx", "tf2onnx")
_UNITS = {
    "keypoints": "pixels",
    "image_size": "pixels, width and height",
    "noise": "none: independent standard normal numbers, 0 for the mode",
    "pose_3d": "mm, relative to the root joint",
    "spread": "mm, standard deviation of each joint",
    "hypotheses": "mm, relative to the root joint",
    "latent_log_prob": "nats",
}


def export_onnx(model: ProPose, folder: str | os.PathLike) -> pathlib.Path:
    """Exports a model to ONNX: `FOLDER/lift.onnx` and `FOLDER/hypotheses.onnx`.

    - `lift.onnx`: `keypoints` (B, J, 2) pixels and `image_size` (B, 2) width and height
      to `pose_3d` (B, J, 3) mm, the mode, and `spread` (B, J) mm.
    - `hypotheses.onnx`: the same and `noise` (B, S, d) to `hypotheses` (B, S, J, 3) mm
      and `latent_log_prob` (B, S) nats.

    All are float32; B and S are free. `lift.onnx` is the served signature
    `serving_default`: the noise behind its spread is a constant. `hypotheses.onnx`
    takes the base distribution's noise, standard normal, from its client: all of its
    outputs are functions of the inputs. Noise of 0 gives the mode, at S = 1 for much
    less work than `lift.onnx` spends on the spread. A row of an output depends on that
    row of the inputs only, and both files hold the model's temperature.

    The conversion is tf2onnx's, of the program that Keras' TensorFlow backend makes;
    on JAX a second process with that backend does it. The folder appears when it is
    complete.

    `metadata_props` of both files describes their contents, each value as JSON:
    `package`, `version`, `skeleton`, `joints` (names in order), `root` (a name),
    `axes`, `units` (by input or output), `latent_size` (d), `temperature` and
    `spread_num_hypotheses`.

    Args:
        model: A `ProPose` model.
        folder: Folder to write; may not exist yet.

    Returns:
        Path of the folder.

    Raises:
        ImportError: If a package is missing that the conversion needs.
        FileExistsError: If the folder exists.
        OSError: If the folder cannot be written.
        ValueError: If ONNX lacks an operation of the model.
        RuntimeError: If the second process failed, on JAX.
    """
    _check_packages()
    folder = pathlib.Path(folder)
    if folder.exists():
        raise FileExistsError(
            f"{folder} exists: exports are not overwritten. Choose another folder."
        )
    parent = folder.parent
    if parent.exists() and not parent.is_dir():
        raise NotADirectoryError(f"{parent} is a file; a folder was expected.")
    convert = _convert if backend.name == "tensorflow" else _convert_elsewhere
    contents = convert(model)
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


@dataclasses.dataclass(frozen=True)
class _Program:
    """What becomes one file; free axes of inputs and outputs have a name."""

    inputs: dict[str, tuple]
    outputs: dict[str, tuple]
    function: Callable


def _make_programs(model):
    """The programs by file name."""
    joints, size = model.num_joints, model.flow.latent_size
    seed = np.array([SPREAD_SEED], "int32")
    spread_noise = random.normal(seed, SPREAD_NUM_HYPOTHESES, size)
    spread_noise = keras.ops.convert_to_numpy(spread_noise)
    # The mode is the hypothesis without noise: one pass through the networks for all.
    lift_noise = np.concatenate([np.zeros_like(spread_noise[:, :1]), spread_noise], 1)

    def lift(keypoints, image_size):
        distribution = model.distribution(keypoints, image_size)
        poses = distribution.sample_from_noise(lift_noise)
        return {"pose_3d": poses[:, 0], "spread": metrics.spread(poses[:, 1:])}

    def hypotheses(keypoints, image_size, noise):
        distribution = model.distribution(keypoints, image_size)
        poses = distribution.sample_from_noise(noise)
        log_prob = distribution.latent_log_prob(poses)
        return {"hypotheses": poses, "latent_log_prob": log_prob}

    given = {"keypoints": ("batch", joints, 2), "image_size": ("batch", 2)}
    free = ("batch", "hypotheses")
    programs = (
        _Program(
            given, {"pose_3d": ("batch", joints, 3), "spread": ("batch", joints)}, lift
        ),
        _Program(
            {**given, "noise": (*free, size)},
            {"hypotheses": (*free, joints, 3), "latent_log_prob": free},
            hypotheses,
        ),
    )
    return dict(zip(FILES, programs))


def _convert(model):
    """The files' contents by name; Keras must run on TensorFlow."""
    contents = {}
    for name, program in _make_programs(model).items():
        converted = _to_onnx(program, model.variables, _metadata(model, program))
        contents[name] = converted.SerializeToString()
    return contents


def _convert_elsewhere(model):
    """As `_convert`, in a process of its own that has the TensorFlow backend."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        process = subprocess.run(
            [
                *(sys.executable, "-c"),
                "import sys; from propose_keras.serving import onnx_model; "
                "onnx_model._convert_file(*sys.argv[1:])",
                *(str(path), folder),
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
        return {name: (pathlib.Path(folder) / name).read_bytes() for name in FILES}


def _convert_file(path, folder):
    """Converts a saved model into a folder: what the second process runs."""
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    for name, content in _convert(model).items():
        (pathlib.Path(folder) / name).write_bytes(content)


def _metadata(model, program):
    skeleton = model.normalization.skeleton
    values = {
        "package": "propose_keras",
        "version": __version__,
        "skeleton": skeleton.name,
        "joints": skeleton.joint_names,
        "root": skeleton.joint_names[skeleton.root],
        "axes": "camera frame: x right, y down, z forward",
        "units": {k: _UNITS[k] for k in (*program.inputs, *program.outputs)},
        "latent_size": model.flow.latent_size,
        "temperature": float(np.asarray(model.temperature)),
        "spread_num_hypotheses": SPREAD_NUM_HYPOTHESES,
    }
    return {name: json.dumps(value) for name, value in values.items()}


def _to_onnx(program, variables, metadata):
    """Converts a program.

    Args:
        program: A `_Program`.
        variables: The `keras.Variable`s that it reads; they become constants.
        metadata: Dict of strings.

    Returns:
        An `onnx.ModelProto`.
    """
    import onnx
    import tf2onnx

    graph, inputs, outputs = _constant_graph(program, variables)
    names = {tensor: name for name, tensor in {**inputs, **outputs}.items()}
    with _quiet("tensorflow", "tf2onnx"):
        model, _ = tf2onnx.convert.from_graph_def(
            graph.as_graph_def(),
            name="propose_keras",
            input_names=list(inputs.values()),
            output_names=list(outputs.values()),
            opset=OPSET,
            tensors_to_rename=names,
            custom_op_handlers={"Erfc": (_convert_erfc, [])},
        )
    unknown = {node.op_type for node in model.graph.node if not node.domain}
    unknown = sorted(name for name in unknown if not onnx.defs.has(name))
    if unknown:
        raise ValueError(
            f"tf2onnx cannot convert TensorFlow's {', '.join(unknown)} to ONNX. "
            "Expected a model of common operations: most likely the `activation` of "
            "its networks is none. Export it as a SavedModel instead."
        )
    # Sizes inside the graph have names of the converter's.
    del model.graph.value_info[:]
    for values, shapes in (
        (model.graph.input, program.inputs),
        (model.graph.output, program.outputs),
    ):
        for value in values:
            value.CopyFrom(
                onnx.helper.make_tensor_value_info(
                    value.name, onnx.TensorProto.FLOAT, shapes[value.name]
                )
            )
    model.doc_string = "Probabilistic 2D-to-3D human pose lifting"
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    return model


def _constant_graph(program, variables):
    """Traces a program; all that it reads but its inputs becomes a constant.

    tf2onnx turns variables into constants by itself, but takes eager tensors that a
    function captured, such as the permutations of TFP's bijectors, for inputs.

    Returns:
        A `tf.Graph`, and the names of its tensors by those of inputs and outputs.
    """
    import tensorflow as tf

    values = [(variable, tf.constant(variable.numpy())) for variable in variables]

    def traced(**inputs):
        with keras.StatelessScope(state_mapping=values):
            return program.function(**inputs)

    specs = {
        name: tf.TensorSpec(
            [size if isinstance(size, int) else None for size in shape], name=name
        )
        for name, shape in program.inputs.items()
    }
    function = tf.function(traced, autograph=False).get_concrete_function(**specs)
    captured = dict(
        zip(
            (tensor.name for tensor in function.inputs[len(specs) :]),
            function.captured_inputs,
        )
    )
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(
            function.graph.as_graph_def(),
            {name: tf.constant(value.numpy()) for name, value in captured.items()},
            name="",
        )
    outputs = {name: t.name for name, t in function.structured_outputs.items()}
    return graph, {name: f"{name}:0" for name in specs}, outputs


def _convert_erfc(context, node, name, args):
    """`1 - erf(x)`: of `gelu`; tf2onnx lacks it."""
    del args
    (output,) = node.output
    shape, dtype = context.get_shape(output), context.get_dtype(output)
    context.remove_node(node.name)
    one = context.make_const(f"{name}_one", np.ones((), np.float32))
    erf = context.make_node("Erf", node.input)
    context.make_node(
        "Sub",
        [one.output[0], erf.output[0]],
        name=name,
        outputs=[output],
        shapes=[shape],
        dtypes=[dtype],
    )


@contextlib.contextmanager
def _quiet(*names):
    """Silences loggers: both warn of what tf2onnx does, or is raised here."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)
