"""A clock that runs ahead moves nothing until an operator says that it is right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from typer.testing import CliRunner

from segsvc.cli import app
from segsvc.domain.calendar import Weekday
from segsvc.engine.clock import SystemClock
from segsvc.v1 import admin_service_pb2
from tests.definitions.stage import staged
from tests.serving import Served, serving
from tests.watch.shop import DAY, NOW, Shop, told

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
BUYERS = "has done order_placed in the last 1 day"


class Timepiece(SystemClock):
    """A system clock over two hands that a test moves."""

    def __init__(self, wall: float) -> None:
        self.wall_hand = wall
        self.monotonic_hand = 0.0
        super().__init__(lambda: self.wall_hand, lambda: self.monotonic_hand)

    def pass_time(self, seconds: float) -> None:
        """Move both hands, as time does."""
        self.wall_hand += seconds
        self.monotonic_hand += seconds

    def advance_to(self, instant: int) -> None:
        """Jump."""
        self.wall_hand = instant


def health_of(served: Served, service: str = "") -> Iterator[int]:
    stub = health_pb2_grpc.HealthStub(served.channel)
    for answer in stub.Watch(health_pb2.HealthCheckRequest(service=service)):
        yield answer.status


def refused(call: object, *arguments: object) -> None:
    assert callable(call)
    with pytest.raises(grpc.RpcError) as raised:
        call(*arguments)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "ConfirmClock" in raised.value.details()


def test_a_jump_stops_everything_until_it_is_confirmed(tmp_path: Path) -> None:
    clock = Timepiece(NOW)
    with serving(tmp_path / "shop.db", clock, clock="system") as served:
        shop = Shop(served).open()
        shop.segment("buyers", BUYERS)
        shop.event("ann")
        health = health_of(served)
        assert next(health) == SERVING
        state = served.server.engine.store(shop.store_id)
        before = state.revision, state.at

        clock.wall_hand += 2 * DAY
        refused(shop.contact, "bob")
        refused(shop.members, "buyers")
        assert next(health) == NOT_SERVING
        assert (state.revision, state.at) == before, "nothing moved"
        info = served.admin.GetServerInfo(admin_service_pb2.GetServerInfoRequest())
        assert "jumped" in info.clock_suspicion

        confirmed = CliRunner().invoke(app, ["clock", "confirm", "--server", served.target])
        assert confirmed.exit_code == 0, confirmed.output
        assert next(health) == SERVING
        assert shop.members("buyers") == set()
        assert state.at > before[1]
        again = CliRunner().invoke(app, ["clock", "confirm", "--server", served.target])
        assert again.exit_code == 1


def test_what_fell_due_happens_when_it_is_confirmed(tmp_path: Path) -> None:
    clock = Timepiece(NOW)
    with serving(tmp_path / "shop.db", clock, clock="system") as served:
        shop = Shop(served).open()
        shop.segment("buyers", BUYERS)
        ordered = shop.event("ann")
        watcher = shop.watch("buyers")
        assert watcher.first.revision == ordered
        health = health_of(served)
        assert next(health) == SERVING
        clock.wall_hand += 2 * DAY
        assert next(health) == NOT_SERVING, "also when nobody calls"
        served.admin.ConfirmClock(admin_service_pb2.ConfirmClockRequest())
        while not watcher.next().HasField("deltas"):
            pass
        assert told(watcher.seen[-1].deltas.deltas[0]) == ("buyers", "TIME", [], ["ann"])
        assert next(health) == SERVING


def test_a_start_after_long_waits_too(tmp_path: Path) -> None:
    with serving(tmp_path / "shop.db", Timepiece(NOW), clock="system") as served:
        shop = Shop(served).open()
        shop.segment("buyers", BUYERS)
        shop.event("ann")
    with serving(tmp_path / "shop.db", Timepiece(NOW + 31 * DAY), clock="system") as served:
        assert next(health_of(served)) == SERVING, "a month is possible"
        assert Shop(served).members("buyers") == set()
        last = served.server.engine.store("shop").at
    with serving(tmp_path / "shop.db", Timepiece(last + 31 * DAY + 1), clock="system") as served:
        assert next(health_of(served)) == NOT_SERVING
        assert next(health_of(served, "segsvc.v1.EvaluationService")) == NOT_SERVING
        refused(Shop(served).members, "buyers")
        shown = CliRunner().invoke(app, ["clock", "show", "--server", served.target])
        assert "not trusted: the system clock is 31 days ahead" in shown.output
        served.admin.ConfirmClock(admin_service_pb2.ConfirmClockRequest())
        assert Shop(served).members("buyers") == set()


@pytest.mark.parametrize("killed", [False, True])
async def test_what_was_confirmed_is_still_trusted_at_the_next_start(
    tmp_path: Path, killed: bool
) -> None:
    """Of many stores, and also where time changed no membership for long."""
    later = NOW + 400 * DAY
    async with staged(tmp_path / "shop.db", clock=Timepiece(NOW)) as stage:
        await stage.create("buyers", BUYERS)
        await stage.orders(["ann"])
        await stage.engine.create_store("quiet", "", "UTC", Weekday.MONDAY, "", "")
    async with staged(tmp_path / "shop.db", clock=Timepiece(later), crash=killed) as stage:
        assert stage.engine.clock.suspicion
        await stage.engine.confirm_clock()
        assert [held.at for held in stage.engine.stores()] == [later, later]
        assert not stage.members("buyers")
    async with staged(tmp_path / "shop.db", clock=Timepiece(later + 30 * DAY)) as stage:
        assert not stage.engine.clock.suspicion


@pytest.mark.parametrize(("seconds", "trusted"), [(60.0, True), (60.5, False)])
def test_a_minute_is_the_limit(seconds: float, trusted: bool) -> None:
    clock = Timepiece(time.time())
    clock.pass_time(3_600)
    assert not clock.suspicion
    clock.wall_hand += seconds
    assert bool(clock.suspicion) is not trusted
    clock.wall_hand -= seconds
    assert bool(clock.suspicion) is not trusted, "once it jumped, somebody must look"
