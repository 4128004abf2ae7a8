"""Activation functions, and the initializer that suits each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd import clip, erfc, expm1, relu, sigmoid, softplus, tanh, where
from autograd.primitive import Array
from autograd.primitives.arithmetic import negative
from nn.initializers import glorot_uniform, he_normal, lecun_normal

Activation = Callable[[Any], Any]
Initializer = Callable[..., Array]

__all__ = [
    "ACTIVATIONS",
    "activation_and_initializer",
    "elu",
    "gelu",
    "hardtanh",
    "identity",
    "leaky_relu",
    "log_sigmoid",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "tanh",
]


def identity(x: Any) -> Any:
    """No activation: the layer stays linear."""
    return x


def leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    """``x``, and below 0 ``slope * x``; a node as the slope is learned.

    At 0 the derivative is the slope. Maas, Hannun and Ng, Rectifier nonlinearities improve
    neural network acoustic models (2013); learned: He et al., Delving deep into rectifiers (2015).
    """
    return where(x > 0, x, slope * x)


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """``x``, and below 0 ``alpha * (exp(x) - 1)``.

    At 0 the derivative is ``alpha``. Clevert, Unterthiner and Hochreiter, Fast and accurate deep
    network learning by exponential linear units (2015).
    """
    positive = x > 0
    return where(positive, x, alpha * expm1(where(positive, 0.0, x)))  # the inner choice: expm1(1000) is inf


def selu(x: Any) -> Any:
    """The ``elu`` that keeps mean 0 and variance 1 from layer to layer, if the weights are LeCun's.

    Klambauer et al., Self-normalizing neural networks (2017).
    """
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def gelu(x: Any) -> Any:
    """``x`` times the probability that a normal variate is below ``x``.

    Hendrycks and Gimpel, Gaussian error linear units (2016).
    """
    return 0.5 * x * erfc(-math.sqrt(0.5) * x)  # 1 + erf would lose every digit in the tail below 0


def silu(x: Any) -> Any:
    """``x * sigmoid(x)``, also called swish (Ramachandran, Zoph and Le, Searching for activation functions, 2017)."""
    return x * sigmoid(x)


def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))`` (Misra, Mish: a self regularized non-monotonic activation function, 2019)."""
    return x * tanh(softplus(x))


def log_sigmoid(x: Any) -> Any:
    """``log(sigmoid(x))``, accurate where the sigmoid rounds to 0 or 1."""
    return negative(softplus(negative(x)))


def hardtanh(x: Any) -> Any:
    """``x`` between -1 and 1, and the bound beyond; at a bound the derivative is 1/2."""
    return clip(x, -1.0, 1.0)


ACTIVATIONS: dict[str, tuple[Activation, Initializer]] = {
    "relu": (relu, he_normal),
    "leaky_relu": (leaky_relu, he_normal),
    "elu": (elu, he_normal),
    "selu": (selu, lecun_normal),
    "gelu": (gelu, he_normal),
    "silu": (silu, he_normal),
    "mish": (mish, he_normal),
    "softplus": (softplus, he_normal),
    "tanh": (tanh, glorot_uniform),
    "hardtanh": (hardtanh, glorot_uniform),
    "sigmoid": (sigmoid, glorot_uniform),
    "log_sigmoid": (log_sigmoid, glorot_uniform),
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
