"""Reports of a whole evaluation, against a few lines of float64 NumPy."""

import dataclasses
import json

import numpy as np
import pytest
from keras import ops

from propose_keras.evaluation.evaluator import Evaluator
from propose_keras.evaluation.model_evaluation import evaluate_model
from propose_keras.evaluation.protocols import get_protocol
from propose_keras.evaluation.report_json import (
    read_report,
    report_from_json,
    report_to_json,
)
from propose_keras.evaluation.report_markdown import format_report, write_report
from propose_keras.evaluation.summary import summarize

pytestmark = pytest.mark.usefixtures("uncompiled")


def evaluate(model, arrays, protocol, num_hypotheses=(1, 10), **kwargs):
    return evaluate_model(
        model,
        get_protocol(protocol),
        arrays,
        num_hypotheses=num_hypotheses,
        dataset="some_set/config",
        split="test",
        frame_stride=5,
        **kwargs,
    )


@pytest.fixture(scope="module")
def measures(model, arrays):
    return Evaluator(model, get_protocol("h36m"), (1, 10)).evaluate(arrays)


@pytest.fixture(scope="module")
def report(model, arrays):
    return evaluate(model, arrays, "h36m")


@pytest.fixture(scope="module")
def mode_errors(model, arrays):
    pose = np.float64(model.mode(arrays.keypoints_2d, arrays.image_sizes()))
    target = np.float64(arrays.pose_3d - arrays.pose_3d[:, :1])
    return np.linalg.norm(pose - target, axis=-1)


def test_report_holds_the_contract(report, arrays):
    assert (report.system, report.kind) == ("Guess", "probabilistic")
    assert not report.flip_test
    assert report.temperature == 1.0
    report = report_to_json(report)
    assert report["protocol"] == "h36m"
    assert (report["dataset"], report["split"]) == ("some_set/config", "test")
    assert report["frames"] == len(arrays)
    assert report["frame_stride"] == 5
    assert report["backend"] in ("tensorflow", "jax")
    assert list(report["results"]) == ["mode", "1", "10"]
    for result in report["results"].values():
        assert set(result) == {"mpjpe", "pa_mpjpe", "per_action"}
        assert set(result["per_action"]) == {"Directions", "Eating", "Walking"}
        for both in result["per_action"].values():
            assert set(both) == {"mpjpe", "pa_mpjpe"}
    for key in ("ece", "energy_score", "diversity", "symmetry", "latent_nll"):
        assert isinstance(report[key], float)
    assert "pck" not in report


def test_mpjpe_is_the_unweighted_mean_of_the_actions(report, arrays, mode_errors):
    actions = arrays.labels("action")
    means = {a: mode_errors[actions == a].mean() for a in np.unique(actions)}
    mode = report.results["mode"]
    for action, mean in means.items():
        assert mode.per_action[action].mpjpe == pytest.approx(mean, abs=1e-3)
    assert mode.mpjpe == pytest.approx(np.mean(list(means.values())), abs=1e-3)
    assert mode.mpjpe != pytest.approx(mode_errors.mean(), abs=1e-2)
    assert list(report.error_by_joint.values()) == pytest.approx(
        mode_errors.mean(0), abs=1e-3
    )


def test_motion_is_measured_where_frames_follow_each_other(model, arrays, report):
    pose = np.float64(model.mode(arrays.keypoints_2d, arrays.image_sizes()))
    offset = pose - np.float64(arrays.pose_3d - arrays.pose_3d[:, :1])
    same = np.diff(arrays.clip_index) == 0
    changes = np.linalg.norm(np.diff(offset, axis=0)[same], axis=-1)
    assert report.mode.mpjve == pytest.approx(changes.mean(), abs=1e-3)
    assert report.mode.acceleration_error > report.mode.mpjve
    assert "velocity error (MPJVE)" in format_report(report)
    alone = evaluate(model, arrays.subset(slice(None, None, 64)), "h36m", (1,))
    assert alone.mode.mpjve is None
    assert "MPJVE" not in format_report(alone)


def test_frame_mean_weighs_by_frames(model, measures, arrays, mode_errors):
    protocol = get_protocol("h36m+frame-mean")
    mode = summarize(measures, arrays, protocol, model).results["mode"]
    assert mode.mpjpe == pytest.approx(mode_errors.mean(), abs=1e-3)


