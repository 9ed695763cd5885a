"""Exports answer as the model does, in a process that has TensorFlow only."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

import propose_keras as package
from propose_keras import PoseNormalization, ProPose, metrics
from propose_keras.serving import export_saved_model
from propose_keras.serving.server_files import BATCH_SIZES

LONE_ROW = 5
SIGNATURES = {
    "serving_default": ("keypoints", "image_size"),
    "hypotheses": ("keypoints", "image_size", "seed"),
    "latent_log_prob": ("pose_3d", "keypoints", "image_size"),
    "coco17": ("keypoints", "scores", "image_size", "seed"),
}


def warmup_requests(folder):
    """Signature and inputs of each recorded request."""
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        request = log.predict_log.request
        assert request.model_spec.name == "propose"
        inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
        yield request.model_spec.signature_name, inputs


@pytest.fixture(scope="module")
def inputs(requests_of):
    keypoints, size, pose_3d = requests_of()
    seed = np.random.default_rng(2).integers(-(2**31), 2**31, (64, 2)).astype("int32")
    return {
        "keypoints": keypoints,
        "scores": np.ones((64, 17), "float32"),
        "image_size": size,
        "seed": seed,
        "pose_3d": pose_3d,
    }


def test_no_folder_of_the_machine_is_in_an_export(exported):
    """JAX notes where in the source each operation was written."""
    folders = [pathlib.Path(module.__file__).parents[1] for module in (keras, package)]
    for name, version in exported.items():
        files = [path for path in version.rglob("*") if path.is_file()]
        assert len(files) >= 4, name
        for path in files:
            found = [str(f) for f in folders if str(f).encode() in path.read_bytes()]
            assert not found, (name, path)


def test_a_graph_that_is_told_deviations_is_exported(tmp_path, inputs):
    model = ProPose.from_sizes(
        **{"latent_size": 4, "width": 8, "num_blocks": 1, "num_couplings": 2},
        **{"encoder": "graph", "graph_width": 16, "graph_heads": 4},
        **{"graph_blocks": 1, "decoder_width": 8},
        normalization=PoseNormalization(deviation_input=True),
    )
    for variable in model.trainable_variables:
        variable.assign(np.random.default_rng(5).normal(size=variable.shape) * 0.2)
    folder = export_saved_model(model, tmp_path / "served", 1, 2)
    loaded = tf.saved_model.load(str(folder))
    # Its weights are variables of the export, not constants of its program.
    stored = sum(np.prod(v.shape) for v in loaded.served)
    discriminator = sum(np.prod(v.shape) for v in model.discriminator.variables)
    assert stored == model.count_params() - discriminator
    given = {k: tf.constant(inputs[k][:3]) for k in ("keypoints", "image_size")}
    found = loaded.signatures["serving_default"](**given)["pose_3d"]
    expected = model.mode(inputs["keypoints"][:3], inputs["image_size"][:3])
    expected = keras.ops.convert_to_numpy(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.fixture(scope="module")
def answers(exported, inputs, ask):
    """Responses by backend, then by `CASE.SIGNATURE.NAME`."""
    lone = {k: v[LONE_ROW : LONE_ROW + 1] for k, v in inputs.items()}
    # All other rows are spoilt: NaN, or another seed.
    spoilt = {
        k: np.full_like(v, 9 if k == "seed" else np.nan) for k, v in inputs.items()
    }
    for name, value in spoilt.items():
        value[LONE_ROW] = inputs[name][LONE_ROW]
    cases = {"all": inputs, "lone": lone, "spoilt": spoilt}
    requests = {
        f"{case}.{signature}.{name}": values[name]
        for case, values in cases.items()
        for signature, names in SIGNATURES.items()
        for name in names
    }
    for signature, values in warmup_requests(exported["jax"]):
        if len(values["keypoints"]) == 4:
            requests |= {f"warmup.{signature}.{k}": v for k, v in values.items()}
    return ask(exported, requests)


@pytest.fixture(scope="module")
def expected(served_model, inputs, to_numpy):
    model = served_model
    given = inputs["keypoints"], inputs["image_size"]
    sample = model.sample(
        given[0], given[1], num_hypotheses=64, seed=np.zeros((64, 2), "int32")
    )
    hypotheses = to_numpy(
        model.sample(given[0], given[1], num_hypotheses=3, seed=inputs["seed"])
    )
    log_prob = [
        model.latent_log_prob(*given, pose_3d=hypotheses[:, i]) for i in range(3)
    ]
    return {
        "serving_default.pose_3d": to_numpy(model.mode(*given)),
        "serving_default.spread": to_numpy(metrics.spread(sample)),
        "hypotheses.hypotheses": hypotheses,
        "hypotheses.latent_log_prob": np.stack([to_numpy(x) for x in log_prob], -1),
        "latent_log_prob.latent_log_prob": to_numpy(
            model.latent_log_prob(*given, pose_3d=inputs["pose_3d"])
        ),
    }


def assert_equal(served, expected, name, model):
    """Equal to 1e-4 of the unit: the poses' deviation, or nats."""
    unit = 1.0
    if not name.endswith("latent_log_prob"):
        unit = float(model.normalization.deviation_3d)
    assert served.shape == expected.shape
    np.testing.assert_allclose(
        served / unit, expected / unit, atol=1e-4, rtol=1e-4, err_msg=name
    )


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_exports_answer_as_the_model(answers, expected, served_model, backend):
    for name, value in expected.items():
        served = answers[backend][f"all.{name}"]
        assert served.dtype == np.float32
        assert_equal(served, value, name, served_model)


