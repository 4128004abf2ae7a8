"""Symbols: what a rule prints.

A ``Symbol`` stands for a number or array of which the shape and dtype are known, and
the formula. The rows of the table accept it among their operands and give a Symbol in
turn, so a rule that is called with symbols prints itself:

    >>> x, y = Symbol("x"), Symbol("y")
    >>> print(table["log"].partials[0](x, y))
    1/where(x < 0, nan, x)

What is printed is read again by ``autograd.expression``, and means the same to within
rounding. Comparisons, which count as 1 where they hold and as 0 elsewhere, stand in
Iverson's brackets: ``[a > b]``.
"""

from __future__ import annotations

import inspect
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

# Modules, not names, as in ``node``: the table asks here what a row gives on symbols.
import autograd
from autograd import primitive

if TYPE_CHECKING:
    from autograd.primitive import Primitive

# How tightly what is written binds, loosest first.
OR, AND, COMPARISON, SUM, MATMUL, PRODUCT, SIGN, POWER, NAME = range(9)

# Of a row or a function of NumPy's that is written between its operands: how, how tightly the
# result binds, and how tightly either operand has to.
_BETWEEN = {
    "add": (" + ", SUM, SUM, SUM),
    "subtract": (" - ", SUM, SUM, MATMUL),
    "multiply": ("*", PRODUCT, PRODUCT, PRODUCT),
    "divide": ("/", PRODUCT, PRODUCT, SIGN),
    "matmul": (" @ ", MATMUL, MATMUL, SIGN),
    "power": ("**", POWER, NAME, SIGN),
    "greater": (" > ", COMPARISON, SUM, SUM),
    "greater_equal": (" >= ", COMPARISON, SUM, SUM),
    "less": (" < ", COMPARISON, SUM, SUM),
    "less_equal": (" <= ", COMPARISON, SUM, SUM),
    "equal": (" == ", COMPARISON, SUM, SUM),
    "not_equal": (" != ", COMPARISON, SUM, SUM),
    "logical_and": (" and ", AND, AND, AND),
    "logical_or": (" or ", OR, OR, OR),
}
_LARGEST = 9  # entries of an array that are written out


class Shape(tuple[int, ...]):
    """The shape of a symbol with a name, which is printed as ``x.shape``."""

    owner: str


