"""Convolution and pooling: against loops over every entry, against PyTorch, and as each other's transposes."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, gradients
from autograd.node import plain
from autograd.primitives import convolution, pooling
from autograd.primitives.convolution import (
    conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose2d,
    convolution_weights,
    transposed_convolution,
)
from autograd.primitives.pooling import average_pool1d, average_pool2d, max_pool1d, max_pool2d
from autograd.primitives.windows import overlap_add, windows
from tests.autograd.reference.convolution_cases import CASES, Case

RECORDED = np.load(Path(__file__).with_name("reference") / "convolution.npz")
FUNCTIONS = {**vars(convolution), **vars(pooling)}

# ---- against PyTorch -----------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_values_and_gradients_are_those_of_pytorch(case: Case) -> None:
    leaves = [Tensor(x) for x in case.operands()]
    y = FUNCTIONS[case.name](*leaves, **case.parameters)
    y.backward(np.cos(np.arange(y.size)).reshape(y.shape))
    arrays = [y.data, *(leaf.grad for leaf in leaves)]
    recorded = np.split(RECORDED[case.key], np.cumsum([array.size for array in arrays])[:-1])
    for ours, theirs in zip(arrays, recorded):
        # An entry is a sum of products: its rounding is relative to the largest of them.
        assert np.abs(ours.ravel() - theirs).max() <= 1e-12 * np.abs(theirs).max()


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_averages_have_the_precision_of_what_is_averaged(counted: bool, dtype: Any) -> None:
    x = np.ones((1, 1, 4), dtype)
    for operand in (x, Tensor(x)):
        assert average_pool1d(operand, 2, padding=1, count_include_pad=counted).dtype == dtype
        assert average_pool2d(operand[None], 1, count_include_pad=counted).dtype == dtype
    y = average_pool1d([[[1, 3, 5, 7]]], 2, padding=1, count_include_pad=False)
    np.testing.assert_array_equal(y, [[[1, 4, 7]]])


# ---- against loops -------------------------------------------------------


def entry_by_entry(
    x: np.ndarray, w: np.ndarray, stride: tuple[int, ...], before: tuple[int, ...], size: tuple[int, ...], how: Any
) -> np.ndarray:
    """The definition of a convolution: six loops over two axes."""
    dilation, groups = how
    y = np.zeros((len(x), len(w), *size))
    per_group, out_per_group = w.shape[1], len(w) // groups
    for b, o, c in itertools.product(range(len(x)), range(len(w)), range(per_group)):
        channel = o // out_per_group * per_group + c
        for p in np.ndindex(*size):
            for k in np.ndindex(*w.shape[2:]):
                place = tuple(i * s + j * d - a for i, j, s, d, a in zip(p, k, stride, dilation, before))
                if all(0 <= i < n for i, n in zip(place, x.shape[2:])):
                    y[(b, o, *p)] += x[(b, channel, *place)] * w[(o, c, *k)]
    return y


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Images, weights, and parameters that fit them."""
    pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
    stride, dilation, kernel = draw(pair), draw(pair), draw(pair)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    groups, batch = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    spare = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    size = [max(1, d * (k - 1) + 1 - 2 * p) + n for d, k, p, n in zip(dilation, kernel, padding, spare)]
    channels, out = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x, w = rng.normal(size=(batch, channels, *size)), rng.normal(size=(out, channels // groups, *kernel))
    return x, w, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


@given(drawn=convolutions())
def test_conv2d_is_its_definition(drawn: tuple[np.ndarray, np.ndarray, dict[str, Any]]) -> None:
    x, w, how = drawn
    y = conv2d(x, w, **how)
    expected = entry_by_entry(x, w, how["stride"], how["padding"], y.shape[2:], (how["dilation"], how["groups"]))
    sizes = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(x.shape[2:], how["padding"], how["dilation"], w.shape[2:], how["stride"])
    ]
    assert y.shape == (len(x), len(w), *sizes)
    np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-13)


