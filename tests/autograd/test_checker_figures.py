"""How often the checker is wrong about a right gradient, on functions with tails, poles and cancellations.

The gradient under test is the truth to fifty digits, rounded once, so that every
difference that the checker reports is its own fault.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
import pytest

from autograd.checking import differences
from autograd.checking.comparison import Comparison
from autograd.checking.differences import Differences

rng_type = np.random.Generator
Array = np.ndarray


def sizes(low: float, high: float) -> Callable[[rng_type, int], Array]:
    """Positive numbers, as many of each order of magnitude."""
    return lambda rng, n: np.exp(rng.uniform(math.log(low), math.log(high), n))


def signed(low: float, high: float) -> Callable[[rng_type, int], Array]:
    return lambda rng, n: rng.choice([-1.0, 1.0], n) * sizes(low, high)(rng, n)


def between(low: float, high: float) -> Callable[[rng_type, int], Array]:
    """Half of them evenly, half of them of any size around 0."""
    reach = max(-low, high)
    return lambda rng, n: np.where(
        rng.random(n) < 0.5, rng.uniform(low, high, n), np.clip(signed(1e-12, reach)(rng, n), low, high)
    )


class Case(NamedTuple):
    f: Callable[[Array], Array]  # on arrays, in float64
    derivative: Callable[[Any], Any]  # on mpmath's numbers
    points: Callable[[rng_type, int], Array]


def sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def exact_sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def of_four(x: Array) -> Array:
    """The entries of a vector of which one is x."""
    return np.stack([x, np.ones_like(x), np.full_like(x, -0.5), np.full_like(x, 2.0)])


def layernorm(x: Array) -> Array:
    v = of_four(x)
    centred = v - v.mean(axis=0)
    return centred[0] / np.sqrt((centred**2).mean(axis=0) + 1e-5)


def exact_layernorm_slope(x: Any) -> Any:
    v = [x, mp.mpf(1), mp.mpf(-0.5), mp.mpf(2)]
    mean = sum(v) / 4
    centred = [entry - mean for entry in v]
    variance = sum(c * c for c in centred) / 4 + mp.mpf(1e-5)
    return (mp.mpf(3) / 4 - centred[0] ** 2 / (4 * variance)) / mp.sqrt(variance)


def softmax(x: Array) -> Array:
    v = of_four(x)
    e = np.exp(v - v.max(axis=0))
    return e[0] / e.sum(axis=0)


def exact_softmax(x: Any) -> Any:
    v = [x, mp.mpf(1), mp.mpf(-0.5), mp.mpf(2)]
    return mp.exp(x) / sum(map(mp.exp, v))


def logsumexp(x: Array) -> Array:
    v = of_four(x)
    top = v.max(axis=0)
    return np.log(np.exp(v - top).sum(axis=0)) + top


erf, erfc = np.vectorize(math.erf), np.vectorize(math.erfc)
normal = lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)  # noqa: E731
below = lambda distance: lambda rng, n: 1 - sizes(*distance)(rng, n)  # noqa: E731

CASES = {
    "tanh": Case(np.tanh, lambda x: mp.sech(x) ** 2, between(-20, 20)),
    "log": Case(np.log, lambda x: 1 / x, sizes(1e-300, 1e300)),
    "sqrt": Case(np.sqrt, lambda x: 1 / (2 * mp.sqrt(x)), sizes(1e-200, 1e200)),
    "1/x": Case(lambda x: 1 / x, lambda x: -1 / x**2, signed(1e-100, 1e100)),
    "x/(x²+1)": Case(lambda x: x / (x * x + 1), lambda x: (1 - x * x) / (x * x + 1) ** 2, signed(1e-8, 1e8)),
    "logsumexp": Case(logsumexp, exact_softmax, between(-40, 40)),
    "softplus": Case(lambda x: np.logaddexp(0, x), exact_sigmoid, between(-40, 40)),
    "x^2.5": Case(lambda x: x**2.5, lambda x: mp.mpf(2.5) * x ** mp.mpf(1.5), sizes(1e-50, 1e50)),
    "x^-1.5": Case(lambda x: x**-1.5, lambda x: mp.mpf(-1.5) * x ** mp.mpf(-2.5), sizes(1e-50, 1e50)),
    "x^10": Case(lambda x: x**10, lambda x: 10 * x**9, signed(1e-20, 1e20)),
    "2.5^x": Case(lambda x: 2.5**x, lambda x: mp.log(2.5) * mp.mpf(2.5) ** x, between(-500, 500)),
    "exp": Case(np.exp, mp.exp, between(-700, 700)),
    "sin": Case(np.sin, mp.cos, signed(1e-8, 1e6)),
    "sigmoid": Case(sigmoid, lambda x: exact_sigmoid(x) * exact_sigmoid(-x), between(-40, 40)),
    "gelu": Case(lambda x: 0.5 * x * erfc(-x / math.sqrt(2)), lambda x: mp.ncdf(x) + x * normal(x), between(-8, 8)),
    "silu": Case(
        lambda x: x * sigmoid(x),
        lambda x: exact_sigmoid(x) * (1 + x * exact_sigmoid(-x)),
        between(-40, 40),
    ),
    "log1p": Case(np.log1p, lambda x: 1 / (1 + x), lambda rng, n: -below((1e-12, 1e6))(rng, n)),
    "expm1": Case(np.expm1, mp.exp, between(-40, 40)),
    "arctanh": Case(np.arctanh, lambda x: 1 / ((1 - x) * (1 + x)), lambda rng, n: below((1e-12, 1.9))(rng, n)),
    "softmax": Case(softmax, lambda x: exact_softmax(x) * (1 - exact_softmax(x)), between(-40, 40)),
    "layernorm": Case(layernorm, exact_layernorm_slope, signed(1e-6, 1e3)),
    "erf": Case(erf, lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x), between(-6, 6)),
    "sqrt(x²+1e-12)": Case(
        lambda x: np.sqrt(x * x + 1e-12), lambda x: x / mp.sqrt(x * x + mp.mpf(1e-12)), signed(1e-10, 1e3)
    ),
    # Its two terms cancel inside, of which neither x nor the result tells: no scheme of differences can know.
    "x - sin x": Case(lambda x: x - np.sin(x), lambda x: 1 - mp.cos(x), signed(1e-4, 1e2)),
}


def verdicts(case: Case, n: int, rng: rng_type) -> collections.Counter[str]:
    x = case.points(rng, n)
    with mp.workdps(50):
        truth = np.array([float(case.derivative(mp.mpf(entry))) for entry in x.tolist()])
    with np.errstate(all="ignore"):
        differences = Differences(lambda which, to: case.f(to)[:, None], x, np.ones(1))
        found = Comparison(differences, truth, np.abs(truth)).named([f"at {entry!r}" for entry in x.tolist()])
    for derivative in found:
        if derivative.verdict not in ("agrees", "undecided"):
            print(derivative)
    return collections.Counter(derivative.verdict for derivative in found)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("n", [100, pytest.param(9000, marks=pytest.mark.long)])
def test_the_truth_raises_no_alarm_and_is_nearly_always_decided(name: str, n: int) -> None:
    seed = int(np.random.default_rng().integers(2**32))
    counts = verdicts(CASES[name], n, np.random.default_rng(seed))
    assert counts["agrees"] + counts["undecided"] == n or name == "x - sin x", f"seed {seed}: {counts}"
    # Where a function saturates there is no movement to measure; elsewhere nearly all is decided.
    assert counts["agrees"] > (0.5 if name in FLAT else 0.97) * n, f"seed {seed}: {counts}"


@pytest.mark.parametrize("f", [np.exp, np.sin, np.log, np.tanh, lambda x: 1 / (1 + x * x), np.floor, np.cbrt])
@pytest.mark.parametrize("side", [-1, 0, 1])
def test_how_many_steps_are_taken_at_once_does_not_matter(
    f: Callable[[Any], Any], side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.array([1e-9, 0.3, 1.0, 2.0, 20.0, 1e6])
    found = []
    for steps in (1, 4, 7, differences.STEPS):
        monkeypatch.setattr(differences, "AT_ONCE", steps)
        with np.errstate(all="ignore"):
            estimate = Differences(lambda which, to: f(to)[:, None], x, np.ones(1)).estimate(side=side)
        found.append([estimate.value, estimate.bound, estimate.h])
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


FLAT = {"tanh", "logsumexp", "expm1", "softplus", "sigmoid", "softmax", "erf", "layernorm", "x/(x²+1)", "x - sin x"}
