"""Lines of equal height on a surface: marching squares, with every point put exactly on its level."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.primitive import Array

CELLS = 300  # across the picture and along it
HALVINGS = 40  # of an edge, which find a point on it to the last digits


def levels(function: Callable[[Any, Any], Any], box: tuple[float, float, float, float], count: int) -> list[float]:
    """Heights for this many lines, so spaced that half of them lie below half of the surface.

    Evenly spaced ones would crowd on the steepest slope, and leave the valley empty.
    """
    z = _heights(function, *_grid(box))
    z = z[np.isfinite(z)]
    if not z.size or z.min() == z.max():
        return []
    middle = (np.median(z) - z.min()) / np.ptp(z)
    # A plain on top must not be filled with lines, nor a needle at the bottom take them all.
    power = min(4.0, max(1.0, -math.log2(max(middle, 1e-9))))
    return [float(z.min() + np.ptp(z) * (i / (count + 1)) ** power) for i in range(1, count + 1)]


def below(function: Callable[[Any, Any], Any], level: float, box: tuple[float, float, float, float]) -> list[Array]:
    """The part of a box in which a function is not above this level, as closed lines around it.

    Lorensen & Cline, Marching cubes (1987), in two dimensions.

    Returns:
        one array (n, 2) of points per line; the low part is on its left. Filled by the rule of even and odd, a
        line within another is a hole. A point is at the level, or on the edge of the box.
    """
    x, y = _grid(box)
    # A ring around the box, as wide as nothing and higher than everything, closes the lines at its edge.
    low = np.pad(_heights(function, x, y) <= level, 1)
    x, y = np.pad(x, 1, mode="edge"), np.pad(y, 1, mode="edge")

    # The corners of every cell, against the clock; edge k of a cell leads from corner k to the next. An edge of
    # the grid is known by its left or lower corner, and whether it goes up.
    nodes = np.arange(low.size).reshape(low.shape)
    corners = nodes[:-1, :-1], nodes[:-1, 1:], nodes[1:, 1:], nodes[1:, :-1]
    edges = 2 * corners[0], 2 * corners[1] + 1, 2 * corners[3], 2 * corners[0] + 1
    is_low = [low.ravel()[corner] for corner in corners]

    # A line enters a cell where its edge goes up out of the low corners, and leaves where it went down into them.
    following: dict[int, int] = {}
    for k in range(4):
        inside = is_low[k] & ~is_low[(k + 1) % 4]
        for back in range(1, 4):
            leaves = inside & ~is_low[k - back]
            following.update(zip(edges[k][leaves].tolist(), edges[k - back][leaves].tolist()))
            inside = inside & is_low[k - back]

    crossed = np.array(list(following), int)
    first = crossed // 2
    second = first + np.where(crossed % 2, low.shape[1], 1)
    # From here on, the low end of every edge first.
    swap = ~low.ravel()[first]
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    x, y = (c.ravel() for c in np.broadcast_arrays(x, y))
    places = _between(function, level, np.stack([x, y], 1)[first], np.stack([x, y], 1)[second])
    points = dict(zip(crossed.tolist(), places))

    lines = []
    while following:
        edge = next(iter(following))
        line = []
        while edge in following:
            line.append(points[edge])
            edge = following.pop(edge)
        lines.append(np.array(line))
    return lines


def _grid(box: tuple[float, float, float, float]) -> tuple[Array, Array]:
    left, right, bottom, top = box
    x, y = np.meshgrid(np.linspace(left, right, CELLS + 1), np.linspace(bottom, top, CELLS + 1))
    return x, y


def _heights(function: Callable[[Any, Any], Any], x: Array, y: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(function(x, y), float), x.shape)


def _between(function: Callable[[Any, Any], Any], level: float, low: Array, high: Array) -> Array:
    """The points, between two rows of them, where the function comes to this level."""
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        is_low = (_heights(function, *middle.T) <= level)[:, None]
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return low