class Symbol:
    """A number or array that is not known, by its name.

    Args:
        name: what it is called; a formula of its own is put in parentheses where it needs them.
        shape: of the array it stands for.
        dtype: float32 or float64.

    Attributes:
        op: the row, or function of NumPy's, whose result it stands for; ``None`` for a name.
        operands: what that was applied to: symbols, numbers and arrays.
        parameters: and its keyword arguments.
        binding: how tightly its text binds, which tells where parentheses are needed.
    """

    __slots__ = ("binding", "dtype", "op", "operands", "parameters", "shape", "text")

    def __init__(self, name: str, shape: Sequence[int] = (), dtype: Any = np.float64) -> None:
        self.shape: tuple[int, ...] = Shape(shape)
        self.shape.owner = name
        self.dtype = np.dtype(dtype)
        self.op: Any = None
        self.operands: tuple[Any, ...] = ()
        self.parameters: Mapping[str, Any] = {}
        self.text = name
        self.binding = NAME if _is_closed(name) else SUM

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def T(self) -> Any:
        return autograd.transpose(self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"len() of the symbol {self}, which stands for a single number")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self)))

    def __str__(self) -> str:
        return _operand(self, SUM)

    def __repr__(self) -> str:
        return f"<symbol {self} of shape {tuple(self.shape)}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise TypeError(f"the symbol {self} has no entries to make an array of")

    def __bool__(self) -> NoReturn:
        raise TypeError(f"the symbol {self} is neither true nor false; choose with where(condition, a, b)")

    # ---- operators and methods, as nodes have them ------------------------

    def __add__(self, other: Any) -> Any:
        return _row("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _row("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _row("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _row("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return _row("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _row("multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _row("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _row("divide", other, self)

    def __pow__(self, other: Any) -> Any:
        return _row("power", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _row("power", other, self)

    def __matmul__(self, other: Any) -> Any:
        return _row("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _row("matmul", other, self)

    def __neg__(self) -> Any:
        return _row("negative", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return _row("absolute", self)

    def __eq__(self, other: object) -> Any:
        return apply(np.equal, (self, other), {})

    def __ne__(self, other: object) -> Any:
        return apply(np.not_equal, (self, other), {})

    def __lt__(self, other: Any) -> Any:
        return apply(np.less, (self, other), {})

    def __le__(self, other: Any) -> Any:
        return apply(np.less_equal, (self, other), {})

    def __gt__(self, other: Any) -> Any:
        return apply(np.greater, (self, other), {})

    def __ge__(self, other: Any) -> Any:
        return apply(np.greater_equal, (self, other), {})

    def __and__(self, other: Any) -> Any:
        return apply(np.logical_and, (self, other), {})

    def __rand__(self, other: Any) -> Any:
        return apply(np.logical_and, (other, self), {})

    def __or__(self, other: Any) -> Any:
        return apply(np.logical_or, (self, other), {})

    def __ror__(self, other: Any) -> Any:
        return apply(np.logical_or, (other, self), {})

    def __invert__(self) -> Any:
        return apply(np.logical_not, (self,), {})

    __hash__ = object.__hash__

    def __getitem__(self, index: Any) -> Any:
        return _row("getitem", self, index=index)

    def sum(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        return autograd.sum(self, axis, keepdims=keepdims)

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        return autograd.mean(self, axis, keepdims=keepdims)

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        return autograd.max(self, axis, keepdims=keepdims)

    def dot(self, other: Any) -> Any:
        return _row("matmul", self, other)

    def reshape(self, *shape: Any) -> Any:
        return autograd.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        return autograd.transpose(self, (axes[0] if len(axes) == 1 else axes) if axes else None)

    # ---- NumPy's functions on symbols -------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise TypeError(f"np.{ufunc.__name__}.{method} of the symbol {self} has no formula")
        row = primitive.table.get(ufunc.__name__)
        return apply(ufunc, operands, {}) if row is None else row.apply(operands, {})

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        name = function.__name__
        if name in ("shape", "ndim", "size"):
            return getattr(self, name)
        if name == "any":  # a rule asks whether there is an entry to treat apart, and prints what it does to the others
            return False
        return getattr(autograd, name)(*args, **kwargs) if name in autograd.__all__ else apply(function, args, kwargs)


def apply(op: Primitive | Callable[..., Any], operands: Sequence[Any], parameters: Mapping[str, Any]) -> Any:
    """The symbol of what a row, or a function of NumPy's, gives on these operands; a number where that is known.

    Its shape and dtype are those that the kernel gives on ones.

    Raises:
        ValueError: the shapes do not fit.
    """
    name = op.name if isinstance(op, primitive.Primitive) else op.__name__
    shape, dtype = _kind_of_result(op, operands, parameters)
    if isinstance(op, (primitive.Elementwise, np.ufunc)) or name == "broadcast_to":
        operands = _without_needless_broadcasts(operands, shape)
    short = _shorter(name, shape, operands)
    if short is not None:
        return short
    y = Symbol("", shape, dtype)
    y.shape = shape
    y.op, y.operands, y.parameters = op, tuple(operands), parameters
    y.text, y.binding = _write(op, name, operands, parameters)
    return y


def text(x: Any) -> str:
    """A symbol, number or array as it stands in a formula."""
    return _operand(x, SUM)


def operands_of(row: Primitive, shapes: Sequence[Sequence[int]], dtype: Any = np.float64) -> list[Symbol]:
    """Operands of these shapes for a row, under the names that the row itself has for them."""
    if isinstance(row, primitive.Elementwise):
        *names, _ = inspect.signature(row.partials[0]).parameters  # the last is the output
    else:
        assert isinstance(row, primitive.Structured)
        names = [p.name for p in inspect.signature(row.array).parameters.values() if p.kind is p.POSITIONAL_ONLY]
    if len(names) != len(shapes):  # it takes any number
        names = [f"x{i}" for i in range(1, len(shapes) + 1)]
    return [Symbol(name, shape, dtype) for name, shape in zip(names, shapes)]


# ---- what is computed ------------------------------------------------------


def _row(name: str, *operands: Any, **parameters: Any) -> Any:
    return primitive.table[name].apply(operands, parameters)


def _kind_of_result(op: Any, operands: Sequence[Any], parameters: Mapping[str, Any]) -> tuple[tuple[int, ...], Any]:
    samples = [*map(_sample, operands)]
    if isinstance(op, primitive.Structured):
        samples = list(op.prepare(*samples))  # ones are no invertible matrix
    elif isinstance(op, primitive.Elementwise):
        samples = [
            np.int8(x) if getattr(x, "dtype", None) == np.bool_ else x for x in samples
        ]  # truths count as 0 or 1
    kernel = op.array if isinstance(op, primitive.Primitive) else op
    with np.errstate(all="ignore"):
        y = np.asarray(kernel(*samples, **{name: _sample(x) for name, x in parameters.items()}))
    return y.shape, y.dtype


def _sample(x: Any) -> Any:
    return np.ones(x.shape, x.dtype) if isinstance(x, Symbol) else x


def _without_needless_broadcasts(operands: Sequence[Any], shape: tuple[int, ...]) -> Sequence[Any]:
    """The operands before they were broadcast, if the operation broadcasts them to the same."""
    originals = [x.operands[0] if _is_broadcast(x) else x for x in operands]
    shapes = [x.shape if isinstance(x, Symbol) else np.shape(x) for x in originals]
    return originals if len(operands) == 1 or np.broadcast_shapes(*shapes) == shape else operands


def _is_broadcast(x: Any) -> bool:
    if not _is_result_of("reshape", x):
        return _is_result_of("broadcast_to", x)
    (original,) = x.operands
    return bool(x.shape == (1,) * (x.ndim - original.ndim) + original.shape)  # new axes in front


def _shorter(name: str, shape: tuple[int, ...], operands: Sequence[Any]) -> Any:
    """The same in fewer operations, if there is such a form; else ``None``.

    Only what is exact: x*1 is x, but x*0 is not always 0.
    """
    a, b = operands if len(operands) == 2 else (*operands[:1], None)
    if name == "where" and isinstance(operands[0], bool):
        return operands[1] if operands[0] else operands[2]
    if name in ("logical_and", "logical_or") and (isinstance(a, bool) or isinstance(b, bool)):
        known, other = (a, b) if isinstance(a, bool) else (b, a)
        return other if known is (name == "logical_and") else known
    if name in ("reshape", "broadcast_to", "sum_to") and shape == a.shape:
        return a
    if name in ("sum", "transpose") and shape == a.shape and len(shape) < 2:
        return a
    if name == "negative" and _is_result_of("negative", a):
        return a.operands[0]
    if (name in ("add", "subtract") and _is(b, 0)) or (name in ("multiply", "divide", "power") and _is(b, 1)):
        return a
    if (name == "add" and _is(a, 0)) or (name == "multiply" and _is(a, 1)):
        return b
    if name == "subtract" and _is(a, 0):
        return -b
    if name == "multiply" and (_is(a, -1) or _is(b, -1)):
        return -b if _is(a, -1) else -a
    if name in ("add", "subtract", "multiply", "divide") and (positive := _without_sign(b)) is not None:
        if name in ("multiply", "divide"):
            return -_row(name, a, positive)
        return a - positive if name == "add" else a + positive
    return None


def _is(x: Any, number: float) -> bool:
    return isinstance(x, (int, float)) and x == number


def _is_result_of(name: str, x: Any) -> bool:
    return isinstance(x, Symbol) and x.op is primitive.table[name]


def _without_sign(x: Any) -> Any:
    """-x where x is written with a minus in front; else ``None``."""
    if _is_result_of("negative", x):
        return x.operands[0]
    return -x if isinstance(x, (int, float)) and x < 0 else None


# ---- how it is written -----------------------------------------------------


def _write(op: Any, name: str, operands: Sequence[Any], parameters: Mapping[str, Any]) -> tuple[str, int]:
    """The text of an operation, and how tightly it binds."""
    if name in _BETWEEN:
        sign, binding, left, right = _BETWEEN[name]
        return f"{_operand(operands[0], left)}{sign}{_operand(operands[1], right)}", binding
    if name == "negative":
        (x,) = operands
        # -a*b is a product as much as -(a*b) is; what binds less has got parentheses.
        return f"-{_operand(x, PRODUCT)}", PRODUCT if x.binding == PRODUCT else SIGN
    if name == "logical_not":
        return f"not {_operand(operands[0], COMPARISON)}", COMPARISON
    if name == "getitem":
        return f"{_operand(operands[0], NAME)}[{_index(parameters['index'])}]", NAME
    if name == "transpose" and parameters["axes"] is None:
        return f"{_operand(operands[0], NAME)}.T", NAME
    # A condition needs no brackets.
    written = [_operand(x, OR if (name, i) == ("where", 0) else SUM) for i, x in enumerate(operands)]
    defaults = op.defaults if isinstance(op, primitive.Structured) else {}
    given = {key: _parameter(value) for key, value in parameters.items()}
    given = {key: value for key, value in given.items() if key not in defaults or value != _parameter(defaults[key])}
    if len(parameters) == 1 and isinstance(op, primitive.Structured) and op.operands and not defaults:
        written.extend(given.values())  # reshape(x, (3, 4))
    else:
        written.extend(f"{key}={value}" for key, value in given.items())
    return f"{'abs' if name == 'absolute' else name}({', '.join(written)})", NAME


def _is_closed(written: str) -> bool:
    """Whether it is a name, or a single call of a function."""
    name, *rest = re.split(r"(?=[(])", written)
    depth = list(itertools.accumulate({"(": 1, ")": -1}.get(c, 0) for c in "".join(rest)))
    return name.isidentifier() and 0 not in depth[:-1]


def _operand(x: Any, at_least: int) -> str:
    """As an operand that has to bind at least so tightly."""
    if not isinstance(x, Symbol):
        written = _constant(x)
        return f"({written})" if written[0] == "-" and at_least > SIGN else written
    if x.binding >= at_least:
        return x.text
    return f"[{x.text}]" if x.binding <= COMPARISON < at_least else f"({x.text})"


def _constant(x: Any) -> str:
    array = np.asarray(x)
    if array.ndim == 0:
        return _number(array)
    if array.size > _LARGEST:
        return f"array({'×'.join(map(str, array.shape))})"
    rows = np.array2string(array, separator=", ", formatter={"float": _number, "bool": str}, threshold=_LARGEST)
    return rows.replace("\n", "")


def _number(x: Any) -> str:
    x = float(x)
    if abs(x) == math.pi:
        return "pi" if x > 0 else "-pi"
    return f"{x:.0f}" if x.is_integer() and abs(x) < 1e6 else repr(x)


def _index(index: Any) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(map(_parameter, parts))


def _parameter(value: Any) -> str:
    match value:
        case Symbol() | np.ndarray():
            return _operand(value, SUM)
        case Shape():
            return f"{value.owner}.shape"
        case tuple() | list():
            return f"({', '.join(map(_parameter, value))}{',' * (len(value) == 1)})"
        case slice():
            start = "" if value.start in (None, 0) else value.start
            stop = "" if value.stop is None else value.stop
            return f"{start}:{stop}" if value.step is None else f"{start}:{stop}:{value.step}"
        case str():
            return repr(value)
        case _ if value is Ellipsis:
            return "..."
    return getattr(value, "__name__", None) or str(value)
