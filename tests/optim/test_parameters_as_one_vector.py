"""How an optimizer holds its parameters, what it leaves alone, and what it refuses."""

import copy
import math
import re

import numpy as np
import pytest

import nn
import optim
from autograd import Tensor, Value, no_grad

every_optimizer = pytest.mark.parametrize("make", [optim.SGD, optim.Momentum, optim.Adam])


def set_grads(parameters, seed):
    rng = np.random.default_rng(seed)
    for p in parameters:
        p.grad = float(rng.normal()) if isinstance(p, Value) else rng.normal(size=p.shape)


# ---- one vector ----------------------------------------------------------


@every_optimizer
def test_the_vector_holds_the_parameters_one_after_the_other(make):
    parameters = [Tensor([[1.0, 2.0], [3.0, 4.0]]), Value(5.0), Tensor(6.0), Tensor([7.0])]
    optimizer = make(parameters)
    assert optimizer.w.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert [p.shape for p in parameters] == [(2, 2), (), (), (1,)]
    assert parameters[0].numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]


@every_optimizer
def test_tensors_are_views_of_the_vector_before_and_after_steps(make):
    parameters = [Tensor([[1.0, 2.0]]), Value(5.0), Tensor(6.0)]
    optimizer = make(parameters)
    for seed in range(3):
        assert all(np.shares_memory(p.data, optimizer.w) for p in parameters if isinstance(p, Tensor))
        set_grads(parameters, seed)
        optimizer.step()
    assert optimizer.w.tolist() == [*parameters[0].data.ravel(), parameters[1].data, parameters[2].item()]
    optimizer.w[0] = 100.0
    assert parameters[0].data[0, 0] == 100.0


@every_optimizer
def test_a_values_data_stays_a_python_float(make):
    w = Value(1.0)
    optimizer = make([w])
    w.grad = 1.0
    optimizer.step()
    assert type(w.data) is float


@every_optimizer
def test_data_assigned_between_steps_is_where_the_next_step_starts(make):
    tensor, value = Tensor([1.0, 2.0]), Value(3.0)
    optimizer = make([tensor, value])
    tensor.grad, value.grad = np.zeros(2), 0.0
    optimizer.step()
    tensor.data, value.data = [10.0, 20.0], 30.0
    optimizer.step()
    assert (tensor.data.tolist(), value.data) == ([10.0, 20.0], 30.0)
    tensor.grad, value.grad = np.ones(2), 1.0
    optimizer.step()
    np.testing.assert_allclose(tensor.data, [10, 20], rtol=0.01)
    assert (tensor.data < [10, 20]).all()
    assert 29.9 < value.data < 30


def test_a_generator_of_parameters_will_do():
    model = nn.MLP([2, 3, 1], rng=0)
    optimizer = optim.SGD(p for p in model.parameters())
    assert optimizer.w.size == 2 * 3 + 3 + 3 + 1
    model(np.ones((1, 2))).sum().backward()
    before = optimizer.w.copy()
    optimizer.step()
    assert not np.array_equal(optimizer.w, before)
    assert model.parameters()[0].data[0, 0] == optimizer.w[0]


def test_a_single_parameter_may_be_given_alone():
    w = Value(1.0)
    optimizer = optim.SGD(w, lr=0.5)
    w.grad = 1.0
    optimizer.step()
    assert w.data == 0.5


@every_optimizer
def test_a_copied_parameter_is_independent_of_the_optimizer(make):
    w = Tensor([1.0, 2.0])
    optimizer = make([w])
    other = copy.deepcopy(w)
    w.grad = np.ones(2)
    optimizer.step()
    assert other.data.tolist() == [1.0, 2.0]


# ---- gradients -----------------------------------------------------------


