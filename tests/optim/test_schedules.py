"""Schedules: against the peers, against their formulas, and what holds for all of them."""

import json
import math
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.schedules import CASES, LOSSES, RECORDED, STEPS

import optim
from autograd import Tensor
from optim import (
    BoldDriverRate,
    Chained,
    Constant,
    CosineDecay,
    Cyclic,
    DelayedExponentialDecay,
    ErrorBasedDecay,
    ErrorSchedule,
    ExponentialDecay,
    IntervalDecay,
    InverseTimeDecay,
    LinearRamp,
    MultiStepDecay,
    OneCycle,
    Plateau,
    PolynomialDecay,
    Schedule,
    Sequenced,
    WarmRestarts,
    WarmUp,
)

PEERS = {name: np.array(rates) for name, rates in json.loads(RECORDED.read_text()).items()}


def values(schedule, steps=STEPS):
    if isinstance(schedule, ErrorSchedule):
        return np.array(schedule.values(LOSSES))
    return np.array([schedule(step) for step in range(steps)])


# ---- against the peers ---------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_the_values_are_those_of_the_peer(name):
    case = CASES[name]
    until = min(case.until, len(PEERS[name]) - case.late)
    np.testing.assert_allclose(
        values(case.ours)[:until], PEERS[name][case.late :][:until], rtol=case.rtol, err_msg=repr(case.ours)
    )


def test_every_recorded_case_is_compared():
    assert PEERS.keys() == CASES.keys()


def test_after_the_end_the_cosine_of_pytorch_climbs_again_and_ours_stays():
    peer, ours = PEERS["cosine torch"], CASES["cosine torch"].ours
    assert (np.diff(peer[20:41]) > 0).all()
    np.testing.assert_allclose(peer[20:41], peer[:21][::-1], rtol=1e-12)
    assert (values(ours)[20:] == 0.01).all()


@pytest.mark.parametrize("name", ["warm-up keras", "warm-up optax"])
def test_the_peers_waste_a_warm_ups_first_step_and_are_level_with_ours_afterwards(name):
    peer, ours = PEERS[name], values(CASES[name].ours)
    assert peer[0] == 0
    assert ours[0] > 0
    np.testing.assert_allclose(ours[8:], peer[8:], rtol=1e-6)


def test_keras_keeps_the_old_value_at_the_boundary_and_ours_has_the_new_one():
    peer, ours = PEERS["piecewise keras"], CASES["piecewise keras"].ours
    assert (peer[5], peer[6]) == (0.1, 0.01)
    assert (ours(4), ours(5)) == (0.1, pytest.approx(0.01))


def test_the_corners_of_one_cycle_are_a_step_later_than_in_pytorch():
    ours = OneCycle(0.1, 44, warm=0.25)
    assert np.argmax(PEERS["one-cycle torch"]) == 10
    assert np.argmax(values(ours)) == 11 == 0.25 * 44
    assert ours(44) == pytest.approx(PEERS["one-cycle torch"][43]) == 0.1 / 25 / 1e4


# ---- against their formulas ------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Constant(0.3), [0.3, 0.3, 0.3]),
        (ExponentialDecay(1, 0.99), [1, 0.99, 0.9801, 0.970299]),
        (DelayedExponentialDecay(1, 0.5, delay=2), [1, 1, 1, 0.5, 0.25]),
        (IntervalDecay(1, 0.5, every=2), [1, 1, 0.5, 0.5, 0.25]),
        (MultiStepDecay(1, 0.1, at=[1, 3]), [1, 0.1, 0.1, 0.01, 0.01]),
        (PolynomialDecay(1, 4, end=0.5, power=2), [1, 0.78125, 0.625, 0.53125, 0.5, 0.5]),
        (InverseTimeDecay(1, 1), [1, 1 / 2, 1 / 3, 1 / 4]),
        (CosineDecay(2, 4), [2, 1 + math.sqrt(0.5), 1, 1 - math.sqrt(0.5), 0, 0]),
        (LinearRamp(0, 1, 4), [0, 0.25, 0.5, 0.75, 1, 1]),
        (WarmUp(0.8, 4), [0.2, 0.4, 0.6, 0.8, 0.8, 0.8]),
        (WarmUp(lambda step: 1 / (step + 1), 2), [0.5, 1, 1, 1 / 2, 1 / 3]),
        (WarmRestarts(1, 2, longer=2, lower=0.5), [1, 0.5, 0.5, (2 + 2**0.5) / 8, 0.25, (2 - 2**0.5) / 8, 0.25]),
        (Cyclic(1, 3, half=2, lower=0.5), [1, 2, 3, 2, 1, 1.5, 2, 1.5, 1, 1.25]),
        (OneCycle(1, 4, warm=0.5, divide=10, final_divide=10), [0.1, 0.55, 1, 0.505, 0.01, 0.01]),
        (Chained([IntervalDecay(1, 0.5, every=2), LinearRamp(1, 2, 2), 10]), [10, 15, 10, 10, 5]),
        (Sequenced([1, lambda step: 2 + step, CosineDecay(8, 1)], at=[1, 3]), [1, 2, 3, 8, 0]),
    ],
    ids=lambda item: type(item).__name__ if isinstance(item, Schedule) else "",
)  # fmt: skip
def test_the_first_values_by_hand(schedule, expected):
    np.testing.assert_allclose(values(schedule, len(expected)), expected, rtol=1e-14, atol=1e-16)


