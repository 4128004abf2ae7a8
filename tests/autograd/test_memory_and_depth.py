"""Graphs that are freed at once, and graphs too deep for recursion."""

from __future__ import annotations

import copy
import gc
import pickle
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import nn
import optim
from autograd import Tensor, Value, gradients
from autograd.graph import newest_first
from autograd.node import Node


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Cycles would stay: nothing but the last reference to it frees an object."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def alive(kind: type) -> int:
    return sum(isinstance(x, kind) for x in gc.get_objects())


def train_scalars() -> Callable[[], None]:
    model = nn.scalar.MLP(2, [3, 1], rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step() -> None:
        optimizer.zero_grad()
        loss = sum((model(x) - y).tanh() ** 2 for x, y in [([0.5, -1.0], 1.0), ([1.0, 2.0], -1.0)])
        loss.backward()
        optimizer.step()

    return step


def train_tensors() -> Callable[[], None]:
    model = nn.MLP([3, 4, 2], rng=0)
    optimizer = optim.Adam(model.parameters())
    x, y = np.random.default_rng(0).normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])

    def step() -> None:
        optimizer.zero_grad()
        loss = nn.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()

    return step


def differentiate_twice() -> Callable[[], None]:
    x, t = Value(0.5), Tensor([0.5, 1.0])

    def step() -> None:
        for leaf, y in ((x, x.tanh() ** 2), (t, (t.exp() ** 2).sum())):
            (slope,) = gradients(y, [leaf])
            total = slope.sum() if isinstance(slope, Tensor) else slope
            total.backward()

    return step


def fail() -> Callable[[], None]:
    t = Tensor([1.0, 2.0])

    def step() -> None:
        for mistake in (lambda: (t * 2).backward(), lambda: t * 2 + np.ones(3), lambda: t.exp()[7]):
            with pytest.raises((ValueError, IndexError)):
                mistake()

    return step


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize(
    ("prepare", "iterations"),
    [(train_scalars, 1000), (train_tensors, 1000), (differentiate_twice, 100), (fail, 20)],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_graphs_hold_no_cycle(prepare: Callable[[], Callable[[], None]], iterations: int) -> None:
    step = prepare()
    for _ in range(10):
        step()
    nodes, objects = alive(Node), len(gc.get_objects())
    for _ in range(iterations):
        step()
    assert alive(Node) == nodes
    if step.__qualname__.startswith("train"):
        assert len(gc.get_objects()) - objects < iterations / 10


def test_the_collector_s_settings_are_left_alone() -> None:
    before = gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()
    step = train_tensors()
    step()
    assert (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()) == before


def test_a_million_operations_record_run_backward_and_are_freed() -> None:
    x, step = Value(1.0), Value(2.0)
    held = sys.getrefcount(x), sys.getrefcount(step)
    y = x
    for _ in range(1_000_000):
        y = y + step
    assert y.data == 2_000_001.0
    y.backward()
    assert (x.grad, step.grad) == (1.0, 1_000_000.0)
    del y
    assert (sys.getrefcount(x), sys.getrefcount(step)) == held


@pytest.fixture(scope="module")
def deep() -> Any:
    """The end of a chain of 100,000 tensors."""
    t = Tensor([1.0, 2.0], label="start")
    for _ in range(50_000):
        t = -t + 1.0
    t.label = "end"
    return t


def test_a_deep_chain_of_tensors_runs_backward(deep: Any) -> None:
    deep.backward([1.0, 3.0])
    start = newest_first([deep])[-1]
    assert len(newest_first([deep])) > 150_000
    assert start.label == "start"
    np.testing.assert_array_equal(start.grad, [1.0, 3.0])
    np.testing.assert_array_equal(deep.data, [1.0, 2.0])


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda node: pickle.loads(pickle.dumps(node)), lambda node: node.detach()],
    ids=["copy", "deepcopy", "pickle", "detach"],
)
def test_copies_from_the_end_of_a_deep_chain_are_leaves(deep: Any, copied: Callable[[Any], Any]) -> None:
    leaf = copied(deep)
    assert leaf.inputs == ()
    np.testing.assert_array_equal(leaf.data, deep.data)


def test_the_end_of_a_deep_chain_is_shown(deep: Any) -> None:
    assert repr(deep).startswith("Tensor([1., 2.]")


def test_a_deep_chain_is_differentiated_twice() -> None:
    x = Value(1.0)
    y = x * x
    for _ in range(10_000):
        y = y * 1.0
    (first,) = gradients(y, [x])
    (second,) = gradients(first, [x])
    assert (float(first), float(second)) == (2.0, 2.0)


STEPS = """
import resource
import numpy as np
from autograd import Tensor

x, index = Tensor(np.ones(100_000)), np.arange(100_000)
for step in range(30):
    if step == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    x.grad = None
    x[index].exp().sum().backward()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="how memory is given back to the system is glibc's")
def test_the_next_graph_finds_the_memory_of_the_last_one_without_page_faults() -> None:
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 50  # a step's arrays are more than a thousand pages
