"""A learning rate for each weight, from the size of its gradients so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import hyperparameter, switch
from optim.optimizer import Optimizer


@dataclass(eq=False)
class Adagrad(Optimizer):
    """Steps shrink with all squared gradients so far (Duchi, Hazan & Singer 2011, figure 1).

    s <- s + g**2
    w <- w - lr * g / (sqrt(s) + eps),  or / sqrt(s + eps) with ``eps_inside``

    With eps = 0 a weight whose gradients were all 0 stays where it is.
    """

    state_names = ("s",)

    lr: float = hyperparameter(0.01)
    eps: float = hyperparameter(1e-10)
    initial_accumulator: float = hyperparameter(0.0)
    eps_inside: bool = switch(False)

    def begin(self, w: Array, g: Array, s: Array) -> None:
        s[:] = self.initial_accumulator

    def rule(self, w: Array, g: Array, s: Array) -> None:
        s += g**2
        size = np.sqrt(s + self.eps) if self.eps_inside else np.sqrt(s) + self.eps
        w -= self.lr * g / np.where(size > 0, size, 1)


@dataclass(eq=False)
class Adadelta(Optimizer):
    """Steps in the units of the weights: the ratio of two running sizes (Zeiler 2012, algorithm 1).

    s <- rho * s + (1 - rho) * g**2
    d <- -sqrt(x + eps) / sqrt(s + eps) * g
    x <- rho * x + (1 - rho) * d**2
    w <- w + lr * d
    """

    state_names = ("s", "x")
    rest = "gradient and preconditioner"

    lr: float = hyperparameter(1.0, role="")
    rho: float = hyperparameter(0.95, below=1.0)
    eps: float = hyperparameter(1e-6, positive=True)

    def rule(self, w: Array, g: Array, s: Array, x: Array) -> None:
        s[:] = self.rho * s + (1 - self.rho) * g**2
        d = -np.sqrt(x + self.eps) / np.sqrt(s + self.eps) * g
        x[:] = self.rho * x + (1 - self.rho) * d**2
        w += self.lr * d


@dataclass(eq=False)
class RMSprop(Optimizer):
    """The gradient over the size of the recent ones (Tieleman & Hinton 2012; centered: Graves 2013, eq. 38-45).

    s <- rho * s + (1 - rho) * g**2
    a <- rho * a + (1 - rho) * g,  and s - a**2 in the place of s, if ``centered``
    b <- momentum * b + g / (sqrt(s) + eps),  or / sqrt(s + eps) with ``eps_inside``
    w <- w - lr * b
    """

    state_names = ("s", "a", "b")

    lr: float = hyperparameter(0.001)
    rho: float = hyperparameter(0.9, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    momentum: float = hyperparameter(0.0, below=1.0)
    centered: bool = switch(False)
    eps_inside: bool = switch(False)

    def rule(self, w: Array, g: Array, s: Array, a: Array, b: Array) -> None:
        s[:] = self.rho * s + (1 - self.rho) * g**2
        variance = s
        if self.centered:
            a[:] = self.rho * a + (1 - self.rho) * g
            variance = np.maximum(s - a**2, 0)  # rounding takes the difference of equals below 0
        size = np.sqrt(variance + self.eps) if self.eps_inside else np.sqrt(variance) + self.eps
        b[:] = self.momentum * b + g / size
        w -= self.lr * b


@dataclass(eq=False)
class Ftrl(Optimizer):
    """Follow the regularized leader, which sets weights to exactly 0 (McMahan et al. 2013, algorithm 1).

    s <- (sqrt(n + g**2) - sqrt(n)) / lr;  n <- n + g**2
    z <- z + g - s * w
    w <- 0 where |z| <= l1, else -(z - sign(z) * l1) / ((beta + sqrt(n)) / lr + l2)
    """

    state_names = ("n", "z")

    lr: float = hyperparameter(0.1, positive=True)
    beta: float = hyperparameter(1.0)
    l1: float = hyperparameter(0.0)
    l2: float = hyperparameter(0.0)
    initial_accumulator: float = hyperparameter(0.0)

    def begin(self, w: Array, g: Array, n: Array, z: Array) -> None:
        n[:] = self.initial_accumulator

    def rule(self, w: Array, g: Array, n: Array, z: Array) -> None:
        s = (np.sqrt(n + g**2) - np.sqrt(n)) / self.lr
        n += g**2
        z += g - s * w
        shrunk = np.sign(z) * np.maximum(np.abs(z) - self.l1, 0)
        pull = (self.beta + np.sqrt(n)) / self.lr + self.l2
        w[:] = -shrunk / np.where(pull > 0, pull, 1)  # 0 without any gradient so far: then z is 0, too


@dataclass(eq=False)
class MADGRAD(Optimizer):
    """Dual averaging with cube roots, and momentum as an average of iterates (Defazio & Jelassi 2021, algorithm 1).

    l = (lr + eps) * sqrt(t)
    s <- s + l * g;  v <- v + l * g**2
    z = w_0 - s / (cbrt(v) + eps)
    w <- momentum * w + (1 - momentum) * z
    """

    state_names = ("w_0", "s", "v")
    rest = "dual averaging"

    lr: float = hyperparameter(0.01)
    momentum: float = hyperparameter(0.9, below=1.0)
    eps: float = hyperparameter(1e-6, positive=True)

    def begin(self, w: Array, g: Array, w_0: Array, s: Array, v: Array) -> None:
        w_0[:] = w

    def rule(self, w: Array, g: Array, w_0: Array, s: Array, v: Array) -> None:
        step = (self.lr + self.eps) * self.steps**0.5
        s += step * g
        v += step * g**2
        z = w_0 - s / (np.cbrt(v) + self.eps)
        w[:] = self.momentum * w + (1 - self.momentum) * z
