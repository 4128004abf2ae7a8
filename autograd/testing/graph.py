"""A graph as a program: a list of steps, which runs on whatever it is given and reads as code."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.graph import newest_first
from autograd.node import Constant, Node
from autograd.primitive import Primitive

INDENT = "    "


@dataclass(frozen=True)
class Step:
    """One row of the table, applied.

    Attributes:
        row: the row.
        inputs: where each operand comes from: ``k`` is the result of step k, ``~k``
            is leaf k, and a float or an array is a constant.
        parameters: the row's keyword arguments.
    """

    row: Primitive
    inputs: tuple[Any, ...]
    parameters: dict[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """A computation that can be repeated on floats, arrays, Values, Tensors, or anything else the rows take.

    ``graph(*graph.leaves)`` computes on plain numbers; ``repr(graph)`` is a program
    that does the same without this class.

    Attributes:
        leaves: floats, which become Values, and arrays, which become Tensors.
        steps: what is computed from them; the last result is the graph's.
    """

    leaves: tuple[Any, ...]
    steps: tuple[Step, ...]

    def __call__(self, *leaves: Any) -> Any:
        results: list[Any] = []
        for step in self.steps:
            row: Any = step.row
            operands = [self._pick(x, leaves, results) for x in step.inputs]
            results.append(row(*operands, **step.parameters))
            if isinstance(results[-1], Node):
                results[-1].label = f"y{len(results) - 1}"  # as in the program
        return results[-1]

    @staticmethod
    def _pick(x: Any, leaves: Sequence[Any], results: list[Any]) -> Any:
        if type(x) is not int:
            return x
        return leaves[~x] if x < 0 else results[x]

    def __repr__(self) -> str:
        return "\n".join([*self._imports(), "", *self.program("f"), "", f"leaves = [{self.arguments()}]"])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # for Hypothesis, which would print the fields

    def reproduction(self, assertion: str) -> str:
        """A program that makes the assertion of that name about this graph."""
        imports = [*self._imports(), f"from autograd.testing import {assertion}"]
        return "\n".join([*imports, "", "", *self.program("f"), "", "", f"{assertion}(f, {self.arguments()})"])

    def program(self, name: str) -> list[str]:
        """The graph as a Python function, line by line."""
        lines = [f"def {name}({', '.join(f'x{i}' for i in range(len(self.leaves)))}):"]
        for k, step in enumerate(self.steps):
            operands = [(f"x{~x}" if x < 0 else f"y{x}") if type(x) is int else literal(x) for x in step.inputs]
            parameters = [f"{key}={literal(value)}" for key, value in step.parameters.items()]
            lines.append(f'{INDENT}y{k} = table["{step.row.name}"]({", ".join(operands + parameters)})')
        return [*lines, f"{INDENT}return y{len(self.steps) - 1}"]

    def arguments(self) -> str:
        """The leaves, as code."""
        return ", ".join(map(literal, self.leaves))

    def _imports(self) -> Iterator[str]:
        yield "import numpy as np"
        for module in sorted({step.row.module for step in self.steps}):
            if module == "__main__":
                own = sorted({step.row.name for step in self.steps if step.row.module == module})
                yield f"# declare first, as in your own program: {', '.join(own)}"
            elif not module.startswith("autograd."):
                yield f"import {module}  # declares a row"
        yield "from autograd.primitive import table"


def recorded(f: Callable[..., Any], leaves: Sequence[Node]) -> tuple[Graph, Node]:
    """What ``f`` computes from these leaves, as a graph and as the node it returned.

    Raises:
        TypeError: ``f`` returned something else.
    """
    output = f(*leaves)
    if not isinstance(output, Node) or output.op is None:
        raise TypeError(f"f must return a Value or Tensor that it computed, not {output!r:.60}")
    places: dict[Node, int] = {leaf: ~i for i, leaf in enumerate(leaves)}
    steps: list[Step] = []
    for node in reversed(newest_first([output])):
        if node.op is not None:
            # What is neither computed nor one of the leaves stands in the program as a constant.
            inputs = tuple(x._data if isinstance(x, Constant) else places.get(x, x._data) for x in node.inputs)
            places[node] = len(steps)
            steps.append(Step(node.op, inputs, node.parameters))
    return Graph(tuple(leaf._data for leaf in leaves), tuple(steps)), output


def literal(x: Any) -> str:
    """Python code for a number, an array, or what indexing and parameters are made of."""
    if isinstance(x, np.ndarray):
        if not x.size:
            return f"np.zeros({x.shape}, np.{x.dtype})"
        return f"np.array({_nested(x.tolist())}, np.{x.dtype})"
    if isinstance(x, np.generic):
        return literal(x.item())
    if isinstance(x, float) and not math.isfinite(x):
        return f'float("{x}")'
    if isinstance(x, tuple):
        return f"({', '.join(map(literal, x))}{',' * (len(x) == 1)})"
    return repr(x)


def _nested(x: Any) -> str:
    return f"[{', '.join(map(_nested, x))}]" if isinstance(x, list) else literal(x)
