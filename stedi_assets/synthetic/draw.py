"""Random draws that are the same on every platform and in every version of Python.

Only the primitives belong here; what is drawn is up to the other modules.
"""

import random
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of draws from a fixed seed."""

    def __init__(self, seed: int) -> None:
        # Of `random.Random`, only random() is promised to stay the same between versions of Python; shuffle()
        # and the like are not, so they are spelled out below.
        self._random = random.Random(seed).random

    def below(self, bound: int) -> int:
        """An integer from 0 to bound - 1."""
        return int(self._random() * bound)

    def between(self, lowest: int, highest: int) -> int:
        """An integer from lowest to highest, both included."""
        return lowest + self.below(highest - lowest + 1)

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """The items in random order."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed

    def some(self, items: Iterable[T], count: int) -> list[T]:
        """That many different items, in random order."""
        return self.shuffled(items)[:count]
