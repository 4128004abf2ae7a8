"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from dataclasses import dataclass

from autograd.primitive import Array
from optim.optimizer import Optimizer, hyperparameter


@dataclass(eq=False)
class SGD(Optimizer):
    """Gradient descent: w <- w - lr * g.

    Whether it is batch, mini-batch or stochastic is a matter of what it is fed
    (Robbins & Monro 1951).
    """

    lr: float = hyperparameter(0.01)

    def rule(self, w: Array, g: Array) -> None:
        w -= self.lr * g


@dataclass(eq=False)
class Momentum(Optimizer):
    """Steps that keep a part of the last one (Polyak 1964; Sutskever et al. 2013, eq. 1-2).

    v <- momentum * v - lr * g
    w <- w + v
    """

    state_names = ("v",)

    lr: float = hyperparameter(0.01)
    momentum: float = hyperparameter(0.9, below=1.0)

    def rule(self, w: Array, g: Array, v: Array) -> None:
        v *= self.momentum
        v -= self.lr * g
        w += v
