"""Hyperparameters: dataclass fields that know what they may be."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from inspect import Parameter, signature
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class Allowed:
    """The range [low, below) of a hyperparameter, without ``low`` if it must be above it."""

    low: float = 0.0
    below: float = math.inf
    above: bool = False
    kind: type = float

    def __contains__(self, number: Any) -> bool:
        if self.kind is bool:
            return isinstance(number, (bool, np.bool_))
        if isinstance(number, (bool, np.bool_)) or not isinstance(number, (int, float, np.number)):
            return False
        if self.kind is int and not isinstance(number, (int, np.integer)):
            return False
        return bool(self.low < number < self.below if self.above else self.low <= number < self.below)

    def describe(self, name: str) -> str:
        """In words, for messages: ``a number with 0 <= lr < inf``."""
        if self.kind is bool:
            return "True or False"
        what = "a whole number" if self.kind is int else "a number"
        return f"{what} with {self.low:g} {'<' if self.above else '<='} {name} < {self.below:g}"


# The part a hyperparameter has in a step, where its name tells.
ROLES = {"lr": "rate", "momentum": "momentum", "beta1": "momentum", "weight_decay": "decay"}


def hyperparameter(
    default: float,
    below: float = math.inf,
    positive: bool = False,
    low: float = 0.0,
    role: str | None = None,
    off: float = 0.0,
) -> Any:
    """A dataclass field for a number in [low, below), or in (low, below) if it must be positive.

    ``role`` is the part it has in a step, if its name does not tell, and ``off`` the
    number with which the step goes without that part.
    """
    allowed = Allowed(low, below, above=positive or low == -math.inf)
    return field(default=default, metadata={"allowed": allowed, "role": role, "off": off})


def count(default: int, least: int = 1) -> Any:
    """A dataclass field for a whole number of at least that."""
    return field(default=default, metadata={"allowed": Allowed(least, kind=int)})


def switch(default: bool, role: str | None = None) -> Any:
    """A dataclass field for a form of the rule that is on or off."""
    return field(default=default, metadata={"allowed": Allowed(kind=bool), "role": role, "off": False})


def measured(start: float = 0.0, role: str | None = None) -> Any:
    """A dataclass field for a number that the rule itself keeps from step to step."""
    return field(default=start, init=False, repr=False, metadata={"measured": True, "role": role, "off": 0.0})


def hyperparameters_of(optimizer: Any) -> list[tuple[str, Allowed]]:
    """The names of a class's or an instance's hyperparameters, and what they may be."""
    return [(item.name, item.metadata["allowed"]) for item in fields(optimizer) if "allowed" in item.metadata]


def measured_of(optimizer: Any) -> list[str]:
    """The names of the numbers that the rule keeps."""
    return [item.name for item in fields(optimizer) if "measured" in item.metadata]


def roles_of(optimizer: Any) -> dict[str, dict[str, Any]]:
    """For each part that a step has, the numbers that have it, and what each is when the step goes without."""
    roles: dict[str, dict[str, Any]] = {}
    for item in fields(optimizer):
        role = item.metadata.get("role")
        role = ROLES.get(item.name, "") if role is None else role
        if role:
            roles.setdefault(role, {})[item.name] = item.metadata.get("off", 0.0)
    return roles


def check(owner: str, name: str, number: Any, allowed: Allowed) -> Any:
    """The number as a plain Python one.

    Raises:
        ValueError: it is not allowed; says what is.
    """
    if number not in allowed:
        raise ValueError(f"{owner}: {name} must be {allowed.describe(name)}, not {number!r}")
    return allowed.kind(number)


class Assigned:
    """Looks at what is assigned to a hyperparameter; what is read is the instance's own."""

    def __init__(self, name: str, allowed: Allowed) -> None:
        self.name, self.allowed = name, allowed

    def __set__(self, owner: Configured, number: Any) -> None:
        owner.set_hyperparameter(self.name, number, self.allowed)


class Configured:
    """Base of what is made with hyperparameters.

    Raises:
        TypeError: it has no hyperparameter of that name; says which it has.
    """

    def __new__(cls, *_: Any, **given: Any) -> Any:
        known = signature(cls.__init__).parameters
        unknown = [name for name in given if name not in known]
        if unknown and all(parameter.kind is not Parameter.VAR_KEYWORD for parameter in known.values()):
            own = ", ".join(name for name, _ in hyperparameters_of(cls)) or "none"
            raise TypeError(f"{cls.__name__}: has no hyperparameter {unknown[0]!r}, but {own}")
        for name, allowed in hyperparameters_of(cls):
            if not isinstance(vars(cls).get(name), Assigned):
                setattr(cls, name, Assigned(name, allowed))
        return super().__new__(cls)

    def set_hyperparameter(self, name: str, number: Any, allowed: Allowed) -> None:
        """What an assignment does.

        Raises:
            ValueError: the number is out of its range; nothing was changed.
        """
        vars(self)[name] = check(type(self).__name__, name, number, allowed)


COUNT = Allowed(1, kind=int)


def required(allowed: Allowed = Allowed()) -> Any:
    """A dataclass field for a number that must be given."""
    return field(metadata={"allowed": allowed})


@dataclass(eq=False)
class Checked:
    """Base of what is configured by numbers, as a schedule or a transform is.

    Raises:
        ValueError: a number is out of its range; says what it may be.
    """

    works_on: ClassVar[str] = "a hyperparameter"
    """What an optimizer calls it for; a transform works on the gradient, a constraint on the weights."""

    def __post_init__(self) -> None:
        for name, allowed in hyperparameters_of(self):
            setattr(self, name, check(type(self).__name__, name, getattr(self, name), allowed))
