"""Later rules in the shape of Adam: other averages, other sizes to divide by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import hyperparameter
from optim.layerwise import Layerwise
from optim.optimizer import Optimizer


@dataclass(eq=False)
class AdaBelief(Optimizer):
    """Adam that divides by how far gradients are from what was expected (Zhuang et al. 2020, algorithm 2).

    m <- beta1 * m + (1 - beta1) * g
    s <- beta2 * s + (1 - beta2) * (g - m)**2 + eps
    w <- w - lr * m_hat / (sqrt(s_hat) + eps)
    """

    state_names = ("m", "s")
    rest = "momentum and preconditioner"

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0, role="")
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-16, positive=True)

    def rule(self, w: Array, g: Array, m: Array, s: Array) -> None:
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        s[:] = self.beta2 * s + (1 - self.beta2) * (g - m) ** 2 + self.eps
        m_hat = m / (1 - self.beta1**self.steps)
        s_hat = s / (1 - self.beta2**self.steps)
        w -= self.lr * m_hat / (np.sqrt(s_hat) + self.eps)


@dataclass(eq=False)
class Yogi(Optimizer):
    """Adam whose second moment moves at a bounded speed (Zaheer et al. 2018, algorithm 2).

    m <- beta1 * m + (1 - beta1) * g
    v <- v - (1 - beta2) * sign(v - g**2) * g**2
    w <- w - lr * m_hat / (sqrt(v_hat) + eps)

    m starts at ``initial_m``, which is 0 on paper and 1e-6 in optax; v at ``initial_v``.
    """

    state_names = ("m", "v")

    lr: float = hyperparameter(0.01)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-3, positive=True)
    initial_m: float = hyperparameter(0.0)
    initial_v: float = hyperparameter(1e-6)

    def begin(self, w: Array, g: Array, m: Array, v: Array) -> None:
        m[:], v[:] = self.initial_m, self.initial_v

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        v -= (1 - self.beta2) * np.sign(v - g**2) * g**2
        m_hat = m / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


@dataclass(eq=False)
class Adan(Optimizer):
    """Nesterov's momentum from differences of gradients (Xie et al. 2022, algorithm 1).

    d = g - g_last, 0 in the first step
    m <- beta1 * m + (1 - beta1) * g
    u <- beta2 * u + (1 - beta2) * d
    n <- beta3 * n + (1 - beta3) * (g + beta2 * d)**2
    w <- w - lr * (m_hat + beta2 * u_hat) / (sqrt(n_hat) + eps)
    w <- w / (1 + lr * weight_decay)

    Here beta is the part of the average that stays, as in Adam; the paper's is what
    is taken from the new gradient.
    """

    state_names = ("g_last", "m", "u", "n")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.98, below=1.0)
    beta2: float = hyperparameter(0.92, below=1.0, role="momentum")
    beta3: float = hyperparameter(0.99, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)

    def begin(self, w: Array, g: Array, g_last: Array, m: Array, u: Array, n: Array) -> None:
        g_last[:] = g

    def rule(self, w: Array, g: Array, g_last: Array, m: Array, u: Array, n: Array) -> None:
        t, beta2 = self.steps, self.beta2
        d = g - g_last
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        u[:] = beta2 * u + (1 - beta2) * d
        n[:] = self.beta3 * n + (1 - self.beta3) * (g + beta2 * d) ** 2
        direction = m / (1 - self.beta1**t) + beta2 * u / (1 - beta2**t)
        w -= self.lr * direction / (np.sqrt(n / (1 - self.beta3**t)) + self.eps)
        w /= 1 + self.lr * self.weight_decay
        g_last[:] = g


@dataclass(eq=False)
class ADOPT(Optimizer):
    """Adam that normalizes a gradient by the earlier ones only (Taniguchi et al. 2024, algorithm 2).

    v <- g**2, and no step, at t = 1; then
    m <- beta1 * m + (1 - beta1) * clip(g / max(sqrt(v), eps), -c, c),  c = (t - 1)**0.25
    w <- w - lr * m
    v <- beta2 * v + (1 - beta2) * g**2
    """

    state_names = ("m", "v")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.9999, below=1.0)
    eps: float = hyperparameter(1e-6, positive=True)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        if self.steps == 1:
            v[:] = g**2
            return
        c = (self.steps - 1) ** 0.25
        m[:] = self.beta1 * m + (1 - self.beta1) * np.clip(g / np.maximum(np.sqrt(v), self.eps), -c, c)
        w -= self.lr * m
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2


@dataclass(eq=False)
class AdEMAMix(Optimizer):
    """Adam with a second, much slower momentum (Pagliardini, Ablin & Grangier 2024, algorithm 1).

    m1 <- beta1 * m1 + (1 - beta1) * g
    m2 <- beta3 * m2 + (1 - beta3) * g
    v <- beta2 * v + (1 - beta2) * g**2
    w <- w - lr * ((m1_hat + alpha * m2) / (sqrt(v_hat) + eps) + weight_decay * w)

    The paper warms up alpha and beta3: give schedules.
    """

    state_names = ("m1", "m2", "v")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    beta3: float = hyperparameter(0.9999, below=1.0)
    alpha: float = hyperparameter(5.0, role="slow momentum")
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)

    def rule(self, w: Array, g: Array, m1: Array, m2: Array, v: Array) -> None:
        m1[:] = self.beta1 * m1 + (1 - self.beta1) * g
        m2[:] = self.beta3 * m2 + (1 - self.beta3) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        m1_hat = m1 / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        w -= self.lr * ((m1_hat + self.alpha * m2) / (np.sqrt(v_hat) + self.eps) + self.weight_decay * w)


@dataclass(eq=False)
class SimplifiedAdEMAMix(Optimizer):
    """AdEMAMix with one momentum and the present gradient (Morwani et al. 2025, algorithm 1).

    m <- beta1 * m + g
    v <- beta2 * v + (1 - beta2) * g**2
    w <- w - lr * ((m + alpha * g) / (sqrt(v_hat) + eps) + weight_decay * w)
    """

    state_names = ("m", "v")

    lr: float = hyperparameter(0.0001)
    beta1: float = hyperparameter(0.99, below=1.0)
    beta2: float = hyperparameter(0.95, below=1.0)
    alpha: float = hyperparameter(0.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        m[:] = self.beta1 * m + g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        v_hat = v / (1 - self.beta2**self.steps)
        w -= self.lr * ((m + self.alpha * g) / (np.sqrt(v_hat) + self.eps) + self.weight_decay * w)


@dataclass(eq=False)
class ACProp(Optimizer):
    """AdaBelief that divides by the earlier spread only, without momentum (Zhuang et al. 2021, algorithm 2).

    w <- w - lr * g / (sqrt(s_hat) + eps),  s_hat = s / (1 - beta2**(t-1)), 1 in the first step
    s <- beta2 * s + (1 - beta2) * (g - m)**2 + eps
    m <- beta1 * m + (1 - beta1) * g
    """

    state_names = ("m", "s")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0, role="")
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-16, positive=True)

    def rule(self, w: Array, g: Array, m: Array, s: Array) -> None:
        s_hat = s / (1 - self.beta2 ** (self.steps - 1)) if self.steps > 1 else 1.0
        w -= self.lr * g / (np.sqrt(s_hat) + self.eps)
        s[:] = self.beta2 * s + (1 - self.beta2) * (g - m) ** 2 + self.eps
        m[:] = self.beta1 * m + (1 - self.beta1) * g


@dataclass(eq=False)
class SparseAdam(Layerwise):
    """Adam on those rows of each parameter that were used, an embedding's words (Kingma & Ba 2014, section 2).

    m <- beta1 * m + (1 - beta1) * g          on those rows; the others keep m and v as they are
    v <- beta2 * v + (1 - beta2) * g**2
    w <- w - lr * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + eps)

    The rows are those whose gradient is not all 0, or those that ``step(rows=...)`` names.
    """

    state_names = ("m", "v")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)

    def step(self, loss: Any = None, rows: Any = None) -> None:
        """Take one step.

        Args:
            loss: as for every optimizer; not used.
            rows: for each parameter the numbers of the rows to update.

        Raises:
            ValueError: ``rows`` are not one list for each parameter.
        """
        if rows is not None and len(rows) != len(self.parts):
            raise ValueError(
                f"SparseAdam: rows must list the rows of each of {len(self.parts)} parameters, not {len(rows)}"
            )
        self.given["rows"] = None if rows is None else [np.unique(np.asarray(r, int)) for r in rows]
        super().step(loss)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        if w.ndim == 0:
            used: Any = ...
        elif self.given["rows"] is None:
            used = np.flatnonzero(np.any(g.reshape(len(g), -1), axis=1))
        else:
            used = self.given["rows"][self.position]
        c1, c2 = 1 - self.beta1**self.steps, 1 - self.beta2**self.steps
        m[used] = self.beta1 * m[used] + (1 - self.beta1) * g[used]
        v[used] = self.beta2 * v[used] + (1 - self.beta2) * g[used] ** 2
        w[used] -= self.lr * c2**0.5 / c1 * m[used] / (np.sqrt(v[used]) + self.eps)
