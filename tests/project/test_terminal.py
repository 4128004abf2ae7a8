"""What the commands print arrives, whatever standard output is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograd import conventions

ROOT = Path(__file__).parents[2]
RACE = ["optim", "bowl", "--optimizers", "SGD", "--steps", "5", "--lr", "0.1"]


def run(command, folder, **environment):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run([sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_character_without_a_code_is_printed_as_a_question_mark(encoding, tmp_path):
    done = run(["autograd", "--conventions"], tmp_path, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    text = conventions.report()
    assert done.stdout.splitlines() == text.encode(encoding, "replace").splitlines()
    assert done.stdout.splitlines() != text.encode().splitlines()


def test_a_race_is_finished_where_its_formula_cannot_be_printed(tmp_path):
    done = run(RACE, tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"bowl: x?/20 + y?")
    report = (tmp_path / "out" / "race" / "bowl" / "report.txt").read_text(encoding="utf-8")
    assert report.startswith("bowl: x²/20 + y²")


@pytest.mark.parametrize("command", [["autograd", "--primitives"], ["optim", "--list"], ["nn", "moons"]], ids=" ".join)
def test_a_reader_that_has_seen_enough_is_no_error(command, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("command", [RACE, ["nn", "moons"]], ids=["race", "moons"])
def test_without_matplotlib_there_is_everything_but_the_pictures(command, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError('no such package')")
    done = run(command, tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith(b"pip install 'stepgrad[learn]'")
    (report,) = (tmp_path / "out").glob("**/report.txt")
    assert done.stdout.startswith(report.read_bytes())
