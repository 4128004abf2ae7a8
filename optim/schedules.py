"""Hyperparameters that change in training, the learning rate above all.

A schedule is a function of the number of steps taken so far, ``s`` in the formulas::

    SGD(parameters, lr=CosineDecay(0.1, steps=1000))
    SGD(parameters, lr=lambda step: 0.1 / (step + 1))

One that follows the loss is a function of the losses so far. The optimizer then wants
``step(loss)``, and keeps what the schedule remembers in its ``state_dict``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from optim.hyperparameters import COUNT, Allowed, Checked, count, hyperparameter, required

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Steps = Callable[[int], float]

FACTOR = Allowed(above=True)  # what a rate is multiplied with


class Schedule(Checked):
    """Base of the schedules that are functions of the step.

    Args:
        start: the value at step 0.
        steps: after how many steps the end is reached; it stays there.
    """

    def __call__(self, step: int) -> float:
        """The value after this many steps."""
        raise NotImplementedError(f"{type(self).__name__} says no value")

    def plot(self, steps: int = 1000) -> Figure:
        """The first ``steps`` values as a matplotlib figure.

        Raises:
            ImportError: matplotlib is not installed.
        """
        return plot_schedule(self, steps)


@dataclass(eq=False)
class Constant(Schedule):
    """The same value at every step."""

    value: float = required()

    def __call__(self, step: int) -> float:
        return self.value


# ---- decay -------------------------------------------------------------------


@dataclass(eq=False)
class ExponentialDecay(Schedule):
    """start * factor**(s / every).

    PyTorch (``every`` is 1 there), Keras and optax agree.
    """

    start: float = required()
    factor: float = required(FACTOR)
    every: int = count(1)

    def __call__(self, step: int) -> float:
        return float(self.start * self.factor ** (step / self.every))


@dataclass(eq=False)
class DelayedExponentialDecay(Schedule):
    """start, from step ``delay`` on start * factor**((s - delay) / every).

    optax's ``exponential_decay(transition_begin=delay)`` agrees.
    """

    start: float = required()
    factor: float = required(FACTOR)
    delay: int = required(Allowed(kind=int))
    every: int = count(1)

    def __call__(self, step: int) -> float:
        return float(self.start * self.factor ** (max(0, step - self.delay) / self.every))


@dataclass(eq=False)
class IntervalDecay(Schedule):
    """start * factor**floor(s / every): also known as step decay.

    PyTorch's ``StepLR``, Keras and optax (``staircase=True``) agree.
    """

    start: float = required()
    factor: float = required(FACTOR)
    every: int = required(COUNT)

    def __call__(self, step: int) -> float:
        return float(self.start * self.factor ** (step // self.every))


@dataclass(eq=False)
class MultiStepDecay(Schedule):
    """start * factor**(how many of the steps ``at`` have been reached).

    At step at[i] the value is the new one, as in PyTorch and optax; Keras'
    ``PiecewiseConstantDecay`` has the old one there still.
    """

    start: float = required()
    factor: float = required(FACTOR)
    at: Sequence[int] = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.at = _in_order(self, self.at)

    def __call__(self, step: int) -> float:
        return float(self.start * self.factor ** bisect_right(self.at, step))


@dataclass(eq=False)
class PolynomialDecay(Schedule):
    """end + (start - end) * (1 - s / steps)**power.

    PyTorch (whose end is 0), Keras and optax agree.
    """

    start: float = required()
    steps: int = required(COUNT)
    end: float = hyperparameter(0.0)
    power: float = hyperparameter(1.0, positive=True)

    def __call__(self, step: int) -> float:
        return _between(self.end, self.start, (1 - min(step, self.steps) / self.steps) ** self.power)


@dataclass(eq=False)
class InverseTimeDecay(Schedule):
    """start / (1 + rate * s / every), as Robbins & Monro (1951) need it to converge.

    Keras agrees; PyTorch and optax have none.
    """

    start: float = required()
    rate: float = required()
    every: int = count(1)

    def __call__(self, step: int) -> float:
        return self.start / (1 + self.rate * step / self.every)


@dataclass(eq=False)
class CosineDecay(Schedule):
    """end + (start - end) * (1 + cos(pi * s / steps)) / 2 (Loshchilov & Hutter 2016, eq. 5).

    Keras and optax agree. PyTorch's ``CosineAnnealingLR`` does up to ``steps``, and
    climbs up the cosine again after it, where this one stays at the end.
    """

    start: float = required()
    steps: int = required(COUNT)
    end: float = hyperparameter(0.0)

    def __call__(self, step: int) -> float:
        return _cosine(self.start, self.end, min(step, self.steps) / self.steps)


# ---- up, and up and down -------------------------------------------------------


@dataclass(eq=False)
class LinearRamp(Schedule):
    """start + (end - start) * s / steps, up or down.

    PyTorch's ``LinearLR`` and optax's ``linear_schedule`` agree.
    """

    start: float = required()
    end: float = required()
    steps: int = required(COUNT)

    def __call__(self, step: int) -> float:
        return _between(self.start, self.end, min(step, self.steps) / self.steps)


@dataclass(eq=False)
class WarmUp(Schedule):
    """then(0) * (s + 1) / steps for the first steps, then(s - steps) (He et al. 2018, section 3.1).

    The first step has the first of equal parts. The warm-ups of Keras and optax begin
    with a step of size 0, and are one step behind this one until they are up.

    Args:
        then: another schedule, or a number.
        steps: how many steps are smaller.
    """

    then: Steps | float
    steps: int = required(COUNT)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_schedule(self, self.then)

    def __call__(self, step: int) -> float:
        if step < self.steps:
            return _value(self.then, 0) * (step + 1) / self.steps
        return _value(self.then, step - self.steps)


@dataclass(eq=False)
class WarmRestarts(Schedule):
    """Cosines one after the other, each ``longer`` times as long (Loshchilov & Hutter 2016, section 3).

    end + (start - end) * lower**i * (1 + cos(pi * s_i / steps_i)) / 2,  steps_i = steps * longer**i

    s_i counts from the restart; at a restart the value is that of the new cosine. PyTorch
    (which has no ``lower``), Keras and optax (whose cycles are listed) agree.
    """

    start: float = required()
    steps: int = required(COUNT)
    end: float = hyperparameter(0.0)
    longer: int = count(1)
    lower: float = hyperparameter(1.0, positive=True)

    def __call__(self, step: int) -> float:
        i, s, length = 0, step, self.steps
        if self.longer == 1:
            i, s = divmod(step, length)
        while s >= length:
            i, s, length = i + 1, s - length, length * self.longer
        return _cosine(_between(self.end, self.start, self.lower**i), self.end, s / length)


@dataclass(eq=False)
class Cyclic(Schedule):
    """Up from low to high in ``half`` steps, down again in as many, and so on (Smith 2015).

    low + (high - low) * triangle(s) * lower**floor(s / (2 * half)) * factor**s

    ``triangular2`` of the paper is ``lower=0.5``, ``exp_range`` has a ``factor`` below 1.
    PyTorch's ``CyclicLR`` agrees.
    """

    low: float = required()
    high: float = required()
    half: int = required(COUNT)
    lower: float = hyperparameter(1.0, positive=True)
    factor: float = hyperparameter(1.0, positive=True)

    def __call__(self, step: int) -> float:
        cycle, s = divmod(step, 2 * self.half)
        triangle = min(s, 2 * self.half - s) / self.half
        return _between(self.low, self.high, triangle * self.lower**cycle * self.factor**step)


@dataclass(eq=False)
class OneCycle(Schedule):
    """Up to the peak in the first ``warm`` of the steps, and down to almost nothing (Smith & Topin 2017).

    peak / divide  to  peak  to  peak / divide / final_divide,  by half a cosine each

    The corners are at warm * steps and at steps, as in optax; PyTorch's are a step
    earlier each. The paper goes up and down by straight lines.
    """

    peak: float = required()
    steps: int = required(COUNT)
    warm: float = hyperparameter(0.3, below=1.0, positive=True)
    divide: float = hyperparameter(25.0, positive=True)
    final_divide: float = hyperparameter(1e4, positive=True)

    def __call__(self, step: int) -> float:
        start, end = self.peak / self.divide, self.peak / self.divide / self.final_divide
        top, s = self.warm * self.steps, min(step, self.steps)
        if s < top:
            return _cosine(start, self.peak, s / top)
        return _cosine(self.peak, end, (s - top) / (self.steps - top))


# ---- several as one -------------------------------------------------------------


@dataclass(eq=False)
class Chained(Schedule):
    """first(s) * second(s) * ...: several schedules at once, of which some may be numbers.

    PyTorch's ``ChainedScheduler`` agrees for those that multiply the rate.
    """

    schedules: Sequence[Steps | float]

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_schedules(self, self.schedules)

    def __call__(self, step: int) -> float:
        return math.prod(_value(schedule, step) for schedule in self.schedules)


@dataclass(eq=False)
class Sequenced(Schedule):
    """One schedule after the other, the next from each step in ``at`` on; each counts from where it begins.

    PyTorch's ``SequentialLR`` and optax's ``join_schedules`` agree.
    """

    schedules: Sequence[Steps | float]
    at: Sequence[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_schedules(self, self.schedules)
        self.at = _in_order(self, self.at)
        if len(self.at) != len(self.schedules) - 1:
            raise ValueError(
                f"Sequenced: {len(self.schedules)} schedules need {len(self.schedules) - 1} steps to change at, "
                f"not {len(self.at)}"
            )

    def __call__(self, step: int) -> float:
        turn = bisect_right(self.at, step)
        return _value(self.schedules[turn], step - (self.at[turn - 1] if turn else 0))


# ---- by the loss ------------------------------------------------------------------


@dataclass(eq=False)
class ErrorSchedule(Checked):
    """Base of the schedules that follow the loss, for which the optimizer is called as ``step(loss)``.

    The value at a step depends on the losses up to this step's own.

    Args:
        start: the value until the loss says otherwise.
        every: the rule goes by the mean of this many losses at a time; a batch's loss jumps about too much.
    """

    memory: ClassVar[tuple[float, ...]] = (math.inf,)
    """What the rule remembers before it has seen a loss."""

    start: float = required()
    every: int = count(1)

    def rule(self, loss: float, rate: float, *memory: Any, **_: Any) -> tuple[float, ...]:
        """The next rate, and what to remember."""
        raise NotImplementedError(f"{type(self).__name__} has no rule")

    def begin(self) -> tuple[float, ...]:
        """The state before the first loss: the value, the rule's memory, the sum and number of losses waiting."""
        return (self.start, *self.memory, 0.0, 0)

    def follow(self, state: Sequence[float], loss: float) -> tuple[float, ...]:
        """The state after one more loss."""
        *now, total, waiting = state
        total, waiting = total + loss, waiting + 1
        if waiting < self.every:
            return (*now, total, waiting)
        return (*self.rule(total / waiting, *now), 0.0, 0)

    def __call__(self, losses: Sequence[float]) -> float:
        """The value after these losses."""
        return self.values(losses)[-1] if len(losses) else self.start

    def values(self, losses: Sequence[float]) -> list[float]:
        """The value at each of these losses."""
        state, values = self.begin(), []
        for loss in losses:
            state = self.follow(state, loss)
            values.append(state[0])
        return values

    def plot(self, losses: Iterable[float]) -> Figure:
        """The losses and the values they lead to as a matplotlib figure.

        Raises:
            TypeError: it is given a number of steps.
            ImportError: matplotlib is not installed.
        """
        if not isinstance(losses, Iterable):
            owner = type(self).__name__
            raise TypeError(f"{owner}: follows the loss, so plot() needs the losses, one for each step: plot(losses)")
        losses = [*losses]
        return _figure({"value": self.values(losses), "loss": losses}, type(self).__name__)


