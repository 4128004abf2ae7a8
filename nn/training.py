"""The training loop: ``fit``, and the ``History`` it returns."""

from __future__ import annotations

import math
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from autograd import Node, no_grad
from autograd.graph import first_non_finite
from autograd.modes import is_recording
from autograd.node import plain
from autograd.primitive import Array
from nn.data import accuracy, are_classes, batches
from nn.initializers import Seed, generator

Loss = Callable[[Any, Any], Any]


class Optimizer(Protocol):
    """What ``fit`` needs of an optimizer: a step, for which it computes and differentiates the loss as it needs."""

    def step(self, loss: Callable[[], Any]) -> None: ...


@dataclass(repr=False)
class History:
    """What happened in training, one number per epoch.

    Attributes:
        loss: the mean training loss over the epoch's examples, each measured just before
            the step it was used for, where the optimizer takes its gradient: at the
            weights, or ahead of them, as ``NesterovLookAhead`` does.
        validation_loss: the loss on the validation data after the epoch.
        validation_accuracy: the share of validation rows whose largest output is
            that of the right class; only where the targets are class labels, one for
            each row of two or more outputs.
        interrupted: whether Ctrl-C was pressed, which ends training after the batch in hand.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    interrupted: bool = False

    def __repr__(self) -> str:
        if not self.loss:
            return "History: no epoch was finished"
        parts = [f"{len(self.loss)} epochs, loss {_shown(self.loss[0])} -> {_shown(self.loss[-1])}"]
        if self.validation_loss:
            parts.append(f"validation loss {_shown(self.validation_loss[-1])}")
        if self.validation_accuracy:
            parts.append(f"validation accuracy {self.validation_accuracy[-1]:.1%}")
        return "History: " + ", ".join(parts) + (" (interrupted)" if self.interrupted else "")


def fit(
    model: Callable[[Any], Any],
    loss_function: Loss,
    optimizer: Optimizer,
    data: tuple[Array, Array],
    *,
    epochs: int,
    batch_size: int = 32,
    validation: tuple[Array, Array] | None = None,
    rng: Seed = 0,
    progress: bool = True,
) -> History:
    """Train a model on batches drawn in random order.

    Ctrl-C ends training after the batch in hand: the model keeps what it has
    learnt, and the history says ``interrupted``.

    Args:
        model: called on a batch of inputs.
        loss_function: called on the model's output and the batch's targets.
        optimizer: steps the model's parameters.
        data: inputs and targets, one example per row.
        epochs: how often every example is seen.
        batch_size: examples per step.
        validation: inputs and targets to measure on after each epoch.
        rng: a seed or a random generator for the order of the examples. One generator for
            several calls, each of some epochs, goes on where the last call was.
        progress: whether to draw a progress bar, where there is a terminal to draw it on.

    Raises:
        TypeError: the data are not a pair, something cannot be called or take steps, or the loss
            is not a node, so there is nothing to learn by.
        ValueError: inputs and targets of different lengths, no data, or ``epochs`` or ``batch_size`` below 1.
        RuntimeError: it is called in ``no_grad``.
        FloatingPointError: the loss became nan or inf; names the epoch, the batch and
            the first node that went bad. The step of that batch was not taken.
    """
    for name, function in (("model", model), ("loss_function", loss_function)):
        if not callable(function):
            raise TypeError(f"fit: {name} is called on arrays, and {function!r:.60} cannot be called")
    if isinstance(optimizer, type) or not hasattr(optimizer, "step"):
        raise TypeError(
            f"fit: optimizer, the third argument, is one like optim.Adam(model.parameters()), not {optimizer!r:.60}"
        )
    x, y = _checked("data", data)
    if validation is not None:
        validation = _checked("validation", validation)
    for name, number in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(number, (int, np.integer)) or number < 1:
            raise ValueError(f"fit: {name} must be a whole number of at least 1, not {number!r}")
    if not is_recording():
        raise RuntimeError("fit: in no_grad nothing is recorded that the model could learn by; call it outside")
    rng = generator(rng)
    history = History()
    with _ctrl_c() as stop, _bar(epochs, progress) as bar:
        for epoch in range(1, epochs + 1):
            total = 0.0
            for batch, rows in enumerate(batches(len(x), batch_size, rng), start=1):
                if stop.is_set():
                    history.interrupted = True
                    return history
                total += len(rows) * _step(model, loss_function, optimizer, x[rows], y[rows], epoch, batch)
            history.loss.append(total / len(x))
            if validation is not None:
                _validate(model, loss_function, validation, history)
            bar(history)
        history.interrupted = stop.is_set()
    return history


def _step(
    model: Callable[[Any], Any], loss_function: Loss, optimizer: Optimizer, x: Array, y: Array, epoch: int, batch: int
) -> float:
    """Take one step on a batch; return the first loss that the optimizer asked for."""
    losses: list[float] = []

    def loss() -> Node:
        node = loss_function(model(x), y)
        if not isinstance(node, Node):
            raise TypeError(
                f"fit: the loss is a plain {type(node).__name__}, which depends on no parameter; "
                f"the model's output must be computed from its parameters"
            )
        if node.size != 1:
            raise ValueError(f"fit: the loss has shape {node.shape}; make it one number, as mean does")
        losses.append(node.item())
        # Only the first is where training has come to; a line search may try weights that are too far away.
        if len(losses) == 1 and not math.isfinite(losses[0]):
            raise FloatingPointError(_what_went_bad(node, losses[0], epoch, batch))
        return node

    optimizer.step(loss)
    return losses[0]


def _validate(model: Callable[[Any], Any], loss_function: Loss, data: tuple[Array, Array], history: History) -> None:
    x, y = data
    with no_grad():
        output = model(x)
        history.validation_loss.append(float(loss_function(output, y)))
    shape = np.shape(plain(output))
    if y.dtype.kind in "iu" and y.ndim == 1 and len(shape) == 2 and shape[1] > 1 and are_classes(y, shape[1]):
        history.validation_accuracy.append(accuracy(output, y))


def _checked(name: str, data: Any) -> tuple[Array, Array]:
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        size = f" of {len(data)}" if isinstance(data, (tuple, list)) else ""
        given = f"an array of shape {data.shape}" if isinstance(data, np.ndarray) else f"{type(data).__name__}{size}"
        raise TypeError(f"fit: {name} is a pair, (inputs, targets), with one row per example, not {given}")
    if any(isinstance(rows, np.ma.MaskedArray) for rows in data):
        raise TypeError(
            f"fit: {name} has a mask, which no model sees; fill the masked entries, or leave out those rows"
        )
    x, y = (np.asarray(plain(rows)) for rows in data)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or not len(x):
        raise ValueError(
            f"fit: {name} needs inputs and targets with one row per example, not shapes {x.shape} and {y.shape}"
        )
    return x, y


def _what_went_bad(loss: Node, number: float, epoch: int, batch: int) -> str:
    node = first_non_finite(loss)
    assert node is not None
    where = f"fit: the loss became {number} in epoch {epoch}, batch {batch}"
    if node.op is None:
        name = f" {node.label!r}" if node.label else ""
        kind = "an input" if type(node).__name__ == "Constant" else "a parameter"
        return f"{where}: {kind}{name} of shape {node.shape} already held a nan or inf"
    inputs = ", ".join(f"{_range(x.data)} of shape {x.shape}" for x in node.inputs)
    if epoch == batch == 1:
        cure = "It is the first batch: inputs or weights of a smaller scale often cure it."
    else:
        cure = "A smaller learning rate often cures it; the step of this batch was not taken."
    return f"{where}; the first node that went bad is {node.op.name}, computed from {inputs}. {cure}"


def _shown(loss: float) -> str:
    return f"{loss:.4f}" if abs(loss) < 1e6 else f"{loss:.4g}"


def _range(data: Any) -> str:
    return f"numbers from {np.min(data):.3g} to {np.max(data):.3g}"


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, so that training stops between two steps and not within one.

    A second Ctrl-C interrupts at once.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # as in a job that a script runs in the background
        yield stop
        return
    if before is None:  # it was not set from Python, and cannot be set again from there
        before = signal.default_int_handler

    def handle(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar(epochs: int, progress: bool) -> Iterator[Callable[[History], None]]:
    """A progress bar over the epochs, if it is wanted, tqdm is installed and somebody is watching."""
    watched = sys.stderr.isatty() or "ipykernel" in sys.modules
    try:
        from tqdm import tqdm
    except ImportError:
        progress = False
    if not (progress and watched):
        yield lambda history: None
        return
    with tqdm(total=epochs, unit="epoch", leave=False) as bar:

        def advance(history: History) -> None:
            numbers = {"loss": _shown(history.loss[-1])}
            if history.validation_accuracy:
                numbers["accuracy"] = f"{history.validation_accuracy[-1]:.1%}"
            bar.set_postfix(numbers, refresh=False)
            bar.update()

        yield advance
