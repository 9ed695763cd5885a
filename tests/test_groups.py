"""`make test` runs every test."""

import pathlib

ROOT = pathlib.Path(__file__).parents[1]


def test_every_folder_of_tests_is_in_a_group():
    makefile = (ROOT / "Makefile").read_text()
    for folder in sorted(
        path.parent for path in (ROOT / "tests").glob("*/**/test_*.py")
    ):
        name = folder.relative_to(ROOT / "tests").parts[0]
        assert f"tests/{name}" in makefile, f"make test leaves out tests/{name}"


def test_the_files_of_training_are_all_in_a_group():
    groups = [
        line.split()
        for line in (ROOT / "Makefile").read_text().splitlines()
        if line.startswith("tests/training")
    ]
    run = [path for group in groups for pattern in group for path in ROOT.glob(pattern)]
    assert sorted(run) == sorted((ROOT / "tests/training").glob("test_*.py"))
