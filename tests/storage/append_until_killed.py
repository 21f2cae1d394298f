"""Appends to store ``shop`` and prints each revision once it is acknowledged, until killed."""

from __future__ import annotations

import sys

from segsvc.storage import Storage
from tests.storage.storage_cases import (
    ArraySection,
    payload_of,
    random_array,
    state,
    store_record,
    writes,
)


def main(url: str) -> None:
    """Go on from the revision the database holds; take a snapshot at every tenth."""
    storage = Storage.open(url)
    if not storage.store_ids():
        storage.create_store("shop", store_record("shop"))
    base = storage.latest_snapshot("shop")
    revision = 1 if base is None else base.revision
    for record in storage.read_journal("shop", 0 if base is None else revision):
        revision = record.revision
    while True:
        revision += 1
        storage.append([writes("shop", revision, payload_of(revision))])
        print(revision, flush=True)
        if revision % 10 == 0:
            sections = [ArraySection("a", random_array(revision, 5_000))]
            storage.write_snapshot("shop", revision, revision, state(sections))


if __name__ == "__main__":
    main(sys.argv[1])
