"""ProPose as its users see it."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops
from network_makers import make_flow, make_pilgd

from propose_keras import ProPose, TrainingSettings
from propose_keras.backend import compile_function
from propose_keras.metrics import MeanPerJointPositionError
from propose_keras.normalization import PoseNormalization

OTHER_BACKEND = {"tensorflow": "jax", "jax": "tensorflow"}


def to_numpy(x):
    return ops.convert_to_numpy(x)


def tiny(**kwargs):
    sizes = {"latent_size": 4, "width": 8, "num_blocks": 1, "num_couplings": 2}
    return ProPose.from_sizes(**{**sizes, **kwargs})


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(200, 800, (6, 17, 2)).astype("float32")
    size = np.tile([1000.0, 900.0], (6, 1)).astype("float32")
    return keypoints, size, 200 * rng.normal(size=(6, 17, 3)).astype("float32")


def randomised(model):
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    return model


@pytest.fixture(scope="module")
def model(data):
    model = randomised(tiny(name="propose"))
    model.normalization.adapt(*data)
    return model


def test_mode_and_samples_are_root_relative_mm(model, data):
    keypoints, size, _ = data
    mode = to_numpy(model.mode(keypoints, size))
    hypotheses = to_numpy(model.sample(keypoints, size, num_hypotheses=5, seed=0))
    assert mode.shape == (6, 17, 3)
    assert hypotheses.shape == (6, 5, 17, 3)
    assert not mode[:, 0].any()
    assert not hypotheses[:, :, 0].any()
    assert hypotheses.std(axis=1)[:, 1:].min() > 0
    assert 10 < np.abs(mode).max() < 1e5


def test_mode_is_the_sample_at_temperature_zero(model, data):
    keypoints, size, _ = data
    cold = model.sample(keypoints, size, num_hypotheses=2, seed=3, temperature=0.0)
    mode = to_numpy(model.mode(keypoints, size))
    np.testing.assert_allclose(to_numpy(cold)[:, 1], mode, atol=1e-3)


def test_temperature_widens_the_base_and_is_saved(data, tmp_path):
    keypoints, size, pose = data
    rng = np.random.default_rng(1)
    warm = tiny(name="propose", base="standard", temperature=2.0)
    for variable in warm.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    warm.normalization.adapt(*data)
    assert to_numpy(warm.distribution(keypoints, size).base_log_scale) == (
        pytest.approx(np.log(2.0))
    )
    hypotheses = to_numpy(warm.sample(keypoints, size, num_hypotheses=3, seed=0))
    mode = to_numpy(warm.mode(keypoints, size))
    density = to_numpy(warm.latent_log_prob(keypoints, size, pose_3d=pose))
    condition = warm.normalization.normalize_keypoints(keypoints, size)
    normalized = warm.normalization.normalize_pose(pose)[:, None]
    latents, _ = warm.pilgd_learner.encode(normalized, condition)
    base, log_det = map(to_numpy, warm.flow.forward(latents, condition))
    # N(0, 2^2 I) in four dimensions.
    terms = np.log(2.0) + 0.5 * np.log(2 * np.pi) + base**2 / 8
    assert density == pytest.approx((log_det - terms.sum(-1))[:, 0], rel=1e-4)
    warm.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded_hypotheses = to_numpy(
        loaded.sample(keypoints, size, num_hypotheses=3, seed=0)
    )
    np.testing.assert_allclose(loaded_hypotheses, hypotheses, atol=1e-3)
    warm.set_temperature(1.0)
    np.testing.assert_allclose(to_numpy(warm.mode(keypoints, size)), mode, atol=1e-3)
    as_factor = to_numpy(
        warm.sample(keypoints, size, num_hypotheses=3, seed=0, temperature=2.0)
    )
    np.testing.assert_allclose(as_factor, hypotheses, atol=1e-2)
    cold = to_numpy(warm.sample(keypoints, size, num_hypotheses=3, seed=0))
    assert np.abs(cold - hypotheses).max() > 1.0


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_temperatures_out_of_range(model, temperature):
    with pytest.raises(ValueError, match="must be positive and finite"):
        model.set_temperature(temperature)


def test_hypotheses_depend_on_row_seed_and_index_only(model, data):
    keypoints, size, _ = data
    whole = to_numpy(model.sample(keypoints, size, num_hypotheses=7, seed=3))
    seeds = np.stack([np.full(6, 3), np.arange(6)], axis=-1).astype("int32")
    part = model.sample(
        keypoints[2:5], size[2:5], num_hypotheses=3, seed=seeds[2:5], first_hypothesis=4
    )
    np.testing.assert_allclose(to_numpy(part), whole[2:5, 4:], atol=1e-2)
    other = to_numpy(model.sample(keypoints, size, num_hypotheses=7, seed=4))
    assert np.abs(other - whole).max() > 1.0


def test_one_image_size_serves_all_rows(model, data):
    keypoints, size, _ = data
    np.testing.assert_allclose(
        to_numpy(model.mode(keypoints, size[0])), to_numpy(model.mode(keypoints, size))
    )


def test_latent_log_prob_is_eq_9(model, data):
    keypoints, size, pose = data
    value = to_numpy(model.latent_log_prob(keypoints, size, pose_3d=pose))
    distribution = model.distribution(keypoints, size)
    normalised = model.normalization.normalize_pose(pose)[:, None]
    mean, _ = model.pilgd_learner.encode(normalised, distribution.condition)
    base, log_det = model.flow.forward(mean, distribution.condition)
    mu, log_sigma = (
        to_numpy(distribution.base_mean),
        to_numpy(distribution.base_log_scale),
    )
    z = (to_numpy(base) - mu) / np.exp(log_sigma)
    expected = (-0.5 * z**2 - log_sigma - 0.5 * np.log(2 * np.pi)).sum(-1)
    expected += to_numpy(log_det)
    np.testing.assert_allclose(value, expected[:, 0], rtol=1e-4)


def test_base_is_a_tfp_distribution(model, data):
    distribution = model.distribution(data[0], data[1])
    assert tuple(distribution.base.event_shape) == (4,)
    np.testing.assert_allclose(
        to_numpy(distribution.base.mean()), to_numpy(distribution.base_mean)
    )


def test_standard_base_is_the_standard_normal(data):
    model = tiny(base="standard")
    distribution = model.distribution(data[0], data[1])
    assert model.pagd_learner is None
    assert not to_numpy(distribution.base_mean).any()
    assert not to_numpy(distribution.base_log_scale).any()


def test_keras_file_keeps_the_model(model, data, tmp_path):
    keypoints, size, _ = data
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config()
    np.testing.assert_array_equal(
        to_numpy(loaded.sample(keypoints, size, num_hypotheses=3, seed=0)),
        to_numpy(model.sample(keypoints, size, num_hypotheses=3, seed=0)),
    )


GRAPH = {"encoder": "graph", "graph_width": 16, "decoder_width": 8}


@pytest.mark.parametrize(
    "variant", [{"pilgd": "standard"}, {"base": "standard"}, GRAPH]
)
def test_variants_are_saved_too(variant, data, tmp_path):
    model = tiny(**variant)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        to_numpy(loaded.mode(*data[:2])), to_numpy(model.mode(*data[:2]))
    )


OTHER = """
import sys, numpy as np, keras
from propose_keras import ProPose
folder = sys.argv[1]
data = np.load(folder + "/data.npz")
given = data["keypoints"], data["size"]
for index in range(int(sys.argv[2])):
    model = keras.saving.load_model(folder + f"/{index}.keras")
    hypotheses = model.sample(*given, num_hypotheses=4, seed=0)
    density = model.latent_log_prob(*given, pose_3d=data["pose"])
    np.savez(
        folder + f"/{index}.npz",
        backend=keras.backend.backend(),
        hypotheses=keras.ops.convert_to_numpy(hypotheses),
        density=keras.ops.convert_to_numpy(density),
    )
