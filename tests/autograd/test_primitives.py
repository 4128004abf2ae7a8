"""Every row of the table of derivatives against what does not know the table.

Nothing here names a row: a new one is tested by being declared, on points drawn from
the domain that stands on it, or on its examples.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn  # noqa: F401  (declares rows of its own)
from autograd import Tensor, Value, elementwise, gradients
from autograd.node import Node
from autograd.primitive import Elementwise, Example, Interval, Structured, structured, table
from autograd.primitives import hyperbolic  # noqa: F401
from autograd.sweep import evaluate

ROWS = list(table.values())
ELEMENTWISE = [row for row in ROWS if isinstance(row, Elementwise)]
STRUCTURED = [row for row in ROWS if isinstance(row, Structured)]

each_elementwise = pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
each_partial = pytest.mark.parametrize(
    ("row", "position"),
    [pytest.param(row, i, id=f"{row.name}-{i}") for row in ELEMENTWISE for i in range(len(row.partials))],
)
each_example = pytest.mark.parametrize(
    ("row", "example"),
    [pytest.param(row, x, id=f"{row.name}-{i}") for row in STRUCTURED for i, x in enumerate(row.examples)],
)


def difference(f: Callable[[float], float], x: float, reach: float, size: float = 0.0) -> tuple[float, float]:
    """The derivative of ``f`` at ``x``, and what rounding may have added to it.

    ``size`` is that of the terms of ``f``, where it is a sum in which they may cancel.

    Central differences with five steps, extrapolated to step 0 (Richardson). ``f`` is
    to be smooth as far as ``reach`` to both sides, of which the steps use a sixteenth;
    what is left of the truncation error is then below 1e-11 of the result.
    """
    extrapolated: list[float] = []
    for k in range(5):
        h = reach / 16 / 2**k
        above, below = f(x + h), f(x - h)
        size = max(size, abs(above), abs(below))
        row = [(above - below) / ((x + h) - (x - h))]
        for j, former in enumerate(extrapolated, start=1):
            row.append(row[-1] + (row[-1] - former) / (4**j - 1))
        extrapolated = row
    return extrapolated[-1], 8 * 2.0**-52 * size / h


def agree(analytic: float, numeric: float, rounding: float) -> bool:
    return abs(analytic - numeric) <= 1e-9 * abs(analytic) + rounding


def moved(x: tuple[float, ...], i: int, to: float) -> tuple[float, ...]:
    return (*x[:i], to, *x[i + 1 :])


# ---- elementwise rows ----------------------------------------------------


def points(row: Elementwise, largest: float = 20.0, margin: float = 0.01) -> st.SearchStrategy[tuple[float, ...]]:
    """Inputs from the row's domain, clear of its ends and its kinks."""

    def inside(interval: Interval) -> st.SearchStrategy[float]:
        drawn = st.floats(max(interval.low + margin, -largest), min(interval.high - margin, largest))
        least = margin if interval.nonzero else 1e-9  # differences of subnormal numbers have no digits
        return drawn.filter(lambda x: abs(x) > least or (x == 0 and x in interval))

    drawn = st.tuples(*map(inside, row.domain))
    return drawn if row.kink is None else drawn.filter(lambda x: abs(row.kink(*x)) > margin)


def within(interval: Interval, x: float) -> float:
    """A number of about 0.1 to 2 brought into the interval, keeping what is between two such numbers."""
    if interval.high < math.inf:
        return interval.low + (interval.high - interval.low) * x / 2
    return max(interval.low, 0.0) + x


def reach(row: Elementwise, x: tuple[float, ...], i: int) -> float:
    """How far input ``i`` can be moved to both sides with the row smooth all the way."""
    to_kink = math.inf if row.kink is None else abs(row.kink(*x))
    to_zero = abs(x[i]) if row.domain[i].nonzero else math.inf
    return min(1.0, to_zero, x[i] - row.domain[i].low, row.domain[i].high - x[i], to_kink)


def partial(row: Elementwise, i: int, x: tuple[float, ...]) -> float:
    return float(evaluate(row.partials[i], (*x, row.on_floats(*x))))


