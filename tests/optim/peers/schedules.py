"""Schedules of the peers: what is compared with what, and ``python tests/optim/peers/schedules.py``, which records it.

Words after it choose the cases whose names contain one of them; the others stay as they are in ``schedules.json``.
Needs ``pip install 'stepgrad[reference]'``. The tests need only the file.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optim

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"

STEPS = 45
RECORDED = Path(__file__).with_name("schedules.json")
# Falls, stands still, falls by less than the tolerance, rises, falls again, stands still for long.
LOSSES = [8.0, 5.0, 4.0, 4.0, 4.0, 4.0, 3.9999, 3.9998, 4.5, 4.4, 4.3, 2.0, 2.5, 1.0, *[1.0] * 31]


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        ours: one of our schedules.
        make: the peer's, from the peer's module (and, for torch, the optimizer whose ``lr`` is 0.1).
        rtol: the agreement to expect.
        until: the step from which the peer goes another way, if it does.
        late: how many steps the peer is behind.
    """

    ours: Any
    make: Callable[..., Any]
    rtol: float = 1e-12
    until: int = STEPS
    late: int = 0


def per_batch(torch: Any, optimizer: Any, **how: Any) -> Any:
    """Cyclic rates without a cyclic momentum, which needs an optimizer that has one."""
    return torch.CyclicLR(optimizer, 0.01, 0.1, 6, cycle_momentum=False, **how)


