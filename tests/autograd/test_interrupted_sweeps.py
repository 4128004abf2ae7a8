"""Ctrl-C in the middle of backward: afterwards every gradient of the pass is there, or none."""

from __future__ import annotations

import dis
import functools
import gc
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Node, Tensor, Value, backward
from autograd.graph import newest_first

GRAPHS, INSTANTS = 25, 20  # for both kinds of node, together 1,000 trials


pytestmark = pytest.mark.usefixtures("_no_collector")


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """What others left is not finalized in the middle of a pass, where it would be interrupted in its place."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Pass:
    """A random graph, whose leaves have gradients that backward adds to."""

    def __init__(self, kind: type[Node], rng: np.random.Generator) -> None:
        shape = () if kind is Value else (2,)
        made: list[Any] = [kind(rng.uniform(0.5, 2.0, shape)) for _ in range(3)]
        for _ in range(6):
            a, b = (made[i] for i in rng.integers(len(made), size=2))
            made.append([a + b, a * b, a / 2.0, ag.tanh(a)][rng.integers(4)])
        self.output = functools.reduce(lambda a, b: a + b, made) if kind is Value else ag.stack(made).sum()
        self.nodes = [node for node in newest_first([self.output]) if type(node) is kind]
        self.forget()
        self.none = self.gradients()
        self.output.backward()
        self.all = self.gradients()

    def forget(self) -> None:
        for node in self.nodes:
            node.grad = np.ones(node.shape) if type(node) is Tensor else 1.0

    def gradients(self) -> list[Any]:
        return [np.asarray(node.grad).tolist() for node in self.nodes]

    def survives(self, interrupting: Callable[[Callable[[], None]], None]) -> bool:
        """Whether no gradient is half-added after an interruption, and the next try gives the right ones."""
        self.forget()
        try:
            interrupting(self.output.backward)
        except KeyboardInterrupt:
            if backward._publishing.locked():  # the next try would wait for ever
                return False
            if backward._in_place.locked():  # the next tries would be right, but only slow ones would be tried
                backward._in_place.release()
            if self.gradients() == self.none:
                self.output.backward()
        return self.gradients() == self.all


# ---- at the instants at which the interpreter looks for signals ----------


@functools.cache
def instants_of(code: CodeType) -> frozenset[int]:
    """Where in a function a signal's handler may be called: at its start, after calls, in each round of a loop."""
    instructions = [*dis.get_instructions(code)]
    found = {b.offset for a, b in zip(instructions, instructions[1:]) if a.opname.startswith(("CALL", "RESUME"))}
    return frozenset(found | {a.argval for a in instructions if a.opname.startswith("JUMP_BACKWARD")})


class Interruption:
    """Raises KeyboardInterrupt at one of those instants, the k-th that is passed."""

    def __init__(self, k: int | None = None) -> None:
        self.k, self.passed = k, 0

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        instants = instants_of(frame.f_code)
        frame.f_trace_opcodes, frame.f_trace_lines = True, False

        def look(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "opcode" and frame.f_lasti in instants:
                self.passed += 1
                if self.passed == self.k:
                    raise KeyboardInterrupt
            return look

        return look

    def __call__(self, f: Callable[[], None]) -> None:
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            f()
        finally:
            sys.settrace(before)


def trials(seed: int) -> Iterator[bool]:
    rng = np.random.default_rng(seed)
    for kind in [Value, Tensor] * GRAPHS:
        a_pass = Pass(kind, rng)
        count = Interruption()
        count(a_pass.output.backward)
        # Half of them at the end, where gradients are published.
        early = rng.integers(1, count.passed + 1, INSTANTS // 2).tolist()
        late = range(count.passed + 1 - INSTANTS // 2, count.passed + 1)
        for k in [*early, *late]:
            yield a_pass.survives(Interruption(k))


def test_an_interruption_at_any_instant_leaves_no_gradient_half_added() -> None:
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    with np.errstate():  # NumPy's own does not put back what it changed, if its exit is interrupted
        survived = [*trials(seed)]
    assert len(survived) == 1000
    assert all(survived), f"seed {seed}: {survived.count(False)} of 1,000 interruptions left gradients half-added"


def test_gradients_published_one_after_the_other_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_after_the_other(order: Any, adjoints: Any, leaves: Any, gradients: Any) -> None:
        for node, g in zip((*order, *leaves), (*adjoints, *gradients)):
            node.grad = node.grad + g if node.op is None else g
            node.grad = float(node.grad) if type(node) is Value else np.array(node.grad)

    monkeypatch.setattr(backward, "_publish", one_after_the_other)
    assert not all(trials(seed=0))


# ---- by a real signal ----------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that send a signal")
@pytest.mark.parametrize("kind", [Value, Tensor])
def test_an_alarm_that_interrupts_leaves_no_gradient_half_added(kind: type[Node]) -> None:
    rng = np.random.default_rng()
    a_pass = Pass(kind, rng)
    start = time.perf_counter()
    a_pass.output.backward()
    duration = time.perf_counter() - start
    rung = 0

    def ring(number: int, frame: Any) -> None:
        nonlocal rung
        rung += 1
        raise KeyboardInterrupt

    def alarmed(f: Callable[[], None]) -> None:
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-6, duration))
        try:
            f()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    previous = signal.signal(signal.SIGALRM, ring)
    try:
        with np.errstate():
            survived = [a_pass.survives(alarmed) for _ in range(250)]
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert rung > 0
    assert all(survived)