@given(drawn=convolutions())
def test_conv_transpose2d_is_the_transpose_of_conv2d(drawn: tuple[np.ndarray, np.ndarray, dict[str, Any]]) -> None:
    x, w, how = drawn
    y = conv2d(x, w, **how)
    g = np.cos(np.arange(y.size)).reshape(y.shape)
    smallest = [
        (m - 1) * s - 2 * p + d * (k - 1) + 1
        for m, s, p, d, k in zip(y.shape[2:], how["stride"], how["padding"], how["dilation"], w.shape[2:])
    ]
    missing = tuple(n - least for n, least in zip(x.shape[2:], smallest))  # what the stride left over
    back = conv_transpose2d(g, w, output_padding=missing, **how)
    assert back.shape == x.shape
    assert np.vdot(y, g) == pytest.approx(np.vdot(x, back), rel=1e-12, abs=1e-12)


@given(drawn=convolutions())
def test_each_row_is_the_derivative_of_the_same_sum_of_products(
    drawn: tuple[np.ndarray, np.ndarray, dict[str, Any]],
) -> None:
    x, w, how = drawn
    rows = {**how, "padding": tuple((n, n) for n in how["padding"])}
    y = conv2d(x, w, **how)
    g = np.sin(np.arange(y.size)).reshape(y.shape)
    total = np.vdot(y, g)
    back = transposed_convolution(g, w, size=x.shape[2:], **rows)
    weights = convolution_weights(x, g, kernel=w.shape[2:], **rows)
    assert (back.shape, weights.shape) == (x.shape, w.shape)
    assert np.vdot(back, x) == pytest.approx(total, rel=1e-12, abs=1e-12)
    assert np.vdot(weights, w) == pytest.approx(total, rel=1e-12, abs=1e-12)


def test_conv1d_is_conv2d_of_height_1(rng: np.random.Generator) -> None:
    x, w, b = rng.normal(size=(2, 4, 9)), rng.normal(size=(6, 2, 3)), rng.normal(size=6)
    flat = conv1d(x, w, b, stride=2, padding=1, dilation=2, groups=2)
    high = conv2d(x[:, :, None], w[:, :, None], b, stride=(1, 2), padding=(0, 1), dilation=(1, 2), groups=2)
    np.testing.assert_array_equal(flat, high[:, :, 0])
    y, v = rng.normal(size=(2, 6, 4)), rng.normal(size=(6, 2, 3))
    flat = conv_transpose1d(y, v, stride=2, padding=1, output_padding=1, groups=2, dilation=2)
    high = conv_transpose2d(y[:, :, None], v[:, :, None], None, (1, 2), (0, 1), (0, 1), 2, (1, 2))
    np.testing.assert_array_equal(flat, high[:, :, 0])


def test_it_is_a_correlation_the_weights_are_not_reversed() -> None:
    y = conv1d(np.array([[[1.0, 2.0, 3.0, 4.0]]]), np.array([[[1.0, 0.0, -1.0]]]))
    np.testing.assert_array_equal(y, [[[-2.0, -2.0]]])


def test_it_works_over_three_axes_as_well(rng: np.random.Generator) -> None:
    x, w = Tensor(rng.normal(size=(1, 2, 4, 3, 5))), Tensor(rng.normal(size=(2, 2, 2, 3, 2)))
    how = {"stride": (1, 1, 2), "dilation": (2, 1, 1)}
    y = convolution.convolution(x, w, padding=((0, 0), (1, 0), (0, 1)), **how)
    expected = entry_by_entry(x.data, w.data, how["stride"], (0, 1, 0), y.shape[2:], (how["dilation"], 1))
    np.testing.assert_allclose(y.data, expected, rtol=1e-13, atol=1e-13)
    y.backward(np.ones(y.shape))
    assert (x.grad.shape, w.grad.shape) == (x.shape, w.shape)


def test_a_batch_in_parts_gives_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    arrays = rng.normal(size=(7, 2, 6, 5)), rng.normal(size=(3, 2, 2, 2))

    def everything() -> list[np.ndarray]:
        x, w = map(Tensor, arrays)
        y = conv2d(x, w, padding=1)
        y.backward(np.cos(np.arange(y.size)).reshape(y.shape))
        return [y.data, x.grad, w.grad]

    whole = everything()
    for size in (1, 3 * 8 * 42):  # one image at a time; three
        monkeypatch.setattr(convolution, "BLOCK", size)
        for part, all_at_once in zip(everything(), whole):
            np.testing.assert_allclose(part, all_at_once, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("images", "seen_by_one", "parts"), [(32, 8 * 9 * 26 * 26, 1), (5, 2**20, 3), (2, 2**30, 2)])
