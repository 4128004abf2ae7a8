"""Groups, schedules, transforms of the gradient, constraints on the weights, and their order."""

import re

import numpy as np
import pytest

import optim
from autograd import Tensor, Value


def tensors():
    return Tensor(np.ones((2, 2)), label="W"), Tensor(np.ones(2), label="b")


def grads(*ps, value=1.0):
    for p in ps:
        p.grad = np.full(p.shape, value)


# ---- groups ----------------------------------------------------------------


def test_weight_decay_off_for_biases_is_one_line():
    W, b = tensors()
    optimizer = optim.AdamW([W, {"parameters": b, "weight_decay": 0}], lr=0.1, weight_decay=0.5)
    grads(W, b, value=0.0)
    optimizer.step()
    np.testing.assert_allclose(W.data, 0.95)
    np.testing.assert_allclose(b.data, 1.0)


def test_a_group_keeps_what_it_names_and_follows_in_the_rest():
    W, b = tensors()
    optimizer = optim.SGD([{"parameters": [W]}, {"parameters": [b], "lr": 0.01}], lr=0.1)
    grads(W, b)
    optimizer.step()
    optimizer.lr = 0.2
    optimizer.step()
    np.testing.assert_allclose(W.data, 1 - 0.1 - 0.2)
    np.testing.assert_allclose(b.data, 1 - 0.01 - 0.01)
    assert optimizer.w.tolist() == [*W.data.ravel(), *b.data]


def test_a_group_can_have_a_schedule_of_its_own_and_resume():
    W, b = tensors()

    def make(W, b):
        return optim.Momentum([W, {"parameters": [b], "lr": lambda step: 0.1 / (step + 1)}], lr=0.01)

    optimizer = make(W, b)
    for _ in range(3):
        grads(W, b)
        optimizer.step()
    assert optimizer.groups[1].lr == 0.1 / 3
    again = Tensor(W.data), Tensor(b.data)
    resumed = make(*again)
    resumed.load_state_dict(optimizer.state_dict())
    grads(W, b, *again)
    optimizer.step()
    resumed.step()
    np.testing.assert_array_equal(resumed.w, optimizer.w)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({"lr": 0.1}, "a group of parameters is a dictionary that lists them under 'parameters'"),
        ({"parameters": "b"}, "a group of parameters is a dictionary that lists them under 'parameters'"),
        ({"parameters": [], "momentun": 1}, "a group sets 'momentun'; the hyperparameters are lr, momentum"),
        ({"parameters": [Value(1.0)], "lr": -1}, "lr must be a number with 0 <= lr < inf, not -1"),
        ({"parameters": []}, "there are no parameters to train"),
    ],
)
def test_a_wrong_group_is_refused(group, expected):
    with pytest.raises(ValueError, match=re.escape(f"Momentum: {expected}")):
        optim.Momentum([group])


def test_a_parameter_in_two_groups_is_refused():
    W, b = tensors()
    with pytest.raises(ValueError, match=r"parameter 2, .*, is given twice"):
        optim.SGD([{"parameters": [W, b]}, {"parameters": [b]}])


def test_the_state_of_other_groups_is_refused():
    W, b = tensors()
    saved = optim.SGD([W, b]).state_dict()
    with pytest.raises(ValueError, match="the state has 1 groups of parameters, not 2"):
        optim.SGD([W, {"parameters": [b], "lr": 0.1}]).load_state_dict(saved)


# ---- schedules ---------------------------------------------------------------


def test_a_schedule_is_asked_with_the_number_of_steps_taken():
    W, _ = tensors()
    asked = []

    def schedule(step):
        asked.append(step)
        return 0.1 * (step + 1)

    optimizer = optim.SGD([W], lr=schedule)
    for expected in (0.1, 0.2, 0.3):
        grads(W)
        before = W.numpy()
        optimizer.step()
        np.testing.assert_allclose(before - W.data, expected)
    assert asked == [0, 0, 1, 2]  # first at construction, to check it


def test_any_hyperparameter_can_have_a_schedule():
    p = Tensor([0.0])
    optimizer = optim.Momentum([p], lr=1.0, momentum=lambda step: 0.5 if step else 0.0)
    p.grad = np.array([-1.0])
    way = [optimizer.step() or p.item() for _ in range(3)]
    assert way == [1.0, 2.5, 4.25]


def test_a_schedule_that_leaves_the_range_is_refused():
    W, _ = tensors()
    with pytest.raises(ValueError, match="lr must be a number with 0 <= lr < inf, not -1"):
        optim.SGD([W], lr=lambda step: -1)


