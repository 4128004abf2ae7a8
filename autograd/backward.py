"""The reverse sweep: from an output to everything it was computed from.

One generator, ``sweep``, walks the graph; what its ``view`` shows to the rules
decides what comes out. Shown the nodes' data, the rules compute numbers
(``backward``); shown the nodes themselves, they record a graph, whose nodes can
be differentiated again (``gradients``).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd import anomaly, modes, stale
from autograd import node as nodes
from autograd.graph import computed
from autograd.primitive import Binary, Elementwise, Structured, Unary, data_of
from autograd.primitives.arithmetic import where
from autograd.primitives.shaping import broadcast_to, reshape, stack, sum_to

View = Callable[["nodes.Node"], Any]
Cotangents = dict["nodes.Node", Any]
_publishing = threading.Lock()  # two threads may add to the same leaf


def node_of(x: nodes.Node) -> Any:
    """The node itself, so that rules record; a constant is shown as its data."""
    return x._data if type(x) is nodes.Constant else x


def backward(output: nodes.Node, seed: Any = None) -> None:
    """See ``Node.backward``."""
    order = computed([output])
    stale.check(order)
    cotangents: Cotangents = {output: _seed(output, seed)}
    detecting = modes.is_detecting_anomalies()
    if type(output) is nodes.Value and not detecting:  # then everything behind it is a Value too
        _sweep_floats(order, cotangents)
    else:
        for node in order:  # as ``sweep`` does, without its pauses
            if node in cotangents:
                push(node, cotangents[node], data_of, cotangents)
                if detecting:
                    anomaly.look_at_gradients(node, cotangents)
        if type(output) is nodes.Tensor:
            cotangents[output] = np.asarray(cotangents[output])  # a scalar of NumPy's, if there is only one
    _publish(cotangents)


def gradients(output: nodes.Node, inputs: Sequence[nodes.Node], seed: Any = None) -> list[Any]:
    """The derivatives of ``output`` as nodes, which can be differentiated in turn.

    Args:
        output: the node to differentiate.
        inputs: the nodes to differentiate with respect to.
        seed: the cotangent of the output, of its shape, plain or a node (then the
            derivatives can be differentiated with respect to it); 1 if the output
            holds a single number.

    Returns:
        For each input a node of its shape (a plain number or array where the
        derivative is constant), or ``None`` if ``output`` does not depend on it.

    Raises:
        TypeError: the output, or something among the inputs, is no node.
        ValueError: the output holds several numbers and no seed is given, or the
            seed's shape is not the output's.
    """
    if isinstance(inputs, nodes.Node) or not all(isinstance(x, nodes.Node) for x in (output, *inputs)):
        raise TypeError("gradients: takes a node and a list of nodes, as in gradients(loss, [w, b])")
    # What is older than all inputs does not depend on them; but one that was changed is no longer as old as it was.
    oldest = min((x.time for x in inputs), default=-1) if stale.last_change <= output.time else -1
    order = computed([output], since=oldest)
    stale.check(order)
    plain = _seed(output, seed)
    cotangents: Cotangents = {output: of_the_form_of(output, seed if isinstance(seed, nodes.Node) else plain)}
    for _ in sweep(order, cotangents, node_of):
        pass
    return [cotangents.get(x) for x in inputs]


def sweep(order: Sequence[nodes.Node], cotangents: Cotangents, view: View) -> Iterator[tuple[nodes.Node, Any]]:
    """Carry cotangents from consumers to inputs, pausing before each node's own step.

    Args:
        order: the computed nodes, each before its inputs.
        cotangents: those of the outputs; the sweep adds everybody else's.
        view: what the rules see of a node.

    Yields:
        Each node that was computed, with its cotangent, which is complete by then.
    """
    for node in order:
        if node in cotangents:
            yield node, cotangents[node]
            push(node, cotangents[node], view, cotangents)


def push(node: nodes.Node, g: Any, view: View, cotangents: Cotangents) -> None:
    """Add to the cotangents of a node's inputs what its own cotangent contributes to them."""
    op: Any = node.op
    inputs = node.inputs
    if type(g) is float and g == 0:  # adds nothing to the inputs, however steep the slopes
        for x in inputs:
            if type(x) is not nodes.Constant:
                cotangents.setdefault(x, 0.0)
        return
    if isinstance(op, Elementwise):
        values = (*map(view, inputs), view(node))
        for x, partial in zip(inputs, op.partials):
            if type(x) is not nodes.Constant:
                _accumulate(cotangents, x, times(g, slope(op, partial, values)), g, node)
            elif x.memo is not None:
                stale.check_constant(x, node)
        return
    y, operands, parameters = view(node), [*map(view, inputs)], node.parameters
    if op.all_vjps is None:
        for x, vjp in zip(inputs, op.vjps):
            if type(x) is not nodes.Constant:
                _accumulate(cotangents, x, vjp(g, y, *operands, **parameters), g, node)
            elif x.memo is not None:
                stale.check_constant(x, node)
    else:
        contributions = [*op.all_vjps(g, y, *operands, **parameters)]
        given: set[int] = set()
        for x, contribution in zip(inputs, contributions, strict=True):
            if type(x) is not nodes.Constant:
                # One that is given twice gets memory of its own the second time.
                _accumulate(cotangents, x, contribution * 1.0 if id(contribution) in given else contribution, g, node)
                given.add(id(contribution))
            elif x.memo is not None:
                stale.check_constant(x, node)


