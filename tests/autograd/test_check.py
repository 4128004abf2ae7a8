"""The gradient checker passes right gradients, catches wrong ones, and says what it found."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd as ag
from autograd import Tensor, Value, check_gradients, elementwise, no_grad, structured
from autograd.primitive import example as shapes


def sizes(low: float, high: float) -> st.SearchStrategy[float]:
    """Positive numbers, as many of each order of magnitude."""
    return st.floats(math.log(low), math.log(high)).map(math.exp)


def signed(low: float, high: float) -> st.SearchStrategy[float]:
    return st.tuples(sizes(low, high), st.sampled_from([-1.0, 1.0])).map(math.prod)


# ---- right gradients -----------------------------------------------------

RIGHT: dict[str, tuple[Callable[[Any], Any], st.SearchStrategy[float]]] = {
    "x**10": (lambda x: x**10, signed(1e-20, 1e20)),
    "x**2.5": (lambda x: x**2.5, sizes(1e-50, 1e50)),
    "2.5**x": (lambda x: 2.5**x, st.floats(-500, 500)),
    "1/x": (lambda x: 1 / x, signed(1e-100, 1e100)),
    "x/(x*x + 1)": (lambda x: x / (x * x + 1), signed(1e-8, 1e8)),
    "exp": (ag.exp, st.floats(-700, 700)),
    "exp(-x*x)": (lambda x: ag.exp(-x * x), st.floats(-20, 20)),
    "log": (ag.log, sizes(1e-300, 1e300)),
    "log1p": (ag.log1p, sizes(1e-9, 1e9).map(lambda x: x - 1)),
    "sqrt": (ag.sqrt, sizes(1e-200, 1e200)),
    "sqrt(x*x + 1e-12)": (lambda x: ag.sqrt(x * x + 1e-12), signed(1e-10, 1e3)),
    "sin": (ag.sin, signed(1e-8, 1e6)),
    "cos": (ag.cos, signed(1e-8, 1e6)),
    "relu": (ag.relu, signed(1e-10, 1e10)),
    "abs": (abs, signed(1e-10, 1e10)),
    "softplus": (ag.softplus, st.floats(-60, 60)),
    "1 + x*x": (lambda x: 1 + x * x, signed(1e-12, 1e12)),
    "log(exp(x) + exp(1 - x))": (lambda x: ag.log(ag.exp(x) + ag.exp(1 - x)), st.floats(-300, 300)),
    "(1e8 + x) - 1e8": (lambda x: (1e8 + x) - 1e8, signed(1e-2, 1e3)),
}


@pytest.mark.parametrize("name", RIGHT)
@given(data=st.data())
def test_a_right_gradient_passes_wherever_the_function_is_defined(name: str, data: st.DataObject) -> None:
    f, domain = RIGHT[name]
    report = check_gradients(f, data.draw(domain))
    assert report, report


@given(x=st.floats(-60, 60))
def test_a_right_gradient_never_fails_where_the_function_saturates(x: float) -> None:
    assert not check_gradients(ag.sigmoid, x).having("differs")
    assert not check_gradients(ag.tanh, x).having("differs")


@pytest.mark.parametrize("f", [lambda x: x * x, lambda x: x**4, ag.cos, lambda x: 3 * x - 1, abs, ag.tanh])
def test_a_right_gradient_passes_at_zero(f: Callable[[Any], Any]) -> None:
    assert check_gradients(f, 0.0)


@given(
    w=st.lists(st.floats(-1, 1), min_size=6, max_size=6),
    x=st.lists(st.floats(-1, 1), min_size=2, max_size=2),
)
def test_a_right_gradient_passes_for_values_and_tensors_together(w: list[float], x: list[float]) -> None:
    def f(weights: Tensor, a: Value, b: Value) -> Any:
        return ag.tanh(weights @ ag.stack([a, b]) * a).sum() + b * b

    report = check_gradients(f, np.array(w).reshape(3, 2), *x)
    assert not report.having("differs"), report
    assert len(report.derivatives) == 8


def test_several_outputs_are_checked_in_one_sweep(rng: np.random.Generator) -> None:
    calls = []

    def f(a: Tensor, b: Tensor) -> Any:
        calls.append(a)
        return ag.exp(a) @ b

    report = check_gradients(f, rng.normal(size=(3, 4)), rng.normal(size=(4, 2)))
    assert report
    assert len(report.derivatives) == 20


def test_a_small_network_passes_in_all_its_parameters(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(16, 4)), rng.integers(0, 2, 16)

    def loss(w: Tensor, b: Tensor, v: Tensor, c: Tensor) -> Any:
        return -ag.log_softmax(ag.tanh(x @ w + b) @ v + c)[np.arange(16), y].mean()

    parameters = [rng.normal(size=shape) for shape in [(4, 8), (8,), (8, 2), (2,)]]
    assert repr(check_gradients(loss, *parameters)) == (
        "Gradients agree: all 58 derivatives match finite differences in float64."
    )


def test_an_input_that_is_not_used_has_derivative_zero() -> None:
    report = check_gradients(lambda x, unused: x * x, 3.0, 2.0)
    assert report
    assert [d.analytic for d in report.derivatives] == [6.0, 0.0]


def test_a_unit_that_is_switched_off_agrees_with_its_zero() -> None:
    assert check_gradients(lambda x: ag.relu(x) + 1, -1.0)


def test_an_entry_that_is_large_does_not_hide_its_small_neighbour() -> None:
    (_, small) = check_gradients(lambda x: x**3, [1e5, 1e-3]).derivatives
    assert small.verdict == "agrees"
    assert small.tolerance < 1e-15


# ---- wrong gradients -----------------------------------------------------


def cube(factor: float) -> Any:
    """x**3 with its derivative times a factor."""
    return elementwise("cube", lambda x, y: factor * 3 * x * x, scalar=lambda x: x**3, array=lambda x: x**3)


@pytest.mark.parametrize("factor", [2.0, -1.0, 0.0, 1.01, 1.001, 1 + 1e-6, 1 + 1e-9])
@given(x=signed(1e-6, 1e6))
def test_a_wrong_factor_is_caught_however_small_the_derivative(factor: float, x: float) -> None:
    assert check_gradients(cube(1.0), x)
    report = check_gradients(cube(factor), x)
    assert not report
    assert report.worst is not None
    assert report.worst.analytic == pytest.approx(factor * 3 * x * x, rel=1e-12)


def test_a_derivative_rounded_to_float32_is_caught() -> None:
    rounded = elementwise("rounded", lambda x, y: float(np.float32(ag.cos(x))), scalar=math.sin, array=np.sin)
    assert not check_gradients(rounded, 0.7)


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_a_single_zeroed_entry_is_caught_however_large_the_array(size: int) -> None:
    def all_but_the_last(g: Any, y: Any, x: Any) -> Any:
        return g * 2 * x * (np.arange(size) < size - 1)

    @structured(all_but_the_last, examples=[shapes((3,))])
    def squares(x: Any, /) -> Any:
        return x * x

    report = check_gradients(squares, np.linspace(1e-3, 1, size))
    assert [d.of for d in report.having("differs")] == [f"inputs[0][{size - 1}]"]
    assert len(report.having("agrees")) == size - 1


def test_swapped_derivatives_of_two_inputs_are_caught() -> None:
    product = elementwise("product", lambda a, b, y: a, lambda a, b, y: b, scalar=lambda a, b: a * b, array=np.multiply)
    report = check_gradients(product, 2.0, 3.0)
    assert len(report.having("differs")) == 2
    assert not check_gradients(product, [2.0, 1.0], [3.0, 1.0])


def test_a_broadcast_that_is_not_summed_over_is_caught() -> None:
    @structured(lambda g, y, x: g[0], examples=[shapes((3,))])
    def three_rows(x: Any, /) -> Any:
        return np.stack([x, x, x])

    assert len(check_gradients(three_rows, [1.0, 2.0]).having("differs")) == 2


def test_errors_that_cancel_in_the_sum_of_the_outputs_are_caught() -> None:
    @structured(lambda g, y, x: g[::-1], examples=[shapes((2,))])
    def same(x: Any, /) -> Any:
        return np.array(x)

    assert check_gradients(lambda x: same(x).sum(), [1.0, 2.0])
    assert not check_gradients(same, [1.0, 2.0])


def test_a_graph_that_was_cut_is_caught() -> None:
    assert not check_gradients(lambda x: x * x.detach(), 3.0)


# ---- what cannot be decided ----------------------------------------------


def test_a_function_that_is_flat_to_the_last_digit_decides_nothing() -> None:
    report = check_gradients(ag.tanh, 50.0)
    assert not report
    assert not report.having("differs")
    assert repr(report) == (
        "Gradients not checked: 1 of 1 cannot be decided (f is too flat or too noisy there, in float64); "
        "try other inputs."
    )


def test_undecided_derivatives_are_counted_beside_those_that_agree() -> None:
    report = check_gradients(ag.tanh, [0.5, 50.0])
    assert report
    assert repr(report) == (
        "Gradients agree: 1 of 2 derivatives match finite differences in float64; "
        "1 cannot be decided (f is too flat or too noisy there, in float64)."
    )


def test_noise_inside_the_function_widens_the_tolerance_and_hides_no_large_fault() -> None:
    def noisy(x: Any) -> Any:
        return (1e12 + x) - 1e12

    (right,) = check_gradients(noisy, 1.3).derivatives
    (wrong,) = check_gradients(lambda x: noisy(x) + (x - x.detach()), 1.3).derivatives
    assert right.verdict != "differs"
    assert wrong.verdict == "differs"


# ---- what the report says ------------------------------------------------


def test_a_report_that_passes_is_one_line() -> None:
    report = check_gradients(ag.exp, 1.0)
    assert str(report) == repr(report) == "Gradients agree: the derivative matches finite differences in float64."


def test_a_report_that_fails_shows_the_worst_entry() -> None:
    def f(a: Tensor, b: Tensor) -> Any:
        return a.sum() + (b * b.detach()).sum()

    report = check_gradients(f, [1.0, 2.0], [[0.0, 0.5], [-0.25, 4.0]])
    lines = repr(report).splitlines()
    assert lines[0] == (
        "Gradients differ in 3 of 6 derivatives from finite differences in float64; 3 match, 0 cannot be decided."
    )
    assert report.worst is not None
    assert lines[1].startswith("Worst: inputs[1][")
    assert lines[2:] == [
        f"  analytic   {report.worst.analytic!r}",
        f"  numeric    {report.worst.numeric!r}",
        f"  difference {report.worst.difference:.3g}, tolerance {report.worst.tolerance:.3g}",
    ]


def test_the_worst_entry_is_the_one_furthest_outside_its_tolerance() -> None:
    report = check_gradients(lambda x: x * x * (x / x.detach()), [1.0, 100.0])  # off by 1 and by 100
    assert report.worst is not None
    excess = {d.of: d.difference / d.tolerance for d in report.derivatives}
    assert report.worst.of == max(excess, key=excess.__getitem__)


def test_an_input_is_called_by_its_label() -> None:
    report = check_gradients(lambda w, b: w.sum() * b, Tensor([[1.0, 2.0]], label="w"), Value(3.0, label="b"))
    assert [d.of for d in report.derivatives] == ["w[0, 0]", "w[0, 1]", "b"]


@pytest.mark.parametrize(
    ("f", "left", "right"),
    [
        (ag.relu, "0", "1"),
        (lambda x: ag.relu(x) - 2 * ag.relu(-x) + 1, "2", "1"),
        (lambda x: 3 * ag.relu(-x), "-3", "0"),
    ],
)
def test_at_a_kink_the_report_shows_both_slopes(f: Callable[[Any], Any], left: str, right: str) -> None:
    report = check_gradients(f, 0.0)
    assert not report
    assert repr(report).endswith(f"\n  f has a kink here: its slope is {left} on the left and {right} on the right")


def test_a_smooth_function_with_a_wrong_gradient_is_not_called_kinked() -> None:
    assert "kink" not in repr(check_gradients(cube(1.5), 2.0))


@pytest.mark.parametrize(
    ("f", "x", "reason"),
    [
        (ag.sqrt, 0.0, "the analytic derivative is inf"),
        (lambda x: x**1.5, 0.0, "f is inf or nan on one side, however small the step: this is the edge of its domain"),
        (ag.log, -1.0, "f itself is inf or nan at these inputs"),
        (ag.exp, 1000.0, "f itself is inf or nan at these inputs"),
        (lambda x: 2 * x, math.nan, "an input is inf or nan"),
        (lambda x: 2 * x, math.inf, "an input is inf or nan"),
    ],
)
def test_what_is_not_finite_fails_with_the_reason(f: Callable[[Any], Any], x: float, reason: str) -> None:
    report = check_gradients(f, x)
    assert not report
    assert repr(report).endswith(f"\n  {reason}")


# ---- what it leaves alone ------------------------------------------------


def test_float32_inputs_are_checked_in_float64() -> None:
    seen = set()

    def f(x: Tensor) -> Any:
        seen.add(x.dtype)
        return ag.tanh(x)

    assert check_gradients(f, np.array([0.1, 0.2], np.float32))
    assert check_gradients(f, Tensor([0.1, 0.2], dtype=np.float32))
    assert seen == {np.dtype(np.float64)}


def test_numbers_of_all_kinds_become_values_and_lists_become_tensors() -> None:
    kinds: list[list[type]] = []

    def f(*inputs: Any) -> Any:
        kinds.append([type(x) for x in inputs])
        return sum((x * x).sum() if isinstance(x, Tensor) else x * x for x in inputs)

    assert check_gradients(f, 2, np.float32(0.5), Value(3.0), [1, 2], np.array(1.5), Tensor([1.0]))
    assert kinds[0] == [Value, Value, Value, Tensor, Tensor, Tensor]


def test_inputs_and_all_gradients_are_left_as_they_were() -> None:
    array = np.array([1.0, 2.0])
    tensor, value, weight = Tensor([3.0, 4.0]), Value(0.5), Tensor([5.0, 6.0])
    for node, grad in [(tensor, np.array([7.0, 8.0])), (value, 9.0), (weight, np.array([1.0, 1.0]))]:
        node.grad = grad

    def f(a: Tensor, t: Tensor, v: Value) -> Any:
        a.data[0] += 0.0
        return ag.tanh(a * weight) + t * v

    assert check_gradients(f, array, tensor, value)
    np.testing.assert_array_equal(array, [1.0, 2.0])
    np.testing.assert_array_equal(tensor.data, [3.0, 4.0])
    assert value.data == 0.5
    np.testing.assert_array_equal(tensor.grad, [7.0, 8.0])
    assert value.grad == 9.0
    np.testing.assert_array_equal(weight.grad, [1.0, 1.0])


def test_a_function_that_writes_into_its_input_cannot_spoil_the_next_call() -> None:
    array = np.array([1.0, 2.0])

    def f(x: Tensor) -> Any:
        y = x * 3
        x.data = x.data + 1
        return y

    check_gradients(f, array)
    np.testing.assert_array_equal(array, [1.0, 2.0])


# ---- wrong use -----------------------------------------------------------


@pytest.mark.parametrize("inputs", [(), ([],), (np.zeros((0, 3)),)])
def test_nothing_to_differentiate_with_respect_to_is_refused(inputs: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="needs at least one number to differentiate with respect to"):
        check_gradients(lambda *x: x[0], *inputs)


@pytest.mark.parametrize(("result", "named"), [(3.0, "float 3.0"), (None, "NoneType None"), ([1], r"list \[1\]")])
def test_a_result_that_is_no_node_is_refused(result: Any, named: str) -> None:
    with pytest.raises(
        TypeError, match=f"f must return a Value or Tensor computed from its inputs; it returned {named}"
    ):
        check_gradients(lambda x: result, 1.0)


@pytest.mark.parametrize("f", [lambda x: Value(x.data), lambda x: x.detach() * 2, no_grad()(lambda x: x * x)])
def test_a_result_that_depends_on_no_input_is_refused(f: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match="the result of f does not depend on any of its inputs"):
        check_gradients(f, 2.0)


def test_a_function_that_is_not_the_same_twice_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="f gave two different results for the same inputs"):
        check_gradients(lambda x: x * rng.normal(), 2.0)


def test_what_the_function_raises_is_what_the_user_sees() -> None:
    with pytest.raises(ValueError, match="multiply: shapes"):
        check_gradients(lambda x: x * np.ones(3), [1.0, 2.0])


def test_a_function_that_changes_the_size_of_its_result_is_compared_where_it_does_not() -> None:
    assert check_gradients(lambda x: x[x.data > 0] ** 2, [0.01, 1.0, -1.0])


def test_a_function_that_returns_a_constant_on_one_side_is_compared_there() -> None:
    assert check_gradients(lambda x: x * x if x.data >= 0 else 0.0, 1e-3)


@example(x=1.0)
@given(x=st.floats(0.5, 2))
def test_a_fast_oscillation_is_not_mistaken_for_a_slow_one(x: float) -> None:
    """Steps that are a power of two would all fall on the zeros of this one at 1."""
    assert not check_gradients(lambda x: ag.sin(2 * math.pi * 64 * x), x).having("differs")


def test_squares_that_underflow_raise_no_alarm() -> None:
    assert not check_gradients(lambda x: x * x, 1e-200).having("differs")


@pytest.mark.parametrize("distance", [1e-3, 1e-6, -1e-4])
def test_a_kink_beside_the_point_does_no_harm(distance: float) -> None:
    assert check_gradients(lambda x: abs(x - 1), 1 + distance)