@pytest.mark.parametrize("made", [Value, lambda x: Tensor([x, -x])], ids=["values", "tensors"])
@every_optimizer
def test_a_copy_with_groups_moves_its_own_parameters_as_the_original_does(make, made):
    parameters = [made(1.0), made(-2.0), made(3.0)]
    optimizer = make([parameters[0], {"parameters": parameters[1:], "lr": 0.5}])
    set_grads(parameters, 0)
    optimizer.step()
    others, other = copy.deepcopy((parameters, optimizer))
    for one, moving in ((optimizer, parameters), (other, others)):
        set_grads(moving, 1)
        one.step()
    np.testing.assert_array_equal([p.numpy() for p in others], [p.numpy() for p in parameters])
    assert not np.shares_memory(other.w, optimizer.w)
    for name, vector in other.state.items():
        assert all(np.shares_memory(vector, group.state[name]) for group in other.groups)
        np.testing.assert_array_equal(vector, optimizer.state[name])


@every_optimizer
def test_zero_grad_makes_every_gradient_none(make):
    parameters = [Tensor([1.0]), Value(2.0)]
    optimizer = make(parameters)
    set_grads(parameters, 0)
    optimizer.zero_grad()
    assert [p.grad for p in parameters] == [None, None]


@every_optimizer
def test_a_step_leaves_the_gradients_as_they_are(make):
    parameters = [Tensor([1.0, -1.0]), Value(2.0)]
    optimizer = make(parameters)
    parameters[0].grad, parameters[1].grad = np.array([3.0, 4.0]), 5.0
    optimizer.step()
    assert (parameters[0].grad.tolist(), parameters[1].grad) == ([3.0, 4.0], 5.0)


@every_optimizer
def test_a_step_without_any_gradient_is_refused_and_changes_nothing(make):
    w = Tensor([1.0])
    optimizer = make([w])
    expected = f"{make.__name__}: no parameter has a gradient; call loss.backward() before step()"
    with pytest.raises(ValueError, match=re.escape(expected)):
        optimizer.step()
    assert (w.data.tolist(), optimizer.steps) == ([1.0], 0)


@every_optimizer
def test_a_parameter_without_gradient_and_its_state_stay_while_the_others_step(make):
    every = [Tensor([1.0, 2.0]), Value(0.1), Tensor([[3.0]]), Value(4.0), Tensor([5.0, 6.0])]
    moving = [every[1], every[2], every[4]]
    copies = copy.deepcopy(moving)
    optimizer, only = make(every, lr=0.1), make(copies, lr=0.1)
    set_grads(every, 0)  # a first step with all of them, so that there is a state to keep
    for p, p_copy in zip(moving, copies):
        p_copy.grad = p.grad
    optimizer.step()
    only.step()
    resting = np.array([1, 1, 0, 0, 1, 0, 0], bool)
    w, state = optimizer.w.copy(), {name: vector.copy() for name, vector in optimizer.state.items()}

    for seed in range(1, 6):
        optimizer.zero_grad()
        set_grads(moving, seed)
        set_grads(copies, seed)
        optimizer.step()
        only.step()

    np.testing.assert_array_equal(optimizer.w[resting], w[resting])
    np.testing.assert_array_equal(optimizer.w[~resting], only.w)
    for name in optimizer.state_names:
        np.testing.assert_array_equal(optimizer.state[name][resting], state[name][resting])
        np.testing.assert_array_equal(optimizer.state[name][~resting], only.state[name])


@every_optimizer
def test_tensors_are_still_views_after_a_step_of_only_some(make):
    first, second = Tensor([1.0]), Tensor([2.0])
    optimizer = make([first, second])
    second.grad = np.array([1.0])
    optimizer.step()
    assert np.shares_memory(first.data, optimizer.w)
    assert np.shares_memory(second.data, optimizer.w)
    assert optimizer.w.tolist() == [first.item(), second.item()]


@pytest.mark.parametrize("made", [lambda x: Value(x), lambda x: Tensor(x)], ids=["values", "tensors"])
def test_a_step_of_only_some_leaves_the_others_as_they_are(made):
    first, second = made(1.0), made(2.0)
    optimizer = optim.SGD([first, second], lr=0.5)
    optimizer.step(lambda: 3 * first)
    assert (first.item(), second.item()) == (-0.5, 2.0)
    assert second.grad is None


