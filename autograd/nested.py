"""Numbers, arrays and nodes in nested lists, tuples and dictionaries.

``None`` stands for an entry that is not there; whatever else is no list, tuple or
dictionary is a leaf.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def leaves(nested: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves in order, each with its path, ``['weights'][0]``."""
    for key, entry in _entries(nested):
        yield from leaves(entry, f"{path}[{key!r}]")
    if nested is not None and not isinstance(nested, (dict, list, tuple)):
        yield path, nested


def rebuilt(nested: Any, values: Iterator[Any]) -> Any:
    """The same nesting, with the next of the values in place of each leaf."""
    if isinstance(nested, dict):
        return {key: rebuilt(entry, values) for key, entry in nested.items()}
    if isinstance(nested, (list, tuple)):
        parts = [rebuilt(entry, values) for entry in nested]
        if isinstance(nested, list):
            return parts
        return type(nested)._make(parts) if hasattr(nested, "_make") else tuple(parts)  # a named tuple keeps its names
    return None if nested is None else next(values)


def matched(nested: Any, given: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """For each leaf of ``nested`` its path, and what ``given``, of the same nesting, has in its place.

    Raises:
        ValueError: the two are not nested alike.
    """
    if isinstance(nested, dict):
        if not isinstance(given, dict) or given.keys() != nested.keys():
            raise ValueError(f"{path or 'it'} should be a dict with the keys {list(nested)}, not {_shown(given)}")
    elif isinstance(nested, (list, tuple)):
        if not isinstance(given, (list, tuple)) or len(given) != len(nested):
            kind = type(nested).__name__
            raise ValueError(f"{path or 'it'} should be a {kind} of {len(nested)} entries, not {_shown(given)}")
    elif nested is not None:
        yield path, given
    for key, entry in _entries(nested):
        yield from matched(entry, given[key], f"{path}[{key!r}]")


def _entries(nested: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(nested, dict):
        yield from nested.items()
    elif isinstance(nested, (list, tuple)):
        yield from enumerate(nested)


def _shown(given: Any) -> str:
    if isinstance(given, dict):
        return f"a dict with the keys {list(given)}"
    if isinstance(given, (list, tuple)):
        return f"a {type(given).__name__} of {len(given)}"
    return f"{type(given).__name__} {given!r:.40}"
