"""The reverse sweep: what backward() leaves on the nodes, and the gradients that are nodes themselves."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import nn  # noqa: F401  (declares rows of its own)
from autograd import (
    Tensor,
    Value,
    concatenate,
    detect_anomaly,
    elementwise,
    exp,
    gradients,
    log,
    log_softmax,
    matmul,
    maximum,
    mean,
    no_grad,
    sin,
    softmax,
    sqrt,
    stack,
    structured,
    tanh,
    weighted_sum,
    where,
)
from autograd.data_sweeps import reached, sweep_tensors, sweep_values
from autograd.graph import computed, newest_first
from autograd.node import Constant, Node
from autograd.primitive import Elementwise, data_of, example, table
from autograd.sweep import evaluate, node_of, sweep, times

# ---- accumulation --------------------------------------------------------


def test_a_worked_example() -> None:
    w, x, b = Value(-2.0), Value(5.0), Value(3.0)
    f = w * x + b
    f.backward()
    assert f.data == -7.0
    assert [node.grad for node in (w, x, b, f, f.inputs[0])] == [5.0, -2.0, 1.0, 1.0, 1.0]


def test_backward_twice_adds_to_leaves_and_never_leaks_interior_adjoints() -> None:
    a = Value(2.0)
    c = 3 * a**2
    c.backward()
    square = c.inputs[1]
    assert (a.grad, square.grad, c.grad) == (12.0, 3.0, 1.0)
    c.backward()
    assert (a.grad, square.grad, c.grad) == (24.0, 3.0, 1.0)


def test_backward_twice_on_tensors() -> None:
    a = Tensor([2.0, 1.0])
    square = a**2
    c = (3 * square).sum()
    for times_called in (1, 2, 3):
        c.backward()
        np.testing.assert_array_equal(a.grad, np.array([12.0, 6.0]) * times_called)
        np.testing.assert_array_equal(square.grad, [3.0, 3.0])
        assert c.grad == 1.0


@pytest.mark.parametrize("times_called", [1, 2])
def test_a_tensor_s_gradient_is_an_array_also_where_it_holds_one_number(times_called: int) -> None:
    t, v = Tensor(3.0), Value(3.0)
    y = t * v
    for _ in range(times_called):
        y.backward()
    assert type(t.grad) is type(y.grad) is np.ndarray
    assert type(v.grad) is float
    assert t.grad == v.grad == 3.0 * times_called


def test_two_outputs_that_share_a_part_add_up() -> None:
    a = Value(3.0)
    shared = a * a
    (shared * 2).backward()
    (shared * 5).backward()
    assert a.grad == 42.0
    assert shared.grad == 5.0


def test_a_gradient_that_is_there_is_added_to() -> None:
    a, t = Value(1.0), Tensor([1.0, 2.0])
    a.grad, t.grad = 10.0, np.array([10.0, 20.0])
    given_array = t.grad
    (a * t).sum().backward()
    assert a.grad == 13.0
    np.testing.assert_array_equal(t.grad, [11.0, 21.0])
    np.testing.assert_array_equal(given_array, [10.0, 20.0])


def test_a_node_that_was_not_reached_keeps_no_gradient() -> None:
    a, b, t = Value(1.0), Value(2.0), Tensor([1.0])
    aside = a * b
    (a * 2).backward()
    assert (b.grad, aside.grad, t.grad) == (None, None, None)


def test_a_branch_not_taken_has_gradient_zero_and_not_none() -> None:
    a, b = Value(1.0), Value(2.0)
    inner = b * b
    where(True, a, inner).backward()
    assert (a.grad, inner.grad, b.grad) == (1.0, 0.0, 0.0)
    assert type(b.grad) is float
    t = Tensor([1.0, 2.0])
    t[0].backward()
    np.testing.assert_array_equal(t.grad, [1.0, 0.0])


def test_the_same_input_twice_counts_twice() -> None:
    a = Value(3.0)
    (a + a).backward()
    assert a.grad == 2.0
    a.grad = None
    (a * a).backward()
    assert a.grad == 6.0
    t = Tensor([1.0, 2.0])
    concatenate([t, t]).backward([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(t.grad, [4.0, 6.0])
    stack([a, a, a]).backward([1.0, 10.0, 100.0])
    assert a.grad == 117.0


def test_a_diamond_waits_for_all_its_consumers() -> None:
    a = Value(2.0)
    b = a * 3
    c = b * b
    d = c + b
    e = d * c
    e.backward()
    # With b = 3a: e = (b² + b)·b² = b⁴ + b³.
    assert b.grad == 4 * 6.0**3 + 3 * 6.0**2
    assert a.grad == 3 * b.grad


def test_paths_are_not_counted_one_by_one() -> None:
    for x in (Value(1.0), Tensor(1.0)):
        y = x
        for _ in range(60):
            y = y + y
        y.backward()
        assert float(x.grad) == 2.0**60


def test_one_leaf_with_many_consumers() -> None:
    a = Value(1.0)
    total = a * 0
    for k in range(2000):
        total = total + a * k
    total.backward()
    assert a.grad == 1999000.0


def test_a_leaf_differentiates_to_one() -> None:
    a, t = Value(3.0), Tensor([[2.0]])
    a.backward()
    a.backward()
    t.backward()
    assert a.grad == 2.0
    np.testing.assert_array_equal(t.grad, [[1.0]])


def test_constants_get_no_gradient() -> None:
    y = Tensor([1.0, 2.0]) * np.array([3.0, 4.0]) + 5
    z = weighted_sum([Value(2.0)], [3.0], 1.0)
    y.sum().backward()
    z.backward()
    constants = [x for node in (y, y.inputs[0], z) for x in node.inputs if type(x) is Constant]
    assert len(constants) == 4
    assert [c.grad for c in constants] == [None] * 4


# ---- seeds ---------------------------------------------------------------


def test_backward_needs_a_seed_unless_the_node_holds_one_number(message_of: Callable[..., str]) -> None:
    t = Tensor([[1.0, 2.0, 3.0]])
    y = t * 2
    assert message_of(ValueError, y.backward) == (
        "backward() starts from a single number, and this Tensor has shape (1, 3): reduce it first, "
        "as in t.sum().backward(), or give the cotangent of every entry, as in t.backward(seed)"
    )
    assert (t.grad, y.grad) == (None, None)
    for seed in ([[1.0, 2.0, 3.0]], np.array([[1, 2, 3]]), Tensor([[1.0, 2.0, 3.0]]), np.float32([[1, 2, 3]])):
        t.grad = None
        y.backward(seed)
        np.testing.assert_array_equal(t.grad, [[2.0, 4.0, 6.0]])
        assert t.grad.dtype == y.grad.dtype == np.float64


@pytest.mark.parametrize(
    ("node", "seed", "shapes"),
    [
        (Tensor([1.0, 2.0]), 1.0, ((), (2,))),
        (Tensor([1.0, 2.0]), [1.0], ((1,), (2,))),
        (Tensor([1.0, 2.0]), [[1.0, 2.0]], ((1, 2), (2,))),
        (Tensor([1.0]), 1.0, ((), (1,))),
        (Tensor(1.0), [1.0], ((1,), ())),
        (Value(1.0), [1.0], ((1,), ())),
    ],
)
def test_a_seed_of_another_shape_is_refused(
    message_of: Callable[..., str], node: Node, seed: Any, shapes: tuple[Any, Any]
) -> None:
    y = node * 2
    assert message_of(ValueError, lambda: y.backward(seed)) == (
        f"the seed has shape {shapes[0]}, but the node it is the cotangent of has {shapes[1]}"
    )
    assert (node.grad, y.grad) == (None, None)


@pytest.mark.parametrize("seed", ["a", [1j, 2.0], [None, None]])
def test_a_seed_that_is_not_made_of_real_numbers_is_refused(message_of: Callable[..., str], seed: Any) -> None:
    y = Tensor([1.0, 2.0]) * 3
    assert message_of(TypeError, lambda: y.backward(seed)).startswith("the seed is made of real numbers, not of ")


@pytest.mark.parametrize("seed", [Value(2.0), Tensor(2.0)], ids=repr)
def test_a_seed_of_the_other_kind_serves_as_well_and_can_be_differentiated_by(seed: Node) -> None:
    x, w = Value(3.0), Tensor([1.0, 2.0])
    for y in ((x * w).sum(), (x * w).max(), x * x, Tensor(3.0) * x):
        slopes = gradients(y, [x], seed)
        expected = gradients(y, [x], 1.0)
        np.testing.assert_allclose(float(slopes[0]), 2 * float(expected[0]), rtol=1e-15)
        (of_seed,) = gradients(slopes[0], [seed])
        np.testing.assert_allclose(float(of_seed), float(expected[0]), rtol=1e-15)


@pytest.mark.parametrize("seed", [3, 3.0, np.float32(3), np.array(3.0), Value(3.0), Tensor(3.0)], ids=repr)
def test_the_seed_of_one_number(seed: Any) -> None:
    v, t = Value(2.0), Tensor(2.0)
    y, z = v * v, t * t
    y.backward(seed)
    z.backward(seed)
    assert (v.grad, y.grad) == (12.0, 3.0)
    assert type(v.grad) is type(y.grad) is float
    assert (t.grad, z.grad) == (12.0, 3.0)
    assert type(t.grad) is type(z.grad) is np.ndarray


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_number_in_any_shape_needs_no_seed(shape: tuple[int, ...], dtype: type) -> None:
    t = Tensor(np.full(shape, 2.0), dtype=dtype)
    y = t**2
    y.backward()
    assert y.grad.shape == t.grad.shape == shape
    assert y.grad.dtype == t.grad.dtype == dtype
    assert t.grad == 4.0
    assert y.grad == 1.0


# ---- all at once, each its own -------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("kind", [Value, Tensor])
def test_a_sweep_that_breaks_changes_no_gradient(kind: Any, error: type[BaseException]) -> None:
    def breaking(x: Any, y: Any) -> Any:
        raise error("in the middle")

    broken = elementwise("broken", breaking, array=np.sin, scalar=math.sin)
    a, b = kind(2.0), kind(3.0)
    (a * b).backward()
    before = a.grad, b.grad
    c = broken(a) * b
    y = c + a
    with pytest.raises(error, match="in the middle"):
        y.backward()
    assert (a.grad, b.grad) == before
    assert (c.grad, y.grad) == (None, None)
    (a * b).backward()
    assert (a.grad, b.grad) == (6.0, 4.0)


def test_no_two_gradients_share_memory_nor_any_with_data_or_seed() -> None:
    a, b, v = Tensor(np.arange(6.0).reshape(2, 3)), Tensor(np.ones((2, 3))), Value(1.0)
    c = a + b
    d = (c - b).T.reshape(2, 3)
    e = stack([d, +c, d[:]])[1:].sum(0)
    f = concatenate([e, a]) + v
    seed = np.ones((4, 3))
    f.backward(seed)
    nodes = [node for node in newest_first([f]) if isinstance(node.grad, np.ndarray)]
    assert len(nodes) > 9
    for x, y in itertools.combinations(nodes, 2):
        assert not np.shares_memory(x.grad, y.grad)
    for x, y in itertools.product(nodes, newest_first([f])):
        assert not np.shares_memory(x.grad, y.data)
    for x in nodes:
        assert not np.shares_memory(x.grad, seed)
        assert x.grad.base is None
        assert x.grad.flags.writeable


def test_two_backward_passes_leave_gradients_of_their_own() -> None:
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    y = a + b
    y.backward([1.0, 1.0])
    first = y.grad
    y.backward([1.0, 1.0])
    assert not np.shares_memory(first, y.grad)
    for x, z in itertools.combinations([a, b, y], 2):
        assert not np.shares_memory(x.grad, z.grad)


# ---- random graphs -------------------------------------------------------

# Only what every platform computes to the last bit, so that equality can be asked for.
EXACT = ["add", "subtract", "multiply", "divide", "negative", "absolute", "maximum", "minimum", "relu", "sqrt", "where"]
ALL = [row.name for row in table.values() if isinstance(row, Elementwise)] + ["weighted_sum"]

Step = tuple[str, list[int], float]


def programs(names: list[str]) -> st.SearchStrategy[tuple[list[float], list[Step]]]:
    """Leaves, and steps that apply a row to any of the nodes so far, often the same one; one in four to a constant."""
    numbers = st.floats(-2, 2).filter(lambda x: x == 0 or abs(x) > 1e-3)
    places = st.lists(st.integers(0, 30), min_size=5, max_size=5)
    step = st.tuples(st.sampled_from(names), places, numbers)
    return st.tuples(st.lists(numbers, min_size=1, max_size=4), st.lists(step, min_size=1, max_size=25))


def run(leaves: list[Any], steps: list[Step]) -> Any:
    pool: list[Any] = list(leaves)
    for name, places, number in steps:
        operands = [pool[place % len(pool)] for place in places]
        if places[0] % 4 == 0:
            operands[places[-1] % 2] = number
        row = table[name]
        count = len(row.partials) if isinstance(row, Elementwise) else 5
        result = row.apply(operands[:count], {})
        if isinstance(result, Node):
            pool.append(result)
    return pool[-1]


@given(program=programs(ALL))
def test_the_short_sweep_over_values_equals_the_generator(program: tuple[list[float], list[Step]]) -> None:
    numbers, steps = program
    output = run([Value(x) for x in numbers], steps)
    assume(output.op is not None)
    order, leaves = reached(output, 1.0)
    assert [*map(id, order)] == [*map(id, computed([output]))]
    sweep_values(order)
    short = {node: node._cotangent for node in (*order, *leaves)}
    full: dict[Node, Any] = {output: 1.0}
    for _ in sweep(order, full, data_of):
        pass
    variables = [node for node in newest_first([output]) if type(node) is not Constant]
    assert set(variables) == set(short) == set(full)
    for node in variables:
        assert repr(short[node]) == repr(full[node])  # the sign of 0 included


@given(program=programs(ALL), single=st.integers(0, 4))
def test_the_short_sweep_over_tensors_equals_the_generator(
    program: tuple[list[float], list[Step]], single: int
) -> None:
    numbers, steps = program
    leaves = [Value(x) if k == single else Tensor([x, 2 * x]) for k, x in enumerate(numbers)]
    with np.errstate(all="ignore"):
        output = run(leaves, steps)
        seed = np.ones(output.shape) if isinstance(output, Tensor) else 1.0
        order, short = sweep_tensors(output, seed)
        assert [*map(id, order)] == [*map(id, computed([output]))]
        full: dict[Node, Any] = {output: seed}
        for _ in sweep(order, full, data_of):
            pass
    assert set(short) == set(full)
    for node, g in full.items():
        assert type(short[node]) is type(g)
        np.testing.assert_array_equal(short[node], g)


@given(program=programs(EXACT), other=st.floats(-2, 2))
def test_a_graph_of_values_equals_that_of_tensors_to_the_last_bit(
    program: tuple[list[float], list[Step]], other: float
) -> None:
    numbers, steps = program
    others = [x * other for x in numbers]
    with np.errstate(all="ignore"):
        scalars = [Tensor(x) for x in numbers]
        run(scalars, steps).backward()
        vectors = [Tensor(pair) for pair in zip(numbers, others)]
        y = run(vectors, steps)
        y.backward(np.ones(y.shape))
    for k, column in enumerate([numbers, others]):
        values = [Value(x) for x in column]
        z = run(values, steps)
        z.backward()
        np.testing.assert_array_equal(z.data, y.data[k])
        for v, t in zip(values, vectors):
            assert (v.grad is None) == (t.grad is None)
            if v.grad is not None:
                np.testing.assert_array_equal(v.grad, t.grad[k])
        if k == 0:
            for v, s in zip(values, scalars):
                np.testing.assert_array_equal(v.grad, s.grad)


@given(program=programs(ALL))
def test_gradients_as_nodes_hold_what_backward_computes(program: tuple[list[float], list[Step]]) -> None:
    numbers, steps = program
    leaves = [Value(x) for x in numbers]
    output = run(leaves, steps)
    assume(all(math.isfinite(node.data) for node in newest_first([output])))
    output.backward()
    assume(all(x.grad is None or math.isfinite(x.grad) for x in leaves))
    for leaf, found in zip(leaves, gradients(output, leaves)):
        assert (found is None) == (leaf.grad is None)
        if found is not None:
            assert float(found) == pytest.approx(leaf.grad, rel=1e-9, abs=1e-9)


# ---- the generator -------------------------------------------------------


def test_the_sweep_pauses_before_each_computed_node_with_its_whole_cotangent() -> None:
    a = Value(2.0)
    b = a * 3
    c = b * b
    d = c + b
    unreached = a * 5
    cotangents: dict[Node, Any] = {d: 10.0}
    seen = []
    for node, g in sweep(computed([d, unreached]), cotangents, data_of):
        seen.append((node, g))
        assert a not in cotangents or node is b
    assert [node for node, _ in seen] == [d, c, b]
    assert [g for _, g in seen] == [10.0, 10.0, 130.0]
    assert cotangents == {d: 10.0, c: 10.0, b: 130.0, a: 390.0}


def test_the_view_decides_what_the_rules_see() -> None:
    y = Value(2.0) * 3
    a, constant = y.inputs
    assert data_of(a) == 2.0
    assert node_of(a) is a
    assert node_of(constant) == data_of(constant) == 3.0


def test_a_zero_cotangent_stays_zero_at_an_infinite_slope() -> None:
    assert times(0.0, math.inf) == 0.0
    assert times(2.0, math.inf) == math.inf
    assert times(2.0, 3.0) == 6.0
    g = np.array([0.0, 2.0, -1.0])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(times(g, np.array([math.inf, 3.0, math.inf])), [0.0, 6.0, -math.inf])
        np.testing.assert_array_equal(times(g, np.array([math.nan, math.nan, 1.0])), [0.0, math.nan, -1.0])
    assert times(g, 1.0) is g
    np.testing.assert_array_equal(times(g, g > 0), [0.0, 2.0, 0.0])


def test_slopes_too_large_to_square_are_still_right() -> None:
    t = Tensor([1e100, 1e-200, 0.0])
    (t * np.array([1e200, 1e200, 3.0])).backward([1e100, 1.0, 0.0])
    np.testing.assert_array_equal(t.grad, [1e300, 1e200, 0.0])


def test_a_rule_that_divides_by_zero_goes_on_in_numpy_s_arithmetic() -> None:
    assert evaluate(lambda x, y: 1 / x, (0.0, 1.0)) == math.inf
    assert type(evaluate(lambda x, y: 1 / x, (0.0, 1.0))) is float
    assert math.isnan(evaluate(lambda x, y: math.sqrt(x) if type(x) is float else np.sqrt(x), (-1.0, 1.0)))
    assert evaluate(lambda x, y: x + y, (1.0, 2.0)) == 3.0


# ---- rows that a user declares -------------------------------------------


def test_a_structured_row_with_a_scalar_form_works_on_values() -> None:
    @structured(lambda g, y, x: g * 2 * x, scalar=lambda x: x * x, examples=[example(())])
    def square_of(x: Any, /) -> Any:
        return x * x

    v, t = Value(3.0), Tensor([3.0, 4.0])
    y = square_of(v) * 5
    y.backward()
    square_of(t).backward([1.0, 2.0])
    assert type(y) is Value
    assert v.grad == 30.0
    np.testing.assert_array_equal(t.grad, [6.0, 16.0])


def test_an_elementwise_row_of_three_operands_works_on_values_and_tensors() -> None:
    fused = elementwise(
        "fused",
        lambda a, b, c, y: b,
        lambda a, b, c, y: a,
        lambda a, b, c, y: 1.0,
        array=lambda a, b, c: a * b + c,
        scalar=lambda a, b, c: a * b + c,
    )
    values = [Value(2.0), Value(3.0), Value(4.0)]
    fused(*values).backward()
    assert [v.grad for v in values] == [3.0, 2.0, 1.0]
    tensors = [Tensor([2.0, 1.0]), Tensor(3.0), Tensor([[4.0], [5.0]])]
    fused(*tensors).sum().backward()
    np.testing.assert_array_equal(tensors[0].grad, [6.0, 6.0])
    np.testing.assert_array_equal(tensors[1].grad, 6.0)
    np.testing.assert_array_equal(tensors[2].grad, [[2.0], [2.0]])


def test_an_elementwise_primitive_is_declared_by_decorating_what_computes_it() -> None:
    @elementwise(lambda x, y: 3 * x**2, note="of a box")
    def cube(x: Any) -> Any:
        """The third power."""
        return x**3

    assert table["cube"] is cube
    assert cube.__doc__ == "The third power."
    assert cube.note == "of a box"
    v, t = Value(2.0), Tensor([1.0, 2.0])
    cube(v).backward()
    cube(t).sum().backward()
    assert (cube(v).data, v.grad, type(cube(v).data)) == (8.0, 12.0, float)
    np.testing.assert_array_equal(t.grad, [3.0, 12.0])
    assert cube(2.0) == 8.0


def test_without_a_scalar_kernel_the_one_for_arrays_computes_on_floats() -> None:
    softsign = elementwise("softsign", lambda x, y: (1 - abs(y)) ** 2, array=lambda x: x / (1 + np.abs(x)))
    assert softsign.__doc__.startswith("``softsign`` of numbers, arrays")
    assert softsign(Value(-1.0)).data == -0.5
    assert type(softsign(Value(-1.0)).data) is float
    dist = elementwise("dist", lambda x, y: 2.0, array=lambda x: 2.0 * x)  # there is a math.dist, which is another
    assert dist(Value(3.0)).data == 6.0


def test_kernels_that_are_not_given_come_from_numpy_and_math() -> None:
    for name in ("cosh", "sinh"):
        del table[name]
    cosh = elementwise("cosh", lambda x, y: table["sinh"](x))
    elementwise("sinh", lambda x, y: cosh(x))
    assert (cosh.scalar, cosh.array) == (math.cosh, np.cosh)
    v = Value(0.5)
    cosh(v).backward()
    assert v.grad == math.sinh(0.5)
    assert cosh(Tensor([0.5])).data == np.cosh(0.5)
    assert np.cosh(v).op is cosh


# ---- gradients of gradients ----------------------------------------------


def test_gradients_are_nodes_that_can_be_differentiated_again() -> None:
    x = Value(2.0)
    derivative: Any = x**4
    for expected in (32.0, 48.0, 48.0, 24.0):
        (derivative,) = gradients(derivative, [x])
        assert type(derivative) is Value
        assert derivative.data == expected
    assert x.grad is None


def test_third_derivative_of_the_sine() -> None:
    x = Tensor([0.3, 0.7])
    derivative: Any = sin(x)
    for expected in (np.cos(x.data), -np.sin(x.data), -np.cos(x.data)):
        (derivative,) = gradients(derivative.sum(), [x])
        np.testing.assert_allclose(derivative.data, expected, rtol=1e-14)


def test_an_input_that_was_not_used_has_no_gradient_node() -> None:
    a, b, t = Value(1.0), Value(2.0), Tensor([1.0])
    found = gradients(a * a, [b, a, t, a])
    assert (found[0], found[2]) == (None, None)
    assert found[1] is found[3]
    assert found[1].data == 2.0


def test_the_gradient_with_respect_to_an_interior_node_and_the_output_itself() -> None:
    a = Value(2.0)
    b = a * a
    y = b * b
    of_b, of_y = gradients(y, [b, y])
    assert of_b.data == 8.0
    assert of_y == 1.0


def test_a_constant_derivative_is_a_plain_number() -> None:
    a, t = Value(2.0), Tensor([1.0, 2.0])
    assert gradients(a + 3, [a]) == [1.0]
    (found,) = gradients(t.sum(), [t])
    assert not isinstance(found, Node)
    np.testing.assert_array_equal(found, [1.0, 1.0])


def test_gradients_need_a_single_number(message_of: Callable[..., str]) -> None:
    t = Tensor([1.0, 2.0])
    assert message_of(ValueError, lambda: gradients(t * 2, [t])).endswith("as in t.backward(seed)")


def test_gradients_leave_grad_alone() -> None:
    a, t = Value(2.0), Tensor([1.0, 2.0])
    a.grad = 5.0
    y = (a * t).sum()
    gradients(y, [a, t])
    assert (a.grad, t.grad, y.grad) == (5.0, None, None)


def test_gradients_through_values_and_tensors_together() -> None:
    v, t = Value(2.0), Tensor([1.0, 3.0])
    y = (v**2 * t**3).sum()
    of_v, of_t = gradients(y, [v, t])
    assert of_v.shape == ()
    assert of_v.item() == 4.0 * 28.0
    np.testing.assert_array_equal(of_t.data, [12.0, 108.0])
    (mixed,) = gradients(of_t.sum(), [v])
    assert mixed.item() == 2 * 2.0 * (3.0 + 27.0)


def test_the_gradient_s_penalty_trains() -> None:
    w, x = Tensor([[0.5, -0.2], [0.1, 0.3]]), Tensor([1.0, 2.0])
    y = tanh(w @ x).sum()
    (slope,) = gradients(y, [x])
    (slope**2).sum().backward()
    step = 1e-6
    numeric = np.zeros((2, 2))
    for index in np.ndindex(2, 2):
        for sign in (1, -1):
            moved = w.numpy()
            moved[index] += sign * step
            s = 1 - np.tanh(moved @ x.data) ** 2
            numeric[index] += sign * np.sum((s @ moved) ** 2) / (2 * step)
    np.testing.assert_allclose(w.grad, numeric, rtol=1e-7)


def test_a_chain_of_softmax_logarithm_and_mean_has_a_second_derivative() -> None:
    t = Tensor([[0.1, 0.5, -0.3]])
    (a,) = gradients(mean(log(softmax(t))), [t])
    (b,) = gradients(mean(log_softmax(t)), [t])
    np.testing.assert_allclose(a.data, b.data, atol=1e-15)
    (a,) = gradients((a**2).sum(), [t])
    (b,) = gradients((b**2).sum(), [t])
    np.testing.assert_allclose(a.data, b.data, atol=1e-15)


def test_gradients_of_what_was_not_recorded_do_not_exist() -> None:
    a = Value(2.0)
    with no_grad():
        b = a * a
    assert gradients(b * a, [a])[0] == 4.0
    assert gradients(b, [a]) == [None]


def test_gradients_at_the_end_of_a_domain() -> None:
    t = Tensor([0.0, 4.0])
    (found,) = gradients(where(t > 0, sqrt(t), 0.0).sum(), [t])
    np.testing.assert_array_equal(found.data, [0.0, 0.25])
    v = Value(0.0)
    (found,) = gradients(where(v > 0, sqrt(v), 0.0), [v])
    assert float(found) == 0.0


def test_fused_rows_equal_their_composition() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((4, 3), (3, 2), (2,))]
    fused, apart = [Tensor(a) for a in arrays], [Tensor(a) for a in arrays]
    y = table["linear"](*fused)
    z = matmul(apart[0], apart[1]) + apart[2]
    np.testing.assert_array_equal(y.data, z.data)
    seed = rng.normal(size=(4, 2))
    y.backward(seed)
    z.backward(seed)
    for a, b in zip(fused, apart):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-14)


def test_a_weighted_sum_of_values_equals_its_composition_to_the_last_bit() -> None:
    def operands() -> tuple[list[Value], list[Value], Value]:
        return [Value(0.1), Value(0.2), Value(0.3)], [Value(0.7), Value(0.11), Value(0.13)], Value(0.5)

    w, x, b = operands()
    y = weighted_sum(w, x, b)
    ws, xs, bs = operands()
    z = ((bs + ws[0] * xs[0]) + ws[1] * xs[1]) + ws[2] * xs[2]
    y.backward()
    z.backward()
    assert y.data == pytest.approx(z.data, rel=2e-16)
    assert [v.grad for v in (*w, *x, b)] == [v.grad for v in (*ws, *xs, bs)]
    assert y.inputs == (*w, *x, b)


def test_functions_of_scalars_and_arrays_meet_in_one_graph() -> None:
    w, x = Value(0.5), Tensor([1.0, 2.0])
    y = exp(w) * x
    z = maximum(y, w).sum() * stack([w, w * 2])[1]
    z.backward()
    e = math.exp(0.5)
    assert w.grad == pytest.approx(3 * e * 1.0 + 3 * e * 2, rel=1e-14)
    np.testing.assert_allclose(x.grad, [e, e], rtol=1e-15)


def test_a_cotangent_that_a_rule_gives_twice_has_memory_of_its_own_each_time() -> None:
    @structured(all_vjps=lambda g, y, a, b: [twice := 2 * g, twice], examples=[])
    def doubled_sum(a: Any, b: Any, /) -> Any:
        return 2 * a + 2 * b

    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    doubled_sum(a, b).sum().backward()
    assert not np.shares_memory(a.grad, b.grad)
    np.testing.assert_array_equal([a.grad, b.grad], np.full((2, 2), 2.0))


def test_a_float_that_is_computed_from_a_tensor_is_a_tensor() -> None:
    @structured(lambda g, y, x: g * np.ones(x.shape), examples=[])
    def added_up(x: Any, /) -> Any:
        return float(np.sum(x))

    x = Tensor([1.0, 2.0])
    y = added_up(2 * x) * 3
    assert isinstance(y, Tensor)
    y.backward()
    np.testing.assert_array_equal(x.grad, [6.0, 6.0])


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_a_rule_may_call_backward_itself(kind: type[Node]) -> None:
    inner: Any = kind(2.0)

    def slope_by_backward(x: Any, y: Any) -> Any:
        inner.grad = None
        (inner * inner * inner).backward()
        return float(inner.grad) * x / x

    twelvefold = elementwise("twelvefold", slope_by_backward, array=lambda x: 12 * x)
    x: Any = kind(5.0)
    y = twelvefold(x) * x + inner
    y.backward()
    assert (float(x.grad), float(inner.grad)) == (120.0, 13.0)


def test_a_rule_may_wait_for_a_thread_that_calls_backward() -> None:
    inner = Value(2.0)

    def work() -> float:
        (inner * inner).backward()
        return inner.grad

    def slope_from_elsewhere(x: Any, y: Any) -> Any:
        return pool.submit(work).result(timeout=60)

    with ThreadPoolExecutor(1) as pool:
        fourfold = elementwise("fourfold", slope_from_elsewhere, array=lambda x: 4 * x)
        x = Value(1.0)
        (fourfold(x) * 2.0).backward()
    assert x.grad == 8.0


@given(numbers=st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_three_contributions_to_one_value_add_up_as_in_the_generator(numbers: list[float]) -> None:
    product = elementwise(
        "product_of_three",
        lambda a, b, c, y: b * c,
        lambda a, b, c, y: a * c,
        lambda a, b, c, y: a * b,
        array=lambda a, b, c: a * b * c,
    )
    a, b, c = map(Value, numbers)
    y = product(a, a, b) * 0.3 + product(b, a, c) * a
    y.backward()
    expected: dict[Node, Any] = {y: 1.0}
    for _ in sweep(computed([y]), expected, data_of):
        pass
    assert [x.grad for x in (a, b, c)] == [expected[x] for x in (a, b, c)]


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_a_rule_for_all_operands_may_give_none_for_a_constant(kind: type[Node]) -> None:
    @structured(all_vjps=lambda g, y, a, b: [g * b, None], scalar=lambda a, b: a * b, examples=[])
    def scaled(a: Any, b: Any, /) -> Any:
        return a * b

    x: Any = kind(2.0)
    scaled(x, 3.0).backward()
    assert float(x.grad) == 3.0


def test_a_weighted_sum_is_the_same_number_recorded_or_not() -> None:
    weights, inputs = [Value(w) for w in (1e16, 1.0, -1e16)], [Value(1.0)] * 3
    recorded = weighted_sum(weights, inputs, Value(0.0)).data
    with no_grad():
        assert weighted_sum(weights, inputs, Value(0.0)).data == recorded


def test_threads_that_share_a_value_each_add_their_gradient() -> None:
    weight = Value(3.0)

    def work() -> None:
        for _ in range(200):
            ((weight * weight + weight) * 2.0).backward()

    threads = [threading.Thread(target=work) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert weight.grad == 32 * 200 * 14


def test_what_was_recorded_in_detect_anomaly_is_swept_outside_too() -> None:
    a, b = Value(2.0), Value(3.0)
    with detect_anomaly():
        y = tanh(a * b) + a / 4.0
    y.backward()
    slope = 1 - math.tanh(6.0) ** 2
    assert (a.grad, b.grad) == pytest.approx((3 * slope + 0.25, 2 * slope), rel=1e-9)


def test_a_rule_may_give_a_list_for_an_array() -> None:
    @structured(lambda g, y, x: (2 * g).tolist(), examples=[])
    def doubled(x: Any, /) -> Any:
        return 2 * x

    x = Tensor([1.0, 2.0])
    doubled(x).sum().backward()
    np.testing.assert_array_equal(x.grad, [2.0, 2.0])


@pytest.mark.parametrize("dtype", [int, bool, np.uint8, np.float16, "uint8 array", "int8 array"])
def test_rows_compute_on_whole_numbers_as_on_floats(dtype: Any) -> None:
    x = np.array([100], dtype.split()[0]) if isinstance(dtype, str) else dtype(100)
    for row in (table["square"], table["exp"], table["subtract"], table["logsumexp"], table["max"], table["softmax"]):
        operands = [x, 1] if row.name == "subtract" else [x]
        floats = [np.asarray(operand, float) for operand in operands]
        found = row(*operands)
        assert np.asarray(found).dtype == np.float64
        np.testing.assert_array_equal(found, row(*floats))
