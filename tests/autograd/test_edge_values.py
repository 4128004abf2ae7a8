"""Values and slopes where arithmetic is hard: tails, kinks, ends of domains, inf and nan."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import (
    Tensor,
    Value,
    absolute,
    concatenate,
    cos,
    exp,
    grad,
    gradients,
    log,
    log1p,
    log_softmax,
    logsumexp,
    maximum,
    mean,
    minimum,
    relu,
    sigmoid,
    sin,
    softmax,
    softplus,
    sqrt,
    stack,
    tanh,
    weighted_sum,
    where,
)
from autograd.primitive import Elementwise, table
from autograd.primitives.arithmetic import ceil, clip, floor, reciprocal, remainder, round, sign, square, trunc
from autograd.primitives.error_function import erf, erfc
from autograd.primitives.exponential import cbrt, exp2, expm1, log2, log10, logaddexp
from autograd.primitives.hyperbolic import acosh, asinh, atanh, cosh, sinh
from autograd.primitives.trigonometry import acos, asin, atan, atan2, hypot, sinc, tan
from nn.activations import elu, gelu, hardtanh, leaky_relu, log_sigmoid, mish, selu, silu

INF, NAN = math.inf, math.nan


def case(name: str, f: Callable[..., Any], x: tuple[float, ...], y: float, *slopes: float) -> Any:
    return pytest.param(f, x, y, slopes, id=name)


CASES = [
    case("1/0", lambda a, b: a / b, (1.0, 0.0), INF, INF, -INF),
    case("-1/0", lambda a, b: a / b, (-1.0, 0.0), -INF, INF, INF),
    case("0/0", lambda a, b: a / b, (0.0, 0.0), NAN, INF, NAN),
    case("6/3", lambda a, b: a / b, (6.0, 3.0), 2.0, 1 / 3, -2 / 3),
    case("1/x at 0", lambda x: 1 / x, (0.0,), INF, -INF),
    case("sums overflow", lambda a, b: a + b, (1e308, 1e308), INF, 1.0, 1.0),
    case("inf - inf", lambda a, b: a - b, (INF, INF), NAN, 1.0, -1.0),
    case("products overflow", lambda a, b: a * b, (1e200, -1e200), -INF, -1e200, 1e200),
    case("0 * inf", lambda a, b: a * b, (0.0, INF), NAN, INF, 0.0),
    case("-x", lambda x: -x, (3.0,), -3.0, -1.0),
    case("exp overflows", exp, (1000.0,), INF, INF),
    case("exp underflows", exp, (-1000.0,), 0.0, 0.0),
    case("exp 0", exp, (0.0,), 1.0, 1.0),
    case("log 0", log, (0.0,), -INF, INF),
    case("log inf", log, (INF,), INF, 0.0),
    case("log 1", log, (1.0,), 0.0, 1.0),
    case("log1p -1", log1p, (-1.0,), -INF, INF),
    case("log1p of little", log1p, (1e-18,), 1e-18, 1.0),
    case("sqrt 0", sqrt, (0.0,), 0.0, INF),
    case("sqrt 9", sqrt, (9.0,), 3.0, 1 / 6),
    case("sqrt -1", sqrt, (-1.0,), NAN, NAN),
    case("sqrt inf", sqrt, (INF,), INF, 0.0),
    case("a root of a negative number", lambda a, b: a**b, (-8.0, 1 / 3), NAN, NAN, NAN),
    case("powers overflow", lambda a, b: a**b, (1e300, 2.0), INF, 2e300, INF),
    case("0**-1", lambda x: x**-1, (0.0,), INF, -INF),
    case("0**0", lambda x: x**0, (0.0,), 1.0, 0.0),
    case("0**1", lambda x: x**1, (0.0,), 0.0, 1.0),
    case("0**2", lambda x: x**2, (0.0,), 0.0, 0.0),
    case("5**0", lambda x: x**0, (5.0,), 1.0, 0.0),
    case("inf**0", lambda x: x**0, (INF,), 1.0, 0.0),
    case("0**b", lambda b: 0**b, (2.0,), 0.0, 0.0),
    case("2**b", lambda b: 2**b, (3.0,), 8.0, 8 * math.log(2)),
    case("a**b", lambda a, b: a**b, (2.0, 3.0), 8.0, 12.0, 8 * math.log(2)),
    case("a cube of a negative number", lambda x: x**3, (-2.0,), -8.0, 12.0),
    case("abs at 0", absolute, (0.0,), 0.0, 0.0),
    case("abs below 0", absolute, (-3.0,), 3.0, -1.0),
    case("abs above 0", absolute, (3.0,), 3.0, 1.0),
    case("abs of nan", absolute, (NAN,), NAN, NAN),
    case("relu at 0", relu, (0.0,), 0.0, 0.0),
    case("relu below 0", relu, (-INF,), 0.0, 0.0),
    case("relu above 0", relu, (3.0,), 3.0, 1.0),
    case("relu of inf", relu, (INF,), INF, 1.0),
    case("maximum", maximum, (3.0, 2.0), 3.0, 1.0, 0.0),
    case("maximum, the other way", maximum, (2.0, 3.0), 3.0, 0.0, 1.0),
    case("maximum of a tie", maximum, (2.0, 2.0), 2.0, 0.5, 0.5),
    case("minimum", minimum, (3.0, 2.0), 2.0, 0.0, 1.0),
    case("minimum, the other way", minimum, (2.0, 3.0), 2.0, 1.0, 0.0),
    case("minimum of a tie", minimum, (2.0, 2.0), 2.0, 0.5, 0.5),
    case("sin of inf", sin, (INF,), NAN, NAN),
    case("sin 0", sin, (0.0,), 0.0, 1.0),
    case("cos 0", cos, (0.0,), 1.0, 0.0),
    case("sigmoid 0", sigmoid, (0.0,), 0.5, 0.25),
    case("sigmoid's tail", sigmoid, (40.0,), 1.0, 4.248354255291589e-18),
    case("sigmoid's other tail", sigmoid, (-40.0,), 4.248354255291589e-18, 4.248354255291589e-18),
    case("sigmoid far out", sigmoid, (1000.0,), 1.0, 0.0),
    case("sigmoid far out below", sigmoid, (-1000.0,), 0.0, 0.0),
    case("sigmoid of nan", sigmoid, (NAN,), NAN, NAN),
    case("tanh 0", tanh, (0.0,), 0.0, 1.0),
    case("tanh's tail", tanh, (20.0,), 1.0, 1.6993417021166355e-17),
    case("tanh's other tail", tanh, (-20.0,), -1.0, 1.6993417021166355e-17),
    case("tanh far out", tanh, (-1000.0,), -1.0, 0.0),
    case("softplus 0", softplus, (0.0,), math.log(2), 0.5),
    case("softplus's tail", softplus, (-40.0,), 4.248354255291589e-18, 4.248354255291589e-18),
    case("softplus far out", softplus, (1000.0,), 1000.0, 1.0),
    case("softplus far out below", softplus, (-1000.0,), 0.0, 0.0),
    case("softplus of inf", softplus, (INF,), INF, 1.0),
    case("softplus of nan", softplus, (NAN,), NAN, NAN),
    case("where", lambda a, b: where(True, a, b), (1.0, 2.0), 1.0, 1.0, 0.0),
    case("where not", lambda a, b: where(False, a, b), (1.0, 2.0), 2.0, 0.0, 1.0),
    case("the root not taken at 0", lambda x: where(x > 0, sqrt(x), 0), (0.0,), 0.0, 0.0),
    case("the root not taken below 0", lambda x: where(x > 0, sqrt(x), 0), (-1.0,), 0.0, 0.0),
    case("the root of a product, left factor 0", lambda a, b: sqrt(a * b), (0.0, 3.0), 0.0, INF, 0.0),
    case("the root of a product, right factor 0", lambda a, b: sqrt(a * b), (3.0, 0.0), 0.0, 0.0, INF),
    case("the root taken", lambda x: where(x > 0, sqrt(x), 0), (4.0,), 2.0, 0.25),
    case("the logarithm not taken", lambda x: where(x > 0, log(x), x), (0.0,), 0.0, 1.0),
    case("the quotient not taken", lambda x: where(x != 0, 1 / x, 0), (0.0,), 0.0, 0.0),
    case("the power not taken", lambda x: where(x > 0, x**0.5, 0), (0.0,), 0.0, 0.0),
    case("the slope of log of a negative number", log, (-1.0,), NAN, NAN),
    case("the slope of log1p below -1", log1p, (-2.0,), NAN, NAN),
    case("log -0", log, (-0.0,), -INF, INF),
    case("sqrt -0", sqrt, (-0.0,), 0.0, INF),
    case("log2 0", log2, (0.0,), -INF, INF),
    case("log2 8", log2, (8.0,), 3.0, 0.125 / math.log(2)),
    case("log2 of a negative number", log2, (-8.0,), NAN, NAN),
    case("log10 1000", log10, (1000.0,), 3.0, 0.001 / math.log(10)),
    case("log10 of a negative number", log10, (-8.0,), NAN, NAN),
    case("expm1's tail", expm1, (-50.0,), -1.0, math.exp(-50)),
    case("expm1 of little", expm1, (1e-18,), 1e-18, 1.0),
    case("exp2", exp2, (3.0,), 8.0, 8 * math.log(2)),
    case("cbrt below 0", cbrt, (-8.0,), -2.0, 1 / 12),
    case("square", square, (-3.0,), 9.0, -6.0),
    case("reciprocal 0", reciprocal, (0.0,), INF, -INF),
    case("reciprocal", reciprocal, (-4.0,), -0.25, -0.0625),
    case("0**b at -1", lambda a, b: a**b, (0.0, -1.0), INF, -INF, NAN),
    case("0**b at 0", lambda a, b: a**b, (0.0, 0.0), 1.0, 0.0, 0.0),
    case("0**b at 2", lambda a, b: a**b, (0.0, 2.0), 0.0, 0.0, 0.0),
    case("the exponent of a negative number", lambda a, b: a**b, (-2.0, 3.0), -8.0, 12.0, NAN),
    case("sign below 0", sign, (-3.0,), -1.0, 0.0),
    case("sign 0", sign, (0.0,), 0.0, 0.0),
    case("sign of nan", sign, (NAN,), NAN, NAN),
    case("floor at its jump", floor, (2.0,), 2.0, 0.0),
    case("floor", floor, (-2.5,), -3.0, 0.0),
    case("floor of nan", floor, (NAN,), NAN, NAN),
    case("floor of inf", floor, (INF,), INF, 0.0),
    case("ceil", ceil, (-2.5,), -2.0, 0.0),
    case("trunc", trunc, (-2.5,), -2.0, 0.0),
    case("round to the even neighbour", round, (2.5,), 2.0, 0.0),
    case("round of nan", round, (NAN,), NAN, NAN),
    case("7 % 2.5", remainder, (7.0, 2.5), 2.0, 1.0, -2.0),
    case("-7 % 2.5", remainder, (-7.0, 2.5), 0.5, 1.0, 3.0),
    case("3 % 1, at the jump", remainder, (3.0, 1.0), 0.0, 1.0, -3.0),
    case("0.3 % 0.1, where the quotient rounds up", remainder, (0.3, 0.1), 0.3 % 0.1, 1.0, -2.0),
    case("x % 0", remainder, (1.0, 0.0), NAN, NAN, NAN),
    case("maximum with nan", maximum, (1.0, NAN), NAN, 0.0, NAN),
    case("maximum with nan, the other way", maximum, (NAN, 1.0), NAN, NAN, 0.0),
    case("minimum with nan", minimum, (1.0, NAN), NAN, 0.0, NAN),
    case("minimum of nan twice", minimum, (NAN, NAN), NAN, NAN, NAN),
    case("relu of nan", relu, (NAN,), NAN, NAN),
    case("clip inside", lambda x: clip(x, -1, 2), (1.5,), 1.5, 1.0),
    case("clip below", lambda x: clip(x, -1, 2), (-1.5,), -1.0, 0.0),
    case("clip above", lambda x: clip(x, -1, 2), (2.5,), 2.0, 0.0),
    case("clip at its bound", lambda x: clip(x, -1, 2), (2.0,), 2.0, 0.5),
    case("clip on one side", lambda x: clip(x, low=0), (1e9,), 1e9, 1.0),
    case("clip of nan", lambda x: clip(x, -1, 2), (NAN,), NAN, NAN),
    case("clip to bounds that are learned", clip, (5.0, -1.0, 2.0), 2.0, 0.0, 0.0, 1.0),
    case("asin 1", asin, (1.0,), math.pi / 2, INF),
    case("asin 2", asin, (2.0,), NAN, NAN),
    case("acos 1", acos, (1.0,), 0.0, -INF),
    case("acos -1", acos, (-1.0,), math.pi, -INF),
    case("atan of inf", atan, (-INF,), -math.pi / 2, 0.0),
    case("atan far out", atan, (1e200,), math.pi / 2, 0.0),
    case("tan", tan, (math.pi / 4,), math.tan(math.pi / 4), 1 + math.tan(math.pi / 4) ** 2),
    case("atan2 on its cut", atan2, (0.0, -2.0), math.pi, -0.5, 0.0),
    case("atan2 at the origin", atan2, (0.0, 0.0), 0.0, NAN, NAN),
    case("hypot of numbers whose squares overflow", hypot, (3e200, 4e200), 5e200, 0.6, 0.8),
    case("hypot 0", hypot, (0.0, 0.0), 0.0, 0.0, 0.0),
    case("sinc 0", sinc, (0.0,), 1.0, 0.0),
    case("sinc 1", sinc, (1.0,), math.sin(math.pi) / math.pi, -1.0),
    case("sinc at a large whole number", sinc, (1e10,), 0.0, 1e-10),
    case("sinh", sinh, (0.0,), 0.0, 1.0),
    case("cosh overflows", cosh, (-1000.0,), INF, -INF),
    case("asinh far out", asinh, (1e200,), math.asinh(1e200), 1e-200),
    case("acosh 1", acosh, (1.0,), 0.0, INF),
    case("acosh 0", acosh, (0.0,), NAN, NAN),
    case("atanh 1", atanh, (1.0,), INF, INF),
    case("atanh 2", atanh, (2.0,), NAN, NAN),
    case("erf far out", erf, (1000.0,), 1.0, 0.0),
    case("erf 0", erf, (0.0,), 0.0, 2 / math.sqrt(math.pi)),
    case("erf of nan", erf, (NAN,), NAN, NAN),
    case("erfc far out below", erfc, (-INF,), 2.0, 0.0),
    case("logaddexp far out", logaddexp, (1e4, -1e4), 1e4, 1.0, 0.0),
    case("logaddexp of -inf", logaddexp, (-INF, 0.0), 0.0, 0.0, 1.0),
    case("logaddexp of -inf twice", logaddexp, (-INF, -INF), -INF, 0.0, 0.0),
    case("logaddexp of inf twice", logaddexp, (INF, INF), INF, 0.5, 0.5),
    case("log_sigmoid far out below", log_sigmoid, (-1000.0,), -1000.0, 1.0),
    case("leaky_relu at 0", leaky_relu, (0.0,), 0.0, 0.01),
    case("leaky_relu with a slope that is learned", leaky_relu, (-3.0, 0.5), -1.5, 0.5, -3.0),
    case("elu at 0", elu, (0.0,), 0.0, 1.0),
    case("elu far out", elu, (1000.0,), 1000.0, 1.0),
    case("elu of nan", elu, (NAN,), NAN, NAN),
    case("selu at 0", selu, (0.0,), 0.0, 1.0507009873554805 * 1.6732632423543772),
    case("gelu far out", gelu, (1000.0,), 1000.0, 1.0),
    case("gelu far out below", gelu, (-1000.0,), 0.0, 0.0),
    case("silu far out below", silu, (-1000.0,), 0.0, 0.0),
    case("mish far out below", mish, (-1000.0,), 0.0, 0.0),
    case("mish far out", mish, (1000.0,), 1000.0, 1.0),
    case("hardtanh at its bound", hardtanh, (1.0,), 1.0, 0.5),
]

each_case = pytest.mark.parametrize(("f", "x", "y", "slopes"), CASES)


@each_case
def test_value_and_slopes_of_values(
    f: Callable[..., Any], x: tuple[float, ...], y: float, slopes: tuple[float]
) -> None:
    values = [Value(entry) for entry in x]
    result = f(*values)
    result.backward()
    assert type(result.data) is float
    np.testing.assert_allclose(result.data, y, rtol=2e-16)
    np.testing.assert_allclose([v.grad for v in values], slopes, rtol=4e-16)


@each_case
def test_value_and_slopes_of_tensors(
    f: Callable[..., Any], x: tuple[float, ...], y: float, slopes: tuple[float]
) -> None:
    tensors = [Tensor([entry, entry]) for entry in x]
    with np.errstate(all="ignore"):
        result = f(*tensors)
        result.backward([1.0, 2.0])
    np.testing.assert_allclose(result.data, [y, y], rtol=4e-16)
    np.testing.assert_allclose([t.grad for t in tensors], np.outer(slopes, [1.0, 2.0]), rtol=6e-16)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (sqrt, 0.0),
        (log, 0.0),
        (lambda x: 1 / x, 0.0),
        (lambda x: where(x > 0, sqrt(x), 0), 0.0),
        (log1p, -1.0),
        (acos, 1.0),
        (acosh, 1.0),
        (atanh, -1.0),
        (reciprocal, 0.0),
    ],
    ids=["sqrt", "log", "divide", "where", "log1p", "acos", "acosh", "atanh", "reciprocal"],
)
def test_infinite_slopes_at_the_end_of_the_domain_are_answers_not_warnings(f: Callable[..., Any], x: float) -> None:
    tensor = Tensor([x])
    with np.errstate(all="ignore"):
        y = f(tensor)
    y.backward()
    assert tensor.grad[0] in (INF, -INF, 0.0)


SATURATING = [sigmoid, tanh, softplus, relu, absolute, sin, cos, atan, asinh, erf, erfc, sinc]
SATURATING_COMPOSED = [leaky_relu, elu, selu, gelu, silu, mish, log_sigmoid, hardtanh]


@pytest.mark.parametrize("f", SATURATING + SATURATING_COMPOSED, ids=lambda f: getattr(f, "name", f))
def test_saturating_is_not_an_accident_to_warn_of(f: Callable[..., Any]) -> None:
    x = Tensor([-1000.0, -40.0, 0.0, 40.0, 1000.0])
    f(x).sum().backward()
    assert np.isfinite(x.grad).all()


def test_a_branch_not_taken_that_overflows_has_slope_zero() -> None:
    x = Value(1000.0)
    where(x < 100, exp(x), 0).backward()
    assert x.grad == 0.0


def test_a_branch_not_taken_that_overflows_warns_where_it_overflows_and_not_again() -> None:
    x = Tensor([1000.0])
    with pytest.warns(RuntimeWarning, match="overflow encountered in exp"):
        y = where(x < 100, exp(x), 0)
    y.backward()
    assert x.grad == [0.0]


def test_no_derivative_is_taken_with_respect_to_the_condition() -> None:
    condition, a, b = Value(1.0), Value(2.0), Value(3.0)
    where(condition, a, b).backward()
    assert (condition.grad, a.grad, b.grad) == (None, 1.0, 0.0)
    mask, t = Tensor([1.0, 0.0]), Tensor([5.0, 6.0])
    y = where(mask, t, 0.0)
    y.backward([1.0, 1.0])
    assert mask.grad is None
    np.testing.assert_array_equal(y.data, [5.0, 0.0])
    np.testing.assert_array_equal(t.grad, [1.0, 0.0])


# ---- against many digits -------------------------------------------------


def digits(f: Callable[[Decimal], Decimal], x: float) -> float:
    with localcontext() as context:
        context.prec = 160
        return float(f(Decimal(x)))


def exact_sigmoid(x: Decimal) -> Decimal:
    return 1 / (1 + (-x).exp())


def exact_sigmoid_slope(x: Decimal) -> Decimal:
    return (-abs(x)).exp() / (1 + (-abs(x)).exp()) ** 2


EXACT = {
    "sigmoid": (exact_sigmoid, exact_sigmoid_slope),
    "tanh": (lambda x: 2 * exact_sigmoid(2 * x) - 1, lambda x: 4 * exact_sigmoid_slope(2 * x)),
    "softplus": (lambda x: max(x, Decimal(0)) + (1 + (-abs(x)).exp()).ln(), exact_sigmoid),
    "exp": (lambda x: x.exp(), lambda x: x.exp()),
}


@pytest.mark.parametrize("name", EXACT)
@given(x=st.floats(-300, 300).filter(lambda x: x == 0 or abs(x) > 1e-30))
def test_functions_of_exponentials_are_accurate_in_their_tails(name: str, x: float) -> None:
    row = table[name]
    value, slope = (digits(f, x) for f in EXACT[name])
    v, t = Value(x), Tensor([x])
    y, z = row(v), row(t)
    y.backward()
    z.backward()
    np.testing.assert_allclose([y.data, z.data[0]], value, rtol=1e-15)
    np.testing.assert_allclose([v.grad, t.grad[0]], slope, rtol=2e-15)


@given(x=st.floats(0.01, 20), b=st.integers(-4, 4))
def test_second_and_third_derivatives_of_powers(x: float, b: int) -> None:
    v = Value(x)
    derivative, expected = v**b, x**b
    for k in range(3):
        found = gradients(derivative, [v])[0] if isinstance(derivative, Value) else None
        factor = math.prod(b - i for i in range(k + 1))
        expected = factor * x ** (b - k - 1)
        assert float(found or 0.0) == pytest.approx(expected, rel=1e-13)
        derivative = found


def test_the_square_has_derivatives_at_zero() -> None:
    x, t = Value(0.0), Tensor([0.0])
    (first,) = gradients(x**2, [x])
    (second,) = gradients(first, [x])
    assert (first.data, second.data) == (0.0, 2.0)
    (first,) = gradients((t**2).sum(), [t])
    (second,) = gradients(first.sum(), [t])
    assert (first.data, second.data) == (0.0, 2.0)


# ---- reductions ----------------------------------------------------------


def slopes_of(f: Callable[[Any], Any], entries: list[float]) -> tuple[Any, list[float]]:
    x = Tensor(entries)
    y = f(x)
    y.backward()
    return y.item(), x.grad.tolist()


@pytest.mark.parametrize(
    ("entries", "value", "slopes"),
    [
        ([1e4, 1e4], 1e4 + math.log(2), [0.5, 0.5]),
        ([-1e4, -1e4], -1e4 + math.log(2), [0.5, 0.5]),
        ([1e4, -1e4], 1e4, [1.0, 0.0]),
        ([-INF, 0.0], 0.0, [0.0, 1.0]),
        ([-INF, -INF], -INF, [0.0, 0.0]),
        ([3.0], 3.0, [1.0]),
    ],
)
def test_logsumexp_far_from_zero(entries: list[float], value: float, slopes: list[float]) -> None:
    assert slopes_of(logsumexp, entries) == (value, pytest.approx(slopes, rel=1e-15))


def test_logsumexp_of_inf_and_nan() -> None:
    assert logsumexp(np.array([INF, 0.0])) == INF
    assert np.isnan(logsumexp(np.array([NAN, 0.0])))


def test_softmax_far_from_zero() -> None:
    x = Tensor([[1e4, 0.0], [-1e4, -1e4]])
    y = softmax(x)
    np.testing.assert_array_equal(y.data, [[1.0, 0.0], [0.5, 0.5]])
    y.backward([[1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(x.grad, [[0.0, 0.0], [0.25, -0.25]])


def test_log_softmax_keeps_what_softmax_rounds_to_zero() -> None:
    x = Tensor([1e4, 0.0])
    y = log_softmax(x)
    np.testing.assert_array_equal(y.data, [0.0, -1e4])
    y.backward([0.0, 1.0])
    np.testing.assert_array_equal(x.grad, [-1.0, 1.0])


@pytest.mark.parametrize(
    ("entries", "slopes"),
    [
        ([1.0, 3.0, 2.0], [0.0, 1.0, 0.0]),
        ([3.0, 3.0, 2.0], [0.5, 0.5, 0.0]),
        ([2.0, 2.0, 2.0], [1 / 3, 1 / 3, 1 / 3]),
        ([-INF, -INF], [0.5, 0.5]),
    ],
)
def test_entries_that_tie_for_the_maximum_share_its_slope(entries: list[float], slopes: list[float]) -> None:
    assert slopes_of(lambda x: x.max(), entries) == (max(entries), slopes)


def test_ties_are_shared_in_each_row_by_itself() -> None:
    x = Tensor([[1.0, 1.0, 0.0], [0.0, 2.0, 1.0]])
    x.max(axis=1).backward([6.0, 10.0])
    np.testing.assert_array_equal(x.grad, [[3.0, 3.0, 0.0], [0.0, 10.0, 0.0]])


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_the_sum_of_nothing_is_zero_and_has_a_gradient_of_no_entries(shape: tuple[int, ...]) -> None:
    x = Tensor(np.zeros(shape))
    y = x.sum()
    y.backward()
    assert y.item() == 0.0
    assert x.grad.shape == shape


@pytest.mark.parametrize(
    ("axis", "keepdims", "count", "shape"),
    [
        (None, False, 24, ()),
        (None, True, 24, (1, 1, 1)),
        (0, False, 2, (3, 4)),
        (-1, True, 4, (2, 3, 1)),
        ((0, 2), False, 8, (3,)),
        ((-1, 1), False, 12, (2,)),
        (np.int64(1), False, 3, (2, 4)),
    ],
)
def test_mean_divides_by_how_many_it_averages(axis: Any, keepdims: bool, count: int, shape: tuple[int, ...]) -> None:
    entries = np.arange(24.0).reshape(2, 3, 4)
    x = Tensor(entries)
    y = mean(x, axis, keepdims=keepdims)
    np.testing.assert_allclose(y.data, entries.mean(axis, keepdims=keepdims), rtol=1e-15)
    assert y.shape == shape
    y.backward(np.ones(shape))
    np.testing.assert_array_equal(x.grad, np.full((2, 3, 4), 1 / count))


def test_mean_of_constants_is_a_constant() -> None:
    assert mean([1.0, 2.0, 6.0]) == 3.0
    np.testing.assert_array_equal(mean(np.array([[1.0, 3.0], [5.0, 7.0]]), axis=0), [3.0, 5.0])


def test_mean_of_a_value_is_its_own() -> None:
    x = Value(3.0)
    y = mean(x)
    y.backward()
    assert (y.item(), x.grad) == (3.0, 1.0)


# ---- float32 -------------------------------------------------------------


def test_parameters_in_float32_decide_the_precision_over_constants_in_float64() -> None:
    w = Tensor([1.0, 2.0], dtype=np.float32)
    x = np.array([0.1, 0.2])
    results = [
        w * x,
        x * w,
        w + 0.1,
        0.1 * w,
        2**w,
        w @ x,
        w * np.float64(0.1),
        w.sum() * 0.1,
        w.mean(),
        maximum(w, 0),
        where(x > 0.1, w, 0.0),
        stack([w, x]),
        stack([w[0], 0.1]),
        concatenate([x, w]),
        weighted_sum([w[0]], [x], 0.1),
        softmax(w),
        w.max(),
        logsumexp(w),
    ]
    assert {y.dtype for y in results} == {np.dtype(np.float32)}
    for y in results:
        y.backward(np.ones(y.shape))
        assert w.grad.dtype == np.float32


def test_a_value_does_not_decide_the_precision() -> None:
    v, w = Value(0.1), Tensor([1.0, 2.0], dtype=np.float32)
    y = v * w
    y.sum().backward()
    assert y.dtype == np.float32
    assert v.grad == 3.0
    assert w.grad.dtype == np.float32


def test_two_precisions_meet_in_the_higher_one_and_each_gradient_keeps_its_own() -> None:
    single, double = Tensor([1.0], dtype=np.float32), Tensor([3.0])
    y = single * double * np.ones(1, np.float32)
    y.backward()
    assert y.dtype == np.float64
    assert (single.grad.dtype, double.grad.dtype) == (np.float32, np.float64)


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [(-1e-200, 2.0, 0.0), (0.0, 2.0, 0.0), (-1.0, 3.0, math.nan), (-2.0, 3.0, math.nan)],
)
def test_the_slope_of_a_power_in_its_exponent_is_0_where_the_power_is_and_else_nan_for_negative_bases(
    base: float, exponent: float, expected: float
) -> None:
    b = Value(exponent)
    (Value(base) ** b).backward()
    np.testing.assert_equal(b.grad, expected)


NEIGHBOURS = np.array([0.0, 0.25, 1.0, -2.0, 1e200, -1e-200, INF, -INF, NAN])


@pytest.mark.parametrize(
    "row", [row for row in table.values() if isinstance(row, Elementwise)], ids=lambda row: row.name
)
def test_the_second_derivative_of_an_entry_does_not_depend_on_its_neighbours(row: Elementwise) -> None:
    def slopes_of_slopes(*x: Any) -> Any:
        def slopes(*x: Any) -> Any:
            return grad(lambda *x: (row(*x) * x[0]).sum())(*x).sum()

        return grad(slopes)(*x)

    operands = [np.roll(NEIGHBOURS, by) for by in range(len(row.partials))]
    with np.errstate(all="ignore"):
        together = slopes_of_slopes(*operands)
        alone = [slopes_of_slopes(*entry) for entry in zip(*(x.reshape(-1, 1) for x in operands))]
    np.testing.assert_array_equal(together, np.concatenate(alone))
