"""Trigonometric functions."""

from __future__ import annotations

from autograd.primitive import elementwise

sin = elementwise("sin", lambda x, y: cos(x))
cos = elementwise("cos", lambda x, y: -sin(x))
