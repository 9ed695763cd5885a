import itertools
import json
import os
import pickle
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from keras import ops

from propose_keras import DeterministicLifter, Lifter
from propose_keras.data.landmarks import NUM_FREE_ANGLES, landmarks
from propose_keras.inference import batch_lifter as lifter_module
from propose_keras.inference import load_model
from propose_keras.inference.uncertain import lift_uncertain
from propose_keras.keypoint_files import KeypointWarning, PersonKeypoints
from propose_keras.skeletons import H36M_17, convert

SIZE = (1000, 1000)


@pytest.fixture(scope="module")
def lifter(model):
    return Lifter(model, num_hypotheses=20, seed=3, batch_size=3)


@pytest.fixture(scope="module")
def lifted(lifter, keypoints):
    return lifter(keypoints, "h36m17", SIZE)


def with_scores(keypoints, scores):
    scores = np.broadcast_to(scores, keypoints.shape[:-1])
    return np.concatenate([keypoints, scores[..., None]], axis=-1)


def test_certain_keypoints_give_the_models_own_answers(model, lifted, keypoints):
    seeds = np.stack([np.full(7, 3), np.arange(7)], axis=-1).astype("int32")
    mode = ops.convert_to_numpy(model.mode(keypoints, SIZE))
    hypotheses = ops.convert_to_numpy(
        model.sample(keypoints, SIZE, num_hypotheses=20, seed=seeds)
    )
    assert lifted.frame.tolist() == list(range(7))
    np.testing.assert_array_equal(lifted.person, np.zeros(7))
    np.testing.assert_array_equal(lifted.keypoints, keypoints)
    np.testing.assert_allclose(lifted.mode, mode, atol=0.01)
    np.testing.assert_allclose(lifted.hypotheses, hypotheses, atol=0.01)


def test_mean_spread_and_latent_log_prob(model, lifted, keypoints):
    hypotheses = lifted.hypotheses.astype(float)
    np.testing.assert_allclose(lifted.mean, hypotheses.mean(axis=1), atol=0.01)
    spread = np.sqrt(hypotheses.var(axis=1).sum(axis=-1))
    np.testing.assert_allclose(lifted.spread, spread, atol=0.02)
    assert not lifted.spread[:, 0].any()
    assert lifted.spread[:, 1:].min() > 0
    distribution = model.distribution(keypoints, SIZE)
    latents = model.flow.inverse(distribution.base_mean, distribution.condition)
    base, log_det = model.flow.forward(latents, distribution.condition)
    expected = distribution.base.log_prob(base) + log_det
    np.testing.assert_allclose(
        lifted.mode_latent_log_prob, ops.convert_to_numpy(expected)[:, 0], rtol=1e-3
    )


def test_results_do_not_depend_on_batches(model, lifter, keypoints):
    given = with_scores(keypoints, 0.7)
    given[2, 5, 2] = 0.0
    small = lifter(given, "h36m17", SIZE)
    large = Lifter(model, num_hypotheses=9, seed=3, batch_size=8)(given, "h36m17", SIZE)
    np.testing.assert_allclose(small.mode, large.mode, atol=0.01)
    np.testing.assert_allclose(small.hypotheses[:, :9], large.hypotheses, atol=0.05)
    other = Lifter(model, num_hypotheses=9, seed=4, batch_size=8)(given, "h36m17", SIZE)
    assert np.abs(other.hypotheses - large.hypotheses).max() > 1.0
    np.testing.assert_array_equal(other.mode, large.mode)


def test_spread_grows_as_the_input_gets_uncertain(lifter, keypoints):
    spreads = [
        lifter(with_scores(keypoints, score), "h36m17", SIZE).spread[:, 1:].mean()
        for score in (1.0, 0.9, 0.6, 0.3)
    ]
    assert spreads == sorted(spreads)
    assert spreads[-1] > 1.05 * spreads[0]


