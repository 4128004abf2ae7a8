"""Square matrices whose inverse loses no digits."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from autograd.primitive import Array
from autograd.testing.arrays import seeds


@st.composite
def invertible(draw: st.DrawFn, n: int) -> Array:
    """Matrices of shape (n, n) whose singular values lie between 1 and 3n."""
    rng = np.random.default_rng(draw(seeds))
    matrix = np.round(rng.uniform(-1, 1, (n, n)), 2)
    # Each row and column is dominated by one entry by at least 1; which, the permutation decides.
    np.fill_diagonal(matrix, rng.choice([-1.0, 1.0], n) * (n + np.abs(np.diag(matrix))))
    return np.asarray(matrix[rng.permutation(n)])


@st.composite
def positive_definite(draw: st.DrawFn, n: int) -> Array:
    """Symmetric matrices of shape (n, n) whose eigenvalues lie between 1 and 1 + n**2."""
    root = np.random.default_rng(draw(seeds)).uniform(-1, 1, (n, n))
    return np.asarray(root @ root.T + np.eye(n))
