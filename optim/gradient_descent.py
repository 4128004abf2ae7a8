"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import count, hyperparameter, switch
from optim.optimizer import PER_EXAMPLE, Optimizer, dot
from optim.probing import LossAndGradient, Probing


@dataclass(eq=False)
class SGD(Optimizer):
    """Gradient descent, whether batch, mini-batch or stochastic, which is how it is fed (Robbins & Monro 1951).

    w <- w - lr * g
    """

    lr: float = hyperparameter(0.01)

    def rule(self, w: Array, g: Array) -> None:
        w -= self.lr * g

    def kernel(self, w: Array, g: Array, a: Array, b: Array) -> None:
        w -= np.multiply(g, self.lr, out=a)


@dataclass(eq=False)
class Momentum(Optimizer):
    """Steps that keep a part of the last one (Polyak 1964; Sutskever et al. 2013, eq. 1-2).

    v <- momentum * v - lr * g
    w <- w + v
    """

    state_names = ("v",)

    lr: float = hyperparameter(0.01)
    momentum: float = hyperparameter(0.9, below=1.0)

    def rule(self, w: Array, g: Array, v: Array) -> None:
        v *= self.momentum
        v -= self.lr * g
        w += v

    def kernel(self, w: Array, g: Array, v: Array, a: Array, b: Array) -> None:
        v *= self.momentum
        v -= np.multiply(g, self.lr, out=a)
        w += v


@dataclass(eq=False)
class HeavyBall(Optimizer):
    """Momentum with the learning rate outside, as PyTorch has it (Polyak 1964).

    b <- momentum * b + (1 - dampening) * g;  b <- g in the first step
    w <- w - lr * b

    It differs from ``Momentum`` only while the learning rate changes: there the old
    one stays in the velocity. The first step is the optimizer's: a parameter whose
    gradient comes later is dampened at once.
    """

    state_names = ("b",)

    lr: float = hyperparameter(0.01)
    momentum: float = hyperparameter(0.9, below=1.0)
    dampening: float = hyperparameter(0.0, below=1.0)

    def rule(self, w: Array, g: Array, b: Array) -> None:
        b[:] = self.momentum * b + (1 - self.dampening) * g if self.steps > 1 else g
        w -= self.lr * b


@dataclass(eq=False)
class AveragedMomentum(Optimizer):
    """Momentum as a decaying average of the gradients (Polyak 1964).

    m <- momentum * m + (1 - momentum) * g
    w <- w - lr * m,  or m / (1 - momentum**t) with ``bias_correction``
    """

    state_names = ("m",)

    lr: float = hyperparameter(0.01)
    momentum: float = hyperparameter(0.9, below=1.0)
    bias_correction: bool = switch(False)

    def rule(self, w: Array, g: Array, m: Array) -> None:
        m[:] = self.momentum * m + (1 - self.momentum) * g
        w -= self.lr * (m / (1 - self.momentum**self.steps) if self.bias_correction else m)


@dataclass(eq=False)
class Nesterov(Optimizer):
    """Nesterov's gradient, rewritten to need no other point (Nesterov 1983; Bengio et al. 2012, eq. 7).

    b <- momentum * b + g
    w <- w - lr * (g + momentum * b)

    Its weights are the points at which ``NesterovLookAhead`` evaluates.
    """

    state_names = ("b",)

    lr: float = hyperparameter(0.01)
    momentum: float = hyperparameter(0.9, below=1.0)

    def rule(self, w: Array, g: Array, b: Array) -> None:
        b[:] = self.momentum * b + g
        w -= self.lr * (g + self.momentum * b)


@dataclass(eq=False)
class NesterovLookAhead(Probing):
    """The gradient is taken where the momentum alone would lead (Nesterov 1983; Sutskever et al. 2013, eq. 3-4).

    v <- momentum * v - lr * gradient(w + momentum * v)
    w <- w + v
    """

    state_names = ("v",)

    lr: float = hyperparameter(0.01)
    momentum: float = hyperparameter(0.9, below=1.0)

    def rule(self, w: Array, f: LossAndGradient, v: Array) -> None:
        _, g = f(w + self.momentum * v)
        v[:] = self.momentum * v - self.lr * g
        w += v


