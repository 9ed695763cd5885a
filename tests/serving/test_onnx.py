"""ONNX files answer as the model does, from either backend."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

for module in ("onnx", "onnxruntime", "tf2onnx"):
    pytest.importorskip(module)
import onnx
import onnxruntime

from propose_keras import PoseNormalization, ProPose, __version__
from propose_keras.layers import ResidualMLP
from propose_keras.networks import PILGDLearner
from propose_keras.serving import onnx_model
from propose_keras.serving.onnx_model import export_onnx
from propose_keras.serving.signatures import make_signatures
from propose_keras.skeletons import H36M_17

LONE_ROW = 5
SMALL = {"latent_size": 4, "width": 8, "num_blocks": 1, "num_couplings": 2}
NAMES = ["hypotheses.onnx", "lift.onnx"]


def make_variant(name):
    """A small model; `served_model` is the default one."""
    if name == "standard ray":
        return ProPose.from_sizes(
            **SMALL,
            **{"pilgd": "standard", "base": "standard", "temperature": 0.7},
            normalization=PoseNormalization(scale="pose", root="ray"),
        )
    # An odd latent, other activations, normalised layers, no use for the image's size.
    model = ProPose.from_sizes(
        **{**SMALL, "latent_size": 3, "num_couplings": 3},
        **{"activation": "gelu", "flow_width": 5},
        normalization=PoseNormalization(scale="pose", root="remove"),
    )
    hidden = {"width": 6, "activation": "silu", "layer_norm": True}
    learner = PILGDLearner(
        ResidualMLP(6, **hidden),
        ResidualMLP(51, **hidden),
        latent_size=3,
        kind="standard",
    )
    return ProPose(
        learner,
        model.flow,
        pagd_learner=model.pagd_learner,
        normalization=model.normalization,
    )


# On JAX the conversion is that of TensorFlow, in another process, which takes longer.
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
MODELS = ["instance image", "standard ray", *ON_TENSORFLOW * ["gelu remove"]]


@pytest.fixture(scope="module", params=MODELS)
def model(request, served_model, requests_of):
    if request.param == "instance image":
        return served_model
    rng = np.random.default_rng(3)
    model = make_variant(request.param)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    model.normalization.adapt(*requests_of())
    return model


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    return export_onnx(model, tmp_path_factory.mktemp("onnx") / "not" / "there" / "1")


@pytest.fixture(scope="module")
def sessions(folder):
    return {name: open_session(folder / name) for name in NAMES}


def open_session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def ask(sessions, keypoints, image_size, noise):
    """Outputs of both files by name."""
    given = {"keypoints": keypoints, "image_size": image_size}
    inputs = {"lift.onnx": given, "hypotheses.onnx": {**given, "noise": noise}}
    answers = {}
    for name, session in sessions.items():
        names = [output.name for output in session.get_outputs()]
        answers |= dict(zip(names, session.run(names, inputs[name])))
    return answers


def make_noise(model, num_rows, num_hypotheses):
    shape = (num_rows, num_hypotheses, model.flow.latent_size)
    return np.random.default_rng(4).normal(size=shape).astype("float32")


def answers_of(model, keypoints, image_size, noise):
    """What the files must answer; the first two as the SavedModel's signature."""
    lift = make_signatures(model, 1)["serving_default"].function
    answers = lift(keypoints, keras.ops.convert_to_tensor(image_size))
    distribution = model.distribution(keypoints, image_size)
    poses = distribution.sample_from_noise(noise)
    answers |= {
        "hypotheses": poses,
        "latent_log_prob": distribution.latent_log_prob(poses),
    }
    return {k: keras.ops.convert_to_numpy(v) for k, v in answers.items()}


def assert_equal(received, expected, model):
    """Equal to 1e-4 of the poses' deviation, or relatively for nats."""
    assert set(received) == set(expected)
    for name, value in expected.items():
        unit = float(model.normalization.deviation_3d)
        unit = 1.0 if name == "latent_log_prob" else unit
        assert received[name].shape == value.shape
        assert received[name].dtype == np.float32
        np.testing.assert_allclose(
            received[name] / unit, value / unit, atol=1e-4, rtol=1e-4, err_msg=name
        )


