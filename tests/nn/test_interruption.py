"""Ctrl-C during fit: a real SIGINT, sent in the middle of a batch."""

import os
import signal
import threading

import numpy as np
import pytest

import nn
import optim


class Before:
    """The handler that was there before; does not let a signal that fit missed end the test run."""

    def __init__(self):
        self.calls = 0

    def __call__(self, number, frame):
        self.calls += 1
        raise KeyboardInterrupt


@pytest.fixture
def before():
    handler = Before()
    previous = signal.signal(signal.SIGINT, handler)
    yield handler
    signal.signal(signal.SIGINT, previous)


def ctrl_c():
    signal.raise_signal(signal.SIGINT)


def kill():
    os.kill(os.getpid(), signal.SIGINT)


def train(steps=None, interrupt=lambda step: None, epochs=4, **options):
    """Fit a line on 10 examples in batches of 4, so that an epoch is 3 steps.

    Args:
        steps: keep the weights from after this many of them.
        interrupt: called with the number of the step, in the middle of it.
    """
    rng = np.random.default_rng(0)
    x = rng.normal(size=(10, 1))
    model = nn.MLP([1, 1], rng=0)
    optimizer = optim.Momentum(model.parameters(), lr=0.05)
    kept, count = [], 0

    def loss(output, target):
        nonlocal count
        if count == steps:
            kept.extend(optimizer.w.tolist())
        count += 1
        interrupt(count)
        return nn.mean_squared_error(output, target)

    history = nn.fit(model, loss, optimizer, (x, 3 * x + 1), epochs=epochs, batch_size=4, **options)
    return optimizer, history, kept


@pytest.mark.parametrize("send", [ctrl_c, kill])
@pytest.mark.parametrize(("step", "epochs_finished"), [(1, 0), (2, 0), (3, 1), (4, 1), (8, 2), (11, 3)])
def test_ctrl_c_ends_training_after_the_batch_in_hand(before, send, step, epochs_finished):
    optimizer, history, _ = train(interrupt=lambda number: send() if number == step else None)
    assert history.interrupted
    assert len(history.loss) == epochs_finished
    assert optimizer.steps == step
    # The model holds exactly what it had learnt by then.
    _, _, expected = train(steps=step)
    assert optimizer.w.tolist() == expected
    assert before.calls == 0


def test_an_interrupted_history_keeps_the_finished_epochs(before):
    _, whole, _ = train()
    _, history, _ = train(interrupt=lambda number: ctrl_c() if number == 8 else None)
    assert history.loss == whole.loss[:2]
    assert not whole.interrupted
    assert repr(history).endswith("(interrupted)")


def test_the_handler_from_before_is_back_after_training(before):
    train()
    assert signal.getsignal(signal.SIGINT) is before
    train(interrupt=lambda number: ctrl_c() if number == 2 else None)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_handler_from_before_is_back_after_an_error(before):
    def fail(number):
        raise ArithmeticError("in the loss")

    with pytest.raises(ArithmeticError, match="in the loss"):
        train(interrupt=fail)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_interrupts_at_once(before):
    def twice(number):
        ctrl_c()
        assert before.calls == 0
        ctrl_c()

    with pytest.raises(KeyboardInterrupt):
        train(interrupt=twice)
    assert before.calls == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_training_can_be_continued_after_an_interruption(before):
    optimizer, history, _ = train(interrupt=lambda number: ctrl_c() if number == 2 else None)
    model = nn.MLP([1, 1])
    model.layers[0].weight, model.layers[0].bias = optimizer.parts
    x = np.random.default_rng(0).normal(size=(10, 1))
    history = nn.fit(model, nn.mean_squared_error, optimizer, (x, 3 * x + 1), epochs=50, batch_size=4)
    assert not history.interrupted
    assert history.loss[-1] < 1e-3


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_a_signal_that_was_not_python_s_to_handle_is_left_as_it_was(before, handler):
    signal.signal(signal.SIGINT, handler)
    send = ctrl_c if handler is signal.SIG_IGN else lambda: None
    _, history, _ = train(interrupt=lambda number: send())
    assert not history.interrupted
    assert signal.getsignal(signal.SIGINT) is handler


def test_fit_outside_the_main_thread_leaves_the_handler_alone(before):
    seen = []
    thread = threading.Thread(
        target=lambda: train(epochs=1, interrupt=lambda number: seen.append(signal.getsignal(signal.SIGINT)))
    )
    thread.start()
    thread.join()
    assert seen == [before] * 3
