"""Inside detect_anomaly, the first operation that goes wrong says what, where and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import (
    Tensor,
    Value,
    atanh,
    detect_anomaly,
    exp,
    grad,
    gradients,
    hvp,
    jvp,
    log,
    max_pool1d,
    softmax,
    sqrt,
    where,
)

Message = Callable[[type[Exception], Callable[[], Any]], str]


def anomaly(f: Callable[[], Any], message_of: Message) -> str:
    with detect_anomaly():
        return message_of(FloatingPointError, f)


def test_the_operation_its_line_its_inputs_and_the_usual_cure_are_reported(message_of: Message) -> None:
    x = Tensor([1.0, 0.0, 2.0], label="x")
    with np.errstate(divide="ignore"):
        said = anomaly(lambda: log(x * 2) + 1, message_of)
    assert said.startswith("the result of log is infinite\n  made in ")
    assert "test_anomaly.py, line" in said
    assert "log(x * 2) + 1" in said
    assert "input 0: the Tensor of shape (3,) that multiply computed = [2., 0., 4.]" in said
    assert "usual cure: keep its input above 0" in said


def test_values_are_watched_as_tensors_are(message_of: Message) -> None:
    said = anomaly(lambda: (Value(0.0, label="a") / 0.0) * 2, message_of)
    assert "the result of divide" in said
    assert "is nan" in said
    assert "input 0: Value 'a' = 0." in said
    assert "denominator" in said


def test_an_input_that_is_bad_already_is_named_and_not_the_operation(message_of: Message) -> None:
    x = Tensor([1.0, np.nan], label="x")
    said = anomaly(lambda: x * 2, message_of)
    assert said.startswith("an input of multiply")
    assert "is nan already: Tensor 'x'" in said


def test_the_infinite_margin_of_a_maximum_and_the_mask_of_a_softmax_are_no_anomaly() -> None:
    with detect_anomaly():
        x = Tensor([[[1.0, 3.0, 2.0]]])
        max_pool1d(x, 2, padding=1).sum().backward()
        np.testing.assert_array_equal(x.grad, [[[1.0, 1.0, 0.0]]])
        scores = Tensor([1.0, 2.0])
        softmax(scores + np.array([0.0, -np.inf]))[0].backward()
        np.testing.assert_array_equal(scores.grad, [0.0, 0.0])


def test_a_nan_that_infinite_inputs_make_is_one(message_of: Message) -> None:
    x, mask = Tensor([1.0, 2.0]), np.array([0.0, -np.inf])
    with np.errstate(all="ignore"):
        said = anomaly(lambda: (x + mask) - mask, message_of)
    assert said.startswith("the result of subtract is nan")


def test_a_tangent_that_becomes_infinite_is_traced_too(message_of: Message) -> None:
    said = anomaly(lambda: jvp(lambda x: sqrt(x) * 2, (0.0,), (1.0,)), message_of)
    assert said.startswith("the tangent becomes infinite on its way through sqrt\n  made in ")
    assert "usual cure: its slope at 0 is infinite" in said


def test_an_infinite_tangent_of_a_branch_that_is_not_taken_is_no_anomaly() -> None:
    with detect_anomaly():
        assert jvp(lambda x: where(x > 0, sqrt(x), 0.0) + x, (0.0,), (1.0,)) == (0.0, 1.0)


def test_a_gradient_that_becomes_infinite_is_traced_to_its_operation(message_of: Message) -> None:
    with detect_anomaly():
        x = Tensor([4.0, 0.0], label="x")
        y = sqrt(x).sum()
        said = message_of(FloatingPointError, y.backward)
    assert said.startswith("the gradient of Tensor 'x' = [4., 0.] becomes infinite on its way through sqrt\n  made in ")
    assert "y = sqrt(x).sum()" in said
    assert "usual cure: its slope at 0 is infinite" in said
    assert x.grad is None


def test_a_gradient_of_values_is_traced_too(message_of: Message) -> None:
    with detect_anomaly():
        x = Value(0.0, label="x")
        said = message_of(FloatingPointError, (sqrt(x) * 2).backward)
    assert "the gradient of Value 'x'" in said


def test_a_seed_that_is_not_finite_is_told_from_what_an_operation_does(message_of: Message) -> None:
    with detect_anomaly():
        y = Tensor([1.0, 2.0]) * 2
        said = message_of(FloatingPointError, lambda: y.backward([1.0, np.nan]))
    assert said.startswith("the gradient that reaches multiply")


def test_large_arrays_are_told_by_their_range_and_the_first_bad_entry(message_of: Message) -> None:
    x = np.ones((4, 5))
    x[2, 3] = 1000.0
    with np.errstate(over="ignore"):
        said = anomaly(lambda: exp(Tensor(x)), message_of)
    assert "20 numbers from 1 to 1000" in said
    assert "too large" in said


def test_what_is_finite_goes_through_and_nothing_is_watched_afterwards() -> None:
    with detect_anomaly():
        x = Tensor([1.0, 4.0])
        y = where(x > 2, sqrt(x), 0.0).sum()
        y.backward()
    np.testing.assert_allclose(x.grad, [0.0, 0.25])
    assert (x * 2).memo is None
    with np.errstate(divide="ignore"):
        log(Tensor([0.0]))


def test_it_works_as_a_decorator() -> None:
    @detect_anomaly()
    def f(x: Any) -> Any:
        return log(x)

    with pytest.raises(FloatingPointError, match="log"):
        f(Value(0.0))


@pytest.mark.parametrize("f", [log, atanh, lambda x: x**x, lambda x: where(x > 0, log(x), x)])
def test_second_derivatives_are_what_they_are_without_looking(f: Callable[[Any], Any]) -> None:
    def second_derivatives() -> list[float]:
        v, t = Value(0.5), Tensor([0.5, 0.25])
        (first,), (firsts,) = gradients(f(v) * v, [v]), gradients((f(t) * t).sum(), [t])
        (second,), (seconds,) = gradients(first, [v]), gradients(firsts.sum(), [t])
        return [grad(grad(f))(0.5), hvp(f, (0.5,), 1.0, argnums=0), float(second), *seconds.numpy()]

    plain = second_derivatives()
    with detect_anomaly():
        np.testing.assert_array_equal(second_derivatives(), plain)


def test_an_input_that_is_not_taken_may_be_nan() -> None:
    with detect_anomaly():
        y = where(Tensor([True, False]), Tensor([1.0, 2.0]), Tensor([np.nan, 3.0]))
    np.testing.assert_array_equal(y.data, [1.0, 3.0])