def test_more_hypotheses_are_no_worse(report):
    curve = report.hypotheses.error_by_num_hypotheses
    assert curve.num_hypotheses == (1, 2, 5, 10)
    assert np.all(np.diff(curve.mpjpe) <= 0)
    assert curve.mpjpe[-1] == pytest.approx(report.results["10"].mpjpe)
    assert curve.pa_mpjpe[0] == pytest.approx(report.results["1"].pa_mpjpe)


def test_report_is_written_and_read(report, tmp_path):
    write_report(report, tmp_path / "new" / "folder")
    assert read_report(tmp_path / "new" / "folder" / "report.json") == report
    markdown = (tmp_path / "new" / "folder" / "report.md").read_text()
    assert markdown == format_report(report)
    assert "protocol h36m" in markdown
    assert f"{report.results['10'].mpjpe:.1f}" in markdown
    assert sorted(p.name for p in (tmp_path / "new" / "folder").iterdir()) == [
        "report.json",
        "report.md",
    ]


def test_failed_writing_leaves_the_old_report(report, tmp_path):
    write_report(report, tmp_path)
    broken = dataclasses.replace(report, seconds=float("nan"))
    with pytest.raises(ValueError, match="JSON compliant"):
        write_report(broken, tmp_path)
    assert read_report(tmp_path / "report.json") == report
    assert len(list(tmp_path.iterdir())) == 2


def test_reports_of_older_versions_are_read(report, tmp_path):
    value = report_to_json(report)
    scores = ("energy_score", "energy_score_joints", "energy_score_by_joint")
    scores += ("coverage",)
    for name in ("system", "kind", "flip_test", "temperature", "num_weights", *scores):
        del value[name]
    (tmp_path / "report.json").write_text(json.dumps(value))
    old = read_report(tmp_path / "report.json")
    assert old == dataclasses.replace(
        report,
        system="ProPose",
        temperature=None,
        num_weights=None,
        hypotheses=dataclasses.replace(report.hypotheses, **dict.fromkeys(scores)),
    )
    assert "energy score" not in format_report(old)
    assert report_from_json({**value, "kind": "deterministic"}).system == (
        "Deterministic"
    )


@pytest.mark.parametrize("wrong", [{}, [], {"results": {"mode": 3}}])
def test_what_is_no_report_is_refused(wrong):
    with pytest.raises(ValueError, match="expected the report of an evaluation"):
        report_from_json(wrong)


def test_energy_score_is_that_of_the_joints_without_the_root(model, arrays):
    report = evaluate(model, arrays, "h36m+frame-mean", (6,))
    seeds = np.stack([np.zeros(len(arrays)), np.arange(len(arrays))], -1)
    hypotheses = ops.convert_to_numpy(
        model.sample(
            keypoints=arrays.keypoints_2d,
            image_size=arrays.image_sizes(),
            num_hypotheses=6,
            seed=seeds.astype("int32"),
        )
    )
    poses = np.float64(hypotheses[:, :, 1:] - hypotheses[:, :, :1])
    target = np.float64(arrays.pose_3d[:, 1:] - arrays.pose_3d[:, :1])

    def distance(a, b):
        return np.sqrt(np.mean(np.sum((a - b) ** 2, axis=-1), axis=-1))

    between = distance(poses[:, :, None], poses[:, None]).sum((1, 2)) / (6 * 5)
    expected = distance(poses, target[:, None]).mean(1) - between / 2
    assert report.hypotheses.energy_score == pytest.approx(expected.mean(), rel=1e-4)
    assert f"- energy score, 6 hypotheses: {expected.mean():.1f} mm" in format_report(
        report
    )
    alone = evaluate(model, arrays, "h36m", (1,))
    assert alone.hypotheses.energy_score is None


def test_a_model_without_a_latent_density_has_no_latent_likelihood(
    model, arrays, report, monkeypatch
):
    monkeypatch.setattr(type(model), "has_latent_density", False)
    monkeypatch.delattr(type(model), "latent_log_prob")
    without = evaluate(model, arrays, "h36m")
    assert report.hypotheses.latent_nll is not None
    assert without.hypotheses == dataclasses.replace(
        report.hypotheses,
        latent_nll=None,
        hypotheses_per_second=without.hypotheses.hypotheses_per_second,
    )
    assert "latent" not in format_report(without)
    assert "latent_nll" not in report_to_json(without)