def partial_agrees(row: Elementwise, i: int, x: tuple[float, ...]) -> bool:
    numeric = difference(lambda moving: row.on_floats(*moved(x, i, moving)), x[i], reach(row, x, i))
    return agree(partial(row, i, x), *numeric)


def second(first: Any, x: Node) -> Any:
    """The derivative of a derivative, of which there is none where the first is a constant."""
    total = first.sum() if isinstance(first, Tensor) else first
    (found,) = gradients(total, [x]) if isinstance(total, Node) else [None]
    if found is None:
        return np.zeros(x.shape)
    return found.data if isinstance(found, Node) else found


@each_partial
@given(data=st.data())
def test_partial_is_the_slope_of_the_scalar_kernel(row: Elementwise, position: int, data: st.DataObject) -> None:
    assert partial_agrees(row, position, data.draw(points(row)))


@each_partial
def test_partial_wrong_by_a_thousandth_is_caught(row: Elementwise, position: int) -> None:
    def wrong(*values: float) -> float:
        right = row.partials[position](*values)
        return 1.001 * right if right else 0.001

    del table[row.name]  # only then can another be declared
    rules = [wrong if i == position else rule for i, rule in enumerate(row.partials)]
    corrupted = elementwise(row.name, *rules, array=row.array, scalar=row.scalar, domain=row.domain, kink=row.kink)
    spread = [tuple(within(interval, x + 0.23 * i) for i, interval in enumerate(row.domain)) for x in (0.2, 0.7, 1.1)]
    assert all(partial_agrees(row, position, x) for x in spread)
    assert not any(partial_agrees(corrupted, position, x) for x in spread)


@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if row.kink], ids=lambda row: row.name)
def test_the_row_says_kink_wherever_the_slopes_of_the_two_sides_differ(row: Elementwise) -> None:
    h = 2.0**-20
    for x in itertools.product([-2.0, -1.0, -0.5, -0.3, 0.0, 0.5, 0.7, 1.0, 2.0], repeat=len(row.domain)):
        if all(entry in interval for entry, interval in zip(x, row.domain)):
            for i, entry in enumerate(x):
                left, at, right = (row.on_floats(*moved(x, i, to)) for to in (entry - h, entry, entry + h))
                if abs((right - at) - (at - left)) > 1e-3 * (h + abs(right - at) + abs(at - left)):
                    assert row.kink(*x) == 0, x


@each_elementwise
@given(data=st.data())
def test_scalar_kernel_equals_array_kernel_on_all_floats(row: Elementwise, data: st.DataObject) -> None:
    x = data.draw(st.tuples(*[st.floats()] * len(row.partials)))
    scalar = row.on_floats(*x)
    with np.errstate(all="ignore"):
        array = row.array(*(np.array([entry]) for entry in x))[0]
        ulps = abs(scalar - array) / max(np.spacing(abs(scalar)), np.spacing(abs(array)))
    assert type(scalar) is float
    # The functions of two libraries differ by up to 4 ulps, and a kernel made of several rounds a few times more.
    assert scalar == array or (np.isnan(scalar) and np.isnan(array)) or ulps <= 8


@each_elementwise
@given(data=st.data())
def test_values_neither_raise_nor_warn_and_go_to_inf_and_nan_as_arrays_do(
    row: Elementwise, data: st.DataObject
) -> None:
    x = data.draw(st.tuples(*[st.floats()] * len(row.partials)))
    values, tensors = [Value(entry) for entry in x], [Tensor([entry]) for entry in x]
    y = row(*values)
    y.backward()
    with np.errstate(all="ignore"):
        z = row(*tensors)
        z.backward()
    assert type(y.data) is float
    for value, tensor in zip(values, tensors):
        assert type(value.grad) is float
        np.testing.assert_allclose(value.grad, tensor.grad[0], rtol=1e-14, atol=1e-307)


# ---- structured rows -----------------------------------------------------

# Steps that change no ranking of entries that are a tenth apart.
SMALL_REACH = 0.1


def operands_for(row: Structured, example: Example, seed: int) -> list[np.ndarray]:
    """Arrays of the example's shapes, no two of whose numbers are close: a maximum has no kink near."""
    rng = np.random.default_rng(seed)
    sizes = [math.prod(shape) for shape in example.shapes]
    numbers = 0.1 * (rng.permutation(sum(sizes)) - sum(sizes) / 2) + rng.uniform(0, 0.02, sum(sizes))
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    return list(row.prepare(*(part.reshape(shape) for part, shape in zip(parts, example.shapes))))


