"""Sixty steps of every optimizer against PyTorch, Keras and optax, as ``peers/record.py`` recorded them."""

from pathlib import Path

import numpy as np
import pytest
from peers import deviations
from peers.cases import CASES
from peers.problem import KEPT, STEPS, gradients_of, loss_and_gradients, start

import optim
from autograd import Tensor

RECORDED = np.load(Path(__file__).parent / "peers" / "trajectories.npz")


class FakeLoss:
    """A loss whose gradients are computed by hand: what a closure returns."""

    def __init__(self, case, parameters, step):
        self.parameters = parameters
        self.number, self.grads = gradients_of(case, [p.numpy() for p in parameters], step)

    def backward(self):
        for p, g in zip(self.parameters, self.grads):
            p.grad = g

    def __float__(self):
        return self.number


def follow(case, optimizer=None):
    """Our weights after each recorded step."""
    parameters = [Tensor(w) for w in start()]
    hyper = dict(case.hyper)
    make = optimizer or case.ours
    if case.how == "wrapper":
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
            return FakeLoss(case, parameters, step)

        if isinstance(stepping, (optim.Probing, optim.SAM)):
            stepping.step(closure)
        else:
            loss = closure()
            loss.backward()
            if case.how == "hessian":
                stepping.step(hessian=[abs(p.grad) + 0.1 for p in parameters])
            elif stepping.needs_loss:
                stepping.step(loss)
            else:
                stepping.step()
        if step + 1 in KEPT:
            way.append(np.concatenate([p.data for p in parameters], axis=None))
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
    ("name", "paper", "gap"),
    [
        ("Rprop optax's", optim.Rprop, 0.1),
        ("Adan optax's", optim.Adan, 0.05),
        ("LAMB keras's", optim.LAMB, 0.01),
        ("ScheduleFreeAdamW keras's", optim.ScheduleFreeAdamW, 0.01),
        ("Sophia optax's", optim.Sophia, 0.001),
    ],
)
def test_a_peer_that_deviates_from_the_paper_is_told_apart(name, paper, gap):
    case = CASES[name]
    assert case.ours.__module__ == deviations.__name__
    hyper = {key: value for key, value in case.hyper.items() if key != "warmup"}
    right = follow(type(case)(case.peer, case.make, paper, hyper, case.rtol, case.how))
    assert np.abs(right - RECORDED[name]).max() > gap


def test_nesterovs_look_ahead_is_the_reformulation_seen_from_its_other_point():
    case = CASES["Nesterov torch"]
    parameters = [Tensor(w) for w in start()]
    optimizer = optim.NesterovLookAhead(parameters, lr=0.05, momentum=0.9)
    for step in range(STEPS):
        # The reformulation evaluates at its own weights, which are w + momentum * v here.
        optimizer.step(lambda step=step: FakeLoss(case, parameters, step))
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
