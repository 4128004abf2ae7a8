"""The microscope: the parts of a step add up to it, and mean what they are called."""

import copy
import math
import pickle
import re
from dataclasses import dataclass, fields

import numpy as np
import pytest
from family import GIVEN, OPTIMIZERS, WRAPPERS, advance, parameters, set_grads, step_with_grads
from hypothesis import given
from hypothesis import strategies as st

import optim
from autograd import Tensor, Value
from optim.hyperparameters import hyperparameter
from optim.replay import Replay, Uncorrected
from optim.schedules import ErrorBasedDecay
from optim.transforms import L2, ClipByValue, DecoupledDecay, SkipNotFinite

TAKEN_APART = [kind for kind in OPTIMIZERS if kind not in (optim.LBFGS, optim.NaiveLearner)]

every_one_that_follows = pytest.mark.parametrize("kind", GIVEN, ids=lambda kind: kind.__name__)
every_kind = pytest.mark.parametrize("kind", [*OPTIMIZERS, *WRAPPERS], ids=lambda kind: kind.__name__)


def make(kind, ps, **hyper):
    if issubclass(kind, optim.GradientAccumulation):
        hyper["every"] = 1  # else it takes no step in most calls
    optimizer = kind(optim.AdamW(ps, lr=0.05), **hyper) if issubclass(kind, optim.Wrapper) else kind(ps, **hyper)
    optimizer.watch()
    return optimizer


def default(kind, name):
    return {item.name: item.default for item in fields(kind)}.get(name)


def assert_adds_up(explanation, before, after):
    """The parts add up to the change, to the rounding of the largest of them and of the weights."""
    np.testing.assert_array_equal(explanation.before, before)
    np.testing.assert_array_equal(explanation.after, after)
    np.testing.assert_array_equal(explanation.change, np.subtract(after, before, dtype=float))
    parts = [np.asarray(part) for part in explanation.parts.values()]
    assert {part.shape for part in parts} <= {np.shape(before)}
    largest = max((float(np.abs(part).max()) for part in parts), default=0.0)
    eps = np.finfo(np.asarray(before).dtype).eps
    rounding = 16 * eps * (np.abs(before).max() + largest)
    np.testing.assert_allclose(sum(parts, np.zeros(())), explanation.change, rtol=0, atol=rounding)


def explained(optimizer, ps, act):
    """The explanations of all parameters after a step, each of them checked."""
    before = [p.numpy() if isinstance(p, Tensor) else p.data for p in ps]
    act()
    explanations = [optimizer.explain(p) for p in ps]
    for explanation, p, old in zip(explanations, ps, before):
        assert_adds_up(explanation, old, p.numpy() if isinstance(p, Tensor) else p.data)
    return explanations


def names(explanation):
    return [*explanation.parts]


# ---- they add up -------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@every_kind
def test_the_parts_add_up_to_the_change(kind, dtype):
    ps = parameters(dtype)
    optimizer = make(kind, ps)
    for step in range(6):
        explained(optimizer, ps, lambda step=step: advance(optimizer, ps, step))


@every_one_that_follows
def test_they_add_up_with_schedules_transforms_constraints_and_groups(kind):
    def clip(g, optimizer):
        np.clip(g, -0.1, 0.1, out=g)

    def nonnegative(w, optimizer):
        np.maximum(w, -0.5, out=w)

    ps = parameters()
    lr = default(kind, "lr")
    own = {"lr": lr * 0.7} if lr else {}
    hyper = {"lr": lambda step: lr / (1 + step)} if lr else {}
    hyper |= {"weight_decay": 0.1} if default(kind, "weight_decay") is not None else {}
    optimizer = make(
        kind, [*ps[:2], {"parameters": ps[2:], **own}], transforms=[clip], constraints=[nonnegative], **hyper
    )
    for seed in range(4):
        set_grads(ps, seed)
        first, *_, last = explained(optimizer, ps, lambda: step_with_grads(optimizer))
        assert names(last)[-2:] == ["clip", "nonnegative"]
        if lr:
            assert "schedule" in first.parts
            assert ("schedule" in last.parts) == (kind in (optim.ASGD, optim.Adafactor))  # they have one of their own


@every_one_that_follows
def test_they_add_up_where_some_parameters_have_no_gradient(kind):
    ps = parameters()
    optimizer = make(kind, ps)
    for seed in range(3):
        set_grads(ps, seed)
        resting = ps[seed]
        resting.grad = None
        explained(optimizer, ps, lambda: step_with_grads(optimizer))
        assert names(optimizer.explain(resting)) == []
        assert "had no gradient" in repr(optimizer.explain(resting))


