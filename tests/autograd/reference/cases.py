"""What is compared with PyTorch: each case by its name, its operands and its parameters.

Shared by ``record_primitives.py``, which knows PyTorch, and by the test, which does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

POINTS = 50
ANY = (-6.0, 6.0)
ABOVE_0 = (1e-6, 50.0)


@dataclass(frozen=True)
class Case:
    """One function at ``POINTS`` points, or of arrays of these shapes.

    Attributes:
        ranges: per operand, the interval its entries are drawn from.
        shapes: per operand; ``POINTS`` numbers each if there are none.
        parameters: handed to our function.
        theirs: PyTorch's name and parameters, where they differ.
    """

    name: str
    ranges: tuple[tuple[float, float], ...] = (ANY,)
    shapes: tuple[tuple[int, ...], ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    theirs: tuple[str, dict[str, Any]] | None = None

    @property
    def key(self) -> str:
        """A name of its own: ``sum(axis=0)``."""
        given = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        shapes = "" if not self.shapes else " of " + " and ".join("x".join(map(str, s)) or "()" for s in self.shapes)
        return f"{self.name}({given}){shapes}"

    def operands(self) -> list[np.ndarray]:
        """The same numbers on every run."""
        rng = np.random.default_rng(sum(map(ord, self.key)))
        shapes = self.shapes or ((POINTS,),) * len(self.ranges)
        ranges = self.ranges if len(self.ranges) == len(shapes) else self.ranges * len(shapes)
        return [rng.uniform(low, high, shape) for (low, high), shape in zip(ranges, shapes)]


def reduction(name: str, theirs: str, **their_parameters: Any) -> list[Case]:
    """Over one axis, over all, and with the axis kept."""
    return [
        Case(name, shapes=((5, 10),), parameters={"axis": 1}, theirs=(theirs, {"dim": 1, **their_parameters})),
        Case(
            name,
            shapes=((5, 10),),
            parameters={"axis": 0, "keepdims": True},
            theirs=(theirs, {"dim": 0, "keepdim": True, **their_parameters}),
        ),
    ]


ELEMENTWISE = [
    *(
        Case(name)
        for name in ("exp", "expm1", "exp2", "sin", "cos", "sinh", "cosh", "tanh", "sigmoid", "square", "erf")
    ),
    *(Case(name) for name in ("softplus", "log_sigmoid", "relu", "elu", "selu", "gelu", "silu", "mish", "hardtanh")),
    *(Case(name) for name in ("absolute", "negative", "leaky_relu", "sinc", "atan", "asinh")),
    *(Case(name, (ABOVE_0,)) for name in ("log", "log2", "log10", "log1p", "sqrt", "reciprocal")),
    Case("tan", ((-1.5, 1.5),)),
    Case("asin", ((-0.999, 0.999),)),
    Case("acos", ((-0.999, 0.999),)),
    Case("atanh", ((-0.999, 0.999),)),
    Case("acosh", ((1.001, 50.0),)),
    *(Case(name, (ANY, ANY)) for name in ("add", "subtract", "multiply", "maximum", "minimum", "atan2", "hypot")),
    Case("logaddexp", (ANY, ANY)),
    Case("divide", (ANY, (0.1, 6.0))),
    Case("power", ((0.01, 6.0), ANY)),
]

REDUCTIONS = [
    *reduction("sum", "sum"),
    *reduction("mean", "mean"),
    *reduction("prod", "prod"),
    *reduction("logsumexp", "logsumexp"),
    *reduction("max", "amax"),
    *reduction("min", "amin"),
    *reduction("var", "var", correction=0),
    *reduction("std", "std", correction=0),
    *reduction("norm", "linalg.vector_norm"),
    Case("softmax", shapes=((5, 10),), parameters={"axis": 1}, theirs=("softmax", {"dim": 1})),
    Case("log_softmax", shapes=((5, 10),), parameters={"axis": 0}, theirs=("log_softmax", {"dim": 0})),
    Case("cumsum", shapes=((5, 10),), parameters={"axis": 1}, theirs=("cumsum", {"dim": 1})),
]

PRODUCTS = [
    Case("matmul", shapes=((5, 10), (10, 4))),
    Case("matmul", shapes=((3, 5, 4), (4, 2))),
    Case("matmul", shapes=((10,), (10, 5))),
    Case("outer", shapes=((5,), (10,))),
    Case("linear", shapes=((5, 10), (10, 4), (4,))),
    Case("trace", shapes=((7, 7),)),
    Case("inv", shapes=((5, 5),), theirs=("linalg.inv", {})),
    Case("det", shapes=((5, 5),), theirs=("linalg.det", {})),
    Case("solve", shapes=((5, 5), (5, 10)), theirs=("linalg.solve", {})),
]

CASES = [*ELEMENTWISE, *REDUCTIONS, *PRODUCTS]
