"""Sums of products over named axes: einsum, and what is quickly said with it.

``einsum`` is planned once per subscripts and shapes: each operand is first reduced to
the axes that matter to others, then the operands are multiplied two at a time. The
product of two is a row, and its derivative is a product of two of the same kind:

    y = einsum("ij,jk->ik", a, b)
    the cotangent of a is einsum("ik,jk->ij", g, b), that of b einsum("ij,ik->jk", a, g)
"""

from __future__ import annotations

import builtins
import functools
import itertools
import math
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import node as nodes
from autograd.primitive import Array, example, structured
from autograd.primitives.arithmetic import multiply, positive
from autograd.primitives.indexing import shape_of
from autograd.primitives.linear import matmul
from autograd.primitives.reduction import sum
from autograd.primitives.shaping import reshape, transpose

Shape = tuple[int, ...]


# ---- the product of two --------------------------------------------------


def _split(subscripts: str) -> list[str]:
    return subscripts.replace("->", ",").split(",")


@functools.lru_cache(1024)
def _derivatives(subscripts: str) -> tuple[str, str]:
    """How g times the right operand makes the left one's cotangent, and the left one times g the right one's."""
    left, right, out = _split(subscripts)
    return f"{out},{right}->{left}", f"{left},{out}->{right}"


@dataclass(frozen=True)
class _Matrices:
    """How a product of two is a product of matrices."""

    swapped: bool  # whether the operands change places
    left: tuple[int, ...]  # the axes of the first: the stack's, the rows', those that are summed over; () if they stay
    right: tuple[int, ...]  # the axes of the second: the stack's, those that are summed over, the columns'; likewise
    stack: int  # how many axes are the stack's
    rows: int  # how many are the rows'
    merged: bool  # whether rows, columns or summed are not one axis each
    places: tuple[int, ...]  # where the axes of the product go; () if they stay


@functools.lru_cache(1024)
def _as_matrices(subscripts: str) -> _Matrices | None:
    """``None`` where there is no product of matrices, or NumPy's own loops are as quick."""
    a, b, out = _split(subscripts)
    stack = [letter for letter in out if letter in a and letter in b]
    swapped = next((letter in b for letter in out if letter not in stack), False)
    if swapped:
        a, b = b, a
    rows = [letter for letter in out if letter not in b]
    columns = [letter for letter in out if letter not in a]
    summed = [letter for letter in a if letter not in out]
    if not summed or (stack and not (rows and columns)):
        return None
    product = stack + rows + columns
    return _Matrices(
        swapped=swapped,
        left=_places(a, stack + rows + summed),
        right=_places(b, stack + summed + columns),
        stack=len(stack),
        rows=len(rows),
        merged=not len(rows) == len(columns) == len(summed) == 1,
        places=_places("".join(product), [*out]),
    )


def _places(letters: str, order: Sequence[str]) -> tuple[int, ...]:
    """Where letters in this order are found; () if that is the order they have."""
    return tuple(map(letters.index, order)) if [*letters] != order else ()


