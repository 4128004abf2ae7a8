"""Operands for any row of the table, drawn from what stands on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from autograd.primitive import Array, Elementwise, Example, Primitive, Structured
from autograd.testing.arrays import (
    DUST,
    MARGIN,
    Shape,
    broadcastable_shapes,
    distinct_entries,
    entries,
    numbers,
    seeds,
)
from autograd.testing.digits import Digits
from autograd.testing.graph import Graph, Step
from autograd.testing.indices import indices

_SHIFTS = 40


def calls(row: Primitive) -> st.SearchStrategy[Graph]:
    """A row with operands for which it is defined and smooth: a ``Graph`` of one step.

    An elementwise row gets floats or arrays of shapes that broadcast, from its domain
    and clear of its kinks. A structured row gets one of its examples, with entries that
    are distinct, as its ``prepare`` leaves them; and with other sizes, axes and indices,
    if it has no other parameters, which might have to fit.
    """
    if isinstance(row, Elementwise):
        return _elementwise_calls(row)
    assert isinstance(row, Structured)
    return _structured_calls(row)


@st.composite
def points(draw: st.DrawFn, row: Elementwise, *, at_kinks: bool = False) -> tuple[float, ...]:
    """Numbers for an elementwise row: clear of its kinks, or on one of them to the last bit.

    Raises:
        ValueError: ``at_kinks`` is asked of a row that declares neither a kink nor a special point.
    """
    if not at_kinks:
        x = tuple(draw(numbers(domain)) for domain in row.domain)
        return tuple(_clear_of_kinks(row, x))
    special = [point.operands for point in row.special if not point.parameters]
    if row.kink is None and not special:
        raise ValueError(f"{row.name} declares neither a kink nor a special point: there is nothing to seek")
    found = [tuple(map(float, operands)) for operands in special]
    if row.kink is not None:
        found += _kinks_near(row, tuple(draw(numbers(domain)) for domain in row.domain))
    assume(found)
    return found[draw(st.integers(0, len(found) - 1))]


@st.composite
def _elementwise_calls(draw: st.DrawFn, row: Elementwise) -> Graph:
    digits = Digits(draw(seeds))
    operands: Sequence[Any]
    if digits.pick(3) == 0:
        operands = draw(points(row))
    else:
        rng = np.random.default_rng(draw(seeds))
        shapes = broadcastable_shapes(digits, len(row.domain))
        drawn = [entries(rng, shape, domain) for shape, domain in zip(shapes, row.domain)]
        operands = _clear_of_kinks(row, [float(x) if x.ndim == 0 and digits.pick(2) else x for x in drawn])
    return call(row, operands, {})


@st.composite
def _structured_calls(draw: st.DrawFn, row: Structured) -> Graph:
    digits = Digits(draw(st.integers(0, 2**48 - 1)))
    rng = np.random.default_rng(draw(seeds))
    example = row.examples[digits.pick(len(row.examples))]
    if takes_any_sizes(row) and digits.pick(2):
        varied = _varied(row, example, digits)
        if "index" in varied.parameters:
            index = draw(indices(varied.shapes[0]))
            varied = Example(varied.shapes, {**varied.parameters, "index": index})
        operands = operands_of(row, varied, rng)
        if takes(row, operands, varied.parameters):
            return call(row, _numbers_where_allowed(row, operands, digits), varied.parameters)
    operands = operands_of(row, example, rng)
    return call(row, _numbers_where_allowed(row, operands, digits), example.parameters)


def call(row: Primitive, operands: Sequence[Any], parameters: dict[str, Any]) -> Graph:
    """The graph of one step."""
    return Graph(tuple(operands), (Step(row, tuple(~i for i in range(len(operands))), parameters),))


def operands_of(row: Structured, example: Example, rng: np.random.Generator) -> list[Any]:
    """Arrays of the example's shapes, no two of whose entries are close, made valid by the row."""
    return [np.asarray(x, np.float64) for x in row.prepare(*distinct_operands(example, rng))]


def distinct_operands(example: Example, rng: np.random.Generator) -> list[Array]:
    """Arrays of the example's shapes, no two of whose entries are close."""
    sizes = [math.prod(shape) for shape in example.shapes]
    parts = np.split(distinct_entries(rng, (sum(sizes),)), np.cumsum(sizes)[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, example.shapes)]


