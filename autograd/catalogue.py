"""The table of derivatives as text: each primitive's formula, and its derivatives as its own rules print them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import autograd
from autograd.columns import columns
from autograd.conventions import Convention, conventions, entries, lines_of
from autograd.expression import parse
from autograd.node import Constant, Node
from autograd.primitive import REAL, Elementwise, Example, Interval, Primitive, Structured, table
from autograd.sweep import evaluate
from autograd.symbol import Symbol, operands_of, text

LONGEST = 140
KERNEL = "computed by a NumPy kernel"


@dataclass(frozen=True)
class Formulas:
    """What a row computes and how it is differentiated, for operands of certain shapes.

    Attributes:
        y: the formula of the output.
        operands: what the inputs are called in it.
        derivatives: per input, as the rule prints it: the local derivative of an elementwise
            row; of a structured one the input's cotangent, where ``g`` is that of ``y``.
        shown: per input, as a textbook writes it; the same where the row has no such form.
    """

    y: str
    operands: tuple[str, ...]
    derivatives: tuple[str, ...]
    shown: tuple[str, ...]


def formulas(row: Primitive, example: Example | None = None) -> Formulas:
    """The row as its rules print it; a structured one for an example of its own."""
    if isinstance(row, Elementwise):
        operands = operands_of(row, [()] * len(row.partials))
        y = row(*operands)
        rules = [lambda partial=partial: partial(*operands, Symbol("y")) for partial in row.partials]
    else:
        assert isinstance(row, Structured)
        example = example or row.examples[0]
        operands = operands_of(row, example.shapes)
        y = row.apply(operands, example.parameters)
        given = (Symbol("g", y.shape, y.dtype), Symbol("y", y.shape, y.dtype), *operands)
        if row.all_vjps is None:
            rules = [lambda vjp=vjp: vjp(*given, **example.parameters) for vjp in row.vjps]
        else:
            all_vjps = row.all_vjps
            rules = [lambda i=i: all_vjps(*given, **example.parameters)[i] for i in range(len(operands))]
    printed = tuple(map(_printed, rules))
    shown = tuple(map(text, textbook_forms(row, operands, Symbol("y")))) or printed
    return Formulas(str(y), tuple(map(str, operands)), printed, shown)


def textbook_forms(row: Primitive, operands: Sequence[Any], y: Any) -> list[Any]:
    """The derivatives of a row as a textbook writes them, on these operands; none where the rules look the same."""
    if not isinstance(row, Elementwise):
        return []
    names = [*map(str, operands_of(row, [()] * len(row.partials))), "y"]
    values = dict(zip(names, [*operands, y]))
    return [parse(shown, names)(values) for shown in row.shown]


def _printed(rule: Callable[[], Any]) -> str:
    try:
        return text(rule())
    except (TypeError, AttributeError):  # it asks for entries, which a symbol has not
        return KERNEL


def local_derivatives(node: Node, name: str = "y") -> list[tuple[str, str, float]]:
    """Of a computed node, by each of its inputs: the input, the local derivative as a formula, and its value.

    In the formula the inputs have their labels, constants are numbers, and the node itself has the name given.
    """
    row, inputs = node.op, node.inputs
    assert isinstance(row, Elementwise)
    operands = [np.float64(x.data) if isinstance(x, Constant) else Symbol(str(x.label)) for x in inputs]
    with np.errstate(all="ignore"):  # a constant may be 0, and then 1 / b infinite
        symbols = textbook_forms(row, operands, Symbol(name)) or [
            rule(*operands, Symbol(name)) for rule in row.partials
        ]
    values = [x.data for x in (*inputs, node)]
    return [
        (str(x.label), text(formula), float(evaluate(rule, values)))
        for x, formula, rule in zip(inputs, symbols, row.partials)
        if not isinstance(x, Constant)
    ]


def domain(row: Primitive) -> str:
    """Where an elementwise row is defined and checked, as inequalities; "" if everywhere.

    It may be defined elsewhere too, as ``a**2`` is for ``a < 0``.
    """
    if not isinstance(row, Elementwise):
        return ""
    names = map(str, operands_of(row, [()] * len(row.partials)))
    return ", ".join(_inequality(name, interval) for name, interval in zip(names, row.domain) if interval != REAL)


def _inequality(name: str, interval: Interval) -> str:
    if interval.nonzero:
        rest = replace(interval, nonzero=False)
        return f"{name} != 0" if rest == REAL else f"{_inequality(name, rest)}, {name} != 0"
    if interval.low == -interval.high:
        return f"|{name}| < {interval.high:g}"
    below = f"{interval.low:g} < {name}" if interval.low != REAL.low else name
    return f"{below} < {interval.high:g}" if interval.high != REAL.high else f"{name} > {interval.low:g}"


def family(row: Primitive) -> str:
    """The module that declares the row: its last name."""
    rule = row.partials[0] if isinstance(row, Elementwise) else row.array
    return rule.__module__.rpartition(".")[2]


def answers_to(row: Primitive) -> str:
    """The function of NumPy's that calls this row when it is given a Value or Tensor; "" if there is none."""
    for place in ("", "linalg."):
        function = getattr(np.linalg if place else np, row.name, None)
        if isinstance(function, np.ufunc) or (callable(function) and row.name in autograd.__all__):
            return f"np.{place}{row.name}"
    return ""


