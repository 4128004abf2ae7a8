"""The notebooks run from top to bottom, and what is committed is what they are."""

from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
SCRIPTS = sorted(FOLDER.glob("*.py"))


def test_there_are_notebooks():
    assert SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_notebook_is_its_script_with_outputs(script):
    source = jupytext.read(script)
    notebook = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [
        (cell.cell_type, cell.source) for cell in source.cells
    ]
    numbered = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert numbered == list(range(1, len(numbered) + 1))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_notebook_runs_and_shows_what_was_committed(script):
    committed = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    fresh = jupytext.read(script)
    NotebookClient(fresh, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    for before, after in zip(committed.cells, fresh.cells, strict=True):
        if before.cell_type == "code":
            assert [shown(output) for output in after.outputs] == [shown(output) for output in before.outputs]


def shown(output):
    """What an output shows, as text and as a picture."""
    return output.get("text"), output.get("data")
