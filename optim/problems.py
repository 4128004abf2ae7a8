"""Problems to race on: a surface, or a network and its data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd import Tensor, Value, no_grad
from autograd.primitive import Array
from optim.layerwise import Layerwise
from optim.surfaces import Surface


@dataclass(frozen=True)
class Trial:
    """A problem at its start, for one optimizer.

    Attributes:
        parameters: new ones.
        rows: the examples for the step of this number.
        loss: of the present weights on some rows, as a node.
        score: the loss that counts.
    """

    parameters: Sequence[Any]
    rows: Callable[[int], Sequence[int] | Array]
    loss: Callable[[Any], Any]
    score: Callable[[], float]


@dataclass(frozen=True)
class Problem:
    """What is raced on.

    Attributes:
        title: for people.
        target: the loss to reach.
        begin: a new trial for an optimizer of this class, the same every time; but another one,
            with a start near by, to practise on.
        surface: if it is one.
    """

    title: str
    target: float
    begin: Callable[[type[Any], bool], Trial]
    surface: Surface | None = None


def on_surface(surface: Surface, target: float = 1e-3) -> Problem:
    """The problem of finding a minimum of a surface."""
    x, y = surface.start
    return Problem(
        f"{surface.name}: {surface.formula} from ({x:g}, {y:g})", target, partial(_begin_on_surface, surface), surface
    )


def _begin_on_surface(surface: Surface, kind: type[Any], practice: bool) -> Trial:
    """The coordinates are two Values; but one matrix for the rules that look at a whole layer."""
    f = surface.function
    left, right, bottom, top = surface.box
    # Towards the middle of the box, by a part of it that no round learning rate goes into.
    start = [
        s + practice * (0.5 * (a + b) - s) / (10 * math.pi)
        for s, a, b in zip(surface.start, (left, bottom), (right, top))
    ]
    if issubclass(kind, Layerwise):
        w = Tensor([start])
        return Trial([w], lambda _: [0], lambda _: f(w[0, 0], w[0, 1]), lambda: float(f(*w.data[0])))
    x, y = map(Value, start)
    return Trial([x, y], lambda _: [0], lambda _: f(x, y), lambda: float(f(*np.array([x.data, y.data]))))


def on_data(
    title: str,
    target: float,
    model: Callable[..., Any],
    loss: Callable[[Any, Any], Any],
    data: tuple[Array, Array],
    held_out: tuple[Array, Array],
    batch_size: int = 64,
) -> Problem:
    """The problem of training a network on random batches; what counts is the loss on the data held out.

    Args:
        model: makes a new one of a seed: ``model(rng=0)``.
        loss: of the model's output and the targets.
    """
    return Problem(title, target, partial(_begin_on_data, model, loss, data, held_out, batch_size))


def _begin_on_data(
    model: Callable[..., Any],
    loss: Callable[[Any, Any], Any],
    data: tuple[Array, Array],
    held_out: tuple[Array, Array],
    batch_size: int,
    kind: type[Any],
    practice: bool,
) -> Trial:
    (x, y), (x_held_out, y_held_out) = data, held_out
    seed = int(practice)
    network = model(rng=seed)

    def score() -> float:
        with no_grad():
            return float(loss(network(x_held_out), y_held_out))

    return Trial(
        network.parameters(),
        lambda step: np.random.default_rng([seed, step]).choice(len(x), batch_size, replace=False),
        lambda rows: loss(network(x[rows]), y[rows]),
        score,
    )
