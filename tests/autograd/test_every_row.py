"""Every row of the table times every property that a row must have, generated from the table.

Nothing here names a row: a new one is tested by being declared, on operands drawn from
the domain that stands on it, or on its examples. As a script, it counts the draws:

    python tests/autograd/test_every_row.py
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn  # noqa: F401  (declares rows of its own)
from autograd import Tensor, Value, check_gradients, gradients, transpose
from autograd.calculus import jvp
from autograd.node import Node
from autograd.primitive import Elementwise, Primitive, Structured, table
from autograd.primitives.shaping import sum_to
from autograd.testing import Graph, assert_same_on_all_readers, calls
from autograd.testing.calls import takes_any_sizes
from autograd.testing.readers import along, rounding_of, rounding_of_slope, weights_for

ROWS = list(table.values())
# In all, over every row and property: 25,000 and more in make test, 500,000 in make test-long.
DRAWS = 33_000 if settings.default.max_examples <= 30 else 660_000
PROPERTIES = 9  # of a whole share of the draws, about

drawn: dict[tuple[str, str], set[int]] = defaultdict(set)  # by property and row: the draws that were tried

Property = Callable[[Graph], None]


def of_every_row(rows: Sequence[Primitive] = ROWS, share: float = 1.0) -> Callable[[Property], Any]:
    """A test of a property of each row; ``share`` is its part of the draws, less than 1 if it is slow."""
    examples = max(4, round(share * DRAWS / (PROPERTIES * len(ROWS))))

    def decorate(holds: Property) -> Any:
        @pytest.mark.parametrize("row", rows, ids=lambda row: row.name)
        @settings(max_examples=examples)
        @given(data=st.data())
        def test(row: Primitive, data: st.DataObject) -> None:
            graph = data.draw(calls(row))
            drawn[holds.__name__, row.name].add(hash(repr(graph)))
            holds(graph)

        test.__name__ = holds.__name__
        return test

    return decorate


def node_of(x: Any) -> Value | Tensor:
    return Value(x) if type(x) is float else Tensor(x)


def tensors_of(graph: Graph, dtype: Any = None) -> list[Tensor]:
    return [Tensor(x, dtype=dtype) for x in graph.leaves]


def differentiated(graph: Graph, leaves: Sequence[Node]) -> tuple[Node, list[Any]]:
    """The output, and the leaves' gradients for a cotangent of no special shape."""
    y = graph(*leaves)
    y.backward(weights_for(y.shape))
    return y, [leaf.grad for leaf in leaves]


def assert_close(found: Any, expected: Any, rounding: Callable[[], float]) -> None:
    """Equal up to the order of additions, which BLAS chooses by memory layout: a few roundings of the largest.

    Where what is added up cancels, all that is left is smaller than those roundings; ``rounding`` is their bound.
    """
    scale = float(np.max(np.abs(expected), initial=0.0))
    allowed = 64 * np.finfo(float).eps
    if not np.allclose(found, expected, rtol=0, atol=allowed * scale, equal_nan=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=allowed * max(scale, rounding()))


# An entry of which differences cannot tell the derivative, as of tanh at 20, neither passes nor fails.


@of_every_row(share=0.4)
def test_gradients_are_the_slopes(graph: Graph) -> None:
    report = check_gradients(graph, *graph.leaves)
    assert report.worst is None, report


@of_every_row(share=0.1)
def test_gradients_of_gradients_are_the_slopes_of_the_gradients(graph: Graph) -> None:
    report = check_gradients(graph, *graph.leaves, order=2)
    assert report.worst is None, report


@of_every_row()
def test_every_reader_gives_the_same(graph: Graph) -> None:
    # Scalar kernel against array kernel, backward() against gradients(), forward mode and second order.
    assert_same_on_all_readers(graph)


@of_every_row()
def test_forward_mode_is_the_transpose_of_reverse_mode(graph: Graph) -> None:
    # <g, J v> = <J' g, v>, entry by entry of g: all of J v is seen, and not only what it adds up to.
    leaves = [node_of(x) for x in graph.leaves]
    tangents = [np.asarray(weights_for(x.shape)) if type(x) is Tensor else weights_for(()) for x in leaves]
    _, forward = jvp(graph, graph.leaves, tangents)
    y = graph(*leaves)
    assert np.shape(forward) == y.shape
    for index in itertools.islice(np.ndindex(y.shape), 8):
        entry = y[index] if y.shape else y
        slope = along(gradients(entry, leaves), tangents)
        rounding = rounding_of_slope(entry, slope, leaves, tangents)
        assert abs(float(np.asarray(forward)[index]) - float(slope)) <= 64 * np.finfo(float).eps * rounding


