"""Derivatives of functions: ``grad``, ``jacobian``, ``hessian`` and the products they are made of.

The functions take and return floats, arrays, ``Value``s, ``Tensor``s and nested lists,
tuples and dictionaries of them (``autograd.nested``). What they are differentiated with
respect to reaches them as nodes.

plain or node
    Plain arguments give plain derivatives: floats and arrays. If an argument is a node,
    or the function uses one from outside, derivatives are nodes, which can be
    differentiated again: that is what nests, ``grad(grad(f))``. In ``no_grad`` what is
    given as a node comes back as a leaf. Derivatives that are nodes have the precision
    in which they were computed, and that of a ``Value`` is a ``Tensor`` of one number
    where the function went through arrays.
no confusion
    Every call differentiates with respect to nodes that it made itself, and sweeps no
    further back than those. So ``x`` in ``grad(lambda y: x * y)(x)`` is not taken for
    ``y``, although they are the same number (Siskind & Pearlmutter, 2005).
no dependence
    The derivative of what does not depend on an argument is zero. So it is for a node which the function
    reaches from outside and not through its argument, as a model's parameters are: for those there are
    ``gradients`` and ``nn.functional_call``.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd import anomaly, modes, stale
from autograd import node as nodes
from autograd.backward import of_the_form_of
from autograd.forward import Tangents, sweep_forward
from autograd.graph import computed
from autograd.nested import leaves, matched, rebuilt
from autograd.primitive import data_of
from autograd.primitives.arithmetic import positive
from autograd.primitives.shaping import reshape, stack
from autograd.sweep import Cotangents, View, node_of, push

Function = Callable[..., Any]
Argnums = int | tuple[int, ...]

_NUMBER = (numbers.Real, np.generic)  # what becomes a Value


def grad(f: Function, argnums: Argnums = 0) -> Function:
    """The gradient of a function that returns a single number.

    Args:
        f: the function; keyword arguments are passed on to it.
        argnums: the place of the argument to differentiate with respect to, or a tuple of places.

    Returns:
        A function of the same arguments, which gives the derivative in the form of the
        argument, or a tuple of derivatives for a tuple of places.

    Raises:
        ValueError: the result is not a single number, or there is no argument in that place.
        TypeError: ``f`` is no function, an argument or the result holds something that is no real number,
            or the result is plain numbers after a node was made a float.
    """
    _check_function("grad", f)

    def gradient(*args: Any, **named: Any) -> Any:
        return _value_and_grad("grad", f, argnums, args, named)[1]

    return gradient


def value_and_grad(f: Function, argnums: Argnums = 0) -> Function:
    """Like ``grad``, but gives the pair of the function's value and the gradient."""
    _check_function("value_and_grad", f)

    def both(*args: Any, **named: Any) -> tuple[Any, Any]:
        return _value_and_grad("value_and_grad", f, argnums, args, named)

    return both


def vjp(f: Function, *primals: Any, argnums: Argnums | None = None) -> tuple[Any, Function]:
    """The value, and the function that multiplies a cotangent of the value with the Jacobian.

    ``f`` is recorded once; each product costs one reverse sweep.

    Args:
        f: the function.
        primals: its arguments.
        argnums: the places to differentiate with respect to; all if not given.

    Returns:
        ``f(*primals)``, and a function that takes a cotangent of its form and gives a
        tuple of cotangents, one per place; for a single place, just the one.

    Raises:
        ValueError: a cotangent has not the form of the value, or there is no argument in that place.
        TypeError: an argument or the result holds something that is no real number.
    """
    call = _Call("vjp", f, argnums, primals, {})

    def pull(cotangent: Any) -> Any:
        given = call.vectors("cotangent", call.result, call.outputs, cotangent)
        cotangents: Cotangents = {}
        for y, g in zip(call.outputs, given):
            cotangents[y] = cotangents[y] + g if y in cotangents else g  # a node may be returned twice
        return call.per_argument(call.pull(cotangents))

    return call.value(), pull