@pytest.mark.parametrize("kind", [optim.LBFGS, optim.Rprop, optim.BoldDriver, optim.NaiveLearner])
@pytest.mark.parametrize("grouped", [False, True])
def test_a_schedule_that_leaves_the_range_later_is_refused_with_the_step(kind, grouped):
    if grouped and issubclass(kind, optim.Probing):
        pytest.skip("it takes no groups")
    W, _ = tensors()
    ending = {name: optim.CosineDecay(0.01, steps=3) for name in ("lr", "delta_0") if hasattr(kind, name)}
    (name,) = ending
    optimizer = kind([{"parameters": W, **ending}]) if grouped else kind([W], **ending)
    for _ in range(3):
        optimizer.step(lambda: (W * W).sum())
    before = W.numpy()
    expected = rf"{kind.__name__}: {name} must be .*, not 0.0, from its schedule at step 3; give .* an end above 0"
    for _ in range(2):
        with pytest.raises(ValueError, match=expected):
            optimizer.step(lambda: (W * W).sum())
        assert optimizer.steps == 3
    np.testing.assert_array_equal(W.data, before)


def test_a_schedule_that_follows_the_loss_decides_on_the_step_of_that_loss():
    W, _ = tensors()
    schedule = optim.BoldDriverRate(0.1, increase=2, decrease=0.5)
    optimizer = optim.SGD([W], lr=schedule)
    losses, rates = [3.0, 2.0, 5.0, 4.0], []
    for loss in losses:
        grads(W)
        before = W.numpy()
        optimizer.step(loss)
        rates.append((before - W.data)[0, 0])
    np.testing.assert_allclose(rates, schedule.values(losses))
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.1, 0.2])


def test_two_optimizers_can_share_a_schedule_that_follows_the_loss():
    schedule = optim.BoldDriverRate(0.1)
    a, b = Tensor([1.0]), Tensor([1.0])
    one, other = optim.SGD([a], lr=schedule), optim.SGD([b], lr=schedule)
    for loss in (3.0, 2.0, 1.0):
        a.grad = b.grad = np.ones(1)
        one.step(loss)
        other.step(-loss)
    assert one.lr == 0.1 * 1.05 * 1.05
    assert other.lr == 0.1 / 2 / 2


def test_groups_can_follow_the_loss_and_resume_bit_for_bit():
    def make(W, b):
        group = {"parameters": [b], "lr": optim.ErrorBasedDecay(0.1, factor=0.3, every=2)}
        return optim.Momentum([W, group], lr=optim.BoldDriverRate(0.01), momentum=optim.LinearRamp(0.5, 0.9, 5))

    W, b = tensors()
    optimizer = make(W, b)
    losses = [3.0, 4.0, 5.0, 4.5, 6.0, 7.0, 1.0, 8.0]
    for loss in losses[:3]:
        grads(W, b)
        optimizer.step(loss)
    assert (optimizer.lr, optimizer.groups[0].lr, optimizer.groups[1].lr) == (0.0025, 0.0025, 0.1)
    again = Tensor(W.data), Tensor(b.data)
    resumed = make(*again)
    resumed.load_state_dict(optimizer.state_dict())
    assert (resumed.lr, resumed.groups[1].lr) == (0.0025, 0.1)
    for loss in losses[3:]:
        grads(W, b, *again)
        optimizer.step(loss)
        resumed.step(loss)
        np.testing.assert_array_equal(resumed.w, optimizer.w)
    assert repr(resumed.state_dict()) == repr(optimizer.state_dict())
    assert (
        resumed.groups[1].lr == optimizer.groups[1].lr == pytest.approx(0.1 * 0.3 * 0.3)
    )  # of means 3.5, 4.75, 6.5, 4.5


def test_a_loss_that_nobody_has_differentiated_is_refused_and_changes_nothing():
    w = Tensor([1.0])
    optimizer = optim.SGD([w], lr=0.1)
    optimizer.step(lambda: (w * w).sum())
    before = w.numpy()
    with pytest.raises(ValueError, match=r"SGD: nobody has differentiated the loss that step\(\) was given"):
        optimizer.step((w * w).sum())
    assert (w.data == before).all()
    assert optimizer.steps == 1
    optimizer.step(float((w * w).sum()))
    loss = (w * w).sum()
    loss.backward()
    optimizer.step(loss)
    assert optimizer.steps == 3


