"""Ids of a large turn are looked up before it is applied; contacts it makes are found too."""

from __future__ import annotations

import asyncio
from pathlib import Path

from segsvc.v1 import ingest_pb2, ingest_service_pb2
from tests.engine.workshop import opened

ROWS = 6_000


async def test_two_requests_of_one_turn_name_the_same_new_contacts(tmp_path: Path) -> None:
    async with opened(tmp_path / "shop.db") as shop:
        await shop.create()
        await shop.contact("known")
        now = shop.engine.clock.now()

        def orders(first: int) -> ingest_service_pb2.RecordEventsRequest:
            rows = [
                ingest_pb2.EventRow(contact_id=f"c{number}", behavior="order_placed")
                for number in range(first, first + ROWS - 1)
            ]
            rows.append(ingest_pb2.EventRow(contact_id="known", behavior="order_placed"))
            for row in rows:
                row.time.seconds = now
            return ingest_service_pb2.RecordEventsRequest(rows=ingest_pb2.EventRows(rows=rows))

        answers = await asyncio.gather(*(shop.write(orders(first)) for first in (0, 100)))
        assert answers[0].revision == answers[1].revision, "one turn"
        assert [answer.facts["created"] for answer in answers] == [ROWS - 1, 100]
        index = shop.state.index
        assert index.contacts.count == 1 + ROWS - 1 + 100
        log = index.log("order_placed")
        for name, events in (("known", 2), ("c0", 1), ("c100", 2), (f"c{ROWS + 98}", 1)):
            ordinal = index.contacts.find_one(name)
            assert ordinal is not None
            assert index.contacts.id_of(ordinal) == name
            assert len(log.rows_of(ordinal)) == events
