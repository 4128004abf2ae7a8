"""Automatic differentiation one can read: scalars and arrays, one table of derivatives."""

from autograd.node import Node, Tensor, Value  # isort: skip  (first: the table and the nodes need each other)
from autograd.backward import gradients
from autograd.calculus import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.check import check_gradients
from autograd.modes import allow_stale, detect_anomaly, no_grad
from autograd.primitive import elementwise, structured
from autograd.primitives.arithmetic import absolute, maximum, minimum, relu, where
from autograd.primitives.exponential import exp, log, log1p, sigmoid, softplus, sqrt, tanh
from autograd.primitives.linear import linear, matmul, weighted_sum
from autograd.primitives.reduction import log_softmax, logsumexp, max, mean, softmax, sum
from autograd.primitives.shaping import broadcast_to, concatenate, reshape, stack, transpose
from autograd.primitives.trigonometry import cos, sin

__version__ = "0.1.0"

__all__ = [
    "Node",
    "Tensor",
    "Value",
    "absolute",
    "allow_stale",
    "broadcast_to",
    "check_gradients",
    "concatenate",
    "cos",
    "detect_anomaly",
    "elementwise",
    "exp",
    "grad",
    "gradients",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linear",
    "log",
    "log1p",
    "log_softmax",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "minimum",
    "no_grad",
    "relu",
    "reshape",
    "sigmoid",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "stack",
    "structured",
    "sum",
    "tanh",
    "transpose",
    "value_and_grad",
    "vjp",
    "weighted_sum",
    "where",
]
