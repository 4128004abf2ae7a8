"""The gradient checker passes right gradients, catches wrong ones, and says what it found."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd as ag
from autograd import Tensor, Value, check_gradients, elementwise, no_grad, structured
from autograd.primitive import example as shapes
from autograd.primitive import table


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
    assert len(report.having("agrees")) == min(size, 64) - 1


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


# At 1 the differences of the logarithm are multiples of 2**-53, and those of the finest steps agree by accident.
@given(c=st.sampled_from([1.0, 0.3]), a=st.sampled_from([1.0, 0.3, 17.0]), v=st.floats(0.5, 1.5))
@example(c=1.0, a=1.0, v=0.8562605533678569)
@example(c=0.3, a=1.0, v=1.4707655112111975)
@example(c=0.3, a=0.3, v=0.6258208526893879)
def test_terms_that_cancel_inside_the_function_raise_no_false_alarm(c: float, a: float, v: float) -> None:
    report = check_gradients(lambda t: c * (ag.log(1 + t * v) - a * (1 + t * v) + a * (1 + t * v)), 0.0)
    assert report.worst is None, report


def test_noise_inside_the_function_widens_the_tolerance_and_hides_no_large_fault() -> None:
    def noisy(x: Any) -> Any:
        return (1e12 + x) - 1e12

    (right,) = check_gradients(noisy, 1.3).derivatives
    (wrong,) = check_gradients(lambda x: noisy(x) + (x - x.detach()), 1.3).derivatives
    assert right.verdict != "differs"
    assert wrong.verdict == "differs"


def haversine(x: Any) -> Any:
    return (1 - ag.cos(x)) / x**2


@pytest.mark.parametrize(
    ("f", "x", "value", "noise"),
    [
        (haversine, 1e-3, "0.5", "1.1e-10"),
        (haversine, 1e-6, "0.5", "0.00011"),
        (lambda x: x - ag.sin(x), 1e-5, "1.7e-16", "1.7e-21"),
    ],
)
def test_a_right_derivative_of_a_function_that_cancels_inside_is_not_blamed(
    f: Callable[[Any], Any], x: float, value: str, noise: str
) -> None:
    report = check_gradients(f, x)
    (finding,) = report.findings
    assert finding.verdict == "cancellation", report
    assert not report
    said = f"f cancels inside: rounding on the way may change its value of {value} by up to {noise}"
    assert repr(report) == f"Gradients not checked: 1 of 1 cannot be decided ({said}); try other inputs."


@given(x=signed(1e-7, 1e-3))
def test_cancellation_is_never_taken_for_a_fault(x: float) -> None:
    for f in (haversine, lambda x: x - ag.sin(x), lambda x: ag.exp(x) - 1 - x):
        report = check_gradients(f, x)
        assert report.worst is None, report


def test_where_one_entry_cancels_the_others_are_still_checked() -> None:
    report = check_gradients(haversine, [1e-3, 1.0, 2.0])
    assert report
    assert [d.verdict for d in report.derivatives] == ["undecided", "agrees", "agrees"]


def test_a_function_that_turns_faster_than_floats_can_follow_is_not_said_to_jump() -> None:
    assert repr(check_gradients(ag.sin, 1e15)) == (
        "Gradients not checked: 1 of 1 cannot be decided (f turns within the finest step that is tried, a hundred "
        "times the spacing of floats at x); try other inputs."
    )


@pytest.mark.parametrize("factor", [2.0, 1.001])
@pytest.mark.parametrize("x", [1e-6, 1e-3])
def test_a_wrong_rule_is_not_excused_because_f_cancels(factor: float, x: float) -> None:
    wrong_cos = elementwise("wrong_cos", lambda x, y: -factor * ag.sin(x), scalar=math.cos, array=np.cos)
    report = check_gradients(lambda x: (1 - wrong_cos(x)) / x**2, x)
    assert report.worst is not None, report


@pytest.mark.parametrize("factor", [2.0, 1 + 1e-6])
@given(x=st.floats(0.1, 10))
def test_a_graph_that_was_cut_is_not_excused_by_a_little_noise(factor: float, x: float) -> None:
    assert check_gradients(lambda x: ag.exp(x) + (factor - 1) * (x - x.detach()), x).worst is not None


# ---- outputs: none, or several -------------------------------------------


def test_an_empty_output_passes_as_no_input_has_an_effect_on_it() -> None:
    report = check_gradients(lambda x: x[:0], np.ones(3))
    assert report
    assert repr(report) == "Gradients agree: f returns an empty array here, and all 3 derivatives are 0."
    assert check_gradients(lambda x: ag.exp(x[np.zeros(3, bool)]), np.ones(3), order=2)


def test_a_rule_that_sends_something_back_from_an_empty_output_fails() -> None:
    @structured(lambda g, y, x: np.ones(3), examples=[shapes((3,))])
    def emptied(x: Any, /) -> Any:
        return x[:0]

    assert not check_gradients(emptied, np.ones(3))


@pytest.mark.parametrize("count", [2, 6])
def test_of_several_outputs_the_report_says_what_sum_was_checked(count: int) -> None:
    x = np.linspace(1, 2, count)
    report = check_gradients(lambda x: x * x.detach(), x)
    lines = repr(report).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Worst: inputs[0]["))
    assert lines[at + 1].startswith(f"  of a weighted sum of all {count} outputs, with the weights ")
    first = float(lines[at + 1].split("weights ")[1].split(",")[0])
    (d, *_) = report.derivatives
    assert d.analytic == pytest.approx(first * x[0], rel=1e-3)
    assert f"weighted sum of all {count} outputs" in report._repr_html_()


def test_of_a_single_output_there_is_no_weighted_sum() -> None:
    report = check_gradients(lambda x: (x * x.detach()).sum(), [1.0, 2.0])
    assert "weighted sum" not in repr(report) + report._repr_html_()


# ---- what the report says ------------------------------------------------


def test_a_report_that_passes_is_one_line() -> None:
    report = check_gradients(ag.exp, 1.0)
    assert str(report) == repr(report) == "Gradients agree: the derivative matches finite differences in float64."


def test_a_report_that_fails_shows_the_worst_entry() -> None:
    def f(a: Tensor, b: Tensor) -> Any:
        return a.sum() + (b * b.detach()).sum()

    report = check_gradients(f, [1.0, 2.0], [[0.0, 0.5], [-0.25, 4.0]])
    lines = repr(report).splitlines()
    assert lines[:2] == [
        "Gradients differ in 3 of 6 derivatives from finite differences in float64; 3 match, 0 cannot be decided.",
        "  inputs[0]  pass",
    ]
    assert lines[2].startswith(
        "  inputs[1]  missing accumulation: it is 0.5 times what differences give; every operation"
    )
    assert report.worst is not None
    assert lines[-4].startswith("Worst: inputs[1][")
    assert lines[-3:] == [
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
        (abs, "-1", "1"),
        (lambda x: 3 * ag.relu(-x) + ag.sin(x), "-2", "1"),
        (lambda x: abs(x) - x * x, "-1", "1"),
    ],
)
def test_a_value_between_the_slopes_at_a_kink_passes_as_a_subgradient(
    f: Callable[[Any], Any], left: str, right: str
) -> None:
    report = check_gradients(f, 0.0)
    assert report
    (finding,) = report.findings
    assert finding.verdict == "subgradient at a kink"
    assert finding.because == f"f has a kink here: its slope is {left} on the left and {right} on the right"
    assert repr(report) == (
        "Gradients agree: the derivative matches finite differences in float64; "
        "1 at a kink of f, where it is a subgradient."
    )


def test_a_value_outside_the_slopes_at_a_kink_is_wrong() -> None:
    report = check_gradients(lambda x: ag.relu(x) - 2 * ag.relu(-x) + 1, 0.0)
    assert not report
    assert repr(report).endswith("\n  f has a kink here: its slope is 2 on the left and 1 on the right")


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_ends_and_inside_of_the_slopes_at_a_kink_pass_however_the_function_bends_there(share: float) -> None:
    shrug = elementwise(
        "shrug",
        lambda x, y: np.where(x == 0, share, x > 0) + 2 * x,
        scalar=lambda x: max(x, 0.0) + x * x,
        array=lambda x: np.maximum(x, 0) + x * x,
    )
    report = check_gradients(shrug, 0.0)
    assert report.findings[0].verdict == "subgradient at a kink", report


def test_slopes_that_are_right_for_each_input_but_not_for_both_at_once_are_wrong_at_a_tie() -> None:
    generous = elementwise(
        "generous", lambda a, b, y: 1.0 * (a >= b), lambda a, b, y: 1.0 * (b >= a), scalar=max, array=np.maximum
    )
    report = check_gradients(generous, 1.0, 1.0)
    assert [finding.verdict for finding in report.findings] == ["subgradient at a kink"] * 2 + ["wrong"]
    assert not report
    assert check_gradients(ag.maximum, 1.0, 1.0)


def test_a_smooth_function_with_a_wrong_gradient_is_not_called_kinked() -> None:
    assert "kink" not in repr(check_gradients(cube(1.5), 2.0))


def test_a_matrix_near_those_that_have_no_factor_is_checked_with_smaller_steps() -> None:
    near_singular = np.array([[1.0, 0.95], [0.95, 1.0]])
    assert check_gradients(lambda a: ag.log(ag.diag(ag.cholesky(a))).sum(), near_singular)


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


# ---- what is the matter --------------------------------------------------


def verdict(f: Callable[..., Any], *inputs: Any) -> tuple[str, str]:
    """The verdict on the first input that does not pass, and its grounds."""
    report = check_gradients(f, *inputs)
    assert not report
    finding = next(finding for finding in report.findings if not finding.passes)
    return finding.verdict, finding.because


@pytest.mark.parametrize(
    ("factor", "because"),
    [
        (-1.0, "its sign is wrong"),
        (0.5, "it is 0.5 times what differences give"),
        (1.001, "it is 1.001 times what differences give"),
        (1 + 1e-6, "it is 1.000001 times what differences give"),
    ],
)
@pytest.mark.parametrize("x", [0.7, [0.7, 1.1, -2.0], np.linspace(0.1, 2, 100)], ids=["number", "vector", "large"])
def test_a_constant_factor_is_named_with_the_operation_it_is_in(factor: float, because: str, x: Any) -> None:
    named, why = verdict(lambda x: ag.exp(cube(factor)(x)), x)
    assert named == "wrong by a constant factor"
    assert why == f"{because}; the fault is in the derivative of cube"


def test_an_error_that_is_no_factor_is_not_called_one() -> None:
    off = elementwise("off", lambda x, y: 3 * x * x + 0.1, scalar=lambda x: x**3, array=lambda x: x**3)
    assert verdict(off, 1.0)[0] == "wrong"
    named, because = verdict(lambda x: off(x) * 2, [1.0, 2.0, 3.0, 4.0])
    assert named == "wrong"
    assert because == (
        "the derivatives of inputs[0][0], inputs[0][1], inputs[0][2] and 1 more follow no pattern that is known; "
        "the fault is in the derivative of off"
    )


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (2, 3, 4)])
def test_a_matrix_that_was_filled_in_the_order_of_its_transpose_is_recognized(shape: tuple[int, ...]) -> None:
    @structured(lambda g, y, x: (g * 2 * x).transpose().reshape(shape), examples=[shapes(shape)])
    def muddled(x: Any, /) -> Any:
        return x * x

    assert verdict(lambda x: muddled(x).sum(), np.linspace(0.5, 2, math.prod(shape)).reshape(shape))[0] == "transposed"


def test_a_transposed_matrix_is_recognized_in_the_gradient_and_in_the_operation(rng: np.random.Generator) -> None:
    @structured(lambda g, y, a, b: g @ b, lambda g, y, a, b: g.T @ a, examples=[shapes((4, 4), (4, 4))])
    def muddled(a: Any, b: Any, /) -> Any:
        return a @ b

    a, b = rng.normal(size=(2, 4, 4))
    report = check_gradients(lambda a, b: ag.tanh(muddled(a, b)).sum(), a, b)
    assert [finding.verdict for finding in report.findings] == ["transposed", "transposed"]
    left, right = (finding.because for finding in report.findings)
    assert left.endswith(
        "the fault is in the derivative of muddled with respect to operand 0, which by itself is transposed"
    )
    assert right == (
        "its entries are right, but at each other's places; "
        "the fault is in the derivative of muddled with respect to operand 1"
    )


@pytest.mark.parametrize("f", [lambda y: y, lambda y: (y * y).sum()], ids=["plain", "behind a sum"])
def test_a_repeated_index_that_does_not_add_up_is_a_missing_accumulation(f: Callable[[Any], Any]) -> None:
    index = np.array([0, 1, 1, 2])

    def written_over(g: Any, y: Any, x: Any) -> Any:
        total = np.zeros_like(x)
        total[index] = g
        return total

    @structured(written_over, examples=[shapes((3,))])
    def picked(x: Any, /) -> Any:
        return x[index]

    named, because = verdict(lambda x: f(picked(x)), [1.0, 2.0, 3.0])
    assert named == "missing accumulation"
    assert "inputs[0][1]" in because
    assert "the fault is in the derivative of picked" in because


def test_a_broadcast_that_is_not_summed_is_a_missing_accumulation() -> None:
    @structured(lambda g, y, x: g[0], examples=[shapes((3,))])
    def three_rows(x: Any, /) -> Any:
        return np.stack([x, x, x])

    assert verdict(three_rows, [1.0, 2.0])[0] == "missing accumulation"


def test_a_single_entry_that_receives_nothing_is_named() -> None:
    @structured(lambda g, y, x: 2 * x * g * (np.arange(1000) != 777), examples=[shapes((3,))])
    def squares(x: Any, /) -> Any:
        return x * x

    assert verdict(lambda x: squares(x).sum(), np.linspace(1, 2, 1000)) == (
        "missing accumulation",
        "nothing arrives at inputs[0][777]; the fault is in the derivative of squares",
    )


def test_what_was_computed_past_the_graph_is_told_from_a_wrong_rule() -> None:
    named, because = verdict(lambda x, y: x * x.detach() + y, 3.0, 1.0)
    assert named == "missing accumulation"
    assert because.endswith(
        "every operation in the graph is right, so part of the result was computed past it, "
        "by .data, .numpy(), float(), a function of math, detach() or under no_grad()"
    )


@pytest.mark.parametrize("x", [0.7, [0.7, 1.1, -2.0]])
def test_a_gradient_rounded_to_float32_is_a_matter_of_dtype(x: Any) -> None:
    rounded = (
        elementwise("rounded", lambda x, y: np.float64(np.float32(np.cos(x))), scalar=math.sin, array=np.sin)
        if isinstance(x, float)
        else elementwise("rounded", lambda x, y: np.cos(x).astype(np.float32), scalar=math.sin, array=np.sin)
    )
    named, because = verdict(rounded, x)
    assert named == "dtype"
    assert because.startswith("it agrees to seven digits and no more: somewhere it was rounded to float32")


def test_a_function_that_computes_in_float32_is_told_so() -> None:
    @structured(lambda g, y, x: g, examples=[shapes((3,))])
    def narrow(x: Any, /) -> Any:
        return x.astype(np.float32)

    named, because = verdict(lambda x: ag.sin(narrow(ag.exp(x))), [0.3, 0.4])
    assert (named, because) == ("dtype", "f computes in float32 from narrow on, with seven digits, whatever its inputs")


@pytest.mark.parametrize("f", [lambda x: table["sign"](x) * 1.0, lambda x: table["sqrt"](abs(x))])
def test_a_jump_or_a_vertical_tangent_is_not_differentiable(f: Callable[[Any], Any]) -> None:
    assert check_gradients(f, 0.0).findings[0].verdict == "not differentiable here"


# ---- higher order and forward mode ---------------------------------------


def test_order_two_checks_the_gradient_of_the_gradient(rng: np.random.Generator) -> None:
    report = check_gradients(lambda w, x: ag.tanh(w @ x).sum(), rng.normal(size=(2, 3)), rng.normal(size=3), order=2)
    assert report
    assert [finding.order for finding in report.findings] == [1, 1, 2, 2]
    assert len(report.derivatives) == 18


def test_order_three_is_checked_too() -> None:
    assert check_gradients(lambda x, y: ag.exp(x * y), 0.5, 0.7, order=3)


def test_a_rule_that_hides_its_inputs_is_right_at_order_one_and_wrong_at_order_two() -> None:
    hiding = elementwise("hiding", lambda x, y: float(ag.cos(float(x))), scalar=math.sin, array=np.sin)
    assert check_gradients(hiding, 0.7)
    report = check_gradients(hiding, 0.7, order=2)
    assert not report
    assert [finding.verdict for finding in report.findings] == ["pass", "missing accumulation"]
    assert "inputs[0], order 2  missing accumulation: no derivative arrives" in repr(report)


@pytest.mark.parametrize("order", [0, -1])
def test_an_order_that_is_none_is_refused(order: int) -> None:
    with pytest.raises(ValueError, match=f"the order of a derivative is 1, 2, ..., not {order}"):
        check_gradients(ag.exp, 1.0, order=order)


def test_a_rule_that_is_not_linear_in_its_cotangent_is_wrong_in_forward_mode() -> None:
    @structured(lambda g, y, x: g * g * 2 * x, examples=[shapes(())])
    def bent_square(x: Any, /) -> Any:
        return x * x

    report = check_gradients(bent_square, np.array(3.0))
    assert not report
    assert report.findings[-1].because.startswith("backward() is right and forward mode, jvp, is not")


def test_forward_mode_may_round_what_backward_finds_to_be_0() -> None:
    # The entries of a softmax add up to 1, wherever x is: both modes add up slopes that cancel.
    x = np.array([-1.8852, -1.4083, 1.7128, -1.7183, -0.074, 0.0897])
    v = np.random.default_rng(6).uniform(0.5, 1.5, 6)
    for k in range(30):
        direction = v * np.random.default_rng(k).choice([-1.0, 1.0], 6)
        report = check_gradients(lambda t, direction=direction: ag.softmax(x + t * direction).sum() - 1.0, 0.0)
        assert report.worst is None, report


# ---- large arrays --------------------------------------------------------


def test_a_large_array_is_checked_along_directions_at_a_cost_that_does_not_grow(rng: np.random.Generator) -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(x)
        return ag.tanh(x).sum()

    counts = []
    for size in (100, 10_000):
        calls.clear()
        report = check_gradients(f, rng.normal(size=size))
        assert report
        assert [d.of for d in report.derivatives] == [f"inputs[0], direction {k}" for k in range(4)]
        counts.append(len(calls))
    assert max(counts) < 400


@pytest.mark.parametrize("size", [100, 10_000, 200_000])
def test_the_tolerance_does_not_grow_with_the_array(size: int, rng: np.random.Generator) -> None:
    report = check_gradients(lambda x: (x * x).mean(), rng.normal(size=size))
    assert report
    for d in report.derivatives:
        assert d.tolerance < 1e-9 * abs(d.analytic)


def test_the_same_check_has_the_same_result_each_time(rng: np.random.Generator) -> None:
    x = rng.normal(size=200)
    assert check_gradients(ag.exp, x).findings == check_gradients(ag.exp, x).findings


# ---- the report in a notebook --------------------------------------------


def test_the_error_falls_with_the_step_where_the_derivative_is_right_and_stops_where_it_is_wrong() -> None:
    (right,) = check_gradients(cube(1.0), 1.3).findings
    (wrong,) = check_gradients(cube(1.001), 1.3).findings
    assert min(step.extrapolated for step in right.steps[2:]) < 1e-12
    assert min(step.plain for step in right.steps) < 1e-9
    fine = [step.extrapolated for step in wrong.steps[2:] if step.h > 1e-9]
    assert min(fine) == pytest.approx(0.001 * 3 * 1.3**2, rel=0.1)
    assert [step.h for step in right.steps] == sorted((step.h for step in right.steps), reverse=True)


@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        (ag.exp, (1.0,)),
        (ag.relu, (0.0,)),
        (lambda x: cube(1.001)(x), ([1.0, 2.0],)),
        (ag.tanh, (50.0,)),
        (ag.sqrt, (0.0,)),
        (lambda x: 2 * x, (math.nan,)),
        (ag.tanh, (np.linspace(-1, 1, 100),)),
        (lambda x: ag.sin(x) * np.random.default_rng().normal(), (1.0,)),
    ],
)
def test_in_a_notebook_every_report_is_well_formed_and_names_its_verdicts(
    f: Callable[..., Any], inputs: tuple[Any, ...]
) -> None:
    report = check_gradients(f, *inputs)
    page = report._repr_html_()
    ElementTree.fromstring(f"<page>{page.replace('&', '&amp;').replace('<br>', '<br/>')}</page>")
    for finding in report.findings:
        assert finding.verdict in page
    assert ("<svg" in page) == any(finding.steps for finding in report.findings)


def test_labels_cannot_put_markup_into_the_page() -> None:
    page = check_gradients(ag.exp, Value(1.0, label="<b>w</b>"))._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;w&lt;/b&gt;" in page


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


@pytest.mark.parametrize("where", ["value", "gradient"])
def test_a_function_that_is_not_the_same_twice_is_not_compared(where: str, rng: np.random.Generator) -> None:
    drifting = elementwise("drifting", lambda x, y: 2 + 1e-9 * rng.normal(), scalar=lambda x: 2 * x, array=np.negative)
    report = check_gradients((lambda x: x * rng.normal()) if where == "value" else drifting, 2.0)
    assert not report
    assert report.findings[0].verdict == "non-deterministic"
    assert repr(report) == (
        "Gradients not checked: f gave two different results for the same inputs; "
        "give the random numbers in it a fixed seed."
    )


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
