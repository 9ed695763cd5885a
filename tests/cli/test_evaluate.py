import contextlib
import dataclasses
import io
import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from absl import flags
from keras import ops

from propose_keras import evaluation
from propose_keras.cli import evaluate, outputs
from propose_keras.cli.errors import UserError
from propose_keras.data import load_arrays
from propose_keras.deterministic import DeterministicLifter
from propose_keras.evaluation.report_json import read_report, report_to_json
from propose_keras.evaluation.report_markdown import write_report
from propose_keras.inference import load_model
from propose_keras.model import ProPose

pytestmark = pytest.mark.usefixtures("uncompiled")


@pytest.fixture(scope="module")
def training_poses(synthetic_data_dir):
    return load_arrays("synthetic_human/tiny", synthetic_data_dir, "train")


@pytest.fixture(scope="module")
def workdir(training_poses, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    keras.utils.set_random_seed(0)
    model = ProPose.from_sizes(latent_size=4, width=8, num_blocks=0, num_couplings=1)
    adapt(model, training_poses)
    model.compile()
    model.save(folder / "model.keras")
    return folder


def adapt(model, poses):
    model.normalization.adapt(poses.keypoints_2d, poses.image_sizes(), poses.pose_3d)


def execute(*arguments):
    values = flags.FlagValues()
    evaluate.define_flags(values)
    values(["evaluate", *arguments])
    evaluate.execute(values)


@pytest.fixture(scope="module")
def arguments(synthetic_data_dir):
    """Flags of an evaluation of 120 poses, or of 60 of S8."""

    def arguments(workdir, *others):
        return (
            f"--workdir={workdir}",
            "--dataset=synthetic_human/tiny",
            f"--data_dir={synthetic_data_dir}",
            "--num_hypotheses=1,3",
            "--frame_stride=8",
            *others,
        )

    return arguments


@pytest.fixture(scope="module")
def evaluated(workdir, arguments, tmp_path_factory):
    """The report folder of one evaluation, and what it printed."""
    output = tmp_path_factory.mktemp("reports") / "new"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        execute(*arguments(workdir, f"--output={output}", "--seed=7", "--table=3"))
    return output, printed.getvalue()


def test_test_split_is_evaluated_and_reported(evaluated):
    output, printed = evaluated
    report = json.loads((output / "report.json").read_text())
    assert (report["split"], report["frames"], report["seed"]) == ("test", 120, 7)
    assert list(report["results"]) == ["mode", "1", "3"]
    assert "| ProPose, S=3 " in printed
    assert printed.startswith("# synthetic_human/tiny, test, protocol h36m")


def test_errors_are_those_of_the_built_data(evaluated, workdir, synthetic_data_dir):
    poses = load_arrays("synthetic_human/tiny", synthetic_data_dir, "test")
    poses = poses.select(frame_stride=8)
    model = load_model(workdir / "model.keras")
    given = {"keypoints": poses.keypoints_2d, "image_size": poses.image_sizes()}
    target = np.float64(poses.pose_3d - poses.pose_3d[:, :1])
    # The evaluation's row seeds: of its seed and the row.
    seeds = np.stack([np.full(len(poses), 7), np.arange(len(poses))], axis=-1)
    hypotheses = model.sample(**given, num_hypotheses=3, seed=seeds.astype("int32"))
    lifted = {"mode": model.mode(**given)[:, None], "3": hypotheses}
    actions = poses.labels("action")
    report = json.loads((evaluated[0] / "report.json").read_text())
    for name, lifted_poses in lifted.items():
        difference = np.float64(ops.convert_to_numpy(lifted_poses)) - target[:, None]
        errors = np.linalg.norm(difference, axis=-1).mean(axis=-1).min(axis=1)
        by_action = {a: errors[actions == a].mean() for a in np.unique(actions)}
        result = report["results"][name]
        assert result["mpjpe"] == pytest.approx(
            np.mean(list(by_action.values())), abs=1e-2
        )
        for action, error in by_action.items():
            assert result["per_action"][action]["mpjpe"] == pytest.approx(
                error, abs=1e-2
            )


def test_the_library_gives_the_report_of_the_command(
    evaluated, workdir, synthetic_data_dir
):
    protocol = evaluation.get_protocol("h36m")
    dataset = "synthetic_human/tiny"
    poses = evaluation.load_poses(protocol, dataset, synthetic_data_dir, frame_stride=8)
    report = evaluation.evaluate_model(
        load_model(workdir / "model.keras"),
        protocol,
        poses,
        num_hypotheses=(1, 3),
        seed=7,
        dataset=dataset,
        split="test",
        frame_stride=8,
    )
    expected = evaluation.read_report(evaluated[0] / "report.json")
    speed = expected.hypotheses.hypotheses_per_second
    assert expected == dataclasses.replace(
        report,
        seconds=expected.seconds,
        hypotheses=dataclasses.replace(report.hypotheses, hypotheses_per_second=speed),
    )


def test_presets_are_evaluated_as_their_runs_are(
    evaluated, workdir, arguments, tmp_path
):
    model = load_model(workdir / "model.keras")
    model.save_to_preset(tmp_path / "mine")
    preset = [f"--preset={tmp_path / 'mine'}", f"--output={tmp_path / 'report'}"]
    execute(*arguments("", *preset, "--seed=7"))
    expected, found = (
        json.loads((folder / "report.json").read_text())
        for folder in (evaluated[0], tmp_path / "report")
    )
    differing = {name for name in expected if found[name] != expected[name]}
    assert differing <= {"seconds", "hypotheses_per_second"}
    held_out = (*preset, "--split=validation")
    with pytest.raises(UserError, match="does not record what it was trained on"):
        execute(*arguments("", *held_out))
    settings = {"dataset": "cmu_mocap,synthetic_human", "validation_subject": ""}
    model.save_to_preset(tmp_path / "mine", settings)
    with pytest.raises(UserError, match="mine held nobody out"):
        execute(*arguments("", *held_out))
    model.save_to_preset(tmp_path / "mine", {"dataset": "cmu_mocap"})
    execute(*arguments("", *held_out))


@pytest.mark.parametrize("dataset", ["synthetic_human/full", "cmu, synthetic_human"])
def test_training_data_is_not_called_held_out(workdir, arguments, tmp_path, dataset):
    shutil.copy(workdir / "model.keras", tmp_path)
    settings = {"validation_subject": "", "dataset": dataset}
    (tmp_path / "configuration.json").write_text(json.dumps(settings))
    with pytest.raises(UserError, match="held nobody out"):
        execute(*arguments(tmp_path, "--split=validation"))
    settings["dataset"] = "cmu_mocap,human36m/gt"
    (tmp_path / "configuration.json").write_text(json.dumps(settings))
    execute(*arguments(tmp_path, "--split=validation"))


def test_table_is_written_beside_published_rows(evaluated):
    output, printed = evaluated
    assert "Martinez et al. 2017" in printed
    names = sorted(p.name for p in output.iterdir())
    assert names == [
        "report.json",
        "report.md",
        "table3.csv",
        "table3.json",
        "table3.md",
        "table3.tex",
    ]


def test_validation_split_is_the_held_out_training_subject(workdir, arguments):
    execute(*arguments(workdir, "--split=validation"))
    report = json.loads((workdir / "evaluation" / "report.json").read_text())
    assert (report["split"], report["frames"]) == ("validation", 60)


def test_temperatures_are_compared_on_the_held_out_subject(
    workdir, arguments, tmp_path, capsys
):
    output = tmp_path / "sweep"
    flags_of_sweep = (f"--output={output}", "--temperatures=0.5,2")
    with pytest.raises(UserError, match="nothing is chosen on the test split"):
        execute(*arguments(workdir, *flags_of_sweep))
    execute(*arguments(workdir, *flags_of_sweep, "--split=validation"))
    assert "| 0.5         | 1 |" in capsys.readouterr().out
    assert (output / "temperatures.json").exists()
    assert not (output / "report.json").exists()


@pytest.mark.parametrize(
    "wrong, message",
    [
        (["--temperatures=1,x"], "--temperatures=1,x: expected positive numbers"),
        (["--temperatures=1,0"], "--temperatures=1,0: expected positive numbers"),
        (["--temperatures=1,inf"], "must be positive and finite"),
        (["--temperatures=1", "--num_hypotheses="], "pass --num_hypotheses"),
        (["--temperatures=1", "--table=3"], "leave --table out"),
        (["--temperatures=1", "--table=5"], "leave --table out"),
        (["--temperatures=1", "--reports=a=b"], "leave --reports out"),
        (["--temperatures=1", "--figures"], "leave --figures out"),
        (["--temperature=inf"], "must be positive and finite"),
        (["--temperature=nan"], "must be positive and finite"),
    ],
)
def test_wrong_temperatures_are_user_errors(
    workdir, arguments, tmp_path, wrong, message
):
    output = tmp_path / "out"
    held_out = (f"--output={output}", "--split=validation")
    with pytest.raises(UserError, match=message):
        execute(*arguments(workdir, *held_out, *wrong))
    assert not output.exists()


def test_another_temperature_is_reported(workdir, arguments, tmp_path):
    execute(*arguments(workdir, f"--output={tmp_path}", "--temperature=1.5"))
    assert json.loads((tmp_path / "report.json").read_text())["temperature"] == 1.5
    assert "temperature 1.5" in (tmp_path / "report.md").read_text()


def test_flip_test_is_reported_and_changes_the_mode(
    workdir, arguments, evaluated, tmp_path
):
    execute(*arguments(workdir, f"--output={tmp_path}", "--flip_test", "--table=3"))
    report = json.loads((tmp_path / "report.json").read_text())
    without = json.loads((evaluated[0] / "report.json").read_text())
    assert report["flip_test"] and not without["flip_test"]
    modes = [r["results"]["mode"]["mpjpe"] for r in (report, without)]
    assert abs(modes[0] - modes[1]) > 0.1
    assert "flip test" in (tmp_path / "report.md").read_text()
    assert "flip test" in (tmp_path / "table3.md").read_text()


def test_a_deterministic_model_has_a_mode_only(
    training_poses, arguments, tmp_path, capsys
):
    model = DeterministicLifter.from_sizes(width=8, num_blocks=0)
    adapt(model, training_poses)
    model.save(tmp_path / "model.keras")
    execute(*arguments(tmp_path, "--table=3", "--figures"))
    report = json.loads((tmp_path / "evaluation" / "report.json").read_text())
    assert list(report["results"]) == ["mode"]
    assert "ece" not in report and "temperature" not in report
    printed = capsys.readouterr().out
    assert "| Deterministic, mode |" in printed
    assert "deterministic | Deterministic, " in printed
    figures = {path.name for path in (tmp_path / "evaluation").glob("*.png")}
    assert figures == {"error_by_action.png", "error_by_joint.png"}
    with pytest.raises(UserError, match="no temperature"):
        execute(*arguments(tmp_path, "--temperature=1.5"))


@pytest.fixture(scope="module")
def scored(workdir, arguments, tmp_path_factory):
    """Report of an evaluation with all scores, and the folder of its run."""
    run = tmp_path_factory.mktemp("runs") / "some" / "seed_0"
    shutil.copytree(workdir, run)
    (run / "history.csv").write_text(
        "step,million_poses,poses_per_second\n5,0.001,100\n10,0.002,50\n"
    )
    names = "--aggregate=mode,mean,geometric_median,medoid,density_mean"
    execute(*arguments(run, names, "--num_hypotheses=1,10", "--calibration_subject=S8"))
    return read_report(run / "evaluation" / "report.json"), run


def test_one_pose_of_the_hypotheses_is_measured_in_all_ways(scored):
    report, run = scored
    found = report.hypotheses.aggregates
    names = ["mode", "mean", "geometric_median", "medoid", "density_mean"]
    assert list(found) == names
    assert found["mode"].mpjpe == pytest.approx(report.results["mode"].mpjpe, rel=1e-5)
    assert found["mean"].mpjpe == pytest.approx(
        report.hypotheses.single.mean_pose.mpjpe, rel=1e-5
    )
    assert len({round(errors.mpjpe, 4) for errors in found.values()}) == 5
    text = (run / "evaluation" / "report.md").read_text()
    assert "| --aggregate=geometric_median " in text


def test_scores_and_radii_are_reported(scored):
    report, run = scored
    measures, conformal = report.hypotheses, report.conformal
    assert report_to_json(report) == json.loads(
        (run / "evaluation" / "report.json").read_text()
    )
    assert measures.coverage.shares == (0.5, 0.9)
    assert 0 <= measures.coverage.covered[0] <= measures.coverage.covered[1] <= 1
    by_joint = list(measures.energy_score_by_joint.values())
    assert len(by_joint) == 16
    assert measures.energy_score_joints == pytest.approx(np.mean(by_joint))
    assert measures.energy_score_joints < measures.energy_score
    assert (conformal.subject, conformal.num_poses, conformal.share) == ("S8", 60, 0.9)
    for radius in (conformal.fixed, conformal.adaptive):
        assert radius.mean == pytest.approx(np.mean(list(radius.by_joint.values())))
        assert 0.5 < radius.covered < 1.0
    assert report.num_weights > 1000


def test_models_are_compared_by_their_reports(scored, capsys):
    report, run = scored
    execute("--comparison", f"--runs={run.parents[1]}")
    printed = capsys.readouterr().out
    assert "**Comparison, synthetic_human/tiny h36m, mean over seeds**" in printed
    assert "**One pose of the hypotheses, MPJPE, mm**" in printed
    (row,) = json.loads((run.parents[1] / "comparison.json").read_text())[0]["rows"]
    assert (row["Model"], row["Seeds"]) == ("some", "1")
    assert row["mode"] == report.results["mode"].mpjpe
    assert row["S=200"] is None
    assert row["training, s"] == pytest.approx(1000 / 100 + 1000 / 50)
    assert row["radius"] == report.conformal.adaptive.mean


@pytest.mark.parametrize(
    "others, message",
    [
        (["--aggregate=average"], "Expected aggregates out of mode, mean"),
        (["--sampling_steps=3"], "takes no steps from noise"),
        (["--calibration_subject=S8", "--split=validation"], "measured on others"),
        (["--calibration_subject=S99"], "S99"),
        (["--comparison"], "pass --runs"),
    ],
)
def test_scores_that_cannot_be_are_user_errors(workdir, arguments, others, message):
    with pytest.raises(UserError, match=message):
        execute(*arguments(workdir, *others))


def test_reports_of_other_runs_get_rows(evaluated, tmp_path):
    report = evaluated[0] / "report.json"
    (label, read) = outputs.read_reports([f"base N(0, I)={report}"]).popitem()
    assert label == "base N(0, I)"
    assert report_to_json(read) == json.loads(report.read_text())
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(UserError, match="report.json is no report"):
        outputs.read_reports([f"broken={tmp_path / 'report.json'}"])


def test_ablations_are_made_of_reports(evaluated, tmp_path, capsys):
    report = read_report(evaluated[0] / "report.json")
    tmp_path = tmp_path / "rate=1"
    for seed in ("seed_0", "seed_1", ""):  # The last is of before there were seeds.
        write_report(report, tmp_path / "end_to_end" / seed / "evaluation")
    execute("--table=6", f"--runs={tmp_path}")
    printed = capsys.readouterr()
    assert "full/seed_*/evaluation/report.json" in printed.err
    assert "| 2     |" in printed.out
    assert f"{report.results['mode'].mpjpe:.1f}" in printed.out
    assert (tmp_path / "table6.tex").exists()


@pytest.mark.parametrize(
    "wrong, message",
    [
        (["--workdir="], "--workdir is required"),
        (["--preset=propose_cmu"], "--workdir or --preset, not both"),
        (["--workdir=", "--preset=nobody"], "no preset 'nobody': it is neither"),
        (
            ["--workdir=/no/such/folder"],
            "no /no/such/folder/model.keras. Train a model",
        ),
        (["--protocol=h36"], "Unknown protocol 'h36'"),
        (["--protocol=3dhp-official"], "not on 'synthetic_human'"),
        (["--dataset=mpi_inf_3dhp"], "'h36m' is defined on human36m.*3dhp-official"),
        (["--num_hypotheses=0,10"], "at least 1"),
        (["--num_hypotheses=ten"], "ten"),
        (["--data_dir=nowhere"], "not built in nowhere. Build it with\n  tfds build"),
        (["--protocol=h36m-hard"], "needs a list of frames"),
        (["--protocol=h36m-hard", "--frame_list=/no/such/file"], "/no/such/file"),
        (
            ["--split=validation", "--validation_subject=S3"],
            "S3. There are: S1, S5",
        ),
        (["--table=1", "--reports=other=/no/file"], "expected LABEL=PATH"),
        (["--table=5"], "pass --runs"),
        (["--table=5", "--runs=/no/such/folder"], "None of the reports of Table 5"),
        (["--table=2"], "results on MPI-INF-3DHP; protocol 'h36m'"),
    ],
)
def test_mistakes_are_user_errors_and_write_nothing(
    workdir, arguments, tmp_path, wrong, message
):
    output = tmp_path / "out"
    with pytest.raises(UserError, match=message):
        execute(*arguments(workdir, f"--output={output}"), *wrong)
    assert not output.exists()


def test_files_that_are_no_model_are_user_errors(arguments, tmp_path):
    (tmp_path / "model.keras").write_text("nonsense")
    with pytest.raises(UserError, match="Cannot read .*model.keras"):
        execute(*arguments(tmp_path))
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(
        tmp_path / "model.keras"
    )
    with pytest.raises(UserError, match="holds a Sequential, not a PoseModel"):
        execute(*arguments(tmp_path))


def test_program_ends_with_code_2_and_one_message(tmp_path):
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "propose_keras.cli.evaluate",
            f"--workdir={tmp_path}",
            "--dataset=human36m",
            "--data_dir=.",
        ],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert process.returncode == 2
    assert f"Error: There is no {tmp_path / 'model.keras'}." in process.stderr
    assert "Traceback" not in process.stderr
