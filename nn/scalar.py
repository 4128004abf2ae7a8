"""Neurons, layers and networks built from single ``Value``s, the way a lecture draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Node, Value, weighted_sum
from nn.initializers import Seed, generator
from nn.module import Module

_NUMBERS = {Value, float, int}


class Neuron(Module):
    """``activation(bias + w1*x1 + ... + wn*xn)``.

    Args:
        fan_in: how many inputs it weighs.
        nonlin: whether a ReLU follows the weighted sum.
        rng: a seed or a random generator; weights are drawn from [-1, 1], the bias is 0.
    """

    def __init__(self, fan_in: int, nonlin: bool = True, rng: Seed = None) -> None:
        weights = generator(rng).uniform(-1, 1, fan_in).tolist()
        self.w = [Value(w, f"w{i}") for i, w in enumerate(weights)]
        self.b = Value(0.0, "b")
        self.nonlin = nonlin

    def __call__(self, x: Sequence[Any]) -> Any:
        total = weighted_sum(self.w, x, self.b)
        return total.relu() if self.nonlin else total

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """``fan_out`` neurons that look at the same inputs."""

    def __init__(self, fan_in: int, fan_out: int, nonlin: bool = True, rng: Seed = None) -> None:
        rng = generator(rng)
        self.neurons = [Neuron(fan_in, nonlin, rng) for _ in range(fan_out)]

    def __call__(self, x: Sequence[Any]) -> Any:
        """A list of outputs; the output itself if there is a single neuron.

        Raises:
            ValueError: ``x`` holds several examples.
        """
        if type(x) in _NUMBERS or (isinstance(x, Node) and x.ndim == 0):  # as a layer of one neuron gives
            x = [x]
        if _holds_rows(x):
            raise ValueError(
                "nn.scalar: takes the numbers of one example, and was given several rows; call it on each, "
                "as in [model(row) for row in x]"
            )
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class MLP(Module):
    """A multi-layer perceptron of ``Value``s: ReLU layers and a linear one at the end.

    Args:
        fan_in: how many inputs there are.
        fan_outs: how many neurons each layer has: ``MLP(2, [16, 16, 1])``.
        rng: a seed or a random generator for the weights.

    Raises:
        TypeError: ``fan_outs`` is no list.
    """

    def __init__(self, fan_in: int, fan_outs: Sequence[int], rng: Seed = None) -> None:
        if np.ndim(fan_outs) != 1:
            raise TypeError(f"nn.scalar.MLP: fan_outs is a list, as in MLP(2, [16, 16, 1]), not {fan_outs!r}")
        rng = generator(rng)
        sizes = [fan_in, *fan_outs]
        self.layers = [
            Layer(before, after, nonlin=position < len(fan_outs), rng=rng)
            for position, (before, after) in enumerate(zip(sizes, sizes[1:]), start=1)
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"


def _holds_rows(x: Any) -> bool:
    if isinstance(x, (Node, np.ndarray)):
        return x.ndim > 1
    return not _NUMBERS.issuperset(map(type, x)) and any(map(np.ndim, x))
