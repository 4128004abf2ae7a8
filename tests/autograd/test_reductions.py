"""Reductions: the axes they take, the digits they keep, and their slopes where there is a choice."""

from __future__ import annotations

import builtins
import math
import warnings
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Tensor, Value, gradients, hypot, log_softmax, logsumexp, max, mean, no_grad, softmax, sum
from autograd.node import plain
from autograd.primitives.reduction import argmax, argmin, cumprod, cumsum, min, norm, prod, std, var

INF, NAN = math.inf, math.nan


def slopes_of(f: Callable[[Tensor], Any], entries: Any) -> np.ndarray:
    x = Tensor(entries)
    f(x).sum().backward()
    return np.asarray(x.grad)


def hessian_of(f: Callable[[Tensor], Any], entries: Any) -> np.ndarray:
    x = Tensor(entries)
    (first,) = gradients(f(x), [x])
    return np.array([np.broadcast_to(plain(gradients(first[i], [x])[0]), x.shape) for i in range(len(entries))])


# ---- axes ----------------------------------------------------------------

REDUCTIONS: list[Any] = [
    (sum, np.sum),
    (mean, np.mean),
    (prod, np.prod),
    (max, np.max),
    (min, np.min),
    (var, np.var),
    (std, np.std),
    (norm, lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))),
    (logsumexp, lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))),
]
NAMES = ["sum", "mean", "prod", "max", "min", "var", "std", "norm", "logsumexp"]
each_reduction = pytest.mark.parametrize(("ours", "theirs"), REDUCTIONS, ids=NAMES)


@st.composite
def shapes_and_axes(draw: st.DrawFn) -> tuple[tuple[int, ...], Any]:
    shape = tuple(draw(st.lists(st.integers(1, 3), max_size=4)))
    if not shape:
        return shape, None
    axis = st.integers(-len(shape), len(shape) - 1)
    several = st.lists(axis, unique_by=lambda i: i % len(shape)).map(tuple)
    return shape, draw(st.none() | axis | several)


@each_reduction
@given(where=shapes_and_axes(), keepdims=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_axes_and_keepdims_mean_what_they_mean_to_numpy(
    ours: Any, theirs: Any, where: Any, keepdims: bool, seed: int
) -> None:
    shape, axis = where
    x = np.random.default_rng(seed).normal(size=shape)
    expected = theirs(x, axis=axis, keepdims=keepdims)
    y = ours(Tensor(x), axis=axis, keepdims=keepdims)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.data, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ours(x, axis=axis, keepdims=keepdims), expected, rtol=1e-12, atol=1e-14)


