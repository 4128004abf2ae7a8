"""The derivative operators: what they give, in what form, nested to any order."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optim
from autograd import (
    Tensor,
    Value,
    cos,
    detect_anomaly,
    elementwise,
    exp,
    gradients,
    log,
    modes,
    no_grad,
    sin,
    softmax,
    stack,
    sum,
    tanh,
)
from autograd.calculus import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.node import Node

whole = st.integers(-8, 8).map(float)
vectors = st.lists(st.floats(-2, 2), min_size=1, max_size=4).map(np.array)


def polynomial(coefficients: list[float]) -> Callable[[Any], Any]:
    """By Horner's rule, so that the powers are products."""

    def f(x: Any) -> Any:
        y = x * 0.0 + coefficients[-1]
        for c in reversed(coefficients[:-1]):
            y = y * x + c
        return y

    return f


def rosenbrock(x: Any) -> Any:
    return ((1 - x[:-1]) ** 2).sum() + (100 * (x[1:] - x[:-1] ** 2) ** 2).sum()


def rosenbrock_hessian(x: np.ndarray) -> np.ndarray:
    diagonal = np.zeros(len(x))
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    return np.diag(diagonal) + np.diag(-400 * x[:-1], 1) + np.diag(-400 * x[:-1], -1)


def bowl(x: Any) -> Any:
    """A smooth function of a vector with a full Hessian."""
    return exp(sin(x).sum() * 0.5) + (tanh(x) * x).sum() ** 2


# ---- closed forms --------------------------------------------------------


@given(coefficients=st.lists(whole, min_size=1, max_size=7), x=st.integers(-4, 4).map(float))
def test_polynomials_have_their_exact_derivatives_to_order_5(coefficients: list[float], x: float) -> None:
    f, exact = polynomial(coefficients), np.polynomial.Polynomial(coefficients)
    for _ in range(5):
        f, exact = grad(f), exact.deriv()
        assert f(x) == exact(x)  # whole numbers: nothing is rounded


@settings(max_examples=settings.default.max_examples // 3)
@given(
    coefficients=st.lists(whole, min_size=1, max_size=6), x=st.integers(-3, 3).map(float), forward=st.integers(0, 15)
)
def test_forward_and_reverse_nest_in_any_order(coefficients: list[float], x: float, forward: int) -> None:
    f, exact = polynomial(coefficients), np.polynomial.Polynomial(coefficients)
    for order in range(4):
        f = (lambda x, f=f: jvp(f, (x,), (1.0,))[1]) if forward >> order & 1 else grad(f)
    assert f(x) == exact.deriv(4)(x)


@given(data=st.data(), n=st.integers(1, 4))
def test_the_hessian_of_a_quadratic_form_is_its_matrix(data: st.DataObject, n: int) -> None:
    entries = data.draw(st.lists(whole, min_size=n * n + n, max_size=n * n + n))
    A, x = np.reshape(entries[: n * n], (n, n)), np.array(entries[n * n :])
    f = lambda x: x @ (A @ x)  # noqa: E731
    np.testing.assert_array_equal(grad(f)(x), (A + A.T) @ x)
    np.testing.assert_array_equal(hessian(f)(x), A + A.T)
    np.testing.assert_array_equal(hvp(f, (x,), (x,))[0], (A + A.T) @ x)
    np.testing.assert_array_equal(jacobian(hessian(f))(x), np.zeros((n, n, n)))


@given(x=vectors)
def test_softmax_has_its_jacobian_and_second_derivatives(x: np.ndarray) -> None:
    s = np.exp(x) / np.exp(x).sum()
    J = np.diag(s) - np.outer(s, s)
    np.testing.assert_allclose(jacobian(softmax)(x), J, atol=1e-14)
    I = np.eye(len(x))  # noqa: E741
    second = np.einsum("ik,ij->ijk", J, I) - np.einsum("ik,j->ijk", J, s) - np.einsum("i,jk->ijk", s, J)
    np.testing.assert_allclose(jacobian(jacobian(softmax))(x), second, atol=1e-14)


@given(x=st.lists(st.floats(-2, 2), min_size=2, max_size=5).map(np.array))
def test_rosenbrock_has_its_hessian(x: np.ndarray) -> None:
    expected = rosenbrock_hessian(x)
    found = hessian(rosenbrock)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-11)
    np.testing.assert_allclose(hvp(rosenbrock, (x,), (np.ones_like(x),))[0], expected.sum(1), rtol=1e-12, atol=1e-10)


