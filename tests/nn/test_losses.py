"""Cross-entropy and mean squared error: right numbers, and refusals in the user's terms."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Tensor, Value, softmax
from nn.losses import negative_log_likelihood


def shown(number):
    """A number as it is printed to ten significant digits."""
    return float(f"{number:.10g}")


# ---- cross-entropy: numbers ----------------------------------------------


@pytest.mark.parametrize(
    ("logits", "probabilities"),
    [
        ([13, -7, 11], [0.8807970764, 1.815458085e-09, 0.1192029218]),
        ([4.26, 1.33], [0.9493096751, 0.05069032493]),
        ([3.76, -1.2], [0.9930359108, 0.006964089178]),
        ([1, 2, 3], [0.09003057317, 0.2447284711, 0.6652409558]),
        ([101, 102, 103], [0.09003057317, 0.2447284711, 0.6652409558]),
        ([2, 4, 6], [0.01587623998, 0.1173104278, 0.8668133322]),
        ([0, np.log(2)], [0.3333333333, 0.6666666667]),
    ],
)
def test_softmax_of_the_worked_examples(logits, probabilities):
    assert [shown(p) for p in softmax(Tensor(logits)).numpy()] == probabilities


@pytest.mark.parametrize(
    ("logits", "label", "loss"),
    [
        ([13, -7, 11], 0, 0.1269280129),
        ([4.26, 1.33], 0, 0.05202021635),
        ([3.76, -1.2], 1, 4.966988452),
        (np.log([0.7, 0.2, 0.1]), 0, 0.3566749439),
        ([0.0] * 10, 3, 2.302585093),
    ],
)
def test_cross_entropy_of_the_worked_examples(logits, label, loss):
    assert shown(nn.cross_entropy(Tensor([logits]), [label]).item()) == loss


def test_cross_entropy_gradient_of_the_worked_example():
    logits = Tensor([[13, -7, 11]])
    nn.cross_entropy(logits, [0]).backward()
    assert [shown(g) for g in logits.grad[0]] == [-0.1192029236, 1.815458085e-09, 0.1192029218]


def test_cross_entropy_is_the_mean_over_rows():
    logits = [[13.0, -7.0, 11.0], [1.0, 2.0, 3.0]]
    first, second = (nn.cross_entropy(Tensor([row]), [0]).item() for row in logits)
    assert nn.cross_entropy(Tensor(logits), [0, 0]).item() == pytest.approx((first + second) / 2, rel=1e-15)


@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_cross_entropy_of_huge_logits_neither_overflows_nor_rounds_away(shift):
    logits = Tensor([[shift, shift + 1, shift + 2]])
    loss = nn.cross_entropy(logits, [0])
    assert loss.item() == pytest.approx(2.4076059644443806, rel=1e-12)  # 2 + log(1 + 1/e + 1/e**2)
    loss.backward()
    np.testing.assert_allclose(logits.grad, [[-0.9099694268, 0.2447284711, 0.6652409558]], rtol=1e-9)


def test_cross_entropy_of_logits_20000_apart_is_exact():
    logits = Tensor([[1e4, -1e4]])
    loss = nn.cross_entropy(logits, [1])
    assert loss.item() == 20000.0
    loss.backward()
    assert logits.grad.tolist() == [[1.0, -1.0]]
    assert nn.cross_entropy(logits, [0]).item() == 0.0


def test_cross_entropy_of_a_single_class_is_refused(message_of):
    text = message_of(ValueError, lambda: nn.cross_entropy(Tensor([[1.0], [2.0]]), [0, 0]))
    assert text == (
        "cross_entropy: logits of one class, whose probability is 1 whatever they are; for two classes the model "
        "needs two outputs"
    )


@st.composite
def classified(draw):
    rows, classes = draw(st.integers(1, 5)), draw(st.integers(2, 5))
    logits = draw(st.lists(st.floats(-50, 50), min_size=rows * classes, max_size=rows * classes))
    labels = draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    return np.reshape(logits, (rows, classes)), np.array(labels)


@given(classified())
def test_cross_entropy_and_its_gradient_are_the_textbooks(example):
    data, labels = example
    logits = Tensor(data)
    loss = nn.cross_entropy(logits, labels)
    shifted = data - data.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    picked = probabilities[np.arange(len(labels)), labels]
    assert loss.item() == pytest.approx(-np.log(picked).mean(), rel=1e-12, abs=1e-12)
    loss.backward()
    one_hot = np.eye(data.shape[1])[labels]
    np.testing.assert_allclose(logits.grad, (probabilities - one_hot) / len(labels), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_labels_may_be_of_any_whole_number_type(dtype):
    logits = Tensor([[1.0, 2.0], [3.0, 5.0]])
    assert nn.cross_entropy(logits, np.array([1, 0], dtype)).item() == nn.cross_entropy(logits, [1, 0]).item()


def test_cross_entropy_keeps_float32():
    logits = Tensor([[1.0, 2.0]], dtype=np.float32)
    loss = nn.cross_entropy(logits, [0])
    loss.backward()
    assert (loss.dtype, logits.grad.dtype) == (np.float32, np.float32)


def test_cross_entropy_of_plain_arrays_is_a_plain_number():
    loss = nn.cross_entropy(np.array([[1.0, 2.0]]), [0])
    assert not isinstance(loss, Tensor)
    assert loss == pytest.approx(1.3132616875182228)


# ---- cross-entropy: refusals ---------------------------------------------


@pytest.mark.parametrize(("label", "row"), [(3, 1), (-1, 1), (1000, 1)])
def test_a_label_outside_the_classes_is_named_with_its_row(label, row):
    expected = f"label {label} of row {row} is not a class; logits of shape (4, 3) have the classes 0 to 2"
    with pytest.raises(ValueError, match=re.escape(expected)):
        nn.cross_entropy(Tensor(np.zeros((4, 3))), [0, label, 2, label])


@pytest.mark.parametrize(("labels", "kind"), [([0.0, 1.0], "float64"), ([True, False], "bool"), (["a", "b"], "<U1")])
def test_labels_that_are_not_whole_numbers_are_refused(labels, kind):
    expected = f"labels are whole numbers, the index of the right class, not {kind}"
    with pytest.raises(TypeError, match=re.escape(expected)):
        nn.cross_entropy(Tensor(np.zeros((2, 3))), labels)


def test_labels_in_another_form_are_told_how_to_get_into_this_one():
    logits = np.zeros((4, 3))
    for labels, remedy in (
        (np.eye(4, 3, dtype=int), "of one-hot rows, labels.argmax(axis=1) are the labels"),
        (np.zeros((4, 1), int), "flatten the labels, as in labels.ravel()"),
    ):
        with pytest.raises(ValueError, match=re.escape(remedy)):
            nn.cross_entropy(logits, labels)
    with pytest.raises(TypeError, match=re.escape("labels.astype(int) (a Tensor holds floats: give an array)")):
        nn.cross_entropy(logits, Tensor([0, 1, 2, 0]))


@pytest.mark.parametrize(
    ("logits", "labels"),
    [((4, 3), (3,)), ((4, 3), (4, 1)), ((4, 3), (4, 3)), ((3,), ()), ((3,), (3,)), ((2, 4, 3), (2,)), ((0, 3), (0,))],
)
def test_logits_and_labels_that_do_not_fit_are_refused_with_both_shapes(logits, labels):
    expected = (
        f"needs logits of shape (rows, classes) and one label per row, "
        f"not logits of shape {logits} and labels of shape {labels}"
    )
    with pytest.raises(ValueError, match=re.escape(expected)):
        nn.cross_entropy(Tensor(np.zeros(logits)), np.zeros(labels, int))


def test_masked_labels_are_refused():
    with pytest.raises(TypeError, match="takes no masked labels; leave those rows out, of the logits too"):
        nn.cross_entropy(Tensor([[0.0, 1.0]]), np.ma.array([1], mask=[True]))


def test_the_loss_of_certain_right_answers_is_0_and_not_minus_0():
    loss = nn.cross_entropy(Tensor([[40.0, 0.0, 0.0]]), [0]).item()
    assert str(loss) == "0.0"


def test_refused_labels_leave_no_gradient_behind():
    logits = Tensor(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="not a class"):
        nn.cross_entropy(logits, [0, 5])
    assert logits.grad is None


def test_negative_log_likelihood_is_differentiable_on_its_own():
    log_probabilities = Tensor([[-1.0, -2.0], [-3.0, -4.0]])
    loss = negative_log_likelihood(log_probabilities, np.array([1, 0]))
    loss.backward()
    assert loss.item() == 2.5
    assert log_probabilities.grad.tolist() == [[0.0, -0.5], [-0.5, 0.0]]


# ---- binary cross-entropy --------------------------------------------------


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(0, 1)), min_size=1, max_size=8))
def test_binary_cross_entropy_and_its_gradient_are_the_textbooks(rows):
    z, t = np.array(rows).T
    p = 1 / (1 + np.exp(-z))
    q = 1 / (1 + np.exp(z))
    logits = Tensor(z)
    loss = nn.binary_cross_entropy(logits, t)
    loss.backward()
    np.testing.assert_allclose(loss.data, np.mean(-t * np.log(p) - (1 - t) * np.log(q)), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(logits.grad, (p - t) / len(z), rtol=1e-12, atol=1e-15)


def test_binary_cross_entropy_of_two_classes_is_cross_entropy_of_a_zero_beside_the_logit():
    z, labels = np.array([0.3, -2.0, 40.0, -800.0, 1e4]), np.array([1, 0, 1, 0, 0])
    two = nn.cross_entropy(np.column_stack([0 * z, z]), labels)
    assert nn.binary_cross_entropy(z, labels) == pytest.approx(two, rel=1e-15)


def test_binary_cross_entropy_of_huge_logits_neither_overflows_nor_rounds_away():
    logits = Tensor([1e4, -1e4, 1e4, -800.0])
    with np.errstate(all="raise", under="ignore"):
        loss = nn.binary_cross_entropy(logits, [1, 0, 0, 1])
        loss.backward()
    assert loss.item() == (1e4 + 800) / 4
    np.testing.assert_array_equal(logits.grad, [0, 0, 0.25, -0.25])
    assert nn.binary_cross_entropy(np.array([-50.0]), np.array([0])) == pytest.approx(np.exp(-50.0), rel=1e-14)


@pytest.mark.parametrize(("target", "shown"), [(-1.0, "-1.0"), (2.0, "2.0"), (np.nan, "nan")])
def test_a_target_that_is_no_probability_is_refused(target, shown):
    expected = f"binary_cross_entropy: a target is a probability, 0 for no and 1 for yes, not {shown}; of targets -1"
    with pytest.raises(ValueError, match=re.escape(expected)):
        nn.binary_cross_entropy(Tensor([0.0, 1.0]), np.array([1.0, target]))


def test_binary_logits_and_targets_of_different_shapes_are_refused_not_broadcast():
    expected = "binary_cross_entropy: the logits have shape (2, 1) but the target (2,); reshape one of them"
    with pytest.raises(ValueError, match=re.escape(expected)):
        nn.binary_cross_entropy(Tensor([[0.0], [1.0]]), np.array([0, 1]))


# ---- mean squared error --------------------------------------------------


def test_mean_squared_error_and_its_gradient():
    prediction = Tensor([[1.0, 2.0], [3.0, 6.0]])
    loss = nn.mean_squared_error(prediction, [[1.0, 0.0], [0.0, 0.0]])
    loss.backward()
    assert loss.item() == (0 + 4 + 9 + 36) / 4
    assert prediction.grad.tolist() == [[0.0, 1.0], [1.5, 3.0]]


def test_mean_squared_error_differentiates_a_target_that_is_a_tensor_too():
    prediction, target = Tensor([1.0, 5.0]), Tensor([2.0, 2.0])
    nn.mean_squared_error(prediction, target).backward()
    assert prediction.grad.tolist() == [-1.0, 3.0]
    assert target.grad.tolist() == [1.0, -3.0]


def test_mean_squared_error_of_single_values():
    prediction = Value(3.0)
    loss = nn.mean_squared_error(prediction, 1.0)
    loss.backward()
    assert (loss.item(), prediction.grad) == (4.0, 4.0)


def test_mean_squared_error_of_small_whole_numbers_does_not_wrap_around():
    assert nn.mean_squared_error(np.array([200], np.uint8), np.array([100], np.uint8)) == 10000.0
    assert nn.mean_squared_error([1, 5], [2, 2]) == 5.0


@pytest.mark.parametrize(
    ("prediction", "target"), [((4, 1), (4,)), ((4,), (4, 1)), ((4,), ()), ((2, 3), (3, 2)), ((1, 3), (2, 3))]
)
def test_prediction_and_target_of_different_shapes_are_refused_not_broadcast(prediction, target):
    expected = f"the prediction has shape {prediction} but the target {target}; reshape one of them"
    with pytest.raises(ValueError, match=re.escape(expected)):
        nn.mean_squared_error(Tensor(np.zeros(prediction)), np.zeros(target))
    with pytest.raises(ValueError, match=re.escape(expected)):
        nn.mean_squared_error(np.zeros(prediction), Tensor(np.zeros(target)))
