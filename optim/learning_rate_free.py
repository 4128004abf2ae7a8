"""Methods that find their own learning rate: from distances, from losses, from bets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import hyperparameter, measured
from optim.optimizer import Optimizer, dot, norm


@dataclass(eq=False)
class DoG(Optimizer):
    """The distance from the start over the root of all squared gradients (Ivgi, Hinder & Carmon 2023, eq. 1).

    r <- max(r, ||w - w_0||),  r = r_0 * (1 + ||w_0||) at the start
    G <- G + ||g||**2
    w <- w - lr * r / sqrt(G + eps) * g
    """

    state_names = ("w_0",)
    rest = "gradient and step length"

    lr: float = hyperparameter(1.0, role="")
    r_0: float = hyperparameter(1e-6, positive=True)
    eps: float = hyperparameter(1e-8, positive=True)
    r: float = measured(0.0)
    G: float = measured(0.0)

    def begin(self, w: Array, g: Array, w_0: Array) -> None:
        w_0[:] = w

    def rule(self, w: Array, g: Array, w_0: Array) -> None:
        start = self.r_0 * (1 + norm(w_0)) if self.steps == 1 else 0.0
        self.r = max(self.r, norm(w - w_0), start)
        self.G += dot(g, g)
        w -= self.lr * self.r / math.sqrt(self.G + self.eps) * g


@dataclass(eq=False)
class DoWG(Optimizer):
    """DoG with gradients weighted by the distance (Khaled, Mishchenko & Jin 2023, algorithm 1).

    q <- max(q, ||w - w_0||**2),  q = q_0 at the start
    V <- V + q * ||g||**2
    w <- w - lr * q / (sqrt(V) + eps) * g
    """

    state_names = ("w_0",)
    rest = "gradient and step length"

    lr: float = hyperparameter(1.0, role="")
    q_0: float = hyperparameter(1e-4, positive=True)
    eps: float = hyperparameter(1e-4, positive=True)
    q: float = measured(0.0)
    V: float = measured(0.0)

    def begin(self, w: Array, g: Array, w_0: Array) -> None:
        w_0[:] = w

    def rule(self, w: Array, g: Array, w_0: Array) -> None:
        distance = w - w_0
        self.q = max(self.q, self.q_0, dot(distance, distance))
        self.V += self.q * dot(g, g)
        w -= self.lr * self.q / (math.sqrt(self.V) + self.eps) * g


@dataclass(eq=False)
class DAdaptAdam(Optimizer):
    """AdamW that estimates the distance to the solution (Defazio & Mishchenko 2023, algorithm 5).

    l = d * lr * sqrt(1 - beta2**t) / (1 - beta1**t);  b = sqrt(beta2)
    r <- b * r + (1 - b) * l * <g, s / (sqrt(v) + eps)>
    m <- beta1 * m + (1 - beta1) * l * g
    v <- beta2 * v + (1 - beta2) * g**2
    s <- b * s + (1 - b) * l * g
    d <- max(d, r / ((1 - b) * ||s||_1)),  d = d_0 at the start
    w <- w - m / (sqrt(v) + eps) - l * weight_decay * w
    """

    state_names = ("m", "v", "s")
    rest = "gradient, step length and preconditioner"

    lr: float = hyperparameter(1.0, role="")
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)
    d_0: float = hyperparameter(1e-6, positive=True)
    d: float = measured(0.0)
    r: float = measured(0.0)

    def rule(self, w: Array, g: Array, m: Array, v: Array, s: Array) -> None:
        b = math.sqrt(self.beta2)
        self.d = max(self.d, self.d_0)
        step = self.d * self.lr * math.sqrt(1 - self.beta2**self.steps) / (1 - self.beta1**self.steps)
        self.r = b * self.r + (1 - b) * step * dot(g, s / (np.sqrt(v) + self.eps))
        m[:] = self.beta1 * m + (1 - self.beta1) * step * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        s[:] = b * s + (1 - b) * step * g
        total = float(np.abs(s).sum())
        if total > 0:
            self.d = max(self.d, self.r / ((1 - b) * total))
        w -= m / (np.sqrt(v) + self.eps) + step * self.weight_decay * w


@dataclass(eq=False)
class Prodigy(Optimizer):
    """D-Adaptation that gives late gradients more weight (Mishchenko & Defazio 2023, algorithm 4).

    l = d * lr * sqrt(1 - beta2**t) / (1 - beta1**t);  b = sqrt(beta2)
    m <- beta1 * m + (1 - beta1) * d * g
    v <- beta2 * v + (1 - beta2) * (d * g)**2
    r <- b * r + d / d_0 * l * <g, w_0 - w>
    s <- b * s + l * d / d_0 * g
    d <- max(d, coefficient * r / ||s||_1),  d = d_0 at the start
    w <- w - l * (m / (sqrt(v) + d * eps) + weight_decay * w)
    """

    state_names = ("w_0", "m", "v", "s")
    rest = "gradient, step length and preconditioner"

    lr: float = hyperparameter(1.0, role="")
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)
    d_0: float = hyperparameter(1e-6, positive=True)
    coefficient: float = hyperparameter(1.0, positive=True)
    d: float = measured(0.0)
    r: float = measured(0.0)

    def begin(self, w: Array, g: Array, w_0: Array, m: Array, v: Array, s: Array) -> None:
        w_0[:] = w

    def rule(self, w: Array, g: Array, w_0: Array, m: Array, v: Array, s: Array) -> None:
        b = math.sqrt(self.beta2)
        self.d = d = max(self.d, self.d_0)
        step = d * self.lr * math.sqrt(1 - self.beta2**self.steps) / (1 - self.beta1**self.steps)
        m[:] = self.beta1 * m + (1 - self.beta1) * d * g
        v[:] = self.beta2 * v + (1 - self.beta2) * (d * g) ** 2
        self.r = b * self.r + d / self.d_0 * step * dot(g, w_0 - w)
        s[:] = b * s + step * d / self.d_0 * g
        total = float(np.abs(s).sum())
        if total > 0:
            self.d = max(d, self.coefficient * self.r / total)
        w -= step * (m / (np.sqrt(v) + self.d * self.eps) + self.weight_decay * w)


@dataclass(eq=False)
class MoMo(Optimizer):
    """Polyak's step for momentum: to where an average of linear models is f_star (Schaipp et al. 2023, algorithm 1).

    m, f, c <- averages with ``momentum`` of g, the loss, <g, w>;  the first ones at the start
    h = (1 + lr * weight_decay) * (f - f_star - c) + <m, w>
    w <- w / (1 + lr * weight_decay) - min(lr, max(h, 0) / ||m||**2) * m

    Needs the loss: ``step(loss)``. ``f_star`` is the least loss there is.
    """

    state_names = ("m",)
    needs_loss = True
    rest = "gradient and step length"

    lr: float = hyperparameter(1.0, role="")
    momentum: float = hyperparameter(0.9, below=1.0)
    weight_decay: float = hyperparameter(0.0)
    f_star: float = hyperparameter(0.0, low=-math.inf)
    f: float = measured(0.0)
    c: float = measured(0.0)

    def rule(self, w: Array, g: Array, m: Array) -> None:
        assert self.loss is not None
        b = self.momentum if self.steps > 1 else 0.0
        m[:] = b * m + (1 - b) * g
        self.f = b * self.f + (1 - b) * self.loss
        self.c = b * self.c + (1 - b) * dot(g, w)
        shrink, square = 1 + self.lr * self.weight_decay, dot(m, m)
        h = shrink * (self.f - self.f_star - self.c) + dot(m, w)
        tau = min(self.lr, max(h, 0.0) / square) if square > np.finfo(float).eps else 0.0
        w /= shrink
        w -= tau * m


@dataclass(eq=False)
class MoMoAdam(Optimizer):
    """MoMo with Adam's scaling (Schaipp et al. 2023, algorithm 2).

    m, f, c <- averages with beta1 of g, the loss, <g, w>;  v with beta2 of g**2
    D = eps + sqrt(v / (1 - beta2**t));  c1 = 1 - beta1**t
    h = (1 + lr * weight_decay) * (f - c1 * f_star - c) + <m, w>
    w <- w / (1 + lr * weight_decay) - min(lr / c1, max(h, 0) / <m, m / D>) * m / D

    Needs the loss: ``step(loss)``.
    """

    state_names = ("m", "v")
    needs_loss = True
    rest = "gradient, step length and preconditioner"

    lr: float = hyperparameter(0.01, role="")
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)
    f_star: float = hyperparameter(0.0, low=-math.inf)
    f: float = measured(0.0)
    c: float = measured(0.0)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        assert self.loss is not None
        b, c1 = self.beta1, 1 - self.beta1**self.steps
        m[:] = b * m + (1 - b) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        self.f = b * self.f + (1 - b) * self.loss
        self.c = b * self.c + (1 - b) * dot(g, w)
        D = self.eps + np.sqrt(v / (1 - self.beta2**self.steps))
        shrink, square = 1 + self.lr * self.weight_decay, dot(m, m / D)
        h = shrink * (self.f - c1 * self.f_star - self.c) + dot(m, w)
        tau = min(self.lr / c1, max(h, 0.0) / square) if square > np.finfo(float).eps else 0.0
        w /= shrink
        w -= tau * m / D


@dataclass(eq=False)
class COCOB(Optimizer):
    """Each weight bets on its next gradient with the money it has won (Orabona & Tommasi 2017, algorithm 2).

    L <- max(L, |g|);  G <- G + |g|
    R <- max(R - g * (w - w_0), 0);  C <- C - g
    w <- w_0 + C / (L * max(G + L, alpha * L)) * (L + R)
    """

    state_names = ("w_0", "L", "G", "R", "C")
    rest = "betting"

    alpha: float = hyperparameter(100.0, positive=True)
    eps: float = hyperparameter(1e-8, positive=True)

    def begin(self, w: Array, g: Array, w_0: Array, L: Array, *_: Array) -> None:
        w_0[:], L[:] = w, self.eps

    def rule(self, w: Array, g: Array, w_0: Array, L: Array, G: Array, R: Array, C: Array) -> None:
        L[:] = np.maximum(L, np.abs(g))
        G += np.abs(g)
        R[:] = np.maximum(R - g * (w - w_0), 0)
        C -= g
        w[:] = w_0 + C / (L * np.maximum(G + L, self.alpha * L)) * (L + R)
