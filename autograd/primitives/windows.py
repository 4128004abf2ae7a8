"""Windows that slide over an array, as convolution and pooling look through them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.primitive import Array, example, structured

Shape = tuple[int, ...]


def positions(size: Shape, kernel: Shape, stride: Shape, dilation: Shape) -> Shape:
    """How many positions a window has along each axis.

    Raises:
        ValueError: it is larger than what it slides over.
    """
    found = tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(size, kernel, stride, dilation))
    if min(found, default=1) < 1:
        apart = f" with dilation {dilation}" if max(dilation) > 1 else ""
        raise ValueError(f"a window of size {kernel}{apart} does not fit into {size}, padding included")
    return found


@structured(
    lambda g, y, x, kernel, stride, dilation: overlap_add(g, x.shape[-len(kernel) :], stride, dilation),
    examples=[
        example((2, 5), kernel=(3,), stride=(1,), dilation=(1,)),
        example((4, 5), kernel=(2, 2), stride=(2, 1), dilation=(1, 2)),
    ],
)
def windows(x: Array, /, kernel: Shape, stride: Shape, dilation: Shape) -> Array:
    """What a window sees at each of its positions: (..., *size) to (..., *kernel, *positions).

    The window has as many axes as there are sizes, and slides over the last axes of ``x``.
    Its entries are ``dilation`` apart, its positions ``stride``. On arrays it is a view.
    """
    axes = len(kernel)
    found = positions(x.shape[-axes:], kernel, stride, dilation)
    before, steps = x.strides[:-axes], x.strides[-axes:]
    return np.lib.stride_tricks.as_strided(
        x,
        (*x.shape[:-axes], *kernel, *found),
        (*before, *(n * d for n, d in zip(steps, dilation)), *(n * s for n, s in zip(steps, stride))),
        writeable=False,
    )


@structured(
    lambda g, y, x, size, stride, dilation: windows(g, x.shape[-2 * len(size) : -len(size)], stride, dilation),
    examples=[
        example((2, 3, 2), size=(4,), stride=(1,), dilation=(1,)),
        example((2, 1, 1, 2), size=(3, 4), stride=(2, 2), dilation=(1, 2)),
    ],
)
def overlap_add(x: Array, /, size: Shape, stride: Shape, dilation: Shape) -> Array:
    """What is in windows added up where they were seen: (..., *kernel, *positions) to (..., *size)."""
    axes = len(size)
    kernel, found = x.shape[-2 * axes : -axes], x.shape[-axes:]
    before = x.shape[: -2 * axes]
    total = np.zeros(before + size, x.dtype)
    entries = np.moveaxis(x.reshape(*before, math.prod(kernel), *found), len(before), 0)
    for place, entry in zip(np.ndindex(*kernel), entries):  # one entry of the window, in all positions at once
        seen: Any = tuple(slice(k * d, k * d + s * n, s) for k, d, s, n in zip(place, dilation, stride, found))
        total[(..., *seen)] += entry
    return total
