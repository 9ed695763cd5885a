import pytest

from propose_keras.data.building.builder import plain_error
from propose_keras.data.errors import DataFileError


@pytest.mark.parametrize("error", [DataFileError, FileNotFoundError])
def test_errors_of_readers_come_out_of_other_processes(error):
    text = (
        "Traceback (most recent call last):\n"
        f"propose_keras.data.errors.{error.__name__}: There is no file S1/a.mat.\n"
        "During handling of the above exception, another exception occurred:\n"
        f"{error.__name__}: There is no file S1/a.mat. [while running 'WriteShards']\n"
    )
    plain = plain_error(RuntimeError(text), "data")
    assert type(plain) is error
    assert str(plain) == "There is no file S1/a.mat."


def test_other_errors_stay_as_they_are():
    assert plain_error(RuntimeError("worker died"), "data") is None
    assert plain_error(FileNotFoundError("There is no file."), "data") is None
