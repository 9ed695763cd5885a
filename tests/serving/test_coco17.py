"""The signature `coco17` does what `Lifter` does, and says what it cannot lift."""

import dataclasses
import warnings

import numpy as np
import pytest
from keras import ops

from propose_keras import Lifter, PoseNormalization, ProPose, backend
from propose_keras.inference import PersonWarning
from propose_keras.keypoint_files import PersonKeypoints
from propose_keras.serving import export_saved_model
from propose_keras.serving.signatures import make_signatures

SEED = 3
NUM_HYPOTHESES = 3
LONE_ROW = 5
FIELDS = (
    *("mode", "hypotheses", "mean", "spread", "spread_about_thorax"),
    *("mode_latent_log_prob", "missing"),
)


def make_people(image_size):
    """Inputs of the signature: people with gaps and scores of all kinds."""
    rng = np.random.default_rng(7)
    count = len(image_size)
    scores = rng.random((count, 17))
    scores[: count // 2] = 1.0
    # As COCO's people may lack: ears and eyes, an arm, the legs, most of the rest.
    for row, gaps in enumerate(((1, 2, 3, 4), (6, 8, 10), range(11, 17), range(9))):
        scores[row, list(gaps)] = 0.0
    scores[4 : count // 2, 3] = 0.0
    keypoints = rng.uniform(200, 800, (count, 17, 2))
    keypoints[scores == 0] = np.nan
    seed = np.stack([np.full(count, SEED), np.arange(count)], axis=-1)
    return {
        "keypoints": keypoints.astype("float32"),
        "scores": scores.astype("float32"),
        "image_size": np.float32(image_size),
        "seed": seed.astype("int32"),
    }


def lift(model, people, intrinsics=None):
    """What `Lifter` makes of the inputs."""
    lifter = Lifter(model, NUM_HYPOTHESES, SEED, batch_size=len(people["scores"]))
    rows = zip(people["keypoints"], people["scores"], people["image_size"])
    source = (
        PersonKeypoints(0, 0, k, s, "coco17", tuple(size) if size.any() else None)
        for k, s, size in rows
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PersonWarning)  # Random joints are no people.
        return lifter(source, intrinsics=intrinsics, track=False)


def ask_here(model, people, **settings):
    """The signature's answer, from this process and its backend."""
    signature = make_signatures(model, NUM_HYPOTHESES, **settings)["coco17"]
    ask = backend.compile_function(
        lambda *values: signature.function(**dict(zip(people, values))),
        model.variables,
    )
    answer = ask(*map(ops.convert_to_tensor, people.values()))
    answer = {k: ops.convert_to_numpy(v) for k, v in answer.items()}
    answer["problem"] = np.array(signature.texts["problem"])[answer["problem"]]
    return answer


def assert_lifted(answer, expected, model, rows=slice(None)):
    """Equal to 1e-4 of the poses' deviation, or relatively for nats."""
    for name in FIELDS:
        unit = float(model.normalization.deviation_3d)
        unit = 1.0 if name in ("mode_latent_log_prob", "missing") else unit
        np.testing.assert_allclose(
            answer[name] / unit,
            getattr(expected, name)[rows] / unit,
            atol=1e-4,
            rtol=1e-4,
            err_msg=name,
        )
    np.testing.assert_allclose(
        answer["filled_keypoints"], expected.keypoints[rows], atol=1e-2
    )
    assert answer["valid"].all()
    assert set(answer["problem"].tolist()) == {""}


@pytest.fixture(scope="module")
def people(requests_of):
    return make_people(requests_of()[1])


@pytest.fixture(scope="module")
def expected(served_model, people):
    lifted = lift(served_model, people)
    assert len(lifted) == len(people["scores"])
    assert lifted.missing.any(axis=1).sum() > 30
    return lifted


@pytest.fixture(scope="module")
def answers(exported, people, ask):
    """Responses by backend, then by case, then by name."""
    cases = {"all": people, "lone": {}, "spoilt": {}}
    for name, value in people.items():
        cases["lone"][name] = value[LONE_ROW : LONE_ROW + 1]
        spoilt = np.full_like(value, 9 if name == "seed" else np.nan)
        spoilt[LONE_ROW] = value[LONE_ROW]
        cases["spoilt"][name] = spoilt
    requests = {
        f"{case}.coco17.{name}": value
        for case, values in cases.items()
        for name, value in values.items()
    }
    answers = {name: {case: {} for case in cases} for name in exported}
    for exporter, response in ask(exported, requests).items():
        for key, value in response.items():
            case, _, name = key.split(".")
            answers[exporter][case][name] = value
    return answers


@pytest.mark.parametrize("exporter", ["tensorflow", "jax"])
def test_exports_lift_as_the_lifter(answers, expected, served_model, exporter):
    assert_lifted(answers[exporter]["all"], expected, served_model)
    lone = slice(LONE_ROW, LONE_ROW + 1)
    assert_lifted(answers[exporter]["lone"], expected, served_model, lone)


@pytest.mark.parametrize("exporter", ["tensorflow", "jax"])
def test_rows_that_cannot_be_lifted_spoil_no_other(
    answers, expected, served_model, exporter
):
    answer = answers[exporter]["spoilt"]
    lone = slice(LONE_ROW, LONE_ROW + 1)
    assert_lifted({k: v[lone] for k, v in answer.items()}, expected, served_model, lone)
    others = np.arange(64) != LONE_ROW
    assert not answer["valid"][others].any()
    assert all("Scores must lie in 0..1" in text for text in answer["problem"][others])
    for name in (*FIELDS[:-1], "filled_keypoints"):
        assert np.isnan(answer[name][others]).all(), name


def spoil(name, value, joint=slice(None)):
    """A change of one input of a row."""

    def change(row):
        row[name][joint] = value

    return change


def make_fractions(row):
    row["keypoints"] /= row["image_size"]


def make_fractions_but_one(row):
    make_fractions(row)
    row["keypoints"][0] = 500.0


PROBLEMS = {
    "score above 1": (spoil("scores", 1.01, 0), "Scores must lie in 0..1"),
    "score below 0": (spoil("scores", -0.1, 0), "Scores must lie in 0..1"),
    "no score": (spoil("scores", np.nan, 0), "Scores must lie in 0..1"),
    "no keypoint": (spoil("keypoints", np.nan, 0), "Keypoints must be finite"),
    "infinite": (spoil("keypoints", np.inf, (16, 1)), "Keypoints must be finite"),
    "far away": (spoil("keypoints", -1e7, 16), "within 1,000,000 pixels"),
    "unsure": (spoil("scores", 0.29), "There must be 4 joints"),
    "nobody": (spoil("scores", 0.0), "There must be 4 joints"),
    "three joints": (spoil("scores", 0.0, slice(3, 17)), "There must be 4 joints"),
    "one place": (spoil("keypoints", 300.0), "not all in one place"),
    "fractions": (make_fractions, "Keypoints must be pixels"),
    "fractions but one": (make_fractions_but_one, "Keypoints must be pixels"),
    "no width": (spoil("image_size", 0.0, 0), "image_size must be width and height"),
    "negative size": (spoil("image_size", -5.0), "image_size must be width and height"),
    "nan size": (spoil("image_size", np.nan), "image_size must be width and height"),
    "infinite size": (spoil("image_size", np.inf), "must be width and height"),
    "unknown size": (spoil("image_size", 0.0), "This model needs image_size"),
}


def test_what_is_wrong_with_a_row_is_told(served_model):
    rows = make_people(np.full((len(PROBLEMS) + 1, 2), 1000.0))
    rows["scores"][:] = 1.0
    rows["keypoints"] = np.nan_to_num(rows["keypoints"], nan=400.0)
    expected = ask_here(served_model, {k: v[-1:] for k, v in rows.items()})
    for row, (change, _) in enumerate(PROBLEMS.values()):
        change({name: value[row] for name, value in rows.items()})
    answer = ask_here(served_model, rows)
    for row, (name, (_, text)) in enumerate(PROBLEMS.items()):
        assert text in answer["problem"][row], name
    assert answer["valid"].tolist() == [False] * len(PROBLEMS) + [True]
    assert answer["problem"][-1] == ""
    for name in (*FIELDS[:-1], "filled_keypoints"):
        assert np.isnan(answer[name][:-1]).all(), name
        np.testing.assert_allclose(answer[name][-1:], expected[name], atol=0.05)
    # Every text is said to somebody.
    texts = make_signatures(served_model, 1)["coco17"].texts["problem"]
    assert set(answer["problem"]) == set(texts)


@pytest.fixture(scope="module", params=["ray", "remove"])
def free_model(request, served_model, requests_of):
    """A model that can do without the image's size."""
    model = ProPose.from_sizes(
        **{"latent_size": 4, "width": 8, "num_blocks": 1, "num_couplings": 1},
        normalization=PoseNormalization(scale="pose", root=request.param),
    )
    rng = np.random.default_rng(3)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.3)
    model.normalization.adapt(*requests_of())
    return model


def test_sizes_may_be_unknown(free_model):
    people = make_people(np.full((12, 2), 1000.0))
    people["image_size"][::2] = 0.0
    assert_lifted(ask_here(free_model, people), lift(free_model, people), free_model)


def test_known_cameras_by_the_formula_of_the_documentation(served_model):
    people = make_people(np.full((12, 2), 900.0))
    fx, fy, cx, cy = 1400.0, 1400.0, 700.0, 400.0
    expected = lift(served_model, people, (fx, fy, cx, cy))

    def move(keypoints):
        return np.float32((keypoints - [cx, cy]) * 1150 / [fx, fy] + 500)

    people["keypoints"] = move(people["keypoints"])
    people["image_size"][:] = 1000.0
    answer = ask_here(served_model, people)
    moved = dataclasses.replace(expected, keypoints=move(expected.keypoints))
    assert_lifted(answer, moved, served_model)


@pytest.mark.filterwarnings("ignore::propose_keras.inference.PersonWarning")
def test_threshold_and_noise_are_the_exports(served_model):
    people = make_people(np.full((12, 2), 1000.0))
    people["scores"][people["scores"] == 0] = 0.1
    people["keypoints"] = np.nan_to_num(people["keypoints"], nan=500.0)
    answer = ask_here(served_model, people, score_threshold=0.05, keypoint_noise=0.0)
    lifter = Lifter(
        *(served_model, NUM_HYPOTHESES, SEED),
        **{"batch_size": 12, "score_threshold": 0.05, "keypoint_noise": 0.0},
    )
    given = np.concatenate([people["keypoints"], people["scores"][..., None]], axis=-1)
    expected = lifter(given, "coco17", (1000, 1000), track=False)
    assert_lifted(answer, expected, served_model)


def test_settings_out_of_range_write_nothing(served_model, tmp_path):
    for settings in ({"score_threshold": 1.5}, {"keypoint_noise": -1.0}):
        with pytest.raises(ValueError, match=r"in 0\.\.1|at least 0 mm"):
            export_saved_model(served_model, tmp_path / "served", 1, 2, **settings)
    assert not (tmp_path / "served").exists()


def test_models_of_other_joints_have_no_such_signature():
    model = ProPose.from_sizes(
        **{"latent_size": 2, "width": 4, "num_blocks": 0, "num_couplings": 1},
        normalization=PoseNormalization("mpii16"),
    )
    assert sorted(make_signatures(model, 1)) == [
        *("hypotheses", "latent_log_prob", "serving_default")
    ]
