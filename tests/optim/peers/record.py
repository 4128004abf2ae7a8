"""Record what the peers do on the problem: ``python tests/optim/peers/record.py`` writes ``trajectories.npz``.

Words after it choose the cases whose names contain one of them; the others stay as they are.
Needs ``pip install 'stepgrad[reference]'``. The tests need only the file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"  # on PyTorch it has rules of its own, on NumPy it computes in float32
os.environ["JAX_ENABLE_X64"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from peers.cases import CASES, Case
from peers.problem import KEPT, STEPS, gradients_of, start


def with_torch(case: Case) -> list[Any]:
    """The weights after each step."""
    import torch

    torch.set_default_dtype(torch.float64)
    turn = np.transpose if case.ours.__name__ == "Muon" else np.asarray  # its matrices are (outputs, inputs)
    parameters = [torch.tensor(turn(w).copy(), requires_grad=True) for w in start()]
    made = case.make(torch.optim, parameters)
    optimizer, average = made if case.how == "average" else (made, None)

    def closure(step: int) -> Any:
        loss, grads = gradients_of(case, [turn(p.detach().numpy()) for p in parameters], step)
        for p, g in zip(parameters, grads):
            p.grad = None if g is None else torch.tensor(turn(g).copy())
            if g is not None and case.how == "rows":
                p.grad = sparse(torch, g)
        return torch.tensor(loss)

    way = []
    for step in range(STEPS):
        closure(step)
        optimizer.step(lambda step=step: closure(step)) if case.how == "one batch" else optimizer.step()
        if average is not None:
            average.update_parameters(torch.nn.ParameterList(parameters))
        seen = parameters if average is None else average.parameters()
        way.append([turn(p.detach().numpy()).copy() for p in seen])
    return way


def sparse(torch: Any, g: Any) -> Any:
    """A gradient whose rows are those that are not 0."""
    if g.ndim == 0:
        return None
    rows = np.flatnonzero(np.any(g.reshape(len(g), -1), axis=1))
    return torch.sparse_coo_tensor(torch.tensor(rows)[None], torch.tensor(g[rows]), g.shape)


def with_keras(case: Case) -> list[Any]:
    """The weights after each step."""
    import keras

    keras.config.set_floatx("float64")
    parameters = [keras.Variable(w, dtype="float64") for w in start()]
    optimizer = case.make(keras.optimizers)
    optimizer.build(parameters)
    way = []
    for step in range(STEPS):
        _, grads = gradients_of(case, [np.asarray(p.value) for p in parameters], step)
        optimizer.apply(grads, parameters)
        seen = optimizer._model_variables_moving_average if case.how == "average" else parameters
        way.append([np.array(p.value) for p in seen])
    return way


def with_optax(case: Case) -> list[Any]:
    """The weights after each step."""
    import jax.numpy as jnp
    import optax
    import optax.contrib

    chosen = [i for i, w in enumerate(start()) if w.ndim == 2 or case.how != "matrices"]
    chosen = [i for i in chosen if start()[i].ndim or case.how != "arrays"]
    parameters: Any = [jnp.asarray(start()[i]) for i in chosen]
    paired = case.ours.__name__ == "Lookahead"  # optax moves the fast and the slow weights
    if paired:
        parameters = optax.LookaheadParams.init_synced(parameters)
    optimizer = optax.with_extra_args_support(case.make(optax))
    state = optimizer.init(parameters)
    every = start()
    way = []
    for step in range(STEPS):

        def grads_at(x: Any, i: int = 0, step: int = step) -> Any:
            all_weights = list(every)
            for j, w in zip(chosen, x):
                all_weights[j] = np.asarray(w)
            loss, grads = gradients_of(case, all_weights, step)
            grads_at.loss = loss
            return [jnp.asarray(grads[j]) for j in chosen]

        grads = grads_at(parameters.fast if paired else parameters)
        extra = {"grad_fn": grads_at} if case.ours.__name__ == "SAM" else {"value": grads_at.loss}
        updates, state = optimizer.update(grads, state, parameters, **extra)
        parameters = optax.apply_updates(parameters, updates)
        for j, w in zip(chosen, parameters.fast if paired else parameters):
            every[j] = np.array(w)
        way.append([w.copy() for w in every])
    return way


def main() -> None:
    """Run all cases and write the file."""
    runners = {"torch": with_torch, "keras": with_keras, "optax": with_optax}
    path, words = Path(__file__).with_name("trajectories.npz"), sys.argv[1:] or [""]
    recorded = {name: way for name, way in (np.load(path).items() if path.exists() else ()) if name in CASES}
    for name, case in CASES.items():
        if not any(word in name for word in words):
            continue
        try:
            way = runners[case.peer](case)
        except Exception as error:
            raise RuntimeError(f"{name}: {error}") from error
        recorded[name] = np.array([np.concatenate(way[step - 1], axis=None) for step in KEPT])
        print(f"{name:40s} {recorded[name][-1][:3]}", flush=True)
    np.savez_compressed(path, **recorded)


if __name__ == "__main__":
    main()