@each_reduction
@given(where=shapes_and_axes(), keepdims=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_the_slopes_over_some_axes_are_those_of_every_slice_alone(
    ours: Any, theirs: Any, where: Any, keepdims: bool, seed: int
) -> None:
    shape, axis = where
    rng = np.random.default_rng(seed)
    x = Tensor(rng.normal(size=shape))
    y = ours(x, axis=axis, keepdims=keepdims)
    y.backward(rng.normal(size=y.shape))
    axes = range(len(shape)) if axis is None else [i % len(shape) for i in np.atleast_1d(axis).astype(int)]
    for index in np.ndindex(*(1 if i in axes else n for i, n in enumerate(shape))):
        one = tuple(slice(None) if i in axes else k for i, k in enumerate(index))
        alone = Tensor(x.data[one])
        seed_there = np.reshape(y.grad, [1 if i in axes else n for i, n in enumerate(shape)])[index]
        ours(alone).backward(seed_there)
        np.testing.assert_allclose(x.grad[one], alone.grad, rtol=1e-12, atol=1e-14)


@each_reduction
def test_an_axis_that_is_not_there_is_refused_with_the_shape(
    ours: Any, theirs: Any, message_of: Callable[..., str]
) -> None:
    text = message_of(np.exceptions.AxisError, lambda: ours(Tensor(np.ones((2, 3))), axis=2))
    assert "(2, 3)" in text
    assert "axis 2 is out of bounds" in text


@each_reduction
def test_a_list_of_numbers_is_an_array(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours([1.0, 2.0, 4.0]), theirs(np.array([1.0, 2.0, 4.0]), axis=None, keepdims=False))


@each_reduction
def test_a_tensor_of_a_single_number_is_reduced_over_its_only_possible_axes(ours: Any, theirs: Any) -> None:
    for axis in (None, 0, -1):
        x = Tensor(2.0)
        y = ours(x, axis=axis)
        y.backward()
        assert y.item() == pytest.approx(theirs(np.array(2.0), axis=None, keepdims=False))
        assert x.grad.shape == ()


@pytest.mark.parametrize("loss", [Tensor(2.0) * 3, Value(2.0) * 3], ids=["Tensor", "Value"])
def test_the_mean_of_a_single_number_is_a_node_of_its_own(loss: Any) -> None:
    y = mean(loss)
    assert y.inputs == (loss,)
    with no_grad():
        leaf = mean(loss)
    assert type(leaf) is type(loss)
    assert (leaf.op, leaf.inputs, leaf.item()) == (None, (), 6.0)
    leaf.data = 1.0
    assert loss.item() == 6.0


@pytest.mark.parametrize("f", [logsumexp, softmax, log_softmax, var, std, norm, mean, sum, prod, cumsum, max, min])
@pytest.mark.parametrize("number", [3, True, np.int8(3)])
def test_whole_numbers_and_truth_values_are_taken_for_real_ones(f: Any, number: Any) -> None:
    np.testing.assert_array_equal(f(number), f(float(number)))


@pytest.mark.parametrize("running", [cumsum, cumprod])
@given(
    shape=st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple), data=st.data(), seed=st.integers(0, 2**32 - 1)
)
def test_running_sums_and_products_are_numpys(running: Any, shape: Any, data: Any, seed: int) -> None:
    axis = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1))
    x = np.random.default_rng(seed).normal(size=shape)
    y = running(Tensor(x), axis)
    np.testing.assert_array_equal(y.data, getattr(np, running.name)(x, axis=axis))
    y.sum().backward()


@given(st.lists(st.integers(-4, 4).filter(bool), min_size=1, max_size=12), st.integers(0, 11), st.integers(0, 11))
def test_the_slopes_of_running_products_are_exact_with_zeros_too(factors: list[int], i: int, j: int) -> None:
    factors = [0 if k in (i, j) else factor for k, factor in enumerate(factors)]
    weights = [*range(1, len(factors) + 1)]
    x = Tensor(factors)
    cumprod(x).backward([float(w) for w in weights])
    n = len(factors)
    expected = [
        math.fsum(weights[m] * math.prod(factors[:k] + factors[k + 1 : m + 1]) for m in range(k, n)) for k in range(n)
    ]
    assert x.grad.tolist() == expected


# ---- products with zeros -------------------------------------------------


@given(
    st.lists(st.integers(-4, 4).filter(bool), min_size=1, max_size=8),
    st.sets(st.integers(0, 7), max_size=3),
)
def test_product_with_zeros_is_right_to_second_order(factors: list[int], zeros: set[int]) -> None:
    factors = [0 if k in zeros else factor for k, factor in enumerate(factors)]
    n = len(factors)

    def without(*left_out: int) -> float:
        return float(math.prod(factor for k, factor in enumerate(factors) if k not in left_out))

    assert prod(Tensor(factors)).item() == without()
    assert slopes_of(prod, factors).tolist() == [without(i) for i in range(n)]
    expected = [[without(i, j) if i != j else 0.0 for j in range(n)] for i in range(n)]
    assert hessian_of(prod, factors).tolist() == expected


