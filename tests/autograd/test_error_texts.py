"""What every error says: the whole text, call by call, and that none is missing here."""

from __future__ import annotations

import ast
import importlib
import math
import operator
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import graphviz
import numpy as np
import pytest
from hypothesis import given

import autograd as ag
import autograd.testing
from autograd import Tensor, Value, jvp
from autograd.__main__ import find, read_variables, run
from autograd.expression import parse
from autograd.node import Constant, plain
from autograd.primitives.arithmetic import add
from autograd.primitives.indexing import add_at
from autograd.symbol import Symbol
from autograd.testing import points
from autograd.testing.graph import recorded


def t(*shape: int, dtype: Any = np.float64) -> Tensor:
    return Tensor(np.ones(shape), dtype=dtype)


def cube(x: Any) -> Any:
    return x**3


def differentiated(label: str) -> Tensor:
    x = Tensor([1.0, 2.0], label=label)
    x.sum().backward()
    return x


def changed_before_backward() -> None:
    x = Tensor([1.0, 2.0], label="x")
    y = (x * x).sum()
    x.data[0] = 5.0
    y.backward()


def rule_that_hides_its_cotangent() -> None:
    @ag.structured(lambda g, y, x: 1 * plain(g), examples=[])
    def hiding(x: Any, /) -> Any:
        return x * 1.0

    jvp(hiding, (np.ones(2),), (np.ones(2),))


def rule_that_forgets_to_sum() -> None:
    @ag.structured(lambda g, y, a, b: g, lambda g, y, a, b: g, examples=[])
    def forgetful(a: Any, b: Any, /) -> Any:
        return a + b

    forgetful(t(2, 3), t(3)).backward(np.ones((2, 3)))


def rule_that_forgets_to_spread() -> None:
    @ag.structured(lambda g, y, x: g, examples=[])
    def forgetful(x: Any, /) -> Any:
        return np.sum(x)

    forgetful(t(3)).backward()


def rule_that_gives_none() -> None:
    @ag.structured(lambda g, y, x: None, examples=[])
    def nothing(x: Any, /) -> Any:
        return x * 1.0

    nothing(t()).backward()


def row_without_a_rule_for_each_operand() -> None:
    @ag.structured(lambda g, y, a, b: g, examples=[])
    def lacking(a: Any, b: Any, /) -> Any:
        return a + b


def rule_that_leaves_out_an_operand(kind: Callable[[float], Any]) -> None:
    @ag.structured(all_vjps=lambda g, y, a, b: [g], scalar=lambda a, b: a + b, examples=[])
    def sum_of_two(a: Any, b: Any, /) -> Any:
        return a + b

    sum_of_two(kind(1.0), kind(2.0)).backward()


def in_anomaly_mode(f: Callable[[Tensor], Any], x: float) -> None:
    with ag.detect_anomaly():
        f(Tensor(x, label="x")).backward()


def infinite_seed() -> None:
    with ag.detect_anomaly():
        (Tensor(1.0) * 2).backward(math.inf)


def without_hypothesis() -> None:
    with mock.patch("importlib.util.find_spec", return_value=None):
        importlib.reload(autograd.testing)


def without_graphviz() -> None:
    with mock.patch("graphviz.pipe", side_effect=graphviz.ExecutableNotFound(["dot"])):
        (Value(1.0) * 2).draw().save("picture.png")


def long_chain() -> Value:
    y = Value(1.0)
    for _ in range(500):
        y = -y
    return y


def without_examples() -> Any:
    return ag.structured(lambda g, y, x: g, examples=[])(lambda x, /: x)


def a_generator() -> Iterator[int]:
    yield 1


def everywhere_nan() -> Any:
    return ag.elementwise("nowhere", lambda x, y: x, array=lambda x: x * np.nan, scalar=lambda x: math.nan)


NAMES = {
    **vars(ag),
    "cube": cube,
    **{f.__name__: f for f in (add_at, find, given, parse, points, read_variables, recorded, run)},
    **{f.__name__: f for f in (t, differentiated, changed_before_backward, in_anomaly_mode)},
    **{f.__name__: f for f in (rule_that_hides_its_cotangent, rule_that_forgets_to_sum, rule_that_forgets_to_spread)},
    **{f.__name__: f for f in (rule_that_gives_none, rule_that_leaves_out_an_operand)},
    **{f.__name__: f for f in (infinite_seed, without_hypothesis, without_graphviz, long_chain, everywhere_nan)},
    **{f.__name__: f for f in (without_examples, a_generator, row_without_a_rule_for_each_operand)},
    **{"Constant": Constant, "Path": Path, "Symbol": Symbol, "add": add, "math": math, "np": np, "operator": operator},
}