@of_every_row()
def test_float32_gives_float32_to_its_precision(graph: Graph) -> None:
    single = tensors_of(graph, np.float32)
    double = [Tensor(x.numpy(), dtype=np.float64) for x in single]
    with np.errstate(over="ignore"):  # where a number does not fit in float32
        y, grads = differentiated(graph, single)
    z, _ = differentiated(graph, double)
    assert y.dtype == np.float32
    for leaf, grad in zip(single, grads):
        assert (grad.dtype, grad.shape) == (np.float32, leaf.shape)
    output = (z * weights_for(z.shape)).sum()
    with np.errstate(invalid="ignore"):  # where two that do not fit are infinite with opposite signs
        found = np.sum(y.numpy() * weights_for(y.shape), dtype=np.float64)
    assert_single(found, output, rounding_of(output))
    directions = [weights_for(leaf.shape) for leaf in double]
    slope = along(gradients(output, double), directions)
    with np.errstate(invalid="ignore"):
        found = along(grads, directions)
    assert_single(found, slope, rounding_of_slope(output, slope, double, directions))


def assert_single(found: Any, expected: Any, rounding: float) -> None:
    info = np.finfo(np.float32)
    if not np.isfinite(found) and abs(float(expected)) > 0.1 * float(info.max):
        return  # where entries that the sum is made of do not fit in float32
    underflow = 1e3 * float(info.tiny)  # erfc(12) is 0 in float32
    assert abs(float(found) - float(expected)) <= 32 * float(info.eps) * rounding + underflow


@of_every_row([row for row in ROWS if isinstance(row, Elementwise) and len(row.partials) > 1])
def test_broadcasting_sums_the_gradients_of_the_copies(graph: Graph) -> None:
    y, grads = differentiated(graph, tensors_of(graph))
    _, of_copies = differentiated(graph, [Tensor(np.broadcast_to(x, y.shape)) for x in graph.leaves])
    for leaf, grad, copies in zip(graph.leaves, grads, of_copies):
        assert np.shape(grad) == np.shape(leaf)
        scale = float(np.abs(copies).sum())  # of what is added, which may cancel
        np.testing.assert_allclose(grad, sum_to(copies, np.shape(leaf)), rtol=0, atol=64 * np.finfo(float).eps * scale)


@of_every_row()
def test_memory_layout_and_write_protection_do_not_matter(graph: Graph) -> None:
    leaves = tensors_of(graph)
    y, grads = differentiated(graph, leaves)

    def rounding() -> float:
        return rounding_of(graph(*leaves))

    def rounding_of_gradient() -> float:
        output = (graph(*leaves) * weights_for(y.shape)).sum()
        directions = [np.ones(leaf.shape) for leaf in leaves]
        return rounding_of_slope(output, along(gradients(output, leaves), directions), leaves, directions)

    for layout in (by_columns, every_other, backwards):
        arrays = [layout(np.asarray(x)) for x in graph.leaves]
        for x in arrays:
            x.flags.writeable = False
        assert_close(graph(*arrays), y.numpy(), rounding)
        z, others = differentiated(graph, [Tensor(x) for x in arrays])
        assert_close(z.numpy(), y.numpy(), rounding)
        for grad, other in zip(grads, others):
            assert_close(other, grad, rounding_of_gradient)
    # The transpose of a Tensor is a view, so that the row computes on memory in another order.
    turned = [Tensor(np.asarray(x).T) for x in graph.leaves]
    z = graph(*map(transpose, turned))
    z.backward(weights_for(z.shape))
    for grad, leaf in zip(grads, turned):
        assert_close(leaf.grad.T, grad, rounding_of_gradient)


def by_columns(x: np.ndarray) -> np.ndarray:
    return np.array(x, order="F")


def every_other(x: np.ndarray) -> np.ndarray:
    return np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else np.array(x)


def backwards(x: np.ndarray) -> np.ndarray:
    return np.flip(np.flip(x).copy()) if x.ndim else np.array(x)


