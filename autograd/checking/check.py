"""Gradients checked against finite differences.

``autograd.checking.differences`` gives a derivative and a bound on its error; it is compared with
what the backward sweep gives, entry by entry where an input has at most 64 of them, and
else along four directions in which all entries move, up or down at random. Nothing in
it is left to chance: the same check has the same result each time.

Where they differ, the report says what may be the matter, and in which operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import numpy as np

from autograd.checking.comparison import (
    FAILING,
    Derivative,
    Direction,
    Line,
    compare,
    differences_along,
    directions,
    lines_through,
)
from autograd.checking.diagnosis import diagnose, in_float32, one_by_one
from autograd.checking.noise import explained, noise_of_gradient
from autograd.checking.subject import Subject
from autograd.checking.verdicts import TOO_FLAT, UNDECIDED, Finding, GradientReport, Step, Verdict, verdict_of
from autograd.node import Tensor, Value

ACROSS_KINKS = 16  # directions


def check_gradients(f: Callable[..., Any], *inputs: Any, order: int = 1) -> GradientReport:
    """Compare the gradients of ``f`` with finite differences.

    Everything is computed in float64, on copies: the inputs, their ``grad`` and the
    ``grad`` of any other node that ``f`` uses are left as they are. An ``f`` of several
    outputs is checked as one weighted sum of them.

    Args:
        f: takes one Value or Tensor per input and returns a Value or Tensor. It must
            give the same result each time, so random numbers in it need a fixed seed.
        inputs: numbers, which ``f`` receives as Values; arrays and lists, which it
            receives as Tensors; or nodes, of which it receives copies.
        order: 2 checks the gradient of the gradient as well, and so on.

    Returns:
        A report that is true if the gradients agree, and says what is the matter if not.

    Raises:
        TypeError: ``f`` does not return a Value or Tensor.
        ValueError: the inputs hold no number, the result does not depend on any of
            them, or the order is not 1, 2, ...
    """
    return _report(f, inputs, order, diagnosing=True)


def compare_gradients(f: Callable[..., Any], *inputs: Any) -> GradientReport:
    """What ``check_gradients`` finds, without what may be the matter: that takes longer than all the rest."""
    return _report(f, inputs, 1, diagnosing=False)


def _report(f: Callable[..., Any], inputs: Sequence[Any], order: int, diagnosing: bool) -> GradientReport:
    if order < 1:
        raise ValueError(f"check_gradients: the order of a derivative is 1, 2, ..., not {order}")
    leaves = [_copy(x) for x in inputs]
    if not any(leaf.size for leaf in leaves):
        raise ValueError("check_gradients(f, *inputs) needs at least one number to differentiate with respect to")
    findings: list[Finding] = []
    with np.errstate(all="ignore"):  # a step may leave the domain; that is seen from the result
        for k in range(1, order + 1):
            findings += _findings(Subject(f, leaves, k), diagnosing)
    return GradientReport(tuple(findings))


def _findings(subject: Subject, diagnosing: bool) -> list[Finding]:
    """One finding per input."""
    if not subject.repeats:
        because = "f gave two different results for the same inputs; give the random numbers in it a fixed seed"
        return [
            _finding(subject, subject.name(p), leaf.shape, [], [], "non-deterministic", because)
            for p, leaf in enumerate(subject.leaves)
        ]
    lines = [lines_through(subject, position) for position in range(len(subject.leaves))]
    compared = iter(compare(subject, [*chain.from_iterable(lines)]))
    findings = [
        _judge(subject, position, of_input, list(islice(compared, len(of_input))), diagnosing)
        for position, of_input in enumerate(lines)
    ]
    if all(finding.passes for finding in findings):
        findings += _across(subject, findings)
    return findings


def _across(subject: Subject, findings: Sequence[Finding]) -> Iterator[Finding]:
    """What only shows when all entries move at once, or in forward mode."""
    if subject.x.size == 1:  # then both lines are one, which was compared
        found = [d for finding in findings for d in finding.derivatives]
        lines = [Direction(found[0].of, np.ones(1))]
    else:
        # Where a kink runs between the axes, a gradient can be right along each of them and wrong in between.
        kinked = any(finding.verdict != "pass" for finding in findings)
        lines = directions(subject, "all inputs", slice(0, subject.x.size), ACROSS_KINKS if kinked else 1)
        found = compare(subject, lines)
    for line, d in zip(lines, found):
        if d.verdict == "differs" and not all(explained(subject, p, [line], [d]) for p in range(len(subject.leaves))):
            because = "it is right when one entry moves, and wrong when all move at once"
            yield _finding(subject, "all inputs", subject.x.shape, lines, [d], "wrong", because)
            return
    if subject.order == 1 and found[0].verdict != "not differentiable":
        try:
            forward = subject.push(lines[0].vector)
        except Exception:  # as of a rule written with NumPy's functions; backward() is right all the same
            return
        d = replace(found[0], analytic=forward)
        apart = abs(forward - found[0].analytic)
        if apart > d.tolerance and apart > noise_of_gradient(subject, lines[0]):
            because = "backward() is right and forward mode, jvp, is not: some rule is not linear in its cotangent"
            d = replace(d, verdict="differs")
            yield _finding(subject, "all inputs", subject.x.shape, lines, [d], "wrong", because)


def _judge(
    subject: Subject, position: int, lines: Sequence[Line], found: Sequence[Derivative], diagnosing: bool
) -> Finding:
    verdict, noise = verdict_of(found), ""
    if verdict in ("wrong", "not differentiable here") and (noise := explained(subject, position, lines, found)):
        found = [replace(d, verdict="undecided", remark="") if d.verdict in FAILING else d for d in found]
        verdict = verdict_of(found)
    because = next((d.remark for d in found if d.verdict in ("subgradient", "not differentiable")), "")
    kinked = [d.remark for d in found if d.verdict == "differs" and d.remark]
    if kinked:
        because = kinked[0]
    elif verdict == "wrong":
        if diagnosing:
            lines, found = one_by_one(subject, position, lines, found)
            verdict, because = diagnose(subject, position, lines, found)
    elif verdict == "pass" and (flat := sum(d.verdict == "undecided" for d in found)):
        because = f"{flat} of {len(found)} are too flat or too noisy to tell"
    elif verdict == UNDECIDED:
        because = noise or TOO_FLAT
        if single := in_float32(subject):
            verdict, because = "dtype", single
    return _finding(subject, subject.name(position), subject.leaves[position].shape, lines, found, verdict, because)


def _finding(
    subject: Subject,
    name: str,
    shape: tuple[int, ...],
    lines: Sequence[Line],
    found: Sequence[Derivative],
    verdict: Verdict,
    because: str,
) -> Finding:
    steps = _measured(subject, lines)
    return Finding(name, shape, subject.order, verdict, because, tuple(found), subject.outputs.size, steps)


def _measured(subject: Subject, lines: Sequence[Line]) -> Callable[[Derivative], list[Step]]:
    """How the error of differences goes with their step, for any of the derivatives along these lines."""

    def measure(d: Derivative) -> list[Step]:
        line = next(line for line in lines if line.of == d.of)
        with np.errstate(all="ignore"):
            h, plain, extrapolated = differences_along(subject, [line]).by_step()
        errors = np.abs(np.array([plain, extrapolated]) - d.analytic)
        return [Step(*map(float, each)) for each in zip(h, *errors) if math.isfinite(each[1])]

    return measure


def _copy(x: Any) -> Value | Tensor:
    if isinstance(x, Value):
        return Value(x.data, x.label)
    if isinstance(x, (int, float, np.generic)):
        return Value(x)
    if isinstance(x, dict):
        raise TypeError(
            "check_gradients: takes numbers, arrays and nodes, one by one, and no dict: give it the entries, "
            "as in check_gradients(lambda w, b: f({'w': w, 'b': b}), w, b)"
        )
    return Tensor(x, x.label if isinstance(x, Tensor) else None, np.float64)
