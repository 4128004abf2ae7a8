"""Derivatives by the engine against those by differences, one line through the inputs at a time.

A line moves one entry, or many entries at once along a direction.

tolerance
    Ten times the bound on the error of the differences, since an estimate of an error is
    itself uncertain, plus 64 times the spacing of floats at the derivative under test, for
    its own rounding. There is no absolute tolerance, under which every small derivative
    would pass, and nothing that grows with the size of an array.
undecided
    Where the bound exceeds a millionth of how much f moves per step, a pass would
    promise less than five digits (ten bounds are 1e-5). Such derivatives are counted
    apart, and prove nothing.
kinks
    Where the slopes to the left and to the right differ, anything between them is a
    subgradient, and passes as one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from autograd.checking.differences import (
    NUMBERS_AT_ONCE,
    RESOLVED,
    WIDEST,
    Array,
    Differences,
    Estimate,
    Positions,
    power_of_two,
)
from autograd.checking.subject import Subject

Outcome = Literal["agrees", "subgradient", "undecided", "differs", "not differentiable"]
FAILING: tuple[Outcome, ...] = ("differs", "not differentiable")

FEW = 64  # entries that are compared one by one
DIRECTIONS = 4  # along which a larger array is compared
FINE, FINER = 2.0**-16, 2.0**-24  # steps between which a kink looks the same and nothing else does
FINE_SLOPE = 2.0**-30  # a step by which a jump is steep


@dataclass(frozen=True)
class Derivative:
    """One derivative, compared.

    Attributes:
        of: with respect to what: ``w[0, 2]``, ``inputs[1][0, 2]``, ``w, direction 3``.
        analytic: what the backward sweep gives.
        numeric: what finite differences give; nan if there are none.
        tolerance: how far apart the two may be.
        step: the finest that went into the differences; nan if there are none.
        verdict: whether they agree, or why that cannot be told.
        remark: what else there is to say of the place.
    """

    of: str
    analytic: float
    numeric: float
    tolerance: float
    step: float
    verdict: Outcome
    remark: str = ""

    @property
    def difference(self) -> float:
        return abs(self.analytic - self.numeric)

    @property
    def excess(self) -> float:
        """How many times its tolerance the difference is."""
        return self.difference / self.tolerance if self.tolerance else math.inf


@dataclass(frozen=True)
class Entry:
    """A line through the inputs that moves one entry of the flat vector."""

    of: str
    index: int

    def start(self, x: Array) -> float:
        return float(x[self.index])

    def move(self, x: Array, to: float) -> Array:
        moved = x.copy()
        moved[self.index] = to
        return moved

    def along(self, gradient: Array) -> tuple[float, float]:
        """The derivative along the line, and the size of what it was added up from."""
        derivative = float(gradient[self.index])
        return derivative, abs(derivative)


@dataclass(frozen=True)
class Direction:
    """A line through the inputs that moves many entries at once, each by its own part of the vector."""

    of: str
    vector: Array

    def start(self, x: Array) -> float:
        return 0.0

    def move(self, x: Array, to: float) -> Array:
        return x + to * self.vector

    def along(self, gradient: Array) -> tuple[float, float]:
        """The derivative along the line, and the size of what it was added up from."""
        terms = gradient * self.vector
        return float(terms.sum()), float(np.hypot.reduce(terms))

    def restricted(self, to: Positions) -> Direction:
        """The direction that moves only these entries, as this one does."""
        vector = np.zeros_like(self.vector)
        vector[to] = self.vector[to]
        return Direction(self.of, vector)


Line = Entry | Direction


def lines_through(subject: Subject, position: int) -> Sequence[Line]:
    """Along which the gradient of the input at this position is compared: each entry, or a few directions."""
    part = subject.parts[position]
    if part.stop - part.start > FEW:
        return directions(subject, subject.name(position), part, DIRECTIONS)
    return entries(subject, range(part.start, part.stop))


def entries(subject: Subject, indices: Sequence[int]) -> list[Entry]:
    """One line per entry of the inputs."""
    return [Entry(subject.place(i), i) for i in indices]


def directions(subject: Subject, of: str, part: slice, count: int) -> list[Direction]:
    """Lines that move every entry of a part, up or down at random; always the same ones.

    By turns an entry moves in proportion to its own size, or all move alike. The numbers they
    move by are short in binary, so that the sums are exact, and not of one size, so that two
    errors do not cancel by chance.
    """
    rng = np.random.default_rng(0)
    x = subject.x[part]
    own = power_of_two(x)
    lines = []
    for k in range(count):
        vector = np.zeros(subject.x.size)
        steps = rng.integers(32, 64, x.size) / 64 * rng.choice([-1.0, 1.0], x.size)
        vector[part] = steps * (own if k % 2 == 0 else 1.0)
        lines.append(Direction(f"{of}, direction {k}", vector))
    return lines


def differences_along(subject: Subject, lines: Sequence[Line]) -> Differences:
    """Differences of the subject's outputs along these lines."""

    def outputs(which: Positions, to: Array) -> Array:
        return np.array([subject.at(lines[i].move(subject.x, t)) for i, t in zip(which.tolist(), to.tolist())])

    return Differences(outputs, np.array([line.start(subject.x) for line in lines]), subject.weights)


