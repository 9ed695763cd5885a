import json
import os
import pathlib
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest
from keras import ops
from synthetic_human import generate_clips

from propose_keras import DeterministicLifter, Lifter, ProPose, presets
from propose_keras.inference import load_model

SIZE = (1000, 1000)


@pytest.fixture(scope="module")
def model():
    model = ProPose.from_sizes(
        latent_size=4, width=8, num_couplings=2, temperature=1.3, name="propose"
    )
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    return model


@pytest.fixture
def folder(model, tmp_path):
    model.save_to_preset(tmp_path / "saved")
    return tmp_path / "saved"


def test_a_saved_preset_is_the_same_model(model, folder, keypoints):
    loaded = ProPose.from_preset(folder)
    assert loaded.name == "propose"
    for mine, theirs in zip(model.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(mine), ops.convert_to_numpy(theirs)
        )
    expected = ops.convert_to_numpy(
        model.sample(keypoints, SIZE, num_hypotheses=3, seed=0)
    )
    found = ops.convert_to_numpy(
        loaded.sample(keypoints, SIZE, num_hypotheses=3, seed=0)
    )
    np.testing.assert_array_equal(expected, found)
    names = {"config.json", "metadata.json", "model.weights.h5"}
    assert {path.name for path in folder.iterdir()} == names
    metadata = json.loads((folder / "metadata.json").read_text())
    assert metadata["parameter_count"] == model.count_params()


def test_matrices_can_be_stored_in_half_the_space(model, tmp_path, keypoints):
    model.normalization.mean_3d.assign(np.full((17, 3), 123.456))
    model.save_to_preset(tmp_path / "whole")
    model.save_to_preset(tmp_path / "half", half_precision=True)
    assert {p.name for p in (tmp_path / "half").iterdir()} == {
        *("config.json", "metadata.json", "model.weights.h5")
    }
    kinds = {}
    with h5py.File(tmp_path / "half" / "model.weights.h5") as file:
        file.visititems(lambda name, item: kinds.setdefault(name, item))
        stored = {k: v.dtype for k, v in kinds.items() if hasattr(v, "dtype")}
        matrices = {k for k, v in kinds.items() if getattr(v, "ndim", 0) >= 2}
    matrices = {name for name in matrices if "normalization" not in name}
    assert {name for name, kind in stored.items() if kind == np.float16} == matrices
    whole = ProPose.from_preset(tmp_path / "whole")
    half = ProPose.from_preset(tmp_path / "half")
    for mine, theirs in zip(whole.variables, half.variables, strict=True):
        assert theirs.dtype == mine.dtype
        exact, near = ops.convert_to_numpy(mine), ops.convert_to_numpy(theirs)
        np.testing.assert_allclose(near, exact, rtol=1e-3)
        if exact.ndim < 2 or exact.flat[0] == np.float32(123.456):
            np.testing.assert_array_equal(near, exact)


def test_weights_can_be_left_out(model, folder):
    loaded = ProPose.from_preset(folder, load_weights=False)
    assert loaded.count_params() == model.count_params()
    pairs = zip(model.trainable_variables, loaded.trainable_variables, strict=True)
    assert any(
        np.abs(ops.convert_to_numpy(a) - ops.convert_to_numpy(b)).max() > 0.1
        for a, b in pairs
    )


def test_a_compiled_model_is_saved_without_its_training(folder, model, tmp_path):
    compiled = ProPose.from_preset(folder)
    compiled.compile("adam")
    compiled.save_to_preset(tmp_path / "compiled")
    for name in ("config.json", "model.weights.h5"):
        sizes = [(f / name).stat().st_size for f in (folder, tmp_path / "compiled")]
        assert sizes[0] == pytest.approx(sizes[1], rel=0.02)
    assert not ProPose.from_preset(tmp_path / "compiled").compiled


def test_the_other_backend_reads_it(model, folder, keypoints, tmp_path):
    np.save(tmp_path / "keypoints.npy", keypoints)
    program = (
        "import sys, numpy as np; from keras import ops; "
        "from propose_keras import ProPose; "
        "model = ProPose.from_preset(sys.argv[1]); "
        "keypoints = np.load(sys.argv[2]); "
        "poses = model.sample(keypoints, (1000, 1000), num_hypotheses=3, seed=0); "
        "np.save(sys.argv[3], ops.convert_to_numpy(poses))"
    )
    other = "jax" if keras.backend.backend() == "tensorflow" else "tensorflow"
    paths = [str(tmp_path / n) for n in ("keypoints.npy", "poses.npy")]
    subprocess.run(
        [sys.executable, "-c", program, str(folder), *paths],
        env={**os.environ, "KERAS_BACKEND": other},
        check=True,
    )
    expected = ops.convert_to_numpy(
        model.sample(keypoints, SIZE, num_hypotheses=3, seed=0)
    )
    np.testing.assert_allclose(np.load(paths[1]), expected, atol=1e-3)


def test_a_deterministic_lifter_is_a_preset_too(tmp_path, keypoints):
    model = DeterministicLifter.from_sizes(width=8)
    model.save_to_preset(tmp_path)
    loaded = DeterministicLifter.from_preset(tmp_path)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(model.mode(keypoints, SIZE)),
        ops.convert_to_numpy(loaded.mode(keypoints, SIZE)),
    )
    with pytest.raises(ValueError, match="holds a DeterministicLifter, not a ProPose"):
        ProPose.from_preset(tmp_path)


def test_a_lifter_takes_presets(folder, keypoints):
    lifter = Lifter.from_preset(folder, num_hypotheses=2)
    assert lifter(keypoints, "h36m17", SIZE).hypotheses.shape == (7, 2, 17, 3)


