"""What a layer is: something with parameters that is called on its input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd import Node


class Module:
    """Base of layers and models.

    A subclass keeps parameters (``Tensor``s or ``Value``s) and other modules as
    attributes, alone, in lists or in dictionaries, and defines ``__call__``.
    """

    def __call__(self, x: Any) -> Any:
        hint = "; rename forward to __call__" if hasattr(self, "forward") else ""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(self, x){hint}")

    def named_parameters(self) -> Iterator[tuple[str, Node]]:
        """Each parameter once, with its path: ``layers.0.weight``."""
        seen: set[Node] = set()
        for path, holder, key in _places(self, "", set()):
            parameter = holder[key]
            if parameter not in seen:
                seen.add(parameter)
                yield path, parameter

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


def functional_call(model: Module, parameters: Sequence[Any], x: Any) -> Any:
    """What the model would give for ``x`` if these were its parameters.

    The derivative of anything with respect to a model's parameters can be asked
    for this way; the model itself is left as it was. Until this returns, no other thread may use it.

    Args:
        parameters: nodes or arrays, in the order of ``model.parameters()``.

    Raises:
        ValueError: there are not as many as the model has, or a shape differs.
        TypeError: the model keeps parameters in a tuple.
    """
    own = model.parameters()
    shapes = [tuple(np.shape(p) if not isinstance(p, Node) else p.shape) for p in parameters]
    if shapes != [p.shape for p in own]:
        raise ValueError(
            f"functional_call: the model has parameters of shapes {[p.shape for p in own]}, but was given {shapes}"
        )
    substitute = dict(zip(own, parameters))
    places = [(holder, key, holder[key]) for _, holder, key in _places(model, "", set())]
    if any(isinstance(holder, tuple) for holder, _, _ in places):
        raise TypeError("functional_call: the model keeps parameters in a tuple, where none can be put; use a list")
    try:
        for holder, key, parameter in places:
            holder[key] = substitute[parameter]
        return model(x)
    finally:
        for holder, key, parameter in places:
            holder[key] = parameter


def _places(part: Any, path: str, visited: set[int]) -> Iterator[tuple[str, Any, Any]]:
    """Where the parameters are: the path of each, the dictionary or list that holds it, and its key there."""
    if id(part) in visited:  # shared, or a way back to the whole
        return
    visited.add(id(part))
    holder = vars(part) if isinstance(part, Module) else part
    for key, item in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
        name = f"{path}.{key}" if path else str(key)
        if isinstance(item, Node):
            yield name, holder, key
        elif isinstance(item, (Module, dict, list, tuple)):
            yield from _places(item, name, visited)


def _shown(layer: Any) -> str:
    return repr(layer) if isinstance(layer, Module) else getattr(layer, "name", getattr(layer, "__name__", repr(layer)))
