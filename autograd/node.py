"""The nodes of a computation graph: scalars (``Value``) and arrays (``Tensor``)."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

# Modules, not names: the table of derivatives makes nodes and nodes apply the
# table, so each side looks the other up when it is called.
from autograd import backward, missing, modes, numpy_functions, stale
from autograd.primitives import (
    arithmetic,
    contraction,
    exponential,
    indexing,
    linear,
    reduction,
    shaping,
    trigonometry,
)

if TYPE_CHECKING:
    from autograd.drawing import Drawing
    from autograd.primitive import Array, Elementwise, Structured

Axis = int | tuple[int, ...] | None

NONE: dict[str, Any] = {}  # the parameters of whatever has none; they are never changed
_new = object.__new__
tick = itertools.count(0, 2).__next__  # the time now, an even number

# A graph's arrays are freed all at once. glibc then gives their memory back to the system, and the next graph waits
# for every page of it - unless a larger block has been freed before: this one is the largest that glibc learns from.
np.empty((1 << 25) - (1 << 16), np.uint8)


class Node:
    """What ``Value``, ``Tensor`` and ``Constant`` share: one vertex of the graph.

    A node refers to its inputs and never to its consumers, so a graph holds no
    reference cycle and is freed when the last name of its output goes.

    Attributes:
        data: the number or array this node holds.
        grad: plain number or array: the derivative of what ``backward`` was
            called on with respect to this node; ``None`` while absent.
        op: the primitive that made the node; ``None`` for a leaf.
        parameters: the primitive's keyword arguments (``axis=0`` and the like).
        time: when the node was made, or its data were last changed, which is an odd
            number. An input is always older than what was computed from it, so newest
            first is a reverse topological order.
        label: a name for pictures and messages.
        memo: what else has to be known of a few nodes: a snapshot of data that
            others can write to; in ``detect_anomaly`` the line that made the node.

    The inputs are the tuple ``_a``. Those of an elementwise ``Value``, one or two, are ``_a`` and ``_b`` themselves:
    a scalar graph has tens of thousands of nodes, and the garbage collector would have to visit as many tuples.
    ``_mark`` and ``_cotangent`` are where a sweep over ``Value``s writes down that it was here, and with what.
    """

    __slots__ = ("_a", "_b", "_cotangent", "_data", "_mark", "grad", "label", "memo", "op", "parameters", "time")

    _a: Any
    _b: Any
    _cotangent: Any
    _data: Any
    _mark: object
    grad: Any
    label: str | None
    memo: Any
    op: Elementwise | Structured | None
    parameters: dict[str, Any]
    time: int

    # ---- reading ---------------------------------------------------------

    @property
    def data(self) -> Any:
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        raise TypeError(f"the data of a {type(self).__name__} cannot be assigned")

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self._data)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return np.size(self._data)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.asarray(self._data).dtype

    def item(self) -> float:
        """The one number this node holds, as a Python float."""
        if self.size != 1:
            raise ValueError(f"item() needs exactly one element; this Tensor has shape {self.shape}")
        return float(np.asarray(self._data).reshape(()))

    def numpy(self) -> Array:
        """The data as a NumPy array of its own."""
        return np.array(self._data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("a node's data is only handed out as a copy; drop copy=False")
        if type(self) in VARIABLES and modes.is_recording():  # as in np.sum([x, y]), or array.dot(x)
            raise TypeError(
                f"NumPy would make a plain array of {describe(self)}, and lose its gradient; "
                f"write it with functions of autograd (stack([...]) makes a Tensor of a list of nodes), "
                f"or give NumPy node.numpy() if no gradient is needed"
            )
        return np.array(self._data, dtype=dtype)

    def __float__(self) -> float:
        modes.time_of_float.set(self.time)
        return self.item()

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self._data)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        data = np.array2string(np.asarray(self._data), separator=", ", threshold=20)
        if self.ndim == 0:
            data = repr(self.item())
        parts = [data.replace("\n", "\n" + " " * (len(type(self).__name__) + 1))]
        if self.grad is not None:
            gradient = np.asarray(self.grad)
            shown = f"array of shape {gradient.shape}"
            if gradient.ndim == 0:
                shown = repr(float(gradient))
            elif gradient.ndim == 1 and gradient.size <= 6:
                shown = np.array2string(gradient, separator=", ")
            parts.append(f"grad={shown}")
        if self.op is not None:
            parts.append(f"op={self.op.name}")
        if self.label is not None:
            parts.append(f"label={self.label!r}")
        if self.dtype != np.float64:
            parts.append(f"dtype={self.dtype}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in missing.INSTEAD]

    # ---- the graph -------------------------------------------------------

    @property
    def inputs(self) -> tuple[Node, ...]:
        """What the primitive was applied to, in order, repeats included."""
        return self._a  # type: ignore[no-any-return]

    def backward(self, seed: Any = None) -> None:
        """Differentiate this node with respect to everything it was computed from.

        Each leaf's ``grad`` is added to; each interior node's ``grad`` becomes
        its adjoint in this pass. Nothing is published before the pass is whole.

        Args:
            seed: the cotangent of this node, of its shape; 1 if the node holds
                a single number.

        Raises:
            ValueError: the node holds several numbers and no seed is given, or
                the seed's shape is not the node's.
        """
        backward.backward(self, seed)

    def detach(self) -> Node:
        """A new leaf with this node's value: gradients stop there."""
        leaf: Node = make(type(self), self._data if type(self._data) is float else np.copy(self._data))
        return leaf

    def draw(self) -> Drawing:
        """A picture of the graph behind this node.

        Raises:
            ValueError: the graph is too large to be read as a picture.
        """
        from autograd.drawing import draw  # imported on first use: pictures load Graphviz

        return draw(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies and pickles are leaves: a graph is not something to carry around.
        return _restore, (type(self), self._data, self.grad, self.label)

    # ---- operators -------------------------------------------------------

    def __add__(self, other: Any) -> Any:
        return arithmetic.add.of(self, other)

    def __radd__(self, other: Any) -> Any:
        return arithmetic.add.of(other, self)

    def __sub__(self, other: Any) -> Any:
        return arithmetic.subtract.of(self, other)

    def __rsub__(self, other: Any) -> Any:
        return arithmetic.subtract.of(other, self)

    def __mul__(self, other: Any) -> Any:
        return arithmetic.multiply.of(self, other)

    def __rmul__(self, other: Any) -> Any:
        return arithmetic.multiply.of(other, self)

    def __truediv__(self, other: Any) -> Any:
        return arithmetic.divide.of(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return arithmetic.divide.of(other, self)

    def __mod__(self, other: Any) -> Any:
        return arithmetic.remainder.of(self, other)

    def __rmod__(self, other: Any) -> Any:
        return arithmetic.remainder.of(other, self)

    def __pow__(self, other: Any) -> Any:
        return arithmetic.power.of(self, other)

    def __rpow__(self, other: Any) -> Any:
        return arithmetic.power.of(other, self)

    def __matmul__(self, other: Any) -> Any:
        return linear.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return linear.matmul(other, self)

    # In place: the name is given a new node. That a parameter would move is what other libraries teach.

    def __iadd__(self, other: Any) -> Any:
        return _no_update(self, "+=") + other

    def __isub__(self, other: Any) -> Any:
        return _no_update(self, "-=") - other

    def __imul__(self, other: Any) -> Any:
        return _no_update(self, "*=") * other

    def __neg__(self) -> Any:
        return arithmetic.negative.of(self)

    def __pos__(self) -> Any:
        return arithmetic.positive.of(self)

    def __abs__(self) -> Any:
        return arithmetic.absolute.of(self)

    # Comparisons are of the data; hashing is by identity.

    def __eq__(self, other: object) -> Any:
        return self._data == plain(other)

    def __ne__(self, other: object) -> Any:
        return self._data != plain(other)

    def __lt__(self, other: Any) -> Any:
        return self._data < plain(other)

    def __le__(self, other: Any) -> Any:
        return self._data <= plain(other)

    def __gt__(self, other: Any) -> Any:
        return self._data > plain(other)

    def __ge__(self, other: Any) -> Any:
        return self._data >= plain(other)

    __hash__ = object.__hash__

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        """NumPy's own operators and functions on nodes: ``array * tensor``, ``np.exp(tensor)``."""
        return numpy_functions.apply_ufunc(ufunc, method, operands, options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """``np.sum(tensor, axis=0)``, ``np.concatenate([a, b])``."""
        return numpy_functions.apply_function(function, args, kwargs)

    # ---- methods for the functions people chain --------------------------

    def exp(self) -> Any:
        return exponential.exp.of(self)

    def log(self) -> Any:
        return exponential.log.of(self)

    def log1p(self) -> Any:
        return exponential.log1p.of(self)

    def sqrt(self) -> Any:
        return exponential.sqrt.of(self)

    def sigmoid(self) -> Any:
        return exponential.sigmoid.of(self)

    def tanh(self) -> Any:
        return exponential.tanh.of(self)

    def softplus(self) -> Any:
        return exponential.softplus.of(self)

    def relu(self) -> Any:
        return arithmetic.relu.of(self)

    def abs(self) -> Any:
        return arithmetic.absolute.of(self)

    def sin(self) -> Any:
        return trigonometry.sin.of(self)

    def cos(self) -> Any:
        return trigonometry.cos.of(self)


class Value(Node):
    """A scalar node: ``data`` is a Python float.

    Args:
        data: a real number; whole numbers become floats.
        label: a name for pictures and messages.

    Raises:
        TypeError: ``data`` is not a real number.
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        _refuse_subclass(cls)

    def __new__(cls, data: Any, label: str | None = None) -> Value:
        node: Value = make(cls, data if type(data) is float else _real(data))
        node.label = label if label is None else _name(label)
        return node

    @property
    def inputs(self) -> tuple[Node, ...]:
        a, b = self._a, self._b
        return (a, b) if b is not None else a if type(a) is tuple else (a,)

    @property
    def data(self) -> float:
        return self._data  # type: ignore[no-any-return]

    @data.setter
    def data(self, data: Any) -> None:
        _refuse_computed(self)
        self._data = data if type(data) is float else _real(data)
        stale.changed([self])

    @property
    def shape(self) -> tuple[int, ...]:
        return ()


class Tensor(Node):
    """An array node: ``data`` is a NumPy array of float32 or float64.

    Args:
        data: numbers in an array or nested lists; copied. float32 and float64
            are kept, whole numbers and booleans become float64.
        label: a name for pictures and messages.
        dtype: ``np.float32`` or ``np.float64``, to convert.

    Raises:
        TypeError: ``data`` is not made of real numbers.
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        _refuse_subclass(cls)

    def __new__(cls, data: Any, label: str | None = None, dtype: Any = None) -> Tensor:
        node: Tensor = make(cls, _floats(data, dtype))
        node.label = label if label is None else _name(label)
        return node

    @property
    def data(self) -> Array:
        if self.op is None:
            return stale.hand_out(self)  # type: ignore[no-any-return]
        view: Array = self._data.view()
        view.flags.writeable = False  # what was computed stays as it was computed
        return view

    @data.setter
    def data(self, data: Any) -> None:
        _refuse_computed(self)
        # Written into the memory the tensor has, which an optimizer may be looking at.
        # ``t.data *= 2`` assigns what it has written to.
        if data is None or self.memo is None or data is not self.memo.array():
            new = _floats(data, self._data.dtype)
            if new.shape != self._data.shape:
                raise ValueError(
                    f"cannot assign data of shape {new.shape} to a Tensor of shape {self.shape}; "
                    f"make a new Tensor instead"
                )
            self._data[...] = new
        stale.changed([self])

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._data.dtype  # type: ignore[no-any-return]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a Tensor that holds a single number")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        return indexing.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TypeError(
            "the entries of a Tensor cannot be assigned, as a graph may have been computed from them; compute a new "
            "Tensor, as in where(mask, value, x), or change the data of a leaf, as in x.data[index] = value"
        )

    @property
    def T(self) -> Any:
        return shaping.transpose(self)

    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return reduction.sum(self, axis, keepdims=keepdims)

    def mean(self, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return reduction.mean(self, axis, keepdims=keepdims)

    def max(self, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return reduction.max(self, axis, keepdims=keepdims)

    def min(self, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return reduction.min(self, axis, keepdims=keepdims)

    def prod(self, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return reduction.prod(self, axis, keepdims=keepdims)

    def var(self, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return reduction.var(self, axis, keepdims=keepdims)

    def std(self, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return reduction.std(self, axis, keepdims=keepdims)

    def argmax(self, axis: int | None = None) -> Any:
        return reduction.argmax(self, axis)

    def argmin(self, axis: int | None = None) -> Any:
        return reduction.argmin(self, axis)

    def clip(self, low: Any = None, high: Any = None) -> Any:
        return arithmetic.clip(self, low, high)

    def dot(self, other: Any) -> Any:
        return contraction.dot(self, other)

    def reshape(self, *shape: Any) -> Any:
        return shaping.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        return shaping.transpose(self, (axes[0] if len(axes) == 1 else axes) if axes else None)


class Constant(Node):
    """A number or array that no derivative is taken with respect to."""

    __slots__ = ()


for absent in missing.INSTEAD:
    setattr(Node, absent, missing.Missing(absent))

set_grad = vars(Node)["grad"].__set__  # gives None
VALUES = {Value}
VARIABLES = {Value, Tensor}
TENSORS = {Tensor}
TENSORS_AND_ARRAYS = {Tensor, np.ndarray}


def make(
    kind: type[Node],
    data: Any,
    op: Any = None,
    inputs: tuple[Node, ...] = (),
    parameters: dict[str, Any] = NONE,
) -> Any:
    """A node of the given kind around data that is already of the right type."""
    node = _new(kind)
    node._data = data
    node._a, node._b = inputs, None
    node._mark = node.grad = node.label = node.memo = None
    node.op = op
    node.parameters = parameters
    node.time = tick()
    return node


def tensor(data: Array, op: Any, inputs: tuple[Node, ...], parameters: dict[str, Any]) -> Any:
    """``make`` for a ``Tensor`` that was computed."""
    node = _new(Tensor)
    node._data = data
    node._a = inputs
    node.grad = node.label = node.memo = None
    node.op = op
    node.parameters = parameters
    node.time = tick()
    return node


def value(data: float, op: Any, a: Node, b: Node | None = None) -> Any:
    """``make`` for a ``Value`` that was computed from one or two nodes."""
    node = _new(Value)
    node._data = data
    node._a = a
    node._b = b
    node._mark = node.grad = node.label = node.memo = None
    node.op = op
    node.parameters = NONE
    node.time = tick()
    return node


def constant(data: Any) -> Any:
    """A ``Constant`` around a float or an array that stays its owner's."""
    node = make(Constant, data)
    if type(data) is not float and not modes.is_stale_allowed():
        node.memo = stale.fingerprint(data)
    return node


def describe(node: Node) -> str:
    """Which node this is, for messages."""
    kind = type(node).__name__
    if node.label:
        return f"{kind} {node.label!r}"
    what = f"{kind} of shape {node.shape}" if node.shape else f"{kind} {node.item():g}"
    return f"the {what} that {node.op.name} computed" if node.op else f"an unlabelled {what}"


def _restore(kind: type[Node], data: Any, grad: Any, label: str | None) -> Node:
    node: Node = make(kind, data if isinstance(data, float) else np.array(data))
    node.grad = np.array(grad) if isinstance(grad, np.ndarray) else grad
    node.label = label
    return node


def plain(x: Any) -> Any:
    """The data of a node; anything else as it is."""
    return x._data if isinstance(x, Node) else x


def _refuse_subclass(cls: type) -> NoReturn:
    raise TypeError(f"{cls.__name__}: Value and Tensor cannot be subclassed; write a class that holds one")


def _refuse_computed(node: Node) -> None:
    if node.op is not None:
        raise ValueError(
            f"this {type(node).__name__} was computed by {node.op.name}: assign to the leaves it came from, "
            f"or to a leaf of its own, node.detach()"
        )


def _no_update(node: Any, sign: str) -> Any:
    if node.op is None and node.grad is not None:
        raise TypeError(
            f"x {sign} ... makes a new node and leaves {describe(node)}, which has a gradient, as it was; to update "
            f"it write x.data {sign} ..., for a node that is recorded x = x {sign[0]} ..."
        )
    return node


def _real(data: Any) -> float:
    if isinstance(data, numbers.Real) or (
        isinstance(data, (np.ndarray, np.bool_)) and data.ndim == 0 and data.dtype.kind in "fiub"
    ):
        return float(data)
    what = f"an array of shape {data.shape}" if isinstance(data, np.ndarray) else f"{type(data).__name__} {data!r}"
    raise TypeError(f"a Value holds one real number, not {what}; arrays belong in a Tensor")


def _name(label: Any) -> str:
    if not isinstance(label, str):
        raise TypeError(
            f"a label is a name in quotes, not {label!r:.60}; several numbers are one list, as in Tensor([1.0, 2.0]), "
            f"and the precision is dtype=..."
        )
    return label


def _floats(data: Any, dtype: Any = None) -> Array:
    """A fresh float array of what a user handed in."""
    if isinstance(data, (list, tuple)) and holds_nodes(data):
        raise TypeError("a Tensor cannot be made from nodes without losing their gradients; use stack([...])")
    if isinstance(data, np.ma.MaskedArray):  # the entries under the mask would come to light
        raise TypeError("a Tensor has no mask; fill the masked entries first, as in x.filled(0.0)")
    array = np.array(plain(data))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a Tensor holds real numbers, not dtype {array.dtype}: {data!r:.60}")
    if dtype is None:
        dtype = np.float32 if array.dtype == np.float32 else np.float64
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise TypeError(f"a Tensor's dtype is float32 or float64, not {np.dtype(dtype)}")
    return array.astype(dtype, copy=False)


def holds_nodes(nested: Sequence[Any]) -> bool:
    """Whether there is a node in these lists and tuples, however deep."""
    pending: list[Any] = [nested]
    for item in pending:  # grows while it is walked
        if isinstance(item, Node):
            return True
        if isinstance(item, (list, tuple)):
            pending.extend(item)
    return False
