"""Automatic differentiation one can read: scalars and arrays, one table of derivatives."""

from autograd.node import Node, Tensor, Value  # isort: skip  (first: the table and the nodes need each other)
from autograd.backward import gradients
from autograd.calculus import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.check import check_gradients
from autograd.modes import allow_stale, detect_anomaly, no_grad
from autograd.primitive import elementwise, structured
from autograd.primitives.arithmetic import absolute, maximum, minimum, relu, where
from autograd.primitives.contraction import dot, einsum, inner, outer, tensordot
from autograd.primitives.exponential import exp, log, log1p, sigmoid, softplus, sqrt, tanh
from autograd.primitives.linear import linear, matmul, matrix_transpose, weighted_sum
from autograd.primitives.matrix import cholesky, det, diag, inv, slogdet, solve, trace
from autograd.primitives.reduction import (
    argmax,
    argmin,
    cumprod,
    cumsum,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    softmax,
    std,
    sum,
    var,
)
from autograd.primitives.shaping import broadcast_to, concatenate, reshape, stack, transpose
from autograd.primitives.trigonometry import cos, sin

__version__ = "0.1.0"

__all__ = [
    "Node",
    "Tensor",
    "Value",
    "absolute",
    "allow_stale",
    "argmax",
    "argmin",
    "broadcast_to",
    "check_gradients",
    "cholesky",
    "concatenate",
    "cos",
    "cumprod",
    "cumsum",
    "det",
    "detect_anomaly",
    "diag",
    "dot",
    "einsum",
    "elementwise",
    "exp",
    "grad",
    "gradients",
    "hessian",
    "hvp",
    "inner",
    "inv",
    "jacobian",
    "jvp",
    "linear",
    "log",
    "log1p",
    "log_softmax",
    "logsumexp",
    "matmul",
    "matrix_transpose",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "no_grad",
    "norm",
    "outer",
    "prod",
    "relu",
    "reshape",
    "sigmoid",
    "sin",
    "slogdet",
    "softmax",
    "softplus",
    "solve",
    "sqrt",
    "stack",
    "std",
    "structured",
    "sum",
    "tanh",
    "tensordot",
    "trace",
    "transpose",
    "value_and_grad",
    "var",
    "vjp",
    "weighted_sum",
    "where",
]
