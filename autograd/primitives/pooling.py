"""Pooling: what a sliding window sees, reduced to its maximum or its mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.primitives.convolution import per_axis
from autograd.primitives.indexing import shape_of
from autograd.primitives.reduction import max, sum
from autograd.primitives.shaping import pad
from autograd.primitives.windows import windows

Pair = int | tuple[int, int]


def max_pool1d(x: Any, kernel: int, stride: int | None = None, padding: int = 0) -> Any:
    """The largest entry that a window sees; over one axis.

    Where several are largest, they share the derivative equally.

    Args:
        x: (batch, channels, length).
        kernel: the size of the window.
        stride: how far it moves from one position to the next; its size, if it is not given.
        padding: how far it may reach beyond the ends, where it sees nothing: at most half its size.

    Returns:
        (batch, channels, (length + 2 * padding - kernel) // stride + 1).

    Raises:
        ValueError: shape and parameters do not fit.
    """
    return max(_seen("max_pool1d", 1, x, kernel, stride, padding, -math.inf), axis=(2,))


def max_pool2d(x: Any, kernel: Pair, stride: Pair | None = None, padding: Pair = 0) -> Any:
    """``max_pool1d`` over two axes: (batch, channels, height, width).

    Raises:
        ValueError: shape and parameters do not fit.
    """
    return max(_seen("max_pool2d", 2, x, kernel, stride, padding, -math.inf), axis=(2, 3))


def average_pool1d(
    x: Any, kernel: int, stride: int | None = None, padding: int = 0, count_include_pad: bool = True
) -> Any:
    """The mean of what a window sees; over one axis.

    Args:
        x: (batch, channels, length).
        kernel: the size of the window.
        stride: how far it moves from one position to the next; its size, if it is not given.
        padding: how many zeros are put in front of and behind ``x``: at most half the window's size.
        count_include_pad: whether the zeros count: whether a window at an end is divided by its
            size too, or by how many entries of ``x`` it sees.

    Returns:
        (batch, channels, (length + 2 * padding - kernel) // stride + 1).

    Raises:
        ValueError: shape and parameters do not fit.
    """
    return _average("average_pool1d", 1, x, kernel, stride, padding, count_include_pad)


def average_pool2d(
    x: Any, kernel: Pair, stride: Pair | None = None, padding: Pair = 0, count_include_pad: bool = True
) -> Any:
    """``average_pool1d`` over two axes: (batch, channels, height, width).

    Raises:
        ValueError: shape and parameters do not fit.
    """
    return _average("average_pool2d", 2, x, kernel, stride, padding, count_include_pad)


def _average(name: str, axes: int, x: Any, kernel: Any, stride: Any, padding: Any, count_include_pad: bool) -> Any:
    inner = tuple(range(2, 2 + axes))
    total = sum(_seen(name, axes, x, kernel, stride, padding, 0.0), axis=inner)
    if count_include_pad:
        return total / math.prod(per_axis(name, "kernel", kernel, axes))
    ones = np.ones((1, 1, *shape_of(x)[2:]), total.dtype)
    return total / sum(_seen(name, axes, ones, kernel, stride, padding, 0.0), axis=inner)


def _seen(name: str, axes: int, x: Any, kernel: Any, stride: Any, padding: Any, margin: float) -> Any:
    """What the window sees: (batch, channels, *kernel, *positions)."""
    shape = shape_of(x)
    if len(shape) != axes + 2:
        form = "(batch, channels, length)" if axes == 1 else "(batch, channels, height, width)"
        raise ValueError(
            f"{name}: x is to have the axes {form}, not shape {shape}; of one example make a batch, x[None]"
        )
    kernel = per_axis(name, "kernel", kernel, axes)
    stride = kernel if stride is None else per_axis(name, "stride", stride, axes)
    margins = per_axis(name, "padding", padding, axes, least=0)
    if any(2 * n > k for n, k in zip(margins, kernel)):
        raise ValueError(f"{name}: padding {margins} is to be at most half the window's size {kernel}")
    if 0 in shape[2:]:
        raise ValueError(f"{name}: x of shape {shape} has no entries for a window to see")
    if any(n + 2 * p < k for n, p, k in zip(shape[2:], margins, kernel)):
        raise ValueError(f"{name}: a window of size {kernel} does not fit into x of shape {shape}, padding {margins}")
    if any(margins):
        x = pad(x, ((0, 0), (0, 0), *((n, n) for n in margins)), constant_values=margin)
    return windows(x, kernel=kernel, stride=stride, dilation=(1,) * axes)
