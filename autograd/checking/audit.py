"""A row of the table of derivatives, checked from every side at points of its own.

The row says where it may be checked: an elementwise one has a domain, a structured one
examples and ``prepare``. There, whatever can be known of it in two ways is compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.checking.check import check_gradients
from autograd.checking.differences import Array
from autograd.checking.subject import Subject
from autograd.checking.verdicts import GradientReport
from autograd.node import Tensor, Value
from autograd.primitive import Elementwise, Example, Interval, Primitive, Structured

POINTS = 30
DRAWS = 2  # of operands, per example of a structured row
TRIES = 50
ULPS = 8  # between two kernels of one function; the best libraries stay below 4


@dataclass(frozen=True)
class Call:
    """A row's operands and parameters."""

    operands: tuple[Any, ...]
    parameters: dict[str, Any]

    def __str__(self) -> str:
        shapes = ", ".join(str(np.shape(x)) for x in self.operands)
        return shapes + "".join(f", {name}={value!r}" for name, value in self.parameters.items())


@dataclass(frozen=True, repr=False)
class PrimitiveReport:
    """What ``check_primitive`` found: true if nothing is wrong and something is decided for each set of operands.

    Attributes:
        name: of the row.
        gradients: per set of operands, its first and second derivatives against differences.
        faults: what else is wrong with it, in words.
    """

    name: str
    gradients: dict[str, GradientReport]
    faults: tuple[str, ...]

    def __bool__(self) -> bool:
        return all(self.gradients.values()) and not self.faults

    def __repr__(self) -> str:
        reports = self.gradients.values()
        agreeing, differing, undecided = (
            sum(len(report.having(verdict)) for report in reports) for verdict in ("agrees", "differs", "undecided")
        )
        sets = f"{len(self.gradients)} set{'s' if len(self.gradients) != 1 else ''} of operands"
        lines = [
            f"{self.name}: {'right' if self else 'WRONG'}. Of its first and second derivatives in {sets} "
            f"{agreeing} match differences, {differing} differ, {undecided} cannot be decided."
        ]
        lines += [f"  {fault}" for fault in self.faults]
        for call, report in self.gradients.items():
            if not report:
                lines += [f"  for operands {call}:", *(f"    {line}" for line in repr(report).splitlines())]
        return "\n".join(lines)


def check_primitive(row: Primitive) -> PrimitiveReport:
    """Check a row of the table: first and second derivatives, forward mode, kernels, precision.

    An elementwise row is looked at in 30 points of its domain, of all sizes; a structured
    one in its examples, with operands drawn twice for each. They are the same each time.

    Args:
        row: the primitive, as ``elementwise`` or ``structured`` made it.

    Returns:
        A report that is true if all is right, and names what is not.

    Raises:
        TypeError: it is not a primitive.
        ValueError: it is inf or nan at nearly all points of its domain, or has no example that holds a number.
    """
    if not isinstance(row, (Elementwise, Structured)):
        raise TypeError(
            f"check_primitive: takes a primitive, as elementwise(...) or structured(...) makes it, and not "
            f"{type(row).__name__}; for a function there is check_gradients(f, *inputs)"
        )
    found = {}
    faults = []
    for number, call in enumerate(calls(row)):
        with np.errstate(all="ignore"):
            fault = _fault_of_kernel(row, call)
            if fault:  # then there is nothing to differentiate
                faults.append(f"{fault}, for operands {call}")
                continue
            if not any(np.size(x) for x in call.operands):
                faults += _faults_on_nothing(row, call)
                continue
            report, fault = _gradients(row, call)
            if report is not None:
                found[f"{number}: {call}"] = report
            # A rule that fails would fail everywhere else in the same way.
            faults += [f"{each}, for operands {call}" for each in ([fault] if fault else _faults(row, call))]
    if not found and not faults:
        raise ValueError(
            f"check_primitive: {row.name} has no example that holds a number; give it one, as in "
            f"structured(..., examples=[example((2, 3))])"
        )
    return PrimitiveReport(row.name, found, tuple(dict.fromkeys(faults)))


