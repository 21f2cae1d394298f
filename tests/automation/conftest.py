from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segsvc.client import Client, Store
from tests.automation.reader import Reader
from tests.serving import Served, serving
from tests.watch.shop import Shop


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "automation.db") as running:
        yield running


@pytest.fixture
def shop(served: Served) -> Shop:
    """Rows, segments and time of the store."""
    return Shop(served).open()


@pytest.fixture
def store(served: Served, shop: Shop) -> Iterator[Store]:
    """The same store through the client, which has its triggers."""
    with Client(served.target) as client:
        yield client.store(shop.store_id)


@pytest.fixture
def reader(store: Store) -> Reader:
    return Reader(store)