# A call, and what it raises: … stands for what differs from one machine or version to another.
ERRORS = """
# ---- nodes
Value("1")
    TypeError: a Value holds one real number, not str '1'; arrays belong in a Tensor
Value(None)
    TypeError: a Value holds one real number, not NoneType None; arrays belong in a Tensor
Value([1.0])
    TypeError: a Value holds one real number, not list [1.0]; arrays belong in a Tensor
Value(1j)
    TypeError: a Value holds one real number, not complex 1j; arrays belong in a Tensor
Value(np.ones(2))
    TypeError: a Value holds one real number, not an array of shape (2,); arrays belong in a Tensor
Tensor(["a"])
    TypeError: a Tensor holds real numbers, not dtype <U1: ['a']
Tensor([1j])
    TypeError: a Tensor holds real numbers, not dtype complex128: [1j]
Tensor([object()])
    TypeError: a Tensor holds real numbers, not dtype object: [<object object at …>]
Tensor([Value(1.0)])
    TypeError: a Tensor cannot be made from nodes without losing their gradients; use stack([...])
Tensor([1.0], dtype=np.float16)
    TypeError: a Tensor's dtype is float32 or float64, not float16
Tensor(np.ma.array([1.0, 2.0], mask=[False, True]))
    TypeError: a Tensor has no mask; fill the masked entries first, as in x.filled(0.0)
Tensor([[1.0], [1.0, 2.0]])
    ValueError: …inhomogeneous shape…
len(Tensor(1.0))
    TypeError: len() of a Tensor that holds a single number
float(t(2))
    ValueError: item() needs exactly one element; this Tensor has shape (2,)
t(2, 3).item()
    ValueError: item() needs exactly one element; this Tensor has shape (2, 3)
np.asarray(Tensor([1.0], label="w"))
    TypeError: NumPy would make a plain array of Tensor 'w', and lose its gradient; write it with functions of autograd
    (stack([...]) makes a Tensor of a list of nodes), or give NumPy node.numpy() if no gradient is needed
np.asarray(t(2), copy=False)
    ValueError: a node's data is only handed out as a copy; drop copy=False
setattr(t(2) * 2, "data", 0)
    ValueError: this Tensor was computed by multiply: assign to the leaves it came from, or to a leaf of its own,
    node.detach()
setattr(Value(1.0) * 2, "data", 0)
    ValueError: this Value was computed by multiply: assign to the leaves it came from, or to a leaf of its own,
    node.detach()
setattr(t(2), "data", [1.0])
    ValueError: cannot assign data of shape (1,) to a Tensor of shape (2,); make a new Tensor instead
setattr(Constant(), "data", 1.0)
    TypeError: the data of a Constant cannot be assigned
type("Mine", (Value,), {})
    TypeError: Mine: Value and Tensor cannot be subclassed; write a class that holds one
type("Mine", (Tensor,), {})
    TypeError: Mine: Value and Tensor cannot be subclassed; write a class that holds one
Tensor(2, 3)
    TypeError: a label is a name in quotes, not 3; several numbers are one list, as in Tensor([1.0, 2.0]), and the
    precision is dtype=...
Value(2.0, (Value(1.0),))
    TypeError: a label is a name in quotes, not (Value(1.0),); several numbers are one list, as in
    Tensor([1.0, 2.0]), and the precision is dtype=...
operator.isub(differentiated("w"), 1.0)
    TypeError: x -= ... makes a new node and leaves Tensor 'w', which has a gradient, as it was; to update it write
    x.data -= ..., for a node that is recorded x = x - ...
operator.iadd(differentiated("w"), 1.0)
    TypeError: x += ... makes a new node and leaves Tensor 'w', which has a gradient, as it was; to update it write
    x.data += ..., for a node that is recorded x = x + ...
operator.imul(differentiated("w"), 1.0)
    TypeError: x *= ... makes a new node and leaves Tensor 'w', which has a gradient, as it was; to update it write
    x.data *= ..., for a node that is recorded x = x * ...
operator.setitem(t(2), 0, 1.0)
    TypeError: the entries of a Tensor cannot be assigned, as a graph may have been computed from them; compute a new
    Tensor, as in where(mask, value, x), or change the data of a leaf, as in x.data[index] = value
t(2).squeeze()
    AttributeError: a Tensor has no attribute 'squeeze'; squeeze is a function, autograd.squeeze(...)
Value(1.0).view(1)
    AttributeError: a Value has no attribute 'view'; write x.reshape(...)
t(2).unsqueeze(0)
    AttributeError: a Tensor has no attribute 'unsqueeze'; write expand_dims(x, axis), from autograd
t(2).requires_grad
    AttributeError: a Tensor has no attribute 'requires_grad'; every Value and Tensor is a variable, and a plain
    number or array is a constant
setattr(t(2), "requires_grad", False)
    AttributeError: a Tensor has no attribute 'requires_grad'; every Value and Tensor is a variable, and a plain
    number or array is a constant
# ---- operands
t(2) * "a"
    TypeError: multiply: takes numbers, arrays, Values and Tensors, not str 'a'
t(2) + None
    TypeError: add: takes numbers, arrays, Values and Tensors, not NoneType None
t(2) * 1j
    TypeError: multiply: takes numbers, arrays, Values and Tensors, not complex 1j
t(2) * np.ma.array([1.0, 2.0], mask=[False, True])
    TypeError: multiply: takes no masked array; fill the masked entries first, as in x.filled(0.0)
t(2) * [Value(1.0)]
    TypeError: multiply: a list of nodes would lose their gradients; make a Tensor of it, stack([...])
t(2, 3) + t(2)
    ValueError: add: shapes (2, 3) float64 and (2,) float64 do not broadcast; aligned at the right, each pair of
    sizes must be equal or one of them 1. Add an axis, as in x[:, None], or transpose one, as in x.T.
np.ones((4, 3)) * t(2, 3)
    ValueError: multiply: shapes (4, 3) float64 and (2, 3) float64 do not broadcast; aligned at the right, each pair
    of sizes must be equal or one of them 1. Add an axis, as in x[:, None], or transpose one, as in x.T.
t(2, dtype=np.float32) - t(3)
    ValueError: subtract: shapes (2,) float32 and (3,) float64 do not broadcast; aligned at the right, each pair of
    sizes must be equal or one of them 1. Add an axis, as in x[:, None], or transpose one, as in x.T.
where(np.ones(2) > 0, t(3), t(4))
    ValueError: where: shapes (2,) float64 and (3,) float64 and (4,) float64 do not broadcast; aligned at the right,
    each pair of sizes must be equal or one of them 1. Add an axis, as in x[:, None], or transpose one, as in x.T.
sum(Value(1.0))
    TypeError: sum: works on Tensors and arrays, not on a Value, which is a single number; stack([value]) makes a
    Tensor of it
sum(t(2), 0, True, 1)
    TypeError: sum: called with the wrong arguments; it takes (x, /, axis=None, *, keepdims=False)
matmul(t(2))
    TypeError: matmul: called with the wrong arguments; it takes (a, b, /)
log(t(2), 2)
    TypeError: log: takes 1 operand, and 2 were given
maximum(t(2), t(2), t(2))
    TypeError: maximum: takes 2 operands, and 3 were given
# ---- backward
(t(2) * 2).backward()
    ValueError: backward() starts from a single number, and this Tensor has shape (2,): reduce it first, as in
    t.sum().backward(), or give the cotangent of every entry, as in t.backward(seed)
(t(2) * 2).backward("a")
    TypeError: the seed is made of real numbers, not of …
(t(2) * 2).backward(np.ones(3))
    ValueError: the seed has shape (3,), but the node it is the cotangent of has (2,)
changed_before_backward()
    RuntimeError: backward: the data of Tensor 'x' were changed after multiply had used them for the Tensor of shape
    (2,) that multiply computed, so the gradient would not be that of what was computed. Change data (or step an
    optimizer) after backward(), or compute the result again.
# ---- matrix products
t(2, 3) @ t(2, 4)
    ValueError: matmul: cannot be computed for shapes (2, 3) float64 and (2, 4) float64 (each row of the left one
    has 3 entries, and each column of the right one 2; transpose one of them, as in x.T, or reshape one)
t(2) @ t(3)
    ValueError: matmul: cannot be computed for shapes (2,) float64 and (3,) float64 (each row of the left one has 2
    entries, and each column of the right one 3; transpose one of them, as in x.T, or reshape one)
t() @ t(3)
    ValueError: matmul: cannot be computed for shapes () float64 and (3,) float64 (a single number has no rows or
    columns; multiply by it with *)
t(2, 2, 3) @ t(3, 3, 2)
    ValueError: matmul: cannot be computed for shapes (2, 2, 3) float64 and (3, 3, 2) float64 (the stacks of
    matrices do not broadcast; add an axis to one of them, as in x[:, None], or reshape one)
np.ones((2, 3), np.float32) @ t(2, 3)
    ValueError: matmul: cannot be computed for shapes (2, 3) float64 and (2, 3) float64 (each row of the left one
    has 3 entries, and each column of the right one 2; transpose one of them, as in x.T, or reshape one)
linear(t(4, 5), t(3, 2), t(2))
    ValueError: linear: cannot be computed for shapes (4, 5) float64 and (3, 2) float64 and (2,) float64 (each row
    of the left one has 5 entries, and each column of the right one 3; transpose one of them, as in x.T, or reshape
    one)
linear(t(4, 3), t(3, 2), t(3))
    ValueError: linear: cannot be computed for shapes (4, 3) float64 and (3, 2) float64 and (3,) float64 (it takes
    rows, a matrix of weights, and one bias per column of weights)
weighted_sum([Value(1.0)], [2.0, 3.0], 0.0)
    ValueError: weighted_sum: 1 weights cannot weigh 2 inputs; give one input per weight
einsum("ij,jk->ik", t(2, 3), t(2, 4))
    ValueError: einsum: j is both 3 and 2 in ij of shape (2, 3) and jk of shape (2, 4); exchange the letters of one
    of them, or reshape it
einsum("ij,jk", t(2), t(2, 3))
    ValueError: einsum: 'ij' in 'ij,jk' does not name the axes of an operand of shape (2,), one letter each
einsum("ij,jk", t(2, 2))
    ValueError: einsum: 'ij,jk' is for 2 operands, and 1 are given
einsum("i1", t(2, 2))
    ValueError: einsum: cannot read 'i1'; it is to be of the form 'ij,jk->ik' or 'ij,jk'
einsum("ij->k", t(2, 2))
    ValueError: einsum: the output of 'ij->k' names k, which no operand has
einsum("ij->ii", t(2, 2))
    ValueError: einsum: the output of 'ij->ii' names i twice
einsum("...i->i", t(2, 3))
    ValueError: einsum: the dots of '...i->i' stand for 1 axes, which its output has to name too
einsum(t(2), "i")
    TypeError: einsum: the subscripts come first, as text: einsum('ij,jk->ik', a, b)
tensordot(t(2, 3), t(2, 4))
    ValueError: tensordot: cannot sum over axes [-2, -1] of shape (2, 3) and [0, 1] of (2, 4); the axes are to exist
    and to be of equal sizes in pairs. Name other axes, or transpose one, as in x.T
tensordot(t(2, 3), t(2, 4), (5, 0))
    ValueError: tensordot: cannot sum over axes [5] of shape (2, 3) and [0] of (2, 4); the axes are to exist and to
    be of equal sizes in pairs. Name other axes, or transpose one, as in x.T
inner(t(2, 3), t(2, 4))
    ValueError: tensordot: cannot sum over axes [-1] of shape (2, 3) and [-1] of (2, 4); the axes are to exist and
    to be of equal sizes in pairs. Name other axes, or transpose one, as in x.T
linear(1.0, np.ones((2, 3)), np.ones(3))
    ValueError: linear: cannot be computed for shapes () float64 and (2, 3) float64 and (3,) float64 (it takes rows, a
    matrix of weights, and one bias per column of weights)
matrix_transpose(2.0)
    ValueError: matrix_transpose: takes a matrix or a stack of matrices, not shape ()
# ---- matrices
inv(t(2, 3))
    ValueError: inv: cannot be computed for shapes (2, 3) float64 (…square…)
inv(t(2, 2))
    ValueError: inv: cannot be computed for shapes (2, 2) float64 (Singular matrix)
solve(t(2, 3), t(2))
    ValueError: solve: cannot be computed for shapes (2, 3) float64 and (2,) float64 (…square…)
solve(Tensor(np.eye(2)), t(3))
    ValueError: solve: cannot be computed for shapes (2, 2) float64 and (3,) float64 (the right-hand side is to have
    one entry, or one row, for every row of the matrix; transpose it, as in x.T, or reshape it)
det(t(2, 3))
    ValueError: det: cannot be computed for shapes (2, 3) float64 (…square…)
slogdet(t(2, 2))[1].backward()
    ValueError: slogdet: the matrix is singular; log|det| is -inf there, and has no slope. Add a multiple of the
    identity to the matrix, or use det
cholesky(t(2, 3))
    ValueError: cholesky: cannot be computed for shapes (2, 3) float64 (it takes square matrices)
cholesky(-Tensor(np.eye(2)))
    ValueError: cholesky: cannot be computed for shapes (2, 2) float64 (Matrix is not positive definite)
diag(t())
    ValueError: diag: takes a vector or a matrix, not shape (); einsum('...ii->...i', x) takes a stack
trace(t(2))
    ValueError: trace: takes a matrix, not shape (2,); einsum('...ii->...', x) takes a stack
# ---- shapes
t(3).reshape(2, 2)
    ValueError: reshape: cannot be computed for shapes (3,) float64, shape=(2, 2) (the sizes are to multiply to 3,
    the number of entries; one size may be -1, for what is left)
t(3).reshape(2, -1)
    ValueError: reshape: cannot be computed for shapes (3,) float64, shape=(2, -1) (the sizes are to multiply to 3,
    the number of entries; one size may be -1, for what is left)
broadcast_to(t(3), (2, 2))
    ValueError: broadcast_to: cannot be computed for shapes (3,) float64, shape=(2, 2) (aligned at the right, each
    size is to be 1 or the new one; add an axis, as in x[:, None], or transpose, as in x.T)
transpose(t(2, 3), (0, 0))
    ValueError: transpose: cannot be computed for shapes (2, 3) float64, axes=(0, 0) (axes is to name each of the 2
    axes once)
squeeze(t(2, 1), 0)
    ValueError: squeeze: axis 0 of shape (2, 1) has 2 entries and cannot be left out
expand_dims(t(2), 3)
    AxisError: expand_dims: there is no axis 3 for shape (2,); axes are 0 to 1, or -2 to -1 from the back
swapaxes(t(2), 0, 1)
    AxisError: swapaxes: there is no axis 1 for shape (2,); axes are 0 to 0, or -1 to -1 from the back
flip(t(), 0)
    AxisError: flip: there is no axis 0 for shape (); one number has no axes
moveaxis(t(2, 3), (0, 1), 0)
    ValueError: moveaxis: 2 axes cannot be moved to 1 places
moveaxis(t(2, 3), (0, 0), (0, 1))
    ValueError: moveaxis: axis=(0, 0) names an axis of shape (2, 3) twice
concatenate([])
    TypeError: concatenate: takes a list of at least one node or array, as in concatenate([a, b])
stack(t(2))
    TypeError: stack: takes a list of at least one node or array, as in stack([a, b])
concatenate([t(2, 3), t(2, 4, dtype=np.float32)])
    ValueError: concatenate: cannot be computed for shapes (2, 3) float64 and (2, 4) float32, axis=0 (the shapes may
    differ along axis 0 only; transpose one of them, as in x.T, reshape one, or join along another axis)
concatenate([t(2, 3), t(2)], axis=1)
    ValueError: concatenate: cannot be computed for shapes (2, 3) float64 and (2,) float64, axis=1 (the shapes may
    differ along axis 1 only; transpose one of them, as in x.T, reshape one, or join along another axis)
concatenate([Value(1.0), Value(2.0)])
    ValueError: concatenate: cannot be computed for shapes () float64 and () float64, axis=0 (single numbers have no
    axis to be joined along; stack joins them to a vector)
concatenate([t(2), t(2)], axis=1)
    AxisError: concatenate: cannot be computed for shapes (2,) float64 and (2,) float64, axis=1 (axis 1 is out of
    bounds…)
stack([t(2), t(3)])
    ValueError: stack: cannot be computed for shapes (2,) float64 and (3,) float64, axis=0 (it joins equal shapes
    along a new axis; reshape or broadcast_to makes them equal, and concatenate joins along an axis that is there)
stack([t(2), t(2)], axis=2)
    AxisError: stack: cannot be computed for shapes (2,) float64 and (2,) float64, axis=2 (axis 2 is out of bounds…)
split(t(5), 2)
    ValueError: split: axis 0 of shape (5,) has 5 entries, which make no 2 equal parts
split(t(5), 0)
    ValueError: split: axis 0 of shape (5,) has 5 entries, which make no 0 equal parts
repeat(t(3), [1, 2])
    ValueError: repeat: axis 0 of shape (3,) has 3 entries, but there are 2 numbers
repeat(t(3), -1)
    ValueError: repeat: entries are repeated 0, 1, 2, ... times, not -1
tile(t(3), (2, -1))
    ValueError: tile: entries are repeated 0, 1, 2, ... times, not (2, -1)
repeat(t(3), 1.5)
    TypeError: 'float' object cannot be interpreted as an integer
roll(t(3), 1, axis=1)
    AxisError: roll: cannot be computed for shapes (3,) float64, axis=1, shift=1 (axis 1 is out of bounds…)
pad(t(3), -1)
    ValueError: pad: margins are 0, 1, 2, ... wide, not -1
pad(t(3), 0.5)
    ValueError: pad: margins are 0, 1, 2, ... wide, not 0.5
pad(t(3), ((1, 1), (1, 1)))
    ValueError: pad: pad_width=((1, 1), (1, 1)) does not fit shape (3,); give one number, one pair (before, after),
    or a list of 1 pairs
pad(t(3), 1, mode="mirror")
    ValueError: pad: there is no mode 'mirror' here; there are 'constant', 'edge', 'reflect', 'symmetric', 'wrap'
pad(t(3), 1, constant_values=Value(1.0))
    TypeError: pad: constant_values is one plain number; concatenate margins of another kind
# ---- reductions
t(3).sum(axis=1)
    AxisError: sum: cannot be computed for shapes (3,) float64, axis=1, keepdims=False (axis 1 is out of bounds…)
t(2, 3).mean(axis=(0, 0))
    ValueError: sum: cannot be computed for shapes (2, 3) float64, axis=(0, 0), keepdims=False (duplicate value in
    'axis')
softmax(t(2, 3), axis=2)
    AxisError: softmax: cannot be computed for shapes (2, 3) float64, axis=2 (axis 2 is out of bounds…)
t(0).max()
    ValueError: max: cannot be computed for shapes (0,) float64, axis=None, keepdims=False (there is no largest of
    no entries: shape (0,) has none to choose from)
t(2, 0).min(axis=1)
    ValueError: min: cannot be computed for shapes (2, 0) float64, axis=1, keepdims=False (there is no smallest of
    no entries: shape (2, 0) has none to choose from)
argmax(t(0))
    ValueError: argmax: there is no largest of no entries: shape (0,) has none to choose from
argmin(t(0))
    ValueError: argmin: there is no smallest of no entries: shape (0,) has none to choose from
var(t(3), ddof=1, correction=1)
    ValueError: var: cannot be computed for shapes (3,) float64, axis=None, keepdims=False, ddof=1, correction=1
    (ddof=1 and correction=1 are two names of one number; give one of them)
# ---- indices
t(3)[7]
    IndexError: getitem: cannot be computed for shapes (3,) float64, index=7 (index 7 is out of bounds for axis 0
    with size 3)
t(3)[0, 0]
    IndexError: getitem: cannot be computed for shapes (3,) float64, index=(0, 0) (too many indices for array: array
    is 1-dimensional, but 2 were indexed)
t(3)["a"]
    IndexError: getitem: an index is made of whole numbers, slices, True and False, and arrays of them, not of an array
    of <U1; convert it, as in index.astype(int)
t(3)[np.array([True, False])]
    IndexError: getitem: cannot be computed for shapes (3,) float64, index=[ True False] (boolean index did not
    match indexed array along axis 0…)
t(3)[Value(1.0)]
    IndexError: getitem: an index is made of whole numbers, slices and arrays of them, not of an unlabelled Value 1,
    which holds real numbers; index with node.numpy().astype(int)
t(3)[np.array([0.5])]
    IndexError: getitem: an index is made of whole numbers, slices, True and False, and arrays of them, not of an
    array of float64; convert it, as in index.astype(int)
t(3)[Tensor([1.0], label="i")]
    IndexError: getitem: an index is made of whole numbers, slices and arrays of them, not of Tensor 'i', which
    holds real numbers; index with node.numpy().astype(int)
add_at(t(2), np.array([0, 1, 2]), (4,))
    ValueError: add_at: the index selects shape (3,) of (4,), but x has shape (2,)
take(t(3), [0.5])
    TypeError: take: takes whole numbers to select by, not float64
take(t(3), t(2))
    TypeError: take: takes whole numbers to select by, not float64
take(t(3), [5])
    IndexError: take: shape (3,) has the entries 0 to 2, not [5]
take(t(3), [5], axis=0)
    IndexError: take: axis 0 of shape (3,) has the entries 0 to 2, not [5]
take_along_axis(t(2, 3), np.array([1, 1]), 1)
    ValueError: take_along_axis: indices of shape (2,) have not as many axes as x of shape (2, 3)
pick(t(2, 3), [0, 1, 2])
    ValueError: pick: x of shape (2, 3) needs labels of shape (2,), one per row along axis 1, not (3,)
pick(t(2, 3), [0, 3])
    IndexError: pick: the label 3 at (1,) is not one of 0 to 2; x of shape (2, 3) has 3 entries to choose from along
    axis 1
# ---- convolution and pooling
conv1d(t(2, 5), t(1, 1, 3))
    ValueError: conv1d: x is to have the axes (batch, channels, length), not shape (2, 5); of a single example make
    a batch, x[None]
conv1d(t(2, 1, 5), t(1, 3))
    ValueError: conv1d: weight is to have the axes (channels, channels, *kernel), not shape (1, 3)
conv2d(t(1, 2, 5), t(1, 2, 3, 3))
    ValueError: conv2d: x is to have the axes (batch, channels, height, width), not shape (1, 2, 5); of a single
    example make a batch, x[None]
conv2d(t(1, 2, 5, 5), t(1, 3, 3, 3))
    ValueError: conv2d: the channels of x of shape (1, 2, 5, 5) and weight of shape (1, 3, 3, 3) do not fit with
    groups=1; x is (batch, channels, ...) and weight (out, channels / groups, *kernel)
conv_transpose2d(t(1, 2, 5, 5), t(3, 1, 3, 3))
    ValueError: conv_transpose2d: the channels of x of shape (1, 2, 5, 5) and weight of shape (3, 1, 3, 3) do not
    fit with groups=1; x is (batch, channels, ...) and weight (channels, out / groups, *kernel)
conv1d(t(1, 1, 2), t(1, 1, 3))
    ValueError: conv1d: a window of size (3,) does not fit into (2,), padding included; x has shape (1, 1, 2),
    weight (1, 1, 3)
conv1d(t(1, 1, 4), t(1, 1, 3), dilation=2)
    ValueError: conv1d: a window of size (3,) with dilation (2,) does not fit into (4,), padding included; x has
    shape (1, 1, 4), weight (1, 1, 3)
conv1d(t(1, 1, 5), t(1, 1, 3), t(2))
    ValueError: conv1d: bias of shape (2,) is to have one entry for each of 1 channels
conv1d(t(1, 1, 5), t(1, 1, 3), stride=0)
    ValueError: conv1d: stride is a whole number of at least 1, not 0
conv2d(t(1, 1, 5, 5), t(1, 1, 3, 3), padding=(1, -1))
    ValueError: conv2d: padding is a whole number of at least 0, or 2 of them, not (1, -1)
conv1d(t(1, 1, 5), t(1, 1, 3), padding="same", stride=2)
    ValueError: conv1d: padding='same' keeps the size only with stride 1, not (2,)
conv1d(t(1, 1, 5), t(1, 1, 3), padding="half")
    ValueError: conv1d: padding is a number, 'same' or 'valid', not 'half'
conv_transpose1d(t(1, 1, 5), t(1, 1, 3), output_padding=1)
    ValueError: conv_transpose1d: output_padding (1,) is to be less than the stride (1,)
conv_transpose1d(t(1, 1, 2), t(1, 1, 2), padding=2)
    ValueError: conv_transpose1d: padding (2,) leaves nothing of x of shape (1, 1, 2): the size would be (-1,)
conv1d(t(1, 1, 5), t(1, 1, 0))
    ValueError: conv1d: weight of shape (1, 1, 0) has an empty window; its sizes are at least 1
conv_transpose2d(t(1, 1, 0, 5), t(1, 1, 3, 3))
    ValueError: conv_transpose2d: x of shape (1, 1, 0, 5) has no entries to spread; its sizes are at least 1
max_pool2d(t(1, 5, 5), 2)
    ValueError: max_pool2d: x is to have the axes (batch, channels, height, width), not shape (1, 5, 5); of one
    example make a batch, x[None]
max_pool1d(t(2, 1, 0), 2, padding=1)
    ValueError: max_pool1d: x of shape (2, 1, 0) has no entries for a window to see
max_pool1d(t(1, 1, 5), 2, padding=2)
    ValueError: max_pool1d: padding (2,) is to be at most half the window's size (2,)
average_pool2d(t(1, 1, 5, 1), 2)
    ValueError: average_pool2d: a window of size (2, 2) does not fit into x of shape (1, 1, 5, 1), padding (0, 0)
# ---- NumPy's functions
np.add(np.ones(2), t(2), out=np.ones(2))
    TypeError: np.add cannot write into an array and record; write a = a + b instead of a += b, or to change plain
    data a += b.data
np.add.reduce(t(2))
    TypeError: np.add.reduce does not record derivatives; write it with sum of autograd, or give it
    tensor.numpy() if no gradient is needed
np.vstack([t(2), t(2)])
    TypeError: np.vstack does not record derivatives; write it with stack or concatenate of autograd, or give it
    tensor.numpy() if no gradient is needed
np.exp(t(2), dtype=np.float32)
    TypeError: np.exp of a Tensor takes its operands only, not dtype
np.add(t(2), 1, where=False)
    TypeError: np.add of a Tensor takes its operands only, not where
np.linalg.norm(t(2), ord=1)
    TypeError: np.linalg.norm of a Tensor takes x, axis, keepdims, but not ord
np.einsum("i->", t(2), optimize=True)
    TypeError: np.einsum of a Tensor takes subscripts, operands, but not optimize
np.where(t(2))
    TypeError: np.where of a Tensor takes condition, a, b; give it a and b too
np.full_like(t(2), Value(1.0))
    TypeError: np.full_like would lose the gradient of what it fills with; write np.zeros(x.shape) + fill_value
np.sort(t(2))
    TypeError: np.sort does not record derivatives; write it with functions of autograd, or give it tensor.numpy()
    if no gradient is needed
np.fft.fft(t(2))
    TypeError: np.fft.fft does not record derivatives; write it with functions of autograd, or give it
    tensor.numpy() if no gradient is needed
np.sum(t(2), dtype=np.float32)
    TypeError: np.sum of a Tensor takes x, axis, keepdims, but not dtype
np.subtract(np.ones(2), t(2), out=np.ones(2))
    TypeError: np.subtract cannot write into an array and record; write a = a - b instead of a -= b, or to change
    plain data a -= b.data
np.exp(t(2), out=np.ones(2))
    TypeError: np.exp cannot write into an array and record; write a = a + b instead of a += b, or to change plain
    data a += b.data
# ---- derivatives of functions
grad(Value(1.0))
    TypeError: grad: takes a function, as in grad(f)(x), not Value Value(1.0); derivatives of a node with respect to
    others are gradients(loss, [w])
value_and_grad(Value(1.0))
    TypeError: value_and_grad: takes a function, as in value_and_grad(f)(x), not Value Value(1.0); derivatives of a
    node with respect to others are gradients(loss, [w])
jacobian(Value(1.0))
    TypeError: jacobian: takes a function, as in jacobian(f)(x), not Value Value(1.0); derivatives of a node with
    respect to others are gradients(loss, [w])
hessian(Value(1.0))
    TypeError: hessian: takes a function, as in hessian(f)(x), not Value Value(1.0); derivatives of a node with
    respect to others are gradients(loss, [w])
grad(math.exp)(1.0)
    TypeError: grad: f made a float of a node, as math.exp(x) does, and returned plain numbers, of which no
    derivative is known; write it with functions of autograd, as in autograd.exp(x)
jvp(lambda x: [float(2 * x), 1.0], (1.0,), (1.0,))
    TypeError: jvp: f made a float of a node, as math.exp(x) does, and returned plain numbers, of which no
    derivative is known; write it with functions of autograd, as in autograd.exp(x)
grad(lambda x: x * 2)(np.ones(3))
    ValueError: grad: takes the gradient of a single number, and f returned an output of shape (3,): reduce it
    first, as in f(x).sum(), or use jacobian for the derivatives of every entry, or vjp for a weighted sum of them
grad(lambda x: [x, x])(1.0)
    ValueError: grad: takes the gradient of a single number, and f returned a list: reduce it first, as in
    f(x).sum(), or use jacobian for the derivatives of every entry, or vjp for a weighted sum of them
grad(lambda x: None)(1.0)
    TypeError: grad: f returned None; does it lack a return?
grad(lambda x: x)("a")
    TypeError: grad: argument 0 cannot be differentiated: a Tensor holds real numbers, not dtype <U1: 'a'
grad(lambda x: x, argnums=1)(1.0)
    ValueError: grad: there is no argument 1; f was called with 1 positional argument, counted from 0
grad(lambda x: x, argnums="x")(1.0)
    TypeError: grad: argnums is the place of an argument or a tuple of places, not 'x'
grad(lambda x, y: x, argnums=(0, 0))(1.0, 2.0)
    ValueError: grad: argnums names an argument twice: (0, 0)
jvp(lambda x: x, 1.0, 1.0)
    TypeError: jvp: takes the arguments of f in a tuple, as in jvp(f, (x,), (v,)), not float 1.0
jvp(lambda x: x, (np.ones(2),), (np.ones(3),))
    ValueError: jvp: tangents[0] has shape (3,), but what it belongs to has shape (2,)
jvp(lambda x: x, (1.0,), (1.0, 2.0))
    ValueError: jvp: tangents should be a tuple of 1 entries, not a tuple of 2
vjp(lambda x: {"a": x}, 1.0)[1]({"b": 1.0})
    ValueError: vjp: cotangent should be a dict with the keys ['a'], not a dict with the keys ['b']
vjp(lambda x: [x, x], 1.0)[1](1.0)
    ValueError: vjp: cotangent should be a list of 2 entries, not float 1.0
hvp(lambda x: x, 1.0, 1.0)
    TypeError: hvp: takes the arguments of f in a tuple, as in hvp(f, (x,), (v,)), not float 1.0
rule_that_hides_its_cotangent()
    TypeError: hiding: its vector-Jacobian product made an array of the cotangent g, and so hid it; write the rule
    with operators and autograd's own functions
# ---- symbols
len(Symbol("x"))
    TypeError: len() of the symbol x, which stands for a single number
np.asarray(Symbol("x"))
    TypeError: the symbol x has no entries to make an array of
bool(Symbol("x"))
    TypeError: the symbol x is neither true nor false; choose with where(condition, a, b)
np.add.reduce(Symbol("x"))
    TypeError: np.add.reduce of the symbol x has no formula
# ---- anomalies
in_anomaly_mode(lambda x: log(-x), 1.0)
    FloatingPointError: the result of log is nan made in … input 0: the Tensor -1 that negative computed = -1.
    usual cure: keep its input above 0; for the log of a softmax or sigmoid use log_softmax or log_sigmoid
in_anomaly_mode(log, math.nan)
    FloatingPointError: an input of log is nan already: Tensor 'x' = nan made in …
in_anomaly_mode(lambda x: jvp(sqrt, (0.0,), (1.0,)), 1.0)
    FloatingPointError: the tangent becomes infinite on its way through sqrt made in … input 0: an unlabelled Value
    0 = 0. usual cure: its slope at 0 is infinite: add a small number under the root, or use norm
in_anomaly_mode(sqrt, 0.0)
    FloatingPointError: the gradient of Tensor 'x' = 0. becomes infinite on its way through sqrt made in …
    gradient of the result: 1. input 0: Tensor 'x' = 0. usual cure: its slope at 0 is infinite: add a small number
    under the root, or use norm
infinite_seed()
    FloatingPointError: the gradient that reaches multiply is infinite made in …
# ---- declarations
elementwise("cube")
    TypeError: elementwise: cube has no derivative; give one function of its inputs and output per input, as in
    elementwise('cube', lambda x, y: 2 * x, ...) or @elementwise(lambda x, y: 2 * x)
elementwise(cube)
    TypeError: elementwise: cube has no derivative; give one function of its inputs and output per input, as in
    elementwise('cube', lambda x, y: 2 * x, ...) or @elementwise(lambda x, y: 2 * x)
elementwise("cube", lambda x: 3 * x**2, array=cube)
    TypeError: elementwise: derivative 0 of cube must be a function of 2 arguments, the inputs and the output, as in
    lambda x, y: ...
elementwise("product", lambda a, y: a, array=np.multiply)
    TypeError: elementwise: product is given 1 derivative, but its function takes another number of inputs; give one
    derivative per input, each a function of all inputs and the output
elementwise("cube", lambda x, y: 3 * x**2)
    TypeError: elementwise: NumPy has no function cube; give what computes it on arrays, array=...
elementwise("square", lambda x, y: 5 * x)
    ValueError: there is a primitive 'square' already, which autograd.primitives.arithmetic declares; give yours
    another name
rule_that_forgets_to_sum()
    ValueError: forgetful: its rule gives shape (2, 3) for the cotangent of operand 1, which has shape (3,); what
    broadcasting copied has to be added up
rule_that_forgets_to_spread()
    ValueError: forgetful: its rule gives shape () for the cotangent of operand 0, which has shape (3,); what was added
    up has to be spread to all entries again
rule_that_gives_none()
    ValueError: nothing: its rule gives None for the cotangent of operand 0, which has shape ()
row_without_a_rule_for_each_operand()
    TypeError: structured: lacking has 2 operands, which are the positional-only arguments, and 1 vector-Jacobian \
        products; give one for each, or all_vjps instead of them
rule_that_leaves_out_an_operand(Tensor)
    ValueError: sum_of_two: its rule gives 1 cotangents for 2 operands; give one for each, in their order
rule_that_leaves_out_an_operand(Value)
    ValueError: sum_of_two: its rule gives 1 cotangents for 2 operands; give one for each, in their order
gradients(Value(1.0) * 2, Value(1.0))
    TypeError: gradients: takes a node and a list of nodes, as in gradients(loss, [w, b])
gradients(Value(1.0) * 2, [1.0])
    TypeError: gradients: takes a node and a list of nodes, as in gradients(loss, [w, b])
# ---- the checker
testing.numbers(0, 1)
    TypeError: a domain is an autograd.primitive.Interval, as in Interval(0, 1), not 0
check_gradients(lambda x: x, 1.0, order=0)
    ValueError: check_gradients: the order of a derivative is 1, 2, ..., not 0
check_gradients(lambda p: p["w"] * 2, {"w": 1.0})
    TypeError: check_gradients: takes numbers, arrays and nodes, one by one, and no dict: give it the entries, as in
    check_gradients(lambda w, b: f({'w': w, 'b': b}), w, b)
check_gradients(lambda: 1.0)
    ValueError: check_gradients(f, *inputs) needs at least one number to differentiate with respect to
check_gradients(lambda x: Value(3.0) * 2, 1.0)
    ValueError: the result of f does not depend on any of its inputs: compute it from what f is given, without
    .data, .numpy(), detach() or no_grad() on the way
check_gradients(lambda x: 3, 1.0)
    TypeError: f must return a Value or Tensor computed from its inputs; it returned int 3
check_primitive(math.sin)
    TypeError: check_primitive: takes a primitive, as elementwise(...) or structured(...) makes it, and not
    builtin_function_or_method; for a function there is check_gradients(f, *inputs)
check_primitive(everywhere_nan())
    ValueError: check_primitive: nowhere is inf or nan at nearly all points of its domain
check_primitive(without_examples())
    ValueError: check_primitive: <lambda> has no example that holds a number; give it one, as in structured(...,
    examples=[example((2, 3))])
# ---- modes
no_grad()(a_generator)
    TypeError: a_generator is a generator or async function, whose body runs after the call: decorate a plain function,
    or write a with block inside it
# ---- testing
recorded(lambda x: 3, [Value(1.0)])
    TypeError: f must return a Value or Tensor that it computed, not 3
given(points(add, at_kinks=True))(lambda x: None)()
    ValueError: add declares neither a kink nor a special point: there is nothing to seek
without_hypothesis()
    ImportError: autograd.testing draws its examples with Hypothesis, which is not installed: pip install hypothesis
# ---- pictures
long_chain().draw()
    ValueError: this graph has 501 nodes, and a picture of more than 500 cannot be read: draw a smaller piece, such
    as the graph of one sample, of one neuron, or of an intermediate node, as in node.inputs[0].draw()
(Value(1.0) * 2).draw().save("picture.gif")
    ValueError: cannot save a drawing as 'picture.gif': its name must end in .svg, .png, .pdf, .dot or .gv
(Value(1.0) * 2).draw().save("no/such/folder/picture.svg")
    FileNotFoundError: [Errno 2] the drawing was not saved (No such file or directory); check the folder:
    'no/such/folder/picture.svg'
without_graphviz()
    FileNotFoundError: a PNG is made by Graphviz's program dot, which is not installed or not on the PATH: get it
    from https://graphviz.org/download, or save as .svg, which does not need it
# ---- expressions
parse("", [])
    ExpressionError: the expression is empty
parse("sin + 1", ["sin"])
    ExpressionError: 'sin' is a function here; give the variable another name
parse("sin + 1", ["y"])
    ExpressionError: 'sin' is a function: call it, as in sin(...) sin + 1 ^ Allowed are …
parse("x +", ["x"])
    ExpressionError: the expression cannot be read: … x + ^ Allowed are …
parse("+".join(["x"] * 50_000), ["x"])
    ExpressionError: the expression is nested too deeply; split it into smaller ones
parse("x\\ud800", ["x"])
    ExpressionError: the expression is not readable text: 'x\\ud800'
run("[x < 2]", {"x": 1.0}, Path("picture.svg"))
    ExpressionError: [x < 2] is made of comparisons, which have no derivative to take
find("tanhh")
    ExpressionError: there is no primitive 'tanhh'; did you mean tanh or tan or arctanh? --primitives without a name
    shows all of them
find("clip")
    ExpressionError: clip is not a primitive: autograd.clip is composed of others, and so are its derivatives, where it
    has any; --primitives without a name shows all primitives
find("gelu")
    ExpressionError: gelu is not a primitive: nn.gelu is composed of others, and so are its derivatives, where it has
    any; --primitives without a name shows all primitives
find("qqq")
    ExpressionError: there is no primitive 'qqq'; --primitives without a name shows all of them
read_variables(["w"])
    ExpressionError: 'w' is not of the form name=value; is the expression in quotes?
read_variables(["for=1"])
    ExpressionError: 'for=1': 'for' cannot be the name of a variable
read_variables(["w=1", "w=2"])
    ExpressionError: w is given twice, as 1 and as 2
read_variables(["w="])
    ExpressionError: w has no value; write one after the =, as in w=2
read_variables(["w=one"])
    ExpressionError: 'w=one': 'one' is not a number
read_variables(["w=inf"])
    ExpressionError: 'w=inf': the value must be finite
run("w * 2", {"w": 1.0, "x": 2.0}, Path())
    ExpressionError: x is given, but is not in the expression w * 2
run("2 * 3", {}, Path())
    ExpressionError: there is no variable in 2 * 3 to differentiate with respect to
"""