@given(x=vectors, data=st.data())
def test_hessians_are_symmetric_and_hvp_is_their_product(x: np.ndarray, data: st.DataObject) -> None:
    v = np.array(data.draw(st.lists(st.floats(-2, 2), min_size=len(x), max_size=len(x))))
    H = hessian(bowl)(x)
    np.testing.assert_allclose(H, H.T, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(hvp(bowl, (x,), (v,))[0], H @ v, rtol=1e-11, atol=1e-11)
    third = jacobian(hessian(bowl))(x)
    for axes in ((1, 0, 2), (0, 2, 1), (2, 1, 0)):
        np.testing.assert_allclose(third.transpose(axes), third, rtol=1e-11, atol=1e-12)


@given(x=vectors)
def test_jacobians_by_rows_and_by_columns_are_the_same(x: np.ndarray) -> None:
    wide = lambda x: stack([bowl(x), bowl(2 * x)])[np.array([0, 1, 0, 1, 0, 1, 1])] * np.arange(7)  # noqa: E731
    few = lambda x: stack([bowl(x), bowl(2 * x)])  # noqa: E731
    by_columns, by_rows = jacobian(wide)(x), jacobian(few)(x)
    assert by_columns.shape == (7, len(x))
    expected = by_rows[[0, 1, 0, 1, 0, 1, 1]] * np.arange(7)[:, None]
    np.testing.assert_allclose(by_columns, expected, rtol=1e-12, atol=1e-12)


@given(x=st.floats(0.2, 2), y=st.floats(0.2, 2))
def test_gradients_agree_with_central_differences(x: float, y: float) -> None:
    f = lambda x, y: sin(x * y) + log(x) * exp(-y)  # noqa: E731
    h = 2.0**-17  # truncation of order h**2 = 6e-11, rounding of order 2**-52 / h = 3e-11
    found = grad(f, (0, 1))(x, y)
    assert found[0] == pytest.approx((f(x + h, y) - f(x - h, y)) / (2 * h), rel=1e-7, abs=1e-8)
    assert found[1] == pytest.approx((f(x, y + h) - f(x, y - h)) / (2 * h), rel=1e-7, abs=1e-8)


# ---- perturbation confusion ----------------------------------------------

derivatives = pytest.mark.parametrize(
    "D",
    [grad, lambda f: lambda x: jvp(f, (x,), (1.0,))[1], jacobian, lambda f: lambda x: vjp(f, x)[1](1.0)[0]],
    ids=["grad", "jvp", "jacobian", "vjp"],
)
others = pytest.mark.parametrize("E", [grad, lambda f: lambda x: jvp(f, (x,), (1.0,))[1]], ids=["grad", "jvp"])


@derivatives
@others
def test_siskind_and_pearlmutter_s_examples(D: Any, E: Any) -> None:
    assert D(lambda x: x * E(lambda y: x + y)(1.0))(1.0) == 1.0
    assert D(lambda x: x * E(lambda y: x + y)(x))(1.0) == 1.0
    assert D(lambda x: x * E(lambda y: x * y)(1.0))(3.0) == 6.0
    assert D(lambda x: x * E(lambda y: x * y)(x))(3.0) == 6.0
    assert D(lambda x: E(lambda y: x * y * y)(x))(3.0) == 12.0  # d/dx of 2 x**2
    assert D(lambda x: E(lambda y: E(lambda z: x * y * z)(y))(x))(5.0) == 1.0
    assert D(lambda x: E(lambda y: x)(x))(2.0) == 0.0


@derivatives
def test_the_amazing_bug(D: Any) -> None:
    """Manzyuk et al. 2019: a derivative that returns a function, applied to itself, must keep its levels apart."""
    shifted = lambda u: lambda f: lambda x: f(x + u)  # noqa: E731
    at_zero = lambda f: lambda x: D(lambda u: shifted(u)(f)(x))(0.0)  # noqa: E731
    assert at_zero(at_zero(lambda x: x**3))(2.0) == 12.0


def test_the_same_node_in_two_places_counts_once_each() -> None:
    x = Value(3.0)
    by_first, by_second = grad(lambda a, b: a * a * b, (0, 1))(x, x)
    assert (by_first.data, by_second.data) == (18.0, 9.0)


def test_a_derivative_with_respect_to_a_plain_argument_depends_on_nodes_from_outside() -> None:
    w = Value(2.0)
    slope = grad(lambda x: w * w * x)(5.0)
    assert slope.data == 4.0
    slope.backward()
    assert w.grad == 4.0
    assert grad(lambda w: jvp(lambda x: w * w * x, (5.0,), (1.0,))[1])(2.0) == 4.0


# ---- forms ---------------------------------------------------------------


class Line(NamedTuple):
    slope: Any
    offset: Any


def test_plain_arguments_give_plain_derivatives_and_nodes_give_nodes() -> None:
    f = lambda x: (x * x * x).sum() if getattr(x, "shape", ()) else x * x * x  # noqa: E731
    assert type(grad(f)(2)) is float
    assert type(grad(f)(np.float32(2))) is float
    assert type(grad(f)(np.array([1, 2]))) is np.ndarray
    assert grad(f)(np.array([1, 2])).dtype == np.float64
    assert grad(f)(np.array([1, 2], np.float32)).dtype == np.float32
    value, slope = value_and_grad(f)(Value(2.0))
    assert (type(value), type(slope), value.data, slope.data) == (Value, Value, 8.0, 12.0)
    t = grad(f)(Tensor([1.0, 2.0]))
    assert type(t) is Tensor
    np.testing.assert_array_equal(t.data, [3.0, 12.0])


def test_derivatives_of_nodes_are_differentiated_again() -> None:
    x, t = Value(2.0), Tensor([1.0, 2.0])
    (second,) = gradients(grad(lambda x: x * x * x)(x), [x])
    assert float(second) == 12.0
    value, pushed = jvp(lambda t: (t**3).sum(), (t,), (np.array([1.0, 0.0]),))
    pushed.backward()
    np.testing.assert_array_equal(t.grad, [6.0, 0.0])
    assert value.data == 9.0


def test_cotangents_and_tangents_may_be_nodes() -> None:
    v = Tensor([1.0, 2.0])
    value, pull = vjp(lambda x: x * x, np.array([3.0, 4.0]))
    (pulled,) = pull(v)
    pulled.sum().backward()
    np.testing.assert_array_equal(v.grad, [6.0, 8.0])
    assert type(value) is np.ndarray
    w = Tensor([1.0, 2.0])
    jvp(lambda x: x * x, (np.array([3.0, 4.0]),), (w,))[1].sum().backward()
    np.testing.assert_array_equal(w.grad, [6.0, 8.0])
    assert grad(lambda v: jvp(lambda x: x * x, (3.0,), (v,))[1])(1.0) == 6.0


@pytest.mark.parametrize("one", [Value, Tensor])
def test_a_single_number_s_cotangent_and_tangent_may_be_of_either_kind(one: type[Node]) -> None:
    v = one(1.0)
    (pulled,) = vjp(lambda x: (x * x).sum(), np.array([3.0, 4.0]))[1](v)
    np.testing.assert_array_equal(pulled.data, [6.0, 8.0])
    pulled.sum().backward()
    assert v.grad == 14.0
    w = one(1.0)
    jvp(lambda x: x.reshape(1) * x, (Tensor(3.0),), (w,))[1].sum().backward()
    assert w.grad == 6.0


def test_nested_arguments_and_results_keep_their_form() -> None:
    parameters = {"line": Line(2.0, np.array([1.0, 2.0])), "more": [3.0, (4.0, None)]}

    def f(p: Any) -> Any:
        return (p["line"].slope * p["line"].offset).sum() * p["more"][0] + p["more"][1][0]

    g = grad(f)(parameters)
    assert list(g) == ["line", "more"]
    assert g["line"].slope == 9.0
    np.testing.assert_array_equal(g["line"].offset, [6.0, 6.0])
    assert g["more"] == [6.0, (1.0, None)]
    H = hessian(f)(parameters)
    assert H["line"].slope["more"][0] == 3.0
    np.testing.assert_array_equal(H["line"].offset["line"].slope, [3.0, 3.0])
    np.testing.assert_array_equal(H["line"].offset["line"].offset, np.zeros((2, 2)))
    value, pushed = jvp(lambda p: [f(p), {"twice": 2 * f(p)}], (parameters,), (parameters,))
    assert value == [22.0, {"twice": 44.0}]
    assert pushed == [3 * 18.0 + 4.0, {"twice": 2 * 58.0}]


def test_a_jacobian_has_the_shape_of_the_output_and_then_of_the_argument() -> None:
    x, s = np.arange(6.0).reshape(2, 3), 2.0
    f = lambda x, s: {"a": x.T * s, "b": x.sum(), "c": s * s}  # noqa: E731
    J = jacobian(f, (0, 1))(x, s)
    assert J["a"][0].shape == (3, 2, 2, 3)
    assert J["a"][1].shape == (3, 2)
    assert J["b"][0].shape == (2, 3)
    assert J["b"][1] == J["c"][0].sum() == 0.0
    assert J["c"][1] == 4.0
    np.testing.assert_array_equal(J["a"][0], 2 * np.einsum("il,jk->ijkl", np.eye(3), np.eye(2)))
    np.testing.assert_array_equal(J["a"][1], x.T)


def test_jacobians_of_nothing_are_empty() -> None:
    assert jacobian(lambda x: x * 2)(np.zeros((0, 2))).shape == (0, 2, 0, 2)
    assert jacobian(lambda x: x.sum())(np.zeros(0)).shape == (0,)
    assert grad(lambda parts: Value(1.0))([]) == []


def test_argnums_choose_and_keywords_pass_through() -> None:
    f = lambda a, b, c, *, times: a * b * b * c * times  # noqa: E731
    assert grad(f, 1)(2.0, 3.0, 5.0, times=7.0) == 420.0
    assert grad(f, -1)(2.0, 3.0, 5.0, times=7.0) == 126.0
    assert grad(f, (2, 0))(2.0, 3.0, 5.0, times=1.0) == (18.0, 45.0)
    assert jvp(lambda a, name: a * len(name), (2.0, "four"), 1.0, argnums=0) == (8.0, 4.0)
    value, pull = vjp(lambda name, a: a * len(name), "four", 2.0, argnums=1)
    assert (value, pull(10.0)) == (8.0, 40.0)
    assert hessian(lambda a, b: a * a * b, (0, 1))(2.0, 3.0) == ((6.0, 4.0), (4.0, 0.0))
    assert hvp(lambda a, b: a * a * b, (2.0, 3.0), (1.0, 10.0)) == (46.0, 4.0)
    assert hvp(lambda a, b: a * a * b, (2.0, 3.0), 1.0, argnums=0) == 6.0
    assert grad(lambda a, b: a * b, np.int64(1))(2.0, 3.0) == 2.0


def test_a_number_that_meets_arrays_has_numbers_for_derivatives() -> None:
    f = lambda a, x: (a * a * x * x).sum()  # noqa: E731
    x, v = np.array([1.0, 2.0]), np.array([0.0, 1.0])
    slope, _ = grad(f, (0, 1))(2.0, x)
    curvature, _ = hvp(f, (2.0, x), (1.0, v))
    (nested,) = hvp(lambda given: f(given["a"], x), ({"a": 2.0},), ({"a": 1.0},))
    assert [type(number) for number in (slope, curvature, nested["a"])] == [float, float, float]
    assert (slope, curvature, nested["a"]) == (20.0, 26.0, 10.0)


def test_what_does_not_depend_on_the_argument_has_derivative_zero() -> None:
    x, captured = np.ones(2), Value(3.0)
    np.testing.assert_array_equal(grad(lambda x: 5.0)(x), [0.0, 0.0])
    assert grad(lambda x: captured)(1.0).data == 0.0
    assert jvp(lambda x: [1, np.ones(2)], (x,), (x,))[1][0] == 0.0
    np.testing.assert_array_equal(jacobian(lambda x: np.ones(3))(x), np.zeros((3, 2)))
    np.testing.assert_array_equal(hessian(lambda x: x.sum())(x), np.zeros((2, 2)))
    assert grad(grad(grad(lambda x: x * 2)))(1.0) == 0.0
    assert grad(lambda x: x)(4.0) == 1.0
    assert jvp(lambda x: x, (4.0,), (2.0,)) == (4.0, 2.0)


def test_an_output_that_is_returned_twice_counts_twice() -> None:
    def f(x: Any) -> Any:
        y = x * x
        return y, y

    value, pull = vjp(f, 3.0)
    assert value == (9.0, 9.0)
    assert pull((1.0, 10.0)) == (66.0,)
    assert jacobian(f)(3.0) == (6.0, 6.0)


def test_results_share_no_memory_with_anything() -> None:
    x, seed = np.ones(3), np.ones(3)
    value, pull = vjp(lambda x: (x, x), x)
    (first,), (second,) = pull((seed, seed)), pull((seed, seed))
    pushed = jvp(lambda x: (x, x), (x,), (seed,))[1]
    found = [x, seed, *value, first, second, *pushed]
    for i, a in enumerate(found):
        assert a.flags.writeable
        assert not any(np.shares_memory(a, b) for b in found[:i])


def test_nothing_is_added_to_the_grad_of_a_node() -> None:
    x, w = Tensor([1.0, 2.0]), Value(2.0)
    hessian(lambda x: (x * x * w).sum())(x)
    jvp(grad(lambda x: (x * x * w).sum()), (x,), (x,))
    assert x.grad is None
    assert w.grad is None


def test_no_grad_outside_does_not_matter_and_inside_stops_the_derivative() -> None:
    f = lambda x: x * x * x  # noqa: E731
    with no_grad():
        assert grad(grad(f))(2.0) == 12.0
        assert jvp(f, (2.0,), (1.0,)) == (8.0, 12.0)
        assert jacobian(lambda x: x * x)(np.ones(2)).tolist() == [[2.0, 0.0], [0.0, 2.0]]
        w = Value(2.0)
        value, slope = value_and_grad(f)(w)
        assert (value.data, slope.data, value.op, slope.op) == (8.0, 12.0, None, None)
        assert grad(lambda x: x * w)(3.0) == 2.0
        assert not modes.is_recording()

    def with_a_constant_factor(x: Any) -> Any:
        with no_grad():
            factor = x * x
        return factor * x

    assert grad(with_a_constant_factor)(2.0) == 4.0


def test_anomalies_are_named() -> None:
    with detect_anomaly(), pytest.raises(FloatingPointError, match="on its way through sqrt"):
        grad(lambda x: (x * 1.0).sqrt())(0.0)


# ---- mistakes ------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "mistake", "says"),
    [
        (
            ValueError,
            lambda: grad(lambda x: x * 2)(np.ones(3)),
            r"grad: .* f returned an output of shape \(3,\): reduce",
        ),
        (ValueError, lambda: grad(lambda x: [x])(1.0), "grad: .* f returned a list: .* jacobian .* vjp"),
        (ValueError, lambda: hessian(lambda x: x)(np.ones(2)), r"grad: .* of shape \(2,\)"),
        (TypeError, lambda: grad(lambda x: None)(1.0), "grad: f returned None; does it lack a return"),
        (TypeError, lambda: grad(lambda x: "y")(1.0), "grad: what f returned cannot be differentiated"),
        (TypeError, lambda: grad(lambda p: p["w"])({"w": 1.0, "name": "x"}), r"grad: argument 0\['name'\] cannot"),
        (TypeError, lambda: jacobian(lambda x: x)(1j), "jacobian: argument 0 cannot be differentiated"),
        (ValueError, lambda: grad(lambda x: x, 2)(1.0), "grad: there is no argument 2; f was called with 1 positional"),
        (ValueError, lambda: vjp(lambda x, y: x, 1.0, 2.0, argnums=(0, 5)), r"vjp: there is no argument \(0, 5\)"),
        (ValueError, lambda: grad(lambda x, y: x, (0, -2))(1.0, 2.0), "argnums names an argument twice"),
        (TypeError, lambda: grad(lambda x: x, "x")(1.0), "argnums is the place of an argument"),
        (TypeError, lambda: jvp(lambda x: x, 1.0, 1.0), r"jvp: takes the arguments of f in a tuple"),
        (TypeError, lambda: hvp(lambda x: x, 1.0, 1.0), r"hvp: takes the arguments of f in a tuple"),
        (ValueError, lambda: jvp(lambda x: x, (1.0,), 1.0), "jvp: tangents should be a tuple of 1 entries, not float"),
        (ValueError, lambda: jvp(lambda x: x, (np.ones(2),), (1.0,)), r"tangents\[0\] has shape \(\), but .* \(2,\)"),
        (ValueError, lambda: vjp(lambda x: {"a": x}, 1.0)[1]({"b": 1.0}), r"cotangent should be a dict with the keys"),
        (ValueError, lambda: vjp(lambda x: x, 1.0)[1](np.ones(2)), r"cotangent has shape \(2,\)"),
        (TypeError, lambda: vjp(lambda x: x, 1.0)[1]("one"), "vjp: cotangent cannot be differentiated"),
    ],
)
def test_mistakes_are_explained(error: type[Exception], mistake: Callable[[], Any], says: str) -> None:
    with pytest.raises(error, match=says):
        mistake()