def calls(row: Elementwise | Structured) -> list[Call]:
    """Operands at which a row is defined; an elementwise one's hold one point per entry.

    Raises:
        ValueError: there are hardly any.
    """
    rng = np.random.default_rng(0)
    if isinstance(row, Elementwise):
        return [Call(_points(row, rng), {})]
    return [
        Call(tuple(row.prepare(*_operands(example, rng))), example.parameters)
        for example in row.examples
        for _ in range(DRAWS)
    ]


def _points(row: Elementwise, rng: np.random.Generator) -> tuple[Array, ...]:
    """One column per input, of points where the row is finite and neither overflows nor vanishes nearby."""
    columns = [np.empty(0)] * len(row.domain)
    with np.errstate(all="ignore"):
        for _ in range(TRIES):
            drawn = [_inside(interval, rng) for interval in row.domain]
            try:
                y = np.abs(np.broadcast_to(np.asarray(row.array(*drawn), np.float64), POINTS))
            except Exception:
                return tuple(drawn)  # which will be found to be the kernel's fault
            fine = (y == 0) | ((y > 1e-100) & (y < 1e100))
            columns = [np.concatenate([column, x[fine]])[:POINTS] for column, x in zip(columns, drawn)]
            if columns[0].size == POINTS:
                return tuple(columns)
    raise ValueError(f"check_primitive: {row.name} is inf or nan at nearly all points of its domain")


def _inside(interval: Interval, rng: np.random.Generator) -> Array:
    """Numbers inside an interval: most of them of size 1 and less, some larger, some close to an end."""
    sizes: Array = 10 ** rng.uniform(-3, np.where(rng.random(POINTS) < 0.7, 0.5, 2.5), POINTS)
    low, high = interval.low, interval.high
    if math.isinf(low) and math.isinf(high):
        signs: Array = rng.choice([-1.0, 1.0], POINTS)
        return sizes * signs
    if math.isinf(high):
        return low + sizes
    if math.isinf(low):
        return high - sizes
    from_an_end = 0.5 * sizes / (1 + sizes) * (high - low)
    return np.where(rng.random(POINTS) < 0.5, low + from_an_end, high - from_an_end)


def _operands(example: Example, rng: np.random.Generator) -> list[Array]:
    """Arrays of the example's shapes, no two of whose numbers are close: a maximum has no kink near."""
    sizes = [math.prod(shape) for shape in example.shapes]
    total = sum(sizes)
    numbers = 0.1 * (rng.permutation(total) - total / 2) + rng.uniform(0.01, 0.03, total)
    return [part.reshape(shape) for part, shape in zip(np.split(numbers, np.cumsum(sizes)[:-1]), example.shapes)]


def _fault_of_kernel(row: Elementwise | Structured, call: Call) -> str:
    """What is wrong with the array kernel that leaves nothing to differentiate."""
    operands = [*map(np.array, call.operands)]
    try:
        shape = np.shape(row.array(*operands, **call.parameters))
    except Exception as error:
        return f"the array kernel fails: {error}"
    if not all(map(np.array_equal, operands, call.operands)):
        return "the array kernel writes to its operands, which are the data of leaves; let it make a new array"
    expected = np.broadcast_shapes(*map(np.shape, call.operands)) if isinstance(row, Elementwise) else shape
    return "" if shape == expected else f"the array kernel gives shape {shape}, not {expected}"


def _faults_on_nothing(row: Elementwise | Structured, call: Call) -> Iterator[str]:
    """What its rules raise on arrays without a number, which leave nothing to compare."""
    try:
        y = row.apply([Tensor(x) for x in call.operands], call.parameters)
        y.backward(np.ones(y.shape))
    except Exception as error:
        yield f"the derivative fails: {error}, for operands {call}"


