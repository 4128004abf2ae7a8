"""Initial weights, scaled so that signals neither die out nor explode.

Each initializer draws a (fan_in, fan_out) array from an explicit random generator;
fan_in is the number of units in the previous layer, fan_out in this one.
"""

from __future__ import annotations

import numpy as np

from autograd.primitive import Array

Seed = int | np.random.Generator | None


def generator(rng: Seed) -> np.random.Generator:
    """A random generator: the one given, or a new one from a seed (``None``: from the system)."""
    return np.random.default_rng(rng)


def lecun_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Variance 1 / fan_in, which keeps the scale of linear and of SELU layers (LeCun et al. 1998, eq. 16)."""
    return rng.normal(0.0, np.sqrt(1 / fan_in), (fan_in, fan_out))


def lecun_uniform(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Variance 1 / fan_in, drawn from [-a, a] with a = sqrt(3 / fan_in)."""
    bound = np.sqrt(3 / fan_in)
    return rng.uniform(-bound, bound, (fan_in, fan_out))


def he_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Variance 2 / fan_in, which keeps the scale of ReLU layers (He et al. 2015, eq. 10)."""
    return rng.normal(0.0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def he_uniform(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Variance 2 / fan_in, drawn from [-a, a] with a = sqrt(6 / fan_in)."""
    bound = np.sqrt(6 / fan_in)
    return rng.uniform(-bound, bound, (fan_in, fan_out))


def glorot_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Variance 2 / (fan_in + fan_out), for sigmoid and tanh (Glorot & Bengio 2010, eq. 12)."""
    return rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))


def glorot_uniform(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """The same variance, from [-a, a] with a = sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16)."""
    bound = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, (fan_in, fan_out))