def compare(subject: Subject, lines: Sequence[Line]) -> list[Derivative]:
    """The subject's gradient along each of the lines against differences."""
    at_once = max(1, NUMBERS_AT_ONCE // max(1, subject.weights.size))
    found: list[Derivative] = []
    for start in range(0, len(lines), at_once):
        part = lines[start : start + at_once]
        analytic, sizes = np.array([line.along(subject.gradient) for line in part]).T
        differences = differences_along(subject, part)
        compared = Comparison(differences, analytic, sizes).named([line.of for line in part])
        for i, d in enumerate(compared):
            if d.verdict == "differs" and _is_hidden(subject, part[i], d, differences, i):
                compared[i] = replace(d, verdict="undecided")
        found += compared
    return found


def _is_hidden(subject: Subject, line: Line, d: Derivative, differences: Differences, i: int) -> bool:
    """Whether a difference is down to outputs that are too flat, beside their size, to be seen to move."""
    start, h = differences.x[i], WIDEST * differences.size[i]
    moved = differences.f(np.array([i, i]), np.array([start - h, start + h]))
    still = np.all(moved == subject.outputs, axis=0)
    if not still.any():
        return False
    without, _ = line.along(subject.pull(np.where(still, 0, subject.weights)))
    unseen = np.abs(subject.weights) @ np.where(still, np.spacing(np.abs(subject.outputs)), 0)
    return bool(abs(d.analytic - without) * h <= unseen and abs(without - d.numeric) <= d.tolerance)


class Comparison:
    """Derivatives under test against differences, at all points at once.

    Args:
        differences: of the function.
        analytic: the derivatives under test, one per point.
        sizes: of the terms that they were added up from.
    """

    def __init__(self, differences: Differences, analytic: Array, sizes: Array) -> None:
        self.differences = differences
        self.analytic = analytic
        self.rounding = 64 * np.spacing(sizes)
        self.central = differences.estimate()
        # To agree to the last bit decides too: so do the zeros of a unit that is switched off.
        self.exact = analytic == self.central.value
        off = np.flatnonzero(np.abs(analytic - self.central.value) > self.tolerance())
        if off.size:
            finer = differences.finer(off, self.central.at(off))
            apart = np.abs(analytic[off] - finer.value)
            movement = np.fmax(finer.movement, self.central.movement[off])
            fits = (finer.bound <= RESOLVED * movement) & (apart <= 10 * finer.bound + self.rounding[off])
            self.central.put(off[fits], finer.at(fits))
            off = off[~fits]
        if off.size:
            self.central.put(off, differences.second_look(off, self.central.at(off)))

    def tolerance(self) -> Array:
        """How far apart the two may be."""
        allowed: Array = 10 * self.central.bound + self.rounding
        return allowed

    def named(self, names: Sequence[str]) -> list[Derivative]:
        """What came of it, point by point."""
        central, tolerance = self.central, self.tolerance()
        close = np.abs(self.analytic - central.value) <= tolerance
        decided = central.is_resolved | self.exact
        numbers = zip(names, self.analytic.tolist(), central.value.tolist(), tolerance.tolist(), central.h.tolist())
        found = [Derivative(*each, "agrees") for each in numbers]
        rough = np.flatnonzero(~(close & decided) | (central.bend > 0.5 * central.movement))
        if rough.size:
            left, right = (self.differences.estimate(rough, side) for side in (-1, 1))
            for k, i in enumerate(rough.tolist()):
                plainly: Outcome = "differs" if not close[i] else "agrees" if decided[i] else "undecided"
                found[i] = self._look_closer(i, replace(found[i], verdict=plainly), left, right, k)
        return found

    def _look_closer(self, i: int, d: Derivative, left: Estimate, right: Estimate, k: int) -> Derivative:
        """The derivative where it does not plainly agree: whether that is the fault of the place."""
        if remark := self._not_finite(i):
            return replace(d, verdict="not differentiable", remark=remark)
        sides = [(float(s.value[k]), 10 * float(s.bound[k]) + float(self.rounding[i])) for s in (left, right)]
        # A side on which f is flat is resolved beside what f does on the other.
        movement = np.nanmax([left.movement[k], right.movement[k], 0.0])
        resolved = [bool(s.bound[k] <= RESOLVED * movement) for s in (left, right)]
        smooth = d.verdict == "agrees" and all(resolved)
        if not smooth and (remark := self._grows_without_limit(i)):
            return replace(d, verdict="not differentiable", remark=remark)
        if math.isnan(d.numeric):
            if not any(resolved):
                return replace(d, verdict="not differentiable", remark=_EDGE)
            slope, uncertainty = sides[resolved.index(True)]
            fits = abs(d.analytic - slope) <= uncertainty
            verdict: Outcome = "subgradient" if fits else "differs"
            return replace(d, numeric=slope, tolerance=uncertainty, verdict=verdict, remark=_EDGE)
        (low, below), (high, above) = sorted(sides)
        if all(resolved) and high - low > below + above and self._has_a_kink(i, high - low):
            slopes = f"its slope is {sides[0][0]:.6g} on the left and {sides[1][0]:.6g} on the right"
            verdict = "subgradient" if low - below <= d.analytic <= high + above else "differs"
            return replace(d, tolerance=below + above, verdict=verdict, remark=f"f has a kink here: {slopes}")
        return d

    def _has_a_kink(self, i: int, jump: float) -> bool:
        """Whether the slopes stay apart by as much as the step shrinks; noise grows, and a curve straightens."""
        h = np.array([[FINE], [FINER]]) * self.differences.size[i]
        bends = self.differences.slopes(np.array([i]), h).bend
        return bool(np.all((0.5 * jump < bends) & (bends < 2 * jump)))

    def _grows_without_limit(self, i: int) -> str:
        h = np.array([[2.0**-10], [FINE_SLOPE]]) * self.differences.size[i]
        rows = self.differences.slopes(np.array([i]), h)
        (wide,), (fine,) = rows.movement
        grows = fine > 64 * wide and fine > 1000 * rows.rounding[1, 0]
        return JUMPS if grows else ""

    def _not_finite(self, i: int) -> str:
        if not math.isfinite(self.differences.x[i]):
            return "an input is inf or nan"
        if not np.isfinite(self.differences.centre[i]).all():
            return "f itself is inf or nan at these inputs"
        return "" if math.isfinite(self.analytic[i]) else f"the analytic derivative is {self.analytic[i]}"


JUMPS = "the slope grows without limit as the step shrinks: f jumps here, or is vertical"
_EDGE = "f is inf or nan on one side, however small the step: this is the edge of its domain"
