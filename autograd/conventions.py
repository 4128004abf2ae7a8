"""What the derivative is where mathematics leaves a choice, or has none: read off the rules by running them there.

Each row of the table of derivatives names its special points; beside them stand a few
expressions in which rows meet. At every point the slopes come from ``backward``, and
the slopes to either side from differences, which tell what kind of answer it is.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.columns import WIDTH, columns
from autograd.expression import parse
from autograd.node import Tensor, Value
from autograd.primitive import Array, Point, Primitive, table
from autograd.symbol import operands_of, text


@dataclass(frozen=True)
class Composition:
    """An expression whose derivative at a point is a convention of the sweep, not of one row."""

    expression: str
    at: dict[str, float]
    note: str


COMPOSITIONS = [
    Composition("where(x > 0, sqrt(x), 0)", {"x": 0.0}, "the branch not taken has cotangent 0, and 0*inf counts as 0"),
    Composition("where(x > 0, sqrt(x), 0)", {"x": -1.0}, "and so does 0*nan"),
    Composition("where(x > 0, log(x), x)", {"x": 0.0}, "only the branch taken counts"),
    Composition("where(x != 0, 1/x, 0)", {"x": 0.0}, "the branch not taken has cotangent 0"),
    Composition("0*sqrt(x)", {"x": 0.0}, "a cotangent of 0 stays 0, however steep the slope"),
    Composition("exp(log(x))", {"x": 0.0}, "the same rule, where the truth is 1: the price of the rows above"),
    Composition("sqrt(x)**2", {"x": 0.0}, "likewise"),
    Composition("sqrt(x**2)", {"x": 0.0}, "a slope of 0 inside stays 0, too: as abs(x) has it"),
    Composition("maximum(x, x)", {"x": 1.0}, "the two shares of a tie add up to 1"),
    Composition("maximum(x, 0)", {"x": 0.0}, "half of the tie goes to the constant; relu(x) gives it all"),
    Composition("minimum(maximum(x, -1), 1)", {"x": -1.0}, "as clip(x, -1, 1) and hardtanh(x): half at either end"),
    Composition("minimum(maximum(x, -1), 1)", {"x": 1.0}, "as clip(x, -1, 1) and hardtanh(x): half at either end"),
    Composition("where(x > 0, x, 0)", {"x": 0.0}, "the slope of the branch taken"),
    Composition("where(x > 0, x, 0.01*x)", {"x": 0.0}, "as leaky_relu(x): the slope of the branch taken"),
    Composition("relu(x) - relu(-x)", {"x": 0.0}, "is x; sums of subgradients need not be one"),
]


@dataclass(frozen=True)
class Slope:
    """The derivative with respect to one operand at a special point, entry by entry.

    Attributes:
        operand: its name.
        chosen: what ``backward`` gives.
        left: the slope towards smaller numbers, by differences; nan where the function is not defined.
        right: the slope towards larger ones.
        jumps: whether the function jumps there.
    """

    operand: str
    chosen: Array
    left: Array
    right: Array
    jumps: np.ndarray[Any, np.dtype[np.bool_]]

    @property
    def kind(self) -> str:
        """What kind of answer the chosen slope is; of several entries, the least ordinary."""
        entries = zip(*map(np.ravel, (self.chosen, self.left, self.right, self.jumps)))
        return max((_kind(*map(float, entry)) for entry in entries), key=[*KINDS].index)


KINDS = {
    "derivative": "both sides have this slope",
    "one-sided slope": "that of the one side on which the function is defined",
    "subgradient": "the sides differ, and the slope chosen is between the two",
    "infinite slope": "as steep as the function is there",
    "jump": "the function jumps, and the slope is that beside the jump",
    "undefined": "there is no slope, or the function is not defined there",
    "convention": "not a slope of the function there; the reason says why it is taken all the same",
}


@dataclass(frozen=True)
class Convention:
    """What value and slopes are at a special point.

    Attributes:
        of: the formula.
        at: the point, as text.
        value: there.
        slopes: one per operand.
        note: why so.
    """

    of: str
    at: str
    value: Array
    slopes: tuple[Slope, ...]
    note: str


def conventions(row: Primitive) -> list[Convention]:
    """What the row's value and slopes are at each of its special points."""
    return [_convention_of(row, point) for point in row.special]


def compositions() -> list[Convention]:
    """What the sweep makes of the expressions in ``COMPOSITIONS``."""
    found = []
    for case in COMPOSITIONS:
        expression = parse(case.expression, case.at)
        value, slopes = _examine(lambda *x, case=case, of=expression: of(dict(zip(case.at, x))), case.at)
        found.append(Convention(case.expression, _place(case.at), value, slopes, case.note))
    return found


def slopes_on_values(row: Primitive, point: Point) -> list[float] | None:
    """The slopes at a point by ``backward`` on ``Value``s; ``None`` if the row does not take them."""
    if row.scalar is None or any(np.ndim(x) for x in point.operands):
        return None
    values = [Value(x) for x in point.operands]
    _call(row, values, point).backward()
    return [value.grad for value in values]


