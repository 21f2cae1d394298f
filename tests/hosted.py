"""All services over an engine in the thread of the test: no port, no wire, and no mercy.

Calls look like those of a gRPC stub, so that what is written against `tests.serving.Served` works
here too, about ten times as fast. A call during which power is lost is sent again, with the same
request id, to an engine that was opened over what was on disk: as a careful client does.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import grpc

from segsvc.domain.errors import SegsvcError
from segsvc.engine.checkpoints import CheckpointPolicy
from segsvc.engine.clock import ReplayClock
from segsvc.engine.engine import Engine
from segsvc.rpc.codec import WireCodec
from segsvc.rpc.resume_tokens import WATCH_KEYS
from segsvc.rpc.services import servicers
from segsvc.rpc.status import status_of
from segsvc.segment.delta import Changes
from segsvc.storage import Storage
from segsvc.v1 import automation_service_pb2, watch_service_pb2
from tests.power import Cut, PowerfulDatabase, PowerLost

PATIENCE = 30.0
"""Seconds after which an answer that must come is missing."""


class Anybody:
    """The context of a call whose caller shows no certificate."""

    def peer_identities(self) -> None:
        """Return whom the certificate names."""


class Refusal(grpc.RpcError):
    """A refused call, as a gRPC client sees it."""

    def __init__(self, error: SegsvcError) -> None:
        self._code, self._message, _ = status_of(error)
        super().__init__(f"{self._code.name}: {self._message}")

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._message


class Stub:
    """The rpcs of one service, as functions."""

    def __init__(self, host: Hosted, service: str) -> None:
        self._host, self._service = host, service

    def __getattr__(self, method: str) -> Callable[[Any], Any]:
        return lambda request: self._host.call(self._service, method, request)


class Hosted:
    """An engine over a database in *folder*, with a replay clock that begins at *start*."""

    def __init__(self, folder: Path, start: int, *, keep_changes: int = 7 * 86_400) -> None:
        self._folder = folder
        self._numbers = count()
        self._policy = CheckpointPolicy(keep_changes=keep_changes)
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_only_power_failures)
        self.clock = ReplayClock(start)
        self.restarts = 0
        self._begin(self._folder / "0.db")
        self.stores = Stub(self, "Store")
        self.schema = Stub(self, "Schema")
        self.ingest = Stub(self, "Ingest")
        self.segments = Stub(self, "Segment")
        self.evaluation = Stub(self, "Evaluation")
        self.automation = Stub(self, "Automation")
        self.watches = Stub(self, "Watch")
        self.admin = Stub(self, "Admin")

    def _begin(self, path: Path) -> None:
        self._lost = self._loop.create_future()
        self.database = PowerfulDatabase(path, self._note_loss)
        storage = Storage.over(self.database)
        engine = self.engine = Engine(storage, WireCodec(), self.clock, self._policy)
        self._services = servicers(
            engine,
            storage.secret("page-tokens"),
            storage.rotating_secrets(WATCH_KEYS),
            bookmark_seconds=0.0,
        )
        self._run(engine.open())

    def _note_loss(self) -> None:
        """Note, from any thread, that power is lost."""

        def note() -> None:
            if not self._lost.done():
                self._lost.set_result(None)

        self._loop.call_soon_threadsafe(note)

    def call(self, service: str, method: str, request: Any) -> Any:
        """Call an rpc until it is answered or refused; a stream is read to its end."""
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = f"request-{next(self._numbers)}"
        while True:
            handler = getattr(self._services[service], method)
            streams = inspect.isasyncgenfunction(handler)
            answer = _collected(handler(request, None)) if streams else handler(request, None)
            try:
                return self._run(answer)
            except PowerLost:
                self._reopen()
            except SegsvcError as refused:
                raise Refusal(refused) from refused
            finally:
                if self.database.off:
                    self._reopen()

    def entries(
        self, request: automation_service_pb2.StreamEntriesRequest, through: int
    ) -> list[automation_service_pb2.StreamEntriesResponse]:
        """Read the entry stream of a trigger, which must reach *through*."""

        async def read() -> list[automation_service_pb2.StreamEntriesResponse]:
            found = []
            async for message in self._services["Automation"].StreamEntries(request, None):
                found.append(message)
                if message.through_sequence >= through:
                    break
            return found

        return list(self._run(read()))

    def watch(self, request: watch_service_pb2.WatchRequest) -> Watching:
        """Begin to watch."""
        return Watching(self, self._services["Watch"].Watch(request, Anybody()))

    def _run(self, work: Awaitable[Any]) -> Any:
        async def until_lost() -> Any:
            doing = asyncio.ensure_future(work)
            await asyncio.wait(
                {doing, self._lost}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED
            )
            if doing.done():
                return doing.result()
            doing.cancel()
            if self._lost.done():
                raise PowerLost
            raise TimeoutError("there is no answer")

        return self._loop.run_until_complete(until_lost())

    def next_of(self, messages: AsyncGenerator[bytes, None]) -> Any:
        """Return the next message of a stream."""
        try:
            raw = self._run(anext(messages))
        except SegsvcError as refused:
            raise Refusal(refused) from refused
        return watch_service_pb2.WatchResponse.FromString(raw)

    def changes(self, store_id: str, after: int) -> list[Changes]:
        """Return the changes of a store behind a revision, once flips that are due have happened.

        Raises:
            Refusal: some of them are compacted.
        """

        async def read() -> list[Changes]:
            state, found = self.engine.store(store_id), list[Changes]()
            await self.engine.settle(state)
            while page := await self.engine.changes_since(
                state, found[-1].revision if found else after
            ):
                found.extend(page)
            return found

        while True:
            try:
                return list(self._run(read()))
            except PowerLost:
                self._reopen()
            except SegsvcError as refused:
                raise Refusal(refused) from refused

    def end(self, messages: AsyncGenerator[bytes, None]) -> None:
        """Give a stream up."""
        self._run(messages.aclose())

    def lose_power_at(self, cut: Cut) -> None:
        """Let power be lost at a transaction to come."""
        self.database.cut = cut

    def crash(self) -> None:
        """End at once; begin again over what is on disk."""
        self._reopen()

    def restart(self) -> None:
        """End in order; begin again."""
        with suppress(PowerLost):
            self._run(self.engine.close())
        self._reopen()

    def _reopen(self) -> None:
        """Begin again over an image of the disk."""
        self.restarts += 1
        path = self._folder / f"{self.restarts}.db"
        self.database.off = True
        self._abandon()
        self.database.image(path)
        self.database.close()
        self.database.path.unlink()
        self._begin(path)

    def _abandon(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=PATIENCE))
        for owner, name in ((self.engine, "_threads"), (self.engine.commits, "_thread")):
            vars(owner)[name].shutdown()

    def close(self) -> None:
        """End at once."""
        self.database.off = True
        self._abandon()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self.database.close()
        self._loop.close()


class Watching:
    """A watch, message by message."""

    def __init__(self, host: Hosted, messages: AsyncGenerator[bytes, None]) -> None:
        self._host, self._messages = host, messages

    def __next__(self) -> watch_service_pb2.WatchResponse:
        return self._host.next_of(self._messages)

    def __iter__(self) -> Iterator[watch_service_pb2.WatchResponse]:
        return self

    def stop(self) -> None:
        """Hang up."""
        self._host.end(self._messages)


async def _collected(messages: AsyncIterator[Any]) -> list[Any]:
    return [message async for message in messages]


def _only_power_failures(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), PowerLost):
        loop.default_exception_handler(context)
