"""Pictures of training: the right numbers in the right panels, and no global state."""

import re
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

import nn
from nn import data, plots

LABELS = np.array([0, 1, 2, 2, 2, 1])
PREDICTIONS = np.array([0, 2, 2, 2, 1, 2])


def a_history(validated):
    if validated:
        return nn.History([2.0, 1.0, 0.5], [2.5, 1.5, 1.25], [0.5, 0.75, 0.9])
    return nn.History([2.0, 1.0, 0.5])


def points(line):
    return line.get_xydata().tolist()


def every_figure():
    x, y = data.moons(20, noise=0.1, rng=0)
    return {
        "learning_curve": plots.learning_curve(a_history(validated=True)),
        "confusion_matrix": plots.confusion_matrix(LABELS, PREDICTIONS),
        "misread": plots.misread(np.eye(6, 16), LABELS, PREDICTIONS),
        "decision_boundary": plots.decision_boundary(nn.MLP([2, 2], rng=0), x, y),
    }


@pytest.mark.parametrize("name", ["learning_curve", "confusion_matrix", "misread", "decision_boundary"])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_every_picture_is_a_figure_that_saves(name, kind, tmp_path):
    figure = every_figure()[name]
    assert type(figure) is Figure
    file = tmp_path / f"{name}.{kind}"
    figure.savefig(file)
    start = {"png": b"\x89PNG", "svg": b"<?xml"}[kind]
    assert file.read_bytes().startswith(start)
    assert file.stat().st_size > 2000


def test_pictures_leave_no_trace_in_pyplot_or_the_settings():
    before = dict(matplotlib.rcParams)
    every_figure()
    assert pyplot.get_fignums() == []
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_a_picture_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    expected = "pictures of training need matplotlib: pip install 'stepgrad[learn]'"
    with pytest.raises(ImportError, match=re.escape(expected)):
        plots.learning_curve(a_history(validated=False))


# ---- learning curve ------------------------------------------------------


def test_the_learning_curve_shows_the_loss_on_a_logarithmic_scale():
    (ax,) = plots.learning_curve(a_history(validated=False)).axes
    (line,) = ax.lines
    assert points(line) == [[1, 2.0], [2, 1.0], [3, 0.5]]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "log")
    assert ax.get_legend() is None


def test_the_learning_curve_shows_validation_beside_training_and_errors_in_percent():
    loss, errors = plots.learning_curve(a_history(validated=True)).axes
    training, held_out = loss.lines
    assert points(held_out) == [[1, 2.5], [2, 1.5], [3, 1.25]]
    assert points(training) == [[1, 2.0], [2, 1.0], [3, 0.5]]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["training", "held out"]
    (line,) = errors.lines
    np.testing.assert_allclose(points(line), [[1, 50], [2, 25], [3, 10]])
    assert (errors.get_xlabel(), errors.get_ylabel(), errors.get_ylim()[0]) == ("epoch", "wrong answers (%)", 0)


def test_the_learning_curve_of_a_regression_has_validation_loss_and_no_errors():
    (ax,) = plots.learning_curve(nn.History([2.0, 1.0], [3.0, 2.0])).axes
    assert len(ax.lines) == 2


# ---- confusion matrix ----------------------------------------------------


def test_the_confusion_matrix_counts_each_class_against_what_it_was_read_as():
    (ax,) = plots.confusion_matrix(LABELS, PREDICTIONS).axes
    counts = {text.get_position(): text.get_text() for text in ax.texts}
    # column: read as; row: is
    assert counts == {(0, 0): "1", (2, 1): "2", (2, 2): "2", (1, 2): "1"}
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("read as", "is", "3 of 6 right")


def test_the_confusion_matrix_colours_mistakes_and_leaves_the_rest_white():
    (ax,) = plots.confusion_matrix(LABELS, PREDICTIONS).axes
    (image,) = ax.images
    assert image.get_array().filled(0).tolist() == [[0, 0, 0], [0, 0, 2], [0, 1, 0]]
    weights = {text.get_position(): text.get_fontweight() for text in ax.texts}
    assert weights == {(0, 0): "normal", (2, 1): "bold", (2, 2): "normal", (1, 2): "bold"}


def test_the_confusion_matrix_has_a_row_for_a_class_that_was_only_predicted():
    (ax,) = plots.confusion_matrix(np.array([0, 1]), np.array([0, 3])).axes
    assert ax.get_yticks().tolist() == [0, 1, 2, 3]
    assert ax.get_title() == "1 of 2 right"


# ---- misread -------------------------------------------------------------


def test_misread_shows_each_wrong_image_with_both_classes():
    images = np.arange(6 * 16, dtype=float).reshape(6, 16)
    figure = plots.misread(images, LABELS, PREDICTIONS)
    shown = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in shown] == ["1 read as 2", "2 read as 1", "1 read as 2"]
    for ax, index in zip(shown, [1, 4, 5]):
        np.testing.assert_array_equal(ax.images[0].get_array(), images[index].reshape(4, 4))


def test_misread_shows_at_most_so_many():
    labels = np.zeros(30, int)
    images = np.ones((30, 4))
    for most, default in ((5, False), (12, True)):
        figure = plots.misread(images, labels, labels + 1, **({} if default else {"most": most}))
        assert sum(bool(ax.images) for ax in figure.axes) == most


def test_misread_of_no_mistakes_is_an_empty_figure():
    figure = plots.misread(np.ones((6, 16)), LABELS, LABELS)
    assert not any(ax.images for ax in figure.axes)


# ---- decision boundary ---------------------------------------------------


def test_the_decision_boundary_is_where_the_scores_are_equal():
    def model(x):  # class 1 to the right of x1 = 0.5
        return np.column_stack([0 * x[:, 0], 8 * (x[:, 0] - 0.5)])

    x, y = data.moons(20, noise=0.1, rng=0)
    figure = plots.decision_boundary(model, x, y)
    ax, colorbar = figure.axes
    boundary = next(c for c in ax.collections if list(getattr(c, "levels", [])) == [0.5])
    (path,) = boundary.get_paths()
    np.testing.assert_allclose(path.vertices[:, 0], 0.5, atol=1e-3)
    surface = next(c for c in ax.collections if getattr(c, "filled", False))
    lowest, *_, highest = (path.vertices[:, 0] for path in surface.get_paths() if len(path.vertices))
    assert lowest.max() < 0.5 < highest.min()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x1", "x2")
    assert colorbar.get_ylabel() == "probability of class 1"


def test_the_decision_boundary_shows_the_points_of_both_classes_apart():
    x, y = data.moons(20, noise=0.1, rng=0)
    ax, _ = plots.decision_boundary(nn.MLP([2, 2], rng=0), x, y).axes
    by_label = {c.get_label(): c for c in ax.collections if str(c.get_label()).startswith("class")}
    np.testing.assert_array_equal(by_label["class 0"].get_offsets(), x[y == 0])
    np.testing.assert_array_equal(by_label["class 1"].get_offsets(), x[y == 1])
    shapes = [len(by_label[name].get_paths()[0].vertices) for name in ("class 0", "class 1")]
    assert shapes[0] != shapes[1]  # told apart by their markers too, not by colour alone
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["class 0", "class 1"]


def test_the_decision_boundary_records_no_graph():
    outputs = []
    layers = nn.MLP([2, 2], rng=0)

    def model(x):
        outputs.append(layers(x))
        return outputs[-1]

    x, y = data.moons(20, noise=0.1, rng=0)
    plots.decision_boundary(model, x, y)
    assert [output.op for output in outputs] == [None]
