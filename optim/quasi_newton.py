"""Methods that know something of the curvature."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import gradients
from autograd.primitive import Array
from optim.hyperparameters import count, hyperparameter, measured, switch
from optim.optimizer import ONCE, Optimizer, computed, dot
from optim.probing import LossAndGradient, Probing


@dataclass(eq=False)
class LBFGS(Probing):
    """Newton's direction from the last few changes of the gradient (Nocedal 1980; Liu & Nocedal 1989).

    s_i = change of w,  y_i = change of g,  for the last ``memory`` steps
    d = -H g,  H from the s_i and y_i by the two-loop recursion
    w <- w + t * d,  t by a line search for the strong Wolfe conditions (Nocedal & Wright 2006, algorithm 3.5)

    Without ``line_search``, t is lr, in the first step lr * min(1, 1 / ||g||_1).
    """

    tolerant = True

    lr: float = hyperparameter(1.0, positive=True)
    memory: int = count(10)
    c1: float = hyperparameter(1e-4, below=1.0, positive=True)
    c2: float = hyperparameter(0.9, below=1.0, positive=True)
    line_search: bool = switch(True)
    pairs: int = measured(0)

    def __post_init__(self, parameters: Any) -> None:
        super().__post_init__(parameters)
        for name in ("s", "y"):
            self.state[name] = np.zeros((self.memory, self.w.size), self.w.dtype)

    def rule(self, w: Array, f: LossAndGradient, s: Array, y: Array) -> None:
        loss, g = f(w)
        if not g.any():
            return
        d = -self._product(g, s, y)
        if dot(d, g) >= 0:  # rounding has spoiled the pairs: begin again
            self.pairs, d = 0, -g
        t = self.lr if self.pairs else self.lr * min(1.0, 1.0 / float(np.abs(g).sum()))
        if self.line_search:
            t, g_new = strong_wolfe(f, w, d, loss, g, t, self.c1, self.c2)
        else:
            g_new = f(w + t * d)[1]
        self._remember(t * d, g_new - g, s, y)
        w += t * d

    def _product(self, g: Array, s: Array, y: Array) -> Array:
        """H g, the oldest pair first in the second loop."""
        q = g.copy()
        newest_first = [(self.pairs - 1 - i) % self.memory for i in range(min(self.pairs, self.memory))]
        alphas = []
        for i in newest_first:
            alphas.append(dot(s[i], q) / dot(s[i], y[i]))
            q -= alphas[-1] * y[i]
        if newest_first:
            i = newest_first[0]
            q *= dot(s[i], y[i]) / dot(y[i], y[i])
        for i, alpha in zip(reversed(newest_first), reversed(alphas)):
            q += (alpha - dot(y[i], q) / dot(s[i], y[i])) * s[i]
        return q

    def _remember(self, step: Array, change: Array, s: Array, y: Array) -> None:
        if dot(step, change) > 1e-10 * dot(change, change) > 0:  # H stays positive, and its products do not underflow
            s[self.pairs % self.memory], y[self.pairs % self.memory] = step, change
            self.pairs += 1


def strong_wolfe(
    f: LossAndGradient, w: Array, d: Array, loss: float, g: Array, t: float, c1: float, c2: float
) -> tuple[float, Array]:
    """A step with enough descent and a small slope at its end, and the gradient there.

    loss(w + t d) <= loss + c1 t slope  and  |slope(t)| <= c2 |slope|

    It doubles t until a good step is enclosed, then narrows the interval by cubic
    interpolation. After 30 evaluations the best point so far has to do.
    """
    slope = dot(d, g)
    low = (0.0, loss, slope, g)
    high: tuple[float, float, float, Array] | None = None
    for _ in range(30):
        now, g_now = f(w + t * d)
        here = (t, now, dot(d, g_now), g_now)
        if not math.isfinite(now) or now > loss + c1 * t * slope or (now >= low[1] and low[0] > 0):
            high = here
        elif abs(here[2]) <= -c2 * slope:
            return t, g_now
        elif high is None and here[2] < 0:
            low, t = here, 2 * t
            continue
        else:
            if high is None or here[2] * (high[0] - low[0]) >= 0:
                high = low
            low = here
        t = _between(low, high)
    return low[0], low[3]


def _between(low: tuple[float, float, float, Array], high: tuple[float, float, float, Array]) -> float:
    """The minimum of the cubic through both ends, kept away from them; the middle if there is none."""
    (a, f_a, s_a, _), (b, f_b, s_b, _) = low, high
    middle, width = (a + b) / 2, abs(b - a)
    if not math.isfinite(f_b) or not math.isfinite(s_b) or width == 0:
        return middle
    z = s_a + s_b - 3 * (f_a - f_b) / (a - b)
    square = z * z - s_a * s_b
    if square < 0:
        return middle
    root = math.copysign(math.sqrt(square), b - a)
    divisor = s_b - s_a + 2 * root
    t = b - (b - a) * (s_b + root - z) / divisor if divisor else middle
    return min(max(t, min(a, b) + 0.1 * width), max(a, b) - 0.1 * width)


@dataclass(eq=False)
class Sophia(Optimizer):
    """Momentum over the Hessian's diagonal, each weight's step at most lr (Liu et al. 2023, algorithm 3).

    m <- beta1 * m + (1 - beta1) * g
    h <- beta2 * h + (1 - beta2) * diagonal of the Hessian,  every ``every`` steps
    w <- w - lr * (clip(m / max(gamma * h, eps), -1, 1) + weight_decay * w)

    Needs the diagonal: ``step(hessian=...)``, one array per parameter, or
    ``step(lambda: loss_function(model(x), y))``, from which it is estimated.
    """

    state_names = ("m", "h")
    goes_by = ONCE

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.965, below=1.0)
    beta2: float = hyperparameter(0.99, below=1.0)
    gamma: float = hyperparameter(0.01)
    eps: float = hyperparameter(1e-12, positive=True)
    weight_decay: float = hyperparameter(0.0)
    every: int = count(10)
    seed: int = count(0, least=0)

    def step(self, loss: Any = None, hessian: Any = None) -> None:
        """Take one step.

        Args:
            loss: a function that computes the loss, for Hutchinson's estimate: z * (H z) with random signs z.
            hessian: instead of it, for each parameter the diagonal of the Hessian; needed every ``every`` steps.

        Raises:
            TypeError: the diagonal is due, and there is neither.
            ValueError: the diagonal has other shapes than the parameters.
        """
        due = self.steps % self.every == 0
        if due and hessian is None and not callable(loss):
            raise TypeError(
                "Sophia: the Hessian's diagonal is due; call optimizer.step(lambda: loss_function(model(x), y)), "
                "which estimates it, or optimizer.step(hessian=[...]) with one array per parameter"
            )
        if due and hessian is None:
            hessian = self._estimate(loss)
        if hessian is not None and [np.shape(h) for h in hessian] != [p.shape for p in self.parts]:
            raise ValueError(
                f"Sophia: hessian has shapes {[np.shape(h) for h in hessian]}, "
                f"the parameters {[p.shape for p in self.parts]}"
            )
        self.given["hessian"] = dict(zip(self.parts, hessian)) if due else None
        super().step(loss)

    def _estimate(self, loss: Callable[[], Any]) -> list[Any]:
        random = np.random.default_rng([self.seed, self.steps])
        signs = [random.choice([-1.0, 1.0], part.shape) for part in self.parts]
        first = gradients(computed(self, loss), self.parts)
        product = sum(
            (g * z).sum() if g.shape else g * float(z) for g, z in zip(first, signs) if hasattr(g, "backward")
        )
        second = gradients(product, self.parts) if hasattr(product, "backward") else [None] * len(signs)
        return [
            np.zeros(z.shape) if h is None else z * (h.data if hasattr(h, "data") else h) for z, h in zip(signs, second)
        ]

    def rule(self, w: Array, g: Array, m: Array, h: Array) -> None:
        diagonal = self.given["hessian"]
        if diagonal is not None:
            now = np.concatenate([diagonal[part] for part in self.parts], axis=None, dtype=w.dtype)
            h[:] = self.beta2 * h + (1 - self.beta2) * now
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        w -= self.lr * (np.clip(m / np.maximum(self.gamma * h, self.eps), -1, 1) + self.weight_decay * w)