def test_product_over_axes_with_zeros_in_some_rows() -> None:
    x = Tensor([[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 0.0, 4.0]])
    prod(x, axis=1).backward([1.0, 10.0, 100.0])
    np.testing.assert_array_equal(x.grad, [[12.0, 8.0, 6.0], [120.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


def test_slopes_of_a_product_that_underflows_are_not_lost() -> None:
    np.testing.assert_allclose(slopes_of(prod, [1e-200, 1e-200, 1.0]), [1e-200, 1e-200, 0.0], rtol=1e-15)


# ---- variance, deviation and norm ----------------------------------------


@given(
    entries=st.lists(st.floats(-1, 1), min_size=2, max_size=12, unique=True),
    offset=st.sampled_from([0.0, 1e3, 1e8, -1e12, 1e15]),
    ddof=st.sampled_from([0, 1]),
)
def test_variance_of_numbers_far_from_zero_keeps_its_digits(entries: list[float], offset: float, ddof: int) -> None:
    x = offset + np.array(entries)  # rounded here, and exact from here on
    exact = [Fraction(entry) for entry in x.tolist()]
    center = builtins.sum(exact, Fraction(0)) / len(exact)
    variance = builtins.sum((entry - center) ** 2 for entry in exact) / (len(exact) - ddof)
    width = float(builtins.max(abs(entry - center) for entry in exact))
    # Squares below the smallest normal number have lost digits of their own.
    assert var(x, ddof=ddof) == pytest.approx(float(variance), rel=1e-13, abs=1e-307)
    slopes = [float(2 * (entry - center) / (len(exact) - ddof)) for entry in exact]
    np.testing.assert_allclose(slopes_of(lambda t: var(t, ddof=ddof), x), slopes, rtol=1e-14, atol=1e-14 * width)


@given(st.floats(-1e300, 1e300), st.integers(1, 40))
def test_equal_entries_have_deviation_0_and_slopes_0(entry: float, count: int) -> None:
    for f in (var, std):
        assert f(np.full(count, entry)) == 0
        np.testing.assert_array_equal(slopes_of(f, [entry] * count), np.zeros(count))


@pytest.mark.parametrize(
    ("f", "size", "dtype", "slopes"),
    [
        (norm, 1e200, "f8", [0.6, 0.8]),
        (norm, 1e-200, "f8", [0.6, 0.8]),
        (norm, 1e30, "f4", [0.6, 0.8]),
        (norm, 1e-30, "f4", [0.6, 0.8]),
        (std, 1e200, "f8", [-0.5, 0.5]),
        (std, 1e-200, "f8", [-0.5, 0.5]),
        (std, 1e30, "f4", [-0.5, 0.5]),
        (std, 1e-30, "f4", [-0.5, 0.5]),
    ],
)
def test_slopes_of_a_length_neither_overflow_nor_underflow(f: Any, size: float, dtype: str, slopes: Any) -> None:
    x = Tensor([3 * size, 4 * size], dtype=dtype)
    cotangent = np.array(1e-3 / size, dtype)
    f(x).backward(cotangent)
    np.testing.assert_allclose(x.grad, np.array(slopes) * cotangent, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e153, 1e300])
def test_standard_deviation_neither_overflows_nor_underflows(scale: float) -> None:
    assert std(scale * np.array([1.0, 2.0, 4.0])) == pytest.approx(scale * math.sqrt(14 / 9), rel=1e-15)


def test_a_single_number_is_all_of_its_softmax() -> None:
    for f, y in ((softmax, 1.0), (log_softmax, 0.0)):
        x = Tensor(3.0)
        f(x).backward()
        assert (f(x).item(), x.grad) == (y, 0.0)


def test_ddof_is_what_is_subtracted_from_the_count_and_correction_its_other_name(
    message_of: Callable[..., str],
) -> None:
    x = np.array([[1.0, 2.0, 4.0], [0.0, 5.0, 7.0]])
    for f, theirs in ((var, np.var), (std, np.std)):
        for ddof in (0, 1, 1.5):
            np.testing.assert_allclose(f(Tensor(x), axis=1, ddof=ddof).data, theirs(x, axis=1, ddof=ddof), rtol=1e-15)
            np.testing.assert_array_equal(f(x, axis=1, correction=ddof), f(x, axis=1, ddof=ddof))
        text = message_of(ValueError, lambda f=f: f(Tensor(x), ddof=1, correction=1))
        assert "ddof=1 and correction=1 are two names of one number; give one of them" in text


def test_variance_with_no_degree_of_freedom_is_nan_as_in_numpy() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(var(Tensor([3.0]), ddof=1).item())
        assert np.isnan(slopes_of(lambda t: var(t, ddof=1), [3.0])).all()
        assert var(Tensor([3.0, 4.0]), ddof=3).item() == INF


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-155, 1.0, 1e153, 1e155, 1e300])
def test_norm_neither_overflows_nor_underflows(scale: float) -> None:
    entries = scale * np.array([3.0, -4.0, 12.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert norm(entries) == pytest.approx(13 * scale, rel=1e-15)
        np.testing.assert_allclose(slopes_of(norm, entries), [3 / 13, -4 / 13, 12 / 13], rtol=1e-15)


def test_norm_at_0_has_slope_0_beside_rows_that_have_others() -> None:
    x = Tensor([[0.0, 0.0], [3.0, 4.0]])
    norm(x, axis=1).sum().backward()
    np.testing.assert_allclose(x.grad, [[0.0, 0.0], [0.6, 0.8]], rtol=1e-15)
    np.testing.assert_array_equal(norm(x, axis=1).data, [0.0, 5.0])


@pytest.mark.parametrize(
    ("f", "tip"), [(norm, [0.0, 0.0]), (std, [1.0, 1.0]), (lambda x: hypot(x[0], x[1]), [0.0, 0.0])]
)
def test_at_the_tip_of_a_cone_second_derivatives_are_0_as_along_any_line_through_it(f: Any, tip: list[float]) -> None:
    np.testing.assert_array_equal(hessian_of(f, tip), np.zeros((2, 2)))


def test_norm_of_inf_and_nan() -> None:
    assert norm(np.array([1.0, -INF])) == INF
    assert np.isnan(norm(np.array([1.0, NAN])))


# ---- the largest and the smallest ----------------------------------------


@pytest.mark.parametrize(("f", "sign"), [(max, 1.0), (min, -1.0)])
@given(entries=st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_ties_share_the_slope_equally(f: Any, sign: float, entries: list[int]) -> None:
    best = sign * np.max(sign * np.array(entries))
    slopes = slopes_of(f, entries)
    assert math.fsum(slopes) == pytest.approx(1.0, rel=1e-15)
    np.testing.assert_allclose(slopes, [(entry == best) / entries.count(int(best)) for entry in entries], rtol=1e-15)


@pytest.mark.parametrize("f", [max, min])
def test_a_nan_is_the_extreme_and_its_slope_nan(f: Any) -> None:
    x = Tensor([[1.0, NAN, 3.0], [2.0, 1.0, 3.0]])
    y = f(x, axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y.sum().backward()
    assert np.isnan(y.data).tolist() == [True, False]
    np.testing.assert_array_equal(x.grad[0], [0.0, NAN, 0.0])
    assert x.grad[1].sum() == 1


def test_where_the_largest_and_smallest_are_is_told_in_integers() -> None:
    x = np.array([[3.0, 1.0, 3.0], [0.0, 5.0, -2.0]])
    assert argmax(Tensor(x)) == 4
    assert argmin(Tensor(x)) == 5
    assert argmax([1.0, 7.0]) == 1
    assert argmax(Value(2.0)) == 0
    assert argmax(Tensor(x), axis=1).tolist() == [0, 1]
    assert argmin(Tensor(x), axis=-1, keepdims=True).tolist() == [[1], [2]]
    assert argmax(Tensor(x), axis=0).dtype.kind == "i"


# ---- soft versions of the maximum ----------------------------------------


@given(
    st.lists(st.floats(-30, 30), min_size=1, max_size=6),
    st.sampled_from([0.0, 1e4, -1e4, 1e8]),
)
def test_logsumexp_and_its_slopes_are_the_exact_ones(entries: list[float], offset: float) -> None:
    x = offset + np.array(entries)
    with localcontext(prec=350):  # exp of the smallest numbers is 1 and 320 digits
        terms = [(Decimal(entry) - Decimal(offset)).exp() for entry in x.tolist()]
        total = builtins.sum(terms, Decimal(0))
        value = float(total.ln() + Decimal(offset))
        slopes = [float(term / total) for term in terms]
    largest = np.max(np.abs(x))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = logsumexp(x)
        np.testing.assert_allclose(slopes_of(logsumexp, x), slopes, rtol=1e-14)
    # What adding the largest entry rounds is all that is lost.
    assert y == pytest.approx(value, rel=1e-15, abs=2.0**-52 * largest)


def test_logsumexp_close_to_0_keeps_its_digits() -> None:
    assert logsumexp(np.array([0.0, -50.0])) == pytest.approx(math.exp(-50), rel=1e-15)


def test_logsumexp_of_minus_inf_alone_is_minus_inf_with_slopes_0() -> None:
    x = Tensor([[-INF, -INF], [-INF, 1.0], [0.0, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = logsumexp(x, axis=1)
        y.sum().backward()
    np.testing.assert_allclose(y.data, [-INF, 1.0, math.log(2)], rtol=1e-15)
    np.testing.assert_array_equal(x.grad, [[0.0, 0.0], [0.0, 1.0], [0.5, 0.5]])


def test_logsumexp_of_inf_is_inf_and_its_slope_goes_to_the_entries_of_inf() -> None:
    x = Tensor([[INF, 1.0, 2.0], [INF, -INF, INF]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = logsumexp(x, axis=1, keepdims=True)
        y.sum().backward()
    np.testing.assert_array_equal(y.data, [[INF], [INF]])
    np.testing.assert_array_equal(x.grad, [[1.0, 0.0, 0.0], [0.5, 0.0, 0.5]])


@pytest.mark.parametrize("f", [logsumexp, softmax, log_softmax])
@pytest.mark.parametrize("entries", [[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4]])
def test_large_logits_give_no_warning_and_finite_slopes(f: Any, entries: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = Tensor(entries)
        y = f(x)
        y.backward(np.ones(y.shape))
    assert np.isfinite(y.data).all()
    assert np.isfinite(x.grad).all()


@given(where=shapes_and_axes(), seed=st.integers(0, 2**32 - 1))
def test_softmax_over_axes_is_positive_sums_to_1_and_has_log_softmax_as_logarithm(where: Any, seed: int) -> None:
    shape, axis = where
    x = Tensor(np.random.default_rng(seed).normal(size=shape))
    y = softmax(x, axis)
    np.testing.assert_allclose(y.sum(axis, keepdims=True).data, 1, rtol=1e-14)
    np.testing.assert_allclose(np.log(y.data), log_softmax(x, axis).data, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(
        (x - logsumexp(x, axis, keepdims=True)).data, log_softmax(x, axis).data, rtol=1e-12, atol=1e-14
    )


# ---- no entries ----------------------------------------------------------


def test_reductions_of_no_entries_are_those_of_numpy() -> None:
    empty = Tensor(np.zeros((0, 3)))
    for f, neutral in ((sum, 0.0), (prod, 1.0), (norm, 0.0), (logsumexp, -INF)):
        np.testing.assert_array_equal(f(empty).data, neutral)
        np.testing.assert_array_equal(f(empty, axis=0).data, [neutral] * 3)
        assert f(empty, axis=1).shape == (0,)
        assert slopes_of(lambda t, f=f: f(t, axis=0), np.zeros((0, 3))).shape == (0, 3)
    for f in (mean, var, std):
        with np.errstate(all="ignore"):
            assert np.isnan(f(empty).item())
            assert slopes_of(f, np.zeros((0, 3))).shape == (0, 3)
    for f in (softmax, log_softmax, cumsum, cumprod):
        for axis in (0, 1):
            with np.errstate(divide="ignore"):  # the logarithm of a sum of no terms
                y = f(empty, axis)
            assert y.shape == (0, 3)
            y.sum().backward()


@pytest.mark.parametrize(
    ("f", "which"), [(max, "largest"), (min, "smallest"), (argmax, "largest"), (argmin, "smallest")]
)
def test_there_is_no_extreme_of_no_entries(f: Any, which: str, message_of: Callable[..., str]) -> None:
    empty = Tensor(np.zeros((0, 3)))
    for axis in (None, 0):
        text = message_of(ValueError, lambda axis=axis: f(empty, axis))
        assert f"there is no {which} of no entries: shape (0, 3) has none to choose from" in text
    assert f(empty, 1).shape == (0,)


@settings(max_examples=settings.default.max_examples // 3)
@given(st.sampled_from([sum, prod, max, min, var, std, norm, logsumexp, cumsum, cumprod, softmax, log_softmax]))
def test_a_value_is_refused_with_what_to_do(f: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{f.name}: works on Tensors and arrays, not on a Value"):
        f(Value(1.0))
