"""What a primitive is, and how applying one records a node.

A primitive is one row of the table of derivatives: how to compute it on a Python
float and on an array, and its derivative. There are two shapes of row:

``elementwise``
    one local partial derivative per input, a function of the inputs and the output.
``structured``
    one vector-Jacobian product per input, a function of the output's cotangent,
    the output, the inputs and the parameters.

Rules are written with operators and with other rows. Calling a row looks at what
it is given - floats, arrays, nodes - so that one rule serves every reader of the
table.
"""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar, NoReturn

import numpy as np

from autograd import anomaly, modes, stale
from autograd import node as nodes
from autograd import symbol as symbols

Array = np.ndarray[Any, np.dtype[Any]]
Rule = Callable[..., Any]


@dataclass(frozen=True)
class Interval:
    """The open interval of inputs for which a primitive is defined; ``nonzero``: all of it but 0."""

    low: float = -math.inf
    high: float = math.inf
    nonzero: bool = False

    def __contains__(self, x: float) -> bool:
        return self.low < x < self.high and not (self.nonzero and x == 0)

    def __str__(self) -> str:
        return f"({self.low:g}, {self.high:g}){' without 0' if self.nonzero else ''}"


REAL = Interval()
POSITIVE = Interval(0.0)
NONZERO = Interval(nonzero=True)


@dataclass(frozen=True)
class Example:
    """Operand shapes and parameters that a structured primitive accepts, for the tests."""

    shapes: tuple[tuple[int, ...], ...]
    parameters: dict[str, Any]


def example(*shapes: tuple[int, ...], **parameters: Any) -> Example:
    """Operands of these shapes, with these parameters."""
    return Example(shapes, parameters)


@dataclass(frozen=True)
class Point:
    """Operands and parameters at which the derivative is a choice, or infinite."""

    operands: tuple[Any, ...]
    parameters: dict[str, Any]


def point(*operands: Any, **parameters: Any) -> Point:
    """These numbers or nested lists, with these parameters."""
    return Point(operands, parameters)


table: dict[str, Primitive] = {}

_NUMBERS = {float, int, bool}
_ARRAYS = {np.ndarray}
_MISUSE = (np.exceptions.AxisError, IndexError, TypeError, ValueError)  # what NumPy says of operands that do not fit
data_of, _dtype_of = attrgetter("_data"), attrgetter("dtype")


