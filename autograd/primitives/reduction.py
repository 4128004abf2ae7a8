"""Reductions: many entries to few, and running sums and products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import node as nodes
from autograd.primitive import Array, example, point, structured
from autograd.primitives.arithmetic import positive, quotient_or_0, where
from autograd.primitives.exponential import exp
from autograd.primitives.indexing import positions
from autograd.primitives.linear import ones
from autograd.primitives.shaping import broadcast_to, concatenate, flip, reshape, transpose

Axis = int | tuple[int, ...] | None

_EXAMPLES = [
    example((3,), axis=None, keepdims=False),
    example((2, 3), axis=0, keepdims=False),
    example((2, 3), axis=-1, keepdims=True),
    example((2, 3, 2), axis=(0, 2), keepdims=False),
    example((), axis=None, keepdims=False),
]


def _axes(x: Any, axis: Axis) -> list[int]:
    """The axes meant, counted from the front."""
    ndim = len(x.shape)
    if axis is None or ndim == 0:
        return [*range(ndim)]
    return [i % ndim for i in (axis if isinstance(axis, tuple) else (axis,))]


def _count(x: Any, axis: Axis) -> int:
    """How many entries are reduced to one."""
    return math.prod(x.shape[i] for i in _axes(x, axis))


def _spread(reduced: Any, x: Any, axis: Axis) -> Any:
    """What was reduced over ``axis``, repeated to the shape of ``x`` again."""
    if axis is not None:
        axes = _axes(x, axis)
        reduced = reshape(reduced, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
    return broadcast_to(reduced, x.shape)


# ---- sums and what is made of them ---------------------------------------


@structured(lambda g, y, x, axis, keepdims: _spread(g, x, axis), examples=_EXAMPLES)
def sum(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The sum over the axes, or over all entries."""
    return np.sum(x, axis=axis, keepdims=keepdims)


