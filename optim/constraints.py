"""What is done to the weights after the rule, in the order of the list.

::

    SGD(parameters, lr=0.1, constraints=[MaxNorm(3.0)])

Each is a projection: it moves weights to the nearest that are allowed, and leaves those
that are. Any function of the weights and the optimizer that changes the weights in
place is a constraint, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import Allowed, required
from optim.transforms import Chosen, lengths, shorten_units

if TYPE_CHECKING:
    from optim.optimizer import Optimizer

ANY = Allowed(-math.inf, above=True)


class OnWeights(Chosen):
    """Base of the constraints."""

    works_on = "the weights"


class PerUnit(OnWeights):
    """Base of what constrains the weights that lead into each unit.

    Args:
        to: the parameters it is for; without it, those with two or more axes. A vector or
            single number in it is one unit.

    Raises:
        ValueError: when an optimizer is made with it that has no such parameter.
    """

    def units(self, optimizer: Optimizer, w: Array) -> Iterator[Array]:
        """The weights of each parameter that it is for."""
        blocks = [block for block in self.blocks(optimizer, w) if block.ndim > 1 or self.to is not None]
        if not blocks:
            name = type(self).__name__
            raise ValueError(
                f"{name}: no parameter has two or more axes, so it is not clear which weights belong to one unit; "
                f"name the parameters that are a unit each: {name}(..., to=[...])"
            )
        yield from blocks


@dataclass(eq=False)
class MaxNorm(PerUnit):
    """w <- w * min(1, limit / ||w||)  for each unit (Srebro & Shraibman 2005; Hinton et al. 2012).

    Keras' ``MaxNorm`` shrinks weights that are within the limit as well, by 1e-7 / ||w||.
    """

    limit: float = required(Allowed(above=True))

    def __call__(self, w: Array, optimizer: Optimizer) -> None:
        for block in self.units(optimizer, w):
            shorten_units(block, self.limit)


@dataclass(eq=False)
class UnitNorm(PerUnit):
    """w <- w / ||w||  for each unit; one whose weights are all 0 has no direction, and stays."""

    def __call__(self, w: Array, optimizer: Optimizer) -> None:
        for block in self.units(optimizer, w):
            size = lengths(block)
            block /= np.where(size > 0, size, 1)


@dataclass(eq=False)
class NonNegative(OnWeights):
    """w <- max(w, 0)."""

    def __call__(self, w: Array, optimizer: Optimizer) -> None:
        for block in self.blocks(optimizer, w):
            np.maximum(block, 0, out=block)


@dataclass(eq=False)
class Box(OnWeights):
    """w <- clip(w, low, high).

    Raises:
        ValueError: ``low`` is above ``high``.
    """

    low: float = required(ANY)
    high: float = required(ANY)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low > self.high:
            raise ValueError(f"Box: low must be at most high, not {self.low:g} > {self.high:g}")

    def __call__(self, w: Array, optimizer: Optimizer) -> None:
        for block in self.blocks(optimizer, w):
            np.clip(block, self.low, self.high, out=block)
