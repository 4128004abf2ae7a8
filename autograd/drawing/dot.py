r"""The graph in the DOT language: what is drawn and how it looks; Graphviz decides where.

In a DOT label ``\n`` ends a line that is centred, ``\l`` one that is flush left.
"""

from __future__ import annotations

from collections.abc import Sequence

import graphviz

from autograd.drawing import labels
from autograd.drawing.render import FONT
from autograd.node import Constant, Node

# Tints and shades of the Okabe-Ito palette, which no kind of colour vision confuses. Borders and
# shapes tell the kinds apart without colour: leaves thick, the output double, constants dashed.
_GREY = "#595959"
_LEAF = {"color": "#007556", "fillcolor": "#E0F3EC", "penwidth": "2.2"}
_INTERIOR = {"color": _GREY, "fillcolor": "#FFFFFF"}
_OUTPUT = {"color": "#B04E00", "fillcolor": "#FFF3DC", "peripheries": "2"}
_CONSTANT = {"color": "#8C8C8C", "fillcolor": "#EFEFEF", "fontcolor": _GREY, "style": "filled,dashed"}
_OPERATION = {"color": "#333333", "fillcolor": "#333333", "fontcolor": "#FFFFFF"}
_SYMBOL = {"shape": "circle", "style": "filled", "fontsize": "15", "width": "0.28", "fixedsize": "true"}
_WORD = {"height": "0.26", "margin": "0.1,0.03"}

_GRAPH = {"rankdir": "LR", "ordering": "in", "nodesep": "0.2", "ranksep": "0.3", "pad": "0.1", "bgcolor": "#FFFFFF"}
# Curves around everything in their way take Graphviz minutes if many of them are long.
_STRAIGHT = {"splines": "line", "nslimit": "1", "mclimit": "0.1"}
# One font, as of a list of them the renderer would not know how wide the letters are.
_BOX = {"fontname": FONT, "fontsize": "11", "shape": "box", "style": "filled,rounded"}
_BOX |= {"width": "0.3", "height": "0.3", "margin": "0.16,0.07"}  # a name in bold is wider than measured
_EDGE = {"fontname": FONT, "fontsize": "10", "fontcolor": "#005F96", "color": _GREY, "arrowsize": "0.6"}


def dot(order: Sequence[Node]) -> str:
    """The graph of these nodes, each after its inputs, the output last."""
    layout = _GRAPH | (_STRAIGHT if _length_of_edges(order) > 1000 else {})
    graph = graphviz.Digraph(graph_attr=layout, node_attr=_BOX, edge_attr=_EDGE)
    names = {node: f"n{position}" for position, node in enumerate(order)}
    for node, name in names.items():
        _add_node(graph, name, node, is_output=node is order[-1])
        if node.op is not None:
            operation = name.replace("n", "op")
            _add_operation(graph, operation, node)
            graph.edge(operation, name)
            _add_inputs(graph, operation, node, [names[x] for x in node.inputs])
    return graph.source  # type: ignore[no-any-return]


def _add_node(graph: graphviz.Digraph, name: str, node: Node, is_output: bool) -> None:
    if type(node) is Constant:
        look, body = _CONSTANT, _text(labels.entries_and_shape(node.data), r"\n")
    else:
        look = _LEAF if node.op is None else _OUTPUT if is_output else _INTERIOR
        lines = f"data {labels.entries_and_shape(node.data)}", f"grad {labels.gradient(node)}"
        # The rows of a matrix align: eight spaces are as wide as "data" or "grad".
        body = _text("\n".join(line.replace("\n", "\n" + 8 * " ") for line in lines), r"\l")
    title = labels.name(node)
    if title:
        graph.node(name, _text(title, r"\n") + body, **look, **{"class": "named"})
    else:
        graph.node(name, body, **look)


def _add_operation(graph: graphviz.Digraph, name: str, node: Node) -> None:
    assert node.op is not None
    text = "\n".join([node.op.symbol, *labels.parameters(node)])
    graph.node(name, _text(text, r"\n"), **_OPERATION, **(_WORD if len(text) > 2 else _SYMBOL))


def _add_inputs(graph: graphviz.Digraph, operation: str, node: Node, inputs: Sequence[str]) -> None:
    # Of two operands, the left one arrives above the right one.
    heads = ["nw", "sw"] if len(inputs) == 2 else [None] * len(inputs)
    tail = "e" if len(inputs) > 2 else None
    for x, head, derivative in zip(inputs, heads, labels.local_derivatives(node)):
        text = _text(f"∂ = {derivative}", r"\n") if derivative else None
        graph.edge(x, operation, text, headport=head, tailport=tail)


def _length_of_edges(order: Sequence[Node]) -> int:
    """How many columns the edges cross in all, where a leaf stands next to the first node made from it."""
    column: dict[Node, int] = {}
    length = 0
    for node in order:
        if node.op is not None:
            column[node] = 1 + max((column[x] for x in node.inputs if x in column), default=0)
            length += sum(column[node] - column.setdefault(x, column[node] - 1) for x in node.inputs)
    return length


def _text(text: str, end: str) -> str:
    """Lines of a label in which nothing that a user wrote means anything to Graphviz."""
    return "".join(graphviz.escape(line.replace("&", "&amp;")) + end for line in text.split("\n"))
