"""Whole random graphs, smooth around where they are computed."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.node import Node, Tensor, Value
from autograd.primitive import REAL, Elementwise, Interval, Primitive, Structured, table
from autograd.testing.arrays import GAP, MARGIN, Shape, entries, seeds
from autograd.testing.calls import distinct_operands, takes_any_sizes
from autograd.testing.digits import Digits
from autograd.testing.graph import Graph, Step

LARGEST = 10.0  # entry of any result
WIDEST = 48  # entries of any result
REACH = 0.03  # how far to both sides every step must stay in its domain and on one side of its kinks
STEEPEST = 0.5  # how far a result may move meanwhile

_Triple = tuple[Any, Any, Any]  # one node's data a little before, at, and a little after the leaves


@st.composite
def graphs(
    draw: st.DrawFn,
    *,
    min_steps: int = 1,
    max_steps: int = 30,
    of: type[Node] | None = None,
    rows: Iterable[Primitive] | None = None,
) -> Graph:
    """Programs of ``min_steps`` to ``max_steps`` rows or a few more, in which results are used several times.

    Each row's operands lie in its domain, away from its kinks; what would not is
    first squeezed into the domain. No entry exceeds 10 and no slope is very steep, so
    that differences can tell a right gradient from a wrong one. The result is a single
    number, which every step contributes to.

    Args:
        min_steps: at least so many.
        max_steps: about so many at most; what brings them together at the end comes on top.
        of: ``Value`` or ``Tensor`` for graphs of one kind; otherwise they mix.
        rows: which to use; all of the table if not given.
    """
    usable = [row for row in (table.values() if rows is None else rows) if of is not Value or row.scalar is not None]
    seed = draw(seeds)
    numbers = draw(st.lists(st.integers(0, 2**48 - 1), min_size=min_steps, max_size=max_steps))
    growing = _Growing(np.random.default_rng(seed), usable, of)
    for number in numbers:
        if len(growing.steps) < max_steps:
            growing.grow(Digits(number))
    growing.close()
    return growing.graph()


class _Growing:
    """A graph that grows step by step, together with its data around the leaves."""

    def __init__(self, rng: np.random.Generator, rows: Sequence[Primitive], of: type[Node] | None) -> None:
        self.rng = rng
        self.rows = rows
        self.of = of
        self.leaves: list[Any] = []
        self.steps: list[Step] = []
        self.near: dict[int, _Triple] = {}  # by place: ~i for leaf i, k for step k
        self.unused: dict[int, None] = {}  # places of results that nothing was computed from, oldest first
        shapes: list[Shape] = [()] if of is Value else [(2, 3), (3,)] if of is Tensor else [(2, 3), (), (2, 1)]
        for shape in shapes:
            self.add_leaf(entries(rng, shape, largest=2.0), REACH)

    def graph(self) -> Graph:
        """The steps, and the leaves that they use."""
        used = sorted({~x for step in self.steps for x in step.inputs if type(x) is int and x < 0})
        places = {~leaf: ~k for k, leaf in enumerate(used)}
        steps = [replace(step, inputs=tuple(_moved(places, x) for x in step.inputs)) for step in self.steps]
        return Graph(tuple(self.leaves[leaf] for leaf in used), tuple(steps))

    def grow(self, digits: Digits) -> None:
        """Add a row, or where the operands do not suit it ``tanh``, which takes anything."""
        row = self.rows[digits.pick(len(self.rows))]
        if isinstance(row, Elementwise):
            added = self._add_elementwise(row, digits)
        else:
            assert isinstance(row, Structured)
            added = self._add_structured(row, digits)
        if not added:
            self.add(table["tanh"], (self._choose(digits),), {})

    def close(self) -> None:
        """Bring everything together in one number."""
        total, *others = (self._number(place) for place in list(self.unused))
        for other in others:
            total = self._append(table["add"], (total, other), {})

    def add_leaf(self, x: Any, reach: float, takes_values: bool = True) -> int:
        shift = reach * self.rng.choice([-1.0, 1.0], np.shape(x)) * self.rng.uniform(0.5, 1.0, np.shape(x))
        if np.ndim(x) == 0 and takes_values and self.of is not Tensor:
            x, shift = float(x), float(shift)
        place = ~len(self.leaves)
        self.leaves.append(x)
        self.near[place] = (x - shift, x, x + shift)
        return place

    def add(self, row: Primitive, inputs: tuple[Any, ...], parameters: dict[str, Any]) -> int | None:
        """The step's place, if its result is moderate, and smooth as far as that can be seen."""
        if not self._suits(row, [self._near(x) for x in inputs]):
            return None
        around = self._compute(row, inputs, parameters)
        if around is None or not _is_moderate(around):
            return None
        return self._append(row, inputs, parameters, around)

    def _append(
        self, row: Primitive, inputs: tuple[Any, ...], parameters: dict[str, Any], around: _Triple | None = None
    ) -> int:
        around = around or self._compute(row, inputs, parameters)
        assert around is not None
        place = len(self.steps)
        self.steps.append(Step(row, inputs, parameters))
        self.near[place] = around
        for x in inputs:
            if type(x) is int:
                self.unused.pop(x, None)
        self.unused[place] = None
        return place

    def _compute(self, row: Any, inputs: tuple[Any, ...], parameters: dict[str, Any]) -> _Triple | None:
        try:
            with np.errstate(all="ignore"):
                before, at, after = (row(*x, **parameters) for x in zip(*map(self._near, inputs)))
        except (ValueError, IndexError, TypeError, ArithmeticError):
            return None
        return before, at, after

    def _near(self, x: Any) -> _Triple:
        return self.near[x] if type(x) is int else (x, x, x)

    def _choose(self, digits: Digits) -> int:
        """A place: a recent one, one that nothing uses yet, or any."""
        recent = [*self.near][-4:]
        places = (recent, [*self.unused] or recent, [*self.near])[digits.pick(3)]
        return places[-1 - digits.pick(len(places))]

    # ---- elementwise rows ------------------------------------------------

    def _add_elementwise(self, row: Elementwise, digits: Digits) -> bool:
        inputs: list[Any] = []
        constant = digits.pick(4 * len(row.domain)) if len(row.domain) > 1 else -1
        shape: Shape = ()
        for i, domain in enumerate(row.domain):
            if i == constant:
                inputs.append(float(entries(self.rng, (), domain, 3.0)))
                continue
            place = self._choose(digits)
            try:
                shape = np.broadcast_shapes(shape, np.shape(self.near[place][1]))
            except ValueError:
                return False
            inputs.append(place)
        if len(inputs) == sum(type(x) is float for x in inputs) or math.prod(shape) > WIDEST:
            return False
        fitting = [x if type(x) is float else self._into(domain, x) for x, domain in zip(inputs, row.domain)]
        return None not in fitting and self.add(row, tuple(fitting), {}) is not None

    def _into(self, domain: Interval, place: int) -> int | None:
        """A place whose data lie in the domain: this one, or what it is squeezed to."""
        if _lies_in(domain, self.near[place]):
            return place
        if domain.nonzero:
            domain = Interval(max(domain.low, 0.0), domain.high)
        bounded = math.isfinite(domain.high - domain.low)
        squeezed = self.add(table["tanh" if bounded else "softplus"], (place,), {})
        if squeezed is None:
            return None
        if bounded:
            half = (domain.high - domain.low) / 2
            scaled = self.add(table["multiply"], (squeezed, 0.8 * half), {})
            return None if scaled is None else self.add(table["add"], (scaled, domain.low + half), {})
        if math.isfinite(domain.low):
            return self.add(table["add"], (squeezed, domain.low + 0.3), {})
        return self.add(table["subtract"], (domain.high - 0.3, squeezed), {})

    # ---- structured rows -------------------------------------------------

    def _add_structured(self, row: Structured, digits: Digits) -> bool:
        example = row.examples[digits.pick(len(row.examples))]
        if self.of is Value and any(example.shapes):
            return False
        operands = distinct_operands(example, self.rng)
        prepared = list(row.prepare(*operands))
        if all(map(operator.is_, prepared, operands)):
            places = self._matching(row, example.shapes, digits)
        else:  # what must be symmetric, or the like, can only be a leaf
            places = [self.add_leaf(x, REACH / 10, row.takes_values) for x in prepared]
        return self.add(row, tuple(places), example.parameters) is not None

    def _matching(self, row: Structured, shapes: Sequence[Shape], digits: Digits) -> list[int]:
        """Places of the shapes that the row takes: of results where there are any, or new leaves."""
        sizes = {1: 1}
        if not takes_any_sizes(row):
            sizes.update((n, n) for shape in shapes for n in shape)
        places = []
        for shape in shapes:
            place = self._of_shape(shape, sizes, row, digits)
            if place is None:
                size = tuple(sizes.setdefault(n, n) for n in shape)
                place = self.add_leaf(entries(self.rng, size, largest=2.0), REACH, row.takes_values)
            places.append(place)
        return places

    def _of_shape(self, shape: Shape, sizes: dict[int, int], row: Structured, digits: Digits) -> int | None:
        """A place whose shape is this one but for other sizes, the same for the same."""
        places = [*self.near]
        start = places.index(self._choose(digits))
        for place in [*places[start::-1], *places[:start:-1]]:
            data = self.near[place][1]
            have = np.shape(data)
            renamed = {**dict(zip(shape, have)), **sizes}
            if len(have) == len(shape) and tuple(renamed[n] for n in shape) == have:
                if type(data) is float and not row.takes_values:
                    continue
                sizes.update(renamed)
                return place
        return None

    # ---- the end ---------------------------------------------------------

    def _number(self, place: int) -> int:
        if np.ndim(self.near[place][1]) == 0:
            return place
        return self._append(table["sum"], (place,), {"axis": None, "keepdims": False})

    @staticmethod
    def _suits(row: Primitive, operands: Sequence[_Triple]) -> bool:
        """Whether the row is defined and smooth from the first of the three to the last."""
        if isinstance(row, Elementwise):
            if not all(map(_lies_in, row.domain, operands)):
                return False
            if row.kink is None:
                return True
            kinks = [np.asarray(row.kink(*x)) for x in zip(*operands)]
            return all(bool(np.all(np.abs(k) > MARGIN)) and np.array_equal(k > 0, kinks[0] > 0) for k in kinks)
        return not row.special or all(_without_ties([x[k] for x in operands]) for k in range(3))


def _moved(places: dict[int, int], x: Any) -> Any:
    return places.get(x, x) if type(x) is int else x


def _lies_in(domain: Interval, around: _Triple) -> bool:
    if domain == REAL:
        return True
    if domain.nonzero and not any(all(np.all(sign * x > MARGIN) for x in around) for sign in (1, -1)):
        return False
    return all(bool(np.all(x > domain.low + MARGIN) and np.all(x < domain.high - MARGIN)) for x in around)


def _is_moderate(around: _Triple) -> bool:
    before, at, after = around
    return (
        0 < np.size(at) <= WIDEST
        and np.shape(before) == np.shape(at) == np.shape(after)
        and bool(np.all(np.abs(at) <= LARGEST))  # not so if it is nan
        and bool(np.all(np.abs(np.subtract(after, at)) <= STEEPEST))
        and bool(np.all(np.abs(np.subtract(at, before)) <= STEEPEST))
    )


def _without_ties(operands: Sequence[Any]) -> bool:
    """Whether no two entries are close, and none is close to 0."""
    ordered = np.sort(np.concatenate([np.ravel(x) for x in operands]))
    return bool(np.all(np.diff(ordered) > GAP / 2) and np.all(np.abs(ordered) > MARGIN))
