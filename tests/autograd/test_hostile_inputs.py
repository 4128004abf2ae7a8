"""Inputs that break autograd engines: each gives the right answer or an error that says what to do.

None may be silently wrong, hang or crash. The cases are those on which the common
engines were compared; what is right where mathematics leaves a choice is in
``python -m autograd --conventions``.
"""

from __future__ import annotations

import copy
import math
import pickle
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Node, Tensor, Value, gradients
from autograd.primitive import Primitive, table

INF, NAN = math.inf, math.nan
Numbers = Any
Function = Callable[..., Any]


def slopes(f: Function, *points: Numbers, kind: type[Node] = Tensor) -> list[Numbers]:
    """The gradients of the sum of f's entries."""
    leaves = [kind(x) for x in points]
    y = f(*leaves)
    (y.sum() if y.shape else y).backward()
    return [leaf.grad for leaf in leaves]


def case(name: str, *values: Any) -> Any:
    return pytest.param(*values, id=name)


# ---- singular points: the same in both engines, and never a warning ------

SINGULAR = [
    # name, function, point, value, gradient
    case("log(-1) has neither value nor slope", ag.log, [-1.0], NAN, [NAN]),
    case("log(0)", ag.log, [0.0], -INF, [INF]),
    case("log1p(-1)", ag.log1p, [-1.0], -INF, [INF]),
    case("log1p(-2)", ag.log1p, [-2.0], NAN, [NAN]),
    case("sqrt at 0", ag.sqrt, [0.0], 0.0, [INF]),
    case("sqrt of a negative number", ag.sqrt, [-1.0], NAN, [NAN]),
    case("1/0", lambda x: 1 / x, [0.0], INF, [-INF]),
    case("0/0", lambda a, b: a / b, [0.0, 0.0], NAN, [INF, NAN]),
    case("relu at 0", ag.relu, [0.0], 0.0, [0.0]),
    case("relu at -0", ag.relu, [-0.0], 0.0, [0.0]),
    case("relu of nan", ag.relu, [NAN], NAN, [NAN]),
    case("relu of -inf", ag.relu, [-INF], 0.0, [0.0]),
    case("relu of inf", ag.relu, [INF], INF, [1.0]),
    case("abs at 0", abs, [0.0], 0.0, [0.0]),
    case("abs of nan", abs, [NAN], NAN, [NAN]),
    case("sign at 0", lambda x: ag.sign(x) * x, [0.0], 0.0, [0.0]),
    case("maximum of equals", ag.maximum, [2.0, 2.0], 2.0, [0.5, 0.5]),
    case("minimum of equals", ag.minimum, [2.0, 2.0], 2.0, [0.5, 0.5]),
    case("maximum with nan", ag.maximum, [1.0, NAN], NAN, [0.0, NAN]),
    case("minimum with nan", ag.minimum, [NAN, 1.0], NAN, [NAN, 0.0]),
    case("maximum of infinities", ag.maximum, [INF, INF], INF, [0.5, 0.5]),
    case("0**0", lambda x: x**0, [0.0], 1.0, [0.0]),
    case("0**1", lambda x: x**1, [0.0], 0.0, [1.0]),
    case("0**2", lambda x: x**2, [0.0], 0.0, [0.0]),
    case("0**0.5", lambda x: x**0.5, [0.0], 0.0, [INF]),
    case("0**-1 in the base", lambda x: x**-1, [0.0], INF, [-INF]),
    case("0**-1 in the exponent", lambda b: 0.0**b, [-1.0], INF, [NAN]),
    case("0**2 in the exponent", lambda b: 0.0**b, [2.0], 0.0, [0.0]),
    case("(-2)**3", lambda x: x**3, [-2.0], -8.0, [12.0]),
    case("(-2)**-1", lambda x: x**-1, [-2.0], -0.5, [-0.25]),
    case("(-8)**(1/3) is not complex", lambda x: x ** (1 / 3), [-8.0], NAN, [NAN]),
    case("exp(1000)", ag.exp, [1000.0], INF, [INF]),
    case("exp(-1000)", ag.exp, [-1000.0], 0.0, [0.0]),
    case("sigmoid(1000)", ag.sigmoid, [1000.0], 1.0, [0.0]),
    case("sigmoid(-1000)", ag.sigmoid, [-1000.0], 0.0, [0.0]),
    case("sigmoid(40) keeps its slope", ag.sigmoid, [40.0], 1.0, [4.248354255291589e-18]),
    case("tanh(20) keeps its slope", ag.tanh, [20.0], 1.0, [1.6993417021166355e-17]),
    case("tanh(-20) keeps its slope", ag.tanh, [-20.0], -1.0, [1.6993417021166355e-17]),
    case("softplus(1000)", ag.softplus, [1000.0], 1000.0, [1.0]),
    case("softplus(-1000)", ag.softplus, [-1000.0], 0.0, [0.0]),
    case("log(sigmoid(-1000)) through log_sigmoid", nn.activations.log_sigmoid, [-1000.0], -1000.0, [1.0]),
    case("expm1(-50) keeps its slope", ag.expm1, [-50.0], -1.0, [1.9287498479639178e-22]),
    case("arccos at 1", ag.acos, [1.0], 0.0, [-INF]),
    case("arcsin at 1", ag.asin, [1.0], math.pi / 2, [INF]),
    case("arcsin outside its domain", ag.asin, [1.5], NAN, [NAN]),
    case("arctanh at 1", ag.atanh, [1.0], INF, [INF]),
    case("arccosh at 1", ag.acosh, [1.0], 0.0, [INF]),
    case("arctan2 at the origin", ag.atan2, [0.0, 0.0], 0.0, [NAN, NAN]),
    case("hypot at the origin", ag.hypot, [0.0, 0.0], 0.0, [0.0, 0.0]),
    case("hypot of large numbers", ag.hypot, [3e200, 4e200], 5e200, [0.6, 0.8]),
    case("logaddexp of large numbers", ag.logaddexp, [1e4, 1e4], 1e4 + math.log(2), [0.5, 0.5]),
    case("logaddexp of -inf and a number", ag.logaddexp, [-INF, 1.0], 1.0, [0.0, 1.0]),
    case("sinc at 0", ag.sinc, [0.0], 1.0, [0.0]),
    case("cbrt of a negative number", ag.cbrt, [-8.0], -2.0, [1 / 12]),
    case("cbrt at 0", ag.cbrt, [0.0], 0.0, [INF]),
    case("square of a large number", ag.square, [1e200], INF, [2e200]),
    case("the smallest number divided", lambda x: x / 5e-324, [0.0], 0.0, [INF]),
    case("a branch not taken with an infinite slope", lambda x: ag.where(x > 0, ag.sqrt(x), 0.0), [0.0], 0.0, [0.0]),
    case("a branch not taken that is nan", lambda x: ag.where(x > 0, ag.log(x), 0.0), [-1.0], 0.0, [0.0]),
    case("0 times infinity", lambda x: x * INF, [0.0], NAN, [INF]),
    case("sqrt of a square at 0", lambda x: ag.sqrt(x**2), [0.0], 0.0, [0.0]),
    case("x * x", lambda x: x * x, [3.0], 9.0, [6.0]),
    case("x - x", lambda x: x - x, [3.0], 0.0, [0.0]),
    case("x / x", lambda x: x / x, [3.0], 1.0, [0.0]),
    case("a diamond", lambda x: (x + 1) * (x + 2), [3.0], 20.0, [9.0]),
]


