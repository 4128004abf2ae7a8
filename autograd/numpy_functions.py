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
# What to write instead of functions that have no namesake here.
_INSTEAD = {
    **dict.fromkeys(("vstack", "dstack", "column_stack"), "stack or concatenate"),
    **dict.fromkeys(("hstack", "append", "block"), "concatenate"),
    **dict.fromkeys(("array_split", "vsplit", "hsplit", "dsplit"), "split"),
    **dict.fromkeys(("fliplr", "flipud"), "flip"),
    **dict.fromkeys(("diagonal", "linalg.diagonal"), "diag"),
    **dict.fromkeys(("amax", "maximum.reduce"), "max"),
    **dict.fromkeys(("amin", "minimum.reduce"), "min"),
    **dict.fromkeys(("add.accumulate", "cumulative_sum"), "cumsum"),
    **dict.fromkeys(("multiply.accumulate", "cumulative_prod"), "cumprod"),
    **dict.fromkeys(("vdot", "vecdot", "linalg.vecdot"), "inner or einsum"),
    **dict.fromkeys(("matvec", "vecmat", "linalg.multi_dot"), "matmul or einsum"),
    **dict.fromkeys(("linalg.vector_norm", "linalg.matrix_norm"), "norm"),
    "add.reduce": "sum",
    "average": "mean",
    "fabs": "absolute",
    "fmax": "maximum",
    "fmin": "minimum",
    "kron": "einsum",
    "logaddexp.reduce": "logsumexp",
    "multiply.outer": "outer",
    "multiply.reduce": "prod",
    "ptp": "max and min",
    "select": "where",
}


def apply_ufunc(ufunc: np.ufunc, method: str, operands: Sequence[Any], options: dict[str, Any]) -> Any:
    """What a NumPy ufunc called on nodes gives.

    Raises:
        TypeError: it has no derivative here; says what to use instead.
    """
    name = ufunc.__name__
    if "out" in options:
        sign = table[name].symbol if name in table else "+"
        sign = "+" if sign.isidentifier() else sign  # np.exp has no sign
        raise TypeError(
            f"np.{name} cannot write into an array and record; write  a = a {sign} b  instead of  a {sign}= b, "
            f"or to change plain data  a {sign}= b.data"
        )
    if method != "__call__":
        raise _unsupported(f"{name}.{method}")
    if name not in table and name not in _WITHOUT_DERIVATIVE:
        raise _unsupported(name)
    if options:
        raise TypeError(f"np.{name} of a Tensor takes its operands only, not {', '.join(options)}")
    return table[name].apply(operands, {}) if name in table else ufunc(*map(_plain, operands))


def apply_function(function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What another function of NumPy's, called on nodes, gives.

    Raises:
        TypeError: it has no derivative here, or not with these arguments; says what to use instead.
    """
    name = function.__name__
    call = f"{function.__module__.removeprefix('numpy').lstrip('.')}.{name}".lstrip(".")
    if name in _WITHOUT_DERIVATIVE:
        if name == "full_like" and nodes.holds_nodes([inspect.signature(function).bind(*arguments, **named).args[1]]):
            raise TypeError(
                "np.full_like would lose the gradient of what it fills with; write  np.zeros(x.shape) + fill_value"
            )
        return function(*map(_plain, arguments), **{key: _plain(value) for key, value in named.items()})
    if name not in autograd.__all__ or function.__module__ not in ("numpy", "numpy.linalg"):
        raise _unsupported(call)
    ours = getattr(autograd, name)
    theirs, own = inspect.signature(function), inspect.signature(ours)
    if any(p.kind is p.VAR_POSITIONAL for p in theirs.parameters.values()):
        for key in named:
            raise _not_taken(call, own, key)
        return ours(*arguments)
    given = dict(theirs.bind(*arguments, **named).arguments)
    given |= given.pop("kwargs", {})
    values = _matched(call, given, list(theirs.parameters), own)
    by_name = {key: values.pop(key) for key, p in own.parameters.items() if p.kind is p.KEYWORD_ONLY}
    return ours(*values.values(), **by_name)


def _matched(call: str, given: Mapping[str, Any], theirs: Sequence[str], own: inspect.Signature) -> dict[str, Any]:
    """The arguments in our function's order: matched by name, or by place where a name is not ours."""
    names = list(own.parameters)
    values = {key: parameter.default for key, parameter in own.parameters.items()}
    for key, value in given.items():
        if key not in values:
            place = theirs.index(key) if key in theirs else len(names)
            if place >= len(names) or names[place] in theirs:
                raise _not_taken(call, own, key)
            key = names[place]
        values[key] = value
    missing = [key for key, value in values.items() if value is inspect.Parameter.empty]
    if missing:
        raise TypeError(f"np.{call} of a Tensor takes {', '.join(names)}; give it {' and '.join(missing)} too")
    return values


def _not_taken(call: str, own: inspect.Signature, argument: str) -> TypeError:
    return TypeError(f"np.{call} of a Tensor takes {', '.join(own.parameters)}, but not {argument}")


def _unsupported(call: str) -> TypeError:
    return TypeError(
        f"np.{call} does not record derivatives; write it with {_INSTEAD.get(call, 'functions')} of autograd, "
        f"or give it tensor.numpy() if no gradient is needed"
    )


def _plain(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return tuple(map(_plain, x)) if isinstance(x, tuple) else [*map(_plain, x)]
    return nodes.plain(x)