def slope(op: Elementwise, partial: Callable[..., Any], values: Sequence[Any]) -> Any:
    """A partial derivative at these values."""
    if op.singular:  # an infinite slope at the end of the domain is an answer here, not an accident to warn of
        with np.errstate(all="ignore"):
            return evaluate(partial, values)
    return evaluate(partial, values)


def evaluate(rule: Callable[..., Any], values: Sequence[Any]) -> Any:
    """A rule at these values; inf or nan, as NumPy has it, where Python floats raise."""
    try:
        return rule(*values)
    except FloatingPointError:  # NumPy's or detect_anomaly's own, which somebody has asked for
        raise
    except (ArithmeticError, ValueError):
        with np.errstate(all="ignore"):
            return float(rule(*map(np.float64, values)))


def times(g: Any, partial: Any) -> Any:
    """``g * partial``, where 0 times infinity is 0, whichever of the two is 0.

    That makes ``where(x > 0, sqrt(x), 0)`` right at 0: the branch not taken has
    cotangent 0 and an infinite slope; and ``sqrt(x**2)``, where an infinite cotangent
    meets the slope 0.
    """
    if type(partial) is float:
        if type(g) is float:
            product = g * partial
            return 0.0 if product != product and _is_dead(g, partial) else product
        if partial == 1.0:
            return g
    elif type(g) is type(partial) is np.ndarray and g.shape == partial.shape:
        total = np.vdot(g, partial)
        if math.isfinite(total):  # and so is each of the products
            return g * partial if g.shape else total
    with np.errstate(invalid="ignore"):  # of 0 * inf, which is mended below
        product = g * partial
    if not _is_finite(nodes.plain(product)):
        alive = np.logical_not(_is_dead(nodes.plain(g), nodes.plain(partial)))
        return where(alive, g, 0.0) * where(alive, partial, 0.0)
    return product


def _is_dead(g: Any, partial: Any) -> Any:
    """Where the product is 0 whatever the other factor: a cotangent of 0, or a slope of 0 under an infinite one."""
    return (g == 0) | ((partial == 0) & (g == g))


def _sweep_floats(order: Sequence[nodes.Node], cotangents: Cotangents) -> None:
    """``sweep`` over ``Value``s alone, on their data: the same numbers, several times faster."""
    so_far, Constant = cotangents.get, nodes.Constant
    for node in order:
        op: Any = node.op
        g = cotangents[node]
        kind = type(op)
        if g == 0:  # adds nothing to the inputs, however steep the slopes
            for a in node.inputs:
                if a not in cotangents and type(a) is not Constant:
                    cotangents[a] = 0.0
        elif kind is Binary:
            a, b = node.inputs
            values: Sequence[Any] = (a._data, b._data, node._data)
            partial_a, partial_b = op.partials
            if type(a) is not Constant:
                product = g * (steep := evaluate(partial_a, values))
                cotangents[a] = so_far(a, 0.0) + (product if product == product else times(g, steep))
            if type(b) is not Constant:
                product = g * (steep := evaluate(partial_b, values))
                cotangents[b] = so_far(b, 0.0) + (product if product == product else times(g, steep))
        elif kind is Unary:
            (a,) = node.inputs
            product = g * (steep := evaluate(op.partials[0], (a._data, node._data)))
            cotangents[a] = so_far(a, 0.0) + (product if product == product else times(g, steep))
        elif kind is not Structured or op.all_vjps is None:
            push(node, g, data_of, cotangents)
        else:
            inputs = node.inputs
            values = [a._data for a in inputs]
            for a, contribution in zip(inputs, op.all_vjps(g, node._data, *values, **node.parameters)):
                if type(a) is not Constant:
                    cotangents[a] = so_far(a, 0.0) + contribution


