"""Rearranging, joining, padding and repeating entries.

The rows come in pairs, each the transpose of the other: what one copies out, the
other adds back. The rest is composed of them.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import node as nodes
from autograd.primitive import Array, example, structured
from autograd.primitives.arithmetic import positive
from autograd.primitives.indexing import Axes, Shape, axis_numbers, getitem, listed, shape_of, take

_MODES = ("edge", "reflect", "symmetric", "wrap")


# ---- other shapes --------------------------------------------------------


@structured(
    lambda g, y, x, shape: reshape(g, x.shape),
    examples=[example((2, 6), shape=(3, 4)), example((4,), shape=(2, -1)), example((1,), shape=())],
)
def reshape(x: Array, /, shape: int | Shape) -> Array:
    """The same entries, row by row, in another shape; one size may be -1."""
    try:
        return np.reshape(x, shape)
    except ValueError:
        raise ValueError(
            f"the sizes are to multiply to {np.size(x)}, the number of entries; one size may be -1, for what is left"
        ) from None


def ravel(x: Any) -> Any:
    """All entries, row by row, as one vector."""
    return reshape(x, -1)


def expand_dims(x: Any, axis: Axes) -> Any:
    """Axes of size 1 put in, so that these are their places in the result."""
    sizes = [*shape_of(x)]
    for i in sorted(axis_numbers("expand_dims", axis, shape_of(x), len(sizes) + len(listed(axis)))):
        sizes.insert(i, 1)
    return reshape(x, tuple(sizes))


def squeeze(x: Any, axis: Axes | None = None) -> Any:
    """Without the axes of size 1, or without these of them.

    Raises:
        ValueError: an axis that is named has another size.
    """
    shape = shape_of(x)
    if axis is None:
        return reshape(x, tuple(n for n in shape if n != 1))
    axes = axis_numbers("squeeze", axis, shape)
    for i in axes:
        if shape[i] != 1:
            raise ValueError(f"squeeze: axis {i} of shape {shape} has {shape[i]} entries and cannot be left out")
    return reshape(x, tuple(n for i, n in enumerate(shape) if i not in axes))


@structured(
    lambda g, y, x, axes: transpose(g, None if axes is None else np.argsort([i % len(axes) for i in axes]).tolist()),
    examples=[example((2, 3), axes=None), example((2, 3, 4), axes=(1, 2, 0))],
)
def _transpose(x: Array, /, axes: tuple[int, ...] | None = None) -> Array:
    try:
        return np.transpose(x, axes)
    except ValueError:
        raise ValueError(f"axes is to name each of the {np.ndim(x)} axes once") from None


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes reversed, or in the given order."""
    return _transpose(x) if axes is None else _transpose(x, axes=tuple(listed(axes)))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    shape = shape_of(x)
    (a,), (b,) = (axis_numbers("swapaxes", i, shape) for i in (axis1, axis2))
    order = [*range(len(shape))]
    order[a], order[b] = b, a
    return transpose(x, tuple(order))


def moveaxis(x: Any, source: Axes, destination: Axes) -> Any:
    """Axes moved to other places; the rest keep their order.

    Raises:
        ValueError: there are not as many places as axes.
    """
    shape = shape_of(x)
    sources = axis_numbers("moveaxis", source, shape)
    destinations = axis_numbers("moveaxis", destination, shape)
    if len(sources) != len(destinations):
        raise ValueError(f"moveaxis: {len(sources)} axes cannot be moved to {len(destinations)} places")
    order = [i for i in range(len(shape)) if i not in sources]
    for to, i in sorted(zip(destinations, sources)):
        order.insert(to, i)
    return transpose(x, tuple(order))


# ---- stretching ----------------------------------------------------------


@structured(
    lambda g, y, x, shape: sum_to(g, x.shape),
    examples=[example((3,), shape=(2, 3)), example((2, 1), shape=(4, 2, 3)), example((), shape=(2, 2))],
)
def broadcast_to(x: Array, /, shape: Shape) -> Array:
    """Repeated along new axes and axes of size 1, as arithmetic does."""
    try:
        return np.broadcast_to(x, shape)
    except ValueError:
        raise ValueError(
            "aligned at the right, each size is to be 1 or the new one; add an axis, as in x[:, None], or transpose, "
            "as in x.T"
        ) from None


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


def tile(x: Any, reps: Axes) -> Any:
    """The whole array repeated side by side, so many times along each axis; ``reps`` of one number is for the last."""
    times, shape = _times("tile", reps), shape_of(x)
    ndim = max(len(times), len(shape))
    times, sizes = [1] * (ndim - len(times)) + times, [1] * (ndim - len(shape)) + [*shape]
    apart = reshape(x, tuple(itertools.chain(*((1, n) for n in sizes))))
    repeated = broadcast_to(apart, tuple(itertools.chain(*zip(times, sizes))))
    return reshape(repeated, tuple(t * n for t, n in zip(times, sizes)))


