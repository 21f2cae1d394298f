"""A segment without a chosen id never takes the place of another."""

from __future__ import annotations

from pathlib import Path

from segsvc.client import Client, text
from tests.serving import serving


def test_a_chosen_id_that_looks_like_the_servers_next_one_stays(tmp_path: Path) -> None:
    with serving(tmp_path / "ids.db") as served, Client(served.target) as client:
        client.create_store("shop")
        shop = client.store("shop")
        germans = text("country").is_("DE")
        first = shop.create_segment("Chosen", germans, segment_id="seg-3")
        assert first.revision == 2
        made = shop.create_segment("Made", text("country").is_("FR"))
        copied = shop.copy_segment("seg-3", name="Copied")
        assert made.segment.segment_id == "seg-3-2"
        assert copied.segment.segment_id == "seg-4"
        assert shop.segment("seg-3").segment.name == "Chosen"