@pytest.mark.parametrize("kind", [optim.Adam, optim.Momentum])
def test_a_vector_in_blocks_is_explained_as_well(kind, monkeypatch):
    monkeypatch.setattr("optim.optimizer.WHOLE", 0)
    monkeypatch.setattr("optim.optimizer.BLOCK", 8 * 5)
    ps = parameters()
    optimizer = make(kind, ps)
    assert optimizer.in_blocks
    for seed in range(3):
        set_grads(ps, seed)
        explained(optimizer, ps, optimizer.step)


@pytest.mark.parametrize("kind", TAKEN_APART, ids=lambda kind: kind.__name__)
def test_the_rule_run_again_with_everything_on_is_the_step_that_was_taken(kind):
    ps = parameters()
    optimizer = make(kind, ps)
    for step in range(4):
        advance(optimizer, ps, step)
        replay = Replay(optimizer.trace, optimizer.trace.movers[0])
        again = replay.run({*replay.parts}, 0)
        np.testing.assert_allclose(again.w, optimizer.w, rtol=1e-14, atol=1e-16)


# ---- nothing is changed --------------------------------------------------------


def snapshot(optimizer):
    """The bytes of all there is."""
    grads = [None if p.grad is None else np.asarray(p.grad) for p in optimizer.parts]
    return pickle.dumps(copy.deepcopy((optimizer.w, grads, optimizer.state_dict())))


@every_kind
def test_watching_and_explaining_leave_the_trajectory_as_it_is_bit_for_bit(kind):
    ps, others = parameters(), parameters()
    watched, free = make(kind, ps), make(kind, others)
    free.watch(False)
    for step in range(5):
        advance(watched, ps, step)
        advance(free, others, step)
        kept = snapshot(watched)
        first = watched.explain(ps[0])
        assert repr(watched.explain(ps[0])) == repr(first)
        assert snapshot(watched) == kept
        assert snapshot(free) == kept


def test_schedules_and_transforms_are_not_called_again():
    calls = []

    def transform(g, optimizer):
        calls.append("transform")
        g *= 0.5

    def schedule(step):
        calls.append("schedule")
        return 0.1 / (step + 1)

    ps = parameters()
    optimizer = make(optim.Adam, ps, lr=schedule, transforms=[transform])
    for seed in range(2):
        set_grads(ps, seed)
        optimizer.step()
    before = [*calls]
    assert names(optimizer.explain(0))[-2:] == ["schedule", "transform"]
    assert calls == before


def test_an_explanation_stays_when_weights_gradients_and_steps_go_on():
    p = Tensor([1.0, 2.0])
    optimizer = make(optim.Momentum, [p], lr=0.1)
    set_grads([p], 0)
    optimizer.step()
    explanation = optimizer.explain(p)
    kept = repr(explanation)
    p.grad *= 5
    assert repr(optimizer.explain(p)) == kept  # the gradient was that of the step
    optimizer.step()
    p.data = np.zeros(2)
    assert repr(explanation) == kept
    assert repr(optimizer.explain(p)) != kept


# ---- worked by hand --------------------------------------------------------------


def follow(kind, grads, start=1.0, **hyper):
    """The explanation of the last of some steps along given gradients of one weight."""
    w = Value(start)
    optimizer = make(kind, [w], **hyper)
    for g in grads:
        w.grad = g
        optimizer.step()
    return optimizer.explain(w)


def assert_parts(explanation, **expected):
    expected = {name.replace("_", " "): number for name, number in expected.items()}
    assert names(explanation) == [*expected]
    assert explanation.parts == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_gradient_descent_is_all_gradient():
    assert_parts(follow(optim.SGD, [3.0], lr=0.1), gradient=-0.3)


def test_the_second_step_of_momentum():
    assert_parts(follow(optim.Momentum, [3.0], lr=0.1, momentum=0.9), gradient=-0.3, momentum=0.0)
    # v = -0.1 * 3 after the first step
    assert_parts(follow(optim.Momentum, [3.0, 5.0], lr=0.1, momentum=0.9), gradient=-0.5, momentum=-0.27)


