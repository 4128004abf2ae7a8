"""Products over named axes and functions of matrices, against NumPy, identities and exact arithmetic."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd import Tensor, Value, gradients, matmul, no_grad
from autograd.node import Node, plain
from autograd.primitives.contraction import dot, einsum, inner, outer, tensordot
from autograd.primitives.linear import matrix_transpose, ones
from autograd.primitives.matrix import cholesky, det, diag, inv, slogdet, solve, trace

seeds = st.integers(0, 2**32 - 1)


def agrees_in_every_operand(ours: Any, theirs: Any, arrays: list[np.ndarray], rng: np.random.Generator) -> None:
    """Values, and the gradients of what is linear in each operand: no step is too long for its difference."""
    tensors = [Tensor(a) for a in arrays]
    y, expected = ours(*tensors), theirs(*arrays)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.data, expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(ours(*arrays), expected, rtol=1e-11, atol=1e-12)
    g = rng.normal(size=y.shape)
    y.backward(g)
    for k, tensor in enumerate(tensors):
        for _ in range(2):
            direction = rng.normal(size=tensor.shape)
            along = np.sum(g * theirs(*arrays[:k], direction, *arrays[k + 1 :]))
            np.testing.assert_allclose(np.sum(tensor.grad * direction), along, rtol=1e-10, atol=1e-10)


# ---- einsum --------------------------------------------------------------


@st.composite
def contractions(draw: st.DrawFn) -> tuple[str, list[tuple[int, ...]]]:
    """Subscripts of every kind NumPy reads - diagonals, dots, sizes of 1, no output - with shapes that fit."""
    sizes = {letter: draw(st.integers(1, 3)) for letter in "abcdZ"}
    stack = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(0, 2)))]
    terms, shapes, dotted = [], [], False
    for _ in range(draw(st.integers(1, 4))):
        letters = draw(st.text("abcdZ", max_size=4))
        shape = [sizes[x] if letters.count(x) > 1 else draw(st.sampled_from([sizes[x], 1])) for x in letters]
        if draw(st.booleans()):
            place, dims = draw(st.integers(0, len(letters))), draw(st.integers(0, len(stack)))
            part = [draw(st.sampled_from([n, 1])) for n in stack[len(stack) - dims :]]
            shape[place:place] = part
            letters = f"{letters[:place]}...{letters[place:]}"
            dotted = True
        terms.append(letters)
        shapes.append(tuple(shape))
    inputs = ",".join(terms)
    if draw(st.booleans()):
        return inputs, shapes
    output = draw(st.permutations(sorted({*inputs} - {*",."})))
    output = output[: draw(st.integers(0, len(output)))]
    if dotted:
        output.insert(draw(st.integers(0, len(output))), "...")
    return f"{inputs}->{''.join(output)}", shapes


@settings(max_examples=150)
@example(("abcd,cdef->abef", [(2, 3, 2, 2), (2, 2, 3, 2)]), 0)  # several axes of each kind
@given(contractions(), seeds)
def test_einsum_is_numpys_and_its_gradients_the_slopes_along_any_direction(contraction: Any, seed: int) -> None:
    subscripts, shapes = contraction
    rng = np.random.default_rng(seed)
    agrees_in_every_operand(
        lambda *x: einsum(subscripts, *x),
        lambda *x: np.einsum(subscripts, *x),
        [rng.normal(size=shape) for shape in shapes],
        rng,
    )


@settings(max_examples=50)
@given(contractions(), seeds)
def test_second_derivatives_of_einsum_are_einsums_of_what_is_left(contraction: Any, seed: int) -> None:
    subscripts, shapes = contraction
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=shape) for shape in shapes]
    tensors = [Tensor(a) for a in arrays]
    y = einsum(subscripts, *tensors)
    g = rng.normal(size=y.shape)
    firsts = gradients(y, tensors, g)
    directions = [rng.normal(size=shape) for shape in shapes]
    for j, k in itertools.permutations(range(len(shapes)), 2):
        pairing = (firsts[j] * directions[j]).sum()
        second = gradients(pairing, [tensors[k]])[0] if isinstance(pairing, Node) else None
        replaced = [directions[i] if i in (j, k) else a for i, a in enumerate(arrays)]
        expected = np.sum(g * np.einsum(subscripts, *replaced))
        found = 0.0 if second is None else float(np.sum(plain(second) * directions[k]))
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_einsum_of_many_operands_never_makes_an_array_larger_than_needed() -> None:
    x, vectors = Tensor(np.ones((50, 50))), [Tensor(np.ones(50)) for _ in range(3)]
    y = einsum("i,j,k,kj->i", *vectors, x)
    y.sum().backward()
    pending, sizes = [y], []
    while pending:
        node = pending.pop()
        sizes.append(node.size)
        pending.extend(node.inputs)
    assert sorted(sizes)[-1] == x.size
    np.testing.assert_array_equal(x.grad, np.full((50, 50), 50.0))


def test_einsum_of_one_operand_is_made_of_what_it_does() -> None:
    x = Tensor(np.arange(9.0).reshape(3, 3))
    assert einsum("ij->ij", x).op.name == "positive"  # a node of its own, which a leaf in no_grad has to be
    with no_grad():
        y = einsum("ij->ij", x * 2)
    assert (y.op, y.inputs) == (None, ())
    assert einsum("ij->ij", array := np.eye(2)) is array
    assert einsum("ij->ji", x).op.name == "transpose"
    assert einsum("ij->i", x).op.name == "sum"
    assert einsum("ii->i", x).data.tolist() == [0.0, 4.0, 8.0]
    assert einsum("ij, jk -> ik", x, x).parameters == {"subscripts": "ij,jk->ik"}
    assert type(einsum("i->i", [1.0, 2.0])) is np.ndarray


def test_einsum_of_no_entries() -> None:
    a, b = Tensor(np.zeros((2, 0))), Tensor(np.zeros((0, 3)))
    y = einsum("ij,jk->ik", a, b)
    y.sum().backward()
    np.testing.assert_array_equal(y.data, np.zeros((2, 3)))
    assert (a.grad.shape, b.grad.shape) == ((2, 0), (0, 3))
    assert einsum("ii->i", Tensor(np.zeros((0, 0)))).shape == (0,)
    assert einsum("ijkl,klm->ijm", Tensor(np.zeros((2, 0, 3, 0))), Tensor(np.zeros((3, 0, 4)))).shape == (2, 0, 4)


@pytest.mark.parametrize(
    ("subscripts", "shapes", "said"),
    [
        ("ij,jk->ik", [(2, 3), (4, 2)], "j is both 3 and 4 in ij of shape (2, 3) and jk of shape (4, 2)"),
        ("ij,jk->ik", [(2, 3)], "'ij,jk->ik' is for 2 operands, and 1 are given"),
        ("ij,jk->ik", [(2, 3), (3,)], "'jk' in 'ij,jk->ik' does not name the axes of an operand of shape (3,)"),
        ("ij...,jk->ik...", [(2,), (3, 2)], "'ij…' in 'ij...,jk->ik...' does not name the axes of an operand of shape"),
        ("ij->ik", [(2, 3)], "the output of 'ij->ik' names k, which no operand has"),
        ("ij->ii", [(2, 3)], "the output of 'ij->ii' names i twice"),
        ("...j->j", [(2, 3)], "the dots of '...j->j' stand for 1 axes, which its output has to name too"),
        ("i1->i", [(2, 3)], "cannot read 'i1->i'; it is to be of the form 'ij,jk->ik' or 'ij,jk'"),
        ("i->j->k", [(2,)], "cannot read"),
        ("i->j,k", [(2,)], "cannot read"),
        ("i..j->ij", [(2, 3)], "cannot read"),
    ],
)
def test_einsum_says_what_does_not_fit(
    subscripts: str, shapes: list[Any], said: str, message_of: Callable[..., str]
) -> None:
    text = message_of(ValueError, lambda: einsum(subscripts, *(Tensor(np.ones(shape)) for shape in shapes)))
    assert text.startswith("einsum: ")
    assert said in text


def test_einsum_wants_its_subscripts_first(message_of: Callable[..., str]) -> None:
    text = message_of(TypeError, lambda: einsum(Tensor([1.0]), [0]))
    assert text == "einsum: the subscripts come first, as text: einsum('ij,jk->ik', a, b)"


# ---- other products ------------------------------------------------------


@given(
    st.tuples(*[st.lists(st.integers(1, 3), max_size=3)] * 3), st.booleans(), st.randoms(use_true_random=False), seeds
)
def test_tensordot_is_numpys(parts: Any, counted: bool, random: Any, seed: int) -> None:
    left, shared, right = parts
    rng = np.random.default_rng(seed)
    axes: Any = len(shared)
    places_a, places_b = [*range(len(left), len(left) + len(shared))], [*range(len(shared))]
    a, b = rng.normal(size=left + shared), rng.normal(size=shared + right)
    if not counted:
        order_a, order_b = random.sample(range(a.ndim), a.ndim), random.sample(range(b.ndim), b.ndim)
        a, b = a.transpose(order_a), b.transpose(order_b)
        axes = ([order_a.index(i) - random.choice([0, a.ndim]) for i in places_a], [*map(order_b.index, places_b)])
    agrees_in_every_operand(lambda x, y: tensordot(x, y, axes), lambda x, y: np.tensordot(x, y, axes), [a, b], rng)


@pytest.mark.parametrize(("ours", "theirs"), [(dot, np.dot), (inner, np.inner), (outer, np.outer)])
@pytest.mark.parametrize(
    "shapes",
    [
        *[((), ()), ((), (3,)), ((2, 3), ()), ((3,), (3,)), ((2, 3), (3, 3)), ((2, 3), (3,)), ((2, 2, 3), (4, 3, 3))],
        *[((2, 3), (4, 3, 3)), ((2, 3), (2, 2, 3, 3)), ((3,), (4, 3, 3)), ((4, 2, 3), (3, 3)), ((4, 2, 3), (3,))],
    ],
)
def test_dot_inner_and_outer_are_numpys(ours: Any, theirs: Any, shapes: Any, rng: np.random.Generator) -> None:
    arrays = [rng.normal(size=shape) for shape in shapes]
    if ours is outer and () in shapes:
        arrays = [np.atleast_1d(a) for a in arrays]
    agrees_in_every_operand(ours, theirs, arrays, rng)


def test_a_vector_dotted_with_a_stack_of_matrices(rng: np.random.Generator) -> None:
    agrees_in_every_operand(dot, np.dot, [rng.normal(size=3), rng.normal(size=(2, 3, 2))], rng)
    assert dot(Value(2.0), 3.0).data == 6.0


def test_numpys_dot_of_a_matrix_and_a_stack_is_ours(rng: np.random.Generator) -> None:
    a, b = rng.normal(size=(2, 3)), rng.normal(size=(4, 3, 5))
    for y in (np.dot(Tensor(a), b), np.dot(a, Tensor(b)), dot(a, b)):
        np.testing.assert_allclose(plain(y), np.dot(a, b), rtol=1e-13)


@pytest.mark.parametrize(
    ("axes", "of_a", "of_b"),
    [(1, "[-1]", "[0]"), ((0, 0), "[0]", "[0]"), (((0, 0), (0, 1)), "[0, 0]", "[0, 1]"), ((2, 0), "[2]", "[0]")],
)
def test_tensordot_says_which_axes_do_not_fit(axes: Any, of_a: str, of_b: str, message_of: Callable[..., str]) -> None:
    text = message_of(ValueError, lambda: tensordot(Tensor(np.ones((2, 3))), Tensor(np.ones((4, 2))), axes))
    assert text.startswith(f"tensordot: cannot sum over axes {of_a} of shape (2, 3) and {of_b} of (4, 2); ")


@given(st.integers(-4, 4), st.integers(0, 4), st.integers(0, 4), seeds)
def test_diagonals_are_numpys_both_ways(k: int, rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for shape in ((rows, columns), (rows,)):
        agrees_in_every_operand(lambda x: diag(x, k), lambda x: np.diag(x, k), [rng.normal(size=shape)], rng)
    agrees_in_every_operand(trace, np.trace, [rng.normal(size=(rows, columns))], rng)


def test_diagonals_of_stacks_are_left_to_einsum(message_of: Callable[..., str]) -> None:
    stack = Tensor(np.ones((2, 3, 3)))
    text = message_of(ValueError, lambda: diag(stack))
    assert text == "diag: takes a vector or a matrix, not shape (2, 3, 3); einsum('...ii->...i', x) takes a stack"
    text = message_of(ValueError, lambda: trace(stack))
    assert text == "trace: takes a matrix, not shape (2, 3, 3); einsum('...ii->...', x) takes a stack"
    assert einsum("...ii->...", stack).data.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("x", [2.0, [1.0, 2.0], np.ones(2), Tensor(1.0), Tensor([1.0, 2.0]), Value(1.0)])
def test_what_is_no_matrix_is_not_transposed_as_one(x: Any, message_of: Callable[..., str]) -> None:
    text = message_of(ValueError, lambda: matrix_transpose(x))
    assert text == f"matrix_transpose: takes a matrix or a stack of matrices, not shape {np.shape(x)}"


def test_nested_lists_are_transposed_as_matrices() -> None:
    assert matrix_transpose([[1.0, 2.0], [3.0, 4.0]]).tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert matrix_transpose([[[1.0, 2.0]]]).tolist() == [[[1.0], [2.0]]]


# ---- functions of matrices -----------------------------------------------


def well_conditioned(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-1, 1, shape) / shape[-1] + 2 * np.eye(shape[-1])


@given(st.lists(st.integers(1, 3), max_size=2), st.integers(1, 4), seeds)
def test_inverse_solution_and_product_undo_each_other_to_first_order(stack: list[int], n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = Tensor(well_conditioned((*stack, n, n), rng)), Tensor(rng.normal(size=(*stack, n, 2)))
    g = rng.normal(size=b.shape)
    for same in (matmul(a, solve(a, b)), solve(a, matmul(a, b)), matmul(matmul(a, inv(a)), b)):
        a.grad = b.grad = None
        same.backward(g)
        np.testing.assert_allclose(same.data, b.data, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(a.grad, np.zeros(a.shape), atol=1e-11)
        np.testing.assert_allclose(b.grad, g, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("of_a", "of_b"),
    [((3, 3), (3,)), ((2, 3, 3), (3,)), ((3, 3), (2, 3, 1)), ((2, 1, 3, 3), (4, 3, 2)), ((0, 3, 3), (3, 2))],
)
def test_solve_stretches_stacks_and_sums_their_gradients(of_a: Any, of_b: Any, rng: np.random.Generator) -> None:
    a, b = Tensor(well_conditioned(of_a, rng)), Tensor(rng.normal(size=of_b))
    y = solve(a, b)
    np.testing.assert_allclose(y.data, np.linalg.solve(a.data, b.data), rtol=1e-13)
    y.backward(g := rng.normal(size=y.shape))
    slopes_a, slopes_b = a.grad, b.grad
    a.grad = b.grad = None
    column = len(of_b) == 1
    z = matmul(inv(a), b.reshape(-1, 1) if column else b)
    z.backward(g[..., None] if column else g)
    np.testing.assert_allclose(slopes_a, a.grad, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(slopes_b, b.grad, rtol=1e-11, atol=1e-12)


def exact_det(rows: list[list[Fraction]]) -> Fraction:
    """By Leibniz's sum over permutations."""
    n = len(rows)
    total = Fraction(0)
    for order in itertools.permutations(range(n)):
        inversions = sum(order[i] > order[j] for i in range(n) for j in range(i + 1, n))
        total += (-1) ** inversions * math.prod((rows[i][order[i]] for i in range(n)), start=Fraction(1))
    return total


