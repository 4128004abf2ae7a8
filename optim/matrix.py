"""Rules that see a layer's weights as a matrix: whitened steps, and states smaller than the weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autograd.primitive import Array
from optim.hyperparameters import count, hyperparameter, switch
from optim.layerwise import Layerwise
from optim.optimizer import norm


def power(H: Array, exponent: float) -> Array:
    """A power of a symmetric positive matrix, whose eigenvalues are known to the rounding of the largest."""
    values, vectors = np.linalg.eigh(H)
    least = max(len(H) * np.finfo(H.dtype).eps * values[-1], np.finfo(H.dtype).tiny)
    result: Array = (vectors * np.maximum(values, least) ** exponent) @ vectors.T
    return result


def newton_schulz(G: Array, steps: int, eps: float) -> Array:
    """Roughly the nearest matrix with orthonormal rows or columns, U V^T of G = U S V^T (Jordan et al. 2024).

    The polynomial is tuned for speed: it takes singular values to 0.7 ... 1.2, not to 1.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    X: Array = G / (norm(G) + eps)
    if G.shape[0] > G.shape[1]:
        X = X.T
    for _ in range(steps):
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X.T if G.shape[0] > G.shape[1] else X


@dataclass(eq=False)
class Muon(Layerwise):
    """Momentum, orthogonalized, for matrices (Jordan et al. 2024; weight decay: Liu et al. 2025).

    m <- momentum * m + (1 - momentum) * g
    u = (1 - momentum) * g + momentum * m
    w <- (1 - lr * weight_decay) * w - lr * sqrt(max(1, outputs / inputs)) * orthogonal(u)

    A matrix is (inputs, outputs). With ``bias_correction``, u is NAdam's (optax). What
    is no matrix takes AdamW's step, with ``adam_lr``.
    """

    state_names = ("m",)

    lr: float = hyperparameter(0.02)
    momentum: float = hyperparameter(0.95, below=1.0)
    weight_decay: float = hyperparameter(0.0)
    eps: float = hyperparameter(1e-8, positive=True)
    iterations: int = count(5)
    bias_correction: bool = switch(False)
    adam_lr: float = hyperparameter(0.0003)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)

    def shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        return {"m": shape} if len(shape) == 2 else {"m": shape, "v": shape}

    def rule(self, w: Array, g: Array, m: Array, *v: Array) -> None:
        if w.ndim != 2:
            adam_step(self, w, g, m, v[0], self.adam_lr, self.weight_decay)
            return
        momentum, t = self.momentum, self.steps
        m[:] = momentum * m + (1 - momentum) * g
        c_g, c_m = (1 - momentum**t, 1 - momentum ** (t + 1)) if self.bias_correction else (1.0, 1.0)
        u = (1 - momentum) * g / c_g + momentum * m / c_m
        scale = math.sqrt(max(1.0, w.shape[1] / w.shape[0]))
        w -= self.lr * (scale * newton_schulz(u, self.iterations, self.eps) + self.weight_decay * w)


@dataclass(eq=False)
class Shampoo(Layerwise):
    """Whitening along each axis of a weight array (Gupta, Koren & Singer 2018, algorithms 1 and 2).

    L <- L + G G^T,  R <- R + G^T G,  from eps * I
    w <- w - lr * L**(-1/4) G R**(-1/4)

    An array of k axes has one matrix for each, to the power -1/(2k).
    """

    lr: float = hyperparameter(0.1)
    eps: float = hyperparameter(1e-4, positive=True)

    def shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        return {f"H{axis}": (n, n) for axis, n in enumerate(shape or (1,))}

    def begin(self, w: Array, g: Array, *H: Array) -> None:
        for matrix in H:
            matrix[:] = self.eps * np.eye(len(matrix))

    def rule(self, w: Array, g: Array, *H: Array) -> None:
        G = g.reshape(g.shape or (1,))
        u = G
        for axis, matrix in enumerate(H):
            flat = np.moveaxis(G, axis, 0).reshape(len(matrix), -1)
            matrix += flat @ flat.T
            u = np.moveaxis(np.tensordot(power(matrix, -1 / (2 * len(H))), u, (1, axis)), 0, axis)
        w -= self.lr * u.reshape(w.shape)


