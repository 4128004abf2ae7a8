"""What to write instead of an attribute that nodes do not have, for whoever comes from another library."""

from __future__ import annotations

from typing import Any

import autograd

_VARIABLE = "every Value and Tensor is a variable, and a plain number or array is a constant"
_CONVERT = "choose the precision when it is made, as in Tensor(x, dtype=np.float32)"
_MEMORY = "its data are a NumPy array in main memory, x.data"
_INSTEAD = {
    **dict.fromkeys(("requires_grad", "requires_grad_", "is_leaf"), _VARIABLE),
    **dict.fromkeys(("astype", "double", "half", "type"), _CONVERT),
    **dict.fromkeys(("cpu", "cuda", "device", "to"), _MEMORY),
    **dict.fromkeys(("view", "view_as"), "write x.reshape(...)"),
    **dict.fromkeys(("amax", "amin"), "write x.max(axis) or x.min(axis)"),
    "clone": "write +x, which is recorded, or x.detach() for a leaf",
    "copy": "write x.numpy() for the data, +x for a node that is recorded, or x.detach() for a leaf",
    "flatten": "write x.reshape(-1), or x.reshape(len(x), -1) to keep the rows",
    "grad_fn": "x.op is the primitive that made it, and x.inputs what it was applied to",
    "mm": "write a @ b",
    "permute": "write x.transpose(...)",
    "pow": "write x ** n",
    "t": "write x.T",
    "tolist": "write x.data.tolist()",
    "unsqueeze": "write expand_dims(x, axis), from autograd",
    "zero_grad": "assign x.grad = None",
}


def attribute_error(node: Any, name: str) -> AttributeError:
    """The error to raise where somebody asks a node for an attribute of that name."""
    kind, hint = type(node).__name__, _INSTEAD.get(name)
    if hint is None and name in autograd.__all__ and name.islower():
        hint = f"{name} is a function, write autograd.{name}(x)"
    return AttributeError(f"a {kind} has no attribute {name!r}{'; ' * bool(hint)}{hint or ''}", name=name, obj=node)
