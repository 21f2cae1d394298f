"""Membership changes -> the wire. Encoded once, the bytes are shared by everybody who watches."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import TypeAlias

from segsvc.bitmap import Bitmap, from_sorted, ordinals_of, to_bytes
from segsvc.domain.columns import UInt32
from segsvc.engine.state import StoreState
from segsvc.rpc.encode import values
from segsvc.rpc.encode.members import IDS_PER_BATCH, ORDINALS_PER_BATCH
from segsvc.rpc.times import timestamp
from segsvc.segment.delta import Changes, Delta
from segsvc.v1 import evaluation_pb2
from segsvc.v1 import watch_service_pb2 as pb

Message: TypeAlias = tuple[str, bytes]
"""The segment a message is about, and the message without its token."""

_KEPT = 1_024
_TOKEN_TAG = bytes([pb.WatchResponse.RESUME_TOKEN_FIELD_NUMBER << 3 | 2])


class EncodedChanges:
    """Encodes changes for watchers, and keeps what it encoded last."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, int, int, bool], tuple[Message, ...]] = OrderedDict()

    def messages(
        self, state: StoreState, changes: Changes, wire_format: int, with_leaves: bool
    ) -> tuple[Message, ...]:
        """Return the messages of one revision, in order."""
        owner = f"{state.store_id} {state.settings.hash_key}"
        key = (owner, changes.revision, wire_format, with_leaves)
        held = self._held.get(key)
        if held is None:
            held = tuple(encode(state, changes, wire_format, with_leaves=with_leaves))
            self._held[key] = held
            if len(self._held) > _KEPT:
                self._held.popitem(last=False)
        return held


def encode(
    state: StoreState,
    changes: Changes,
    wire_format: int,
    *,
    with_leaves: bool,
    first_revision: int = 0,
) -> Iterator[Message]:
    """Yield the messages of *changes*, each small enough to be sent at once."""
    for delta in changes.deltas:
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
            yield delta.segment_id, message.SerializeToString()


def _parts(delta: Delta, wire_format: int) -> Iterator[tuple[UInt32 | None, UInt32 | None]]:
    size = batch_size(wire_format)
    entered, left = ordinals_of(delta.entered), ordinals_of(delta.left)
    if not len(entered) and not len(left):
        yield None, None
    yield from zip_longest(_cut(entered, size), _cut(left, size))


def _cut(ordinals: UInt32, size: int) -> Iterator[UInt32]:
    for start in range(0, len(ordinals), size):
        yield ordinals[start : start + size]


def batch_size(wire_format: int) -> int:
    """Return how many members one message holds."""
    return IDS_PER_BATCH if is_by_id(wire_format) else ORDINALS_PER_BATCH


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
) -> Iterator[Message]:
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
            yield segment_id, message.SerializeToString()


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
