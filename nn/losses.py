"""What training makes small."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Node, log_softmax, mean, softplus, square, structured
from autograd.node import plain
from autograd.primitive import Array, example
from autograd.primitives.arithmetic import multiply, subtract
from autograd.primitives.indexing import positions
from autograd.primitives.linear import ones


def _one_hot(labels: Array, like: Any) -> Array:
    """1 at each row's label and 0 elsewhere, in the shape and precision of ``like``."""
    ones = np.zeros(like.shape, like.dtype)
    ones[positions(len(labels)), labels] = 1
    return ones


@structured(
    lambda g, y, log_probabilities, labels: -g / len(labels) * _one_hot(labels, log_probabilities),
    examples=[example((4, 3), labels=np.array([2, 0, 0, 1])), example((1, 2), labels=np.array([1]))],
)
def negative_log_likelihood(log_probabilities: Array, /, labels: Array) -> Array:
    """The mean over the rows of -log_probabilities[label]."""
    count = len(labels)
    chosen = log_probabilities[positions(count), labels]
    return (0.0 - ones(count, chosen.dtype).dot(chosen)) / count  # type: ignore[no-any-return]  # 0, and not -0, if sure


def cross_entropy(logits: Any, labels: Any) -> Any:
    """The mean of -log softmax(logits)[label] over the rows.

    Args:
        logits: (rows, classes) unnormalized scores.
        labels: (rows,) whole numbers, the index of each row's right class.

    Raises:
        ValueError: the shapes do not fit, there is only one class, or a label is not one of the classes.
        TypeError: the labels are not whole numbers, or are masked.
    """
    if isinstance(labels, np.ma.MaskedArray):
        raise TypeError("cross_entropy: takes no masked labels; leave those rows out, of the logits too")
    labels = np.array(plain(labels))  # as they are now: nobody can change these before ``backward``
    labels.setflags(write=False)
    shape = logits.shape if isinstance(logits, Node) else np.shape(logits)
    if len(shape) != 2 or labels.shape != shape[:1] or not shape[0]:
        raise ValueError(
            f"cross_entropy: needs logits of shape (rows, classes) and one label per row, "
            f"not logits of shape {shape} and labels of shape {labels.shape}{_remedy(shape, labels.shape)}"
        )
    if shape[1] == 1:
        raise ValueError(
            "cross_entropy: logits of one class, whose probability is 1 whatever they are; for two classes the "
            "model needs two outputs"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: labels are whole numbers, the index of the right class, not {labels.dtype}; "
            f"convert them, as in labels.astype(int) (a Tensor holds floats: give an array)"
        )
    try:
        if labels.item(labels.argmin()) >= 0:  # in a third of the time of min
            return negative_log_likelihood.apply((log_softmax(logits),), {"labels": labels})  # copied above: no call
    except IndexError:
        pass
    row = int(np.flatnonzero((labels < 0) | (labels >= shape[1]))[0])
    raise ValueError(
        f"cross_entropy: label {labels[row]} of row {row} is not a class; "
        f"logits of shape {shape} have the classes 0 to {shape[1] - 1}"
    )


def _remedy(logits: tuple[int, ...], labels: tuple[int, ...]) -> str:
    if labels == logits:
        return "; of one-hot rows, labels.argmax(axis=1) are the labels"
    return "; flatten the labels, as in labels.ravel()" if labels == (*logits[:1], 1) else ""


def binary_cross_entropy(logits: Any, targets: Any) -> Any:
    """The mean of -log of the probability of the right answer, of two, where that of a yes is sigmoid(logit).

    It is softplus(logit) - target * logit, which neither overflows nor takes the logarithm of 0.

    Args:
        logits: unnormalized scores, in any shape.
        targets: in the same shape, 1 for yes and 0 for no, or the probability of a yes.

    Raises:
        ValueError: there are no entries, the shapes differ, or a target is not between 0 and 1.
    """
    _check_shapes("binary_cross_entropy", "logits have", logits, targets)
    numbers = np.asarray(plain(targets))
    outside = numbers[~((numbers >= 0) & (numbers <= 1))]
    if outside.size:
        raise ValueError(
            f"binary_cross_entropy: a target is a probability, 0 for no and 1 for yes, not {outside[0]}; "
            f"of targets -1 and 1, (targets + 1) / 2 are the probabilities"
        )
    return mean(subtract(softplus(logits), multiply(targets, logits)))


def mean_squared_error(prediction: Any, target: Any) -> Any:
    """The mean of (prediction - target)**2 over all entries.

    Raises:
        ValueError: there are no entries, or the shapes differ: (4, 1) and (4,) would
            broadcast to (4, 4) and train nonsense.
    """
    _check_shapes("mean_squared_error", "prediction has", prediction, target)
    return mean(square(subtract(prediction, target)))


def _check_shapes(loss: str, what: str, prediction: Any, target: Any) -> None:
    shapes = [np.shape(plain(x)) for x in (prediction, target)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{loss}: the {what} shape {shapes[0]} but the target {shapes[1]}; "
            f"reshape one of them, as in target.reshape({shapes[0]})"
        )
    if 0 in shapes[0]:
        raise ValueError(f"{loss}: there is nothing to compare in predictions of shape {shapes[0]}")
