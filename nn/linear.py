"""Fully connected layers, and the multi-layer perceptron made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Tensor, linear
from nn.activations import Initializer, activation_and_initializer
from nn.initializers import Seed, generator, glorot_uniform
from nn.module import Module, Sequential


class Linear(Module):
    """``x @ weight + bias``: (..., fan_in) to (..., fan_out).

    Args:
        fan_in: numbers that come in per row.
        fan_out: numbers that go out per row.
        rng: a seed or a random generator for the weights.
        initializer: draws the (fan_in, fan_out) weights; biases start at 0.
        dtype: ``np.float64`` or ``np.float32``.

    Raises:
        ValueError: a size is not a positive whole number.
    """

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        rng: Seed = None,
        initializer: Initializer = glorot_uniform,
        dtype: Any = np.float64,
    ) -> None:
        for name, size in (("fan_in", fan_in), ("fan_out", fan_out)):
            if not isinstance(size, (int, np.integer)) or size < 1:
                raise ValueError(f"Linear: {name} must be a positive whole number, not {size!r}")
        self.weight = Tensor(initializer(fan_in, fan_out, generator(rng)), dtype=dtype)
        self.bias = Tensor(np.zeros(fan_out), dtype=dtype)

    def __call__(self, x: Any) -> Any:
        return linear.apply((x, self.weight, self.bias), {})  # what a call does, past the search for parameters

    def __repr__(self) -> str:
        fan_in, fan_out = self.weight.shape
        return f"Linear({fan_in}, {fan_out})"


class MLP(Sequential):
    """A multi-layer perceptron: linear layers with an activation between them.

    Args:
        sizes: numbers per layer, the input's first: ``[64, 32, 10]``.
        activation: its name, one of ``nn.activations.ACTIVATIONS``, which also has the
            initializer that suits it: He's for relu and its kin, Glorot's for tanh and its kin, LeCun's for selu.
        rng: a seed or a random generator for the weights.
        dtype: ``np.float64`` or ``np.float32``.

    Raises:
        TypeError: the sizes are not a list.
        ValueError: fewer than two sizes, a size below 1, or an unknown activation.
    """

    def __init__(
        self, sizes: Sequence[int], activation: str = "relu", rng: Seed = None, dtype: Any = np.float64
    ) -> None:
        if np.ndim(sizes) != 1:
            raise TypeError(
                f"MLP: sizes is one list, the input's first, as in nn.MLP([2, 16, 1]), not {sizes!r}; "
                f"nn.scalar.MLP(2, [16, 1]) takes micrograd's arguments"
            )
        if len(sizes) < 2:
            raise ValueError(f"MLP: sizes needs at least an input and an output size, not {list(sizes)}")
        function, initializer = activation_and_initializer(activation)
        rng = generator(rng)
        layers: list[Any] = []
        for fan_in, fan_out in zip(sizes, sizes[1:]):
            layers += [Linear(fan_in, fan_out, rng, initializer, dtype), function]
        super().__init__(*layers[:-1])  # the last layer's output is left as it is: scores, or a prediction
