"""Modes of recording, one per thread and per async task."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_recording: ContextVar[bool] = ContextVar("recording", default=True)
_lock = threading.Lock()

# How many no_grad blocks are open in any thread. While it is 0, which is nearly
# always, recording a node need not look at the context variable.
suspensions = 0


def is_recording() -> bool:
    """Whether operations record nodes here and now."""
    return not suspensions or _recording.get()


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording: results are new leaves, with no graph behind them.

    Works as a ``with`` block and as a decorator.
    """
    global suspensions
    with _lock:
        suspensions += 1
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)
        with _lock:
            suspensions -= 1
