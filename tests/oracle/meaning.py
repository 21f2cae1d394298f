"""Whether a condition is true of one contact at one instant, read off SEMANTICS alone."""

from __future__ import annotations

from fractions import Fraction
from hashlib import blake2b

from segsvc.v1 import condition_pb2 as pb
from tests.oracle.deeds import Deeds
from tests.oracle.single import attribute_passes
from tests.oracle.values import Kept, exact
from tests.oracle.world import World

ATTRIBUTE_KINDS = frozenset(
    {"text", "number", "instant", "date", "anniversary", "boolean", "text_set"}
)


class Meaning:
    """A store at the instant *t*."""

    def __init__(self, world: World, t: int) -> None:
        self.world = world
        self.t = t

    def members(self, condition: pb.Condition) -> set[str]:
        """Return the ids of the contacts a condition is true of."""
        return {held for held in self.world.contacts if self.matches(condition, held)}

    def matches(self, condition: pb.Condition, contact_id: str) -> bool:
        """Whether *condition* is true of a live contact."""
        kind = condition.WhichOneof("kind")
        match kind:
            case "all_of":
                return all(self.matches(held, contact_id) for held in condition.all_of.children)
            case "any_of":
                return any(self.matches(held, contact_id) for held in condition.any_of.children)
            case "not":
                return not self.matches(getattr(condition, "not").child, contact_id)
            case "behavior":
                return self._deeds(contact_id).did(condition.behavior)
            case "net_spend":
                return self._deeds(contact_id).spent(condition.net_spend)
            case "segment":
                within = self.world.segments[condition.segment.segment_id]
                return self.matches(within, contact_id) != condition.segment.not_in
            case "sample":
                return _sampled(contact_id, condition.sample)
            case _ if kind in ATTRIBUTE_KINDS:
                leaf = getattr(condition, kind)
                definition = self.world.attributes[leaf.attribute]
                value = self.world.contacts[contact_id].attributes.get(leaf.attribute)
                return attribute_passes(
                    kind, leaf.test, value, definition, self.t, self.world.calendar
                )
            case _:
                raise NotImplementedError(f"a condition of the kind {kind}")

    def _deeds(self, contact_id: str) -> Deeds:
        world = self.world
        return Deeds(world.contacts[contact_id].events, world.behaviors, self.t, world.calendar)

    def facts(self, leaf: pb.Condition, contact_id: str) -> dict[str, Kept | Fraction | None]:
        """Return the values behind a leaf's answer, by the names they are shown under."""
        kind = leaf.WhichOneof("kind")
        match kind:
            case "behavior":
                return self._deeds(contact_id).facts(leaf.behavior)
            case "net_spend":
                return {"net spend": self._deeds(contact_id).net_spend(leaf.net_spend)}
            case "segment":
                return {"member": self.matches(leaf, contact_id) != leaf.segment.not_in}
            case "sample":
                return {"sampled": self.matches(leaf, contact_id)}
            case _:
                name = getattr(leaf, kind).attribute
                return {name: self.world.contacts[contact_id].attributes.get(name)}


def _sampled(contact_id: str, sample: pb.SampleCondition) -> bool:
    mixed = splitmix64(_hash(contact_id) ^ _hash(sample.salt))
    return mixed < int(Fraction(exact(sample.percent)) / 100 * 2**64)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def splitmix64(state: int) -> int:
    """Return the first output of the generator that starts from *state*."""
    mixed = (state + 0x9E3779B97F4A7C15) % 2**64
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
    return mixed ^ mixed >> 31