CASES = {
    "exponential torch": Case(optim.ExponentialDecay(0.1, 0.9), lambda t, o: t.ExponentialLR(o, 0.9)),
    "step torch": Case(optim.IntervalDecay(0.1, 0.5, every=5), lambda t, o: t.StepLR(o, 5, 0.5)),
    "multi-step torch": Case(optim.MultiStepDecay(0.1, 0.1, at=[5, 12]), lambda t, o: t.MultiStepLR(o, [5, 12], 0.1)),
    "polynomial torch": Case(optim.PolynomialDecay(0.1, 20, power=2), lambda t, o: t.PolynomialLR(o, 20, 2)),
    "linear torch": Case(optim.LinearRamp(0.025, 0.1, 8), lambda t, o: t.LinearLR(o, 0.25, 1, 8)),
    "constant torch": Case(optim.Sequenced([0.025, 0.1], at=[5]), lambda t, o: t.ConstantLR(o, 0.25, 5)),
    "cosine torch": Case(optim.CosineDecay(0.1, 20, end=0.01), lambda t, o: t.CosineAnnealingLR(o, 20, 0.01), until=21),
    "warm restarts torch": Case(
        optim.WarmRestarts(0.1, 5, end=0.01, longer=2), lambda t, o: t.CosineAnnealingWarmRestarts(o, 5, 2, 0.01)
    ),
    "equal restarts torch": Case(optim.WarmRestarts(0.1, 7), lambda t, o: t.CosineAnnealingWarmRestarts(o, 7)),
    "cyclic torch": Case(optim.Cyclic(0.01, 0.1, 6), per_batch),
    "triangular2 torch": Case(optim.Cyclic(0.01, 0.1, 6, lower=0.5), lambda t, o: per_batch(t, o, mode="triangular2")),
    "exp_range torch": Case(
        optim.Cyclic(0.01, 0.1, 6, factor=0.97), lambda t, o: per_batch(t, o, mode="exp_range", gamma=0.97)
    ),
    "one-cycle torch": Case(  # its corners, at 0.25 * 44 - 1 and 43, are ours at 0.25 * 44 and 44 of a longer warm-up
        optim.OneCycle(0.1, 43, warm=(0.25 * 44 - 1) / 43),
        lambda t, o: t.OneCycleLR(o, 0.1, 44, pct_start=0.25),
        until=44,
    ),
    "chained torch": Case(
        optim.Chained([optim.ExponentialDecay(0.1, 0.9), optim.IntervalDecay(1, 0.5, every=5)]),
        lambda t, o: t.ChainedScheduler([t.ExponentialLR(o, 0.9), t.StepLR(o, 5, 0.5)]),
    ),
    "sequenced torch": Case(
        optim.Sequenced([optim.LinearRamp(0.025, 0.1, 8), optim.ExponentialDecay(0.1, 0.9)], at=[8]),
        lambda t, o: t.SequentialLR(o, [t.LinearLR(o, 0.25, 1, 8), t.ExponentialLR(o, 0.9)], [8]),
    ),
    "plateau torch": Case(  # its patience is one loss longer than it says
        optim.Plateau(0.1, factor=0.5, patience=4), lambda t, o: t.ReduceLROnPlateau(o, factor=0.5, patience=3)
    ),
    "plateau with cooldown torch": Case(
        optim.Plateau(0.1, factor=0.5, patience=3, cooldown=2, least=0.01),
        lambda t, o: t.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=2, min_lr=0.01),
    ),
    "exponential keras": Case(optim.ExponentialDecay(0.1, 0.9, every=4), lambda k: k.ExponentialDecay(0.1, 4, 0.9)),
    "staircase keras": Case(
        optim.IntervalDecay(0.1, 0.9, every=4), lambda k: k.ExponentialDecay(0.1, 4, 0.9, staircase=True)
    ),
    "piecewise keras": Case(
        optim.MultiStepDecay(0.1, 0.1, at=[5, 12]),
        lambda k: k.PiecewiseConstantDecay([5, 12], [0.1, 0.01, 0.001]),
        late=1,
    ),
    "polynomial keras": Case(
        optim.PolynomialDecay(0.1, 20, end=0.001, power=2), lambda k: k.PolynomialDecay(0.1, 20, 0.001, 2.0)
    ),
    "inverse time keras": Case(optim.InverseTimeDecay(0.1, 0.5, every=4), lambda k: k.InverseTimeDecay(0.1, 4, 0.5)),
    "cosine keras": Case(
        optim.CosineDecay(0.1, 20, end=0.01), lambda k: k.CosineDecay(0.1, 20, 0.1), rtol=1e-6
    ),  # alpha is in float32
    "warm-up keras": Case(
        optim.WarmUp(optim.CosineDecay(0.1, 20, end=0.01), steps=8),
        lambda k: k.CosineDecay(0.0, 20, 0.1, warmup_target=0.1, warmup_steps=8),
        until=7,
        late=1,
    ),
    "warm restarts keras": Case(
        optim.WarmRestarts(0.1, 5, end=0.01, longer=2, lower=0.8),
        lambda k: k.CosineDecayRestarts(0.1, 5, 2.0, 0.8, 0.1),
        rtol=1e-6,
    ),
    "plateau keras": Case(
        optim.Plateau(0.1, factor=0.5, patience=4, tolerance=0),
        lambda k: {"factor": 0.5, "patience": 4, "min_delta": 0},
    ),
    "plateau with cooldown keras": Case(
        optim.Plateau(0.1, factor=0.5, patience=3, tolerance=0, cooldown=1, least=0.01),
        lambda k: {"factor": 0.5, "patience": 3, "min_delta": 0, "cooldown": 2, "min_lr": 0.01},
    ),
    "exponential optax": Case(optim.ExponentialDecay(0.1, 0.9, every=4), lambda x: x.exponential_decay(0.1, 4, 0.9)),
    "delayed optax": Case(
        optim.DelayedExponentialDecay(0.1, 0.9, delay=10, every=4),
        lambda x: x.exponential_decay(0.1, 4, 0.9, transition_begin=10),
    ),
    "staircase optax": Case(
        optim.IntervalDecay(0.1, 0.9, every=4), lambda x: x.exponential_decay(0.1, 4, 0.9, staircase=True)
    ),
    "piecewise optax": Case(
        optim.MultiStepDecay(0.1, 0.1, at=[5, 12]), lambda x: x.piecewise_constant_schedule(0.1, {5: 0.1, 12: 0.1})
    ),
    "polynomial optax": Case(
        optim.PolynomialDecay(0.1, 20, end=0.001, power=2), lambda x: x.polynomial_schedule(0.1, 0.001, 2, 20)
    ),
    "linear optax": Case(optim.LinearRamp(0.025, 0.1, 8), lambda x: x.linear_schedule(0.025, 0.1, 8)),
    "cosine optax": Case(optim.CosineDecay(0.1, 20, end=0.01), lambda x: x.cosine_decay_schedule(0.1, 20, 0.1)),
    "warm-up optax": Case(
        optim.WarmUp(optim.CosineDecay(0.1, 20, end=0.01), steps=8),
        lambda x: x.warmup_cosine_decay_schedule(0.0, 0.1, 8, 28, 0.01),
        until=7,
        late=1,
    ),
    "warm restarts optax": Case(
        optim.WarmRestarts(0.1, 5, end=0.01, longer=2),
        lambda x: x.sgdr_schedule(
            [
                {"init_value": 0.1, "peak_value": 0.1, "decay_steps": n, "warmup_steps": 0, "end_value": 0.01}
                for n in (5, 10, 20, 40)
            ]
        ),
    ),
    "one-cycle optax": Case(optim.OneCycle(0.1, 44, warm=0.25), lambda x: x.cosine_onecycle_schedule(44, 0.1, 0.25)),
    "sequenced optax": Case(
        optim.Sequenced([optim.LinearRamp(0.025, 0.1, 8), optim.ExponentialDecay(0.1, 0.9)], at=[8]),
        lambda x: x.join_schedules([x.linear_schedule(0.025, 0.1, 8), x.exponential_decay(0.1, 1, 0.9)], [8]),
    ),
    "plateau optax": Case(
        optim.Plateau(0.1, factor=0.5, patience=4), lambda x: {"factor": 0.5, "patience": 4, "rtol": 1e-4}
    ),
    "plateau with cooldown optax": Case(
        optim.Plateau(0.1, factor=0.5, patience=3, cooldown=2, least=0.01),
        lambda x: {"factor": 0.5, "patience": 3, "cooldown": 2, "rtol": 1e-4, "min_scale": 0.1},
    ),
    "means of two losses optax": Case(
        optim.Plateau(0.1, factor=0.5, patience=2, every=2),
        lambda x: {"factor": 0.5, "patience": 2, "rtol": 1e-4, "accumulation_size": 2},
    ),
}


