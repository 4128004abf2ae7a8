"""The course's comparison: one small network, two moons, and how many epochs each optimizer needs.

The lecture trains a network of 2-12-13-13-2 units (ReLU, softmax) on 300 points and
gives the epochs after which "the error is zero". What it leaves open is fixed here:
noise 0.10, raw coordinates, He's initialization, batches of 32 in a new order every
epoch. Two readings of "zero" are measured: no training point on the wrong side, and a
cross-entropy below 0.01.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from autograd import no_grad
from autograd.columns import columns
from autograd.primitive import Array
from optim.adam import Adam
from optim.adaptive import Adadelta, Adagrad, RMSprop
from optim.gradient_descent import SGD, Momentum, Nesterov

SIZES = (2, 12, 13, 13, 2)
POINTS = 300
NOISE = 0.10
LOW = 0.01  # the cross-entropy to fall below


@dataclass(frozen=True)
class Contender:
    """An optimizer of the comparison.

    Attributes:
        name: for people.
        kind: its class.
        settings: its hyperparameters, where the lecture gives them.
        batch: points per step; ``None`` is all of them.
        bound: the epochs within which no error was left in many earlier runs; ``None`` if that was not looked at.
        lecture: the epochs that the lecture gives; ``None`` if it gives no number.
        pytorch: epochs to no errors and to a low cross-entropy with PyTorch 2.13, in float32, of three seeds each.
    """

    name: str
    kind: type[Any]
    settings: dict[str, float]
    batch: int | None = 32
    bound: int | None = None
    lecture: int | None = None
    pytorch: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None

    @property
    def cap(self) -> int:
        """The epoch in which a run is given up."""
        return 3 * (self.bound or 300)

    @property
    def updates(self) -> int:
        """How many steps an epoch has."""
        return -(-POINTS // (self.batch or POINTS))


BATCH, MINI, STOCHASTIC = "whole batch", "mini-batches", "single points"  # plain descent, fed in three ways

CONTENDERS = (
    Contender(BATCH, SGD, {"lr": 0.01}, None, 10_000, 20_000, ((6930, 4666, 3717), (5858, 5721, 6071))),
    Contender(MINI, SGD, {"lr": 0.01}, 32, 1000, 5000, ((512, 469, 350), (585, 566, 607))),
    Contender(STOCHASTIC, SGD, {"lr": 0.01}, 1, 60, 400, ((16, 17, 14), (26, 19, 27))),
    Contender("Momentum", Momentum, {"lr": 0.01, "momentum": 0.9}, 32, 150, None, ((59, 45, 35), (65, 58, 61))),
    Contender("Nesterov", Nesterov, {"lr": 0.01, "momentum": 0.9}, 32, 150, None, ((50, 49, 35), (61, 59, 60))),
    Contender("Adagrad", Adagrad, {"lr": 0.01}, 32, 1500, 8000, ((727, 251, 240), (564, 496, 407))),
    Contender("Adadelta", Adadelta, {"lr": 1.0, "rho": 0.9}, 32, 200, 2500, ((80, 51, 44), (77, 69, 57))),
    Contender("RMSprop", RMSprop, {"lr": 0.001, "rho": 0.9}, 32, 250, None, ((132, 143, 91), (133, 162, 116))),
    Contender("Adam", Adam, {"lr": 0.001}, 32, 250, 900, ((155, 127, 115), (144, 145, 162))),
    Contender("RMSprop, faster", RMSprop, {"lr": 0.01, "rho": 0.9}),
    Contender("Adam, faster", Adam, {"lr": 0.01}),
)


@dataclass(frozen=True)
class Claim:
    """That some contenders need fewer epochs than others.

    Attributes:
        faster: each of these is compared with each of ``slower``.
        elsewhere: what came out of more seeds and of other data.
    """

    text: str
    faster: tuple[str, ...]
    slower: tuple[str, ...]
    elsewhere: str


_OTHERS = (BATCH, MINI, STOCHASTIC, "Momentum", "Adagrad", "Adadelta", "RMSprop")

CLAIMS = (
    Claim("mini-batches before the whole batch", (MINI,), (BATCH,), "always"),
    Claim("single points before mini-batches", (STOCHASTIC,), (MINI,), "always"),
    Claim("Momentum and Nesterov before plain mini-batches", ("Momentum", "Nesterov"), (MINI,), "always"),
    Claim("Adadelta and Adam before Adagrad", ("Adadelta", "Adam"), ("Adagrad",), "always"),
    Claim("Adam before plain mini-batches", ("Adam",), (MINI,), "always with batches of 32"),
    Claim("Adadelta before plain mini-batches", ("Adadelta",), (MINI,), "always with batches of 32"),
    Claim("Nesterov before Adam", ("Nesterov",), ("Adam",), "mostly"),
    Claim("Nesterov before Momentum", ("Nesterov",), ("Momentum",), "a matter of luck"),
    Claim("Adam before Adadelta", ("Adam",), ("Adadelta",), "only with noisier points"),
    Claim("plain mini-batches before Adagrad", (MINI,), ("Adagrad",), "only with noisier or scaled points"),
    Claim("Nesterov before all others", ("Nesterov",), (*_OTHERS, "Adam"), "never: single points need fewer epochs"),
    Claim("Adam before all others but Nesterov", ("Adam",), _OTHERS, "never, for the same reason"),
)


@dataclass(frozen=True)
class Finish:
    """The first epoch after which no training point was on the wrong side, and that after which the loss was low.

    ``math.inf`` if there was none.
    """

    contender: Contender
    seed: int
    no_errors: float
    low: float


def train(
    job: tuple[Contender, int],
    model: Callable[..., Any],
    loss: Callable[[Any, Any], Any],
    points: Callable[..., tuple[Array, Array]],
) -> Finish:
    """Train until both goals are reached or the cap is.

    Args:
        job: the contender and a seed, which decides on the points, the first weights and the order.
        model: makes a new network: ``model(SIZES, rng=0)``.
        loss: of the network's output and the labels: the cross-entropy.
        points: draws the points and their labels: ``points(POINTS, NOISE, rng=0)``.
    """
    contender, seed = job
    x, y = points(POINTS, NOISE, rng=seed)
    rng = np.random.default_rng(seed)
    network = model(SIZES, rng=rng)
    optimizer = contender.kind(network.parameters(), **contender.settings)
    size = contender.batch or POINTS
    no_errors = low = math.inf
    for epoch in range(1, contender.cap + 1):
        order = rng.permutation(POINTS)
        for start in range(0, POINTS, size):
            rows = order[start : start + size]
            optimizer.zero_grad()
            loss(network(x[rows]), y[rows]).backward()
            optimizer.step()
        with no_grad():
            scores = network(x)
            if low == math.inf and float(loss(scores, y)) < LOW:
                low = epoch
            if no_errors == math.inf and (np.argmax(scores, axis=1) == y).all():
                no_errors = epoch
        if max(no_errors, low) < math.inf:
            break
    return Finish(contender, seed, no_errors, low)


# ---- what came out -----------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """All finishes, contender by contender."""

    finishes: Sequence[Finish]

    def of(self, name: str) -> list[Finish]:
        """The finishes of the contender of this name, seed by seed."""
        return sorted((f for f in self.finishes if f.contender.name == name), key=lambda finish: finish.seed)

    def holds(self, claim: Claim) -> list[bool]:
        """Seed by seed, whether each of the faster had a low cross-entropy before each of the slower."""
        faster = zip(*(self.of(name) for name in claim.faster))
        slower = zip(*(self.of(name) for name in claim.slower))
        return [max(f.low for f in these) < min(f.low for f in those) for these, those in zip(faster, slower)]

    def updates(self, name: str) -> float:
        """The median number of updates to a low cross-entropy."""
        return median(f.low * f.contender.updates for f in self.of(name))

    def report(self) -> str:
        """The table, the claims, and what the lecture's own figures are worth."""
        seeds = len(self.of(MINI))
        network = "-".join(map(str, SIZES))
        parts = [
            f"Two moons of {POINTS} points, noise {NOISE:g}, raw coordinates; a network of {network} units, ReLU, "
            f"He's initialization;\n{seeds} seeds, each with other points, weights and order: median [least-most]. "
            f"Momentum 0.9, rho 0.9, Adam's defaults.",
            self._table(),
            f"Is it so? Claims about the epochs to a cross-entropy below {LOW:g}, seed by seed:",
            self._claims(),
            self._ranges(),
            self._updates(),
            self._figures(),
        ]
        return "\n\n".join(parts)

    def _table(self) -> str:
        rows = [
            ("", "", "", "epochs to no errors", "", "", "", f"to a loss below {LOW:g}", ""),
            ("optimizer", "lr", "batch", "here", "bound", "PyTorch", "lecture", "here", "PyTorch"),
        ]
        for contender in CONTENDERS:
            finishes = self.of(contender.name)
            ours = [_spread([f.no_errors for f in finishes]), _spread([f.low for f in finishes])]
            theirs = [_number(median(runs)) for runs in contender.pytorch] if contender.pytorch else ["", ""]
            bound, lecture = (_number(n) if n else "" for n in (contender.bound, contender.lecture))
            rows.append(
                (
                    contender.name,
                    f"{contender.settings['lr']:g}",
                    str(contender.batch or POINTS),
                    ours[0],
                    bound,
                    theirs[0],
                    lecture,
                    ours[1],
                    theirs[1],
                )
            )
        return "\n".join(columns(rows, numbers=range(1, 9)))

    def _claims(self) -> str:
        rows = [("claim of the lecture, or of its figures", "here", "in other runs")]
        for claim in CLAIMS:
            held = self.holds(claim)
            verdict = "holds" if all(held) else "fails" if not any(held) else "not robust"
            rows.append((claim.text, f"{verdict}: {sum(held)} of {len(held)} seeds", claim.elsewhere))
        return "\n".join(columns(rows, indent="  "))

    def _ranges(self) -> str:
        outside = [
            f"{f.contender.name}, seed {f.seed}: {_number(f.no_errors)} of at most {_number(f.contender.bound)}"
            for f in self.finishes
            if f.contender.bound and not f.no_errors < f.contender.bound
        ]
        return f"Outside the bounds: {'; '.join(outside)}." if outside else "All runs are within the bounds."

    def _updates(self) -> str:
        counts = {name: self.updates(name) for name in (BATCH, MINI, STOCHASTIC)}
        apart = max(counts.values()) / min(counts.values()) - 1
        listed = ", ".join(f"{name} {_number(count)}" for name, count in counts.items())
        gain = median(f.low for f in self.of(MINI)) / median(f.low for f in self.of("Momentum"))
        rates = median(f.low for f in self.of("Adam")) / median(f.low for f in self.of("Adam, faster"))
        return (
            f"An epoch of single points has {POINTS} updates, one of the whole batch has 1. Counted in updates:\n"
            f"  {listed}: {apart:.0%} apart{', which is no difference' if apart <= 0.25 else ''}.\n"
            f"Momentum needs {gain:.1f} times fewer epochs than none; its steps are 1 / (1 - 0.9) = 10 times larger.\n"
            f"Adam needs {rates:.1f} times fewer with lr 0.01 than with 0.001: the rate matters more than the rule."
        )

    def _figures(self) -> str:
        factors = {c.name: c.lecture / median(f.no_errors for f in self.of(c.name)) for c in CONTENDERS if c.lecture}
        near = [name for name, factor in factors.items() if 0.5 <= factor <= 2]
        return (
            f"The lecture's epochs are {min(factors.values()):.1f} to {max(factors.values()):.0f} times those found "
            f"here; within a factor of 2: {', '.join(near) or 'none'}.\nIt does not say how noisy its points are.\n"
            f"Numbers of that size come out with noise 0.15, or with coordinates scaled to [0, 1]."
        )

    def plot(self, path: Path) -> None:
        """Draw how many epochs, and how many updates, each contender needed in each seed.

        Raises:
            ImportError: matplotlib is not installed.
        """
        from optim import moons_plot

        moons_plot.draw(self, path)


def _number(number: float | None) -> str:
    return "never" if number is None or math.isinf(number) else f"{number:,.0f}"


def _spread(numbers: Sequence[float]) -> str:
    return f"{_number(median(numbers))} [{_number(min(numbers))}-{_number(max(numbers))}]"