def test_a_schedule_that_follows_the_loss_asks_for_it():
    W, b = tensors()
    grads(W, b)
    whole = optim.SGD([W, b], lr=optim.Plateau(0.1))
    group = optim.SGD([W, {"parameters": b, "lr": optim.Plateau(0.1)}])
    for optimizer in (whole, group):
        assert optimizer.needs_loss
        with pytest.raises(TypeError, match=r"SGD: Plateau depends on the loss; call optimizer\.step\(loss\) after"):
            optimizer.step()
        assert optimizer.steps == 0
    assert not optim.SGD([W]).needs_loss
    assert optim.Lookahead(whole).needs_loss


def test_the_state_of_other_schedules_is_refused_and_changes_nothing():
    W, _ = tensors()
    follows, constant = optim.SGD([W], lr=optim.Plateau(0.1)), optim.SGD([W], lr=0.1)
    grads(W)
    follows.step(1.0)
    for one, other, what in (
        (follows, constant, "in the state nothing follows the loss, in this optimizer lr follows"),
        (constant, follows, "in the state lr follows the loss, in this optimizer nothing follows"),
    ):
        before = repr(one.state_dict())
        with pytest.raises(ValueError, match=f"SGD: {what}; give it the schedules that the saved one had"):
            one.load_state_dict(other.state_dict())
        assert repr(one.state_dict()) == before


def test_a_method_that_is_given_the_loss_as_a_function_follows_it_from_the_next_step_on():
    w = Tensor([1.0])
    optimizer = optim.NesterovLookAhead([w], lr=optim.BoldDriverRate(0.1, increase=2, decrease=0.5), momentum=0.0)
    losses, rates = iter([3.0, 2.0, 5.0, 4.0]), []
    for _ in range(4):
        before = w.item()
        optimizer.step(lambda: (w * 0.0 + w - w.item() + next(losses)).sum())
        rates.append(before - w.item())
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.2, 0.1])


# ---- transforms and constraints ------------------------------------------------


def test_transforms_rule_and_constraints_are_applied_in_the_order_they_are_given():
    W, _ = tensors()

    def clip(g, optimizer):
        np.clip(g, -0.5, 0.5, out=g)

    def double(g, optimizer):
        g *= 2

    def at_most(w, optimizer):
        np.minimum(w, 0.25, out=w)

    for transforms, expected in (([clip, double], 0.0), ([double, clip], 0.25)):
        W.data = np.ones((2, 2))
        grads(W, value=10.0)
        optimizer = optim.SGD([W], lr=1.0, transforms=transforms, constraints=[at_most])
        optimizer.step()
        np.testing.assert_allclose(W.data, expected)
        np.testing.assert_array_equal(W.grad, 10.0)  # the gradient itself is left alone


def test_a_transform_sees_all_groups_and_only_parameters_with_a_gradient():
    W, b = tensors()
    seen = []

    def look(g, optimizer):
        seen.append((g.copy(), [block.shape for block in optimizer.blocks(g)], optimizer.w.size))

    optimizer = optim.SGD([W, {"parameters": b, "lr": 0.5}], transforms=[look])
    grads(W, b)
    optimizer.step()
    W.grad = None
    optimizer.step()
    assert [shapes for _, shapes, _ in seen] == [[(2, 2), (2,)], [(2,)]]
    assert [size for _, _, size in seen] == [6, 2]


def test_a_transform_that_spoils_the_gradient_is_refused():
    W, _ = tensors()
    grads(W)

    def spoil(g, optimizer):
        g *= np.nan

    optimizer = optim.SGD([W], transforms=[spoil])
    with pytest.raises(FloatingPointError, match="SGD: a transform made the gradient nan or inf; nothing was updated"):
        optimizer.step()
    assert (W.data == 1).all()


def test_very_large_finite_gradients_are_no_error():
    W = Tensor([1.0], dtype=np.float32)
    W.grad = np.array([1e30], np.float32)  # its square is infinite
    optim.SignSGD([W], lr=0.5).step()
    assert W.item() == 0.5


# ---- losses ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [optim.Adam, optim.MoMo])
def test_a_step_given_the_loss_as_a_function_differentiates_it_itself(kind):
    a, b = Tensor([3.0]), Tensor([3.0])
    one, other = kind([a]), kind([b])
    for _ in range(3):
        one.step(lambda: (a * a).sum())
        other.zero_grad()
        loss = (b * b).sum()
        loss.backward()
        other.step(loss)
    assert a.item() == b.item()
    assert one.loss == other.loss
