"""The convolutions and poolings that are compared with PyTorch.

Shared by ``record_convolution.py``, which knows PyTorch, and by the test, which does not.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One function, the shapes of its operands, and its parameters.

    Attributes:
        name: our function.
        theirs: PyTorch's, in ``torch.nn.functional``.
    """

    name: str
    theirs: str
    shapes: tuple[tuple[int, ...], ...]
    parameters: dict[str, Any]

    @property
    def key(self) -> str:
        """A name of its own."""
        given = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.name}({given}) of {' and '.join('x'.join(map(str, shape)) for shape in self.shapes)}"

    def operands(self) -> list[np.ndarray]:
        """The same numbers on every run."""
        rng = np.random.default_rng(sum(map(ord, self.key)))
        return [rng.normal(size=shape) for shape in self.shapes]


def convolutions() -> list[Case]:
    """Every combination of strides, paddings, dilations and groups, over one axis and over two."""
    found = []
    for stride, padding, dilation, groups in itertools.product((1, 2, (2, 3)), (0, 2, (1, 0)), (1, (2, 1)), (1, 2)):
        how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        shapes = ((2, 2, 6, 5), (4, 2 // groups, 3, 2), (4,))
        found.append(Case("conv2d", "conv2d", shapes, how))
    for stride, padding, dilation, groups in itertools.product((1, 3), (0, 2), (1, 2), (1, 4)):
        how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        found.append(Case("conv1d", "conv1d", ((2, 4, 8), (4, 4 // groups, 3), (4,)), how))
    for padding in ("same", "valid"):
        found.append(
            Case("conv2d", "conv2d", ((2, 3, 5, 6), (2, 3, 4, 3), (2,)), {"padding": padding, "dilation": (1, 2)})
        )
        found.append(Case("conv1d", "conv1d", ((2, 3, 5), (2, 3, 4), (2,)), {"padding": padding}))
    return found


def transposed() -> list[Case]:
    """The same of their transposes, with every remainder that the stride leaves."""
    found = []
    for (stride, output_padding), padding, dilation, groups in itertools.product(
        ((1, 0), (2, 0), (2, 1), ((2, 3), (1, 2))), (0, (1, 0)), (1, (2, 1)), (1, 2)
    ):
        how = {
            "stride": stride,
            "padding": padding,
            "output_padding": output_padding,
            "groups": groups,
            "dilation": dilation,
        }
        found.append(Case("conv_transpose2d", "conv_transpose2d", ((2, 2, 2, 3), (2, 2, 3, 2), (2 * groups,)), how))
    for (stride, output_padding), padding in itertools.product(((1, 0), (3, 2)), (0, 2)):
        how = {"stride": stride, "padding": padding, "output_padding": output_padding}
        found.append(Case("conv_transpose1d", "conv_transpose1d", ((2, 4, 5), (4, 3, 4), (3,)), how))
    return found


def poolings() -> list[Case]:
    """Windows that meet, that overlap, and that reach beyond the ends."""
    found = []
    for kernel, stride, padding in ((2, None, 0), (3, 2, 1), ((3, 2), (1, 2), (1, 0)), (2, 3, 1)):
        shapes = ((1, 2, 7, 6),)
        how = {"kernel": kernel, "stride": stride, "padding": padding}
        found.append(Case("max_pool2d", "max_pool2d", shapes, how))
        for counted in (True, False):
            found.append(Case("average_pool2d", "avg_pool2d", shapes, {**how, "count_include_pad": counted}))
    for kernel, stride, padding in ((2, None, 0), (3, 1, 1)):
        how = {"kernel": kernel, "stride": stride, "padding": padding}
        found.append(Case("max_pool1d", "max_pool1d", ((1, 2, 8),), how))
        found.append(Case("average_pool1d", "avg_pool1d", ((1, 2, 8),), {**how, "count_include_pad": False}))
    return found


CASES = [*convolutions(), *transposed(), *poolings()]
