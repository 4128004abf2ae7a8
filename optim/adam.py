"""Adam and its closest relatives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import hyperparameter, measured, switch
from optim.optimizer import Optimizer


@dataclass(eq=False)
class Adam(Optimizer):
    """Momentum scaled by the gradients' recent size (Kingma & Ba 2014, algorithm 1).

    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * g**2
    w <- w - lr * m_hat / (sqrt(v_hat) + eps),  m_hat = m / (1 - beta1**t),  v_hat = v / (1 - beta2**t)

    With ``eps_hat`` the step is lr * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + eps),
    the faster form of the paper's section 2, in which eps means something else: eps / sqrt(1 - beta2**t)
    in the place of eps. With ``eps_inside`` the divisor is sqrt(v_hat + eps).
    """

    state_names = ("m", "v")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    eps_hat: bool = switch(False)
    eps_inside: bool = switch(False)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        eps = self.eps / math.sqrt(1 - self.beta2**self.steps) if self.eps_hat else self.eps
        w -= self.lr * m_hat / (np.sqrt(v_hat + eps) if self.eps_inside else np.sqrt(v_hat) + eps)

    def kernel(self, w: Array, g: Array, m: Array, v: Array, a: Array, b: Array) -> None:
        root = math.sqrt(1 - self.beta2**self.steps)
        eps = self.eps if self.eps_hat else self.eps * root
        m *= self.beta1
        m += np.multiply(g, 1 - self.beta1, out=a)
        v *= self.beta2
        np.multiply(g, g, out=a)
        a *= 1 - self.beta2
        v += a
        if self.eps_inside:
            np.add(v, eps * root, out=a)
            np.sqrt(a, out=a)
        else:
            np.sqrt(v, out=a)
            a += eps
        np.divide(m, a, out=b)
        b *= self.lr * root / (1 - self.beta1**self.steps)
        w -= b


@dataclass(eq=False)
class AdamW(Adam):
    """Adam with weight decay beside the gradient, not in it (Loshchilov & Hutter 2017, algorithm 2).

    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * g**2
    w <- w - lr * (m_hat / (sqrt(v_hat) + eps) + weight_decay * w)

    ``eps_hat`` and ``eps_inside`` are as in Adam.
    """

    weight_decay: float = hyperparameter(0.01)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        w -= self.lr * self.weight_decay * w
        super().rule(w, g, m, v)

    def kernel(self, w: Array, g: Array, m: Array, v: Array, a: Array, b: Array) -> None:
        w *= 1 - self.lr * self.weight_decay
        super().kernel(w, g, m, v, a, b)


@dataclass(eq=False)
class AMSGrad(Optimizer):
    """Adam whose steps are never scaled up again (Reddi, Kale & Kumar 2018, algorithm 2).

    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * g**2
    x <- max(x, v)
    w <- w - lr * m / (sqrt(x) + eps)

    The paper has no bias correction. With ``bias_correction`` m and x are corrected as
    in Adam (PyTorch, Keras); with ``correct_first`` as well, v is corrected before the
    maximum is taken (optax), which is another algorithm. ``eps_hat`` is as in Adam.
    """

    state_names = ("m", "v", "x")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    bias_correction: bool = switch(False)
    correct_first: bool = switch(False)
    eps_hat: bool = switch(False)

    def rule(self, w: Array, g: Array, m: Array, v: Array, x: Array) -> None:
        c1 = 1 - self.beta1**self.steps if self.bias_correction else 1.0
        c2 = 1 - self.beta2**self.steps if self.bias_correction else 1.0
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        x[:] = np.maximum(x, v / c2 if self.correct_first else v)
        x_hat = x if self.correct_first else x / c2
        w -= self.lr * (m / c1) / (np.sqrt(x_hat) + (self.eps / math.sqrt(c2) if self.eps_hat else self.eps))


@dataclass(eq=False)
class Adamax(Optimizer):
    """Adam with the largest recent gradient in the place of their mean square (Kingma & Ba 2014, algorithm 2).

    m <- beta1 * m + (1 - beta1) * g
    u <- max(beta2 * u, |g| + eps)
    w <- w - lr / (1 - beta1**t) * m / u - lr * weight_decay * w

    The paper has no eps and divides 0 by 0 where every gradient was 0; with
    ``eps_outside`` it is added to u instead (Keras). With weight decay it is AdamaxW.
    """

    state_names = ("m", "u")

    lr: float = hyperparameter(0.002)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)
    eps_outside: bool = switch(False)

    def rule(self, w: Array, g: Array, m: Array, u: Array) -> None:
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        u[:] = np.maximum(self.beta2 * u, np.abs(g) + (0.0 if self.eps_outside else self.eps))
        size = u + self.eps if self.eps_outside else u
        w -= self.lr * (m / (1 - self.beta1**self.steps) / size + self.weight_decay * w)


@dataclass(eq=False)
class AdamaxW(Adamax):
    """Adamax with decoupled weight decay (Kingma & Ba 2014; Loshchilov & Hutter 2017).

    m <- beta1 * m + (1 - beta1) * g
    u <- max(beta2 * u, |g| + eps)
    w <- w - lr * (m / (1 - beta1**t) / u + weight_decay * w)
    """

    weight_decay: float = hyperparameter(0.01)


@dataclass(eq=False)
class NAdam(Optimizer):
    """Adam with Nesterov's momentum, which warms up (Dozat 2016, algorithm 2).

    mu_t = beta1 * (1 - 0.96**(t * psi) / 2);  pi <- pi * mu_t
    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * g**2
    m_bar = mu_(t+1) * m / (1 - pi * mu_(t+1)) + (1 - mu_t) * g / (1 - pi)
    w <- w - lr * m_bar / (sqrt(v_hat) + eps)

    ``eps_hat`` is as in Adam.
    """

    state_names = ("m", "v")

    lr: float = hyperparameter(0.002)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    psi: float = hyperparameter(0.004)
    eps_hat: bool = switch(False)
    pi: float = measured(1.0, role="bias correction")

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        t = self.steps
        mu = self.beta1 * (1 - 0.96 ** (t * self.psi) / 2)
        mu_next = self.beta1 * (1 - 0.96 ** ((t + 1) * self.psi) / 2)
        self.pi *= mu
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        m_bar = mu_next * m / (1 - self.pi * mu_next) + (1 - mu) * g / (1 - self.pi)
        c2 = 1 - self.beta2**t
        w -= self.lr * m_bar / (np.sqrt(v / c2) + (self.eps / math.sqrt(c2) if self.eps_hat else self.eps))


@dataclass(eq=False)
class NAdamW(Optimizer):
    """Adam with Nesterov's momentum and decoupled weight decay, without a warm-up (Dozat 2016).

    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * g**2
    m_bar = beta1 * m / (1 - beta1**(t+1)) + (1 - beta1) * g / (1 - beta1**t)
    w <- w - lr * (m_bar / (sqrt(v_hat) + eps) + weight_decay * w)
    """

    state_names = ("m", "v")

    lr: float = hyperparameter(0.002)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.01)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        beta1, t = self.beta1, self.steps
        m[:] = beta1 * m + (1 - beta1) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        m_bar = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)
        v_hat = v / (1 - self.beta2**t)
        w -= self.lr * (m_bar / (np.sqrt(v_hat) + self.eps) + self.weight_decay * w)


@dataclass(eq=False)
class RAdam(Optimizer):
    """Adam that waits until it knows the gradients' variance (Liu et al. 2019, algorithm 2).

    r_inf = 2 / (1 - beta2) - 1;  r = r_inf - 2 * t * beta2**t / (1 - beta2**t)
    w <- w - lr * R * m_hat / (sqrt(v_hat) + eps)  if r > threshold, else  w <- w - lr * m_hat
    R = sqrt((r-4) * (r-2) * r_inf / ((r_inf-4) * (r_inf-2) * r))

    The paper's threshold is 4; PyTorch and optax have 5. ``eps_hat`` is as in Adam.
    """

    state_names = ("m", "v")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    threshold: float = hyperparameter(4.0, low=4.0)
    eps_hat: bool = switch(False)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        t, c2 = self.steps, 1 - self.beta2**self.steps
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        r_inf = 2 / (1 - self.beta2) - 1
        r = r_inf - 2 * t * self.beta2**t / c2
        if r > self.threshold:
            R = math.sqrt((r - 4) * (r - 2) * r_inf / ((r_inf - 4) * (r_inf - 2) * r))
            w -= self.lr * R * m_hat / (np.sqrt(v / c2) + (self.eps / math.sqrt(c2) if self.eps_hat else self.eps))
        else:
            w -= self.lr * m_hat


@dataclass(eq=False)
class OptimisticAdam(Optimizer):
    """Adam's direction, extrapolated by its last change (Daskalakis et al. 2017, algorithm 1).

    u = m_hat / (sqrt(v_hat) + eps)
    w <- w - lr * ((alpha + beta) * u - beta * u_last);  u_last = u in the first step

    The first step is the optimizer's: for a parameter whose gradient comes later, u_last begins as 0.
    """

    state_names = ("m", "v", "u_last")

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    alpha: float = hyperparameter(1.0)
    beta: float = hyperparameter(1.0, role="optimism")

    def rule(self, w: Array, g: Array, m: Array, v: Array, u_last: Array) -> None:
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        u = m_hat / (np.sqrt(v_hat) + self.eps)
        if self.steps == 1:
            u_last[:] = u
        w -= self.lr * ((self.alpha + self.beta) * u - self.beta * u_last)
        u_last[:] = u
