"""Trigonometric functions, their inverses, and the geometry of right triangles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.primitive import Array, Interval, elementwise, point
from autograd.primitives.arithmetic import quotient_or_0, round, square, where
from autograd.primitives.exponential import sqrt

_WITHIN_ONE = Interval(-1.0, 1.0)
_ENDS = [point(-1.0), point(1.0)]

sin = elementwise("sin", lambda x, y: cos(x))
cos = elementwise("cos", lambda x, y: -sin(x))
tan = elementwise("tan", lambda x, y: 1 + y * y, kink=np.cos)  # no float is a zero of cos

# The rows have the names of NumPy's ufuncs, which its functions on Tensors are found by. Near 1,
# 1 - x**2 would cancel where (1 - x) * (1 + x) does not.
asin = elementwise(
    "arcsin",
    lambda x, y: 1 / sqrt((1 - x) * (1 + x)),
    scalar=math.asin,
    domain=_WITHIN_ONE,
    symbol="asin",
    special=_ENDS,
    note="infinite at the ends",
    shown="1 / sqrt(1 - x**2)",
)
acos = elementwise(
    "arccos",
    lambda x, y: -1 / sqrt((1 - x) * (1 + x)),
    scalar=math.acos,
    domain=_WITHIN_ONE,
    symbol="acos",
    special=_ENDS,
    note="infinite at the ends",
    shown="-1 / sqrt(1 - x**2)",
)


def _over_square(x: Any, length: Any) -> Any:
    return x / length / length  # the square might overflow


atan = elementwise(
    "arctan",
    lambda x, y: square(1 / hypot(1.0, x)),  # x**2 might overflow
    scalar=math.atan,
    symbol="atan",
    shown="1 / (1 + x**2)",
)
hypot = elementwise(
    "hypot",
    lambda a, b, y: quotient_or_0(a, y),
    lambda a, b, y: quotient_or_0(b, y),
    kink=np.hypot,
    special=[point(0.0, 0.0)],
    note="0 at the tip of the cone, as of a norm",
    shown=("a / y", "b / y"),
)
atan2 = elementwise(
    "arctan2",
    lambda a, b, y: _over_square(b, hypot(a, b)),
    lambda a, b, y: _over_square(-a, hypot(a, b)),
    scalar=math.atan2,
    kink=lambda a, b: np.hypot(a, np.maximum(b, 0.0)),  # how far it is to the cut
    symbol="atan2",
    special=[point(0.0, 0.0), point(0.0, -1.0)],
    note="on the cut, where the angle jumps from pi to -pi, the slopes of its both sides; at the origin nan",
    shown=("b / (a**2 + b**2)", "-a / (a**2 + b**2)"),
)

# ---- sinc ----------------------------------------------------------------

# The series of the slope at 0, -pi**2/3 x + pi**4/30 x**3 - ...: its coefficients, up to the one
# that no longer counts at 1/2.
_SINC_SLOPE = [(-1) ** k * math.pi ** (2 * k) * 2 * k / math.factorial(2 * k + 1) for k in range(1, 14)]


def _within_period(x: Any) -> Any:
    return x - 2 * round(x / 2)  # exact, where pi * x would be a rounded phase


def _sinc_slope(x: Any, y: Any) -> Any:
    # (cos(pi x) - y) / x cancels near 0. Both branches are smooth, and are so where the other is taken.
    near = (x > -0.5) & (x < 0.5)
    small = where(near, x, 0.0)
    series: Any = 0.0
    for coefficient in reversed(_SINC_SLOPE):
        series = series * small * small + coefficient
    return where(near, series * small, (cos(math.pi * _within_period(x)) - y) / where(near, 1.0, x))


def _sinc_array(x: Array) -> Array:
    zero = x == 0
    return np.where(zero, 1, np.sin(math.pi * _within_period(x)) / (math.pi * np.where(zero, 1, x)))


# A row, as the quotient would have neither value nor slope at 0.
sinc = elementwise(
    "sinc",
    lambda x, y: _sinc_slope(x, y),
    array=_sinc_array,
    scalar=lambda x: math.sin(math.pi * math.remainder(x, 2.0)) / (math.pi * x) if x else 1.0,
    shown="(cos(pi * x) - y) / x",
)
