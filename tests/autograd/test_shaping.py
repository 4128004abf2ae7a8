"""Rearranging, joining, padding and repeating: as in NumPy, and gradients go back where the entries came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograd import Tensor, Value, no_grad
from autograd.node import plain
from autograd.primitives import shaping
from autograd.primitives.shaping import (
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    moveaxis,
    pad,
    ravel,
    repeat,
    reshape,
    roll,
    split,
    squeeze,
    stack,
    swapaxes,
    tile,
    transpose,
)

shapes = npst.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)


def agrees(name: str, shape: tuple[int, ...], *arguments: Any, **named: Any) -> None:
    """Our function of that name gives what NumPy's gives, and every entry receives what its copies receive."""
    ours, theirs = getattr(shaping, name), getattr(np, name)
    array = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    x = Tensor(array)
    y = ours(x, *arguments, **named)
    np.testing.assert_array_equal(y.data, theirs(array, *arguments, **named), strict=True)
    np.testing.assert_array_equal(ours(array, *arguments, **named), y.data)
    seed = 1.0 + np.arange(y.size).reshape(y.shape)
    y.backward(seed)
    came_from = y.data.astype(int).ravel()  # 0 for what came from nowhere, as the zeros of a margin
    expected = np.bincount(came_from, seed.ravel(), array.size + 1)[1:]
    np.testing.assert_array_equal(x.grad, expected.reshape(shape))


