"""Noticing that data were changed between the operation that used them and ``backward``.

The derivative of ``x * x`` is taken where the product was computed. If ``x`` has
another value by then, the sweep would silently give the gradient of something else.

A node has a time, and whoever changes a leaf's data makes it younger than the nodes
that used it: then it stands out. Three ways lead to a change:

assignment
    ``x.data = ...`` and an optimizer's step say so themselves, through ``changed``.
in place
    ``x.data[0] = ...`` goes through an array that ``.data`` handed out. As long as
    somebody holds it, or a view of it, the leaf is compared with a snapshot whenever
    it is used.
constants
    An array that takes part in an operation stays its owner's. ``backward`` compares it
    with a snapshot, or if there are more than 4,096 entries with 1,021 sums of them and 256 of them.

``allow_stale`` switches all of this off.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd import modes
from autograd import node as nodes

FEW = 4096  # entries of a constant, up to which all are kept
# Of more, this many sums. It is a prime: entries that are changed alike, as those of a row are, go into different sums.
SUMS = 1021
SAMPLE = 256  # beside the sums, so many entries

last_change = -1  # the time of the latest change of any leaf
# The snapshots of leaves that somebody may be writing to; while there is none, nobody need look for them.
handed_out: set[int] = set()
_looking = threading.RLock()


class Snapshot:
    """A leaf's memo: a weak reference to the array that was handed out, and what it held.

    The reference dies when nobody can write through that array any more.
    """

    def __init__(self, array: Any) -> None:
        self.array, self.content = weakref.ref(array), array.tobytes()
        handed_out.add(id(self))

    def __del__(self, forget: Callable[[int], None] = handed_out.discard) -> None:
        forget(id(self))  # by a name of its own, as the module's are gone when Python exits


def changed(leaves: Iterable[nodes.Node]) -> None:
    """Note that the data of these leaves are no longer what earlier operations saw."""
    global last_change
    last_change = nodes.tick() + 1
    for leaf in leaves:
        leaf.time = last_change


def was_changed(node: nodes.Node) -> bool:
    """Whether the node's data are not those it was made with, so that its time is not when it was made."""
    return node.time % 2 == 1


def hand_out(leaf: nodes.Node) -> Any:
    """The leaf's array for somebody who may write to it, of which it keeps a snapshot."""
    with _looking:
        look_again(leaf)
        if leaf.memo is not None and (array := leaf.memo.array()) is not None:
            return array
        # Through a buffer: a view of this array then keeps it alive, and not the one behind it.
        array = np.asarray(memoryview(leaf._data))
        leaf.memo = Snapshot(array)
        return array


def move(leaf: nodes.Node, memory: Any) -> None:
    """Let the leaf's array be this one, which takes over its entries.

    Who holds the array that was handed out before can read what it held last, and no longer write to it:
    that would change nothing.
    """
    with _looking:
        look_again(leaf)
        if leaf.memo is not None and (array := leaf.memo.array()) is not None:
            array.flags.writeable = False
        leaf.memo = None
        memory[...] = leaf._data
        leaf._data = memory


def look_at(inputs: Iterable[nodes.Node]) -> None:
    """Note which leaves among the inputs were written to since they were last looked at."""
    for x in inputs:
        if x.memo is not None and type(x) is nodes.Tensor and x.op is None:
            look_again(x)


def look_again(leaf: nodes.Node) -> None:
    """Note it if a leaf's array was written to since it was last looked at."""
    with _looking:
        snapshot = leaf.memo
        if snapshot is None:  # another thread was here first
            return
        now = leaf._data.tobytes()
        if now != snapshot.content:
            changed([leaf])
            snapshot.content = now
        if snapshot.array() is None:
            leaf.memo = None


def fingerprint(array: Any) -> bytes:
    """What a constant array holds: its memo."""
    if array.size <= FEW:
        return array.tobytes()  # type: ignore[no-any-return]
    # A sum of entries, taken for whole numbers, sees the change of any one of them, but not of two that cancel, as
    # two changes of sign do. Those of many entries at once, some of the entries themselves see.
    entries = array.view(np.uint32 if array.itemsize == 4 else np.uint64).ravel(order="K")
    rest = len(entries) % SUMS
    sums = np.add.reduce(entries[rest:].reshape(-1, SUMS), axis=0, dtype=entries.dtype)
    kept = (entries[:rest], sums, entries[:: len(entries) // SAMPLE])
    return b"".join(part.tobytes() for part in kept)


def check(order: Sequence[nodes.Node]) -> None:
    """See that no leaf was changed after something was computed from it.

    Args:
        order: the computed nodes, newest first.

    Raises:
        RuntimeError: one was; names it and its consumer.
    """
    if modes.is_stale_allowed():
        return
    if handed_out:
        for node in order:
            look_at(map(_owner, node.inputs))
    if order and last_change > order[-1].time:
        for node in order:
            for x in map(_owner, node.inputs):
                if x.time > node.time:
                    _refuse(x, node)


def _owner(x: nodes.Node) -> nodes.Node:
    """The node whose memory ``x`` holds a view of, as a slice does; ``x`` itself if it has its own."""
    while x.op is not None and type(x._data) is np.ndarray and x._data.base is not None:
        if not np.may_share_memory(x._data, x.inputs[0]._data):
            break
        x = x.inputs[0]
    return x


def check_constant(constant: nodes.Node, consumer: nodes.Node) -> None:
    """See that a constant array holds what it held when it was used.

    Raises:
        RuntimeError: it does not.
    """
    if fingerprint(constant._data) != constant.memo and not modes.is_stale_allowed():
        _refuse(constant, consumer)


def _refuse(x: nodes.Node, consumer: nodes.Node) -> NoReturn:
    assert consumer.op is not None
    raise RuntimeError(
        f"backward: the data of {nodes.describe(x)} were changed after {consumer.op.name} had used them for "
        f"{nodes.describe(consumer)}, so the gradient would not be that of what was computed. "
        f"Change data (or step an optimizer) after backward(), or compute the result again."
    )
