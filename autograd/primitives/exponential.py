"""Exponentials, logarithms and the functions made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.primitive import POSITIVE, Interval, elementwise


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


exp = elementwise("exp", lambda x, y: y)
# Below their domains the logarithms are nan, and 1 / x would be a slope of nothing.
log = elementwise("log", lambda x, y: 1 / where(x < 0, math.nan, x), domain=POSITIVE)
log1p = elementwise("log1p", lambda x, y: 1 / (1 + where(x < -1, math.nan, x)), domain=Interval(low=-1.0))
sqrt = elementwise("sqrt", lambda x, y: 0.5 / y, domain=POSITIVE)
# y * (1 - y) would lose every digit where y rounds to 1.
sigmoid = elementwise("sigmoid", lambda x, y: y * sigmoid(-x), scalar=_sigmoid, array=_sigmoid_array)
# 1 - y**2 would lose every digit where y rounds to 1.
tanh = elementwise("tanh", lambda x, y: 4 * sigmoid(2 * x) * sigmoid(-2 * x))
softplus = elementwise("softplus", lambda x, y: sigmoid(x), scalar=_softplus, array=lambda x: np.logaddexp(0, x))


from autograd.primitives.arithmetic import where  # noqa: E402  (the two families' rules use each other)
