"""A chain of a million operations on single numbers: recorded, differentiated and freed.

Half of them multiply by ``w`` and half add ``b``, by turns, and both are variables:
``y = y * w; y = y + b; y = y * w; ...``
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from autograd import Tensor, Value
from benchmarks.contest import Comparison, check_agreement, in_fresh_process, installed, megabytes

Chain = Callable[[Callable[[float], Any], int], list[float]]


def of_variables(scalar: Callable[[float], Any], operations: int) -> list[float]:
    """The chain's end, and its derivatives with respect to its start, ``w`` and ``b``."""
    x, w, b = scalar(1.0), scalar(0.999999), scalar(1e-6)
    y = x
    for _ in range(operations // 2):
        y = y * w
        y = y + b
    y.backward()
    return [y.item(), *(float(leaf.grad) for leaf in (x, w, b))]


def with_numbers(scalar: Callable[[float], Any], operations: int) -> list[float]:
    """The same with plain numbers in place of ``w`` and ``b``."""
    x = scalar(1.0)
    y = x
    for _ in range(operations // 2):
        y = y * 0.999999
        y = y + 1e-6
    y.backward()
    return [y.item(), float(x.grad)]


def torch_scalar(data: float) -> Any:
    """A variable of PyTorch that is as precise as a ``Value`` and, like a ``Tensor`` of one number, 0-d."""
    import torch

    torch.set_num_threads(1)
    return torch.tensor(data, dtype=torch.float64, requires_grad=True)


def compare() -> list[Comparison]:
    """Time and memory of both kinds of node against PyTorch, each run in a process of its own.

    This process imports no peer: on Linux, the peak memory of a new process starts from
    that of the one that started it.
    """
    scalars: dict[str, Callable[[float], Any]] = {"Value": Value, "Tensor": Tensor}
    if installed("torch"):
        scalars["PyTorch"] = torch_scalar
    comparisons = []
    for chain, what, goals, memory_goal in (
        (of_variables, "", {"Value": 0.35, "Tensor": 1.0}, 1.0),
        (with_numbers, ", w and b plain numbers", {"Value": None, "Tensor": None}, None),
    ):
        check_agreement(
            {name: in_fresh_process(chain, scalar, 10_000) for name, scalar in scalars.items()}, relative=1e-9
        )
        runs = [
            {name: in_fresh_process(seconds_and_bytes, chain, scalar) for name, scalar in scalars.items()}
            for _ in range(3)
        ]
        least = {name: [min(amounts) for amounts in zip(*(run[name] for run in runs))] for name in scalars}
        their_time, their_memory = least.get("PyTorch", (None, None))
        for kind, goal in goals.items():
            our_time, our_memory = least[kind]
            comparisons += [
                Comparison(f"chain of 1,000,000 {kind}s{what}", our_time, "PyTorch", their_time, goal),
                Comparison("its peak memory", our_memory, "PyTorch", their_memory, memory_goal, show=megabytes),
            ]
    return comparisons


def seconds_and_bytes(chain: Chain, scalar: Callable[[float], Any]) -> tuple[float, int]:
    """How long a million operations take, and by how much they raise the peak memory of this process."""
    chain(scalar, 1_000)  # everything is loaded by now
    before = peak_memory()
    start = time.perf_counter()
    chain(scalar, 1_000_000)
    return time.perf_counter() - start, peak_memory() - before


def peak_memory() -> int:
    """The most memory this process has held at a time, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
