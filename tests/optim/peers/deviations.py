"""The rules as peers have them where they differ from the papers or from ours, so that a correction is noticed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

import optim
from optim.hyperparameters import measured
from optim.layerwise import ratio
from optim.matrix import newton_schulz


@dataclass(eq=False)
class LateRprop(optim.Rprop):
    """optax's Rprop takes each step one call late, unless the gradient has turned by then."""

    state_names = ("g_last", "d", "late")

    def rule(self, w, g, g_last, d, late):
        before, turned = w.copy(), g * g_last < 0
        super().rule(w, g, g_last, d)
        change = w - before
        w[:] = before + np.where(turned, 0, late)
        late[:] = change

    def begin(self, w, g, g_last, d, late):
        super().begin(w, g, g_last, d)


@dataclass(eq=False)
class LightAdan(optim.Adan):
    """optax's Adan weights the difference of gradients with 1 - beta2."""

    def rule(self, w, g, g_last, m, u, n):
        t, k = self.steps, 1 - self.beta2
        d = g - g_last
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        u[:] = self.beta2 * u + (1 - self.beta2) * d
        n[:] = self.beta3 * n + (1 - self.beta3) * (g + k * d) ** 2
        direction = m / (1 - self.beta1**t) + k * u / (1 - self.beta2**t)
        w -= self.lr * direction / (np.sqrt(n / (1 - self.beta3**t) + self.eps) + self.eps)
        g_last[:] = g


@dataclass(eq=False)
class LooseLAMB(optim.LAMB):
    """Keras' LAMB decays the weights before the step, outside the trust ratio."""

    def rule(self, w, g, m, v):
        w -= self.lr * self.weight_decay * w
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        u = m_hat / (np.sqrt(v_hat) + self.eps)
        w -= self.lr * ratio(w, u) * u


@dataclass(eq=False)
class LeakyScheduleFree(optim.ScheduleFreeAdamW):
    """Keras' schedule-free AdamW averages with 1/t and decays y before it recovers x."""

    warmup: int = 0
    t: int = measured(0)

    def rule(self, w, g, z, v):
        self.t += 1
        lr = self.lr * min(1.0, self.t / self.warmup) if self.warmup else self.lr
        w -= self.lr * self.weight_decay * w
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        x = (w - (1 - self.beta) * z) / self.beta
        z -= lr * g / (np.sqrt(v / (1 - self.beta2**self.t)) + self.eps)
        x = (1 - 1 / self.t) * x + z / self.t
        w[:] = self.beta * x + (1 - self.beta) * z


@dataclass(eq=False)
class LateSophia(optim.Sophia):
    """optax's Sophia corrects m for its bias and uses the Hessian of before the refresh."""

    def rule(self, w, g, m, h):
        before = h.copy()
        diagonal = self.given["hessian"]
        if diagonal is not None:
            now = np.concatenate([diagonal[part] for part in self.parts], axis=None)
            h[:] = self.beta2 * h + (1 - self.beta2) * now
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        m_hat = m / (1 - self.beta1**self.steps)
        step = np.clip(m_hat / np.maximum(self.gamma * before, self.eps), -1, 1)
        w -= self.lr * (step + self.weight_decay * w)


@dataclass(eq=False)
class MoonlightMuon(optim.Muon):
    """Keras' Muon takes the longer side for the size of its steps, as Liu et al. 2025 do."""

    def rule(self, w, g, m, *v):
        m[:] = self.momentum * m + (1 - self.momentum) * g
        u = (1 - self.momentum) * g + self.momentum * m
        w *= 1 - self.lr * self.weight_decay
        w -= self.lr * 0.2 * math.sqrt(max(w.shape)) * newton_schulz(u, self.iterations, self.eps)


@dataclass(eq=False)
class EuclideanLBFGS(optim.LBFGS):
    """optax begins with lr * min(1, 1 / ||g||_2), the Euclidean length in the place of the sum of |g|."""

    def _product(self, g, s, y):
        product = super()._product(g, s, y)
        if self.pairs:
            return product
        return product * min(1.0, 1 / np.linalg.norm(g)) / min(1.0, 1 / np.abs(g).sum())


@dataclass(eq=False)
class UnsearchedLBFGS(optim.LBFGS):
    """PyTorch's line search has no evaluations left if max_iter is 1: it takes lr, or stays for ever if that climbs."""

    def rule(self, w, f, s, y):
        kept = [vector.copy() for vector in (w, s, y)]
        pairs, loss = self.pairs, f(w)[0]
        super().rule(w, f, s, y)
        if f(w)[0] >= loss:
            self.pairs = pairs
            for vector, old in zip((w, s, y), kept):
                vector[:] = old


@dataclass(eq=False)
class UncheckedRMSprop(optim.RMSprop):
    """PyTorch takes the root of a variance that rounding may have made negative."""

    def rule(self, w, g, s, a, b):
        s[:] = self.rho * s + (1 - self.rho) * g**2
        a[:] = self.rho * a + (1 - self.rho) * g
        w -= self.lr * g / (np.sqrt(s - a**2) + self.eps)
