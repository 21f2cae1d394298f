"""Database URLs: which are taken, and what they mean."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from segsvc.domain.errors import StorageFailed

_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


def parse_url(url: str) -> URL:
    """Return *url* with the driver this package uses.

    >>> parse_url("postgresql://db.example/segments").drivername
    'postgresql+psycopg'

    Raises:
        StorageFailed: when it is no URL, or not one of a SQLite file or of PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StorageFailed(
            "the database URL cannot be read; give sqlite:///path or postgresql://host/name"
        ) from None
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise StorageFailed(
            f"databases of type {parsed.get_backend_name()!r} are not taken; "
            "give sqlite:///path or postgresql://host/name"
        )
    if driver == "sqlite+pysqlite":
        _check_file(parsed)
    return parsed.set(drivername=driver)


def sqlite_path(url: URL) -> Path | None:
    """Return the file of a SQLite database, None for other databases."""
    if url.get_backend_name() != "sqlite":
        return None
    assert url.database is not None
    return Path(url.database)


def shown(url: URL) -> str:
    """Return *url* for people, without its password."""
    return url.render_as_string(hide_password=True)


def _check_file(url: URL) -> None:
    if url.query:
        raise StorageFailed("a SQLite URL takes no parameters; give sqlite:///path")
    if url.database is None or url.database in ("", ":memory:"):
        raise StorageFailed("a SQLite database in memory keeps nothing; give sqlite:///path")
    if url.database.startswith("file:"):
        raise StorageFailed("give the path of a SQLite database plainly, as sqlite:///path")
    folder = Path(url.database).absolute().parent
    if not folder.is_dir():
        raise StorageFailed(f"the folder of the database, {folder}, does not exist")
