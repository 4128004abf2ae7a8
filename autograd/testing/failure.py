"""What a failed assertion shows: a program that repeats the failure, and a picture of the graph."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import currently_in_test_context, note

from autograd.node import Node
from autograd.testing.graph import recorded


def explained(assertion: str, f: Callable[..., Any], leaves: Sequence[Node], finding: str) -> AssertionError:
    """The error for a finding about ``f`` at these leaves.

    Args:
        assertion: the name of the function in ``autograd.testing`` that made it.
        f: takes the leaves.
        leaves: fresh Values and Tensors, which get the names of the program.
        finding: what is wrong.
    """
    for i, leaf in enumerate(leaves):
        leaf.label = f"x{i}"
    graph, output = recorded(f, leaves)
    program = graph.reproduction(assertion)
    digest = hashlib.sha256(program.encode()).hexdigest()[:12]
    picture = _Picture(output, Path(tempfile.gettempdir()) / f"autograd-graph-{digest}.svg")
    parts = [finding, "", "This program repeats it:", "", program, ""]
    if currently_in_test_context():
        # Drawing takes a second. Hypothesis shows notes only of the smallest failing example, which it runs last.
        note(picture)
        parts.append(f"The graph is drawn in {picture.path}")
    else:
        parts.append(repr(picture))
    return AssertionError("\n".join(parts))


class _Picture:
    """A picture of a graph that is drawn when it is shown."""

    def __init__(self, node: Node, path: Path) -> None:
        self.node = node
        self.path = path

    def __repr__(self) -> str:
        try:
            self.node.draw().save(self.path)
        except (ValueError, OSError) as error:
            return f"The graph is not drawn: {error}"
        return f"The graph is drawn in {self.path}"