def _publish(cotangents: Cotangents) -> None:
    """Add the leaves' gradients, set the interior nodes', all at once."""
    with _publishing:
        grads = [
            _sum(node.grad, g) if node.op is None and node.grad is not None else g for node, g in cotangents.items()
        ]
        # One call into C: no signal handler runs in the middle of it, so that Ctrl-C
        # leaves either every gradient published or none.
        any(map(vars(nodes.Node)["grad"].__set__, cotangents, grads))  # each gives None, and so none ends it


def _sum(a: Any, b: Any) -> Any:
    total = a + b
    return np.asarray(total) if isinstance(total, np.generic) else total  # what 0-d arrays add up to


def of_the_form_of(node: nodes.Node, derivative: Any) -> Any:
    """A tangent or cotangent in the shape and precision of its node; zeros for ``None``."""
    data = node._data
    if isinstance(derivative, nodes.Node):
        if type(derivative) is nodes.Value and type(data) is not float:
            derivative = reshape(stack([derivative]), ())  # the rules of arrays ask a derivative for its axes
        return derivative if derivative.shape == node.shape else broadcast_to(derivative, node.shape)
    if derivative is None:
        derivative = 0.0
    if type(data) is float:
        return float(derivative)
    array = np.asarray(derivative, data.dtype)
    return array if array.shape == data.shape else np.broadcast_to(array, data.shape)


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
    seed = np.asarray(nodes.plain(seed))
    if seed.dtype.kind not in "fiub":
        raise TypeError(f"the seed is made of real numbers, not of {seed.dtype}")
    if seed.shape != output.shape:
        raise ValueError(f"the seed has shape {seed.shape}, but the node it is the cotangent of has {output.shape}")
    return float(seed) if type(data) is float else np.array(seed, data.dtype)


def _accumulate(cotangents: Cotangents, x: nodes.Node, contribution: Any, g: Any, node: nodes.Node) -> None:
    """Add a contribution, in the form of the node that receives it and in memory of its own."""
    data = x._data
    if (
        type(contribution) is not np.ndarray
        or type(data) is float
        or contribution.dtype is not data.dtype
        or contribution.shape != data.shape
    ):
        contribution = _in_precision_of(data, _in_shape_of(x, contribution, node))
    if x in cotangents:
        cotangents[x] = _sum(cotangents[x], contribution)
    elif type(contribution) is np.ndarray and (contribution is g or contribution.base is not None):
        cotangents[x] = contribution.copy()
    else:
        cotangents[x] = contribution


def _in_shape_of(x: nodes.Node, contribution: Any, node: nodes.Node) -> Any:
    """A contribution of ``node`` to its input ``x``, in the shape of that.

    Raises:
        ValueError: a rule has to give it in that shape, and did not.
    """
    op: Any = node.op
    if contribution is not None:
        if getattr(contribution, "shape", ()) == x.shape:
            return contribution
        if isinstance(op, Elementwise) or op.all_vjps is not None:  # the input was stretched
            return sum_to(contribution, x.shape)
        if np.shape(contribution) == x.shape:
            return np.asarray(contribution)
    position = next(i for i, operand in enumerate(node.inputs) if operand is x)
    if contribution is None:
        given, hint = "None", ""
    else:
        given, hint = f"shape {np.shape(contribution)}", "; what broadcasting copied has to be added up"
    raise ValueError(
        f"{op.name}: its rule gives {given} for the cotangent of operand {position}, which has shape {x.shape}{hint}"
    )


def _in_precision_of(data: Any, contribution: Any) -> Any:
    if isinstance(contribution, nodes.Node):
        return contribution
    return float(contribution) if type(data) is float else np.asarray(contribution, data.dtype)


def _is_finite(x: Any) -> bool:
    # One pass that adds up; a sum of squares that overflows is only taken for infinite.
    return math.isfinite(np.vdot(x, x))
