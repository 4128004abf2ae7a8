"""Sums, products, powers, comparisons with a choice: the derivatives of arithmetic."""

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

import numpy as np

from autograd import node as nodes
from autograd.primitive import NONZERO, POSITIVE, REAL, elementwise, point


def _maximum(a: float, b: float) -> float:
    return a if a > b or a != a else b  # a != a: nan wins, as in NumPy


def _minimum(a: float, b: float) -> float:
    return a if a < b or a != a else b


def _sign(x: float) -> float:
    return 1.0 if x > 0 else -1.0 if x < 0 else x + 0.0  # 0 for -0 too, as in NumPy


add = elementwise("add", lambda a, b, y: 1.0, lambda a, b, y: 1.0, scalar=operator.add, symbol="+")
subtract = elementwise("subtract", lambda a, b, y: 1.0, lambda a, b, y: -1.0, scalar=operator.sub, symbol="-")
multiply = elementwise("multiply", lambda a, b, y: b, lambda a, b, y: a, scalar=operator.mul, symbol="*")
divide = elementwise(
    "divide",
    lambda a, b, y: 1 / b,
    lambda a, b, y: -y / b,
    scalar=operator.truediv,
    domain=(REAL, NONZERO),
    symbol="/",
    special=[point(1.0, 0.0), point(0.0, 0.0)],
    note="infinite where the divisor is 0; 0/0 is nan",
)
# The slope in a of a**0 is 0 at a = 0 too, where b * a**(b - 1) would be 0 * inf; that
# in b of 0**b is 0, where y * log(0) would be 0 * -inf. Elsewhere the choice must not hide
# b, or the slope of that slope would be lost at b = 0.
power = elementwise(
    "power",
    lambda a, b, y: b * power(where((a == 0) & (b == 0), 1.0, a), b - 1),
    lambda a, b, y: y * log(where((a == 0) & (b < 0), math.nan, where((a == 0) | (y == 0), 1.0, a))),
    shown=("b * a**(b - 1)", "y * log(a)"),
    scalar=math.pow,
    domain=(POSITIVE, REAL),
    symbol="**",
    special=[point(0.0, -1.0), point(0.0, 0.0), point(0.0, 0.5), point(0.0, 1.0), point(0.0, 2.0), point(-2.0, 3.0)],
    note="x**n has the slope of the polynomial at 0 too, 0**0 the slopes 0; a power of 0 or of a negative number "
    "is defined for single exponents only, so that its slope in the exponent is nan, or 0 where the power is 0; "
    "for bases beyond 1e±30 and exponents close to 0 the slope in the base is within 5e-14, as b - 1 is rounded",
)
negative = elementwise("negative", lambda x, y: -1.0, scalar=operator.neg, symbol="neg")
positive = elementwise("positive", lambda x, y: 1.0, scalar=operator.pos, symbol="pos")
# As rows these two take one product forward and one back; as powers, a logarithm's time each.
square = elementwise("square", lambda x, y: 2 * x, scalar=lambda x: x * x)
reciprocal = elementwise(
    "reciprocal",
    lambda x, y: -y * y,
    scalar=lambda x: 1 / x,
    array=lambda x: 1 / x,  # NumPy's own takes whole numbers for whole numbers
    domain=NONZERO,
    special=[point(0.0)],
    note="infinite at the pole",
    shown="-1/x**2",
)
absolute = elementwise(
    "absolute",
    lambda x, y: sign(x),
    scalar=math.fabs,
    kink=lambda x: x,
    symbol="abs",
    special=[point(0.0)],
    note="0 at the kink, between -1 and 1",
)


# ---- steps ---------------------------------------------------------------

_STEP = "0 everywhere, at the jumps too"


def _flat(x: Any) -> Any:
    """The slope of a step: 0, and nan of nan."""
    return where(x == x, 0.0, math.nan)


def _from_integer(x: Any) -> Any:
    return x - np.rint(x)