@dataclass(eq=False)
class ErrorBasedDecay(ErrorSchedule):
    """rate <- rate * factor  unless the loss fell by more than ``tolerance`` of itself (folklore)."""

    factor: float = hyperparameter(0.5, below=1.0, positive=True)
    tolerance: float = hyperparameter(0.0)

    def rule(self, loss: float, rate: float, last: float) -> tuple[float, ...]:
        return rate if _fell(loss, last, self.tolerance) else rate * self.factor, loss


@dataclass(eq=False)
class Plateau(ErrorSchedule):
    """rate <- max(rate * factor, least)  after ``patience`` losses in a row no better than the best (folklore).

    A loss is that of a step: on mini-batches, which are noisy, let ``patience`` be some epochs of steps.
    Better is below it by more than ``tolerance`` of it. For ``cooldown`` losses
    after a change none counts as bad. optax agrees; PyTorch waits for one bad loss more;
    Keras' tolerance is absolute, and its cooldown one loss shorter.
    """

    memory = (math.inf, 0, 0)

    factor: float = hyperparameter(0.1, below=1.0, positive=True)
    patience: int = count(10)
    tolerance: float = hyperparameter(0.0001)
    cooldown: int = count(0, least=0)
    least: float = hyperparameter(0.0)

    def rule(self, loss: float, rate: float, best: float, bad: int, resting: int) -> tuple[float, ...]:
        better = _fell(loss, best, self.tolerance)
        best = loss if better else best
        bad = 0 if better or resting else bad + 1
        if bad < self.patience:
            return rate, best, bad, max(0, resting - 1)
        return max(rate * self.factor, self.least), best, 0, self.cooldown