@structured(
    lambda g, y, a, b, subscripts: _einsum(g, b, subscripts=_derivatives(subscripts)[0]),
    lambda g, y, a, b, subscripts: _einsum(a, g, subscripts=_derivatives(subscripts)[1]),
    examples=[
        example((2, 3), (3, 4), subscripts="ij,jk->ik"),
        example((2, 3), (3, 4), subscripts="ij,jk->ki"),
        example((2, 3, 2), (3, 2), subscripts="bij,ib->bj"),
        example((2, 3, 2), (2, 2, 3), subscripts="bij,bki->kbj"),
        example((3,), (2,), subscripts="i,j->ji"),
        example((2, 3), (3, 2), subscripts="ij,ji->"),
        example((2, 3), (2, 3), subscripts="ij,ij->ij"),
    ],
)
def _einsum(a: Array, b: Array, /, subscripts: str) -> Array:
    """The product of two, each letter of which is in two of the three terms or in all of them."""
    how = _as_matrices(subscripts)
    if how is None:
        return np.einsum(subscripts, a, b)
    if how.swapped:
        a, b = b, a
    if how.left:
        a = a.transpose(how.left)
    if how.right:
        b = b.transpose(how.right)
    if how.merged:
        stack, rows = how.stack, how.stack + how.rows
        shape = a.shape[:rows] + b.shape[stack + a.ndim - rows :]
        summed = math.prod(a.shape[rows:])
        a = a.reshape(*a.shape[:stack], math.prod(a.shape[stack:rows]), summed)
        b = b.reshape(*b.shape[:stack], summed, math.prod(shape[rows:]))
    y = np.matmul(a, b) if how.stack else a.dot(b)
    if how.merged:
        y = y.reshape(shape)
    return y.transpose(how.places) if how.places else y


# ---- any number of operands ----------------------------------------------


@dataclass(frozen=True)
class _Reading:
    """How an operand is reduced to the axes that matter to others."""

    shape: Shape  # without the axes of size 1 that others stretch
    letters: str  # the axes of that shape; a letter that is there twice names a diagonal
    summed: str  # the letters that nobody else has


@dataclass(frozen=True)
class _Plan:
    readings: list[_Reading | None]  # None for an operand that is taken as it is
    products: list[tuple[int, int, str]]  # the places of two operands, and how they are multiplied
    order: tuple[int, ...]  # where the axes of a single operand go; () if they stay


def einsum(subscripts: str, *operands: Any) -> Any:
    """Sums of products over axes that are named by letters, as in NumPy.

    ``"ij,jk->ik"`` multiplies matrices, ``"ii->i"`` is a diagonal, ``"...ij->...ji"``
    transposes a stack of matrices. A letter that the output does not name is summed over;
    where no output is given, the letters that occur once are it, in alphabetical order.

    Raises:
        TypeError: the subscripts are not text.
        ValueError: they cannot be read, or do not fit the shapes of the operands.
    """
    if not isinstance(subscripts, str):
        raise TypeError("einsum: the subscripts come first, as text: einsum('ij,jk->ik', a, b)")
    parts = [x if hasattr(x, "shape") else reshape(x, np.shape(x)) for x in operands]
    plan = _plan(subscripts, tuple([x.shape for x in parts]))
    for k, reading in enumerate(plan.readings):
        if reading is not None:
            parts[k] = _read(parts[k], reading)
    for i, j, product in plan.products:
        b, a = parts.pop(j), parts.pop(i)
        parts.append(_einsum(a, b, subscripts=product))
    (y,) = parts
    if plan.order:
        return transpose(y, plan.order)
    return positive(y) if isinstance(y, nodes.Node) and y is operands[0] else y


def _repeated(letters: str) -> list[str]:
    return sorted({letter for letter in letters if letters.count(letter) > 1})


def _read(x: Any, reading: _Reading) -> Any:
    if x.shape != reading.shape:
        x = reshape(x, reading.shape)
    letters = reading.letters
    for letter in _repeated(letters):
        # The axes of one letter put last and merged: their diagonal is evenly spaced there.
        others = letters.replace(letter, "")
        axes = [
            *(i for i, name in enumerate(letters) if name != letter),
            *(i for i, name in enumerate(letters) if name == letter),
        ]
        sizes = tuple(x.shape[i] for i in axes)
        n, times = sizes[-1], len(letters) - len(others)
        apart = builtins.sum(n**power for power in range(times))
        x = reshape(transpose(x, axes), (*sizes[: len(others)], n**times))[..., ::apart]
        letters = others + letter
    return sum(x, tuple(map(letters.index, reading.summed))) if reading.summed else x


