"""Contacts that were written, a few at a time, and are asked for less often than that."""

from __future__ import annotations

from segsvc.bitmap import Bitmap


class Written:
    """A set that is cheap to add to: what was added is united when somebody asks.

    An import adds to it for each of a dozen columns, where a copy of a set of many would cost more
    than the column itself.
    """

    __slots__ = ("_added", "_contacts", "most")

    def __init__(self, contacts: Bitmap) -> None:
        self._contacts = contacts
        self._added: list[Bitmap] = []
        self.most = len(contacts)
        """There are no more than so many."""

    def add(self, some: Bitmap) -> None:
        """Add contacts, in a bitmap that does not change from now on."""
        self._added.append(some)
        self.most += len(some)

    @property
    def contacts(self) -> Bitmap:
        """All of them; it is never changed, only replaced."""
        if self._added:
            self._contacts = Bitmap.union(self._contacts, *self._added)
            self._added.clear()
            self.most = len(self._contacts)
        return self._contacts
