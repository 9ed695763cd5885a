"""What every comparator does: trains, samples by row seeds, is saved and loaded."""

import keras
import numpy as np
import pytest
from comparator_tools import GRAPH, SIZE, inputs, make_model, numpy, run
from keras import ops

from propose_keras import Lifter
from propose_keras.comparators import COMPARATORS, FlowSettings, GaussianLifter
from propose_keras.inference.loading import load_model
from propose_keras.inference.trajectories import grid_of, smooth_normal
from propose_keras.pose_model import NoiseModel, PoseDensityModel

NAMES = tuple(COMPARATORS)
WITH_DENSITY = ("gaussian", "mixture")


@pytest.mark.parametrize("name", NAMES)
def test_training_moves_every_weight_and_logs_the_losses(trained, name):
    model, before, history = trained(name)
    for weight, value in zip(model.trainable_variables, before, strict=True):
        assert np.abs(numpy(weight) - value).max() > 0, weight.path
    assert set(history) == {"loss", *model.loss_names}
    total = sum(history[loss][-1] for loss in model.loss_names)
    assert history["loss"][-1] == pytest.approx(total, rel=1e-4)
    assert int(numpy(model.step)) == 6


@pytest.mark.parametrize("name", NAMES)
def test_hypotheses_are_a_function_of_seed_row_and_index(trained, data, name):
    model = trained(name)[0]
    seeds = np.stack([np.full(4, 7), np.arange(4)], axis=-1).astype("int32")

    def sample(keypoints, seed, number, **arguments):
        return model.sample(
            keypoints, SIZE, num_hypotheses=number, seed=seed, **arguments
        )

    def all_ways(keypoints, seeds):
        noise = model.draw_noise(seeds, 6)
        return {
            "whole": sample(keypoints, seeds, 6),
            "by an int": sample(keypoints, 7, 6),
            "chunk": sample(keypoints, seeds, 2, first_hypothesis=3),
            "row": sample(keypoints[2:3], seeds[2:3], 6),
            "of noise": model.sample_from_noise(keypoints, SIZE, noise=noise),
            "wide": sample(keypoints, seeds, 6, temperature=3.0),
        }

    found = run(model, all_ways, data[0][:4], seeds)
    whole = found["whole"]
    assert whole.shape == (4, 6, 17, 3)
    assert np.isfinite(whole).all()
    assert not whole[:, :, 0].any()
    spread = whole.std(axis=1)[:, 1:]
    assert spread.min() > 1e-3
    for way in ("by an int", "of noise"):
        np.testing.assert_allclose(found[way], whole, atol=2e-2, err_msg=way)
    np.testing.assert_allclose(found["chunk"], whole[:, 3:5], atol=2e-2)
    np.testing.assert_allclose(found["row"], whole[2:3], atol=2e-2)
    assert found["wide"].std(axis=1)[:, 1:].mean() > 1.1 * spread.mean()


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_model_is_the_same(trained, name, tmp_path):
    model = trained(name)[0]
    model.set_temperature(1.5)
    try:
        model.save(tmp_path / "model.keras")
        loaded = load_model(tmp_path / "model.keras", (NoiseModel,))
        assert type(loaded) is COMPARATORS[name]
        assert loaded.get_config() == model.get_config()
        assert float(numpy(loaded.temperature)) == 1.5
        for mine, its in zip(model.variables, loaded.variables, strict=True):
            np.testing.assert_array_equal(numpy(its), numpy(mine), err_msg=mine.path)
    finally:
        model.set_temperature(1.0)
    assert isinstance(loaded, PoseDensityModel) == (name in WITH_DENSITY)
    assert loaded.has_pose_density == (name in WITH_DENSITY)


@pytest.mark.parametrize("name", ["gaussian", "cvae", "flow_matching"])
def test_graphs_over_joints_take_the_place_of_mlps(data, name):
    model = make_model(name, **GRAPH)
    mode = run(model, lambda keypoints: model.mode(keypoints, SIZE), data[0][:2])
    assert mode.shape == (2, 17, 3)
    kinds = {type(layer).__name__ for layer in model.layers}
    assert kinds & {"JointGraph", "GraphDecoder"}