def test_spread_grows_with_missing_joints(lifter, lifted, keypoints):
    legs = [H36M_17.index(n) for n in ("LKnee", "LFoot", "RKnee", "RFoot")]
    scores = np.ones(17)
    scores[legs] = 0.0
    found = lifter(with_scores(keypoints, scores), "h36m17", SIZE)
    assert found.missing.sum(axis=1).tolist() == [4] * 7
    assert found.spread[:, 1:].mean() > 1.05 * lifted.spread[:, 1:].mean()
    assert np.isfinite(found.hypotheses).all()


def test_of_half_a_body_the_place_about_the_thorax_is_known(lifter, lifted, keypoints):
    thorax = lifted.hypotheses[:, :, H36M_17.index("Thorax"), None]
    about = lifted.hypotheses - thorax
    expected = np.sqrt(np.sum(np.var(about, axis=1), axis=-1))
    np.testing.assert_allclose(lifted.spread_about_thorax, expected, rtol=1e-3)
    assert (lifted.spread_about_thorax[:, H36M_17.index("Thorax")] == 0).all()
    assert (lifted.spread_about_thorax[:, H36M_17.root] > 0).all()


def test_all_kinds_of_sources_agree(lifter, lifted, keypoints, tmp_path):
    np.save(tmp_path / "a.npy", keypoints)
    np.savez(tmp_path / "a.npz", keypoints=keypoints, layout="h36m17", image_size=SIZE)
    people = [
        PersonKeypoints(i, 0, k, np.ones(17), "h36m17", SIZE)
        for i, k in enumerate(keypoints)
    ]
    for source, *rest in (
        (tmp_path / "a.npy", "h36m17", SIZE),
        (str(tmp_path / "a.npz"),),
        (iter(people),),
        ((k for k in keypoints), "h36m17", SIZE),
        (list(keypoints[:, None]), "h36m17", SIZE),
        (keypoints[:, None], "h36m17", SIZE),
        (ops.convert_to_tensor(keypoints), "h36m17", SIZE),
    ):
        found = lifter(source, *rest)
        np.testing.assert_array_equal(found.frame, lifted.frame)
        np.testing.assert_array_equal(found.hypotheses, lifted.hypotheses)
    (one,) = lifter(keypoints[0], "h36m17", SIZE).mode
    np.testing.assert_array_equal(one, lifted.mode[0])


def test_layouts_are_converted(lifter, standing):
    body = landmarks(standing[None], "body25", np.zeros((1, NUM_FREE_ANGLES)))
    body = (500 + 0.3 * body[..., :2]).astype("float32")
    found = lifter(body, image_size=SIZE)
    np.testing.assert_allclose(found.keypoints, convert(body, "body25"), rtol=1e-6)
    again = lifter(convert(body, "body25"), "h36m17", SIZE)
    np.testing.assert_allclose(found.mode, again.mode, atol=0.01)


def test_people_and_frames_are_named(lifter, keypoints):
    frames = [keypoints[:2], keypoints[:0], keypoints[2:3]]
    found = lifter(frames, "h36m17", SIZE, track=False)
    assert list(zip(found.frame, found.person)) == [(0, 0), (0, 1), (2, 0)]
    frames = [keypoints[:2], keypoints[:0], keypoints[1::-1]]
    found = lifter(frames, "h36m17", SIZE)
    assert list(zip(found.frame, found.person)) == [(0, 0), (0, 1), (2, 1), (2, 0)]
    np.testing.assert_array_equal(found.mode[2:], found.mode[1::-1])


def test_people_with_too_few_joints_are_skipped_and_counted(lifter, keypoints):
    given = with_scores(keypoints, 1.0)
    given[[1, 5, 6], 3:, 2] = 0.1
    found = lifter(given, "h36m17", SIZE)
    assert found.frame.tolist() == [0, 2, 3, 4]
    assert found.num_skipped == 3
    # The last batch holds nobody but counts who was skipped.
    assert lifter(given[[0, 2, 3, 1]], "h36m17", SIZE).num_skipped == 1
    with pytest.raises(ValueError, match="nobody to lift: of 2 people none has 4"):
        lifter(given[5:], "h36m17", SIZE)


