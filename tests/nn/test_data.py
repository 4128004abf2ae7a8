"""Batches, splits, moons and digits."""

import re
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor
from nn import data

# ---- batches -------------------------------------------------------------


@given(st.integers(0, 50), st.integers(1, 60), st.integers(0, 10))
def test_batches_cover_every_row_once_and_only_the_last_may_be_smaller(rows, batch_size, seed):
    found = list(data.batches(rows, batch_size, np.random.default_rng(seed)))
    assert sorted(np.concatenate([[], *found]).tolist()) == list(range(rows))
    sizes = [len(batch) for batch in found]
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
    assert all(0 < size <= batch_size for size in sizes)


def test_batches_come_in_a_random_order_that_the_generator_decides():
    def order(seed):
        return np.concatenate(list(data.batches(20, 6, np.random.default_rng(seed)))).tolist()

    assert order(0) == order(0)
    assert order(0) != order(1)
    assert order(0) != list(range(20))


def test_each_pass_over_the_data_has_an_order_of_its_own():
    rng = np.random.default_rng(0)
    first, second = (np.concatenate(list(data.batches(20, 6, rng))).tolist() for _ in range(2))
    assert first != second


# ---- split ---------------------------------------------------------------


@given(st.integers(2, 40), st.floats(0.01, 0.99), st.integers(0, 10))
def test_a_split_is_a_partition_that_keeps_rows_together(rows, held_out, seed):
    count = round(rows * held_out)
    if count in (0, rows):
        return
    x, y = np.arange(rows * 2).reshape(rows, 2), np.arange(rows) * 10
    x_train, y_train, x_test, y_test = data.split(x, y, held_out, seed)
    assert len(x_test) == count
    assert sorted([*y_train, *y_test]) == y.tolist()
    np.testing.assert_array_equal(x_train[:, 0] * 5, y_train)
    np.testing.assert_array_equal(x_test[:, 0] * 5, y_test)


def test_a_split_is_random_and_its_seed_decides_it():
    x = np.arange(100)
    first, again, other = (data.split(x, x, 0.2, rng=seed)[2].tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert sorted(first) != list(range(20))
    assert data.split(x, x, 0.2, rng=np.random.default_rng(0))[2].tolist() == first


@pytest.mark.parametrize("held_out", [0.0, 1.0, 0.01, 0.99, -0.5, 2.0])
def test_a_split_that_leaves_a_part_empty_is_refused(held_out):
    with pytest.raises(ValueError, match=re.escape(f"holding out {held_out:g} of 10 rows leaves one part empty")):
        data.split(np.zeros(10), np.zeros(10), held_out, rng=0)


def test_lists_are_split_too():
    parts = data.split([[1.0], [2.0], [3.0], [4.0]], [1, 2, 3, 4], 0.25, rng=0)
    assert [part.shape for part in parts] == [(3, 1), (3,), (1, 1), (1,)]


def test_a_split_of_different_lengths_is_refused():
    with pytest.raises(ValueError, match="x has 10 rows but y has 9; they must describe the same examples"):
        data.split(np.zeros((10, 2)), np.zeros(9), 0.5, rng=0)


# ---- moons ---------------------------------------------------------------


@pytest.mark.parametrize("rows", [2, 10, 11])
def test_moons_are_points_in_the_plane_in_two_classes_of_equal_size(rows):
    x, y = data.moons(rows, noise=0.1, rng=0)
    assert (x.shape, x.dtype) == ((rows, 2), np.float64)
    assert (y.shape, y.dtype) == ((rows,), np.int64)
    assert np.bincount(y).tolist() == [rows // 2, rows - rows // 2]


def test_moons_without_noise_lie_on_two_interleaved_half_circles():
    x, y = data.moons(101, noise=0.0, rng=0)
    upper, lower = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1)
    assert upper[:, 1].min() >= 0
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    assert lower[:, 1].max() <= 0.5
    # Each half circle ends inside the other one.
    np.testing.assert_allclose(upper[[0, -1]], [[1, 0], [-1, 0]], atol=1e-15)
    np.testing.assert_allclose(lower[[0, -1]], [[0, 0.5], [2, 0.5]], atol=1e-15)


def test_moons_without_noise_are_those_of_scikit_learn():
    from sklearn.datasets import make_moons

    x, y = data.moons(101, noise=0.0, rng=0)
    theirs, labels = make_moons(101, shuffle=False, noise=None)
    np.testing.assert_allclose(x, theirs, atol=1e-15)
    np.testing.assert_array_equal(y, labels)


def test_the_noise_of_moons_has_the_standard_deviation_asked_for_and_a_seed():
    clean, _ = data.moons(4000, noise=0.0, rng=0)
    noisy, _ = data.moons(4000, noise=0.25, rng=0)
    assert np.std(noisy - clean) == pytest.approx(0.25, rel=0.05)
    np.testing.assert_array_equal(noisy, data.moons(4000, noise=0.25, rng=0)[0])
    assert not np.array_equal(noisy, data.moons(4000, noise=0.25, rng=1)[0])


# ---- digits --------------------------------------------------------------


def test_digits_are_1797_images_of_64_pixels_between_0_and_1():
    images, labels = data.digits()
    assert images.shape == (1797, 64)
    assert (images.min(), images.max()) == (0.0, 1.0)
    assert labels.shape == (1797,)
    assert np.unique(labels).tolist() == list(range(10))
    assert labels[:10].tolist() == list(range(10))  # the file starts with one of each


def test_without_scikit_learn_the_digits_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=re.escape("pip install 'stepgrad[learn]'")):
        data.digits()


# ---- accuracy ------------------------------------------------------------


def test_a_row_without_a_finite_largest_score_is_not_read_right():
    scores = np.array([[np.nan, 1.0], [np.inf, 1.0], [-np.inf, -np.inf], [0.0, -np.inf]])
    assert data.accuracy(scores, np.zeros(4, int)) == 0.25


@pytest.mark.parametrize("kind", [np.array, Tensor])
def test_accuracy_is_the_share_of_rows_whose_largest_score_is_the_right_class(kind):
    scores = kind([[1.0, 2.0], [3.0, 0.0], [-1.0, -2.0], [0.0, 5.0]])
    assert data.accuracy(scores, np.array([1, 0, 1, 0])) == 0.5
    assert data.accuracy(scores, np.array([1, 0, 0, 1])) == 1.0


@pytest.mark.parametrize(("scores", "labels"), [((4, 3), (4, 1)), ((4, 3), (3,)), ((4,), (4,))])
def test_scores_and_labels_that_do_not_fit_are_refused_not_broadcast(scores, labels):
    expected = (
        f"accuracy: needs scores of shape (rows, classes) and one label per row, not scores of shape {scores} and"
    )
    with pytest.raises(ValueError, match=re.escape(expected)):
        data.accuracy(np.zeros(scores), np.zeros(labels, int))


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [
        ([[-5.0], [5.0]], [0, 1], "accuracy: scores of shape (2, 1) have no second class to choose; where one output"),
        ([[0.0, 1.0], [1.0, 0.0]], [-1, 1], "labels are the index of each row's class, here 0 to 1, not -1 to 1"),
        ([[0.0, 1.0], [1.0, 0.0]], [0, 2], "labels are the index of each row's class, here 0 to 1, not 0 to 2"),
        (np.zeros((0, 3)), np.zeros(0, int), "accuracy: there are no rows of which a share could be right"),
    ],
)
def test_accuracy_of_what_is_no_choice_among_classes_is_refused(scores, labels, expected):
    with pytest.raises(ValueError, match=re.escape(expected)):
        data.accuracy(np.array(scores), np.array(labels))
