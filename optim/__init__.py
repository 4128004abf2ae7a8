"""Optimizers: one paper, one class, one rule."""

from optim.adam import Adam
from optim.gradient_descent import SGD, Momentum
from optim.optimizer import Optimizer

__all__ = ["SGD", "Adam", "Momentum", "Optimizer"]
