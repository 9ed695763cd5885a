"""The flagfiles of `configs/`: every one parses and makes what it says."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest
from absl import flags

from propose_keras.cli import train, training_flags
from propose_keras.cli.errors import UserError
from propose_keras.data import PoseArrays
from propose_keras.deterministic import DeterministicSettings
from propose_keras.networks.defaults import ModelSettings
from propose_keras.skeletons import H36M_17
from propose_keras.training import OptimizerSettings, TrainingSettings

CONFIGS = pathlib.Path(__file__).parents[2] / "configs"


def parse(*names, others=()):
    values = flags.FlagValues()
    training_flags.define_flags(values)
    files = [f"--flagfile={CONFIGS / name}" for name in names]
    values(["train", *files, "--workdir=w", "--data_dir=d", *others])
    return values


@pytest.mark.parametrize("form", ["small", "paper"])
@pytest.mark.parametrize("data", ["gt", "sh"])
def test_results_are_trained_on_everyone_and_end_with_a_checkpoint(data, form):
    values = parse(
        f"human36m_{data}.flags", f"{form}.flags", others=["--temperature=1.5"]
    )
    assert values.dataset == f"human36m/{data}"
    assert values.validation_subject == ""
    assert values.num_steps % values.checkpoint_interval == 0
    model = training_flags.configuration(values).make_model()
    assert float(model.temperature) == 1.5
    assert model.pilgd_learner.decoder.width == values.width


def make_model(others):
    return training_flags.configuration(parse(others=others)).make_model()


@pytest.mark.parametrize(
    "given, message",
    [
        (["--simulated_detector=0.05"], "add --deviation_input, or .*errors=0.05"),
        (["--deviation_input"], "add --simulated_detector=0.08"),
        (["--camera_range=any"], "add --other_cameras"),
        (
            ["--simulated_detector=0.05", "--deviation_input", "--keypoint_noise=2"],
            "leave out --keypoint_noise",
        ),
    ],
)
@pytest.mark.parametrize("model", ["propose", "deterministic"])
def test_flags_that_need_another_say_which(model, given, message):
    values = parse(others=["--dataset=d", f"--model={model}", *given])
    with pytest.raises(UserError, match=message):
        train.execute(values)


def test_widths_of_flow_and_discriminator_are_the_others_unless_said():
    sizes = ["--width=24", "--num_couplings=1", "--latent_size=4"]
    model = make_model([*sizes, "--dataset=d"])
    assert model.flow.subnets[0].width == model.discriminator.encoder.width == 24
    sizes += ["--flow_width=16", "--discriminator_width=8"]
    model = make_model([*sizes, "--dataset=d"])
    assert model.pilgd_learner.decoder.width == 24
    assert model.flow.subnets[0].width == 16
    assert model.discriminator.encoder.width == model.discriminator.decoder.width == 8


def test_defaults_are_the_settings_that_were_found():
    found = parse("human36m_gt.flags", "small.flags")
    default = parse(others=["--dataset=human36m/gt"])
    default = training_flags.configuration(default)
    found = training_flags.configuration(found)
    assert default.data.batch_size == found.data.batch_size
    assert default.run.num_steps == found.run.num_steps
    found = found.model
    for name in ("dropout", "width"):
        assert getattr(found[ModelSettings], name) == getattr(ModelSettings(), name)
    assert found[TrainingSettings] == TrainingSettings()
    rates = OptimizerSettings()
    for name in ("alpha", "beta", "discriminator_rate"):
        assert getattr(found[OptimizerSettings], name) == getattr(rates, name), name


def test_a_setting_whose_default_differs_is_the_models_own():
    def width(*others):
        made = training_flags.configuration(parse(others=["--dataset=d", *others]))
        return made.to_dict()["width"]

    assert width() == ModelSettings().width
    assert width("--model=deterministic") == DeterministicSettings().width
    assert width("--model=deterministic", "--width=96") == 96


def test_flags_without_effect_are_named():
    values = parse("small.flags", others=["--model=deterministic", "--dataset=d"])
    assert training_flags.unused_flags(values) == [
        "beta",
        "discriminator_width",
        "flow_width",
        "gate",
        "num_couplings",
    ]
    assert not training_flags.unused_flags(parse("small.flags", others=["--dataset=d"]))


def test_a_flagfile_repeats_a_run(tmp_path):
    values = parse("small.flags", others=["--dataset=d", "--noflip", "--m2m_weight=2"])
    (tmp_path / "train.flags").write_text(training_flags.flagfile_text(values))
    again = parse(tmp_path / "train.flags")
    assert training_flags.configuration(again) == training_flags.configuration(values)


def test_a_run_of_version_0_1_goes_on(tmp_path):
    values = parse(others=["--dataset=d"])
    old = training_flags.configuration(values).to_dict()
    for name in ("nll", "m2m", "bidirectional"):
        del old[f"{name}_weight"]
        old[name] = True
    del old["recon_3d_weight"], old["recon_2d_weight"]
    path = tmp_path / "configuration.json"
    path.write_text(json.dumps(old))
    train.claim_workdir(tmp_path, values)
    path.write_text(json.dumps({**old, "m2m": False}))
    with pytest.raises(UserError, match="--m2m_weight: 0.0 there, 1.0 now"):
        train.claim_workdir(tmp_path, values)
    path.write_text(json.dumps({**old, "of_the_future": 1}))
    with pytest.raises(UserError, match="does not have: of_the_future"):
        train.claim_workdir(tmp_path, values)


def test_paper_form_is_thirty_passes():
    values = parse("human36m_gt.flags", "paper.flags")
    passes = values.num_steps * values.batch_size / 1_464_400
    assert passes == pytest.approx(30, abs=0.02)


def test_cameras_move_before_people_are_mirrored():
    values = parse("human36m_gt.flags", others=["--turn=30", "--other_bodies=0.1"])
    assert augmentations(values) == ["other_bodies", "turn", "random_flip"]
    values = parse(
        "human36m_gt.flags",
        others=["--other_bodies=0.1", "--other_cameras", "--detection_errors=0.1"],
    )
    assert augmentations(values) == [
        *("other_bodies", "other_cameras", "random_flip", "detection_errors")
    ]


def augmentations(values):
    made = training_flags.configuration(values).data.augmentations(np.zeros((17, 3)))
    return [a.__qualname__.partition(".")[0] for a in made]


def test_people_are_moved_before_known_cameras_on_a_floor_only(make_clip):
    upright = np.zeros((2, 17, 3))
    upright[:, H36M_17.index("Thorax"), 1] = -500.0  # Up in the camera's frame.
    looks_level = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    arrays = PoseArrays(
        keypoints_2d=np.zeros((2, 17, 2)),
        pose_3d=upright,
        clips=[
            make_clip(rotation=looks_level),
            make_clip(rotation=np.full((3, 3), np.nan)),
        ],
        clip_index=np.arange(2),
        frame_index=np.zeros(2, int),
    )
    with pytest.raises(UserError, match="1 of 2 clips of cmu_mocap have no camera"):
        train.check_cameras(arrays, "cmu_mocap")
    train.check_cameras(arrays.subset([0]), "cmu_mocap")
    y_up = dataclasses.replace(
        arrays, clips=[make_clip(rotation=np.diag([1.0, -1, -1]))] * 2
    )
    with pytest.raises(UserError, match="people of mpi_inf_3dhp do not stand along it"):
        train.check_cameras(y_up, "mpi_inf_3dhp")


@pytest.mark.parametrize(
    "path", sorted(CONFIGS.rglob("*.flags")), ids=lambda p: str(p.relative_to(CONFIGS))
)
def test_every_flagfile_has_its_command_score_and_time(path):
    head = [line for line in path.read_text().splitlines() if line.startswith("#")]
    for label in ("Command:", "Score:", "Time:"):
        assert any(line.startswith(f"# {label}") for line in head), label


@pytest.mark.parametrize(
    "path",
    sorted(p for p in (CONFIGS / "comparison").iterdir() if p.stem != "common"),
    ids=lambda p: p.stem,
)
def test_models_are_compared_under_the_same_conditions(path):
    values = parse(path, others=["--dataset=d"])
    configuration = training_flags.configuration(values)
    assert configuration.run.model == path.stem
    assert not training_flags.unused_flags(values)
    assert configuration.make_model().count_params() > 1000
    common = parse("comparison/common.flags", others=["--dataset=d"])
    assert configuration.data == training_flags.configuration(common).data
    for name in ("num_steps", "width", "ema_momentum"):
        assert configuration.to_dict()[name] == getattr(common, name)