def repeat(x: Any, repeats: Axes, axis: int | None = None) -> Any:
    """Every entry repeated in its place, along an axis or of all entries row by row.

    Args:
        x: what is repeated.
        repeats: how many times: one number, or one for every entry along the axis.
        axis: the axis that grows; ``None`` makes a vector.

    Raises:
        ValueError: there is not one number for every entry, or one is negative.
    """
    if axis is None:
        return repeat(ravel(x), repeats, 0)
    shape = shape_of(x)
    (i,) = axis_numbers("repeat", axis, shape)
    times = _times("repeat", repeats)
    if len(times) == 1:
        once = reshape(x, (*shape[: i + 1], 1, *shape[i + 1 :]))
        stretched = broadcast_to(once, (*shape[: i + 1], times[0], *shape[i + 1 :]))
        return reshape(stretched, (*shape[:i], shape[i] * times[0], *shape[i + 1 :]))
    if len(times) != shape[i]:
        raise ValueError(
            f"repeat: axis {i} of shape {shape} has {shape[i]} entries, but there are {len(times)} numbers"
        )
    return take(x, np.repeat(np.arange(shape[i]), times), i)


def _times(name: str, numbers: Axes) -> list[int]:
    times = listed(numbers)
    if min(times, default=0) < 0:
        raise ValueError(f"{name}: entries are repeated 0, 1, 2, ... times, not {numbers}")
    return times


# ---- other order ---------------------------------------------------------


def flip(x: Any, axis: Axes | None = None) -> Any:
    """The order of the entries reversed along all axes, or along these."""
    shape = shape_of(x)
    axes = range(len(shape)) if axis is None else axis_numbers("flip", axis, shape)
    if not axes:  # as of a single number
        return reshape(x, shape)
    return getitem(x, tuple(slice(None, None, -1 if i in axes else None) for i in range(len(shape))))


@structured(
    lambda g, y, x, shift, axis: roll(g, tuple(-n for n in shift) if isinstance(shift, tuple) else -shift, axis),
    examples=[
        example((5,), shift=2, axis=None),
        example((2, 3), shift=-1, axis=None),
        example((2, 3), shift=(1, 2), axis=(0, -1)),
    ],
)
def _roll(x: Array, /, shift: int | Shape, axis: int | Shape | None = None) -> Array:
    return np.roll(x, shift, axis)


def roll(x: Any, shift: Axes, axis: Axes | None = None) -> Any:
    """Every entry moved on by ``shift`` places; what leaves at the end comes in at the front."""
    return _roll(x, shift=_own(shift), axis=None if axis is None else _own(axis))


def _own(numbers: Axes) -> int | Shape:
    """Whole numbers as they are now: in a tuple, where nobody can change them before ``backward``."""
    return tuple(listed(numbers)) if np.ndim(numbers) else operator.index(numbers)  # type: ignore[arg-type]


# ---- joining and parting -------------------------------------------------


def _unstack(g: Any, y: Any, *xs: Any, axis: int) -> list[Any]:
    before = (slice(None),) * (axis % len(y.shape))
    return [g[(*before, i)] for i in range(len(xs))]


@structured(
    all_vjps=_unstack,
    examples=[example((3,), (3,), axis=0), example((2, 3), (2, 3), (2, 3), axis=-1), example((), (), axis=0)],
)
def _stack(*xs: Array, axis: int) -> Array:
    try:
        return np.stack(xs, axis, dtype=np.result_type(*xs))
    except np.exceptions.AxisError:
        raise
    except ValueError:
        raise ValueError(
            "it joins equal shapes along a new axis; reshape or broadcast_to makes them equal, and concatenate joins "
            "along an axis that is there"
        ) from None


def stack(nodes_or_arrays: Sequence[Any], axis: int = 0) -> Any:
    """Join equal shapes along a new axis; a list of ``Value``s becomes a vector."""
    return _stack(*_parts("stack", nodes_or_arrays), axis=axis)


def _part(g: Any, y: Any, *xs: Any, axis: int) -> list[Any]:
    before = (slice(None),) * (axis % len(y.shape))
    ends = np.cumsum([x.shape[axis] for x in xs]).tolist()
    return [g[(*before, slice(end - x.shape[axis], end))] for x, end in zip(xs, ends)]


