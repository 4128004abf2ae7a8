"""What is said about a node: its name, its numbers and its local derivatives, as short text."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.node import Constant, Node
from autograd.primitive import Elementwise, Structured
from autograd.sweep import evaluate

LONGEST = 32


def name(node: Node) -> str:
    """The node's label as it is shown; "" if it has none."""
    return "" if node.label is None else _in_short(str(node.label))


def number(x: float | np.floating[Any]) -> str:
    """Four digits, and no sign on a zero."""
    return f"{x + 0.0:.4g}"


def entries(data: Any, at_most: int = 6) -> str:
    """A number; an array in full, row by row, if it is small; else the range of its entries."""
    array = np.asarray(data, np.float64)
    if array.ndim == 0:
        return number(float(array))
    if array.size > at_most:
        return f"{number(array.min())} … {number(array.max())}"
    return np.array2string(array, separator=", ", formatter={"float": number}, max_line_width=1000, threshold=1000)


def entries_and_shape(data: Any, at_most: int = 6) -> str:
    """The same, with the shape of an array that is not shown in full."""
    text = entries(data, at_most)
    return text if np.size(data) <= at_most else f"{text}\n{np.shape(data)}"


def gradient(node: Node) -> str:
    """The gradient; one that is absent is not 0 and must not look like it."""
    return "none" if node.grad is None else entries(node.grad)


def parameters(node: Node) -> list[str]:
    """The operation's parameters that are not at their defaults: ``axis=0``."""
    defaults = node.op.defaults if isinstance(node.op, Structured) else {}
    texts = {key: _parameter(value) for key, value in node.parameters.items()}
    return [f"{key}={text}" for key, text in texts.items() if key not in defaults or text != _parameter(defaults[key])]


def local_derivatives(node: Node) -> list[str]:
    """Per input, the derivative of the node's operation with respect to it; "" for a constant.

    From several numbers to several it is a matrix, of which only the size is given. It is
    "undefined" where the operation's rule refuses, as that of a singular matrix's determinant may.
    """
    op, y, values = node.op, node.data, [x.data for x in node.inputs]
    variable = [type(x) is not Constant for x in node.inputs]
    with np.errstate(all="ignore"):  # an infinite slope is shown as inf
        if isinstance(op, Elementwise):
            found = [evaluate(rule, [*values, y]) if wanted else None for rule, wanted in zip(op.partials, variable)]
        elif node.size != 1:
            return [f"{node.size}×{x.size} matrix" if wanted else "" for x, wanted in zip(node.inputs, variable)]
        else:
            assert isinstance(op, Structured)
            given = (1.0 if isinstance(y, float) else np.ones_like(y), y, *values)
            try:
                if op.all_vjps is not None:
                    found = op.all_vjps(*given, **node.parameters)
                else:
                    rules = zip(op.vjps, variable)
                    found = [vjp(*given, **node.parameters) if wanted else None for vjp, wanted in rules]
            except ValueError:
                return ["undefined" if wanted else "" for wanted in variable]
    return [entries_and_shape(partial, at_most=4) if wanted else "" for partial, wanted in zip(found, variable)]


def _parameter(value: Any) -> str:
    if isinstance(value, slice):
        text = ":".join("" if end is None else str(end) for end in (value.start, value.stop, value.step))
        text = text.removesuffix(":") if value.step is None else text
    elif isinstance(value, tuple):
        text = f"({', '.join(map(_parameter, value))})"
    elif isinstance(value, np.ndarray):
        text = entries_and_shape(value)
    elif value is None or isinstance(value, (int, float, str, list, np.generic)):
        text = str(value)
    else:  # not str(), which may hold an address: the same graph gives the same picture
        text = "..." if value is Ellipsis else getattr(value, "__name__", type(value).__name__)
    return _in_short(text)


def _in_short(text: str) -> str:
    """On one line, cut if it is long, without characters that cannot be shown."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