def mean(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The mean over the axes, or over all entries."""
    if not hasattr(x, "shape"):
        x = reshape(x, np.shape(x))
    if axis is None and not x.shape:
        return positive(x) if isinstance(x, nodes.Node) else x
    return sum(x, axis, keepdims=keepdims) / _count(x, axis)


def _deviations(x: Any, axis: Axis) -> Any:
    """``x`` less its mean over the axes.

    The first entry is subtracted before there is a mean to round: nearly equal entries
    keep all their digits however large they are, and equal ones deviate by exactly 0.
    """
    axes = _axes(x, axis)
    x = x - x[tuple(slice(0, 1) if i in axes else slice(None) for i in range(len(x.shape)))]
    return x - mean(x, axis, keepdims=True)


def _degrees_of_freedom(x: Any, axis: Axis, ddof: float, correction: float | None) -> float:
    if correction is not None:
        if ddof:
            raise ValueError(f"ddof={ddof} and correction={correction} are two names of one number; give one of them")
        ddof = correction
    degrees = _count(x, axis) - ddof
    return degrees if degrees > 0 else 0


def _var_vjp(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool, ddof: float, correction: float | None) -> Any:
    return _spread(2 * g / _degrees_of_freedom(x, axis, ddof, correction), x, axis) * _deviations(x, axis)


_SPREADS = [
    example((3,), axis=None, keepdims=False, ddof=0, correction=None),
    example((2, 3), axis=0, keepdims=False, ddof=0, correction=None),
    example((2, 3), axis=-1, keepdims=True, ddof=1, correction=None),
    example((2, 3, 2), axis=(0, 2), keepdims=False, ddof=0, correction=1.5),
]


# Rows of their own, because as compositions they would take seven nodes and passes as many.
@structured(_var_vjp, examples=_SPREADS)
def var(
    x: Array, /, axis: Axis = None, *, keepdims: bool = False, ddof: float = 0, correction: float | None = None
) -> Array:
    """The variance over the axes, or of all entries: mean squared deviation from the mean.

    ``ddof``, which the array standard calls ``correction``, is subtracted from the number of
    entries that the sum of squares is divided by: 1 for an unbiased estimate.
    """
    x = np.asarray(x)
    deviations = _deviations(x, axis)
    squares = np.sum(deviations * deviations, axis=axis, keepdims=keepdims)
    return squares / _degrees_of_freedom(x, axis, ddof, correction)


def _std_vjp(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool, ddof: float, correction: float | None) -> Any:
    degrees = _degrees_of_freedom(x, axis, ddof, correction)
    return _spread(g / degrees, x, axis) * quotient_or_0(_deviations(x, axis), _spread(y, x, axis))


@structured(
    _std_vjp,
    examples=_SPREADS,
    prepare=lambda x: (10 * x,),  # far from equal entries
    special=[point([1.0, 1.0], axis=None, keepdims=False, ddof=0, correction=None)],
    note="of equal entries the slopes are 0, the shortest of the subgradients",
)
def std(
    x: Array, /, axis: Axis = None, *, keepdims: bool = False, ddof: float = 0, correction: float | None = None
) -> Array:
    """The standard deviation, the root of ``var``, with the same parameters."""
    x = np.asarray(x)
    degrees = _degrees_of_freedom(x, axis, ddof, correction)
    return norm(_deviations(x, axis), axis=axis, keepdims=keepdims) / math.sqrt(degrees)


def _norm_vjp(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    # x / y has neither overflow nor underflow, as g / y might.
    return _spread(g, x, axis) * quotient_or_0(x, _spread(y, x, axis))


@structured(
    _norm_vjp,
    examples=_EXAMPLES,
    prepare=lambda x: (np.asarray(x + np.sign(x)),),  # away from 0
    special=[point([0.0, 0.0], axis=None, keepdims=False)],
    note="at 0 the slopes are 0, the shortest of the subgradients",
)
def norm(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:  # in NumPy ord comes before axis
    """The root of the sum of squares over the axes, or of all entries."""
    with np.errstate(over="ignore", under="ignore"):
        y = np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
    limits = np.finfo(y.dtype)
    if np.all((y > math.sqrt(limits.tiny / limits.eps)) & (y < np.inf)):
        return y
    # Squares underflowed, or overflowed: those of entries between -1 and 1 do not matter, or do not.
    largest = np.max(np.abs(x), axis=axis, keepdims=True, initial=0)
    unit = np.where((largest > 0) & (largest < np.inf), largest, 1)
    with np.errstate(under="ignore"):
        y = np.sqrt(np.sum((x / unit) ** 2, axis=axis, keepdims=True)) * unit
    return y if keepdims else np.squeeze(y, axis=axis)


# ---- products ------------------------------------------------------------


def _along(axis: int, start: int, stop: int | None) -> tuple[slice, ...]:
    """The index ``start:stop`` on one axis."""
    return (*[slice(None)] * axis, slice(start, stop))


def _one_later(products: Any, axis: int) -> Any:
    """Running products without their last factor: 1, x1, x1*x2, ..."""
    return concatenate([np.ones_like(products[_along(axis, 0, 1)]), products[_along(axis, 0, -1)]], axis)


def _cumsum_vjp(g: Any, y: Any, x: Any, axis: int | None) -> Any:
    place = 0 if axis is None else axis % len(y.shape)
    return reshape(flip(cumsum(flip(g, place), place), place), x.shape)


_RUNNING = [example((4,), axis=None), example((2, 3), axis=None), example((3, 2), axis=0), example((2, 1, 5), axis=-1)]


@structured(_cumsum_vjp, examples=_RUNNING)
def cumsum(x: Array, /, axis: int | None = None) -> Array:
    """The running sums along an axis, or over all entries row by row as one vector."""
    return np.cumsum(x, axis=axis)


def _cumprod_vjp(g: Any, y: Any, x: Any, axis: int | None) -> Any:
    # Entry i is a factor of the products y[i], y[i+1], ...; with the factor left out they are
    #     y[i-1],  y[i-1] * x[i+1],  y[i-1] * x[i+1] * x[i+2], ...
    # so that its slope is y[i-1] * later[i], later[i] = g[i] + x[i+1] * later[i+1]. That recurrence is
    # taken in steps of 1, 2, 4, ... entries at once, and nothing is divided by an entry that may be 0.
    place = 0 if axis is None else axis % len(y.shape)
    n = y.shape[place]
    later, factors = g, reshape(x, y.shape)[_along(place, 1, None)]
    step = 1
    while step < n:
        near, far = _along(place, 0, n - step), _along(place, step, None)
        last = _along(place, n - step, None)
        later = concatenate([later[near] + factors * later[far], later[last]], place)
        factors = factors[_along(place, 0, -step)] * factors[far]
        step *= 2
    return reshape(_one_later(y, place) * later, x.shape)


@structured(_cumprod_vjp, examples=_RUNNING)
def cumprod(x: Array, /, axis: int | None = None) -> Array:
    """The running products along an axis, or over all entries row by row as one vector."""
    return np.cumprod(x, axis=axis)


def _prod_vjp(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    # The product of the others is that of those before and that of those after. Dividing y by the
    # entry would be quicker, and wrong where it is 0.
    axes = _axes(x, axis)
    order = [i for i in range(len(x.shape)) if i not in axes] + axes
    last = len(order) - len(axes)
    shape = tuple(x.shape[i] for i in order)
    rows = reshape(transpose(x, order), (*shape[:last], _count(x, axis)))
    before = _one_later(cumprod(rows, last), last)
    after = flip(_one_later(cumprod(flip(rows, last), last), last), last)
    others = transpose(reshape(before * after, shape), tuple(np.argsort(order).tolist()))
    return _spread(g, x, axis) * others


@structured(_prod_vjp, examples=_EXAMPLES)
def prod(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The product over the axes, or of all entries."""
    return np.prod(x, axis=axis, keepdims=keepdims)


# ---- the largest and the smallest ----------------------------------------


def _share(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    # A nan is not equal to itself; where there is one, y is nan, and no other entry has a part in that.
    unknown = x != x
    winners = (x == _spread(y, x, axis)) | unknown
    shares = winners / np.sum(winners, axis=axis, keepdims=True)
    return _spread(g, x, axis) * np.where(unknown, np.nan, shares)


def _refuse_none(which: str, x: Any, axis: Axis) -> None:
    if np.size(x) == 0 and _count(x, axis) == 0:
        raise ValueError(f"{which} of no entries: shape {np.shape(x)} has none to choose from")


_TIES = "entries that tie share the slope equally; a nan has the slope nan, and the others beside it 0"


@structured(_share, examples=_EXAMPLES, special=[point([0.0, 1.0, 1.0], axis=None, keepdims=False)], note=_TIES)
def max(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The largest entry over the axes, or of all."""
    _refuse_none("there is no largest", x, axis)
    return np.max(x, axis=axis, keepdims=keepdims)


@structured(_share, examples=_EXAMPLES, special=[point([0.0, 0.0, 1.0], axis=None, keepdims=False)], note=_TIES)
def min(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """The smallest entry over the axes, or of all."""
    _refuse_none("there is no smallest", x, axis)
    return np.min(x, axis=axis, keepdims=keepdims)


def argmax(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Where the largest entry is, the first of them: integers, of which there is no derivative."""
    data = np.asarray(nodes.plain(x))
    _refuse_none("argmax: there is no largest", data, axis)
    return np.argmax(data, axis=axis, keepdims=keepdims)


def argmin(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Where the smallest entry is, the first of them: integers, of which there is no derivative."""
    data = np.asarray(nodes.plain(x))
    _refuse_none("argmin: there is no smallest", data, axis)
    return np.argmin(data, axis=axis, keepdims=keepdims)


# ---- soft versions of the maximum ----------------------------------------


def _logsumexp_vjp(g: Any, y: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    # By softmax, not by exp(x - y): what rounding did to a large y would come back magnified.
    if np.any(infinite := np.isinf(y)):
        x = where(_spread(infinite, x, axis), where(x == _spread(y, x, axis), 0.0, -np.inf), x)
        g = where(y == -np.inf, 0.0, g)
    return _spread(g, x, axis) * softmax(x, axis)


@structured(
    _logsumexp_vjp,
    examples=_EXAMPLES,
    special=[point([-np.inf, -np.inf], axis=None, keepdims=False), point([0.0, np.inf], axis=None, keepdims=False)],
    note="where all entries are -inf the slopes are 0, those of the sum of exp(x); entries of inf share the slope",
)
def logsumexp(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """``log(sum(exp(x)))``, without overflow, and accurate where it is close to 0 too."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    largest = x == top
    with np.errstate(invalid="ignore"):  # of inf - inf, which is not looked at
        others = np.sum(np.where(largest, 0, np.exp(x - top)), axis=axis, keepdims=True)
    count = np.maximum(np.sum(largest, axis=axis, keepdims=True, dtype=others.dtype), 1)
    total = top + (np.log(count) + np.log1p(others / count))
    return total if keepdims else np.squeeze(total, axis=axis)


_SHORT = 128  # entries, of which a product adds up no less accurately than NumPy's pairwise sum

_ALONG = [
    example((3,), axis=-1),
    example((2, 3), axis=0),
    example((2, 3), axis=1),
    example((2, 3), axis=None),
    example((2, 3, 2), axis=(0, -1)),
]


def _total(x: Any, axis: Axis) -> Any:
    """The sum along an axis that is kept."""
    if axis == -1 and type(x) is np.ndarray and x.ndim and x.shape[-1] <= _SHORT:
        return x.dot(ones(x.shape[-1], x.dtype))[..., None]  # in a third of the time of NumPy's sum
    return x.sum(axis, keepdims=True)


def _largest(x: Any, axis: Axis) -> Any:
    """The largest entry along an axis that is kept."""
    if axis == -1 and type(x) is np.ndarray and x.ndim == 2 and x.shape[1]:
        return x[positions(len(x)), x.argmax(1)][:, None]  # in half the time of NumPy's max
    return np.asarray(x).max(axis, keepdims=True, initial=-np.inf)


_NO_SHARES = [point([0.0, np.inf], axis=-1), point([-np.inf, -np.inf], axis=-1)]
_INF_LESS_INF = (
    "a row with an entry of inf, or of none but -inf, has no shares: inf - inf is nan, and so are the slopes; "
    "beside other entries, -inf has the share 0"
)


@structured(
    lambda g, y, x, axis: y * (g - _total(g * y, axis)),
    examples=_ALONG,
    special=[*_NO_SHARES, point([0.0, -np.inf], axis=-1)],
    note=_INF_LESS_INF,
)
def softmax(x: Array, /, axis: Axis = -1) -> Array:
    """``exp(x) / sum(exp(x))`` along an axis: positive numbers that sum to 1."""
    e = np.exp(x - _largest(x, axis))
    e /= _total(e, axis)
    return e


@structured(lambda g, y, x, axis: g - exp(y) * _total(g, axis), examples=_ALONG, special=_NO_SHARES, note=_INF_LESS_INF)
def log_softmax(x: Array, /, axis: Axis = -1) -> Array:
    """``log(softmax(x))`` along an axis, exact where the softmax itself would round to 0."""
    shifted = x - _largest(x, axis)
    shifted -= np.log(_total(np.exp(shifted), axis))
    return shifted