@pytest.mark.parametrize("num_rows, num_hypotheses", [(1, 1), (1, 200), (64, 3)])
def test_files_answer_as_the_model(
    model, sessions, requests_of, num_rows, num_hypotheses
):
    keypoints, size, _ = requests_of(num_rows)
    noise = make_noise(model, num_rows, num_hypotheses)
    received = ask(sessions, keypoints, size, noise)
    assert received["spread"][:, 1:].min() > 0
    assert not received["pose_3d"][:, 0].any()
    assert_equal(received, answers_of(model, keypoints, size, noise), model)


@pytest.mark.parametrize("num_rows", [1, 64])
def test_no_noise_gives_the_mode(model, sessions, requests_of, num_rows):
    keypoints, size, _ = requests_of(num_rows)
    noise = 0.0 * make_noise(model, num_rows, 1)
    received = ask(sessions, keypoints, size, noise)
    unit = float(model.normalization.deviation_3d)
    np.testing.assert_allclose(
        received["hypotheses"][:, 0] / unit, received["pose_3d"] / unit, atol=1e-4
    )


def test_rows_do_not_influence_one_another(model, sessions, requests_of):
    keypoints, size, _ = requests_of()
    inputs = (keypoints, size, make_noise(model, 64, 3))
    expected = {k: v[LONE_ROW] for k, v in ask(sessions, *inputs).items()}
    lone = ask(sessions, *(x[LONE_ROW : LONE_ROW + 1] for x in inputs))
    assert_equal({k: v[0] for k, v in lone.items()}, expected, model)
    spoilt = [np.full_like(x, np.nan) for x in inputs]
    for array, value in zip(spoilt, inputs):
        array[LONE_ROW] = value[LONE_ROW]
    received = ask(sessions, *spoilt)
    assert_equal({k: v[LONE_ROW] for k, v in received.items()}, expected, model)
    assert all(np.isnan(v[LONE_ROW + 1]).any() for v in received.values())


def test_files_say_what_is_in_them(model, folder, sessions):
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    size = model.flow.latent_size
    free = ["batch", "hypotheses"]
    given = {"keypoints": ["batch", 17, 2], "image_size": ["batch", 2]}
    expected = {
        "lift.onnx": (given, {"pose_3d": ["batch", 17, 3], "spread": ["batch", 17]}),
        "hypotheses.onnx": (
            {**given, "noise": [*free, size]},
            {"hypotheses": [*free, 17, 3], "latent_log_prob": free},
        ),
    }
    for name, session in sessions.items():
        inputs = {x.name: x.shape for x in session.get_inputs()}
        outputs = {x.name: x.shape for x in session.get_outputs()}
        assert (inputs, outputs) == expected[name]
        assert list(inputs)[:2] == list(given)
        proto = onnx.load(folder / name)
        assert {entry.domain: entry.version for entry in proto.opset_import}[""] == 18
        metadata = {
            entry.key: json.loads(entry.value) for entry in proto.metadata_props
        }
        units = metadata.pop("units")
        assert set(units) == {*inputs, *outputs}
        assert units["keypoints"] == "pixels"
        assert metadata == {
            "package": "propose_keras",
            "version": __version__,
            "skeleton": "h36m17",
            "joints": list(H36M_17.joint_names),
            "root": "Hip",
            "axes": "camera frame: x right, y down, z forward",
            "latent_size": size,
            "temperature": pytest.approx(float(model.temperature)),
            "spread_num_hypotheses": 64,
        }


@pytest.mark.parametrize("model", MODELS[:1], indirect=True)
def test_weights_are_stored_once(model, folder):
    parts = (model.flow, model.pilgd_learner, model.pagd_learner)
    kernels = sum(
        np.prod(variable.shape)
        for part in parts
        for variable in part.variables
        if variable.path.endswith("kernel")
    )
    stored = sum(
        np.prod(tensor.dims)
        for tensor in onnx.load(folder / "hypotheses.onnx").graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    )
    decoder = sum(np.prod(v.shape) for v in model.pagd_learner.decoder.variables)
    # The decoder of 2D poses is for training; biases and statistics come on top.
    assert kernels - decoder < stored < 1.5 * kernels