def seed_for(y: np.ndarray) -> np.ndarray:
    """A cotangent of no special shape: -1.1, 1.2, -1.3 ..."""
    signs = np.resize([-1.0, 1.0], y.shape)
    return np.asarray(signs * (1.1 + 0.1 * np.arange(y.size).reshape(y.shape)))


def disagreements(terms: Callable[..., Any], arrays: list[np.ndarray], grads: list[np.ndarray]) -> list[str]:
    """Where the gradient of the sum of the terms is not what differences say, entry by entry."""
    found = []
    size = float(np.sum(np.abs(terms(*arrays))))
    for position, (array, grad) in enumerate(zip(arrays, grads)):
        for index in np.ndindex(array.shape):

            def along(to: float, position: int = position, index: tuple[int, ...] = index) -> float:
                shifted = [a.copy() for a in arrays]
                shifted[position][index] = to
                return float(np.sum(terms(*shifted)))

            numeric, rounding = difference(along, float(array[index]), SMALL_REACH, size)
            if not agree(float(grad[index]), numeric, 8 * rounding):
                found.append(f"operand {position}{list(index)}: {grad[index]} against {numeric}")
    return found


def first_order(row: Structured, example: Example, seed: int) -> list[str]:
    arrays = operands_for(row, example, seed)
    tensors = [Tensor(a) for a in arrays]
    y = row.apply(tensors, example.parameters)
    weights = seed_for(y.data)
    y.backward(weights)
    grads = [t.grad for t in tensors]
    return disagreements(lambda *xs: weights * row.apply(xs, example.parameters), arrays, grads)


seeds = given(seed=st.integers(0, 2**32 - 1))


