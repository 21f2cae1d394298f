"""The tables that every column store gets: typed as tightly as they allow, and pre-aggregated.

All-time counts, latest times and spend are columns of contacts, because segsvc keeps them too and
an engineer who is asked for them often would. Events are sorted by time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.stores.files import Files

Int16 = np.ndarray[Any, np.dtype[np.int16]]

TEXTS = (
    "gender", "country", "city", "language", "registration_source", "email_status", "sms_status",
)  # fmt: skip
"""Low-cardinality texts."""

FLAGS = ("is_member", "email_invalid", "sms_invalid")
STRINGS = ("contact_id", "name", "email", "phone")


def contact_table(files: Files) -> pa.Table:
    """Return one row per contact in the order of ``id``.

    ``birth_day`` is month * 100 + day (0: unknown), times are UTC seconds, money is cents.
    """
    read = pq.read_table(files.contacts)
    columns = {name: read.column(name) for name in ("id", *STRINGS, *TEXTS, *FLAGS, "tags")}
    columns["birthday"] = read.column("birthday")
    columns["birth_day"] = pa.array(_birth_days(read.column("birthday")))
    columns["registered_at"] = read.column("registered_at").cast(pa.uint32())
    columns["points"] = read.column("points").cast(pa.int32())
    count = read.num_rows
    for behavior in files.behaviors:
        held = pq.read_table(files.events(behavior), columns=["contact", "time"])
        contact = held.column("contact").to_numpy()
        latest = np.zeros(count, np.uint32)
        np.maximum.at(latest, contact, held.column("time").to_numpy().astype(np.uint32))
        columns[f"n_{behavior}"] = pa.array(np.bincount(contact, minlength=count).astype("u4"))
        columns[f"last_{behavior}"] = pa.array(latest)
    orders = pq.read_table(files.events("order_placed"), columns=["contact", "cents"])
    spend = np.bincount(
        orders.column("contact").to_numpy(), orders.column("cents").to_numpy(), count
    )
    columns["spend"] = pa.array(spend.astype(np.int64))
    return pa.table(columns)


def _birth_days(birthday: pa.ChunkedArray) -> Int16:
    encoded = birthday.cast(pa.string()).combine_chunks().dictionary_encode()
    tail = pc.utf8_slice_codeunits(encoded.dictionary, -5)
    digits = pc.replace_substring(tail, "-", "").cast(pa.int16())
    codes = encoded.indices.fill_null(len(digits)).to_numpy(zero_copy_only=False)
    found: Int16 = np.append(digits.to_numpy(), 0).astype(np.int16)[codes]
    return found


def event_table(files: Files, behavior: str) -> pa.Table:
    """Return events sorted by time: ``contact``, ``time`` and the properties."""
    read = pq.read_table(files.events(behavior))
    names = [name for name in read.schema.names if name not in ("contact_id", "value")]
    columns = {name: read.column(name) for name in names}
    columns["time"] = columns["time"].cast(pa.uint32())
    return pa.table(columns).sort_by("time")


def tag_names(contacts: pa.Table) -> list[str]:
    """Return every tag."""
    return sorted(pc.unique(contacts.column("tags").combine_chunks().flatten()).to_pylist())
