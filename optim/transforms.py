"""What is done to the gradient before the rule sees it, in the order of the list.

::

    Adam(parameters, transforms=[SkipNotFinite(), L2(1e-4, to=weights), ClipByGlobalNorm(1.0)])

Here the penalty is clipped with the rest. Any function of the gradient and the optimizer
that changes the gradient in place is a transform, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Node, grad
from autograd.primitive import Array
from optim.hyperparameters import Allowed, Checked, count, hyperparameter, required

if TYPE_CHECKING:
    from optim.optimizer import Optimizer

LIMIT = Allowed(above=True)
PLACES = {"the gradient": "transforms", "the weights": "constraints"}


class SkipStep(Exception):  # noqa: N818  (it is no error)
    """What a transform raises for a gradient along which no step is to be taken."""


def listed(owner: str, works_on: str, given: Any) -> list[Callable[..., None]]:
    """The transforms or the constraints that an optimizer was given.

    Raises:
        TypeError: it is no list, or holds what is no function, or is for something else.
    """
    place = PLACES[works_on]
    if not isinstance(given, Iterable) or isinstance(given, str):
        kind = given if isinstance(given, type) else type(given)
        raise TypeError(f"{owner}: {place} is a list, as in {place}=[{kind.__name__}(...)], not {given!r:.60}")
    functions = [*given]
    for one in functions:
        if isinstance(one, type):
            raise TypeError(f"{owner}: {place} lists the class {one.__name__}; make one of it: {one.__name__}(...)")
        if not callable(one):
            raise TypeError(f"{owner}: {place} lists functions of {works_on} and the optimizer, not {one!r:.60}")
        other = getattr(one, "works_on", works_on)
        if other != works_on:
            hint = f"; list it under {PLACES[other]}" if other in PLACES else ""
            raise TypeError(f"{owner}: {place} work on {works_on}, and {type(one).__name__} works on {other}{hint}")
    return functions


class OnGradient(Checked):
    """Base of the transforms."""

    works_on = "the gradient"


@dataclass(eq=False)
class Chosen(OnGradient):
    """Base of what can be for some of the parameters only.

    Args:
        to: those parameters; without it, all.

    Raises:
        TypeError: one of them is no parameter.
    """

    to: Iterable[Node] | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.to is not None:
            parts = [self.to] if isinstance(self.to, Node) else [*self.to]
            if not all(isinstance(part, Node) for part in parts):
                raise TypeError(f"{type(self).__name__}: to lists the parameters it is for, as in to=[layer.weight]")
            self.to = frozenset(parts)

    def blocks(self, optimizer: Optimizer, vector: Array) -> Iterator[Array]:
        """The part of a vector that belongs to each of them, as a view of its shape."""
        for part, block in zip(optimizer.parts, optimizer.blocks(vector)):
            if self.to is None or part in self.to:
                yield block


# ---- clipping ------------------------------------------------------------------


@dataclass(eq=False)
class ClipByValue(OnGradient):
    """g <- clip(g, -limit, limit), an infinite entry like any other.

    PyTorch's ``clip_grad_value_``, Keras' ``clipvalue`` and optax' ``clip`` agree.
    """

    limit: float = required(LIMIT)

    def __call__(self, g: Array, optimizer: Optimizer) -> None:
        np.clip(g, -self.limit, self.limit, out=g)


@dataclass(eq=False)
class ClipByNorm(OnGradient):
    """g <- g * min(1, limit / ||g||)  for each parameter by itself.

    Keras' ``clipnorm`` agrees.
    """

    limit: float = required(LIMIT)

    def __call__(self, g: Array, optimizer: Optimizer) -> None:
        for block in optimizer.blocks(g):
            shorten(block, self.limit)


@dataclass(eq=False)
class ClipByGlobalNorm(OnGradient):
    """g <- g * min(1, limit / ||g||)  for all parameters together (Pascanu, Mikolov & Bengio 2012).

    optax agrees, and Keras' ``global_clipnorm``; PyTorch's ``clip_grad_norm_`` divides by
    ||g|| + 1e-6 and shortens a gradient that is just below the limit as well.
    """

    limit: float = required(LIMIT)

    def __call__(self, g: Array, optimizer: Optimizer) -> None:
        shorten(g, self.limit)


@dataclass(eq=False)
class AdaptiveClipping(Chosen):
    """g <- g * min(1, limit * max(||w||, eps) / ||g||)  for each unit by itself (Brock et al. 2021, eq. 3).

    optax' ``adaptive_grad_clip`` agrees. The paper leaves out the last layer: ``to=...``.
    """

    limit: float = hyperparameter(0.01, positive=True)
    eps: float = hyperparameter(0.001, positive=True)

    def __call__(self, g: Array, optimizer: Optimizer) -> None:
        for weights, gradient in zip(self.blocks(optimizer, optimizer.w), self.blocks(optimizer, g)):
            shorten_units(gradient, self.limit * np.maximum(lengths(weights), self.eps))


# ---- the direction ----------------------------------------------------------------


@dataclass(eq=False)
class GradientCentralization(Chosen):
    """g <- g - mean(g)  over the weights that lead into each unit (Yong et al. 2020, eq. 1).

    Biases and single numbers stay as they are. optax' ``centralize`` takes the mean over
    all axes but the first, also for layers whose units are columns.
    """

    def __call__(self, g: Array, optimizer: Optimizer) -> None:
        for block in self.blocks(optimizer, g):
            if block.ndim > 1 and block.size:
                block -= block.mean(unit_axes(block), keepdims=True)


@dataclass(eq=False)
class AnnealedNoise(OnGradient):
    """g <- g + normal(0, noise / t**gamma), t = 1, 2, ...: a variance that dies away (Neelakantan et al. 2015, eq. 1).

    The noise of a step depends on the seed and the number of the step alone.
    """

    noise: float = hyperparameter(0.01)
    gamma: float = hyperparameter(0.55)
    seed: int = count(0, least=0)

    def __call__(self, g: Array, optimizer: Optimizer) -> None:
        t = optimizer.steps + 1
        g += np.random.default_rng([self.seed, t, 0]).normal(0, math.sqrt(self.noise / t**self.gamma), g.shape)


# ---- penalties and decay -----------------------------------------------------------


class Penalty(Chosen):
    """Base of what is added to the loss to keep weights small, by way of its gradient.

    The loss that a step is given stays what it was; a method that is given it as a
    function, and compares its values, has the penalty added to them.
    """

    def __call__(self, g: Array, optimizer: Optimizer) -> None:
        for weights, gradient in zip(self.blocks(optimizer, optimizer.w), self.blocks(optimizer, g)):
            gradient += grad(self.value)(weights)

    def total(self, optimizer: Optimizer) -> float:
        """The penalty for the present weights."""
        return sum(float(self.value(weights)) for weights in self.blocks(optimizer, optimizer.w))

    def value(self, w: Any) -> Any:
        """The penalty for these weights, an array or a node."""
        raise NotImplementedError


@dataclass(eq=False)
class L1(Penalty):
    """loss + strength * sum |w|,  g <- g + strength * sign(w) (Tibshirani 1996).

    Drives weights to 0 in equal steps, and about it in the end.
    """

    strength: float = required()

    def value(self, w: Any) -> Any:
        return self.strength * np.abs(w).sum()


@dataclass(eq=False)
class L2(Penalty):
    """loss + strength / 2 * sum w**2,  g <- g + strength * w (Hoerl & Kennard 1970).

    PyTorch's ``weight_decay`` of most optimizers; the factor in Keras' ``L2`` is half of it.
    """

    strength: float = required()

    def value(self, w: Any) -> Any:
        return self.strength / 2 * (w * w).sum()


@dataclass(eq=False)
class Elastic(Penalty):
    """loss + l1 * sum |w| + l2 / 2 * sum w**2,  g <- g + l1 * sign(w) + l2 * w (Zou & Hastie 2005)."""

    l1: float = required()
    l2: float = required()

    def value(self, w: Any) -> Any:
        return self.l1 * np.abs(w).sum() + self.l2 / 2 * (w * w).sum()


@dataclass(eq=False)
class DecoupledDecay(Chosen):
    """w <- w - lr * strength * w  just before the rule, the gradient as it is (Loshchilov & Hutter 2017).

    With Adam it is AdamW; the gradient and all transforms see the weights as they were.
    """

    strength: float = required()

    def __call__(self, g: Array, optimizer: Optimizer) -> None:
        """Leave the gradient alone."""
        if not hasattr(optimizer, "lr"):
            owner = type(optimizer).__name__
            raise TypeError(f"DecoupledDecay: is in proportion to the learning rate, and {owner} has none; use L2")

    def before_rule(self, w: Array, optimizer: Any) -> None:
        """Shrink the weights; the optimizer calls this when the step is sure to be taken."""
        for weights in self.blocks(optimizer, w):
            weights *= 1 - optimizer.lr * self.strength


# ---- whether there is a step at all ---------------------------------------------------


@dataclass(eq=False)
class SkipNotFinite(OnGradient):
    """No step along a gradient with nan or inf: nothing changes but ``optimizer.skipped``, which counts these.

    optax' ``apply_if_finite`` is like it.
    """

    def __call__(self, g: Array, optimizer: Optimizer) -> None:
        if not np.isfinite(g).all():
            raise SkipStep


# ---- lengths ------------------------------------------------------------------------


def unit_axes(block: Array) -> tuple[int, ...]:
    """The axes along which the weights of one unit lie.

    A unit is a column of a layer's weights (fan_in, fan_out) and a part of a convolution's
    (units, channels, *positions); a vector or a single number is one unit.
    """
    return (0,) if block.ndim == 2 else tuple(range(1 if block.ndim > 2 else 0, block.ndim))


def lengths(block: Array, axes: tuple[int, ...] | None = None) -> Array:
    """The Euclidean length of each unit's weights, in a shape to divide them by.

    No square overflows, and in float64 no length of float32 weights does.
    """
    axes = unit_axes(block) if axes is None else axes
    largest = np.abs(block).max(axes, keepdims=True, initial=0.0)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1)
    with np.errstate(over="ignore"):  # beside an infinite entry, which nothing scales down
        size: Array = largest.astype(np.float64) * np.sqrt(np.square(block / scale).sum(axes, keepdims=True))
    return size


def shorten_units(block: Array, limits: Any) -> None:
    """Scale down each unit that is longer than its limit, to the limit; one that is not finite stays as it is."""
    size = lengths(block)
    block *= np.divide(limits, size, out=np.ones_like(size), where=(size > limits) & np.isfinite(size))


def shorten(block: Array, limit: float) -> None:
    """Scale down a whole array that is longer than the limit, to the limit; one that is not finite stays as it is."""
    size = math.sqrt(np.vdot(block, block))
    if not 0 < size < math.inf:  # a square may have been too small or too large
        size = float(lengths(block, tuple(range(block.ndim))).item())
    if limit < size < math.inf:
        block *= limit / size
