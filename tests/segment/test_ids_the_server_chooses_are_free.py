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


def test_names_of_copies_are_cut_and_stay_different(tmp_path: Path) -> None:
    with serving(tmp_path / "names.db") as served, Client(served.target) as client:
        client.create_store("shop")
        shop = client.store("shop")
        long = "x" * 191 + " " + "y" * 8
        shop.create_segment(long, text("country").is_("DE"), segment_id="long")
        copies = [shop.copy_segment("long").segment for _ in range(3)]
        names = [copied.name for copied in copies]
        assert len(set(names)) == 3
        assert all(name == name.strip() and len(name) <= 200 for name in names)
        for copied in copies[1:]:
            shop.update_segment(copied.segment_id, name=f"Renamed {copied.segment_id}")
        for copied in copies:
            shop.delete_segment(copied.segment_id)
        assert [held.segment_id for held in shop.list_segments()] == ["long"]
