"""The README's commands run, or at least parse, as they stand."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest
from absl import flags

from propose_keras.cli import evaluate, training_flags

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands():
    """Every line of the shell blocks, continued lines joined, as lists of words."""
    for block in blocks("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line, comments=True)


def of_program(*words):
    found = [c for c in commands() if c[: len(words)] == list(words)]
    assert found, words
    return found


def test_the_first_command_prints_what_the_readme_shows(tmp_path):
    (command,) = of_program("propose-predict")
    (expected,) = blocks("text")
    arguments = [str(ROOT / a) if a.startswith("examples/") else a for a in command]
    result = subprocess.run(
        [sys.executable, "-m", "propose_keras.cli.predict", *arguments[1:]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == expected
    assert {p.name for p in tmp_path.iterdir()} == {"poses.npz", "poses.html"}


def test_the_python_block_has_the_shapes_that_it_states(monkeypatch):
    monkeypatch.chdir(ROOT)
    (block,) = blocks("python")
    names = {}
    exec(block, names)
    stated = re.findall(r"^(poses\.\w+) +# (\([\d, ]+\))", block, re.MULTILINE)
    assert len(stated) == 3
    for expression, shape in stated:
        assert str(eval(expression, names).shape) == shape


@pytest.mark.parametrize(
    ("script", "define"),
    [("train.py", training_flags.define_flags), ("evaluate.py", evaluate.define_flags)],
)
def test_commands_of_the_programs_parse(script, define, monkeypatch):
    monkeypatch.chdir(ROOT)
    for command in of_program("python", script):
        values = flags.FlagValues()
        define(values)
        values(command[1:])


def test_data_set_folders_and_make_targets_exist():
    for command in of_program("tfds", "build"):
        folder = ROOT / command[2]
        assert (folder / f"{folder.name}_dataset_builder.py").is_file()
    makefile = (ROOT / "Makefile").read_text()
    for command in of_program("make"):
        assert re.search(rf"^{command[1]}:", makefile, re.MULTILINE)


def test_install_commands_name_extras_that_exist():
    extras = (ROOT / "setup.cfg").read_text()
    for command in of_program("pip", "install"):
        for extra in re.findall(r"\w+", command[2]):
            assert re.search(rf"^{extra} =", extras, re.MULTILINE), extra


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
