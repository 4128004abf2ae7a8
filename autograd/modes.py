"""Modes of recording, one per thread and per async task."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_recording: ContextVar[bool] = ContextVar("recording", default=True)
_anomaly: ContextVar[bool] = ContextVar("anomaly", default=False)
_stale_allowed: ContextVar[bool] = ContextVar("stale_allowed", default=False)
_lock = threading.Lock()

# How many blocks that change how nodes are recorded are open in any thread. While it is 0,
# which is nearly always, recording a node need not look at the context variables.
open_blocks = 0


def is_recording() -> bool:
    """Whether operations record nodes here and now."""
    return not open_blocks or _recording.get()


def is_detecting_anomalies() -> bool:
    """Whether operations look for inf and nan here and now."""
    return open_blocks > 0 and _anomaly.get()


def is_stale_allowed() -> bool:
    """Whether backward takes inputs as they are here and now."""
    return _stale_allowed.get()


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording: results are new leaves, with no graph behind them.

    Works as a ``with`` block and as a decorator.
    """
    with _changes_recording(_recording, False):
        yield


@contextmanager
def recording() -> Iterator[None]:
    """Record even inside ``no_grad``, for a derivative that is taken there."""
    if is_recording():
        yield
        return
    with _changes_recording(_recording, True):
        yield


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Stop at the first operation whose value or gradient becomes inf or nan, and say which and where.

    Slows recording down, since every node remembers the line of code that made it.
    Works as a ``with`` block, around the computation and ``backward()``, and as a decorator.

    Raises:
        FloatingPointError: an operation gave inf or nan from finite inputs, or a
            finite gradient became inf or nan on its way through one.
    """
    with _changes_recording(_anomaly, True):
        yield


@contextmanager
def allow_stale() -> Iterator[None]:
    """Let ``backward`` use inputs as they are, even those that were changed since they were used.

    Works as a ``with`` block and as a decorator.
    """
    token = _stale_allowed.set(True)
    try:
        yield
    finally:
        _stale_allowed.reset(token)


@contextmanager
def _changes_recording(mode: ContextVar[bool], value: bool) -> Iterator[None]:
    global open_blocks
    with _lock:
        open_blocks += 1
    token = mode.set(value)
    try:
        yield
    finally:
        mode.reset(token)
        with _lock:
            open_blocks -= 1
