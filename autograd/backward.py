"""The reverse sweep: from an output to everything it was computed from.

One generator, ``sweep``, walks the graph; what its ``view`` shows to the rules
decides what comes out. Shown the nodes' data, the rules compute numbers
(``backward``); shown the nodes themselves, they record a graph, whose nodes can
be differentiated again (``gradients``).
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any

import numpy as np

from autograd import node as nodes
from autograd.graph import newest_first
from autograd.primitive import Binary, Elementwise, Structured, Unary
from autograd.primitives.arithmetic import where
from autograd.primitives.shaping import sum_to

View = Callable[["nodes.Node"], Any]
Cotangents = dict["nodes.Node", Any]
_BOOL = np.dtype(bool)
_publishing = threading.Lock()  # two threads may add to the same leaf

data_of: View = attrgetter("_data")


def node_of(x: nodes.Node) -> Any:
    """The node itself, so that rules record; a constant is shown as its data."""
    return x._data if type(x) is nodes.Constant else x


def backward(output: nodes.Node, seed: Any = None) -> None:
    """See ``Node.backward``."""
    order = newest_first([output])
    cotangents: Cotangents = {output: _seed(output, seed)}
    if type(output) is nodes.Value:  # then everything behind it is a Value too
        _sweep_floats(order, cotangents)
    else:
        for _ in sweep(order, cotangents, data_of):
            pass
        cotangents[output] = np.asarray(cotangents[output])  # a scalar of NumPy's, if there is only one
    _publish(cotangents)


def gradients(output: nodes.Node, inputs: Sequence[nodes.Node]) -> list[Any]:
    """The derivatives of ``output`` as nodes, which can be differentiated in turn.

    Args:
        output: a node that holds a single number.
        inputs: the nodes to differentiate with respect to.

    Returns:
        For each input a node of its shape (a plain number or array where the
        derivative is constant), or ``None`` if ``output`` does not depend on it.
    """
    cotangents: Cotangents = {output: _seed(output, None)}
    for _ in sweep(newest_first([output]), cotangents, node_of):
        pass
    return [cotangents.get(x) for x in inputs]


def sweep(order: Sequence[nodes.Node], cotangents: Cotangents, view: View) -> Iterator[tuple[nodes.Node, Any]]:
    """Carry cotangents from consumers to inputs, pausing before each node's own step.

    Args:
        order: the nodes, each before its inputs.
        cotangents: those of the outputs; the sweep adds everybody else's.
        view: what the rules see of a node.

    Yields:
        Each node that was computed, with its cotangent, which is complete by then.
    """
    for node in order:
        if node.op is None or node not in cotangents:
            continue
        g = cotangents[node]
        yield node, g
        push(node, node.op, g, view, cotangents)


def push(node: nodes.Node, op: Elementwise | Structured, g: Any, view: View, cotangents: Cotangents) -> None:
    """Add to the cotangents of a node's inputs what its own cotangent contributes to them."""
    inputs = node.inputs
    if isinstance(op, Elementwise):
        values = (*map(view, inputs), view(node))
        for x, partial in zip(inputs, op.partials):
            if type(x) is not nodes.Constant:
                _accumulate(cotangents, x, _unbroadcast(times(g, slope(op, partial, values)), x), g)
        return
    arguments = (g, view(node), *map(view, inputs))
    if op.all_vjps is None:
        for x, vjp in zip(inputs, op.vjps):
            if type(x) is not nodes.Constant:
                _accumulate(cotangents, x, vjp(*arguments, **node.parameters), g)
    else:
        for x, contribution in zip(inputs, op.all_vjps(*arguments, **node.parameters)):
            if type(x) is not nodes.Constant:
                _accumulate(cotangents, x, _unbroadcast(contribution, x), g)


def slope(op: Elementwise, partial: Callable[..., Any], values: Sequence[Any]) -> Any:
    """A partial derivative at these values; inf or nan, as NumPy has it, where Python floats raise."""
    if op.singular:  # an infinite slope at the end of the domain is an answer here, not an accident to warn of
        with np.errstate(all="ignore"):
            return evaluate(partial, values)
    return evaluate(partial, values)


def evaluate(rule: Callable[..., Any], values: Sequence[Any]) -> Any:
    """A rule at these values; inf or nan, as NumPy has it, where Python floats raise."""
    try:
        return rule(*values)
    except (ArithmeticError, ValueError):
        with np.errstate(all="ignore"):
            return float(rule(*map(np.float64, values)))