def without(rows: list[list[Fraction]], *taken: tuple[int, int]) -> list[list[Fraction]]:
    out_rows, out_columns = zip(*taken)
    return [[x for j, x in enumerate(row) if j not in out_columns] for i, row in enumerate(rows) if i not in out_rows]


@given(st.integers(1, 4), st.integers(0, 3), seeds)
def test_determinants_have_right_slopes_of_both_orders_whatever_the_rank(n: int, defect: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    entries = rng.integers(-3, 4, (n, n))
    for i in range(n - 1 if defect >= n else defect):
        entries[-1 - i] = (i % 2) * entries[0]  # rows of zeros and repeated rows
    exact = [[Fraction(int(x)) for x in row] for row in entries]
    x = Tensor(entries)
    y = det(x)
    (first,) = gradients(y, [x])
    assert y.item() == pytest.approx(float(exact_det(exact)), rel=1e-12, abs=1e-11)
    minors = [[(-1) ** (i + j) * float(exact_det(without(exact, (i, j)))) for j in range(n)] for i in range(n)]
    np.testing.assert_allclose(plain(first), minors, rtol=1e-9, atol=1e-9)
    if n > 1:
        (second,) = gradients(first[0, 0], [x])
        expected = np.zeros((n, n))
        for i, j in itertools.product(range(1, n), range(1, n)):
            expected[i, j] = (-1) ** (i + j) * float(exact_det(without(exact, (0, 0), (i, j))))
        np.testing.assert_allclose(np.broadcast_to(plain(second), (n, n)), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("gap", [1.0, 1e-4, 1e-7, 1e-9, 1e-12, 1e-16, 0.0])
def test_determinants_have_right_second_derivatives_however_nearly_singular(
    gap: float, rng: np.random.Generator
) -> None:
    left, _, right = np.linalg.svd(rng.normal(size=(2, 4, 4)))
    x = Tensor(left * [1.0, 0.8, 0.5, gap] @ right)
    (first,) = gradients(det(x)[1], [x])
    (second,) = gradients(first[1, 0, 0], [x])
    rest = np.delete(np.delete(x.numpy()[1], 0, 0), 0, 1)  # of which the first slope is the determinant
    np.testing.assert_allclose(
        second.numpy()[1, 1:, 1:], np.linalg.inv(rest).T * np.linalg.det(rest), rtol=0, atol=1e-7
    )
    np.testing.assert_allclose(second.numpy()[1, :, 0], 0, atol=1e-7)


@pytest.mark.parametrize(("a", "b"), [(1e-160, 1.2345e-160), (1.4e-162, 4e-162), (1e200, 1e200), (1e-200, 1e-200)])
def test_slopes_of_a_determinant_that_under_or_overflows(a: float, b: float) -> None:
    x = Tensor(np.diag([a, b]))
    with np.errstate(over="ignore"):
        det(x).backward()
    np.testing.assert_allclose(x.grad, np.diag([b, a]), rtol=1e-12)


def test_determinant_of_a_stack_with_a_singular_matrix_in_it() -> None:
    x = Tensor([[[1.0, 2.0], [2.0, 4.0]], [[3.0, 1.0], [1.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]])
    y = det(x)
    y.backward([1.0, 1.0, 1.0])
    np.testing.assert_allclose(y.data, [0.0, 5.0, 0.0], rtol=1e-15)
    np.testing.assert_allclose(
        x.grad, [[[4.0, -2.0], [-2.0, 1.0]], [[2.0, -1.0], [-1.0, 3.0]], [[0.0, 0.0], [0.0, 0.0]]], rtol=1e-15
    )


@given(st.lists(st.integers(1, 3), max_size=1), st.integers(1, 4), seeds)
def test_slogdet_is_the_logarithm_of_det_with_its_slopes(stack: list[int], n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = Tensor(well_conditioned((*stack, n, n), rng) * rng.choice([-1.0, 1.0], (*stack, n, 1)))
    sign, logarithm = slogdet(x)
    assert not isinstance(sign, Node)
    determinant = det(x)
    np.testing.assert_array_equal(sign, np.sign(determinant.data))
    np.testing.assert_allclose(logarithm.data, np.log(np.abs(determinant.data)), rtol=1e-12, atol=1e-12)
    logarithm.sum().backward()
    slopes, x.grad = x.grad, None
    (sign * determinant).log().sum().backward()
    np.testing.assert_allclose(slopes, x.grad, rtol=1e-10, atol=1e-11)


def test_slogdet_names_its_parts_as_numpy_does() -> None:
    x = Tensor([[0.0, 2.0], [1.0, 0.0]])
    for found in (slogdet(x), np.linalg.slogdet(x)):
        assert found._fields == np.linalg.slogdet(x.data)._fields
        assert (found.sign, found.logabsdet.item()) == np.linalg.slogdet(x.data)
        assert tuple(found) == (found.sign, found.logabsdet)


def test_slogdet_of_large_matrices_does_not_overflow() -> None:
    x = Tensor(1e10 * np.eye(100))
    sign, logarithm = slogdet(x)
    logarithm.backward()
    assert (sign, logarithm.item()) == (1.0, pytest.approx(1000 * math.log(10), rel=1e-14))
    np.testing.assert_allclose(x.grad, 1e-10 * np.eye(100), rtol=1e-14)


def test_slogdet_of_a_singular_matrix_is_minus_inf_and_backward_says_so(message_of: Callable[..., str]) -> None:
    sign, logarithm = slogdet(Tensor([[1.0, 2.0], [2.0, 4.0]]))
    assert (sign, logarithm.item()) == (0.0, -math.inf)
    text = message_of(ValueError, logarithm.backward)
    assert text == (
        "slogdet: the matrix is singular; log|det| is -inf there, and has no slope. "
        "Add a multiple of the identity to the matrix, or use det"
    )


@given(st.lists(st.integers(1, 3), max_size=1), st.integers(1, 4), seeds)
def test_cholesky_factors_the_symmetric_part_and_has_symmetric_slopes(stack: list[int], n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(*stack, n, n))
    skew = rng.normal(size=(*stack, n, n))
    symmetric = half @ np.swapaxes(half, -1, -2) + np.eye(n)
    x = Tensor(symmetric + skew - np.swapaxes(skew, -1, -2))
    y = cholesky(x)
    np.testing.assert_allclose(y.data @ np.swapaxes(y.data, -1, -2), symmetric, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(y.data, np.tril(y.data))
    # L @ L.T is the symmetric part again, so that its slopes are those of (x + x.T) / 2.
    g = rng.normal(size=y.shape)
    einsum("...ij,...kj->...ik", y, y).backward(g)
    np.testing.assert_allclose(x.grad, (g + np.swapaxes(g, -1, -2)) / 2, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(x.grad, np.swapaxes(x.grad, -1, -2))


def test_determinant_inverse_and_factor_of_a_matrix_tell_the_same_second_derivative(rng: np.random.Generator) -> None:
    half = rng.normal(size=(3, 3))
    x = Tensor(half @ half.T + np.eye(3))
    direction = rng.normal(size=(3, 3))
    direction += direction.T
    found = []
    for logarithm in (slogdet(x)[1], det(x).log(), 2 * einsum("ii->i", cholesky(x)).log().sum()):
        (first,) = gradients(logarithm, [x])
        (second,) = gradients((first * direction).sum(), [x])
        found.append(plain(second))
    expected = -np.linalg.inv(x.data) @ direction @ np.linalg.inv(x.data)
    for second in found:
        np.testing.assert_allclose(second, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("f", "arrays", "error", "said"),
    [
        (inv, [np.zeros((2, 2))], ValueError, r"inv: cannot be computed for shapes \(2, 2\).*Singular matrix"),
        (inv, [np.zeros((2, 3))], ValueError, r"inv: .*\(2, 3\).*square"),
        (det, [np.zeros((2, 3))], ValueError, r"det: .*\(2, 3\).*square"),
        (slogdet, [np.zeros(3)], ValueError, r"slogdet: .*\(3,\).*two-dimensional"),
        (solve, [np.ones((2, 2)), np.ones(2)], ValueError, r"solve: .*\(2, 2\).* and \(2,\).*Singular matrix"),
        (solve, [np.eye(2), np.ones(3)], ValueError, r"solve: .*\(2, 2\).* and \(3,\)"),
        (cholesky, [-np.eye(2)], ValueError, r"cholesky: .*\(2, 2\).*Matrix is not positive definite"),
    ],
)
def test_matrices_that_do_not_do_are_refused_with_their_shapes(f: Any, arrays: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        f(*map(Tensor, arrays))


def test_the_ones_that_all_rules_share_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ones(3, np.dtype(np.float64))[0] = 2.0