def jvp(f: Function, primals: Sequence[Any], tangents: Any, argnums: Argnums | None = None) -> tuple[Any, Any]:
    """The value, and the Jacobian times a tangent: the derivative along a direction, by one forward sweep.

    Args:
        f: the function.
        primals: its arguments, in a tuple.
        tangents: a tuple of tangents, each of its argument's form; just the one if
            ``argnums`` is a single place.
        argnums: the places that the tangents belong to; all if not given.

    Returns:
        ``f(*primals)``, and its derivative in the form of the value.

    Raises:
        ValueError: a tangent has not the form of its argument, or there is no argument in that place.
        TypeError: an argument or the result holds something that is no real number.
    """
    return _jvp("jvp", f, primals, tangents, argnums)


def jacobian(f: Function, argnums: Argnums = 0) -> Function:
    """All derivatives of all outputs.

    ``f`` is recorded once. Then there is one reverse sweep per number of the output, or
    one forward sweep per number of the input if those are fewer.

    Args:
        f: the function; keyword arguments are passed on to it.
        argnums: the place of the argument to differentiate with respect to, or a tuple of places.

    Returns:
        A function of the same arguments. For an output and an argument that are arrays or
        numbers it gives an array of shape ``output.shape + argument.shape``; otherwise
        the output's nesting with, for each leaf, the argument's (a tuple of them for a
        tuple of places).

    Raises:
        ValueError: there is no argument in that place.
        TypeError: an argument or the result holds something that is no real number.
    """
    _check_function("jacobian", f)

    def all_derivatives(*args: Any, **named: Any) -> Any:
        call = _Call("jacobian", f, argnums, args, named)
        return rebuilt(call.result, map(call.per_argument, call.blocks()))

    return all_derivatives


def hessian(f: Function, argnums: Argnums = 0) -> Function:
    """All second derivatives of a function that returns a single number: the Jacobian of its gradient.

    Arguments and errors are those of ``grad``; for an array argument the result has
    shape ``argument.shape + argument.shape``.
    """
    _check_function("hessian", f)
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Function, primals: Sequence[Any], tangents: Any, argnums: Argnums | None = None) -> Any:
    """The Hessian times a tangent, without the Hessian: the gradient's derivative along a direction.

    The cost is a few times that of ``f``, however many arguments there are (Pearlmutter, 1994).
    Arguments and errors are those of ``jvp`` and ``grad``.

    Returns:
        The product, in the form of the tangents.
    """
    _check_primals("hvp", primals)
    places = tuple(range(len(primals))) if argnums is None else argnums
    products = _jvp("hvp", grad(f, places), primals, tangents, places)[1]
    given = (x for i in _places("hvp", places, len(primals)) for _, x in leaves(primals[i]))
    # Where a number meets arrays its gradient is a Tensor without axes, and so is that gradient's derivative.
    found = (
        product.item() if isinstance(x, _NUMBER) and isinstance(product, np.ndarray) else product
        for x, (_, product) in zip(given, leaves(products))
    )
    return rebuilt(products, found)


def _value_and_grad(
    operator: str, f: Function, argnums: Argnums, args: Sequence[Any], named: dict[str, Any]
) -> tuple[Any, Any]:
    call = _Call(operator, f, argnums, args, named)
    if isinstance(call.result, (list, tuple, dict)) or len(call.outputs) != 1 or call.outputs[0].size != 1:
        what = f"an output of shape {call.outputs[0].shape}"
        if isinstance(call.result, (list, tuple, dict)):
            what = f"a {type(call.result).__name__}"
        raise ValueError(
            f"{operator}: takes the gradient of a single number, and f returned {what}: reduce it first, as in "
            f"f(x).sum(), or use jacobian for the derivatives of every entry, or vjp for a weighted sum of them"
        )
    (output,) = call.outputs
    return call.value(), call.per_argument(call.pull({output: next(_units(output))}))


def _jvp(operator: str, f: Function, primals: Sequence[Any], tangents: Any, argnums: Argnums | None) -> tuple[Any, Any]:
    _check_primals(operator, primals)
    call = _Call(operator, f, argnums, primals, {})
    given = call.vectors("tangents", call.arguments, call.inputs, (tangents,) if call.single else tangents)
    return call.value(), rebuilt(call.result, iter(call.push(dict(zip(call.inputs, given)))))


