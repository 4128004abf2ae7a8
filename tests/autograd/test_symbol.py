"""Symbols: what is printed is short, is right, and means what the rule means."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn  # noqa: F401  (declares rows of its own)
from autograd import maximum
from autograd.expression import parse
from autograd.primitive import Elementwise, Example, Interval, Structured, table
from autograd.primitives.arithmetic import power
from autograd.sweep import evaluate
from autograd.symbol import Symbol, operands_of, text

ROWS = list(table.values())
EXAMPLES = [
    pytest.param(row, example, id=f"{row.name}-{i}")
    for row in ROWS
    if isinstance(row, Structured)
    for i, example in enumerate(row.examples)
]
PARTIALS = [
    pytest.param(row, i, id=f"{row.name}-{i}")
    for row in ROWS
    if isinstance(row, Elementwise)
    for i in range(len(row.partials))
]
each_example = pytest.mark.parametrize(("row", "example"), EXAMPLES)
each_partial = pytest.mark.parametrize(("row", "position"), PARTIALS)

a, b, x, y = map(Symbol, "abxy")
m, n = Symbol("m", (2, 3)), Symbol("n", (3, 2))


# ---- how it is written ---------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        # no parentheses but those that are needed
        (a + b - x, "a + b - x"),
        (a - (b - x), "a - (b - x)"),
        (a + (b - x), "a + b - x"),
        (a * (b + x), "a*(b + x)"),
        (a / (b * x), "a/(b*x)"),
        (a / b * x, "a/b*x"),
        (a * (b / x), "a*b/x"),
        ((a + b) ** 2, "(a + b)**2"),
        ((a**b) ** x, "(a**b)**x"),
        (a ** (b**x), "a**b**x"),
        (a**-x, "a**-x"),
        (a ** (b - 1), "a**(b - 1)"),
        ((-x) ** 2, "(-x)**2"),
        (-(x**2), "-x**2"),
        (a / -(b * x), "-a/(b*x)"),
        (a - (a > b), "a - [a > b]"),
        (-(a > b), "-[a > b]"),
        ((-(a > b)) * x, "-[a > b]*x"),
        (-(a * b), "-a*b"),
        (-(a + b), "-(a + b)"),
        (-(m @ n), "-(m @ n)"),
        (2 * (m @ n), "2*(m @ n)"),
        (m @ (2 * n), "m @ (2*n)"),
        ((m + 1).T, "(m + 1).T"),
        ((m + 1)[0, ::2], "(m + 1)[0, ::2]"),
        (abs(x - 1), "abs(x - 1)"),
        # constants
        (1 * x, "x"),
        (x * 1.0, "x"),
        (-1.0 * x, "-x"),
        (x * -1, "-x"),
        (x / 1, "x"),
        (x / -1, "-x"),
        (x**1, "x"),
        (x + 0, "x"),
        (0 + x, "x"),
        (x - 0.0, "x"),
        (0 - x, "-x"),
        (operator.neg(-x), "x"),
        (0 * x, "0*x"),  # not always 0
        (2.0 * x, "2*x"),
        (-2.0 * x, "-2*x"),
        (x + -2.0, "x - 2"),
        (x - -0.5, "x + 0.5"),
        (a - -b, "a + b"),
        (a + -b, "a - b"),
        (a * -b, "-a*b"),
        (a / -b, "-a/b"),
        ((-2.0) ** x, "(-2)**x"),
        (x * math.pi, "x*pi"),
        (x - math.inf, "x - inf"),
        (x + math.nan, "x + nan"),
        (x * 1e-9, "x*1e-09"),
        (x * np.float64(3), "x*3"),
        (np.float64(3) * x, "3*x"),
        # comparisons
        (a > b, "[a > b]"),
        ((a >= b) + 0.5 * (a == b), "[a >= b] + 0.5*[a == b]"),
        ((a < 0) & (b != 1), "[a < 0 and b != 1]"),
        (~(a <= b) | (x == x), "[not a <= b or x == x]"),
        (((a < 0) | (b < 0)) & (x < 0), "[(a < 0 or b < 0) and x < 0]"),
        ((a > b) & True, "[a > b]"),
        (autograd.where(a > b, x, 0.0), "where(a > b, x, 0)"),
        (autograd.where((a == 0) & False, 1.0, x), "x"),
        # functions
        (np.exp(x), "exp(x)"),
        (np.isnan(x), "isnan(x)"),
        (np.where(x > 0, x, 0), "where(x > 0, x, 0)"),
        (np.sum(m, axis=0), "sum(m, axis=0)"),
        (m.sum(), "sum(m)"),
        (m.sum(1, keepdims=True), "sum(m, axis=1, keepdims=True)"),
        (m.max(), "max(m)"),
        (m.mean(), "sum(m)/6"),
        (m.dot(n), "m @ n"),
        (np.ones((4, 2)) @ m, "[[1, 1], [1, 1], [1, 1], [1, 1]] @ m"),
        (m.reshape(-1), "reshape(m, -1)"),
        (m.reshape(3, 2), "reshape(m, (3, 2))"),
        (m.transpose(1, 0).T, "transpose(m, axes=(1, 0)).T"),
        # shapes
        (m.reshape(m.shape), "m"),
        (autograd.broadcast_to(x, m.shape), "broadcast_to(x, m.shape)"),
        (autograd.broadcast_to(x, m.shape) * m, "x*m"),
        (autograd.broadcast_to(x, m.shape) + x, "broadcast_to(x, m.shape) + x"),
        (autograd.concatenate([m, m], axis=1), "concatenate(m, m, axis=1)"),
        (m[np.array([0, 1]), None, ..., 1:], "m[[0, 1], None, ..., 1:]"),
        (m[np.array([True, False])], "m[[True, False]]"),
    ],
    ids=str,
)
def test_formula(symbol: Any, expected: str) -> None:
    assert str(symbol) == expected


@pytest.mark.parametrize(
    ("constant", "expected"),
    [
        (-1.0, "-1"),
        (2.0, "2"),
        (True, "1"),
        (0.1, "0.1"),
        (-math.pi, "-pi"),
        (np.float32(0.5), "0.5"),
        (np.arange(3.0), "[0, 1, 2]"),
        (np.ones((2, 2)), "[[1, 1], [1, 1]]"),
        (np.ones((10, 4)), "array(10×4)"),
    ],
)
def test_a_rule_may_return_a_constant(constant: Any, expected: str) -> None:
    assert text(constant) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("exp(x)", "exp(x)**2"), ("w*x", "(w*x)**2"), ("f(a)*g(b)", "(f(a)*g(b))**2"), ("(a)", "((a))**2")],
)
def test_a_symbol_named_by_a_formula_is_put_in_parentheses_where_it_needs_them(name: str, expected: str) -> None:
    assert str(Symbol(name) ** 2) == expected


# ---- what it stands for --------------------------------------------------


def test_a_symbol_has_the_shape_and_dtype_of_what_it_stands_for() -> None:
    single = Symbol("s", (2, 3), np.float32)
    assert (single.shape, single.ndim, single.size, len(single)) == ((2, 3), 2, 6, 2)
    assert (single @ single.T).shape == (2, 2)
    assert (single * 2.0).dtype == np.float32
    assert (single * np.ones(3)).dtype == np.float64
    assert (single > 0).dtype == np.bool_
    assert [str(row) for row in single] == ["s[0]", "s[1]"]


def test_shapes_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ValueError, match="m"):
        m @ m
    with pytest.raises(TypeError, match="a single number"):
        len(x)


@pytest.mark.parametrize(
    "ask", [bool, float, np.asarray, lambda s: np.add.reduce(s), lambda s: np.add(s, 1, out=np.zeros(()))]
)
def test_a_symbol_has_no_entries_to_look_at(ask: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError):
        ask(x)


def test_a_rule_that_asks_for_an_exceptional_entry_prints_what_it_does_elsewhere() -> None:
    assert np.any(m == 0) is False


# ---- what is printed means what the rule means ---------------------------

SMOOTH: list[Callable[[Any, Any], Any]] = [
    lambda p, q: p + q,
    lambda p, q: p - q,
    lambda p, q: p * q,
    lambda p, q: -p,
    lambda p, q: maximum(p, q),
]
OPERATORS: list[Callable[[Any, Any], Any]] = [
    *SMOOTH,
    lambda p, q: p / q,
    lambda p, q: power(p, q),
    lambda p, q: 1.0 * (p > q),
    lambda p, q: autograd.where(p == q, p, q),
]
leaves = st.sampled_from(["a", "b", -2.0, -1.0, 0.0, 0.5, 1.0, 3.0])
single = leaves | st.tuples(st.sampled_from(OPERATORS), leaves, leaves)
# What jumps is applied to single operations only: sums and products are printed without the order in which
# they are added and multiplied up, and a last digit more or less must not become a jump.
trees = st.recursive(
    single | st.tuples(st.sampled_from(OPERATORS), single, single),
    lambda inner: st.tuples(st.sampled_from(SMOOTH), inner, inner),
    max_leaves=6,
)


def grown(tree: Any, values: dict[str, Any], numbers: list[Any]) -> Any:
    """The value of a tree of operations, or its symbol; and all numbers on the way."""
    if isinstance(tree, tuple):
        operation, left, right = tree
        operands = grown(left, values, numbers), grown(right, values, numbers)
        numbers.append(evaluate(operation, operands))
        return numbers[-1]
    return values.get(tree, tree)


@settings(max_examples=200)
@given(tree=trees, at=st.tuples(*[st.floats(0.25, 4.0)] * 2))
def test_a_formula_read_again_has_the_same_value(tree: Any, at: tuple[float, float]) -> None:
    values = dict(zip("ab", at))
    passed: list[Any] = []
    printed, expected = text(grown(tree, {"a": a, "b": b}, [])), float(grown(tree, values, passed))
    found = float(parse(printed, values)(values))
    if all(abs(number) < 100 for number in passed):  # nan neither
        assert found == pytest.approx(expected, abs=1e-6), printed  # of numbers up to 100, with some cancellation


def inside(interval: Interval) -> st.SearchStrategy[float]:
    return st.floats(max(interval.low + 0.01, -5.0), min(interval.high - 0.01, 5.0))


@each_partial
@settings(max_examples=10)
@given(data=st.data())
def test_the_printed_partial_is_the_partial(row: Elementwise, position: int, data: st.DataObject) -> None:
    rule = row.partials[position]
    operands = operands_of(row, [()] * len(row.partials))
    printed = text(rule(*operands, y))
    numbers = data.draw(st.tuples(*map(inside, row.domain)))
    values = (*numbers, row.on_floats(*numbers))
    names = [*map(str, operands), "y"]
    found = parse(printed, names)(dict(zip(names, values)))
    assert float(found) == pytest.approx(float(evaluate(rule, values)), rel=1e-13, nan_ok=True)


def arrays_for(row: Structured, example: Example) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [*row.prepare(*(np.asarray(rng.normal(size=shape)) for shape in example.shapes))]


def cotangents(row: Structured, example: Example, g: Any, y: Any, operands: list[Any]) -> list[Any]:
    if row.all_vjps is not None:
        return list(row.all_vjps(g, y, *operands, **example.parameters))
    return [vjp(g, y, *operands, **example.parameters) for vjp in row.vjps]


def run(formula: str, values: dict[str, Any]) -> Any:
    """The value of a printed formula on arrays, by Python; only for tests, of formulas that were printed here."""
    formula = re.sub(r"index=\(([^()]*)\)", r"index=np.s_[\1]", formula)

    def in_parentheses(truth: re.Match[str]) -> str:
        return f"(({truth[1].replace(' or ', ') | (')}))"

    formula = re.sub(r"(?<![\w\])])\[([^\[\]]*(?:==|!=|<|>)[^\[\]]*)\]", in_parentheses, formula)
    formula = re.sub(r"(?<![\w\])])(\[\[[-\d., \[\]]+\]\])", r"np.array(\1)", formula)

    def add_at(x: Any, index: Any, shape: Any) -> Any:  # the row itself takes arrays only
        parts = index if isinstance(index, tuple) else (index,)
        frozen = tuple(np.array(part) if isinstance(part, list) else part for part in parts)
        return table["add_at"].apply([x], {"index": frozen, "shape": shape})

    names = {
        "add_at": add_at,
        "np": np,
        "nan": np.nan,
        "inf": np.inf,
        "ones_like": np.ones_like,
        "where": autograd.where,
    }
    return eval(formula, {**table, **names, **values})


@each_example
def test_the_printed_cotangents_are_the_cotangents(row: Structured, example: Example) -> None:
    arrays = arrays_for(row, example)
    value = np.asarray(row.apply(arrays, example.parameters))
    weights = np.asarray(np.random.default_rng(1).normal(size=value.shape))
    operands = operands_of(row, example.shapes)
    output = row.apply(operands, example.parameters)
    g, y = Symbol("g", output.shape), Symbol("y", output.shape)
    assert output.shape == value.shape
    values = {"g": weights, "y": value, **{symbol.text: array for symbol, array in zip(operands, arrays)}}
    expected = cotangents(row, example, weights, value, arrays)
    for found, numbers in zip(cotangents(row, example, g, y, operands), expected):
        assert found.shape == np.shape(numbers)
        printed = text(found)
        if "×" not in printed:  # an array that is too large to be written out
            np.testing.assert_allclose(run(printed, values), numbers, rtol=1e-12, atol=1e-14, err_msg=printed)
