"""What may be the matter with a gradient that is wrong.

Wrong gradients have habits: a forgotten factor, a transposed matrix, contributions
that were written where they should have been added. Each leaves its mark on the
numbers. And since every operation can be checked by itself, the one at fault is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import node as nodes
from autograd.checking.comparison import (
    FEW,
    Derivative,
    Direction,
    Entry,
    Line,
    compare,
    differences_along,
    entries,
    lines_through,
)
from autograd.checking.differences import Array, Positions
from autograd.checking.subject import Subject
from autograd.checking.verdicts import Verdict

SINGLE = 4 * 2.0**-23  # what rounding to float32 may change, a few times over

Diagnosis = tuple[Verdict, str]

_WORDED: dict[Verdict, str] = {
    "wrong": "wrong in no way that is known",
    "wrong by a constant factor": "wrong by a constant factor",
    "transposed": "transposed",
    "missing accumulation": "incomplete",
    "dtype": "of float32 precision",
}


def one_by_one(
    subject: Subject, position: int, lines: Sequence[Line], found: Sequence[Derivative]
) -> tuple[Sequence[Entry], Sequence[Derivative]]:
    """What was found to be wrong along some lines, entry by entry; of a large array at 64 of them.

    Args:
        subject: the function under test.
        position: of the input.
        lines: along which it was compared.
        found: what came of that; at least one derivative differs.
    """
    single = [line for line in lines if isinstance(line, Entry)]
    if single:
        return single, found
    wrong = next(line for line, d in zip(lines, found) if d.verdict == "differs" if isinstance(line, Direction))
    part = subject.parts[position]
    every = np.arange(part.start, part.stop)
    others = np.random.default_rng(0).choice(every, FEW - 1, replace=False)
    single = entries(subject, sorted({_locate(subject, every, wrong), *others.tolist()}))
    return single, compare(subject, single)


def _locate(subject: Subject, suspects: Positions, line: Direction) -> int:
    """One of the entries that are wrong: along a line that moves half of them, the difference is there or it is not."""
    while suspects.size > 1:
        halves = np.array_split(suspects, 2)
        first, second = compare(subject, [line.restricted(half) for half in halves])
        suspects = halves[0] if _how_wrong(first) >= _how_wrong(second) else halves[1]
    return int(suspects[0])


def _how_wrong(d: Derivative) -> float:
    return d.excess if d.verdict == "differs" else 0.0


def diagnose(subject: Subject, position: int, lines: Sequence[Entry], found: Sequence[Derivative]) -> Diagnosis:
    """What is the matter with the gradient of an input.

    Args:
        subject: the function under test.
        position: of the input.
        lines: the entries of it that were compared.
        found: what came of that; at least one of them differs.
    """
    if single := in_float32(subject):
        return "dtype", single
    verdict, because = _pattern(subject, position, [line.index for line in lines], found)
    at_fault = culprit(subject, position)
    if at_fault is not None:
        operation, (local, _) = at_fault
        because += f"; the fault is in {operation}"
        if verdict != local:
            because += f", which by itself is {_WORDED[local]}"
        return local if verdict == "wrong" else verdict, because
    if verdict != "transposed":
        verdict = "missing accumulation"
        because += (
            "; every operation in the graph is right, so part of the result was computed past it, "
            "by .data, .numpy(), float(), a function of math, detach() or under no_grad()"
        )
    return verdict, because


def in_float32(subject: Subject) -> str:
    """Says so if f computes in float32 what it was given in float64."""
    for node in reversed(subject.graph):
        if node.dtype == np.float32:
            assert node.op is not None
            return f"f computes in float32 from {node.op.name} on, with seven digits, whatever its inputs"
    return ""


def _pattern(subject: Subject, position: int, indices: Sequence[int], found: Sequence[Derivative]) -> Diagnosis:
    part = subject.parts[position]
    wrong = [(i, d) for i, d in zip(indices, found) if d.verdict == "differs"]
    if all(subject.gradient[i] == 0 for i, _ in wrong):
        if not subject.gradient[part].any():
            return "missing accumulation", "no derivative arrives at this input at all"
        return "missing accumulation", f"nothing arrives at {_places(subject, wrong)}"
    ratios = _ratios(found)
    if len(ratios) < 4:
        for nearby in (0.95, 1.05):
            ratios += _ratios(_compared_at(subject, subject.x * nearby + 0.01 * (nearby - 1), [i for i, _ in wrong]))
    factor = _common(ratios)
    if factor is not None:
        return "wrong by a constant factor", _factor(factor)
    if ratios and all(abs(ratio - 1) <= SINGLE for ratio, _ in ratios):
        return "dtype", "it agrees to seven digits and no more: somewhere it was rounded to float32"
    if _is_transposed(subject, position, indices, found):
        return "transposed", "its entries are right, but at each other's places"
    return _by_output(subject, position, wrong)


def _ratios(found: Sequence[Derivative]) -> list[tuple[float, float]]:
    """Analytic over numeric, with the uncertainty of that."""
    return [
        (d.analytic / d.numeric, d.tolerance / abs(d.numeric))
        for d in found
        if d.verdict in ("agrees", "differs") and abs(d.numeric) > 1000 * d.tolerance
    ]


def _common(ratios: Sequence[tuple[float, float]]) -> float | None:
    """The number that all the ratios are, to within their uncertainties."""
    if len(ratios) < 2:
        return None
    low = max(ratio - abs(ratio) * u - u for ratio, u in ratios)
    high = min(ratio + abs(ratio) * u + u for ratio, u in ratios)
    if low > high or low <= 1 <= high:
        return None
    factor, _ = min(ratios, key=lambda each: each[1])
    return factor


def _factor(factor: float) -> str:
    if abs(factor + 1) < 1e-9:
        return "its sign is wrong"
    return f"it is {factor:.10g} times what differences give"


def _compared_at(subject: Subject, x: Array, indices: Sequence[int]) -> list[Derivative]:
    """The same entries compared at another point, if f is defined there."""
    leaves = [
        nodes.Value(float(x[part.start]))
        if isinstance(leaf, nodes.Value)
        else nodes.Tensor(x[part].reshape(leaf.shape))
        for leaf, part in zip(subject.leaves, subject.parts)
    ]
    try:
        elsewhere = Subject(subject.f, leaves, subject.order)
        return compare(elsewhere, entries(elsewhere, indices[:4]))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return []


def _is_transposed(subject: Subject, position: int, indices: Sequence[int], found: Sequence[Derivative]) -> bool:
    shape = subject.leaves[position].shape
    gradient = subject.gradient[subject.parts[position]].reshape(shape)
    others = [gradient.swapaxes(i, j) for j in range(len(shape)) for i in range(j) if shape[i] == shape[j]]
    if len(shape) > 1:
        others.append(gradient.reshape(shape[::-1]).transpose())
        others.append(gradient.transpose().reshape(shape))
    at = np.array(indices) - subject.parts[position].start
    numeric = np.array([d.numeric for d in found])
    tolerance = np.array([d.tolerance for d in found])
    return any(bool(np.all(np.abs(np.ravel(other)[at] - numeric) <= tolerance)) for other in others)


def _by_output(subject: Subject, position: int, wrong: Sequence[tuple[int, Derivative]]) -> Diagnosis:
    """How the derivative of each output by itself comes out."""
    part = subject.parts[position]
    outputs = subject.weights.size
    unexplained: Diagnosis = "wrong", f"the derivatives of {_places(subject, wrong)} follow no pattern that is known"
    if not 0 < outputs <= FEW or subject.order > 1:
        return unexplained
    whole = part.stop - part.start == outputs
    indices = [*range(part.start, part.stop)] if whole else [i for i, _ in wrong]
    analytic = np.array([subject.pull(row) for row in np.eye(outputs)])[:, indices]
    numeric = _jacobian(subject, indices)
    scale = 1e-6 * (np.abs(numeric).max(initial=0.0) + np.abs(analytic).max(initial=0.0))
    if whole and outputs > 1 and np.all(np.abs(analytic - numeric.T) <= scale):
        return "transposed", "of the matrix of its derivatives, rows and columns are exchanged"
    right, lost = np.abs(analytic - numeric) <= scale, np.abs(analytic) <= scale
    if np.all(right | lost):
        return (
            "missing accumulation",
            f"of what the {outputs} outputs send back, {_places(subject, wrong)} receives only a part",
        )
    return unexplained


def _jacobian(subject: Subject, indices: Sequence[int]) -> Array:
    """The derivatives of the outputs, one column per entry, to about nine digits: enough to tell a pattern."""
    differences = differences_along(subject, entries(subject, indices))
    columns = []
    for k, size in enumerate(differences.size):
        slopes = []
        for h in (2.0**-9 * size, 2.0**-10 * size):
            right, left = differences.x[k] + h, differences.x[k] - h
            apart = differences.f(np.array([k, k]), np.array([right, left]))
            slopes.append((apart[0] - apart[1]) / (right - left))
        columns.append(slopes[1] + (slopes[1] - slopes[0]) / 3)
    return np.array(columns).T


def _places(subject: Subject, wrong: Sequence[tuple[int, Derivative]]) -> str:
    first = ", ".join(subject.place(i) for i, _ in wrong[:3])
    return first + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")


def culprit(subject: Subject, position: int) -> tuple[str, Diagnosis] | None:
    """The oldest operation behind an input whose own derivative is wrong, and what is the matter with it."""
    behind = subject.depending_on(position)
    seen = set()
    for node in reversed(subject.graph):
        op: Any = node.op
        kind = (op, tuple(x.shape for x in node.inputs), repr(node.parameters))
        if kind in seen:
            continue
        seen.add(kind)
        variables = [i for i, x in enumerate(node.inputs) if type(x) is not nodes.Constant]
        alone = _alone(node, variables)
        for own, operand in enumerate(variables):
            if node.inputs[operand] not in behind:
                continue
            lines = lines_through(alone, own)
            found: Sequence[Derivative] = compare(alone, lines)
            if any(d.verdict == "differs" for d in found):
                of_operand = f" with respect to operand {operand}" if len(node.inputs) > 1 else ""
                single, found = one_by_one(alone, own, lines, found)
                pattern = _pattern(alone, own, [line.index for line in single], found)
                return f"the derivative of {op.name}{of_operand}", pattern
    return None


def _alone(node: nodes.Node, variables: Sequence[int]) -> Subject:
    """The operation that made a node, by itself, as a function of its variable operands."""
    op: Any = node.op

    def apply(*moved: Any) -> Any:
        operands = [x._data for x in node.inputs]
        for i, x in zip(variables, moved):
            operands[i] = x
        return op.apply(operands, node.parameters)

    leaves: list[Any] = [node.inputs[i].detach() for i in variables]
    return Subject(apply, leaves)
