"""Exponentials, logarithms, roots and the functions made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.primitive import POSITIVE, Interval, elementwise, point

_LOG_2 = math.log(2)
_LOG_10 = math.log(10)


def _sigmoid(x: float) -> float:
    if x < 0:
        e = math.exp(x)
        return e / (1 + e)
    return 1 / (1 + math.exp(-x))


def _sigmoid_array(x: Any) -> Any:
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(x < 0, e, 1) / (1 + e)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x))) if x == x else x


def _logaddexp(a: float, b: float) -> float:
    if a == b:  # also where both are the same infinity
        return a + _LOG_2
    return max(a, b) + math.log1p(math.exp(-abs(a - b))) if a == a and b == b else math.nan


exp = elementwise("exp", lambda x, y: y)
expm1 = elementwise("expm1", lambda x, y: exp(x))  # y + 1 would lose every digit where y rounds to -1
exp2 = elementwise("exp2", lambda x, y: _LOG_2 * y, shown="log(2) * y")

_POLE = "infinite at the pole, and nan where the logarithm is"


def _inside(x: Any) -> Any:
    # Below 0 logarithms are nan, and 1 / x would be a slope of nothing. At -0.0, as at 0.0, it is inf.
    return where(x < 0, math.nan, x) + 0.0


log = elementwise("log", lambda x, y: 1 / _inside(x), domain=POSITIVE, special=[point(0.0)], note=_POLE, shown="1 / x")
log2 = elementwise(
    "log2",
    lambda x, y: 1 / _LOG_2 / _inside(x),
    domain=POSITIVE,
    special=[point(0.0)],
    note=_POLE,
    shown="1 / (log(2) * x)",
)
log10 = elementwise(
    "log10",
    lambda x, y: 1 / _LOG_10 / _inside(x),
    domain=POSITIVE,
    special=[point(0.0)],
    note=_POLE,
    shown="1 / (log(10) * x)",
)
log1p = elementwise(
    "log1p",
    lambda x, y: 1 / _inside(1 + x),
    domain=Interval(low=-1.0),
    special=[point(-1.0)],
    note=_POLE,
    shown="1 / (1 + x)",
)
sqrt = elementwise(
    "sqrt",
    lambda x, y: 0.5 / (y + 0.0),  # inf at -0.0, as at 0.0
    domain=POSITIVE,
    special=[point(0.0)],
    note="infinite at 0, which is the slope there; a cotangent of 0 stays 0 all the same",
    shown="1 / (2 * y)",
)
cbrt = elementwise(
    "cbrt",
    lambda x, y: 1 / (3 * y * y),
    kink=lambda x: x,
    special=[point(0.0)],
    note="infinite at 0, which is the slope there",
    shown="1 / (3 * y**2)",
)
# y * (1 - y) would lose every digit where y rounds to 1.
sigmoid = elementwise(
    "sigmoid", lambda x, y: y * sigmoid(-x), scalar=_sigmoid, array=_sigmoid_array, shown="y * (1 - y)"
)
# 1 - y**2 would lose every digit where y rounds to 1.
tanh = elementwise("tanh", lambda x, y: 4 * sigmoid(2 * x) * sigmoid(-2 * x), shown="1 - y**2")
softplus = elementwise("softplus", lambda x, y: sigmoid(x), scalar=_softplus, array=lambda x: np.logaddexp(0, x))


def _lead(a: Any, b: Any, y: Any) -> Any:
    """``a - b``; between equal infinities what gives the conventional slopes."""
    equal = (a == b) & ((y == math.inf) | (y == -math.inf))
    return where(equal, where(y > 0, 0.0, -math.inf), a) - where(equal, 0.0, b)


# exp(a - y) would bring back, magnified, what rounding did to a large y.
logaddexp = elementwise(
    "logaddexp",
    lambda a, b, y: sigmoid(_lead(a, b, y)),
    lambda a, b, y: sigmoid(_lead(b, a, y)),
    scalar=_logaddexp,
    special=[point(-math.inf, -math.inf), point(math.inf, math.inf)],
    note="of two -inf the slopes are 0, those of exp(a) + exp(b); two inf share the slope equally",
    shown=("exp(a - y)", "exp(b - y)"),
)


from autograd.primitives.arithmetic import where  # noqa: E402  (the two families' rules use each other)
