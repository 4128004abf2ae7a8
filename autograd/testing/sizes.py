"""Other sizes and parameters for the examples that stand on a structured row."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.primitive import Array, Example, Structured
from autograd.testing.arrays import Shape
from autograd.testing.digits import Digits

_LETTERS = "ijkl"


def varied(row: Structured, example: Example, digits: Digits) -> Example | None:
    """An example of the same kind with other sizes, and with other parameters where it is known what they may be.

    Not all of them fit: what the row makes of it has to be seen. ``None`` if a parameter is not known, which
    might speak of the sizes.
    """
    if row.name in _OF_ROWS:
        return _OF_ROWS[row.name](row.name, example, digits)
    if not _PARAMETERS.keys() >= example.parameters.keys():
        return None
    sizes = {1: 1}
    shape = example.parameters.get("shape", ())
    for n in dict.fromkeys(itertools.chain(*example.shapes, shape)):
        sizes.setdefault(n, 1 + digits.pick(4))
    shapes = tuple(tuple(sizes[n] for n in shape) for shape in example.shapes)
    parameters = {}
    for name, given in example.parameters.items():
        if name == "shape":
            parameters[name] = tuple(sizes[n] for n in given)
        else:
            kinds = sorted({type(other.parameters[name]) for other in row.examples}, key=str)
            parameters[name] = _PARAMETERS[name](kinds, shapes, digits, given)
    if isinstance(shift := parameters.get("shift"), int) and isinstance(axis := parameters["axis"], tuple):
        parameters["shift"] = tuple(shift - i for i in range(len(axis)))
    return Example(shapes, parameters)


# ---- by the parameter's name ---------------------------------------------

Kinds = list[type]
Shapes = tuple[Shape, ...]


def _axis(kinds: Kinds, shapes: Shapes, digits: Digits, given: Any) -> Any:
    """An axis of one of the kinds that the row's examples have."""
    shape = shapes[0]
    kind = kinds[digits.pick(len(kinds))]
    if kind is type(None) or not shape:
        return None if type(None) in kinds else 0
    first = digits.pick(2 * len(shape)) - len(shape)
    if kind is tuple:
        return tuple(sorted({first % len(shape), digits.pick(len(shape))}))
    return first


def _axes(kinds: Kinds, shapes: Shapes, digits: Digits, given: Any) -> tuple[int, ...] | None:
    ndim = len(shapes[0])
    order = _shuffled(range(ndim), digits)
    return None if digits.pick(4) == 0 else tuple(i - ndim * digits.pick(2) for i in order)


def _shift(kinds: Kinds, shapes: Shapes, digits: Digits, given: Any) -> int:
    return digits.pick(9) - 4


def _pad_width(kinds: Kinds, shapes: Shapes, digits: Digits, given: Any) -> tuple[tuple[int, int], ...]:
    return tuple((digits.pick(3), digits.pick(3)) for _ in shapes[0])


def _labels(kinds: Kinds, shapes: Shapes, digits: Digits, given: Any) -> Array:
    *rows, count = shapes[0]
    return np.array([digits.pick(count) for _ in range(math.prod(rows))], int).reshape(rows)


_PARAMETERS: dict[str, Any] = {
    "axis": _axis,
    "axes": _axes,
    "keepdims": lambda kinds, shapes, digits, given: bool(digits.pick(2)),
    "labels": _labels,
    "index": lambda kinds, shapes, digits, given: given,  # drawn by ``indices``
    "shape": None,  # takes part in the renaming of sizes
    "shift": _shift,
    "pad_width": _pad_width,
    "constant_values": lambda kinds, shapes, digits, given: 0.5 * digits.pick(3),
    "ddof": lambda kinds, shapes, digits, given: given and digits.pick(2),
    "correction": lambda kinds, shapes, digits, given: given and 0.5 * digits.pick(4),
}


# ---- by the row's name ---------------------------------------------------


def _regrouped(name: str, example: Example, digits: Digits) -> Example:
    """Some sizes, and a shape for as many entries: exchanged, merged, with a 1 between, one of them left open."""
    sizes = tuple(1 + digits.pick(4) for _ in example.shapes[0])
    shape = _shuffled(sizes, digits)
    if len(shape) > 1 and digits.pick(2):
        shape[:2] = [shape[0] * shape[1]]
    if digits.pick(2):
        shape.insert(digits.pick(len(shape) + 1), 1)
    if digits.pick(3) == 0 and shape:
        shape[digits.pick(len(shape))] = -1
    return Example((sizes,), {"shape": tuple(shape)})


def _contraction(name: str, example: Example, digits: Digits) -> Example:
    """Some letters, each of them in two of the three terms or in all, in any order; and a size for each."""
    letters = _LETTERS[: 1 + digits.pick(len(_LETTERS))]
    sizes = {letter: 1 + digits.pick(3) for letter in letters}
    terms: list[list[str]] = [[], [], []]
    for letter in letters:
        missing = digits.pick(4)  # 3: from none
        for k, term in enumerate(terms):
            if k != missing:
                term.append(letter)
    left, right, out = ("".join(_shuffled(term, digits)) for term in terms)
    shapes = tuple(tuple(sizes[letter] for letter in term) for term in (left, right))
    return Example(shapes, {"subscripts": f"{left},{right}->{out}"})


def _sliding_window(name: str, example: Example, digits: Digits) -> Example | None:
    """A window of some size on its way over some axes: the shapes and parameters of a row that looks through it."""
    axes = len(example.parameters["dilation"])
    few = 3 if axes == 1 else 2

    def some() -> Shape:
        return tuple(1 + digits.pick(few) for _ in range(axes))

    kernel, found, stride, dilation = some(), some(), some(), some()
    padding = tuple((digits.pick(few), digits.pick(few)) for _ in range(axes))
    if name in ("windows", "overlap_add"):
        padding = ((0, 0),) * axes
    # What the last position leaves over is less than a stride.
    size = tuple(
        s * (n - 1) + d * (k - 1) + 1 + digits.pick(s) - before - after
        for n, k, s, d, (before, after) in zip(found, kernel, stride, dilation, padding)
    )
    if min(size) < 1:
        return None
    groups, channels, out, batch = 1 + digits.pick(2), 1 + digits.pick(2), 1 + digits.pick(2), 1 + digits.pick(2)
    x, y = (batch, groups * channels, *size), (batch, groups * out, *found)
    weight = (groups * out, channels, *kernel)
    shapes = {
        "windows": ((batch, *size),),
        "overlap_add": ((batch, *kernel, *found),),
        "convolution": (x, weight),
        "transposed_convolution": (y, weight),
        "convolution_weights": (x, y),
    }
    how = {"kernel": kernel, "size": size, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return Example(shapes[name], {parameter: how[parameter] for parameter in example.parameters})


_OF_ROWS: dict[str, Callable[[str, Example, Digits], Example | None]] = {
    "reshape": _regrouped,
    "einsum": _contraction,
    "windows": _sliding_window,
    "overlap_add": _sliding_window,
    "convolution": _sliding_window,
    "transposed_convolution": _sliding_window,
    "convolution_weights": _sliding_window,
}


def _shuffled(things: Any, digits: Digits) -> list[Any]:
    pool = [*things]
    return [pool.pop(digits.pick(len(pool))) for _ in range(len(pool))]