def test_the_first_step_of_adam_is_too_long_without_its_correction():
    # Not corrected, m = 0.1 g and v = 0.001 g**2, so that m / sqrt(v) = 0.1 / sqrt(0.001) = 3.16.
    long = 0.001 / math.sqrt(0.001)
    assert_parts(
        follow(optim.Adam, [2.0], lr=0.001, eps=1e-300),
        gradient=-0.002,
        preconditioner=0.002 - long,
        momentum=long - 0.1 * long,
        bias_correction=0.1 * long - 0.001,
    )


def test_the_second_step_of_adam():
    lr, g1, g2 = 0.01, 2.0, -1.0
    m, v = 0.1 * g1, 0.001 * g1**2
    v2 = 0.999 * v + 0.001 * g2**2
    bare, full = -lr * g2 / math.sqrt(v2), -lr * (0.9 * m + 0.1 * g2) / math.sqrt(v2)
    corrected = full / (1 - 0.9**2) * math.sqrt(1 - 0.999**2)
    assert_parts(
        follow(optim.Adam, [g1, g2], lr=lr, eps=1e-300),
        gradient=-lr * g2,
        preconditioner=bare + lr * g2,
        momentum=full - bare,
        bias_correction=corrected - full,
    )


def test_decoupled_decay_is_a_part_of_its_own():
    explanation = follow(optim.AdamW, [2.0], start=3.0, lr=0.1, weight_decay=0.01)
    assert explanation.parts["decay"] == pytest.approx(-0.1 * 0.01 * 3)
    without = follow(optim.Adam, [2.0], start=3.0, lr=0.1).parts
    for name, part in without.items():
        assert explanation.parts[name] == pytest.approx(part, rel=1e-9)


def test_clipping_is_what_the_transform_took_away():
    def clip(g, optimizer):
        np.clip(g, -1, 1, out=g)

    assert_parts(follow(optim.SGD, [5.0], lr=0.1, transforms=[clip]), gradient=-0.5, clip=0.4)
    halved = [clip, lambda g, optimizer: np.multiply(g, 0.5, out=g)]
    assert_parts(follow(optim.SGD, [5.0], lr=0.1, transforms=halved), gradient=-0.5, clip=0.4, transform=0.05)
    twice = follow(optim.SGD, [5.0], lr=0.1, transforms=[clip, clip])
    assert names(twice) == ["gradient", "clip", "clip (2)"]


def test_what_a_transform_does_to_the_weights_is_its_part_too():
    decayed = [ClipByValue(1.0), DecoupledDecay(0.5)]
    explanation = follow(optim.SGD, [5.0], start=2.0, lr=0.1, transforms=decayed)
    assert explanation.parts == pytest.approx({"gradient": -0.5, "ClipByValue": 0.4, "DecoupledDecay": -0.1})
    adamw, adam = (
        follow(kind, [5.0, 1.0], start=2.0, lr=0.1, **hyper).parts
        for kind, hyper in (
            (optim.AdamW, {"weight_decay": 0.5}),
            (optim.Adam, {"transforms": [DecoupledDecay(0.5)]}),
        )
    )
    assert [*adam.values()] == pytest.approx([*adamw.values()], rel=1e-12)


def test_a_penalty_is_its_part():
    # The gradient of 0.5 / 2 * w**2 at 2 is 1.
    explanation = follow(optim.SGD, [5.0], start=2.0, lr=0.1, transforms=[L2(0.5)])
    assert_parts(explanation, gradient=-0.5, L2=-0.1)


def test_a_constraint_is_what_it_did_to_the_weight():
    def at_least_0(w, optimizer):
        np.maximum(w, 0, out=w)

    explanation = follow(optim.SGD, [50.0], start=1.0, lr=0.1, constraints=[at_least_0])
    assert explanation.parts == pytest.approx({"gradient": -5.0, "at_least_0": 4.0})
    assert (explanation.before, explanation.after, explanation.change) == (1.0, 0.0, -1.0)


def test_the_schedule_is_measured_against_what_it_began_with():
    def halving(step):
        return 0.1 * 0.5**step

    assert_parts(follow(optim.SGD, [2.0], lr=halving), gradient=-0.2, schedule=0.0)
    assert_parts(follow(optim.SGD, [2.0, 2.0, 2.0], lr=halving), gradient=-0.2, schedule=0.15)


