"""What all tests share: how hard Hypothesis tries, and that no test leaves a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from autograd import modes
from autograd.primitive import table

# make test draws the same on every machine, so that it fails for what was changed and for nothing else;
# make test-long draws afresh, and more.
settings.register_profile("default", deadline=None, max_examples=30, derandomize=True)
settings.register_profile("long", deadline=None, max_examples=150, derandomize=False, print_blob=True)
settings.load_profile("default")


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of the test's own; nobody seeds the global one."""
    return np.random.default_rng(0)


@pytest.fixture
def message_of() -> Callable[..., str]:
    """What an error of this type says, raised by a function without arguments."""

    def text(error: type[Exception], f: Callable[[], Any]) -> str:
        with pytest.raises(error) as caught:
            f()
        return str(caught.value)

    return text


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    """Rows that a test declares are gone after it, and it leaves recording and NumPy's warnings as they were."""
    rows, warnings = dict(table), np.geterr()
    yield
    table.clear()
    table.update(rows)
    assert not modes.open_blocks
    assert modes.is_recording()
    assert np.geterr() == warnings
