"""Attributes that nodes do not have, and what to write instead, for whoever comes from another library."""

from __future__ import annotations

from typing import Any, NoReturn

_VARIABLE = "every Value and Tensor is a variable, and a plain number or array is a constant"
_CONVERT = "choose the precision when it is made, as in Tensor(x, dtype=np.float32)"
_MEMORY = "its data are a NumPy array in main memory, x.data"
INSTEAD = {
    **dict.fromkeys(("requires_grad", "requires_grad_"), _VARIABLE),
    **dict.fromkeys(("astype", "double", "half", "type"), _CONVERT),
    **dict.fromkeys(("cpu", "cuda", "device", "to"), _MEMORY),
    **dict.fromkeys(("view", "view_as"), "write x.reshape(...)"),
    **dict.fromkeys(("amax", "amin"), "write x.max(axis) or x.min(axis)"),
    **dict.fromkeys(("clamp", "clamp_"), "write clip(x, low, high), from autograd"),
    "_op": "x.op is the primitive that made it",
    "_prev": "x.inputs is what its primitive was applied to",
    "clone": "write +x, which is recorded, or x.detach() for a leaf",
    "copy": "write x.numpy() for the data, +x for a node that is recorded, or x.detach() for a leaf",
    "dim": "write x.ndim",
    "expand": "write broadcast_to(x, shape), from autograd",
    "flatten": "write x.reshape(-1), or x.reshape(len(x), -1) to keep the rows",
    "grad_fn": "x.op is the primitive that made it, and x.inputs what it was applied to",
    "is_leaf": "write x.op is None",
    "mm": "write a @ b",
    "numel": "write x.size",
    "permute": "write x.transpose(...)",
    "pow": "write x ** n",
    "t": "write x.T",
    "tolist": "write x.data.tolist()",
    "unsqueeze": "write expand_dims(x, axis), from autograd",
    "zero_grad": "assign x.grad = None",
}
FUNCTIONS = (
    *("cumprod", "cumsum", "log_softmax", "logsumexp", "norm", "softmax", "square"),
    *("diag", "det", "inv", "matmul", "outer", "trace"),
    *("broadcast_to", "flip", "ravel", "repeat", "roll", "split", "squeeze", "swapaxes", "take", "tile"),
)
INSTEAD.update({name: f"{name} is a function, autograd.{name}(...)" for name in FUNCTIONS})


class Missing:
    """An attribute that is not there: reading or setting it is an error with what to write instead.

    A ``__getattr__`` would do the same, and make every attribute of every node slower.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, node: Any, kind: type) -> NoReturn:
        raise AttributeError(f"a {kind.__name__} has no attribute {self.name!r}; {INSTEAD[self.name]}")

    def __set__(self, node: Any, value: Any) -> NoReturn:
        self.__get__(node, type(node))