def test_called_on_keypoints_they_give_the_mode_and_evaluate_its_error(trained, data):
    model = trained("gaussian")[0]
    mode = run(model, lambda keypoints: model.mode(keypoints, SIZE), data[0])
    called = model.predict(inputs(data[0]), verbose=0)
    np.testing.assert_allclose(called, mode, atol=1e-3)
    centred = data[1] - data[1][:, :1]
    expected = np.linalg.norm(mode - centred, axis=-1).mean()
    measured = model.evaluate(inputs(data[0]), data[1], verbose=0, return_dict=True)
    assert measured["mpjpe"] == pytest.approx(expected, rel=1e-4)
    assert measured["loss"] == pytest.approx(expected, rel=1e-4)
    assert "nll" not in measured


def test_training_noise_follows_from_seed_and_step(data):
    """So that a run that goes on sees the noise of the one that was killed."""

    model = make_model("flow_matching")
    keypoints = data[0][:4]

    def seeds(seed, step):
        model.seed = seed
        model.step.assign(step)
        return tuple(numpy(model(inputs(keypoints), training=True)["seed"]).tolist())

    assert seeds(1, 0) == seeds(1, 0)
    assert len({seeds(1, 0), seeds(1, 1), seeds(2, 0)}) == 3
    pose = model.normalization.normalize_pose(data[1][:4])[:, 1:]

    def losses(seed, pose, condition):
        return model.losses_of(condition, pose, seed)["matching"]

    condition = np.zeros((4, 17, 2), "float32")
    first, again, other = (
        run(model, losses, np.uint32(seed), pose, condition)
        for seed in ([1, 2], [1, 2], [1, 3])
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).min() > 1e-6


def test_a_lifter_takes_them(trained, keypoints):
    model = trained("gaussian")[0]
    given = {"num_hypotheses": 3, "batch_size": 4}
    lifted = Lifter(model, **given)(keypoints, layout="h36m17", image_size=(1000, 900))
    assert lifted.hypotheses.shape == (7, 3, 17, 3)
    seeds = np.stack([np.zeros(7), np.arange(7)], axis=-1).astype("int32")
    expected = run(
        model,
        lambda keypoints: model.sample(keypoints, SIZE, num_hypotheses=3, seed=seeds),
        keypoints,
    )
    np.testing.assert_allclose(lifted.hypotheses, expected, atol=2e-2)
    assert np.isnan(lifted.mode_latent_log_prob).all()


def test_noise_of_steps_can_be_smooth_in_time(trained):
    model = trained("score")[0]
    points, weights = grid_of(np.array([3, 4]), 50.0)

    def normal(seeds, draws, size):
        return smooth_normal(seeds, draws, size, points, weights)

    seeds = np.zeros((2, 2), "int32")
    noise = run(model, lambda seeds: model.draw_noise(seeds, 2, normal), seeds)
    assert noise.shape == (2, 2, model.noise_size)
    assert np.abs(noise[0] - noise[1]).max() < 0.2
    assert noise.std() == pytest.approx(1.0, abs=0.2)


def test_presets_keep_them(trained, tmp_path):
    model = trained("gaussian")[0]
    model.save_to_preset(tmp_path / "preset")
    loaded = GaussianLifter.from_preset(tmp_path / "preset")
    for mine, its in zip(model.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(numpy(its), numpy(mine), err_msg=mine.path)


def test_mistakes(data):
    with pytest.raises(TypeError, match="GaussianLifter takes GaussianSettings"):
        GaussianLifter(FlowSettings())
    with pytest.raises(ValueError, match="it has no graph over them"):
        FlowSettings(encoder="graph")
    with pytest.raises(ValueError, match=r"`num_best` \(5\) cannot exceed"):
        FlowSettings(training_hypotheses=4)
    model = make_model("gaussian")
    with pytest.raises(ValueError, match="takes no sample weights"):
        model.compute_loss(y=data[1], y_pred=data[1], sample_weight=np.ones(48))
    with pytest.raises(ValueError, match=r"\(batch, 17, 3\) or \(batch, S, 17, 3\)"):
        model.log_prob(data[0], SIZE, pose_3d=data[1][:, :16])
    with pytest.raises(ValueError, match="positive and finite"):
        model.set_temperature(0.0)


def test_names_are_serializable_and_state_is_small():
    for name, comparator in COMPARATORS.items():
        registered = keras.saving.get_registered_name(comparator)
        assert registered == f"propose_keras>{comparator.__name__}", name
        assert comparator.settings_class().to_dict()["width"] == 1024


def test_row_seeds_are_checked(trained, data):
    with pytest.raises(ValueError, match=r"row seeds of shape \(2, 2\)"):
        trained("gaussian")[0].sample(
            data[0][:2], SIZE, num_hypotheses=1, seed=ops.zeros((3, 2), "int32")
        )
