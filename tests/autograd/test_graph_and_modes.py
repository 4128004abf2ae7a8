"""Walking the graph, and recording it or not."""

from __future__ import annotations

import asyncio
import itertools
import math
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np
import pytest

from autograd import (
    Tensor,
    Value,
    allow_stale,
    detect_anomaly,
    exp,
    gradients,
    log,
    modes,
    no_grad,
    stack,
    structured,
    weighted_sum,
    where,
)
from autograd.graph import first_non_finite, newest_first
from autograd.modes import is_recording
from autograd.node import Constant

# ---- the graph -----------------------------------------------------------


def test_every_node_comes_once_and_before_its_inputs() -> None:
    a, b = Value(1.0), Value(2.0)
    c = a * b
    d = c + a
    e = d * c
    unrelated = a * 7
    assert newest_first([e]) == sorted([a, b, c, d, e], key=lambda node: -node.time)
    assert [x is y for x, y in zip(newest_first([e]), (e, d, c, b, a))] == [True] * 5
    assert unrelated not in set(newest_first([e]))


def test_a_leaf_alone_is_a_graph() -> None:
    a = Value(1.0)
    (only,) = newest_first([a])
    assert only is a


def test_several_outputs_share_what_they_have_in_common() -> None:
    a = Value(1.0)
    b, c = a * 2, a * 3
    order = newest_first([b, c])
    assert [x is y for x, y in zip(order, (c, c.inputs[1], b, b.inputs[1], a))] == [True] * 5
    assert len(order) == 5


def test_constants_are_part_of_the_graph() -> None:
    order = newest_first([Value(1.0) * 2])
    assert [type(node) for node in order].count(Constant) == 1


def test_the_first_node_that_went_bad_is_the_oldest() -> None:
    a = Value(0.0, label="a")
    good = a * 2
    with np.errstate(all="ignore"):
        bad = log(good)
        worse = bad * 0
        last = exp(worse) + good
    assert first_non_finite(last) is bad
    assert first_non_finite(good) is None


def test_what_does_not_reach_the_output_is_not_where_it_went_bad() -> None:
    x = Tensor([-1.0, 1.0])
    with np.errstate(all="ignore"):
        harmless = where(x.data > 0, log(x), 0.0).sum()
        overflow = x * 1e300 * 1e300
        assert first_non_finite(harmless + overflow.sum()) is overflow


def test_what_was_computed_is_blamed_before_the_infinity_of_a_mask() -> None:
    x = Tensor([1.0, 2.0])
    with np.errstate(all="ignore"):
        overflow = x * 1e300 * 1e300
        masked = overflow + np.array([0.0, -math.inf])
        assert first_non_finite(masked.sum()) is overflow


@pytest.mark.parametrize("entry", [math.inf, -math.inf, math.nan])
def test_one_bad_entry_of_a_tensor_is_found(entry: float) -> None:
    t = Tensor([1.0, entry])
    assert first_non_finite((t + 1).sum()) is t
    assert first_non_finite(Tensor([1.0, 2.0]).sum()) is None


def test_a_bad_constant_is_found_too() -> None:
    y = Value(1.0) * math.inf
    assert first_non_finite(y) is y.inputs[1]


# ---- no_grad -------------------------------------------------------------


def results() -> list[object]:
    v, t = Value(2.0), Tensor([1.0, 2.0])
    return [
        v * v,
        v * 2,
        2 * v,
        v * 2.0,
        exp(v),
        exp(t),
        t * v,
        t.sum(),
        t @ t,
        stack([v, v]),
        weighted_sum([v], [v], v),
    ]


def test_without_recording_results_are_leaves_of_the_same_kind_and_data() -> None:
    recorded = results()
    with no_grad():
        assert not is_recording()
        unrecorded = results()
    for a, b in zip(recorded, unrecorded):
        assert type(b) is type(a)
        assert type(b.data) is type(a.data)
        np.testing.assert_array_equal(b.data, a.data)
        assert a.op is not None
        assert (b.op, b.inputs, b.parameters, b.grad) == (None, (), {}, None)
    assert is_recording()
    assert all(node.op is not None for node in results())


def test_gradients_stop_at_what_was_not_recorded() -> None:
    a = Value(3.0)
    with no_grad():
        b = a * a
    (a * b).backward()
    assert a.grad == 9.0
    assert b.grad == 3.0


def test_what_was_recorded_before_is_differentiated_without_recording_too() -> None:
    a = Value(3.0)
    y = a * a
    with no_grad():
        y.backward()
        assert gradients(y, [a])[0] == 6.0
    assert a.grad == 6.0


def test_as_a_decorator() -> None:
    @no_grad()
    def evaluate(x: Value) -> Value:
        return x * x

    for _ in range(2):
        assert evaluate(Value(3.0)).op is None
        assert is_recording()


def test_blocks_nest_and_end_with_an_exception() -> None:
    with no_grad():
        with no_grad():
            assert not is_recording()
        assert not is_recording()
        assert (Value(1.0) * 2).op is None
    with pytest.raises(RuntimeError, match="out"), no_grad():
        raise RuntimeError("out")
    assert is_recording()
    assert not modes.open_blocks


def test_generators_leave_their_blocks_in_any_order() -> None:
    def stream(count: int) -> Iterator[None]:
        with no_grad():
            for _ in range(count):
                yield

    assert len([*zip(stream(2), stream(3))]) == 2  # the first is done while the second is open
    assert is_recording()
    with detect_anomaly():
        assert is_recording()


