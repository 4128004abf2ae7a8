"""Products of vectors and matrices."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import modes
from autograd import node as nodes
from autograd.primitive import Array, example, structured
from autograd.primitives.indexing import shape_of
from autograd.primitives.shaping import reshape, sum_to, transpose


def matrix_transpose(x: Any) -> Any:
    """The matrices in ``x`` transposed.

    Raises:
        ValueError: ``x`` is a vector or a single number.
    """
    shape = shape_of(x)
    if len(shape) < 2:
        raise ValueError(f"matrix_transpose: takes a matrix or a stack of matrices, not shape {shape}")
    if len(shape) == 2 and hasattr(x, "T"):  # an array at once, past the row
        return x.T
    return transpose(x, (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2))


def _row(x: Any, vector: bool) -> Any:
    return reshape(x, (*x.shape[:-1], 1, x.shape[-1])) if vector else x


def _column(x: Any, vector: bool) -> Any:
    return reshape(x, (*x.shape, 1)) if vector else x


def _as_matrices(g: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """The product of a vector, seen as that of a row or column matrix."""
    if len(a.shape) == 1 and len(b.shape) == 1:
        g = reshape(g, (1, 1))
    elif len(b.shape) == 1:
        g = _column(g, True)
    else:
        g = _row(g, len(a.shape) == 1)
    return g, _row(a, len(a.shape) == 1), _column(b, len(b.shape) == 1)


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    if len(a.shape) == len(b.shape) == 2:
        return g @ b.T
    g, rows, columns = _as_matrices(g, a, b)
    product = g @ matrix_transpose(columns)
    return reshape(sum_to(product, rows.shape), a.shape)


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    if len(a.shape) == len(b.shape) == 2:
        return a.T @ g
    g, rows, columns = _as_matrices(g, a, b)
    product = matrix_transpose(rows) @ g
    return reshape(sum_to(product, columns.shape), b.shape)


@structured(
    _matmul_left,
    _matmul_right,
    examples=[
        example((2, 3), (3, 4)),
        example((3,), (3,)),
        example((3,), (3, 2)),
        example((2, 3), (3,)),
        example((4, 2, 3), (3, 2)),
        example((4, 2, 3), (3,)),
        example((2, 1, 2, 3), (3, 3, 2)),
    ],
    symbol="@",
)
def matmul(a: Array, b: Array, /) -> Array:
    """The matrix product; a vector counts as a row on the left and a column on the right."""
    try:
        return np.matmul(a, b)
    except ValueError:
        raise ValueError(_why_no_product(a, b)) from None


def _why_no_product(a: Any, b: Any) -> str:
    left, right = np.shape(a), np.shape(b)
    if not (left and right):
        return "a single number has no rows or columns; multiply by it with *"
    n, m = left[-1], right[-min(len(right), 2)]
    if n != m:
        return (
            f"each row of the left one has {n} entries, and each column of the right one {m}; "
            f"transpose one of them, as in x.T, or reshape one"
        )
    return "the stacks of matrices do not broadcast; add an axis to one of them, as in x[:, None], or reshape one"


def _rows(x: Any) -> Any:
    return x if x.ndim == 2 else reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


@functools.lru_cache(maxsize=16)
def ones(count: int, dtype: Any) -> Array:
    """A vector of ones, always the same one, to add up with."""
    vector = np.ones(count, dtype)
    vector.flags.writeable = False
    return vector


# An array's own ``dot`` takes half the time of @ on small matrices. Given a node, it would make an array of it.


def _linear_x(g: Any, y: Any, x: Any, weight: Any, bias: Any) -> Any:
    if type(g) is type(weight) is np.ndarray:
        return g.dot(weight.T)
    return matmul(g, weight.T)


def _linear_weight(g: Any, y: Any, x: Any, weight: Any, bias: Any) -> Any:
    if type(g) is type(x) is np.ndarray and x.ndim == 2:
        return x.T.dot(g)
    return matmul(_rows(x).T, _rows(g))


def _linear_bias(g: Any, y: Any, x: Any, weight: Any, bias: Any) -> Any:
    g = _rows(g)
    # The sum over the rows. As a product it takes a third of the time of NumPy's sum.
    return ones(len(g), g.dtype).dot(g) if type(g) is np.ndarray else g.sum(0)


# One node for what every layer does: as two rows it would take a third longer.
@structured(
    _linear_x,
    _linear_weight,
    _linear_bias,
    examples=[example((4, 3), (3, 2), (2,)), example((3,), (3, 2), (2,)), example((2, 4, 3), (3, 2), (2,))],
)
def linear(x: Array, weight: Array, bias: Array, /) -> Array:
    """``x @ weight + bias`` for rows ``x`` of fan_in numbers: (..., fan_in) to (..., fan_out)."""
    try:
        fits = x.ndim > 0 and weight.ndim == 2 and bias.shape == weight.shape[1:]
    except AttributeError:  # a plain number has no shape
        fits = False
    if not fits:
        raise ValueError("it takes rows, a matrix of weights, and one bias per column of weights")
    try:
        y = x.dot(weight)
    except ValueError:
        raise ValueError(_why_no_product(x, weight)) from None
    if y.dtype is not bias.dtype:
        return y + bias  # in the higher precision of the two
    y += bias
    return y


def _sum_of_products(*operands: Any) -> Any:
    """bias + w1*x1 + w2*x2 + ..., the terms added in that order."""
    n = len(operands) // 2
    total = operands[-1]
    for weight, x in zip(operands, operands[n:-1]):
        total = total + weight * x
    return total


def _weighted_sum_vjps(g: Any, y: Any, *operands: Any) -> list[Any]:
    n = len(operands) // 2
    return [g * factor for factor in (*operands[n:-1], *operands[:n], 1.0)]


@structured(
    all_vjps=_weighted_sum_vjps,
    scalar=_sum_of_products,
    symbol="Σwx",
    examples=[example(*[()] * 5), example(*[()] * 3)],
)
def _weighted_sum(*operands: Any) -> Any:
    return _sum_of_products(*operands)


def weighted_sum(weights: Sequence[Any], inputs: Sequence[Any], bias: Any) -> Any:
    """``bias + w1*x1 + w2*x2 + ...`` as one node: what a neuron computes before its activation.

    Raises:
        ValueError: there are not as many inputs as weights.
    """
    if len(weights) != len(inputs):
        raise ValueError(
            f"weighted_sum: {len(weights)} weights cannot weigh {len(inputs)} inputs; give one input per weight"
        )
    if not modes.open_blocks:  # twice as fast as the way for all kinds
        try:
            y = bias._data
            for weight, x in zip(weights, inputs):
                y = y + weight._data * x._data
        except (AttributeError, ValueError):
            y = None  # there are plain numbers or Tensors among them
        if type(y) is float:
            return nodes.make(nodes.Value, y, _weighted_sum, (*weights, *inputs, bias))
    return _weighted_sum.apply((*weights, *inputs, bias), {})
