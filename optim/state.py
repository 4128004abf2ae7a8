"""Whether a saved state is one that an optimizer can go on from."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim.hyperparameters import check, hyperparameters_of


def check_owner(owner: str, state: Any) -> None:
    """Refuse what is no state, or that of another optimizer.

    Raises:
        ValueError: it is.
    """
    if not isinstance(state, dict) or "optimizer" not in state:
        raise ValueError(f"{owner}: this is not the state of an optimizer; pass what state_dict() returned")
    if state["optimizer"] != owner:
        raise ValueError(f"{owner}: this is the state of {state['optimizer']}, another optimizer")


def check_names(owner: str, own: dict[str, Any], loaded: dict[str, Any]) -> None:
    """Refuse a state, or a part of one, that lacks something.

    Raises:
        ValueError: it does.
    """
    lacking = [name for name in own if name not in loaded]
    if lacking:
        raise ValueError(f"{owner}: the state has no {lacking[0]!r}; pass what state_dict() returned")


def check_arrays(owner: Any, own: dict[str, Any], loaded: dict[str, Any]) -> None:
    """Refuse a state whose arrays an optimizer has no place for; hyperparameters that are counts give them their shape.

    Raises:
        ValueError: a name or a shape differs.
    """
    name = type(owner).__name__
    counts = [hyper for hyper, allowed in hyperparameters_of(owner) if allowed.kind is int]
    ours, theirs = own["hyperparameters"], loaded["hyperparameters"]
    differing = [hyper for hyper in counts if hyper in theirs and ours[hyper] != theirs[hyper]]
    shapes = [{array: np.shape(vector) for array, vector in one["vectors"].items()} for one in (own, loaded)]
    if differing and shapes[0] != shapes[1]:
        saved = ", ".join(f"{hyper}={theirs[hyper]}" for hyper in differing)
        here = ", ".join(f"{hyper}={ours[hyper]}" for hyper in differing)
        raise ValueError(
            f"{name}: the state is of {saved}, and this optimizer has {here}, so their arrays differ in shape"
        )
    if shapes[0] != shapes[1] or any(
        own[part].keys() != loaded[part].keys() for part in ("hyperparameters", "measured")
    ):
        raise ValueError(f"{name}: the state was made by another version of this optimizer")
    for hyper, allowed in hyperparameters_of(owner):
        check(name, hyper, theirs[hyper], allowed)
