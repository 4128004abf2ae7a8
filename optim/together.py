"""Several optimizers as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from optim.explanation import Explanation, find
from optim.optimizer import GIVEN, PER_EXAMPLE, Optimizer, differentiate
from optim.wrappers import Wrapper


class _Place:
    """Where an optimizer is: its weights and its state."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.weights = [np.copy(part._data) for part in optimizer.parts]
        self.state = optimizer.state_dict()

    def go_back(self) -> None:
        for part, data in zip(self.optimizer.parts, self.weights):
            part.data = data
        self.optimizer.load_state_dict(self.state)


class Together:
    """Several optimizers as one, for parameters that want different rules: ``Together(Muon(matrices), AdamW(rest))``.

    Those that need the loss as a function come last in a step, as they differentiate it again. Before
    it steps, each one's weights and state are copied.

    Raises:
        TypeError: one of them is no optimizer, or needs the gradient of each example.
        ValueError: a parameter belongs to two of them.
    """

    def __init__(self, *optimizers: Any) -> None:
        for optimizer in optimizers:
            if not isinstance(optimizer, (Optimizer, Wrapper)):
                raise TypeError(f"Together: takes optimizers, not {optimizer!r:.60}")
            if optimizer.goes_by == PER_EXAMPLE:
                raise TypeError(
                    f"Together: a step of {type(optimizer).__name__} needs {PER_EXAMPLE}; call it by itself"
                )
        parts = [part for optimizer in optimizers for part in optimizer.parts]
        if len({*map(id, parts)}) < len(parts):
            raise ValueError("Together: a parameter belongs to two of the optimizers")
        self.optimizers: Sequence[Any] = optimizers

    def zero_grad(self) -> None:
        """Forget the gradients: each parameter's becomes ``None``."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()

    def step(self, loss: Any = None) -> None:
        """Let each take its step, or none: if one refuses, those before it go back to where they were.

        Args:
            loss: as for every optimizer; a function, if one of them needs it as a function.

        Raises:
            TypeError: it is no function, and has to be; nothing was updated.
            Exception: what the step of one of them raises; nothing was updated.
        """
        given = [optimizer for optimizer in self.optimizers if optimizer.goes_by == GIVEN]
        asking = [optimizer for optimizer in self.optimizers if optimizer.goes_by != GIVEN]
        if asking and not callable(loss):
            raise TypeError(
                f"Together: a step of {type(asking[0]).__name__} needs {asking[0].goes_by}: "
                f"optimizer.step(lambda: loss_function(model(x), y))"
            )
        result = differentiate(self, loss) if given and callable(loss) else loss
        stepped: list[_Place] = []
        try:
            for optimizer in given:
                stepped.append(_Place(optimizer))
                optimizer.step(result)
            for optimizer in asking:
                stepped.append(_Place(optimizer))
                optimizer.step(loss)
        except BaseException:
            for place in stepped:
                place.go_back()
            raise

    def watch(self, on: bool = True) -> None:
        """From now on keep what each step begins with, for ``explain``."""
        for optimizer in self.optimizers:
            optimizer.watch(on)

    def explain(self, parameter: Any) -> Explanation:
        """How the optimizer that has the parameter changed it in its last step.

        Args:
            parameter: the parameter itself, its position among those of all, or its label.

        Raises:
            ValueError: no optimizer has it, or the last step was not watched.
        """
        owners = [(part, optimizer) for optimizer in self.optimizers for part in optimizer.parts]
        part, owner = owners[find("Together", [part for part, _ in owners], parameter)]
        explanation: Explanation = owner.explain(part)
        return explanation

    def state_dict(self) -> dict[str, Any]:
        """The states of all of them."""
        return {"optimizer": "Together", "each": [optimizer.state_dict() for optimizer in self.optimizers]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned.

        Raises:
            ValueError: the state is of other optimizers; nothing was changed.
        """
        if not isinstance(state, dict) or len(state.get("each", ())) != len(self.optimizers):
            raise ValueError("Together: this is the state of other optimizers")
        for optimizer, own in zip(self.optimizers, state["each"]):
            optimizer.check_state_dict(own)
        for optimizer, own in zip(self.optimizers, state["each"]):
            optimizer.load_state_dict(own)
