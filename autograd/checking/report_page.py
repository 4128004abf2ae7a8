"""How a report of gradients looks in a notebook: a table, and the error of differences against their step.

One block of HTML with its own style and pictures in it. Colours are those of the page
around it, dark or light, and a few that can be read on both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from autograd.checking.verdicts import UNDECIDED, Finding, GradientReport, Step

WIDTH, HEIGHT = 300, 150
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 10, 30  # margins of the plot
PLOTTED = 4  # inputs, the worst first
SMALLEST = 1e-18  # an error of 0 is drawn at the bottom

# Of the Okabe-Ito palette, which no kind of colour vision confuses, in shades for either background.
_STYLE = """
<style>
.gradients { font: 13px/1.45 system-ui, sans-serif; color: inherit; }
.gradients table { border-collapse: collapse; margin: .4em 0; font: inherit; color: inherit; background: none; }
.gradients th, .gradients td { padding: .15em .9em .15em 0; text-align: left; vertical-align: top;
  background: none; border: 0; }
.gradients th { font-weight: 600; border-bottom: 1px solid currentColor; }
.gradients .number { font-family: ui-monospace, monospace; text-align: right; }
.gradients .pass { color: #009E73; } .gradients .fail { color: #D55E00; } .gradients .open { color: #B8860B; }
.gradients .verdict { font-weight: 600; }
.gradients .plain { color: #E69F00; } .gradients .extrapolated { color: #0088D1; }
.gradients td { white-space: nowrap; } .gradients td.because { max-width: 34em; white-space: normal; }
.gradients figure { display: inline-block; margin: .3em 1.2em .3em 0; }
.gradients figcaption { font-size: 12px; }
.gradients text { font: 10px system-ui, sans-serif; fill: currentColor; }
</style>
"""


def html(report: GradientReport) -> str:
    """The report as one block of HTML."""
    headline = escape(repr(report).splitlines()[0])
    if report.worst is not None and (summed := report.summed(report.worst)):
        headline += f"<br>Compared is {summed}."
    worst_first = sorted(report.findings, key=lambda f: (f.passes, f.verdict == UNDECIDED))
    pictures = "".join(_figure(finding) for finding in worst_first[:PLOTTED] if finding.steps)
    heads = ("input", "verdict", "at", "analytic", "numeric", "apart", "allowed", "")
    head = "".join(f"<th>{name}</th>" for name in heads)
    rows = "".join(map(_row, report.findings))
    return f'{_STYLE}<div class="gradients"><div>{headline}</div><table><tr>{head}</tr>{rows}</table>{pictures}</div>'


def _row(finding: Finding) -> str:
    kind = "pass" if finding.passes else "open" if finding.verdict == UNDECIDED else "fail"
    mark = {"pass": "✓", "open": "?", "fail": "✗"}[kind]
    d = finding.worst
    numbers = (
        [_number(d.analytic, 9), _number(d.numeric, 9), _number(d.difference, 2), _number(d.tolerance, 2)] if d else []
    )
    return (
        f"<tr><td>{escape(finding.title)}</td><td class='verdict {kind}'>{mark} {finding.verdict}</td>"
        f"<td>{escape(d.of) if d else ''}</td>"
        + "".join(f"<td class='number'>{number}</td>" for number in numbers or [""] * 4)
        + f"<td class='because'>{escape(finding.because)}</td></tr>"
    )


def _number(x: float, digits: int) -> str:
    return "" if math.isnan(x) else f"{x:.{digits}g}"


def _figure(finding: Finding) -> str:
    assert finding.worst is not None
    caption = (
        f"{escape(finding.title)}: how far differences are from the derivative<br>at {escape(finding.worst.of)}, "
        "<b class='plain'>as they are</b> and <b class='extrapolated'>extrapolated</b>"
    )
    return f"<figure>{_plot(finding.steps, finding.worst.tolerance)}<figcaption>{caption}</figcaption></figure>"


def _plot(steps: Sequence[Step], tolerance: float) -> str:
    """Error against step, both logarithmic: plain central differences, and these extrapolated."""
    plain = [(math.log10(s.h), math.log10(max(s.plain, SMALLEST))) for s in steps]
    better = [
        (math.log10(s.h), math.log10(max(s.extrapolated, SMALLEST))) for s in steps if math.isfinite(s.extrapolated)
    ]
    allowed = math.log10(tolerance) if tolerance > 0 and math.isfinite(tolerance) else None
    heights = [y for _, y in plain + better] + ([] if allowed is None else [allowed])
    x_low, x_high = math.floor(min(x for x, _ in plain)), math.ceil(max(x for x, _ in plain))
    y_low, y_high = math.floor(min(heights)), max(math.ceil(max(heights)), math.floor(min(heights)) + 1)

    def across(x: float) -> float:
        return LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)

    def down(y: float) -> float:
        return TOP + (y_high - y) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)

    def line(points: Sequence[tuple[float, float]], colour: str) -> str:
        path = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in points)
        return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"/>'

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="error of finite differences against their step">'
    ]
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for y in _ticks(y_low, y_high):
        parts.append(
            f'<path d="M{LEFT} {down(y):.1f}H{right}" stroke="currentColor" opacity=".15"/>'
            f'<text x="{LEFT - 4}" y="{down(y) + 3:.1f}" text-anchor="end">1e{y}</text>'
        )
    for x in _ticks(x_low, x_high):
        parts.append(f'<text x="{across(x):.1f}" y="{bottom + 12}" text-anchor="middle">1e{x}</text>')
    parts += [
        f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="currentColor" opacity=".5"/>',
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 4}" text-anchor="middle">step</text>',
    ]
    if allowed is not None:
        parts.append(
            f'<path d="M{LEFT} {down(allowed):.1f}H{right}" stroke="currentColor" stroke-dasharray="4 3" opacity=".7"/>'
            f'<text x="{right}" y="{down(allowed) - 3:.1f}" text-anchor="end">allowed</text>'
        )
    parts += [line(plain, "#E69F00"), line(better, "#0088D1"), "</svg>"]
    return "".join(parts)


def _ticks(low: int, high: int) -> list[int]:
    """At most six whole numbers, evenly spaced."""
    return list(range(low, high + 1, max(1, math.ceil((high - low) / 5))))
