"""Public functions state the types of what they take and return."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parents[1] / "propose_keras"
FILES = [p for p in sorted(PACKAGE.rglob("*.py")) if "cli" not in p.parts]


def public_functions(node):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from public_functions(child)
        elif isinstance(child, ast.FunctionDef) and (
            child.name == "__init__" or not child.name.startswith("_")
        ):
            yield child


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_public_functions_have_hints(path):
    missing = []
    for function in public_functions(ast.parse(path.read_text())):
        arguments = function.args
        names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        names += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
        missing += [
            f"{function.name}({a.arg})"
            for a in names
            if a.annotation is None and a.arg not in ("self", "cls")
        ]
        if function.returns is None:
            missing.append(f"{function.name}() ->")
    assert missing == []
