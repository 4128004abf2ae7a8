"""Optimizers around another one: ``SAM(SGD(parameters), rho=0.05)``."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from autograd import Value
from autograd.primitive import Array
from optim.explanation import Explanation
from optim.hyperparameters import Configured, count, hyperparameter, hyperparameters_of, measured, measured_of
from optim.optimizer import (
    GIVEN,
    ONCE,
    SEVERAL,
    Optimizer,
    differentiate,
    dot,
    norm,
)
from optim.parameters import check_gradient, named
from optim.state import check_arrays, check_names, check_owner


@dataclass(eq=False)
class Wrapper(Configured):
    """Base of what changes how another optimizer steps.

    Args:
        base: the optimizer that makes the steps; it can be a wrapper, too.

    Attributes:
        state: the wrapper's own vectors.

    Raises:
        TypeError: ``base`` is no optimizer, or one whose steps need what the wrapper cannot give; or
            an unknown hyperparameter.
        ValueError: a hyperparameter out of its range.
    """

    gives: ClassVar[tuple[str, ...]] = (GIVEN, ONCE, SEVERAL)
    """What the base's step can go by: what the wrapper hands on."""

    base: Any

    def __post_init__(self) -> None:
        owner = type(self).__name__
        if not isinstance(self.base, (Optimizer, Wrapper)):
            raise TypeError(f"{owner}: goes around an optimizer, as in {owner}(SGD(parameters)), not {self.base!r:.60}")
        if self.base.goes_by not in self.gives:
            raise TypeError(
                f"{owner}: a step of {type(self.base).__name__} needs {self.base.goes_by}, which {owner} does not "
                f"hand on; go around a method that follows gradients, as in {owner}(SGD(parameters))"
            )
        self.state: dict[str, Array] = {}

    @property
    def w(self) -> Array:
        """All parameters as one vector."""
        return self.base.w  # type: ignore[no-any-return]

    @property
    def parts(self) -> list[Any]:
        """The parameters."""
        return self.base.parts  # type: ignore[no-any-return]

    @property
    def places(self) -> list[slice]:
        """Where each parameter is in ``w``."""
        return self.base.places  # type: ignore[no-any-return]

    @property
    def steps(self) -> int:
        """How many steps the base has taken."""
        return self.base.steps  # type: ignore[no-any-return]

    @property
    def loss(self) -> float | None:
        """The last loss that ``step`` was given."""
        return self.base.loss  # type: ignore[no-any-return]

    @property
    def goes_by(self) -> str:
        """What a step needs to be given."""
        return self.base.goes_by  # type: ignore[no-any-return]

    @property
    def needs_loss(self) -> bool:
        """Whether ``step`` needs the loss."""
        return self.base.needs_loss  # type: ignore[no-any-return]

    def step(self, loss: Any = None) -> None:
        """Take one step, as the base does, with what the wrapper adds."""
        raise NotImplementedError(f"{type(self).__name__} has no step")

    def zero_grad(self) -> None:
        """Forget the gradients: each parameter's becomes ``None``."""
        self.base.zero_grad()

    def watch(self, on: bool = True) -> None:
        """From now on keep what each step of the base begins with, for ``explain``."""
        self.base.watch(on)

    def explain(self, parameter: Any) -> Explanation:
        """The parts of the base's last step, along the gradient that the wrapper gave it, and what was done to it then.

        Args:
            parameter: the parameter itself, its position, or its label.

        Raises:
            ValueError: it is no parameter of this optimizer, or the last step was not watched.
        """
        explanation: Explanation = self.base.explain(parameter)
        return explanation.around(type(self).__name__)

    def constrain(self) -> None:
        """The base's constraints once more, after the wrapper has moved the weights."""
        self.base.constrain()

    def gather(self) -> None:
        """Read the parameters into ``w``."""
        self.base.gather()

    def scatter(self) -> None:
        """Tell the parameters that ``w`` has changed."""
        self.base.scatter()

    def state_dict(self) -> dict[str, Any]:
        """All that a later run needs to go on: the base's state and the wrapper's own."""
        return {
            "optimizer": type(self).__name__,
            "base": self.base.state_dict(),
            "hyperparameters": {name: getattr(self, name) for name, _ in hyperparameters_of(self)},
            "measured": {name: getattr(self, name) for name in measured_of(self)},
            "vectors": copy.deepcopy(self.state),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned.

        Raises:
            ValueError: the state is of another optimizer, of other parameters, or of arrays of other
                shapes; nothing was changed.
        """
        self.check_state_dict(state)
        self.base.load_state_dict(state["base"])
        for name, number in {**state["hyperparameters"], **state["measured"]}.items():
            setattr(self, name, number)
        for name, vector in state["vectors"].items():
            self.state[name][...] = vector

    def check_state_dict(self, state: dict[str, Any]) -> None:
        """Refuse what ``load_state_dict`` cannot load, and change nothing."""
        check_owner(type(self).__name__, state)
        own = self.state_dict()
        check_names(type(self).__name__, own, state)
        self.base.check_state_dict(state["base"])
        check_arrays(self, own, state)


@dataclass(eq=False)
class SAM(Wrapper):
    """The gradient is taken where the loss nearby is worst (Foret et al. 2020, algorithm 1).

    g = gradient(w + rho * g / ||g||),  then the base's step from w

    Needs the loss as a function: ``step(lambda: loss_function(model(x), y))``.
    """

    gives = (GIVEN,)
    goes_by = ONCE

    rho: float = hyperparameter(0.05)

    def step(self, loss: Any = None) -> None:
        if not callable(loss):
            raise TypeError(
                "SAM: takes two gradients in a step, so step() needs the loss as a function: "
                "optimizer.step(lambda: loss_function(model(x), y))"
            )
        self.gather()
        first = differentiate(self, loss)
        moving = [(part, place) for part, place in zip(self.parts, self.places) if part.grad is not None]
        if not moving:
            raise ValueError("SAM: the loss depends on none of the parameters")
        length = norm(np.concatenate([part.grad for part, _ in moving], axis=None))
        if not np.isfinite(length):
            self.base.step(first)  # says which gradient is not finite, or skips the step
            return
        kept = self.w.copy()
        try:
            if length > 0:
                for part, place in moving:
                    self.w[place] += self.rho / length * np.ravel(part.grad)
                self.scatter()
            differentiate(self, loss)
        finally:
            self.w[:] = kept
            self.scatter()
        self.base.step(first)


@dataclass(eq=False)
class Lookahead(Wrapper):
    """Slow weights that follow the fast ones every k steps (Zhang et al. 2019, algorithm 1).

    slow <- slow + alpha * (w - slow),  w <- slow,  after every ``every`` steps of the base
    """

    every: int = count(5)
    alpha: float = hyperparameter(0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.state = {"slow": self.w.copy()}

    def step(self, loss: Any = None) -> None:
        slow = self.state["slow"]
        if self.steps == 0:
            self.gather()
            slow[:] = self.w
        self.base.step(loss)
        if self.steps % self.every == 0:
            slow += self.alpha * (self.w - slow)
            self.w[:] = slow
            self.constrain()
            self.scatter()


@dataclass(eq=False)
class GradientAccumulation(Wrapper):
    """One step of the base for every k calls, along the mean of their gradients (folklore).

    g = (g_1 + ... + g_k) / k,  and so the loss, for a base that asks for it
    """

    gives = (GIVEN,)

    every: int = count(4)
    calls: int = measured(0)
    losses: float = measured(0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.state = {"total": np.zeros_like(self.w), "used": np.zeros(len(self.parts))}

    def step(self, loss: Any = None) -> None:
        if callable(loss):
            loss = differentiate(self, loss)
        number = None if loss is None else float(loss)
        total, used = self.state["total"], self.state["used"]
        if all(part.grad is None for part in self.parts):
            raise ValueError("GradientAccumulation: no parameter has a gradient; call loss.backward() before step()")
        for i, part in enumerate(self.parts):
            if part.grad is not None:
                check_gradient(f"GradientAccumulation: the gradient of {named(i, part)}", part.grad, part)
        for i, (part, place) in enumerate(zip(self.parts, self.places)):
            if part.grad is not None:
                total[place] += np.ravel(part.grad)
                used[i] = 1
        if number is not None:
            self.losses += number
        self.calls += 1
        try:
            if self.calls % self.every == 0:
                for i, (part, place) in enumerate(zip(self.parts, self.places)):
                    mean = (total[place] / self.every).reshape(part.shape)
                    part.grad = None if not used[i] else float(mean) if isinstance(part, Value) else mean
                self.base.step(None if loss is None else self.losses / self.every)
        finally:  # also if the base refuses to step: what it refused is not carried on
            if self.calls % self.every == 0:
                total[:] = used[:] = self.losses = 0.0
            self.zero_grad()


@dataclass(eq=False)
class Mechanic(Wrapper):
    """Learns the scale of another optimizer's steps by betting on them (Cutkosky, Defazio & Mehta 2023, algorithm 1).

    delta = the sum of the base's steps so far;  h = <delta, g + decay * s * ||g|| / ||w|| * w>
    m <- max(beta * m, |h| + eps);  v <- beta**2 * v + h**2;  r <- beta * r + clip(h, -m, m) * s
    s <- (s_0 / n * m + max(r, 0)) / (sqrt(v) + eps),  for n values of beta
    w <- w_0 + (sum of s) * delta
    """

    gives = (GIVEN, ONCE)

    s_0: float = hyperparameter(1e-6, positive=True)
    decay: float = hyperparameter(0.01)
    eps: float = hyperparameter(1e-8, positive=True)
    n: int = count(6)

    def __post_init__(self) -> None:
        super().__post_init__()
        inner = self.base
        while isinstance(inner, Wrapper) and not isinstance(inner, GradientAccumulation):
            inner = inner.base
        if isinstance(inner, GradientAccumulation):
            raise TypeError(
                "Mechanic: bets on gradients that GradientAccumulation clears; go around in the other order, "
                "as in GradientAccumulation(Mechanic(SGD(parameters)))"
            )
        self.state = {"w_0": self.w.copy(), **{name: np.zeros(self.n) for name in "mvrs"}}
        self.state["s"][:] = self.s_0

    def step(self, loss: Any = None) -> None:
        w_0, m, v, r, s = self.state.values()
        self.gather()
        w = self.w
        if self.steps == 0:
            w_0[:] = w
        before, taken = w.copy(), self.base.steps
        self.base.step(loss)
        if self.base.steps == taken:
            return
        g = np.concatenate([np.zeros(p.size) if p.grad is None else np.ravel(p.grad) for p in self.parts])
        g = g + self.decay * float(s.sum()) * norm(g) / (norm(before) + self.eps) * before
        delta = (before - w_0) / (float(s.sum()) + self.eps)
        h = -dot(g, delta)
        delta += w - before
        beta = 1 - 0.1 ** np.arange(1, self.n + 1)
        clipped = np.clip(h, -m, m)
        m[:] = np.maximum(beta * m, abs(h) + self.eps)
        v[:] = beta**2 * v + h**2
        r[:] = beta * r + clipped * s
        s[:] = (self.s_0 / self.n * m + np.maximum(r, 0)) / (np.sqrt(v) + self.eps)
        w[:] = w_0 + float(s.sum()) * delta
        self.constrain()
        self.scatter()
