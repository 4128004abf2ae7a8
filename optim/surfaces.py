"""Test surfaces: functions of two variables whose difficulties are known and can be seen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograd import cos, exp
from autograd.symbol import Symbol

Point = tuple[float, float]


@dataclass(frozen=True)
class Surface:
    """A function of x and y whose least value is 0.

    Attributes:
        name: the function's.
        formula: of the function, printed by itself.
        function: of x and y, which may be numbers, arrays or nodes.
        start: where a race begins.
        minima: every point at which the function is 0.
        box: left, right, bottom and top of the part that is worth looking at.
    """

    name: str
    formula: str
    function: Callable[[Any, Any], Any]
    start: Point
    minima: tuple[Point, ...]
    box: tuple[float, float, float, float]

    @property
    def lesson(self) -> str:
        """What can be seen on it."""
        return (self.function.__doc__ or "").partition("\n")[0]


def bowl(x: Any, y: Any) -> Any:
    """One direction is twenty times as steep as the other: plain descent zigzags or crawls."""
    return x**2 / 20 + y**2


def rosenbrock(x: Any, y: Any) -> Any:
    """A valley that bends: into it is easy, along it is slow.

    Rosenbrock, An automatic method for finding the greatest or least value of a function (1960).
    """
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def beale(x: Any, y: Any) -> Any:
    """Flat in the middle and very steep at the corners, so that no learning rate suits everywhere.

    Beale, On an iterative method for finding a local minimum of a function of more than one variable (1958).
    """
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def himmelblau(x: Any, y: Any) -> Any:
    """Four minima, equally good: which one is found depends on the way there.

    Himmelblau, Applied nonlinear programming (1972).
    """
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def rastrigin(x: Any, y: Any) -> Any:
    """A minimum in every hollow, and only the one in the middle is 0: most ways end too early.

    Rastrigin, Systems of extremal control (1974).
    """
    return 20 + x**2 - 10 * cos(2 * math.pi * x) + y**2 - 10 * cos(2 * math.pi * y)


def saddle(x: Any, y: Any) -> Any:
    """The way leads straight to a point that is no minimum, where the gradient dies away before it grows again."""
    return x**2 + (y**2 - 1) ** 2


def ravine(x: Any, y: Any) -> Any:
    """A hundred times as steep across as along, and askew: step sizes per coordinate do not help."""
    return 25 * (x - y) ** 2 + (x + y - 2) ** 2 / 4


def plateau(x: Any, y: Any) -> Any:
    """Almost flat far from the minimum: a step in proportion to the gradient hardly moves."""
    return 1 - exp(-((x - 1) ** 2 + (y - 1) ** 2) / 4)


def _surface(
    function: Callable[[Any, Any], Any], start: Point, minima: tuple[Point, ...], box: tuple[float, float, float, float]
) -> Surface:
    formula = str(function(Symbol("x"), Symbol("y")))
    for code, mathematics in ((repr(2 * math.pi), "2π"), ("**2", "²"), ("**3", "³"), ("*", "")):
        formula = formula.replace(code, mathematics)
    return Surface(function.__name__, formula, function, start, minima, box)


_HIMMELBLAU = (
    (3.0, 2.0),
    (-2.805118086952745, 3.131312518250573),
    (-3.779310253377747, -3.2831859912861696),
    (3.5844283403304917, -1.8481265269644036),
)

SURFACES = {
    surface.name: surface
    for surface in (
        _surface(bowl, (-7.0, 2.0), ((0.0, 0.0),), (-8.0, 4.0, -3.0, 3.0)),
        _surface(rosenbrock, (-1.5, 2.0), ((1.0, 1.0),), (-2.0, 2.0, -1.0, 3.0)),
        _surface(beale, (1.0, 1.5), ((3.0, 0.5),), (-1.0, 4.5, -1.5, 2.5)),
        _surface(himmelblau, (0.0, -4.5), _HIMMELBLAU, (-5.5, 5.5, -5.5, 5.5)),
        _surface(rastrigin, (-3.3, 2.4), ((0.0, 0.0),), (-4.5, 2.5, -2.5, 4.0)),
        _surface(saddle, (-1.8, 0.001), ((0.0, 1.0), (0.0, -1.0)), (-2.2, 1.4, -1.6, 1.6)),
        _surface(ravine, (-4.0, -3.0), ((1.0, 1.0),), (-5.0, 3.0, -5.0, 3.0)),
        _surface(plateau, (-3.2, 3.4), ((1.0, 1.0),), (-4.5, 3.5, -1.5, 4.5)),
    )
}
