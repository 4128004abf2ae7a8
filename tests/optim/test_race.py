"""The race: everyone takes part, nobody stops it, and the table says what happened."""

import gc
import multiprocessing
import pickle
import re
import sys
from dataclasses import dataclass
from functools import partial

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot

import nn
import optim
from autograd import Value
from optim import census, race_plot
from optim.problems import on_data, on_surface
from optim.race import Race, Run, advance, best_rate, best_run, race, run
from optim.surfaces import SURFACES

EVERYONE = [*census.optimizers(), *census.wrappers()]
everyone = pytest.mark.parametrize("kind", EVERYONE, ids=lambda kind: kind.__name__)
BOWL = on_surface(SURFACES["bowl"])


def clouds(rows=60, batch_size=8):
    """Two clouds of points to tell apart."""
    rng = np.random.default_rng(1)
    labels = np.arange(rows) % 2
    points = rng.normal(0, 1, (rows, 3)) + 2 * labels[:, None]
    data, held_out = (points[10:], labels[10:]), (points[:10], labels[:10])
    return on_data("clouds", 0.3, partial(nn.MLP, [3, 4, 2]), nn.cross_entropy, data, held_out, batch_size)


class Stumbles(optim.SGD):
    def step(self, loss=None):
        if self.steps == 3:
            raise RuntimeError("a stone in the way")
        super().step(loss)


class Sulks(optim.SGD):
    def __post_init__(self, parameters):
        raise ValueError("not today")


# ---- everyone takes part -------------------------------------------------------


@everyone
def test_every_optimizer_runs_on_a_surface(kind):
    result = run(BOWL, kind, 6, None)
    assert result.name == kind.__name__
    assert result.failure == ""
    assert result.path.shape == (7, 2)
    assert result.losses == [BOWL.surface.function(x, y) for x, y in result.path.tolist()]
    assert tuple(result.path[0]) == BOWL.surface.start
    assert result.seconds > 0


@pytest.mark.parametrize("name", SURFACES)
def test_nobody_fails_on_any_surface(name):
    result = race(on_surface(SURFACES[name]), EVERYONE, 3, lr=1e-4)
    assert {run.name for run in result.runs} == {kind.__name__ for kind in EVERYONE}
    assert {run.failure for run in result.runs} == {""}


@everyone
def test_every_optimizer_runs_on_a_network(kind):
    result = run(clouds(), kind, 4, None)
    assert (result.failure, result.path, len(result.losses)) == ("", None, 5)
    assert np.isfinite(result.losses).all()


def test_a_new_class_takes_part_by_being_there():
    @dataclass(eq=False)
    class Newest(optim.SGD):
        """Gradient descent under another name (Nobody 2031).

        w <- w - lr * g
        """

        __module__ = "optim.sign"

    try:
        assert Newest in census.optimizers()
        assert census.find("newest") is Newest
        assert "Nobody 2031" in census.report()
        (mine,) = (r for r in race(BOWL, [optim.Adam, *census.optimizers()[:2], Newest], 4).runs if r.name == "Newest")
        assert mine.losses == run(BOWL, optim.SGD, 4, best_rate(BOWL, optim.SGD, 4, 0.01)).losses
    finally:
        del Newest
        gc.collect()
    assert "Newest" not in {kind.__name__ for kind in census.optimizers()}


def test_the_census_has_no_base_classes_and_every_public_optimizer():
    public = {
        name
        for name in optim.__all__
        if isinstance(getattr(optim, name), type) and issubclass(getattr(optim, name), (optim.Optimizer, optim.Wrapper))
    }
    assert public - {kind.__name__ for kind in EVERYONE} == {"Optimizer", "Wrapper", "Layerwise", "Probing"}


# ---- what it records ------------------------------------------------------------


def test_plain_descent_goes_the_way_of_its_closed_form():
    path = run(BOWL, optim.SGD, 30, 0.1).path
    steps = np.arange(31)
    np.testing.assert_allclose(path, np.column_stack([-7 * 0.99**steps, 2 * 0.8**steps]), rtol=1e-13)


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (optim.SGD, (-5.177902614, 0.002475880079)),
        (optim.Momentum, (0.8964138585, 0.08808560172)),
        (optim.AveragedMomentum, (-5.594120754, -0.3516707962)),
        (optim.NesterovLookAhead, (0.6130736453, 0.005898947836)),
        (optim.Nesterov, (0.6896149017, -0.0006799058361)),
        (optim.Adam, (-4.132653698, -0.2053808532)),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_after_30_steps_on_the_bowl_the_courses_optimizers_are_where_it_says(kind, end):
    np.testing.assert_allclose(run(BOWL, kind, 30, 0.1).path[-1], end, rtol=1e-9)


