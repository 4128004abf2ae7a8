"""Record what peers do outside of a step, or in float32 only: ``python tests/optim/peers/quirks.py`` writes the file.

Words after it choose those whose names contain one of them; the others stay as they are.
Needs ``pip install 'stepgrad[reference]'``. The tests need only ``quirks.json``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

RECORDED = Path(__file__).with_name("quirks.json")
WEIGHTS = [[0.3, 3.0], [0.4, 4.0]]  # of two units: columns of length 0.5 and 5
GRADIENT = [3.0, 4.0]  # of length 5
CONSTANT: Any = np.random.default_rng(0).normal(size=200).astype(np.float32)
CONSTANT_STEPS = 4000


def max_norm(limit: float) -> list[list[float]]:
    """The weights after Keras has constrained each column."""
    import keras

    keras.config.set_floatx("float64")
    return np.asarray(keras.constraints.MaxNorm(limit, axis=0)(np.array(WEIGHTS))).tolist()


def clip_grad_norm(limit: float) -> list[float]:
    """The gradient after PyTorch has clipped it."""
    import torch

    p = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    p.grad = torch.tensor(GRADIENT, dtype=torch.float64)
    torch.nn.utils.clip_grad_norm_([p], limit)
    return p.grad.tolist()


def centered_rmsprop() -> list[int]:
    """The weights that are nan after PyTorch's centered RMSprop has followed one gradient in float32."""
    import torch

    p = torch.zeros(len(CONSTANT), requires_grad=True)
    optimizer = torch.optim.RMSprop([p], lr=1e-3, alpha=0.99, centered=True)
    for _ in range(CONSTANT_STEPS):
        p.grad = torch.tensor(CONSTANT)
        optimizer.step()
    return np.flatnonzero(np.isnan(p.detach().numpy())).tolist()


QUIRKS = {
    "MaxNorm keras": lambda: max_norm(1.0),
    "clip_grad_norm_ torch": lambda: clip_grad_norm(1.0),
    "clip_grad_norm_ torch at the limit": lambda: clip_grad_norm(5.0),
    "centered RMSprop torch": centered_rmsprop,
}


def main() -> None:
    """Run all and write the file."""
    os.environ |= {"KERAS_BACKEND": "jax", "JAX_ENABLE_X64": "1"}
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    for name, compute in QUIRKS.items():
        if any(word in name for word in sys.argv[1:] or [""]):
            recorded[name] = compute()
            print(name, recorded[name][:4], flush=True)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(recorded[name])}" for name in QUIRKS if name in recorded)
    RECORDED.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
