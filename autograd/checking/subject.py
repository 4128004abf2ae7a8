"""A function under test, seen as one from a flat vector to a flat vector.

``f`` takes nodes and returns a node; here its inputs' entries are one vector, its
outputs' another, and so are the derivatives that the engine finds. For order 2 the
vector that comes out is the gradient itself, which then has a gradient of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from autograd.backward import gradients
from autograd.checking.differences import Array
from autograd.forward import sweep_forward
from autograd.graph import computed
from autograd.modes import allow_stale
from autograd.node import Node, Tensor, Value
from autograd.primitive import data_of
from autograd.sweep import sweep


class Subject:
    """The derivative of some order of ``f``, and what the engine says of it.

    Attributes:
        x: the entries of all inputs.
        outputs: what is differentiated, as computed at ``x``.
        weights: of the outputs, whose weighted sum is what has a gradient. They are between
            0.5 and 1.5 in size and of random sign, so that one backward sweep sees every
            output and errors do not cancel by symmetry; and always the same.
        gradient: of that sum, by the engine.
        graph: the computed nodes behind the outputs, newest first.
        roots: the leaves it grew from, one per input.
        repeats: whether outputs and gradient come out the same, bit for bit, a second time.
    """

    def __init__(self, f: Callable[..., Any], leaves: Sequence[Value | Tensor], order: int = 1) -> None:
        self.f = f
        self.leaves = leaves
        self.order = order
        self.x: Array = _flat(leaves)
        sizes = [leaf.size for leaf in leaves]
        self.parts = [slice(sum(sizes[:i]), sum(sizes[: i + 1])) for i in range(len(sizes))]
        self.weights: Array = np.ones(0)  # known when the outputs are
        self.roots = self._leaves_at(self.x)
        self.results = self._results(self.roots)
        self.outputs = _flat(self.results)
        self.weights = weights_of(self.outputs.size)
        self.graph = computed([result for result in self.results if isinstance(result, Node)])
        self.gradient = self.pull(self.weights)
        if order == 1 and not self.is_connected():
            raise ValueError(
                "the result of f does not depend on any of its inputs: compute it from what f is given, "
                "without .data, .numpy(), detach() or no_grad() on the way"
            )
        self.repeats = np.array_equal(self.outputs, self.at(self.x), equal_nan=True) and np.array_equal(
            self.gradient, self.pull(self.weights), equal_nan=True
        )

    def at(self, x: Array) -> Array:
        """The outputs for other entries of the inputs; nan where they cannot be compared, as outside the domain.

        So it is where f raises, as ``inv`` of a singular matrix does, or has outputs of another
        size, as ``x[x > 0]``.
        """
        try:
            outputs = _flat(self._results(self._leaves_at(x)))
        except (ArithmeticError, ValueError):
            return np.full(self.weights.size, np.nan)
        return outputs if outputs.size == self.weights.size else np.full(self.weights.size, np.nan)

    def pull(self, weights: Array) -> Array:
        """The gradient of the outputs' weighted sum, by the engine under test."""
        cotangents = self._cotangents(weights)
        return _flat([cotangents.get(root, np.zeros(root.shape)) for root in self.roots])

    def noise(self, weights: Array) -> float:
        """What the outputs' weighted sum may be off by, since every result on the way to it is rounded.

        Each rounding, of a spacing of floats at most, reaches the sum times the cotangent of what was rounded
        (Linnainmaa, Taylor expansion of the accumulated rounding error, 1976).
        """
        cotangents = self._cotangents(weights)
        rounded = [(cotangents[node], node._data) for node in self.graph if node in cotangents]
        return float(sum(np.sum(np.abs(g) * np.spacing(np.abs(np.asarray(y, np.float64)))) for g, y in rounded))

    def _cotangents(self, weights: Array) -> dict[Node, Any]:
        """Of everything behind the outputs, when those of the outputs are the weights."""
        cotangents: dict[Node, Any] = {}
        ends = np.cumsum([np.size(result) for result in self.results])
        for result, weight in zip(self.results, np.split(weights, ends[:-1])):
            if isinstance(result, Node):
                seed = float(weight[0]) if isinstance(result, Value) else weight.reshape(result.shape)
                cotangents[result] = cotangents.get(result, 0.0) + seed
        # The sweep itself and not backward(), which would write into the grad of every node f uses.
        for _ in sweep(self.graph, cotangents, data_of):
            pass
        return cotangents

    def push(self, direction: Array) -> float:
        """The derivative of the outputs' weighted sum along a direction, by the engine's forward mode.

        Raises:
            TypeError: a rule is written with NumPy's functions and cannot be transposed.
        """
        tangents: dict[Node, Any] = {
            root: float(direction[part.start]) if isinstance(root, Value) else direction[part].reshape(root.shape)
            for root, part in zip(self.roots, self.parts)
        }
        with allow_stale():
            sweep_forward(self.graph, tangents, data_of)
        pushed = [tangents.get(result, np.zeros(np.shape(result))) for result in self.results]
        return float(self.weights @ _flat(pushed))

    def is_connected(self) -> bool:
        """Whether the outputs depend on any input at all."""
        used = {*chain.from_iterable(node.inputs for node in self.graph), *self.results}
        return not used.isdisjoint(self.roots)

    def depending_on(self, position: int) -> set[Node]:
        """The input at this position, and the nodes of the graph that were computed from it."""
        reached: set[Node] = {self.roots[position]}
        for node in reversed(self.graph):
            if not reached.isdisjoint(node.inputs):
                reached.add(node)
        return reached

    def place(self, i: int) -> str:
        """Entry ``i`` of the flat vector in the user's terms: ``w[0, 2]`` or ``inputs[1][0, 2]``."""
        position = next(p for p, part in enumerate(self.parts) if i < part.stop)
        leaf = self.leaves[position]
        index = np.unravel_index(i - self.parts[position].start, leaf.shape)
        return self.name(position) + (f"[{', '.join(map(str, index))}]" if index else "")

    def name(self, position: int) -> str:
        return self.leaves[position].label or f"inputs[{position}]"

    def _results(self, leaves: Sequence[Value | Tensor]) -> list[Any]:
        output = self.f(*leaves)
        if not isinstance(output, Node):
            if self.weights.size:  # beside the point f may return a constant
                return [output]
            raise TypeError(
                f"f must return a Value or Tensor computed from its inputs; "
                f"it returned {type(output).__name__} {output!r:.60}"
            )
        results = [output]
        for _ in range(1, self.order):
            results = _gradients(results, leaves)
        return results

    def _leaves_at(self, x: Array) -> list[Value | Tensor]:
        """Fresh leaves holding the entries of ``x``: nothing f does to one is seen by the next call."""
        return [
            Value(float(x[part.start]), leaf.label)
            if isinstance(leaf, Value)
            else Tensor(x[part].reshape(leaf.shape), leaf.label)
            for leaf, part in zip(self.leaves, self.parts)
        ]


