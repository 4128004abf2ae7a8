"""What a node is: made, read, compared, written to, shown, copied."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Node, Tensor, Value, missing, no_grad, stack
from autograd.node import Constant, make, plain
from autograd.primitive import table

# ---- construction --------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (2, 2.0),
        (2.5, 2.5),
        (True, 1.0),
        (Fraction(1, 4), 0.25),
        (np.float64(2.5), 2.5),
        (np.float32(2.5), 2.5),
        (np.int64(-3), -3.0),
        (np.bool_(True), 1.0),
        (np.array(2), 2.0),
        (np.array(True), 1.0),
    ],
    ids=repr,
)
def test_a_value_holds_a_python_float(data: Any, number: float) -> None:
    v = Value(data)
    assert type(v.data) is float
    assert v.data == number
    v.data = 7.0
    v.data = data
    assert type(v.data) is float
    assert v.data == number


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("3", "str '3'"),
        (1j, "complex 1j"),
        (None, "NoneType None"),
        ([1.0], "list [1.0]"),
        (Decimal(1), "Decimal Decimal('1')"),
        (np.complex128(1j), "complex128 np.complex128(1j)"),
        (np.str_("3"), "str_ np.str_('3')"),
        (np.ones(1), "an array of shape (1,)"),
        (np.ones((2, 3)), "an array of shape (2, 3)"),
        (np.array("3"), "an array of shape ()"),
        (Value(1.0), "Value Value(1.0)"),
    ],
    ids=repr,
)
def test_a_value_refuses_what_is_not_one_real_number(message_of: Callable[..., str], data: Any, what: str) -> None:
    text = f"a Value holds one real number, not {what}; arrays belong in a Tensor"
    assert message_of(TypeError, lambda: Value(data)) == text
    v = Value(1.0)
    assert message_of(TypeError, lambda: setattr(v, "data", data)) == text
    assert v.data == 1.0


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (3, np.float64),
        ([1, 2], np.float64),
        ([True, False], np.float64),
        ([[1.0, 2.0], [3.0, 4.0]], np.float64),
        (((1.0, 2), (3, 4)), np.float64),
        ([], np.float64),
        (np.arange(3, dtype=np.uint8), np.float64),
        (np.float16([1, 2]), np.float64),
        (np.float32([1, 2]), np.float32),
        (np.float64([1, 2]), np.float64),
        (np.ones(2, ">f8"), np.float64),
        (np.float32(1.0), np.float32),
        (Value(3.0), np.float64),
        (Tensor([1.0], dtype=np.float32), np.float32),
    ],
    ids=repr,
)
def test_a_tensor_holds_an_array_of_floats(data: Any, dtype: type) -> None:
    t = Tensor(data)
    assert type(t.data) is np.ndarray
    assert t.data.dtype == t.dtype == dtype
    np.testing.assert_array_equal(t.data, plain(data))


def test_a_tensor_is_converted_to_the_precision_asked_for() -> None:
    assert Tensor([1.0], dtype=np.float32).dtype == np.float32
    assert Tensor(np.float32([1.0]), dtype=np.float64).dtype == np.float64
    assert Tensor([1], dtype="float32").dtype == np.float32
    assert Tensor([1.0], "w", np.float32).label == "w"


@pytest.mark.parametrize(
    ("make_it", "text"),
    [
        (lambda: Tensor("abc"), "a Tensor holds real numbers, not dtype <U3: 'abc'"),
        (lambda: Tensor([1j]), "a Tensor holds real numbers, not dtype complex128: [1j]"),
        (lambda: Tensor(None), "a Tensor holds real numbers, not dtype object: None"),
        (
            lambda: Tensor([None] * 30),
            "a Tensor holds real numbers, not dtype object: "
            "[None, None, None, None, None, None, None, None, None, None,",
        ),
        (lambda: Tensor([1.0], dtype=int), "a Tensor's dtype is float32 or float64, not int64"),
        (lambda: Tensor([1.0], dtype=np.float16), "a Tensor's dtype is float32 or float64, not float16"),
        (
            lambda: Tensor([Value(1.0)]),
            "a Tensor cannot be made from nodes without losing their gradients; use stack([...])",
        ),
        (
            lambda: Tensor([1.0, (2.0, [Value(1.0)])]),
            "a Tensor cannot be made from nodes without losing their gradients; use stack([...])",
        ),
    ],
)
def test_a_tensor_refuses_what_is_not_an_array_of_real_numbers(
    message_of: Callable[..., str], make_it: Callable[[], Any], text: str
) -> None:
    assert message_of(TypeError, make_it) == text


def test_rows_of_different_lengths_make_no_tensor() -> None:
    with pytest.raises(ValueError, match="inhomogeneous"):
        Tensor([[1.0], [1.0, 2.0]])


def test_an_array_of_nodes_makes_no_tensor() -> None:
    array = np.empty(1, object)
    array[0] = Value(1.0)
    with pytest.raises(TypeError, match=re.escape("a Tensor holds real numbers, not dtype object: array([Value(1.0)]")):
        Tensor(array)


def test_data_is_copied_at_construction() -> None:
    array = np.ones(3)
    t, u = Tensor(array), Tensor(array, dtype=np.float64)
    v = Tensor(t)
    array[0] = 9.0
    t.data[1] = 8.0
    np.testing.assert_array_equal(t.data, [1.0, 8.0, 1.0])
    np.testing.assert_array_equal(u.data, [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(v.data, [1.0, 1.0, 1.0])


@pytest.mark.parametrize("node", [Value(2.0), Tensor([1.0])], ids=repr)
def test_a_new_node_is_a_leaf_without_a_gradient(node: Node) -> None:
    assert node.op is None
    assert node.inputs == ()
    assert node.parameters == {}
    assert node.grad is None
    assert node.label is None


def test_labels_are_given_at_construction_or_later() -> None:
    v = Value(1.0, label="v")
    assert (v.label, Value(1.0, "w").label, Tensor(1.0, label="t").label) == ("v", "w", "t")
    v.label = "x"
    assert v.label == "x"


def test_nodes_take_no_other_attributes(message_of: Callable[..., str]) -> None:
    for node in (Value(1.0), Tensor(1.0)):
        assert message_of(AttributeError, lambda node=node: setattr(node, "data_", 1.0)).endswith("'data_'")


def test_what_a_node_has_not_is_neither_listed_nor_found_and_what_is_named_instead_is_there() -> None:
    for node in (Value(1.0), Tensor([1.0])):
        for name in missing.INSTEAD:
            assert not hasattr(node, name)
            assert name not in dir(node)
    assert set(missing.FUNCTIONS) <= set(autograd.__all__)


# ---- reading -------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "shape", "size", "dtype"),
    [
        (Value(2.0), (), 1, np.float64),
        (Tensor(2.0), (), 1, np.float64),
        (Tensor([1.0, 2.0]), (2,), 2, np.float64),
        (Tensor(np.ones((2, 3), np.float32)), (2, 3), 6, np.float32),
        (Tensor(np.ones((2, 0, 3))), (2, 0, 3), 0, np.float64),
    ],
    ids=repr,
)
def test_shape_ndim_size_and_dtype(node: Node, shape: tuple[int, ...], size: int, dtype: type) -> None:
    assert node.shape == shape
    assert node.ndim == len(shape)
    assert node.size == size
    assert node.dtype == dtype
    assert type(node.dtype) is type(np.dtype(dtype))


@pytest.mark.parametrize("node", [Value(2.5), Tensor(2.5), Tensor([2.5]), Tensor([[np.float32(2.5)]])], ids=repr)
def test_one_number_is_read_as_a_python_number(node: Node) -> None:
    assert node.item() == float(node) == 2.5
    assert type(node.item()) is type(float(node)) is float
    assert int(node) == 2
    assert bool(node) is True


@pytest.mark.parametrize("shape", [(0,), (2,), (2, 3)])
def test_several_numbers_are_not_read_as_one(message_of: Callable[..., str], shape: tuple[int, ...]) -> None:
    t = Tensor(np.zeros(shape))
    text = f"item() needs exactly one element; this Tensor has shape {shape}"
    assert message_of(ValueError, t.item) == text
    assert message_of(ValueError, lambda: float(t)) == text
    assert message_of(ValueError, lambda: int(t)) == text
    with pytest.raises(ValueError, match="truth value of an"):
        bool(t)


def test_truth_is_that_of_the_data() -> None:
    assert not Value(0.0)
    assert not Tensor([0.0])
    assert Value(-1.0)
    assert Value(float("nan"))


def test_length_is_that_of_the_first_axis(message_of: Callable[..., str]) -> None:
    assert len(Tensor(np.zeros((3, 2)))) == 3
    assert len(Tensor([])) == 0
    assert message_of(TypeError, lambda: len(Tensor(1.0))) == "len() of a Tensor that holds a single number"
    assert message_of(TypeError, lambda: len(Value(1.0))) == "object of type 'Value' has no len()"


def test_a_tensor_is_iterated_along_its_first_axis() -> None:
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    first, second = t
    np.testing.assert_array_equal(second.data, [3.0, 4.0])
    (first.sum() + sum(second)).backward()
    np.testing.assert_array_equal(t.grad, np.ones((2, 2)))
    assert list(Tensor([])) == []
    with pytest.raises(TypeError, match=re.escape("len() of a Tensor that holds a single number")):
        iter(Tensor(1.0))


@pytest.mark.parametrize("node", [Value(2.0), Tensor(2.0), Tensor([1.0, 2.0])], ids=repr)
def test_numpy_gives_an_array_of_its_own(node: Node) -> None:
    before = np.array(node.data)
    with no_grad():
        for array in (node.numpy(), np.array(node), np.asarray(node)):
            assert type(array) is np.ndarray
            np.testing.assert_array_equal(array, before)
            array[...] = 9.0
        assert np.asarray(node, dtype=np.float32).dtype == np.float32
    np.testing.assert_array_equal(node.data, before)


V, T = Value(2.0), Tensor([1.0, 2.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: np.sum([V * V, V]),
        lambda: np.mean([V, V]),
        lambda: np.linalg.norm([T[0], T[1]]),
        lambda: np.array([V, V]),
        lambda: np.asarray(T),
        lambda: np.ones(2).dot(T),
        lambda: np.ones(2) * [V, V],
        lambda: np.full(2, V),
    ],
)
def test_numpy_does_not_take_the_gradient_away_unnoticed(call: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match=r"NumPy would make a plain array of .*, and lose its gradient"):
        call()


def test_numpy_is_not_given_the_memory_itself(message_of: Callable[..., str]) -> None:
    text = "a node's data is only handed out as a copy; drop copy=False"
    assert message_of(ValueError, lambda: np.array(Tensor([1.0]), copy=False)) == text


def test_equality_and_order_are_of_the_data() -> None:
    a, b = Value(1.0), Value(2.0)
    assert [a == b, a != b, a < b, a <= b, a > b, a >= b] == [False, True, True, True, False, False]
    assert [a == 1, a != 1, a < 1, a <= 1, a > 1, a >= 1] == [True, False, False, True, False, True]
    assert [np.float64(1) == a, np.float64(0) < a, np.float64(0) >= a] == [True, True, False]
    assert type(a < b) is type(a == b) is bool
    assert a != "1"
    assert a is not None
    assert (a == None) is False  # noqa: E711


def test_tensors_compare_entry_by_entry() -> None:
    t, u = Tensor([1.0, 2.0, 3.0]), Tensor([3.0, 2.0, 1.0])
    for compared, expected in [
        (t == u, [False, True, False]),
        (t != u, [True, False, True]),
        (t < u, [True, False, False]),
        (t <= u, [True, True, False]),
        (t > Value(2.0), [False, False, True]),
        (t >= 2, [False, True, True]),
        (np.array([2.0, 2.0, 2.0]) < t, [False, False, True]),
        (np.array([1.0, 2.0, 0.0]) == t, [True, True, False]),
        (np.float64(2) >= t, [True, True, False]),
    ]:
        assert type(compared) is np.ndarray
        assert compared.tolist() == expected


def test_nodes_are_found_by_identity() -> None:
    a, b = Value(1.0), Value(1.0)
    assert a == b
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[b] == "b"
    t = Tensor([1.0])
    assert hash(t) == hash(t)
    assert t in {t}


# ---- writing -------------------------------------------------------------


def test_a_tensor_s_data_is_written_in_place() -> None:
    t = Tensor([[1.0, 2.0]])
    memory = t.data
    for data in ([[3.0, 4.0]], np.array([[5, 6]]), Tensor([[7.0, 8.0]])):
        t.data = data
        assert t.data is memory
        np.testing.assert_array_equal(memory, plain(data))
    t.data -= 1.0
    assert t.data is memory
    np.testing.assert_array_equal(memory, [[6.0, 7.0]])


def test_writing_keeps_the_dtype() -> None:
    t = Tensor([1.0], dtype=np.float32)
    t.data = np.array([2.0])
    assert t.dtype == np.float32
    assert t.data == [2.0]


def test_a_tensor_of_one_number_is_written_with_one() -> None:
    t = Tensor(1.0)
    t.data = 2
    assert t.data.shape == ()
    assert t.item() == 2.0


@pytest.mark.parametrize("data", [5.0, [1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]]], ids=repr)
def test_data_of_another_shape_is_refused(message_of: Callable[..., str], data: Any) -> None:
    t = Tensor([1.0, 2.0])
    text = f"cannot assign data of shape {np.shape(data)} to a Tensor of shape (2,); make a new Tensor instead"
    assert message_of(ValueError, lambda: setattr(t, "data", data)) == text
    np.testing.assert_array_equal(t.data, [1.0, 2.0])


def test_data_that_is_not_numbers_is_refused(message_of: Callable[..., str]) -> None:
    t = Tensor([1.0])
    text = "a Tensor holds real numbers, not dtype <U1: ['a']"
    assert message_of(TypeError, lambda: setattr(t, "data", ["a"])) == text


def test_the_data_of_a_computed_node_is_not_assigned(message_of: Callable[..., str]) -> None:
    v, t = Value(2.0), Tensor([1.0, 2.0])
    for node in (v * 3, t * 3):
        before = np.array(node.data)
        assert message_of(ValueError, lambda node=node, before=before: setattr(node, "data", before * 2)) == (
            f"this {type(node).__name__} was computed by multiply: assign to the leaves it came from, "
            f"or to a leaf of its own, node.detach()"
        )
        np.testing.assert_array_equal(node.data, before)
    with no_grad():
        leaf = t * 3
    leaf.data = [7.0, 8.0]
    np.testing.assert_array_equal(leaf.data, [7.0, 8.0])


def test_constants_are_not_written_to(message_of: Callable[..., str]) -> None:
    constant = (Value(1.0) * 2).inputs[1]
    assert type(constant) is Constant
    text = "the data of a Constant cannot be assigned"
    assert message_of(TypeError, lambda: setattr(constant, "data", 3.0)) == text
    assert constant.data == 2.0


# ---- showing -------------------------------------------------------------


def differentiated(node: Any) -> Any:
    node.sum().backward()
    return node


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        (Value(2), "Value(2.0)"),
        (Value(2, label="a"), "Value(2.0, label='a')"),
        (Value(0.1) * 3, "Value(0.30000000000000004, op=multiply)"),
        (Value(float("nan")), "Value(nan)"),
        (Tensor(2), "Tensor(2.0)"),
        (Tensor([1, 2.5]), "Tensor([1. , 2.5])"),
        (Tensor([[1, 2], [3, 4]]), "Tensor([[1., 2.],\n        [3., 4.]])"),
        (Tensor([]), "Tensor([])"),
        (Tensor([1.0], dtype=np.float32), "Tensor([1.], dtype=float32)"),
        (Tensor(0.0, "t", np.float32).exp(), "Tensor(1.0, op=exp, dtype=float32)"),
        (Tensor(np.zeros((2, 10))), f"Tensor([[{', '.join(['0.'] * 10)}],\n        [{', '.join(['0.'] * 10)}]])"),
        (Tensor(np.arange(21)), "Tensor([ 0.,  1.,  2., ..., 18., 19., 20.])"),
        (differentiated(Tensor([1.0, 2.0], "w")), "Tensor([1., 2.], grad=[1., 1.], label='w')"),
        (differentiated(Tensor(np.ones((2, 2)))), "Tensor([[1., 1.],\n        [1., 1.]], grad=array of shape (2, 2))"),
        (differentiated(Tensor(1.0)), "Tensor(1.0, grad=1.0)"),
        ((Value(1.0) * 2).inputs[1], "Constant(2.0)"),
        ((Tensor([1.0]) * np.ones(1)).inputs[1], "Constant([1.])"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_repr_shows_value_gradient_operation_and_label(node: Node, shown: str) -> None:
    assert repr(node) == shown


def test_repr_shows_the_whole_state_of_a_value() -> None:
    a = Value(3.0, label="a")
    y = a * a
    y.label = "y"
    y.backward()
    assert repr(a) == "Value(3.0, grad=6.0, label='a')"
    assert repr(y) == "Value(9.0, grad=1.0, op=multiply, label='y')"


# ---- operators and methods -----------------------------------------------


OPERATORS: list[tuple[str, Callable[[Any, Any], Any], float, float, float]] = [
    ("add", lambda a, b: a + b, 5.0, 1.0, 1.0),
    ("subtract", lambda a, b: a - b, -1.0, 1.0, -1.0),
    ("multiply", lambda a, b: a * b, 6.0, 3.0, 2.0),
    ("divide", lambda a, b: a / b, 2 / 3, 1 / 3, -2 / 9),
    ("power", lambda a, b: a**b, 8.0, 12.0, 8 * np.log(2)),
]


@pytest.mark.parametrize(("name", "f", "y", "da", "db"), OPERATORS, ids=[row[0] for row in OPERATORS])
@pytest.mark.parametrize("kind", [Value, Tensor])
def test_operators_take_nodes_and_numbers_on_both_sides(
    kind: Any, name: str, f: Callable[[Any, Any], Any], y: float, da: float, db: float
) -> None:
    a, b = kind(2.0), kind(3.0)
    for result in (f(a, b), f(a, 3), f(a, 3.0), f(a, np.float64(3)), f(a, np.int32(3)), f(a, np.array(3))):
        assert result.op is table[name]
        assert result.item() == pytest.approx(y, rel=1e-15)
        assert result.inputs[0] is a
        a.grad = None
        result.backward()
        assert float(a.grad) == pytest.approx(da, rel=1e-15)
    assert float(b.grad) == pytest.approx(db, rel=1e-15)
    for result in (f(2, b), f(2.0, b), f(np.float64(2), b), f(np.float32(2), b), f(np.array(2.0), b)):
        assert result.op is table[name]
        assert result.item() == pytest.approx(y, rel=1e-15)
        assert result.inputs[1] is b
        assert type(result.inputs[0]) is Constant
        b.grad = None
        result.backward()
        assert float(b.grad) == pytest.approx(db, rel=1e-15)


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_signs_and_absolute_value(kind: Any) -> None:
    a = kind(-2.0)
    assert ((+a).item(), (+a).op.name) == (-2.0, "positive")
    assert ((-a).item(), (-a).op.name) == (2.0, "negative")
    assert (abs(a).item(), abs(a).op.name) == (2.0, "absolute")


def test_remainders_are_those_of_python() -> None:
    a, t = Value(-7.5), Tensor([7.0, -7.0])
    assert ((a % 2).item(), (2 % a).item()) == (-7.5 % 2, 2 % -7.5)
    np.testing.assert_array_equal((t % 3).data, [1.0, 2.0])
    np.testing.assert_array_equal((np.array([1.0, 1.0]) % t).data, np.array([1.0, 1.0]) % t.numpy())


def test_numbers_are_formatted_as_floats_are() -> None:
    assert f"{Value(1.0) / 3:.4f} {Tensor([2.0]):8.2e}" == "0.3333 2.00e+00"
    assert f"{Value(1.0)}" == "Value(1.0)"


@pytest.mark.parametrize("name", ["prod", "var", "std", "max", "min", "mean", "sum", "argmax", "argmin"])
def test_methods_are_those_of_arrays(name: str) -> None:
    array = np.array([[3.0, 1.0, 2.0], [0.5, 4.0, 2.5]])
    for axis in (None, 0, -1):
        found = getattr(Tensor(array), name)(axis=axis)
        np.testing.assert_allclose(plain(found), getattr(array, name)(axis=axis), rtol=1e-14)
    np.testing.assert_array_equal(Tensor(array).clip(1.0, 3.0).data, array.clip(1.0, 3.0))


def test_augmented_assignment_makes_a_new_node() -> None:
    a = b = Value(2.0)
    a += 1
    a *= b
    assert (a.data, b.data) == (6.0, 2.0)
    a.backward()
    assert b.grad == 5.0


@pytest.mark.parametrize(
    "name", ["exp", "log", "log1p", "sqrt", "sigmoid", "tanh", "softplus", "relu", "sin", "cos", "abs"]
)
@pytest.mark.parametrize("kind", [Value, Tensor])
def test_methods_apply_the_row_of_their_name(kind: Any, name: str) -> None:
    x = kind(0.7)
    y = getattr(x, name)()
    row = table["absolute" if name == "abs" else name]
    assert type(y) is kind
    assert y.op is row
    assert y.inputs == (x,)
    assert y.item() == pytest.approx(row.on_floats(0.7), rel=1e-15)


def test_array_methods_pass_their_arguments_on() -> None:
    entries = np.arange(24.0).reshape(2, 3, 4) % 7
    t = Tensor(entries)
    for node, expected in [
        (t.sum(), entries.sum()),
        (t.sum(1), entries.sum(1)),
        (t.sum(axis=(0, 2), keepdims=True), entries.sum(axis=(0, 2), keepdims=True)),
        (t.mean(0, keepdims=True), entries.mean(0, keepdims=True)),
        (t.mean(axis=-1), entries.mean(-1)),
        (t.mean(), entries.mean()),
        (t.max(), entries.max()),
        (t.max(2), entries.max(2)),
        (t.max(axis=0, keepdims=True), entries.max(axis=0, keepdims=True)),
        (t.T, entries.T),
        (t.transpose(), entries.transpose()),
        (t.transpose(None), entries.transpose()),
        (t.transpose(2, 0, 1), entries.transpose(2, 0, 1)),
        (t.transpose((1, 0, 2)), entries.transpose(1, 0, 2)),
        (t.reshape(6, 4), entries.reshape(6, 4)),
        (t.reshape((4, -1)), entries.reshape(4, -1)),
        (t.reshape(24), entries.reshape(24)),
        (t.reshape(-1), entries.reshape(-1)),
        (t.dot(np.ones(4)), entries.dot(np.ones(4))),
        (t[1], entries[1]),
        (t[:, -1, ::2], entries[:, -1, ::2]),
        (t[..., None, 0], entries[..., None, 0]),
        (t[np.array([1, 0, 1])], entries[np.array([1, 0, 1])]),
        (t[[1, 0], [2, 2]], entries[[1, 0], [2, 2]]),
        (t[entries > 3], entries[entries > 3]),
        (t[0, 1, 2], entries[0, 1, 2]),
    ]:
        assert type(node) is Tensor
        assert type(node.data) is np.ndarray
        assert node.shape == expected.shape
        np.testing.assert_allclose(node.data, expected, rtol=1e-15)


def test_functions_reduce_over_all_axes_and_drop_them_unless_told_otherwise() -> None:
    t = Tensor(np.arange(6.0).reshape(2, 3))
    for f in (autograd.sum, autograd.mean, autograd.max, autograd.logsumexp):
        assert f(t).shape == ()
        assert f(t, axis=0).shape == (3,)
        assert f(t, 1).shape == (2,)
        assert f(t, axis=1, keepdims=True).shape == (2, 1)
    for f in (autograd.softmax, autograd.log_softmax):
        np.testing.assert_array_equal(f(t).data, f(t, axis=1).data)
        np.testing.assert_array_equal(f(t, 0).data, f(t.T).data.T)
    for f in (autograd.stack, autograd.concatenate):
        np.testing.assert_array_equal(f([t, t]).data, f([t, t], axis=0).data)
        np.testing.assert_array_equal(f([t, t], 1).data, f([t.data, t.data], axis=1))


def test_an_entry_of_a_vector_is_a_tensor_of_one_number() -> None:
    t = Tensor([1.0, 2.0])
    y = t[1]
    assert type(y) is Tensor
    assert y.shape == ()
    y.backward()
    np.testing.assert_array_equal(t.grad, [0.0, 1.0])


def test_axes_counted_from_the_end_are_transposed_back() -> None:
    t = Tensor(np.arange(6.0).reshape(2, 3))
    y = t.transpose(-1, 0)
    y.backward(y.data)
    np.testing.assert_array_equal(t.grad, t.data)


# ---- what a node records -------------------------------------------------


def test_inputs_keep_order_and_multiplicity() -> None:
    a, b = Value(2.0), Value(3.0)
    assert [x is y for x, y in zip((b - a).inputs, (b, a))] == [True, True]
    assert (a + a).inputs == (a, a)
    y = stack([a, b, a])
    assert [x is z for x, z in zip(y.inputs, (a, b, a))] == [True] * 3


def test_constants_become_inputs_that_nobody_differentiates() -> None:
    y = 2 * Value(3.0)
    constant, v = y.inputs
    assert type(constant) is Constant
    assert type(constant.data) is float
    assert constant.op is None
    y.backward()
    assert constant.grad is None
    assert v.grad == 2.0


def test_parameters_stand_on_the_node() -> None:
    t = Tensor([[1.0, 2.0]])
    assert t.sum(axis=0).parameters == {"axis": 0, "keepdims": False}
    assert t.sum().parameters == {"axis": None, "keepdims": False}
    assert t.reshape(2).parameters == {"shape": 2}
    assert t[0].parameters == {"index": 0}
    assert t.T.parameters == {"axes": None}
    assert stack([t, t], axis=1).parameters == {"axis": 1}
    assert (t @ t.T).parameters == {}
    assert t.exp().parameters == {}
    assert (Value(1.0) * 2).parameters == {}


def test_a_node_is_younger_than_its_inputs_and_than_constants_it_meets() -> None:
    a = Value(1.0)
    b = Value(2.0)
    y = a * b
    z = 3 * y
    t = Tensor([1.0]).exp().sum()
    assert a.time < b.time < y.time < z.inputs[0].time < z.time < t.inputs[0].time < t.time


def test_a_value_with_a_tensor_gives_a_tensor_and_both_receive_gradients() -> None:
    v, t = Value(2.0), Tensor([1.0, 2.0, 3.0])
    for y in (v * t, t * v):
        assert type(y) is Tensor
        v.grad = t.grad = None
        y.sum().backward()
        assert type(v.grad) is float
        assert v.grad == 6.0
        np.testing.assert_array_equal(t.grad, [2.0, 2.0, 2.0])


def test_make_gives_a_fresh_node_with_what_it_is_told() -> None:
    a = Value(1.0)
    y = make(Value, 5.0, table["exp"], (a,), {"axis": 0})
    assert (y.data, y.op, y.inputs, y.parameters, y.grad, y.label) == (5.0, table["exp"], (a,), {"axis": 0}, None, None)


# ---- leaves out of nodes -------------------------------------------------


def computed() -> list[Any]:
    v, t = Value(2.0), Tensor([1.0, 2.0], dtype=np.float32)
    nodes = [v * 3, t * 3, t.sum(), t[0]]
    for node in nodes:
        node.backward(np.ones(node.shape))
        node.label = "y"
    return [*nodes, v, t]


@pytest.mark.parametrize("node", computed(), ids=repr)
def test_a_detached_node_is_a_leaf_with_data_of_its_own(node: Any) -> None:
    leaf = node.detach()
    assert type(leaf) is type(node)
    assert type(leaf.data) is type(node.data)
    assert (leaf.op, leaf.inputs, leaf.grad, leaf.label) == (None, (), None, None)
    assert leaf.dtype == node.dtype
    before = np.array(node.data)
    np.testing.assert_array_equal(leaf.data, before)
    leaf.data = leaf.data * 2
    np.testing.assert_array_equal(node.data, before)


def test_gradients_stop_at_a_detached_node() -> None:
    a = Value(3.0)
    (a * a.detach()).backward()
    assert a.grad == 3.0


@pytest.mark.parametrize("node", computed(), ids=repr)
@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda node: pickle.loads(pickle.dumps(node))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_copies_are_leaves_that_share_nothing(node: Any, copied: Callable[[Any], Any]) -> None:
    leaf = copied(node)
    assert type(leaf) is type(node)
    assert leaf is not node
    assert (leaf.op, leaf.inputs, leaf.parameters, leaf.label) == (None, (), {}, node.label)
    assert leaf.time > node.time
    assert type(leaf.data) is type(node.data)
    assert type(leaf.grad) is type(node.grad)
    assert leaf.dtype == node.dtype
    np.testing.assert_array_equal(leaf.data, node.data)
    np.testing.assert_array_equal(leaf.grad, node.grad)
    if isinstance(node, Tensor):
        assert not np.shares_memory(leaf.data, node.data)
        assert not np.shares_memory(leaf.grad, node.grad)


def test_a_copied_parameter_shared_within_a_structure_stays_shared() -> None:
    w = Value(1.0)
    first, second = copy.deepcopy([w, w])
    assert first is second
    assert first is not w


def test_a_copy_without_a_gradient_has_none() -> None:
    assert copy.copy(Value(1.0)).grad is None
    assert copy.deepcopy(Tensor([1.0])).grad is None


def test_everything_that_the_readme_imports_is_there() -> None:
    assert autograd.__version__.count(".") == 2
    assert issubclass(Value, Node)
    assert issubclass(Tensor, Node)


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_a_subclass_is_refused_since_operations_would_not_know_it(kind: type[Node]) -> None:
    with pytest.raises(TypeError, match=r"^Mine: Value and Tensor cannot be subclassed; write a class that holds one$"):
        type("Mine", (kind,), {})
