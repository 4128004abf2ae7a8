"""The list of parameters that an optimizer is given, and where each will be in its vector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd import Node, Tensor, Value
from autograd.node import describe
from optim.hyperparameters import hyperparameters_of


def grouped(owner: Any, parameters: Any) -> list[tuple[list[Any], dict[str, Any]]]:
    """The parameters of each group with the hyperparameters it names; first those of no group.

    Raises:
        TypeError: it is no list of parameters.
        ValueError: a group lists none, or sets what is no hyperparameter.
    """
    name = type(owner).__name__
    if isinstance(parameters, (Node, dict)):
        parameters = [parameters]
    if not isinstance(parameters, Iterable):
        given = type(parameters).__name__
        raise TypeError(f"{name}: takes a list of parameters, not {given}; pass model.parameters()")
    loose: list[Any] = []
    groups = []
    known = [hyper for hyper, _ in hyperparameters_of(owner)]
    for item in parameters:
        if not isinstance(item, dict):
            loose.append(item)
            continue
        own = {**item}
        members = own.pop("parameters", None)
        if members is None or isinstance(members, str) or not isinstance(members, (Node, Iterable)):
            raise ValueError(f"{name}: a group of parameters is a dictionary that lists them under 'parameters'")
        unknown = [hyper for hyper in own if hyper not in known]
        if unknown:
            raise ValueError(f"{name}: a group sets {unknown[0]!r}; the hyperparameters are {', '.join(known)}")
        members = [members] if isinstance(members, Node) else [*members]
        if members:
            groups.append((members, own))
    if loose or not groups:
        groups.insert(0, (loose, {}))
    return groups


def checked(owner: str, parts: list[Any]) -> list[Node]:
    """The parameters, once it is clear that they can be trained together.

    Raises:
        TypeError: one is not a ``Tensor`` or ``Value``.
        ValueError: there are none, one comes twice or was computed, or the precisions are mixed.
    """
    if not parts:
        raise ValueError(f"{owner}: there are no parameters to train; pass model.parameters()")
    seen: set[Node] = set()
    for position, part in enumerate(parts):
        if not isinstance(part, (Tensor, Value)):
            raise TypeError(f"{owner}: parameter {position} is {type(part).__name__}, not a Tensor or a Value")
        if part.op is not None:
            raise ValueError(
                f"{owner}: parameter {position} was computed by {part.op.name}; only leaves can be trained"
            )
        if part in seen:
            raise ValueError(f"{owner}: parameter {position}, {describe(part)}, is given twice")
        seen.add(part)
    if len({part.dtype for part in parts}) > 1:
        raise ValueError(f"{owner}: the parameters mix float32 and float64; use one optimizer for each")
    return parts


def places_of(parts: Sequence[Node]) -> list[slice]:
    """Where each parameter is in the vector of them all."""
    ends = np.cumsum([part.size for part in parts]).tolist()
    return [slice(end - part.size, end) for part, end in zip(parts, ends)]


def named(position: int, part: Node) -> str:
    """Which parameter this is, for messages."""
    label = f" {part.label!r}" if part.label else ""
    return f"parameter {position}{label} of shape {part.shape}"


def check_gradient(what: str, grad: Any, part: Node) -> None:
    """Refuse what is no gradient of a parameter.

    Raises:
        TypeError: it is not made of real numbers.
        ValueError: its shape is not the parameter's.
    """
    if isinstance(grad, Node):
        raise TypeError(f"{what} is a {type(grad).__name__}; assign its data, as in p.grad = g.data")
    array = np.asarray(grad)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} holds {array.dtype} instead of real numbers")
    if array.shape != part.shape:
        raise ValueError(f"{what} has shape {array.shape}")
