"""Modes of recording, one per thread and per async task."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar
from weakref import ref

P = ParamSpec("P")
T = TypeVar("T")
Mode = ContextVar["tuple[ref[Block], ...]"]  # the blocks that were entered here; the last that is open decides

_recording: Mode = ContextVar("recording", default=())
_anomaly: Mode = ContextVar("anomaly", default=())
_stale_allowed: Mode = ContextVar("stale_allowed", default=())

# When the node was made that was made a float last, as math.exp does.
time_of_float: ContextVar[int] = ContextVar("time_of_float", default=-1)

# The blocks that are open in any thread: those that change how nodes are recorded, and those that let
# changed inputs pass. While there is none, which is nearly always, nobody need look at the context variables.
open_blocks: set[ref[Block]] = set()
_lenient_blocks: set[ref[Block]] = set()


class Block:
    """What ``no_grad()`` and the like return: a ``with`` block, or a decorator of a function.

    A block that is left closes itself alone, so that blocks may be left in any order, as
    generators leave theirs. One that Ctrl-C kept from it counts no more once it is freed.
    """

    def __init__(self, mode: Mode, value: bool) -> None:
        self.mode, self.value = mode, value
        self.depth = 0  # how many times it was entered and not left
        self._others = _lenient_blocks if mode is _stale_allowed else open_blocks

    def __enter__(self) -> None:
        before = self.depth
        try:
            self.depth += 1
            self._others.difference_update([block for block in (*self._others,) if not _is_open(block)])
            self._others.add(ref(self))
            self.mode.set((*(block for block in self.mode.get() if _is_open(block)), ref(self)))
        except BaseException:
            self.depth = before
            raise

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
        if not self.depth:
            self._others.discard(ref(self))
        here = [*self.mode.get()]
        if ref(self) in here:  # not if a generator was entered here and is left by somebody else
            here.reverse()
            here.remove(ref(self))
            self.mode.set((*reversed(here),))

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        kinds = inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction
        if any(kind(function) for kind in kinds):
            raise TypeError(
                f"{function.__name__} is a generator or async function, whose body runs after the call: decorate a "
                f"plain function, or write a with block inside it"
            )

        @wraps(function)
        def inside(*arguments: P.args, **named: P.kwargs) -> T:
            with Block(self.mode, self.value):
                return function(*arguments, **named)

        return inside


def no_grad() -> Block:
    """Compute without recording: results are new leaves, with no graph behind them.

    Works as a ``with`` block and as a decorator.
    """
    return Block(_recording, False)


def recording() -> AbstractContextManager[None]:
    """Record even inside ``no_grad``, for a derivative that is taken there."""
    return nullcontext() if is_recording() else Block(_recording, True)


def detect_anomaly() -> Block:
    """Stop at the first operation whose value or gradient becomes inf or nan, and say which and where.

    Slows recording down, since every node remembers the line of code that made it.
    Works as a ``with`` block, around the computation and ``backward()``, and as a decorator.

    Raises:
        FloatingPointError: an operation gave inf or nan from finite inputs, or nan from
            infinite ones; or a finite gradient, or tangent of forward mode, became inf
            or nan on its way through one.
    """
    return Block(_anomaly, True)


def allow_stale() -> Block:
    """Let ``backward`` use inputs as they are, even those that were changed since they were used.

    Works as a ``with`` block and as a decorator.
    """
    return Block(_stale_allowed, True)


def is_recording() -> bool:
    """Whether operations record nodes here and now."""
    return not open_blocks or _here(_recording, True)


def is_detecting_anomalies() -> bool:
    """Whether operations look for inf and nan here and now."""
    return bool(open_blocks) and _here(_anomaly, False)


def is_stale_allowed() -> bool:
    """Whether backward takes inputs as they are here and now."""
    return bool(_lenient_blocks) and _here(_stale_allowed, False)


def _here(mode: Mode, otherwise: bool) -> bool:
    for block in reversed(mode.get()):
        if (found := block()) is not None and found.depth:
            return found.value
    return otherwise


def _is_open(block: ref[Block]) -> bool:
    return (found := block()) is not None and found.depth > 0