def test_a_batch_is_cut_only_where_16_megabytes_of_windows_are_full(images: int, seen_by_one: int, parts: int) -> None:
    assert len(convolution._blocks(images, seen_by_one)) == parts


@pytest.mark.parametrize(
    ("f", "sizes", "defaults"),
    [
        (conv1d, ((2, 4, 9), (3, 4, 3)), {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}),
        (conv2d, ((2, 4, 7, 6), (3, 4, 3, 2)), {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}),
        (conv_transpose1d, ((2, 4, 5), (4, 3, 3)), {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}),
        (conv_transpose2d, ((2, 4, 5, 4), (4, 3, 3, 2)), {"stride": 1, "padding": 0, "output_padding": 0}),
        (max_pool2d, ((2, 4, 6, 6),), {"stride": 2, "padding": 0}),
        (average_pool2d, ((2, 4, 6, 6),), {"stride": 2, "padding": 0, "count_include_pad": True}),
    ],
)
def test_what_is_not_given_is_the_plainest(
    f: Callable[..., Any], sizes: Any, defaults: dict[str, Any], rng: np.random.Generator
) -> None:
    arrays = [rng.normal(size=size) for size in sizes]
    window = [] if len(sizes) > 1 else [2]
    np.testing.assert_array_equal(f(*arrays, *window), f(*arrays, *window, **defaults))


def test_an_empty_batch_goes_through() -> None:
    x, w, b = Tensor(np.ones((0, 2, 5, 5))), Tensor(np.ones((3, 2, 3, 3))), Tensor(np.ones(3))
    y = conv2d(x, w, b)
    y.backward(np.ones(y.shape))
    assert y.shape == (0, 3, 3, 3)
    assert x.grad.shape == x.shape
    np.testing.assert_array_equal(w.grad, np.zeros(w.shape))
    np.testing.assert_array_equal(b.grad, np.zeros(3))


@pytest.mark.parametrize("sizes", [*itertools.product((0, 2), (0, 2), (0, 2), (0, 5), (0, 3))])
@pytest.mark.parametrize(
    ("f", "weight"),
    [
        (conv1d, "out channels kernel"),
        (functools.partial(conv1d, padding=2), "out channels kernel"),
        (conv_transpose1d, "channels out kernel"),
        (lambda x, weight: max_pool1d(x, 2, padding=1), ""),
        (lambda x, weight: average_pool1d(x, 2, padding=1, count_include_pad=False), ""),
    ],
    ids=["conv1d", "padded conv1d", "conv_transpose1d", "max_pool1d", "average_pool1d"],
)
def test_what_is_empty_is_refused_at_once_or_goes_back_to_zeros(
    f: Callable[..., Any], weight: str, sizes: tuple[int, ...]
) -> None:
    batch, channels, _, length, _ = sizes
    named = dict(zip(["batch", "channels", "out", "length", "kernel"], sizes))
    x = Tensor(np.ones((batch, channels, length)))
    w = Tensor(np.ones([named[name] for name in weight.split()]))
    try:
        y = f(x, w)
    except ValueError as error:
        assert length == 0 or named["kernel"] == 0  # refusing is right for what leaves no window
        assert str(x.shape) in str(error) or str(w.shape) in str(error)  # noqa: PT017
        return
    (slope,) = gradients(y, [x], np.ones(y.shape))
    y.backward(np.ones(y.shape))
    np.testing.assert_array_equal(plain(slope), x.grad)
    assert x.grad.shape == x.shape
    if weight:
        assert w.grad.shape == w.shape
        if 0 in (batch, channels, length):  # one of them has no entries, and the other no part in the result
            assert not x.grad.any()
            assert not w.grad.any()


def test_single_precision_stays_single(rng: np.random.Generator) -> None:
    shapes = (2, 2, 5, 5), (3, 2, 3, 3), (3,)
    leaves = [Tensor(rng.normal(size=shape), dtype=np.float32) for shape in shapes]
    for y in (
        conv2d(*leaves, padding=1),
        max_pool2d(leaves[0], 2, padding=1),
        average_pool2d(leaves[0], 2, 1, 1, False),
    ):
        y.backward(np.ones(y.shape))
        assert y.dtype == np.float32
    assert {leaf.grad.dtype for leaf in leaves} == {np.dtype(np.float32)}