@pytest.mark.parametrize("model", MODELS[:1], indirect=True)
def test_files_need_no_tensorflow(folder):
    program = (
        "import sys\n"
        "for name in ('tensorflow', 'jax', 'keras', 'propose_keras', 'onnx'):\n"
        "    sys.modules[name] = None\n"
        "import numpy as np, onnxruntime\n"
        "session = onnxruntime.InferenceSession(sys.argv[1])\n"
        "keypoints = np.ones((2, 17, 2), np.float32)\n"
        "size = np.ones((2, 2), np.float32)\n"
        "answer = session.run(None, {'keypoints': keypoints, 'image_size': size})\n"
        "assert answer[0].shape == (2, 17, 3)\n"
    )
    command = [sys.executable, "-c", program, folder / "lift.onnx"]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr


@pytest.fixture
def converts_at_once(monkeypatch):
    """Replaces the conversion where only what comes after it is tested."""

    def convert(model):
        return dict.fromkeys(onnx_model.FILES, b"content")

    monkeypatch.setattr(onnx_model, "_convert", convert)
    monkeypatch.setattr(onnx_model, "_convert_elsewhere", convert)


def test_existing_folders_are_kept(served_model, tmp_path, converts_at_once):
    (tmp_path / "1").mkdir()
    with pytest.raises(FileExistsError, match="not overwritten. Choose another"):
        export_onnx(served_model, str(tmp_path / "1"))
    assert not list((tmp_path / "1").iterdir())
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError, match="is a file; a folder was expected"):
        export_onnx(served_model, tmp_path / "file" / "1")
    with pytest.raises(OSError):
        export_onnx(served_model, tmp_path / "file" / "2" / "1")
    assert (tmp_path / "file").read_text() == "mine"


def test_nothing_is_left_where_writing_fails(
    served_model, tmp_path, converts_at_once, monkeypatch
):
    write_bytes = pathlib.Path.write_bytes

    def fill_the_disk(path, content):
        if path.name == onnx_model.FILES[1]:
            raise OSError("No space left")
        return write_bytes(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(pathlib.Path, "write_bytes", fill_the_disk)
        with pytest.raises(OSError, match="No space left"):
            export_onnx(served_model, tmp_path / "1")
    assert not list(tmp_path.iterdir())
    assert export_onnx(served_model, tmp_path / "1") == tmp_path / "1"


def test_nothing_is_left_where_converting_fails(served_model, tmp_path, monkeypatch):
    if ON_TENSORFLOW:
        import tf2onnx

        def fail(*args, **kwargs):
            raise RuntimeError("cannot be converted")

        monkeypatch.setattr(tf2onnx.convert, "from_graph_def", fail)
        message = "cannot be converted"
    else:
        monkeypatch.setattr(
            served_model, "save", lambda path: path.write_bytes(b"no model")
        )
        message = "(?s)second process.*failed with code 1: .*model.keras.*KERAS_BACKEND"
    with pytest.raises(RuntimeError, match=message):
        export_onnx(served_model, tmp_path / "new" / "1")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not ON_TENSORFLOW, reason="what JAX's second process does")
def test_operations_that_onnx_lacks_are_named():
    program = onnx_model._Program(
        {"x": ("batch", 2)}, {"y": ("batch", 2)}, lambda x: {"y": keras.ops.erfinv(x)}
    )
    with pytest.raises(ValueError, match="tf2onnx cannot convert TensorFlow's Erfinv"):
        onnx_model._to_onnx(program, [], {})


@pytest.mark.parametrize("missing", [["onnx"], ["onnx", "tf2onnx"]])
def test_missing_packages_are_named(served_model, tmp_path, monkeypatch, missing):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *args: None if name in missing else find_spec(name, *args),
    )
    names = " and ".join(missing)
    message = rf'needs {names}: pip install "\.\[onnx\]"'
    with pytest.raises(ImportError, match=message):
        export_onnx(served_model, tmp_path / "1")
    assert not list(tmp_path.iterdir())