@dataclass(eq=False)
class BoldDriverRate(ErrorSchedule):
    """rate <- rate * increase  after a loss of at most (1 + tolerance) * the last, rate * decrease after a higher one.

    The rates of the bold driver (Vogl et al. 1988; Battiti 1989) for any optimizer; the
    optimizer ``BoldDriver`` also takes back the step that went up. No peer has it.
    """

    increase: float = hyperparameter(1.05, low=1.0)
    decrease: float = hyperparameter(0.5, below=1.0, positive=True)
    tolerance: float = hyperparameter(0.0)

    def rule(self, loss: float, rate: float, last: float) -> tuple[float, ...]:
        if math.isinf(last):  # there was none
            return rate, loss
        return rate * (self.increase if loss <= last + self.tolerance * abs(last) else self.decrease), loss


# ---- pictures -----------------------------------------------------------------------


def plot_schedule(schedule: Steps, steps: int = 1000) -> Figure:
    """The first ``steps`` values of any function of the step as a matplotlib figure.

    Raises:
        ImportError: matplotlib is not installed.
    """
    name = getattr(schedule, "__name__", type(schedule).__name__)
    return _figure({"value": [schedule(step) for step in range(steps)]}, name)


def _figure(curves: dict[str, Sequence[float]], title: str) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("the picture of a schedule needs matplotlib: pip install 'stepgrad[learn]'") from error
    figure = Figure(figsize=(4.6 * len(curves), 3.4), layout="constrained", dpi=120)
    for ax, (name, values) in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves.items()):
        ax.plot(np.arange(len(values)), values, color="#0072B2")
        ax.set(xlabel="step", ylabel=name, title=title)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.3)
    return figure


