"""Record PyTorch's convolutions and their gradients: ``python tests/autograd/reference/record_convolution.py``.

Needs PyTorch, in an environment of its own. Writes ``convolution.npz`` beside this file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from convolution_cases import CASES


def record() -> dict[str, np.ndarray]:
    """Each case's value, and after it its gradients for the cotangent cos(0), cos(1), ..., in one vector."""
    found: dict[str, np.ndarray] = {}
    for case in CASES:
        leaves = [torch.tensor(x, requires_grad=True) for x in case.operands()]
        parameters = {{"kernel": "kernel_size"}.get(name, name): value for name, value in case.parameters.items()}
        y = getattr(torch.nn.functional, case.theirs)(*leaves, **parameters)
        y.backward(torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape))
        arrays = [y.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)]
        found[case.key] = np.concatenate(arrays, axis=None)
    return found


if __name__ == "__main__":
    path = Path(__file__).with_name("convolution.npz")
    np.savez_compressed(path, **record())
    print(f"{len(CASES)} cases of PyTorch {torch.__version__} in {path}")
