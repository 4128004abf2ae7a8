"""How contestants are measured, and what is reported of them."""

from __future__ import annotations

import gc
import importlib.util
import math
import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np


def installed(peer: str) -> bool:
    """Whether there is a peer of that name to compare with."""
    return importlib.util.find_spec(peer) is not None


def check_agreement(answers: Mapping[str, Sequence[float]], relative: float) -> None:
    """See that all contestants compute the same, or there is nothing to compare.

    Raises:
        AssertionError: an answer differs from the first one by more than that part of its largest number.
    """
    first, *others = answers
    expected = np.asarray(answers[first])
    for name in others:
        np.testing.assert_allclose(
            answers[name], expected, rtol=0, atol=relative * np.abs(expected).max(), err_msg=f"{name} against {first}"
        )


def least_seconds(contestants: Mapping[str, Callable[[], object]], rounds: int, steps: int) -> dict[str, float]:
    """The least time of one step of each contestant.

    A round times some steps in a row of one contestant after the other, as in training:
    a first step, which is not timed, leaves behind what each step leaves to the garbage
    collector. Nobody pays for what another left. That the rounds are interleaved makes a
    slow moment of the machine hit all alike; the least of them is what nothing disturbed.
    """
    least = dict.fromkeys(contestants, math.inf)
    for _ in range(rounds):
        for name, step in contestants.items():
            gc.collect()
            step()
            start = time.perf_counter()
            for _ in range(steps):
                step()
            least[name] = min(least[name], (time.perf_counter() - start) / steps)
    return least


def in_fresh_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """The function's result from a new interpreter, where nobody has left memory or garbage."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def seconds(amount: float) -> str:
    """A time to three digits: ``62.1 µs``, ``1.05 s``."""
    for unit in ("s", "ms", "µs"):
        if amount >= 1 or unit == "µs":
            break
        amount *= 1000
    return f"{amount:#.3g}".rstrip(".") + f" {unit}"


def megabytes(amount: float) -> str:
    """A size in bytes as megabytes."""
    return f"{amount / 1e6:.0f} MB"


@dataclass(frozen=True)
class Comparison:
    """What we need for a job, and what a peer needs.

    Attributes:
        job: what was done.
        ours: our time or memory.
        peer: who it is compared with.
        theirs: the peer's; ``None`` if the peer is not installed.
        goal: the most that ours / theirs may be; ``None`` for a comparison that is only told.
        show: how an amount is written.
    """

    job: str
    ours: float
    peer: str
    theirs: float | None
    goal: float | None = None
    show: Callable[[float], str] = seconds

    @property
    def verdict(self) -> str:
        if self.theirs is None:
            return "skipped: not installed"
        if self.goal is None:
            return ""
        return "met" if self.ours <= self.goal * self.theirs else "MISSED"

    def cells(self) -> list[str]:
        """The row of the table: job, ours, peer, theirs, ratio, goal, verdict."""
        theirs, ratio = "", ""
        if self.theirs is not None:
            theirs = self.show(self.theirs)
            ratio = f"{self.ours / self.theirs:.3g}"
            if self.ours < 0.25 * self.theirs:
                ratio += f" ({self.theirs / self.ours:.1f}x less)"
        goal = "" if self.goal is None else f"at most {self.goal:g}"
        return [self.job, self.show(self.ours), self.peer, theirs, ratio, goal, self.verdict]
