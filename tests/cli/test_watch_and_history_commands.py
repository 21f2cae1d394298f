"""``watch``, ``segment history`` and ``members --revision`` against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from google.protobuf.timestamp_pb2 import Timestamp
from typer.testing import CliRunner

from segsvc.cli import app
from segsvc.cli.history import BY_HOUR, bar, drawn
from segsvc.v1 import segment_pb2
from tests.serving import serving
from tests.watch.shop import DAY, Shop

Run = Callable[..., Result]
HOUR = 3_600


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with serving(tmp_path / "cli.db") as served:
        shop = Shop(served).open()
        shop.segment("buyers", "has done order_placed in the last 2 days")
        yield shop


@pytest.fixture
def run(shop: Shop) -> Run:
    environment = {
        "SEGSVC_SERVER": shop.served.target,
        "SEGSVC_STORE": shop.store_id,
        "COLUMNS": "100",
    }

    def invoke(*arguments: str) -> Result:
        done = CliRunner().invoke(app, list(arguments), env=environment)
        assert done.exit_code == 0, done.output
        return done

    return invoke


def test_history_is_drawn_by_local_day_and_hour(shop: Shop, run: Run) -> None:
    shop.event("ann", "bob")
    shop.advance(3 * HOUR)
    shop.event("cat")
    shop.advance(2 * DAY)
    lines = [line.split() for line in run("segment", "history", "buyers").stdout.splitlines()]
    assert lines[0] == ["from", "(UTC)", "contacts", "entered", "left"]
    assert lines[1:] == [
        ["2024-06-01", "Sat", "█" * 30, "3", "+3"],
        ["2024-06-02", "Sun", "█" * 30, "3"],
        ["2024-06-03", "Mon", "0", "-3"],
    ]
    hours = run("segment", "history", "buyers", "--hourly", "--end", "2024-06-01T13:00:00")
    assert hours.stdout.splitlines()[-1].split() == [
        *("2024-06-01", "12:00", "UTC", "█" * 30, "2", "+2")
    ]
    points = [
        json.loads(line)
        for line in run("segment", "history", "buyers", "--json").stdout.splitlines()
    ]
    assert [int(point["contact_count"]) for point in points] == [3, 3, 0]


def test_bars_show_the_least() -> None:
    assert [bar(size, 1_000, 4) for size in (0, 1, 250, 300, 1_000)] == [
        "",
        "▏",
        "█",
        "█▎",
        "████",
    ]
    assert bar(0, 0) == ""


def test_members_of_a_past_revision(shop: Shop, run: Run) -> None:
    first = shop.event("ann")
    second = shop.event("bob")
    shop.advance(3 * DAY)
    listed = run("members", "--segment", "buyers", "--revision", str(first))
    assert listed.stdout.split() == ["contact_id", "ann"]
    both = run("members", "--segment", "buyers", "--revision", str(second), "--json")
    assert [json.loads(line)["contact_id"] for line in both.stdout.splitlines()] == ["ann", "bob"]
    assert run("members", "--segment", "buyers").stdout.split() == ["contact_id"]
    wrong = CliRunner().invoke(app, ["members", "country is set", "--revision", "3"])
    assert wrong.exit_code == 2


@pytest.mark.parametrize(("revision", "code"), [("0", 2), ("1000", 1)])
def test_a_revision_that_is_not_there_prints_no_members(
    shop: Shop, revision: str, code: int
) -> None:
    given = ["members", "--segment", "buyers", "--revision", revision]
    environment = {"SEGSVC_SERVER": shop.served.target, "SEGSVC_STORE": shop.store_id}
    refused = CliRunner().invoke(app, given, env=environment)
    assert refused.exit_code == code
    assert "contact_id" not in refused.stdout
    assert "revision" in refused.stderr


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    before, zone = 1_729_987_200, ZoneInfo("Europe/Berlin")  # 2024-10-27 02:00 in summer time
    points = [
        segment_pb2.HistoryPoint(start_time=Timestamp(seconds=before + hour * HOUR))
        for hour in range(3)
    ]
    labels = list(drawn(points, zone, BY_HOUR).columns[0].cells)
    assert labels == [f"2024-10-27 {told}" for told in ("02:00 CEST", "02:00 CET", "03:00 CET")]


def test_watch_goes_on_from_a_token_that_it_printed(shop: Shop, run: Run) -> None:
    shop.event("ann")
    begun = run("watch", "buyers", "--members", "--limit", "1", "--json")
    snapshot = json.loads(begun.stdout)
    assert (snapshot["cause"], snapshot["entered"]) == ("SNAPSHOT", ["ann"])
    shop.event("bob")
    shop.delete("ann")
    told = run(
        "watch", "buyers", "--since", snapshot["resume_token"], "--limit", "2", "--why"
    ).stdout.splitlines()
    assert told[0].endswith("buyers +1 -0 data +bob [the only leaf]")
    assert told[1].endswith("buyers +0 -1 contact_deleted -ann")


@pytest.mark.parametrize(
    "given",
    [("--since", "***"), ("--since", "AAAA", "--members"), ("--limit", "-1")],
)
def test_a_watch_that_cannot_begin_as_asked_is_refused(shop: Shop, given: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["watch", *given]).exit_code == 2
