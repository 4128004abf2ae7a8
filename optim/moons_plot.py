"""The comparison on two moons as a picture: the epochs and the updates of each contender in each seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optim.moons import CONTENDERS, LOW, MINI, Comparison, Finish
from optim.race_plot import empty_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_ERRORS, LOW_LOSS = "#0072B2", "#D55E00"


def draw(comparison: Comparison, path: Path) -> None:
    """Draw how many epochs, and how many updates, each contender needed in each seed.

    Raises:
        ImportError: matplotlib is not installed.
    """
    figure = empty_figure(12.5, 5.4)
    epochs, updates = figure.subplots(1, 2, sharey=True)
    bound: dict[str, Any] = {"marker": "|", "color": "#555555", "markersize": 14, "linestyle": "none"}
    lecture: dict[str, Any] = {"marker": "D", "color": "white", "markeredgecolor": "black", "linestyle": "none"}
    for row, contender in enumerate(CONTENDERS):
        for ax, scale in ((epochs, 1), (updates, contender.updates)):
            _row(ax, row, comparison.of(contender.name), scale)
        if contender.bound:
            epochs.plot(contender.bound, row, **bound)
        if contender.lecture:
            epochs.plot(contender.lecture, row, **lecture)
    epochs.plot([], [], "o", color=NO_ERRORS, label="no training errors")
    epochs.plot([], [], "s", color=LOW_LOSS, label=f"cross-entropy below {LOW:g}")
    epochs.plot([], [], label="no errors, says the lecture", **lecture)
    epochs.plot([], [], label="bound for no errors, from earlier runs", **bound)
    epochs.set(
        xscale="log", yticks=range(len(CONTENDERS)), yticklabels=[c.name for c in CONTENDERS],
        ylim=(len(CONTENDERS) - 0.4, -0.6), xlabel="epochs",
    )  # fmt: skip
    updates.set(xscale="log", xlabel="updates: the same runs")
    for ax in (epochs, updates):
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", alpha=0.3, linewidth=0.6)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.suptitle(f"Two moons: how long each optimizer needs, {len(comparison.of(MINI))} seeds", fontsize=12)
    figure.savefig(path)


def _row(ax: Axes, row: int, finishes: Sequence[Finish], scale: int) -> None:
    for shift, colour, marker, reached in (
        (-0.14, NO_ERRORS, "o", [f.no_errors * scale for f in finishes]),
        (0.14, LOW_LOSS, "s", [f.low * scale for f in finishes]),
    ):
        there = [number for number in reached if number < math.inf]
        if there:
            ax.plot([min(there), max(there)], [row + shift] * 2, color=colour, linewidth=1.2, alpha=0.5)
        ax.plot(there, [row + shift] * len(there), marker, color=colour, markersize=5, alpha=0.9)
