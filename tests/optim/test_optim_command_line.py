"""``python -m optim``: the list, the races from end to end, and errors in one line."""

import os
import re
import runpy
import sys

import pytest

import nn.data
import optim.race
from optim import census, moons
from optim.surfaces import SURFACES

EVERYONE = [*census.optimizers(), *census.wrappers()]


def python_m_optim(*arguments):
    """Run the command in this process; its exit status."""
    before = sys.argv
    sys.argv = ["optim", *map(str, arguments)]
    try:
        runpy.run_module("optim", run_name="__main__")
    except SystemExit as end:
        return end.code
    finally:
        sys.argv = before
    raise AssertionError("the command ended without an exit status")


# ---- the list ----------------------------------------------------------------------


def test_the_list_has_every_class_with_its_paper_rule_and_defaults(capsys):
    assert python_m_optim("--list") == 0
    listed = capsys.readouterr().out
    for kind in EVERYONE:
        of = census.entry(kind)
        start = listed.index(f"\n{kind.__name__}: {of.what}\n    {of.paper}\n")
        block = listed[start:].split("\n\n")[0]
        for line in of.rule.splitlines():
            assert f"    {line}\n" in block
        for name, (default, _) in of.defaults.items():
            assert re.search(rf"\b{name}={re.escape(repr(default))}(,|$)", block)
    assert len(EVERYONE) >= 60 + 6
    assert "``" not in listed


@pytest.mark.parametrize("kind", EVERYONE, ids=lambda kind: kind.__name__)
def test_one_optimizer_is_shown_in_full(kind, capsys):
    assert python_m_optim("--list", kind.__name__.upper()) == 0
    shown = capsys.readouterr().out
    of = census.entry(kind)
    assert shown.startswith(f"{kind.__name__}: {of.what}\n{of.paper}; optim/{census.family(kind)}.py\n")
    assert of.remarks in shown
    for name, (default, allowed) in of.defaults.items():
        assert f"    {name} = {default!r}: {allowed.describe(name)}\n" in shown


@pytest.mark.parametrize("kind", EVERYONE, ids=lambda kind: kind.__name__)
def test_every_class_names_a_source_with_a_year_and_writes_its_rule(kind):
    of = census.entry(kind)
    assert re.search(r"\d{4}|folklore", of.paper)
    assert re.search(r"<-|=", of.rule)


def test_a_class_without_paper_and_rule_is_told_how_to_write_them():
    class Plain(optim.SGD):
        """Does something."""

    with pytest.raises(ValueError, match=r"Plain: the docstring must begin with 'What it does \(Authors year\)"):
        census.entry(Plain)


# ---- races -------------------------------------------------------------------------


