"""Selecting entries: what NumPy selects, with gradients that add up, whatever happens to the index meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograd import Tensor, Value, gradients
from autograd.node import plain
from autograd.primitives.indexing import add_at, getitem, pick, take, take_along_axis

shapes = npst.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)


@st.composite
def shapes_and_indices(draw: st.DrawFn) -> tuple[tuple[int, ...], Any]:
    """A shape and any index into it: basic, of integers, of both, or a mask."""
    shape = draw(shapes)
    kind = draw(st.sampled_from(["basic", "integers", "mixed", "mask"]))
    if kind == "basic":
        return shape, draw(npst.basic_indices(shape, allow_newaxis=True))
    if kind == "integers":
        index = draw(npst.integer_array_indices(shape))
        return shape, index[: draw(st.integers(1, len(shape)))]
    if kind == "mask":
        axes = draw(st.integers(1, len(shape)))
        return shape, draw(npst.arrays(bool, shape[:axes]))
    parts: list[Any] = []
    for n in shape:
        numbers = st.lists(st.integers(-n, n - 1), min_size=3, max_size=3)
        parts.append(draw(st.one_of(st.integers(-n, n - 1), st.slices(n), numbers, numbers.map(np.array))))
    return shape, tuple(parts)


@given(drawn=shapes_and_indices())
def test_any_index_selects_what_numpy_selects_and_adds_back_what_numpy_adds(drawn: tuple[Any, Any]) -> None:
    shape, index = drawn
    array = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    x = Tensor(array)
    y = x[index]
    np.testing.assert_array_equal(y.data, array[index])
    seed = np.cos(np.arange(y.size)).reshape(y.shape)
    y.backward(seed)
    expected = np.zeros(shape)
    np.add.at(expected, index, seed)
    np.testing.assert_allclose(x.grad, expected, rtol=1e-14, atol=1e-15)
    np.testing.assert_array_equal(add_at(seed, index, shape), x.grad)


@given(drawn=shapes_and_indices())
def test_selecting_and_adding_are_each_other_s_derivative_to_any_order(drawn: tuple[Any, Any]) -> None:
    shape, index = drawn
    x = Tensor(np.linspace(1, 2, int(np.prod(shape))).reshape(shape))
    (first,) = gradients((x[index] ** 3).sum(), [x])
    (second,) = gradients(first.sum(), [x])
    times = np.zeros(shape)
    np.add.at(times, index, 1.0)
    np.testing.assert_allclose(plain(first), 3 * times * x.data**2, rtol=1e-14)
    np.testing.assert_allclose(plain(second), 6 * times * x.data, rtol=1e-14)


def test_what_is_added_has_the_dtype_of_what_was_selected() -> None:
    x = Tensor(np.ones((3, 2)), dtype=np.float32)
    x[[0, 0, 1]].sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [[2, 2], [1, 1], [0, 0]])


def test_an_index_without_entries_selects_none() -> None:
    x = Tensor(np.ones((3, 2)))
    for index in ([], np.array([], int), np.zeros(3, bool), slice(0, 0)):
        y = x[index]
        y.sum().backward()
        assert y.shape == (0, 2)
    np.testing.assert_array_equal(x.grad, np.zeros((3, 2)))


@pytest.mark.parametrize("index", [np.array([0, 2, 2]), np.array([True, False, True]), [0, 2, 2]], ids=str)
def test_an_index_that_is_changed_later_changes_no_gradient(index: Any) -> None:
    x = Tensor([1.0, 2.0, 3.0])
    alone, paired = x[index], x[(index,)]
    before = np.zeros(3)
    np.add.at(before, index, 2.0)
    index[0] = index[1]
    (alone + paired).sum().backward()
    np.testing.assert_array_equal(x.grad, before)


class LikeAnArray:
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array([0, 1, 0])


@pytest.mark.parametrize(
    "part",
    [(0, 1, 0), range(-2, 1), memoryview(np.array([0, 1, 0])), LikeAnArray(), [False, True]],
    ids=lambda part: type(part).__name__,
)
def test_whatever_numpy_takes_for_an_array_in_an_index_adds_up(part: Any) -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    for index in ((slice(None), part), (part, 1)):
        x.grad = None
        y = x[index]
        expected = np.zeros((2, 2))
        np.add.at(expected, tuple(np.asarray(i) if i is part else i for i in index), 1.0)
        y.sum().backward()
        np.testing.assert_array_equal(y.data, x.numpy()[tuple(np.asarray(i) if i is part else i for i in index)])
        np.testing.assert_array_equal(x.grad, expected)


def test_an_index_that_was_write_protected_may_be_changed_later() -> None:
    x, index = Tensor([1.0, 2.0, 3.0]), np.array([0, 1])
    index.flags.writeable = False
    y = x[index].sum()
    index.flags.writeable = True
    index[:] = 2
    y.backward()
    np.testing.assert_array_equal(x.grad, [1.0, 1.0, 0.0])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_small_and_unsigned_indices_reach_every_entry(dtype: type) -> None:
    x = Tensor(np.ones((300, 2)))
    index = np.array([100, 100, 127], dtype)
    index.flags.writeable = False
    x[index].sum().backward()
    expected = np.zeros((300, 2))
    expected[[100, 127]] = [[2], [1]]
    np.testing.assert_array_equal(x.grad, expected)
    if dtype in (np.int8, np.int32):
        np.testing.assert_array_equal(add_at(np.ones((2, 2)), -index[:2], (300, 2))[200], [2, 2])


@given(seed=st.integers(0, 2**32 - 1), axis=st.sampled_from([None, 0, 1, -1]))
def test_take_is_numpy_s(seed: int, axis: int | None) -> None:
    rng = np.random.default_rng(seed)
    array = rng.normal(size=(3, 4, 2))
    n = array.size if axis is None else array.shape[axis]
    indices = rng.integers(-n, n, (2, 3))
    x = Tensor(array)
    y = take(x, indices, axis)
    np.testing.assert_array_equal(y.data, np.take(array, indices, axis))
    np.testing.assert_array_equal(take(array, indices.tolist(), axis), y.data)
    y.sum().backward()
    times = np.take(np.arange(array.size).reshape(array.shape), indices, axis)
    np.testing.assert_array_equal(x.grad.ravel(), np.bincount(times.ravel(), minlength=array.size))


@given(seed=st.integers(0, 2**32 - 1), axis=st.sampled_from([0, 1, -1]))
def test_take_along_axis_is_numpy_s(seed: int, axis: int) -> None:
    rng = np.random.default_rng(seed)
    array = rng.normal(size=(3, 4, 2))
    order = np.argsort(array, axis)
    x = Tensor(array)
    y = take_along_axis(x, order, axis)
    np.testing.assert_array_equal(y.data, np.sort(array, axis))
    weights = rng.normal(size=array.shape)
    y.backward(weights)
    np.testing.assert_array_equal(x.grad, np.take_along_axis(weights, np.argsort(order, axis), axis))
    fewer = rng.integers(-array.shape[axis], array.shape[axis], [2 if i == axis % 3 else 1 for i in range(3)])
    np.testing.assert_array_equal(take_along_axis(array, fewer, axis), np.take_along_axis(array, fewer, axis))
    flat = rng.integers(0, 24, 5)
    np.testing.assert_array_equal(take_along_axis(array, flat, None), np.take_along_axis(array, flat, None))


@given(seed=st.integers(0, 2**32 - 1), axis=st.sampled_from([0, 1, 2, -1]))
def test_pick_is_what_a_product_with_one_hot_rows_leaves(seed: int, axis: int) -> None:
    rng = np.random.default_rng(seed)
    array = rng.normal(size=(2, 3, 4))
    n = array.shape[axis]
    labels = rng.integers(0, n, [size for i, size in enumerate(array.shape) if i != axis % 3])
    one_hot = np.moveaxis(np.eye(n)[labels], -1, axis)
    x = Tensor(array)
    y = pick(x, labels, axis)
    np.testing.assert_array_equal(y.data, (array * one_hot).sum(axis=axis))
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, one_hot)


def test_pick_takes_the_log_probability_of_each_row_s_label() -> None:
    x = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    labels = np.array([2, 0])
    y = pick(x, labels)
    labels[:] = 1
    y.sum().backward()
    np.testing.assert_array_equal(y.data, [3.0, 4.0])
    np.testing.assert_array_equal(x.grad, [[0, 0, 1], [1, 0, 0]])


T = Tensor(np.ones((3, 4)))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: T[np.array([0.0, 1.0])],
            IndexError,
            "getitem: an index is made of whole numbers, slices, True and False, and arrays of them, "
            "not of an array of float64; convert it, as in  index.astype(int)",
        ),
        (
            lambda: T[0, Tensor([1.0])],
            IndexError,
            "getitem: an index is made of whole numbers, slices and arrays of them, not of an unlabelled Tensor of "
            "shape (1,), which holds real numbers; index with  node.numpy().astype(int)",
        ),
        (lambda: take(T, 12), IndexError, "take: shape (3, 4) has the entries 0 to 11, not 12"),
        (lambda: take(T, [0.5]), TypeError, "take: takes whole numbers to select by, not float64"),
        (
            lambda: take(T, 0, axis=2),
            np.exceptions.AxisError,
            "take: there is no axis 2 for shape (3, 4); axes are 0 to 1, or -2 to -1 from the back",
        ),
        (
            lambda: take_along_axis(T, [0, 1], 0),
            ValueError,
            "take_along_axis: indices of shape (2,) have not as many axes as x of shape (3, 4)",
        ),
        (
            lambda: pick(T, [0, 1]),
            ValueError,
            "pick: x of shape (3, 4) needs labels of shape (3,), one per row along axis 1, not (2,)",
        ),
        (
            lambda: pick(T, [0, 4, 1]),
            IndexError,
            "pick: the label 4 at (1,) is not one of 0 to 3; "
            "x of shape (3, 4) has 4 entries to choose from along axis 1",
        ),
        (
            lambda: pick(T, [0, 0, -1, 0], axis=0),
            IndexError,
            "pick: the label -1 at (2,) is not one of 0 to 2; "
            "x of shape (3, 4) has 3 entries to choose from along axis 0",
        ),
        (lambda: pick(T, [0.0, 1.0, 2.0]), TypeError, "pick: takes whole numbers to select by, not float64"),
        (
            lambda: getitem(Value(1.0), 0),
            TypeError,
            "getitem: works on Tensors and arrays, not on a Value, which is a single number; "
            "stack([value]) makes a Tensor of it",
        ),
    ],
)
def test_errors_name_shape_and_index(
    message_of: Callable[..., str], call: Callable[[], Any], error: type[Exception], text: str
) -> None:
    assert message_of(error, call) == text


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (np.array([0, 3]), "index=[0 3] (index 3 is out of bounds for axis 0 with size 3)"),
        (np.array([True, False]), "boolean index did not match indexed array along axis 0"),
        ((0, 0, 0), "index=(0, 0, 0) (too many indices for array"),
    ],
)
def test_numpy_s_own_complaints_name_shape_and_index(message_of: Callable[..., str], index: Any, says: str) -> None:
    text = message_of(IndexError, lambda: T[index])
    assert text.startswith("getitem: cannot be computed for shapes (3, 4) float64, index=")
    assert says in text


def test_adding_outside_of_the_shape_is_refused() -> None:
    for index in (np.array([0, 3]), np.array([0, -4])):
        with pytest.raises(
            (IndexError, ValueError), match=r"^add_at: cannot be computed for shapes \(2, 2\) float64, index="
        ):
            add_at(np.ones((2, 2)), index, (3, 2))


def test_adding_what_does_not_fit_the_index_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^add_at: the index selects shape \(4,\) of \(5,\), but x has shape \(1,\)$"):
        add_at(Tensor([1.0]), np.array([0, 2, 2, -1]), (5,))