def _gradients(row: Elementwise | Structured, call: Call) -> tuple[GradientReport | None, str]:
    """The derivatives against differences, and what the rules raise: of the second ones, or of all."""

    def f(*operands: Any) -> Any:
        return row.apply(operands, call.parameters)

    try:
        return check_gradients(f, *call.operands, order=2), ""
    except Exception as error:
        of_second = error
    try:
        return check_gradients(f, *call.operands), f"the second derivative fails: {of_second}"
    except Exception as error:
        return None, f"the derivative fails: {error}"


def _faults(row: Elementwise | Structured, call: Call) -> Iterator[str]:
    """What is wrong with a row, derivatives against differences aside."""
    looks = {"forward mode": _forward, "float32": _single_against_double}
    if row.scalar is not None and (isinstance(row, Elementwise) or all(np.ndim(x) == 0 for x in call.operands)):
        looks["on Values, it"] = _scalar_against_array
    subject = Subject(lambda *x: row.apply(x, call.parameters), [Tensor(x) for x in call.operands])
    for what, look in looks.items():
        try:
            yield from look(row, call, subject)
        except Exception as error:
            yield f"{what} fails: {error}"


def _forward(row: Elementwise | Structured, call: Call, subject: Subject) -> Iterator[str]:
    """Nothing, but it raises what forward mode does; its numbers ``check_gradients`` has compared."""
    subject.push(np.ones(subject.x.size))
    yield from ()


def _scalar_against_array(row: Elementwise | Structured, call: Call, subject: Subject) -> Iterator[str]:
    """Whether ``Value``s give what ``Tensor``s give, in value and gradient; the worst point of each."""
    points = [*zip(*(np.ravel(x).tolist() for x in call.operands))]
    values: list[tuple[float, str]] = []
    gradients: list[tuple[float, str]] = []
    for k, point in enumerate(points):
        alone = Subject(lambda *x: row.apply(x, call.parameters), [Value(x) for x in point])
        of_arrays = subject.pull(np.arange(subject.weights.size) == k).reshape(len(call.operands), -1)[:, k]
        for off, what, single, array in (
            (values, "the scalar kernel gives {} where the array kernel gives {}", alone.outputs, subject.outputs[[k]]),
            (gradients, "the gradient of Values, {}, is not that of Tensors, {}", alone.gradient, of_arrays),
        ):
            apart = _spacings_apart(single, array)
            if apart > ULPS:
                off.append((apart, f"{what.format(_listed(single), _listed(array))}, at {_listed(point)}"))
    for off in (values, gradients):
        if off:
            yield max(off)[1] + (f", the worst of {len(off)} points" if len(off) > 1 else "")


def _spacings_apart(found: Array, expected: Array) -> float:
    """How many spacings of floats lie between two numbers, at most; inf if only one of them is one."""
    apart = np.abs(found - expected) / np.spacing(np.abs(expected))
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    return float(np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart)).max())


def _listed(numbers: Iterable[float]) -> str:
    return " and ".join(repr(float(x)) for x in numbers)


def _single_against_double(row: Elementwise | Structured, call: Call, subject: Subject) -> Iterator[str]:
    """Whether float32 stays float32, and right to about five digits."""
    singles = [Tensor(x, dtype=np.float32) for x in call.operands]
    y = row.apply(singles, call.parameters)
    if y.dtype != np.float32:
        yield f"of float32 it makes {y.dtype}"
        return
    y.backward(subject.weights.reshape(y.shape))
    doubles = Subject(subject.f, [Tensor(x.numpy(), dtype=np.float64) for x in singles])
    gradient = np.concatenate([np.ravel(x.grad) for x in singles])
    for what, single, double in (
        ("", y.numpy().ravel(), doubles.outputs),
        ("the gradient of ", gradient, doubles.gradient),
    ):
        size = np.abs(double)
        in_range = (size < 1e30) & np.isfinite(single)
        if np.any(np.abs(single - double)[in_range] > 1e-3 * (size[in_range] + 1e-3)):
            yield f"{what}what it makes of float32 is not what it makes of float64"
