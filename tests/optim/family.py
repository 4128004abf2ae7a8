"""All optimizers, found by looking at the classes, and how each of them is asked for a step."""

import numpy as np
from peers.problem import SHAPES, start

import optim
from autograd import Tensor, Value, sin, tanh
from optim import census, race

OPTIMIZERS, WRAPPERS = census.optimizers(), census.wrappers()
PROBING = [kind for kind in OPTIMIZERS if issubclass(kind, optim.Probing)]
GIVEN = [kind for kind in OPTIMIZERS if kind not in PROBING]  # those that follow gradients they are given
LAYERWISE = [kind for kind in OPTIMIZERS if issubclass(kind, optim.Layerwise)]
# What these measure over all parameters at once enters the step of each.
GLOBAL = [optim.DoG, optim.DoWG, optim.DAdaptAdam, optim.Prodigy, optim.MoMo, optim.MoMoAdam, optim.PolyakSGD]
RANDOM = [optim.NoisySGD, optim.DPSGD]


def parameters(dtype=np.float64):
    return [Tensor(w, dtype=dtype) for w in start()]


def loss_of(ps, step=0):
    """A loss of the four parameters; every step has another target."""
    A, b, C, s = ps
    rng = np.random.default_rng(step)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    if A.dtype == np.float32:
        x, y = x.astype(np.float32), y.astype(np.float32)
    e = s * (tanh(x @ A + b) @ C) - y
    return (e * e).mean() + 0.05 * (sin(3 * A).sum() + sin(3 * b).sum() + sin(3 * C).sum() + sin(3 * s))


def advance(optimizer, ps, step=0, loss_of=loss_of):
    """One step, with whatever this optimizer needs."""
    optimizer.zero_grad()
    race.advance(optimizer, lambda rows: loss_of(ps, step), [0, 1])


def set_grads(ps, seed):
    rng = np.random.default_rng(seed)
    for p in ps:
        p.grad = float(rng.normal()) if isinstance(p, Value) else rng.normal(size=p.shape).astype(p.dtype)


def step_with_grads(optimizer, loss=1.0):
    """A step along the gradients that the parameters have, some of them perhaps none."""
    if isinstance(optimizer, optim.DPSGD):
        optim.Optimizer.step(optimizer)
    elif isinstance(optimizer, optim.Sophia):
        optimizer.step(hessian=[np.ones(p.shape) for p in optimizer.parts])
    else:
        optimizer.step(loss)


def weights(ps):
    return np.concatenate([p.data for p in ps], axis=None)


__all__ = ["SHAPES"]
