"""Whether a derivative differs from differences only because f loses digits inside.

Where large terms cancel, as in ``1 - cos(x)``, the result is noisy, and of that neither x nor
the size of the result tells. The graph does: it holds every number that was rounded on the way,
and the backward sweep knows how much of each rounding arrives at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autograd.checking.comparison import FAILING, FINE_SLOPE, JUMPS, Derivative, Line, differences_along
from autograd.checking.diagnosis import culprit
from autograd.checking.differences import Differences
from autograd.checking.subject import Subject

SEVERAL = 4  # times the noise: extrapolation doubles it, and both sides of a difference have it


def explained(subject: Subject, position: int, lines: Sequence[Line], found: Sequence[Derivative]) -> str:
    """Why all that is wrong along some lines is no fault of the derivatives, and "" if it may be.

    An operation whose own derivative is wrong is never explained away.

    Args:
        subject: the function under test.
        position: of the input.
        lines: along which it was compared.
        found: what came of that.
    """
    failing = [(line, d) for line, d in zip(lines, found) if d.verdict in FAILING]
    if all(d.remark == JUMPS and _is_too_fast(subject, line, d) for line, d in failing):
        return "f turns within the finest step that is tried, a hundred times the spacing of floats at x"
    noise = subject.noise(subject.weights)
    if not math.isfinite(noise) or not all(_is_noise(subject, line, d, noise) for line, d in failing):
        return ""
    if culprit(subject, position) is not None:
        return ""
    value = abs(float(subject.weights @ subject.outputs))
    return f"f cancels inside: rounding on the way may change its value of {value:.2g} by up to {noise:.2g}"


def _is_too_fast(subject: Subject, line: Line, d: Derivative) -> bool:
    """Whether what looks like a jump is no more than the slope makes of the finest step."""
    differences = differences_along(subject, [line])
    return bool(_jump(differences) <= SEVERAL * abs(d.analytic) * differences.finest[0])


def _is_noise(subject: Subject, line: Line, d: Derivative, noise: float) -> bool:
    if d.verdict == "not differentiable":
        return d.remark == JUMPS and _jump(differences_along(subject, [line])) <= SEVERAL * noise
    return bool(d.difference <= SEVERAL * noise / d.step + noise_of_gradient(subject, line))


def _jump(differences: Differences) -> float:
    h = FINE_SLOPE * differences.size
    return float(differences.slopes(differences.every, h[:, None]).movement[0, 0] * h[0])


def noise_of_gradient(subject: Subject, line: Line) -> float:
    """What the derivative under test may itself be off by, as its terms cancel; 0 where a rule hides them."""
    try:
        gradient = Subject(subject.f, subject.leaves, subject.order + 1)
        return SEVERAL * gradient.noise(line.move(np.zeros_like(subject.x), 1.0))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return 0.0
