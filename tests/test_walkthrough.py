"""The code of `docs/walkthrough.md` runs as it stands."""

import pathlib
import re

import pytest

DOCS = pathlib.Path(__file__).parents[1] / "docs"


def test_the_walkthrough_runs(tmp_path, monkeypatch):
    for package in ("plotly", "matplotlib"):
        pytest.importorskip(package, reason="needs the extra visualization")
    text = (DOCS / "walkthrough.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == text.count("```python") > 8
    monkeypatch.chdir(tmp_path)
    program = "\n".join(blocks)
    exec(compile(program, "walkthrough.md", "exec"), {"__name__": "walkthrough"})
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"walk.npz", "walk.bvh", "walk.html", "mine"}
