import subprocess
import sys

import pytest

PROGRAM = """
from absl import flags
from propose_keras.cli.errors import UserError, run_main

flags.DEFINE_integer("number", 1, "A number.", lower_bound=0)

def main(argv):
    if flags.FLAGS.number == 7:
        raise UserError("seven is taken. Choose another --number.")
    if flags.FLAGS.number == 8:
        raise ZeroDivisionError("a defect")
    if flags.FLAGS.number == 9:
        raise OSError(28, "No space left on device", "model.keras")
    if flags.FLAGS.number == 10:
        raise OSError("Can't write data (error message = 'No space left on device')")
    if flags.FLAGS.number == 11:
        raise OSError(5, "Input/output error")
    print("number", flags.FLAGS.number)

run_main(main)
"""


@pytest.fixture
def run(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def run(*arguments):
        return subprocess.run(
            [sys.executable, program, *arguments], capture_output=True, text=True
        )

    return run


def test_success(run):
    process = run("--number=3")
    assert (process.returncode, process.stdout) == (0, "number 3\n")


@pytest.mark.parametrize(
    "argument, message",
    [
        ("--number=7", "Error: seven is taken. Choose another --number."),
        ("--number=x", "Error: flag --number=x: invalid literal"),
        ("--number=-1", "Error: flag --number=-1: -1 is not a non-negative integer"),
        ("--nummer=1", "Error: Unknown command line flag 'nummer'"),
        ("number", "Error: Unexpected arguments: number. All settings are flags"),
    ],
)
def test_users_mistakes_are_one_message_and_code_2(run, argument, message):
    process = run(argument)
    assert process.returncode == 2
    assert process.stderr.startswith(message)
    assert "Traceback" not in process.stderr


def test_defects_keep_their_traceback(run):
    process = run("--number=8")
    assert process.returncode == 1
    assert "Traceback" in process.stderr
    assert "ZeroDivisionError: a defect" in process.stderr


@pytest.mark.parametrize("number", [9, 10])
def test_a_full_disk_is_one_message(run, number):
    process = run(f"--number={number}")
    assert process.returncode == 2
    assert process.stderr.startswith("Error: The disk is full")
    assert process.stderr.count("\n") == 1


def test_other_errors_of_the_system_keep_their_traceback(run):
    process = run("--number=11")
    assert process.returncode == 1
    assert "Traceback" in process.stderr


def test_named_arguments_may_stand_before_flags(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        PROGRAM.replace("run_main(main)", "run_main(main, ('INPUT',))").replace(
            'print("number"', "print(argv[1:]"
        )
    )

    def run(*arguments):
        return subprocess.run(
            [sys.executable, program, *arguments], capture_output=True, text=True
        )

    assert run("film", "--number=3").stdout == "['film'] 3\n"
    for arguments, message in (
        ([], "Error: Missing: INPUT."),
        (["film", "other"], "Error: Unexpected arguments: other."),
        (["film", "--nummer=1"], "Error: Unknown command line flag 'nummer'"),
    ):
        process = run(*arguments)
        assert process.returncode == 2
        assert process.stderr.startswith(message)