@functools.lru_cache(1024)
def _plan(subscripts: str, shapes: tuple[Shape, ...]) -> _Plan:
    terms, output = _parse(subscripts, shapes)
    sizes = _sizes(terms, shapes)
    for letter in output:
        if letter not in sizes:
            raise ValueError(f"einsum: the output of {subscripts!r} names {letter}, which no operand has")
        if output.count(letter) > 1:
            raise ValueError(f"einsum: the output of {subscripts!r} names {letter} twice")
    kept = [[i for i, letter in enumerate(term) if shape[i] == sizes[letter]] for term, shape in zip(terms, shapes)]
    terms = ["".join(term[i] for i in axes) for term, axes in zip(terms, kept)]
    readings: list[_Reading | None] = []
    read = []
    for k, (term, shape, axes) in enumerate(zip(terms, shapes, kept)):
        elsewhere = {*output}.union(*terms[:k], *terms[k + 1 :])
        summed = "".join(letter for letter in dict.fromkeys(term) if letter not in elsewhere)
        repeated = _repeated(term)
        as_it_is = len(axes) == len(shape) and not repeated and not summed
        readings.append(None if as_it_is else _Reading(tuple(shape[i] for i in axes), term, summed))
        once = [letter for letter in term if letter not in repeated]
        read.append("".join(letter for letter in once + repeated if letter in elsewhere))
    order = _places(read[0], [*output]) if len(read) == 1 else ()
    return _Plan(readings, _products(read, output, sizes), order)


def _products(terms: list[str], output: str, sizes: dict[str, int]) -> list[tuple[int, int, str]]:
    """Which two are multiplied next: those whose product adds the fewest numbers to what there is."""
    terms, products = [*terms], []

    def size(letters: Iterable[str]) -> int:
        return math.prod(sizes[letter] for letter in letters)

    def product(i: int, j: int) -> str:
        if len(terms) == 2:
            return output
        needed = {*output}.union(*(term for k, term in enumerate(terms) if k not in (i, j)))
        found = [letter for letter in dict.fromkeys(terms[i] + terms[j]) if letter in needed]
        stack = [letter for letter in found if letter in terms[i] and letter in terms[j]]
        return "".join(stack + [letter for letter in found if letter not in stack])

    def cost(places: tuple[int, int]) -> tuple[int, int]:
        a, b = (terms[k] for k in places)
        return size(product(*places)) - size(a) - size(b), size({*a, *b})

    while len(terms) > 1:
        i, j = min(itertools.combinations(range(len(terms)), 2), key=cost)
        out = product(i, j)
        products.append((i, j, f"{terms[i]},{terms[j]}->{out}"))
        del terms[j], terms[i]
        terms.append(out)
    return products


def _parse(subscripts: str, shapes: tuple[Shape, ...]) -> tuple[list[str], str]:
    """The letters of every operand and of the output, with letters in place of the dots."""
    text = subscripts.replace(" ", "").replace("...", "…")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if (
        not {*inputs, *output} <= {*string.ascii_letters, ",", "…"}
        or "," in output
        or "…" in output.replace("…", "", 1)
    ):
        raise ValueError(f"einsum: cannot read {subscripts!r}; it is to be of the form 'ij,jk->ik' or 'ij,jk'")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum: {subscripts!r} is for {len(terms)} operands, and {len(shapes)} are given")
    spare = "".join(letter for letter in string.ascii_letters if letter not in text)
    unnamed = [len(shape) - len(term) + 1 if "…" in term else 0 for term, shape in zip(terms, shapes)]
    dots = spare[: max(unnamed)]
    if not arrow:
        output = "…" + "".join(sorted(letter for letter in {*inputs} - {*",…"} if inputs.count(letter) == 1))
    elif dots and "…" not in output:
        raise ValueError(
            f"einsum: the dots of {subscripts!r} stand for {len(dots)} axes, which its output has to name too"
        )
    for k, (term, shape) in enumerate(zip(terms, shapes)):
        terms[k] = term.replace("…", dots[len(dots) - max(unnamed[k], 0) :])
        if len(terms[k]) != len(shape):
            raise ValueError(
                f"einsum: {term!r} in {subscripts!r} does not name the axes of an operand of shape {shape}, one letter "
                f"each"
            )
    return terms, output.replace("…", dots)


