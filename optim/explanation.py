"""The change that a step made to a parameter, as parts that add up to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from autograd import Node, Tensor
from autograd.primitive import Array


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """How a step changed a parameter, as parts that add up to the change.

    Attributes:
        title: the optimizer, the step, and the parameter.
        parameter: the parameter itself.
        parts: what each part of the method added, of the parameter's shape, a number for a ``Value``:
            ``gradient`` is -lr * g, what plain gradient descent would have done; each
            further part is what the step changed by when that part of the method came in.
        before: the parameter as the step found it.
        after: the parameter as the step left it.
    """

    title: str
    parameter: Node
    parts: Mapping[str, Any]
    before: Any
    after: Any

    @property
    def change(self) -> Any:
        """What the step added to the parameter."""
        return self.after - self.before

    def around(self, name: str) -> Explanation:
        """The same for a wrapper: what the parameter has changed by since is the part of that name."""
        now = shaped(np.array(self.parameter.data, float), self.parameter)
        parts = {**self.parts, name: now - self.after} if np.any(now != self.after) else self.parts
        return Explanation(f"{name} around {self.title}", self.parameter, parts, self.before, now)

    def __repr__(self) -> str:
        heads, rows = self._table()
        widths = [max(map(len, column)) for column in zip(heads, *rows)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
            for row in (heads, *rows)
        ]
        lines.insert(-1, "-" * len(lines[0]))
        return "\n".join([self.title, *lines])

    def _repr_html_(self) -> str:
        heads, rows = self._table()
        head = "".join(f"<th>{escape(name)}</th>" for name in heads)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        return f"<div>{escape(self.title)}</div><table><tr>{head}</tr>{body}</table>"

    def _table(self) -> tuple[list[str], list[list[str]]]:
        """For each part its length, its share of the change, and its number at the entry that moved most."""
        change = np.asarray(self.change)
        arrays = {name: np.asarray(part) for name, part in {**self.parts, "change": change}.items()}
        most = int(np.argmax(np.abs(change))) if change.size else 0
        numbers = [float(array.flat[most]) if change.size else 0.0 for array in arrays.values()]
        unit, digits = _unit(numbers)
        square = float(np.sum(change * change))
        rows = [
            [
                name,
                f"{np.linalg.norm(array):.4g}",
                f"{100 * float(np.sum(array * change)) / square:.1f}%" if square else "",
                f"{number / unit:+.{digits}f}",
            ]
            for (name, array), number in zip(arrays.items(), numbers)
        ]
        where = f"at {[*map(int, np.unravel_index(most, change.shape))]}" if change.ndim and change.size else "number"
        return ["part", "norm", "share", where + ("" if unit == 1 else f" in {unit:g}")], rows


def _unit(numbers: Sequence[float]) -> tuple[float, int]:
    """A power of 10 and a number of digits with which numbers in a column can be added by eye."""
    sizes = [math.floor(math.log10(abs(number))) for number in numbers if number]
    largest, last = max(sizes, default=0), sizes[-1] if sizes else 0  # the last is the sum
    power = 0 if -4 <= largest < 5 else largest
    return 10.0**power, min(max(4 + power - last, 4), 10)


def shaped(vector: Array, parameter: Node) -> Any:
    """Numbers of a parameter in its shape; a float for a ``Value``."""
    return vector.reshape(parameter.shape) if isinstance(parameter, Tensor) else float(vector.item())


def find(owner: str, parts: Sequence[Node], parameter: Any) -> int:
    """The position of a parameter that is given itself, by its position, or by its label.

    Raises:
        ValueError: it is none of these, or several have the label.
    """
    if isinstance(parameter, Node):
        found = [i for i, part in enumerate(parts) if part is parameter]
    elif isinstance(parameter, str):
        found = [i for i, part in enumerate(parts) if part.label == parameter]
    else:
        found = [i for i in range(len(parts)) if i == parameter]
    if len(found) == 1:
        return found[0]
    given = f"the parameter {parameter!r:.80}" if isinstance(parameter, Node) else repr(parameter)
    what = f"is the label of {len(found)} of its parameters" if found else f"is none of its {len(parts)} parameters"
    raise ValueError(f"{owner}: {given} {what}; explain() takes a parameter, its position or its label")
