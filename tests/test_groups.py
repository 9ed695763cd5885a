"""`make test` runs every test."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]


def test_every_folder_of_tests_is_in_a_group():
    makefile = (ROOT / "Makefile").read_text()
    for folder in sorted(
        path.parent for path in (ROOT / "tests").glob("*/**/test_*.py")
    ):
        name = folder.relative_to(ROOT / "tests").parts[0]
        assert f"tests/{name}" in makefile, f"make test leaves out tests/{name}"


@pytest.mark.parametrize("folder", ["tests", "tests/training"])
def test_the_files_of_a_folder_are_all_in_a_group(folder):
    words = (ROOT / "Makefile").read_text().split()
    patterns = [
        word for word in words if word.startswith("tests/") and word.endswith(".py")
    ]
    run = [path for pattern in patterns for path in ROOT.glob(pattern)]
    run = [p for p in run if p.parent == ROOT / folder and p.name.startswith("test_")]
    assert sorted(run) == sorted((ROOT / folder).glob("test_*.py"))
