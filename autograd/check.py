"""Gradients checked against finite differences.

``autograd.differences`` gives a derivative and a bound on its error, for each entry
of each input; here it is compared with what the backward sweep gives.

tolerance
    Ten times the bound, since an estimate of an error is itself uncertain, plus 64
    times the spacing of floats at the derivative under test, for its own rounding.
    There is no absolute tolerance, under which every small derivative would pass, and
    nothing that grows with the size of an array.
undecided
    Where the bound exceeds a millionth of how much f moves per step, a pass would
    promise less than five digits (ten bounds are 1e-5). Such entries are counted apart,
    and prove nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autograd.backward import data_of, sweep
from autograd.differences import Array, Differences, Estimate
from autograd.graph import computed
from autograd.node import Node, Tensor, Value

Verdict = Literal["agrees", "differs", "undecided"]


@dataclass(frozen=True)
class Derivative:
    """One entry of the gradient, compared.

    Attributes:
        of: the entry's place, as ``w[0, 2]`` or ``inputs[1][0, 2]``.
        analytic: what the backward sweep gives.
        numeric: what finite differences give; nan if there are none.
        tolerance: how far apart the two may be.
        verdict: whether they agree, or that it cannot be told.
        remark: why they may differ, where that is known.
    """

    of: str
    analytic: float
    numeric: float
    tolerance: float
    verdict: Verdict
    remark: str = ""

    @property
    def difference(self) -> float:
        return abs(self.analytic - self.numeric)


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What ``check_gradients`` found: true if no derivative differs and at least one is decided."""

    derivatives: tuple[Derivative, ...]

    def __bool__(self) -> bool:
        return not self.having("differs") and bool(self.having("agrees"))

    def having(self, verdict: Verdict) -> list[Derivative]:
        return [d for d in self.derivatives if d.verdict == verdict]

    @property
    def worst(self) -> Derivative | None:
        """Of the derivatives that differ, the one furthest outside its tolerance."""
        return max(self.having("differs"), key=_excess, default=None)

    def __repr__(self) -> str:
        agreeing, undecided, total = len(self.having("agrees")), len(self.having("undecided")), len(self.derivatives)
        because = "f is too flat or too noisy there, in float64"
        if (worst := self.worst) is not None:
            return (
                f"Gradients differ in {total - agreeing - undecided} of {total} derivatives from finite differences "
                f"in float64; {agreeing} match, {undecided} cannot be decided.\n"
                f"Worst: {worst.of}\n"
                f"  analytic   {worst.analytic!r}\n"
                f"  numeric    {worst.numeric!r}\n"
                f"  difference {worst.difference:.3g}, tolerance {worst.tolerance:.3g}"
                + (f"\n  {worst.remark}" if worst.remark else "")
            )
        if not agreeing:
            return f"Gradients not checked: {undecided} of {total} cannot be decided ({because}); try other inputs."
        if undecided:
            return (
                f"Gradients agree: {agreeing} of {total} derivatives match finite differences in float64; "
                f"{undecided} cannot be decided ({because})."
            )
        every = "the derivative matches" if total == 1 else f"all {total} derivatives match"
        return f"Gradients agree: {every} finite differences in float64."


def check_gradients(f: Callable[..., Any], *inputs: Any) -> GradientReport:
    """Compare the gradients of ``f`` with central finite differences, entry by entry.

    Everything is computed in float64, on copies: the inputs, their ``grad`` and the
    ``grad`` of any other node that ``f`` uses are left as they are. An ``f`` of several
    outputs is checked as one weighted sum of them, with fixed weights between 0.5 and
    1.5 in size and of random sign, so that one backward sweep sees every output and
    errors do not cancel by symmetry.

    Args:
        f: takes one Value or Tensor per input and returns a Value or Tensor. It must
            give the same result each time, so random numbers in it need a fixed seed.
        inputs: numbers, which ``f`` receives as Values; arrays and lists, which it
            receives as Tensors; or nodes, of which it receives copies.

    Returns:
        A report that is true if the gradients agree, and shows the worst entry if not.

    Raises:
        TypeError: ``f`` does not return a Value or Tensor.
        ValueError: the inputs hold no number, the result does not depend on any of
            them, or it is not the same twice.
    """
    leaves = [_copy(x) for x in inputs]
    if not any(leaf.size for leaf in leaves):
        raise ValueError("check_gradients(f, *inputs) needs at least one number to differentiate with respect to")
    with np.errstate(all="ignore"):  # a step may leave the domain; that is seen from the result
        return GradientReport(tuple(_Checked(f, leaves).compare()))


