"""The animation of a race: one file of HTML which plays it step by step, and needs no network."""

from __future__ import annotations

import json
import math
import re
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.primitive import Array
from optim import contours
from optim.race_plot import in_colour
from optim.surfaces import Surface

if TYPE_CHECKING:
    from optim.race import Race, Run

WIDE = 10_000  # the picture is so many units wide and high, from its upper left corner, as SVG has it
FARTHEST = 100 * WIDE  # points farther away than this are drawn there, in the same direction
LINES = 14  # of equal height
STYLES = 12  # runs that can be told apart; of more, a choice begins in colour


def page(race: Race) -> str:
    """The whole file: the page in race_page.html, filled in."""
    parts = {"title": escape(race.title), "table": escape(race.table()), "race": _in_script(_race(race))}
    template = resources.files(__package__).joinpath("race_page.html").read_text(encoding="utf-8")
    # All at once: a name that looks like a place to fill in is left alone.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], template)


def _in_script(data: dict[str, Any]) -> str:
    """As JSON, in which no name can end the element that it stands in."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _race(race: Race) -> dict[str, Any]:
    shown = race.runs if len(race.runs) <= STYLES else in_colour(race.runs)
    return {
        "target": race.target,
        "surface": race.surface and _surface(race.surface),
        "runs": [_run(run, race, run in shown) for run in race.runs],
    }


def _surface(surface: Surface) -> dict[str, Any]:
    box = surface.box
    levels = contours.levels(surface.function, box, LINES)
    return {
        "name": surface.name,
        "lesson": surface.lesson,
        "box": box,
        "start": _places(np.array([surface.start]), box)[0],
        "minima": _places(np.array(surface.minima).reshape(-1, 2), box),
        "contours": ["".join(_outline(line, box) for line in contours.below(surface.function, z, box)) for z in levels],
    }


def _run(run: Run, race: Race, shown: bool) -> dict[str, Any]:
    return {
        "name": run.name,
        "settings": run.settings,
        "failure": run.failure,
        "reached": None if race.target is None else run.steps_to(race.target),
        "shown": shown,
        "losses": [_number(loss) for loss in run.losses],
        "path": None if run.path is None or race.surface is None else _places(run.path, race.surface.box),
    }


def _number(x: float) -> float | str:
    """To four digits; JSON has no word for those that are not finite."""
    rounded = float(f"{x:.4g}")
    return rounded if math.isfinite(rounded) else str(rounded)


def _places(points: Array, box: tuple[float, float, float, float]) -> list[list[int] | None]:
    """Points (n, 2) in the units of the picture; ``None`` where there is none."""
    places: list[list[int] | None] = []
    for x, y in _in_units(points, box):
        if math.isfinite(x) and math.isfinite(y):
            shrunk = min(1.0, FARTHEST / max(abs(x), abs(y), 1.0))
            places.append([round(x * shrunk), round(y * shrunk)])
        else:
            places.append(None)
    return places


def _outline(line: Array, box: tuple[float, float, float, float]) -> str:
    """A closed line as an SVG path: where it begins, and from each point to the next."""
    points = np.rint(_in_units(line, box)).astype(int)
    (x, y), onwards = points[0], np.diff(points, axis=0)
    return f"M{x} {y}l" + " ".join(map(str, onwards.ravel())) + "z"


def _in_units(points: Array, box: tuple[float, float, float, float]) -> Array:
    left, right, bottom, top = box
    with np.errstate(all="ignore"):
        places: Array = WIDE * (points - np.array([left, top])) / np.array([right - left, bottom - top])
    return places
