"""An input that was changed after it was used makes backward refuse, and nothing else does."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
import optim
from autograd import Tensor, Value, allow_stale, detect_anomaly, gradients, log, no_grad, solve, stale
from autograd.primitive import Array, Example, Structured, table

Message = Callable[[type[Exception], Callable[[], Any]], str]


def zero_an_entry(x: Tensor) -> None:
    x.data[0] = 0.0


def scale(x: Tensor) -> None:
    x.data *= 2.0


def assign(x: Tensor) -> None:
    x.data = [7.0, 8.0]


def step(x: Tensor) -> None:
    x.grad = np.ones(2)
    optim.SGD([x], lr=0.1).step()


CHANGES = [zero_an_entry, scale, assign, step]


@pytest.mark.parametrize("change", CHANGES)
def test_a_tensor_that_was_changed_is_named_with_its_consumer(
    change: Callable[[Tensor], None], message_of: Message
) -> None:
    x = Tensor([1.0, 2.0], label="x")
    y = x * x
    change(x)
    x.grad = None
    said = message_of(RuntimeError, y.sum().backward)
    assert said.startswith(
        "backward: the data of Tensor 'x' were changed after multiply had used them for the Tensor of shape (2,) "
        "that multiply computed, so the gradient would not be that of what was computed."
    )
    assert "compute the result again" in said
    assert x.grad is None


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_computed_after_the_change_has_the_gradient_of_the_new_data(change: Callable[[Tensor], None]) -> None:
    x = Tensor([1.0, 2.0])
    x * x
    change(x)
    x.grad = None
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * x.data)


def test_a_value_that_was_assigned_is_named(message_of: Message) -> None:
    w, b = Value(3.0, label="w"), Value(1.0)
    y = w * w + b
    w.data = 4.0
    assert "the data of Value 'w' were changed after multiply" in message_of(RuntimeError, y.backward)
    assert w.grad is None
    assert b.grad is None
    b.data = 2.0
    assert "the data of an unlabelled Value 2 were changed after add" in message_of(RuntimeError, (w + 0 + y).backward)


def test_an_optimizer_step_taken_too_early_is_noticed(message_of: Message) -> None:
    model = nn.MLP([2, 3, 1], rng=0)
    optimizer = optim.Adam(model.parameters())
    x = np.ones((4, 2))
    nn.mean_squared_error(model(x), np.zeros((4, 1))).backward()
    loss = nn.mean_squared_error(model(x), np.zeros((4, 1)))
    optimizer.step()
    assert "were changed after linear had used them" in message_of(RuntimeError, loss.backward)


@pytest.mark.parametrize(
    ("row", "example"),
    [
        pytest.param(row, one, id=f"{row.name}-{k}")
        for row in table.values()
        if isinstance(row, Structured)
        for k, one in enumerate(row.examples)
        if any(isinstance(parameter, np.ndarray) for parameter in one.parameters.values())
    ],
)
def test_parameters_that_their_owner_changed_change_no_gradient(row: Structured, example: Example) -> None:
    def gradients_of(change: Callable[[Array], Any]) -> list[Array]:
        parameters = {name: np.copy(x) if type(x) is np.ndarray else x for name, x in example.parameters.items()}
        leaves = [Tensor(np.linspace(0.1, 1, math.prod(shape)).reshape(shape)) for shape in example.shapes]
        y = row(*leaves, **parameters)
        for x in parameters.values():
            if type(x) is np.ndarray:
                change(x)
        y.backward(np.cos(np.arange(y.size)).reshape(y.shape))
        return [leaf.grad for leaf in leaves]

    for changed, left in zip(gradients_of(lambda x: x.fill(0)), gradients_of(lambda x: None)):
        np.testing.assert_array_equal(changed, left)


@pytest.mark.parametrize("view", [lambda x: x[:], lambda x: np.broadcast_to(x, x.shape)])
def test_a_parameter_that_is_a_view_changes_no_gradient_when_what_is_behind_it_changes(view: Any) -> None:
    labels, x = np.array([0, 1]), Tensor(np.zeros((2, 3)))
    kept = view(labels)
    kept.flags.writeable = False
    y = nn.losses.negative_log_likelihood(x, labels=kept)
    labels[:] = 2
    y.backward()
    np.testing.assert_array_equal(x.grad, [[-0.5, 0.0, 0.0], [0.0, -0.5, 0.0]])


def test_labels_that_their_owner_changed_change_no_gradient() -> None:
    labels, logits = np.array([0, 1]), Tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])
    loss = nn.cross_entropy(logits, labels)
    labels[:] = 2
    loss.backward()
    shares = np.exp(logits.numpy()) / np.exp(logits.numpy()).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(logits.grad, (shares - np.eye(3)[[0, 1]]) / 2, rtol=1e-14)


def test_a_constant_array_that_its_owner_changed_is_named(message_of: Message) -> None:
    batch, x = np.array([1.0, 2.0]), Tensor([3.0, 4.0])
    y = (x * batch).sum()
    batch[:] = 9.0
    assert "the data of an unlabelled Constant of shape (2,) were changed" in message_of(RuntimeError, y.backward)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, lambda x: np.repeat(x, 2, axis=1)[:, ::2]])
@given(place=st.tuples(st.integers(0, 99), st.integers(0, 99)))
def test_a_change_of_any_entry_of_a_large_constant_is_seen(
    place: tuple[int, int], layout: Callable[[Array], Array], dtype: Any
) -> None:
    x = Tensor(np.ones((100, 100)), dtype=dtype)
    constant = layout(np.random.default_rng(0).normal(size=(100, 100)).astype(dtype))
    y = (x * constant).sum()
    constant[place] = np.nextafter(constant[place], dtype(9))
    with pytest.raises(RuntimeError, match="the data of an unlabelled Constant of shape \\(100, 100\\) were changed"):
        y.backward()


def negate_a_row(x: Array) -> None:
    x[3] *= -1


def negate_all(x: Array) -> None:
    x *= -1


def negate_a_few(x: Array) -> None:
    x.flat[np.random.default_rng(0).choice(x.size, 8, replace=False)] *= -1


def double_one_and_halve_another(x: Array) -> None:
    x[3, 4] *= 2
    x[3, 5] /= 2


def exchange_two_rows(x: Array) -> None:
    x[[3, 7]] = x[[7, 3]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(100, 100), (100, 784), (1000, 64), (50, 1024)])
@pytest.mark.parametrize(
    "change", [negate_a_row, negate_all, negate_a_few, double_one_and_halve_another, exchange_two_rows]
)
def test_changes_of_a_large_constant_that_might_cancel_are_seen(
    change: Callable[[Array], None], shape: tuple[int, int], dtype: Any
) -> None:
    x, constant = Tensor(np.ones(shape), dtype=dtype), np.random.default_rng(0).normal(size=shape).astype(dtype)
    y = (x * constant).sum()
    change(constant)
    with pytest.raises(RuntimeError, match="were changed"):
        y.backward()


def test_a_large_constant_that_is_a_buffer_used_again_is_seen(message_of: Message) -> None:
    buffer, x = np.ones((300, 100)), Tensor(np.ones((300, 100)))
    y = (x * buffer).sum()
    buffer += 1.0
    assert "Constant of shape (300, 100)" in message_of(RuntimeError, y.backward)


def test_an_older_view_of_handed_out_data_is_noticed(message_of: Message) -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], label="x")
    row = x.data[1]
    gc.collect()
    y = (x * x).sum()
    row[0] = 0.0
    assert "Tensor 'x'" in message_of(RuntimeError, y.backward)


def test_a_change_between_two_uses_is_noticed_by_the_first_and_not_by_the_second(message_of: Message) -> None:
    x = Tensor([1.0, 2.0])
    data = x.data
    before = (x * x).sum()
    data[0] = 5.0
    after = (x * x).sum()
    after.backward()
    np.testing.assert_array_equal(x.grad, [10.0, 4.0])
    message_of(RuntimeError, before.backward)
    np.testing.assert_array_equal(x.grad, [10.0, 4.0])


def test_a_change_seen_through_a_reshaped_view_is_noticed(message_of: Message) -> None:
    x = Tensor([1.0, 2.0], label="x")
    y = x.reshape(2, 1)
    x.data[0] = 3.0
    assert "Tensor 'x'" in message_of(RuntimeError, (y * y).sum().backward)


def test_looking_at_data_without_writing_changes_nothing() -> None:
    x = Tensor([1.0, 2.0])
    data = x.data
    y = (x * x).sum()
    assert data.sum() == x.data.sum() == 3.0
    y.backward()
    y.backward()
    np.testing.assert_array_equal(x.grad, [4.0, 8.0])


@pytest.mark.parametrize("change", CHANGES)
def test_gradients_refuses_as_backward_does(change: Callable[[Tensor], None], message_of: Message) -> None:
    x = Tensor([1.0, 2.0])
    y = (x * x).sum()
    change(x)
    assert "were changed" in message_of(RuntimeError, lambda: gradients(y, [x]))


def test_gradients_refuses_what_was_used_before_and_after_a_change(message_of: Message) -> None:
    w = Value(1.0, "w")
    before = w * w
    w.data = 2.0
    v = Value(5.0)
    y = before * w * v
    for inputs in ([w], [w, v], [v, w]):
        assert "Value 'w' were changed" in message_of(RuntimeError, lambda inputs=inputs: gradients(y, inputs))
    with allow_stale():
        y.backward()
        assert [float(slope) for slope in gradients(y, [w, v])] == [w.grad, v.grad] == [45.0, 2.0]


def test_none_is_no_data_even_after_the_array_that_was_handed_out_is_gone() -> None:
    t = Tensor([1.0, 2.0])
    t.data  # noqa: B018  (read, and let go)
    with pytest.raises(TypeError):
        t.data = None
    np.testing.assert_array_equal(t.data, [1.0, 2.0])


def test_an_array_that_is_held_at_exit_makes_no_noise() -> None:
    code = "from autograd import Tensor\nw = Tensor([1.0])\nimport threading\nthreading.kept = w\nw.data[0] = 3.0"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_change_is_what_is_named_and_not_what_it_led_to(message_of: Message) -> None:
    matrix = Tensor([[2.0, 0.0], [0.0, 1.0]], label="matrix")
    y = solve(matrix, np.ones(2)).sum()
    matrix.data = np.zeros((2, 2))
    assert "'matrix' were changed after solve had used them" in message_of(RuntimeError, y.backward)
    for kind in (Value, Tensor):
        with detect_anomaly():
            x: Any = kind(2.0)
            x.label = "x"
            y = log(x) * 1.0
            x.data = 0.0
            assert "'x' were changed after log had used them" in message_of(RuntimeError, y.backward)


def test_allow_stale_takes_inputs_as_they_are() -> None:
    x, batch = Tensor([1.0, 2.0]), np.array([1.0, 1.0])
    y = (x * x * batch).sum()
    x.data[:] = 10.0
    batch[:] = 2.0
    with allow_stale():
        y.backward()
    np.testing.assert_array_equal(x.grad, [2.0 * 20, 2.0 * 20])


def test_computed_data_cannot_be_written_to() -> None:
    x = Tensor([1.0, 2.0])
    y = x * 2
    with pytest.raises(ValueError, match="read-only"):
        y.data[0] = 5.0


def test_results_without_recording_share_no_memory_with_what_they_came_from() -> None:
    x = Tensor([1.0, 2.0])
    with no_grad():
        view = x.reshape(2, 1)
    y = (x * x).sum()
    view.data[0] = 9.0
    y.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


def test_nobody_is_watched_once_the_arrays_that_were_handed_out_are_gone() -> None:
    x = Tensor([1.0, 2.0])
    before = len(stale.handed_out)
    data = x.data
    assert len(stale.handed_out) == before + 1
    del data
    x * x
    assert len(stale.handed_out) == before
    kept = Tensor([1.0]).data
    assert len(stale.handed_out) == before, f"the leaf of {kept} is gone already"


def test_threads_may_read_the_data_of_a_leaf_that_they_share() -> None:
    x = Tensor(np.zeros(10))
    before = len(stale.handed_out)
    failed: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(2000):
                assert x.data.shape == (10,)
                x * 2.0
        except Exception as error:
            failed.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failed == []
    x * 2.0
    assert len(stale.handed_out) == before


def test_the_data_handed_out_are_the_tensor_s_own() -> None:
    x = Tensor(np.arange(6.0).reshape(2, 3))
    assert x.data is x.data
    x.data[1, 2] = 50.0
    assert x.numpy()[1, 2] == 50.0
    for odd in (
        Tensor(1.5),
        Tensor(np.zeros((0, 3))),
        Tensor(np.asfortranarray(np.ones((2, 3)))),
        Tensor([1], dtype=np.float32),
    ):
        assert (odd.data.shape, odd.data.dtype) == (odd.shape, odd.dtype)
        np.testing.assert_array_equal(odd.data, odd.numpy())


@given(
    writes=st.lists(st.sampled_from(["use", "write", "assign", "look"]), min_size=1, max_size=8), value=st.floats(-3, 3)
)
def test_backward_gives_the_gradient_of_what_was_computed_or_refuses(writes: list[str], value: float) -> None:
    x = Tensor([1.5, -0.5])
    held: Array = x.data
    results: list[tuple[Any, Array]] = []
    for write in writes:
        if write == "use":
            results.append(((x * x).sum(), 2 * x.numpy()))
        elif write == "write":
            held[0] = value
        elif write == "assign":
            x.data = [value, value + 1]
        else:
            held = x.data
    for y, expected in results:
        x.grad = None
        try:
            y.backward()
        except RuntimeError:
            assert not np.array_equal(2 * x.numpy(), expected) or "assign" in writes
            assert x.grad is None
        else:
            np.testing.assert_array_equal(x.grad, expected)
