"""Import streams: chunks a few ahead of their acknowledgements, sent again when a stream breaks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

import grpc
from grpc import aio

from segsvc.client.call import delays
from segsvc.client.errors import error_of, is_worth_repeating
from segsvc.client.uploads import WINDOW, ImportRpc, Summary, Upload

Progress: TypeAlias = Callable[[Summary], None]


def send(
    channel: grpc.Channel,
    rpc: ImportRpc,
    upload: Upload,
    patience: float,
    progress: Progress | None,
) -> Summary:
    """Send all of *upload*; return what became of it.

    Raises:
        CallFailed: when a chunk was refused, or no server answered for *patience* seconds.
    """
    waits = delays(patience)
    while True:
        feed = _Feed(upload, rpc.message)
        method = channel.stream_stream(
            rpc.path, rpc.message.SerializeToString, rpc.response.FromString
        )
        answers = method(iter(feed))
        try:
            for response in answers:
                with feed.moved:
                    upload.acknowledge(response)
                    feed.moved.notify_all()
                waits = delays(patience)
                if progress is not None:
                    progress(upload.summary)
            feed.check()
            return upload.summary
        except grpc.RpcError as failed:
            feed.check()
            error = error_of(failed, rpc.path)
            delay = next(waits, None) if is_worth_repeating(error) else None
            if delay is None:
                raise error from None
            time.sleep(delay)
        finally:
            feed.close()
            answers.cancel()


async def send_awaited(
    channel: aio.Channel,
    rpc: ImportRpc,
    upload: Upload,
    patience: float,
    progress: Progress | None,
) -> Summary:
    """See `send`."""
    waits = delays(patience)
    while True:
        feed = _AsyncFeed(upload, rpc.message)
        method = channel.stream_stream(
            rpc.path, rpc.message.SerializeToString, rpc.response.FromString
        )
        answers = method(feed.messages())
        try:
            async for response in answers:
                upload.acknowledge(response)
                feed.room.set()
                waits = delays(patience)
                if progress is not None:
                    progress(upload.summary)
            feed.check()
            return upload.summary
        except grpc.RpcError as failed:
            feed.check()
            error = error_of(failed, rpc.path)
            delay = next(waits, None) if is_worth_repeating(error) else None
            if delay is None:
                raise error from None
            await asyncio.sleep(delay)
        finally:
            answers.cancel()


class _Feed:
    """The messages of one import stream, a few ahead of the acknowledgements."""

    def __init__(self, upload: Upload, message: type[Any]) -> None:
        self._upload = upload
        self._message = message
        self._resend = list(upload.pending)
        self._closed = False
        self._failed: BaseException | None = None
        self.moved = threading.Condition()

    def __iter__(self) -> Iterator[Any]:
        try:
            for chunk in self._resend:
                yield self._message(sequence=chunk.sequence, chunk=chunk.request)
            while True:
                with self.moved:
                    self.moved.wait_for(self._has_room)
                    if self._closed:
                        return
                    fresh = self._upload.next()
                if fresh is None:
                    return
                yield self._message(sequence=fresh.sequence, chunk=fresh.request)
        except Exception as failed:
            self._failed = failed
            raise

    def _has_room(self) -> bool:
        return self._closed or len(self._upload.pending) < WINDOW

    def check(self) -> None:
        """Raise what went wrong while the source was read."""
        if self._failed is not None:
            raise self._failed

    def close(self) -> None:
        """Let the thread that sends end."""
        with self.moved:
            self._closed = True
            self.moved.notify_all()


class _AsyncFeed:
    """See `_Feed`."""

    def __init__(self, upload: Upload, message: type[Any]) -> None:
        self._upload = upload
        self._message = message
        self._resend = list(upload.pending)
        self._failed: BaseException | None = None
        self.room = asyncio.Event()

    async def messages(self) -> AsyncIterator[Any]:
        """Yield what was not acknowledged, then what is new."""
        try:
            for chunk in self._resend:
                yield self._message(sequence=chunk.sequence, chunk=chunk.request)
            while True:
                while len(self._upload.pending) >= WINDOW:
                    self.room.clear()
                    await self.room.wait()
                # Reading and encoding a chunk takes tens of milliseconds.
                fresh = await asyncio.to_thread(self._upload.next)
                if fresh is None:
                    return
                yield self._message(sequence=fresh.sequence, chunk=fresh.request)
        except Exception as failed:
            self._failed = failed
            raise

    def check(self) -> None:
        """Raise what went wrong while the source was read."""
        if self._failed is not None:
            raise self._failed