sign = elementwise(
    "sign",
    lambda x, y: _flat(x),
    scalar=_sign,
    kink=lambda x: x,
    special=[point(0.0)],
    note=_STEP,
    shown="0",
)
floor = elementwise(
    "floor",
    lambda x, y: _flat(x),
    scalar=lambda x: float(math.floor(x)),
    kink=_from_integer,
    special=[point(1.0)],
    note=_STEP,
    shown="0",
)
ceil = elementwise(
    "ceil",
    lambda x, y: _flat(x),
    scalar=lambda x: float(math.ceil(x)),
    kink=_from_integer,
    special=[point(1.0)],
    note=_STEP,
    shown="0",
)
trunc = elementwise(
    "trunc",
    lambda x, y: _flat(x),
    scalar=lambda x: float(math.trunc(x)),
    kink=_from_integer,
    special=[point(1.0)],
    note=_STEP,
    shown="0",
)
round = elementwise(
    "rint",
    lambda x, y: _flat(x),
    scalar=lambda x: float(builtins.round(x)),
    kink=lambda x: _from_integer(x - 0.5),
    symbol="round",
    special=[point(0.5)],
    note=f"{_STEP}; halves go to the even neighbour, as in NumPy",
    shown="0",
)
remainder = elementwise(
    "remainder",
    lambda a, b, y: where(y == y, 1.0, math.nan),
    lambda a, b, y: -round((a - y) / b),  # floor(a / b) would round a / b up to the next integer
    scalar=operator.mod,
    domain=(REAL, NONZERO),
    kink=lambda a, b: _from_integer(a / b) * b * np.minimum(1, np.abs(b) / (1 + np.abs(a))),
    symbol="%",
    special=[point(3.0, 1.0)],
    note="at the jumps that to their right; the remainder has the sign of the divisor",
    shown=("1", "-floor(a / b)"),
)


# ---- choices -------------------------------------------------------------

_TIE = "operands that tie share the slope equally; a nan has the slope nan, and the other operand 0"

maximum = elementwise(
    "maximum",
    lambda a, b, y: where(a == a, (a > b) + 0.5 * (a == b), math.nan),
    lambda a, b, y: where(b == b, (b > a) + 0.5 * (a == b), math.nan),
    shown=("[a > b] + 0.5*[a == b]", "[b > a] + 0.5*[a == b]"),
    scalar=_maximum,
    kink=lambda a, b: a - b,
    symbol="max",
    special=[point(1.0, 1.0), point(1.0, math.nan)],
    note=_TIE,
)
minimum = elementwise(
    "minimum",
    lambda a, b, y: where(a == a, (a < b) + 0.5 * (a == b), math.nan),
    lambda a, b, y: where(b == b, (b < a) + 0.5 * (a == b), math.nan),
    shown=("[a < b] + 0.5*[a == b]", "[b < a] + 0.5*[a == b]"),
    scalar=_minimum,
    kink=lambda a, b: a - b,
    symbol="min",
    special=[point(1.0, 1.0), point(1.0, math.nan)],
    note=_TIE,
)
relu = elementwise(
    "relu",
    lambda x, y: sign(y),  # a float, and so multiplied in half the time of the truth value y > 0
    scalar=lambda x: x if x > 0.0 or x != x else 0.0,
    array=lambda x: np.maximum(x, np.zeros((), x.dtype)),  # NumPy is slow to make an array of a 0
    kink=lambda x: x,
    bounded=True,
    special=[point(0.0)],
    note="0 at the kink, between 0 and 1",
    shown="[x > 0]",
)
_choose = elementwise(
    "where",
    lambda condition, a, b, y: 0.0,
    lambda condition, a, b, y: condition != 0,
    lambda condition, a, b, y: condition == 0,
    scalar=lambda condition, a, b: a if condition else b,
    kink=lambda condition, a, b: condition,
    special=[point(0.0, 1.0, 2.0)],
    note="no derivative is taken with respect to the condition",
)


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds and ``b`` elsewhere, entry by entry.

    No derivative is taken with respect to the condition.
    """
    if type(condition) is bool and type(a) is type(b) is float:  # in the rules on floats, that is everywhere
        return a if condition else b
    return _choose(nodes.plain(condition), a, b)


def quotient_or_0(a: Any, b: Any) -> Any:
    """``a / b``, and 0 with all its derivatives where ``b`` is 0."""
    return where(b == 0, 0.0, a / where(b == 0, 1.0, b))


def clip(x: Any, low: Any = None, high: Any = None) -> Any:
    """``x``, and the bound where ``x`` lies beyond it; ``None`` is no bound.

    At a bound, which ties with ``x``, the slope is 1/2.
    """
    if low is not None:
        x = maximum(x, low)
    elif high is None and isinstance(x, nodes.Node):
        return positive(x)
    return x if high is None else minimum(x, high)


from autograd.primitives.exponential import log  # noqa: E402  (the two families' rules use each other)
