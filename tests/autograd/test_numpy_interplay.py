"""Nodes among NumPy's arrays, numbers and functions: never an array of objects, never a gradient lost unsaid."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import autograd
from autograd import (
    Node,
    Tensor,
    Value,
    broadcast_to,
    concatenate,
    linear,
    log,
    logsumexp,
    matmul,
    maximum,
    mean,
    numpy_functions,
    relu,
    reshape,
    sigmoid,
    softmax,
    softplus,
    sqrt,
    stack,
    tanh,
    transpose,
    weighted_sum,
    where,
)
from autograd import max as max_of
from autograd import sum as sum_of
from autograd.primitive import Elementwise, table
from autograd.primitives.indexing import add_at
from autograd.primitives.shaping import sum_to

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


# ---- operators -----------------------------------------------------------


@pytest.mark.parametrize("apply", OPERATORS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "node", [Value(2.0), Tensor([2.0, 3.0]), Tensor([[2.0], [3.0]])], ids=["Value", "(2,)", "(2, 1)"]
)
def test_arrays_and_lists_on_either_side_give_a_tensor(apply: Callable[[Any, Any], Any], node: Any) -> None:
    array = np.array([1.5, 0.5])
    for operand in (array, np.array([3, 4]), np.array([True, True]), [1.5, 2.5], (1, 2)):
        for y, expected in [
            (apply(operand, node), apply(np.asarray(operand, float), node.data)),
            (apply(node, operand), apply(node.data, np.asarray(operand, float))),
        ]:
            assert type(y) is Tensor
            assert y.dtype == np.float64
            np.testing.assert_allclose(y.data, expected, rtol=1e-15)


@pytest.mark.parametrize("apply", OPERATORS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("number", [np.float64(2), np.float32(2), np.int8(2), np.bool_(True), np.array(2.0), 2, True])
def test_numbers_of_numpy_with_a_value_give_a_value_of_a_python_float(
    apply: Callable[[Any, Any], Any], number: Any
) -> None:
    for y in (apply(number, Value(3.0)), apply(Value(3.0), number)):
        assert type(y) is (Tensor if isinstance(number, np.ndarray) else Value)
        if not isinstance(number, np.ndarray):
            assert type(y.data) is float
            assert {type(x.data) for x in y.inputs} == {float}


@pytest.mark.parametrize(
    "shapes", [((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((5, 2, 3), (3, 2))]
)
def test_matrix_products_with_arrays_on_either_side(shapes: tuple[Any, Any], rng: np.random.Generator) -> None:
    a, b = rng.normal(size=shapes[0]), rng.normal(size=shapes[1])
    for y in (a @ Tensor(b), Tensor(a) @ b, Tensor(a) @ Tensor(b), np.matmul(a, Tensor(b)), a.tolist() @ Tensor(b)):
        assert type(y) is Tensor
        assert y.op is table["matmul"]
        np.testing.assert_allclose(y.data, a @ b, rtol=1e-15)


def test_constants_are_taken_in_the_precision_of_the_tensor() -> None:
    y = Tensor([1.0]) * np.float32([0.1])
    constant = y.inputs[1]
    assert constant.dtype == np.float64
    assert Tensor([1.0]) * [2] == [2.0]


def test_an_array_in_single_precision_with_a_value_stays_single() -> None:
    assert (Value(2.0) * np.float32([0.1])).dtype == np.float32
    assert (Value(2.0) * np.float16([0.5])).dtype == np.float64


@pytest.mark.parametrize(
    ("operand", "what"),
    [
        ("a", "str 'a'"),
        (None, "NoneType None"),
        (1j, "complex 1j"),
        (np.complex128(1j), "complex128 np.complex128(1j)"),
        (np.str_("3"), "str_ np.str_('3')"),
        (np.array(["x"]), "ndarray array(['x'], dtype='<U1')"),
        ([None] * 30, "list [None, None, None, None, None, None, Non"),
        ({}, "dict {}"),
    ],
)
@pytest.mark.parametrize("node", [Value(2.0), Tensor([2.0])], ids=["Value", "Tensor"])
def test_what_is_no_number_is_no_operand(message_of: Callable[..., str], operand: Any, what: str, node: Any) -> None:
    text = f"multiply: takes numbers, arrays, Values and Tensors, not {what}"
    assert message_of(TypeError, lambda: node * operand) == text
    assert message_of(TypeError, lambda: table["multiply"](operand, node)) == text
    assert message_of(TypeError, lambda: table["exp"].apply((node, operand), {})) == text.replace("multiply", "exp")


def test_writing_into_an_array_is_refused(message_of: Callable[..., str]) -> None:
    array = np.ones(2)
    text = (
        "np.add cannot write into an array and record; write  a = a + b  instead of  a += b, "
        "or to change plain data  a += b.data"
    )

    def in_place() -> None:
        nonlocal array
        array += Tensor([1.0, 2.0])

    assert message_of(TypeError, in_place) == text
    assert message_of(TypeError, lambda: np.add(array, Tensor([1.0, 2.0]), out=array)) == text
    np.testing.assert_array_equal(array, [1.0, 1.0])


# ---- functions -----------------------------------------------------------

UNARY_OF_NUMPY = ["negative", "absolute", "sign", "exp", "log", "log1p", "sqrt", "tanh", "sin", "cos"]


@pytest.mark.parametrize("name", UNARY_OF_NUMPY)
def test_numpy_s_functions_apply_the_row_of_their_name(name: str) -> None:
    function, row = getattr(np, name), table[name]
    v, t = Value(0.5), Tensor([0.5, 0.25])
    assert type(function(v)) is Value
    assert type(function(t)) is Tensor
    for x in (v, t):
        y = function(x)
        assert y.op is row
        assert y.inputs == (x,)
        np.testing.assert_allclose(y.data, function(x.data), rtol=1e-15)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power", "maximum", "minimum"])
def test_numpy_s_functions_of_two_operands_apply_the_row_of_their_name(name: str) -> None:
    function, t = getattr(np, name), Tensor([0.5, 0.25])
    for y, expected in [
        (function(t, 2.0), function(t.data, 2.0)),
        (function(np.array([1.0, 2.0]), t), function(np.array([1.0, 2.0]), t.data)),
        (function(t, Value(2.0)), function(t.data, 2.0)),
    ]:
        assert y.op is table[name]
        np.testing.assert_allclose(y.data, expected, rtol=1e-15)


INSTEAD = "write it with functions of autograd, or give it tensor.numpy() if no gradient is needed"


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (np.spacing, "spacing"),
        (np.frexp, "frexp"),
        (np.maximum.accumulate, "maximum.accumulate"),
        (lambda x: np.nextafter(1.0, x), "nextafter"),
        (lambda x: np.spacing(x, dtype=float), "spacing"),
        (lambda x: np.less.outer(x, x), "less.outer"),
        (lambda x: x // 2, "floor_divide"),
    ],
)
def test_functions_of_numpy_without_a_row_say_what_to_do(
    message_of: Callable[..., str], call: Callable[[Any], Any], name: str
) -> None:
    if name == "floor_divide":
        with pytest.raises(TypeError, match="unsupported operand"):
            call(Tensor([1.0]))
        call = lambda x: np.array([1.0]) // x  # noqa: E731
    text = f"np.{name} does not record derivatives; {INSTEAD}"
    assert message_of(TypeError, lambda: call(Tensor([1.0]))) == text


@pytest.mark.parametrize(
    ("call", "name", "instead"),
    [
        (lambda x: np.vstack([x, x]), "vstack", "stack or concatenate"),
        (lambda x: np.dstack([x, x]), "dstack", "stack or concatenate"),
        (lambda x: np.column_stack([x, x]), "column_stack", "stack or concatenate"),
        (lambda x: np.hstack([x, x]), "hstack", "concatenate"),
        (lambda x: np.append(x, x), "append", "concatenate"),
        (np.amax, "amax", "max"),
        (np.amin, "amin", "min"),
        (np.average, "average", "mean"),
        (np.add.reduce, "add.reduce", "sum"),
        (np.add.accumulate, "add.accumulate", "cumsum"),
        (lambda x: np.multiply.outer(x, x), "multiply.outer", "outer"),
        (lambda x: np.linalg.multi_dot([x, x]), "linalg.multi_dot", "matmul or einsum"),
    ],
)
def test_functions_of_numpy_by_another_name_than_ours_name_ours(
    message_of: Callable[..., str], call: Callable[[Any], Any], name: str, instead: str
) -> None:
    assert message_of(TypeError, lambda: call(Tensor([1.0, 2.0]))) == (
        f"np.{name} does not record derivatives; write it with {instead} of autograd, "
        f"or give it tensor.numpy() if no gradient is needed"
    )


def test_what_is_named_instead_of_a_function_of_numpy_exists() -> None:
    for call, instead in numpy_functions._INSTEAD.items():
        assert operator.attrgetter(call)(np) is not None
        assert {*instead.replace(" and ", " or ").split(" or ")} <= {*autograd.__all__}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x: np.exp(x, dtype=np.float32), "np.exp of a Tensor takes its operands only, not dtype"),
        (lambda x: np.add(x, 1, where=False), "np.add of a Tensor takes its operands only, not where"),
        (lambda x: np.less(x, x, dtype=bool), "np.less of a Tensor takes its operands only, not dtype"),
        (lambda x: np.linalg.norm(x, ord=1), "np.linalg.norm of a Tensor takes x, axis, keepdims, but not ord"),
        (
            lambda x: np.einsum("i->", x, optimize=True),
            "np.einsum of a Tensor takes subscripts, operands, but not optimize",
        ),
        (lambda x: np.where(x), "np.where of a Tensor takes condition, a, b; give it a and b too"),
        (lambda x: np.where(x > 0, x), "np.where of a Tensor takes condition, a, b; give it b too"),
    ],
)
def test_arguments_that_are_not_taken_or_missing_are_named(
    message_of: Callable[..., str], call: Callable[[Any], Any], text: str
) -> None:
    assert message_of(TypeError, lambda: call(Tensor([1.0, 2.0]))) == text


def test_filling_with_a_node_is_refused_because_its_gradient_would_be_lost(message_of: Callable[..., str]) -> None:
    x, v = Tensor([1.0, 2.0]), Value(3.0)
    for call in (
        lambda: np.full_like(x, v),
        lambda: np.full_like(x, [v, v]),
        lambda: np.full_like(a=x, fill_value=Tensor(3.0)),
    ):
        assert message_of(TypeError, call) == (
            "np.full_like would lose the gradient of what it fills with; write  np.zeros(x.shape) + fill_value"
        )
    (np.zeros(x.shape) + v).sum().backward()
    assert v.grad == 2.0
    assert np.full_like(x, 3).tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("call", "same"),
    [
        (np.sum, autograd.sum),
        (lambda x: np.sum(x, axis=0), lambda x: autograd.sum(x, axis=0)),
        (lambda x: np.sum(a=x, axis=1, keepdims=True), lambda x: autograd.sum(x, 1, keepdims=True)),
        (lambda x: np.mean(x, 0), lambda x: autograd.mean(x, 0)),
        (lambda x: np.where(x > 0, x, 0), lambda x: autograd.where(x > 0, x, 0)),
        (lambda x: np.concatenate([x, x], 1), lambda x: autograd.concatenate([x, x], axis=1)),
        (lambda x: np.stack([x, x]), lambda x: autograd.stack([x, x])),
        (lambda x: np.reshape(x, (3, 2)), lambda x: x.reshape(3, 2)),
        (lambda x: np.transpose(x, (1, 0)), lambda x: x.T),
        (lambda x: np.broadcast_to(x, (2, 2, 3)), lambda x: autograd.broadcast_to(x, (2, 2, 3))),
    ],
)
def test_functions_of_numpy_are_answered_by_ours(call: Callable[[Any], Any], same: Callable[[Any], Any]) -> None:
    x, z = Tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]]), Tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
    y, w = call(x), same(z)
    assert type(y) is Tensor
    np.testing.assert_array_equal(y.data, w.data)
    (y * y).sum().backward()
    (w * w).sum().backward()
    np.testing.assert_array_equal(x.grad, z.grad)


@pytest.mark.parametrize(
    "call",
    [
        np.isnan,
        np.isfinite,
        np.shape,
        np.argmax,
        np.zeros_like,
        lambda x: np.allclose(x, [x, x]),
        lambda x: np.array_equal(x, x),
        lambda x: np.less(x, 2.0),
    ],
)
@pytest.mark.parametrize("node", [Value(1.0), Tensor([1.0, np.nan])], ids=["Value", "Tensor"])
def test_functions_of_numpy_that_have_no_derivative_see_plain_data(call: Callable[[Any], Any], node: Node) -> None:
    found = call(node)
    assert not isinstance(found, Node)
    np.testing.assert_array_equal(found, call(node.numpy()))


def test_functions_of_numpy_without_one_of_ours_say_what_to_do(message_of: Callable[..., str]) -> None:
    x = Tensor([[1.0, 2.0]])
    instead = "write it with functions of autograd, or give it tensor.numpy() if no gradient is needed"
    for call, name in ((np.cov, "cov"), (np.linalg.eig, "linalg.eig"), (np.fft.fft, "fft.fft")):
        text = f"np.{name} does not record derivatives; {instead}"
        assert message_of(TypeError, lambda call=call: call(x)) == text
    for name, argument in (("dtype", np.float32), ("initial", 1.0), ("where", True)):
        assert message_of(TypeError, lambda name=name, argument=argument: np.sum(x, **{name: argument})) == (
            f"np.sum of a Tensor takes x, axis, keepdims, but not {name}"
        )


@pytest.mark.parametrize(
    "row", [row for row in table.values() if isinstance(row, Elementwise)], ids=lambda row: row.name
)
def test_constants_alone_give_a_constant(row: Elementwise) -> None:
    numbers = tuple(x if x in interval else 0.5 for x, interval in zip((1.5, 0.75, 2.25), row.domain))
    assert type(row(*numbers)) is float
    arrays = [np.array([x, x]) for x in numbers]
    y = row(*arrays)
    assert type(y) is np.ndarray
    np.testing.assert_allclose(y, row(*numbers), rtol=1e-15)
    assert type(row(*arrays[:-1], numbers[-1])) is (float if len(numbers) == 1 else np.ndarray)
    assert row(*map(np.float32, numbers)) == pytest.approx(row(*numbers), rel=1e-6)
    assert row(*[1] * len(numbers)) == row(*[1.0] * len(numbers))


def test_constants_alone_go_to_inf_and_nan() -> None:
    assert table["divide"](1.0, 0.0) == np.inf
    assert table["divide"](1, 0) == np.inf
    assert log(0.0) == log(0) == -np.inf
    assert np.isnan(sqrt(-1.0))
    assert table["exp"](1000) == np.inf


def test_functions_and_products_of_constants_are_constants() -> None:
    eye = np.eye(2)
    for y in [
        sum_of(eye),
        max_of(eye, axis=0),
        logsumexp(eye),
        softmax(eye),
        matmul(eye, eye),
        stack([1.0, 2.0]),
        stack([eye, eye]),
        concatenate([eye, eye]),
        reshape(eye, (4,)),
        transpose(eye),
        broadcast_to(eye, (3, 2, 2)),
        weighted_sum([eye], [2.0], 1.0),
        where(eye > 0, eye, 5.0),
    ]:
        assert isinstance(y, np.ndarray | np.float64)
    assert weighted_sum([1.0, 2.0], [3.0, 4.0], 0.5) == 11.5
    assert type(weighted_sum([1.0], [3.0], 0.5)) is float
    np.testing.assert_array_equal(where(eye > 0, eye, 5.0), [[1.0, 5.0], [5.0, 1.0]])


def test_operands_are_not_written_to() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(4, 3)), Tensor(rng.normal(size=(3, 2)))
    b = Tensor(rng.normal(size=2))
    x.flags.writeable = False
    kept = [x.copy(), w.numpy(), b.numpy()]
    y = softmax(tanh(linear(x, w, b)) * 2 + x[:, :2]) ** 2
    seed = np.ones(y.shape)
    seed.flags.writeable = False
    y.backward(seed)
    for array, before in zip((x, w.data, b.data), kept):
        np.testing.assert_array_equal(array, before)


# ---- broadcasting --------------------------------------------------------


def slopes_entry_by_entry(shape: tuple[int, ...], contributions: np.ndarray) -> np.ndarray:
    """What each entry of an operand of this shape receives, when it met every entry it was stretched to."""
    size = int(np.prod(shape))
    source = np.broadcast_to(np.arange(size).reshape(shape), contributions.shape)
    return np.bincount(source.ravel(), contributions.ravel(), size).reshape(shape)


@given(shapes=npst.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=4), data=st.data())
def test_broadcasting_is_undone_for_all_shapes_of_operands(
    shapes: npst.BroadcastableShapes, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    a, b = (Tensor(rng.normal(size=shape)) for shape in shapes.input_shapes)
    seed = rng.normal(size=shapes.result_shape)
    y = a * b
    assert y.shape == shapes.result_shape
    y.backward(seed)
    np.testing.assert_allclose(a.grad, slopes_entry_by_entry(a.shape, seed * b.data), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(b.grad, slopes_entry_by_entry(b.shape, seed * a.data), rtol=1e-12, atol=1e-13)
    assert (a.grad.shape, b.grad.shape) == (a.shape, b.shape)


@given(shapes=npst.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3))
def test_broadcasting_is_undone_for_a_choice(shapes: npst.BroadcastableShapes) -> None:
    mask_shape, *operand_shapes = shapes.input_shapes
    mask = np.arange(np.prod(mask_shape)).reshape(mask_shape) % 2 == 0
    a, b = (Tensor(np.ones(shape)) for shape in operand_shapes)
    y = where(mask, a, b)
    seed = 1.0 + np.arange(y.size).reshape(y.shape)
    y.backward(seed)
    np.testing.assert_array_equal(a.grad, slopes_entry_by_entry(a.shape, seed * mask))
    np.testing.assert_array_equal(b.grad, slopes_entry_by_entry(b.shape, seed * ~mask))


@given(shapes=npst.mutually_broadcastable_shapes(num_shapes=1, base_shape=(2, 3, 2), max_dims=3))
def test_summing_to_a_shape_is_the_transpose_of_broadcasting_to_it(shapes: npst.BroadcastableShapes) -> None:
    (shape,) = shapes.input_shapes
    big = np.arange(12.0).reshape(2, 3, 2)
    small = np.ones(shape)
    total = sum_to(big, shape)
    assert total.shape == shape
    np.testing.assert_array_equal(total, slopes_entry_by_entry(shape, big))
    assert np.vdot(big, broadcast_to(small, big.shape)) == np.vdot(total, small)


def test_summing_to_a_larger_shape_repeats() -> None:
    np.testing.assert_array_equal(sum_to(np.array(2.0), (2, 2)), np.full((2, 2), 2.0))
    np.testing.assert_array_equal(sum_to(np.array([1.0, 2.0]), (2,)), [1.0, 2.0])


def test_a_value_receives_the_sum_over_all_it_was_stretched_to() -> None:
    v = Value(2.0)
    y = v * np.arange(6.0).reshape(2, 3)
    y.backward(np.ones((2, 3)))
    assert type(v.grad) is float
    assert v.grad == 15.0


def test_a_weighted_sum_of_columns_gives_each_weight_one_slope() -> None:
    w, b = [Value(2.0), Value(3.0)], Value(0.5)
    x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    y = weighted_sum(w, list(x.T), b)
    np.testing.assert_array_equal(y.data, x @ [2.0, 3.0] + 0.5)
    y.backward(np.ones(3))
    assert [w[0].grad, w[1].grad, b.grad] == [9.0, 12.0, 3.0]


@pytest.mark.parametrize(
    ("index", "shape"),
    [
        (np.array([0, 0, 1]), (2, 3)),
        ([1, 1], (2,)),
        ((np.array([0, 0]), 1), (2, 3)),
        ((slice(None), np.array([0, 0])), (2, 2)),
        (np.int64(1), (3,)),
        ((Ellipsis, None, 1), (2, 2)),
        (slice(None, None, -1), (3,)),
        (np.array([True, False, True]), (3, 2)),
        ((), (2,)),
    ],
    ids=repr,
)
def test_entries_selected_twice_are_added_back_twice(index: Any, shape: tuple[int, ...]) -> None:
    source = np.arange(np.prod(shape)).reshape(shape)
    picked = source[index]
    x = Tensor(source)
    y = x[index]
    seed = 1.0 + np.arange(picked.size).reshape(picked.shape)
    y.backward(seed)
    expected = np.bincount(np.ravel(picked), np.ravel(seed), source.size).reshape(shape)
    np.testing.assert_array_equal(x.grad, expected)
    np.testing.assert_array_equal(add_at(seed, index, shape), expected)


# ---- errors --------------------------------------------------------------

ALIGNED = (
    "aligned at the right, each pair of sizes must be equal or one of them 1. "
    "Add an axis, as in x[:, None], or transpose one, as in x.T."
)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: Tensor(np.ones((2, 3))) + Tensor(np.ones(2)),
            ValueError,
            f"add: shapes (2, 3) float64 and (2,) float64 do not broadcast; {ALIGNED}",
        ),
        (
            lambda: np.ones(3) / Tensor(np.ones((3, 2))),
            ValueError,
            f"divide: shapes (3,) float64 and (3, 2) float64 do not broadcast; {ALIGNED}",
        ),
        (
            lambda: where(np.ones(2) > 0, Tensor(np.ones(3)), 0),
            ValueError,
            f"where: shapes (2,) float64 and (3,) float64 and () float64 do not broadcast; {ALIGNED}",
        ),
        (
            lambda: maximum(np.ones(2), np.ones(3)),
            ValueError,
            f"maximum: shapes (2,) float64 and (3,) float64 do not broadcast; {ALIGNED}",
        ),
        (
            lambda: weighted_sum([Value(1.0)], [Value(1.0), Value(2.0)], Value(0.0)),
            ValueError,
            "weighted_sum: 1 weights cannot weigh 2 inputs; give one input per weight",
        ),
        *[
            (
                call,
                TypeError,
                f"{name}: works on Tensors and arrays, not on a Value, which is a single number; "
                f"stack([value]) makes a Tensor of it",
            )
            for name, call in [
                ("sum", lambda: sum_of(Value(1.0))),
                ("softmax", lambda: softmax(Value(1.0))),
                ("matmul", lambda: Value(1.0) @ Tensor([1.0])),
                ("matmul", lambda: Tensor([1.0]) @ Value(1.0)),
                ("reshape", lambda: reshape(Value(1.0), (1,))),
            ]
        ],
        (
            lambda: stack([]),
            TypeError,
            "stack: takes a list of at least one node or array, as in stack([a, b])",
        ),
        (
            lambda: stack(Tensor([1.0])),
            TypeError,
            "stack: takes a list of at least one node or array, as in stack([a, b])",
        ),
        (
            lambda: concatenate(Tensor([1.0])),
            TypeError,
            "concatenate: takes a list of at least one node or array, as in concatenate([a, b])",
        ),
        (
            lambda: matmul(Tensor(np.eye(2))),
            TypeError,
            "matmul: called with the wrong arguments; it takes (a, b, /)",
        ),
        (
            lambda: matmul(Tensor(np.eye(2)), np.eye(2), 3),
            TypeError,
            "matmul: called with the wrong arguments; it takes (a, b, /)",
        ),
        (
            lambda: reshape(Tensor([1.0])),
            TypeError,
            "reshape: called with the wrong arguments; it takes (x, /, shape)",
        ),
        *[
            (
                call,
                TypeError,
                "sum: called with the wrong arguments; it takes (x, /, axis=None, *, keepdims=False)",
            )
            for call in [
                lambda: sum_of(),
                lambda: sum_of(Tensor([1.0]), 0, 1),
                lambda: sum_of(Tensor([1.0]), 0, axis=0),
                lambda: sum_of(Tensor([1.0]), 0, False, keepdims=True),
                lambda: sum_of(Tensor([1.0]), dims=0),
                lambda: sum_of(axis=0),
            ]
        ],
        (
            lambda: relu(Tensor([1.0]), Tensor([2.0])),
            TypeError,
            "relu: takes 1 operand, and 2 were given",
        ),
    ],
)
def test_wrong_shapes_and_arguments_are_told_in_the_user_s_terms(
    message_of: Callable[..., str], call: Callable[[], Any], error: type[Exception], text: str
) -> None:
    assert message_of(error, call) == text


@pytest.mark.parametrize(
    ("call", "error", "beginning"),
    [
        (
            lambda: Tensor(np.ones((2, 3))) @ np.ones((2, 3)),
            ValueError,
            "matmul: cannot be computed for shapes (2, 3) float64 and (2, 3) float64 (",
        ),
        (
            lambda: Tensor(np.ones((2, 3))) @ 2.0,
            ValueError,
            "matmul: cannot be computed for shapes (2, 3) float64 and () float64 (",
        ),
        (
            lambda: linear(Tensor(np.ones((2, 3))), Tensor(np.ones((2, 4))), Tensor(np.ones(4))),
            ValueError,
            "linear: cannot be computed for shapes (2, 3) float64 and (2, 4) float64 and (4,) float64 (",
        ),
        (
            lambda: Tensor([1.0, 2.0]).sum(axis=3),
            ValueError,
            "sum: cannot be computed for shapes (2,) float64, axis=3, keepdims=False (axis 3 is out of bounds",
        ),
        (
            lambda: mean(Tensor([1.0, 2.0]), axis=3),
            ValueError,
            "sum: cannot be computed for shapes (2,) float64, axis=3, keepdims=False (axis 3 is out of bounds",
        ),
        (
            lambda: Tensor([1.0, 2.0])[5],
            IndexError,
            "getitem: cannot be computed for shapes (2,) float64, index=5 (index 5 is out of bounds",
        ),
        (
            lambda: Tensor(1.0)[0],
            IndexError,
            "getitem: cannot be computed for shapes () float64, index=0 (too many indices",
        ),
        (
            lambda: Tensor([1.0, 2.0])["a"],
            IndexError,
            "getitem: an index is made of whole numbers, slices, True and False, and arrays of them, "
            "not of an array of <U1",
        ),
        (
            lambda: Tensor([1.0, 2.0]).reshape(3),
            ValueError,
            "reshape: cannot be computed for shapes (2,) float64, shape=3 (the sizes are to multiply to 2",
        ),
        (
            lambda: stack([Tensor([1.0]), Tensor([1.0, 2.0])]),
            ValueError,
            "stack: cannot be computed for shapes (1,) float64 and (2,) float64, axis=0 (",
        ),
        (
            lambda: concatenate([Tensor([1.0]), np.ones((1, 2))]),
            ValueError,
            "concatenate: cannot be computed for shapes (1,) float64 and (1, 2) float64, axis=0 (",
        ),
        (
            lambda: Tensor(np.ones((0, 3))).max(),
            ValueError,
            "max: cannot be computed for shapes (0, 3) float64, axis=None, keepdims=False "
            "(there is no largest of no entries: shape (0, 3) has none to choose from)",
        ),
        (
            lambda: reshape(Tensor([1.0]), order=3),
            TypeError,
            "reshape: cannot be computed for shapes (1,) float64, order=3 (",
        ),
        (
            lambda: broadcast_to(Tensor([1.0, 2.0]), (3,)),
            ValueError,
            "broadcast_to: cannot be computed for shapes (2,) float64, shape=(3,) (",
        ),
    ],
)
def test_errors_of_numpy_name_the_operation_and_the_shapes(
    message_of: Callable[..., str], call: Callable[[], Any], error: type[Exception], beginning: str
) -> None:
    text = message_of(error, call)
    assert text.startswith(beginning)
    assert text.endswith(")")


def test_errors_of_numpy_keep_their_kind() -> None:
    for axis in (3, (0, 3)):
        with pytest.raises(np.exceptions.AxisError, match=r"^sum: "):
            Tensor([1.0, 2.0]).sum(axis=axis)
    with pytest.raises(ValueError, match=r"^matmul: ") as caught:
        Tensor([1.0]) @ np.ones(2)
    assert type(caught.value) is ValueError


def test_an_error_from_numpy_is_not_shown_twice() -> None:
    with pytest.raises(ValueError, match="matmul") as caught:
        Tensor(np.ones((2, 3))) @ np.ones((2, 3))
    assert caught.value.__suppress_context__


@given(npst.arrays(np.bool_, 3))
def test_linear_has_the_precision_of_product_and_sum(single: np.ndarray) -> None:
    shapes = ((4, 3), (3, 2), (2,))
    arrays = [np.full(shape, 0.1, np.float32 if half else np.float64) for shape, half in zip(shapes, single)]
    x, w, b = leaves = [*map(Tensor, arrays)]
    y, expected = linear(x, w, b), x @ w + b
    assert y.dtype == expected.dtype
    np.testing.assert_array_equal(y.data, expected.data)
    assert linear(*arrays).dtype == y.dtype
    y.sum().backward()
    assert [leaf.grad.dtype for leaf in leaves] == [leaf.dtype for leaf in leaves]
    np.testing.assert_array_equal(b.grad, [4.0, 4.0])


def test_linear_of_plain_numbers_is_refused_as_of_wrong_shapes(message_of: Callable[..., str]) -> None:
    text = "(it takes rows, a matrix of weights, and one bias per column of weights)"
    for operands in ((1.0, np.eye(3), np.ones(3)), (np.eye(3), 1.0, np.ones(3)), (np.eye(3), Tensor(np.eye(3)), 1.0)):
        assert message_of(ValueError, lambda operands=operands: linear(*operands)).endswith(text)


@pytest.mark.parametrize(
    "shapes", [((), (3, 3), (3,)), ((2, 3), (3, 2), ()), ((2, 3), (3, 2), (1,)), ((2, 3), (3,), ())]
)
def test_linear_takes_rows_weights_and_one_bias_per_column(
    message_of: Callable[..., str], shapes: tuple[Any, ...]
) -> None:
    assert message_of(ValueError, lambda: linear(*[Tensor(np.ones(shape)) for shape in shapes])) == (
        f"linear: cannot be computed for shapes {shapes[0]} float64 and {shapes[1]} float64 and {shapes[2]} float64 "
        f"(it takes rows, a matrix of weights, and one bias per column of weights)"
    )


def test_softplus_and_sigmoid_have_no_namesake_in_numpy_and_still_work_on_arrays() -> None:
    np.testing.assert_allclose(sigmoid(np.array([0.0, 1.0])), [0.5, 1 / (1 + np.exp(-1))], rtol=1e-15)
    np.testing.assert_allclose(softplus(np.array([0.0, 1.0])), [np.log(2), np.log(1 + np.e)], rtol=1e-15)
