"""What the derivative is where there is a choice: said by the rows, printed, and held to."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd import (
    Tensor,
    Value,
    absolute,
    clip,
    log,
    log_softmax,
    logsumexp,
    max,
    maximum,
    minimum,
    relu,
    sigmoid,
    softmax,
    softplus,
    sqrt,
    where,
)
from autograd.columns import WIDTH
from autograd.conventions import (
    COMPOSITIONS,
    KINDS,
    Convention,
    compositions,
    conventions,
    entries,
    report,
    slopes_on_values,
)
from autograd.expression import parse
from autograd.primitive import REAL, Elementwise, Point, Primitive, elementwise, point, table

ROWS = list(table.values())
POINTS = [pytest.param(row, special, id=f"{row.name}-{i}") for row in ROWS for i, special in enumerate(row.special)]
each_point = pytest.mark.parametrize(("row", "special"), POINTS)
INF, NAN = math.inf, math.nan


def without_special_points(rows: list[Primitive]) -> list[str]:
    return [
        row.name
        for row in rows
        if isinstance(row, Elementwise) and (row.kink or any(x != REAL for x in row.domain)) and not row.special
    ]


def on_tensors(row: Primitive, special: Point) -> tuple[Any, list[Any]]:
    tensors = [Tensor(x) for x in special.operands]
    with np.errstate(all="ignore"):
        y = row.apply(tensors, {**getattr(row, "defaults", {}), **special.parameters})
        y.backward(np.ones(y.shape))
    return y.data, [tensor.grad for tensor in tensors]


def the_convention(row: Primitive, special: Point) -> Convention:
    return conventions(row)[[*row.special].index(special)]


# ---- nothing is left out -------------------------------------------------


def test_every_row_with_a_kink_or_an_end_of_its_domain_names_its_special_points() -> None:
    assert without_special_points(ROWS) == ["tan"]  # whose poles lie between two floats


def test_a_row_without_them_would_be_noticed() -> None:
    kinked = elementwise("ramp", lambda x, y: x > 0, array=abs, scalar=abs, kink=lambda x: x)
    assert without_special_points([kinked]) == ["ramp"]


@pytest.mark.parametrize("row", [row for row in ROWS if row.special], ids=lambda row: row.name)
def test_every_row_with_special_points_says_what_was_chosen(row: Primitive) -> None:
    assert len(row.note) > 5


# ---- what is chosen ------------------------------------------------------


@each_point
def test_values_and_tensors_have_the_same_slopes(row: Primitive, special: Point) -> None:
    found = slopes_on_values(row, special)
    if found is not None:
        _, expected = on_tensors(row, special)
        np.testing.assert_allclose(found, expected, rtol=4e-16)


@each_point
def test_the_slope_is_one_of_those_that_the_row_has_there(row: Primitive, special: Point) -> None:
    """Between the slopes of both sides, at a kink; that of the one side, at an end; never another number."""
    for slope in the_convention(row, special).slopes:
        assert slope.kind != "convention"
        for chosen, left, right, jumps in zip(*map(np.ravel, (slope.chosen, slope.left, slope.right, slope.jumps))):
            sides = [side for side in (left, right) if not np.isnan(side)]
            if sides and not np.isnan(chosen) and not jumps:
                near = 0.0 if np.isinf(chosen) else 1e-6 * (1 + abs(chosen))
                assert np.min(sides) - near <= chosen <= np.max(sides) + near


KINKS = [
    pytest.param(row, special, id=f"{row.name}-{i}")
    for row in ROWS
    for i, special in enumerate(row.special)
    if "subgradient" in {slope.kind for slope in conventions(row)[i].slopes} <= {"subgradient", "derivative"}
]


@pytest.mark.parametrize(("row", "special"), KINKS)
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_slopes_together_are_a_subgradient(row: Primitive, special: Point, seed: int) -> None:
    """In every direction, not only along an operand, they are between the slopes forth and back."""
    rng = np.random.default_rng(seed)
    x = [np.asarray(operand, np.float64) for operand in special.operands]
    direction = [np.asarray(rng.normal(size=operand.shape)) for operand in x]
    h = 2.0**-26

    def moved(by: float) -> float:
        operands = [operand + by * d for operand, d in zip(x, direction)]
        with np.errstate(all="ignore"):
            return float(np.sum(row.apply(operands, {**getattr(row, "defaults", {}), **special.parameters})))

    _, slopes = on_tensors(row, special)
    chosen = sum(float(np.sum(slope * d)) for slope, d in zip(slopes, direction))
    forth, back = (moved(h) - moved(0.0)) / h, (moved(0.0) - moved(-h)) / h
    near = 1e-6 * (1 + abs(forth) + abs(back))  # the steps of h are as long, and round off as much
    assert min(forth, back) - near <= chosen <= np.max([forth, back]) + near


def case(f: Callable[..., Any], operands: list[Any], *slopes: Any) -> Any:
    return pytest.param(f, operands, slopes, id=f"{getattr(f, 'name', None) or f.__name__}-{operands}")


def root_of_square(x: Any) -> Any:
    return sqrt(x**2)


def length(x: Any) -> Any:
    return sqrt((x * x).sum())


def root_if_positive(x: Any) -> Any:
    return where(x > 0, sqrt(x), 0)


def log_if_positive(x: Any) -> Any:
    return where(x > 0, log(x), x)


def power(a: Any, b: Any) -> Any:
    return a**b


def cube(x: Any) -> Any:
    return x**3


@pytest.mark.parametrize(
    ("f", "operands", "slopes"),
    [
        case(relu, [0.0], 0.0),
        case(absolute, [0.0], 0.0),
        case(maximum, [1.0, 1.0], 0.5, 0.5),
        case(minimum, [1.0, 1.0], 0.5, 0.5),
        case(maximum, [NAN, 1.0], NAN, 0.0),
        case(sqrt, [0.0], INF),
        case(log, [0.0], INF),
        case(log, [-1.0], NAN),
        case(power, [0.0, 0.0], 0.0, 0.0),
        case(power, [0.0, 2.0], 0.0, 0.0),
        case(power, [0.0, 1.0], 1.0, 0.0),
        case(power, [-2.0, 3.0], 12.0, NAN),
        case(power, [-8.0, 1 / 3], NAN, NAN),
        case(cube, [-2.0], 12.0),
        case(root_of_square, [0.0], 0.0),
        case(root_if_positive, [0.0], 0.0),
        case(root_if_positive, [-1.0], 0.0),
        case(log_if_positive, [0.0], 1.0),
        case(max, [[1.0, 1.0]], [0.5, 0.5]),
        case(max, [[0.0, 1.0, 1.0]], [0.0, 0.5, 0.5]),
        case(length, [[0.0, 0.0]], [0.0, 0.0]),
        case(logsumexp, [[-INF, -INF]], [0.0, 0.0]),
        case(logsumexp, [[-INF, 0.0]], [0.0, 1.0]),
    ],
)
def test_the_choices_are_these(f: Callable[..., Any], operands: list[Any], slopes: tuple[Any, ...]) -> None:
    for kind in [Value, Tensor] if np.ndim(operands[0]) == 0 else [Tensor]:
        x = [kind(operand) for operand in operands]
        with np.errstate(all="ignore"):
            f(*x).backward()
        for found, expected in zip(x, slopes, strict=True):
            np.testing.assert_allclose(found.grad, expected, rtol=4e-16)


def test_the_norm_has_slopes_0_at_0() -> None:
    x = Tensor([0.0, 0.0])
    table["norm"](x).backward()  # type: ignore[operator]
    assert x.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("f", "value", "slopes"),
    [
        (logsumexp, 1e4, [1.0, 0.0, 0.0]),
        (lambda x: softmax(x)[0], 1.0, [0.0, 0.0, 0.0]),
        (lambda x: log_softmax(x)[1], -2e4, [-1.0, 1.0, 0.0]),
        (lambda x: nn.cross_entropy(x.reshape(1, 3), [0]), 0.0, [0.0, 0.0, 0.0]),
        (lambda x: nn.cross_entropy(x.reshape(1, 3), [1]), 2e4, [1.0, -1.0, 0.0]),
        (lambda x: sigmoid(x).sum(), 1.5, [0.0, 0.0, 0.25]),
        (lambda x: softplus(x).sum(), 1e4 + math.log(2), [1.0, 0.0, 0.5]),
    ],
)
def test_logits_of_ten_thousand_are_no_trouble(f: Callable[..., Any], value: float, slopes: list[float]) -> None:
    x = Tensor([1e4, -1e4, 0.0])
    y = f(x)
    y.backward()
    assert y.item() == pytest.approx(value, rel=1e-15)
    assert x.grad.tolist() == slopes


@pytest.mark.parametrize("f", [softmax, log_softmax])
@pytest.mark.parametrize("row", [[INF, 0.0], [INF, INF], [-INF, -INF], [INF, -INF], [NAN, 0.0]])
def test_a_row_that_has_no_softmax_is_nan_and_its_neighbours_are_not(f: Callable[..., Any], row: list[float]) -> None:
    x, alone, seed = Tensor([row, [1.0, 2.0], [0.0, -INF]]), Tensor([[1.0, 2.0], [0.0, -INF]]), [[1.0, 3.0], [1.0, 3.0]]
    with np.errstate(invalid="ignore"):  # of inf - inf, which NumPy warns of as ever
        y = f(x)
    y.backward([[1.0, 3.0], *seed])
    f(alone).backward(seed)
    assert np.isnan(y.data[0]).all()
    assert np.isnan(x.grad[0]).all()
    np.testing.assert_array_equal(y.data[1:], f(alone).data)
    np.testing.assert_array_equal(x.grad[1:], alone.grad)
    assert np.isfinite(alone.grad).all()


def test_no_gradient_goes_through_argmax() -> None:
    for function in (np.argmax, np.argmin, np.argsort):
        found = function(Tensor([1.0, 3.0, 2.0]))
        assert isinstance(found, (np.ndarray, np.integer))


# ---- what is printed -----------------------------------------------------


def block(text: str, heading: str) -> str:
    """The lines under a heading, up to an empty one, without spaces."""
    (found,) = re.findall(rf"^{re.escape(heading)}: .*?(?:\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return "".join(found.split())


@pytest.fixture(scope="module")
def printed() -> str:
    return report()


def test_the_report_fits_a_page(printed: str) -> None:
    assert all(len(line) <= WIDTH for line in printed.splitlines())
    assert all(f"  {kind}  " in printed for kind in KINDS)
    squeezed = "".join(printed.split())
    assert all("".join(f"{of.expression}: {of.note}".split()) in squeezed for of in COMPOSITIONS)


def test_the_conventions_are_those_on_record() -> None:
    """Users rely on them; where one is meant to change, ``python -m autograd --conventions`` makes the record."""
    assert report() + "\n" == Path(__file__).with_name("reference").joinpath("conventions.txt").read_text()


@each_point
def test_what_is_printed_is_what_backward_gives(row: Primitive, special: Point, printed: str) -> None:
    value, slopes = on_tensors(row, special)
    convention = the_convention(row, special)
    np.testing.assert_array_equal(convention.value, value)
    for slope, expected in zip(convention.slopes, slopes, strict=True):
        np.testing.assert_array_equal(slope.chosen, expected)
        cells = f"∂{slope.operand}{entries(expected)}"
        if np.ndim(expected) < 2:  # a matrix is wrapped
            assert "".join(cells.split()) in block(printed, convention.of)


@pytest.mark.parametrize("index", range(len(COMPOSITIONS)))
def test_where_rows_meet_the_slope_is_that_of_backward_on_values(index: int) -> None:
    of = COMPOSITIONS[index]
    x = {name: Value(number) for name, number in of.at.items()}
    parse(of.expression, x)(x).backward()
    (slope,) = compositions()[index].slopes
    assert float(slope.chosen) == x["x"].grad


@pytest.mark.parametrize(
    ("f", "said", "at"),
    [
        (lambda x: clip(x, -1, 1), "clip(x, -1, 1)", -1.0),
        (lambda x: clip(x, -1, 1), "clip(x, -1, 1)", 1.0),
        (nn.hardtanh, "hardtanh(x)", -1.0),
        (nn.hardtanh, "hardtanh(x)", 1.0),
        (nn.leaky_relu, "leaky_relu(x)", 0.0),
    ],
)
def test_the_expression_that_stands_for_a_composed_function_has_its_slope(
    f: Callable[..., Any], said: str, at: float
) -> None:
    x = Value(at)
    f(x).backward()
    (convention,) = [of for of in compositions() if said in of.note and of.at == f"x = {at:g}"]
    assert float(convention.slopes[0].chosen) == x.grad


def test_only_what_is_said_to_be_is_no_slope_at_all() -> None:
    """Where 0*inf counts as 0 it is right for a branch not taken; the price are these."""
    wrong = {of.of for of in compositions() for slope in of.slopes if slope.kind == "convention"}
    assert wrong == {"exp(log(x))", "sqrt(x)**2", "relu(x) - relu(-x)"}


@pytest.mark.parametrize(
    ("f", "special", "kinds"),
    [
        (lambda x, y: x > 0, 0.0, "subgradient"),
        (lambda x, y: 2.0 * (x > -1), 0.0, "convention"),
        (lambda x, y: NAN, 0.0, "undefined"),
        (lambda x, y: 1.0, 2.0, "derivative"),
        (lambda x, y: 0.0, 2.0, "convention"),
    ],
)
def test_a_slope_that_is_none_is_called_a_convention(f: Callable[..., Any], special: float, kinds: str) -> None:
    row = elementwise(
        "ramp",
        f,
        array=lambda x: np.maximum(x, 0),
        scalar=lambda x: x if x > 0 else 0.0,
        special=[point(special)],
        note="wrong",
    )
    (convention,) = conventions(row)
    assert [slope.kind for slope in convention.slopes] == [kinds]


@pytest.mark.parametrize(
    ("name", "at", "kinds"),
    [
        ("sqrt", [0.0], ["infinite slope"]),
        ("log", [0.0], ["infinite slope"]),
        ("sign", [0.0], ["jump"]),
        ("absolute", [0.0], ["subgradient"]),
        ("maximum", [1.0, 1.0], ["subgradient", "subgradient"]),
        ("exp", [0.0], ["derivative"]),
        ("divide", [1.0, 0.0], ["undefined", "infinite slope"]),
    ],
)
def test_kinds_of_slopes(name: str, at: list[float], kinds: list[str]) -> None:
    old = table[name]
    row = elementwise(name, *old.partials, array=old.array, scalar=old.scalar, special=[point(*at)], note="why")  # type: ignore[attr-defined]
    (convention,) = conventions(row)
    assert [slope.kind for slope in convention.slopes] == kinds
    assert set(kinds) <= KINDS.keys()
