"""No import runs upward through the layers of `docs/design.md`, or in a circle."""

import ast
import pathlib
import re

import pytest

import propose_keras

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "propose_keras"

# From the ground up.
LAYERS = [
    {"version", "types", "backend_choice", "quiet_imports"},
    {"backend", "files", "skeletons", "random", "settings", "human36m_names"},
    {"data"},
    {"normalization", "normalization_settings", "geometry", "inputs", "pose_model"}
    | {"presets", "drawing", "keypoint_files", "detection"},
    {"layers"},
    {"losses", "metrics", "networks"},
    {"training"},
    {"comparators", "deterministic", "distribution", "model"},
    {"evaluation", "inference", "serving"},
    {"writers"},
    {"cli"},
]
HEIGHT = {name: i for i, layer in enumerate(LAYERS) for name in layer}
# What `propose_keras.data` and the builders may use: none of it loads Keras.
LIGHT = {"data", "files", "human36m_names", "settings", "skeletons", "types"}
BACKENDS = {"tensorflow", "jax", "tensorflow_probability", "torch"}


def imports(path):
    """Modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                assert PACKAGE not in path.parents, f"{path}: relative import"
                continue
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield module if find(module) else node.module


def find(module):
    """The file of a module of this package, or None."""
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file() and module.startswith("propose_keras"):
            return candidate
    return None


def files():
    return sorted(PACKAGE.rglob("*.py"))


def part(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_part_has_its_layer():
    assert {part(p) for p in files()} - {"__init__"} == set(HEIGHT)


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_runs_upward(path):
    mine = part(path)
    if mine == "__init__":
        return
    for module in imports(path):
        names = module.split(".")
        if names[0] != "propose_keras":
            continue
        # A public name would hide which part it comes from.
        assert len(names) > 1, f"{path} imports from propose_keras itself"
        assert HEIGHT[names[1]] <= HEIGHT[mine], f"{path} imports {module}"
        if mine == "data":
            assert names[1] in LIGHT, f"{path} imports {module}"


def test_no_import_runs_in_a_circle():
    graph = {path: {find(m) for m in imports(path)} - {None} for path in files()}
    # Packages read their parts, and importing a part reads its package: no circle.
    graph = {
        path: {p for p in found if p.parent not in path.parents or p.name != "__init__"}
        for path, found in graph.items()
    }
    done = set()

    def visit(path, way):
        assert path not in way, " -> ".join(str(p) for p in (*way, path))
        if path not in done:
            for other in graph[path]:
                if other != PACKAGE / "__init__.py":
                    visit(other, (*way, path))
            done.add(path)

    for path in graph:
        if path != PACKAGE / "__init__.py":
            visit(path, ())


def files_that_name_a_backend():
    """As CONTRIBUTING lists them; a folder ends with a slash."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    listed = re.search(r"which\s+one\s+runs:((?:\s+`[^`]+`,?)+)", text)
    names = re.findall(r"`propose_keras/([^`]+)`", listed[1])
    assert len(names) > 3
    for name in names:
        assert (PACKAGE / name).exists(), f"CONTRIBUTING lists {name}"
    return tuple(names)


def names_a_backend(path):
    """Backends that a file imports or compares something with."""
    yield from {m.split(".")[0] for m in imports(path)} & BACKENDS
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare):
            constants = [n for n in ast.walk(node) if isinstance(n, ast.Constant)]
            yield from {c.value for c in constants} & BACKENDS


def test_only_the_files_listed_name_a_backend():
    listed = files_that_name_a_backend()
    for path in files():
        name = path.relative_to(PACKAGE).as_posix()
        found = set(names_a_backend(path))
        if name.startswith(tuple(n for n in listed if n.endswith("/"))):
            continue
        assert bool(found) == (name in listed), f"{name} names {found or 'no backend'}"


def test_comparisons_are_found(tmp_path):
    path = tmp_path / "a.py"
    path.write_text('if backend.name == "jax":\n    pass\n')
    assert list(names_a_backend(path)) == ["jax"]
    path.write_text('on = keras.backend.backend() in ("torch", "numpy")\n')
    assert list(names_a_backend(path)) == ["torch"]


def test_public_names_are_no_way_around(tmp_path):
    assert set(propose_keras.__all__) - {"__version__"}
    for path in files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "propose_keras":
                for alias in node.names:
                    assert find(f"propose_keras.{alias.name}"), f"{path}: {alias.name}"


def test_builders_import_light_parts_only():
    for path in (ROOT / "datasets").rglob("*.py"):
        for module in imports(path):
            if module.startswith("propose_keras"):
                assert module.split(".")[1] in LIGHT, f"{path}: {module}"


def test_nothing_imports_the_builders():
    builders = {path.name for path in (ROOT / "datasets").iterdir()}
    for path in files():
        found = {module.split(".")[0] for module in imports(path)}
        assert not found & (builders | {"datasets"})
