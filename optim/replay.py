"""The microscope: the change that a step made to a parameter, split into parts that add up to it.

The parts are not worked out from a second set of formulas. What the rule began with
is kept, and the rule is run again from there: first with everything switched off,
then with one thing more at a time - momentum, bias correction, decay, the schedule,
each transform - until it is the step that was taken. A part is what its addition
changed, so the parts add up to the change, for any rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Node
from autograd.primitive import Array
from optim.explanation import Explanation, find, shaped
from optim.hyperparameters import hyperparameters_of, roles_of
from optim.trace import Trace, copy_of

if TYPE_CHECKING:
    from optim.optimizer import Optimizer

RATE, GRADIENT, WHOLE = "rate", "gradient", "the method as a whole"
LAST = ("bias correction", "decay", "schedule")  # in this order, after the parts that only some methods have
CORRECTION, _, SCHEDULE = LAST


def explain(optimizer: Optimizer, parameter: Any) -> Explanation:
    """What ``Optimizer.explain`` does."""
    owner, trace = type(optimizer).__name__, optimizer.trace
    position = find(owner, optimizer.parts, parameter)
    if trace is None:
        raise ValueError(
            f"{owner}: nothing was kept of the last step; call optimizer.watch() once, and explain() after the next"
        )
    if not trace.complete:
        what = "the last step was not taken" if trace.weights else "no step was taken since watch()"
        raise ValueError(f"{owner}: {what}, so there is nothing to explain")
    part, place = optimizer.parts[position], optimizer.places[position]
    weights = [w[place].astype(float) for w in trace.weights]  # in which sums and differences of float32 are exact
    mover = next((mover for mover in trace.movers if any(part is own for own in mover.parts)), None)
    title = f"{owner}, step {trace.step}: {optimizer._name(position)}"
    if mover is None:
        title += ", which had no gradient"
        changes = {}
    else:
        changes = _changes(trace, mover, part, weights[1] - weights[0])
    for constraint, old, new in zip(optimizer.constraints, weights[1:], weights[2:]):
        changes[_unused(_name(constraint, "constraint"), changes)] = new - old
    parts = {name: shaped(change, part) for name, change in changes.items()}
    return Explanation(title, part, parts, shaped(weights[0], part), shaped(weights[-1], part))


class Uncorrected(float):
    """A rate of decay b for which b**t is 0, so that 1 - b**t, the correction of an average begun at 0, is 1."""

    asked = False

    def __pow__(self, *_: Any) -> float:
        self.asked = True
        return 0.0


class Replay:
    """A rule, run again from where it began with some of its parts switched off."""

    def __init__(self, trace: Trace, mover: Any) -> None:
        self.trace, self.mover = trace, mover
        self.roles = roles_of(mover)
        self.rates = [*self.roles.pop(RATE, {})]
        names = [*(name for name in self.roles if name not in LAST), *LAST]
        self.parts = [name for name in names if self._has(name)]

    def _has(self, name: str) -> bool:
        """Whether a part is in use: one of its numbers is not the one that switches it off."""
        off = self.roles.get(name, {})
        now = any(getattr(self.mover, hyper) != number for hyper, number in off.items())
        first = any(self.mover.starting.get(hyper, number) != number for hyper, number in off.items())
        return now or first or (name == SCHEDULE and bool(self.mover.starting)) or (name == CORRECTION and self._asks())

    def _asks(self) -> bool:
        """Whether the rule takes a power of a rate of decay."""
        again = self.run({*self.roles, SCHEDULE} - {CORRECTION}, len(self.mover.transforms))
        return any(getattr(getattr(again, name), "asked", False) for name, _ in hyperparameters_of(again))

    def rate(self, on: set[str]) -> float | None:
        """The learning rate, if the method has one: what plain gradient descent would multiply the gradient with."""
        numbers = self._numbers(on)
        return next((float(numbers.get(name, getattr(self.mover, name))) for name in self.rates), None)

    def run(self, on: set[str], stage: int) -> Any:
        """The optimizer after its rule was run with these parts and that many of the transforms."""
        again = copy_of(self.mover)
        again.kernel = None
        again.early = [one for one in again.early if any(one is other for other in again.transforms[:stage])]
        vars(again).update(self._numbers(on))
        gradients = [look.of(again.parts, stage) for look in self.trace.looks]
        with np.errstate(all="ignore"):
            if self.trace.losses:
                answers = iter(zip(self.trace.losses, gradients))
                nothing = (math.nan, np.full_like(again.w, math.nan))  # to a question that the step did not ask
                again.rule(again.w, lambda x: next(answers, nothing), *again.state.values())
            else:
                again.g[:] = gradients[0]
                again.update()
        return again

    def _numbers(self, on: set[str]) -> dict[str, Any]:
        """What the hyperparameters are when only these parts are on."""
        numbers = {} if SCHEDULE in on else {**self.mover.starting}
        for name, off in self.roles.items():
            numbers.update({} if name in on else off)
        if CORRECTION not in on:
            for name, allowed in hyperparameters_of(self.mover):
                if allowed.below == 1.0:
                    numbers[name] = Uncorrected(numbers.get(name, getattr(self.mover, name)))
        return numbers


def _changes(trace: Trace, mover: Any, part: Node, change: Array) -> dict[str, Array]:
    """The parts of what the rule did to a parameter."""
    place = next(place for own, place in zip(mover.parts, mover.places) if own is part)
    replay = Replay(trace, mover)

    def outcome(on: set[str], stage: int) -> Array:
        return replay.run(on, stage).w[place].astype(float) - mover.w[place].astype(float)  # type: ignore[no-any-return]

    everything, transforms = {*replay.parts}, mover.transforms
    whole = bool(trace.losses) and not replay.roles  # where it asks for gradients depends on all it does
    scale = float(np.abs(change).max(initial=0.0))
    eps = float(np.finfo(mover.w.dtype).eps)
    rounding = 8 * eps * (float(np.abs(mover.w[place]).max(initial=0.0)) + scale)
    if not whole:
        difference = np.abs(outcome(everything, len(transforms)) - change).max(initial=0.0)
        whole = bool(difference > rounding + math.sqrt(eps) * scale)  # it does not do the same thing twice

    rate = replay.rate(everything if whole else set())
    gradient = None if rate is None else -rate * trace.looks[0].vectors[0][trace.looks[0].places[part]].astype(float)
    ways: list[tuple[str, Array]] = [] if gradient is None else [(GRADIENT, gradient)]
    name = mover.rest or _usual_rest(mover)
    if whole:
        ways.append((WHOLE, change))
    else:
        rest = outcome(set(), 0)
        only_gradient = gradient is not None and name == WHOLE and bool(np.all(np.abs(rest - gradient) <= rounding))
        if not only_gradient:
            ways.append((name, rest))
        for count, name in enumerate(replay.parts, 1):
            ways.append((name, outcome({*replay.parts[:count]}, 0)))
        for stage, transform in enumerate(transforms, 1):
            ways.append((_name(transform, "transform"), outcome(everything, stage)))
        if len(ways) > 1 or gradient is None:
            ways[-1] = (ways[-1][0], change)
    return _differences(ways)


def _differences(ways: Sequence[tuple[str, Array]]) -> dict[str, Array]:
    """What each way of taking the step adds to the one before; one that leads nowhere is one part with the next."""
    parts: dict[str, Array] = {}
    before, waiting = np.zeros(1), ""
    for name, change in ways:
        name = f"{waiting} and {name}" if waiting else name
        if not np.isfinite(change).all():
            waiting = name
            continue
        parts[_unused(name, parts)] = change - before
        before, waiting = change, ""
    return parts


def _usual_rest(mover: Any) -> str:
    """What a rule is called that the class does not name: with an eps it divides by something."""
    return "preconditioner" if any(name.startswith("eps") for name, _ in hyperparameters_of(mover)) else WHOLE


def _name(function: Any, kind: str) -> str:
    name: str = getattr(function, "__name__", type(function).__name__)
    return kind if name == "<lambda>" else name


def _unused(name: str, parts: Mapping[str, Any]) -> str:
    count = 1 + sum(name == other or other.startswith(f"{name} (") for other in parts)
    return name if count == 1 else f"{name} ({count})"