"""


def test_the_other_backend_reads_files_and_gives_the_same(data, tmp_path):
    keypoints, size, pose = data
    np.savez(tmp_path / "data.npz", keypoints=keypoints, size=size, pose=pose)
    models = [randomised(tiny(**v)) for v in ({}, {**GRAPH, "decoder_blocks": 1})]
    for index, model in enumerate(models):
        model.normalization.adapt(*data)
        model.save(tmp_path / f"{index}.keras")
    other = OTHER_BACKEND[keras.backend.backend()]
    subprocess.run(
        [sys.executable, "-c", OTHER, str(tmp_path), str(len(models))],
        env={**os.environ, "KERAS_BACKEND": other},
        check=True,
        timeout=300,
    )
    for index, model in enumerate(models):
        result = np.load(tmp_path / f"{index}.npz")
        assert result["backend"] == other
        unit = float(to_numpy(model.normalization.deviation_3d))
        hypotheses = to_numpy(model.sample(keypoints, size, num_hypotheses=4, seed=0))
        np.testing.assert_allclose(
            result["hypotheses"] / unit, hypotheses / unit, atol=1e-4
        )
        density = to_numpy(model.latent_log_prob(keypoints, size, pose_3d=pose))
        np.testing.assert_allclose(result["density"], density, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_other_backends_get_one_clear_error(backend):
    result = subprocess.run(
        [sys.executable, "-c", "import propose_keras; propose_keras.ProPose"],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    last = result.stderr.strip().splitlines()[-1]
    assert f"'tensorflow' and 'jax', not {backend!r}" in last


def test_importing_the_package_loads_no_backend():
    code = "import sys, propose_keras, propose_keras.data; print(sorted(sys.modules))"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert not {"'keras'", "'tensorflow'", "'jax'"} & set(modules.split(", "))


def test_fit_evaluate_and_predict_are_those_of_keras(data):
    keypoints, size, pose = data
    model = tiny()
    model.normalization.adapt(keypoints, size, pose)
    model.compile(
        keras.optimizers.SGD(1e-3),
        settings=TrainingSettings(training_hypotheses=2),
        metrics=["mae"],
        jit_compile=keras.backend.backend() == "jax",
    )
    inputs = {"keypoints": keypoints, "image_size": size}
    # A last batch that is smaller, and validation.
    history = model.fit(
        inputs, pose, batch_size=4, validation_data=(inputs, pose), verbose=0
    ).history
    assert {"phase_1", "phase_2", "val_loss", "val_mpjpe", "val_mae"} <= set(history)
    prediction = model.predict(inputs, batch_size=4, verbose=0)
    np.testing.assert_allclose(
        prediction, to_numpy(model.mode(keypoints, size)), atol=1e-2
    )
    error = np.linalg.norm(pose - pose[:, :1] - prediction, axis=-1).mean()
    result = model.evaluate(inputs, pose, batch_size=3, verbose=0, return_dict=True)
    np.testing.assert_allclose(result["mpjpe"], error, rtol=1e-4)


def test_saved_model_keeps_what_it_was_compiled_with(data, tmp_path):
    model = tiny()
    metric = MeanPerJointPositionError(name="again")
    model.compile("adam", metrics=[metric], jit_compile=False)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert not loaded.jit_compile
    inputs = {"keypoints": data[0], "image_size": data[1]}
    result = loaded.evaluate(inputs, data[2], verbose=0, return_dict=True)
    np.testing.assert_allclose(result["again"], result["mpjpe"], rtol=1e-5)
    with pytest.raises(ValueError, match="no sample weights"):
        loaded.evaluate(inputs, data[2], sample_weight=np.ones(6), verbose=0)


def test_sampling_can_be_compiled(model, data):
    keypoints, size, _ = data
    seeds = np.zeros((6, 2), "int32")
    sample = compile_function(
        lambda k, s, r: model.sample(k, s, num_hypotheses=3, seed=r), model.variables
    )
    inputs = [ops.convert_to_tensor(x) for x in (keypoints, size, seeds)]
    np.testing.assert_allclose(
        to_numpy(sample(*inputs)),
        to_numpy(model.sample(keypoints, size, num_hypotheses=3, seed=seeds)),
        atol=1e-2,
    )


@pytest.mark.parametrize(
    ("keypoints", "message"),
    [
        (np.zeros((2, 16, 2), "float32"), r"\(batch, 17, 2\).*\(2, 16, 2\)"),
        (np.zeros((17, 2), "float32"), r"received shape \(17, 2\)"),
        (np.zeros((0, 17, 2), "float32"), "empty batch"),
        (np.full((3, 17, 2), np.nan, "float32"), "NaN or infinity in 3 of 3 rows"),
    ],
)
def test_bad_keypoints(model, keypoints, message):
    size = np.array([1000.0, 1000.0], "float32")
    with pytest.raises(ValueError, match=message):
        model.mode(keypoints, size)
    inputs = {"keypoints": keypoints, "image_size": np.tile(size, (len(keypoints), 1))}
    with pytest.raises(ValueError, match=message):
        model.predict(inputs, verbose=0)


def test_other_bad_arguments(model, data):
    keypoints, size, pose = data
    with pytest.raises(ValueError, match="pass `image_size`"):
        model.mode(keypoints)
    with pytest.raises(ValueError, match=r"\(2,\) or \(6, 2\)"):
        model.mode(keypoints, size[:3])
    with pytest.raises(ValueError, match="positive and finite"):
        model.mode(keypoints, 0 * size)
    with pytest.raises(ValueError, match=r"row seeds of shape \(6, 2\)"):
        model.sample(keypoints, size, num_hypotheses=2, seed=np.zeros((1, 2), "int32"))
    with pytest.raises(ValueError, match="received -1"):
        model.sample(keypoints, size, num_hypotheses=2, seed=-1)
    with pytest.raises(ValueError, match="at least 1; received 0"):
        model.sample(keypoints, size, num_hypotheses=0, seed=0)
    with pytest.raises(ValueError, match=r"\(batch, 17, 3\)"):
        model.latent_log_prob(keypoints, size, pose_3d=pose[:, :5])
    with pytest.raises(ValueError, match="`base` must be"):
        tiny(base="other")
    with pytest.raises(ValueError, match="paper"):
        model.compile("adam", loss="mse")
    with pytest.raises(ValueError, match="paper"):
        model.compile("adam", "mse")


def test_parts_must_fit():
    with pytest.raises(ValueError, match="latent size"):
        ProPose(make_pilgd(latent_size=4), make_flow(latent_size=6))
    with pytest.raises(ValueError, match="joint count"):
        ProPose(make_pilgd(num_joints=16), make_flow(num_joints=16))
    told = PoseNormalization(deviation_input=True)
    with pytest.raises(ValueError, match="condition_size=51"):
        ProPose(make_pilgd(), make_flow(), normalization=told)
    graph = tiny(encoder="graph", graph_width=8, graph_heads=2, graph_blocks=1)
    parts = {"lifter": graph.lifter, "normalization": told}
    with pytest.raises(ValueError, match="make it with num_inputs=3"):
        ProPose(graph.pilgd_learner, graph.flow, **parts)


def test_no_discriminator_needs_no_adversarial_losses(data):
    model = ProPose(make_pilgd(latent_size=4), make_flow(latent_size=4))
    with pytest.raises(ValueError, match="no discriminator"):
        model.compile("adam")
    settings = TrainingSettings(generator_weight=0.0, pulling_away_weight=0.0)
    model.compile("adam", settings=settings)


def test_config_is_plain_json(model):
    assert json.loads(json.dumps(model.get_config())) == model.get_config()