def _sizes(terms: list[str], shapes: tuple[Shape, ...]) -> dict[str, int]:
    """The size of every letter; 1 is stretched to what others have."""
    sizes: dict[str, int] = {}
    for letter, n in zip("".join(terms), itertools.chain(*shapes)):
        if sizes.setdefault(letter, n) == 1:
            sizes[letter] = n
        elif n not in (1, sizes[letter]):
            named = " and ".join(f"{term} of shape {shape}" for term, shape in zip(terms, shapes))
            raise ValueError(
                f"einsum: {letter} is both {sizes[letter]} and {n} in {named}; exchange the letters of one of them, or "
                f"reshape it"
            )
    return sizes


# ---- products of all axes, of some, of none ------------------------------


def tensordot(a: Any, b: Any, axes: int | tuple[Any, Any] = 2) -> Any:
    """The sum of products over axes of ``a`` paired with axes of ``b``.

    ``axes`` is how many, the last of ``a`` with the first of ``b``, or which, as in
    ``(1, 0)`` and ``((0, 2), (1, 0))``.

    Raises:
        ValueError: the axes do not exist, or are not of equal sizes.
    """
    sizes_a, sizes_b = shape_of(a), shape_of(b)
    if isinstance(axes, (int, np.integer)):
        axes = range(-axes, 0), range(axes)
    of_a, of_b = ([x] if isinstance(x, (int, np.integer)) else [*x] for x in axes)
    refusal = ValueError(
        f"tensordot: cannot sum over axes {of_a} of shape {sizes_a} and {of_b} of {sizes_b}; the axes are to exist and "
        f"to be of equal sizes in pairs. Name other axes, or transpose one, as in x.T"
    )
    if any(not -len(sizes) <= x < len(sizes) for of, sizes in ((of_a, sizes_a), (of_b, sizes_b)) for x in of):
        raise refusal
    of_a, of_b = [x % len(sizes_a) for x in of_a], [x % len(sizes_b) for x in of_b]
    if [sizes_a[x] for x in of_a] != [sizes_b[x] for x in of_b] or len({*of_a}) < len(of_a) or len({*of_b}) < len(of_b):
        raise refusal
    left, right = string.ascii_lowercase[: len(sizes_a)], [*string.ascii_uppercase[: len(sizes_b)]]
    for x, y in zip(of_a, of_b):
        right[y] = left[x]
    kept = [letter for letter in left if letter not in right] + [letter for letter in right if letter not in left]
    return _einsum(a, b, f"{left},{''.join(right)}->{''.join(kept)}")


def dot(a: Any, b: Any) -> Any:
    """The product over the last axis of ``a`` and the last but one of ``b``, or its only one; with a number, times it.

    That is ``a @ b`` where ``b`` is a vector or a matrix. With a stack of matrices it multiplies
    every matrix of ``a`` with every one of ``b``, where ``@`` pairs them.
    """
    axes_of_a, axes_of_b = len(shape_of(a)), len(shape_of(b))
    if axes_of_a == 0 or axes_of_b == 0:
        return multiply(a, b)
    return matmul(a, b) if axes_of_b <= 2 else tensordot(a, b, (-1, -2))


def inner(a: Any, b: Any) -> Any:
    """The product over the last axes of both; with a number, times it."""
    return tensordot(a, b, (-1, -1)) if shape_of(a) and shape_of(b) else multiply(a, b)


def outer(a: Any, b: Any) -> Any:
    """Every entry of ``a`` times every entry of ``b``: a matrix with a row per entry of ``a``."""
    return _einsum(reshape(a, -1), reshape(b, -1), "i,j->ij")
