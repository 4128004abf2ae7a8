"""Convolution over any number of axes, as networks have it: the windows' products with the weights.

Input ``x``, weights ``w`` and output ``y`` meet in one sum over all positions p of the
window and all places k in it,

    S = sum of  x[p * stride + k * dilation] * w[k] * y[p],

which is linear in each of the three. Its derivative with respect to one of them is a
row: ``convolution`` for y, ``transposed_convolution`` for x, ``convolution_weights`` for
w. So the three are each other's derivatives, to any order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.primitive import Array, example, structured
from autograd.primitives.indexing import shape_of
from autograd.primitives.shaping import inside, pad, reshape
from autograd.primitives.windows import overlap_add, positions, windows

Shape = tuple[int, ...]
Margins = tuple[tuple[int, int], ...]  # (before, after) for every axis

BLOCK = 2**21  # how many numbers that windows see are copied at a time: of a large batch they would fill the memory

# ---- the three rows ------------------------------------------------------


def _blocks(count: int, seen_by_one: int) -> list[slice]:
    """The batch in parts, for each of which what the windows see is copied."""
    step = max(1, BLOCK // max(1, seen_by_one))
    return [slice(start, start + step) for start in range(0, count, step)]


def _padded(x: Array, padding: Margins) -> Array:
    return pad(x, ((0, 0), (0, 0), *padding)) if np.any(padding) else x


def _columns(x: Array, kernel: Shape, stride: Shape, dilation: Shape, groups: int) -> Array:
    """What the window sees, as matrices: (batch, groups, channels of a group * places, positions)."""
    seen = windows(x, kernel, stride, dilation)
    found = math.prod(seen.shape[2 + len(kernel) :])
    return seen.reshape(len(x), groups, x.shape[1] // groups * math.prod(kernel), found)


def _in_groups(y: Array, groups: int) -> Array:
    return y.reshape(len(y), groups, y.shape[1] // groups, math.prod(y.shape[2:]))


def _weight_matrices(weight: Array, groups: int) -> Array:
    return weight.reshape(groups, len(weight) // groups, math.prod(weight.shape[1:]))


@structured(
    lambda g, y, x, weight, **how: transposed_convolution(g, weight, size=x.shape[2:], **how),
    lambda g, y, x, weight, **how: convolution_weights(x, g, kernel=weight.shape[2:], **how),
    examples=[
        example((2, 2, 4), (3, 2, 3), stride=(1,), padding=((1, 1),), dilation=(1,), groups=1),
        example((1, 2, 5), (2, 1, 2), stride=(2,), padding=((0, 1),), dilation=(2,), groups=2),
        example((1, 1, 3, 4), (2, 1, 2, 2), stride=(1, 2), padding=((0, 0), (1, 0)), dilation=(1, 1), groups=1),
    ],
)
def convolution(x: Array, weight: Array, /, stride: Shape, padding: Margins, dilation: Shape, groups: int = 1) -> Array:
    """(batch, channels, *size) and (out, channels / groups, *kernel) to (batch, out, *positions)."""
    kernel = weight.shape[2:]
    x = _padded(x, padding)
    y = np.empty((len(x), len(weight), *positions(x.shape[2:], kernel, stride, dilation)), np.result_type(x, weight))
    matrices, products = _weight_matrices(weight, groups), _in_groups(y, groups)
    for block in _blocks(len(x), x.shape[1] * math.prod(kernel) * math.prod(y.shape[2:])):
        np.matmul(matrices, _columns(x[block], kernel, stride, dilation, groups), out=products[block])
    return y


@structured(
    lambda g, y, x, weight, size, **how: convolution(g, weight, **how),
    lambda g, y, x, weight, size, **how: convolution_weights(g, x, kernel=weight.shape[2:], **how),
    examples=[
        example((2, 3, 4), (3, 2, 3), size=(4,), stride=(1,), padding=((1, 1),), dilation=(1,), groups=1),
        example((1, 2, 2), (2, 1, 2), size=(5,), stride=(2,), padding=((0, 1),), dilation=(2,), groups=2),
    ],
)
def transposed_convolution(
    x: Array, weight: Array, /, size: Shape, stride: Shape, padding: Margins, dilation: Shape, groups: int = 1
) -> Array:
    """The convolution's way back: (batch, out, *positions) and its weights to (batch, channels, *size)."""
    channels, seen = groups * weight.shape[1], (*weight.shape[2:], *x.shape[2:])
    padded = tuple(n + before + after for n, (before, after) in zip(size, padding))
    y = np.empty((len(x), channels, *size), np.result_type(x, weight))
    matrices, products = _weight_matrices(weight, groups).swapaxes(1, 2), _in_groups(x, groups)
    for block in _blocks(len(x), channels * math.prod(seen)):
        columns = np.matmul(matrices, products[block])
        columns = columns.reshape(len(columns), channels, *seen)
        y[block] = overlap_add(columns, padded, stride, dilation)[(..., *inside(padding, size))]
    return y


