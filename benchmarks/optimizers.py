"""A step of an optimizer: whole ``step()``, the gradients given as one array per parameter, in float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import optim
from autograd import Tensor
from benchmarks.contest import Comparison, check_agreement, installed, least_seconds

LR = 0.001
Array = np.ndarray[Any, np.dtype[Any]]
Shapes = list[tuple[int, ...]]

SMALL: Shapes = [(2, 12), (12,), (12, 13), (13,), (13, 13), (13,), (13, 2), (2,)]
MEDIUM: Shapes = [(784, 100), (100,), (100, 10), (10,)]
LARGE: Shapes = [(1000, 1000)] * 10


def ours(kind: Callable[..., Any], weights: list[Array], gradients: list[Array]) -> Any:
    """One of our optimizers, its parameters and their gradients in place."""
    parameters = [Tensor(w) for w in weights]
    for parameter, g in zip(parameters, gradients):
        parameter.grad = g
    return kind(parameters, lr=LR)


def torchs(kind: str, weights: list[Array], gradients: list[Array], **options: Any) -> Any:
    """One of PyTorch's, in the same place."""
    import torch

    torch.set_num_threads(1)
    parameters = [torch.tensor(w, requires_grad=True) for w in weights]
    for parameter, g in zip(parameters, gradients):
        parameter.grad = torch.tensor(g)
    return getattr(torch.optim, kind)(parameters, lr=LR, **options)


def answer(optimizer: Any) -> list[float]:
    """The first weights after three steps."""
    for _ in range(3):
        optimizer.step()
    if isinstance(optimizer, optim.Optimizer):
        return optimizer.w[:100].tolist()
    groups = optimizer.param_groups[0]["params"]
    return np.concatenate([p.detach().numpy() for p in groups], axis=None)[:100].tolist()  # type: ignore[no-any-return]


def contest(shapes: Shapes, rounds: int, steps: int) -> dict[str, float]:
    """The seconds a step takes each contestant, for Adam and for Momentum."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    gradients = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    times = {}
    for kind in (optim.Adam, optim.Momentum):
        contestants = {"ours": ours(kind, weights, gradients)}
        if installed("torch"):
            name, options = ("Adam", {}) if kind is optim.Adam else ("SGD", {"momentum": 0.9})
            contestants["torch"] = torchs(name, weights, gradients, **options)
            contestants["torch fused"] = torchs(name, weights, gradients, fused=True, **options)
        check_agreement({who: answer(optimizer) for who, optimizer in contestants.items()}, relative=1e-5)
        least = least_seconds({who: optimizer.step for who, optimizer in contestants.items()}, rounds, steps)
        times.update({f"{kind.__name__} {who}": time for who, time in least.items()})
    return times


def compare() -> list[Comparison]:
    """Adam and Momentum against PyTorch's, on networks of three sizes."""
    small, medium, large = contest(SMALL, 60, 100), contest(MEDIUM, 40, 40), contest(LARGE, 10, 3)
    rows = [
        ("Adam", "8 tensors, 415 parameters", small, "torch fused", 0.3),
        ("Adam", "8 tensors, 415 parameters", small, "torch", 0.12),
        ("Adam", "784-100-10, 79,510 parameters", medium, "torch", 0.65),
        ("Adam", "10 tensors, 10 million parameters", large, "torch", 1.3),
        ("Momentum", "8 tensors, 415 parameters", small, "torch", 0.25),
        ("Momentum", "784-100-10, 79,510 parameters", medium, "torch", 0.8),
        ("Momentum", "10 tensors, 10 million parameters", large, "torch", 1.8),
    ]
    return [
        Comparison(
            f"step of {kind}, {size}",
            times[f"{kind} ours"],
            peer.replace("torch", "PyTorch"),
            times.get(f"{kind} {peer}"),
            goal,
        )
        for kind, size, times, peer, goal in rows
    ]
