"""The course's comparison on two moons: what is measured, and what is said of it."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
import optim
from nn import data
from optim import moons
from optim.moons import BATCH, CLAIMS, CONTENDERS, LOW, MINI, POINTS, STOCHASTIC, Claim, Comparison, Finish, train

BY_NAME = {contender.name: contender for contender in CONTENDERS}


def trained(name, seed):
    return train((BY_NAME[name], seed), nn.MLP, nn.cross_entropy, data.moons)


def invented(epochs):
    """A comparison of these epochs: by name, one number per seed."""
    return Comparison([Finish(BY_NAME[name], s, e, e) for name, of in epochs.items() for s, e in enumerate(of)])


@pytest.fixture(scope="module")
def comparison():
    """Seed 0 of everyone, the whole batch included."""
    return Comparison([trained(name, 0) for name in BY_NAME])


def test_the_network_and_the_points_are_those_of_the_lecture():
    assert sum(p.size for p in nn.MLP(moons.SIZES).parameters()) == 415
    assert (moons.POINTS, moons.NOISE, moons.LOW) == (300, 0.1, 0.01)
    assert [BY_NAME[name].updates for name in (BATCH, MINI, STOCHASTIC)] == [1, 10, 300]


def test_both_goals_are_reached_when_it_says_and_not_an_epoch_before():
    finish = trained("Adam, faster", 0)
    x, y = data.moons(POINTS, 0.1, rng=0)
    rng = np.random.default_rng(0)
    network = nn.MLP(moons.SIZES, rng=rng)
    optimizer = optim.Adam(network.parameters(), lr=0.01)
    wrong, losses = [], []
    for _ in range(int(max(finish.no_errors, finish.low))):
        order = rng.permutation(POINTS)
        for rows in np.split(order, range(32, POINTS, 32)):
            optimizer.step(lambda rows=rows: nn.cross_entropy(network(x[rows]), y[rows]))
        scores = network(x)
        wrong.append((scores.numpy().argmax(axis=1) != y).sum())
        losses.append(nn.cross_entropy(scores, y).item())
    assert finish.no_errors == 1 + wrong.index(0)
    assert finish.low == 1 + next(i for i, loss in enumerate(losses) if loss < LOW)


def test_a_run_is_given_up_at_its_cap():
    hopeless = replace(BY_NAME[STOCHASTIC], settings={"lr": 1e-9}, bound=1)
    finish = train((hopeless, 0), nn.MLP, nn.cross_entropy, data.moons)
    assert (finish.no_errors, finish.low) == (math.inf, math.inf)


def test_everyone_is_within_the_bounds_of_earlier_runs(comparison):
    assert "All runs are within the bounds." in comparison.report()
    for finish in comparison.finishes:
        assert finish.no_errors < (finish.contender.bound or 100)
        assert finish.low < finish.contender.cap


def test_what_always_holds_holds(comparison):
    always = [claim for claim in CLAIMS if claim.elsewhere.startswith("always")]
    assert len(always) == 6
    for claim in always:
        assert comparison.holds(claim) == [True]
    for claim in CLAIMS:
        if claim.elsewhere.startswith("never"):
            assert comparison.holds(claim) == [False]


def test_plain_descent_needs_the_same_number_of_updates_however_it_is_fed(comparison):
    counts = [comparison.updates(name) for name in (BATCH, MINI, STOCHASTIC)]
    assert max(counts) / min(counts) < 1.25


@pytest.mark.long
def test_of_three_seeds_the_medians_are_in_the_order_of_the_course():
    comparison = Comparison([trained(name, seed) for name in BY_NAME for seed in range(3)])
    assert "All runs are within the bounds." in comparison.report()
    counts = [comparison.updates(name) for name in (BATCH, MINI, STOCHASTIC)]
    assert max(counts) / min(counts) < 1.25
    for claim in CLAIMS:
        if claim.elsewhere.startswith("always"):
            assert comparison.holds(claim) == [True] * 3


# ---- the claims ------------------------------------------------------------------


@given(*[st.lists(st.integers(1, 5) | st.just(math.inf), min_size=3, max_size=3)] * 3)
def test_a_claim_holds_in_a_seed_if_each_of_the_faster_was_before_each_of_the_slower(adam, nesterov, mini):
    comparison = invented({"Adam": adam, "Nesterov": nesterov, MINI: mini})
    claim = Claim("both before mini-batches", ("Adam", "Nesterov"), (MINI,), "")
    assert comparison.holds(claim) == [a < m and n < m for a, n, m in zip(adam, nesterov, mini)]
    claim = Claim("Adam before both", ("Adam",), ("Nesterov", MINI), "")
    assert comparison.holds(claim) == [a < n and a < m for a, n, m in zip(adam, nesterov, mini)]


def test_every_claim_is_about_contenders_and_none_about_itself():
    for claim in CLAIMS:
        assert {*claim.faster, *claim.slower} <= set(BY_NAME)
        assert not {*claim.faster} & {*claim.slower}


def test_the_report_says_which_claims_hold_which_fail_and_which_are_not_robust():
    epochs = {name: [10, 10, 10] for name in BY_NAME}
    epochs |= {MINI: [20, 20, 20], BATCH: [30, 30, 30], STOCHASTIC: [5, 50, 5], "Adam": [40, 40, 40]}
    report = invented(epochs).report()

    def verdict(text):
        return re.search(rf"{text}\s{{2,}}(\S.*?)\s{{2,}}", report)[1]

    assert verdict("mini-batches before the whole batch") == "holds: 3 of 3 seeds"
    assert verdict("single points before mini-batches") == "not robust: 2 of 3 seeds"
    assert verdict("Adam before plain mini-batches") == "fails: 0 of 3 seeds"


def test_the_report_names_who_is_outside_the_bounds_and_who_never_arrived():
    epochs = {name: [10, 11, 12] for name in BY_NAME} | {"Adagrad": [1600, 20, math.inf]}
    report = invented(epochs).report()
    assert "Outside the bounds: Adagrad, seed 0: 1,600 of at most 1,500; Adagrad, seed 2: never" in report
    assert "1,600 [20-never]" in report
    assert "11 [10-12]" in report


def test_the_report_sets_the_lectures_figures_beside_its_own(comparison):
    report = comparison.report()
    for contender in CONTENDERS:
        (row,) = [line for line in report.splitlines() if re.match(rf"{contender.name}  ", line)]
        numbers = [contender.bound, contender.lecture]
        if contender.pytorch:
            numbers += [sorted(runs)[1] for runs in contender.pytorch]
        assert all(f" {number:,} " in f"{row} " for number in numbers if number)
    assert max(map(len, report.splitlines())) <= 120


def test_the_picture_is_drawn_even_if_someone_never_arrived(comparison, tmp_path):
    comparison.plot(tmp_path / "moons.png")
    assert (tmp_path / "moons.png").read_bytes().startswith(b"\x89PNG")
    invented({name: [math.inf, 3] for name in BY_NAME}).plot(tmp_path / "never.png")
