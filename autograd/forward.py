"""The forward sweep: tangents from the inputs to everything computed from them.

It has no table of its own. The tangent of an elementwise row is the sum of its
partials times its inputs' tangents. A structured row's vector-Jacobian product is
linear in the cotangent ``g``: recorded on a node ``g`` and swept backward from the
tangents, it becomes its transpose, the product of the Jacobian and the tangents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import anomaly, modes, stale
from autograd import node as nodes
from autograd.backward import of_the_form_of
from autograd.graph import computed
from autograd.primitive import Elementwise
from autograd.sweep import Cotangents, View, push, slope, times

Tangents = dict["nodes.Node", Any]


def sweep_forward(order: Sequence[nodes.Node], tangents: Tangents, view: View) -> None:
    """Carry tangents from inputs to consumers.

    Args:
        order: the computed nodes, each before its inputs, as for the reverse sweep.
        tangents: those of the inputs; the sweep adds that of every node that depends on them.
        view: what the rules see of a node, ``data_of`` or ``node_of``.

    Raises:
        TypeError: a row's vector-Jacobian product hides the cotangent from the engine.
        RuntimeError: data were changed after they had been used.
        FloatingPointError: in ``detect_anomaly``, the tangents end in inf or nan.
    """
    stale.check(order)
    for node in reversed(order):
        if not tangents.keys().isdisjoint(node.inputs):
            for x in node.inputs:
                if type(x) is nodes.Constant and x.memo is not None:
                    stale.check_constant(x, node)
            rule = _by_partials if isinstance(node.op, Elementwise) else _by_transposition
            tangents[node] = of_the_form_of(node, rule(node, tangents, view))
    if modes.is_detecting_anomalies():
        anomaly.look_at_tangents(order, tangents)


def _by_partials(node: nodes.Node, tangents: Tangents, view: View) -> Any:
    op: Any = node.op
    values = (*map(view, node.inputs), view(node))
    total = None
    for x, partial in zip(node.inputs, op.partials):
        if x in tangents:
            part = times(tangents[x], slope(op, partial, values))
            total = part if total is None else total + part
    return total


def _by_transposition(node: nodes.Node, tangents: Tangents, view: View) -> Any:
    g = _any_cotangent(node)
    cotangents: Cotangents = {}
    for x, contribution in _contributions(node, g, tangents, view):
        if not isinstance(contribution, nodes.Node):
            _refuse_hidden(node, contribution)
            continue
        tangent = of_the_form_of(contribution, tangents[x])  # as many as a stretched input's were summed
        so_far = cotangents.get(contribution)
        cotangents[contribution] = tangent if so_far is None else so_far + tangent
    for step in computed([*cotangents], since=g.time):
        if step in cotangents:
            push(step, cotangents[step], view, cotangents)
    return cotangents.get(g)


def _contributions(node: nodes.Node, g: nodes.Node, tangents: Tangents, view: View) -> list[tuple[nodes.Node, Any]]:
    """What ``g`` contributes to each input that has a tangent."""
    op: Any = node.op
    y, operands = view(node), [*map(view, node.inputs)]
    if op.all_vjps is not None:
        contributions = op.all_vjps(g, y, *operands, **node.parameters)
        return [(x, c) for x, c in zip(node.inputs, contributions) if x in tangents]
    return [(x, vjp(g, y, *operands, **node.parameters)) for x, vjp in zip(node.inputs, op.vjps) if x in tangents]


def _any_cotangent(node: nodes.Node) -> Any:
    """A node in the place of a cotangent. Its numbers do not matter, as long as no rule is likely to cancel them."""
    data = node._data
    if type(data) is float:
        return nodes.make(nodes.Value, 1.0)
    return nodes.make(nodes.Tensor, np.linspace(1, 2, data.size, dtype=data.dtype).reshape(data.shape))


def _refuse_hidden(node: nodes.Node, contribution: Any) -> None:
    if np.any(contribution):  # zeros can do without a record
        assert node.op is not None
        raise TypeError(
            f"{node.op.name}: its vector-Jacobian product made an array of the cotangent g, and so hid it; "
            f"write the rule with operators and autograd's own functions"
        )
