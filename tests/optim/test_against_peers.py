"""Sixty steps of every optimizer against PyTorch, Keras and optax, as ``peers/record.py`` recorded them.

Of the sixty, the twelve in ``KEPT`` are kept and compared, the first five and the last among them; a difference
in between stays in the weights and the state. Agreement is relative to the largest weight of the trajectory, not
to each: ``rtol`` of a case is 1e-10, and the reason stands beside any that is more.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from peers import deviations
from peers.cases import CASES
from peers.problem import KEPT, STEPS, gradients_of, loss_and_gradients, start
from peers.quirks import CONSTANT, CONSTANT_STEPS, GRADIENT, QUIRKS, WEIGHTS

import optim
from autograd import Tensor

RECORDED = np.load(Path(__file__).parent / "peers" / "trajectories.npz")
RECORDED_QUIRKS = json.loads((Path(__file__).parent / "peers" / "quirks.json").read_text())


def loss_at(case, parameters, step):
    """A loss with the value and the gradients that the peer was given here, computed by hand: a plane through them."""
    weights = [p.numpy() for p in parameters]
    loss, grads = gradients_of(case, weights, step)
    return sum(((p - w) * g).sum() for p, w, g in zip(parameters, weights, grads) if g is not None) + loss


def follow(case, optimizer=None):
    """Our weights after each recorded step."""
    parameters = [Tensor(w) for w in start()]
    hyper = dict(case.hyper)
    make = optimizer or case.ours
    if case.how in ("wrapper", "average"):
        base = optim.HeavyBall if "momentum" in hyper else optim.SGD
        inner = base(parameters, **{name: hyper.pop(name) for name in ("lr", "momentum") if name in hyper})
        stepping = make(inner, **hyper)
    else:
        warmup = hyper.pop("warmup", None)
        stepping = make(parameters, **hyper)
        if warmup is not None:
            stepping.warmup = warmup
    way = []
    for step in range(STEPS):

        def closure(step=step):
            return loss_at(case, parameters, step)

        if isinstance(stepping, (optim.Probing, optim.SAM)):
            stepping.step(closure)
        else:
            stepping.zero_grad()
            loss = closure()
            loss.backward()
            if case.how == "hessian":
                stepping.step(hessian=[abs(p.grad) + 0.1 for p in parameters])
            elif stepping.needs_loss:
                stepping.step(loss)
            else:
                stepping.step()
        if step + 1 in KEPT:
            seen = [stepping.average()] if case.how == "average" else [p.data for p in parameters]
            way.append(np.concatenate(seen, axis=None))
    return np.array(way)


@pytest.mark.parametrize("name", CASES)
def test_sixty_steps_are_those_of_the_peer(name):
    case = CASES[name]
    expected = RECORDED[name]
    np.testing.assert_allclose(follow(case), expected, rtol=0, atol=case.rtol * np.abs(expected).max())


def test_every_recorded_trajectory_moves_and_is_compared():
    assert set(RECORDED.files) == set(CASES)
    first = np.concatenate(start(), axis=None)
    for name in CASES:
        assert np.abs(RECORDED[name][-1] - first).max() > 1e-5, name


# ---- where a peer deviates from the paper, the paper's form is another trajectory -----------------


@pytest.mark.parametrize(
    ("name", "paper", "hyper", "gap"),
    [
        ("Rprop optax's", optim.Rprop, {}, 0.1),
        ("Adan optax's", optim.Adan, {}, 0.05),
        ("LAMB keras's", optim.LAMB, {}, 0.01),
        ("ScheduleFreeAdamW keras's", optim.ScheduleFreeAdamW, {}, 0.01),
        ("Sophia optax's", optim.Sophia, {}, 0.001),
        ("NAdam keras", optim.NAdam, {"psi": 0.004}, 0.01),
        ("LBFGS torch's", optim.LBFGS, {"line_search": True}, 0.5),
    ],
)
def test_a_peer_that_deviates_from_the_paper_is_told_apart(name, paper, hyper, gap):
    case = CASES[name]
    right = {key: value for key, value in case.hyper.items() if key != "warmup"} | hyper
    assert (paper, right) != (case.ours, case.hyper)
    assert np.abs(follow(replace(case, ours=paper, hyper=right)) - RECORDED[name]).max() > gap


def test_pytorchs_line_search_of_one_iteration_stays_where_its_first_step_climbs_and_ours_goes_down():
    case = CASES["LBFGS torch's"]
    theirs, ours = RECORDED["LBFGS torch's"], follow(replace(case, ours=optim.LBFGS, hyper={"lr": 0.3}))
    assert (theirs == theirs[0]).all()
    assert loss_of_vector(ours[-1]) < loss_of_vector(theirs[-1]) - 1


def loss_of_vector(vector):
    """The loss of the first batch, of weights as they are recorded."""
    ends = np.cumsum([w.size for w in start()])[:-1]
    return loss_and_gradients([part.reshape(w.shape) for part, w in zip(np.split(vector, ends), start())], 0)[0]


# ---- outside of a step, or in float32 only ---------------------------------------------------------


def test_every_recorded_quirk_is_one_that_can_be_recorded():
    assert RECORDED_QUIRKS.keys() == QUIRKS.keys()


def test_keras_max_norm_shrinks_weights_within_the_limit_and_ours_leaves_them():
    w = np.array(WEIGHTS)
    lengths = np.linalg.norm(w, axis=0)
    theirs = w * np.minimum(lengths, 1) / (1e-7 + lengths)
    np.testing.assert_allclose(RECORDED_QUIRKS["MaxNorm keras"], theirs, rtol=1e-15)
    assert (theirs[:, 0] < w[:, 0]).all()
    ours = optim.SGD([Tensor(w)])
    for _ in range(2):  # the second time it does nothing
        optim.MaxNorm(1.0)(ours.w, ours)
        np.testing.assert_array_equal(ours.w.reshape(2, 2)[:, 0], w[:, 0])
        np.testing.assert_allclose(ours.w.reshape(2, 2)[:, 1], [0.6, 0.8], rtol=1e-15)


@pytest.mark.parametrize(
    ("name", "limit"), [("clip_grad_norm_ torch", 1.0), ("clip_grad_norm_ torch at the limit", 5.0)]
)
def test_pytorchs_clipping_divides_by_a_little_more_than_the_length_and_ours_does_not(name, limit):
    g = np.array(GRADIENT)
    np.testing.assert_allclose(RECORDED_QUIRKS[name], g * (limit / (5 + 1e-6)), rtol=1e-15)
    ours = g.copy()
    optim.ClipByGlobalNorm(limit)(ours, optim.SGD([Tensor(g)]))
    np.testing.assert_allclose(ours, g * (limit / 5), rtol=1e-15)
    assert np.linalg.norm(RECORDED_QUIRKS[name]) < limit * (1 - 1e-7)


def test_pytorchs_centered_rmsprop_takes_the_root_of_a_negative_number_in_float32_and_ours_does_not():
    # s - a**2 is a difference of equals, which rounding takes below 0; for which weights depends on the order of sums.
    assert len(RECORDED_QUIRKS["centered RMSprop torch"]) > 0
    ends = {}
    for kind in (deviations.UncheckedRMSprop, optim.RMSprop):
        p = Tensor(np.zeros(len(CONSTANT)), dtype=np.float32)
        optimizer = kind([p], lr=1e-3, rho=0.99, centered=True)
        with np.errstate(invalid="ignore"):
            for _ in range(CONSTANT_STEPS):
                p.grad = CONSTANT
                optimizer.step()
        ends[kind] = p.numpy()
    assert np.isnan(ends[deviations.UncheckedRMSprop]).any()
    assert np.isfinite(ends[optim.RMSprop]).all()


def test_nesterovs_look_ahead_is_the_reformulation_seen_from_its_other_point():
    case = CASES["Nesterov torch"]
    parameters = [Tensor(w) for w in start()]
    optimizer = optim.NesterovLookAhead(parameters, lr=0.05, momentum=0.9)
    for step in range(STEPS):
        # The reformulation evaluates at its own weights, which are w + momentum * v here.
        optimizer.step(lambda step=step: loss_at(case, parameters, step))
        if step + 1 in KEPT:
            seen = optimizer.w + optimizer.momentum * optimizer.state["v"]
            np.testing.assert_allclose(seen, RECORDED["Nesterov torch"][KEPT.index(step + 1)], rtol=0, atol=1e-10)


def test_the_problems_gradients_are_right():
    weights = [np.array(w) for w in start()]
    _, grads = loss_and_gradients(weights, 3)
    for w, g in zip(weights, grads):
        for index in np.ndindex(w.shape):
            kept = w[index]
            w[index] = kept + 1e-6
            above = loss_and_gradients(weights, 3)[0]
            w[index] = kept - 1e-6
            below = loss_and_gradients(weights, 3)[0]
            w[index] = kept
            assert abs((above - below) / 2e-6 - g[index]) < 1e-8
