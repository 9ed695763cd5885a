import numpy as np
import pytest
from absl import flags

from propose_keras.cli import pose_likelihood
from propose_keras.cli.errors import UserError
from propose_keras.inference.pose_likelihood import PoseLikelihood


def execute(*arguments):
    values = flags.FlagValues()
    pose_likelihood.define_flags(values)
    values(["pose_likelihood", "--num_batches=1", *arguments])
    pose_likelihood.execute(values)


@pytest.fixture(autouse=True)
def slow_data(monkeypatch):
    """The tiny synthetic human has two frames per second."""
    monkeypatch.setattr(pose_likelihood, "_FRAME_RATE", 2)


def test_the_same_people_give_the_same_file(synthetic_data_dir, tmp_path, capsys):
    names = ("a.npz", "b.npz")
    for name in names:
        execute(
            "--dataset=synthetic_human/tiny",
            f"--data_dir={synthetic_data_dir}",
            f"--output={tmp_path / name}",
        )
    first, second = (tmp_path.joinpath(name).read_bytes() for name in names)
    assert first == second
    assert "4,096 people" in capsys.readouterr().out
    fitted = PoseLikelihood.load(tmp_path / "a.npz")
    # Few people, but people: as the shipped ones, to a tenth of their size.
    shipped = PoseLikelihood.load()
    np.testing.assert_allclose(fitted.mean, shipped.mean, atol=0.1)
    np.testing.assert_allclose(fitted.covariance, shipped.covariance, atol=0.1)


def test_wrong_flags_write_nothing(synthetic_data_dir, tmp_path):
    data = ("--dataset=synthetic_human/tiny", f"--data_dir={synthetic_data_dir}")
    with pytest.raises(UserError, match="Pass --data_dir and --output"):
        execute(*data)
    with pytest.raises(UserError, match="is not built in"):
        execute("--dataset=cmu_mocap", data[1], f"--output={tmp_path / 'a.npz'}")
    with pytest.raises(UserError, match="Cannot write --output"):
        execute(*data, f"--output={tmp_path / 'none' / 'a.npz'}")
    assert not list(tmp_path.iterdir())