@pytest.mark.parametrize("kind", [Value, Tensor])
@pytest.mark.parametrize(("f", "point", "value", "gradient"), SINGULAR)
def test_a_singular_point(
    f: Function, point: list[float], value: float, gradient: list[float], kind: type[Node]
) -> None:
    leaves = [kind(x) for x in point]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns of overflow in the values of arrays; the gradients do not
        y = f(*leaves)
    y.backward()
    np.testing.assert_allclose(y.data, value, rtol=4e-16)
    np.testing.assert_allclose([leaf.grad for leaf in leaves], gradient, rtol=4e-15)


# ---- arrays --------------------------------------------------------------

ARRAYS = [
    case("a maximum over a tie", lambda x: x.max(), [1.0, 1.0, 0.0], [0.5, 0.5, 0.0]),
    case("a maximum over equals in rows", lambda x: x.max(axis=1), [[1.0, 1.0], [2.0, 3.0]], [[0.5, 0.5], [0.0, 1.0]]),
    case("logsumexp of -inf alone", ag.logsumexp, [-INF, -INF], [0.0, 0.0]),
    case("logsumexp of a large number", ag.logsumexp, [1e4, 0.0], [1.0, 0.0]),
    case("logsumexp with -inf", ag.logsumexp, [0.0, -INF], [1.0, 0.0]),
    case("softmax of large numbers", lambda x: ag.softmax(x)[0], [1e4, 0.0], [0.0, 0.0]),
    case("log_softmax of large numbers", lambda x: ag.log_softmax(x)[1], [1e4, 0.0], [-1.0, 1.0]),
    case("norm at 0", ag.norm, [0.0, 0.0], [0.0, 0.0]),
    case("norm of large numbers", ag.norm, [3e200, 4e200], [0.6, 0.8]),
    case("std of constants", ag.std, [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]),
    case("prod with one zero", ag.prod, [2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
    case("prod with two zeros", ag.prod, [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    case("sum of nothing", lambda x: x.sum(), np.zeros((0,)), np.zeros((0,))),
    case("sum of a number", lambda x: x.sum(), 3.0, 1.0),
    case("an empty matrix product", lambda x: x @ np.zeros((0, 2)), np.zeros((3, 0)), np.zeros((3, 0))),
    case("the same row twice", lambda x: x[[0, 0]], [1.0, 2.0], [2.0, 0.0]),
    case("a mask", lambda x: x[np.array([True, False])], [1.0, 2.0], [1.0, 0.0]),
    case("a mask that selects nothing", lambda x: x[np.array([False, False])].sum(), [1.0, 2.0], [0.0, 0.0]),
    case("a step backwards", lambda x: x[::-1] * np.array([1.0, 2.0]), [5.0, 6.0], [2.0, 1.0]),
    case("a leading axis stretched", lambda x: ag.broadcast_to(x, (4, 2)), [1.0, 2.0], [4.0, 4.0]),
    case("a middle axis stretched", lambda x: x * np.ones((2, 3, 2)), [[[1.0, 2.0]], [[3.0, 4.0]]], [[[3.0, 3.0]]] * 2),
    case("a number stretched", lambda x: x + np.ones((2, 3)), 1.0, 6.0),
    case("a cumulative sum", ag.cumsum, [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]),
    case("clip at its ends", lambda x: ag.clip(x, 0.0, 1.0), [-1.0, 0.5, 2.0], [0.0, 1.0, 0.0]),
    case("nan stays where it is", lambda x: ag.exp(x), [NAN, 0.0], [NAN, 1.0]),
]


@pytest.mark.parametrize(("f", "point", "gradient"), ARRAYS)
def test_an_array(f: Function, point: Numbers, gradient: Numbers) -> None:
    (found,) = slopes(f, point)
    np.testing.assert_allclose(found, gradient, rtol=1e-14)
    assert found.shape == np.shape(point)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ag.sigmoid(x),
        lambda x: ag.softplus(x),
        lambda x: ag.tanh(x),
        lambda x: ag.softmax(x),
        lambda x: ag.log_softmax(x),
        lambda x: ag.logsumexp(x),
        lambda x: nn.cross_entropy(x, np.array([0, 1])),
    ],
)
def test_logits_of_ten_thousand_give_no_warning_and_no_nan(f: Function) -> None:
    x = np.array([[1e4, -1e4], [-1e4, 1e4]])  # a warning would be an error here
    (g,) = slopes(f, x)
    assert np.isfinite(g).all()


def test_cross_entropy_of_a_confident_mistake_is_exact() -> None:
    logits = Tensor([[1e4, -1e4]])
    loss = nn.cross_entropy(logits, [1])
    loss.backward()
    assert loss.item() == 2e4
    np.testing.assert_array_equal(logits.grad, [[1.0, -1.0]])


@pytest.mark.parametrize(
    "array",
    [
        case("read-only", np.broadcast_to(2.0, (3, 2))),
        case("in column order", np.asfortranarray(np.arange(6.0).reshape(3, 2))),
        case("every other entry", np.arange(12.0).reshape(3, 4)[:, ::2]),
        case("reversed", np.arange(6.0).reshape(3, 2)[::-1]),
        case("big-endian", np.arange(6.0).reshape(3, 2).astype(">f8")),
        case("half precision", np.ones((3, 2), np.float16)),
        case("whole numbers", np.arange(6).reshape(3, 2)),
        case("truth values", np.ones((3, 2), bool)),
        case("nested lists", [[1, 2], [3, 4], [5, 6]]),
    ],
)
def test_any_array_of_real_numbers_is_taken_and_left_as_it_is(array: Any) -> None:
    before = np.array(array)
    x = Tensor(array)
    (x * x).sum().backward()
    assert x.dtype == np.float64
    assert type(x.data) is np.ndarray
    np.testing.assert_array_equal(x.grad, 2 * before)
    np.testing.assert_array_equal(before, array)


# ---- refusals ------------------------------------------------------------

t2, t3 = (lambda: Tensor([1.0, 2.0])), (lambda: Tensor([1.0, 2.0, 3.0]))

REFUSED = [
    case("backward of a vector", lambda: (t2() * 2).backward(), ValueError, "reduce it first"),
    case("a seed of another shape", lambda: (t2() * 2).backward(np.ones(3)), ValueError, r"seed has shape \(3,\)"),
    case("a string in a Value", lambda: Value("1"), TypeError, "one real number, not str '1'"),
    case("None in a Value", lambda: Value(None), TypeError, "one real number, not NoneType"),
    case("a list in a Value", lambda: Value([1.0]), TypeError, "arrays belong in a Tensor"),
    case("a complex number in a Value", lambda: Value(1j), TypeError, "one real number"),
    case("strings in a Tensor", lambda: Tensor(["a"]), TypeError, "real numbers, not dtype"),
    case("objects in a Tensor", lambda: Tensor([object()]), TypeError, "real numbers, not dtype"),
    case("complex numbers in a Tensor", lambda: Tensor([1j]), TypeError, "real numbers, not dtype"),
    case("nodes in a Tensor", lambda: Tensor([Value(1.0)]), TypeError, "use stack"),
    case("a Tensor of half precision", lambda: Tensor([1.0], dtype=np.float16), TypeError, "float32 or float64"),
    case("ragged lists", lambda: Tensor([[1.0], [1.0, 2.0]]), ValueError, "inhomogeneous"),
    case("a sum of shapes that do not fit", lambda: t2() + t3(), ValueError, r"add: shapes \(2,\) float64 and \(3,\)"),
    case("an array of a shape that does not fit", lambda: np.ones(2) * t3(), ValueError, "multiply: shapes"),
    case("a string as an operand", lambda: t2() * "a", TypeError, "not str 'a'"),
    case("None as an operand", lambda: t2() + None, TypeError, "not NoneType None"),
    case("a complex operand", lambda: t2() * 1j, TypeError, "not complex"),
    case("a matrix product that does not fit", lambda: t2() @ t3(), ValueError, r"matmul.*\(2,\).*\(3,\)"),
    case("a reshape that does not fit", lambda: t3().reshape(2, 2), ValueError, r"reshape.*\(3,\)"),
    case("an axis that is not there", lambda: t3().sum(axis=2), ValueError, "axis"),
    case("an index out of range", lambda: t3()[7], IndexError, "7"),
    case("a Value with an index", lambda: Value(1.0)[0], TypeError, "subscriptable"),
    case("a Value summed", lambda: ag.sum(Value(1.0)), TypeError, "not on a Value"),
    case("nothing to concatenate", lambda: ag.concatenate([]), TypeError, "takes a list"),
    case("nothing to stack", lambda: ag.stack([]), TypeError, "takes a list"),
    case("the maximum of nothing", lambda: Tensor(np.zeros(0)).max(), ValueError, r"\(0,\)"),
    case(
        "the data of a computed node assigned", lambda: setattr(t2() * 2, "data", 0), ValueError, "computed by multiply"
    ),
    case("the data of a computed node written", lambda: (t2() * 2).data.fill(0), ValueError, "read-only"),
    case(
        "data of another shape", lambda: setattr(t2(), "data", [1.0]), ValueError, r"shape \(1,\) to a Tensor of shape"
    ),
    case("an array updated by a node", lambda: np.add(np.ones(2), t2(), out=np.ones(2)), TypeError, r"a = a \+ b"),
    case("item of a vector", lambda: t2().item(), ValueError, r"exactly one element.*\(2,\)"),
    case("float of a vector", lambda: float(t2()), ValueError, "exactly one element"),
    case("the truth of a vector", lambda: bool(t2() > 0), ValueError, "ambiguous"),
    case("the length of a number", lambda: len(Tensor(1.0)), TypeError, "single number"),
    case(
        "labels that are no class", lambda: nn.cross_entropy(Tensor([[1.0, 2.0]]), [2]), ValueError, "label 2 of row 0"
    ),
    case("a negative label", lambda: nn.cross_entropy(Tensor([[1.0, 2.0]]), [-1]), ValueError, "label -1 of row 0"),
    case(
        "labels that are not whole", lambda: nn.cross_entropy(Tensor([[1.0, 2.0]]), [0.5]), TypeError, "whole numbers"
    ),
    case(
        "a column against a row of targets",
        lambda: nn.mean_squared_error(Tensor([[1.0], [2.0]]), np.ones(2)),
        ValueError,
        "reshape one",
    ),
    case("gradients of a vector without a seed", lambda: gradients(t2() * 2, []), ValueError, "reduce it first"),
    case(
        "an inverse that is not there",
        lambda: ag.inv(Tensor(np.zeros((2, 2)))),
        ValueError,
        r"inv: .*\(2, 2\).*Singular",
    ),
    case("a matrix that is not square", lambda: ag.inv(Tensor(np.zeros((2, 3)))), ValueError, r"\(2, 3\)"),
]


@pytest.mark.parametrize(("f", "error", "text"), REFUSED)
def test_a_mistake_is_refused_in_the_user_s_terms(f: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        f()


# ---- graphs --------------------------------------------------------------


def test_backward_twice_adds_once_more_and_no_more() -> None:
    a = Value(3.0)
    y = a * a * a
    y.backward()
    assert a.grad == 27.0
    y.backward()
    assert a.grad == 54.0


def test_two_roots_that_share_a_part_add_up() -> None:
    a = Value(3.0)
    shared = a * a
    y, z = shared * 2, shared * 5
    y.backward()
    z.backward()
    assert a.grad == 42.0


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_sixty_diamonds_in_a_row_take_linear_time(kind: type[Node]) -> None:
    x = kind(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert float(x.grad) == 2.0**60


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_ten_thousand_consumers_of_one_leaf(kind: type[Node]) -> None:
    x = kind(1.0)
    total = x * 0.0
    for _ in range(10_000):
        total = total + x
    total.backward()
    assert float(x.grad) == 10_000.0


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_copies_and_pickles_of_a_deep_chain_are_leaves(kind: type[Node]) -> None:
    x = kind(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    for twin in (copy.copy(y), copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert twin.op is None
        assert float(twin) == 1.0
    assert "multiply" in repr(y)


@pytest.mark.parametrize("kind", [Value, Tensor])
def test_a_leaf_survives_a_pickle_with_gradient_and_label(kind: type[Node]) -> None:
    x = kind(3.0, label="x")
    (x * x).backward()
    twin = pickle.loads(pickle.dumps(x))
    assert (float(twin), float(twin.grad), twin.label) == (3.0, 6.0, "x")


@pytest.mark.parametrize("row", table.values(), ids=lambda row: row.name)
def test_copies_and_pickles_of_a_row_are_the_row(row: Primitive) -> None:
    assert copy.deepcopy([row])[0] is row
    assert pickle.loads(pickle.dumps(row)) is row


def test_a_cycle_cannot_be_made() -> None:
    a = Value(1.0)
    b = a * 2
    with pytest.raises(ValueError, match="computed by multiply"):
        b.data = a * b
    a.data = float(a + b)
    assert a.inputs == ()


def test_backward_that_raises_leaves_no_gradient_behind() -> None:
    def failing(g: Any, y: Any, x: Any) -> Any:
        raise RuntimeError("in the middle")

    row = ag.structured(failing, examples=[])(lambda x, /: x * 1)
    x = Tensor([1.0])
    y = x * 3
    z = y * 2 + row(y)
    with pytest.raises(RuntimeError, match="in the middle"):
        z.backward()
    assert x.grad is None
    assert y.grad is None
    y.backward()
    np.testing.assert_array_equal(x.grad, [3.0])


def test_an_array_handed_in_is_copied() -> None:
    array = np.array([2.0])
    x = Tensor(array)
    y = x * x * x
    array[0] = 100.0
    y.backward()
    np.testing.assert_array_equal(x.grad, [12.0])


def test_a_seed_is_not_kept() -> None:
    x, seed = Tensor([1.0, 2.0]), np.ones(2)
    y = x * 3
    y.backward(seed)
    seed[:] = 50.0
    np.testing.assert_array_equal(y.grad, [1.0, 1.0])


def test_gradients_share_no_memory() -> None:
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    (a + b).sum().backward()
    a.grad[0] = 50.0
    np.testing.assert_array_equal(b.grad, [1.0, 1.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_python_floats_do_not_change_the_precision(dtype: Any) -> None:
    x = Tensor([1.0, 2.0], dtype=dtype)
    y = (2.0 * x + 1) ** 2 / np.float64(3.0)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == dtype


@pytest.mark.parametrize("left", [np.ones(2), np.float64(2.0), np.float32(2.0), np.int64(2), 2, 2.0, True])
@pytest.mark.parametrize("kind", [Value, Tensor])
def test_numpy_on_the_left_gives_a_node_and_never_an_object_array(left: Any, kind: type[Node]) -> None:
    for y in (left * kind(3.0), left + kind(3.0), left - kind(3.0), left / kind(3.0), left ** kind(3.0)):
        assert isinstance(y, Node)
        assert y.dtype == np.float64


@pytest.mark.parametrize(("kind", "zero"), [(Value, 0), (Tensor, 0)])
def test_the_truth_of_a_node_is_that_of_its_number(kind: type[Node], zero: float) -> None:
    assert not kind(zero)
    assert kind(zero + 1)


def test_threads_with_graphs_of_their_own_do_not_disturb_each_other() -> None:
    results: list[float] = []

    def work(start: float) -> None:
        for _ in range(50):
            x = Value(start)
            (x * x).backward()
            results.append(x.grad - 2 * start)

    threads = [threading.Thread(target=work, args=(float(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0.0] * 400


def test_threads_that_share_a_leaf_add_up_exactly() -> None:
    x = Value(1.0)

    def work() -> None:
        for _ in range(200):
            (x * 3.0).backward()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad == 4800.0


def test_no_grad_in_one_thread_leaves_the_others_recording() -> None:
    entered, done = threading.Event(), threading.Event()

    def without() -> None:
        with ag.no_grad():
            entered.set()
            done.wait(10)

    thread = threading.Thread(target=without)
    thread.start()
    entered.wait(10)
    x = Value(2.0)
    y = x * x
    done.set()
    thread.join()
    y.backward()
    assert x.grad == 4.0
