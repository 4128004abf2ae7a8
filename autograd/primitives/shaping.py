"""Rearranging, selecting, joining and repeating entries.

These rows come in pairs, each the transpose of the other: what one copies out,
the other adds back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import node as nodes
from autograd.primitive import Array, example, structured

Shape = tuple[int, ...]


@structured(
    lambda g, y, x, shape: reshape(g, x.shape),
    examples=[example((2, 6), shape=(3, 4)), example((4,), shape=(2, -1)), example((1,), shape=())],
)
def reshape(x: Array, /, shape: int | Shape) -> Array:
    """The same entries, row by row, in another shape; one size may be -1."""
    return np.reshape(x, shape)


@structured(
    lambda g, y, x, axes: transpose(g, None if axes is None else tuple(np.argsort([i % len(axes) for i in axes]))),
    examples=[example((2, 3), axes=None), example((2, 3, 4), axes=(1, 2, 0))],
)
def transpose(x: Array, /, axes: Sequence[int] | None = None) -> Array:
    """The axes reversed, or in the given order."""
    return np.transpose(x, axes)


@structured(
    lambda g, y, x, shape: sum_to(g, x.shape),
    examples=[example((3,), shape=(2, 3)), example((2, 1), shape=(4, 2, 3)), example((), shape=(2, 2))],
)
def broadcast_to(x: Array, /, shape: Shape) -> Array:
    """Repeated along new axes and axes of size 1, as arithmetic does."""
    return np.broadcast_to(x, shape)


@structured(
    lambda g, y, x, shape: broadcast_to(g, x.shape),
    examples=[example((2, 3), shape=(3,)), example((4, 2, 3), shape=(2, 1)), example((2, 2), shape=())],
)
def sum_to(x: Array, /, shape: Shape) -> Array:
    """Summed over the axes that broadcasting from ``shape`` had stretched: its transpose."""
    x = np.asarray(x)
    if x.ndim < len(shape):
        return np.broadcast_to(x, shape)
    leading = x.ndim - len(shape)
    stretched = tuple(i for i in range(x.ndim) if i < leading or (shape[i - leading] == 1 and x.shape[i] != 1))
    return x.sum(axis=stretched, keepdims=True).reshape(shape)


@structured(
    lambda g, y, x, index: add_at(g, index, x.shape),
    examples=[
        example((3, 4), index=1),
        example((3, 4), index=(slice(None), slice(None, None, 2))),
        example((5,), index=np.array([0, 2, 2, -1])),
        example((3, 4), index=(np.array([0, 1, 2]), np.array([3, 3, 0]))),
        example((2, 3), index=(Ellipsis, None, 0)),
        example((4,), index=np.array([True, False, True, True])),
    ],
)
def getitem(x: Array, /, index: Any) -> Array:
    """The entries that NumPy's indexing selects: integers, slices, integer or boolean arrays."""
    return x[index]


@structured(
    lambda g, y, x, index, shape: getitem(g, index),
    examples=[
        example((4,), index=1, shape=(3, 4)),
        example((4,), index=np.array([0, 2, 2, -1]), shape=(5,)),
        example((3, 2), index=(slice(None), slice(None, None, 2)), shape=(3, 4)),
    ],
)
def add_at(x: Array, /, index: Any, shape: Shape) -> Array:
    """Zeros of the given shape with ``x`` added at the index; a repeated index adds up."""
    total = np.zeros(shape, x.dtype)
    if _selects_once(index):
        total[index] = x
    else:
        np.add.at(total, index, x)
    return total


def _selects_once(index: Any) -> bool:
    """Whether an index cannot name an entry twice: it holds no array of integers."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(part, (int, np.integer, slice)) or part is None or part is Ellipsis for part in parts)


def _unstack(g: Any, y: Any, *xs: Any, axis: int) -> list[Any]:
    before = (slice(None),) * (axis % len(y.shape))
    return [g[(*before, i)] for i in range(len(xs))]


@structured(
    all_vjps=_unstack,
    examples=[example((3,), (3,), axis=0), example((2, 3), (2, 3), (2, 3), axis=-1), example((), (), axis=0)],
)
def _stack(*xs: Array, axis: int) -> Array:
    return np.stack(xs, axis, dtype=np.result_type(*xs))


def stack(nodes_or_arrays: Sequence[Any], axis: int = 0) -> Any:
    """Join equal shapes along a new axis; a list of ``Value``s becomes a vector."""
    return _stack(*_parts("stack", nodes_or_arrays), axis=axis)


def _split(g: Any, y: Any, *xs: Any, axis: int) -> list[Any]:
    before = (slice(None),) * (axis % len(y.shape))
    ends = np.cumsum([x.shape[axis] for x in xs]).tolist()
    return [g[(*before, slice(end - x.shape[axis], end))] for x, end in zip(xs, ends)]


@structured(all_vjps=_split, examples=[example((2,), (3,), axis=0), example((2, 1), (2, 3), axis=1)])
def _concatenate(*xs: Array, axis: int) -> Array:
    return np.concatenate(xs, axis)


def concatenate(nodes_or_arrays: Sequence[Any], axis: int = 0) -> Any:
    """Join along an existing axis."""
    return _concatenate(*_parts("concatenate", nodes_or_arrays), axis=axis)


def _parts(name: str, parts: Any) -> Sequence[Any]:
    if isinstance(parts, nodes.Node) or not len(parts):
        raise TypeError(f"{name}: takes a list of at least one node or array, as in {name}([a, b])")
    return list(parts)
