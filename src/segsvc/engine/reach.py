"""Who can be reached on a channel, and why the others cannot."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segsvc.bitmap import Bitmap
from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.text import TextOperator, TextTest
from segsvc.condition.tree import AllOf, Condition, Not
from segsvc.condition.view import View
from segsvc.segment.memberships import Memberships


class Channel(StrEnum):
    """A way to reach a contact; ANY reaches everybody."""

    EMAIL = "email"
    SMS = "sms"
    ANY = "any"


def _steps(address: str, invalid: str, status: str) -> tuple[Condition, Condition, Condition]:
    """Return who has an address; whose is also valid; who of those has also subscribed."""
    has_address = AttributeLeaf(address, TextTest(TextOperator.SET))
    is_valid = Not(AttributeLeaf(invalid, BooleanTest(BooleanOperator.TRUE)))
    subscribed = AttributeLeaf(status, TextTest(TextOperator.IS, ("subscribed",)))
    return has_address, AllOf((has_address, is_valid)), AllOf((has_address, is_valid, subscribed))


_STEPS = {
    Channel.EMAIL: _steps("email", "email_invalid", "email_status"),
    Channel.SMS: _steps("phone", "sms_invalid", "sms_status"),
}


def _followed(memberships: Memberships, view: View, channel: Channel, step: int) -> Bitmap:
    """Return who passes a step. Maintained like members, so nothing is scanned but once.

    Time does not change it: it holds at any instant to come.
    """
    return memberships.follow(f"{channel}: {step}", _STEPS[channel][step], view)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Contacts who cannot be reached, each under the first reason that fits."""

    no_address: int = 0
    invalid_address: int = 0
    not_subscribed: int = 0


def reachable(
    memberships: Memberships, view: View, channel: Channel, among: Bitmap
) -> tuple[Bitmap, Unreachable]:
    """Return who of *among* can be reached on *channel*, and how many cannot by reason."""
    if channel is Channel.ANY:
        return among, Unreachable()
    addressed, valid, left = (
        among & _followed(memberships, view, channel, step) for step in range(3)
    )
    return left, Unreachable(
        len(among) - len(addressed), len(addressed) - len(valid), len(valid) - len(left)
    )


@dataclass(frozen=True, slots=True)
class Size:
    """How many contacts a group has."""

    contacts: int
    email: int
    sms: int


@dataclass(frozen=True, slots=True)
class Reach:
    """All contacts that can be reached by e-mail, and by SMS."""

    email: Bitmap
    sms: Bitmap

    def size(self, members: Bitmap) -> Size:
        """Return the size of a group."""
        return Size(
            len(members),
            int(members.intersection_cardinality(self.email)),
            int(members.intersection_cardinality(self.sms)),
        )


def reach_of(memberships: Memberships, view: View) -> Reach:
    """Return who can be reached."""
    return Reach(
        _followed(memberships, view, Channel.EMAIL, 2), _followed(memberships, view, Channel.SMS, 2)
    )