def test_a_schedule_that_follows_the_loss_is_measured_in_the_same_way():
    w = Value(1.0)
    optimizer = make(optim.SGD, [w], lr=ErrorBasedDecay(0.1))  # halved whenever the loss is no lower
    for _ in range(2):
        w.grad = 2.0
        optimizer.step(1.0)
    assert_parts(optimizer.explain(w), gradient=-0.2, schedule=0.1)


def test_the_schedule_of_another_hyperparameter_is_a_part_too():
    def rising(step):
        return 0.5 if step else 0.0

    explanation = follow(optim.Momentum, [2.0, 2.0], lr=0.1, momentum=rising)
    assert_parts(explanation, gradient=-0.2, momentum=0.0, schedule=-0.1)


def test_parts_that_are_not_in_use_are_not_listed():
    assert names(follow(optim.RMSprop, [1.0])) == ["gradient", "preconditioner"]
    assert names(follow(optim.RMSprop, [1.0], momentum=0.9)) == ["gradient", "preconditioner", "momentum"]
    assert names(follow(optim.AMSGrad, [1.0])) == ["gradient", "preconditioner", "momentum"]
    assert names(follow(optim.AMSGrad, [1.0], bias_correction=True))[-1] == "bias correction"
    assert "decay" not in names(follow(optim.AdamW, [1.0], weight_decay=0.0))


def test_noise_and_optimism_are_separated():
    noisy = follow(optim.NoisySGD, [2.0], lr=0.1, noise=1.0)
    assert names(noisy) == ["gradient", "noise"]
    assert noisy.parts["gradient"] == pytest.approx(-0.2)
    # w - lr * (2 g - g_last), which is lr * g and then lr * (g - g_last)
    assert_parts(follow(optim.OptimisticGD, [2.0, 5.0], lr=0.1), gradient=-0.5, optimism=-0.3)


def test_adafactors_clipping_and_schedule_are_its_own_parts():
    p = Tensor(np.full((2, 2), 2.0))
    optimizer = make(optim.Adafactor, [p], lr=10.0, clip=0.5)
    p.grad = np.full((2, 2), 3.0)
    optimizer.step()
    parts = optimizer.explain(p).parts
    # rms(w) = 2 and u = g / |g| = 1, clipped to 1/2; lr = min(10, 1 / sqrt(1))
    expected = {"gradient": -30.0, "preconditioner": 10.0, "clipping": 10.0, "schedule": 9.0}
    assert {name: part.flat[0] for name, part in parts.items()} == pytest.approx(expected)


def test_nesterovs_gradient_is_that_of_the_point_it_looked_at():
    w = Value(1.0)
    optimizer = make(optim.NesterovLookAhead, [w], lr=0.1, momentum=0.5)
    optimizer.step(lambda: w * w)  # v = -0.2, w = 0.8
    optimizer.step(lambda: w * w)  # the slope at 0.8 - 0.1 is 1.4
    assert_parts(optimizer.explain(w), gradient=-0.14, momentum=-0.1)


def test_a_refused_step_of_the_bold_driver():
    w = Value(1.0)
    optimizer = make(optim.BoldDriver, [w], lr=2.0)
    optimizer.step(lambda: w * w)
    explanation = optimizer.explain(w)
    assert explanation.change == 0
    assert_parts(explanation, gradient=-4.0, acceptance=4.0)


@pytest.mark.parametrize("schedule", [1.0, lambda step: 1.0 / (step + 1)])
def test_what_cannot_be_separated_is_called_the_method_as_a_whole(schedule):
    ps = parameters()
    optimizer = make(optim.LBFGS, ps, lr=schedule)
    for step in range(3):
        first, *_ = explained(optimizer, ps, lambda step=step: advance(optimizer, ps, step))
    assert names(first) == ["gradient", "the method as a whole"]
    naive = make(optim.NaiveLearner, ps)  # follows no gradient
    first, *_ = explained(naive, ps, lambda: advance(naive, ps))
    assert names(first) == ["the method as a whole"]


@given(
    g=st.floats(-3, 3).filter(lambda g: abs(g) > 1e-3),
    w=st.floats(-3, 3),
    lr=st.floats(1e-3, 1.0),
    decay=st.floats(1e-3, 0.5),
)
def test_the_gradients_and_the_decays_parts_are_those_of_the_formula(g, w, lr, decay):
    for kind in (optim.AdamW, optim.Lion, optim.NAdamW, optim.AdamaxW):
        explanation = follow(kind, [g, g / 2], start=w, lr=lr, weight_decay=decay)
        assert explanation.parts["gradient"] == pytest.approx(-lr * g / 2, rel=1e-12)
        largest = max(map(abs, explanation.parts.values()))  # of which the decay is a difference
        expected = -lr * decay * explanation.before
        assert explanation.parts["decay"] == pytest.approx(expected, abs=1e-14 * (1 + abs(w) + largest))


