import pytest
import tensorflow_datasets as tfds

from propose_keras.data import beam
from propose_keras.data.errors import DataFileError


@pytest.mark.parametrize("error", [DataFileError, FileNotFoundError])
def test_errors_of_readers_come_out_of_other_processes(error):
    text = (
        "Traceback (most recent call last):\n"
        f"propose_keras.data.errors.{error.__name__}: There is no file S1/a.mat.\n"
        "During handling of the above exception, another exception occurred:\n"
        f"{error.__name__}: There is no file S1/a.mat. [while running 'WriteShards']\n"
    )
    plain = beam.plain_error(RuntimeError(text), "data")
    assert type(plain) is error
    assert str(plain) == "There is no file S1/a.mat."


def test_other_errors_stay_as_they_are():
    assert beam.plain_error(RuntimeError("worker died"), "data") is None
    assert beam.plain_error(FileNotFoundError("There is no file."), "data") is None


def test_little_work_starts_no_processes():
    config = tfds.download.DownloadConfig()
    beam.choose_runner(config, in_process=True)
    options = config.beam_options.get_all_options()
    assert options["direct_num_workers"] == 1
    assert options["direct_running_mode"] == "in_memory"
