"""What every optimizer shares: its parameters as one flat vector.

A rule sees the weights ``w`` and their gradient ``g`` as two vectors of the same
length, however many layers they come from, so that it reads like the paper and a
step costs a handful of array operations. ``Tensor``s are made views into ``w``;
``Value``s are gathered from and scattered to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import InitVar, dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from autograd import Node, Tensor, Value
from autograd.primitive import Array


def hyperparameter(default: float, below: float = math.inf, positive: bool = False) -> Any:
    """A dataclass field that must lie in [0, below), or in (0, below) if it must be positive."""
    return field(default=default, metadata={"below": below, "positive": positive})


@dataclass(eq=False)
class Optimizer:
    """Base of all optimizers; a subclass adds hyperparameters, state and a rule.

    Args:
        parameters: the ``Tensor``s and ``Value``s to train.

    Attributes:
        w: all parameters, one after the other, as one vector.
        state: the subclass's vectors, of the length of ``w``, zero before the first step.
        steps: how many steps were taken.

    Raises:
        ValueError: no parameters, one that comes twice, mixed precisions, or a
            hyperparameter out of its range.
        TypeError: something that is not a ``Tensor`` or ``Value``.
    """

    state_names: ClassVar[tuple[str, ...]] = ()

    parameters: InitVar[Iterable[Node]]

    def __post_init__(self, parameters: Iterable[Node]) -> None:
        for hyper in fields(self):
            _check_range(type(self).__name__, hyper.name, getattr(self, hyper.name), **hyper.metadata)
        self.parts = _checked(type(self).__name__, parameters)
        dtypes = {part.dtype for part in self.parts}
        if len(dtypes) > 1:
            raise ValueError(
                f"{type(self).__name__}: the parameters mix float32 and float64; use one optimizer for each"
            )
        ends = np.cumsum([part.size for part in self.parts]).tolist()
        self.places = [slice(end - part.size, end) for part, end in zip(self.parts, ends)]
        self.w: Array = np.empty(ends[-1], dtypes.pop())
        self.g: Array = np.empty_like(self.w)
        self.state: dict[str, Array] = {name: np.zeros_like(self.w) for name in self.state_names}
        self.steps = 0
        self.tensors = [(part, place) for part, place in zip(self.parts, self.places) if isinstance(part, Tensor)]
        self.values = [(part, place.start) for part, place in zip(self.parts, self.places) if isinstance(part, Value)]
        self._gather_weights()

    def rule(self, w: Array, g: Array, *state: Any, **_: Any) -> None:
        """Update the weights and the state vectors in place; ``self.steps`` counts from 1."""
        raise NotImplementedError(f"{type(self).__name__} has no rule")

    def zero_grad(self) -> None:
        """Forget the gradients: each parameter's becomes ``None``."""
        for part in self.parts:
            part.grad = None

    def step(self) -> None:
        """Take one step along the gradients that the last ``backward`` left.

        A parameter without a gradient stays as it is, and so does its state; steps
        are counted once for all.

        Raises:
            ValueError: no parameter has a gradient.
        """
        grads = [part.grad for part in self.parts if part.grad is not None]
        if not grads:
            raise ValueError(f"{type(self).__name__}: no parameter has a gradient; call loss.backward() before step()")
        self._gather_weights()
        self.steps += 1
        if len(grads) == len(self.parts):
            np.concatenate(grads, axis=None, out=self.g)
            self.rule(self.w, self.g, *self.state.values())
        else:
            self._step_some(grads)
        self._scatter_weights()

    def _step_some(self, grads: list[Any]) -> None:
        """The rule on those entries alone that have a gradient."""
        index = np.r_[tuple(place for part, place in zip(self.parts, self.places) if part.grad is not None)]
        w = self.w[index]
        state = [vector[index] for vector in self.state.values()]
        self.rule(w, np.concatenate(grads, axis=None, dtype=w.dtype), *state)
        self.w[index] = w
        for vector, updated in zip(self.state.values(), state):
            vector[index] = updated

    def _gather_weights(self) -> None:
        """Make each ``Tensor`` a view into ``w``, if it is not one already, and read the ``Value``s."""
        for tensor, place in self.tensors:
            data = tensor._data
            if data.base is not self.w:  # new here, or taken over by another optimizer meanwhile
                self.w[place] = data.ravel()
                tensor._data = self.w[place].reshape(data.shape)
        for value, position in self.values:
            self.w[position] = value.data

    def _scatter_weights(self) -> None:
        for value, position in self.values:
            value.data = float(self.w[position])


def _check_range(owner: str, name: str, number: Any, below: float, positive: bool) -> None:
    if not isinstance(number, (int, float, np.number)) or not 0 <= number < below or (positive and number == 0):
        allowed = f"0 {'<' if positive else '<='} {name} < {below:g}"
        raise ValueError(f"{owner}: {name} must be a number with {allowed}, not {number!r}")


def _checked(owner: str, parameters: Iterable[Any]) -> list[Node]:
    if isinstance(parameters, Node):
        parameters = [parameters]
    if not isinstance(parameters, Iterable):
        given = type(parameters).__name__
        raise TypeError(f"{owner}: takes a list of parameters, not {given}; pass model.parameters()")
    parts = list(parameters)
    if not parts:
        raise ValueError(f"{owner}: there are no parameters to train; pass model.parameters()")
    seen: set[Node] = set()
    for position, part in enumerate(parts):
        if not isinstance(part, (Tensor, Value)):
            raise TypeError(f"{owner}: parameter {position} is {type(part).__name__}, not a Tensor or a Value")
        if part.op is not None:
            raise ValueError(
                f"{owner}: parameter {position} was computed by {part.op.name}; only leaves can be trained"
            )
        if part in seen:
            raise ValueError(f"{owner}: parameter {position} ({part!r:.80}) is given twice")
        seen.add(part)
    return parts