def test_an_exception_in_f_comes_through_and_leaves_nothing_behind() -> None:
    with no_grad(), pytest.raises(ZeroDivisionError):
        grad(lambda x: 1 // 0)(1.0)
    assert grad(lambda x: x * x)(3.0) == 6.0


# ---- threads, memory, depth ----------------------------------------------


def test_threads_do_not_disturb_each_other() -> None:
    f = lambda x: x * grad(lambda y: sin(x * y) * y)(x)  # noqa: E731
    points = [0.1 * k for k in range(200)]
    one_by_one = [grad(f)(x) for x in points]

    def work(k: int) -> list[float]:
        if k % 2:
            with no_grad():
                return [grad(f)(x) for x in points]
        return [grad(f)(x) for x in points]

    with ThreadPoolExecutor(8) as pool:
        assert all(found == one_by_one for found in pool.map(work, range(8)))


def alive(kind: type) -> int:
    return len([x for x in gc.get_objects() if isinstance(x, kind)])


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
def test_second_derivatives_leave_no_cycle() -> None:
    x, t = 0.5, np.array([0.5, 1.0])
    softened = lambda t: softmax(t)[0]  # noqa: E731

    def step() -> None:
        grad(grad(lambda x: tanh(x) * x))(x)
        grad(grad(lambda x: tanh(x) * x))(Value(x))
        grad(lambda x: jvp(lambda y: sin(y) * x, (x,), (1.0,))[1])(x)
        hvp(softened, (t,), (t,))
        vjp(grad(softened), t)[1](t)
        with pytest.raises(ValueError, match="single number"):
            grad(softmax)(t)

    for _ in range(5):
        step()
    gc.collect()  # what the first calls keep: caches
    nodes, objects = alive(Node), len(gc.get_objects())
    for _ in range(1000):
        step()
    assert alive(Node) == nodes
    assert len(gc.get_objects()) - objects < 100


def test_a_chain_of_100_000_nodes_is_differentiated_twice_without_recursion() -> None:
    def deep(x: Any) -> Any:
        y = x * x
        for _ in range(100_000):
            y = y + x
        return y

    assert grad(grad(deep))(1.0) == 2.0
    assert hvp(deep, (1.0,), (1.0,)) == (2.0,)
    assert grad(lambda x: jvp(deep, (x,), (1.0,))[1])(1.0) == 2.0


def test_a_sweep_goes_no_further_back_than_its_own_inputs() -> None:
    """A derivative at every step of a long chain costs as much as its own step, however long the chain."""
    evaluated = []
    row = elementwise(
        "counted", lambda x, y: (evaluated.append(1), 2.0)[1] * x, array=np.square, scalar=lambda x: x * x
    )
    x = Value(1.0)
    for _ in range(50):
        x = row(x) * 0.5 + grad(row)(x) * 0.25
        jvp(row, (x,), (1.0,))
    assert x.data == 1.0
    assert len(evaluated) == 100


@pytest.mark.parametrize("function", [cos, exp, tanh, sum], ids=lambda f: f.name)
def test_rows_themselves_can_be_differentiated(function: Any) -> None:
    x = np.array([0.3])
    total = lambda x: function(x).sum()  # noqa: E731
    numeric = (function(x + 2.0**-17) - function(x - 2.0**-17)) * 2.0**16
    np.testing.assert_allclose(grad(total)(x), numeric, rtol=1e-8)


def test_angles_of_a_pendulum_follow_from_its_energy() -> None:
    """Lagrange's equation solved with derivatives of derivatives: the acceleration is -sin(q)."""
    lagrangian = lambda q, velocity: velocity**2 / 2 + cos(q)  # noqa: E731

    def acceleration(q: float, velocity: float) -> float:
        force = grad(lagrangian, 0)(q, velocity)
        inertia = grad(grad(lagrangian, 1), 1)(q, velocity)
        coupling = grad(grad(lagrangian, 1), 0)(q, velocity)
        return (force - coupling * velocity) / inertia

    assert acceleration(0.5, 0.3) == pytest.approx(-math.sin(0.5), rel=1e-15)


def assigned(w: Any) -> None:
    w.data = w.data - 1.0


def assigned_in_place(w: Any) -> None:
    w.data -= 1.0


def written(w: Any) -> None:
    w.data[0] -= 1.0


def stepped(w: Any) -> None:
    optimizer = optim.SGD([w], lr=1.0)
    w.grad = np.ones(1)
    assert w.data[0] == 3.0  # which hands the array out, as a line that logs it does
    optimizer.step()
    w.grad = None


@pytest.mark.parametrize("change", [assigned, assigned_in_place, written, stepped])
def test_derivatives_are_nodes_of_what_is_outside_however_it_was_changed_before(change: Callable[[Any], None]) -> None:
    w = Tensor([3.0])
    change(w)
    slope = grad(lambda x: (w * w * x).sum())(1.0)
    (slope + w.sum()).backward()
    np.testing.assert_array_equal(w.grad, [5.0])


def test_derivatives_are_nodes_of_what_is_outside_though_it_is_changed_inside() -> None:
    w = Value(2.0)

    def f(x: Any) -> Any:
        w.data = 3.0
        return w * w * x

    slope = grad(f)(1.0)
    slope.backward()
    assert (slope.data, w.grad) == (9.0, 6.0)


@pytest.mark.parametrize("view", [lambda w: w[:], lambda w: w.reshape(2), lambda w: w[None].T], ids=["[:]", "r", "T"])
def test_what_shares_the_memory_of_something_changed_is_not_used(view: Callable[[Any], Any]) -> None:
    w = Tensor([1.0, 2.0], label="w")
    h = view(w)
    _, pull = vjp(lambda x: (x * h).sum(), np.ones(h.shape))
    _, pull_copied = vjp(lambda x: (x * (h + 0)).sum(), np.ones(h.shape))
    own = w.reshape(2) + 0
    _, pull_own = vjp(lambda x: (x * own).sum(), np.ones(2))
    w.data = [100.0, 200.0]
    with pytest.raises(RuntimeError, match="the data of Tensor 'w' were changed after multiply had used them"):
        pull(1.0)
    with pytest.raises(RuntimeError, match="the data of Tensor 'w' were changed"):
        pull_copied(1.0)
    (slope,) = pull_own(1.0)
    np.testing.assert_array_equal(slope.data, [1.0, 2.0])