@each_example
@settings(max_examples=settings.default.max_examples // 7)
@seeds
def test_cotangents_are_the_slopes_of_the_array_kernel(row: Structured, example: Example, seed: int) -> None:
    assert first_order(row, example, seed) == []


@each_example
def test_vector_jacobian_product_wrong_by_a_thousandth_is_caught(row: Structured, example: Example) -> None:
    def wrong(vjp: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values, **parameters: vjp(*values, **parameters) * 1.001

    def all_wrong(*values: Any, **parameters: Any) -> list[Any]:
        return [contribution * 1.001 for contribution in row.all_vjps(*values, **parameters)]

    del table[row.name]
    declare = structured(
        *map(wrong, row.vjps), all_vjps=row.all_vjps and all_wrong, examples=row.examples, prepare=row.prepare
    )
    assert first_order(declare(row.array), example, 0)


@each_example
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_cotangent_has_its_operand_s_shape_and_dtype(row: Structured, example: Example, dtype: type) -> None:
    tensors = [Tensor(a, dtype=dtype) for a in operands_for(row, example, 0)]
    y = row.apply(tensors, example.parameters)
    y.backward(seed_for(y.data))
    assert y.dtype == dtype
    assert y.grad.dtype == dtype
    for tensor in tensors:
        assert type(tensor.grad) is np.ndarray
        assert tensor.grad.shape == tensor.shape
        assert tensor.grad.dtype == dtype


@each_example
def test_a_zero_cotangent_gives_zeros(row: Structured, example: Example) -> None:
    tensors = [Tensor(a) for a in operands_for(row, example, 0)]
    y = row.apply(tensors, example.parameters)
    y.backward(np.zeros(y.shape))
    for tensor in tensors:
        np.testing.assert_array_equal(tensor.grad, np.zeros(tensor.shape))


@each_example
def test_on_arrays_alone_a_row_records_nothing(row: Structured, example: Example) -> None:
    arrays = operands_for(row, example, 0)
    y = row.apply(arrays, example.parameters)
    assert not isinstance(y, Node)
    np.testing.assert_array_equal(y, row.apply([Tensor(a) for a in arrays], example.parameters).data)


@pytest.mark.parametrize("row", [row for row in STRUCTURED if row.scalar], ids=lambda row: row.name)
@given(data=st.data())
def test_structured_rows_of_numbers_work_on_values_as_on_tensors(row: Structured, data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(row.examples))
    numbers = data.draw(st.tuples(*[st.floats(-3, 3)] * len(example.shapes)))
    values, tensors = [Value(x) for x in numbers], [Tensor(x) for x in numbers]
    y, z = row.apply(values, example.parameters), row.apply(tensors, example.parameters)
    y.backward()
    z.backward()
    assert type(y) is Value
    assert type(y.data) is float
    assert y.data == pytest.approx(z.item(), rel=1e-14, abs=1e-15)
    assert [v.grad for v in values] == [t.grad.item() for t in tensors]
    firsts = gradients(y, values)
    firsts_of_tensors = gradients(z, tensors)
    for a, t in zip(values, tensors):
        for first, first_of_tensors in zip(firsts, firsts_of_tensors):
            assert float(second(first, a)) == float(second(first_of_tensors, t))


def test_the_table_finds_each_row_by_its_name() -> None:
    assert [row.name for row in ROWS] == list(table)
    for row in ROWS:
        assert repr(row) == f"<primitive {row.name}>"


def test_rows_are_drawn_by_the_symbols_of_mathematics_or_their_name() -> None:
    symbols = {row.name: row.symbol for row in ROWS if row.symbol != row.name}
    assert symbols == {
        "add": "+",
        "subtract": "-",
        "multiply": "*",
        "divide": "/",
        "power": "**",
        "negative": "neg",
        "positive": "pos",
        "absolute": "abs",
        "rint": "round",
        "remainder": "%",
        "arcsin": "asin",
        "arccos": "acos",
        "arctan": "atan",
        "arctan2": "atan2",
        "arcsinh": "asinh",
        "arccosh": "acosh",
        "arctanh": "atanh",
        "maximum": "max",
        "minimum": "min",
        "matmul": "@",
        "weighted_sum": "Σwx",
    }


def test_rules_carry_their_row_s_name_into_tracebacks() -> None:
    for row in ELEMENTWISE:
        for i, rule in enumerate(row.partials):
            assert rule.__qualname__ == f"{row.name}.partials[{i}]"


def test_errors_of_an_array_kernel_name_the_row_that_a_user_declared() -> None:
    def refusing(x: np.ndarray) -> np.ndarray:
        raise ValueError("only on Tuesdays")

    row = elementwise("weekly", lambda x, y: 1.0, array=refusing, scalar=math.sin)
    with pytest.raises(
        ValueError, match=r"^weekly: cannot be computed for shapes \(2,\) float64 \(only on Tuesdays\)$"
    ):
        row.apply((Tensor([1.0, 2.0]),), {})


def test_a_row_that_is_declared_again_replaces_the_former() -> None:
    first = elementwise("again", lambda x, y: 1.0, array=np.sin, scalar=math.sin)
    second = elementwise("again", lambda x, y: 1.0, array=np.cos, scalar=math.cos, symbol="↻")
    assert table["again"] is second
    assert (first.symbol, second.symbol) == ("again", "↻")


def test_an_interval_is_open_and_shows_its_ends() -> None:
    interval = Interval(-1.0, 2.5)
    assert [x in interval for x in (-1.0, -0.5, 2.0, 2.5, 3.0)] == [False, True, True, False, False]
    assert str(interval) == "(-1, 2.5)"
    assert str(Interval(0.0)) == "(0, inf)"
    assert str(Interval()) == "(-inf, inf)"
    assert 1e300 in Interval()
    assert len({interval, Interval(-1.0, 2.5), Interval()}) == 2


def test_domains_are_one_interval_for_all_inputs_or_one_each() -> None:
    half = Interval(0.0)
    one = elementwise("one", lambda a, b, y: b, lambda a, b, y: a, array=np.multiply, scalar=math.pow, domain=half)
    each = elementwise(
        "each", lambda a, b, y: b, lambda a, b, y: a, array=np.multiply, scalar=math.pow, domain=(half, Interval())
    )
    assert one.domain == (half, half)
    assert each.domain == (half, Interval())
    assert (one.singular, each.singular) == (True, True)
    assert not table["multiply"].singular
    assert table["divide"].singular
