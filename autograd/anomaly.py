"""Saying where an inf or a nan came from, for ``detect_anomaly``."""

from __future__ import annotations

import linecache
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd import node as nodes

_PACKAGES = tuple(str(Path(__file__).parents[1] / package) + "/" for package in ("autograd", "nn", "optim"))

_CURES = {
    "log": "keep its input above 0; for the log of a softmax or sigmoid use log_softmax or log_sigmoid",
    "log2": "keep its input above 0",
    "log10": "keep its input above 0",
    "log1p": "keep its input above -1",
    "sqrt": "its slope at 0 is infinite: add a small number under the root, or use norm",
    "divide": "keep the denominator away from 0, by adding a small number to it",
    "power": "keep the base above 0; a negative base has no real power but whole ones",
    "exp": "its input is too large: subtract the largest entry first, as softmax and logsumexp do",
    "expm1": "its input is too large: scale it down",
    "sinh": "its input is too large: scale it down",
    "cosh": "its input is too large: scale it down",
    "arcsin": "keep its input inside (-1, 1)",
    "arccos": "keep its input inside (-1, 1)",
    "arctanh": "keep its input inside (-1, 1)",
    "arccosh": "keep its input above 1",
    "inv": "the matrix is singular or nearly so: add a small multiple of the identity",
    "solve": "the matrix is singular or nearly so: add a small multiple of the identity",
    "cholesky": "the matrix is not positive definite: add a small multiple of the identity",
}
_USUAL_CURE = (
    "look at how large its inputs are: a smaller learning rate, scaled data or clipped gradients keep them small"
)


def remember(node: nodes.Node) -> None:
    """Keep the line of user code that makes this node, and see that its data are finite.

    Raises:
        FloatingPointError: they are not.
    """
    node.memo = _line_of_user_code()
    if _finite(node.data):  # an input that is not may be the branch of ``where`` that is not taken
        return
    for x in node.inputs:
        if x.op is None and not _finite(x._data) and not _is_meant(x):
            raise FloatingPointError(f"an input of {_made(node)} is {_what(x.data)} already: {_show(x)}{_line(node)}")
    handed_on = any(not _finite(x._data) for x in node.inputs) or math.inf in map(_magnitude, node.parameters.values())
    if handed_on and not np.isnan(node.data).any():
        return
    raise FloatingPointError(
        f"the result of {_made(node)} is {_what(node.data)}{_line(node)}{_inputs(node)}{_cure(node)}"
    )


def _is_meant(x: nodes.Node) -> bool:
    """Whether it is a constant such as the -inf of a mask, which no derivative is taken with respect to."""
    return type(x) is nodes.Constant and not np.isnan(x.data).any()


def _magnitude(parameter: Any) -> Any:
    return abs(parameter) if isinstance(parameter, float) else None


def look_at_tangents(order: Sequence[nodes.Node], tangents: dict[nodes.Node, Any]) -> None:
    """See that forward mode ends in finite tangents; one on the way may be of a branch of ``where`` not taken.

    Raises:
        FloatingPointError: it does not; names the first node whose tangent is not finite.
    """
    consumed = {x for node in order for x in node.inputs}
    bad = [node for node in order if node in tangents and not _finite(nodes.plain(tangents[node]))]
    if any(node not in consumed for node in bad):
        node = bad[-1]
        raise FloatingPointError(
            f"the tangent becomes {_what(nodes.plain(tangents[node]))} on its way through {_made(node)}{_line(node)}"
            f"{_inputs(node)}{_cure(node)}"
        )


def look_at_gradients(node: nodes.Node, cotangents: dict[nodes.Node, Any]) -> None:
    """See that what a node's step of the sweep added to its inputs is finite.

    Raises:
        FloatingPointError: it is not.
    """
    if not _finite(cotangents[node]):
        raise FloatingPointError(f"the gradient that reaches {_made(node)} is {_what(cotangents[node])}{_line(node)}")
    for x in node.inputs:
        g = cotangents.get(x)
        if g is not None and not _finite(g):
            raise FloatingPointError(
                f"the gradient of {_show(x)} becomes {_what(g)} on its way through {_made(node)}{_line(node)}"
                f"\n  gradient of the result: {_show_data(cotangents[node])}{_inputs(node)}{_cure(node)}"
            )


def _line_of_user_code() -> str | None:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGES):
        frame = frame.f_back
    name, number = frame.f_code.co_filename, frame.f_lineno
    return f"{name}, line {number}: {linecache.getline(name, number).strip()}".rstrip(": ")


def _made(node: nodes.Node) -> str:
    assert node.op is not None
    label = f" ({node.label!r})" if node.label else ""
    return f"{node.op.name}{label}"


def _line(node: nodes.Node) -> str:
    return f"\n  made in {node.memo}" if isinstance(node.memo, str) else ""


def _inputs(node: nodes.Node) -> str:
    return "".join(f"\n  input {i}: {_show(x)}" for i, x in enumerate(node.inputs))


def _cure(node: nodes.Node) -> str:
    assert node.op is not None
    return f"\n  usual cure: {_CURES.get(node.op.name, _USUAL_CURE)}"


def _show(node: nodes.Node) -> str:
    return f"{nodes.describe(node)} = {_show_data(node.data)}"


def _show_data(data: Any) -> str:
    array = np.asarray(data)
    if array.size <= 4:
        return np.array2string(array, separator=", ").replace("\n", "")
    place = tuple(map(int, np.unravel_index(np.argmin(np.isfinite(array)), array.shape)))
    worst = "" if _finite(array) else f", {array[place]} at {list(place)}"
    return f"{array.size} numbers from {np.nanmin(array):.4g} to {np.nanmax(array):.4g}{worst}"


def _what(data: Any) -> str:
    array = np.asarray(data)
    return "nan" if np.isnan(array).any() else "infinite"


def _finite(data: Any) -> bool:
    return bool(np.isfinite(data).all())
