"""The table of derivatives in print: every rule a formula, every textbook form right, and readable."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn  # noqa: F401  (declares rows of its own)
from autograd import Value, elementwise
from autograd.__main__ import find
from autograd.catalogue import KERNEL, answers_to, describe, domain, formulas, local_derivatives, report, textbook_forms
from autograd.columns import WIDTH
from autograd.expression import ExpressionError, parse
from autograd.primitive import NONZERO, Elementwise, Interval, Primitive, Structured, example, structured, table
from autograd.sweep import evaluate

ROWS = list(table.values())
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
each_with_a_textbook_form = pytest.mark.parametrize(
    "row", [row for row in ROWS if isinstance(row, Elementwise) and row.shown], ids=lambda row: row.name
)


@each_row
def test_every_rule_prints_itself_as_a_formula(row: Primitive) -> None:
    for of in row.examples if isinstance(row, Structured) else [None]:
        found = formulas(row, of)
        assert found.y
        assert KERNEL not in found.derivatives
        assert all(found.derivatives)


@each_with_a_textbook_form
def test_there_is_a_textbook_form_for_each_partial_or_for_none(row: Elementwise) -> None:
    assert len(row.shown) == len(row.partials)


def inside(interval: Interval) -> st.SearchStrategy[float]:
    # Not far out, and not close to the ends: it is there that the textbook's form loses digits.
    return st.floats(max(interval.low + 0.25, -2.0), min(interval.high - 0.25, 2.0)).filter(lambda x: abs(x) > 0.25)


@each_with_a_textbook_form
@given(data=st.data())
def test_the_textbook_form_is_what_the_rule_computes(row: Elementwise, data: st.DataObject) -> None:
    drawn = st.tuples(*map(inside, row.domain))
    x = data.draw(drawn if row.kink is None else drawn.filter(lambda x: abs(row.kink(*x)) > 1e-3))
    y = row.on_floats(*x)
    for rule, shown in zip(row.partials, textbook_forms(row, x, y), strict=True):
        computed = float(evaluate(rule, (*x, y)))
        # Of numbers of size 1 to 10, a few operations: some hundred roundings at most, where they cancel.
        assert float(shown) == pytest.approx(computed, rel=1e-13, abs=1e-13)


def test_a_wrong_textbook_form_differs() -> None:
    row = elementwise("tanh", *table["tanh"].partials, shown="1 + y**2")  # type: ignore[attr-defined]
    assert textbook_forms(row, [0.5], math.tanh(0.5)) != pytest.approx([row.partials[0](0.5, math.tanh(0.5))])


def test_the_report_shows_every_row_and_derivative_within_the_width_of_a_page() -> None:
    lines = report().splitlines()
    assert max(map(len, lines)) <= WIDTH
    names = {line.split()[0] for line in lines if line.startswith("  ") and line[2:3].strip()}
    assert {row.name for row in table.values()} <= names
    cells = [line.split() for line in lines]
    assert ["multiply", "a*b", "∂a", "b"] in cells
    assert ["∂b", "-y/b"] in cells
    assert ["exp", "exp(x)", "∂x", "y"] in cells
    assert ["tanh", "tanh(x)", "∂x", "1", "-", "y**2"] in cells
    assert ["matmul", "a", "@", "b", "a", "g", "@", "b.T"] in cells
    assert ["b", "a.T", "@", "g"] in cells
    assert next(line[:5] for line in cells if line[:1] == ["log"]) == ["log", "log(x)", "x", ">", "0"]


def test_the_table_is_the_one_on_record() -> None:
    """``python -c "import nn; from autograd import catalogue; print(catalogue.report())"`` makes the record."""
    assert report() + "\n" == Path(__file__).with_name("reference").joinpath("primitives.txt").read_text()


@each_row
def test_a_row_in_full_has_all_its_formulas(row: Primitive) -> None:
    text = describe(row)
    assert text.startswith(row.name)
    squeezed = "".join(text.split())
    for of in row.examples if isinstance(row, Structured) else [None]:
        found = formulas(row, of)
        for formula in (found.y, *found.derivatives, *found.shown):
            assert "=" + "".join(formula.split()) in squeezed
    assert max(map(len, text.splitlines()[1:])) <= WIDTH


def test_a_row_in_full_reads_like_this() -> None:
    assert describe(table["tanh"]).splitlines() == [
        "tanh",
        "",
        "  y      = tanh(x)",
        "  ∂y/∂x  = 1 - y**2",
        "         = 4*sigmoid(2*x)*sigmoid(-2*x), as it is computed, to lose no digits",
        "",
        "  checked for  all numbers",
        "  NumPy        np.tanh",
    ]


@pytest.mark.parametrize(("name", "where"), [("divide", "b != 0"), ("power", "a > 0"), ("log", "x > 0")])
def test_where_a_row_is_checked_is_not_taken_for_where_it_is_defined(name: str, where: str) -> None:
    text = describe(table[name])
    assert f"  checked for  {where}\n" in text
    assert "defined for  " not in text
    assert "checked for" in report().splitlines()[0]


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("clip", "autograd"),
        ("conv2d", "autograd"),
        ("argmax", "autograd"),
        ("max_pool2d", "autograd"),
        ("gelu", "nn"),
        ("cross_entropy", "nn"),
    ],
)
def test_a_function_that_is_composed_of_primitives_is_said_to_be(name: str, of: str) -> None:
    with pytest.raises(ExpressionError, match=rf"^{name} is not a primitive: {of}\.{name} is composed of others"):
        find(name)


def test_an_alias_finds_its_row_and_what_is_no_function_of_numbers_none() -> None:
    assert find("acos") is table["arccos"]
    for name in ("grad", "Tensor", "fit", "__name__"):
        with pytest.raises(ExpressionError, match=f"^there is no primitive {name!r}"):
            find(name)


def test_a_row_that_a_user_declares_is_in_the_report() -> None:
    elementwise("cube", lambda x, y: 3 * x**2, scalar=lambda x: x**3, array=lambda x: x**3)
    assert "3*x**2" in next(line for line in report().splitlines() if line.startswith("  cube"))


def test_a_rule_that_looks_at_entries_is_said_to_be_a_kernel() -> None:
    @structured(lambda g, y, x: g * np.asarray(x).tolist()[0], examples=[example((2,))])
    def first_entry(x: Any, /) -> Any:
        """Twice."""
        return x * 2

    assert formulas(first_entry).derivatives == (KERNEL,)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (Interval(), ""),
        (Interval(low=0.0), "x > 0"),
        (Interval(high=2.0), "x < 2"),
        (Interval(-1.0, 1.0), "|x| < 1"),
        (Interval(0.0, 1.0), "0 < x < 1"),
        (NONZERO, "x != 0"),
        (Interval(-1.0, 2.0, nonzero=True), "-1 < x < 2, x != 0"),
    ],
    ids=str,
)
def test_domains_are_inequalities(interval: Interval, expected: str) -> None:
    assert domain(elementwise("f", lambda x, y: y, array=np.exp, scalar=math.exp, domain=interval)) == expected


def test_the_function_of_numpy_that_calls_a_row_is_named_and_does() -> None:
    assert {name: answers_to(table[name]) for name in ("add", "sum", "matmul", "relu")} == {
        "add": "np.add",
        "sum": "np.sum",
        "matmul": "np.matmul",
        "relu": "",
    }
    for row in table.values():
        if isinstance(row, Elementwise) and len(row.partials) == 1 and answers_to(row):
            assert getattr(np, answers_to(row).removeprefix("np."))(Value(0.5)).op is row


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("w*x", [("w", "x", 0.5), ("x", "w", 2.0)]),
        ("tanh(w*x + 1)", [("w*x + 1", "1 - y**2", 1 - math.tanh(2.0) ** 2)]),
        ("exp(x)/w", [("exp(x)", "1/w", 0.5), ("w", "-y/w", -math.exp(0.5) / 4)]),
        ("exp(x)*(w + 1)", [("exp(x)", "w + 1", 3.0), ("w + 1", "exp(x)", math.exp(0.5))]),
        ("exp((w + x)*w)", [("(w + x)*w", "y", math.exp(5.0))]),
    ],
)
def test_local_derivatives_are_formulas_in_the_names_of_the_inputs(expression: str, expected: list[Any]) -> None:
    node = parse(expression, "wx")({"w": Value(2.0, label="w"), "x": Value(0.5, label="x")})
    found = local_derivatives(node)
    assert [entry[:2] for entry in found] == [entry[:2] for entry in expected]
    assert [entry[2] for entry in found] == pytest.approx([entry[2] for entry in expected])
