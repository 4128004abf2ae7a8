"""Values and gradients of the primitives are those of PyTorch, recorded in float64."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor
from autograd.primitive import table
from nn import activations
from tests.autograd.reference.cases import CASES, Case

RECORDED = np.load(Path(__file__).with_name("reference") / "primitives.npz")

# Where PyTorch has lost digits itself, by how much it may differ; that ours has them is
# proved against mpmath.
PYTORCH_IS_OFF = {
    "tanh() gradient 0": (1e-11, "1 - y**2 cancels where y is near 1"),
    "gelu() value": (1e-7, "1 + erf(x) cancels in the tail below 0"),
    "gelu() gradient 0": (1e-7, "1 + erf(x) cancels in the tail below 0"),
}


def function(name: str) -> Callable[..., Any]:
    """Ours of that name: a function, an activation, or an operator's row."""
    return getattr(autograd, name, None) or getattr(activations, name, None) or table[name]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_value_and_gradients_are_those_of_pytorch(case: Case) -> None:
    leaves = [Tensor(x) for x in case.operands()]
    y = function(case.name)(*leaves, **case.parameters)
    y.backward(np.cos(np.arange(y.size)).reshape(y.shape))
    agree(y.data, f"{case.key} value")
    for position, leaf in enumerate(leaves):
        agree(leaf.grad, f"{case.key} gradient {position}")


def agree(ours: np.ndarray, key: str) -> None:
    theirs = RECORDED[key]
    # A matrix's entries are sums: their rounding is relative to the largest of them.
    scale = np.abs(theirs) if theirs.shape == (50,) else np.abs(theirs).max()
    tolerance, _ = PYTORCH_IS_OFF.get(key, (1e-12, ""))
    wrong = np.abs(ours - theirs) > tolerance * scale
    assert not wrong.any(), (key, np.abs((ours - theirs) / scale).max())
