"""Methods that only look at signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import hyperparameter
from optim.optimizer import Optimizer


@dataclass(eq=False)
class SignSGD(Optimizer):
    """Each weight moves by lr against its gradient's sign (Bernstein et al. 2018, algorithm 1).

    w <- w - lr * sign(g)
    """

    rest = "sign"

    lr: float = hyperparameter(0.001)

    def rule(self, w: Array, g: Array) -> None:
        w -= self.lr * np.sign(g)


@dataclass(eq=False)
class Signum(Optimizer):
    """Each weight moves by lr against the sign of its average gradient (Bernstein et al. 2018, algorithm 2).

    m <- beta * m + (1 - beta) * g
    w <- w - lr * sign(m)
    """

    state_names = ("m",)
    rest = "sign"

    lr: float = hyperparameter(0.001)
    beta: float = hyperparameter(0.9, below=1.0, role="momentum")

    def rule(self, w: Array, g: Array, m: Array) -> None:
        m[:] = self.beta * m + (1 - self.beta) * g
        w -= self.lr * np.sign(m)


@dataclass(eq=False)
class Lion(Optimizer):
    """A rule found by a search over programs (Chen et al. 2023, algorithm 2).

    c <- beta1 * m + (1 - beta1) * g
    w <- w - lr * (sign(c) + weight_decay * w)
    m <- beta2 * m + (1 - beta2) * g
    """

    state_names = ("m",)
    rest = "sign"

    lr: float = hyperparameter(0.0001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.99, below=1.0)
    weight_decay: float = hyperparameter(0.0)

    def rule(self, w: Array, g: Array, m: Array) -> None:
        c = self.beta1 * m + (1 - self.beta1) * g
        w -= self.lr * (np.sign(c) + self.weight_decay * w)
        m[:] = self.beta2 * m + (1 - self.beta2) * g