class _Call:
    """One call of a function, recorded, to be swept as often as there are derivatives to take.

    Attributes:
        arguments: those to differentiate with respect to, as they were given.
        single: whether it is one argument, and not a tuple of them.
        inputs: the nodes that stand for the arguments' leaves.
        result: what the function returned.
        outputs: its leaves, as nodes.
        order: what was computed between inputs and outputs, newest first.
        differentiable: whether the derivatives depend on nodes from outside and are to be recorded.
    """

    def __init__(
        self, operator: str, f: Function, argnums: Argnums | None, args: Sequence[Any], named: dict[str, Any]
    ) -> None:
        places = _places(operator, argnums, len(args))
        given = [leaf for i in places for leaf in leaves(args[i], f"argument {i}")]
        self.operator = operator
        self.single = argnums is not None and not isinstance(argnums, Iterable)
        self.arguments = tuple(args[i] for i in places)
        self.given_nodes = any(isinstance(x, nodes.Node) for _, x in given)
        with modes.recording():
            oldest = nodes.tick()
            # Nodes of this call alone. For a node that is the identity of it, through which outer derivatives go on.
            self.inputs = [
                positive(x) if isinstance(x, nodes.Node) else _as_node(operator, path, x) for path, x in given
            ]
            start = self.inputs[-1].time if self.inputs else nodes.tick()
            replaced = dict(zip(places, rebuilt(self.arguments, iter(self.inputs))))
            self.result = f(*(replaced.get(i, x) for i, x in enumerate(args)), **named)
        returned = [*leaves(self.result, "what f returned")]
        if not returned and self.result is None:
            raise TypeError(f"{operator}: f returned None; does it lack a return?")
        if modes.time_of_float.get() >= oldest and not any(isinstance(x, nodes.Node) for _, x in returned):
            raise TypeError(
                f"{operator}: f made a float of a node, as math.exp(x) does, and returned plain numbers, of which no "
                f"derivative is known; write it with functions of autograd, as in autograd.exp(x)"
            )
        self.outputs = [_as_node(operator, path, x) for path, x in returned]
        self.order = computed(self.outputs, since=start)
        self.differentiable = modes.is_recording() and (self.given_nodes or self._uses_nodes_from_before(start))

    def _uses_nodes_from_before(self, start: int) -> bool:
        own = set(self.inputs)
        used = {*self.outputs}.union(*(node.inputs for node in self.order))
        # One that was changed meanwhile does not tell when it was made: from before, if only it could be.
        return any(
            (x.time <= start or stale.was_changed(x)) and type(x) in nodes.VARIABLES and x not in own for x in used
        )

    def value(self) -> Any:
        """What the function returned, as nodes only if the derivatives are nodes."""
        if self.differentiable:
            return self.result
        return rebuilt(self.result, (self._delivered(y._data, y, self.given_nodes) for y in self.outputs))

    def vectors(self, what: str, nested: Any, like: Sequence[nodes.Node], given: Any) -> list[Any]:
        """The leaves of a tangent or cotangent, each in the form of the node it belongs to."""
        try:
            found = [*matched(nested, given, what)]
        except ValueError as error:
            raise ValueError(f"{self.operator}: {error}") from None
        vectors = []
        for x, (path, entry) in zip(like, found):
            vector = _as_node(self.operator, path, entry)
            if vector.shape != x.shape:
                raise ValueError(
                    f"{self.operator}: {path} has shape {vector.shape}, but what it belongs to has shape {x.shape}"
                )
            again = entry is vector and modes.is_recording()
            vectors.append(of_the_form_of(x, vector if again else vector._data))
        return vectors

    def pull(self, cotangents: Cotangents) -> list[Any]:
        """From cotangents of the outputs to those of the inputs: one reverse sweep."""
        view = self._view(cotangents.values())
        stale.check(self.order)
        with modes.recording():
            for node in self.order:
                if node in cotangents:
                    push(node, cotangents[node], view, cotangents)
                    if modes.is_detecting_anomalies():
                        anomaly.look_at_gradients(node, cotangents)
        return [self._delivered(cotangents.get(x), x, view is node_of or self.given_nodes) for x in self.inputs]

    def push(self, tangents: Tangents) -> list[Any]:
        """From tangents of the inputs to those of the outputs: one forward sweep."""
        view = self._view(tangents.values())
        with modes.recording():
            sweep_forward(self.order, tangents, view)
        return [self._delivered(tangents.get(y), y, view is node_of or self.given_nodes) for y in self.outputs]

    def blocks(self) -> list[list[Any]]:
        """Per output, per input: all derivatives of the one with respect to the other."""
        if sum(x.size for x in self.inputs) < sum(y.size for y in self.outputs):
            columns = [[self.push({x: unit}) for unit in _units(x)] for x in self.inputs]
            return [
                [self._block(y, x, [column[i] for column in of_x], -1) for x, of_x in zip(self.inputs, columns)]
                for i, y in enumerate(self.outputs)
            ]
        rows = [[self.pull({y: unit}) for unit in _units(y)] for y in self.outputs]
        return [
            [self._block(y, x, [row[j] for row in of_y], 0) for j, x in enumerate(self.inputs)]
            for y, of_y in zip(self.outputs, rows)
        ]

    def per_argument(self, derivatives: Sequence[Any]) -> Any:
        """One derivative per input, nested as the arguments are."""
        nested = rebuilt(self.arguments, iter(derivatives))
        return nested[0] if self.single else nested

    def _block(self, y: nodes.Node, x: nodes.Node, slices: list[Any], axis: int) -> Any:
        shape = y.shape + x.shape
        if not shape:
            return slices[0]
        if not slices:
            return self._delivered(
                None, nodes.Tensor(np.zeros(shape, x.dtype)), self.differentiable or self.given_nodes
            )
        return reshape(stack(slices, axis), shape)

    def _view(self, vectors: Iterable[Any]) -> View:
        """What the rules see: nodes if the derivatives are to be differentiated again, otherwise their data."""
        again = self.differentiable or any(isinstance(vector, nodes.Node) for vector in vectors)
        return node_of if again else data_of

    @staticmethod
    def _delivered(derivative: Any, x: nodes.Node, as_node: bool) -> Any:
        """A derivative in the form of ``x`` and memory of its own."""
        derivative = of_the_form_of(x, derivative)
        if isinstance(derivative, nodes.Node):
            return derivative
        if type(derivative) is not float:
            derivative = np.array(derivative)
        return nodes.make(type(x), derivative) if as_node else derivative


