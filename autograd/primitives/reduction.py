"""Reductions: many entries to few."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.primitive import Array, example, structured
from autograd.primitives.arithmetic import where
from autograd.primitives.exponential import exp
from autograd.primitives.shaping import broadcast_to, reshape

Axis = int | tuple[int, ...] | None

_EXAMPLES = [
    example((3,), axis=None, keepdims=False),
    example((2, 3), axis=0, keepdims=False),
    example((2, 3), axis=-1, keepdims=True),
    example((2, 3, 2), axis=(0, 2), keepdims=False),
    example((), axis=None, keepdims=False),
]


def _spread(reduced: Any, x: Any, axis: Axis) -> Any:
    """What was reduced over ``axis``, repeated to the shape of ``x`` again."""
    if axis is not None:
        axes = {i % len(x.shape) for i in (axis if isinstance(axis, tuple) else (axis,))}
        reduced = reshape(reduced, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
    return broadcast_to(reduced, x.shape)


@structured(lambda g, y, x, axis, keepdims: _spread(g, x, axis), examples=_EXAMPLES)
def sum(x: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The sum over the axes, or over all entries."""
    return np.sum(x, axis=axis, keepdims=keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over the axes, or over all entries."""
    shape = x.shape if hasattr(x, "shape") else np.shape(x)
    if axis is None and not shape:
        return x
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return sum(x, axis, keepdims) / math.prod(shape[i] for i in axes)


def _share(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    # Entries that tie for the maximum share its slope equally.
    winners = x == _spread(y, x, axis)
    return _spread(g, x, axis) * (winners / np.sum(winners, axis=axis, keepdims=True))


@structured(_share, examples=_EXAMPLES)
def max(x: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """The largest entry over the axes, or of all."""
    return np.max(x, axis=axis, keepdims=keepdims)


def _softened(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    # Where every entry is -inf, so is y, and -inf - -inf would be nan; the slopes are 0 there.
    return _spread(g, x, axis) * exp(x - _spread(where(y == -np.inf, 0.0, y), x, axis))


@structured(_softened, examples=_EXAMPLES)
def logsumexp(x: Array, /, axis: Axis = None, keepdims: bool = False) -> Array:
    """``log(sum(exp(x)))``, without overflow."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


@structured(
    lambda g, y, x, axis: y * (g - (g * y).sum(axis, keepdims=True)),
    examples=[example((3,), axis=-1), example((2, 3), axis=0), example((2, 3), axis=1)],
)
def softmax(x: Array, /, axis: int = -1) -> Array:
    """``exp(x) / sum(exp(x))`` along an axis: positive numbers that sum to 1."""
    e = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
    e /= np.add.reduce(e, axis=axis, keepdims=True)
    return e


@structured(
    lambda g, y, x, axis: g - exp(y) * g.sum(axis, keepdims=True),
    examples=[example((3,), axis=-1), example((2, 3), axis=0), example((2, 3), axis=1)],
)
def log_softmax(x: Array, /, axis: int = -1) -> Array:
    """``log(softmax(x))`` along an axis, exact where the softmax itself would round to 0."""
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    shifted -= np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))
    return shifted
