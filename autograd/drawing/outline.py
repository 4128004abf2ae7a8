"""The graph in words: a sentence, and a table of what was computed from what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from autograd.drawing import labels
from autograd.node import Constant, Node

LISTED = 8
WIDEST = 48


def sentence(order: Sequence[Node]) -> str:
    """What a picture of these nodes shows, for those who cannot see it."""
    output = order[-1]
    leaves = [node for node in order if node.op is None and type(node) is not Constant]
    operations = sum(node.op is not None for node in order)
    named = [f"{labels.name(x)} = {_data(x)}, gradient {_gradient(x)}" for x in leaves if labels.name(x)]
    text = (
        f"Computation graph of {labels.name(output) or 'an output'} = {_data(output)}, "
        f"made from {len(leaves)} {'leaf' if len(leaves) == 1 else 'leaves'} "
        f"by {operations} {'operation' if operations == 1 else 'operations'}."
    )
    if named:
        text += f" {'; '.join(named[:LISTED])}{'; and so on' if len(named) > LISTED else ''}."
    return text


def outline(order: Sequence[Node]) -> str:
    """One line for each node but the constants, oldest first, in columns."""
    names = _names(order)
    rows = [("node", "data", "grad", "computed as", "local derivatives")]
    for node in order:
        formula, derivatives = "leaf", ""
        if node.op is not None:
            inputs = [names[x] for x in node.inputs]
            formula = _formula(node.op.symbol, inputs, labels.parameters(node))
            pairs = zip(inputs, labels.local_derivatives(node))
            derivatives = ", ".join(f"∂/∂{x} = {text}" for x, text in pairs if text)
        if type(node) is not Constant:
            rows.append((names[node], _data(node), _gradient(node), _cell(formula), _cell(derivatives)))
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _names(order: Sequence[Node]) -> dict[Node, str]:
    """A node's label; its position if it has none of its own; a constant's value."""
    bearers = Counter(map(labels.name, order))
    names: dict[Node, str] = {}
    for position, node in enumerate(order):
        name = labels.name(node)
        if type(node) is Constant:
            names[node] = name or _data(node)
        else:
            names[node] = name if name and bearers[name] == 1 else f"{name}#{position}"
    return names


def _formula(symbol: str, inputs: Sequence[str], parameters: Sequence[str]) -> str:
    if symbol.isidentifier():
        return f"{symbol}({', '.join([*inputs, *parameters])})"
    return f" {symbol} ".join(inputs)


def _data(node: Node) -> str:
    return _cell(labels.entries_and_shape(node.data))


def _gradient(node: Node) -> str:
    return _cell(labels.gradient(node))


def _cell(text: str) -> str:
    """On one line, cut if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= WIDEST else line[: WIDEST - 1] + "…"
