"""Membership changes -> the wire. Encoded once, the bytes are shared by everybody who watches.

Messages are made one at a time, so that a delta of a million contacts holds nobody up. They lack
their resume token, which each watcher adds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field

from segsvc.bitmap import Bitmap, from_sorted, ordinals_of, to_bytes
from segsvc.domain.columns import UInt32
from segsvc.engine.state import StoreState
from segsvc.rpc.encode import values
from segsvc.rpc.times import timestamp
from segsvc.segment.delta import Changes, Delta
from segsvc.v1 import evaluation_pb2
from segsvc.v1 import watch_service_pb2 as pb

_IDS_PER_MESSAGE = 15_000
"""Of at most 64 bytes and a 4-byte offset each: a message stays under 1 MiB."""

_ORDINALS_PER_MESSAGE = 250_000
_KEPT_BYTES = 64 * 2**20
_ENTRY_BYTES = 512
"""What keeping a message costs besides its bytes."""

_TOKEN_TAG = bytes([pb.WatchResponse.RESUME_TOKEN_FIELD_NUMBER << 3 | 2])


@dataclass(slots=True)
class _Parts:
    """The messages of one delta: those that somebody needed so far, and the rest."""

    rest: Iterator[bytes]
    encoded: list[bytes] = field(default_factory=list)
    bytes: int = 0


class EncodedChanges:
    """Messages of deltas, each encoded once, when the first watcher comes to it."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, int, int, int, bool], _Parts] = OrderedDict()
        self._bytes = 0
        self.made = 0
        """Messages encoded so far."""

    def messages(
        self,
        state: StoreState,
        changes: Changes,
        wire_format: int,
        *,
        with_leaves: bool,
        wanted: Container[str],
    ) -> Iterator[bytes]:
        """Yield the messages of one revision about *wanted* segments (empty: all), in order."""
        owner = f"{state.store_id} {state.settings.hash_key}"
        for place, delta in enumerate(changes.deltas):
            if wanted and delta.segment_id not in wanted:
                continue
            key = (owner, changes.revision, place, wire_format, with_leaves)
            parts = self._held.get(key)
            if parts is None:
                rest = encode(state, changes, delta, wire_format, with_leaves=with_leaves)
                parts = self._held[key] = _Parts(rest)
            number = 0
            while (message := self._part(key, parts, number)) is not None:
                yield message
                number += 1

    def _part(
        self, key: tuple[str, int, int, int, bool], parts: _Parts, number: int
    ) -> bytes | None:
        if number == len(parts.encoded):
            message = next(parts.rest, None)
            if message is None:
                return None
            self.made += 1
            parts.encoded.append(message)
            parts.bytes += len(message) + _ENTRY_BYTES
            if self._held.get(key) is parts:
                self._bytes += len(message) + _ENTRY_BYTES
                self._forget()
        return parts.encoded[number]

    def _forget(self) -> None:
        while self._bytes > _KEPT_BYTES and len(self._held) > 1:
            self._bytes -= self._held.popitem(last=False)[1].bytes


def encode(
    state: StoreState,
    changes: Changes,
    delta: Delta,
    wire_format: int,
    *,
    with_leaves: bool,
    first_revision: int = 0,
) -> Iterator[bytes]:
    """Yield the messages of one delta of *changes*, each small enough to be sent at once."""
    for entered, left in _parts(delta, wire_format):
        held = pb.MembershipDelta(
            segment_id=delta.segment_id,
            cause=int(delta.cause),  # type: ignore[arg-type]
            changed_leaf_paths=delta.leaves if with_leaves else (),
        )
        if entered is not None:
            held.entered.CopyFrom(_batch(state, entered, wire_format))
        if left is not None:
            held.left.CopyFrom(_batch(state, left, wire_format))
        message = pb.WatchResponse(
            revision=changes.revision,
            at=timestamp(changes.at),
            ordinal_epoch=state.ordinal_epoch,
            first_revision=first_revision,
            delta=held,
        )
        yield message.SerializeToString()


def _parts(delta: Delta, wire_format: int) -> Iterator[tuple[UInt32 | None, UInt32 | None]]:
    """Yield (entered, left) of each message: both in one if they fit."""
    size = batch_size(wire_format)
    entered, left = ordinals_of(delta.entered), ordinals_of(delta.left)
    if len(entered) + len(left) <= size:
        yield entered if len(entered) else None, left if len(left) else None
        return
    for part in _cut(entered, size):
        yield part, None
    for part in _cut(left, size):
        yield None, part


def _cut(ordinals: UInt32, size: int) -> Iterator[UInt32]:
    for start in range(0, len(ordinals), size):
        yield ordinals[start : start + size]


def batch_size(wire_format: int) -> int:
    """Return how many members one message holds."""
    return _IDS_PER_MESSAGE if is_by_id(wire_format) else _ORDINALS_PER_MESSAGE


def is_by_id(wire_format: int) -> bool:
    """Whether members travel as contact ids."""
    return wire_format <= evaluation_pb2.MEMBER_FORMAT_CONTACT_IDS


def _batch(state: StoreState, part: UInt32, wire_format: int) -> evaluation_pb2.MemberBatch:
    """Encode contacts, also those who are gone since."""
    if wire_format == evaluation_pb2.MEMBER_FORMAT_ROARING:
        return evaluation_pb2.MemberBatch(roaring=to_bytes(from_sorted(part)))
    if not is_by_id(wire_format):
        return evaluation_pb2.MemberBatch(ordinals=part.astype("<u4").tobytes())
    return evaluation_pb2.MemberBatch(contact_ids=values.strings(state.index.contacts.ids_of(part)))


def snapshot(
    state: StoreState,
    revision: int,
    at: int,
    members: Iterable[tuple[str, Bitmap]],
    wire_format: int,
) -> Iterator[bytes]:
    """Yield who is in some segments at one revision; a segment without members is named too."""
    for segment_id, held in members:
        parts = list(_cut(ordinals_of(held), batch_size(wire_format))) or [ordinals_of(held)]
        for place, part in enumerate(parts):
            message = pb.WatchResponse(
                revision=revision,
                at=timestamp(at),
                ordinal_epoch=state.ordinal_epoch,
                snapshot=pb.MembershipSnapshot(
                    segment_id=segment_id,
                    members=_batch(state, part, wire_format),
                    more=place + 1 < len(parts),
                ),
            )
            yield message.SerializeToString()


def bookmark(state: StoreState, revision: int, at: int) -> bytes:
    """Encode that nothing happened up to a revision."""
    message = pb.WatchResponse(
        revision=revision,
        at=timestamp(at),
        ordinal_epoch=state.ordinal_epoch,
        bookmark=pb.Bookmark(),
    )
    return message.SerializeToString()


def with_token(message: bytes, token: bytes) -> bytes:
    """Return an encoded WatchResponse with its resume token: fields may follow in any order."""
    assert len(token) < 128, "the length is one byte"
    return b"".join([message, _TOKEN_TAG, bytes([len(token)]), token])