def takes(row: Structured, operands: Sequence[Any], parameters: dict[str, Any]) -> bool:
    """Whether a row can be computed there, and gives numbers."""
    try:
        with np.errstate(all="ignore"):
            y = row.array(*operands, **parameters)
    except (ValueError, IndexError, TypeError, ArithmeticError):
        return False
    return bool(np.size(y)) and bool(np.isfinite(y).all())


def _numbers_where_allowed(row: Structured, operands: Sequence[Any], digits: Digits) -> list[Any]:
    """Some of the 0-d arrays as floats, if the row works on Values."""
    return [float(x) if row.takes_values and x.ndim == 0 and digits.pick(2) == 0 else x for x in operands]


def takes_any_sizes(row: Structured) -> bool:
    """Whether no parameter could speak of the operands' sizes, as the shape to reshape to does."""
    return {"axis", "keepdims", "index"}.issuperset(row.names)


def _varied(row: Structured, example: Example, digits: Digits) -> Example:
    """An example with other sizes, the same for the same, and other axes."""
    sizes = {1: 1}
    for n in dict.fromkeys(n for shape in example.shapes for n in shape):
        sizes.setdefault(n, 1 + digits.pick(4))
    shapes = tuple(tuple(sizes[n] for n in shape) for shape in example.shapes)
    parameters = dict(example.parameters)
    if "axis" in parameters:
        kinds = {type(other.parameters["axis"]) for other in row.examples if "axis" in other.parameters}
        parameters["axis"] = _axis(kinds, shapes[0], digits)
    if "keepdims" in parameters:
        parameters["keepdims"] = bool(digits.pick(2))
    return Example(shapes, parameters)


def _axis(kinds: set[type], shape: Shape, digits: Digits) -> Any:
    """An axis of one of the kinds that the row's examples have."""
    kind = sorted(kinds, key=str)[digits.pick(len(kinds))]
    if kind is type(None) or not shape:
        return None if type(None) in kinds else 0
    first = digits.pick(2 * len(shape)) - len(shape)
    if kind is tuple:
        return tuple(sorted({first % len(shape), digits.pick(len(shape))}))
    return first


def _clear_of_kinks(row: Elementwise, operands: Sequence[Any]) -> Sequence[Any]:
    """The operands, the first of them moved until they are not near a kink."""
    kink = row.kink
    if kink is None:
        return operands
    first, *others = operands
    for k in range(_SHIFTS):
        moved = first + 0.037 * k
        if np.all(np.abs(kink(moved, *others)) > MARGIN) and np.all(moved < row.domain[0].high - MARGIN):
            return [moved, *others]
    assume(False)
    return operands


def _kinks_near(row: Elementwise, x: tuple[float, ...]) -> list[tuple[float, ...]]:
    """Where the row has a kink if one of its inputs moves and the others stay, by bisection."""
    found = []
    for i, domain in enumerate(row.domain):

        def moved(to: float, i: int = i) -> tuple[float, ...]:
            return (*x[:i], to, *x[i + 1 :])

        grid = [t for t in np.linspace(-20, 20, 82).tolist() if t in domain]  # of even length: 0 is not on it
        for low, high in zip(grid, grid[1:]):
            at_low, at_high = (float(_kink(row, moved(t))) for t in (low, high))
            if at_low == 0:
                found.append(moved(low))
            elif at_low * at_high < 0:
                found.append(moved(_bisect(lambda t: _kink(row, moved(t)), low, high)))
    return [
        x for x in found if abs(_kink(row, x)) < DUST
    ]  # elsewhere the sign changes in a jump: of x - round(x), at 1/2


def _kink(row: Elementwise, x: tuple[float, ...]) -> float:
    assert row.kink is not None
    return float(row.kink(*x))


def _bisect(f: Any, low: float, high: float) -> float:
    """The last float before the sign changes, or 0 there."""
    sign = f(low) > 0
    while low < (middle := (low + high) / 2) < high:
        if f(middle) == 0:
            return middle
        low, high = (middle, high) if (f(middle) > 0) == sign else (low, middle)
    return low if abs(f(low)) <= abs(f(high)) else high
