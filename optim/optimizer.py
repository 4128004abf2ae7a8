"""What every optimizer shares: its parameters as one flat vector, and the order of a step.

A rule sees the weights ``w`` and their gradient ``g`` as two vectors of the same
length, however many layers they come from, so that it reads like the paper and a
step costs a handful of array operations. ``Tensor``s are made views into ``w``;
``Value``s are gathered from and scattered to it.

A step goes: gather the weights and gradients, apply the ``transforms`` to the
gradient, refuse what is not finite, apply the rule, apply the ``constraints`` to
the weights, scatter them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import InitVar, dataclass, field
from operator import attrgetter, is_
from typing import Any, ClassVar

import numpy as np

from autograd import Node, Tensor, Value, stale
from autograd.modes import is_recording
from autograd.primitive import Array
from optim.explanation import Explanation
from optim.hyperparameters import Configured, hyperparameters_of, measured_of
from optim.parameters import check_gradient, checked, grouped, named, places_of
from optim.replay import explain
from optim.schedules import ErrorSchedule
from optim.state import check_arrays, check_names, check_owner
from optim.trace import Trace
from optim.transforms import Chosen, SkipStep, listed

BLOCK = 1 << 18  # bytes; a few vectors of this length stay in a core's own cache
WHOLE = 1 << 20  # bytes; up to here one vector is updated in one go

Transform = Callable[[Array, "Optimizer"], None]

# What a step goes by, beside the loss as a number.
GIVEN, ONCE, SEVERAL = "gradients", "the loss as a function", "the loss at several points"
PER_EXAMPLE = "the gradient of each example"

_data, _grad, _shape, _dtype = map(attrgetter, ("_data", "grad", "shape", "dtype"))


def dot(x: Array, y: Array) -> float:
    """The inner product as a Python float, which leaves the precision of what it is multiplied with alone."""
    return float(np.vdot(x, y))


def norm(x: Array) -> float:
    """The Euclidean length as a Python float."""
    return math.sqrt(dot(x, x))


def is_finite(x: Array) -> bool:
    """Whether every entry is finite."""
    # The sum of squares is one pass, and may overflow where no entry is infinite.
    return math.isfinite(np.vdot(x, x)) or bool(np.isfinite(x).all())


def computed(owner: Any, loss: Callable[[], Any]) -> Node:
    """The loss of the present weights.

    Raises:
        TypeError: the function that an optimizer was given returns something that has no gradient.
        RuntimeError: it is called in ``no_grad``.
    """
    if not is_recording():
        raise RuntimeError(
            f"{type(owner).__name__}: in no_grad the loss records nothing that could be differentiated; "
            f"call step() outside"
        )
    result = loss()
    if not isinstance(result, Node):
        raise TypeError(
            f"{type(owner).__name__}: the function given to step() must return the loss as a Tensor or a Value, "
            f"not {type(result).__name__}"
        )
    return result


def differentiate(owner: Any, loss: Callable[[], Any]) -> Node:
    """Compute the loss of the present weights, and leave its gradient, and no other, in an optimizer's parameters.

    Raises:
        TypeError: the function returns something that has no gradient.
    """
    result = computed(owner, loss)
    owner.zero_grad()  # after the call, as the function may have called backward() itself
    result.backward()
    return result


@dataclass(eq=False)
class Optimizer(Configured):
    """Base of all optimizers; a subclass adds hyperparameters, state and a rule.

    Every hyperparameter can also be a schedule: a function of the number of steps
    taken so far, or one that follows the loss. Either can be assigned between steps, as in
    ``optimizer.lr = 0.01``, which then takes the place of what was there before; a group
    of parameters keeps what it names itself.

    Args:
        parameters: the ``Tensor``s and ``Value``s to train. A dictionary among them is
            a group with hyperparameters of its own, and what it does not name follows
            the optimizer: ``[*weights, {"parameters": biases, "weight_decay": 0}]``.
        transforms: what is done to the gradient before the rule, in order; each is
            called with the vector, which it changes in place, and the optimizer.
        constraints: what is done to the weights after the rule, in the same way.

    Attributes:
        w: all parameters, one after the other, as one vector. Who writes to it calls ``scatter``.
        state: the subclass's vectors, of the length of ``w``.
        steps: how many steps were taken; in a rule, the number of this step, from 1.
        skipped: how many were not, because a transform said so.
        loss: the last loss that ``step`` was given.
        groups: if there are several, an optimizer for each, whose ``w`` is a part of this one's.
        number: which group this is.

    Raises:
        ValueError: no parameters, one that comes twice, mixed precisions, or a
            hyperparameter out of its range.
        TypeError: something that is not a ``Tensor`` or ``Value``, an unknown
            hyperparameter, or a transform among the constraints.
    """

    state_names: ClassVar[tuple[str, ...]] = ()
    needs_loss: ClassVar[bool] = False
    goes_by: ClassVar[str] = GIVEN
    """What a step needs; an optimizer around this one has to hand it on."""
    kernel: ClassVar[Callable[..., None] | None] = None
    """The rule once more for speed: in place, with two vectors to scratch in as its last arguments."""
    rest: ClassVar[str] = ""
    """What ``explain`` calls what the rule does to the gradient beside what its hyperparameters can switch off."""

    parameters: InitVar[Iterable[Any]]
    transforms: Sequence[Transform] = field(default=(), kw_only=True, repr=False)
    constraints: Sequence[Transform] = field(default=(), kw_only=True, repr=False)

    def __post_init__(self, parameters: Iterable[Any]) -> None:
        self.schedules: dict[str, Any] = {}
        self.progress: dict[str, tuple[float, ...]] = {}  # what the schedules that follow the loss remember
        owner = type(self).__name__
        self.transforms = listed(owner, "the gradient", self.transforms)
        self.constraints = listed(owner, "the weights", self.constraints)
        self.early = [transform for transform in self.transforms if hasattr(transform, "before_rule")]
        self.starting: dict[str, float] = {}  # what the schedules began with
        for name, allowed in hyperparameters_of(self):
            self._set(name, getattr(self, name), allowed)
        groups = grouped(self, parameters)
        self.parts = checked(owner, [part for parts, _ in groups for part in parts])
        self.places = places_of(self.parts)
        self.positions: Sequence[int] = range(len(self.parts))  # of a part of the parameters, those among all
        self.grad_shapes = [part.shape for part in self.parts]
        size, dtype = self.places[-1].stop, self.parts[0].dtype
        self.w: Array = np.empty(size, dtype)
        self.g: Array = np.empty_like(self.w)
        self.state: dict[str, Any] = self._new_state()
        self.steps = self.skipped = 0
        self.trace: Trace | None = None  # what is kept of each step, if it is watched
        self.loss: float | None = None
        self.given: dict[str, Any] = {}  # what a subclass's step() takes beside gradients; groups share it
        self.fresh = [*range(len(self.parts))]  # the positions of the parameters that have not been stepped yet
        self.tensors = [part for part in self.parts if isinstance(part, Tensor)]
        self.values = [part for part in self.parts if isinstance(part, Value)]
        self.value_places = [place.start for _, place in self._placed(Value)]
        whole = self.w.nbytes <= WHOLE
        length = size if whole else BLOCK // self.w.itemsize
        self.scratch = [np.empty(length, dtype) for _ in range(2 if self.kernel else 0)]
        self.number = 0
        self.following: list[str] = []  # a group's hyperparameters that are those of the whole
        self.groups: list[Optimizer] = []
        self._bind()
        if len(groups) > 1 or groups[0][1]:
            self._divide(groups)
        self.in_blocks = self.kernel is not None and not (whole or self.groups or self.values)
        if any(one.progress for one in (self, *self.groups)):
            self.needs_loss = True  # type: ignore[misc]
        self.gather()
        for constraint in self.constraints:
            if isinstance(constraint, Chosen):  # it says now what it cannot do, and not after a step
                constraint(self.w.copy(), self)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "rule" in vars(cls) and "kernel" not in vars(cls):  # the one that is inherited is another rule's
            cls.kernel = None

    # ---- for subclasses ----------------------------------------------------

    def rule(self, w: Array, g: Any, *state: Any, **_: Any) -> None:
        """Update the weights and the state vectors in place; ``self.steps`` counts from 1."""
        raise NotImplementedError(f"{type(self).__name__} has no rule")

    def begin(self, w: Array, g: Array, *state: Any, **_: Any) -> None:
        """Set up the state, which is zero, before a parameter's first step."""

    # ---- stepping ----------------------------------------------------------

    def zero_grad(self) -> None:
        """Forget the gradients: each parameter's becomes ``None``."""
        for part in self.parts:
            part.grad = None

    def step(self, loss: Any = None) -> None:
        """Take one step along the gradients that the last ``backward`` left.

        A parameter without a gradient stays as it is, and so does its state; steps
        are counted once for all.

        Args:
            loss: what was differentiated, for the methods that need its value; or a
                function that computes it, and then ``step`` differentiates it itself.

        Raises:
            ValueError: no parameter has a gradient, or a loss was given that has not been differentiated.
            TypeError: the method needs the loss.
            FloatingPointError: a gradient is not finite; nothing was updated.
        """
        if loss is not None or self.needs_loss:
            self._take(loss)
        self.gather()
        grads = [*map(_grad, self.parts)]
        if self.trace is not None:
            self.trace.begin(self)
        try:
            if self.in_blocks and self._go_straight(grads):
                self._step_in_blocks(grads)
            elif not self._fill(grads):
                self._step_some()
            else:
                self._refine()
                self._count()
                if self.trace is not None:
                    self.trace.rules(self.groups or (self,))
                for group in self.groups or (self,):
                    group.update()
        except SkipStep:
            self.skipped += 1
            return
        self._constrain()

    def update(self) -> None:
        """Apply the rule to all of ``w`` and ``g``."""
        for transform in self.early:
            transform.before_rule(self.w, self)
        self._apply()

    def _apply(self) -> None:
        if self.fresh:
            self._begin()
        if self.kernel is None:
            self.rule(self.w, self.g, *self.state.values())
        elif len(self.scratch[0]) == len(self.w):
            self.kernel(self.w, self.g, *self.state.values(), *self.scratch)
        else:
            for piece in self._cut(len(self.w)):
                state = [vector[piece] for vector in self.state.values()]
                self.kernel(self.w[piece], self.g[piece], *state, *self._scratch(piece))

    def _constrain(self) -> None:
        """The constraints, the last that is done to the weights in a step."""
        try:
            for constraint in self.constraints if self.trace is None else self.trace.constraints(self):
                constraint(self.w, self)
        finally:
            self.scatter()

    def constrain(self) -> None:
        """The constraints, outside a step."""
        for constraint in self.constraints:
            constraint(self.w, self)

    def gather(self) -> None:
        """Make each ``Tensor`` a view into ``w``, if it is not one already, and read the ``Value``s."""
        if not all(map(is_, map(_data, self.tensors), self.views)):  # new, or taken over by another optimizer meanwhile
            for tensor, view in zip(self.tensors, self.views):
                if tensor._data is not view:
                    stale.move(tensor, view)
        if self.values:
            self.w[self.value_places] = [*map(_data, self.values)]

    def scatter(self) -> None:
        """Tell the parameters that ``w`` has changed: every change of weights by an optimizer ends here."""
        if self.values:
            for value, number in zip(self.values, self.w[self.value_places].tolist()):
                value._data = number
        stale.changed(self.parts)

    def blocks(self, vector: Array) -> list[Array]:
        """The parts of a vector like ``w`` that belong to each parameter, as views of its shape."""
        return [vector[place].reshape(part.shape) for part, place in zip(self.parts, self.places)]

    def _count(self) -> None:
        """One more step; the schedules say with which hyperparameters."""
        if self.needs_loss and self.loss is not None and not math.isfinite(self.loss):
            raise FloatingPointError(f"{type(self).__name__}: the loss is {self.loss}; nothing was updated")
        scheduled = [one for one in (self, *self.groups) if one.schedules]
        before = [(one.progress, {name: getattr(one, name) for name in one.schedules}) for one in scheduled]
        try:
            if self.needs_loss:
                self._follow_loss()
            for one in scheduled:
                for name, schedule in one.schedules.items():
                    number = one.progress[name][0] if name in one.progress else schedule(self.steps)
                    one._schedule(name, number, self.steps)
        except BaseException:
            for one, (progress, numbers) in zip(scheduled, before):
                one.progress = progress
                vars(one).update(numbers)
            raise
        self.steps += 1
        for group in self.groups:
            for name in group.following:
                vars(group)[name] = vars(self)[name]
            group.steps, group.loss = self.steps, self.loss

    def _follow_loss(self) -> None:
        for one in (self, *self.groups):
            one.progress = {name: one.schedules[name].follow(state, self.loss) for name, state in one.progress.items()}

    def _take(self, loss: Any) -> None:
        if loss is None:
            asking = {one.schedules[name] for one in (self, *self.groups) for name in one.progress}
            what = " and ".join(sorted(type(schedule).__name__ for schedule in asking)) or "the step"
            raise TypeError(
                f"{type(self).__name__}: {what} depends on the loss; call optimizer.step(loss) after loss.backward()"
            )
        if callable(loss):
            loss = differentiate(self, loss)
        elif isinstance(loss, Node) and loss.op is not None and loss.grad is None:
            raise ValueError(
                f"{type(self).__name__}: nobody has differentiated the loss that step() was given; call "
                f"loss.backward() before, give step() the function that computes it, or float(loss) if the "
                f"gradients come from elsewhere"
            )
        self.loss = float(loss)

    def _fill(self, grads: Sequence[Any]) -> bool:
        """Read the gradients into ``g``; whether every parameter has one."""
        try:
            if not self.tensors and None not in grads:  # which would be written as nan
                self.g[:] = grads
                return True
            if [*map(_shape, grads)] == self.grad_shapes:
                dtype = self.g.dtype
                for view, grad in zip(self.grad_views, grads):  # in half the time of concatenate
                    if grad.dtype is not dtype:
                        break
                    view[...] = grad
                else:
                    return True
        except (AttributeError, TypeError, ValueError):
            pass
        for position, (part, grad) in enumerate(zip(self.parts, grads)):
            if grad is not None:
                check_gradient(f"{type(self).__name__}: the gradient of {self._name(position)}", grad, part)
        if any(grad is None for grad in grads):
            return False
        np.concatenate(grads, axis=None, out=self.g)  # plain numbers among arrays
        return True

    def _refine(self) -> None:
        """The transforms, and a look at what comes out."""
        g = self.g
        for transform in self.transforms if self.trace is None else self.trace.transforms(self):
            transform(g, self)
        if not is_finite(g):
            self._refuse()

    def _refuse(self) -> None:
        owner = type(self).__name__
        for position, part in enumerate(self.parts):
            with np.errstate(over="ignore"):
                grad = np.asarray(part.grad, self.w.dtype)  # where it may be too large
            if not np.isfinite(grad).all():
                bad = "nan" if np.isnan(grad).any() else "inf"
                raise FloatingPointError(
                    f"{owner}: the gradient of {self._name(position)} holds {bad}; nothing was updated"
                )
        raise FloatingPointError(f"{owner}: a transform made the gradient nan or inf; nothing was updated")

    def _placed(self, kind: type[Node]) -> list[tuple[Node, slice]]:
        return [(part, place) for part, place in zip(self.parts, self.places) if isinstance(part, kind)]

    def _name(self, position: int) -> str:
        return named(self.positions[position], self.parts[position])

    # ---- large vectors: in blocks, straight from the gradients ---------------

    def _go_straight(self, grads: Sequence[Any]) -> bool:
        """Whether the gradients can be read where they are."""
        if self.transforms or self.trace is not None or {*map(type, grads)} != {np.ndarray}:
            return False
        return {*map(_dtype, grads)} == {self.w.dtype} and [*map(_shape, grads)] == self.grad_shapes

    def _step_in_blocks(self, grads: Sequence[Any]) -> None:
        if not all(map(is_finite, grads)):
            self._refuse()
        self._count()
        if self.fresh:
            self._begin()
        assert self.kernel is not None
        for grad, place in zip(grads, self.places):
            g = grad.reshape(-1)
            w, *state = (vector[place] for vector in (self.w, *self.state.values()))
            for piece in self._cut(len(g)):
                self.kernel(w[piece], g[piece], *(vector[piece] for vector in state), *self._scratch(piece))

    def _cut(self, size: int) -> list[slice]:
        length = len(self.scratch[0])
        return [slice(start, min(start + length, size)) for start in range(0, size, length)]

    def _scratch(self, piece: slice) -> list[Array]:
        return [vector[: piece.stop - piece.start] for vector in self.scratch]

    # ---- a part of the parameters: groups, and those that have a gradient ------

    def _step_some(self) -> None:
        """The rule on those parameters alone that have a gradient."""
        ready = [i for i, part in enumerate(self.parts) if part.grad is not None]
        if not ready:
            raise ValueError(
                f"{type(self).__name__}: no parameter has a gradient; call loss.backward() before step(), "
                f"on a loss that is computed from these parameters, outside no_grad"
            )
        some = self._of(ready)
        some.g[:] = np.concatenate([part.grad for part in some.parts], axis=None)
        some._refine()
        self._count()
        blocks = dict(zip(some.parts, some.blocks(some.g)))
        for group in self.groups or (self,):
            ready = [i for i, part in enumerate(group.parts) if part in blocks]
            if ready:
                acting = group._of(ready)
                acting.g[:] = np.concatenate([blocks[part] for part in acting.parts], axis=None)
                if self.trace is not None:
                    self.trace.rules([acting])
                acting.update()
                group._take_back(acting, ready)

    def _of(self, members: Sequence[int]) -> Any:
        """An optimizer like this one, for some of the parameters, that works on copies."""
        index = np.r_[tuple(self.places[i] for i in members)]
        some = copy.copy(self)
        some.parts = [self.parts[i] for i in members]
        some.positions = [self.positions[i] for i in members]
        some.places = places_of(some.parts)
        some.w, some.g = self.w[index], self.g[index]
        some.state = self._state_of(members, index)
        some.fresh = [new for new, old in enumerate(members) if old in self.fresh]
        some.groups = []
        return some

    def _take_back(self, some: Optimizer, members: Sequence[int]) -> None:
        index = np.r_[tuple(self.places[i] for i in members)]
        self.w[index] = some.w
        for name, updated in some.state.items():
            if isinstance(updated, np.ndarray):
                self.state[name][index] = updated
        for name in measured_of(self):
            setattr(self, name, getattr(some, name))
        self.fresh = [i for i in self.fresh if i not in members]

    def _divide(self, groups: Iterable[tuple[list[Any], dict[str, Any]]]) -> None:
        """An optimizer for each group of parameters, which follow one another."""
        end = 0
        for parts, own in groups:
            start, end = end, end + len(parts)
            self.groups.append(self._group(range(start, end), own))
            self.groups[-1].number = len(self.groups)

    def _group(self, members: range, own: dict[str, Any]) -> Any:
        """An optimizer like this one, for some neighbouring parameters, that works on a part of the same memory."""
        memory = self._memory(members)
        group = copy.copy(self)
        group.parts = self.parts[members.start : members.stop]
        group.positions = [self.positions[i] for i in members]
        group.places = places_of(group.parts)
        group.w, group.g = self.w[memory], self.g[memory]
        group.state = self._state_of(members, memory)
        group.fresh = [*range(len(group.parts))]
        group.groups, group.schedules, group.progress = [], {}, {}
        allowed = dict(hyperparameters_of(self))
        group.following = [name for name in allowed if name not in own]
        group.starting = {name: number for name, number in self.starting.items() if name in group.following}
        for name, number in own.items():
            group._set(name, number, allowed[name])
        return group

    def _memory(self, members: Sequence[int]) -> slice:
        """Where some neighbouring parameters are in ``w``."""
        return slice(self.places[members[0]].start, self.places[members[-1]].stop)

    def _bind(self) -> None:
        """Let the tensors' and gradients' views and the groups' vectors be parts of ``w`` and ``g``."""
        self.views = [self.w[place].reshape(part.shape) for part, place in self._placed(Tensor)]
        self.grad_views = self.blocks(self.g)
        for group in self.groups:
            memory = self._memory(group.positions)
            group.w, group.g = self.w[memory], self.g[memory]
            group.state.update(self._state_of(group.positions, memory))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._bind()  # in a copy and in what was pickled, each view has become an array of its own

    def _begin(self) -> None:
        if type(self).begin is not Optimizer.begin:
            if len(self.fresh) == len(self.parts):
                self.begin(self.w, self.g, *self.state.values())
            else:
                fresh = self.fresh
                new = self._of(fresh)
                new.begin(new.w, new.g, *new.state.values())
                self._take_back(new, fresh)
        self.fresh = []

    def _new_state(self) -> dict[str, Any]:
        return {name: np.zeros_like(self.w) for name in self.state_names}

    def _state_of(self, members: Sequence[int], index: Any) -> dict[str, Any]:
        return {name: vector[index] for name, vector in self.state.items()}

    def set_hyperparameter(self, name: str, number: Any, allowed: Any) -> None:
        """What an assignment does, of a number or a schedule.

        Raises:
            ValueError: it is out of its range; nothing was changed.
        """
        if "parts" not in vars(self):  # not yet: the optimizer is being made
            vars(self)[name] = number
            return
        self._set(name, number, allowed)
        if name in self.following:
            self.following.remove(name)
        if self.progress:
            self.needs_loss = True  # type: ignore[misc]

    def _set(self, name: str, number: Any, allowed: Any) -> None:
        """Set a hyperparameter to a number or a schedule, in the place of what it was before."""
        start = number
        if callable(number):
            start = number.start if isinstance(number, ErrorSchedule) else number(vars(self).get("steps", 0))
        super().set_hyperparameter(name, start, allowed)
        for known in (self.schedules, self.progress, self.starting):
            known.pop(name, None)
        if callable(number):
            self.schedules[name], self.starting[name] = number, start
        if isinstance(number, ErrorSchedule):
            self.progress[name] = number.begin()

    def _schedule(self, name: str, number: Any, step: int) -> None:
        """Set a hyperparameter to what its schedule says after this many steps."""
        try:
            super().set_hyperparameter(name, number, dict(hyperparameters_of(self))[name])
        except ValueError as error:
            remedy = "; give the schedule an end above 0" if number == 0 else ""
            raise ValueError(f"{error}, from its schedule at step {step}{remedy}") from None

    # ---- the microscope --------------------------------------------------------

    def watch(self, on: bool = True) -> None:
        """From now on keep what each step begins with, for ``explain``: copies of weights, gradients and state."""
        for one in (self, *self.groups):
            one.trace = self.trace or Trace() if on else None

    def explain(self, parameter: Any) -> Explanation:
        """Why the last step changed a parameter as it did: parts of the method that add up to the change.

        ``optimizer.watch()`` before the step; ``print(optimizer.explain(W))`` after it.

        Args:
            parameter: the parameter itself, its position, or its label.

        Raises:
            ValueError: it is no parameter of this optimizer, or the last step was not watched.
        """
        return explain(self, parameter)

    # ---- stopping and resuming -------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All that a later run needs to go on as if this one had not stopped: numbers and arrays.

        The weights are not in it; they belong to the model. Nor are schedules and transforms,
        which are functions, but what schedules remember of the losses is.
        """
        groups = [group._own_state() for group in self.groups or (self,)]
        own = {name: getattr(self, name) for name, _ in hyperparameters_of(self)}
        return {
            "optimizer": type(self).__name__,
            "steps": self.steps,
            "skipped": self.skipped,
            "hyperparameters": own,
            "progress": [{**one.progress} for one in (self, *self.groups)],
            "groups": groups,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned.

        Raises:
            ValueError: the state is of another optimizer, of other parameters, or of arrays of other
                shapes; nothing was changed.
        """
        self.check_state_dict(state)
        self.steps, self.skipped = state["steps"], state["skipped"]
        for one, progress in zip((self, *self.groups), state["progress"]):
            one.progress = {**progress}
            one.__dict__.update({name: remembered[0] for name, remembered in progress.items()})
        for group, loaded in zip(self.groups or (self,), state["groups"]):
            group._load(loaded)
            own, whole = loaded["hyperparameters"], state["hyperparameters"]
            group.following = [name for name in group.following if own[name] == whole[name]]
        self._load_hyperparameters(state["hyperparameters"])

    def check_state_dict(self, state: dict[str, Any]) -> None:
        """Refuse what ``load_state_dict`` cannot load, and change nothing."""
        owner = type(self).__name__
        check_owner(owner, state)
        here = self.state_dict()
        check_names(owner, here, state)
        mine = here["groups"]
        if len(mine) != len(state["groups"]):
            raise ValueError(f"{owner}: the state has {len(state['groups'])} groups of parameters, not {len(mine)}")
        for number, (own, loaded) in enumerate(zip(mine, state["groups"])):
            check_names(owner, own, loaded)
            loaded = {**loaded, "shapes": [*map(tuple, loaded["shapes"])]}  # JSON has no tuples
            for name in ("shapes", "dtype"):
                if own[name] != loaded[name]:
                    raise ValueError(
                        f"{owner}: the state is of parameters of {name} {loaded[name]}, but group {number} of this "
                        f"optimizer has {own[name]}"
                    )
            check_arrays(self, own, loaded)
        followers = [one.progress.keys() for one in (self, *self.groups)]
        if followers != [progress.keys() for progress in state["progress"]]:
            raise ValueError(
                f"{owner}: in the state {_names(state['progress'])} the loss, in this optimizer "
                f"{_names(followers)}; give it the schedules that the saved one had"
            )

    def _own_state(self) -> dict[str, Any]:
        return {
            "shapes": [part.shape for part in self.parts],
            "dtype": self.w.dtype.name,
            "fresh": [*self.fresh],
            "hyperparameters": {name: getattr(self, name) for name, _ in hyperparameters_of(self)},
            "measured": {name: copy.deepcopy(getattr(self, name)) for name in measured_of(self)},
            "vectors": copy.deepcopy(self.state),
        }

    def _load(self, loaded: dict[str, Any]) -> None:
        self.fresh = [*loaded["fresh"]]
        self._load_hyperparameters(loaded["hyperparameters"])
        for name, number in loaded["measured"].items():
            setattr(self, name, copy.deepcopy(number))
        for name, saved in loaded["vectors"].items():
            self.state[name][...] = saved

    def _load_hyperparameters(self, loaded: dict[str, Any]) -> None:
        for name, number in loaded.items():
            if name not in self.schedules:
                vars(self)[name] = number


def _names(followers: Iterable[Iterable[str]]) -> str:
    names = sorted({name for one in followers for name in one})
    return f"{', '.join(names) or 'nothing'} follow{'s' if len(names) < 2 else ''}"
