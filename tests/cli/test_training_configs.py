"""The flagfiles of `configs/`: every one parses and makes what it says."""

import pathlib

import pytest
from absl import flags

from propose_keras.cli import training_flags

CONFIGS = pathlib.Path(__file__).parents[2] / "configs"


def parse(*names):
    values = flags.FlagValues()
    training_flags.define_flags(values)
    files = [f"--flagfile={CONFIGS / name}" for name in names]
    values(["train", *files, "--workdir=w", "--data_dir=d"])
    return values


@pytest.mark.parametrize("form", ["small", "paper"])
@pytest.mark.parametrize("data", ["gt", "sh"])
def test_results_are_trained_on_everyone_and_end_with_a_checkpoint(data, form):
    values = parse(f"human36m_{data}.flags", f"{form}.flags")
    assert values.dataset == f"human36m/{data}"
    assert values.validation_subject == ""
    assert values.num_steps % values.checkpoint_interval == 0
    model = training_flags.make_model(values)
    training_flags.compile_model(model, values)
    assert float(model.temperature) == pytest.approx(values.temperature)
    assert model.pilgd_learner.decoder.width == values.width


def test_paper_form_is_thirty_passes():
    values = parse("human36m_gt.flags", "paper.flags")
    passes = values.num_steps * values.batch_size / 1_464_400
    assert passes == pytest.approx(30, abs=0.02)


def test_every_training_flagfile_says_its_command():
    for path in [*CONFIGS.glob("human36m_*.flags"), CONFIGS / "quickstart.flags"]:
        assert f"train.py --flagfile=configs/{path.name}" in path.read_text(), path