def test_a_race_on_a_surface_writes_the_table_the_picture_and_the_page(tmp_path, capsys):
    folder = tmp_path / "nested" / "out"
    options = ("--optimizers", "sgd, Momentum,adam,SGD", "--steps", 30, "--lr", 0.1, "--out", folder)
    assert python_m_optim("bowl", *options) == 0
    printed = capsys.readouterr().out
    report = (folder / "race" / "bowl" / "report.txt").read_text(encoding="utf-8")
    assert printed.startswith(report)
    assert report.startswith("bowl: x²/20 + y² from (-7, 2)\n")
    assert [line.split()[0] for line in report.splitlines()[5:]] == ["Momentum", "Adam", "SGD"]
    assert report.count("lr=0.1") == 3
    assert (folder / "race" / "bowl" / "race.png").read_bytes().startswith(b"\x89PNG")
    page = (folder / "race" / "bowl" / "race.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "bowl: x²/20 + y² from (-7, 2)" in page


def test_everyone_takes_part_and_several_processes_share_the_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert python_m_optim("himmelblau", "--steps", 3, "--lr", 0.001, "--out", tmp_path) == 0
    table = capsys.readouterr().out
    for kind in EVERYONE:
        assert re.search(rf"^{kind.__name__} ", table, re.MULTILINE)


def test_without_a_rate_each_gets_its_own(tmp_path, capsys):
    assert python_m_optim("bowl", "--optimizers", "SGD,AveragedMomentum", "--steps", 40, "--out", tmp_path) == 0
    rates = re.findall(r"lr=([\d.]+)", capsys.readouterr().out)
    assert len(set(rates)) == 2


def test_digits_are_raced_on(tmp_path, capsys):
    options = ("--optimizers", "SGD,Adam,SOAP,DPSGD,LBFGS,SAM", "--steps", 10, "--lr", 0.01, "--out", tmp_path)
    assert python_m_optim("digits", *options) == 0
    printed = capsys.readouterr().out
    assert "359 images held out, 1438 to learn from" in printed
    assert "diverged" not in printed
    assert (tmp_path / "race" / "digits" / "race.png").read_bytes().startswith(b"\x89PNG")


def test_moons_are_compared(tmp_path, capsys, monkeypatch):
    trained = []

    def train(job, model, loss, points):
        trained.append((model, loss, points))
        return moons.Finish(*job, 10 + job[1], 20)

    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(moons, "train", train)
    assert python_m_optim("moons", "--out", tmp_path) == 0
    assert trained == [(nn.MLP, nn.cross_entropy, nn.data.moons)] * 3 * len(moons.CONTENDERS)
    captured = capsys.readouterr()
    report = (tmp_path / "race" / "moons" / "report.txt").read_text(encoding="utf-8")
    assert captured.out.startswith(report)
    assert captured.err == ""  # nobody watches
    assert report.count("11 [10-12]") == len(moons.CONTENDERS)
    assert (tmp_path / "race" / "moons" / "moons.png").read_bytes().startswith(b"\x89PNG")


def test_the_bar_is_drawn_where_somebody_watches_and_is_wiped_away(capsys, monkeypatch):
    command = runpy.run_module("optim", run_name="optim.__main__")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert [*command["progress"](iter("abcd"), 4)] == [*"abcd"]
    drawn = capsys.readouterr().err.split("\r")
    assert [text[:13] for text in drawn[1:3]] == ["[##########  ", "[############"]
    assert re.match(r"\[#{40}\] 4 of 4, \d+ s$", drawn[4])
    assert drawn[5].strip() == drawn[6] == ""


# ---- errors --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bowls"], "there is no problem 'bowls'; did you mean bowl?"),
        (["qqqq"], "there is no problem 'qqqq'; there are bowl, rosenbrock"),
        (["bowl", "--optimizers", "SDG"], "there is no optimizer 'SDG'; did you mean"),
        (["--list", "adamm"], "there is no optimizer 'adamm'; did you mean Adam"),
        (["--list", "qqqq"], "there is no optimizer 'qqqq'; python -m optim --list shows all there are"),
        (["bowl", "--steps", "0"], "--steps: must be a whole number of at least 1, not '0'"),
        (["bowl", "--steps", "1.5"], "--steps: must be a whole number of at least 1, not '1.5'"),
        (["bowl", "--lr", "nan"], "--lr: must be a number above 0, not 'nan'"),
        (["bowl", "--lr", "fast"], "--lr: must be a number above 0, not 'fast'"),
        (["moons", "--lr", "1", "--seeds", "2"], "--seeds is for the comparison on moons"),
        (["bowl", "--seeds", "2"], "--seeds is for the comparison on moons"),
    ],
)
def test_a_wrong_word_is_an_error_that_names_the_nearest_or_the_allowed(arguments, message, capsys):
    assert python_m_optim(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("usage: python -m optim")
    assert message in error


def test_without_a_problem_it_shows_all_there_are(capsys):
    assert python_m_optim() == 0
    text = capsys.readouterr().out
    for surface in SURFACES.values():
        assert re.search(rf"^  {surface.name} +{re.escape(surface.formula)}$", text, re.MULTILINE)
    assert "moons" in text
    assert "digits" in text


@pytest.mark.parametrize("problem", ["bowl", "digits", "moons"])
def test_a_folder_that_cannot_be_made_is_an_error_of_one_line(problem, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("in the way")
    assert python_m_optim(problem, "--out", file) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m optim {problem}: ")
    assert file.read_text() == "in the way"


@pytest.mark.parametrize(("problem", "module"), [("digits", "sklearn.datasets"), ("bowl", "matplotlib.figure")])
def test_a_missing_package_is_an_error_of_one_line(problem, module, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    assert python_m_optim(problem, "--optimizers", "SGD", "--lr", 0.1, "--out", tmp_path) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m optim {problem}: ")
    assert line.endswith("pip install 'stepgrad[learn]'")


def test_ctrl_c_ends_the_command_with_status_130(tmp_path, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(optim.race, "race", interrupted)
    assert python_m_optim("bowl", "--out", tmp_path) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_the_network_of_the_moons_is_raced_on_if_there_is_a_choice_of_who_runs(tmp_path, capsys):
    assert python_m_optim("moons", "--optimizers", "Adam", "--lr", "0.03", "--steps", "60", "--out", tmp_path) == 0
    assert re.search(r"^Adam +lr=0.03 +\d+ ", capsys.readouterr().out, flags=re.MULTILINE)  # it reaches the target
    assert (tmp_path / "race" / "moons" / "race.html").exists()
