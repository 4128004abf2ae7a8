"""Adam and its relatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograd.primitive import Array
from optim.optimizer import Optimizer, hyperparameter


@dataclass(eq=False)
class Adam(Optimizer):
    """Momentum scaled by the gradients' recent size (Kingma & Ba 2014, algorithm 1).

    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * g**2
    w <- w - lr * m_hat / (sqrt(v_hat) + eps),  m_hat = m / (1 - beta1**t),  v_hat = v / (1 - beta2**t)
    """

    state_names = ("m", "v")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        w -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
