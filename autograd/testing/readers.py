"""The readers of the table of derivatives, side by side on one function."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.backward import gradients
from autograd.calculus import hvp, jvp
from autograd.forward import sweep_forward
from autograd.graph import computed
from autograd.node import Node, Tensor, Value
from autograd.primitive import data_of
from autograd.sweep import sweep

ROUNDINGS = 32  # how many times what one rounding error in every result could do


@dataclass(frozen=True)
class _Reading:
    """A number that a reader found, and what one rounding error in every result could do to it."""

    number: float
    rounding: float = 0.0  # not said of every reading of a quantity: once is enough

    def differs(self, other: _Reading) -> bool:
        if math.isfinite(self.number) and math.isfinite(other.number):
            allowed = ROUNDINGS * np.finfo(float).eps * max(self.rounding, other.rounding)
            return not abs(self.number - other.number) <= allowed
        return not np.array_equal(self.number, other.number, equal_nan=True)


def differences_between_readers(f: Callable[..., Any], plain: Sequence[Any]) -> list[str]:
    """What is not the same for every reader, in words; of an ``f`` of these numbers and arrays."""
    directions = [weights_for(np.shape(x)) for x in plain]
    weights = weights_for(np.shape(f(*plain)))
    found: list[str] = []
    with np.errstate(all="ignore"):
        reference: dict[str, tuple[str, _Reading]] = {}
        for reader, quantity, reading in _readings(f, plain, directions, weights):
            first, expected = reference.setdefault(quantity, (reader, reading))
            if reading.differs(expected):
                found.append(
                    f"{quantity}: {expected.number!r} from {first}, but {reading.number!r} from {reader} "
                    f"(rounding explains {ROUNDINGS * np.finfo(float).eps * expected.rounding:.2g})"
                )
    return found


def _readings(
    f: Callable[..., Any], plain: Sequence[Any], directions: Sequence[Any], weights: Any
) -> Iterator[tuple[str, str, _Reading]]:
    def weighted(*leaves: Any) -> Any:
        return _weighted(f(*leaves), weights)

    kinds: dict[str, list[Node]] = {}
    if any(type(x) is float for x in plain):
        kinds["Values and Tensors"] = [Value(x) if type(x) is float else Tensor(x) for x in plain]
    kinds["Tensors"] = [Tensor(x) for x in plain]
    for name, leaves in kinds.items():
        bounding = name == next(iter(kinds))  # how far readings may be apart is asked of the first of them alone
        output = weighted(*leaves)
        yield name, "the value", _Reading(float(output), rounding_of(output) if bounding else 0.0)
        if not isinstance(output, Node):
            continue  # it depends on none of them
        slope = along(gradients(output, leaves), directions)
        rounding = rounding_of_slope(output, slope, leaves, directions) if bounding else 0.0
        yield f"gradients() on {name}", "the slope", _Reading(float(slope), rounding)
        output.backward()
        yield f"backward() on {name}", "the slope", _Reading(float(along([x.grad for x in leaves], directions)))
        tangents = [x if type(leaf) is Value else np.asarray(x) for x, leaf in zip(directions, leaves)]
        _, forward = jvp(weighted, leaves, tangents)
        yield f"jvp() on {name}", "the slope", _Reading(float(forward))
        curvature, rounding = 0.0, 0.0
        if isinstance(slope, Node):
            curvature = along(gradients(slope, leaves), directions)
            rounding = rounding_of_slope(slope, curvature, leaves, directions) if bounding else 0.0
        yield f"gradients() of gradients() on {name}", "the slope of the slope", _Reading(float(curvature), rounding)
        products = hvp(weighted, leaves, tangents)
        yield f"hvp() on {name}", "the slope of the slope", _Reading(float(along(products, directions)))
    yield "plain numbers", "the value", _Reading(float(weighted(*plain)))


def weights_for(shape: tuple[int, ...]) -> Any:
    """Numbers between 0.5 and 1.5 in size and of random sign, so that nothing cancels by symmetry."""
    rng = np.random.default_rng(math.prod(shape))
    drawn = rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
    return drawn if shape else float(drawn)


def _weighted(y: Any, weights: Any) -> Any:
    """One number out of all outputs."""
    return (y * weights).sum() if np.ndim(weights) else y * weights


def along(derivatives: Sequence[Any], directions: Sequence[Any]) -> Any:
    """What the derivatives add up to along a direction."""
    total: Any = 0.0
    for derivative, direction in zip(derivatives, directions):
        if derivative is not None:
            product = derivative * direction
            total = total + (product.sum() if np.ndim(direction) else product)
    return total


def rounding_of(x: Any) -> float:
    """The first-order bound on the rounding error of a computed number, in units of the spacing of floats at 1.

    How much every number on the way matters for it, times the size of that number.
    """
    if not isinstance(x, Node):
        return abs(float(x))
    return sum(float(np.sum(np.abs(g * node._data))) for node, g in _cotangents(x).items())


def rounding_of_slope(y: Node, slope: Any, leaves: Sequence[Node], directions: Sequence[Any]) -> float:
    """The same bound for the slope of ``y`` along a direction.

    Part of the slope is made of plain numbers, which leave no node: what every number's
    cotangent and tangent contribute to it stands for them.
    """
    tangents: dict[Node, Any] = dict(zip(leaves, directions))
    sweep_forward(computed([y]), tangents, data_of)
    products = (g * tangents[node] for node, g in _cotangents(y).items() if node in tangents)
    return rounding_of(slope) + sum(float(np.sum(np.abs(product))) for product in products)


def _cotangents(x: Node) -> dict[Node, Any]:
    cotangents: dict[Node, Any] = {x: 1.0 if isinstance(x, Value) else np.ones(x.shape)}
    for _ in sweep(computed([x]), cotangents, data_of):
        pass
    return cotangents