@of_every_row()
def test_inputs_and_seeds_are_not_written_to(graph: Graph) -> None:
    plain = [np.array(x) for x in graph.leaves]
    leaves = tensors_of(graph)
    y = graph(*leaves)
    seed = weights_for(y.shape)
    result, before = y.numpy(), np.array(seed)
    y.backward(seed)
    graph(*plain)
    np.testing.assert_array_equal(seed, before)
    np.testing.assert_array_equal(y.numpy(), result)
    for x, leaf, given_ in zip(graph.leaves, leaves, plain):
        np.testing.assert_array_equal(leaf.numpy(), x)
        np.testing.assert_array_equal(given_, x)


@of_every_row()
def test_no_two_gradients_share_memory(graph: Graph) -> None:
    leaves = tensors_of(graph)
    y = graph(*leaves)
    seed = np.asarray(weights_for(y.shape))
    y.backward(seed)
    arrays = [leaf.grad for leaf in leaves] + [leaf.data for leaf in leaves] + [y.grad, seed]
    for a, b in itertools.combinations(arrays, 2):
        assert not np.shares_memory(a, b)
    for leaf in leaves:
        assert not np.shares_memory(leaf.grad, y.data)


@of_every_row()
def test_the_same_again_gives_the_same_bits(graph: Graph) -> None:
    runs = [differentiated(graph, [node_of(x) for x in graph.leaves]) for _ in range(2)]
    (y, grads), (z, others) = runs
    for a, b in zip([y.data, *grads], [z.data, *others]):
        assert type(a) is type(b)
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


@pytest.mark.parametrize("row", [row for row in ROWS if isinstance(row, Elementwise)], ids=lambda row: row.name)
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (2, 0)])
def test_elementwise_rows_take_0_d_and_empty_arrays(row: Elementwise, shape: tuple[int, ...]) -> None:
    for shapes in itertools.product([shape, (1,) * len(shape), ()], repeat=len(row.partials)):
        leaves = [Tensor(np.full(x, 0.5 + 2 * (domain.low >= 1))) for x, domain in zip(shapes, row.domain)]
        y = row(*leaves)
        assert y.shape == np.broadcast_shapes(*shapes)
        y.backward(np.ones(y.shape))
        for leaf in leaves:
            assert type(leaf.grad) is np.ndarray
            assert (leaf.grad.shape, leaf.grad.dtype) == (leaf.shape, np.float64)
            if not y.size:
                np.testing.assert_array_equal(leaf.grad, np.zeros(leaf.shape))


@pytest.mark.parametrize(
    ("row", "k", "size"),
    [
        pytest.param(row, k, size, id=f"{row.name}-{k}-{size}")
        for row in ROWS
        if isinstance(row, Structured) and takes_any_sizes(row)  # others' parameters would contradict the operands
        for k, example in enumerate(row.examples)
        for size in sorted({n for shape in example.shapes for n in shape})
    ],
)
def test_structured_rows_take_empty_arrays_or_say_that_they_do_not(row: Structured, k: int, size: int) -> None:
    example = row.examples[k]
    shapes = [tuple(0 if n == size else n for n in shape) for shape in example.shapes]
    leaves = [Tensor(np.zeros(shape)) for shape in shapes]
    try:
        with np.errstate(all="ignore"):  # the mean of nothing is nan, here as in NumPy
            y = row(*leaves, **example.parameters)
    except (ValueError, IndexError, TypeError) as error:
        assert str(error).startswith(f"{row.name}: ")  # noqa: PT017  (either is right, as long as it is clear)
        return
    with np.errstate(all="ignore"):
        y.backward(np.ones(y.shape))
    for leaf in leaves:
        assert (leaf.grad.shape, leaf.grad.dtype) == (leaf.shape, np.float64)


if __name__ == "__main__":
    import sys

    code = pytest.main([__file__, "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", *sys.argv[1:]])
    counts: Counter[str] = Counter()
    for (name, _), seen in sys.modules["test_every_row"].drawn.items():
        counts[name] += len(seen)
    for name, count in counts.most_common():
        print(f"{count:8,}  {name}")
    print(f"{sum(counts.values()):8,}  distinct draws over {len(ROWS)} rows")
    sys.exit(code)
