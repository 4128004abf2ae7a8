"""Hyperparameters: dataclass fields that know what they may be."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

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


def hyperparameter(default: float, below: float = math.inf, positive: bool = False, low: float = 0.0) -> Any:
    """A dataclass field for a number in [low, below), or in (low, below) if it must be positive."""
    return field(default=default, metadata={"allowed": Allowed(low, below, above=positive or low == -math.inf)})


def count(default: int, least: int = 1) -> Any:
    """A dataclass field for a whole number of at least that."""
    return field(default=default, metadata={"allowed": Allowed(least, kind=int)})


def switch(default: bool) -> Any:
    """A dataclass field for a form of the rule that is on or off."""
    return field(default=default, metadata={"allowed": Allowed(kind=bool)})


def measured(start: float = 0.0) -> Any:
    """A dataclass field for a number that the rule itself keeps from step to step."""
    return field(default=start, init=False, repr=False, metadata={"measured": True})


def hyperparameters_of(optimizer: Any) -> list[tuple[str, Allowed]]:
    """The names of a class's or an instance's hyperparameters, and what they may be."""
    return [(item.name, item.metadata["allowed"]) for item in fields(optimizer) if "allowed" in item.metadata]


def measured_of(optimizer: Any) -> list[str]:
    """The names of the numbers that the rule keeps."""
    return [item.name for item in fields(optimizer) if "measured" in item.metadata]


def check(owner: str, name: str, number: Any, allowed: Allowed) -> Any:
    """The number as a plain Python one.

    Raises:
        ValueError: it is not allowed; says what is.
    """
    if number not in allowed:
        raise ValueError(f"{owner}: {name} must be {allowed.describe(name)}, not {number!r}")
    return allowed.kind(number)
