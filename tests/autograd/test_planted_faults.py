"""Faults planted in every row of the table are caught by the checker, unless they change nothing.

Each row is declared again with one of its derivatives wrong in one of the ways in which
derivatives go wrong. A fault that is not caught must be equivalent: the wrong gradient
has to be the right one, to within its rounding, at every point that was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import nn  # noqa: F401  (declares rows of its own)
from autograd import Tensor, elementwise, structured
from autograd.checking.audit import POINTS, Call, calls
from autograd.checking.comparison import Comparison, compare, differences_along, entries
from autograd.checking.subject import Subject
from autograd.node import plain
from autograd.primitive import Elementwise, Structured, example, table

ROWS = list(table.values())
FURTHEST = 4  # entries at which a wrong gradient is compared in full


def zero_one(d: np.ndarray) -> np.ndarray:
    """The entry of middling size becomes 0."""
    d = np.array(d)
    d.flat[np.argsort(np.abs(d), axis=None)[d.size // 2]] = 0
    return d


def along_the_wrong_axis(d: np.ndarray) -> np.ndarray:
    """Two axes exchanged if they can be, and entries one place further if not."""
    if d.ndim > 1 and d.shape[-1] == d.shape[-2]:
        return d.swapaxes(-1, -2)
    return np.roll(d, 1, axis=-1) if d.ndim else d


# What can happen to a derivative once it is computed.
SPOILT: dict[str, Callable[[np.ndarray], Any]] = {
    "factor 1.001": lambda d: d * 1.001,
    "factor 1 + 1e-6": lambda d: d * (1 + 1e-6),
    "sign": lambda d: -d,
    "zeroed element": zero_one,
    "float32 rounding": lambda d: np.float64(np.float32(d)) if np.ndim(d) == 0 else d.astype(np.float32).astype(float),
    "wrong axis": along_the_wrong_axis,
}


def first_only(g: np.ndarray) -> np.ndarray:
    """A cotangent of which only the first slice arrives, as without a sum over what was broadcast."""
    kept = np.zeros_like(g)
    kept[:1] = g[:1]
    return kept


def all_but_one(g: np.ndarray) -> np.ndarray:
    kept = np.array(g)
    kept.flat[-1] = 0
    return kept


# What can happen to the cotangent before.
STARVED: dict[str, Callable[[np.ndarray], Any]] = {
    "dropped term": lambda g: all_but_one(g) if g.size > 1 else 0 * g,
    "missing un-broadcast": lambda g: first_only(g) if g.ndim else g,
}


class Fault(NamedTuple):
    name: str
    row: Any


def planted(row: Elementwise | Structured) -> Iterator[Fault]:
    if isinstance(row, Elementwise):
        yield from planted_in_partials(row)
        yield from planted_in_sums(row)
    else:
        yield from planted_in_products(row)


def planted_in_partials(row: Elementwise) -> Iterator[Fault]:
    def with_partial(i: int, wrong: Callable[..., Any]) -> Any:
        partials = [wrong if j == i else lambda *v, rule=rule: rule(*v) for j, rule in enumerate(row.partials)]
        return elementwise("planted", *partials, array=row.array, scalar=row.scalar, domain=row.domain)

    for i, rule in enumerate(row.partials):
        for name, spoil in SPOILT.items():
            if name != "wrong axis":
                yield Fault(
                    f"{name}, partial {i}",
                    with_partial(i, lambda *v, rule=rule, spoil=spoil: spoil(np.broadcast_to(rule(*v), POINTS) * 1.0)),
                )
        yield Fault(f"dropped term, partial {i}", with_partial(i, lambda *v: 0.0))
        for j, other in enumerate(row.partials):
            if j != i:
                yield Fault(f"swapped inputs {i} and {j}", with_partial(i, lambda *v, other=other: other(*v)))


def planted_in_sums(row: Elementwise) -> Iterator[Fault]:
    """Rows that broadcast a vector along a matrix, and go wrong when they sum the matrix of its derivatives."""
    for i in range(len(row.partials)):
        if len(row.partials) == 1:
            return
        for name, undo in {"wrong axis": lambda d: d.sum(axis=1), "missing un-broadcast": lambda d: d[0]}.items():

            def vjp(k: int, i: int = i, undo: Callable[..., Any] = undo) -> Callable[..., Any]:
                def product(g: Any, y: Any, *x: Any) -> Any:
                    d = g * np.broadcast_to(row.partials[k](*x, y), g.shape)
                    return d if x[k].ndim == 2 else undo(d) if k == i else d.sum(axis=0)

                return product

            yield Fault(f"{name}, partial {i}", broadcasting(row, i, vjp))


def broadcasting(row: Elementwise, i: int, vjp: Callable[[int], Any]) -> Structured:
    """The row on matrices, and a vector in place ``i``, with these derivatives."""
    shapes = [(6,) if k == i else (6, 6) for k in range(len(row.partials))]
    columns = calls(row)[0].operands
    declare = structured(
        all_vjps=lambda g, y, *x: [vjp(k)(g, y, *x) for k in range(len(x))],
        examples=[example(*shapes)],
        prepare=lambda *_: tuple(np.resize(column, shape) for column, shape in zip(columns, shapes)),
    )
    return declare(lambda *x: row.array(*x))


def planted_in_products(row: Structured) -> Iterator[Fault]:
    def contributions(*v: Any, **parameters: Any) -> list[Any]:
        if row.all_vjps is not None:
            return [np.asarray(c, float) for c in row.all_vjps(*v, **parameters)]
        return [np.asarray(vjp(*v, **parameters), float) for vjp in row.vjps]

    def with_rule(rule: Callable[..., Any]) -> Any:
        declare = structured(all_vjps=rule, examples=row.examples, prepare=row.prepare)
        return declare(lambda *x, **parameters: row.array(*x, **parameters))

    count = len(row.examples[0].shapes)
    for i in range(count):
        for name, spoil in SPOILT.items():

            def spoilt(*v: Any, i: int = i, spoil: Callable[..., Any] = spoil, **parameters: Any) -> Any:
                return [spoil(c) if k == i else c for k, c in enumerate(contributions(*v, **parameters))]

            yield Fault(f"{name}, operand {i}", with_rule(spoilt))
        for name, starve in STARVED.items():

            def starved(g: Any, *v: Any, i: int = i, starve: Callable[..., Any] = starve, **parameters: Any) -> Any:
                right, wrong = (
                    contributions(g, *v, **parameters),
                    contributions(starve(plain(g)), *v, **parameters),
                )
                return [wrong[k] if k == i else c for k, c in enumerate(right)]

            yield Fault(f"{name}, operand {i}", with_rule(starved))
        for j in range(count):

            def swapped(*v: Any, i: int = i, j: int = j, **parameters: Any) -> Any:
                found = contributions(*v, **parameters)
                return [found[j] if k == i and found[j].shape == c.shape else c for k, c in enumerate(found)]

            if j != i and any(e.shapes[i] == e.shapes[j] for e in row.examples if len(e.shapes) > max(i, j)):
                yield Fault(f"swapped operands {i} and {j}", with_rule(swapped))


class Checked:
    """A right row at one set of operands, with what differences say of it."""

    def __init__(self, row: Any, call: Call) -> None:
        self.call = call
        self.leaves = [Tensor(x) for x in call.operands]
        self.right = self.subject(row)
        self.lines = entries(self.right, range(self.right.x.size))
        differences = differences_along(self.right, self.lines)
        self.comparison = Comparison(differences, self.right.gradient, np.abs(self.right.gradient))

    def subject(self, row: Any) -> Subject:
        return Subject(lambda *x: row.apply(x, self.call.parameters), self.leaves)

    def catches(self, fault: Fault) -> bool:
        wrong = self.subject(fault.row)
        with np.errstate(all="ignore"):
            excess = np.abs(wrong.gradient - self.comparison.central.value) / self.comparison.tolerance()
        furthest = np.argsort(np.nan_to_num(excess))[::-1][:FURTHEST]
        lines = [self.lines[i] for i in furthest if excess[i] > 1]
        return any(d.verdict == "differs" for d in compare(wrong, lines)) if lines else False

    def is_equivalent(self, fault: Fault) -> bool:
        right, wrong = self.right.gradient, self.subject(fault.row).gradient
        same = np.abs(right - wrong) <= 64 * np.spacing(np.abs(right))
        return bool(np.all(same | (np.isnan(right) & np.isnan(wrong))))


def survivors(row: Any) -> tuple[int, int, list[str]]:
    """How many faults were planted, how many of them change nothing, and the names of the others that went unseen."""
    count, equivalent, unseen = 0, 0, []
    checked: dict[str, list[Checked]] = {}
    with np.errstate(all="ignore"):
        for fault in planted(row):
            count += 1
            # A row that broadcasts has operands of its own, and the row itself is right on them.
            source = fault.row if isinstance(fault.row, Structured) else row
            shapes = str([e.shapes for e in source.examples]) if isinstance(source, Structured) else ""
            if shapes not in checked:
                checked[shapes] = [Checked(row, call) for call in calls(source)]
            if not any(each.catches(fault) for each in checked[shapes]):
                if all(each.is_equivalent(fault) for each in checked[shapes]):
                    equivalent += 1
                else:
                    unseen.append(fault.name)
    return count, equivalent, unseen


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_planted_fault_that_changes_a_gradient_is_caught(row: Any) -> None:
    count, _, unseen = survivors(row)
    assert count >= 6
    assert unseen == []
