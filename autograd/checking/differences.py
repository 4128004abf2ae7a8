"""Derivatives from differences alone, each with a bound on its error.

A difference quotient is wrong in two ways: by truncation, which grows with its step,
and by rounding, which grows as the step shrinks. No one step suits every function, so
the derivative is estimated from a ladder of steps, each half the one before.

estimate
    Central differences, improved by Richardson extrapolation: their truncation error
    is a series in h², and each column of the table removes one more of its terms.
    Differences to one side, whose error is a series in h, tell a kink.
steps
    From a tenth of a scale down. The first scale is the size of x, because ``log`` has a
    pole just beside 1e-9; if that leaves a doubt, 1 is tried as well, because 1 + x² at
    1e-9 is constant, to within rounding, as far as x is large.
bound
    An extrapolated slope is believed as far as it agrees with the three it stands
    beside in the table, to which three steps contribute (two can coincide), plus what
    rounding can do: the spacing of floats at f, divided by the step. The estimate with
    the smallest bound is kept.

All points go through the table together, as one axis of the arrays in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Positions = np.ndarray[Any, np.dtype[np.intp]]

# Short in binary, so that x + h and x - h are exact; not a power of two, so that the steps
# do not fall in with a period of the function.
WIDEST = 13 / 128
STEPS = 43  # down to 2e-14 of the scale, about a hundred times the spacing of floats there
COLUMNS = 5
RESOLVED = 1e-6
SETTLED = 1e-10  # three steps do not agree to ten digits by accident
CANCELLING = 2.0**-50
AT_ONCE = 4  # steps; ten or so are needed in most places
NUMBERS_AT_ONCE = 2_000_000  # that f may return, for one block of steps


@dataclass(frozen=True)
class Estimate:
    """Derivatives by differences, one per point; nan where f is finite on no step.

    Attributes:
        value: the derivative.
        bound: on its error, likely but not certain; inf where there is no derivative.
        movement: how much the function moves per step, to either side.
        bend: how far apart the slopes of the two sides are, for the finest step.
        scale: of the steps that were tried.
        h: the finest step that went into it.
        column: of the table, in the row of that step.
    """

    value: Array
    bound: Array
    movement: Array
    bend: Array
    scale: Array
    h: Array
    column: Positions

    @property
    def is_resolved(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Where the error is small beside what the function does, be its derivative 0."""
        return self.bound <= RESOLVED * self.movement

    def at(self, points: Any) -> Estimate:
        """The estimates of some of the points."""
        return Estimate(*(part[points] for part in vars(self).values()))

    def put(self, points: Any, others: Estimate) -> None:
        """Take the others' estimates for these points."""
        for part, of_others in zip(vars(self).values(), vars(others).values()):
            part[points] = of_others

    @classmethod
    def none(cls, scale: Array) -> Estimate:
        """No estimate at all, for as many points as there are scales."""
        value, bound, movement, bend, h = (np.full(scale.size, fill) for fill in (np.nan, np.inf, *[np.nan] * 3))
        return cls(value, bound, movement, bend, scale.copy(), h, np.zeros(scale.size, np.intp))


class _Slopes(NamedTuple):
    """Difference quotients for a block of steps: a row per step, a column per point."""

    slopes: Array
    rounding: Array
    movement: Array
    bend: Array


