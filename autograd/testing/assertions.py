"""Assertions about any function of Values and Tensors, for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.checking import check_gradients
from autograd.checking.check import compare_gradients
from autograd.node import Node, Tensor, Value
from autograd.testing.failure import explained
from autograd.testing.graph import Graph
from autograd.testing.readers import differences_between_readers


def assert_gradients(f: Callable[..., Any], *inputs: Any) -> None:
    """Assert that the gradients of ``f`` agree with finite differences.

    Args:
        f: takes one Value or Tensor per input and returns a Value or Tensor.
        inputs: numbers, arrays or nodes, as for ``check_gradients``; a ``Graph`` brings its own.

    Raises:
        AssertionError: they differ, or no derivative can be decided; with the report, a
            program that repeats it, and the path of a picture of the graph. Under Hypothesis
            these are in the notes of the smallest example that fails.
    """
    inputs = _inputs(f, inputs)
    report = compare_gradients(f, *inputs)
    if not report:
        raise explained(
            "assert_gradients",
            f,
            [*map(_leaf, inputs)],
            repr(report),
            fails=lambda graph: not compare_gradients(graph, *graph.leaves),
            in_full=lambda: repr(check_gradients(f, *inputs)),
        )


def assert_same_on_all_readers(f: Callable[..., Any], *inputs: Any) -> None:
    """Assert that every way of reading the table of derivatives gives the same for ``f``.

    The value on plain numbers, on Values and Tensors, and on Tensors alone; the slope
    along a direction by ``backward()``, by ``gradients`` and by forward mode; and its
    own slope, from the gradients' graph. They may differ by rounding: by a few times
    what one rounding error in every result could do.

    Args:
        f: takes numbers and arrays as well as Values and Tensors, and does not care which.
        inputs: numbers, arrays or nodes; a ``Graph`` brings its own.

    Raises:
        AssertionError: two differ; with a program that repeats it, and the path of a
            picture of the graph.
    """
    inputs = _inputs(f, inputs)
    plain = [x.item() if isinstance(x, Value) else x.numpy() if isinstance(x, Node) else x for x in inputs]
    found = differences_between_readers(f, plain)
    if found:
        raise explained(
            "assert_same_on_all_readers",
            f,
            [*map(_leaf, plain)],
            "\n".join(found),
            fails=lambda graph: bool(differences_between_readers(graph, graph.leaves)),
        )


def _inputs(f: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return f.leaves if isinstance(f, Graph) and not inputs else inputs


def _leaf(x: Any) -> Value | Tensor:
    if isinstance(x, (Value, int, float)):
        return Value(float(x))
    return Tensor(x)
