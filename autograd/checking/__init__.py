"""Derivatives checked against finite differences, with a verdict on each input."""

from autograd.checking.audit import check_primitive
from autograd.checking.check import check_gradients

__all__ = ["check_gradients", "check_primitive"]