class Differences:
    """The derivatives at ``x`` of ``weights @ f``.

    Args:
        f: takes which of the points to move, by position, and the numbers to move them to,
            two vectors of one length; returns the vectors that it gives for each, as the
            rows of a matrix; inf or nan where it is not defined.
        x: where to differentiate: a vector of points.
        weights: of the entries of the vectors that f returns.
    """

    def __init__(self, f: Callable[[Positions, Array], Array], x: Array, weights: Array) -> None:
        self.f = f
        self.x = x
        self.weights = weights
        self.every = np.arange(x.size)
        self.centre = f(self.every, x)
        self.moved = np.zeros(self.centre.shape, bool)  # the entries that have been seen to move
        self.size = power_of_two(x)

    def estimate(self, which: Positions | None = None, side: int = 0, noise: Array | None = None) -> Estimate:
        """The better of the two scales' estimates.

        Args:
            which: the points, by position; all of them if not given.
            side: 1 for the derivative to the right, -1 for that to the left, 0 for both.
            noise: of f at each of these points, beyond the rounding of its result.
        """
        which = self.every if which is None else which
        noise = np.zeros(which.size) if noise is None else noise
        size = self.size[which]
        relative = self._climb(which, size, side, noise)
        doubtful = np.flatnonzero((size != 1) & ~(relative.bound <= SETTLED * relative.movement))
        if not doubtful.size:
            return relative
        absolute = Estimate.none(size)
        absolute.put(doubtful, self._climb(which[doubtful], np.ones(doubtful.size), side, noise[doubtful]))
        apart = np.abs(absolute.value - relative.value) > absolute.bound + relative.bound
        resolved = absolute.is_resolved
        better = np.where(
            resolved != relative.is_resolved,
            resolved,
            # Apart: a pole or a kink lies within the longer steps.
            np.where(apart, absolute.h < relative.h, absolute.bound < relative.bound),
        )
        relative.put(np.flatnonzero(better), absolute.at(better))
        return relative

    @property
    def finest(self) -> Array:
        """The finest of all steps, per point."""
        return np.asarray(WIDEST * 0.5 ** (STEPS - 1) * self.size)

    def finer(self, which: Positions, first: Estimate) -> Estimate:
        """Estimates by finer steps than the first ones: between jumps, slopes can agree by accident at wider ones."""
        return self._climb(which, first.scale, 0, np.zeros(which.size), first.h)

    def second_look(self, which: Positions, first: Estimate) -> Estimate:
        """Estimates that allow for noise in f: for as much as finer steps contradict the first ones.

        They truncate less and so err by rounding: also by that of large numbers which
        cancel inside f, of which the size of its result tells nothing. Since the finest
        steps of all can agree by accident, there is noise as of numbers some times as
        large as what f does over a whole scale, in any case.
        """
        noise = np.nan_to_num(CANCELLING * first.scale * first.movement, posinf=0.0)
        above = np.full((COLUMNS + 1, which.size), np.nan)
        for h in self._steps(which, first.scale):
            slopes = self.slopes(which, h).slopes
            table = _extrapolate(above, slopes, 4)
            above = table[-1]
            own_column = np.take_along_axis(table[1:], first.column[None, None, :], axis=1)[:, 0]
            errors = np.where(h < first.h, np.abs(own_column - first.value) * h, 0)
            noise = np.fmax(noise, np.fmax.reduce(errors, axis=0))
        again = self.estimate(which, noise=noise)
        lost = ~np.isfinite(again.bound)
        again.put(lost, first.at(lost))
        return again

    def slopes(self, which: Positions, h: Array, side: int = 0) -> _Slopes:
        """Difference quotients at these points, for steps ``h``: a row per step, a column per point."""
        x, centre = self.x[which], self.centre[which]
        left = x - h if side <= 0 else np.broadcast_to(x, h.shape)
        right = x + h if side >= 0 else np.broadcast_to(x, h.shape)
        f_left = self._f(which, left) if side <= 0 else np.broadcast_to(centre, (*h.shape, centre.shape[-1]))
        f_right = self._f(which, right) if side >= 0 else np.broadcast_to(centre, (*h.shape, centre.shape[-1]))
        from_left, to_right = (centre - f_left) @ self.weights, (f_right - centre) @ self.weights
        slopes = (f_right - f_left) @ self.weights / np.where(left == right, np.nan, right - left)
        # Extrapolation adds up errors with factors (b**j + 1) / (b**j - 1), whose product is
        # below 2 for b = 4 and below 8 for b = 2.
        rounding = (8 if side else 2) * self._rounding(which, f_left, f_right) / h
        movement = (np.abs(from_left) + np.abs(to_right)) / (1 if side else 2) / h
        return _Slopes(slopes, rounding, movement, np.abs(to_right - from_left) / h)

    def by_step(self) -> tuple[Array, Array, Array]:
        """Of the one point: the steps, its central differences, and these extrapolated twice."""
        h = np.concatenate(self._steps(self.every, self.size))
        table = _extrapolate(np.full((COLUMNS + 1, 1), np.nan), self.slopes(self.every, h).slopes, 4)
        return h[:, 0], table[1:, 0, 0], table[1:, 2, 0]

    def _climb(
        self, which: Positions, scale: Array, side: int, noise: Array, below: float | Array = np.inf
    ) -> Estimate:
        """Down the ladder for these points, one scale each, until rounding rules out anything better."""
        base = 2 if side else 4
        below = np.broadcast_to(below, which.shape)
        best = Estimate.none(scale)
        above = np.full((COLUMNS + 1, which.size), np.nan)
        left = np.arange(which.size)  # the points that are not done
        for steps in self._steps(which, scale):
            h = steps[:, left]
            rows = self.slopes(which[left], h, side)
            rounding = rows.rounding + (8 if side else 2) * noise[left] / h
            table = _extrapolate(above[:, left], np.where(h < below[left], rows.slopes, np.nan), base)
            above[:, left] = table[-1]
            found = _most_believable(table, rounding, rows, scale[left], h)
            better = found.bound < best.bound[left]
            best.put(left[better], found.at(better))
            left = left[~(rounding[-1] >= best.bound[left])]
            if not left.size:
                break
        return best

    def _steps(self, which: Positions, scale: Array) -> list[Array]:
        """The ladder in blocks, wide steps first: a row per step, a column per point."""
        at_once = max(1, min(AT_ONCE, NUMBERS_AT_ONCE // max(1, 2 * which.size * self.weights.size)))
        halvings = WIDEST * 0.5 ** np.arange(STEPS)
        return [halvings[k : k + at_once, None] * scale for k in range(0, STEPS, at_once)]

    def _f(self, which: Positions, to: Array) -> Array:
        return self.f(np.tile(which, len(to)), to.ravel()).reshape(*to.shape, self.weights.size)

    def _rounding(self, which: Positions, f_left: Array, f_right: Array) -> Array:
        """What rounding may add to the weighted sum of ``f_right - f_left``.

        Only entries that move count, if only by the wider steps: the others cancel, however
        large and however many they are. If none moves, the largest could hide a movement.
        """
        centre = self.centre[which]
        spacing = np.abs(self.weights) * np.spacing(np.maximum(np.abs(f_left), np.abs(f_right)))
        moves = ((f_left != centre) | (f_right != centre)) & np.isfinite(spacing)
        self.moved[which] |= moves.any(axis=0)
        added: Array = np.where(self.moved[which], spacing, 0).sum(axis=-1)
        return np.where(self.moved[which].any(axis=-1), added, spacing.max(axis=-1, initial=0.0))


def power_of_two(x: Array) -> Array:
    """The largest that is not above |x|; 1 for 0."""
    return np.where(x == 0, 1.0, np.ldexp(0.5, np.frexp(x)[1]))


def _extrapolate(above: Array, slopes: Array, base: int) -> Array:
    """Richardson's table below the row ``above``, which is its first one here: rows, columns, points."""
    table = np.full((len(slopes) + 1, *above.shape), np.nan)
    table[0] = above
    table[1:, 0] = slopes
    for j in range(1, COLUMNS + 1):
        finer, wider = table[1:, j - 1], table[:-1, j - 1]
        table[1:, j] = finer + (finer - wider) / (base**j - 1)
    return table


def _most_believable(table: Array, rounding: Array, rows: _Slopes, scale: Array, h: Array) -> Estimate:
    """Of each point's entries in the table, the one with the smallest bound."""
    here, above = table[1:], table[:-1]
    value = here[:, 1:]
    bound = np.abs(value - here[:, :-1])
    bound = np.maximum(bound, np.abs(value - above[:, 1:]))
    bound = np.maximum(bound, np.abs(value - above[:, :-1])) + rounding[:, None]
    bound = np.where(np.isfinite(bound), bound, np.inf).reshape(-1, scale.size)  # a step left the domain, or overflows
    points = np.arange(scale.size)
    at = bound.argmin(axis=0)
    row, column = np.divmod(at, COLUMNS)
    least = bound[at, points]
    value = np.where(np.isfinite(least), value[row, column, points], np.nan)
    return Estimate(value, least, rows.movement[row, points], rows.bend[row, points], scale, h[row, points], column + 1)