def test_those_that_average_are_shown_at_their_average():
    plain, averaged = run(BOWL, optim.SGD, 20, 0.1), run(BOWL, optim.SWA, 20, 0.1)
    for step in range(1, 21):
        np.testing.assert_allclose(averaged.path[step], plain.path[1 : step + 1].mean(axis=0), rtol=1e-12)


def test_two_runs_are_the_same_and_practice_is_elsewhere():
    for problem in (BOWL, clouds()):
        one, other = (run(problem, optim.Adam, 10, 0.1) for _ in range(2))
        practice = run(problem, optim.Adam, 10, 0.1, practice=True)
        assert one.losses == other.losses
        assert practice.losses[0] != one.losses[0]


def test_single_examples_are_told_apart_for_the_method_that_clips_each():
    def parabolas(rows):
        return sum((x - row) * (x - row) for row in rows) / len(rows)

    x = Value(10.0)
    advance(optim.DPSGD([x], lr=1.0, clip=1.0, noise=0.0), parabolas, [0, 1, 20])
    assert x.data == pytest.approx(10 - (1 + 1 - 1) / 3)
    x = Value(10.0)
    advance(optim.DPSGD([x], lr=0.1, clip=1e6, noise=0.0), parabolas, [0, 1, 20])
    y, x = x.data, Value(10.0)
    advance(optim.SGD([x], lr=0.1), parabolas, [0, 1, 20])
    assert y == pytest.approx(x.data)


# ---- what goes wrong -------------------------------------------------------------


def test_an_optimizer_that_fails_does_not_stop_the_others():
    result = race(BOWL, [Stumbles, optim.SGD, Sulks], 10, lr=0.1)
    runs = {run.name: run for run in result.runs}
    assert result.runs[0].name == "SGD"
    assert runs["Stumbles"].failure == "a stone in the way"
    assert len(runs["Stumbles"].losses) == 4
    assert runs["Stumbles"].losses == runs["SGD"].losses[:4]
    assert runs["Sulks"].failure == "not today"
    assert (runs["Sulks"].path == [[-7, 2]]).all()
    assert runs["Sulks"].losses == runs["SGD"].losses[:1]
    assert len(runs["SGD"].losses) == 11
    assert "a stone in the way" in result.table()


@pytest.mark.parametrize(("lr", "steps"), [(1.5, 300), (1e200, 5), (1e308, 5)])
def test_a_run_that_diverges_says_at_which_step(lr, steps):
    result = run(BOWL, optim.SGD, steps, lr)
    step = len(result.losses) - 1
    assert result.failure == f"diverged at step {step}"
    assert step < steps
    assert not result.losses[-1] < 1e9
    assert result.steps_to(1e-3) is None


def test_no_warning_of_numpys_comes_through_and_its_settings_stay():
    before = np.geterr()
    race(on_surface(SURFACES["rosenbrock"]), [optim.SGD, optim.Shampoo, optim.LBFGS], 5, lr=1e150)
    assert np.geterr() == before


# ---- the learning rate ------------------------------------------------------------


@pytest.mark.parametrize("name", ["SGD", "Adam", "LARS", "Lookahead", "Rprop"])
def test_the_rate_that_is_found_is_no_worse_than_the_default_or_its_neighbours(name):
    kind = census.find(name)
    default = 0.01 if name == "Lookahead" else census.entry(kind).defaults["lr"][0]
    found = best_rate(BOWL, kind, 40, default)

    def rank(lr):
        return run(BOWL, kind, 40, lr, practice=True).rank(BOWL.target)

    assert rank(found) <= rank(default)
    assert rank(found) <= rank(found / 10)
    left, right, bottom, top = BOWL.surface.box
    x, y = run(BOWL, kind, 40, found, practice=True).path.T
    assert left <= x.min() <= x.max() <= right
    assert bottom <= y.min() <= y.max() <= top


def test_a_rate_is_found_however_wrong_the_default_is():
    for default in (1e4, 1e-5):
        assert run(BOWL, optim.SGD, 100, best_rate(BOWL, optim.SGD, 100, default)).losses[-1] < 0.1


def test_a_rate_does_not_win_by_stepping_onto_the_minimum():
    # Steps of 1 lead from (-7, 2) to (0, 0) exactly, and from anywhere else to and fro.
    assert best_rate(BOWL, optim.SignSGD, 200, 0.001) < 1


def test_what_promises_to_need_no_rate_is_held_to_it():
    for kind in (optim.DoG, optim.DoWG, optim.DAdaptAdam, optim.Prodigy):
        assert best_run(BOWL, kind, 3).settings == "lr=1"
    assert best_run(BOWL, optim.Mechanic, 3).settings == "around SGD, lr=0.01"
    assert best_run(BOWL, optim.COCOB, 3).settings == best_run(BOWL, optim.COCOB, 3, lr=0.1).settings == ""