# ---- wrappers --------------------------------------------------------------------


def test_lookahead_is_the_part_that_the_wrapper_adds():
    w = Value(1.0)
    optimizer = optim.Lookahead(optim.SGD([w], lr=0.1), every=2)
    optimizer.watch()
    for _ in range(2):
        w.grad = 1.0
        optimizer.step()
    explanation = optimizer.explain(w)  # from 0.9 to 0.8, and half the way from there to 1
    assert explanation.parts == pytest.approx({"gradient": -0.1, "Lookahead": 0.1})
    assert (explanation.before, explanation.after) == (0.9, w.data)
    assert explanation.title.startswith("Lookahead around SGD, step 2: ")


def test_several_optimizers_together_explain_their_own():
    W, b = Tensor(np.ones((2, 2)), label="W"), Tensor(np.ones(2), label="b")
    optimizer = optim.Together(optim.Muon([W]), optim.SGD([b], lr=0.1))
    optimizer.watch()
    set_grads([W, b], 0)
    optimizer.step()
    assert optimizer.explain("b").title == optimizer.explain(1).title == "SGD, step 1: parameter 0 'b' of shape (2,)"
    assert optimizer.explain(W).title == "Muon, step 1: parameter 0 'W' of shape (2, 2)"
    with pytest.raises(ValueError, match="Together: 'c' is none of its 2 parameters"):
        optimizer.explain("c")


# ---- a new optimizer -------------------------------------------------------------


def test_a_new_optimizer_is_explained_by_itself():
    @dataclass(eq=False)
    class Mine(optim.Optimizer):
        state_names = ("m",)
        lr: float = hyperparameter(0.1)
        beta1: float = hyperparameter(0.5, below=1.0)

        def rule(self, w, g, m):
            m[:] = self.beta1 * m + (1 - self.beta1) * g
            w -= self.lr * np.cbrt(m) / (1 - self.beta1**self.steps)

    assert_parts(
        follow(Mine, [8.0]),
        gradient=-0.8,
        the_method_as_a_whole=0.6,
        momentum=0.2 - 0.1 * 4 ** (1 / 3),
        bias_correction=-0.1 * 4 ** (1 / 3),
    )


def test_a_rule_that_does_not_do_the_same_twice_is_not_taken_apart():
    counter = iter(range(1, 100))

    class Restless(optim.Momentum):
        kernel = None

        def rule(self, w, g, v):
            super().rule(w, g * next(counter), v)

    explanation = follow(Restless, [1.0, 1.0], lr=0.1)
    assert names(explanation) == ["gradient", "the method as a whole"]


def test_parts_that_lead_nowhere_one_by_one_are_one_part():
    class Delicate(optim.Momentum):
        kernel = None

        def rule(self, w, g, v):
            super().rule(w, g / self.momentum if self.momentum else g * np.nan, v)

    explanation = follow(Delicate, [1.0], lr=0.1, momentum=0.5)
    assert names(explanation) == ["gradient", "the method as a whole and momentum"]
    assert sum(explanation.parts.values()) == pytest.approx(-0.2)


def test_a_rate_of_decay_without_correction_has_no_powers():
    beta = Uncorrected(0.9)
    assert not beta.asked
    assert (1 - beta**3, 1 - beta, beta * 2) == (1.0, 1 - 0.9, 1.8)
    assert beta.asked


# ---- what is said ----------------------------------------------------------------


