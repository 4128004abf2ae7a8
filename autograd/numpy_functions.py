"""NumPy's own functions on nodes: ``np.exp(tensor)``, ``np.sum(tensor, axis=0)``.

A function of NumPy's is answered by the public function of the same name. Those of
which there is no derivative to ask - comparisons, shapes, tests - see plain data.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import node as nodes
from autograd.primitive import table

_WITHOUT_DERIVATIVE = {
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
    *("isfinite", "isinf", "isnan", "signbit", "logical_and", "logical_or", "logical_not", "logical_xor"),
    *("shape", "ndim", "size", "result_type", "iscomplexobj", "isrealobj", "array_repr", "array_str", "array2string"),
    *("argmax", "argmin", "argsort", "nonzero", "flatnonzero", "count_nonzero", "all", "any"),
    *("allclose", "isclose", "array_equal", "array_equiv"),
    *("zeros_like", "ones_like", "empty_like", "full_like"),
}


def apply_ufunc(ufunc: np.ufunc, method: str, operands: Sequence[Any], options: dict[str, Any]) -> Any:
    """What a NumPy ufunc called on nodes gives.

    Raises:
        TypeError: it has no derivative here; says what to use instead.
    """
    name = ufunc.__name__
    if method == "__call__" and not options:
        if name in table:
            return table[name].apply(operands, {})
        if name in _WITHOUT_DERIVATIVE:
            return ufunc(*map(_plain, operands))
    if "out" in options:
        raise TypeError(f"np.{name} cannot write into an array and record; write  a = a + b  instead of  a += b")
    raise _unsupported(name if method == "__call__" else f"{name}.{method}")


def apply_function(function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What another function of NumPy's, called on nodes, gives.

    Raises:
        TypeError: it has no derivative here, or not with these arguments; says what to use instead.
    """
    name = function.__name__
    if name in _WITHOUT_DERIVATIVE:
        return function(*map(_plain, arguments), **{key: _plain(value) for key, value in named.items()})
    if name not in autograd.__all__ or function.__module__ not in ("numpy", "numpy.linalg"):
        raise _unsupported(f"{function.__module__.removeprefix('numpy').lstrip('.')}.{name}".lstrip("."))
    ours = getattr(autograd, name)
    theirs = inspect.signature(function)
    if any(p.kind is p.VAR_POSITIONAL for p in theirs.parameters.values()):
        return ours(*arguments, **named)
    given = dict(theirs.bind(*arguments, **named).arguments)
    given |= given.pop("kwargs", {})
    return ours(*_matched(name, given, list(theirs.parameters), inspect.signature(ours)))


def _matched(name: str, given: Mapping[str, Any], theirs: Sequence[str], own: inspect.Signature) -> list[Any]:
    """The arguments in our function's order: matched by name, or by place where a name is not ours."""
    names = list(own.parameters)
    values = {key: parameter.default for key, parameter in own.parameters.items()}
    for key, value in given.items():
        if key not in values:
            place = theirs.index(key) if key in theirs else len(names)
            if place >= len(names) or names[place] in theirs:
                raise TypeError(f"np.{name} of a Tensor takes {', '.join(names)}, but not {key}")
            key = names[place]
        values[key] = value
    return list(values.values())


def _unsupported(call: str) -> TypeError:
    return TypeError(
        f"np.{call} does not record derivatives; write it with functions of autograd, "
        f"or give it tensor.numpy() if no gradient is needed"
    )


def _plain(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_plain, x))
    return nodes.plain(x)
