"""The README says only what is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def run(code, folder):
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("position", range(len(SNIPPETS)))
def test_each_snippet_runs_and_prints_what_its_comments_say(position, tmp_path):
    code = SNIPPETS[position]
    imports = "import nn, optim\nfrom autograd import Value\n"
    printed = run(imports + code, tmp_path)
    for expected in re.findall(r"print\(.*\)  # (.*)", code):
        assert expected in printed


def test_the_explanation_of_a_step_is_the_one_that_is_printed(tmp_path):
    (snippet,) = (code for code in SNIPPETS if "explain" in code)
    shown = "".join(f"    {line}\n" for line in run("import optim\n" + snippet, tmp_path).splitlines())
    assert shown in README


def test_the_picture_in_the_readme_is_the_one_its_code_draws(tmp_path):
    run(SNIPPETS[0], tmp_path)
    assert (tmp_path / "graph.svg").read_bytes() == (ROOT / "notebooks" / "graph.svg").read_bytes()


def test_every_path_the_readme_names_exists():
    for path in re.findall(r"\]\((?!https?:)(.+?)\)", README) + re.findall(r"^\| `(.+?)`", README, flags=re.MULTILINE):
        assert (ROOT / path).exists()
