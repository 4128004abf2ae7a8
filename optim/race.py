"""Many optimizers on one problem: who reaches the target, in how many steps, and by which way."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from autograd.columns import columns
from autograd.primitive import Array
from optim.averaging import Averaging
from optim.gradient_descent import DPSGD, SGD
from optim.learning_rate_free import DAdaptAdam, DoG, DoWG, Prodigy
from optim.problems import Problem, Trial
from optim.quasi_newton import LBFGS
from optim.surfaces import Surface
from optim.wrappers import Mechanic, Wrapper

LOST = 1e9  # a loss this many times that of the start is not coming back


@dataclass(frozen=True, eq=False)
class Run:
    """What one optimizer did.

    Attributes:
        name: the class.
        settings: ``lr=0.01, momentum=0.9``.
        losses: before the first step and after each step; the last may be nan or inf.
        path: (steps + 1, 2), the points visited on a surface; ``None`` elsewhere.
        seconds: that all steps took.
        failure: ``""``, or what went wrong: ``diverged at step 12``, or an exception's message.
    """

    name: str
    settings: str
    losses: list[float]
    path: Array | None
    seconds: float
    failure: str

    def steps_to(self, target: float) -> int | None:
        """After how many steps the loss is down at the target and stays there; ``None`` if it never does."""
        if self.failure or not self.losses[-1] <= target:
            return None
        above = [step for step, loss in enumerate(self.losses) if loss > target]
        return above[-1] + 1 if above else 0

    def rank(self, target: float | None) -> tuple[float, float]:
        """What sorts runs, the best first: by the steps to the target, and by the loss in the end."""
        steps = None if target is None else self.steps_to(target)
        lost = self.failure or not math.isfinite(self.losses[-1])
        return (math.inf if steps is None else steps, math.inf if lost else self.losses[-1])


@dataclass(frozen=True)
class Race:
    """The runs on one problem, the best first.

    Attributes:
        title: of the problem.
        runs: one per optimizer.
        surface: where they ran; ``None`` if it was a network.
        target: the loss to reach; ``None`` if there is none.
    """

    title: str
    runs: list[Run]
    surface: Surface | None
    target: float | None

    def table(self) -> str:
        """Steps and milliseconds to the target, the loss at the end, and failures."""
        goal = "" if self.target is None else f" to {self.target:g}"
        rows = [("optimizer", "settings", f"steps{goal}", f"ms{goal}", "loss at the end", "failure")]
        for run in self.runs:
            steps = None if self.target is None else run.steps_to(self.target)
            taken = max(1, len(run.losses) - 1)
            milliseconds = "" if steps is None else f"{1000 * run.seconds * steps / taken:.2f}"
            end = f"{run.losses[-1]:.2e}"
            rows.append((run.name, run.settings, "" if steps is None else str(steps), milliseconds, end, run.failure))
        return "\n".join(columns(rows, numbers=(2, 3, 4)))

    def plot(self, path: Path) -> None:
        """Draw one picture: the paths over the contours beside the learning curves.

        Raises:
            ImportError: matplotlib is not installed.
        """
        from optim import race_plot

        race_plot.draw(self, path)


def race(
    problem: Problem,
    kinds: Sequence[type[Any]],
    steps: int,
    lr: float | None = None,
    each: Callable[..., Iterable[Any]] = map,
) -> Race:
    """Let every optimizer take that many steps from the same start.

    An optimizer that fails does not stop the others.

    Args:
        problem: what to run on; it must be possible to pickle it if ``each`` is a pool's.
        kinds: classes of optimizers and wrappers.
        lr: the learning rate of all of them; without it, each runs at the best that ``best_rate`` finds.
        each: ``map``, or a parallel form of it.
    """
    runs = each(partial(best_run, problem, steps=steps, lr=lr), kinds)
    return Race(problem.title, sorted(runs, key=lambda run: run.rank(problem.target)), problem.surface, problem.target)


def advance(optimizer: Any, loss: Callable[[Any], Any], rows: Any) -> None:
    """One step of any optimizer, which is given what it asks for.

    Args:
        loss: computes the loss of the present weights on some rows of the data.
        rows: those of this step.
    """
    if not isinstance(optimizer, DPSGD):
        optimizer.step(lambda: loss(rows))
        return
    gradients = []
    for i in range(len(rows)):
        optimizer.zero_grad()
        loss(rows[i : i + 1]).backward()
        gradients.append([part.grad for part in optimizer.parts])
    optimizer.step(per_example=[np.stack(of_part) for of_part in zip(*gradients)])


# ---- one run -----------------------------------------------------------------


def run(problem: Problem, kind: type[Any], steps: int, lr: float | None, practice: bool = False) -> Run:
    """One optimizer from the start, at this learning rate, until it has taken its steps or fails."""
    trial = problem.begin(kind, practice)
    losses: list[float] = []
    path: list[Array] = []
    settings, failure, seconds = "", "", 0.0
    with np.errstate(all="ignore"):
        try:
            optimizer = _made(kind, trial.parameters, lr)
            settings = _settings(optimizer)
            _observe(optimizer, trial, losses, path)
            for step in range(steps):
                rows = trial.rows(step)
                started = time.perf_counter()
                advance(optimizer, trial.loss, rows)
                seconds += time.perf_counter() - started
                _observe(optimizer, trial, losses, path)
                if not abs(losses[-1]) <= LOST * max(1.0, abs(losses[0])):
                    raise FloatingPointError
        except FloatingPointError:
            failure = f"diverged at step {max(1, len(losses) - 1)}"
        except Exception as error:  # whatever it is, it is this optimizer's, and the others go on
            failure = str(error) or type(error).__name__
    if not losses:
        losses, path = [trial.score()], [np.array(problem.surface.start)] if problem.surface else []
    return Run(kind.__name__, settings, losses, np.array(path) if problem.surface else None, seconds, failure)


def _observe(optimizer: Any, trial: Trial, losses: list[float], path: list[Array]) -> None:
    """Where the optimizer is; with those that average the weights, where they would be used."""
    with optimizer.averaged() if isinstance(optimizer, Averaging) else contextlib.nullcontext():
        optimizer.gather()
        losses.append(trial.score())
        if optimizer.w.size == 2:
            path.append(optimizer.w.copy())


def _made(kind: type[Any], parameters: Sequence[Any], lr: float | None) -> Any:
    """An optimizer of this class; a wrapper goes around gradient descent."""
    own: dict[str, Any] = {} if lr is None else {"lr": lr}
    return kind(SGD(parameters, **own)) if issubclass(kind, Wrapper) else kind(parameters, **own)


def _settings(optimizer: Any) -> str:
    """The learning rate, and the momentum if there is one; the other hyperparameters are the defaults."""
    around = f"around {type(optimizer.base).__name__}, " if isinstance(optimizer, Wrapper) else ""
    acting = optimizer.base if around else optimizer
    shown = [f"{name}={getattr(acting, name):g}" for name in ("lr", "momentum") if getattr(acting, name, 0)]
    return around + ", ".join(shown)


# ---- the learning rate ---------------------------------------------------------

# A rule is no worse than another because its paper had a larger network in mind: 0.001 takes Adam nowhere on a
# surface that is ten units wide. So each runs at the best rate that a short search finds. Exceptions are those
# whose promise is that there is nothing to search for, and the line search, to which the rate is a first guess.
SETTLED = (DoG, DoWG, DAdaptAdam, Prodigy, Mechanic, LBFGS)
FARTHEST = 12  # half decades from the default


def best_run(problem: Problem, kind: type[Any], steps: int, lr: float | None = None) -> Run:
    """The run of an optimizer at this learning rate, or else at the best that ``best_rate`` finds."""
    acting = SGD if issubclass(kind, Wrapper) else kind
    default: Any = {item.name: item.default for item in fields(acting)}.get("lr")
    if default is not None and lr is None and kind not in SETTLED:
        lr = best_rate(problem, kind, steps, default)
    return run(problem, kind, steps, lr if default is not None else None)


def best_rate(problem: Problem, kind: type[Any], steps: int, default: float) -> float:
    """The learning rate at which an optimizer does best, of those tried.

    The search walks from the default by factors of 10, and in the end of about 3, as
    long as that helps. It is made where one can practise, so that a rate does not win
    by leading onto the minimum by chance, and one that leaves the picture is out.
    """

    def rate(place: int) -> float:
        return default * (1, 3)[place % 2] * 10.0 ** (place // 2)

    @cache
    def rank(place: int) -> tuple[float, float, int]:
        practice = run(problem, kind, steps, rate(place), practice=True)
        if practice.failure or not _in_sight(practice, problem.surface):
            return (math.inf, math.inf, place)  # of two that are out, the smaller is nearer to getting through
        return (*practice.rank(problem.target), 0)

    best = 0
    for stride in (2, -2, 1, -1):
        while abs(best + stride) <= FARTHEST and rank(best + stride) < rank(best):
            best += stride
    return rate(best)


def _in_sight(run: Run, surface: Surface | None) -> bool:
    if surface is None or run.path is None:
        return True
    left, right, bottom, top = surface.box
    low, high = run.path.min(axis=0), run.path.max(axis=0)
    return bool(left <= low[0] and high[0] <= right and bottom <= low[1] and high[1] <= top)
