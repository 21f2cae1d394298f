"""The leaves of a condition, answered piece by piece ahead of defining a segment by it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Final

from segsvc.condition.tree import Condition
from segsvc.condition.view import View
from segsvc.segment.leaf_answers import LeafAnswer, LeafAnswers, own_leaves

WHOLE_MS = 2.0
"""A leaf that takes less is answered for everybody at once."""

_READY: Final = object()


class Build:
    """One condition on its way into `Memberships`.

    Between two steps anything may be written and time may pass: what is answered is kept right
    with all other leaves. Leaves that another build has begun are carried on.
    """

    def __init__(self, answers: LeafAnswers, condition: Condition) -> None:
        self.answers = answers
        self._coming = deque(own_leaves(condition))
        self._taken: list[LeafAnswer] = []
        self._preparing: Iterator[None] | None = None

    @property
    def done(self) -> bool:
        """Whether every leaf is answered for everybody."""
        return not self._coming and self._next() is None

    @property
    def leaves_begun(self) -> int:
        """How many leaves are taken; it grows when a step is about another leaf than the last."""
        return len(self._taken)

    def step(self, view: View, limit: int | None) -> bool:
        """Answer one leaf for the next *limit* ordinals, or for everybody when that is quick.

        Args:
            limit: None: everybody.

        Returns:
            Whether contacts were asked about; else the step prepared that.
        """
        held = self._next()
        if held is None:
            self._begin(view)
            return False
        quick = held.leaf.cost(view, self.answers.at) < WHOLE_MS
        self.answers.ask(held, view, None if quick else limit)
        return True

    def _begin(self, view: View) -> None:
        """Take the next leaf, or do a piece of what makes that quick."""
        leaf = self._coming[0]
        if self._preparing is None and self.answers.get(leaf) is None:
            steps = leaf.prepare(view, self.answers.at), leaf.prepare_flips(view)
            self._preparing = chain.from_iterable(steps)
        if self._preparing is None or next(self._preparing, _READY) is _READY:
            self._preparing = None
            self._taken.append(self.answers.hold(self._coming.popleft(), view))

    def _next(self) -> LeafAnswer | None:
        return next((held for held in self._taken if len(held.unasked)), None)

    def close(self) -> None:
        """Give back the leaves; those that a segment uses by now stay."""
        for held in self._taken:
            self.answers.drop(held)
        self._taken.clear()
        self._coming.clear()
