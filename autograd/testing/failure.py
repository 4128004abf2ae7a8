"""What a failed assertion shows: a program that repeats the failure, and a picture of the graph."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import currently_in_test_context, note

from autograd.node import Node
from autograd.testing.graph import Graph, recorded


def explained(
    assertion: str,
    f: Callable[..., Any],
    leaves: Sequence[Node],
    finding: str,
    fails: Callable[[Graph], bool],
    in_full: Callable[[], str] | None = None,
) -> AssertionError:
    """The error for a finding about ``f`` at these leaves.

    Args:
        assertion: the name of the function in ``autograd.testing`` that made it.
        f: takes the leaves.
        leaves: fresh Values and Tensors, which get the names of the program.
        finding: what is wrong.
        fails: whether the assertion fails for a recorded graph, too.
        in_full: says it with what may be the matter, which takes its time.
    """
    explanation = _Late(lambda: _program_and_picture(assertion, f, leaves, fails))
    if currently_in_test_context():
        # All of it takes a second, and Hypothesis fails hundreds of times before it has found the
        # smallest example. That it runs last, and only then a note is asked what it says.
        if in_full is not None:
            note(_Late(in_full))
        note(explanation)
        return AssertionError(finding)
    return AssertionError(f"{in_full() if in_full else finding}\n\n{explanation!r}")


class _Late:
    """Text that is made when it is shown."""

    def __init__(self, text: Callable[[], str]) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text()


def _program_and_picture(
    assertion: str, f: Callable[..., Any], leaves: Sequence[Node], fails: Callable[[Graph], bool]
) -> str:
    for i, leaf in enumerate(leaves):
        leaf.label = f"x{i}"
    graph, output = recorded(f, leaves)
    program = graph.reproduction(assertion)
    digest = hashlib.sha256(program.encode()).hexdigest()[:12]
    picture = _drawn(output, Path(tempfile.gettempdir()) / f"autograd-graph-{digest}.svg")
    heading = "This program repeats it:"
    if not fails(graph):
        heading = (
            "This program repeats what was recorded, and passes where f fails: what f took from elsewhere, as from "
            "x.numpy(), float(x) or detach(), stands in it as fixed numbers:"
        )
    return "\n".join([heading, "", program, "", picture])


def _drawn(node: Node, path: Path) -> str:
    """Says where the picture is, or why there is none."""
    try:
        node.draw().save(path)
    except (ValueError, OSError) as error:
        return f"The graph is not drawn: {error}"
    return f"The graph is drawn in {path}"