def test_a_rate_that_is_given_is_everyones():
    result = race(BOWL, [optim.Adam, optim.Lookahead, optim.Momentum, optim.LBFGS], 2, lr=0.125)
    assert {run.name: run.settings for run in result.runs} == {
        "Adam": "lr=0.125",
        "Lookahead": "around SGD, lr=0.125",
        "Momentum": "lr=0.125, momentum=0.9",
        "LBFGS": "lr=0.125",
    }


# ---- the table --------------------------------------------------------------------


def make(losses, failure="", name="Adam", seconds=1.0):
    path = np.zeros((len(losses), 2))
    return Run(name, "lr=0.1", losses, path, seconds, failure)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=12))
def test_the_target_is_reached_when_the_loss_is_down_there_for_good(losses):
    steps = make(losses).steps_to(1.0)
    if steps is None:
        assert losses[-1] > 1
    else:
        assert max(losses[steps:]) <= 1
        assert steps == 0 or losses[steps - 1] > 1
    assert make(losses, "diverged at step 1").steps_to(1.0) is None


@given(st.lists(st.lists(st.floats(0, 2) | st.just(np.nan) | st.just(np.inf), min_size=1, max_size=5), min_size=2))
def test_who_reaches_the_target_is_before_who_does_not_and_who_fails_is_last(all_losses):
    runs = sorted(map(make, all_losses), key=lambda run: run.rank(1.0))
    reached = [run.steps_to(1.0) for run in runs]
    assert reached == sorted(reached, key=lambda steps: np.inf if steps is None else steps)
    finite = [bool(np.isfinite(run.losses[-1])) for run in runs]
    assert finite == sorted(finite, reverse=True)


def test_the_table_has_steps_time_loss_and_failure_of_everyone():
    runs = [make([8, 4, 1, 0.5], name="One", seconds=0.003), make([8, 9, np.nan], "diverged at step 2", "Two")]
    lines = Race("title", runs, None, 1.0).table().splitlines()
    assert re.split(r"\s{2,}", lines[0]) == [
        "optimizer", "settings", "steps to 1", "ms to 1", "loss at the end", "failure",
    ]  # fmt: skip
    assert lines[1].split() == ["One", "lr=0.1", "2", "2.00", "5.00e-01"]
    assert lines[2].split(maxsplit=3) == ["Two", "lr=0.1", "nan", "diverged at step 2"]
    assert "steps to" not in Race("title", runs, None, None).table()


def test_a_race_in_several_processes_is_the_same():
    kinds = [optim.SGD, optim.Adam, optim.Shampoo, optim.Lookahead]
    here = race(BOWL, kinds, 12)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = race(pickle.loads(pickle.dumps(BOWL)), kinds, 12, each=pool.imap)
    assert [(run.name, run.settings, run.losses) for run in here.runs] == [
        (run.name, run.settings, run.losses) for run in there.runs
    ]
    assert [run.name for run in race(clouds(), kinds, 3, 0.1).runs]


# ---- the picture --------------------------------------------------------------------


def test_in_colour_are_the_few_or_the_best_of_each_family_and_plain_descent():
    few = race(BOWL, [optim.SGD, optim.Adam, optim.NAdam], 3, lr=0.1).runs
    assert race_plot.in_colour(few) == few
    many = race(BOWL, EVERYONE, 12, lr=0.1).runs
    shown = race_plot.in_colour(many)
    assert len(shown) == race_plot.SHOWN
    assert shown == [run for run in many if run in shown]
    families = [census.family(census.find(run.name)) for run in shown if run.name != "SGD"]
    assert len(set(families)) == len(families)
    assert "SGD" in {run.name for run in shown}
    assert shown[0] is many[0]


def test_the_picture_is_drawn_for_one_for_all_and_for_failures(tmp_path):
    before = dict(matplotlib.rcParams)
    for number, kinds in enumerate(([optim.Adam], EVERYONE, [Stumbles, Sulks], [Sulks])):
        picture = tmp_path / f"{number}.png"
        race(BOWL, kinds, 5, lr=0.1).plot(picture)
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert dict(matplotlib.rcParams) == before
    assert pyplot.get_fignums() == []


def test_the_picture_of_a_network_has_learning_curves_alone_and_needs_no_target(tmp_path):
    result = race(clouds(), [optim.SGD, optim.Adam], 5, lr=0.1)
    for target in (0.3, None):
        Race(result.title, result.runs, None, target).plot(tmp_path / "race.svg")
        assert "</svg>" in (tmp_path / "race.svg").read_text(encoding="utf-8")


def test_without_matplotlib_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=re.escape("pip install 'stepgrad[learn]'")):
        race(BOWL, [optim.SGD], 1, lr=0.1).plot(tmp_path / "race.png")
