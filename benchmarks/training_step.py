"""A training step of a network of arrays: forward, backward and SGD, in float32."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

import nn
import optim
from autograd import allow_stale
from benchmarks import numpy_network
from benchmarks.contest import Comparison, check_agreement, installed, least_seconds

LR = 0.01
Array = np.ndarray[Any, np.dtype[Any]]


class Ours:
    """The calls our users make."""

    def __init__(self, weights: list[Array], x: Array, labels: Array) -> None:
        self.model = nn.MLP([x.shape[1], *(weight.shape[1] for weight in weights)], dtype=np.float32)
        for parameter, weight in zip(self.model.parameters()[::2], weights):  # between them are the biases, all 0
            parameter.data = weight
        self.optimizer = optim.SGD(self.model.parameters(), lr=LR)
        self.x, self.labels = x, labels

    def step(self) -> Any:
        """Learn from the batch once; the loss."""
        loss = nn.cross_entropy(self.model(self.x), self.labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss

    def weights(self) -> list[Array]:
        """Weight, bias, weight, bias, ... in the order of the layers."""
        return [parameter.data for parameter in self.model.parameters()]


class Unwatched(Ours):
    """The same, without looking whether inputs were changed meanwhile."""

    def step(self) -> Any:
        with allow_stale():
            return super().step()


class NumPy:
    """``numpy_network``, by hand."""

    def __init__(self, weights: list[Array], x: Array, labels: Array) -> None:
        self.w = [weight.copy() for weight in weights]
        self.b = [np.zeros(weight.shape[1], np.float32) for weight in weights]
        self.x, self.labels = x, labels

    def step(self) -> Any:
        return numpy_network.training_step(self.w, self.b, self.x, self.labels, LR)

    def weights(self) -> list[Array]:
        return [array for layer in zip(self.w, self.b) for array in layer]


class PyTorch:
    """In eager mode, the way its tutorials train."""

    def __init__(self, weights: list[Array], x: Array, labels: Array) -> None:
        import torch

        torch.set_num_threads(1)
        layers: list[Any] = []
        for weight in weights:
            linear = torch.nn.Linear(*weight.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(weight.T))
                linear.bias.zero_()
            layers += [linear, torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.loss = torch.nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=LR)
        self.x, self.labels = torch.from_numpy(x), torch.from_numpy(labels)

    def step(self) -> Any:
        loss = self.loss(self.model(self.x), self.labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss

    def weights(self) -> list[Array]:
        return [parameter.detach().numpy().T for parameter in self.model.parameters()]


def contest(sizes: list[int], rows: int, rounds: int, steps: int) -> dict[str, float]:
    """The seconds a step takes each contestant, all from the same weights on the same batch."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, sizes[0])).astype(np.float32)
    labels = rng.integers(0, sizes[-1], rows)
    weights = [
        rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)).astype(np.float32) for fan_in, fan_out in pairwise(sizes)
    ]
    kinds = {"ours": Ours, "unwatched": Unwatched, "NumPy": NumPy}
    contestants: dict[str, Any] = {name: kind(weights, x, labels) for name, kind in kinds.items()}
    if installed("torch"):
        contestants["PyTorch"] = PyTorch(weights, x, labels)
    check_agreement({name: answer(contestant) for name, contestant in contestants.items()}, relative=1e-4)
    return least_seconds({name: contestant.step for name, contestant in contestants.items()}, rounds, steps)


def answer(contestant: Any) -> list[float]:
    """The loss of the first step, and the gradients by which it moved the weights."""
    before = np.concatenate(contestant.weights(), axis=None)
    loss = contestant.step().item()
    after = np.concatenate(contestant.weights(), axis=None)
    return [loss, *(before - after) / LR]


def compare() -> list[Comparison]:
    """Both networks against NumPy by hand, and against PyTorch."""
    small = contest([2, 12, 13, 13, 2], rows=32, rounds=120, steps=60)
    large = contest([784, 100, 10], rows=100, rounds=40, steps=40)
    job = "training step of 2-12-13-13-2, batch 32"
    return [
        Comparison(job, small["ours"], "PyTorch", small.get("PyTorch"), goal=0.6),
        Comparison(job, small["ours"], "NumPy by hand", small["NumPy"], goal=1.7),
        Comparison(job, small["ours"], "ours with allow_stale()", small["unwatched"], goal=1.1),
        Comparison("training step of 784-100-10, batch 100", large["ours"], "NumPy by hand", large["NumPy"], goal=1.2),
    ]
