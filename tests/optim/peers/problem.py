"""A small problem on which optimizers are compared: four parameters, no convexity, fixed noise."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS = 60
SHAPES = [(3, 4), (4,), (4, 2), ()]


def start() -> list[Any]:
    """The first weights, float64."""
    rng = np.random.default_rng(7)
    return [np.asarray(rng.normal(0, 0.6, shape)) for shape in SHAPES]


def batch(step: int) -> tuple[Any, Any]:
    """The data of a step: (5, 3) inputs and (5, 2) targets."""
    rng = np.random.default_rng(1000 + step)
    return rng.normal(size=(5, 3)), rng.normal(size=(5, 2))


def loss_and_gradients(weights: list[Any], step: int) -> tuple[float, list[Any]]:
    """A network of two layers, tanh between them, and a scale; mean squares, a bump for each weight."""
    A, b, C, s = weights
    x, y = batch(step)
    h = np.tanh(x @ A + b)
    z = h @ C
    e = s * z - y
    loss = float((e * e).mean()) + 0.05 * float(sum(np.sin(3 * w).sum() for w in weights))
    d = 2 * e / e.size
    dh = (s * d @ C.T) * (1 - h * h)
    g = [x.T @ dh, dh.sum(0), h.T @ (s * d), np.asarray((d * z).sum())]
    return loss, [np.asarray(gi + 0.15 * np.cos(3 * w)) for gi, w in zip(g, weights)]


KEPT = [1, 2, 3, 4, 5, 10, 15, 20, 30, 40, 50, 60]  # the steps after which weights are recorded


def gradients_of(case: Any, weights: list[Any], step: int) -> tuple[float, list[Any]]:
    """The loss and what a case's optimizer is given as gradients."""
    loss, grads = loss_and_gradients(weights, 0 if case.how == "one batch" else step)
    if case.how == "matrices":
        return loss, [g if g.ndim == 2 else None for g in grads]
    if case.how == "arrays":
        return loss, [g if g.ndim else None for g in grads]
    if case.how == "rows":
        masked: list[Any] = []
        for i, g in enumerate(grads):
            if g.ndim == 0:
                masked.append(None)
                continue
            used = np.random.default_rng([step, i]).random(len(g)) < 0.6
            used[step % len(g)] = True
            masked.append(np.where(used.reshape(-1, *[1] * (g.ndim - 1)), g, 0.0))
        return loss, masked
    return loss, grads
