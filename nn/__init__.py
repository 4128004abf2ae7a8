"""Neural networks on the autograd engine: layers, losses, initializers, training."""

from nn import scalar
from nn.activations import (
    elu,
    gelu,
    hardtanh,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    selu,
    sigmoid,
    silu,
    softplus,
    tanh,
)
from nn.initializers import glorot_normal, glorot_uniform, he_normal, he_uniform, lecun_normal, lecun_uniform
from nn.linear import MLP, Linear
from nn.losses import binary_cross_entropy, cross_entropy, mean_squared_error
from nn.module import Module, Sequential, functional_call
from nn.training import History, fit

__all__ = [
    "MLP",
    "History",
    "Linear",
    "Module",
    "Sequential",
    "binary_cross_entropy",
    "cross_entropy",
    "elu",
    "fit",
    "functional_call",
    "gelu",
    "glorot_normal",
    "glorot_uniform",
    "hardtanh",
    "he_normal",
    "he_uniform",
    "leaky_relu",
    "lecun_normal",
    "lecun_uniform",
    "log_sigmoid",
    "mean_squared_error",
    "mish",
    "relu",
    "scalar",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "tanh",
]
