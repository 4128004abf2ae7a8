"""A convolution of images, forward and backward: batch 32, 8 to 16 channels of 28 x 28, window 3 x 3, in float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor
from autograd.primitives.convolution import conv2d
from benchmarks.contest import Comparison, check_agreement, installed, least_seconds

Array = np.ndarray[Any, np.dtype[Any]]


class Ours:
    """The calls our users make."""

    def __init__(self, x: Array, weight: Array, bias: Array, seed: Array) -> None:
        self.leaves = [Tensor(x), Tensor(weight), Tensor(bias)]
        self.seed = seed

    def step(self) -> None:
        """The output, and its derivatives with respect to images, weights and biases."""
        for leaf in self.leaves:
            leaf.grad = None
        self.y = conv2d(*self.leaves, padding=1)
        self.y.backward(self.seed)


class PyTorch:
    """The same with its own tensors."""

    def __init__(self, x: Array, weight: Array, bias: Array, seed: Array) -> None:
        import torch

        torch.set_num_threads(1)
        self.conv2d = torch.nn.functional.conv2d
        self.leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
        self.seed = torch.from_numpy(seed)

    def step(self) -> None:
        for leaf in self.leaves:
            leaf.grad = None
        self.y = self.conv2d(*self.leaves, padding=1)
        self.y.backward(self.seed)


def answer(contestant: Any) -> list[float]:
    """The output and the gradients, each by its mean square and some of its entries."""
    contestant.step()
    numbers: list[float] = []
    for array in (contestant.y.detach().numpy(), *(np.asarray(leaf.grad) for leaf in contestant.leaves)):
        numbers += [float(np.mean(array.astype(np.float64) ** 2)), *array.ravel()[:: array.size // 16].tolist()]
    return numbers


def compare() -> list[Comparison]:
    """Against PyTorch."""
    rng = np.random.default_rng(0)
    shapes = [(32, 8, 28, 28), (16, 8, 3, 3), (16,), (32, 16, 28, 28)]
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    contestants: dict[str, Any] = {"ours": Ours(*arrays)}
    if installed("torch"):
        contestants["PyTorch"] = PyTorch(*arrays)
    check_agreement({name: answer(contestant) for name, contestant in contestants.items()}, relative=1e-4)
    least = least_seconds({name: contestant.step for name, contestant in contestants.items()}, rounds=20, steps=10)
    job = "conv2d and its backward, 32 x 8 x 28 x 28, 16 windows of 3 x 3"
    return [Comparison(job, least["ours"], "PyTorch", least.get("PyTorch"), goal=4)]
