"""What an optimizer that is watched keeps of a step, for ``explain``."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Node
from autograd.primitive import Array

if TYPE_CHECKING:
    from optim.optimizer import Optimizer, Transform


class Trace:
    """What an optimizer that is watched keeps of its last step.

    Attributes:
        step: its number.
        weights: as the step found them, after the rule, and after each constraint.
        looks: the gradients of each time they were asked for; most methods ask once.
        losses: for a method that is given the loss as a function, what it returned each time.
        movers: for each group a copy of the optimizer, made when the rule was about to be run.
        complete: whether the step came to its end.
    """

    def __init__(self) -> None:
        self.step = 0
        self.weights: list[Array] = []
        self.looks: list[Look] = []
        self.losses: list[float] = []
        self.movers: list[Any] = []
        self.complete = False

    def begin(self, optimizer: Optimizer) -> None:
        """A step begins."""
        self.weights = [optimizer.w.copy()]
        self.looks, self.losses, self.movers = [], [], []
        self.complete = False

    def transforms(self, optimizer: Optimizer) -> Iterator[Transform]:
        """The transforms, one after the other; the gradient is kept before and after each."""
        look = Look(dict(zip(optimizer.parts, optimizer.places)), [optimizer.g.copy()])
        self.looks.append(look)
        for transform in optimizer.transforms:
            yield transform
            look.vectors.append(optimizer.g.copy())

    def rules(self, movers: Sequence[Optimizer]) -> None:
        """The rule is about to be run on each of these."""
        self.movers += map(copy_of, movers)

    def constraints(self, optimizer: Optimizer) -> Iterator[Transform]:
        """The constraints, one after the other; the weights are kept before and after each."""
        self.weights.append(optimizer.w.copy())
        for constraint in optimizer.constraints:
            yield constraint
            self.weights.append(optimizer.w.copy())
        self.step, self.complete = optimizer.steps, True


@dataclass(frozen=True)
class Look:
    """The gradient as ``backward`` left it and after each transform, and where each parameter is in it."""

    places: dict[Node, slice]
    vectors: list[Array]

    def of(self, parts: Sequence[Node], stage: int) -> Array:
        """The gradient of these parameters after that many transforms, or as many as were not refused."""
        vector = self.vectors[: stage + 1][-1]
        return np.concatenate([vector[self.places[part]] for part in parts])


def copy_of(optimizer: Any) -> Any:
    """A copy with memory of its own, but for the parameters and the functions it was given."""
    functions = [*optimizer.transforms, *optimizer.constraints, *optimizer.schedules.values()]
    shared = [
        *optimizer.parts,
        *functions,
        optimizer.trace,
        optimizer.groups,
        optimizer.views,
        optimizer.grad_views,
        optimizer.scratch,
    ]
    return copy.deepcopy(optimizer, {id(one): one for one in shared})