def test_unknown_names_list_the_known_ones(tmp_path):
    for name in ("propose_cmux", tmp_path / "nothing"):
        with pytest.raises(
            ValueError, match="neither one of propose_base, propose_cmu"
        ):
            ProPose.from_preset(name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"[1]"),
        ("config.json", b'{"module": "os"}'),
        ("config.json", b"[" * 100_000),
        ("config.json", b" " * (1 << 21)),
        ("model.weights.h5", b"not HDF5"),
    ],
)
def test_damage_is_told(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match="Cannot read|not a ProPose"):
        ProPose.from_preset(folder)


@pytest.mark.parametrize(
    "other", [{"width": 16}, {"num_blocks": 1}, {"num_blocks": 3}, {"num_couplings": 3}]
)
def test_weights_of_another_architecture_are_told(folder, tmp_path, other):
    sizes = {"latent_size": 4, "width": 8, "num_couplings": 2, **other}
    ProPose.from_sizes(**sizes).save_to_preset(tmp_path / "other")
    (tmp_path / "other/model.weights.h5").replace(folder / "model.weights.h5")
    with pytest.raises(ValueError, match="has [0-9,]* numbers, the configuration"):
        ProPose.from_preset(folder)


def test_a_hostile_configuration_runs_nothing(folder):
    config = json.loads((folder / "config.json").read_text())
    hostile = keras.saving.serialize_keras_object(keras.layers.Lambda(lambda x: x))
    config["config"]["normalization"] = hostile
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="unsafe"):
        ProPose.from_preset(folder)
    config["module"], config["class_name"] = "os", "system"
    config["registered_name"] = "os>system"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="Could not locate class 'system'"):
        ProPose.from_preset(folder)


@pytest.mark.parametrize(
    "wrong",
    [
        {"registered_name": [1]},
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "float32"}},
        {"config": None},
    ],
)
def test_configurations_of_something_else_are_told(folder, wrong):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **wrong}))
    with pytest.raises(ValueError, match="Cannot read the preset|not a ProPose"):
        ProPose.from_preset(folder, load_weights=False)


def test_nothing_is_left_half_written(model, tmp_path, monkeypatch):
    folder = tmp_path / "saved"

    def fail(*args):
        raise OSError("no space left")

    monkeypatch.setattr(ProPose, "save_weights", fail)
    with pytest.raises(OSError, match="no space"):
        model.save_to_preset(folder)
    assert list(folder.iterdir()) == []


def test_what_a_preset_was_trained_on_is_told(model, tmp_path):
    training = {"dataset": "cmu_mocap", "validation_subject": ""}
    model.save_to_preset(tmp_path, training)
    assert presets.preset_training(tmp_path) == training
    (tmp_path / "metadata.json").write_text("{")
    with pytest.raises(ValueError, match="Cannot read .*metadata.json"):
        presets.preset_training(tmp_path)


def test_a_path_is_not_taken_for_a_name(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model.save_to_preset("propose_cmu")
    assert load_model("propose_cmu").flow.latent_size == 4


@pytest.mark.parametrize(
    ("name", "largest"), [("propose_base", 10e6), ("propose_cmu", 20e6)]
)
def test_the_packages_preset_lifts(name, largest):
    assert presets.preset_names() == ("propose_base", "propose_cmu")
    folder = presets.preset_folder(name)
    assert sum(path.stat().st_size for path in folder.iterdir()) < largest
    assert presets.preset_training(name)["dataset"].startswith("cmu_mocap,")
    clip = next(generate_clips(["S11"], num_takes=1, duration=2.0, seed=3))
    size, truth = clip["image_size"], clip["pose_3d"] - clip["pose_3d"][:, :1]
    model = ProPose.from_preset(name)
    errors = [
        np.linalg.norm(ops.convert_to_numpy(poses) - truth[:, None], axis=-1).mean(-1)
        for poses in (
            model.mode(clip["keypoints_2d"], size)[:, None],
            model.sample(clip["keypoints_2d"], size, num_hypotheses=200, seed=0),
        )
    ]
    # The mode of nothing learnt, the mean pose, is 200 mm away.
    assert errors[1].min(axis=1).mean() < errors[0].mean() < 70


@pytest.mark.parametrize("name", ["mode", "hypotheses"])
@pytest.mark.parametrize("preset", ["propose_base", "propose_cmu"])
def test_the_packages_presets_give_the_numbers_they_were_released_with(preset, name):
    # Written by the version that the preset was released with.
    stored = np.load(pathlib.Path(__file__).with_name(f"{preset}.npz"))
    model, keypoints = ProPose.from_preset(preset), stored["keypoints"]
    found = {
        "mode": lambda: model.mode(keypoints, (1000, 1000)),
        "hypotheses": lambda: model.sample(
            keypoints, (1000, 1000), num_hypotheses=5, seed=3
        ),
    }[name]()
    # mm; on the machine that wrote the file the two are equal bit for bit. Joints that
    # lie metres away have come through steep maps, which differ more between machines.
    found = ops.convert_to_numpy(found)
    np.testing.assert_allclose(found, stored[name], atol=0.05, rtol=1e-3)


def test_a_preset_has_its_card(model, tmp_path):
    for name in presets.preset_names():
        assert "mocap.cs.cmu.edu" in presets.preset_card(name)
    lifter = Lifter.from_preset("propose_base", num_hypotheses=1)
    assert presets.preset_card("propose_base") == lifter.card
    model.save_to_preset(tmp_path)
    assert presets.preset_card(tmp_path) is None
