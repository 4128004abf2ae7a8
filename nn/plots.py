"""Pictures of training: matplotlib figures, which show themselves in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import no_grad
from autograd.primitive import Array
from nn.training import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito's palette, which people with any colour vision can tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"


def learning_curve(history: History) -> Figure:
    """Loss per epoch, and the share of wrong answers on the validation data where there is one."""
    epochs = np.arange(1, len(history.loss) + 1)
    panels = 2 if history.validation_accuracy else 1
    figure = _figure(4.6 * panels, 3.4)
    axes = figure.subplots(1, panels, squeeze=False)[0]
    axes[0].plot(epochs, history.loss, color=BLUE, label="training")
    if history.validation_loss:
        axes[0].plot(epochs, history.validation_loss, color=ORANGE, linestyle="--", label="held out")
        axes[0].legend(frameon=False)
    axes[0].set(xlabel="epoch", ylabel="loss", yscale="log", title="Loss")
    if history.validation_accuracy:
        errors = 100 * (1 - np.array(history.validation_accuracy))
        axes[1].plot(epochs, errors, color=ORANGE, linestyle="--")
        axes[1].set(xlabel="epoch", ylabel="wrong answers (%)", title="Held-out errors", ylim=(0, None))
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.3)
    return figure


def confusion_matrix(labels: Array, predictions: Array) -> Figure:
    """How often each class (row) was taken for each class (column)."""
    classes = int(max(labels.max(), predictions.max())) + 1
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels, predictions), 1)
    wrong = counts * (1 - np.eye(classes, dtype=int))
    figure = _figure(4.6, 4.4)
    ax = figure.subplots()
    # Mistakes carry the colour; the right answers on the diagonal would drown them.
    ax.imshow(np.ma.masked_equal(wrong, 0), cmap="Oranges", vmin=0, vmax=max(3, wrong.max()))
    for row, column in np.ndindex(classes, classes):
        if counts[row, column]:
            weight = "normal" if row == column else "bold"
            ax.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=9, fontweight=weight)
    ax.set(xticks=range(classes), yticks=range(classes), xlabel="read as", ylabel="is")
    ax.set_title(f"{counts.trace()} of {counts.sum()} right", fontsize=11)
    return figure


def misread(images: Array, labels: Array, predictions: Array, most: int = 12) -> Figure:
    """Some images that were given the wrong class, each with both."""
    wrong = np.flatnonzero(labels != predictions)[:most]
    side = round(images.shape[1] ** 0.5)
    columns = min(6, max(1, len(wrong)))
    rows = max(1, -(-len(wrong) // columns))
    figure = _figure(1.3 * columns, 1.6 * rows)
    for ax in figure.subplots(rows, columns, squeeze=False).flat:
        ax.axis("off")
    for ax, index in zip(figure.axes, wrong):
        ax.imshow(images[index].reshape(side, side), cmap="gray_r")
        ax.set_title(f"{labels[index]} read as {predictions[index]}", fontsize=9)
    return figure


def decision_boundary(model: Callable[[Any], Any], x: Array, labels: Array) -> Figure:
    """Two-dimensional points of two classes, and the probability the model gives the second everywhere."""
    low, high = x.min(axis=0) - 0.4, x.max(axis=0) + 0.4
    across, up = np.meshgrid(np.linspace(low[0], high[0], 200), np.linspace(low[1], high[1], 200))
    with no_grad():
        scores = np.asarray(model(np.column_stack([across.ravel(), up.ravel()])))
    probability = 1 / (1 + np.exp(scores[:, 0] - scores[:, 1]))
    figure = _figure(5.6, 4.2)
    ax = figure.subplots()
    surface = ax.contourf(
        across, up, probability.reshape(across.shape), levels=20, vmin=0, vmax=1, cmap="PuOr_r", alpha=0.6
    )
    ax.contour(across, up, probability.reshape(across.shape), levels=[0.5], colors="black", linewidths=1.5)
    for label, marker, colour in ((0, "o", BLUE), (1, "^", ORANGE)):
        points = x[labels == label]
        ax.scatter(
            points[:, 0],
            points[:, 1],
            marker=marker,
            s=22,
            color=colour,
            edgecolor="white",
            linewidth=0.5,
            label=f"class {label}",
        )
    figure.colorbar(surface, ax=ax, label="probability of class 1", ticks=[0, 0.25, 0.5, 0.75, 1])
    ax.legend(loc="upper right", framealpha=0.9)
    ax.set(xlabel="x1", ylabel="x2")
    return figure


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("pictures of training need matplotlib: pip install 'stepgrad[learn]'") from error
    return Figure(figsize=(width, height), layout="constrained", dpi=120)
