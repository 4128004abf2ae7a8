"""Pictures of computation graphs."""

from autograd.drawing.drawing import Drawing, draw

__all__ = ["Drawing", "draw"]
