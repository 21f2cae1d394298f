"""Who can be reached on a channel, and why the others cannot."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segsvc.bitmap import Bitmap
from segsvc.condition.view import View
from segsvc.domain.predicate import Is, OneOf, Present


class Channel(StrEnum):
    """A way to reach a contact; ANY reaches everybody."""

    EMAIL = "email"
    SMS = "sms"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """The attributes that decide: where to, whether that is invalid, and consent."""

    address: str
    invalid: str
    status: str


RULES = {
    Channel.EMAIL: ChannelRule("email", "email_invalid", "email_status"),
    Channel.SMS: ChannelRule("phone", "sms_invalid", "sms_status"),
}


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Contacts who cannot be reached, each under the first reason that fits."""

    no_address: int = 0
    invalid_address: int = 0
    not_subscribed: int = 0


def reachable(view: View, channel: Channel, among: Bitmap) -> tuple[Bitmap, Unreachable]:
    """Return who of *among* can be reached on *channel*, and how many cannot by reason."""
    if channel is Channel.ANY:
        return among, Unreachable()
    rule = RULES[channel]
    addressed = among & view.attribute(rule.address, Present(), None)
    valid = addressed - view.attribute(rule.invalid, Is(True), None)
    left = valid & view.attribute(rule.status, OneOf(("subscribed",)), None)
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


def reach_of(view: View) -> Reach:
    """Return who can be reached."""
    universe = view.universe()
    return Reach(
        reachable(view, Channel.EMAIL, universe)[0], reachable(view, Channel.SMS, universe)[0]
    )