def test_an_array_that_was_handed_out_before_the_optimizer_was_made_keeps_what_it_held_and_refuses_to_be_written_to():
    w = Tensor([1.0, 2.0])
    before = w.data
    before[0] = 5.0
    optimizer = optim.SGD([w], lr=0.5)
    optimizer.step(lambda: (2 * w).sum())
    assert (before.tolist(), w.data.tolist(), optimizer.w.tolist()) == ([5.0, 2.0], [4.0, 1.0], [4.0, 1.0])
    with pytest.raises(ValueError, match="read-only"):
        before[0] = 7.0
    w.data[0] = 8.0
    w.data *= 2
    assert (w.numpy().tolist(), optimizer.w.tolist()) == ([16.0, 2.0], [16.0, 2.0])


def test_what_was_written_to_data_from_before_the_optimizer_is_still_noticed():
    w = Tensor([1.0, 2.0])
    before = w.data
    loss = (w * w).sum()
    before[0] = 5.0
    optimizer = optim.SGD([w])
    with pytest.raises(RuntimeError, match="were changed after multiply had used them"):
        loss.backward()
    loss = (w * w).sum()
    w.data[1] = 9.0
    with pytest.raises(RuntimeError, match="were changed after multiply had used them"):
        loss.backward()
    assert optimizer.w.tolist() == [5.0, 9.0]


@every_optimizer
def test_a_step_in_no_grad_says_so(make):
    w = Tensor([1.0])
    optimizer = make([w])
    with no_grad(), pytest.raises(RuntimeError, match=f"{make.__name__}: in no_grad the loss records nothing"):
        optimizer.step(lambda: (w * w).sum())
    assert (w.item(), optimizer.steps) == (1.0, 0)


# ---- several optimizers --------------------------------------------------


@pytest.mark.parametrize("kind", [lambda: Tensor([1.0, -2.0]), lambda: Value(1.0)])
def test_two_optimizers_of_the_same_parameter_both_move_it(kind):
    shared, expected = kind(), np.array(kind().data)
    plain, heavy = optim.SGD([shared], lr=0.1), optim.Momentum([shared], lr=0.01, momentum=0.5)
    v = 0.0
    for seed in range(6):
        set_grads([shared], seed)
        g = np.array(shared.grad)
        if seed % 2:
            plain.step()
            expected = expected - 0.1 * g
        else:
            heavy.step()
            v = 0.5 * v - 0.01 * g
            expected = expected + v
        np.testing.assert_allclose(shared.data, expected, rtol=1e-14)


def test_optimizers_whose_parameters_overlap_do_not_disturb_each_other():
    a, b, c = Tensor([1.0]), Tensor([2.0]), Tensor([3.0])
    left, right = optim.SGD([a, b], lr=0.5), optim.SGD([b, c], lr=0.25)
    a.grad = b.grad = c.grad = np.ones(1)
    left.step()
    assert (a.item(), b.item(), c.item()) == (0.5, 1.5, 3.0)
    right.step()
    assert (a.item(), b.item(), c.item()) == (0.5, 1.25, 2.75)
    left.step()
    assert (a.item(), b.item(), c.item()) == (0.0, 0.75, 2.75)


def test_data_assigned_while_another_optimizer_holds_the_memory_is_kept():
    w = Tensor([1.0])
    first, second = optim.SGD([w], lr=0.5), optim.SGD([w], lr=0.25)
    w.data = [10.0]
    w.grad = np.ones(1)
    first.step()
    assert w.item() == 9.5
    w.data = [20.0]
    second.step()
    assert w.item() == 19.75


# ---- hyperparameters -----------------------------------------------------

