"""What a batch touched: which contacts, through which attributes and behaviors."""

from __future__ import annotations

from dataclasses import dataclass, field

from segsvc.bitmap import Bitmap


@dataclass(slots=True)
class Touched:
    """Grows as a revision's writes are applied.

    A field named here may have changed for the contacts it is given with; nobody else's has.

    Attributes:
        attributes, behaviors: contacts by the name of what was written.
        created: contacts that are new.
        deleted: ordinals that were retired because their contact was deleted.
        merged: both sides of merges; the side merged away is retired too.
    """

    attributes: dict[str, Bitmap] = field(default_factory=dict)
    behaviors: dict[str, Bitmap] = field(default_factory=dict)
    created: Bitmap = field(default_factory=Bitmap)
    deleted: Bitmap = field(default_factory=Bitmap)
    merged: Bitmap = field(default_factory=Bitmap)

    def attribute(self, name: str, contacts: Bitmap) -> None:
        """Note that contacts' attribute *name* was written."""
        self.attributes[name] = self.attributes.get(name, Bitmap()) | contacts

    def behavior(self, name: str, contacts: Bitmap) -> None:
        """Note that contacts gained or lost events of behavior *name*."""
        self.behaviors[name] = self.behaviors.get(name, Bitmap()) | contacts

    def written(self) -> Bitmap:
        """Return every contact that a write of the revision named."""
        parts = (*self.attributes.values(), *self.behaviors.values())
        return Bitmap.union(self.created, self.merged, *parts)

    def retired(self) -> Bitmap:
        """Return what may have left the universe."""
        return self.deleted | self.merged