@structured(
    lambda g, y, x, out, kernel, **how: transposed_convolution(out, g, size=x.shape[2:], **how),
    lambda g, y, x, out, kernel, **how: convolution(x, g, **how),
    examples=[
        example((2, 2, 4), (2, 3, 4), kernel=(3,), stride=(1,), padding=((1, 1),), dilation=(1,), groups=1),
        example((1, 2, 5), (1, 2, 2), kernel=(2,), stride=(2,), padding=((0, 1),), dilation=(2,), groups=2),
    ],
)
def convolution_weights(
    x: Array, out: Array, /, kernel: Shape, stride: Shape, padding: Margins, dilation: Shape, groups: int = 1
) -> Array:
    """What inputs and outputs have in common: (batch, channels, *size) and (batch, out, *positions) to weights."""
    x = _padded(x, padding)
    weights = np.zeros((out.shape[1], x.shape[1] // groups, *kernel), np.result_type(x, out))
    total, products = _weight_matrices(weights, groups), _in_groups(out, groups)
    for block in _blocks(len(x), x.shape[1] * math.prod(kernel) * math.prod(out.shape[2:])):
        columns = _columns(x[block], kernel, stride, dilation, groups)
        total += np.matmul(products[block], columns.swapaxes(2, 3)).sum(axis=0)
    return weights


# ---- what networks call --------------------------------------------------


def conv1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: int = 1,
    padding: int | str = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Any:
    """The products of the weights with what a window of their size sees; over one axis.

    As in PyTorch the weights are not reversed: it is a cross-correlation.

    Args:
        x: (batch, channels, length).
        weight: (out, channels / groups, kernel).
        bias: (out,), added to the channels that come out.
        stride: how far the window moves from one position to the next.
        padding: how many zeros are put in front of and behind ``x``; ``"valid"`` for none,
            ``"same"`` for as many as keep the length (with stride 1).
        dilation: how far apart the window's entries are.
        groups: into how many groups the channels are parted, each with weights of its own.

    Returns:
        (batch, out, (length + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1).

    Raises:
        ValueError: shapes and parameters do not fit.
    """
    return _conv("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Any:
    """``conv1d`` over two axes: (batch, channels, height, width) and (out, channels / groups, *kernel).

    ``stride``, ``padding`` and ``dilation`` are one number for both axes, or a pair.

    Raises:
        ValueError: shapes and parameters do not fit.
    """
    return _conv("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    groups: int = 1,
    dilation: int = 1,
) -> Any:
    """The transpose of ``conv1d``: each entry spread over a window, the windows added up; over one axis.

    With the same weights and parameters it maps the shapes that ``conv1d`` gives back to those it takes.

    Args:
        x: (batch, channels, length).
        weight: (channels, out / groups, kernel).
        bias: (out,), added to the channels that come out.
        stride: how far the window moves from one entry to the next.
        padding: how many numbers are cut off in front and behind.
        output_padding: how many are added behind, less than the stride: which of the
            lengths that ``conv1d`` maps to this one is meant.
        groups: into how many groups the channels are parted, each with weights of its own.
        dilation: how far apart the window's entries are.

    Returns:
        (batch, out, (length - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1).

    Raises:
        ValueError: shapes and parameters do not fit.
    """
    return _conv_transpose("conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
    groups: int = 1,
    dilation: int | tuple[int, int] = 1,
) -> Any:
    """``conv_transpose1d`` over two axes: (batch, channels, height, width) and (channels, out / groups, *kernel).

    Raises:
        ValueError: shapes and parameters do not fit.
    """
    return _conv_transpose("conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv(
    name: str, axes: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    _check_axes(name, axes, x, weight)
    (groups,) = per_axis(name, "groups", groups, 1)
    (_, channels, *size), (out, _, *kernel) = shape_of(x), shape_of(weight)
    stride, dilation = per_axis(name, "stride", stride, axes), per_axis(name, "dilation", dilation, axes)
    margins = _margins(name, padding, kernel, stride, dilation)
    _check_channels(name, x, weight, channels == shape_of(weight)[1] * groups and out % groups == 0, groups)
    try:
        positions(tuple(n + sum(margin) for n, margin in zip(size, margins)), tuple(kernel), stride, dilation)
    except ValueError as error:
        raise ValueError(f"{name}: {error}; x has shape {shape_of(x)}, weight {shape_of(weight)}") from None
    y = convolution(x, weight, stride=stride, padding=margins, dilation=dilation, groups=groups)
    return _plus_bias(name, y, bias, out, axes)


def _conv_transpose(
    name: str,
    axes: int,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    _check_axes(name, axes, x, weight)
    (groups,) = per_axis(name, "groups", groups, 1)
    (_, channels, *found), (_, of_group, *kernel) = shape_of(x), shape_of(weight)
    stride, dilation = per_axis(name, "stride", stride, axes), per_axis(name, "dilation", dilation, axes)
    cut = per_axis(name, "padding", padding, axes, least=0)
    added = per_axis(name, "output_padding", output_padding, axes, least=0)
    _check_channels(name, x, weight, channels == shape_of(weight)[0] and channels % groups == 0, groups)
    if 0 in found:
        raise ValueError(f"{name}: x of shape {shape_of(x)} has no entries to spread; its sizes are at least 1")
    if any(extra >= step for extra, step in zip(added, stride)):
        raise ValueError(f"{name}: output_padding {added} is to be less than the stride {stride}")
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
        for n, s, p, d, k, extra in zip(found, stride, cut, dilation, kernel, added)
    )
    if min(size) < 1:
        raise ValueError(f"{name}: padding {cut} leaves nothing of x of shape {shape_of(x)}: the size would be {size}")
    margins = tuple((p, p) for p in cut)
    y = transposed_convolution(x, weight, size=size, stride=stride, padding=margins, dilation=dilation, groups=groups)
    return _plus_bias(name, y, bias, of_group * groups, axes)


def _plus_bias(name: str, y: Any, bias: Any, channels: int, axes: int) -> Any:
    if bias is None:
        return y
    if shape_of(bias) != (channels,):
        raise ValueError(f"{name}: bias of shape {shape_of(bias)} is to have one entry for each of {channels} channels")
    return y + reshape(bias, (channels, *[1] * axes))


def per_axis(name: str, what: str, numbers: Any, axes: int, least: int = 1) -> Shape:
    """One whole number for all axes, or one for each.

    Raises:
        ValueError: there are not as many, or one is less than ``least``.
    """
    given = numbers if isinstance(numbers, Sequence) and not isinstance(numbers, str) else [numbers] * axes
    if len(given) != axes or not all(isinstance(n, (int, np.integer)) and n >= least for n in given):
        several = "," if axes == 1 else f", or {axes} of them,"
        raise ValueError(f"{name}: {what} is a whole number of at least {least}{several} not {numbers!r}")
    return tuple(map(int, given))


def _margins(name: str, padding: Any, kernel: list[int], stride: Shape, dilation: Shape) -> Margins:
    if padding == "valid":
        padding = 0
    if padding == "same":
        if max(stride) > 1:
            raise ValueError(f"{name}: padding='same' keeps the size only with stride 1, not {stride}")
        spare = [d * (k - 1) for d, k in zip(dilation, kernel)]
        return tuple((n // 2, n - n // 2) for n in spare)
    if isinstance(padding, str):
        raise ValueError(f"{name}: padding is a number, 'same' or 'valid', not {padding!r}")
    return tuple((n, n) for n in per_axis(name, "padding", padding, len(kernel), least=0))


def _check_axes(name: str, axes: int, x: Any, weight: Any) -> None:
    names = ("length",) if axes == 1 else ("height", "width")
    for what, array in (("x", x), ("weight", weight)):
        if len(shape_of(array)) != axes + 2:
            form = f"(batch, channels, {', '.join(names)})" if what == "x" else "(channels, channels, *kernel)"
            alone = "; of a single example make a batch, x[None]" if what == "x" else ""
            raise ValueError(f"{name}: {what} is to have the axes {form}, not shape {shape_of(array)}{alone}")
    if 0 in shape_of(weight)[2:]:
        raise ValueError(f"{name}: weight of shape {shape_of(weight)} has an empty window; its sizes are at least 1")


def _check_channels(name: str, x: Any, weight: Any, fit: bool, groups: int) -> None:
    if not fit:
        form = "(channels, out / groups, *kernel)" if "transpose" in name else "(out, channels / groups, *kernel)"
        raise ValueError(
            f"{name}: the channels of x of shape {shape_of(x)} and weight of shape {shape_of(weight)} do not fit "
            f"with groups={groups}; x is (batch, channels, ...) and weight {form}"
        )