def test_derivatives_of_third_order_are_there(rng: np.random.Generator) -> None:
    x, w = Tensor(rng.normal(size=(1, 1, 5))), Tensor(rng.normal(size=(1, 1, 2)))
    (first,) = gradients((conv1d(x, w, padding=1) ** 3).sum(), [w])
    (second,) = gradients((first * first).sum(), [x])
    (third,) = gradients(second.sum(), [w])

    def total(values: np.ndarray) -> float:
        moved = Tensor(values)
        (one,) = gradients((conv1d(x, moved, padding=1) ** 3).sum(), [moved])
        return gradients((one * one).sum(), [x])[0].sum().item()

    step = 1e-5 * np.eye(2)
    numeric = [(total(w.data + s.reshape(1, 1, 2)) - total(w.data - s.reshape(1, 1, 2))) / 2e-5 for s in step]
    np.testing.assert_allclose(third.data.ravel(), numeric, rtol=1e-7)  # what differences of this step can say


# ---- windows -------------------------------------------------------------


@given(drawn=convolutions())
def test_windows_see_what_slices_see_and_overlap_add_is_their_transpose(
    drawn: tuple[np.ndarray, np.ndarray, dict[str, Any]],
) -> None:
    x, w, how = drawn
    kernel, stride, dilation = w.shape[2:], how["stride"], how["dilation"]
    if any(n < d * (k - 1) + 1 for n, d, k in zip(x.shape[2:], dilation, kernel)):
        with pytest.raises(ValueError, match="does not fit into"):
            windows(x, kernel, stride, dilation)
        return
    seen = windows(x, kernel, stride, dilation)
    for p in np.ndindex(*seen.shape[-2:]):
        corner = [i * s for i, s in zip(p, stride)]
        view = tuple(slice(c, c + d * (k - 1) + 1, d) for c, d, k in zip(corner, dilation, kernel))
        np.testing.assert_array_equal(seen[(..., *p)], x[(..., *view)])
    g = np.cos(np.arange(seen.size)).reshape(seen.shape)
    back = overlap_add(g, x.shape[2:], stride, dilation)
    assert np.vdot(seen, g) == pytest.approx(np.vdot(x, back), rel=1e-12, abs=1e-12)


# ---- pooling -------------------------------------------------------------


