"""What may stand between the brackets of ``x[...]``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd.primitive import Array
from autograd.testing.arrays import Shape, seeds
from autograd.testing.digits import Digits


@st.composite
def indices(draw: st.DrawFn, shape: Shape) -> Any:
    """Index expressions for an array of this shape, of every kind that NumPy knows.

    Integers from either end, slices with steps, ellipses, new axes, integer arrays
    with repeats, masks, and tuples of them.
    """
    digits = Digits(draw(st.integers(0, 2**64 - 1)))
    if digits.pick(8) == 7:
        return np.random.default_rng(draw(seeds)).integers(0, 2, shape).astype(bool)
    parts: list[Any] = [_part(digits, n) for n in shape[: digits.pick(len(shape) + 1)]]
    arrays = sum(isinstance(part, np.ndarray) for part in parts)
    if arrays > 1:  # they broadcast against each other: one length for all
        parts = [_positions(part)[:1] if isinstance(part, np.ndarray) else part for part in parts]
    if digits.pick(4) == 3:
        parts.insert(digits.pick(len(parts) + 1), None)
    if digits.pick(4) == 3:
        parts.append(Ellipsis)
    return parts[0] if len(parts) == 1 and digits.pick(2) else tuple(parts)


def _part(digits: Digits, n: int) -> Any:
    kind = digits.pick(4)
    if kind == 0 or n == 0:
        start, stop = digits.pick(n + 1) - n // 2, digits.pick(2 * n + 2) - n
        return slice(*[(None, start)[digits.pick(2)], (None, stop)[digits.pick(2)], (None, 1, 2, -1)[digits.pick(4)]])
    if kind == 1:
        return digits.pick(2 * n) - n
    if kind == 2:
        return np.array([digits.pick(2 * n) - n for _ in range(1 + digits.pick(3))])
    return np.array([bool(digits.pick(2)) for _ in range(n)]) if digits.pick(3) == 2 else slice(None)


def _positions(index: Array) -> Array:
    return np.flatnonzero(index) if index.dtype == bool else index