CASES = [block.split("\n", 1) for block in re.split(r"\n(?=\S)", ERRORS.strip()) if not block.startswith("#")]


def words(text: str) -> str:
    return " ".join(text.split())


def pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, words(text).split("…"))))


@pytest.mark.parametrize(("call", "text"), CASES, ids=[call for call, _ in CASES])
def test_an_error_says(call: str, text: str) -> None:
    with np.errstate(all="ignore"), pytest.raises(Exception) as caught:  # noqa: PT011  (the text has its type, too)
        eval(call, dict(NAMES))
    assert pattern(text).fullmatch(words(f"{caught.typename}: {caught.value}")), str(caught.value)


# ---- none is missing -----------------------------------------------------


def errors_in_the_source() -> list[Any]:
    """Every error that the package makes, as its source has it, with … for what is filled in."""
    found, root = [], Path(autograd.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(call.func).split(".")[-1] if isinstance(call, ast.Call) else ""
            for argument in call.args if name.endswith("Error") else []:
                if isinstance(argument, (ast.JoinedStr, ast.Constant)):
                    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
                    text = "".join(part.value if isinstance(part, ast.Constant) else "…" for part in parts)
                    found.append(pytest.param(name, text, id=f"{path.relative_to(root)}:{call.lineno}"))
    return found


@pytest.mark.parametrize(("name", "text"), errors_in_the_source())
def test_no_error_is_missing(name: str, text: str) -> None:
    # What a kernel says stands in the brackets of what the row says, and reasons in longer texts.
    said = pattern(f"…{text}…")
    assert any(said.fullmatch(words(whole)) for _, whole in CASES), f"add a call that raises {name}: {text}"
