"""What a check of gradients found: a verdict per input, in words and in a notebook."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from autograd.checking.comparison import Derivative, Outcome
from autograd.checking.subject import weights_of

Verdict = Literal[
    "pass",
    "subgradient at a kink",
    "cancellation",
    "wrong by a constant factor",
    "transposed",
    "missing accumulation",
    "dtype",
    "wrong",
    "not differentiable here",
    "non-deterministic",
]
PASSING: tuple[Verdict, ...] = ("pass", "subgradient at a kink")
UNDECIDED: Verdict = "cancellation"
SHOWN = 4  # weights
TOO_FLAT = "f is too flat or too noisy here"


class Step(NamedTuple):
    """How far central differences with step ``h`` are from the derivative under test."""

    h: float
    plain: float
    extrapolated: float


@dataclass(frozen=True)
class Finding:
    """What was found for one input.

    Attributes:
        name: of the input: its label, or ``inputs[0]``.
        shape: of the input.
        order: of the derivative: 2 for the gradient of the gradient.
        verdict: what is the matter, if anything.
        because: the verdict's grounds, in a sentence.
        derivatives: what was compared: each entry, or directions through a large array.
        outputs: how many numbers ``f`` returns, or its gradient has; several are checked as a weighted sum.
    """

    name: str
    shape: tuple[int, ...]
    order: int
    verdict: Verdict
    because: str
    derivatives: tuple[Derivative, ...]
    outputs: int
    measure: Callable[[Derivative], list[Step]] = field(repr=False, compare=False)

    @property
    def title(self) -> str:
        return self.name + (f", order {self.order}" if self.order > 1 else "")

    @property
    def passes(self) -> bool:
        return self.verdict in PASSING

    @property
    def worst(self) -> Derivative | None:
        """The derivative furthest outside its tolerance, or nearest to leaving it; ``None`` if nothing was compared."""
        return max(self.derivatives, key=lambda d: (_GRAVITY[d.verdict], d.excess), default=None)

    @cached_property
    def steps(self) -> list[Step]:
        """The error of differences at the worst place, step by step; ``f`` is called for it when it is first asked for.

        Where the derivative is right, the error falls as the step shrinks until rounding
        takes over. Where it is wrong, the error stops falling at what it is wrong by.
        """
        return self.measure(self.worst) if self.worst else []


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What ``check_gradients`` found: true if no derivative is wrong and at least one is decided."""

    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        verdicts = {finding.verdict for finding in self.findings}
        return not verdicts.isdisjoint(PASSING) and verdicts <= {*PASSING, UNDECIDED}

    @property
    def derivatives(self) -> list[Derivative]:
        return [d for finding in self.findings for d in finding.derivatives]

    def having(self, verdict: Outcome) -> list[Derivative]:
        return [d for d in self.derivatives if d.verdict == verdict]

    @property
    def worst(self) -> Derivative | None:
        """Of the derivatives that fail, the one furthest outside its tolerance."""
        failing = self.having("differs") or self.having("not differentiable")
        return max(failing, key=lambda d: d.excess, default=None)

    def __repr__(self) -> str:
        if not self.derivatives:
            return f"Gradients not checked: {self.findings[0].because}."
        agreeing = len(self.having("agrees")) + len(self.having("subgradient"))
        undecided, total = len(self.having("undecided")), len(self.derivatives)
        flat = "f is too flat or too noisy there, in float64"
        if not self and not all(finding.verdict == UNDECIDED for finding in self.findings):
            return self._failure(agreeing, undecided, total)
        if not any(finding.outputs for finding in self.findings):
            return f"Gradients agree: f returns an empty array here, and all {total} derivatives are 0."
        if not agreeing:
            why = next((finding.because for finding in self.findings if finding.because != TOO_FLAT), flat)
            return f"Gradients not checked: {undecided} of {total} cannot be decided ({why}); try other inputs."
        if undecided:
            said = (
                f"{agreeing} of {total} derivatives match finite differences in float64; "
                f"{undecided} cannot be decided ({flat})"
            )
        else:
            every = "the derivative matches" if total == 1 else f"all {total} derivatives match"
            said = f"{every} finite differences in float64"
        if kinks := len(self.having("subgradient")):
            said += (
                f"; {kinks} at a kink of f, where {'it is a subgradient' if kinks == 1 else 'they are subgradients'}"
            )
        return f"Gradients agree: {said}."

    def _failure(self, agreeing: int, undecided: int, total: int) -> str:
        lines = [
            f"Gradients differ in {total - agreeing - undecided} of {total} derivatives from finite differences "
            f"in float64; {agreeing} match, {undecided} cannot be decided."
        ]
        names = [finding.title for finding in self.findings]
        width = max(map(len, names))
        for name, finding in zip(names, self.findings):
            said = finding.verdict + (f": {finding.because}" if finding.because else "")
            lines += textwrap.wrap(
                said, 120, initial_indent=f"  {name:<{width}}  ", subsequent_indent=" " * (width + 4)
            )
        if (worst := self.worst) is not None:
            lines += [
                f"Worst: {worst.of}",
                *([f"  of {summed}"] if (summed := self.summed(worst)) else []),
                f"  analytic   {worst.analytic!r}",
                *([] if worst.verdict == "not differentiable" else _numbers(worst)),
                *([f"  {worst.remark}"] if worst.remark else []),
            ]
        return "\n".join(lines)

    def summed(self, d: Derivative) -> str:
        """What a derivative is that of, where f has several outputs; "" where it has one."""
        outputs = next(finding.outputs for finding in self.findings if d in finding.derivatives)
        if outputs < 2:
            return ""
        weights = ", ".join(f"{w:.4g}" for w in weights_of(outputs)[:SHOWN])
        more = ", ..." if outputs > SHOWN else ""
        return f"a weighted sum of all {outputs} outputs, with the weights {weights}{more}"

    def _repr_html_(self) -> str:
        from autograd.checking.report_page import html  # imported on first use: only notebooks need it

        return html(self)


def _numbers(d: Derivative) -> list[str]:
    return [f"  numeric    {d.numeric!r}", f"  difference {d.difference:.3g}, tolerance {d.tolerance:.3g}"]


_GRAVITY: dict[Outcome, int] = {"agrees": 0, "subgradient": 1, "undecided": 2, "not differentiable": 3, "differs": 4}


def verdict_of(derivatives: Sequence[Derivative]) -> Verdict:
    """The verdict on an input whose derivatives are not wrong, or not yet explained."""
    outcomes = {d.verdict for d in derivatives}
    if "differs" in outcomes:
        return "wrong"
    if "not differentiable" in outcomes:
        return "not differentiable here"
    if "subgradient" in outcomes:
        return "subgradient at a kink"
    return "pass" if "agrees" in outcomes or not derivatives else UNDECIDED
