"""Record PyTorch's values and gradients: ``python tests/autograd/reference/record_primitives.py``.

Needs PyTorch, in an environment of its own. Writes ``primitives.npz`` beside this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from cases import CASES, Case

SPELLED = {
    "absolute": torch.abs,
    "power": torch.pow,
    "silu": torch.nn.functional.silu,
    "selu": torch.nn.functional.selu,
    "elu": torch.nn.functional.elu,
    "gelu": torch.nn.functional.gelu,
    "mish": torch.nn.functional.mish,
    "softplus": torch.nn.functional.softplus,
    "log_sigmoid": torch.nn.functional.logsigmoid,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "hardtanh": torch.nn.functional.hardtanh,
    "sinc": lambda x: torch.sinc(x),
    "linear": lambda x, weight, bias: x @ weight + bias,
}


def function(case: Case) -> Any:
    """PyTorch's function for this case."""
    name, parameters = case.theirs or (case.name, {})
    found: Any = SPELLED.get(name)
    if found is None:
        found = torch
        for part in name.split("."):
            found = getattr(found, part)
    return lambda *operands: found(*operands, **parameters)


def record() -> dict[str, np.ndarray]:
    """Each case's value, and its gradients for the cotangent cos(0), cos(1), ..."""
    found: dict[str, np.ndarray] = {}
    for case in CASES:
        leaves = [torch.tensor(x, requires_grad=True) for x in case.operands()]
        y = function(case)(*leaves)
        y.backward(torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape))
        found[f"{case.key} value"] = y.detach().numpy()
        for position, leaf in enumerate(leaves):
            found[f"{case.key} gradient {position}"] = leaf.grad.numpy()
    return found


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    path = Path(__file__).with_name("primitives.npz")
    np.savez_compressed(path, **record())
    print(f"{len(CASES)} cases of PyTorch {torch.__version__} in {path}")