class Primitive:
    """One row of the table.

    Attributes:
        name: what the row is called in messages and pictures.
        symbol: what is drawn for it, ``+`` for ``add``.
        array: computes it on NumPy arrays.
        scalar: computes it on Python floats; ``None`` if it has no scalar form.
        special: where the derivative is a choice, or infinite; what it is there,
            ``python -m autograd --conventions`` reads off the rules.
        note: what was chosen there, and why.
        rules: its derivatives, one per operand: partials, or vector-Jacobian products if it is structured.
        all_vjps: one for all operands at once, which some structured primitives have instead.
        module: where it is declared: where its rules are written.

    Raises:
        ValueError: another module has declared one of this name.
    """

    structured: ClassVar[bool] = False

    def __init__(
        self,
        name: str,
        array: Rule,
        scalar: Rule | None,
        symbol: str | None,
        special: Sequence[Point],
        note: str,
        rules: Sequence[Rule],
        all_vjps: Rule | None = None,
    ) -> None:
        self.module = (all_vjps or rules[0]).__module__
        if name in table and table[name].module != self.module:  # a cell of a notebook may be run again
            raise ValueError(
                f"there is a primitive {name!r} already, which {table[name].module} declares; give yours another name"
            )
        self.name = name
        self.rules = rules
        self.array = array
        self.scalar = scalar
        self.symbol = symbol or name
        self.special = special
        self.note = note
        self.all_vjps = all_vjps
        self.takes_values = True
        table[name] = self

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _declared, (self.module, self.name)  # a copy, or what was pickled, is the row itself

    def on_floats(self, *x: float) -> float:
        """The value on Python floats; inf or nan, as NumPy has it, where ``math`` raises."""
        assert self.scalar is not None
        try:
            return self.scalar(*x)  # type: ignore[no-any-return]
        except (ArithmeticError, ValueError):
            with np.errstate(all="ignore"):
                return float(self.array(*map(np.float64, x)))

    def apply(self, operands: Sequence[Any], parameters: dict[str, Any]) -> Any:
        """Compute on whatever the operands are, and record a node if one of them is a variable."""
        kinds = {*map(type, operands)}
        if kinds == nodes.TENSORS:
            try:
                data = self.array(*map(data_of, operands), **parameters)
            except _MISUSE as error:
                raise self._explain(error, [*map(data_of, operands)], parameters) from None
            return self._record(data, tuple(operands), parameters)
        if kinds == _ARRAYS and all(x.dtype.char in "fd" for x in operands):  # in a rule, nearly always
            return self._on_arrays(operands, parameters)
        if kinds == nodes.TENSORS_AND_ARRAYS:  # in a first layer
            plain = [x if type(x) is np.ndarray else x._data for x in operands]
            if len({*map(_dtype_of, plain)}) > 1:
                plain = self._constants(operands, True)
            data = self._on_arrays(plain, parameters)
            return self._record(data, self._nodes(operands, plain), parameters)
        return self._apply_mixed(kinds, operands, parameters)

    def _apply_mixed(self, kinds: set[type], operands: Sequence[Any], parameters: dict[str, Any]) -> Any:
        if kinds == nodes.VALUES and self.scalar is not None:
            return self._record(self.on_floats(*map(data_of, operands)), tuple(operands), parameters)
        if nodes.Value in kinds and not self.takes_values:
            raise TypeError(
                f"{self.name}: works on Tensors and arrays, not on a Value, which is a single number; "
                f"stack([value]) makes a Tensor of it"
            )
        if symbols.Symbol in kinds:
            return symbols.apply(self, operands, parameters)
        variable = not kinds.isdisjoint(nodes.VARIABLES)
        plain = [*map(data_of, operands)] if kinds <= nodes.VARIABLES else self._constants(operands, variable)
        if self.scalar is not None and _NUMBERS.issuperset(map(type, plain)):
            data = self.on_floats(*plain)
        else:
            data = self._on_arrays(plain, parameters)
        return self._record(data, self._nodes(operands, plain), parameters) if variable else data

    def _on_arrays(self, plain: Sequence[Any], parameters: dict[str, Any]) -> Any:
        try:
            return self.array(*plain, **parameters)
        except _MISUSE as error:
            raise self._explain(error, plain, parameters) from None

    @staticmethod
    def _nodes(operands: Sequence[Any], plain: Sequence[Any]) -> tuple[nodes.Node, ...]:
        """The operands, those that are no variables as constants around their plain data."""
        inputs = []
        for x, data in zip(operands, plain):
            inputs.append(x if type(x) in nodes.VARIABLES else nodes.constant(data))
        return tuple(inputs)

    def _record(self, data: Any, inputs: tuple[nodes.Node, ...], parameters: dict[str, Any]) -> Any:
        if stale.handed_out:
            stale.look_at(inputs)
        is_value = type(data) is float and nodes.Tensor not in map(type, inputs)
        if not is_value and type(data) is not np.ndarray:
            data = np.asarray(data)
        if modes.open_blocks and not modes.is_recording():
            # Memory of its own: nobody could notice that a leaf was changed through another one.
            return nodes.make(nodes.Value, data) if is_value else nodes.make(nodes.Tensor, _owned(data, inputs))
        if not is_value:
            node = nodes.tensor(data, self, inputs, parameters)
        elif not self.structured and len(inputs) < 3:
            node = nodes.value(data, self, *inputs)
        else:
            node = nodes.make(nodes.Value, data, self, inputs, parameters)
        if modes.open_blocks and modes.is_detecting_anomalies():
            anomaly.remember(node)
        return node

    def _constants(self, operands: Sequence[Any], variable: bool) -> list[Any]:
        """The operands' plain data, the constants among them in the precision of the variables they meet."""
        dtypes = [x._data.dtype for x in operands if type(x) is nodes.Tensor]
        dtype = max(dtypes) if dtypes else None  # float32 < float64
        plain = []
        for x in operands:
            if isinstance(x, nodes.Node):
                x = x._data
            elif type(x) is not float and not (type(x) is np.ndarray and x.dtype is dtype):
                x = self._constant(x, variable, dtype)
            plain.append(x)
        return plain

    def _constant(self, x: Any, variable: bool, dtype: Any) -> Any:
        if isinstance(x, (int, float)) or (isinstance(x, np.generic) and x.dtype.kind in "fiub"):
            return x if isinstance(x, (np.float32, np.float64)) and not variable else float(x)
        if isinstance(x, (list, tuple)) and nodes.holds_nodes(x):
            raise TypeError(
                f"{self.name}: a list of nodes would lose their gradients; make a Tensor of it, stack([...])"
            )
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError(f"{self.name}: takes no masked array; fill the masked entries first, as in x.filled(0.0)")
        array = np.asarray(x)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{self.name}: takes numbers, arrays, Values and Tensors, not {type(x).__name__} {x!r:.40}")
        return array.astype(dtype or (np.float32 if array.dtype == np.float32 else np.float64), copy=False)

    def _explain(self, error: Exception, plain: Sequence[Any], parameters: dict[str, Any]) -> Exception:
        shapes = " and ".join(map(_kind_of_array, plain))
        given = "".join(f", {name}={value}" for name, value in parameters.items())
        kind = next(kind for kind in _MISUSE if isinstance(error, kind))
        return kind(f"{self.name}: cannot be computed for shapes {shapes}{given} ({error})")