def axes_of(shape: tuple[int, ...], min_size: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    return npst.valid_tuple_axes(len(shape), min_size=min_size)


@given(data=st.data(), shape=shapes)
def test_axes_change_places_as_in_numpy(data: st.DataObject, shape: tuple[int, ...]) -> None:
    one = st.integers(-len(shape), len(shape) - 1)
    agrees("swapaxes", shape, data.draw(one), data.draw(one))
    agrees("moveaxis", shape, data.draw(one), data.draw(one))
    source = data.draw(axes_of(shape))
    destination = data.draw(npst.valid_tuple_axes(len(shape), min_size=len(source), max_size=len(source)))
    agrees("moveaxis", shape, source, destination)
    agrees("transpose", shape, data.draw(st.permutations(range(len(shape)))))


@given(data=st.data(), shape=shapes)
def test_axes_of_size_1_come_and_go_as_in_numpy(data: st.DataObject, shape: tuple[int, ...]) -> None:
    agrees("ravel", shape)
    agrees("squeeze", shape)
    new = data.draw(npst.valid_tuple_axes(len(shape) + 2, min_size=2, max_size=2))
    agrees("expand_dims", shape, new)
    agrees("expand_dims", shape, data.draw(st.integers(-len(shape) - 1, len(shape))))
    ones = [i for i, n in enumerate(shape) if n == 1]
    agrees("squeeze", shape, tuple(data.draw(st.sets(st.sampled_from(ones)))) if ones else ())


@given(data=st.data(), shape=shapes)
def test_the_order_changes_as_in_numpy(data: st.DataObject, shape: tuple[int, ...]) -> None:
    agrees("flip", shape, data.draw(st.none() | axes_of(shape)))
    agrees("roll", shape, data.draw(st.integers(-9, 9)))
    axes = data.draw(axes_of(shape, min_size=1))
    shifts = tuple(data.draw(st.integers(-9, 9)) for _ in axes)
    agrees("roll", shape, shifts, axes)
    agrees("roll", shape, [*shifts], axes[0])


@given(data=st.data(), shape=shapes)
def test_entries_are_repeated_as_in_numpy(data: st.DataObject, shape: tuple[int, ...]) -> None:
    times = st.integers(0, 3)
    agrees("tile", shape, data.draw(times))
    agrees("tile", shape, tuple(data.draw(st.lists(times, min_size=1, max_size=5))))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    agrees("repeat", shape, data.draw(times), axis)
    agrees("repeat", shape, data.draw(times))
    agrees("repeat", shape, data.draw(st.lists(times, min_size=shape[axis], max_size=shape[axis])), axis)


@given(data=st.data(), shape=shapes)
def test_margins_are_put_around_as_in_numpy(data: st.DataObject, shape: tuple[int, ...]) -> None:
    width = st.integers(0, 5)
    pairs = data.draw(st.lists(st.tuples(width, width), min_size=len(shape), max_size=len(shape)))
    for widths in (data.draw(width), data.draw(st.tuples(width, width)), pairs):
        agrees("pad", shape, widths)
        for mode in ("edge", "reflect", "symmetric", "wrap"):
            agrees("pad", shape, widths, mode)


def test_margins_hold_the_number_that_is_asked_for() -> None:
    x = Tensor([1.0, 2.0], dtype=np.float32)
    y = pad(x, (1, 2), constant_values=-np.inf)
    y.backward([1.0, 2.0, 3.0, 4.0, 5.0])
    np.testing.assert_array_equal(y.data, [-np.inf, 1, 2, -np.inf, -np.inf])
    np.testing.assert_array_equal(x.grad, [2, 3])
    assert y.dtype == np.float32


@given(data=st.data(), shape=shapes)
def test_parts_are_numpy_s_and_joined_again_are_the_whole(data: st.DataObject, shape: tuple[int, ...]) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    n = shape[axis]
    array = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    sections = data.draw(st.sampled_from([i for i in range(1, n + 1) if n % i == 0]))
    for how in (sections, sorted(data.draw(st.lists(st.integers(0, n), max_size=3)))):
        x = Tensor(array)
        parts = split(x, how, axis)
        for part, theirs in zip(parts, np.split(array, how, axis), strict=True):
            np.testing.assert_array_equal(part.data, theirs)
        whole = concatenate(parts, axis)
        np.testing.assert_array_equal(whole.data, array)
        whole.backward(array)
        np.testing.assert_array_equal(x.grad, array)


@given(data=st.data(), shape=shapes, count=st.integers(1, 3))
def test_what_is_stacked_gets_its_own_slice_back(data: st.DataObject, shape: tuple[int, ...], count: int) -> None:
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    arrays = [k + np.arange(np.prod(shape)).reshape(shape) for k in range(count)]
    tensors = [*map(Tensor, arrays)]
    y = stack(tensors, axis)
    np.testing.assert_array_equal(y.data, np.stack(arrays, axis))
    y.backward(y.data)
    for tensor, array in zip(tensors, arrays):
        np.testing.assert_array_equal(tensor.grad, array)


def test_concatenate_without_an_axis_joins_all_entries() -> None:
    a, b = Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([5.0])
    y = concatenate([a, b, [6.0]], axis=None)
    y.backward(y.data)
    np.testing.assert_array_equal(y.data, [1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(a.grad, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(b.grad, [5])


def test_nothing_is_lost_where_there_are_no_entries() -> None:
    x = Tensor(np.ones((0, 2)))
    for y in (ravel(x), flip(x), roll(x, 1), tile(x, 2), repeat(x, 3, 0), swapaxes(x, 0, 1), pad(x, 1), *split(x, 2)):
        y.sum().backward()
    assert x.grad.shape == (0, 2)


def test_lists_and_numbers_are_taken_for_arrays() -> None:
    np.testing.assert_array_equal(flip([1.0, 2.0]), [2.0, 1.0])
    np.testing.assert_array_equal(repeat([[1.0], [2.0]], 2), [1.0, 1.0, 2.0, 2.0])
    np.testing.assert_array_equal(tile(1.0, 3), [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(pad([1.0], 1), [0.0, 1.0, 0.0])


@pytest.mark.parametrize("number", [2.0, 2, Tensor(2.0)])
def test_a_single_number_is_an_array_without_axes(number: Any) -> None:
    for y, shape in (
        *[(flip(number), ()), (pad(number, 0), ()), (pad(number, 3, "edge"), ()), (ravel(number), (1,))],
        *[(roll(number, 1), ()), (squeeze(number), ()), (expand_dims(number, 0), (1,)), (tile(number, 2), (2,))],
    ):
        assert np.shape(y) == shape
        np.testing.assert_array_equal(plain(y), 2.0)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64, int])
def test_entries_roll_back_whatever_kind_of_whole_number_they_were_rolled_by(kind: Any) -> None:
    array = np.arange(6.0).reshape(2, 3)
    seed = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
    for shift, axis in ((kind(1), None), (kind(1), kind(1)), ((kind(1), kind(2)), (kind(0), kind(1)))):
        x = Tensor(array)
        y = roll(x, shift, axis)
        y.backward(seed)
        back = tuple(-int(n) for n in np.atleast_1d(shift))
        np.testing.assert_array_equal(y.data, np.roll(array, shift, axis))
        np.testing.assert_array_equal(x.grad, np.roll(seed, back, axis))


@pytest.mark.parametrize(
    "axes", [(), (None,), (0, 1), (1, 0), ([1, 0],), (np.array([1, 0]),), ((),), (0,), (0, 0), (0, 2)]
)
def test_the_method_transposes_as_numpys_does_or_refuses_what_that_refuses(axes: Any) -> None:
    x = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    try:
        expected = x.numpy().transpose(*axes)
    except ValueError:
        with pytest.raises(ValueError, match="transpose: "):
            x.transpose(*axes)
    else:
        np.testing.assert_array_equal(x.transpose(*axes).data, expected)


@pytest.mark.parametrize("kind", [list, np.array])
@pytest.mark.parametrize(
    ("f", "parameters"),
    [
        (transpose, [[1, 2, 0]]),
        (roll, [[1, 2], [1, 2]]),
        (moveaxis, [[0, 1], [1, 2]]),
        (flip, [[0, 2]]),
        (expand_dims, [[0, 2]]),
        (squeeze, [[1]]),
        (repeat, [[1, 2, 0, 1], 2]),
        (tile, [[2, 1]]),
        (pad, [[1, 2]]),
        (pad, [[1, 2], "wrap"]),
        (reshape, [[4, 2]]),
        (broadcast_to, [[3, 2, 1, 4]]),
        (split, [[1, 3], 2]),
    ],
    ids=lambda x: getattr(x, "__name__", None) or getattr(x, "name", None),
)
def test_what_becomes_of_a_list_of_parameters_later_does_not_change_the_gradient(
    kind: Any, f: Any, parameters: list[Any], rng: np.random.Generator
) -> None:
    array = rng.normal(size=(2, 1, 4))
    given, kept = ([kind(p) if isinstance(p, list) else p for p in parameters] for _ in range(2))
    gradients = []
    for arguments, changed in ((given, True), (kept, False)):
        x = Tensor(array)
        y = f(x, *arguments)
        y = y[1] if f is split else y
        if changed:
            for p in arguments:
                if not isinstance(p, (int, str)):
                    p[:] = p[::-1] if kind is list else p[::-1].copy()
                    p[0] += 1
        y.backward(1.0 + np.arange(y.size).reshape(y.shape))
        gradients.append(x.grad)
    np.testing.assert_array_equal(*gradients)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
def test_no_margin_at_all_gives_a_node_of_its_own(mode: str) -> None:
    r = Tensor([1.0, 2.0]) * 2
    assert pad(r, 0, mode).inputs == (r,)
    with no_grad():
        leaf = pad(r, 0, mode)
    assert (leaf.op, leaf.inputs) == (None, ())
    leaf.data[0] = 5.0
    np.testing.assert_array_equal(r.data, [2.0, 4.0])


T = Tensor(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: swapaxes(T, 0, 2),
            np.exceptions.AxisError,
            "swapaxes: there is no axis 2 for shape (2, 3); axes are 0 to 1, or -2 to -1 from the back",
        ),
        (
            lambda: flip(Tensor(1.0), 0),
            np.exceptions.AxisError,
            "flip: there is no axis 0 for shape (); one number has no axes",
        ),
        (lambda: flip(T, (0, -2)), ValueError, "flip: axis=(0, -2) names an axis of shape (2, 3) twice"),
        (
            lambda: expand_dims(T, 3),
            np.exceptions.AxisError,
            "expand_dims: there is no axis 3 for shape (2, 3); axes are 0 to 2, or -3 to -1 from the back",
        ),
        (lambda: squeeze(T, 1), ValueError, "squeeze: axis 1 of shape (2, 3) has 3 entries and cannot be left out"),
        (lambda: moveaxis(T, (0, 1), 0), ValueError, "moveaxis: 2 axes cannot be moved to 1 places"),
        (
            lambda: repeat(T, [1, 2], 1),
            ValueError,
            "repeat: axis 1 of shape (2, 3) has 3 entries, but there are 2 numbers",
        ),
        (
            lambda: split(T, 2, 1),
            ValueError,
            "split: axis 1 of shape (2, 3) has 3 entries, which make no 2 equal parts",
        ),
        (lambda: pad(T, -1), ValueError, "pad: margins are 0, 1, 2, ... wide, not -1"),
        (
            lambda: pad(T, [(1, 2)] * 3),
            ValueError,
            "pad: pad_width=[(1, 2), (1, 2), (1, 2)] does not fit shape (2, 3); give one number, one pair "
            "(before, after), or a list of 2 pairs",
        ),
        (
            lambda: pad(T, 1, "mean"),
            ValueError,
            "pad: there is no mode 'mean' here; there are 'constant', 'edge', 'reflect', 'symmetric', 'wrap'",
        ),
        (
            lambda: pad(T, 1, constant_values=Value(2.0)),
            TypeError,
            "pad: constant_values is one plain number; concatenate margins of another kind",
        ),
        (
            lambda: ravel(Value(2.0)),
            TypeError,
            "reshape: works on Tensors and arrays, not on a Value, which is a single number; "
            "stack([value]) makes a Tensor of it",
        ),
        (
            lambda: concatenate(T),
            TypeError,
            "concatenate: takes a list of at least one node or array, as in concatenate([a, b])",
        ),
    ],
)
def test_errors_name_function_and_shape(
    message_of: Callable[..., str], call: Callable[[], Any], error: type[Exception], text: str
) -> None:
    assert message_of(error, call) == text
