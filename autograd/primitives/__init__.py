"""The table of derivatives, one module per family of primitives."""
