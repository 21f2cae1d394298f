"""Bring the tables of a database to the newest revision."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

_ADVISORY_LOCK = 0x5E65_7C01
"""Any number that nothing else in the database locks."""


def migrate(connection: Connection) -> None:
    """Run what migrations the database lacks; the caller has begun a transaction.

    Raises:
        alembic.util.CommandError: when a newer version of the service made the tables.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = Config()
    config.set_main_option("script_location", "segsvc.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