def test_the_text_shows_numbers_that_add_up_by_eye():
    W = Tensor([[1.0, 2.0], [3.0, 4.0]], label="W")
    optimizer = make(optim.Momentum, [W], lr=0.1)
    W.grad = np.array([[1.0, 0.0], [0.0, 0.0]])
    optimizer.step()
    W.grad = np.array([[3.0, 0.0], [0.0, 4.0]])
    optimizer.step()
    assert repr(optimizer.explain("W")).splitlines() == [
        "Momentum, step 2: parameter 0 'W' of shape (2, 2)",
        "part        norm   share  at [1, 1]",
        "gradient     0.5   88.8%   -0.40000",
        "momentum    0.09   11.2%   +0.00000",
        "-----------------------------------",
        "change    0.5587  100.0%   -0.40000",
    ]
    page = optimizer.explain("W")._repr_html_()
    assert "&#x27;W&#x27;" in page
    assert page.count("<tr>") == 4
    assert page.count("<td>-0.40000</td>") == 2


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=4), st.integers(-12, 3))
def test_the_numbers_shown_add_up_to_a_unit_of_the_last_place_each(parts, power):
    parts = {f"part {i}": part * 10.0**power for i, part in enumerate(parts)}
    total = sum(parts.values())
    explanation = optim.Explanation("title", Value(0.0), parts, 0.0, total)
    *rows, _, change = [line.split()[-1] for line in repr(explanation).splitlines()[2:]]
    last = 10.0 ** -len(change.partition(".")[2])
    assert sum(map(float, rows)) == pytest.approx(float(change), abs=(len(rows) + 1) / 2 * last * (1 + 1e-9))


def test_a_parameter_is_named_by_itself_its_position_or_its_label():
    w, b = Value(1.0, label="w"), Tensor([1.0, 2.0], label="b")
    optimizer = make(optim.SGD, [w, b])
    set_grads([w, b], 0)
    optimizer.step()
    for other in (1, np.int64(1), "b"):
        assert repr(optimizer.explain(other)) == repr(optimizer.explain(b))
    assert type(optimizer.explain(w).parts["gradient"]) is type(optimizer.explain(w).change) is float
    assert optimizer.explain(b).parts["gradient"].shape == (2,)


def test_an_empty_parameter_has_nothing_to_explain():
    p, empty = Tensor([1.0]), Tensor(np.zeros((0, 2)))
    optimizer = make(optim.AdamW, [p, empty])
    set_grads([p, empty], 0)
    optimizer.step()
    assert optimizer.explain(empty).change.shape == (0, 2)
    assert "change" in repr(optimizer.explain(empty))


# ---- what is refused -------------------------------------------------------------


def test_without_watching_the_error_says_how_to(message_of):
    p = Tensor([1.0])
    optimizer = optim.Adam([p])
    set_grads([p], 0)
    optimizer.step()
    expected = "Adam: nothing was kept of the last step; call optimizer.watch() once, and explain() after the next"
    assert message_of(ValueError, lambda: optimizer.explain(p)) == expected
    optimizer.watch()
    optimizer.step()
    optimizer.explain(p)
    optimizer.watch(False)
    assert message_of(ValueError, lambda: optimizer.explain(p)) == expected


def test_before_any_step_there_is_nothing_to_explain():
    p = Tensor([1.0])
    optimizer = make(optim.Adam, [p])
    with pytest.raises(ValueError, match=r"Adam: no step was taken since watch\(\), so there is nothing to explain"):
        optimizer.explain(p)


def test_a_step_that_was_skipped_is_not_explained():
    p = Tensor([1.0])
    optimizer = make(optim.Adam, [p], transforms=[SkipNotFinite()])
    p.grad = np.array([np.nan])
    optimizer.step()
    with pytest.raises(ValueError, match="Adam: the last step was not taken, so there is nothing to explain"):
        optimizer.explain(p)


def test_a_step_that_failed_is_not_explained():
    p = Tensor([1.0])
    optimizer = make(optim.Adam, [p])
    set_grads([p], 0)
    optimizer.step()
    p.grad[0] = np.nan
    with pytest.raises(FloatingPointError):
        optimizer.step()
    with pytest.raises(ValueError, match="Adam: the last step was not taken"):
        optimizer.explain(p)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (Value(3.0), "SGD: the parameter Value(3.0) is none of its 2 parameters"),
        (2, "SGD: 2 is none of its 2 parameters; explain() takes a parameter, its position or its label"),
        (-1, "SGD: -1 is none of its 2 parameters"),
        ("weights", "SGD: 'weights' is none of its 2 parameters"),
        (None, "SGD: None is none of its 2 parameters"),
        ("twin", "SGD: 'twin' is the label of 2 of its parameters"),
    ],
)
def test_what_is_no_parameter_is_refused(wrong, expected):
    ps = [Tensor([1.0], label="twin"), Tensor([2.0], label="twin")]
    optimizer = make(optim.SGD, ps)
    set_grads(ps, 0)
    optimizer.step()
    with pytest.raises(ValueError, match=re.escape(expected)):
        optimizer.explain(wrong)
