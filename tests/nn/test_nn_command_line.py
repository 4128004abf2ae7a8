"""``python -m nn``: the demonstrations from end to end, and their errors in one line."""

import re
import runpy
import sys
from functools import partial

import pytest

import nn


def python_m(module, *arguments):
    """Run the command in this process; its exit status."""
    before = sys.argv
    sys.argv = [module, *map(str, arguments)]
    try:
        runpy.run_module(module, run_name="__main__")
    except SystemExit as end:
        return end.code
    finally:
        sys.argv = before
    raise AssertionError("the command ended without an exit status")


python_m_nn = partial(python_m, "nn")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The folder in which the demonstrations have been run."""
    folder = tmp_path_factory.mktemp("nested") / "out"
    assert python_m_nn("digits", "--out", folder) == 0
    assert python_m_nn("moons", "--out", folder) == 0
    return folder


def test_digits_are_read_right_by_the_median_of_five_networks(out):
    report = (out / "digits" / "report.txt").read_text(encoding="utf-8")
    assert "1438 images of handwritten digits to learn from, 359 held out" in report
    scores = [float(score) for score in re.findall(r"seed \d: ([\d.]+)% of the held-out", report)]
    (median,) = re.findall(r"median ([\d.]+)%", report)
    assert len(scores) == 5
    assert float(median) == sorted(scores)[2]
    assert float(median) >= 97


def test_the_gradients_of_the_network_that_reads_digits_agree_with_differences(out):
    report = (out / "digits" / "report.txt").read_text(encoding="utf-8")
    assert "Gradients agree: all 16 derivatives" in report


def test_moons_are_told_apart(out):
    report = (out / "moons" / "report.txt").read_text(encoding="utf-8")
    (score,) = re.findall(r"([\d.]+)% of the \d+ held-out points", report)
    assert float(score) >= 95


@pytest.mark.parametrize(
    "name",
    [
        "digits/learning_curve.png",
        "digits/confusion_matrix.png",
        "digits/misread.png",
        "digits/graph.svg",
        "moons/decision_boundary.png",
        "moons/learning_curve.png",
    ],
)
def test_every_picture_is_there(out, name):
    start = {"png": b"\x89PNG", "svg": b"<"}[name[-3:]]
    picture = (out / name).read_bytes()
    assert picture.startswith(start)
    assert len(picture) > 5000


def test_the_graph_of_the_digits_network_shows_its_images_parameters_and_loss(out):
    graph = (out / "digits" / "graph.svg").read_text(encoding="utf-8")
    for label in ("images", "layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias", "loss"):
        assert label in graph


def test_the_page_gathers_all_of_it(out, capsys):
    assert python_m("optim", "bowl", "--optimizers", "SGD,Adam", "--steps", 5, "--lr", 0.1, "--out", out) == 0
    capsys.readouterr()
    assert python_m_nn("page", "--out", out) == 0
    assert capsys.readouterr().out.strip() == f"open {out / 'index.html'}"
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.count("<img ") == 8
    assert "median" in page


def test_what_is_printed_is_what_the_report_says(tmp_path, capsys):
    assert python_m_nn("moons", "--out", tmp_path) == 0
    report = (tmp_path / "moons" / "report.txt").read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    assert printed == f"{report}pictures are in {tmp_path / 'moons'}\n"


# ---- errors --------------------------------------------------------------


@pytest.mark.parametrize("job", ["digits", "moons"])
def test_a_folder_that_cannot_be_made_is_an_error_of_one_line(job, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("in the way")
    assert python_m_nn(job, "--out", file) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m nn {job}: ")
    assert str(file / job) in line
    assert file.read_text() == "in the way"


@pytest.mark.parametrize(("job", "module"), [("digits", "sklearn.datasets"), ("moons", "matplotlib.figure")])
def test_a_missing_package_is_an_error_of_one_line(job, module, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    assert python_m_nn(job, "--out", tmp_path) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m nn {job}: ")
    assert line.endswith("pip install 'stepgrad[learn]'")


def test_a_page_before_its_demonstrations_names_what_is_missing(tmp_path, capsys):
    assert python_m_nn("page", "--out", tmp_path) == 1
    (line,) = capsys.readouterr().err.splitlines()
    missing = tmp_path / "digits" / "report.txt"
    assert line.startswith(f"python -m nn page: {missing} is missing: run the demonstration")


@pytest.mark.parametrize("job", ["digits", "moons"])
def test_ctrl_c_ends_the_command_with_status_130(job, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(nn, "fit", lambda *_, **__: nn.History(interrupted=True))
    assert python_m_nn(job, "--out", tmp_path) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("arguments", [[], ["digit"], ["moons", "--epochs", "3"]])
def test_an_unknown_job_or_option_shows_the_usage(arguments, capsys):
    assert python_m_nn(*arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith("usage: python -m nn")
    assert "{digits,moons,page}" in message
