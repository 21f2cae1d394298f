"""A watch continues where it stopped: over hang-ups, restarts and snapshots, until compacted."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from segsvc.domain.errors import InvalidToken
from segsvc.rpc.resume_tokens import ResumeTokens
from segsvc.v1 import admin_service_pb2, watch_service_pb2, watch_service_pb2_grpc
from tests.serving import serving
from tests.watch.shop import DAY, Known, Shop, Watcher, as_json


def test_every_token_continues_exactly(shop: Shop) -> None:
    shop.segment("germans", 'country is "DE"')
    shop.segment("french", 'country is "FR"')
    watcher = shop.watch()
    for number in range(4):
        last = shop.contact(f"a{number}", f"b{number}", country="DE" if number % 2 else "FR")
    watcher.until(last)
    tokens = [(place, held.resume_token) for place, held in enumerate(watcher.seen)]
    for place, token in tokens:
        if token and place + 1 < len(watcher.seen):
            again = shop.watch(resume_token=token)
            rest = [again.first]
            while len(rest) < len(watcher.seen) - place - 1:
                rest.append(again.next())
            assert list(map(as_json, rest)) == list(map(as_json, watcher.seen[place + 1 :]))
            again.stop()


def test_over_a_restart_with_and_without_a_snapshot(tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    with serving(database) as served:
        shop = Shop(served).open()
        shop.segment("germans", 'country is "DE"')
        watcher = shop.watch()
        begun = watcher.token
        watcher.until(shop.contact("ann", country="DE"))
        middle = watcher.token
        shop.snapshot()
        watcher.until(shop.contact("bob", country="DE"))
        live = [as_json(held) for held in watcher.seen]
    with serving(database) as served:
        shop = Shop(served)
        last = shop.contact("cat", country="DE")
        again = shop.watch(resume_token=begun)
        again_seen = [again.first, *again.until(last)]
        assert [as_json(held) for held in again_seen[:-1]] == live[1:]
        shorter = shop.watch(resume_token=middle)
        seen = [shorter.first, *shorter.until(last)]
        assert list(map(as_json, seen)) == list(map(as_json, again_seen[1:]))


def test_the_server_says_goodbye_and_nothing_is_lost(tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    known = Known()
    with serving(database, stop_grace=5.0) as served:
        shop = Shop(served).open()
        shop.segment("germans", 'country is "DE"')
        channel = grpc.insecure_channel(served.target)
        stub = watch_service_pb2_grpc.WatchServiceStub(channel)
        watcher = Watcher(stub.Watch(watch_service_pb2.WatchRequest(store_id="shop")))
        watcher.until(shop.contact("ann", country="DE"))
    with pytest.raises(grpc.RpcError) as ended:
        watcher.until(10**9)
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    for message in watcher.seen:
        known.apply(message)
    with serving(database) as served:
        shop = Shop(served)
        last = shop.contact("bob", country="DE")
        again = shop.watch(resume_token=watcher.token)
        assert again.first.revision == last
        known.apply(again.first)
    channel.close()
    assert known.members == {"germans": {"ann", "bob"}}


def refused(watcher: Watcher | None) -> None:
    raise AssertionError(f"the watch began with {watcher}")


def test_a_compacted_token_is_out_of_range_and_a_snapshot_helps(tmp_path: Path) -> None:
    with serving(tmp_path / "shop.db", keep_changes_hours=24) as served:
        shop = Shop(served).open()
        shop.segment("germans", 'country is "DE"')
        watcher = shop.watch()
        begun = watcher.token
        watcher.until(shop.contact("ann", country="DE"))
        shop.advance(3 * DAY)
        shop.snapshot()
        shop.snapshot()
        with pytest.raises(grpc.RpcError) as raised:
            refused(shop.watch(resume_token=begun))
        assert raised.value.code() is grpc.StatusCode.OUT_OF_RANGE
        assert "compacted" in raised.value.details()
        fresh = shop.watch(initial_snapshot=2)
        known = Known()
        known.apply(fresh.first)
        assert known.members == {"germans": {"ann"}}


@pytest.mark.parametrize("damage", [lambda t: t[:-1] + b"x", lambda t: b"x" + t, lambda t: t[:9]])
def test_a_changed_token_is_refused(shop: Shop, damage: object) -> None:
    token = shop.watch().token
    with pytest.raises(grpc.RpcError) as raised:
        refused(shop.watch(resume_token=damage(token)))  # type: ignore[operator]
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_token_of_another_store_is_refused(shop: Shop) -> None:
    token = shop.watch().token
    other = Shop(shop.served, "other").open()
    with pytest.raises(grpc.RpcError) as raised:
        refused(other.watch(resume_token=token))
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_token_outlives_one_new_key_and_not_two(shop: Shop) -> None:
    rotate = shop.served.admin.RotateWatchKeys
    shop.segment("germans", 'country is "DE"')
    watcher = shop.watch()
    old = watcher.token
    last = shop.contact("ann", country="DE")
    assert rotate(admin_service_pb2.RotateWatchKeysRequest()).valid_keys == 2
    watcher.until(shop.contact("bob", country="DE"))
    assert shop.watch(resume_token=old).first.revision == last
    rotate(admin_service_pb2.RotateWatchKeysRequest())
    with pytest.raises(grpc.RpcError) as raised:
        refused(shop.watch(resume_token=old))
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    newer = shop.contact("cat", country="DE")
    assert shop.watch(resume_token=watcher.token).first.revision == newer


def test_a_token_is_of_one_caller(shop: Shop) -> None:
    state = shop.served.server.engine.store(shop.store_id)
    tokens = ResumeTokens((b"new", b"old"))
    before = ResumeTokens((b"old",)).make(state, "sender", state.revision)
    assert tokens.read(state, "sender", before) == state.revision
    with pytest.raises(InvalidToken):
        tokens.read(state, "editor", before)


def test_hanging_up_at_any_moment(shop: Shop) -> None:
    """A watcher that hangs up inside and between revisions and resumes: all of it adds up."""
    shop.segment("germans", 'country is "DE"')
    shop.segment("french", 'country is "FR"')
    chance = random.Random(7)
    known, token, told = Known(), b"", 0
    whole: list[watch_service_pb2.WatchResponse] = []

    def take(call: Iterator[watch_service_pb2.WatchResponse]) -> None:
        nonlocal token, told
        whole.append(next(call))
        if whole[-1].resume_token:
            token, told = whole[-1].resume_token, whole[-1].revision
            for message in whole:
                known.apply(message)
            whole.clear()

    call = shop.served.watch.Watch(
        watch_service_pb2.WatchRequest(store_id=shop.store_id, initial_snapshot=2)
    )
    for _ in range(60):
        some = [f"c{chance.randrange(30)}" for _ in range(4)]
        last = shop.contact(*dict.fromkeys(some), country=chance.choice(["DE", "FR"]))
        while told < last and chance.random() < 0.8:
            take(call)
        if token and chance.random() < 0.5:
            call.cancel()
            whole.clear()
            call = shop.served.watch.Watch(
                watch_service_pb2.WatchRequest(store_id=shop.store_id, resume_token=token)
            )
    while told < last:
        take(call)
    call.cancel()
    assert known.members == {name: shop.members(name) for name in ("germans", "french")}


@pytest.mark.parametrize("restarts", [1, 2])
@pytest.mark.parametrize("with_snapshot", [False, True])
@pytest.mark.parametrize("later", [0, 60])
def test_a_token_of_what_a_restored_backup_never_saw_is_refused(
    tmp_path: Path, restarts: int, with_snapshot: bool, later: int
) -> None:
    database, backup = tmp_path / "shop.db", tmp_path / "backup.db"
    with serving(database) as served:
        shop = Shop(served).open()
        shop.segment("germans", 'country is "DE"')
        watcher = shop.watch()
        watcher.until(shop.contact("ann", country="DE"))
        kept = watcher.token
    shutil.copyfile(database, backup)
    with serving(database) as served:
        shop = Shop(served)
        watcher = shop.watch(resume_token=kept)
        watcher.until(shop.contact("bob", country="DE"))
        lost = watcher.token
    written = []
    for _ in range(restarts):
        with serving(backup) as served:
            shop = Shop(served)
            shop.advance(later)
            written.append(shop.contact(f"eve-{len(written)}", country="DE"))
            if with_snapshot:
                shop.snapshot()
    with serving(backup) as served:
        shop = Shop(served)
        with pytest.raises(grpc.RpcError) as raised:
            refused(shop.watch(resume_token=lost))
        assert raised.value.code() is grpc.StatusCode.OUT_OF_RANGE
        assert shop.watch(resume_token=kept).first.revision == written[0]
