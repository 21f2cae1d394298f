"""Databases for the tests: SQLite, and PostgreSQL too where SEGSVC_TEST_POSTGRESQL has a URL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from segsvc.storage import Storage
from segsvc.storage.tables import metadata
from segsvc.storage.url import parse_url

POSTGRESQL = os.environ.get("SEGSVC_TEST_POSTGRESQL")
BACKENDS = ["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"]


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'segsvc.db'}"


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return sqlite_url
    assert POSTGRESQL is not None
    engine = create_engine(parse_url(POSTGRESQL))
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    return POSTGRESQL


@pytest.fixture
def storage(url: str) -> Iterator[Storage]:
    """An open storage without stores."""
    opened = Storage.open(url)
    yield opened
    opened.close()


@pytest.fixture
def beside(url: str) -> Iterator[Callable[[Callable[[Connection], object]], None]]:
    """Runs a change in the database behind the back of storage."""
    engine = create_engine(parse_url(url))

    def run(change: Callable[[Connection], object]) -> None:
        with engine.begin() as connection:
            change(connection)

    yield run
    engine.dispose()