def _declared(module: str, name: str) -> Primitive:
    """The row of this name, when the module that declares it has been imported."""
    importlib.import_module(module)
    return table[name]


def _owned(array: Array, inputs: Sequence[nodes.Node]) -> Array:
    return array if array.base is None and all(array is not x._data for x in inputs) else array.copy()


def _kind_of_array(x: Any) -> str:
    return f"{np.shape(x)} {np.asarray(x).dtype}"


class Elementwise(Primitive):
    """A primitive that maps numbers to a number, entry by entry.

    Attributes:
        partials: per input, the local derivative as a function of the inputs and the output.
        domain: per input, the interval on which the primitive is defined.
        kink: a function of the inputs whose zeros are the points without a derivative.
        shown: per input, the textbook's form of the partial, where the rule is written
            in a more accurate one.
        bounded: whether the slopes are known to be finite, whatever the inputs.
        singular: whether a slope can be infinite, at a special point or an end of the domain.
    """

    scalar: Rule

    def __init__(
        self,
        name: str,
        partials: tuple[Rule, ...],
        array: Rule,
        scalar: Rule,
        domain: tuple[Interval, ...],
        kink: Rule | None,
        symbol: str | None,
        special: Sequence[Point],
        note: str,
        shown: tuple[str, ...],
        bounded: bool,
    ) -> None:
        super().__init__(name, array, scalar, symbol, special, note, partials)
        self.__doc__ = (inspect.isfunction(array) and array.__doc__) or (
            f"``{name}`` of numbers, arrays, Values and Tensors, entry by entry; "
            f"``catalogue.describe`` of it is its derivative, and where that is a choice."
        )
        names = [*inspect.signature(partials[0]).parameters][:-1]  # the last is the output
        self.__signature__ = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in names])
        self.shown = shown
        self.bounded = bounded
        self.partials = partials
        self.domain = domain
        self.kink = kink
        self.singular = not bounded and (bool(special) or any(interval != REAL for interval in domain))
        for position, partial in enumerate(partials):
            partial.__qualname__ = f"{name}.partials[{position}]"  # names the rule in tracebacks

    def __call__(self, *operands: Any) -> Any:
        if len(operands) != len(self.partials):
            self._refuse_count(len(operands))
        return self.apply(operands, {})

    def _refuse_count(self, given: int) -> NoReturn:
        takes = len(self.partials)
        raise TypeError(f"{self.name}: takes {takes} operand{'s' * (takes > 1)}, and {given} were given")

    def _explain(self, error: Exception, plain: Sequence[Any], parameters: dict[str, Any]) -> Exception:
        shapes = [np.shape(x) for x in plain]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            return ValueError(
                f"{self.name}: shapes {' and '.join(map(_kind_of_array, plain))} do not broadcast; aligned at the "
                f"right, each pair of sizes must be equal or one of them 1. Add an axis, as in x[:, None], or "
                f"transpose one, as in x.T."
            )
        return super()._explain(error, plain, parameters)


