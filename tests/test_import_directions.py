"""No import runs upward through the floors of `docs/design.md`."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "propose_keras"

# From the ground up; imports within a floor are allowed.
FLOORS = [
    {"version", "backend", "files", "skeletons", "random", "settings"},
    {"normalization", "geometry", "inputs", "pose_model", "presets", "drawing"},
    {"layers"},
    {"losses", "metrics", "networks"},
    {"training"},
    {"deterministic", "distribution", "model"},
    {"evaluation", "inference", "serving"},
    {"writers"},
    {"cli"},
]
HEIGHT = {name: i for i, floor in enumerate(FLOORS) for name in floor}
BACKENDS = {"tensorflow", "jax", "tensorflow_probability", "torch"}


def imports(path):
    """Modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module == "propose_keras":
                yield from (f"propose_keras.{a.name}" for a in node.names)


def files():
    return sorted(PACKAGE.rglob("*.py"))


def part(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_part_has_its_floor():
    parts = {part(p) for p in files()} - {"__init__", "data"}
    assert parts == set(HEIGHT)


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_runs_upward(path):
    mine = part(path)
    if mine == "__init__":
        return
    for module in imports(path):
        names = module.split(".")
        if names[0] != "propose_keras" or len(names) == 1 or names[1] == "data":
            continue
        if names[1] not in HEIGHT:
            continue  # A name of the package itself, such as __version__.
        if mine == "data":
            assert names[1] in {"settings", "skeletons"}, f"{path} imports {module}"
        else:
            assert HEIGHT[names[1]] <= HEIGHT[mine], f"{path} imports {module}"


def test_only_the_backend_rooms_name_a_backend():
    allowed = {"backend.py", "training/tensorflow.py", "training/jax.py"}
    for path in files():
        name = str(path.relative_to(PACKAGE))
        if name in allowed or name.startswith(("data/", "serving/")):
            continue
        found = {m.split(".")[0] for m in imports(path)} & BACKENDS
        assert not found, f"{name} imports {found}"


def test_builders_import_data_and_skeletons_only():
    for path in (ROOT / "datasets").rglob("*.py"):
        for module in imports(path):
            if module.startswith("propose_keras."):
                assert module.split(".")[1] in {"data", "skeletons"}, (
                    f"{path}: {module}"
                )


def test_nothing_imports_the_builders():
    for path in files():
        assert not any(m.split(".")[0] == "datasets" for m in imports(path))