@pytest.mark.parametrize("case", ["lone", "spoilt"])
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_rows_do_not_influence_one_another(
    answers, expected, served_model, backend, case
):
    row = 0 if case == "lone" else LONE_ROW
    for name, value in expected.items():
        served = answers[backend][f"{case}.{name}"]
        assert_equal(served[row], value[LONE_ROW], name, served_model)
        assert case == "lone" or np.isnan(served[row + 1]).any()


def test_seeds_make_hypotheses(answers, expected):
    hypotheses = answers["tensorflow"]["all.hypotheses.hypotheses"]
    assert hypotheses.std(axis=1)[:, 1:].min() > 0
    assert not hypotheses[:, :, 0].any()
    assert not np.isclose(expected["hypotheses.latent_log_prob"].std(axis=1), 0).any()


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_warmup_covers_signatures_and_batch_sizes(exported, answers, backend):
    signatures = tf.saved_model.load(str(exported[backend])).signatures
    seen = []
    for name, inputs in warmup_requests(exported[backend]):
        _, specs = signatures[name].structured_input_signature
        assert set(inputs) == set(specs)
        for key, value in inputs.items():
            assert specs[key].is_compatible_with(tf.constant(value)), key
            assert specs[key].shape[0] is None
        seen.append((name, len(inputs["keypoints"])))
    assert seen == [(name, size) for name in SIGNATURES for size in BATCH_SIZES]
    warm = {k: v for k, v in answers[backend].items() if k.startswith("warmup.")}
    assert len(warm) == 5 + 10
    problems = warm.pop("warmup.coco17.problem")
    assert problems.tolist() == [""] * 4
    assert all(v.shape[0] == 4 and np.isfinite(v).all() for v in warm.values())


def test_server_files(exported_here):
    folder = exported_here.parent
    assert sorted(p.name for p in folder.iterdir()) == [
        "3",
        "batching.config",
        "models.config",
    ]
    models = text_format.Parse(
        (folder / "models.config").read_text(),
        model_server_config_pb2.ModelServerConfig(),
    )
    (config,) = models.model_config_list.config
    assert (config.name, config.base_path) == ("propose", "/models/propose")
    batching = (folder / "batching.config").read_text()
    assert f"max_batch_size {{ value: {max(BATCH_SIZES)} }}\n" in batching
    for size in BATCH_SIZES:
        assert f"allowed_batch_sizes: {size}\n" in batching


def test_discriminator_is_not_served(exported_here, served_model):
    names = tf.train.list_variables(str(exported_here / "variables/variables"))
    served = sum(np.prod(shape, dtype=int) for name, shape in names if shape != [])
    parts = [p for k, p in served_model.networks().items() if k != "discriminator"]
    sizes = [v.shape for p in [*parts, served_model.normalization] for v in p.variables]
    assert served == sum(np.prod(shape, dtype=int) for shape in sizes if shape != ())


@pytest.mark.parametrize("name", ["version", "num_hypotheses"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "2", None])
def test_numbers_must_be_whole(served_model, tmp_path, name, value):
    arguments = {"version": 1, "num_hypotheses": 2, name: value}
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number"):
        export_saved_model(served_model, tmp_path / "served", **arguments)
    assert not (tmp_path / "served").exists()


def test_variants_take_the_same_inputs(tmp_path, inputs, to_numpy):
    """No base network, a variational latent, and no use for the image's size."""
    model = ProPose.from_sizes(
        **{"latent_size": 2, "width": 4, "num_blocks": 0, "num_couplings": 1},
        **{"pilgd": "standard", "base": "standard"},
        normalization=PoseNormalization("h36m17", scale="pose", root="remove"),
    )
    folder = export_saved_model(model, tmp_path, 1, num_hypotheses=1)
    signatures = tf.saved_model.load(str(folder)).signatures
    rows = {k: tf.constant(v[:2]) for k, v in inputs.items()}
    answers = {}
    for name, names in SIGNATURES.items():
        _, specs = signatures[name].structured_input_signature
        assert set(specs) == set(names)
        answers[name] = signatures[name](**{k: rows[k] for k in names})
        assert all(v.shape[0] == 2 for v in answers[name].values())
    assert answers["coco17"]["valid"].numpy().all()
    np.testing.assert_allclose(
        answers["latent_log_prob"]["latent_log_prob"],
        to_numpy(
            model.latent_log_prob(
                inputs["keypoints"][:2], pose_3d=inputs["pose_3d"][:2]
            )
        ),
        rtol=1e-4,
    )
