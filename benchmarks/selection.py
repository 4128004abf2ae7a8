"""Selecting by index and sums of products by ``einsum``: forward and backward, against the same in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.node import plain
from autograd.primitives.contraction import einsum
from benchmarks.contest import Comparison, check_agreement, least_seconds

Array = np.ndarray[Any, np.dtype[Any]]
Step = Callable[[], list[Any]]  # gives the result and the gradients


def select(x: Array, index: Any) -> tuple[Step, Step]:
    """``x[index]`` and its backward; by hand that is ``np.add.at``."""
    leaf = Tensor(x)
    g = np.random.default_rng(1).normal(size=x[index].shape)

    def ours() -> list[Any]:
        leaf.grad = None
        y = leaf[index]
        y.backward(g)
        return [y, leaf.grad]

    def by_hand() -> list[Any]:
        y = x[index]
        total = np.zeros_like(x)
        np.add.at(total, index, g)
        return [y, total]

    return ours, by_hand


def contract(subscripts: str, a: Array, b: Array) -> tuple[Step, Step]:
    """``einsum`` and its backward; by hand that is ``np.einsum`` with the subscripts exchanged."""
    leaves = [Tensor(a), Tensor(b)]
    left, right, out = subscripts.replace("->", ",").split(",")
    g = np.random.default_rng(1).normal(size=np.einsum(subscripts, a, b).shape)

    def ours() -> list[Any]:
        for leaf in leaves:
            leaf.grad = None
        y = einsum(subscripts, *leaves)
        y.backward(g)
        return [y, *(leaf.grad for leaf in leaves)]

    def by_hand() -> list[Any]:
        y = np.einsum(subscripts, a, b, optimize=True)
        to_a = np.einsum(f"{out},{right}->{left}", g, b, optimize=True)
        to_b = np.einsum(f"{left},{out}->{right}", a, g, optimize=True)
        return [y, to_a, to_b]

    return ours, by_hand


def jobs() -> dict[str, tuple[Step, Step]]:
    """What is compared, by its name in the table."""
    rng = np.random.default_rng(0)
    matrix, vector = rng.normal(size=(1000, 100)), rng.normal(size=100_000)
    return {
        "rows of a 1,000 x 100 matrix, 500 numbers": select(matrix, rng.integers(0, 1000, 500)),
        "entries of a 1,000 x 100 matrix, 5,000 pairs": select(
            matrix, (rng.integers(0, 1000, 5000), rng.integers(0, 100, 5000))
        ),
        "columns of a 1,000 x 100 matrix, 50 numbers": select(matrix, (slice(None), rng.integers(0, 100, 50))),
        "entries of 10,000, 10,000 numbers": select(vector[:10_000], rng.integers(0, 10_000, 10_000)),
        "entries of 100,000, 100,000 numbers": select(vector, rng.integers(0, 100_000, 100_000)),
        "entries of a 1,000 x 100 matrix by a mask": select(matrix, matrix > 0),
        "a slice of a 1,000 x 100 matrix": select(matrix, (slice(100, 900), slice(None, None, 2))),
        "einsum bij,bjk->bik, 32 x 50 x 50": contract(
            "bij,bjk->bik", rng.normal(size=(32, 50, 50)), rng.normal(size=(32, 50, 50))
        ),
        "einsum bthd,bshd->bhts, 8 x 32 x 4 x 16": contract(
            "bthd,bshd->bhts", rng.normal(size=(8, 32, 4, 16)), rng.normal(size=(8, 32, 4, 16))
        ),
        "einsum nc,ncd->nd, 64 x 20 x 30": contract(
            "nc,ncd->nd", rng.normal(size=(64, 20)), rng.normal(size=(64, 20, 30))
        ),
    }


def check(ours: Step, by_hand: Step) -> None:
    """See that both compute the same."""
    steps = {"ours": ours, "NumPy": by_hand}
    answers = {name: np.concatenate([np.ravel(plain(array)) for array in step()]) for name, step in steps.items()}
    check_agreement(answers, relative=1e-12)


def compare() -> list[Comparison]:
    """Every job, ours against NumPy by hand."""
    found = []
    for job, (ours, by_hand) in jobs().items():
        check(ours, by_hand)
        least = least_seconds({"ours": ours, "NumPy": by_hand}, rounds=15, steps=30)
        found.append(Comparison(f"{job}, and backward", least["ours"], "NumPy by hand", least["NumPy"], goal=1.5))
    return found
