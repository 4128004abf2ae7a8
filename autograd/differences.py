"""The derivative at a point from differences alone, with a bound on its error.

A difference quotient is wrong in two ways: by truncation, which grows with its step,
and by rounding, which grows as the step shrinks. No one step suits every function, so
the derivative is estimated from a ladder of steps, each half the one before.

estimate
    Central differences, improved by Richardson extrapolation: their truncation error
    is a series in h², and each column of the table removes one more of its terms.
steps
    From a tenth of a scale down. Two scales are tried: the size of x, because ``log``
    has a pole just beside 1e-9, and 1, because 1 + x² at 1e-9 is constant, to within
    rounding, as far as x is large.
bound
    An extrapolated slope is believed as far as it agrees with the three it stands
    beside in the table, to which three steps contribute (two can coincide), plus what
    rounding can do: the spacing of floats at f, divided by the step. The estimate with
    the smallest bound is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

# Short in binary, so that x + h and x - h are exact; not a power of two, so that the steps
# do not fall in with a period of the function.
WIDEST = 13 / 128
STEPS = 43  # down to 2e-14 of the scale, about a hundred times the spacing of floats there
COLUMNS = 5
RESOLVED = 1e-6


@dataclass(frozen=True)
class Estimate:
    """A derivative by differences.

    Attributes:
        value: the derivative.
        bound: on its error, likely but not certain.
        movement: how much the function moves per step, to either side.
        scale: of the steps that were tried.
        h: the finest step that went into it.
        column: of the table, in the row of that step.
    """

    value: float
    bound: float
    movement: float
    scale: float
    h: float
    column: int

    @property
    def is_resolved(self) -> bool:
        """Whether the error is small beside what the function does, be its derivative 0."""
        return self.bound <= RESOLVED * self.movement


class _Row(NamedTuple):
    """A row of Richardson's table: the slopes for a step ``h``, each extrapolated once more than the one before."""

    h: float
    slopes: list[float]
    rounding: float
    movement: float


class Differences:
    """The derivative at ``x`` of ``weights @ f(x)``.

    Args:
        f: takes a number and returns a vector; inf or nan where it is not defined.
        x: where to differentiate.
        weights: of the vector's entries.
    """

    def __init__(self, f: Callable[[float], Array], x: float, weights: Array) -> None:
        self.f = f
        self.x = x
        self.weights = weights
        self.centre = f(x)
        self.noise = 0.0
        # The largest power of two that is not above |x|.
        self.size = math.ldexp(0.5, math.frexp(x)[1]) if x else 1.0

    def estimate(self) -> Estimate | None:
        """The better of the two scales' estimates; ``None`` if f is finite on no step."""
        found = [estimate for scale in {1.0, self.size} if (estimate := self._best(scale)) is not None]
        found = [estimate for estimate in found if estimate.is_resolved] or found
        if not found:
            return None
        best = min(found, key=lambda estimate: estimate.bound)
        apart = max(abs(best.value - other.value) for other in found)
        if apart > sum(other.bound for other in found):  # a pole or a kink lies within the longer steps
            return min(found, key=lambda estimate: estimate.h)
        return best

    def second_look(self, estimate: Estimate) -> Estimate:
        """An estimate that allows for noise in f: for as much as finer steps contradict the first one.

        They truncate less and so err by rounding: also by that of large numbers which
        cancel inside f, of which the size of its result tells nothing.
        """
        errors = (
            abs(row.slopes[estimate.column] - estimate.value) * row.h
            for row in self._table(estimate.scale)
            if row.h < estimate.h and len(row.slopes) > estimate.column
        )
        self.noise = max(errors, default=0.0)
        return self.estimate() or estimate

    def kink(self) -> str:
        """Says so if the slopes on the left and on the right differ, and still do when the step shrinks."""
        jumps = []
        for h in (2.0**-10 * self.size, 2.0**-20 * self.size):
            f_left, f_right = self.f(self.x - h), self.f(self.x + h)
            left, right = self._weigh(self.centre - f_left) / h, self._weigh(f_right - self.centre) / h
            jumps.append(abs(right - left))
            noise = (self._rounding(f_left, f_right) + self.noise) / h
        if jumps[1] <= max(0.5 * jumps[0], 100 * noise):
            return ""
        return f"f has a kink here: its slope is {left:.6g} on the left and {right:.6g} on the right"

    def _best(self, scale: float) -> Estimate | None:
        best = None
        above: list[float] = []
        for h, row, rounding, movement in self._table(scale):
            if best is not None and rounding >= best.bound:
                break
            for j in range(1, len(above)):
                bound = rounding + max(abs(row[j] - beside) for beside in (row[j - 1], above[j], above[j - 1]))
                if best is None or bound < best.bound:
                    best = Estimate(row[j], bound, movement, scale, h, j)
            above = row
        return best

    def _table(self, scale: float) -> Iterator[_Row]:
        row: list[float] = []
        for k in range(STEPS):
            h = scale * WIDEST * 0.5**k
            left, right = self.x - h, self.x + h
            if left == right:
                return
            f_left, f_right = self.f(left), self.f(right)
            slope = self._weigh(f_right - f_left) / (right - left)
            if not math.isfinite(slope):  # the step leaves the domain, or overflows
                row = []
                continue
            above, row = row, [slope]
            for j, value in enumerate(above[:COLUMNS], start=1):
                row.append(row[-1] + (row[-1] - value) / (4**j - 1))
            # Extrapolation adds up errors with factors (4**j + 1) / (4**j - 1), whose product is below 2.
            rounding = 2 * (self._rounding(f_left, f_right) + self.noise) / h
            movement = (abs(self._weigh(f_right - self.centre)) + abs(self._weigh(f_left - self.centre))) / (2 * h)
            yield _Row(h, row, rounding, movement)

    def _weigh(self, outputs: Array) -> float:
        return float(self.weights @ outputs)

    def _rounding(self, f_left: Array, f_right: Array) -> float:
        """What rounding may add to the weighted sum of ``f_right - f_left``.

        Only entries that move count: the others cancel, however large and however many
        they are. If none moves, the largest could hide a movement.
        """
        spacing = np.abs(self.weights) * np.spacing(np.maximum(np.abs(f_left), np.abs(f_right)))
        moves = (f_left != self.centre) | (f_right != self.centre)
        return float(spacing[moves].sum() if moves.any() else spacing.max(initial=0.0))
