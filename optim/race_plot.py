"""The picture of a race: the ways over the contours beside the learning curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optim import census, contours
from optim.surfaces import Surface

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from optim.race import Race, Run

# Okabe & Ito's palette, which people with any colour vision can tell apart; the best first.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#8a8a8a"
SHADE = (0.42, 0.61, 0.75)
LINES = 18  # of equal height
SHOWN = len(COLOURS)
LEAST = 1e-10  # losses below are not drawn


def draw(race: Race, path: Path) -> None:
    """Write the picture of a race to a file, whose ending says in which format.

    Raises:
        ImportError: matplotlib is not installed.
    """
    shown = in_colour(race.runs)
    figure = empty_figure(12.5 if race.surface else 9, 5.2)
    if race.surface:
        across, along = figure.subplots(1, 2, width_ratios=[1.15, 1])
        _paths(across, race.surface, shown)
    else:
        along = figure.subplots()
    _curves(along, race, shown)
    figure.suptitle(race.title, fontsize=12)
    figure.savefig(path)


def in_colour(runs: Sequence[Run]) -> list[Run]:
    """As many as there are colours: all of a few; of many the best of each family, and plain descent, the best first.

    Two that went the same way count as one.
    """
    if len(runs) <= SHOWN:
        return [*runs]
    family = {kind.__name__: census.family(kind) for kind in (*census.optimizers(), *census.wrappers())}
    chosen: dict[str, Run] = {}
    for run in runs:
        same = any(run.losses == other.losses for other in chosen.values())
        if not run.failure and not same:
            chosen.setdefault(family.get(run.name, run.name), run)
    best = [*chosen.values()][:SHOWN]
    plain = [run for run in runs if run.name == "SGD" and run not in best]
    shown = [*best[: SHOWN - len(plain)], *plain]
    return [run for run in runs if run in shown]


def empty_figure(width: float, height: float) -> Figure:
    """A figure of this size, in inches.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("the picture of a race needs matplotlib: pip install 'stepgrad[learn]'") from error
    return Figure(figsize=(width, height), layout="constrained", dpi=120)


def _paths(ax: Axes, surface: Surface, shown: Sequence[Run]) -> None:
    left, right, bottom, top = surface.box
    x, y = np.meshgrid(np.linspace(left, right, 300), np.linspace(bottom, top, 300))
    z = np.asarray(surface.function(x, y), float)
    heights = contours.levels(surface.function, surface.box, LINES)
    shades = [(*SHADE, 0.3 * (1 - i / LINES)) for i in range(LINES + 1)]  # the higher the paler
    ax.contourf(x, y, z, levels=[-1, *heights, z.max() + 1], colors=shades)
    ax.contour(x, y, z, levels=heights, colors="#9fb3c4", linewidths=0.5)
    for order, (run, colour) in enumerate(zip(shown, COLOURS)):
        assert run.path is not None
        ax.plot(*run.path.T, color=colour, linewidth=1.4, alpha=0.9, zorder=30 - order)
        ax.plot(*run.path[:40].T, ".", color=colour, markersize=4, zorder=30 - order)
    ax.plot(*surface.start, "o", color="white", markeredgecolor="black", markersize=8, zorder=40)
    ax.annotate("start", surface.start, (7, 7), textcoords="offset points", fontsize=9, zorder=40)
    ax.plot(*np.transpose(surface.minima), "*", color="white", markeredgecolor="black", markersize=13, zorder=41)
    ax.set(xlim=(left, right), ylim=(bottom, top), xlabel="x", ylabel="y")
    ax.set_title("The way over the surface (dots: the first 40 steps; stars: minima)", fontsize=10)


def _curves(ax: Axes, race: Race, shown: Sequence[Run]) -> None:
    low = max(LEAST, min([_least(run) for run in shown] + [race.target or math.inf]) / 3)
    for run in race.runs:
        if run not in shown:
            ax.plot(_drawn(run, low), color=GREY, linewidth=0.5, alpha=0.22, zorder=1)
    for order, (run, colour) in enumerate(zip(shown, COLOURS)):
        ax.plot(_drawn(run, low), color=colour, linewidth=1.7, label=_label(run, race.target), zorder=30 - order)
        steps = None if race.target is None else run.steps_to(race.target)
        if steps is not None:
            ax.plot(steps, run.losses[steps], "o", color=colour, markersize=5, zorder=40)
    if race.target is not None:
        ax.axhline(race.target, color="#444444", linewidth=0.9, linestyle=(0, (5, 4)), zorder=2)
        ax.annotate(
            f"target {race.target:g}", (1, race.target), (-4, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", fontsize=8, color="#444444",
        )  # fmt: skip
    first = max(run.losses[0] for run in race.runs)
    ax.set(yscale="log", xlabel="step", ylabel="loss", ylim=(low, 4 * first), xlim=(0, None))
    ax.set_title("The loss after each step", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25, linewidth=0.6)
    others = f"\n(grey: {len(race.runs) - len(shown)} others)" if len(race.runs) > len(shown) else ""
    title = f"steps to stay below {race.target:g}{others}" if race.target is not None else others.strip()
    ax.legend(
        loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9, title=title, title_fontsize=9,
        alignment="left",
    )  # fmt: skip


def _least(run: Run) -> float:
    return min((loss for loss in run.losses if math.isfinite(loss)), default=math.inf)


def _drawn(run: Run, low: float) -> Any:
    """The losses, as far as a logarithmic axis can show them: to where they leave it for good."""
    losses = np.array(run.losses, float)
    above = np.flatnonzero(losses > low)
    return np.maximum(losses[: above[-1] + 2 if len(above) else 1], low)


def _label(run: Run, target: float | None) -> str:
    steps = None if target is None else run.steps_to(target)
    reached = "" if target is None else f"{'-' if steps is None else steps:>4}  "
    return f"{reached}{run.name}, {run.settings}" if run.settings else f"{reached}{run.name}"