def test_streams_never_end(lifter, keypoints):
    endless = itertools.cycle(keypoints)
    parts = list(itertools.islice(lifter.stream(endless, "h36m17", SIZE), 4))
    assert [len(part) for part in parts] == [3] * 4
    assert parts[3].frame.tolist() == [9, 10, 11]
    np.testing.assert_allclose(parts[2].mode[1], parts[0].mode[0], atol=1e-3)


def test_program_is_compiled_once(model, keypoints, monkeypatch):
    lifter = Lifter(model, num_hypotheses=2, batch_size=4)
    traces = []
    monkeypatch.setattr(
        lifter_module,
        "lift_uncertain",
        lambda *args: traces.append(0) or lift_uncertain(*args),
    )
    lifter(keypoints, "h36m17", SIZE)
    lifter(with_scores(keypoints[:1], 0.5), "h36m17", (640, 480))
    assert len(traces) == 1


def test_image_size_is_asked_for_where_it_matters(lifter, standing, keypoints):
    with pytest.raises(ValueError, match="how large the images are: pass `image_size`"):
        lifter(keypoints, "h36m17")
    for wrong in ((1000,), (0, 5), (np.nan, 5)):
        with pytest.raises(ValueError, match="to be width and height"):
            lifter(keypoints, "h36m17", wrong)
    from propose_keras import PoseNormalization
    from propose_keras.model import ProPose

    free = ProPose.from_sizes(
        latent_size=2,
        width=4,
        num_blocks=0,
        num_couplings=1,
        normalization=PoseNormalization(
            scale="pose", root="remove", name="normalization"
        ),
    )
    assert len(Lifter(free, num_hypotheses=2)(keypoints, "h36m17")) == 7


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_hypotheses": 0}, "`num_hypotheses` must be .* at least 1; received 0"),
        ({"num_hypotheses": 1.5}, "must be a whole number"),
        ({"num_hypotheses": True}, "must be a whole number"),
        ({"batch_size": 0}, "at least 1"),
        ({"seed": 1.5}, "`seed` must be a whole number, from 0 to"),
        ({"score_threshold": 1.5}, "in 0..1"),
        ({"score_threshold": np.nan}, "in 0..1"),
        ({"keypoint_noise": -1.0}, "at least 0 mm"),
        ({"seed": 2**31}, "`seed` must be a whole number, from 0"),
    ],
)
def test_wrong_settings(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        Lifter(model, **arguments)


def test_wrong_sources(lifter, keypoints):
    with pytest.raises(ValueError, match="Expected a path, an array or an iterable"):
        lifter(3.5)
    with pytest.raises(ValueError, match="Pass the layout"):
        lifter(keypoints, image_size=SIZE)
    with pytest.raises(ValueError, match="frame 1, person 0: Hip is at .*nan"):
        unseen = np.where(np.arange(17)[:, None] == 0, np.nan, keypoints[1])
        lifter([keypoints[0], unseen], "h36m17", SIZE)
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        lifter("/no/such/file.json", image_size=SIZE)


@pytest.fixture(scope="module")
def model_file(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path


def test_models_are_loaded_from_files(model_file, lifted, keypoints):
    lifter = Lifter(model_file, num_hypotheses=20, seed=3, batch_size=3)
    found = lifter(keypoints, "h36m17", SIZE)
    np.testing.assert_allclose(found.hypotheses, lifted.hypotheses, atol=0.01)


def test_files_that_are_no_model(model_file, tmp_path):
    with pytest.raises(FileNotFoundError, match="no model file"):
        load_model(tmp_path / "none.keras")
    whole = model_file.read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "model.h5").write_bytes(whole)
    for name in ("cut.keras", "model.h5"):
        with pytest.raises(ValueError, match="is not a .keras file, or it is cut"):
            load_model(tmp_path / name)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(
        tmp_path / "other.keras"
    )
    with pytest.raises(ValueError, match="holds a Sequential, not a ProPose"):
        load_model(tmp_path / "other.keras")
    # In a process of its own: here the class may be known from elsewhere.
    DeterministicLifter.from_sizes(width=2, num_blocks=0).save(
        tmp_path / "deterministic.keras"
    )
    program = (
        "from propose_keras.inference import load_model\n"
        f"try: load_model({str(tmp_path / 'deterministic.keras')!r})\n"
        "except ValueError as error: print(error)"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    ).stdout
    assert "holds a DeterministicLifter, not a ProPose" in output


def test_hostile_models_execute_nothing(model_file, tmp_path):
    """A `Lambda` with code in place of a network."""
    touched = str(tmp_path / "touched")
    layer = keras.layers.Lambda(lambda x: (os.mkdir(touched), x)[1])
    hostile = tmp_path / "hostile.keras"
    with (
        zipfile.ZipFile(model_file) as source,
        zipfile.ZipFile(hostile, "w") as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["flow"] = keras.saving.serialize_keras_object(layer)
                content = json.dumps(config)
            target.writestr(name, content)
    with pytest.raises(ValueError, match="Cannot read the model.*afe"):
        load_model(hostile)
    assert not os.path.exists(touched)


def test_a_pickled_lifter_lifts_the_same(lifter, lifted, keypoints):
    copy = pickle.loads(pickle.dumps(lifter))
    again = copy(keypoints, "h36m17", SIZE)
    np.testing.assert_allclose(again.hypotheses, lifted.hypotheses, atol=1e-3)


@pytest.mark.parametrize(
    ("to_fractions", "message"),
    [
        (lambda xy: xy / [1000, 500], r"0\.\.1: they were taken as fractions"),
        (lambda xy: xy / 500 - [1, 0.5], r"-1\.\.1: they were taken as fractions"),
    ],
)
def test_fractions_of_the_image_are_scaled_and_that_is_said(
    lifter, keypoints, to_fractions, message
):
    size = (1000, 500)
    expected = lifter(keypoints, "h36m17", size)
    assert expected.warnings == ()
    with pytest.warns(KeypointWarning, match=message):
        found = lifter(to_fractions(keypoints.astype(float)), "h36m17", size)
    assert len(found.warnings) == 1
    np.testing.assert_allclose(found.mode, expected.mode, atol=0.1)
    with pytest.raises(ValueError, match="Pass `image_size`"):
        lifter(to_fractions(keypoints.astype(float)), "h36m17")


def test_a_person_far_away_is_not_taken_for_fractions(lifter, keypoints):
    middle = keypoints.mean(axis=(0, 1))
    small = (keypoints - middle) / 100 + middle
    assert lifter(small, "h36m17", SIZE).warnings == ()


def test_clipped_scores_are_said_once(lifter, keypoints):
    scored = with_scores(keypoints, 1.0)
    scored[2:, 4, 2] = 1.1
    with pytest.warns(KeypointWarning, match="taken as 1") as said:
        found = lifter(scored, "h36m17", SIZE)
    assert len(said) == len(found.warnings) == 1


def test_people_of_whom_nothing_is_seen_do_not_decide_the_unit(lifter, keypoints):
    scored = with_scores(keypoints.astype(float), 1.0)
    expected = lifter(scored[1:], "h36m17", SIZE)
    scored[..., :2] /= SIZE
    scored[0, :, 2] = scored[3, :, 2] = 0.0
    with pytest.warns(KeypointWarning, match=r"0\.\.1"):
        found = lifter(scored, "h36m17", SIZE)
    kept = [0, 1, 3, 4, 5]  # Of the six after the first.
    np.testing.assert_allclose(found.mode, expected.mode[kept], atol=0.1)