class _Checked:
    """The function under test, from one flat vector of all inputs' entries to one of the outputs'."""

    def __init__(self, f: Callable[..., Any], leaves: Sequence[Value | Tensor]) -> None:
        self.f = f
        self.leaves = leaves
        self.x: Array = np.concatenate([np.ravel(leaf.data) for leaf in leaves])
        self.weights: Array
        self.centre, self.analytic = self.differentiate()
        if not np.array_equal(self.centre, self.outputs(self.x), equal_nan=True):
            raise ValueError(
                "f gave two different results for the same inputs, so differences say nothing about its derivative; "
                "give the random numbers in it a fixed seed"
            )

    def compare(self) -> Iterator[Derivative]:
        for i, (place, analytic) in enumerate(zip(self.places(), self.analytic)):
            yield self.compare_one(i, place, analytic)

    def compare_one(self, i: int, place: str, analytic: float) -> Derivative:
        differences = Differences(lambda value: self.outputs(self.with_entry(i, value)), float(self.x[i]), self.weights)
        estimate = differences.estimate()
        if estimate is None or not math.isfinite(analytic):
            return Derivative(place, analytic, math.nan, 0.0, "differs", self.why_not_finite(analytic))
        if abs(analytic - estimate.value) > _tolerance(analytic, estimate):
            estimate = differences.second_look(estimate)  # too slow to be the first
        numeric, tolerance = estimate.value, _tolerance(analytic, estimate)
        if abs(analytic - numeric) > tolerance:
            return Derivative(place, analytic, numeric, tolerance, "differs", differences.kink())
        # To agree to the last bit decides too: so do the zeros of a unit that is switched off.
        decided = estimate.is_resolved or analytic == numeric
        return Derivative(place, analytic, numeric, tolerance, "agrees" if decided else "undecided")

    def differentiate(self) -> tuple[Array, list[float]]:
        """The outputs and the derivatives of their weighted sum, by the engine under test."""
        leaves = self.leaves_at(self.x)
        output = self.f(*leaves)
        if not isinstance(output, Node):
            raise TypeError(
                f"f must return a Value or Tensor computed from its inputs; "
                f"it returned {type(output).__name__} {output!r:.60}"
            )
        rng = np.random.default_rng(0)
        weights = rng.uniform(0.5, 1.5, output.size) * rng.choice([-1.0, 1.0], output.size)
        self.weights = weights if output.size > 1 else np.ones(output.size)
        seed = 1.0 if isinstance(output, Value) else self.weights.reshape(output.shape)
        # The sweep itself and not backward(), which would write into the grad of every node f uses.
        cotangents: dict[Node, Any] = {output: seed}
        for _ in sweep(computed([output]), cotangents, data_of):
            pass
        found = [cotangents.get(leaf) for leaf in leaves]
        if all(g is None for g in found):
            raise ValueError(
                "the result of f does not depend on any of its inputs: compute it from what f is given, "
                "without .data, .numpy(), detach() or no_grad() on the way"
            )
        grads = [np.zeros(leaf.size) if g is None else np.ravel(g) for leaf, g in zip(leaves, found)]
        return np.ravel(output.numpy()), np.concatenate(grads).tolist()

    def outputs(self, x: Array) -> Array:
        result = np.asarray(self.f(*self.leaves_at(x)), np.float64).ravel()
        # Of another size, as from x[x > 0], it cannot be compared: no more than outside the domain.
        return result if result.size == self.weights.size else np.full(self.weights.size, np.nan)

    def leaves_at(self, x: Array) -> list[Value | Tensor]:
        """Fresh leaves holding the entries of ``x``: nothing f does to one is seen by the next call."""
        leaves: list[Value | Tensor] = []
        start = 0
        for leaf in self.leaves:
            entries = x[start : start + leaf.size]
            start += leaf.size
            if isinstance(leaf, Value):
                leaves.append(Value(float(entries[0]), leaf.label))
            else:
                leaves.append(Tensor(entries.reshape(leaf.shape), leaf.label))
        return leaves

    def with_entry(self, i: int, value: float) -> Array:
        x = self.x.copy()
        x[i] = value
        return x

    def places(self) -> Iterator[str]:
        for position, leaf in enumerate(self.leaves):
            name = leaf.label or f"inputs[{position}]"
            for index in np.ndindex(leaf.shape):
                yield f"{name}[{', '.join(map(str, index))}]" if index else name

    def why_not_finite(self, analytic: float) -> str:
        if not np.isfinite(self.x).all():
            return "an input is inf or nan"
        if not np.isfinite(self.centre).all():
            return "f itself is inf or nan at these inputs"
        if not math.isfinite(analytic):
            return f"the analytic derivative is {analytic}"
        return "f is inf or nan on one side, however small the step: this is the edge of its domain"


def _copy(x: Any) -> Value | Tensor:
    if isinstance(x, Value):
        return Value(x.data, x.label)
    if isinstance(x, (int, float, np.generic)):
        return Value(x)
    return Tensor(x, x.label if isinstance(x, Tensor) else None, np.float64)


def _tolerance(analytic: float, estimate: Estimate) -> float:
    return 10 * estimate.bound + 64 * math.ulp(analytic)


def _excess(d: Derivative) -> float:
    return d.difference / d.tolerance if d.tolerance else math.inf
