"""The client whose calls block."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

import grpc
from google.protobuf.message import Message

from segsvc.client import encoders, pieces, uploads
from segsvc.client.call import Call, Pages, Scope, Stream, delays
from segsvc.client.calls import admin, automation, evaluation, ingest, schema, segments, stores
from segsvc.client.channel import Tls, open_channel
from segsvc.client.entries import EntryCursor, EntryStream
from segsvc.client.errors import error_of
from segsvc.client.importing import Progress, send
from segsvc.client.recipients import Channel, Position, Resolution, recipient_spec
from segsvc.client.values import Number
from segsvc.client.watching import PATIENCE, Cursor, Watch

P = ParamSpec("P")
R = TypeVar("R", bound=Message)
T = TypeVar("T")


class _View:
    """A channel, and what the calls over it share."""

    def __init__(self, channel: grpc.Channel, scope: Scope, timeout: float, patience: float):
        self._channel = channel
        self._scope = scope
        self._timeout = timeout
        self._patience = patience

    def _run(self, call: Call[R]) -> R:
        method = self._channel.unary_unary(
            call.path, type(call.request).SerializeToString, call.response.FromString
        )
        for delay in [*delays(self._patience), None]:
            try:
                response: R = method(call.request, timeout=self._timeout)
                break
            except grpc.RpcError as failed:
                error = error_of(failed, call.path)
                if delay is None or error.reason != "OVERLOADED":
                    raise error from None
                time.sleep(delay)
        if call.writes:
            self._scope.saw(response)
        return response

    def _pages(self, pages: Pages[R, T]) -> Iterator[T]:
        request = pages.call.request
        while True:
            page = self._run(pages.call)
            yield from pages.items(page)
            request.page_token = getattr(page, "next_page_token")  # noqa: B009
            if not request.page_token:
                return

    def _stream(self, stream: Stream[R, T]) -> Iterator[T]:
        for message in self._messages(stream.call):
            yield from stream.items(message)

    def _messages(self, call: Call[R]) -> Iterator[R]:
        method = self._channel.unary_stream(
            call.path, type(call.request).SerializeToString, call.response.FromString
        )
        answer = method(call.request)
        try:
            yield from answer
        except grpc.RpcError as failed:
            raise error_of(failed, call.path) from None
        finally:
            answer.cancel()


class _Method(Generic[P, T]):
    """A call as a method: described by a function, run by the view it is looked up on."""

    def __init__(self, describe: Callable[..., Any], run: Callable[[_View, Any], T]) -> None:
        self._describe = describe
        self._run = run
        self.__doc__ = describe.__doc__

    @overload
    def __get__(self, view: None, owner: type) -> _Method[P, T]: ...
    @overload
    def __get__(self, view: _View, owner: type) -> Callable[P, T]: ...
    def __get__(self, view: _View | None, owner: type) -> Any:
        if view is None:
            return self

        def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return self._run(view, self._describe(view._scope, *args, **kwargs))

        method.__doc__ = self.__doc__
        return method


def _unary(describe: Callable[Concatenate[Scope, P], Call[R]]) -> _Method[P, R]:
    return _Method(describe, _View._run)


def _listed(describe: Callable[Concatenate[Scope, P], Pages[R, T]]) -> _Method[P, Iterator[T]]:
    return _Method(describe, _View._pages)


def _streamed(describe: Callable[Concatenate[Scope, P], Stream[R, T]]) -> _Method[P, Iterator[T]]:
    return _Method(describe, _View._stream)


class Client(_View):
    """A connection to a server; thread-safe. Close it, or use it as a context manager.

    >>> with Client("127.0.0.1:50051") as client:  # doctest: +SKIP
    ...     shop = client.store("shop")
    ...     shop.count(text("country").is_("DE")).contact_count

    Args:
        target: host:port.
        tls: PEM files; None: not encrypted.
        timeout: seconds a unary call may take, repetitions by the channel included.
        patience: seconds to go on trying when the server is overloaded, or a stream breaks.
    """

    def __init__(
        self,
        target: str = "127.0.0.1:50051",
        *,
        tls: Tls | None = None,
        timeout: float = 30.0,
        patience: float = 30.0,
    ) -> None:
        super().__init__(open_channel(target, tls), Scope(), timeout, patience)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._channel.close()

    def store(self, store_id: str) -> Store:
        """Return a view of one store, which need not exist yet.

        Reads of a view see the writes of the same view.
        """
        return Store(self._channel, Scope(store_id), self._timeout, self._patience)

    create_store = _unary(stores.create_store)
    list_stores = _listed(stores.list_stores)
    server_info = _unary(admin.server_info)
    confirm_clock = _unary(admin.confirm_clock)
    rotate_watch_keys = _unary(admin.rotate_watch_keys)


class Store(_View):
    """One store of a server."""

    @property
    def store_id(self) -> str:
        """Its id."""
        return self._scope.store_id

    get = _unary(stores.get)
    update = _unary(stores.update)
    delete = _unary(stores.delete)

    define_attribute = _unary(schema.define_attribute)
    define_behavior = _unary(schema.define_behavior)
    attributes = _listed(schema.attributes)
    behaviors = _listed(schema.behaviors)
    filters = _unary(schema.filters)
    suggest_values = _unary(schema.suggest_values)

    upsert = _unary(ingest.upsert)
    record = _unary(ingest.record)
    delete_contacts = _unary(ingest.delete_contacts)
    merge_contacts = _unary(ingest.merge_contacts)
    set_lifecycle_labels = _unary(ingest.set_lifecycle_labels)

    create_segment = _unary(segments.create_segment)
    segment = _unary(segments.segment)
    list_segments = _listed(segments.list_segments)
    update_segment = _unary(segments.update_segment)
    delete_segment = _unary(segments.delete_segment)
    copy_segment = _unary(segments.copy_segment)
    suggestions = _unary(segments.suggestions)
    create_from_suggestion = _unary(segments.create_from_suggestion)
    preview_update = _unary(segments.preview_update)
    check = _unary(segments.check)
    history = _listed(segments.history)

    count = _unary(evaluation.count)
    explain = _unary(evaluation.explain)
    explain_contact = _unary(evaluation.explain_contact)
    count_operands = _unary(evaluation.count_operands)
    members = _listed(evaluation.members)
    past_members = _listed(evaluation.past_members)
    member_ids = _streamed(evaluation.member_ids)
    stream_members = _streamed(evaluation.stream_members)
    contact = _unary(evaluation.contact)
    check_membership = _unary(evaluation.check_membership)
    overlap = _unary(evaluation.overlap)
    metrics = _unary(evaluation.metrics)
    ordinals = _streamed(evaluation.ordinals)

    create_trigger = _unary(automation.create_trigger)
    trigger = _unary(automation.trigger)
    list_triggers = _listed(automation.list_triggers)
    update_trigger = _unary(automation.update_trigger)
    activate_trigger = _unary(automation.activate_trigger)
    pause_trigger = _unary(automation.pause_trigger)
    delete_trigger = _unary(automation.delete_trigger)
    ack_entries = _unary(automation.ack_entries)
    set_quota = _unary(automation.set_quota)
    quotas = _unary(automation.quotas)

    stats = _unary(admin.stats)
    create_snapshot = _unary(admin.create_snapshot)
    advance_time = _unary(admin.advance_time)

    def resolve(
        self,
        include: Iterable[str],
        exclude: Iterable[str] = (),
        *,
        channel: Channel,
        split: tuple[str, Number, Number] | None = None,
        cap: int = 0,
        cap_salt: str = "",
        request_id: str = "",
    ) -> Resolution:
        """Resolve include and exclude sets into recipients; see `recipient_spec`."""
        spec = recipient_spec(
            include, exclude, channel=channel, split=split, cap=cap, cap_salt=cap_salt
        )
        return self._resolution(Position(self._scope, spec, request_id))

    def watch(
        self,
        *segment_ids: str,
        since: bytes = b"",
        members: bool = False,
        coalesce: bool = False,
        changed_leaves: bool = False,
        patience: float = PATIENCE,
    ) -> Watch:
        """Watch who enters and leaves segments; it ends only with an error, or when you stop.

        Args:
            segment_ids: none: all segments, later ones included.
            since: a resume token of an earlier watch. Empty: from now.
            members: begin with who is in; only without *since*.
            coalesce: unite the changes of one segment while you lag behind.
            changed_leaves: name the leaves whose answers changed.
            patience: seconds for which a server that does not answer is asked again.

        Raises:
            OutOfRange: from the iteration, when changes behind *since* are no longer kept, or the
                service reads data another way now; watch again with *members*.
        """
        cursor = Cursor(
            self._scope,
            segment_ids,
            since=since,
            members=members,
            coalesce=coalesce,
            changed_leaves=changed_leaves,
        )
        return Watch(self._messages, cursor, patience)

    def entries(
        self, trigger_id: str, *, after: int | None = None, patience: float = PATIENCE
    ) -> EntryStream:
        """Read who enters through a trigger; it ends only with an error, or when you stop.

        Process what comes, then `ack_entries` its ``through_sequence``; what was not acknowledged
        comes again, with the same sequences, when it is read again.

        Args:
            trigger_id: the trigger.
            after: begin behind this sequence. None: behind the last acknowledged one.
            patience: seconds for which a server that does not answer is asked again.
        """
        cursor = EntryCursor(self._scope, trigger_id, after)
        return EntryStream(self._messages, cursor, patience)

    def resume(self, resolution_id: str, offset: int = 0) -> Resolution:
        """Go on with a resolution of the last 24 hours from an offset."""
        position = Position(self._scope, None, "")
        position.resolution_id, position.next_offset = resolution_id, offset
        return self._resolution(position)

    def import_contacts(
        self,
        source: pieces.Table,
        *,
        on_invalid: ingest.OnInvalid = "skip",
        unset_nulls: bool = False,
        separator: str = ";",
        import_id: str = "",
        progress: Progress | None = None,
    ) -> uploads.Summary:
        """Make and change many contacts, durable chunk by chunk.

        Args:
            source: Arrow or dicts, with ``contact_id`` and attributes as columns; ``+tags`` and
                ``-tags`` add to and remove from a text set.
            on_invalid: skip wrong rows and name them in the summary, or stop at the first chunk
                that has one.
            unset_nulls: whether a missing value unsets the attribute; else it is left alone.
            separator: cuts lists that come as text.
            import_id: the same id within 24 hours does not do a chunk of the same source twice.
            progress: told the sums after every acknowledged chunk.
        """
        kinds = encoders.attribute_kinds(self.attributes())
        encode = encoders.contacts_encoder(
            self.store_id, kinds, ingest.on_invalid_of(on_invalid), unset_nulls, separator
        )
        rows = pieces.pieces(source, kinds)
        upload = uploads.Upload(rows, encode, import_id or uploads.new_import_id())
        return self._sent(send(self._channel, uploads.CONTACTS, upload, self._patience, progress))

    def import_events(
        self,
        behavior: str,
        source: pieces.Table,
        *,
        on_invalid: ingest.OnInvalid = "skip",
        on_unknown_contact: ingest.OnUnknownContact = "create",
        skip_event_id_check: bool = False,
        separator: str = ";",
        import_id: str = "",
        progress: Progress | None = None,
    ) -> uploads.Summary:
        """Add many events, durable chunk by chunk.

        Args:
            behavior: what was done; "": the column ``behavior`` says it row by row.
            source: Arrow or dicts, with ``contact_id``, ``time``, maybe ``event_id``, and
                properties as columns.
            on_invalid: as in `import_contacts`.
            on_unknown_contact: create it, or refuse the row.
            skip_event_id_check: neither check nor remember event ids, for history that is known to
                hold each event once.
            separator: as in `import_contacts`.
            import_id: as in `import_contacts`.
            progress: as in `import_contacts`.
        """
        kinds = encoders.property_kinds(self.behaviors())
        encode = encoders.EventsEncoder(
            self.store_id,
            kinds,
            ingest.on_invalid_of(on_invalid),
            ingest.on_unknown_of(on_unknown_contact),
            skip_event_id_check,
            separator,
        )
        rows = encoders.event_pieces(source, kinds, behavior)
        upload = uploads.Upload(rows, encode, import_id or uploads.new_import_id())
        return self._sent(send(self._channel, uploads.EVENTS, upload, self._patience, progress))

    def _sent(self, summary: uploads.Summary) -> uploads.Summary:
        self._scope.revision = max(self._scope.revision, summary.revision)
        return summary

    def _resolution(self, position: Position) -> Resolution:
        return Resolution(self._messages, position, self._patience)
