"""Neural networks on the autograd engine: layers, losses, initializers, training."""

from nn import scalar
from nn.activations import relu, sigmoid, softplus, tanh
from nn.initializers import glorot_normal, glorot_uniform, he_normal, he_uniform
from nn.linear import MLP, Linear
from nn.losses import cross_entropy, mean_squared_error
from nn.module import Module, Sequential, functional_call
from nn.training import History, fit

__all__ = [
    "MLP",
    "History",
    "Linear",
    "Module",
    "Sequential",
    "cross_entropy",
    "fit",
    "functional_call",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "mean_squared_error",
    "relu",
    "scalar",
    "sigmoid",
    "softplus",
    "tanh",
]
