"""ONNX files answer as the model does, from either backend."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

for module in ("onnx", "onnxruntime", "tf2onnx"):
    pytest.importorskip(module)
import onnx
import onnxruntime

from propose_keras import Lifter, PoseNormalization, ProPose, __version__
from propose_keras.inference.uncertain import draw_noise
from propose_keras.keypoint_files import PersonKeypoints
from propose_keras.layers import ResidualMLP
from propose_keras.networks import PILGDLearner
from propose_keras.serving.onnx_model import export_onnx
from propose_keras.serving.signatures import make_signatures
from propose_keras.skeletons import COCO_17, H36M_17

LONE_ROW = 5
SMALL = {"latent_size": 4, "width": 8, "num_blocks": 1, "num_couplings": 2}
FILES = ["coco17.onnx", "hypotheses.onnx", "lift.onnx"]


def make_variant(name):
    """A small model; `served_model` is the default one."""
    if name == "graph ray":
        normalization = PoseNormalization(
            scale="pose", root="ray", deviation_input=True
        )
        return ProPose.from_sizes(
            **SMALL,
            **{"encoder": "graph", "graph_width": 16, "graph_heads": 4},
            **{"graph_blocks": 1, "decoder_width": 8, "decoder_blocks": 1},
            **{"pilgd": "standard", "base": "standard", "temperature": 0.7},
            normalization=normalization,
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
MODELS = [*ON_TENSORFLOW * ["instance image", "gelu remove"], "graph ray"]


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
    return {name: open_session(folder / name) for name in FILES}


def open_session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def run(session, inputs):
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def ask(sessions, keypoints, image_size, noise):
    """Outputs of the files of poses in the model's own order, by name."""
    given = {"keypoints": keypoints, "image_size": image_size}
    lifted = run(sessions["lift.onnx"], given)
    return lifted | run(sessions["hypotheses.onnx"], {**given, "noise": noise})


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
        unit = 1.0 if name.endswith("latent_log_prob") else unit
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


@pytest.mark.filterwarnings("ignore::propose_keras.inference.PersonWarning")
@pytest.mark.parametrize("num_rows, num_hypotheses", [(1, 5), (24, 3)])
def test_coco17_lifts_as_the_lifter(
    model, sessions, requests_of, num_rows, num_hypotheses
):
    rng = np.random.default_rng(8)
    keypoints, size, _ = requests_of(num_rows)
    scores = rng.uniform(0.31, 1.0, (num_rows, 17)).astype("float32")
    for row in scores:
        row[rng.permutation(17)[: rng.integers(0, 5)]] = 0.0
    lifter = Lifter(model, num_hypotheses, seed=2, batch_size=num_rows)
    people = [
        PersonKeypoints(0, 0, k, s, "coco17", tuple(size))
        for k, s, size in zip(keypoints, scores, size)
    ]
    expected = lifter(iter(people), track=False)
    seeds = np.stack([np.full(num_rows, 2), np.arange(num_rows)], axis=-1)
    noise = map(keras.ops.convert_to_numpy, draw_noise(model, seeds, num_hypotheses))
    inputs = {"keypoints": keypoints, "scores": scores, "image_size": size}
    inputs |= dict(zip(("noise", "noise_2d"), noise))
    if model.normalization.deviation_input:
        del inputs["noise_2d"]  # All noise is the model's own.
    # A row that cannot be lifted spoils no other.
    wrong = {
        k: np.concatenate([v, np.full_like(v[:1], np.nan)]) for k, v in inputs.items()
    }
    received = run(sessions["coco17.onnx"], wrong)
    assert received.pop("valid").tolist() == [True] * num_rows + [False]
    assert received.pop("problem").tolist() == [0] * num_rows + [1]
    assert np.isnan(received["hypotheses"][-1]).all()
    received = {k: v[:-1] for k, v in received.items()}
    filled = received.pop("filled_keypoints")
    np.testing.assert_allclose(filled, expected.keypoints, atol=1e-2)
    np.testing.assert_array_equal(received.pop("missing"), expected.missing)
    assert_equal(received, {k: getattr(expected, k) for k in received}, model)


def test_wrong_requests_are_told(sessions, requests_of):
    keypoints, size, _ = requests_of(2)
    for wrong, message in (
        (keypoints[:, :16], "(?s)keypoints.* index: 1 Got: 16 Expected: 17"),
        (keypoints[0], "rank for input: keypoints"),
        (keypoints.astype(float), r"tensor\(double\).*expected: \(tensor\(float\)\)"),
    ):
        with pytest.raises(Exception, match=message):
            run(sessions["lift.onnx"], {"keypoints": wrong, "image_size": size})


def test_files_say_what_is_in_them(model, folder, sessions):
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    size = model.flow.latent_size
    free = ["batch", "hypotheses"]
    is_told = model.normalization.deviation_input
    given = {"keypoints": ["batch", 17, 2], "image_size": ["batch", 2]}
    expected = {
        "lift.onnx": (given, {"pose_3d": ["batch", 17, 3], "spread": ["batch", 17]}),
        "hypotheses.onnx": (
            {**given, "noise": [*free, size]},
            {"hypotheses": [*free, 17, 3], "latent_log_prob": free},
        ),
        "coco17.onnx": (
            {
                **given,
                "scores": ["batch", 17],
                "noise": [*free, size],
                **({} if is_told else {"noise_2d": [*free, 17, 2]}),
            },
            {
                **{name: ["batch", 17, 3] for name in ("mode", "mean")},
                "hypotheses": [*free, 17, 3],
                "spread_about_thorax": ["batch", 17],
                **{name: ["batch", 17] for name in ("spread", "missing")},
                "filled_keypoints": ["batch", 17, 2],
                "mode_latent_log_prob": ["batch"],
                **{name: ["batch"] for name in ("valid", "problem")},
            },
        ),
    }
    spread = {"spread_num_hypotheses": 64}
    notes = {"lift.onnx": spread, "hypotheses.onnx": spread}
    notes["coco17.onnx"] = {
        "input_joints": list(COCO_17.joint_names),
        "problems": list(make_signatures(model, 1)["coco17"].texts["problem"]),
        "score_threshold": 0.3,
        "keypoint_noise": 50.0,
        "detector_noise": 30.0 if is_told else 0.0,
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
            **notes[name],
        }


@pytest.mark.parametrize("model", MODELS[:1], indirect=True)
def test_weights_are_stored_once(model, folder):
    parts = (model.flow, model.pilgd_learner, model.pagd_learner, model.lifter)
    weights = [v for part in parts if part is not None for v in part.variables]
    # The decoder of 2D poses is for training.
    unused = set()
    if model.pagd_learner is not None:
        unused = {v.path for v in model.pagd_learner.decoder.variables}
    sizes = {v.path: np.prod(v.shape) for v in weights if v.path not in unused}
    kernels = sum(n for path, n in sizes.items() if path.endswith("kernel"))
    stored = sum(
        np.prod(tensor.dims)
        for tensor in onnx.load(folder / "hypotheses.onnx").graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    )
    # Statistics come on top.
    assert kernels < stored < 1.5 * sum(sizes.values())


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
