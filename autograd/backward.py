"""From an output to the gradients of everything it was computed from: ``backward`` and ``gradients``."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from autograd import anomaly, modes, stale
from autograd import node as nodes
from autograd.data_sweeps import cotangent_of, reached, sweep_tensors, sweep_values
from autograd.graph import computed
from autograd.primitive import data_of
from autograd.primitives.shaping import broadcast_to, reshape, stack
from autograd.sweep import Cotangents, node_of, push, sweep, total

_publishing = threading.Lock()  # two threads may add to the same leaf
_in_place = threading.Lock()  # held by the sweep that keeps its cotangents in the nodes, where two could meet


def backward(output: nodes.Node, seed: Any = None) -> None:
    """See ``Node.backward``."""
    seed = _seed(output, seed)
    alone = False
    try:
        if type(output) is nodes.Value and output.op is not None and not modes.is_detecting_anomalies():
            # Not to wait for: the other sweep may be in a rule that called this one. (Ctrl-C right behind
            # this call leaves the lock taken, and later sweeps to the longer way.)
            alone = _in_place.acquire(blocking=False)
        (_backward_in_place if alone else _backward)(output, seed)
    finally:
        if alone:
            _in_place.release()


def _backward_in_place(output: Any, seed: float) -> None:
    order, leaves = reached(output, seed)
    stale.check(order)
    sweep_values(order)
    _publish(order, map(cotangent_of, order), leaves, map(cotangent_of, leaves))


def _backward(output: nodes.Node, seed: Any) -> None:
    if modes.is_detecting_anomalies():
        order = computed([output])
        stale.check(order)
        cotangents: Cotangents = {output: seed}
        for node in order:
            push(node, cotangents[node], data_of, cotangents)
            anomaly.look_at_gradients(node, cotangents)
    else:
        try:
            order, cotangents = sweep_tensors(output, seed)
        except Exception:
            stale.check(computed([output]))  # which may be why
            raise
        stale.check(order)
    if type(output) is nodes.Tensor:
        cotangents[output] = np.asarray(seed)  # a scalar of NumPy's, if there is only one
    adjoints = [*map(cotangents.pop, order)]  # what is left are the leaves'
    _publish(order, adjoints, cotangents.keys(), cotangents.values())


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
    # What is older than all inputs does not depend on them; but how old one is that was changed, nobody knows.
    oldest = -1 if any(map(stale.was_changed, inputs)) else min((x.time for x in inputs), default=-1)
    order = computed([output], since=oldest)
    stale.check(order)
    plain = _seed(output, seed)
    cotangents: Cotangents = {output: of_the_form_of(output, seed if isinstance(seed, nodes.Node) else plain)}
    for _ in sweep(order, cotangents, node_of):
        pass
    return [cotangents.get(x) for x in inputs]


def _publish(
    order: Iterable[nodes.Node], adjoints: Iterable[Any], leaves: Iterable[nodes.Node], contributions: Iterable[Any]
) -> None:
    """Set the gradients of the computed nodes, add to those of the leaves, all at once."""
    with _publishing:
        sums = [g if leaf.grad is None else total(leaf.grad, g) for leaf, g in zip(leaves, contributions)]
        # One call into C: no signal handler runs in the middle of it, so that Ctrl-C
        # leaves either every gradient published or none.
        any(map(nodes.set_grad, chain(order, leaves), chain(adjoints, sums)))


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