def test_error_based_decay_falls_when_the_loss_stops_falling():
    rates = ErrorBasedDecay(1, factor=0.5, tolerance=0.1).values([10, 8, 7.5, 6, 6, 7, 1])
    assert rates == [1, 1, 0.5, 0.5, 0.25, 0.125, 0.125]


def test_the_bold_drivers_rate_grows_with_each_success_and_falls_with_each_failure():
    rates = BoldDriverRate(1, increase=1.1, decrease=0.5).values([5, 4, 4, 6, 5])
    np.testing.assert_allclose(rates, [1, 1.1, 1.21, 0.605, 0.6655])
    assert BoldDriverRate(1, tolerance=0.5).values([5, 7, 11]) == [1, 1.05, 0.525]


def test_plateau_waits_for_patience_rests_and_stops_at_the_least():
    plateau = Plateau(1, factor=0.1, patience=2, cooldown=1, least=0.05)
    assert plateau.values([3, 3, 3, 3, 3, 3, 3]) == [1, 1, 0.1, 0.1, 0.1, 0.05, 0.05]
    assert plateau.values([3, 3, 2, 2, 1, 1, 1]) == [1, 1, 1, 1, 1, 1, 0.1]


def test_a_loss_below_zero_gets_better_by_falling_too():
    losses = [-1.0, -2.0, -3.0, -4.0]
    assert ErrorBasedDecay(1, tolerance=0.1).values(losses) == [1, 1, 1, 1]
    assert Plateau(1, patience=1).values(losses) == [1, 1, 1, 1]
    assert BoldDriverRate(1).values(losses)[-1] == pytest.approx(1.05**3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_is_not_better_and_does_not_become_the_mark(bad):
    assert Plateau(1, patience=2).values([3, bad, bad, 2, 1]) == [1, 1, 0.1, 0.1, 0.1]
    assert BoldDriverRate(1).values([3, bad])[-1] == 0.5
    assert ErrorBasedDecay(1).values([3, bad])[-1] == 0.5


# ---- what holds for all -------------------------------------------------------------

rates = st.floats(1e-6, 10)
factors = st.floats(0.5, 1)
counts = st.integers(1, 50)


def falling_steps(most=4):
    return st.lists(st.integers(1, 100), max_size=most, unique=True).map(sorted)


simple = st.one_of(
    st.builds(Constant, rates),
    st.builds(ExponentialDecay, rates, factors, every=counts),
    st.builds(DelayedExponentialDecay, rates, factors, delay=st.integers(0, 50), every=counts),
    st.builds(IntervalDecay, rates, factors, every=counts),
    st.builds(MultiStepDecay, rates, factors, at=falling_steps()),
    st.builds(PolynomialDecay, rates, counts, end=rates, power=st.floats(0.1, 4)),
    st.builds(InverseTimeDecay, rates, st.floats(0, 10), every=counts),
    st.builds(CosineDecay, rates, counts, end=rates),
    st.builds(LinearRamp, rates, rates, counts),
    st.builds(WarmRestarts, rates, counts, end=rates, longer=st.integers(1, 3), lower=factors),
    st.builds(lambda low, more, *how: Cyclic(low, low + more, *how), rates, rates, counts, factors, factors),
    st.builds(OneCycle, rates, counts, warm=st.floats(0.01, 0.99), divide=st.floats(1, 100)),
)
joined = st.one_of(
    st.builds(WarmUp, simple | rates, counts),
    st.builds(Chained, st.lists(simple | rates, min_size=1, max_size=3)),
    falling_steps().flatmap(
        lambda at: st.builds(
            Sequenced, st.lists(simple | rates, min_size=len(at) + 1, max_size=len(at) + 1), st.just(at)
        )
    ),
)
by_loss = st.one_of(
    st.builds(ErrorBasedDecay, rates, counts, factor=st.floats(0.5, 0.99), tolerance=st.floats(0, 0.5)),
    st.builds(BoldDriverRate, rates, counts, increase=st.floats(1, 1.2), decrease=st.floats(0.3, 0.9)),
    st.builds(
        Plateau, rates, counts, factor=st.floats(0.1, 0.9), patience=st.integers(1, 5), cooldown=st.integers(0, 3)
    ),
)
loss = st.integers(-6400, 6400).map(lambda number: number / 64)  # whose sums are exact
losses = st.lists(loss, max_size=80)


def test_the_strategies_cover_every_schedule():
    known = {kind for base in (Schedule, ErrorSchedule) for kind in base.__subclasses__()}
    assert known == {getattr(optim, kind.__name__) for kind in known}
    described = repr(simple) + repr(joined) + repr(by_loss)
    assert all(kind.__name__ in described for kind in known), [k.__name__ for k in known if k.__name__ not in described]


@given(simple | joined)
def test_every_value_is_a_finite_positive_number_and_the_same_each_time(schedule):
    first = [schedule(step) for step in range(150)]
    assert all(type(value) is float and 0 < value < math.inf for value in first)
    assert [schedule(step) for step in reversed(range(150))] == first[::-1]


@pytest.mark.parametrize("kind", [PolynomialDecay, CosineDecay, LinearRamp])
@pytest.mark.parametrize(("start", "end"), [(1e-6, 9.0), (1e-17, 1.0), (1.0, 1e-17)])
def test_both_ends_are_exact_however_far_apart(kind, start, end):
    schedule = kind(start=start, steps=3, end=end)
    assert [schedule(0), schedule(3)] == [start, end]


@pytest.mark.parametrize(("start", "end"), [(1e-6, 9.0), (1e-17, 1.0), (1.0, 1e-17)])
def test_restarts_begin_exactly_at_their_start_however_far_away_the_end(start, end):
    schedule = WarmRestarts(start, 2, end=end, longer=2)
    assert [schedule(0), schedule(2), schedule(6)] == [start, start, start]


@pytest.mark.parametrize(("low", "high"), [(1e-6, 9.0), (1e-17, 1.0), (1.0, 1e-17)])
def test_a_cycle_reaches_both_its_ends_exactly_however_far_apart(low, high):
    schedule = Cyclic(low, high, half=2)
    assert [schedule(0), schedule(2), schedule(4)] == [low, high, low]


@given(simple)
def test_a_simple_schedule_stays_between_its_bounds(schedule):
    bounds = [number for item in fields(schedule) if isinstance(number := getattr(schedule, item.name), float)]
    if isinstance(schedule, (PolynomialDecay, CosineDecay, LinearRamp, WarmRestarts, Cyclic)):
        ends = [schedule.low, schedule.high] if isinstance(schedule, Cyclic) else [schedule.start, schedule.end]
    else:
        ends = [0, max(bounds[:1])]
    for step in range(150):
        assert min(ends) * (1 - 1e-12) <= schedule(step) <= max(ends) * (1 + 1e-12)


@given(st.one_of(st.builds(kind, rates, factors, every=counts) for kind in (ExponentialDecay, IntervalDecay)), counts)
def test_exponential_decays_begin_again_at_any_step(schedule, step):
    start = step - step % schedule.every  # an interval begins here
    later = replace(schedule, start=schedule(start))
    np.testing.assert_allclose([later(s) for s in range(20)], [schedule(start + s) for s in range(20)], rtol=1e-12)


def test_a_schedule_that_fails_leaves_those_that_follow_the_loss_where_they_were():
    w = Tensor([1.0])
    optimizer = optim.Momentum([w], lr=Plateau(0.1, patience=1), momentum=lambda step: 1.5 if step == 1 else 0.9)
    optimizer.step(lambda: (w * w).sum())
    before, where = optimizer.state_dict(), w.item()
    for _ in range(3):
        with pytest.raises(ValueError, match="from its schedule at step 1"):
            optimizer.step(lambda: (w * w).sum() + 9.0)
    after = optimizer.state_dict()
    assert (after["progress"], after["hyperparameters"]) == (before["progress"], before["hyperparameters"])
    assert (w.item(), optimizer.steps) == (where, 1)


@given(rates, st.integers(1, 30), st.integers(1, 30))
def test_the_pieces_of_a_sequence_are_the_schedules_themselves(rate, first, second):
    a, b = LinearRamp(0, rate, first), CosineDecay(rate, second)
    whole = Sequenced([a, b], at=[first])
    assert [whole(s) for s in range(first)] == [a(s) for s in range(first)]
    assert [whole(first + s) for s in range(second)] == [b(s) for s in range(second)]


@given(by_loss, losses)
def test_a_schedule_by_the_loss_is_a_function_of_the_losses_so_far(schedule, losses):
    whole = schedule.values(losses)
    assert [schedule(losses[: count + 1]) for count in range(len(losses))] == whole
    assert all(0 < rate < math.inf for rate in whole)
    assert schedule([]) == schedule.start


@given(by_loss, losses, st.integers(0, 80))
def test_a_schedule_by_the_loss_goes_on_from_its_state(schedule, losses, middle):
    state = schedule.begin()
    for loss in losses[:middle]:
        state = schedule.follow(state, loss)
    state = json.loads(json.dumps(state))  # through a file: lists of plain numbers
    rates = []
    for loss in losses[middle:]:
        state = schedule.follow(state, loss)
        rates.append(state[0])
    assert rates == schedule.values(losses)[middle:]


@given(by_loss, losses, st.integers(-8, 8))
def test_the_unit_in_which_the_loss_is_measured_does_not_matter(schedule, losses, power):
    assert schedule.values([loss * 2.0**power for loss in losses]) == schedule.values(losses)


@given(by_loss, st.lists(loss, min_size=1, max_size=20), st.integers(1, 4))
def test_every_loss_repeated_is_the_same_as_their_means(schedule, losses, times):
    once, often = replace(schedule, every=1), replace(schedule, every=2**times)
    repeated = [loss for loss in losses for _ in range(2**times)]  # powers of 2, so that the means are exact
    np.testing.assert_allclose(often.values(repeated)[2**times - 1 :: 2**times], once.values(losses), rtol=0)


# ---- what is refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "expected"),
    [
        (lambda: CosineDecay(0.1, steps=0), ValueError, "CosineDecay: steps must be a whole number with 1 <= steps"),
        (lambda: CosineDecay(-0.1, steps=5), ValueError, "CosineDecay: start must be a number with 0 <= start < inf"),
        (lambda: ExponentialDecay(0.1, factor=0), ValueError, "factor must be a number with 0 < factor < inf, not 0"),
        (lambda: OneCycle(0.1, 10, warm=1.0), ValueError, "OneCycle: warm must be a number with 0 < warm < 1"),
        (lambda: Plateau(0.1, factor=1), ValueError, "Plateau: factor must be a number with 0 < factor < 1"),
        (lambda: ErrorBasedDecay(math.nan), ValueError, "ErrorBasedDecay: start must be a number"),
        (lambda: MultiStepDecay(0.1, 0.1, at=[5, 5]), ValueError, "at must list steps in rising order, all at least 1"),
        (lambda: MultiStepDecay(0.1, 0.1, at=[0]), ValueError, r"all at least 1, not \[0\]"),
        (lambda: MultiStepDecay(0.1, 0.1, at=5), ValueError, "MultiStepDecay: at must list steps"),
        (lambda: Sequenced([0.1, 0.2], at=[]), ValueError, "2 schedules need 1 steps to change at, not 0"),
        (lambda: Sequenced([0.1, 0.2], at=[1.5]), ValueError, "at must list steps"),
        (lambda: Chained([]), TypeError, "Chained: takes a list of schedules"),
        (lambda: Chained(0.1), TypeError, "Chained: takes a list of schedules, not 0.1"),
        (lambda: Chained([0.1, "0.2"]), TypeError, "takes schedules, functions of the step and numbers, not '0.2'"),
        (lambda: WarmUp(None, 5), TypeError, "WarmUp: takes schedules, functions of the step and numbers, not None"),
        (lambda: WarmUp(Plateau(0.1), 5), TypeError, "WarmUp: Plateau follows the loss and stands alone"),
    ],
)
def test_what_makes_no_schedule_is_refused(make, error, expected):
    with pytest.raises(error, match=expected):
        make()


# ---- pictures ------------------------------------------------------------------------------


def test_a_schedule_can_be_plotted():
    schedule = CosineDecay(0.1, steps=50)
    (ax,) = schedule.plot(60).axes
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), values(schedule, 60))
    assert (ax.get_title(), ax.get_xlabel()) == ("CosineDecay", "step")


def test_any_function_of_the_step_can_be_plotted():
    def slower(step):
        return 1 / (step + 1)

    (ax,) = optim.plot_schedule(slower, 10).axes
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), values(slower, 10))
    assert ax.get_title() == "slower"


def test_a_schedule_by_the_loss_is_plotted_beside_the_losses():
    left, right = Plateau(0.1, patience=1).plot([3, 3, 1]).axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), [0.1, 0.01, 0.01])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [3, 3, 1])


def test_a_schedule_by_the_loss_cannot_be_plotted_without_losses():
    with pytest.raises(TypeError, match=r"Plateau: follows the loss, so plot\(\) needs the losses.*plot\(losses\)"):
        Plateau(0.1).plot(1000)


def test_without_matplotlib_the_picture_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'stepgrad\[learn\]'"):
        Constant(0.1).plot()