@given(
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    padding=st.integers(0, 1),
    size=st.integers(3, 7),
    seed=st.integers(0, 2**32 - 1),
)
def test_pooling_is_its_definition(kernel: int, stride: int, padding: int, size: int, seed: int) -> None:
    padding = min(padding, kernel // 2)
    x = np.random.default_rng(seed).normal(size=(2, 2, size))
    largest = max_pool1d(x, kernel, stride, padding)
    with_zeros = average_pool1d(x, kernel, stride, padding)
    without = average_pool1d(x, kernel, stride, padding, count_include_pad=False)
    for p in range(largest.shape[2]):
        start = p * stride - padding
        seen = x[:, :, max(0, start) : start + kernel]
        np.testing.assert_array_equal(largest[:, :, p], seen.max(axis=2))
        np.testing.assert_allclose(with_zeros[:, :, p], seen.sum(axis=2) / kernel, rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(without[:, :, p], seen.mean(axis=2), rtol=1e-14, atol=1e-15)
    assert largest.shape == (2, 2, (size + 2 * padding - kernel) // stride + 1)


def test_the_largest_of_a_window_share_its_derivative_equally() -> None:
    x = Tensor([[[[1.0, 1.0, 0.0, 5.0], [1.0, 0.0, 5.0, 2.0]]]])
    max_pool2d(x, 2).backward([[[[3.0, 4.0]]]])
    np.testing.assert_array_equal(x.grad, [[[[1.0, 1.0, 0.0, 2.0], [1.0, 0.0, 2.0, 0.0]]]])


def test_margins_are_never_the_largest_and_get_nothing() -> None:
    x = Tensor([[[-5.0, -7.0]]])
    y = max_pool1d(x, 2, padding=1)
    y.sum().backward()
    np.testing.assert_array_equal(y.data, [[[-5.0, -7.0]]])
    np.testing.assert_array_equal(x.grad, [[[1.0, 1.0]]])


def test_pooling_has_derivatives_of_second_order() -> None:
    x = Tensor([[[1.0, 2.0, 4.0, 3.0]]])
    (first,) = gradients((max_pool1d(x, 3, 1, padding=1) ** 2).sum(), [x])
    np.testing.assert_array_equal(first.data, [[[0.0, 4.0, 24.0, 0.0]]])  # 2 is largest once, 4 three times
    (second,) = gradients(first.sum(), [x])
    np.testing.assert_array_equal(second.data, [[[0.0, 2.0, 6.0, 0.0]]])


# ---- errors --------------------------------------------------------------

X, W = np.ones((2, 4, 5, 6)), np.ones((6, 4, 3, 3))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: conv2d(Tensor(X[0]), W),
            "conv2d: x is to have the axes (batch, channels, height, width), not shape (4, 5, 6); "
            "of a single example make a batch, x[None]",
        ),
        (
            lambda: conv1d(X[0], W),
            "conv1d: weight is to have the axes (channels, channels, *kernel), not shape (6, 4, 3, 3)",
        ),
        (
            lambda: conv2d(X, Tensor(W), groups=2),
            "conv2d: the channels of x of shape (2, 4, 5, 6) and weight of shape (6, 4, 3, 3) do not fit with "
            "groups=2; x is (batch, channels, ...) and weight (out, channels / groups, *kernel)",
        ),
        (
            lambda: conv_transpose2d(X, W),
            "conv_transpose2d: the channels of x of shape (2, 4, 5, 6) and weight of shape (6, 4, 3, 3) do not fit "
            "with groups=1; x is (batch, channels, ...) and weight (channels, out / groups, *kernel)",
        ),
        (
            lambda: conv2d(X, W, dilation=3),
            "conv2d: a window of size (3, 3) with dilation (3, 3) does not fit into (5, 6), padding included; "
            "x has shape (2, 4, 5, 6), weight (6, 4, 3, 3)",
        ),
        (lambda: conv2d(X, W, np.ones(4)), "conv2d: bias of shape (4,) is to have one entry for each of 6 channels"),
        (lambda: conv2d(X, W, stride=0), "conv2d: stride is a whole number of at least 1, or 2 of them, not 0"),
        (lambda: conv2d(X, W, padding=(1,)), "conv2d: padding is a whole number of at least 0, or 2 of them, not (1,)"),
        (lambda: conv1d(X[0], W[0], dilation=1.5), "conv1d: dilation is a whole number of at least 1, not 1.5"),
        (lambda: conv2d(X, W, groups=0), "conv2d: groups is a whole number of at least 1, not 0"),
        (lambda: conv2d(X, W, padding="full"), "conv2d: padding is a number, 'same' or 'valid', not 'full'"),
        (
            lambda: conv2d(X, W, stride=2, padding="same"),
            "conv2d: padding='same' keeps the size only with stride 1, not (2, 2)",
        ),
        (
            lambda: conv_transpose2d(X, W[:4], stride=2, output_padding=2),
            "conv_transpose2d: output_padding (2, 2) is to be less than the stride (2, 2)",
        ),
        (
            lambda: conv_transpose2d(X, W[:4], padding=4),
            "conv_transpose2d: padding (4, 4) leaves nothing of x of shape (2, 4, 5, 6): the size would be (-1, 0)",
        ),
        (
            lambda: max_pool2d(X[0], 2),
            "max_pool2d: x is to have the axes (batch, channels, height, width), not shape (4, 5, 6); "
            "of one example make a batch, x[None]",
        ),
        (
            lambda: max_pool2d(X, 2, padding=2),
            "max_pool2d: padding (2, 2) is to be at most half the window's size (2, 2)",
        ),
        (
            lambda: average_pool1d(X[0], 8),
            "average_pool1d: a window of size (8,) does not fit into x of shape (4, 5, 6), padding (0,)",
        ),
        (lambda: max_pool1d(X[0], 0), "max_pool1d: kernel is a whole number of at least 1, not 0"),
    ],
)
def test_errors_say_what_does_not_fit(message_of: Callable[..., str], call: Callable[[], Any], text: str) -> None:
    assert message_of(ValueError, call) == text


def test_the_largest_of_a_window_may_stand_beside_an_infinite_entry() -> None:
    x = Tensor([[[-math.inf, 1.0, 2.0]]])
    y = max_pool1d(x, 2, 1)
    y.sum().backward()
    np.testing.assert_array_equal(y.data, [[[1.0, 2.0]]])
    np.testing.assert_array_equal(x.grad, [[[0.0, 1.0, 1.0]]])