class Unary(Elementwise):
    """An elementwise primitive of one input, with a short path for a ``Value``, a float or a plain array."""

    def of(self, x: Any) -> Any:
        """The primitive of ``x``: what a call does, without a look at how many operands there are."""
        kind = type(x)
        if kind is nodes.Value and not modes.open_blocks:
            try:
                y = self.scalar(x._data)
            except (ArithmeticError, ValueError):
                y = self.on_floats(x._data)  # a call that nearly all are spared
            return nodes.value(y, self, x)
        if kind is nodes.Tensor:
            return self._record(self.array(x._data), (x,), nodes.NONE)
        if kind is float:
            try:
                return self.scalar(x)
            except (ArithmeticError, ValueError):
                return self.on_floats(x)
        if kind is np.ndarray and x.dtype.char in "fd":
            return self.array(x)
        return self.apply((x,), {})

    def __call__(self, x: Any, *others: Any) -> Any:
        if others:
            self._refuse_count(1 + len(others))
        return self.of(x)


class Binary(Elementwise):
    """An elementwise primitive of two inputs, with a short path for ``Value``s and floats."""

    def of(self, a: Any, b: Any) -> Any:
        """The primitive of ``a`` and ``b``: what a call does, without a look at how many operands there are."""
        if modes.open_blocks:
            return self.apply((a, b), {})
        if type(a) is nodes.Value:
            if type(b) is not nodes.Value:
                if type(b) not in _NUMBERS:
                    return self.apply((a, b), {})
                b = nodes.constant(float(b))
        elif type(b) is nodes.Value and type(a) in _NUMBERS:
            a = nodes.constant(float(a))
        elif type(a) is type(b) is float:
            return self.on_floats(a, b)
        elif type(a) is nodes.Tensor and type(b) in _NUMBERS:
            b = nodes.constant(float(b))
            return self._record(self.array(a._data, b._data), (a, b), {})
        elif type(b) is nodes.Tensor and type(a) in _NUMBERS:
            a = nodes.constant(float(a))
            return self._record(self.array(a._data, b._data), (a, b), {})
        else:
            return self.apply((a, b), {})
        try:
            y = self.scalar(a._data, b._data)
        except (ArithmeticError, ValueError):
            y = self.on_floats(a._data, b._data)
        return nodes.value(y, self, a, b)

    def __call__(self, a: Any, b: Any, *others: Any) -> Any:
        if others:
            self._refuse_count(2 + len(others))
        return self.of(a, b)


def _in_short(signature: inspect.Signature) -> str:
    """``(x, /, axis=None)``: without types."""
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(bare))


