"""Numbers and arrays at which a derivative exists and can be checked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from autograd.primitive import REAL, Array, Interval
from autograd.testing.digits import Digits

Shape = tuple[int, ...]

MARGIN = 0.01  # what is kept clear of kinks and of the ends of a domain
DUST = 1e-9  # differences of numbers much smaller than this have no digits
GAP = 0.1  # between any two entries of an array without ties

_shapes = hypothesis_numpy.array_shapes(min_dims=0, max_dims=3, max_side=3)
seeds = st.integers(0, 2**32 - 1)


def numbers(domain: Interval = REAL, largest: float = 20.0, margin: float = MARGIN) -> st.SearchStrategy[float]:
    """Floats inside a domain, at least ``margin`` from its ends and at most ``largest`` in size."""
    low, high = _ends(domain, largest, margin)
    drawn = st.floats(low, high, allow_subnormal=False)
    if domain.nonzero:
        return drawn.filter(lambda x: abs(x) > margin)
    return drawn.map(lambda x: x if abs(x) > DUST else 0.0) if low <= 0 <= high else drawn


@st.composite
def arrays(
    draw: st.DrawFn,
    shape: Shape | st.SearchStrategy[Shape] = _shapes,
    domain: Interval = REAL,
    *,
    distinct: bool = False,
    largest: float = 20.0,
) -> Array:
    """float64 arrays inside a domain, as ``numbers``; of at most three axes unless a shape is given.

    Entries come from a generator that Hypothesis seeds, and have few decimals. With
    ``distinct``, any two are a tenth apart and none is within 0.02 of 0, as far as the
    domain has room: a maximum or a norm of them is smooth.
    """
    size = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    rng = np.random.default_rng(draw(seeds))
    return distinct_entries(rng, size, domain) if distinct else entries(rng, size, domain, largest)


@st.composite
def broadcast_pairs(draw: st.DrawFn, domain: Interval = REAL) -> tuple[Array, Array]:
    """Two arrays whose shapes broadcast; each of them may be stretched by the other."""
    first, second = broadcastable_shapes(Digits(draw(seeds)), 2)
    rng = np.random.default_rng(draw(seeds))
    return entries(rng, first, domain), entries(rng, second, domain)


def broadcastable_shapes(digits: Digits, count: int) -> list[Shape]:
    """Shapes that broadcast to one of at most three axes of one to three entries each."""
    full = [1 + digits.pick(3) for _ in range(digits.pick(4))]
    shapes = []
    for _ in range(count):
        missing = max(0, digits.pick(2 * len(full) + 1) - len(full))  # as often as not, none
        shapes.append(tuple(1 if digits.pick(4) == 3 else n for n in full[missing:]))
    return shapes


def entries(rng: np.random.Generator, shape: Shape, domain: Interval = REAL, largest: float = 20.0) -> Array:
    """Entries from all over a domain: large, around 1, small, and whole numbers."""
    low, high = _ends(domain, largest, MARGIN)
    spread: Any = rng.choice([largest, 2.0, 0.1, largest], shape)
    drawn = rng.uniform(-1, 1, shape) * spread
    drawn = np.where(rng.integers(0, 8, shape) == 0, np.round(drawn), np.round(drawn, 4))
    if not math.isinf(domain.low) and not math.isinf(domain.high):
        drawn = domain.low + (domain.high - domain.low) * (drawn / largest + 1) / 2
    elif not math.isinf(domain.low):
        drawn = domain.low + np.abs(drawn)
    elif not math.isinf(domain.high):
        drawn = domain.high - np.abs(drawn)
    return _clear_of_0(domain, np.clip(drawn, low, high))


def distinct_entries(rng: np.random.Generator, shape: Shape, domain: Interval = REAL) -> Array:
    """Entries of which no two are close."""
    size = math.prod(shape)
    low, high = _ends(domain, math.inf, MARGIN)
    gap = min(GAP, (high - low) / (size + 1))
    steps = rng.permutation(size) - size // 2 + rng.uniform(0.3, 0.5, size)
    half = gap * (size // 2 + 1)
    if math.isfinite(low):
        centre = (low + high) / 2 if math.isfinite(high) else low + half
    else:
        centre = high - half if math.isfinite(high) else 0.0
    return _clear_of_0(domain, np.round(centre + gap * steps, 4).reshape(shape))


def _clear_of_0(domain: Interval, x: Any) -> Array:
    return np.asarray(np.copysign(np.maximum(np.abs(x), MARGIN), x) if domain.nonzero else x)


def _ends(domain: Interval, largest: float, margin: float) -> tuple[float, float]:
    if not isinstance(domain, Interval):
        raise TypeError(f"a domain is an autograd.primitive.Interval, as in Interval(0, 1), not {domain!r}")
    return max(domain.low + margin, -largest), min(domain.high - margin, largest)
