"""A question: a condition in the text form, in several variants that ask for fresh leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Slots = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Ask:
    """One variant of a question, as it goes to segsvc and to every peer."""

    key: str
    text: str
    wants_ids: bool = False
    """Whether the answer is the contacts (as dense numbers) instead of how many they are."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its variants."""

    key: str
    title: str
    template: str
    variants: tuple[Slots, ...]
    wants_ids: bool = False

    @property
    def asks(self) -> list[Ask]:
        """Every variant."""
        return [
            Ask(self.key, self.template.format(**slots), self.wants_ids) for slots in self.variants
        ]


def varied(**slots: tuple[object, ...]) -> tuple[Slots, ...]:
    """Return variants from the values that each slot takes, side by side.

    >>> varied(low=(1, 2), high=(5, 6))
    ({'low': 1, 'high': 5}, {'low': 2, 'high': 6})
    """
    return tuple(
        dict(zip(slots, values, strict=True)) for values in zip(*slots.values(), strict=True)
    )