@structured(all_vjps=_part, examples=[example((2,), (3,), axis=0), example((2, 1), (2, 3), axis=1)])
def _concatenate(*xs: Array, axis: int) -> Array:
    try:
        return np.concatenate(xs, axis)
    except np.exceptions.AxisError:
        raise
    except ValueError:
        if not all(map(np.ndim, xs)):
            raise ValueError("single numbers have no axis to be joined along; stack joins them to a vector") from None
        raise ValueError(
            f"the shapes may differ along axis {axis} only; transpose one of them, as in x.T, reshape one, or join "
            f"along another axis"
        ) from None


def concatenate(nodes_or_arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Join along an existing axis; ``None`` joins all entries, row by row, to one vector."""
    parts = _parts("concatenate", nodes_or_arrays)
    if axis is None:
        parts, axis = [*map(ravel, parts)], 0
    return _concatenate(*parts, axis=axis)


def _parts(name: str, parts: Any) -> Sequence[Any]:
    if isinstance(parts, nodes.Node) or not len(parts):
        raise TypeError(f"{name}: takes a list of at least one node or array, as in {name}([a, b])")
    return list(parts)


def split(x: Any, indices_or_sections: Axes, axis: int = 0) -> list[Any]:
    """Parts of ``x`` along an axis: so many equal ones, or those that begin at these places.

    Raises:
        ValueError: it cannot be parted in so many equal parts.
    """
    shape = shape_of(x)
    (i,) = axis_numbers("split", axis, shape)
    n = shape[i]
    if isinstance(indices_or_sections, (Sequence, np.ndarray)):
        starts = [0, *listed(indices_or_sections)]
    else:
        sections = indices_or_sections
        if sections < 1 or n % sections:
            raise ValueError(f"split: axis {i} of shape {shape} has {n} entries, which make no {sections} equal parts")
        starts = [*range(0, n, n // sections)] if n else [0] * sections
    return [getitem(x, (*[slice(None)] * i, slice(*ends))) for ends in itertools.pairwise([*starts, n])]


# ---- margins -------------------------------------------------------------


def inside(margins: Sequence[tuple[int, int]], shape: Shape) -> tuple[slice, ...]:
    """Where an array of this shape lies between margins of these widths."""
    return tuple(slice(before, before + n) for (before, _), n in zip(margins, shape))


@structured(
    lambda g, y, x, pad_width, constant_values: getitem(g, inside(pad_width, x.shape)),
    examples=[
        example((3,), pad_width=((1, 2),), constant_values=0.5),
        example((2, 3), pad_width=((0, 0), (2, 0)), constant_values=0.0),
    ],
)
def _pad(x: Array, /, pad_width: Sequence[tuple[int, int]], constant_values: float) -> Array:
    x = np.asarray(x)
    y = np.full([before + n + after for n, (before, after) in zip(x.shape, pad_width)], constant_values, x.dtype)
    y[inside(pad_width, x.shape)] = x
    return y


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    """Margins put around ``x``.

    Args:
        x: what goes inside.
        pad_width: the width of the margins: one number for all; (before, after) for every axis; or a
            list of such pairs, one per axis.
        mode: what is in them: ``"constant"``, or entries of ``x``: ``"edge"``, ``"reflect"``,
            ``"symmetric"`` and ``"wrap"``, as in NumPy.
        constant_values: the number in all margins, if the mode is ``"constant"``.

    Raises:
        TypeError: the constant is not a plain number.
        ValueError: the widths do not fit the shape, or there is no such mode.
    """
    shape = shape_of(x)
    margins = _margins(pad_width, shape)
    if mode == "constant":
        if isinstance(constant_values, nodes.Node) or np.ndim(constant_values):
            raise TypeError("pad: constant_values is one plain number; concatenate margins of another kind")
        return _pad(x, pad_width=margins, constant_values=float(constant_values))
    if mode not in _MODES:
        raise ValueError(f"pad: there is no mode {mode!r} here; there are 'constant', {', '.join(map(repr, _MODES))}")
    if not np.any(margins):
        return positive(x) if isinstance(x, nodes.Node) else x
    for i, (n, margin) in enumerate(zip(shape, margins)):
        if margin != (0, 0):
            x = take(x, np.pad(np.arange(n), margin, mode), i)  # type: ignore[call-overload]
    return x


def _margins(pad_width: Any, shape: Shape) -> tuple[tuple[int, int], ...]:
    widths = np.asarray(pad_width)
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise ValueError(f"pad: margins are 0, 1, 2, ... wide, not {pad_width}")
    try:
        pairs = np.broadcast_to(widths, (len(shape), 2)).tolist()
    except ValueError:
        raise ValueError(
            f"pad: pad_width={pad_width} does not fit shape {shape}; give one number, one pair (before, after), "
            f"or a list of {len(shape)} pairs"
        ) from None
    return tuple((before, after) for before, after in pairs)
