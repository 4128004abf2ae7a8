"""A training step of micrograd's own demo, and the same step with our network of scalars.

The demo fits a 2-16-16-1 network to 100 points of two moons: max-margin loss, a penalty
on large weights, forward and backward. The classes below are micrograd's ``nn`` with one
change: ``Value``, which they import, is an argument here, so that the same lines run on
micrograd's and on ours, every product and every sum a node.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
import nn
from benchmarks.contest import Comparison, check_agreement, installed, least_seconds

SIZES = 2, [16, 16, 1]


class Neuron:
    """micrograd's, with ``Value`` as an argument; so are the next two."""

    def __init__(self, Value: Any, fan_in: int, nonlin: bool) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(fan_in)]
        self.b = Value(0)
        self.nonlin = nonlin

    def __call__(self, x: Sequence[Any]) -> Any:
        total = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return total.relu() if self.nonlin else total

    def parameters(self) -> list[Any]:
        return [*self.w, self.b]


class Layer:
    """Neurons that look at the same inputs."""

    def __init__(self, Value: Any, fan_in: int, fan_out: int, nonlin: bool) -> None:
        self.neurons = [Neuron(Value, fan_in, nonlin) for _ in range(fan_out)]

    def __call__(self, x: Sequence[Any]) -> Any:
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Any]:
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP:
    """Layers, the last of them linear."""

    def __init__(self, Value: Any, fan_in: int, fan_outs: list[int]) -> None:
        sizes = [fan_in, *fan_outs]
        self.layers = [
            Layer(Value, sizes[i], sizes[i + 1], nonlin=i != len(fan_outs) - 1) for i in range(len(fan_outs))
        ]

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Any]:
        return [p for layer in self.layers for p in layer.parameters()]

    def zero_grad(self) -> None:
        for p in self.parameters():
            p.grad = 0


class Demo:
    """The step of micrograd's ``demo.ipynb``, in its own words."""

    def __init__(self, Value: Any, model: Any, points: Any, labels: Any) -> None:
        self.Value, self.model, self.points, self.labels = Value, model, points, labels

    def step(self) -> Any:
        """Forward and backward; the loss."""
        inputs = [list(map(self.Value, row)) for row in self.points]
        scores = list(map(self.model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(self.labels, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        penalty = 1e-4 * sum(p * p for p in self.model.parameters())
        loss = data_loss + penalty
        self.model.zero_grad()
        loss.backward()
        return loss

    def answer(self) -> list[float]:
        """The loss and all gradients."""
        return [self.step().data, *(p.grad for p in self.model.parameters())]


def two_moons() -> tuple[Any, Any]:
    """100 points of two half circles that reach into each other, and their labels, 1 and -1."""
    rng = np.random.default_rng(1337)
    angle = np.linspace(0, np.pi, 50)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    lower = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    points = np.concatenate([upper, lower]) + rng.normal(0, 0.1, (100, 2))
    return points, np.repeat([1, -1], 50)


def compare() -> list[Comparison]:
    """Both networks against micrograd."""
    points, labels = two_moons()
    numbers = points.tolist(), labels.tolist()

    def op_by_op(Value: Any, points: Any, labels: Any) -> Demo:
        random.seed(1337)
        return Demo(Value, MLP(Value, *SIZES), points, labels)

    demos = {
        "ours": op_by_op(autograd.Value, points, labels),
        "ours, on Python's numbers": op_by_op(autograd.Value, *numbers),
        "ours, nn.scalar": Demo(autograd.Value, nn.scalar.MLP(*SIZES), points, labels),
    }
    for ours, same in zip(demos["ours, nn.scalar"].model.parameters(), demos["ours"].model.parameters(), strict=True):
        ours.data = same.data
    if installed("micrograd"):
        from micrograd import nn as micrograd_nn
        from micrograd.engine import Value

        demos["micrograd"] = op_by_op(Value, points, labels)
        demos["micrograd, on Python's numbers"] = op_by_op(Value, *numbers)
        random.seed(1337)
        demos["micrograd.nn"] = Demo(Value, micrograd_nn.MLP(*SIZES), points, labels)

    check_agreement({name: demo.answer() for name, demo in demos.items()}, relative=1e-9)
    time = least_seconds({name: demo.step for name, demo in demos.items()}, rounds=9, steps=3)
    job = "micrograd's demo step, 2-16-16-1 on 100 moons"
    return [
        Comparison(f"{job}, op by op", time["ours"], "micrograd", time.get("micrograd"), goal=1 / 5),
        Comparison(
            "the same, the data as Python's floats instead of NumPy's",
            time["ours, on Python's numbers"],
            "micrograd",
            time.get("micrograd, on Python's numbers"),
        ),
        Comparison(
            f"{job}, nn.scalar.MLP", time["ours, nn.scalar"], "micrograd.nn.MLP", time.get("micrograd.nn"), goal=1 / 40
        ),
    ]