def _gradients(results: Sequence[Any], leaves: Sequence[Node]) -> list[Any]:
    """The gradient of the weighted sum of the results with respect to each leaf, as nodes where it varies."""
    ends = np.cumsum([np.size(result) for result in results])
    parts = np.split(weights_of(int(ends[-1])), ends[:-1])
    found: list[Any] = [0.0] * len(leaves)
    for result, weight in zip(results, parts):
        if isinstance(result, Node):
            for i, g in enumerate(gradients(result, leaves, weight.reshape(result.shape))):
                found[i] = found[i] if g is None else found[i] + g
    return [g if isinstance(g, Node) else np.broadcast_to(g, leaf.shape) for g, leaf in zip(found, leaves)]


@lru_cache(maxsize=8)
def weights_of(size: int) -> Array:
    """Of the sum that is checked of so many outputs."""
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.5, 1.5, size) * rng.choice([-1.0, 1.0], size) if size > 1 else np.ones(size)
    weights.flags.writeable = False
    return weights


def _flat(parts: Sequence[Any]) -> Array:
    """All entries of these nodes, numbers and arrays."""
    plain = [np.ravel(data_of(part) if isinstance(part, Node) else part) for part in parts]
    return np.asarray(plain[0] if len(plain) == 1 else np.concatenate(plain), np.float64)
