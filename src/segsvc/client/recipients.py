"""A resolution on its way: what to ask for next, whatever breaks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias
from uuid import uuid4

from segsvc.client.call import Scope
from segsvc.client.strings import texts_of
from segsvc.client.values import Number, number
from segsvc.v1 import evaluation_pb2
from segsvc.v1 import evaluation_service_pb2 as pb

Channel: TypeAlias = Literal["email", "sms", "any"]


def recipient_spec(
    include: Iterable[str],
    exclude: Iterable[str] = (),
    *,
    channel: Channel,
    split: tuple[str, Number, Number] | None = None,
    cap: int = 0,
    cap_salt: str = "",
) -> evaluation_pb2.RecipientSpec:
    """Say who receives something.

    Args:
        include: segments whose members do.
        exclude: segments whose members do not.
        channel: only contacts who can be reached on it.
        split: one arm of a stable split: its salt, and from and to which percent.
        cap: at most so many; 0: no cap.
        cap_salt: the same salt chooses the same contacts first.
    """
    made = evaluation_pb2.RecipientSpec(
        include_segment_ids=include,
        exclude_segment_ids=exclude,
        channel=f"CHANNEL_{channel.upper()}",
        cap=cap,
        cap_salt=cap_salt,
    )
    if split is not None:
        salt, low, high = split
        made.split.CopyFrom(
            evaluation_pb2.RecipientSplit(
                salt=salt, from_percent=number(low), to_percent=number(high)
            )
        )
    return made


class Position:
    """How far a resolution was received, so that a broken stream goes on where it broke."""

    def __init__(
        self, scope: Scope, spec: evaluation_pb2.RecipientSpec | None, request_id: str
    ) -> None:
        self._scope = scope
        self._spec = spec
        self._request_id = request_id or uuid4().hex
        self.header: evaluation_pb2.ResolutionHeader | None = None
        self.resolution_id = ""
        self.next_offset = 0
        self.sent_count = 0
        self.erased_count = 0
        self.ended = False

    def request(self) -> pb.ResolveRecipientsRequest:
        """Return what to ask now."""
        made = pb.ResolveRecipientsRequest(
            store_id=self._scope.store_id, min_revision=self._scope.min_revision
        )
        if self.resolution_id:
            made.resume.resolution_id = self.resolution_id
            made.resume.offset = self.next_offset
        else:
            made.spec.CopyFrom(self._spec or evaluation_pb2.RecipientSpec())
            made.request_id = self._request_id
        return made

    def take(self, message: pb.ResolveRecipientsResponse) -> list[str]:
        """Take in a message and return the contact ids it brings."""
        match message.WhichOneof("message"):
            case "header":
                self.header = message.header
                self.resolution_id = message.header.resolution_id
            case "batch":
                batch = message.batch
                ids = texts_of(batch.members.contact_ids)
                self.erased_count += batch.next_offset - batch.offset - len(ids)
                self.sent_count += len(ids)
                self.next_offset = batch.next_offset
                return ids
            case "trailer":
                self.ended = True
        return []
