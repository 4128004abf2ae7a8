"""Functions of square matrices: inverses, linear systems, determinants, factors, diagonals.

The matrices are the last two axes; what stands before them is a stack of matrices.
The derivatives are those of M. B. Giles, "Collected matrix derivative results for
forward and reverse mode algorithmic differentiation" (2008).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd import node as nodes
from autograd.primitive import Array, example, point, structured
from autograd.primitives.indexing import add_at
from autograd.primitives.linear import matrix_transpose
from autograd.primitives.reduction import sum
from autograd.primitives.shaping import reshape


def _well_conditioned(x: Array) -> Array:
    return x / 4 + 2 * np.eye(x.shape[-1])


# ---- inverses and linear systems -----------------------------------------


@structured(
    lambda g, y, x: -(matrix_transpose(y) @ g @ matrix_transpose(y)),
    examples=[example((3, 3)), example((1, 1)), example((2, 2, 2))],
    prepare=lambda x: (_well_conditioned(x),),
)
def inv(x: Array, /) -> Array:
    """The inverse of a matrix; to solve a linear system, ``solve`` is quicker and more accurate.

    Raises:
        ValueError: the matrix is singular, or not square.
    """
    return np.linalg.inv(x)


def _solve_vjps(g: Any, y: Any, a: Any, b: Any) -> list[Any]:
    if len(b.shape) > 1:
        u = solve(matrix_transpose(a), g)
        return [-(u @ matrix_transpose(y)), u]
    u = solve(matrix_transpose(a), reshape(g, (*g.shape, 1)))  # a stack of vectors would be taken for a matrix
    return [-(u * reshape(y, (*y.shape[:-1], 1, y.shape[-1]))), reshape(u, g.shape)]


@structured(
    all_vjps=_solve_vjps,
    examples=[
        example((3, 3), (3,)),
        example((3, 3), (3, 2)),
        example((2, 2, 2), (2, 2, 1)),
        example((2, 2, 2), (2,)),
        example((3, 1, 2, 2), (2, 2, 3)),
    ],
    prepare=lambda a, b: (_well_conditioned(a), b),
)
def solve(a: Array, b: Array, /) -> Array:
    """The ``x`` for which ``a @ x`` is ``b``: (..., n, n) and (n,) or (..., n, k) to (..., n) or (..., n, k).

    A right-hand side of one axis is a vector; a stack of vectors is given as (..., n, 1).

    Raises:
        ValueError: the matrix is singular, or not square, or the shapes do not fit.
    """
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:  # it says that the matrix is singular, or not square
        raise
    except ValueError:
        raise ValueError(
            "the right-hand side is to have one entry, or one row, for every row of the matrix; "
            "transpose it, as in x.T, or reshape it"
        ) from None


# ---- determinants --------------------------------------------------------


def _cofactors(x: Any) -> Any:
    """The slopes of the determinant: what is left without a row and a column, with alternating signs."""
    n = x.shape[-1]
    others = np.array([[j for j in range(n) if j != i] for i in range(n)], dtype=int).reshape(n, n - 1)
    minors = x[..., others[:, None, :, None], others[None, :, None, :]]
    return det(minors) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n))


def _is_nearly_singular(x: Array) -> bool:
    """Whether an inverse has lost half of its digits."""
    return x.size > 0 and bool(np.any(np.linalg.cond(x, "fro") > np.finfo(x.dtype).eps ** -0.5))


def _det_vjp(g: Any, y: Any, x: Any) -> Any:
    g = reshape(g, (*y.shape, 1, 1))
    # By the inverse if y has its digits. The slopes' own slopes are not right by one that is almost infinite.
    size = np.abs(nodes.plain(y))
    if np.any((size < np.finfo(size.dtype).tiny) | (size == np.inf)) or (
        isinstance(x, nodes.Node) and _is_nearly_singular(x._data)
    ):
        return g * _cofactors(x)
    return g * reshape(y, (*y.shape, 1, 1)) * matrix_transpose(inv(x))


@structured(
    _det_vjp,
    examples=[example((3, 3)), example((1, 1)), example((2, 2, 2))],
    prepare=lambda x: (_well_conditioned(x),),
)
def det(x: Array, /) -> Array:
    """The determinant of a matrix.

    Its slopes at a singular matrix are right, too, but take the memory of n**4 numbers there.

    Raises:
        ValueError: the matrix is not square.
    """
    return np.asarray(np.linalg.det(x))


def _slogdet_vjp(g: Any, y: Any, x: Any) -> Any:
    if np.any(y == -np.inf):
        raise ValueError(
            "slogdet: the matrix is singular; log|det| is -inf there, and has no slope. "
            "Add a multiple of the identity to the matrix, or use det"
        )
    return reshape(g, (*y.shape, 1, 1)) * matrix_transpose(inv(x))


@structured(
    _slogdet_vjp,
    examples=[example((3, 3)), example((1, 1)), example((2, 2, 2))],
    prepare=lambda x: (_well_conditioned(x),),
)
def _slogdet(x: Array, /) -> Array:
    return np.asarray(np.linalg.slogdet(x).logabsdet)


class SlogdetResult(NamedTuple):
    """The sign of a determinant and the logarithm of its absolute value, by the names they have in NumPy."""

    sign: Any
    logabsdet: Any


def slogdet(x: Any) -> SlogdetResult:
    """The sign of the determinant and the logarithm of its absolute value, which does not overflow.

    The sign is plain data. Where the matrix is singular, the two are 0 and -inf, and
    ``backward`` raises a ValueError: the logarithm has no slope there.

    Raises:
        ValueError: the matrix is not square.
    """
    logarithm = _slogdet(x)
    return SlogdetResult(np.linalg.slogdet(nodes.plain(x)).sign, logarithm)


# ---- factors -------------------------------------------------------------


def _positive_definite(x: Array) -> Array:
    """A matrix that stays positive definite when an entry is changed by a tenth of the largest."""
    x = x / (1 + np.max(np.abs(x), initial=0))
    return x @ np.swapaxes(x, -1, -2) / x.shape[-1] + 2 * np.eye(x.shape[-1])


def _cholesky_vjp(g: Any, y: Any, x: Any) -> Any:
    n = y.shape[-1]
    lower = np.tril(np.ones((n, n))) - 0.5 * np.eye(n)
    inverse = inv(y)
    slopes = matrix_transpose(inverse) @ (lower * (matrix_transpose(y) @ g)) @ inverse
    return (slopes + matrix_transpose(slopes)) / 2


@structured(
    _cholesky_vjp,
    examples=[example((3, 3)), example((1, 1)), example((2, 2, 2))],
    prepare=lambda x: (_positive_definite(x),),
    special=[point([[2.0, 1.0], [1.0, 2.0]])],
    note="the factor is that of the symmetric part (x + x.T) / 2, so that the slopes are a symmetric matrix",
)
def cholesky(x: Array, /) -> Array:
    """The lower triangular L for which ``L @ L.T`` is the matrix, or the symmetric part of one that is not symmetric.

    Raises:
        ValueError: the symmetric part is not positive definite, or the matrix not square.
    """
    if np.ndim(x) < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError("it takes square matrices")
    return np.linalg.cholesky((x + np.swapaxes(x, -1, -2)) / 2)


# ---- diagonals -----------------------------------------------------------


def _diagonal(rows: int, columns: int, k: int) -> slice:
    """Where the k-th diagonal above the main one is, in a matrix row by row as one vector."""
    length = max(0, min(rows + min(k, 0), columns - max(k, 0)))
    start = k if k >= 0 else -k * columns
    return slice(start, start + length * (columns + 1), columns + 1)


def diag(x: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the square matrix of a diagonal; ``k`` places above the main one.

    Raises:
        ValueError: ``x`` is neither a vector nor a matrix.
    """
    shape = np.shape(x)
    if len(shape) == 1:
        n = shape[0] + abs(k)
        return reshape(add_at(x, _diagonal(n, n, k), (n * n,)), (n, n))
    if len(shape) != 2:
        raise ValueError(f"diag: takes a vector or a matrix, not shape {shape}; einsum('...ii->...i', x) takes a stack")
    rows, columns = shape
    return reshape(x, -1)[_diagonal(rows, columns, k)]


def trace(x: Any) -> Any:
    """The sum of the diagonal of a matrix.

    Raises:
        ValueError: ``x`` is not a matrix.
    """
    if len(np.shape(x)) != 2:
        raise ValueError(f"trace: takes a matrix, not shape {np.shape(x)}; einsum('...ii->...', x) takes a stack")
    return sum(diag(x))
