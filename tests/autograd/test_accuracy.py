"""Every elementwise function against mpmath, far out, near zeros and near the ends of the domain.

A value or slope ``v`` may be off by 1e-14 of itself and of what an error of 1e-14 in the
inputs would do to it: |error| <= 1e-14 * (|v| + sum of |x dv/dx|). A row without a twin
here fails.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

import nn
from autograd import Tensor, Value, cos, elementwise, exp
from autograd.expression import parse
from autograd.primitive import POSITIVE, REAL, Elementwise, Interval, table
from autograd.primitives import error_function, hyperbolic  # noqa: F401
from nn import activations

Twin = Callable[..., Any]

ALLOWED = 1e-14
ROUNDED = {"power": 5e-14}  # says so in its note: what is lost in b - 1 can be a thousandth of log(a) later
TINY = 2.0**-1022  # smaller numbers have fewer digits
FARTHEST = 160  # the largest and smallest inputs are 1e160 and 1e-160
STEP = mpf(10) ** -60  # of the differences, times the input if that is below 1
# Differences of differences are left with 160 of them at least: cos(1e-160) and what it is
# a step of 1e-220 further differ by 1e-440, and the ends of tanh by no less while they are floats;
# hypot(1e160, 1e-160) changes by a 1e-760th.
DIGITS = 920


@dataclass(frozen=True)
class Function:
    """A row, or a function composed of rows, and its twin in mpmath."""

    name: str
    call: Callable[..., Any]
    twin: Twin
    domain: tuple[Interval, ...] = (REAL,)
    kink: Callable[..., Any] | None = None


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _softplus(x: Any) -> Any:
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def _sinc(x: Any) -> Any:
    return mp.sin(mp.pi * x) / (mp.pi * x)


def _erfc(x: Any) -> Any:
    return mp.erfc(x) if abs(x) < 1e6 else 1 - mp.sign(x)  # further out mpmath overflows


def _logaddexp(a: Any, b: Any) -> Any:
    return max(a, b) + mp.log1p(mp.exp(-abs(a - b)))


def _elu(x: Any, alpha: Any = 1) -> Any:
    return x if x > 0 else alpha * mp.expm1(x)


TWINS: dict[str, Twin] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "absolute": abs,
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "trunc": lambda x: mp.sign(x) * mp.floor(abs(x)),
    "rint": mp.nint,
    "remainder": lambda a, b: a - b * mp.floor(a / b),
    "maximum": max,
    "minimum": min,
    "relu": lambda x: max(x, mpf(0)),
    "where": lambda condition, a, b: a if condition else b,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "exp2": lambda x: mpf(2) ** x,
    "log": mp.log,
    "log1p": mp.log1p,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "sqrt": mp.sqrt,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "sigmoid": _sigmoid,
    "tanh": mp.tanh,
    "softplus": _softplus,
    "logaddexp": _logaddexp,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "arcsin": mp.asin,
    "arccos": mp.acos,
    "arctan": mp.atan,
    "arctan2": mp.atan2,
    "hypot": mp.hypot,
    "sinc": _sinc,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "arcsinh": mp.asinh,
    "arccosh": mp.acosh,
    "arctanh": mp.atanh,
    "erf": mp.erf,
    "erfc": _erfc,
}
COMPOSED: dict[str, Twin] = {
    "leaky_relu": lambda x: x if x > 0 else mpf(0.01) * x,
    "elu": _elu,
    "selu": lambda x: mpf(1.0507009873554805) * _elu(x, mpf(1.6732632423543772)),
    "gelu": lambda x: x / 2 * _erfc(-x / mp.sqrt(2)),
    "silu": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * mp.tanh(_softplus(x)),
    "log_sigmoid": lambda x: -_softplus(-x),
    "hardtanh": lambda x: min(max(x, mpf(-1)), mpf(1)),
}
# The twin's differences are no slopes any more where the exponent is larger than 1 / STEP.
DOMAINS = {"power": (POSITIVE, Interval(-1e9, 1e9))}
# Where a value or a slope is 0, or a rule changes its form; 0, 1, -1 and the ends of domains are tried everywhere.
NEAR: dict[str, tuple[float, ...]] = {
    "sin": (math.pi / 2, math.pi, 1e4 * math.pi),
    "cos": (math.pi / 2, math.pi, 1e4 * math.pi),
    "tan": (math.pi / 2, math.pi, 1e4 * math.pi),
    "sinc": (0.5, 1.4302966531242027, 2.0, 2.4590240330155673, 1e4),
    "erf": (0.5,),
    "erfc": (0.5,),
    "gelu": (-0.7517915246935645,),
    "silu": (-1.2784645427610738,),
    "mish": (-1.1924312139982254,),
}

ROWS = [row for row in table.values() if isinstance(row, Elementwise)]
each_function = pytest.mark.parametrize(
    "function",
    [
        Function(row.name, row, TWINS[row.name], DOMAINS.get(row.name, row.domain), row.kink)
        for row in ROWS
        if row.name in TWINS
    ]
    + [Function(name, getattr(activations, name), twin, kink=lambda x: abs(x) - 1) for name, twin in COMPOSED.items()],
    ids=lambda function: function.name,
)


def test_every_elementwise_row_has_a_twin() -> None:
    assert {row.name for row in ROWS} == set(TWINS)


def test_every_activation_is_checked() -> None:
    assert set(nn.activations.ACTIVATIONS) <= {"identity", *TWINS, *COMPOSED}


# ---- the truth -----------------------------------------------------------


def truth(f: Twin, x: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    """The value and the slopes, each with what its errors are measured by.

    By differences one step ahead, which is so small that their own error is no matter.
    """
    n = range(len(x))
    h = [STEP * min(abs(entry), 1) for entry in x]

    @functools.cache
    def ahead(*axes: int) -> Any:
        return f(*(x[i] + axes.count(i) * h[i] for i in n))

    value = ahead()
    slopes = [(ahead(i) - value) / h[i] for i in n]
    bends = [[(ahead(i, j) - ahead(i) - ahead(j) + value) / (h[i] * h[j]) for j in n] for i in n]
    quantities = [(value, slopes), *zip(slopes, bends)]
    return [(v, abs(v) + sum(abs(x[i] * derivatives[i]) for i in n)) for v, derivatives in quantities]


def is_accurate(found: float, exact: Any, size: Any, allowed: float = ALLOWED) -> bool:
    tolerance = allowed * size + TINY
    if abs(exact) + tolerance > mpf(np.finfo(float).max):  # too large for a float
        return abs(found) > 1e300
    return math.isfinite(found) and abs(mpf(float(found)) - exact) <= tolerance


# ---- points --------------------------------------------------------------


def into(interval: Interval, x: float) -> float:
    return next(z for z in (x, -x, 1 / x, -1 / x, 0.5, 2.0) if z in interval)


def point(function: Function, rng: np.random.Generator) -> tuple[float, ...]:
    """Inputs of all magnitudes, many of them close to places where digits get lost."""
    x: list[float] = []
    for interval in function.domain:
        sign = rng.choice([-1.0, 1.0])
        ends = [end for end in (interval.low, interval.high) if math.isfinite(end)]
        places = [0.0, 1.0, -1.0, *ends, *x, *(-z for z in x), *NEAR.get(function.name, ())]
        place = places[rng.integers(len(places))]
        drawn = [
            sign * 10 ** rng.uniform(-FARTHEST, FARTHEST),
            sign * rng.uniform(5, 800),
            sign * rng.uniform(0, 5),
            place + sign * 10 ** rng.uniform(-18, 0),
            place * (1 + sign * 10 ** rng.uniform(-18, 0)),
        ][rng.integers(5)]
        x.append(into(interval, drawn or 0.5))
    with np.errstate(all="ignore"):
        if function.kink is not None and not function.kink(*x):
            return point(function, rng)
    return tuple(map(float, x))


# ---- the tests -----------------------------------------------------------

AT_ONCE = 4  # times 30 draws


def check(function: Function, seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch = [point(function, rng) for _ in range(AT_ONCE)]
    tensors = [Tensor(column) for column in zip(*batch)]
    with np.errstate(all="ignore"):
        z = function.call(*tensors)
        z.backward(np.ones(AT_ONCE))
    for k, x in enumerate(batch):
        values = [Value(entry) for entry in x]
        y = function.call(*values)
        y.backward()
        with mp.workdps(DIGITS):
            exact, *slopes = truth(function.twin, tuple(map(mpf, x)))
            assert is_accurate(y.data, *exact), (x, *map(float, exact))
            assert is_accurate(z.data[k], *exact), (x, *map(float, exact))
            allowed = ROUNDED.get(function.name, ALLOWED)
            for value, tensor, slope in zip(values, tensors, slopes):
                if value.grad is not None:  # as that of the condition of where is
                    assert is_accurate(value.grad, *slope, allowed), (x, *map(float, slope))
                    assert is_accurate(tensor.grad[k], *slope, allowed), (x, *map(float, slope))


@each_function
@given(seed=st.integers(0, 2**32 - 1))
def test_value_and_slopes_are_accurate(function: Function, seed: int) -> None:
    check(function, seed)


LOSING = {
    "expm1": lambda x, y: y + 1,
    "sigmoid": lambda x, y: y * (1 - y),
    "tanh": lambda x, y: 1 - y * y,
    "softplus": lambda x, y: 1 - exp(-y),
    "sinc": lambda x, y: (cos(math.pi * x) - y) / x,
}


@pytest.mark.parametrize("name", LOSING)
def test_slopes_of_forms_that_lose_digits_are_caught(name: str) -> None:
    row = table.pop(name)
    wrong = elementwise(name, LOSING[name], array=row.array, scalar=row.scalar, domain=row.domain)
    function = Function(name, wrong, TWINS[name], row.domain)

    def is_caught(seed: int) -> bool:
        try:
            check(function, seed)
        except AssertionError:
            return True
        return False

    assert any(map(is_caught, range(30)))


@pytest.mark.parametrize("row", [row for row in ROWS if row.shown], ids=lambda row: row.name)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_form_that_is_shown_is_that_of_the_rule(row: Elementwise, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = tuple(into(interval, float(rng.uniform(0.1, 3))) for interval in row.domain)
    values = (*x, row.on_floats(*x))
    assert len(row.shown) == len(row.partials)
    for text, partial in zip(row.shown, row.partials):
        names = [*inspect.signature(partial).parameters]
        shown = parse(text, names)(dict(zip(names, values)))
        assert shown == pytest.approx(partial(*values), rel=1e-9, abs=1e-12)
