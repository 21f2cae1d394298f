"""Membership changes -> the wire. Encoded once, the bytes are shared by everybody who watches.

What a revision changed travels in few messages, however many segments it changed: a message costs
each watcher more than what is in it. They are made one at a time, so that a delta of a million
contacts holds nobody up. They lack their resume token, which each watcher adds.

Protobuf merges: the parts of a message, one after the other, are the message. So every delta is
encoded alone, as a message with nothing else in it, and a message is its head and some of those.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

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
_MESSAGE_BYTES = 2**20
_KEPT_BYTES = 64 * 2**20
_ENTRY_BYTES = 512
"""What keeping a message costs besides its bytes."""

_TOKEN_TAG = bytes([pb.WatchResponse.RESUME_TOKEN_FIELD_NUMBER << 3 | 2])
_Key = tuple[str, int, int, int, bool]
_NOBODY = Bitmap()
_WHOLE = -1
"""Stands for the place of a delta where all of a revision are meant."""


@dataclass(slots=True)
class _Made:
    """Some encoded messages or parts: those that somebody needed so far, and the rest."""

    rest: Iterator[bytes]
    encoded: list[bytes] = field(default_factory=list)


class EncodedChanges:
    """Messages of changes, each encoded once, when the first watcher comes to it.

    What is whole is kept as a tuple of bytes, which the garbage collector does not look into: with
    six objects a delta it stopped everybody for 40 ms after some hundred revisions.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[_Key, _Made | tuple[bytes, ...]] = OrderedDict()
        self._bytes = 0
        self.made = 0
        """Parts of messages encoded so far."""

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

        def parts() -> Iterator[bytes]:
            for place, delta in enumerate(changes.deltas):
                if not wanted or delta.segment_id in wanted:
                    key = (owner, changes.revision, place, wire_format, with_leaves)
                    yield from self._each(key, partial(encoded, delta))

        batches = _Batches(state, wire_format)

        def encoded(delta: Delta) -> Iterator[bytes]:
            for part in _encoded(batches, delta, wire_format, with_leaves=with_leaves):
                self.made += 1
                yield part

        whole = (owner, changes.revision, _WHOLE, wire_format, with_leaves)
        head = _head(state, changes, 0)
        if wanted:
            yield from _joined(head, parts())
        else:
            yield from self._each(whole, lambda: _joined(head, parts()))

    def _each(self, key: _Key, make: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
        """Yield what is kept under *key*, made as far as somebody needs it."""
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Made(make())
        if isinstance(held, tuple):
            yield from held
            return
        number = 0
        while number < len(held.encoded) or self._make(key, held):
            yield held.encoded[number]
            number += 1

    def _make(self, key: _Key, held: _Made) -> bool:
        try:
            made = next(held.rest, None)
        except BaseException:
            if self._held.get(key) is held:  # or others would take a part for the whole
                del self._held[key]
                self._bytes -= _size(held.encoded)
            raise
        is_kept = self._held.get(key) is held
        if made is None:
            if is_kept:
                self._held[key] = tuple(held.encoded)
            return False
        held.encoded.append(made)
        if is_kept:
            self._bytes += _size((made,))
            self._forget()
        return True

    def _forget(self) -> None:
        while self._bytes > _KEPT_BYTES and len(self._held) > 1:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= _size(oldest if isinstance(oldest, tuple) else oldest.encoded)


def _size(encoded: Collection[bytes]) -> int:
    return sum(map(len, encoded)) + _ENTRY_BYTES * len(encoded)


def encode(
    state: StoreState,
    changes: Changes,
    deltas: Iterable[Delta],
    wire_format: int,
    *,
    with_leaves: bool,
    first_revision: int,
) -> Iterator[bytes]:
    """Yield the messages of some deltas of *changes*, each small enough to be sent at once."""
    batches = _Batches(state, wire_format)
    parts = (
        part
        for delta in deltas
        for part in _encoded(batches, delta, wire_format, with_leaves=with_leaves)
    )
    return _joined(_head(state, changes, first_revision), parts)


def _head(state: StoreState, changes: Changes, first_revision: int) -> bytes:
    message = pb.WatchResponse(
        revision=changes.revision,
        at=timestamp(changes.at),
        ordinal_epoch=state.ordinal_epoch,
        first_revision=first_revision,
    )
    return message.SerializeToString()


def _joined(head: bytes, parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield messages of a head and as many parts as fit."""
    held, size = [head], 0
    for part in parts:
        if size and size + len(part) > _MESSAGE_BYTES - _ENTRY_BYTES:
            yield b"".join(held)
            held, size = [head], 0
        held.append(part)
        size += len(part)
    if size:
        yield b"".join(held)


def _encoded(
    batches: _Batches, delta: Delta, wire_format: int, *, with_leaves: bool
) -> Iterator[bytes]:
    """Yield a delta as parts of messages, cut where it is too large for one."""
    for entered, left in _parts(delta, batch_size(wire_format)):
        message = pb.WatchResponse()
        held = message.deltas.deltas.add(segment_id=delta.segment_id, cause=int(delta.cause))
        if with_leaves:
            held.changed_leaf_paths.extend(delta.leaves)
        if entered:
            batches.put(held.entered, entered)
        if left:
            batches.put(held.left, left)
        yield message.SerializeToString()


def _parts(delta: Delta, size: int) -> Iterator[tuple[Bitmap, Bitmap]]:
    """Yield (entered, left) of each message: both in one if they fit."""
    if len(delta.entered) + len(delta.left) <= size:
        yield delta.entered, delta.left
        return
    for part in _cut(ordinals_of(delta.entered), size):
        yield from_sorted(part), _NOBODY
    for part in _cut(ordinals_of(delta.left), size):
        yield _NOBODY, from_sorted(part)


def _cut(ordinals: UInt32, size: int) -> Iterator[UInt32]:
    for start in range(0, len(ordinals), size):
        yield ordinals[start : start + size]


def batch_size(wire_format: int) -> int:
    """Return how many members one message holds."""
    return _IDS_PER_MESSAGE if is_by_id(wire_format) else _ORDINALS_PER_MESSAGE


def is_by_id(wire_format: int) -> bool:
    """Whether members travel as contact ids."""
    return wire_format <= evaluation_pb2.MEMBER_FORMAT_CONTACT_IDS


class _Batches:
    """Encodes contacts of one revision, also those who are gone since.

    Segments that changed alike share a bitmap, whose bytes are made once.
    """

    def __init__(self, state: StoreState, wire_format: int) -> None:
        self._state = state
        self._format = wire_format
        self._images: dict[int, tuple[Bitmap, bytes]] = {}
        """By identity; the bitmap is kept, so that no other gets its identity."""

    def put(self, batch: evaluation_pb2.MemberBatch, members: Bitmap) -> None:
        """Fill a batch with contacts."""
        if self._format == evaluation_pb2.MEMBER_FORMAT_ROARING:
            batch.roaring = self._image(members)
        elif is_by_id(self._format):
            held = self._state.index.contacts.ids_of(ordinals_of(members))
            batch.contact_ids.CopyFrom(values.strings(held))
        else:
            batch.ordinals = ordinals_of(members).astype("<u4").tobytes()

    def _image(self, members: Bitmap) -> bytes:
        found = self._images.get(id(members))
        if found is None:
            canonical = from_sorted(ordinals_of(members))
            found = self._images[id(members)] = members, to_bytes(canonical)
        return found[1]


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
                snapshot=pb.MembershipSnapshot(segment_id=segment_id, more=place + 1 < len(parts)),
            )
            _Batches(state, wire_format).put(message.snapshot.members, from_sorted(part))
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