BELOW_1 = [False, 1.0, 1, 1.5, -0.1, math.nan, math.inf, "0.9", None, [0.9]]
NOT_NEGATIVE = [True, -1.0, -1e-9, math.nan, math.inf, -math.inf, "0.1", None, [0.1], 1j]


@pytest.mark.parametrize(
    ("make", "name", "number", "bound"),
    [
        *[(optim.SGD, "lr", number, "0 <= lr < inf") for number in NOT_NEGATIVE],
        *[(optim.Momentum, "lr", number, "0 <= lr < inf") for number in NOT_NEGATIVE],
        *[(optim.Momentum, "momentum", number, "0 <= momentum < 1") for number in BELOW_1],
        *[(optim.Adam, "lr", number, "0 <= lr < inf") for number in NOT_NEGATIVE],
        *[(optim.Adam, "beta1", number, "0 <= beta1 < 1") for number in BELOW_1],
        *[(optim.Adam, "beta2", number, "0 <= beta2 < 1") for number in BELOW_1],
        *[(optim.Adam, "eps", number, "0 < eps < inf") for number in [*NOT_NEGATIVE, 0.0]],
    ],
)
def test_a_hyperparameter_outside_its_range_is_refused_with_the_range(make, name, number, bound):
    w = Tensor([1.0])
    memory = w.data
    expected = f"{make.__name__}: {name} must be a number with {bound}, not {number!r}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        make([w], **{name: number})
    assert w.data is memory  # the parameters were not taken over


@pytest.mark.parametrize("number", [0, 1, 0.0, np.float32(0.1), np.int64(1)])
def test_a_hyperparameter_may_be_any_real_number_in_its_range(number):
    w = Value(1.0)
    optimizer = optim.SGD([w], lr=number)
    w.grad = 2.0
    optimizer.step()
    assert w.data == 1 - 2 * float(number)


# ---- parameters that are refused -----------------------------------------


@every_optimizer
@pytest.mark.parametrize("none", [[], (), iter([])], ids=["list", "tuple", "generator"])
def test_no_parameters_are_refused(make, none):
    expected = f"{make.__name__}: there are no parameters to train; pass model.parameters()"
    with pytest.raises(ValueError, match=re.escape(expected)):
        make(none)


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_a_parameter_given_twice_is_refused(kind):
    w = kind(1.0)
    with pytest.raises(
        ValueError, match=re.escape(f"SGD: parameter 2, an unlabelled {kind.__name__} 1, is given twice")
    ):
        optim.SGD([w, Value(2.0), w])


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_equal_parameters_are_not_the_same_parameter(kind):
    assert optim.SGD([kind(1.0), kind(1.0)]).w.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_a_parameter_that_was_computed_is_refused(kind):
    with pytest.raises(ValueError, match="parameter 1 was computed by multiply; only leaves can be trained"):
        optim.SGD([kind(1.0), kind(1.0) * 2])


@pytest.mark.parametrize(
    ("thing", "kind"), [(1.0, "float"), (np.ones(2), "ndarray"), ("w", "str"), (None, "NoneType"), ([], "list")]
)
def test_a_parameter_that_is_no_tensor_or_value_is_refused(thing, kind):
    with pytest.raises(TypeError, match=f"SGD: parameter 1 is {kind}, not a Tensor or a Value"):
        optim.SGD([Tensor([1.0]), thing])


@pytest.mark.parametrize("wide", [Tensor([1.0]), Value(0.1)])
def test_parameters_of_mixed_precision_are_refused(wide):
    narrow = Tensor([1.0], dtype=np.float32)
    memory = narrow.data
    expected = "Adam: the parameters mix float32 and float64; use one optimizer for each"
    with pytest.raises(ValueError, match=expected):
        optim.Adam([narrow, wide])
    assert narrow.data is memory


def test_an_optimizer_without_a_rule_says_so():
    w = Value(1.0)
    w.grad = 1.0
    with pytest.raises(NotImplementedError, match="Optimizer has no rule"):
        optim.Optimizer([w]).step()
