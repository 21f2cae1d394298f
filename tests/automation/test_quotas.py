"""Quotas are told, renew by the store's calendar, and make previews warn."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from segsvc.client import InvalidArgument, Store, text
from segsvc.client.values import when
from tests.serving import Served
from tests.watch.shop import DAY, Shop

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def shop(served: Served) -> Shop:
    return Shop(served).open("Europe/Berlin")


def test_a_quota_is_told_in_parts(store: Store) -> None:
    with pytest.raises(InvalidArgument) as lacking:
        store.set_quota("email", used=3)
    assert [held.field for held in lacking.value.violations] == ["limit"]
    made = store.set_quota("email", limit=1_000).quota
    assert (made.limit, made.used, made.remaining) == (1_000, 0, 1_000)
    told = store.set_quota("email", used=1_200).quota
    assert (told.limit, told.used, told.remaining) == (1_000, 1_200, 0)
    store.set_quota("sms", limit=5, period="none")
    assert [held.channel for held in store.quotas().quotas] == [1, 2]
    assert not store.set_quota("email", remove=True).HasField("quota")
    assert [held.channel for held in store.quotas().quotas] == [2]
    for wrong in ({"limit": -1}, {"remove": True, "limit": 1}):
        with pytest.raises(InvalidArgument):
            store.set_quota("email", **wrong)  # type: ignore[arg-type]


def test_it_renews_with_the_local_month_or_day_or_never(shop: Shop, store: Store) -> None:
    for channel, period in (("email", "month"), ("sms", "day")):
        store.set_quota(channel, limit=10, used=4, period=period)  # type: ignore[arg-type]
    email, sms = store.quotas().quotas
    july = datetime(2024, 7, 1, tzinfo=BERLIN)
    assert when(email.renew_time) == july
    assert when(sms.renew_time) == datetime(2024, 6, 2, tzinfo=BERLIN)
    shop.advance(int(july.timestamp()) - shop.now() - 1)
    assert [held.used for held in store.quotas().quotas] == [4, 0]
    shop.advance(1)
    assert [held.used for held in store.quotas().quotas] == [0, 0]
    credits = store.set_quota("email", used=7, period="none").quota
    assert not credits.HasField("renew_time")
    shop.advance(40 * DAY)
    assert [held.used for held in store.quotas().quotas] == [7, 0]


def test_a_preview_warns_of_the_shortfall(shop: Shop, store: Store) -> None:
    rows = [
        {
            "contact_id": f"c{number}",
            "country": "FR",
            "email": "a@b.c",
            "email_status": "subscribed",
        }
        for number in range(4)
    ]
    store.upsert([{**rows[0], "contact_id": "ann", "country": "DE"}, *rows])
    shop.segment("base", 'country is "DE"')
    for trigger_id in ("one", "two"):
        store.create_trigger(trigger_id, "base", trigger_id=trigger_id)
        store.activate_trigger(trigger_id)
    everybody = text("country").is_set()
    email, sms = store.preview_update("base", everybody).channels
    assert (email.entering_count, email.all_members_count) == (8, 10)
    assert not email.HasField("remaining")
    assert (email.warning, sms.warning) == ("", "")
    store.set_quota("email", limit=20, used=11)
    email, sms = store.preview_update("base", everybody).channels
    assert (email.remaining, email.entering_shortfall, email.all_members_shortfall) == (9, 0, 1)
    assert email.warning == (
        "EMAIL: ALL_MEMBERS makes 10 messages, 1 too many: 9 are left of the quota"
    )
    assert sms.warning == ""
    told = store.preview_update("base", text("country").is_("DE")).channels
    assert [held.entering_count for held in told] == [0, 0]
