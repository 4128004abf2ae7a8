"""Rules for one parameter at a time, which see its shape, and what a layer's norm tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import hyperparameter, measured_of
from optim.optimizer import Optimizer, dot, norm


@dataclass(eq=False)
class Layerwise(Optimizer):
    """An optimizer whose rule is called for each parameter, with arrays of the parameter's shape.

    Attributes:
        state: per parameter its arrays, as ``m.0``, ``m.1``, ...
        position: in a rule, the number of the parameter in hand.
    """

    def shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """The names and shapes of the state of a parameter of this shape."""
        return dict.fromkeys(self.state_names, shape)

    def _apply(self) -> None:
        for position, w, g, own in zip(self.positions, self.blocks(self.w), self.blocks(self.g), self.layers):
            state = own.values()
            self.position = position
            if position in self.unseen:
                self.begin(w, g, *state)
            self.rule(w, g, *state)
        self.unseen.difference_update(self.positions)
        self.fresh = []

    def _new_state(self) -> dict[str, Any]:
        self.unseen = {*self.positions}
        self.layers = [
            {name: np.zeros(shape, self.w.dtype) for name, shape in self.shapes(part.shape).items()}
            for part in self.parts
        ]
        return self._named()

    def _named(self) -> dict[str, Any]:
        return {f"{name}.{i}": array for i, layer in enumerate(self.layers) for name, array in layer.items()}

    # Some of the parameters share the arrays of their state with all of them.

    def _of(self, members: Sequence[int]) -> Any:
        some = super()._of(members)
        some._restrict(self, members)
        return some

    def _group(self, members: range, own: dict[str, Any]) -> Any:
        group = super()._group(members, own)
        group._restrict(self, members)
        return group

    def _restrict(self, every: Any, members: Sequence[int]) -> None:
        self.layers = [every.layers[i] for i in members]
        self.state = self._named()

    def _state_of(self, members: Sequence[int], index: Any) -> dict[str, Any]:
        return {}

    def _take_back(self, some: Optimizer, members: Sequence[int]) -> None:
        self.w[np.r_[tuple(self.places[i] for i in members)]] = some.w
        for name in measured_of(self):
            setattr(self, name, getattr(some, name))
        self.fresh = [i for i in self.fresh if i not in members]

    def _load(self, loaded: dict[str, Any]) -> None:
        super()._load(loaded)
        fresh = {self.positions[i] for i in self.fresh}
        self.unseen.difference_update(set(self.positions) - fresh)
        self.unseen.update(fresh)


def ratio(w: Array, u: Array) -> float:
    """The length of the weights over that of a step; 1 if either is 0."""
    length, step = norm(w), norm(u)
    return length / step if length and step else 1.0


@dataclass(eq=False)
class LARS(Layerwise):
    """Steps in proportion to the length of each layer's weights (You, Gitman & Ginsburg 2017, algorithm 1).

    u = g + weight_decay * w
    b <- momentum * b + lr * trust * ||w|| / ||u|| * u
    w <- w - b
    """

    state_names = ("b",)
    rest = "trust ratio"

    lr: float = hyperparameter(0.1)
    momentum: float = hyperparameter(0.9, below=1.0)
    weight_decay: float = hyperparameter(0.0)
    trust: float = hyperparameter(0.001)

    def rule(self, w: Array, g: Array, b: Array) -> None:
        u = g + self.weight_decay * w
        length, step = norm(w), norm(u)
        local = self.trust * length / step if length and step else 1.0
        b[...] = self.momentum * b + self.lr * local * u
        w -= b


@dataclass(eq=False)
class LAMB(Layerwise):
    """Adam's direction, scaled to the length of each layer's weights (You et al. 2019, algorithm 2).

    m <- beta1 * m + (1 - beta1) * g
    v <- beta2 * v + (1 - beta2) * g**2
    u = m_hat / (sqrt(v_hat) + eps) + weight_decay * w
    w <- w - lr * ||w|| / ||u|| * u
    """

    state_names = ("m", "v")
    rest = "preconditioner and trust ratio"

    lr: float = hyperparameter(0.001)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-6, positive=True)
    weight_decay: float = hyperparameter(0.0)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        u = m_hat / (np.sqrt(v_hat) + self.eps) + self.weight_decay * w
        w -= self.lr * ratio(w, u) * u


@dataclass(eq=False)
class Fromage(Layerwise):
    """A step of a fixed angle in every layer, the length of the weights kept in check (Bernstein et al. 2020, alg. 1).

    w <- (w - lr * ||w|| / ||g|| * g) / sqrt(1 + lr**2),  both lengths at least eps
    """

    rest = "layer scaling"

    lr: float = hyperparameter(0.01)
    eps: float = hyperparameter(1e-6, positive=True)

    def rule(self, w: Array, g: Array) -> None:
        scale = max(norm(w), self.eps) / max(norm(g), self.eps)
        w -= self.lr * scale * g
        w /= math.sqrt(1 + self.lr**2)


@dataclass(eq=False)
class NovoGrad(Layerwise):
    """Momentum of gradients normalized by layer (Ginsburg et al. 2019, algorithm 1).

    v <- beta2 * v + (1 - beta2) * ||g||**2,  v = ||g||**2 and m = 0 at the start
    m <- beta1 * m + g / (sqrt(v) + eps) + weight_decay * w
    w <- w - lr * m
    """

    state_names = ("m",)

    lr: float = hyperparameter(0.01)
    beta1: float = hyperparameter(0.95, below=1.0)
    beta2: float = hyperparameter(0.98, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)

    def shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        return {"m": shape, "v": ()}

    def begin(self, w: Array, g: Array, m: Array, v: Array) -> None:
        v[...] = dot(g, g)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        v[...] = self.beta2 * v + (1 - self.beta2) * dot(g, g)
        m[...] = self.beta1 * m + g / (math.sqrt(v) + self.eps) + self.weight_decay * w
        w -= self.lr * m
