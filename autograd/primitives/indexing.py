"""Selecting entries, and adding to selected entries: each is the transpose of the other."""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import node as nodes
from autograd.primitive import Array, example, structured

Shape = tuple[int, ...]
Axes = int | Sequence[int]

_SINGLE = (int, np.integer, np.bool_, slice, type(None), type(Ellipsis))  # parts of an index that are no arrays


@functools.lru_cache(maxsize=4)
def positions(count: int) -> Array:
    """0, 1, ... below ``count``, always the same array, to index with."""
    numbers = np.arange(count)
    numbers.flags.writeable = False
    return numbers


def _frozen(index: Any) -> Any:
    """The index as it is now: its arrays copied, so that nobody can change them before ``backward``."""
    return tuple(map(_frozen_part, index)) if isinstance(index, tuple) else _frozen_part(index)


def _frozen_part(part: Any) -> Any:
    if isinstance(part, _SINGLE):
        return part
    if isinstance(part, nodes.Node):
        raise IndexError(
            f"getitem: an index is made of whole numbers, slices and arrays of them, not of {nodes.describe(part)}, "
            f"which holds real numbers; index with  node.numpy().astype(int)"
        )
    copied = np.array(part)
    if copied.dtype.kind in "iu" or (copied.size == 0 and not isinstance(part, np.ndarray)):
        copied = copied.astype(np.intp, copy=False)  # room for every place in the array
    if copied.dtype.kind not in "iub":
        raise IndexError(
            f"getitem: an index is made of whole numbers, slices, True and False, and arrays of them, not of an array "
            f"of {copied.dtype}; convert it, as in  index.astype(int)"
        )
    copied.setflags(write=False)
    return copied


@structured(
    lambda g, y, x, index: _add_at(g, index=index, shape=x.shape),
    examples=[
        example((3, 4), index=1),
        example((3, 4), index=(slice(None), slice(None, None, 2))),
        example((5,), index=np.array([0, 2, 2, -1])),
        example((3, 2), index=np.array([[2, 0], [-1, 2]])),
        example((3, 4), index=(np.array([0, 1, 1]), np.array([3, 0, 0]))),
        example((2, 3), index=(slice(None), np.array([0, 0, 2]))),
        example((2, 3), index=(Ellipsis, None, 0)),
        example((4,), index=np.array([True, False, True, True])),
    ],
)
def _getitem(x: Array, /, index: Any) -> Array:
    x = np.asarray(x)
    if type(index) is np.ndarray and index.dtype != bool and x.ndim > 1:
        return x.take(index, axis=0)  # rows: up to five times as fast, though it copies an index that is read-only
    return x[index]


def getitem(x: Any, index: Any) -> Any:
    """The entries that NumPy's indexing selects: integers, slices, integer or boolean arrays; ``x[index]``.

    What an entry that is selected several times receives in ``backward`` adds up.

    Raises:
        IndexError: there are no such entries, or this is no index.
    """
    return _getitem.apply((x,), {"index": _frozen(index)})  # what a call does, past another look at the parameters


@structured(
    lambda g, y, x, index, shape: _getitem(g, index=index),
    examples=[
        example((4,), index=1, shape=(3, 4)),
        example((4,), index=np.array([0, 2, 2, -1]), shape=(5,)),
        example((3, 2), index=(slice(None), slice(None, None, 2)), shape=(3, 4)),
        example((2, 2), index=np.array([1, -1]), shape=(2, 2)),
    ],
)
def _add_at(x: Array, /, index: Any, shape: Shape) -> Array:
    total = np.zeros(shape, x.dtype)
    if _selects_once(index):
        total[index] = x
        return total
    leading = index if isinstance(index, tuple) else (index,)
    if len(shape) > 1 and all(isinstance(part, np.ndarray) and part.dtype != bool for part in leading):
        # The places in one long vector, because there np.add.at is several times as fast.
        width = total[(0,) * len(leading)].size if total.size else 0
        counted = [np.where(part < 0, part + n, part) for part, n in zip(leading, shape)]
        rows = np.ravel_multi_index(np.broadcast_arrays(*counted), shape[: len(leading)])
        places = (rows.reshape(-1, 1) * width + np.arange(width)).reshape(-1)
        np.add.at(total.reshape(-1), places, x.reshape(places.shape))
    else:
        np.add.at(total, index, x)
    return total


def add_at(x: Any, index: Any, shape: Shape) -> Any:
    """Zeros of the given shape with ``x`` added at the index; at an entry that is named repeatedly it adds up.

    Raises:
        ValueError: ``x`` has not the shape of what the index selects.
    """
    with contextlib.suppress(IndexError):  # which the row explains
        selected = np.broadcast_to(0.0, shape)[index].shape
        if np.shape(x) != selected:
            raise ValueError(f"add_at: the index selects shape {selected} of {shape}, but x has shape {np.shape(x)}")
    return _add_at(x, index=_frozen(index), shape=shape)


