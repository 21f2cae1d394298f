"""The Python client: `Client` blocks, `AsyncClient` is awaited; both have the same methods.

>>> from segsvc.client import Client, days, has_done, text
>>> with Client("127.0.0.1:50051") as client:  # doctest: +SKIP
...     shop = client.store("shop")
...     regulars = has_done("order_placed").in_the_last(days(90)).count >= 3
...     shop.count(text("country").is_("DE") & regulars).contact_count

Answers are the messages of ``segsvc.v1``. Errors are the classes of `errors`. Calls that no server
answered are repeated; writes carry a request id, so that they are done once.
"""

from segsvc.client.awaiting import AsyncClient, AsyncStore
from segsvc.client.blocking import Client, Store
from segsvc.client.calls.ingest import event
from segsvc.client.channel import Tls
from segsvc.client.conditions import *  # noqa: F403
from segsvc.client.conditions import __all__ as _conditions
from segsvc.client.encoders import RejectedRow
from segsvc.client.entries import AsyncEntryStream, Entries, Entry, EntryStream
from segsvc.client.errors import (
    Aborted,
    AlreadyExists,
    CallFailed,
    Cancelled,
    DeadlineExceeded,
    FailedPrecondition,
    FieldViolation,
    Internal,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    PreconditionViolation,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from segsvc.client.recipients import AsyncResolution, Resolution
from segsvc.client.uploads import Summary
from segsvc.client.values import yearless
from segsvc.client.watching import AsyncWatch, Change, Watch

__all__ = [
    "Aborted",
    "AlreadyExists",
    "AsyncClient",
    "AsyncEntryStream",
    "AsyncResolution",
    "AsyncStore",
    "AsyncWatch",
    "CallFailed",
    "Cancelled",
    "Change",
    "Client",
    "DeadlineExceeded",
    "Entries",
    "Entry",
    "EntryStream",
    "FailedPrecondition",
    "FieldViolation",
    "Internal",
    "InvalidArgument",
    "NotFound",
    "OutOfRange",
    "PermissionDenied",
    "PreconditionViolation",
    "RejectedRow",
    "Resolution",
    "ResourceExhausted",
    "Store",
    "Summary",
    "Tls",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Watch",
    "event",
    "yearless",
    *_conditions,
]