@dataclass(eq=False)
class NoisySGD(Optimizer):
    """Gradient descent with noise that dies away (Neelakantan et al. 2015).

    s_t**2 = noise / t**gamma
    w <- w - lr * (g + normal(0, s_t**2))
    """

    lr: float = hyperparameter(0.01)
    noise: float = hyperparameter(0.01, role="noise")
    gamma: float = hyperparameter(0.55)
    seed: int = count(0, least=0)

    def rule(self, w: Array, g: Array) -> None:
        s = np.sqrt(self.noise / self.steps**self.gamma)
        noise = np.random.default_rng([self.seed, self.steps, self.number]).normal(0, s, g.shape)
        w -= self.lr * (g + noise)


@dataclass(eq=False)
class OptimisticGD(Optimizer):
    """Gradient descent that expects the next gradient to change as the last did (Daskalakis et al. 2017).

    w <- w - lr * ((alpha + beta) * g - beta * g_last);  g_last = g in the first step
    """

    state_names = ("g_last",)

    lr: float = hyperparameter(0.01)
    alpha: float = hyperparameter(1.0)
    beta: float = hyperparameter(1.0, role="optimism")

    def begin(self, w: Array, g: Array, g_last: Array) -> None:
        g_last[:] = g

    def rule(self, w: Array, g: Array, g_last: Array) -> None:
        w -= self.lr * ((self.alpha + self.beta) * g - self.beta * g_last)
        g_last[:] = g


@dataclass(eq=False)
class PolyakSGD(Optimizer):
    """The step that would reach the least loss if the loss were linear (Polyak 1969; Loizou et al. 2020).

    w <- w - min((loss - f_star) / (||g||**2 + eps), max_lr) * g

    Needs the loss: ``step(loss)``. ``f_star`` is the least loss there is; ``clip``
    takes no step where the loss is below it.
    """

    needs_loss = True
    rest = "gradient and step length"

    max_lr: float = hyperparameter(1.0)
    f_star: float = hyperparameter(0.0, low=-np.inf)
    eps: float = hyperparameter(0.0)
    clip: bool = switch(False)

    def rule(self, w: Array, g: Array) -> None:
        assert self.loss is not None
        gap = self.loss - self.f_star
        square = dot(g, g) + self.eps
        if square > 0:
            w -= min((max(gap, 0.0) if self.clip else gap) / square, self.max_lr) * g


@dataclass(eq=False)
class DPSGD(Optimizer):
    """Gradient descent that no single example can steer (Abadi et al. 2016, algorithm 1).

    w <- w - lr / B * (sum_i g_i * min(1, clip / ||g_i||) + normal(0, (noise * clip)**2))

    Needs the gradient of each of the B examples: ``step(per_example=...)``, for each
    parameter an array of shape (B, *shape).
    """

    goes_by = PER_EXAMPLE

    lr: float = hyperparameter(0.01)
    clip: float = hyperparameter(1.0, positive=True)
    noise: float = hyperparameter(1.0)
    seed: int = count(0, least=0)

    def step(self, loss: Any = None, per_example: Any = None) -> None:
        """Take one step along the gradients of single examples.

        Args:
            loss: its value, for schedules that follow it.
            per_example: for each parameter its gradients, (examples, *shape).

        Raises:
            TypeError: there are none.
            ValueError: a shape is not that of its parameter.
        """
        if per_example is None:
            raise TypeError(
                f"{type(self).__name__}: the gradient of each example is clipped; call "
                f"optimizer.step(per_example=[...]) with an array (examples, *shape) for each parameter"
            )
        arrays = [np.asarray(array) for array in per_example]
        if [array.shape[1:] for array in arrays] != [p.shape for p in self.parts] or len({*map(len, arrays)}) != 1:
            raise ValueError(
                f"{type(self).__name__}: per_example has shapes {[array.shape for array in arrays]}; for parameters "
                f"of shapes {[p.shape for p in self.parts]} each must be (examples, *shape)"
            )
        examples = len(arrays[0])
        rows = np.concatenate([array.reshape(examples, -1) for array in arrays], axis=1)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        total = (self.clip / np.maximum(lengths, self.clip)) @ rows
        total += np.random.default_rng([self.seed, self.steps]).normal(0, self.noise * self.clip, total.shape)
        for part, block in zip(self.parts, self.blocks((total / examples).astype(self.w.dtype))):
            part.grad = block if block.ndim else float(block)
        super().step(None if callable(loss) else loss)

    def rule(self, w: Array, g: Array) -> None:
        w -= self.lr * g