def report() -> str:
    """All conventions, to be read."""
    of_rows = [convention for row in table.values() for convention in conventions(row)]
    kinds = columns([*KINDS.items()], indent="  ")
    return "\n".join(
        [
            *lines_of(of_rows),
            "\n\nWhere rows meet\n",
            *lines_of(compositions()),
            "\nThe slope is what backward() gives; left and right of the point it is found by differences.",
            *kinds,
            "Comparisons, argmax, argmin and argsort give plain numbers: no gradient goes through them.",
        ]
    )


def lines_of(conventions: Sequence[Convention]) -> list[str]:
    """The points of each formula under it, and what was chosen there and why."""
    cells: list[Sequence[str]] = [("at", "value", "", "slope", "left", "right", "which is")]
    for convention in conventions:
        at = [convention.at, entries(convention.value)]
        for slope in convention.slopes:
            sides = (entries(side, missing="-") for side in (slope.left, slope.right))
            cells.append((*at, f"∂{slope.operand}", entries(slope.chosen), *sides, slope.kind))
            at = ["", ""]
    heading, *aligned = columns(cells, indent="    ")
    lines, above = [heading], ""
    for convention in conventions:
        title = f"{convention.of}: {convention.note}"
        if title != above:
            above = title
            lines += ["", *textwrap.wrap(title, WIDTH, subsequent_indent="  ")]
        count = len(convention.slopes)
        lines += aligned[:count]
        del aligned[:count]
    return lines


def _convention_of(row: Primitive, point: Point) -> Convention:
    symbols = operands_of(row, [np.shape(x) for x in point.operands])
    at = {symbol.text: operand for symbol, operand in zip(symbols, point.operands)}
    value, slopes = _examine(lambda *x: _call(row, x, point), at)
    return Convention(str(_call(row, symbols, point)), _place(at), value, slopes, row.note)


def _call(row: Primitive, operands: Sequence[Any], point: Point) -> Any:
    return row.apply(operands, {**getattr(row, "defaults", {}), **point.parameters})


def _examine(f: Callable[..., Any], at: Mapping[str, Any]) -> tuple[Array, tuple[Slope, ...]]:
    """The value and the slopes of ``f`` at a point; of several outputs, those of their sum."""
    x = [np.asarray(operand, np.float64) for operand in at.values()]
    tensors = [Tensor(operand) for operand in x]
    with np.errstate(all="ignore"):  # infinite slopes are what is asked for
        y = f(*tensors)
        y.backward(np.ones(y.shape))
        slopes = []
        for i, name in enumerate(at):
            left, right = _one_sided(f, x, i, -1.0), _one_sided(f, x, i, 1.0)
            jumps = np.fmax(abs(_difference(f, x, i, -TINY)), abs(_difference(f, x, i, TINY))) > 0.1
            slopes.append(Slope(name, tensors[i].grad, left, right, jumps))
    return y.numpy(), tuple(slopes)


TINY = 2.0**-40


def _one_sided(f: Callable[..., Any], x: Sequence[Array], i: int, side: float) -> Array:
    """The slope of ``f`` to one side of operand ``i``, per entry; nan where it is not defined there."""
    wide, middle, narrow = (_quotient(f, x, i, side * h) for h in (2.0**-8, 2.0**-14, 2.0**-20))
    limit = 2 * _quotient(f, x, i, side * 2.0**-17) - _quotient(f, x, i, side * 2.0**-16)
    # Where there is a limit, the quotients come closer and closer; else they grow for ever.
    grows = (np.abs(narrow - middle) > 0.9 * np.abs(middle - wide)) & (np.abs(narrow - middle) > 1e-3)
    return np.where(grows, np.copysign(np.inf, narrow), np.where(np.isinf(narrow), narrow, limit))


def _quotient(f: Callable[..., Any], x: Sequence[Array], i: int, h: float) -> Array:
    """(f(x + h) - f(x)) / h, with one entry of operand ``i`` moved at a time."""
    return _difference(f, x, i, h) / h


def _difference(f: Callable[..., Any], x: Sequence[Array], i: int, h: float) -> Array:
    before = np.sum(f(*x))
    found = np.empty(x[i].shape)
    for index in np.ndindex(x[i].shape):
        moved = x[i].copy()
        moved[index] += h
        found[index] = np.sum(f(*x[:i], moved, *x[i + 1 :])) - before
    return found


def _kind(chosen: float, left: float, right: float, jumps: float) -> str:
    sides = [side for side in (left, right) if not math.isnan(side)]
    if math.isnan(chosen) or not sides:
        return "undefined"
    if chosen in sides and math.isinf(chosen):
        return "infinite slope"
    near = 1e-6 * (1 + abs(chosen))
    if jumps:
        return "jump" if chosen == 0 or any(abs(chosen - side) <= near for side in sides) else "convention"
    if all(abs(chosen - side) <= near for side in sides):
        return "derivative" if len(sides) == 2 else "one-sided slope"
    if len(sides) == 2 and min(sides) - near <= chosen <= max(sides) + near:
        return "subgradient"
    return "convention"


def _place(at: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {text(x)}" for name, x in at.items())


def entries(x: Array, missing: str = "nan") -> str:
    """An array as text, with something else for nan."""
    if x.ndim:
        return "[" + ", ".join(entries(row, missing) for row in x) + "]"
    number = float(x)
    return missing if math.isnan(number) else f"{number + 0.0:.4g}"
