"""What a layer is: something with parameters that is called on its input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autograd import Node


class Module:
    """Base of layers and models.

    A subclass keeps parameters (``Tensor``s or ``Value``s) and other modules as
    attributes, alone or in lists, and defines ``__call__``.
    """

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(self, x)")

    def named_parameters(self) -> Iterator[tuple[str, Node]]:
        """Each parameter once, with its path: ``layers.0.weight``."""
        seen: set[Node] = set()
        for name, parameter in _walk(self, ""):
            if parameter not in seen:
                seen.add(parameter)
                yield name, parameter

    def parameters(self) -> list[Any]:
        """Each parameter once, in the order in which the attributes were made."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget the gradients: each parameter's becomes ``None``."""
        for parameter in self.parameters():
            parameter.grad = None


class Sequential(Module):
    """Modules and functions applied one after the other.

    Raises:
        TypeError: a layer cannot be called.
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        for position, layer in enumerate(layers):
            if not callable(layer):
                raise TypeError(f"Sequential: layer {position} is {layer!r}, which cannot be called on an input")
        self.layers = list(layers)

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __repr__(self) -> str:
        return f"Sequential({', '.join(_shown(layer) for layer in self.layers)})"


def _walk(part: Any, path: str) -> Iterator[tuple[str, Node]]:
    if isinstance(part, Node):
        yield path, part
    elif isinstance(part, Module):
        for name, attribute in vars(part).items():
            yield from _walk(attribute, f"{path}.{name}" if path else name)
    elif isinstance(part, (list, tuple)):
        for position, item in enumerate(part):
            yield from _walk(item, f"{path}.{position}")


def _shown(layer: Any) -> str:
    return repr(layer) if isinstance(layer, Module) else getattr(layer, "name", getattr(layer, "__name__", repr(layer)))
