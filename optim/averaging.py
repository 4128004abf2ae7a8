"""Averages of weights: as a part of the rule, and beside any other optimizer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import count, hyperparameter, measured
from optim.optimizer import Optimizer
from optim.wrappers import Wrapper


class Averaging:
    """What has an average of the weights that is better than the weights themselves."""

    def average(self) -> Array:
        """The average, as a vector like ``w``."""
        raise NotImplementedError

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within the block the parameters are their averages: ``with optimizer.averaged(): accuracy(model(x), y)``."""
        optimizer: Any = self
        optimizer.gather()
        kept = optimizer.w.copy()
        optimizer.w[:] = self.average()
        optimizer.scatter()
        try:
            yield
        finally:
            optimizer.w[:] = kept
            optimizer.scatter()


@dataclass(eq=False)
class ASGD(Averaging, Optimizer):
    """Gradient descent with a slowly falling rate, and the mean of its iterates (Polyak & Juditsky 1992; Xu 2011).

    eta = lr / (1 + decay * lr * (t - 1))**alpha
    w <- w - eta * (g + decay * w)
    a <- a + (w - a) / max(1, t - 1 - t_0)
    """

    state_names = ("a",)

    lr: float = hyperparameter(0.01)
    decay: float = hyperparameter(0.0001, role="decay")
    alpha: float = hyperparameter(0.75, role="schedule")
    t_0: float = hyperparameter(0.0)

    def rule(self, w: Array, g: Array, a: Array) -> None:
        t = self.steps
        eta = self.lr / (1 + self.decay * self.lr * (t - 1)) ** self.alpha
        w -= eta * (g + self.decay * w)
        a += (w - a) / max(1.0, t - 1 - self.t_0)

    def average(self) -> Array:
        return whole(self, "a")


@dataclass(eq=False)
class ScheduleFreeSGD(Averaging, Optimizer):
    """Gradient descent whose averaging takes the place of a schedule (Defazio et al. 2024, eq. 3-5).

    x = (w - (1 - beta) * z) / beta;  z = w at the start
    z <- z - lr * g
    x <- (1 - c) * x + c * z,  c = lr**2 / sum of all lr**2
    w <- beta * x + (1 - beta) * z

    The weights are where gradients are taken (y in the paper); evaluate at x, within
    ``with optimizer.averaged():``.
    """

    state_names = ("z",)
    rest = "averaging"

    lr: float = hyperparameter(1.0)
    beta: float = hyperparameter(0.9, below=1.0, positive=True)
    weight_decay: float = hyperparameter(0.0)
    total: float = measured(0.0)

    def begin(self, w: Array, g: Array, z: Array) -> None:
        z[:] = w

    def rule(self, w: Array, g: Array, z: Array) -> None:
        x = (w - (1 - self.beta) * z) / self.beta
        z -= self.lr * (g + self.weight_decay * w)
        self.total += self.lr**2
        c = self.lr**2 / self.total if self.total else 0.0
        x = (1 - c) * x + c * z
        w[:] = self.beta * x + (1 - self.beta) * z

    def average(self) -> Array:
        return average_of_schedule_free(self)


@dataclass(eq=False)
class ScheduleFreeAdamW(Averaging, Optimizer):
    """Schedule-free averaging of Adam's steps without momentum (Defazio et al. 2024, algorithm 1).

    v <- beta2 * v + (1 - beta2) * g**2
    x = (w - (1 - beta) * z) / beta;  z = w at the start
    z <- z - lr * (g / (sqrt(v_hat) + eps) + weight_decay * w)
    x <- (1 - c) * x + c * z,  c = lr**2 / sum of all lr**2
    w <- beta * x + (1 - beta) * z

    Evaluate within ``with optimizer.averaged():``.
    """

    state_names = ("z", "v")
    rest = "preconditioner and averaging"

    lr: float = hyperparameter(0.0025)
    beta: float = hyperparameter(0.9, below=1.0, positive=True)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)
    total: float = measured(0.0)

    def begin(self, w: Array, g: Array, z: Array, v: Array) -> None:
        z[:] = w

    def rule(self, w: Array, g: Array, z: Array, v: Array) -> None:
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        v_hat = v / (1 - self.beta2**self.steps)
        x = (w - (1 - self.beta) * z) / self.beta
        z -= self.lr * (g / (np.sqrt(v_hat) + self.eps) + self.weight_decay * w)
        self.total += self.lr**2
        c = self.lr**2 / self.total if self.total else 0.0
        x = (1 - c) * x + c * z
        w[:] = self.beta * x + (1 - self.beta) * z

    def average(self) -> Array:
        return average_of_schedule_free(self)


def average_of_schedule_free(optimizer: Optimizer) -> Array:
    """x, from the weights and z; the weights of parameters that were never stepped."""
    parts = []
    for group in optimizer.groups or [optimizer]:
        beta: float = group.beta  # type: ignore[attr-defined]
        x = (group.w - (1 - beta) * group.state["z"]) / beta
        for i in group.fresh:
            x[group.places[i]] = group.w[group.places[i]]
        parts.append(x)
    return np.concatenate(parts)


def whole(optimizer: Optimizer, name: str) -> Array:
    """A state vector over all groups; the weights of parameters that were never stepped."""
    parts = []
    for group in optimizer.groups or [optimizer]:
        vector = group.state[name].copy()
        for i in group.fresh:
            vector[group.places[i]] = group.w[group.places[i]]
        parts.append(vector)
    return np.concatenate(parts)


@dataclass(eq=False)
class SWA(Averaging, Wrapper):
    """The mean of the weights after every ``every``-th step, from step ``start`` on (Izmailov et al. 2018, alg. 1).

    a <- a + (w - a) / (n + 1)
    """

    start: int = count(1)
    every: int = count(1)
    n: int = measured(0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.state = {"a": self.base.w.copy()}

    def step(self, loss: Any = None) -> None:
        taken = self.base.steps
        self.base.step(loss)
        if taken < self.base.steps >= self.start and (self.base.steps - self.start) % self.every == 0:
            a = self.state["a"]
            a += (self.base.w - a) / (self.n + 1)
            self.n += 1

    def average(self) -> Array:
        return (self.state["a"] if self.n else self.base.w).copy()


@dataclass(eq=False)
class EMA(Averaging, Wrapper):
    """A decaying average of the weights (Polyak & Juditsky 1992; Tarvainen & Valpola 2017).

    a <- decay * a + (1 - decay) * w,  a = w after the first step
    """

    decay: float = hyperparameter(0.999, below=1.0)
    n: int = measured(0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.state = {"a": self.base.w.copy()}

    def step(self, loss: Any = None) -> None:
        taken = self.base.steps
        self.base.step(loss)
        if self.base.steps == taken:
            return
        a = self.state["a"]
        a[:] = self.decay * a + (1 - self.decay) * self.base.w if self.n else self.base.w
        self.n += 1

    def average(self) -> Array:
        return (self.state["a"] if self.n else self.base.w).copy()