def _as_node(operator: str, path: str, x: Any) -> Any:
    if isinstance(x, nodes.Node):
        return x
    try:
        return nodes.Value(x) if isinstance(x, _NUMBER) else nodes.Tensor(x)
    except TypeError as error:
        raise TypeError(f"{operator}: {path} cannot be differentiated: {error}") from None


def _units(x: nodes.Node) -> Iterator[Any]:
    """The unit vectors of a node's form."""
    if type(x._data) is float:
        yield 1.0
        return
    for k in range(x.size):
        unit = np.zeros_like(x._data)
        unit.flat[k] = 1
        yield unit


def _check_function(operator: str, f: Any) -> None:
    if not callable(f):
        raise TypeError(
            f"{operator}: takes a function, as in {operator}(f)(x), not {type(f).__name__} {f!r:.40}; derivatives of a "
            f"node with respect to others are gradients(loss, [w])"
        )


def _check_primals(operator: str, primals: Any) -> None:
    if not isinstance(primals, (tuple, list)):
        raise TypeError(
            f"{operator}: takes the arguments of f in a tuple, as in {operator}(f, (x,), (v,)), "
            f"not {type(primals).__name__} {primals!r:.40}"
        )


def _places(operator: str, argnums: Argnums | None, count: int) -> list[int]:
    if argnums is None:
        return list(range(count))
    try:
        places = [range(count)[i] for i in (argnums if isinstance(argnums, Iterable) else (argnums,))]
    except IndexError:
        raise ValueError(
            f"{operator}: there is no argument {argnums}; f was called with {count} positional "
            f"argument{'s' if count != 1 else ''}, counted from 0"
        ) from None
    except TypeError:
        raise TypeError(
            f"{operator}: argnums is the place of an argument or a tuple of places, not {argnums!r}"
        ) from None
    if len({*places}) < len(places):
        raise ValueError(f"{operator}: argnums names an argument twice: {argnums}")
    return places