def report() -> str:
    """The whole table, family by family."""
    rows = sorted(table.values(), key=family)
    elementwise = [row for row in rows if isinstance(row, Elementwise)]
    structured = [row for row in rows if isinstance(row, Structured)]
    return "\n".join(
        [
            "Entry by entry: y, the inputs it is checked for if not all, and its derivative with respect to each",
            *_block(elementwise, "∂"),
            "",
            "On whole arrays: y, and the cotangent of each operand, from the cotangent g of y",
            *_block(structured, ""),
            "",
            "python -m autograd --primitives NAME shows one of them in full.",
        ]
    )


def _block(rows: Sequence[Primitive], mark: str) -> list[str]:
    cells: list[Sequence[str]] = []
    counts = []
    for row in rows:
        found = formulas(row)
        entries_of_row = [
            *((f"{mark}{operand}", _in_short(shown)) for operand, shown in zip(found.operands, found.shown)),
            *(("", _at_point(convention)) for convention in conventions(row)),
        ]
        first = (row.name, found.y, domain(row))
        for entry in entries_of_row:
            cells.append((*first, *entry))
            first = ("", "", "")
        counts.append(len(entries_of_row))
    aligned = columns(cells, indent="  ")
    lines: list[str] = []
    for row, count, former in zip(rows, counts, [None, *rows]):
        if former is None or family(former) != family(row):
            lines += ["", family(row)]
        lines += aligned[:count]
        del aligned[:count]
    return lines


def _in_short(formula: str) -> str:
    return formula if len(formula) <= LONGEST else "(long)"


def _at_point(convention: Convention) -> str:
    return f"{', '.join(entries(slope.chosen) for slope in convention.slopes)} at {convention.at}"


def describe(row: Primitive) -> str:
    """One row in full."""
    what = row.array.__doc__ if isinstance(row, Structured) else None
    lines = [f"{row.name}: {inspect.cleandoc(what).splitlines()[0]}" if what else row.name]
    seen: list[Formulas] = []
    for example in row.examples if isinstance(row, Structured) else [None]:
        found = formulas(row, example)
        if found in seen:
            continue
        seen.append(found)
        lines.append("")
        if example is not None:
            shapes = (f"{name} of shape {shape}" for name, shape in zip(found.operands, example.shapes))
            lines.append(f"  for {', '.join(shapes)}")
        cells = [("y", f"= {found.y}")]
        for operand, printed, shown in zip(found.operands, found.derivatives, found.shown):
            cells.append((f"∂y/∂{operand}" if example is None else f"cotangent of {operand}", f"= {shown}"))
            if shown != printed:
                cells.append(("", f"= {printed}, as it is computed, to lose no digits"))
        lines += columns(cells, indent="  ")
    if isinstance(row, Structured):
        lines += ["", "  g is the cotangent of y."]
    facts = [("checked for", domain(row) or "all numbers")] if isinstance(row, Elementwise) else []
    facts.append(("NumPy", answers_to(row) or "has no function of this name that calls it"))
    lines += ["", *columns(facts, indent="  ")]
    if row.special:
        lines += ["", *lines_of(conventions(row))]
    return "\n".join(lines)
