"""Batches, splits, and two data sets that need no network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.node import plain
from autograd.primitive import Array
from nn.initializers import Seed, generator


def batches(rows: int, batch_size: int, rng: np.random.Generator) -> Iterator[Array]:
    """Row numbers in random order, ``batch_size`` at a time; the last batch takes what is left."""
    order = rng.permutation(rows)
    for start in range(0, rows, batch_size):
        yield order[start : start + batch_size]


def split(x: Array, y: Array, held_out: float, rng: Seed) -> tuple[Array, Array, Array, Array]:
    """Rows at random into a training and a held-out part: ``x, y, x_held_out, y_held_out``.

    Args:
        held_out: the held-out fraction of the rows, between 0 and 1.

    Raises:
        ValueError: x and y have different numbers of rows, or a part would be empty.
    """
    x, y = np.asarray(plain(x)), np.asarray(plain(y))
    if len(x) != len(y):
        raise ValueError(f"split: x has {len(x)} rows but y has {len(y)}; they must describe the same examples")
    count = round(len(x) * held_out)
    if not 0 < count < len(x):
        raise ValueError(f"split: holding out {held_out:g} of {len(x)} rows leaves one part empty")
    order = generator(rng).permutation(len(x))
    train, test = order[count:], order[:count]
    return x[train], y[train], x[test], y[test]


def moons(rows: int, noise: float, rng: Seed) -> tuple[Array, Array]:
    """Two interleaved half circles of radius 1: points (rows, 2), labels 0 (upper) and 1 (lower).

    Args:
        noise: standard deviation of the Gaussian noise added to each coordinate.
    """
    rng = generator(rng)
    upper = rows // 2
    angle = np.concatenate([np.linspace(0, np.pi, upper), np.linspace(0, np.pi, rows - upper)])
    labels = np.arange(rows) >= upper
    points = np.column_stack(
        [np.where(labels, 1 - np.cos(angle), np.cos(angle)), np.where(labels, 0.5 - np.sin(angle), np.sin(angle))]
    )
    return points + rng.normal(0, noise, points.shape), labels.astype(np.int64)


def digits() -> tuple[Array, Array]:
    """scikit-learn's 1,797 handwritten digits: images (1797, 64) scaled to [0, 1], labels 0 to 9.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("the digits come with scikit-learn: pip install 'stepgrad[learn]'") from error
    images, labels = load_digits(return_X_y=True)
    return images / 16, labels


def are_classes(labels: Array, count: int) -> bool:
    """Whether each label is one of 0, 1, ... below ``count``."""
    return bool(np.isin(labels, np.arange(count)).all())


def accuracy(scores: Any, labels: Array) -> float:
    """The share of rows whose largest score is that of the right class, and a finite number.

    Args:
        scores: (rows, classes) numbers, or a Tensor of them.
        labels: (rows,) the index of each row's right class.

    Raises:
        ValueError: the shapes do not fit, there is only one class, or a label is not one of the classes.
    """
    scores, labels = np.asarray(plain(scores)), np.asarray(plain(labels))
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ValueError(
            f"accuracy: needs scores of shape (rows, classes) and one label per row, "
            f"not scores of shape {scores.shape} and labels of shape {labels.shape}"
        )
    if scores.shape[1] < 2:
        raise ValueError(
            f"accuracy: scores of shape {scores.shape} have no second class to choose; where one output tells two "
            f"classes apart, the accuracy is np.mean((scores[:, 0] > 0) == (labels == 1))"
        )
    if not len(labels):
        raise ValueError("accuracy: there are no rows of which a share could be right")
    if not are_classes(labels, scores.shape[1]):
        raise ValueError(
            f"accuracy: labels are the index of each row's class, here 0 to {scores.shape[1] - 1}, "
            f"not {labels.min()} to {labels.max()}"
        )
    right = (np.argmax(scores, axis=1) == labels) & np.isfinite(np.max(scores, axis=1))
    return float(np.mean(right))
