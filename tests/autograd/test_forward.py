"""Forward mode against reverse mode and differences, for every row of the table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_primitives import (
    SMALL_REACH,
    agree,
    difference,
    each_elementwise,
    each_example,
    operands_for,
    points,
    seed_for,
)

from autograd import Tensor, Value, concatenate, elementwise, relu, sin, sqrt, stack, structured, where
from autograd.calculus import grad, hvp, jacobian, jvp, vjp
from autograd.node import Node, plain
from autograd.primitive import Elementwise, Example, Structured, example

seeds = given(seed=st.integers(0, 2**32 - 1))


def directions(like: list[np.ndarray], seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return tuple(np.asarray(rng.normal(size=x.shape)) for x in like)


def pairing(a: Any, b: Any) -> float:
    return float(np.sum(np.asarray(a) * np.asarray(b)))


def sides(f: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[float, float]:
    """<u, Jv> and <uJ, v> for a cotangent u of no special shape."""
    value, pushed = jvp(f, primals, tangents)
    again, pull = vjp(f, *primals)
    np.testing.assert_array_equal(value, again)
    u = seed_for(np.asarray(value))
    pulled = pull(float(u) if type(value) is float else u)
    return pairing(u, pushed), sum(map(pairing, pulled, tangents))


@each_elementwise
@settings(max_examples=settings.default.max_examples // 2)
@given(data=st.data())
def test_forward_and_reverse_are_transposes_for_elementwise_rows(row: Elementwise, data: st.DataObject) -> None:
    x = data.draw(points(row))
    v = data.draw(st.tuples(*[st.sampled_from([-2.5, -1.0, 0.0, 0.3, 1.7])] * len(x)))
    scalar, reverse = sides(row, x, v)
    # The sum of two terms may cancel: to the last digits of the terms the two must agree.
    size = sum(abs(t * part) for t, part in zip(v, grad(row, tuple(range(len(x))))(*x)))
    assert abs(scalar - reverse) <= 1e-14 * 1.1 * size
    _, of_values = jvp(row, x, v)
    _, of_arrays = jvp(row, tuple(np.array([a, a]) for a in x), tuple(np.array([t, 2 * t]) for t in v))
    np.testing.assert_allclose(of_arrays, [of_values, 2 * of_values], rtol=1e-13, atol=1e-14 * size)


@each_elementwise
def test_tangents_are_stretched_with_their_inputs(row: Elementwise) -> None:
    """Each input along an axis of its own, so that all the others stretch it."""
    count = len(row.partials)
    shapes = [tuple(2 if axis == i else 1 for axis in range(count)) for i in range(count)]
    x = tuple(np.reshape([0.3, 0.6], shape) + 0.05 * i for i, shape in enumerate(shapes))
    if any(not all(a in interval for a in entries.flat) for entries, interval in zip(x, row.domain)):
        x = tuple(1.5 + entries for entries in x)
    forward, reverse = sides(row, x, directions(list(x), 0))
    assert forward == pytest.approx(reverse, rel=1e-12, abs=1e-14)


@each_example
@settings(max_examples=settings.default.max_examples // 10)
@seeds
def test_forward_and_reverse_are_transposes_for_structured_rows(row: Structured, example: Example, seed: int) -> None:
    arrays = operands_for(row, example, seed)
    everywhere = directions(arrays, seed)
    f = lambda *operands: row.apply(operands, example.parameters)  # noqa: E731
    forward, reverse = sides(f, tuple(arrays), everywhere)
    assert forward == pytest.approx(reverse, rel=1e-11, abs=1e-12)
    for i, (array, v) in enumerate(zip(arrays, everywhere)):  # the other operands are constants then
        only = lambda x, i=i: f(*arrays[:i], x, *arrays[i + 1 :])  # noqa: E731
        forward, reverse = sides(only, (array,), (v,))
        assert forward == pytest.approx(reverse, rel=1e-11, abs=1e-12)


@each_example
@settings(max_examples=settings.default.max_examples // 30)
@seeds
def test_second_derivatives_do_not_mind_which_operands_are_constants(
    row: Structured, example: Example, seed: int
) -> None:
    """Of a plain weighted sum: then the cotangent is plain, and a rule that asks it for a product may lose a node."""
    arrays = operands_for(row, example, seed)
    weights = seed_for(np.asarray(row.apply(arrays, example.parameters)))

    def weighted(*operands: Any) -> Any:
        return (row.apply(operands, example.parameters) * weights).sum()

    def check(f: Callable[..., Any], x: tuple[np.ndarray, ...]) -> None:
        v, u = directions([*x], seed), directions([*x], seed + 1)
        places = tuple(range(len(x)))

        def slope(t: float) -> float:
            return sum(map(pairing, u, grad(f, places)(*(np.asarray(a + t * b) for a, b in zip(x, v)))))

        reach = SMALL_REACH / (2 * max([1.0, *(np.max(np.abs(b), initial=0.0) for b in v)]))
        numeric, rounding = difference(slope, 0.0, reach)
        size = sum(a.size for a in x)
        analytic = sum(map(pairing, u, hvp(f, x, v)))
        assert agree(analytic, numeric, 8 * size * rounding + 1e-12)
        reverse_twice = vjp(grad(f, places), *x)[1](u)
        assert sum(map(pairing, reverse_twice, v)) == pytest.approx(analytic, rel=1e-10, abs=1e-11)

    check(weighted, tuple(arrays))
    for i, array in enumerate(arrays):
        check(lambda x, i=i: weighted(*arrays[:i], x, *arrays[i + 1 :]), (array,))


@each_example
def test_vector_jacobian_products_are_linear_and_leave_the_cotangent_a_node(row: Structured, example: Example) -> None:
    arrays = operands_for(row, example, 0)
    y = np.asarray(row.apply(arrays, example.parameters))

    def products(g: Any) -> list[Any]:
        if row.all_vjps is not None:
            return list(row.all_vjps(g, y, *arrays, **example.parameters))
        return [vjp(g, y, *arrays, **example.parameters) for vjp in row.vjps]

    a, b = directions([y, y], 7)
    for of_a, of_b, of_both, of_node in zip(*map(products, (a, b, 2 * a - 3 * b, Tensor(a)))):
        np.testing.assert_allclose(of_both, 2 * of_a - 3 * of_b, rtol=1e-12, atol=1e-13)
        assert isinstance(of_node, Node) or not np.any(of_a)
        np.testing.assert_allclose(plain(of_node), of_a, rtol=1e-14, atol=1e-15)


@each_example
def test_forward_mode_through_a_structured_row_is_differentiated_again(row: Structured, example: Example) -> None:
    """The derivative of <u, Jv> along w is the same with the two directions exchanged."""
    arrays = tuple(operands_for(row, example, 0))
    v, w = directions([*arrays], 1), directions([*arrays], 2)
    places = tuple(range(len(arrays)))

    def along(v: tuple[Any, ...]) -> Callable[..., Any]:
        def pushed(*operands: Any) -> Any:
            tangent = jvp(lambda *x: row.apply(x, example.parameters), operands, v)[1]
            return (tangent * seed_for(tangent)).sum()

        return pushed

    once = sum(map(pairing, w, grad(along(v), places)(*arrays)))
    exchanged = sum(map(pairing, v, grad(along(w), places)(*arrays)))
    assert once == pytest.approx(exchanged, rel=1e-10, abs=1e-11)
    assert jvp(along(v), arrays, w)[1] == pytest.approx(once, rel=1e-10, abs=1e-11)


def test_a_zero_tangent_stays_zero_where_a_slope_is_infinite() -> None:
    f = lambda x: where(np.array([True, False]), x, sqrt(x * 0.0))  # noqa: E731
    value, pushed = jvp(f, (np.array([2.0, 3.0]),), (np.array([1.0, 0.0]),))
    np.testing.assert_array_equal(value, [2.0, 0.0])
    np.testing.assert_array_equal(pushed, [1.0, 0.0])
    assert jvp(sqrt, (0.0,), (0.0,))[1] == 0.0
    assert jvp(sqrt, (0.0,), (1.0,))[1] == math.inf


def test_conventions_at_kinks_are_those_of_the_reverse_sweep() -> None:
    for x in (-1.0, 0.0, 1.0):
        assert jvp(relu, (x,), (3.0,))[1] == 3 * grad(relu)(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tangents_have_the_precision_of_their_nodes(dtype: type) -> None:
    x = np.array([0.5, 1.5], dtype)
    for f in (
        lambda x: x.exp() * 2.5,
        lambda x: x.sum(),
        lambda x: x @ x,
        lambda x: x[np.array([0, 0, 1])] + Value(1.0),
    ):
        value, pushed = jvp(f, (x,), (np.array([1.0, 2.0]),))
        assert value.dtype == pushed.dtype == dtype


def test_values_and_tensors_mix() -> None:
    f = lambda t, s: (t * s).sum() + s  # noqa: E731
    value, pushed = jvp(f, (np.array([1.0, 2.0]), 3.0), (np.array([1.0, 10.0]), 100.0))
    assert value == 12.0
    assert pushed == 33.0 + 300.0 + 100.0


@pytest.mark.parametrize("x", [0.7, Value(0.7), Tensor(0.7)], ids=["float", "Value", "Tensor"])
@pytest.mark.parametrize("join", [stack, lambda parts: concatenate([stack(parts), np.ones(2)])])
def test_computed_values_that_are_joined_go_forward_to_any_order(x: Any, join: Callable[..., Any]) -> None:
    def f(x: Any) -> Any:
        return (join([sin(x), x, sin(x)]) ** 2).sum()

    slope, curvature = 2 * math.sin(1.4) + 1.4, 4 * math.cos(1.4) + 2
    assert float(jvp(f, (x,), (1.0,))[1]) == pytest.approx(slope, rel=1e-14)
    assert float(hvp(f, (x,), 1.0, argnums=0)) == pytest.approx(curvature, rel=1e-14)
    assert float(jvp(lambda x: jvp(f, (x,), (1.0,))[1], (x,), (1.0,))[1]) == pytest.approx(curvature, rel=1e-14)


def test_a_rule_that_hides_the_cotangent_is_refused(message_of: Callable[..., str]) -> None:
    @structured(lambda g, y, x: plain(g) * 2, examples=[example((2,))])
    def doubled(x: np.ndarray, /) -> np.ndarray:
        return 2 * x

    message = message_of(TypeError, lambda: jvp(doubled, (np.ones(2),), (np.ones(2),)))
    assert message.startswith("doubled: its vector-Jacobian product made an array of the cotangent g")


def test_rows_that_users_declare_have_forward_mode() -> None:
    cubed = elementwise("cubed", lambda x, y: 3 * x**2, array=lambda x: x**3, scalar=lambda x: x**3)
    assert jvp(cubed, (2.0,), (10.0,)) == (8.0, 120.0)

    @structured(lambda g, y, x: g[::-1], examples=[example((3,))])
    def reversed_(x: np.ndarray, /) -> np.ndarray:
        return x[::-1]

    np.testing.assert_array_equal(jvp(reversed_, (np.arange(3.0),), (np.array([1.0, 2.0, 4.0]),))[1], [4, 2, 1])


def test_an_array_changed_after_use_is_noticed() -> None:
    factor = np.array([2.0, 3.0])

    def careless(x: Any) -> Any:
        y = x * factor
        factor[0] = 5.0
        return y

    with pytest.raises(RuntimeError, match="were changed after multiply had used them"):
        jvp(careless, (np.ones(2),), (np.ones(2),))


def test_few_inputs_and_many_outputs_take_the_forward_sweep() -> None:
    calls = []
    row = elementwise("counted", lambda x, y: (calls.append(1), 2.0)[1] * x, array=np.square, scalar=lambda x: x * x)
    f = lambda x: row(x) * np.arange(1.0, 101.0)  # noqa: E731
    np.testing.assert_array_equal(jacobian(f)(3.0), 6.0 * np.arange(1.0, 101.0))
    assert len(calls) == 1
