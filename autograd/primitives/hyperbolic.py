"""Hyperbolic functions and their inverses; ``tanh``, made of sigmoids, is among the exponentials."""

from __future__ import annotations

import math

from autograd.primitive import Interval, elementwise, point
from autograd.primitives.arithmetic import where
from autograd.primitives.exponential import sqrt
from autograd.primitives.trigonometry import hypot

sinh = elementwise("sinh", lambda x, y: cosh(x))
cosh = elementwise("cosh", lambda x, y: sinh(x))

# The rows have the names of NumPy's ufuncs, which its functions on Tensors are found by.
# hypot does not overflow where x**2 would.
asinh = elementwise(
    "arcsinh", lambda x, y: 1 / hypot(1.0, x), scalar=math.asinh, symbol="asinh", shown="1 / sqrt(1 + x**2)"
)
acosh = elementwise(
    "arccosh",
    lambda x, y: 1 / (sqrt(x - 1) * sqrt(x + 1)),  # near 1, x**2 - 1 would cancel; far out it would overflow
    scalar=math.acosh,
    domain=Interval(low=1.0),
    symbol="acosh",
    special=[point(1.0)],
    note="infinite at the end",
    shown="1 / sqrt(x**2 - 1)",
)
atanh = elementwise(
    "arctanh",
    # Near 1, 1 - x**2 would cancel; beyond, where atanh is nan, there is no slope.
    lambda x, y: 1 / ((1 - x) * (1 + where((x < -1) | (x > 1), math.nan, x))),
    scalar=math.atanh,
    domain=Interval(-1.0, 1.0),
    symbol="atanh",
    special=[point(-1.0), point(1.0)],
    note="infinite at the poles",
    shown="1 / (1 - x**2)",
)
