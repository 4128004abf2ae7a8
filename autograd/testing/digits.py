"""Many choices out of one drawn number."""

from __future__ import annotations


class Digits:
    """The digits of one number: drawing every choice on its own would take most of a test's time.

    A smaller number makes earlier choices everywhere, so that Hypothesis shrinks towards those.
    """

    def __init__(self, number: int) -> None:
        self.number = number

    def pick(self, count: int) -> int:
        """One of ``range(count)``."""
        self.number, digit = divmod(self.number, count)
        return digit
