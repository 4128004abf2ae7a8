"""Methods of the years before Adam that adapt step sizes by what happened, and the simplest learner of all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import hyperparameter, measured
from optim.optimizer import Optimizer
from optim.probing import LossAndGradient, Probing


@dataclass(eq=False)
class Rprop(Optimizer):
    """A step size per weight: longer while the gradient keeps its sign (Riedmiller & Braun 1993).

    d <- 1.2 * d where g * g_last > 0, 0.5 * d where it is < 0, within [shortest, longest];  d = lr at the start
    g <- 0 where g * g_last < 0
    w <- w - sign(g) * d
    """

    state_names = ("g_last", "d")
    rest = "step sizes"

    lr: float = hyperparameter(0.01, positive=True)
    grow: float = hyperparameter(1.2, low=1.0)
    shrink: float = hyperparameter(0.5, below=1.0)
    shortest: float = hyperparameter(1e-6)
    longest: float = hyperparameter(50.0)

    def begin(self, w: Array, g: Array, g_last: Array, d: Array) -> None:
        d[:] = self.lr

    def rule(self, w: Array, g: Array, g_last: Array, d: Array) -> None:
        same = g * g_last
        d[:] = np.clip(
            np.where(same > 0, self.grow, np.where(same < 0, self.shrink, 1.0)) * d, self.shortest, self.longest
        )
        g_last[:] = np.where(same < 0, 0, g)
        w -= np.sign(g_last) * d


@dataclass(eq=False)
class IRpropPlus(Optimizer):
    """Rprop that takes a step back where the gradient turned and the loss rose (Igel & Huesken 2003, iRprop+).

    d as in Rprop
    w <- w - step where g * g_last < 0 and the loss rose;  no step there if it did not, and g <- 0
    step <- -sign(g) * d,  w <- w + step elsewhere

    Needs the loss: ``step(loss)``.
    """

    state_names = ("g_last", "d", "step_last")
    needs_loss = True
    rest = "step sizes"

    lr: float = hyperparameter(0.01, positive=True)
    grow: float = hyperparameter(1.2, low=1.0)
    shrink: float = hyperparameter(0.5, below=1.0)
    shortest: float = hyperparameter(1e-6)
    longest: float = hyperparameter(50.0)
    loss_last: float = measured(np.inf)

    def begin(self, w: Array, g: Array, g_last: Array, d: Array, step_last: Array) -> None:
        d[:] = self.lr

    def rule(self, w: Array, g: Array, g_last: Array, d: Array, step_last: Array) -> None:
        assert self.loss is not None
        same = g * g_last
        d[:] = np.clip(
            np.where(same > 0, self.grow, np.where(same < 0, self.shrink, 1.0)) * d, self.shortest, self.longest
        )
        back = -step_last if self.loss > self.loss_last else 0.0
        step_last[:] = np.where(same < 0, back, -np.sign(g) * d)
        g_last[:] = np.where(same < 0, 0, g)
        w += step_last
        self.loss_last = self.loss


@dataclass(eq=False)
class DeltaBarDelta(Optimizer):
    """A learning rate per weight: up by adding, down by halving (Jacobs 1988, eq. 5-6).

    rate <- rate + kappa where g * bar > 0, rate * (1 - phi) where it is < 0;  rate = lr at the start
    w <- w - rate * g
    bar <- theta * bar + (1 - theta) * g
    """

    state_names = ("bar", "rate")
    rest = "step sizes"

    lr: float = hyperparameter(0.01, positive=True)
    kappa: float = hyperparameter(0.001)
    phi: float = hyperparameter(0.5, below=1.0)
    theta: float = hyperparameter(0.7, below=1.0)

    def begin(self, w: Array, g: Array, bar: Array, rate: Array) -> None:
        rate[:] = self.lr

    def rule(self, w: Array, g: Array, bar: Array, rate: Array) -> None:
        agree = g * bar
        rate[:] = np.where(agree > 0, rate + self.kappa, np.where(agree < 0, rate * (1 - self.phi), rate))
        w -= rate * g
        bar[:] = self.theta * bar + (1 - self.theta) * g


@dataclass(eq=False)
class Quickprop(Optimizer):
    """To the minimum of a parabola through the last two slopes of each weight (Fahlman 1988).

    step <- step * g / (g_last - g),  at most ``growth`` times the last step
    step <- step - lr * g where the slope still leads on, or there was no last step
    w <- w + step
    """

    state_names = ("g_last", "step")
    rest = "parabola"

    lr: float = hyperparameter(0.01)
    growth: float = hyperparameter(1.75, positive=True)

    def rule(self, w: Array, g: Array, g_last: Array, step: Array) -> None:
        onward = -g * np.sign(step)  # the downward slope along the last step
        before = -g_last * np.sign(step)
        far = onward > self.growth / (1 + self.growth) * before  # so is the parabola's minimum
        change = np.where(before == onward, 1, g_last - g)
        parabola = np.where(far, self.growth * step, step * g / change)
        step[:] = parabola - np.where((onward > 0) | (step == 0), self.lr * g, 0)
        g_last[:] = g
        w += step


@dataclass(eq=False)
class BoldDriver(Probing):
    """A learning rate that grows with each success and falls with each failure (Vogl et al. 1988; Battiti 1989).

    v <- momentum * v - lr * g
    w <- w + v, lr <- lr * increase  if the loss there is at most (1 + tolerance) * the loss here
    v <- 0,  lr <- lr * decrease     otherwise; the weights stay

    Meant for the loss on all data, which a minibatch's is not.
    """

    state_names = ("v",)
    tolerant = True
    rest = "acceptance"

    lr: float = hyperparameter(0.01, positive=True)
    momentum: float = hyperparameter(0.0, below=1.0)
    increase: float = hyperparameter(1.05, low=1.0)
    decrease: float = hyperparameter(0.5, below=1.0, positive=True)
    tolerance: float = hyperparameter(0.0)

    def rule(self, w: Array, f: LossAndGradient, v: Array) -> None:
        loss, g = f(w)
        v[:] = self.momentum * v - self.lr * g
        there, _ = f(w + v)
        if there <= loss + self.tolerance * abs(loss):
            w += v
            vars(self)["lr"] *= self.increase  # past a schedule, which an assignment would end
        else:
            v[:] = 0
            vars(self)["lr"] *= self.decrease


@dataclass(eq=False)
class NaiveLearner(Probing):
    """Learning without derivatives: change one weight a little, keep it if the loss falls (folklore, before 1986).

    w_i <- w_i + lr, or w_i - lr, if either lowers the loss;  i goes through all weights in turn
    """

    tolerant = True

    lr: float = hyperparameter(0.01, positive=True, role="")

    def rule(self, w: Array, f: LossAndGradient) -> None:
        loss, _ = f(w)
        i = (self.steps - 1) % w.size
        for change in (self.lr, -self.lr):
            there = w.copy()
            there[i] += change
            if f(there)[0] < loss:
                w[i] = there[i]
                return