def times(g: Any, partial: Any) -> Any:
    """``g * partial``, where a cotangent of zero stays zero even if the partial is infinite.

    That makes ``where(x > 0, sqrt(x), 0)`` right at 0: the branch not taken has
    cotangent 0 and an infinite slope.
    """
    if type(partial) is float:
        if type(g) is float:
            return g * partial if g else 0.0
        if partial == 1.0:
            return g
    if getattr(partial, "dtype", None) is _BOOL:
        return g * partial
    with np.errstate(invalid="ignore"):  # of 0 * inf, which is mended below
        product = g * partial
    if not _is_finite(_plain(product)):
        alive = _plain(g) != 0
        return where(alive, g, 0.0) * where(alive, partial, 0.0)
    return product


def _sweep_floats(order: Sequence[nodes.Node], cotangents: Cotangents) -> None:
    """``sweep`` over ``Value``s alone, on their data: the same numbers, several times faster."""
    so_far = cotangents.get
    for node in order:
        op: Any = node.op
        if op is None:
            continue
        g = cotangents[node]
        kind = type(op)
        if g == 0:  # adds nothing to the inputs, however steep the slope
            for a in node.inputs:
                if type(a) is not nodes.Constant:
                    cotangents.setdefault(a, 0.0)
        elif kind is Binary:
            a, b = node.inputs
            values: Sequence[Any] = (a._data, b._data, node._data)
            partial_a, partial_b = op.partials
            if type(a) is not nodes.Constant:
                cotangents[a] = so_far(a, 0.0) + g * evaluate(partial_a, values)
            if type(b) is not nodes.Constant:
                cotangents[b] = so_far(b, 0.0) + g * evaluate(partial_b, values)
        elif kind is Unary:
            (a,) = node.inputs
            cotangents[a] = so_far(a, 0.0) + g * evaluate(op.partials[0], (a._data, node._data))
        elif kind is not Structured or op.all_vjps is None:
            push(node, op, g, data_of, cotangents)
        else:
            values = [a._data for a in node.inputs]
            for a, contribution in zip(node.inputs, op.all_vjps(g, node._data, *values, **node.parameters)):
                if type(a) is not nodes.Constant:
                    cotangents[a] = so_far(a, 0.0) + contribution


def _publish(cotangents: Cotangents) -> None:
    """Add the leaves' gradients, set the interior nodes', all at once."""
    with _publishing:
        grads = [
            _sum(node.grad, g) if node.op is None and node.grad is not None else g for node, g in cotangents.items()
        ]
        # One call into C: no signal handler runs in the middle of it, so that Ctrl-C
        # leaves either every gradient published or none.
        deque(map(setattr, cotangents, repeat("grad"), grads), maxlen=0)


def _sum(a: Any, b: Any) -> Any:
    total = a + b
    return np.asarray(total) if isinstance(total, np.generic) else total  # what 0-d arrays add up to


def _seed(output: nodes.Node, seed: Any) -> Any:
    data = output._data
    if seed is None:
        if type(data) is float:
            return 1.0
        if data.size != 1:
            raise ValueError(
                f"backward() starts from a single number, and this Tensor has shape {data.shape}: reduce it first, "
                f"as in t.sum().backward(), or give the cotangent of every entry, as in t.backward(seed)"
            )
        return np.ones_like(data) if data.shape else data.dtype.type(1)
    seed = _plain(seed)
    if np.shape(seed) != output.shape:
        raise ValueError(f"the seed has shape {np.shape(seed)}, but the node it is the cotangent of has {output.shape}")
    return float(seed) if type(data) is float else np.array(seed, data.dtype)


def _unbroadcast(contribution: Any, x: nodes.Node) -> Any:
    """Summed over the axes that the input was stretched along."""
    return contribution if getattr(contribution, "shape", ()) == x.shape else sum_to(contribution, x.shape)


def _accumulate(cotangents: Cotangents, x: nodes.Node, contribution: Any, g: Any) -> None:
    """Add a contribution, in the precision of the node that receives it and in memory of its own."""
    data = x._data
    if type(contribution) is not np.ndarray or type(data) is float or contribution.dtype is not data.dtype:
        contribution = _in_precision_of(data, contribution)
    if x in cotangents:
        cotangents[x] = _sum(cotangents[x], contribution)
    elif type(contribution) is np.ndarray and (contribution is g or contribution.base is not None):
        cotangents[x] = contribution.copy()
    else:
        cotangents[x] = contribution


def _in_precision_of(data: Any, contribution: Any) -> Any:
    if isinstance(contribution, nodes.Node):
        return contribution
    return float(contribution) if type(data) is float else np.asarray(contribution, data.dtype)


def _is_finite(x: Any) -> bool:
    # One pass that adds up; a sum of squares that overflows is only taken for infinite.
    return math.isfinite(np.vdot(x, x))


def _plain(x: Any) -> Any:
    return x._data if isinstance(x, nodes.Node) else x
