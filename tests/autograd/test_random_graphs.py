"""Whole random graphs: every reader of the table gives the same, and differences agree."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import nn  # noqa: F401  (declares rows of its own)
from autograd import Tensor, Value, check_gradients
from autograd.node import Node
from autograd.testing import Graph, assert_same_on_all_readers, graphs
from autograd.testing.readers import weights_for

GRAPHS = max(2000, 7 * settings.default.max_examples)
each_kind = pytest.mark.parametrize("of", [Value, Tensor, None], ids=["values", "tensors", "mixed"])


def leaves_of(graph: Graph) -> list[Node]:
    return [Value(x) if type(x) is float else Tensor(x) for x in graph.leaves]


def swept(graph: Graph) -> list[bytes]:
    """The value and all gradients, to the last bit."""
    leaves = leaves_of(graph)
    y = graph(*leaves)
    y.backward()
    unreached: Any = np.nan
    return [np.asarray(x).tobytes() for x in (y.data, *(unreached if x.grad is None else x.grad for x in leaves))]


@each_kind
def test_values_tensors_forward_mode_and_differences_agree(of: type[Node] | None) -> None:
    @settings(max_examples=GRAPHS // 3 + 1)
    @given(graph=graphs(max_steps=10, of=of))
    def agree(graph: Graph) -> None:
        assert_same_on_all_readers(graph)
        # Along a line through the leaves: one input, and so one ladder of steps, however many leaves there are.
        tangents = [weights_for(np.shape(x)) for x in graph.leaves]
        report = check_gradients(lambda t: graph(*(x + t * v for x, v in zip(graph.leaves, tangents))), 0.0)
        assert report.worst is None, report

    agree()


@each_kind
def test_32_threads_give_what_one_gives(of: type[Node] | None) -> None:
    programs: list[Graph] = []

    @settings(max_examples=70, database=None)
    @given(graph=graphs(min_steps=5, max_steps=20, of=of))
    def collect(graph: Graph) -> None:
        programs.append(graph)

    collect()
    expected = [swept(graph) for graph in programs]
    wrong: list[int] = []
    start = threading.Barrier(32)

    def work(seed: int) -> None:
        order = random.Random(seed).sample(range(len(programs)), len(programs))
        start.wait()
        wrong.extend(i for i in order if swept(programs[i]) != expected[i])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(programs) >= 67  # three kinds of graphs: 200
    assert wrong == []