@dataclass(eq=False)
class SOAP(Layerwise):
    """Adam in the eigenbasis of Shampoo's matrices (Vyas et al. 2024, algorithm 3).

    L <- beta2 * L + (1 - beta2) * G G^T,  R likewise with G^T G
    P, Q = eigenvectors of L and R, found again every ``every`` steps
    w <- w - lr * P adam(P^T G Q) Q^T,  Adam's m kept outside the basis, its v inside

    What is no matrix takes Adam's step.
    """

    lr: float = hyperparameter(0.003)
    beta1: float = hyperparameter(0.95, below=1.0)
    beta2: float = hyperparameter(0.95, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    weight_decay: float = hyperparameter(0.0)
    every: int = count(10)

    def shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        if len(shape) != 2:
            return {"m": shape, "v": shape}
        rows, columns = (shape[0], shape[0]), (shape[1], shape[1])
        return {"m": shape, "v": shape, "L": rows, "R": columns, "P": rows, "Q": columns}

    def basis(self, matrix: Array) -> Array:
        """The eigenvectors as columns."""
        vectors: Array = np.linalg.eigh(matrix)[1]
        return vectors

    def rule(self, w: Array, g: Array, m: Array, v: Array, *basis: Array) -> None:
        if not basis:
            adam_step(self, w, g, m, v, self.lr, self.weight_decay)
            return
        L, R, P, Q = basis
        L[:] = self.beta2 * L + (1 - self.beta2) * g @ g.T
        R[:] = self.beta2 * R + (1 - self.beta2) * g.T @ g
        if (self.steps - 1) % self.every == 0 or not P.any():
            P[:], Q[:] = self.basis(L), self.basis(R)
        m[:] = self.beta1 * m + (1 - self.beta1) * g
        v[:] = self.beta2 * v + (1 - self.beta2) * (P.T @ g @ Q) ** 2
        m_hat = P.T @ m @ Q / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        w -= self.lr * (P @ (m_hat / (np.sqrt(v_hat) + self.eps)) @ Q.T + self.weight_decay * w)


@dataclass(eq=False)
class GaLore(Layerwise):
    """Adam on a projection of the gradient to few dimensions (Zhao et al. 2024, algorithm 2).

    P = the first ``rank`` left singular vectors of G, found again every ``every`` steps
    w <- w - lr * scale * P adam(P^T G)

    A wide matrix is projected from the right. What is no matrix takes Adam's step.
    """

    rest = "projection and preconditioner"

    lr: float = hyperparameter(0.01)
    beta1: float = hyperparameter(0.9, below=1.0)
    beta2: float = hyperparameter(0.999, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)
    rank: int = count(128)
    every: int = count(200)
    scale: float = hyperparameter(1.0)

    def shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        if len(shape) != 2:
            return {"m": shape, "v": shape}
        rank = min(self.rank, *shape)
        low = (rank, min(shape))
        return {"m": low, "v": low, "P": (max(shape), rank)}

    def rule(self, w: Array, g: Array, m: Array, v: Array, *projection: Array) -> None:
        if not projection:
            adam_step(self, w, g, m, v, self.lr)
            return
        (P,) = projection
        W, G = (w, g) if w.shape[0] >= w.shape[1] else (w.T, g.T)
        if (self.steps - 1) % self.every == 0 or not P.any():
            P[:] = np.linalg.svd(G, full_matrices=False)[0][:, : P.shape[1]]
        low = P.T @ G
        m[:] = self.beta1 * m + (1 - self.beta1) * low
        v[:] = self.beta2 * v + (1 - self.beta2) * low**2
        m_hat = m / (1 - self.beta1**self.steps)
        v_hat = v / (1 - self.beta2**self.steps)
        W -= self.lr * self.scale * P @ (m_hat / (np.sqrt(v_hat) + self.eps))


@dataclass(eq=False)
class Adafactor(Layerwise):
    """Adam without momentum that keeps only row and column means (Shazeer & Stern 2018, algorithms 4 and 5).

    decay = 1 - t**decay_power
    R <- decay * R + (1 - decay) * row means of g**2 + eps1;  C likewise for columns
    u = g / sqrt(R C / mean(R)),  u <- u / max(1, rms(u) / clip)
    w <- w - min(lr, 1/sqrt(t)) * max(eps2, rms(w)) * u

    Without ``relative_step`` the learning rate is lr itself. What is no matrix keeps the whole average of g**2.
    """

    lr: float = hyperparameter(0.01)
    eps1: float = hyperparameter(1e-30, positive=True)
    eps2: float = hyperparameter(1e-3)
    clip: float = hyperparameter(1.0, positive=True, role="clipping", off=math.inf)
    decay_power: float = hyperparameter(-0.8, low=-np.inf, below=0.0)
    relative_step: bool = switch(True, role="schedule")

    def shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        if len(shape) < 2:
            return {"V": shape}
        return {"R": (*shape[:-1], 1), "C": (*shape[:-2], 1, shape[-1])}

    def rule(self, w: Array, g: Array, *V: Array) -> None:
        decay = 1 - self.steps**self.decay_power
        square = g**2 + self.eps1
        if len(V) == 1:
            V[0][...] = decay * V[0] + (1 - decay) * square
            size = np.sqrt(V[0])
        else:
            R, C = V
            R[:] = decay * R + (1 - decay) * square.mean(-1, keepdims=True)
            C[:] = decay * C + (1 - decay) * square.mean(-2, keepdims=True)
            size = np.sqrt(R / R.mean(-2, keepdims=True)) * np.sqrt(C)  # eps1 times eps1 is 0 in float32
        u = g / size
        u /= max(1.0, rms(u) / self.clip)
        lr = min(self.lr, self.steps**-0.5) if self.relative_step else self.lr
        w -= lr * max(self.eps2, rms(w)) * u


@dataclass(eq=False)
class SM3(Layerwise):
    """Adagrad that keeps one number per row and per column (Anil et al. 2019, SM3-II).

    nu_ij = g_ij**2 + min(row_i, column_j)
    row_i <- max_j nu_ij,  column_j <- max_i nu_ij
    m <- momentum * m + (1 - momentum) * g / sqrt(nu + eps)
    w <- w - lr * m
    """

    lr: float = hyperparameter(0.1)
    momentum: float = hyperparameter(0.9, below=1.0)
    eps: float = hyperparameter(1e-8, positive=True)

    def shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        axes = range(len(shape))
        sides = {f"s{axis}": tuple(n if other == axis else 1 for other, n in enumerate(shape)) for axis in axes}
        return {"m": shape, **(sides or {"s": ()})}

    def rule(self, w: Array, g: Array, m: Array, *sides: Array) -> None:
        nu = sides[0]
        for side in sides[1:]:
            nu = np.minimum(nu, side)
        nu = g**2 + nu
        for side in sides:
            side[...] = nu.max(tuple(axis for axis, n in enumerate(side.shape) if n == 1), keepdims=True)
        m[...] = self.momentum * m + (1 - self.momentum) * g / np.sqrt(nu + self.eps)
        w -= self.lr * m


def rms(x: Array) -> float:
    """The root of the mean square."""
    return math.sqrt(float(np.mean(x * x)))


def adam_step(
    optimizer: Muon | SOAP | GaLore, w: Array, g: Array, m: Array, v: Array, lr: float, decay: float = 0.0
) -> None:
    """AdamW's step, for what is no matrix."""
    beta1, beta2 = optimizer.beta1, optimizer.beta2
    m[...] = beta1 * m + (1 - beta1) * g
    v[...] = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**optimizer.steps)
    v_hat = v / (1 - beta2**optimizer.steps)
    w -= lr * (m_hat / (np.sqrt(v_hat) + optimizer.eps) + decay * w)
