"""Recipients of a campaign on their way: what to ask for next, whatever breaks."""

from __future__ import annotations

import time
from asyncio import sleep
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Literal, TypeAlias
from uuid import uuid4

from segsvc.client.call import Call, Scope, delays
from segsvc.client.errors import CallFailed, is_worth_repeating
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


_Call: TypeAlias = Call[pb.ResolveRecipientsResponse]


def _call(position: Position) -> _Call:
    """Return what to ask now."""
    return Call(
        "/segsvc.v1.EvaluationService/ResolveRecipients",
        position.request(),
        pb.ResolveRecipientsResponse,
    )


class Resolution:
    """Recipients of a campaign, streamed once; iterate it for lists of contact ids.

    A broken stream goes on where it broke. `header` says what was counted.
    """

    def __init__(
        self,
        messages: Callable[[_Call], Iterator[pb.ResolveRecipientsResponse]],
        position: Position,
        patience: float,
    ) -> None:
        self._messages = messages
        self._position = position
        self._patience = patience
        self._ids = self._received()
        self._first: list[list[str]] = []

    @property
    def header(self) -> evaluation_pb2.ResolutionHeader:
        """What was resolved; waits for it."""
        while self._position.header is None:
            self._first.append(next(self._ids))
        return self._position.header

    @property
    def next_offset(self) -> int:
        """The position to resume from."""
        return self._position.next_offset

    @property
    def erased_count(self) -> int:
        """Recipients left out so far because they were erased meanwhile."""
        return self._position.erased_count

    def __iter__(self) -> Iterator[list[str]]:
        while self._first:
            ids = self._first.pop(0)
            if ids:
                yield ids
        yield from filter(None, self._ids)

    def contact_ids(self) -> Iterator[str]:
        """Yield every recipient."""
        for ids in self:
            yield from ids

    def _received(self) -> Iterator[list[str]]:
        waits = delays(self._patience)
        while not self._position.ended:
            try:
                for message in self._messages(_call(self._position)):
                    yield self._position.take(message)
                    waits = delays(self._patience)
            except CallFailed as error:
                delay = next(waits, None) if is_worth_repeating(error) else None
                if delay is None:
                    raise
                time.sleep(delay)


class AsyncResolution:
    """See `Resolution`."""

    def __init__(
        self,
        messages: Callable[[_Call], AsyncIterator[pb.ResolveRecipientsResponse]],
        position: Position,
        patience: float,
    ) -> None:
        self._messages = messages
        self._position = position
        self._patience = patience
        self._ids = self._received()
        self._first: list[list[str]] = []

    @property
    def header(self) -> evaluation_pb2.ResolutionHeader | None:
        """What was resolved; None before the first `__anext__` or `start`."""
        return self._position.header

    async def start(self) -> evaluation_pb2.ResolutionHeader:
        """Wait for the header and return it."""
        while self._position.header is None:
            self._first.append(await anext(self._ids))
        return self._position.header

    @property
    def next_offset(self) -> int:
        """The position to resume from."""
        return self._position.next_offset

    @property
    def erased_count(self) -> int:
        """Recipients left out so far because they were erased meanwhile."""
        return self._position.erased_count

    async def __aiter__(self) -> AsyncIterator[list[str]]:
        while self._first:
            ids = self._first.pop(0)
            if ids:
                yield ids
        async for ids in self._ids:
            if ids:
                yield ids

    async def contact_ids(self) -> AsyncIterator[str]:
        """Yield every recipient."""
        async for ids in self:
            for contact_id in ids:
                yield contact_id

    async def _received(self) -> AsyncIterator[list[str]]:
        waits = delays(self._patience)
        while not self._position.ended:
            try:
                async for message in self._messages(_call(self._position)):
                    yield self._position.take(message)
                    waits = delays(self._patience)
            except CallFailed as error:
                delay = next(waits, None) if is_worth_repeating(error) else None
                if delay is None:
                    raise
                await sleep(delay)