def test_poses_left_out_are_counted(model, measures, arrays, mode_errors):
    kept = np.arange(1, len(arrays), 2)
    fewer = dataclasses.replace(
        measures,
        values={name: value[kept] for name, value in measures.values.items()},
        rows=kept,
        num_excluded=len(arrays) - len(kept),
    )
    report = summarize(fewer, arrays, get_protocol("h36m"), model)
    assert report.num_poses + report.num_excluded == len(arrays)
    walking = mode_errors[kept][arrays.labels("action")[kept] == "Walking"].mean()
    by_action = report.results["mode"].per_action
    assert by_action["Walking"].mpjpe == pytest.approx(walking, abs=1e-3)


def test_a_model_that_makes_nan_has_no_error(model, measures, arrays):
    """Only ground truth is left out; NaN of the model's is not averaged away."""
    values = {name: value.copy() for name, value in measures.values.items()}
    values["mode_mpjpe"][3] = np.nan
    report = summarize(
        dataclasses.replace(measures, values=values),
        arrays,
        get_protocol("h36m"),
        model,
    )
    assert report.results["mode"].mpjpe is None
    assert report.results["1"].mpjpe > 0
    assert "| Guess, mode" in format_report(report)


@pytest.fixture(scope="module")
def arrays_3dhp(make_clip, make_arrays):
    return make_arrays(
        [make_clip(f"TS{i}", "Exercise", num_frames=5 + 3 * i) for i in range(1, 7)], 1
    )


# Joints and thresholds of the three conventions, once more by hand.
CONVENTIONS = {
    "3dhp-official": (
        [1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15, 16],
        range(0, 151, 5),
    ),
    "3dhp-graphmlp": (list(range(17)), range(150)),
    "3dhp-poseaug": ([j for j in range(17) if j != 9], np.linspace(0, 150, 31)),
}


@pytest.mark.parametrize("protocol", CONVENTIONS)
def test_3dhp_figures_are_those_of_plain_numpy(model, arrays_3dhp, protocol):
    report = evaluate(model, arrays_3dhp, protocol, (1,))
    joints, thresholds = CONVENTIONS[protocol]
    pose = np.float64(model.mode(arrays_3dhp.keypoints_2d, arrays_3dhp.image_sizes()))
    target = np.float64(arrays_3dhp.pose_3d - arrays_3dhp.pose_3d[:, :1])
    errors = np.linalg.norm(pose - target, axis=-1)[:, joints]
    subjects = arrays_3dhp.labels("subject")
    scenes = {
        "GS": np.isin(subjects, ["TS1", "TS2"]),
        "noGS": np.isin(subjects, ["TS3", "TS4"]),
        "Outdoor": np.isin(subjects, ["TS5", "TS6"]),
        "all": np.ones(len(subjects), bool),
    }
    for name, rows in scenes.items():
        pck = 100 * np.mean(errors[rows] < 150)
        auc = 100 * np.mean([np.mean(errors[rows] < t) for t in thresholds])
        mode = report.results["mode"]
        reported = mode if name == "all" else mode.scenes[name]
        assert reported.pck == pytest.approx(pck, abs=1e-3)
        assert reported.auc == pytest.approx(auc, abs=1e-3)
    value = report_to_json(report)
    assert value["pck"] == report.results["mode"].pck != report.results["1"].pck
    assert value["scenes"] == value["results"]["mode"]["scenes"]
    assert report_from_json(value) == report
    assert "PCK" in format_report(report)


def test_hard_protocol_reports_cps(model, arrays, mode_errors):
    report = evaluate(model, arrays, "h36m-hard")
    value = report_to_json(report)
    assert value["cps"] == report.results["mode"].cps
    of_samples = [report.results[n].cps for n in ("1", "10")]
    assert 0 < of_samples[0] < of_samples[1] < value["cps"] < 299
    counted = mode_errors[:, CONVENTIONS["3dhp-official"][0]]
    assert value["pck"] == pytest.approx(100 * np.mean(counted < 150), abs=1e-3)
    assert "Correct Poses Score" in format_report(report)


def test_report_has_no_nan(report):
    json.dumps(report_to_json(report), allow_nan=False)
