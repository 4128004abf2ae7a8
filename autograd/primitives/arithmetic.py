"""Sums, products, powers, comparisons with a choice: the derivatives of arithmetic."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd import node as nodes
from autograd.primitive import POSITIVE, REAL, elementwise


def _maximum(a: float, b: float) -> float:
    return a if a > b or a != a else b  # a != a: nan wins, as in NumPy


def _minimum(a: float, b: float) -> float:
    return a if a < b or a != a else b


def _sign(x: float) -> float:
    return (x > 0) - (x < 0) if x == x else x


add = elementwise("add", lambda a, b, y: 1.0, lambda a, b, y: 1.0, scalar=operator.add, symbol="+")
subtract = elementwise("subtract", lambda a, b, y: 1.0, lambda a, b, y: -1.0, scalar=operator.sub, symbol="-")
multiply = elementwise("multiply", lambda a, b, y: b, lambda a, b, y: a, scalar=operator.mul, symbol="*")
divide = elementwise(
    "divide",
    lambda a, b, y: 1 / b,
    lambda a, b, y: -y / b,
    scalar=operator.truediv,
    domain=(REAL, POSITIVE),
    symbol="/",
)
# The slope in a of a**0 is 0 at a = 0 too, where b * a**(b - 1) would be 0 * inf; that
# in b of 0**b is 0, where y * log(0) would be 0 * -inf. Elsewhere the choice must not hide
# b, or the slope of that slope would be lost at b = 0.
power = elementwise(
    "power",
    lambda a, b, y: b * power(where((a == 0) & (b == 0), 1.0, a), b - 1),
    lambda a, b, y: y * log(where(y == 0, 1.0, a)),
    scalar=math.pow,
    domain=(POSITIVE, REAL),
    symbol="**",
)
negative = elementwise("negative", lambda x, y: -1.0, scalar=operator.neg, symbol="neg")
absolute = elementwise("absolute", lambda x, y: sign(x), scalar=math.fabs, kink=lambda x: x, symbol="abs")
sign = elementwise("sign", lambda x, y: 0.0, scalar=lambda x: float(_sign(x)), kink=lambda x: x)
# Operands that tie share the slope equally: half each is a valid subgradient.
maximum = elementwise(
    "maximum",
    lambda a, b, y: (a > b) + 0.5 * (a == b),
    lambda a, b, y: (b > a) + 0.5 * (a == b),
    scalar=_maximum,
    kink=lambda a, b: a - b,
    symbol="max",
)
minimum = elementwise(
    "minimum",
    lambda a, b, y: (a < b) + 0.5 * (a == b),
    lambda a, b, y: (b < a) + 0.5 * (a == b),
    scalar=_minimum,
    kink=lambda a, b: a - b,
    symbol="min",
)
relu = elementwise(
    "relu",
    lambda x, y: sign(y),  # a float, and so multiplied in half the time of the truth value y > 0
    scalar=lambda x: _maximum(x, 0.0),
    array=lambda x: np.maximum(x, np.zeros((), x.dtype)),  # NumPy is slow to make an array of a 0
    kink=lambda x: x,
    bounded=True,
)
_choose = elementwise(
    "where",
    lambda condition, a, b, y: 0.0,
    lambda condition, a, b, y: condition != 0,
    lambda condition, a, b, y: condition == 0,
    scalar=lambda condition, a, b: a if condition else b,
    kink=lambda condition, a, b: condition,
)


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds and ``b`` elsewhere, entry by entry.

    No derivative is taken with respect to the condition.
    """
    return _choose(condition._data if isinstance(condition, nodes.Node) else condition, a, b)


from autograd.primitives.exponential import log  # noqa: E402  (the two families' rules use each other)