def _selects_once(index: Any) -> bool:
    """Whether an index cannot name an entry twice: it holds no array of several integers."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(part, np.ndarray) and part.dtype != bool and part.size > 1 for part in parts)


def _whole_numbers(name: str, indices: Any) -> Array:
    indices = np.asarray(nodes.plain(indices))
    if indices.dtype.kind not in "iu" and indices.size:
        raise TypeError(f"{name}: takes whole numbers to select by, not {indices.dtype}")
    return indices.astype(np.intp, copy=False)


def axis_numbers(name: str, axis: Axes, shape: Shape, ndim: int | None = None) -> list[int]:
    """The axes of an array of this shape, or with ``ndim`` axes, each once and counted from the front."""
    axes = listed(axis)
    ndim = len(shape) if ndim is None else ndim
    for i in axes:
        if not -ndim <= i < ndim:
            there_are = (
                f"axes are 0 to {ndim - 1}, or -{ndim} to -1 from the back" if ndim else "one number has no axes"
            )
            raise np.exceptions.AxisError(f"{name}: there is no axis {i} for shape {shape}; {there_are}")
    axes = [i % ndim for i in axes]
    if len({*axes}) < len(axes):
        raise ValueError(f"{name}: axis={axis} names an axis of shape {shape} twice")
    return axes


def listed(numbers: Any) -> list[int]:
    """One whole number or several as a list."""
    return [*map(operator.index, numbers)] if np.ndim(numbers) else [operator.index(numbers)]


def shape_of(x: Any) -> Shape:
    """The shape of a node, an array, a number or nested lists."""
    return x.shape if hasattr(x, "shape") else np.shape(x)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The entries with these numbers along an axis, or of all entries row by row; a number may be repeated.

    Raises:
        TypeError: the indices are not whole numbers.
        IndexError: there is no such entry.
    """
    indices = _whole_numbers("take", indices)
    shape = shape_of(x)
    if axis is None:
        size = int(np.prod(shape))
        if indices.size and not (-size <= indices.min() and indices.max() < size):
            raise IndexError(f"take: shape {shape} has the entries 0 to {size - 1}, not {indices.tolist()!s:.60}")
        return getitem(x, np.unravel_index(indices % size if size else indices, shape))
    (i,) = axis_numbers("take", axis, shape)
    n = shape[i]
    if indices.size and not (-n <= indices.min() and indices.max() < n):
        raise IndexError(f"take: axis {i} of shape {shape} has the entries 0 to {n - 1}, not {indices.tolist()!s:.60}")
    return getitem(x, (*[slice(None)] * i, indices))


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Entries selected along one axis, by other indices for every place on the other axes.

    For two axes and ``axis=1`` this is ``x[i, indices[i, j]]``: what ``argsort`` finds, it takes.

    Raises:
        TypeError: the indices are not whole numbers.
        ValueError: they have not as many axes as ``x``.
        IndexError: there is no such entry.
    """
    indices = _whole_numbers("take_along_axis", indices)
    shape = shape_of(x)
    if axis is None:
        return take(x, indices)
    if indices.ndim != len(shape):
        raise ValueError(
            f"take_along_axis: indices of shape {indices.shape} have not as many axes as x of shape {shape}"
        )
    places: list[Array] = [*np.indices(shape, sparse=True)]
    (i,) = axis_numbers("take_along_axis", axis, shape)
    places[i] = indices
    return getitem(x, tuple(places))


def pick(x: Any, labels: Any, axis: int = -1) -> Any:
    """One entry of every row, ``x[i, labels[i]]``: what a product with one-hot rows would leave.

    Args:
        x: rows of as many entries as there are labels to choose from; the rows lie along ``axis``.
        labels: the shape of ``x`` without ``axis``; whole numbers, counted from 0.
        axis: the axis that is chosen from.

    Raises:
        TypeError: the labels are not whole numbers.
        ValueError: there is not one label per row.
        IndexError: a label is not one of 0, 1, ..., as many as ``axis`` has entries.
    """
    labels = _whole_numbers("pick", labels)
    shape = shape_of(x)
    (axis,) = axis_numbers("pick", axis, shape)
    rows, n = shape[:axis] + shape[axis + 1 :], shape[axis]
    if labels.shape != rows:
        raise ValueError(
            f"pick: x of shape {shape} needs labels of shape {rows}, one per row along axis {axis}, not {labels.shape}"
        )
    wrong = (labels < 0) | (labels >= n)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise IndexError(
            f"pick: the label {labels[place]} at {place} is not one of 0 to {n - 1}; "
            f"x of shape {shape} has {n} entries to choose from along axis {axis}"
        )
    places: list[Array] = [*np.indices(rows, sparse=True)]
    return getitem(x, (*places[:axis], labels, *places[axis:]))