def test_a_block_can_be_left_in_another_thread() -> None:
    def inside() -> Iterator[None]:
        with no_grad():
            yield

    entered = inside()
    next(entered)
    assert not is_recording()
    thread = threading.Thread(target=entered.close)
    thread.start()
    thread.join()
    assert is_recording()
    assert not modes.open_blocks


def test_a_block_may_be_entered_again_and_inside_itself() -> None:
    block = no_grad()
    for _ in range(2):
        with block:
            with block:
                assert not is_recording()
            assert not is_recording()
        assert is_recording()


@pytest.mark.parametrize("block", [no_grad, detect_anomaly, allow_stale])
def test_what_runs_after_the_call_cannot_be_decorated(block: Any, message_of: Callable[..., str]) -> None:
    def values() -> Iterator[int]:
        yield 1

    async def value() -> int:
        return 1

    async def many() -> AsyncIterator[int]:
        yield 1

    for function in (values, value, many):
        assert message_of(TypeError, lambda function=function: block()(function)) == (
            f"{function.__name__} is a generator or async function, whose body runs after the call: decorate a plain "
            f"function, or write a with block inside it"
        )


@pytest.mark.parametrize("block", [no_grad, detect_anomaly, allow_stale])
def test_ctrl_c_at_any_instant_leaves_no_mode_behind(block: Any) -> None:
    def is_interrupted(instant: int) -> bool:
        remaining = instant

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal remaining
            if frame.f_code.co_filename == modes.__file__:
                frame.f_trace_opcodes = True
                remaining -= 1
                if remaining == 0:
                    raise KeyboardInterrupt
            return trace

        before = sys.gettrace()
        try:
            sys.settrace(trace)
            with block():
                pass
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return False

    for _ in itertools.takewhile(is_interrupted, instants := itertools.count(1)):
        assert (modes.is_recording(), modes.is_detecting_anomalies(), modes.is_stale_allowed()) == (True, False, False)
    assert next(instants) > 50
    with no_grad():  # which clears away what was left
        assert len(modes.open_blocks) == 1
    assert not modes.open_blocks


def test_a_block_that_another_thread_is_in_does_not_count_where_it_was_left() -> None:
    block, entered, done = no_grad(), threading.Event(), threading.Event()

    def stay() -> None:
        with block:
            entered.set()
            done.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    try:
        with block:
            pass
        with block, block:
            assert not is_recording()
        assert is_recording()
    finally:
        done.set()
        thread.join()


def test_what_a_row_hands_back_in_no_grad_has_memory_of_its_own() -> None:
    @structured(lambda g, y, x: -g, examples=[])
    def reverse(x: Any, /) -> Any:
        return x

    x = Tensor([1.0, 2.0])
    with no_grad():
        z = reverse(x)
    x.data[0] = 9.0
    np.testing.assert_array_equal(z.data, [1.0, 2.0])


def test_one_thread_without_recording_leaves_the_others_recording() -> None:
    suspended, done = threading.Event(), threading.Event()
    inside: list[bool] = []

    def without() -> None:
        with no_grad():
            suspended.set()
            done.wait(10)
            inside.append((Value(1.0) * 2).op is None and exp(Tensor([1.0])).op is None)

    thread = threading.Thread(target=without)
    thread.start()
    assert suspended.wait(10)
    try:
        assert len(modes.open_blocks) == 1
        assert is_recording()
        assert all(node.op is not None for node in results())
    finally:
        done.set()
        thread.join()
    assert inside == [True]
    assert not modes.open_blocks


def test_a_thread_started_within_a_block_records() -> None:
    seen: list[bool] = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append(is_recording()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_one_async_task_without_recording_leaves_the_others_recording() -> None:
    async def without(entered: asyncio.Event, other: asyncio.Event) -> bool:
        with no_grad():
            entered.set()
            await other.wait()
            return (Value(1.0) * 2).op is None

    async def recording(entered: asyncio.Event, other: asyncio.Event) -> bool:
        await entered.wait()
        recorded = (Value(1.0) * 2).op is not None
        other.set()
        return recorded

    async def both() -> list[bool]:
        events = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(without(*events), recording(*events))

    assert asyncio.run(both()) == [True, True]


def test_threads_with_graphs_of_their_own_do_not_meet() -> None:
    found: list[float] = []

    def work(k: int) -> None:
        for _ in range(50):
            a, t = Value(float(k)), Tensor([float(k)] * 3)
            ((a * a) * t).sum().backward()
            found.append(a.grad - 6.0 * k * k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0.0] * 400


@pytest.fixture
def _threads_take_turns_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_threads_take_turns_often")
@pytest.mark.parametrize("leaf", [Value(2.0), Tensor([2.0])], ids=["Value", "Tensor"])
def test_threads_that_share_a_leaf_lose_no_gradient(leaf: Any) -> None:
    def work() -> None:
        for _ in range(500):
            (leaf * 3).backward()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert float(leaf.grad[0] if isinstance(leaf, Tensor) else leaf.grad) == 8 * 500 * 3.0


@pytest.mark.parametrize("x", [Value(2.0), Tensor(2.0)], ids=["Value", "Tensor"])
def test_what_is_unchanged_in_no_grad_is_a_new_leaf_all_the_same(x: Any) -> None:
    y = x * x
    with no_grad():
        baseline = +y
    assert baseline.op is None
    (y - baseline).backward()
    assert x.grad == 4.0
