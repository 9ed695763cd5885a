"""The flagfiles of `configs/`: every one parses and makes what it says."""

import inspect
import pathlib

import numpy as np
import pytest
from absl import flags

from propose_keras.cli import train, training_flags, training_parts
from propose_keras.cli.errors import UserError
from propose_keras.data import PoseArrays
from propose_keras.training import TrainingSettings, make_optimizer

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
    model = training_parts.make_model(values)
    training_parts.compile_model(model, values)
    assert float(model.temperature) == 1.5
    assert model.pilgd_learner.decoder.width == values.width


def test_widths_of_flow_and_discriminator_are_the_others_unless_said():
    sizes = ["--width=24", "--num_couplings=1", "--latent_size=4"]
    model = training_parts.make_model(parse(others=[*sizes, "--dataset=d"]))
    assert model.flow.subnets[0].width == model.discriminator.encoder.width == 24
    sizes += ["--flow_width=16", "--discriminator_width=8"]
    model = training_parts.make_model(parse(others=[*sizes, "--dataset=d"]))
    assert model.pilgd_learner.decoder.width == 24
    assert model.flow.subnets[0].width == 16
    assert model.discriminator.encoder.width == model.discriminator.decoder.width == 8


def test_defaults_are_the_settings_that_were_found():
    found = parse("human36m_gt.flags", "small.flags")
    default = parse(others=["--dataset=human36m/gt"])
    for name in (
        "batch_size",
        "num_steps",
        "alpha",
        "beta",
        "gate",
        "dropout",
        "width",
    ):
        assert getattr(default, name) == getattr(found, name), name
    rates = inspect.signature(make_optimizer).parameters
    for name in ("alpha", "beta", "discriminator_rate"):
        assert rates[name].default == getattr(found, name), name
    assert training_parts.make_settings(found) == TrainingSettings()


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
    made = training_parts.make_augmentations(values, np.zeros((17, 3)))
    return [a.__qualname__.partition(".")[0] for a in made]


def test_people_are_moved_before_known_cameras_on_a_floor_only(make_clip):
    arrays = PoseArrays(
        keypoints_2d=np.zeros((2, 17, 2)),
        pose_3d=np.zeros((2, 17, 3)),
        clips=[make_clip(), make_clip(rotation=np.full((3, 3), np.nan))],
        clip_index=np.arange(2),
        frame_index=np.zeros(2, int),
    )
    with pytest.raises(UserError, match="1 of 2 clips of cmu_mocap have no camera"):
        train.check_cameras(arrays, "cmu_mocap")
    train.check_cameras(arrays.subset([0]), "cmu_mocap")
    with pytest.raises(UserError, match="mpi_inf_3dhp does not"):
        train.check_cameras(arrays.subset([0]), "mpi_inf_3dhp:1.0.0")


def test_every_training_flagfile_says_its_command():
    for path in [*CONFIGS.glob("human36m_*.flags"), CONFIGS / "quickstart.flags"]:
        assert f"train.py --flagfile=configs/{path.name}" in path.read_text(), path
