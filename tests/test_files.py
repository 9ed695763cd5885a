"""Files and folders that appear whole or not at all."""

import os
import signal
import subprocess
import sys

import pytest

from propose_keras.files import staging_folder, whole_file, whole_folder, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_at_the_end_of_the_block(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with whole_file(path) as staged:
        assert staged.name == "a.txt"
        staged.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_leaves_what_was_there(tmp_path):
    write_text(tmp_path / "a.txt", "before")
    with pytest.raises(KeyError), whole_file(tmp_path / "a.txt") as staged:
        staged.write_text("half")
        raise KeyError
    assert (tmp_path / "a.txt").read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_replaces_the_one_that_was_there(tmp_path):
    for content in ("one", "two"):
        with whole_folder(tmp_path / "a") as folder:
            (folder / content).write_text(content)
    assert names(tmp_path / "a") == ["two"]
    assert names(tmp_path) == ["a"]
    with pytest.raises(KeyError), whole_folder(tmp_path / "a"):
        raise KeyError
    assert names(tmp_path / "a") == ["two"]


def test_a_folder_in_the_place_of_a_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="expected the name of a file"):
        write_text(tmp_path, "text")


WRITE = """
import sys, time
from propose_keras.files import whole_file
with whole_file(sys.argv[1]) as staged:
    staged.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """A process that is in the middle of writing `a[1].txt`."""
    path = tmp_path / "a[1].txt"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"writing\n"
    yield path, process
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_killed_process_left_is_removed_by_the_next(writer, tmp_path):
    path, process = writer
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(names(tmp_path)) == 1
    write_text(tmp_path / "other.txt", "of no concern")
    assert len(names(tmp_path)) == 2
    write_text(path, "whole")
    assert names(tmp_path) == ["a[1].txt", "other.txt"]


def test_what_a_live_process_is_writing_stays(writer, tmp_path):
    path, process = writer
    write_text(path, "whole")
    hidden = [name for name in names(tmp_path) if name != path.name]
    assert len(hidden) == 1
    assert (tmp_path / hidden[0] / path.name).read_text() == "half"


def test_a_leftover_without_a_lock_is_removed_when_it_is_old(tmp_path):
    leftover = tmp_path / ".a.abc.writing"
    leftover.mkdir()
    with staging_folder(tmp_path / "a"):
        assert leftover.exists()
    os.utime(leftover, (0, 0))
    with staging_folder(tmp_path / "a"):
        assert not leftover.exists()
