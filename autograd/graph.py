"""Walking a computation graph."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

import numpy as np

from autograd import node as nodes

_time = attrgetter("time")


def computed(outputs: Iterable[nodes.Node], since: int = -1) -> list[nodes.Node]:
    """The computed nodes among the outputs and what they were computed from, each before its inputs.

    A node is always made after its inputs, so ordering by age is enough: the
    diamond ``a -> b, c -> b*c`` comes out right with no search for it.

    Args:
        outputs: where to start.
        since: a time; what was made by then, and all behind it, is left out.
    """
    found = [node for node in dict.fromkeys(outputs) if node.op is not None and node.time > since]
    seen = set(found)
    reached = []
    # The last input first, mostly the youngest: what is reached is then nearly in order, and quickly sorted.
    while found:
        node = found.pop()
        reached.append(node)
        for x in node.inputs:
            if x.op is not None and x not in seen and x.time > since:
                seen.add(x)
                found.append(x)
    reached.sort(key=_time, reverse=True)
    return reached


def newest_first(outputs: Iterable[nodes.Node]) -> list[nodes.Node]:
    """``computed``, with the leaves and constants."""
    reached = {*outputs}
    for node in computed(outputs):
        reached.add(node)
        reached.update(node.inputs)
    return sorted(reached, key=_time, reverse=True)


def first_non_finite(output: nodes.Node) -> nodes.Node | None:
    """Where the inf or nan in ``output`` began: the oldest node that holds one though its inputs hold none.

    It counts only if it reached the output through nodes that hold one themselves, as it does not
    through the branch that ``where`` leaves out. What was computed comes before a leaf that held
    one from the start, which may be meant, as the -inf of a mask.
    """
    if _is_finite(output):
        return None
    reached, found, began = {output}, [output], []
    while found:
        node = found.pop()
        sources = [x for x in node.inputs if not _is_finite(x)]
        if not sources:
            began.append(node)
        found += {*sources} - reached
        reached.update(sources)
    return min(began, key=lambda node: (node.op is None, node.time))


def _is_finite(node: nodes.Node) -> bool:
    return bool(np.isfinite(node._data).all())
