"""All optimizers there are, found by looking at the classes, and what their docstrings and fields say of them."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import optim
from autograd.columns import WIDTH
from optim.hyperparameters import Allowed
from optim.optimizer import Optimizer
from optim.probing import Probing
from optim.wrappers import Wrapper


@dataclass(frozen=True)
class Entry:
    """What a class says of itself.

    Attributes:
        what: what it does, in a line.
        paper: where it comes from.
        rule: the lines of its update.
        remarks: what else there is to know.
        defaults: its hyperparameters, and what each may be.
    """

    what: str
    paper: str
    rule: str
    remarks: str
    defaults: dict[str, tuple[Any, Allowed]]


def optimizers() -> list[type[Optimizer]]:
    """Every class in this package with a rule of its own or its parent's, by name."""
    return _by_name(kind for kind in _subclasses(Optimizer) if kind.rule not in (Optimizer.rule, Probing.rule))


def wrappers() -> list[type[Wrapper]]:
    """Every class that goes around an optimizer, by name."""
    return _by_name(_subclasses(Wrapper))


def find(name: str) -> type[Any]:
    """The optimizer or wrapper of this name, in whatever case.

    Raises:
        ValueError: there is none; names the nearest.
    """
    known = {kind.__name__.lower(): kind for kind in (*optimizers(), *wrappers())}
    if name.lower() in known:
        return known[name.lower()]
    near = [known[similar].__name__ for similar in get_close_matches(name.lower(), known)]
    hint = f"did you mean {' or '.join(near)}?" if near else "python -m optim --list shows all there are"
    raise ValueError(f"there is no optimizer {name!r}; {hint}")


def family(kind: type[Any]) -> str:
    """The module that a class stands in: its last name."""
    return kind.__module__.rpartition(".")[2]


def entry(kind: type[Any]) -> Entry:
    """What a class says of itself."""
    first, *rest = inspect.cleandoc(kind.__doc__ or "").replace("``", "`").split("\n\n")
    summary = re.fullmatch(r"(.*) \(([^()]*)\)\.", first)
    if summary is None or not rest:
        raise ValueError(
            f"{kind.__name__}: the docstring must begin with 'What it does (Authors year).', "
            f"an empty line, and the lines of the rule"
        )
    defaults = {
        item.name: (item.default, item.metadata["allowed"])
        for item in fields(kind)
        if "allowed" in item.metadata and item.default is not MISSING
    }
    return Entry(summary[1], summary[2], rest[0], "\n\n".join(rest[1:]), defaults)


def report() -> str:
    """Every optimizer, family by family: its paper, rule and defaults; at the end the wrappers."""
    kinds = optimizers()
    parts = []
    for name in sorted({*map(family, kinds)}):
        members = [kind for kind in kinds if family(kind) == name]
        parts.append(_heading(f"optim/{name}.py: {inspect.getdoc(sys.modules[members[0].__module__])}"))
        parts += [_short(kind) for kind in members]
    parts.append(_heading("Around another optimizer, as in SAM(SGD(parameters))"))
    parts += [_short(kind) for kind in wrappers()]
    parts.append(f"{len(kinds)} optimizers and {len(wrappers())} wrappers")
    return "\n\n".join(parts)


def describe(kind: type[Any]) -> str:
    """One optimizer or wrapper in full."""
    of = entry(kind)
    ranges = [f"    {name} = {default!r}: {allowed.describe(name)}" for name, (default, allowed) in of.defaults.items()]
    return "\n\n".join(
        part
        for part in (
            f"{kind.__name__}: {of.what}\n{of.paper}; optim/{family(kind)}.py",
            _indented(of.rule),
            of.remarks,
            "\n".join(["Hyperparameters:", *ranges]) if ranges else "It has no hyperparameters.",
        )
        if part
    )


def _short(kind: type[Any]) -> str:
    of = entry(kind)
    defaults = ", ".join(f"{name}={default!r}" for name, (default, _) in of.defaults.items())
    return f"{kind.__name__}: {of.what}\n    {of.paper}\n{_indented(of.rule)}\n    {defaults or 'no hyperparameters'}"


def _heading(text: str) -> str:
    return f"{text}\n{'-' * min(len(text), WIDTH)}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _subclasses(base: type[Any]) -> Iterator[type[Any]]:
    """Those in this package."""
    _import_all()
    for kind in base.__subclasses__():
        if kind.__module__.startswith("optim."):
            yield kind
            yield from _subclasses(kind)


@cache
def _import_all() -> None:
    """A module with a new optimizer need not be imported by any other."""
    for module in iter_modules(optim.__path__, "optim."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def _by_name(kinds: Iterator[type[Any]]) -> list[type[Any]]:
    return sorted(set(kinds), key=lambda kind: kind.__name__.lower())