# ---- what they are made of ------------------------------------------------------------


def _cosine(start: float, end: float, share: float) -> float:
    return _between(end, start, (1 + math.cos(math.pi * share)) / 2)


def _between(start: float, end: float, share: float) -> float:
    """start + (end - start) * share, without the difference, whose rounding can be larger than the smaller of them."""
    return float(start * (1 - share) + end * share)


def _fell(loss: float, before: float, tolerance: float) -> bool:
    """Whether the loss is lower by more than this share of what was before; the first one is."""
    return loss < (before - tolerance * abs(before) if math.isfinite(before) else math.inf)


def _value(schedule: Steps | float, step: int) -> float:
    return schedule(step) if callable(schedule) else schedule


def _check_schedule(owner: Any, schedule: Any) -> None:
    name = type(owner).__name__
    if isinstance(schedule, ErrorSchedule):
        raise TypeError(f"{name}: {type(schedule).__name__} follows the loss and stands alone, as lr=Plateau(0.1)")
    if not callable(schedule) and schedule not in Allowed():
        raise TypeError(f"{name}: takes schedules, functions of the step and numbers, not {schedule!r:.60}")


def _check_schedules(owner: Any, schedules: Any) -> None:
    if not isinstance(schedules, Sequence) or not schedules:
        raise TypeError(f"{type(owner).__name__}: takes a list of schedules, not {schedules!r:.60}")
    for schedule in schedules:
        _check_schedule(owner, schedule)


def _in_order(owner: Any, at: Any) -> tuple[int, ...]:
    steps = (*at,) if isinstance(at, Sequence) else ("?",)
    if not all(step in COUNT for step in steps) or any(a >= b for a, b in zip(steps, steps[1:])):
        raise ValueError(f"{type(owner).__name__}: at must list steps in rising order, all at least 1, not {at!r:.60}")
    return steps
