"""Activation functions, and the initializer that suits each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import relu, sigmoid, softplus, tanh
from autograd.primitive import Array
from nn.initializers import glorot_uniform, he_normal

Activation = Callable[[Any], Any]
Initializer = Callable[..., Array]

__all__ = ["ACTIVATIONS", "activation_and_initializer", "identity", "relu", "sigmoid", "softplus", "tanh"]


def identity(x: Any) -> Any:
    """No activation: the layer stays linear."""
    return x


ACTIVATIONS: dict[str, tuple[Activation, Initializer]] = {
    "relu": (relu, he_normal),
    "softplus": (softplus, he_normal),
    "tanh": (tanh, glorot_uniform),
    "sigmoid": (sigmoid, glorot_uniform),
    "identity": (identity, glorot_uniform),
}


def activation_and_initializer(name: str) -> tuple[Activation, Initializer]:
    """The activation of that name and the initializer its layers start from.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"no activation is called {name!r}; there are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]
