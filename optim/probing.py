"""Base of the methods that ask for the loss or its gradient elsewhere than at the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import measured_of
from optim.optimizer import SEVERAL, Optimizer, differentiate
from optim.transforms import Penalty, SkipStep

LossAndGradient = Callable[[Array], tuple[float, Array]]


@dataclass(eq=False)
class Probing(Optimizer):
    """An optimizer whose step is handed the loss as a function.

    ``optimizer.step(lambda: loss_function(model(x), y))``: the function computes the
    loss of the present weights and returns it; ``step`` clears the gradients and
    differentiates as often as the method needs. The rule sees it as ``f``, which
    returns the loss and its gradient at any vector. ``begin`` is not called, as
    there is no gradient before the rule asks for one.
    """

    goes_by = SEVERAL
    tolerant: ClassVar[bool] = False
    """Whether the rule itself deals with a loss or gradient that is not finite at a point it tries."""

    def __post_init__(self, parameters: Any) -> None:
        super().__post_init__(parameters)
        if self.groups:
            raise ValueError(f"{type(self).__name__}: moves all parameters at once, and takes no groups of them")
        if self.early:
            raise TypeError(
                f"{type(self).__name__}: compares the loss at several points, and {type(self.early[0]).__name__} moves "
                f"the weights beside it; use L2, which is a part of the loss"
            )

    def rule(self, w: Array, g: Any, *state: Any, **_: Any) -> None:
        """Update the weights and the state vectors in place; in subclasses ``g`` is called ``f``, and a function."""
        raise NotImplementedError(f"{type(self).__name__} has no rule")

    def step(self, loss: Any = None) -> None:
        """Take one step.

        Args:
            loss: a function without arguments that computes the loss of the present weights.

        Raises:
            TypeError: it is not a function.
            ValueError: the loss depends on no parameter.
            FloatingPointError: the loss or its gradient is not finite; nothing was updated.
        """
        if not callable(loss):
            raise TypeError(
                f"{type(self).__name__}: evaluates the loss at several points, so step() needs it as a function: "
                f"optimizer.step(lambda: loss_function(model(x), y))"
            )
        self.gather()
        if self.trace is not None:
            self.trace.begin(self)
        kept_names = (*measured_of(self), "lr", "loss", "steps")
        before = {name: getattr(self, name) for name in kept_names if hasattr(self, name)}
        self.loss = None
        vectors = [self.w, *self.state.values()]
        kept = [vector.copy() for vector in vectors]
        try:
            self._count()
            self.fresh = []
            if self.trace is not None:
                self.trace.rules([self])
            self.rule(self.w, lambda x: self._evaluate(loss, x), *self.state.values())
        except BaseException as error:
            for vector, old in zip(vectors, kept):
                vector[...] = old
            vars(self).update(before)
            if isinstance(error, SkipStep):
                self.skipped += 1
                return
            raise
        finally:
            self.scatter()
        self._constrain()
        super()._follow_loss()

    def _follow_loss(self) -> None:
        """Not yet: the step's loss is known when it has been taken, and decides on the next."""

    def _evaluate(self, loss: Callable[[], Any], x: Array) -> tuple[float, Array]:
        """The loss and its gradient at ``x``; the weights are what they were before."""
        w = self.w
        here = x is w
        kept = w.copy()
        try:
            w[:] = x
            self.scatter()
            result = differentiate(self, loss)
            if all(part.grad is None for part in self.parts):
                raise ValueError(f"{type(self).__name__}: the loss depends on none of the parameters")
            self._fill([np.zeros(part.shape) if part.grad is None else part.grad for part in self.parts])  # 0 if unused
            number = float(result) + sum(part.total(self) for part in self.transforms if isinstance(part, Penalty))
            for transform in self.transforms if self.trace is None else self.trace.transforms(self):
                transform(self.g, self)
        except SkipStep:
            if here or not self.tolerant:
                raise
        finally:
            w[:] = kept
            self.scatter()
        if here or not self.tolerant:
            if not np.isfinite(self.g).all():
                self._refuse()
            if not np.isfinite(number):
                raise FloatingPointError(f"{type(self).__name__}: the loss is {number}; nothing was updated")
        if here or self.loss is None:
            self.loss = number
        if self.trace is not None:
            self.trace.losses.append(number)
        return number, self.g.copy()