def _kept(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters as they are now: arrays among them copied, so that nobody can change them before ``backward``."""
    for name, x in parameters.items():
        if type(x) is np.ndarray and (x.flags.writeable or x.base is not None):  # or what is behind a view
            parameters[name] = x.copy()
            parameters[name].setflags(write=False)
    return parameters


class Structured(Primitive):
    """A primitive on whole arrays: reductions, products, indexing and the like.

    Attributes:
        vjps: per operand, its cotangent as a function of the output's cotangent,
            the output, the operands and the parameters.
        all_vjps: instead of them, one function that returns the cotangents of all
            operands, for a primitive of any number of operands.
        examples: shapes and parameters to test it on.
        prepare: turns arrays of any numbers into operands it is defined and smooth for.
    """

    structured = True

    def __init__(
        self,
        name: str,
        vjps: tuple[Rule, ...],
        all_vjps: Rule | None,
        array: Rule,
        scalar: Rule | None,
        examples: Sequence[Example],
        symbol: str | None,
        special: Sequence[Point],
        note: str,
        prepare: Rule,
    ) -> None:
        super().__init__(name, array, scalar, symbol, special, note, vjps, all_vjps)
        self.prepare = prepare
        self.vjps = vjps
        self.takes_values = bool(scalar or all_vjps)  # the other rules ask their operands for a shape
        self.examples = examples
        self.__doc__ = array.__doc__
        self.__signature__ = inspect.signature(array)
        signature = self.__signature__.parameters.values()
        self.operands = sum(p.kind is p.POSITIONAL_ONLY for p in signature)
        if (all_vjps is None and len(vjps) != self.operands) or (all_vjps is not None and vjps):
            raise TypeError(
                f"structured: {name} has {self.operands} operands, which are the positional-only arguments, and "
                f"{len(vjps)} vector-Jacobian products; give one for each, or all_vjps instead of them"
            )
        self.names = [p.name for p in signature if p.kind not in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL)]
        self.by_position = [p.name for p in signature if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.defaults = {p.name: p.default for p in signature if p.name in self.names and p.default is not p.empty}

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) == self.operands:
            parameters = {**self.defaults, **_kept(named)} if named else self.defaults
            if len(parameters) == len(self.names):
                return self.apply(arguments, parameters)
        count = self.operands or len(arguments)
        operands, by_position = arguments[:count], arguments[count:]
        positional = dict(zip(self.by_position, by_position))
        parameters = {**self.defaults, **_kept(positional), **_kept(named)}
        if (
            len(operands) < count
            or len(by_position) > len(positional)
            or not named.keys().isdisjoint(positional)
            or len(parameters) != len(self.names)
        ):
            raise TypeError(f"{self.name}: called with the wrong arguments; it takes {_in_short(self.__signature__)}")
        return self.apply(operands, parameters)


def elementwise(
    name: str | Rule,
    *partials: Rule,
    array: Rule | None = None,
    scalar: Rule | None = None,
    domain: Interval | tuple[Interval, ...] = REAL,
    kink: Rule | None = None,
    symbol: str | None = None,
    special: Sequence[Point] = (),
    note: str = "",
    shown: str | tuple[str, ...] = (),
    bounded: bool = False,
) -> Any:
    """Declare an elementwise primitive, in a call or by decorating the function that computes it.

    Both of these make ``cube``, which works on numbers, arrays, ``Value``s and ``Tensor``s:

        cube = elementwise("cube", lambda x, y: 3 * x**2, array=lambda x: x**3)

        @elementwise(lambda x, y: 3 * x**2)
        def cube(x):
            return x**3

    Args:
        name: its name, which also supplies the kernels if none is given for arrays: the
            functions of that name in ``numpy`` and ``math``. A decorator has none.
        partials: one function of the inputs and the output per input, written with
            operators and the functions of ``autograd``.
        array: computes it on NumPy arrays.
        scalar: computes it on Python floats; without it ``array`` does.
        domain: where it is defined: one ``autograd.primitive.Interval`` for all inputs, or one each.
        kink: a function of the inputs whose zeros are the points without a derivative.
        symbol: what is drawn for it.
        special: the ``autograd.primitive.point``s where its derivative is a choice, or infinite.
        note: what was chosen there, and why.
        shown: the textbook's form of the partials, ``"1 - y**2"``, where the rules are
            written in a more accurate one.
        bounded: whether the slopes are finite, whatever the inputs: it saves the sweep
            the time to silence warnings.

    Raises:
        TypeError: a partial or the kernel for arrays is missing, or takes another number of arguments.
        ValueError: another module has declared a primitive of this name.
    """
    if not isinstance(name, str):
        if not partials and _takes(name, 1) and not _takes(name, 2):  # no derivative, but the function itself
            raise TypeError(_no_derivative(name.__name__))
        return lambda array: elementwise(
            array.__name__.strip("_"),
            *(name, *partials),
            array=array,
            scalar=scalar,
            domain=domain,
            kink=kink,
            symbol=symbol,
            special=special,
            note=note,
            shown=shown,
            bounded=bounded,
        )
    if not partials:
        raise TypeError(_no_derivative(name))
    kernel = array or getattr(np, name, None)
    if kernel is None:
        raise TypeError(f"elementwise: NumPy has no function {name}; give what computes it on arrays, array=...")
    if scalar is None and array is None:
        scalar = getattr(math, name, None)
    scalar = scalar or (lambda *x: float(kernel(*map(np.float64, x))))
    count = len(partials)
    if not _takes(kernel, count):
        raise TypeError(
            f"elementwise: {name} is given {count} derivative{'s' * (count > 1)}, but its function takes another "
            f"number of inputs; give one derivative per input, each a function of all inputs and the output"
        )
    for position, partial in enumerate(partials):
        if not _takes(partial, count + 1):
            raise TypeError(
                f"elementwise: derivative {position} of {name} must be a function of {count + 1} arguments, "
                f"the inputs and the output, as in lambda x, y: ..."
            )
    kind = {1: Unary, 2: Binary}.get(count, Elementwise)
    return kind(
        name,
        partials,
        kernel,
        scalar,
        domain if isinstance(domain, tuple) else (domain,) * count,
        kink,
        symbol,
        special,
        note,
        (shown,) if isinstance(shown, str) else shown,
        bounded,
    )


def _no_derivative(name: str) -> str:
    return (
        f"elementwise: {name} has no derivative; give one function of its inputs and output per input, as in "
        f"elementwise({name!r}, lambda x, y: 2 * x, ...) or @elementwise(lambda x, y: 2 * x)"
    )


def _takes(function: Rule, count: int) -> bool:
    """Whether a function takes that many arguments, as far as it tells."""
    if isinstance(function, np.ufunc):
        return function.nin == count
    try:
        signature = inspect.signature(function)
    except ValueError:  # one that is written in C need not tell
        return True
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def structured(
    *vjps: Rule,
    all_vjps: Rule | None = None,
    scalar: Rule | None = None,
    examples: Sequence[Example],
    symbol: str | None = None,
    special: Sequence[Point] = (),
    note: str = "",
    prepare: Rule = lambda *operands: operands,
) -> Callable[[Rule], Structured]:
    """Declare a structured primitive by decorating the function that computes it on arrays.

    The decorated function's positional-only arguments are the operands, the rest
    its parameters; its name is the primitive's.

    Args:
        vjps: one vector-Jacobian product ``(g, y, *operands, **parameters)`` per operand.
        all_vjps: instead of them, one that returns the cotangents of all operands,
            for a primitive of any number of operands.
        scalar: computes it on Python floats, for one that takes and gives numbers.
        examples: shapes and parameters to test it on, each an ``autograd.primitive.example(...)``.
        symbol: what is drawn for it.
        special: the ``autograd.primitive.point``s where its derivative is a choice, or infinite.
        note: what was chosen there, and why.
        prepare: turns the tests' arrays, of any numbers, into a tuple of operands for
            which the primitive is defined and smooth.

    Raises:
        TypeError: there is not one vector-Jacobian product per operand.
        ValueError: another module has declared a primitive of this name.
    """

    def declare(array: Rule) -> Structured:
        name = array.__name__.strip("_")
        return Structured(name, vjps, all_vjps, array, scalar, examples, symbol, special, note, prepare)

    return declare
