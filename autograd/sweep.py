"""The reverse sweep, written once: how cotangents go from a node to its inputs.

One generator, ``sweep``, walks the graph; what its ``view`` shows to the rules
decides what comes out. Shown the nodes' data, the rules compute numbers; shown the
nodes themselves, they record a graph, whose nodes can be differentiated again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd import node as nodes
from autograd import stale
from autograd.primitive import Elementwise
from autograd.primitives.arithmetic import where
from autograd.primitives.shaping import sum_to

View = Callable[["nodes.Node"], Any]
Cotangents = dict["nodes.Node", Any]


def node_of(x: nodes.Node) -> Any:
    """The node itself, so that rules record; a constant is shown as its data."""
    return x._data if type(x) is nodes.Constant else x


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
    y, operands = view(node), [*map(view, inputs)]
    given = op.all_vjps and _distinct(op.all_vjps(g, y, *operands, **node.parameters), node)
    for position, x in enumerate(inputs):
        if type(x) is nodes.Constant:
            if x.memo is not None:
                stale.check_constant(x, node)
            continue
        if given:
            contribution = given[position]
        elif op.structured:
            contribution = op.rules[position](g, y, *operands, **node.parameters)
        else:
            contribution = times(g, slope(op, op.rules[position], (*operands, y)))
        accumulate(cotangents, x, contribution, g, node)


def accumulate(cotangents: Cotangents, x: nodes.Node, contribution: Any, g: Any, node: nodes.Node) -> None:
    """Add what ``node`` contributes to an input, in the form of that input and in memory of its own.

    Raises:
        ValueError: a rule has to give it in the input's shape, and did not.
    """
    data = x._data
    if (
        type(contribution) is not np.ndarray
        or type(data) is float
        or contribution.dtype is not data.dtype
        or contribution.shape != data.shape
    ):
        contribution = _in_precision_of(data, _in_shape_of(x, contribution, node))
    if x in cotangents:
        cotangents[x] = total(cotangents[x], contribution)
    elif type(contribution) is np.ndarray and (contribution is g or contribution.base is not None):
        cotangents[x] = contribution.copy()
    else:
        cotangents[x] = contribution


def _distinct(contributions: Iterable[Any], node: nodes.Node) -> list[Any]:
    """What a rule gives to all operands at once, each contribution an object of its own."""
    found: list[Any] = []
    given: set[int] = set()
    for contribution in contributions:
        found.append(contribution * 1.0 if id(contribution) in given and contribution is not None else contribution)
        given.add(id(contribution))
    if len(found) != len(node.inputs):
        refuse_count(node, len(found))
    return found


def refuse_count(node: nodes.Node, count: int) -> NoReturn:
    """Say that a rule for all operands at once does not give one cotangent for each."""
    assert node.op is not None
    raise ValueError(
        f"{node.op.name}: its rule gives {count} cotangents for {len(node.inputs)} operands; "
        f"give one for each, in their order"
    )


def slope(op: Elementwise, partial: Callable[..., Any], values: Sequence[Any]) -> Any:
    """A partial derivative at these values."""
    if op.singular:  # an infinite slope at the end of the domain is an answer here, not an accident to warn of
        with np.errstate(all="ignore"):
            return evaluate(partial, values)
    try:
        return partial(*values)
    except (ArithmeticError, ValueError):
        return evaluate(partial, values)  # a call that nearly all are spared


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
        dot = np.vdot(g, partial)
        if math.isfinite(dot):  # and so is each of the products
            return g * partial if g.shape else dot
    with np.errstate(invalid="ignore"):  # of 0 * inf, which is mended below
        product = g * partial
    values = nodes.plain(product)
    if not _is_finite(values):
        # Only where the product is nan: elsewhere the factors stay, for the derivatives of the product.
        alive = np.logical_not(np.isnan(values) & _is_dead(nodes.plain(g), nodes.plain(partial)))
        return where(alive, g, 0.0) * where(alive, partial, 0.0)
    return product


def _is_dead(g: Any, partial: Any) -> Any:
    """Where the product is 0 whatever the other factor: a cotangent of 0, or a slope of 0 under an infinite one."""
    return (g == 0) | ((partial == 0) & (g == g))


def _is_finite(x: Any) -> bool:
    # One pass that adds up; a sum of squares that overflows is only taken for infinite.
    return math.isfinite(np.vdot(x, x))


def total(a: Any, b: Any) -> Any:
    """What two cotangents add up to, as an array if they are."""
    both = a + b
    return np.asarray(both) if isinstance(both, np.generic) else both  # what 0-d arrays add up to


def _in_precision_of(data: Any, contribution: Any) -> Any:
    if isinstance(contribution, nodes.Node):
        return contribution
    if type(data) is float:
        return float(contribution) + 0.0  # -0.0 becomes 0.0, as it does in sums that begin with 0
    return np.asarray(contribution, data.dtype)


def _in_shape_of(x: nodes.Node, contribution: Any, node: nodes.Node) -> Any:
    op: Any = node.op
    if contribution is not None:
        if getattr(contribution, "shape", ()) == x.shape:
            return contribution
        if not op.structured or op.all_vjps is not None:  # the input was stretched
            return sum_to(contribution, x.shape)
        if np.shape(contribution) == x.shape:
            return np.asarray(contribution)
    position = next(i for i, operand in enumerate(node.inputs) if operand is x)
    if contribution is None:
        given, hint = "None", ""
    else:
        given = f"shape {np.shape(contribution)}"
        hint = "; what broadcasting copied has to be added up"
        if np.size(nodes.plain(contribution)) < x.size:
            hint = "; what was added up has to be spread to all entries again"
    raise ValueError(
        f"{op.name}: its rule gives {given} for the cotangent of operand {position}, which has shape {x.shape}{hint}"
    )
