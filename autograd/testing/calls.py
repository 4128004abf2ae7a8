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
    broadcastable_shapes,
    distinct_entries,
    entries,
    numbers,
    seeds,
)
from autograd.testing.digits import Digits
from autograd.testing.graph import Graph, Step
from autograd.testing.indices import indices
from autograd.testing.sizes import varied

_SHIFTS = 40


def calls(row: Primitive) -> st.SearchStrategy[Graph]:
    """A row with operands for which it is defined and smooth: a ``Graph`` of one step.

    An elementwise row gets floats or arrays of shapes that broadcast, from its domain
    and clear of its kinks. A structured row gets one of its examples, with entries that
    are distinct, as its ``prepare`` leaves them; and with other sizes and parameters, if it
    is known what those may be.
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
    digits = Digits(draw(st.integers(0, 2**64 - 1)))
    rng = np.random.default_rng(draw(seeds))
    example = row.examples[digits.pick(len(row.examples))]
    if digits.pick(2) and (other := varied(row, example, digits)) is not None:
        if "index" in other.parameters:
            other = _with_index(other, draw)
        operands = operands_of(row, other, rng)
        if takes(row, operands, other.parameters):
            return call(row, _numbers_where_allowed(row, operands, digits), other.parameters)
    operands = operands_of(row, example, rng)
    return call(row, _numbers_where_allowed(row, operands, digits), example.parameters)


def _with_index(example: Example, draw: st.DrawFn) -> Example:
    """The example with another index: into its operand, or into the shape that its operand is put in."""
    shape = example.parameters.get("shape")
    if shape is None:
        return Example(example.shapes, {**example.parameters, "index": draw(indices(example.shapes[0]))})
    index = draw(indices(shape))
    selected = np.zeros(shape)[index].shape
    return Example((selected,), {**example.parameters, "index": index})


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
    """Whether there are numbers to compute the row on, and it gives numbers."""
    try:
        with np.errstate(all="ignore"):
            y = row.array(*operands, **parameters)
    except (ValueError, IndexError, TypeError, ArithmeticError):
        return False
    return all(map(np.size, [*operands, y])) and bool(np.isfinite(y).all())


def _numbers_where_allowed(row: Structured, operands: Sequence[Any], digits: Digits) -> list[Any]:
    """Some of the 0-d arrays as floats, if the row works on Values."""
    return [float(x) if row.takes_values and x.ndim == 0 and digits.pick(2) == 0 else x for x in operands]


def takes_any_sizes(row: Structured) -> bool:
    """Whether no parameter could speak of the operands' sizes, as the shape to reshape to does."""
    return {"axis", "keepdims", "index"}.issuperset(row.names)


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
            if domain.nonzero and low < 0 < high:
                continue
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