def with_torch(case: Case) -> list[float]:
    """The learning rate at each step."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    scheduler = case.make(torch.optim.lr_scheduler, optimizer)
    plateau = isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)
    rates = []
    for loss in LOSSES:
        if plateau:
            scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
        if not plateau and len(rates) < getattr(scheduler, "total_steps", STEPS):
            optimizer.step()
            scheduler.step()
    return rates


def with_keras(case: Case) -> list[float]:
    """The learning rate at each step."""
    import keras

    keras.config.set_floatx("float64")
    made = case.make(keras.optimizers.schedules)
    if not isinstance(made, dict):
        return [float(made(step)) for step in range(STEPS)]
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", **made)
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for step, loss in enumerate(LOSSES):
        callback.on_epoch_end(step, {"loss": loss})
        rates.append(float(model.optimizer.learning_rate))
    return rates


def with_optax(case: Case) -> list[float]:
    """The learning rate at each step."""
    import jax.numpy as jnp
    import optax
    import optax.contrib

    made = case.make(optax)
    if not isinstance(made, dict):
        return [float(made(step)) for step in range(STEPS)]
    weights = jnp.zeros(1)
    plateau = optax.contrib.reduce_on_plateau(**made)
    state = plateau.init(weights)
    rates = []
    for loss in LOSSES:
        _, state = plateau.update(weights, state, value=loss)
        rates.append(0.1 * float(state.scale))
    return rates


def main() -> None:
    """Run all cases and write the file."""
    runners = {"torch": with_torch, "keras": with_keras, "optax": with_optax}
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    for name, case in CASES.items():
        if any(word in name for word in sys.argv[1:] or [""]):
            recorded[name] = runners[name.split()[-1]](case)
            print(name, recorded[name][:4], flush=True)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(recorded[name])}" for name in CASES if name in recorded)
    RECORDED.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
