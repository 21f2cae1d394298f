"""The one place where errors of the database and the disk become errors of the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from segsvc.domain.errors import StorageFailed


@contextmanager
def reported(doing: str) -> Iterator[None]:
    """Raise `StorageFailed` ("could not *doing*: why") for what goes wrong below.

    Errors of the service and programming errors pass as they are.
    """
    try:
        yield
    except (SQLAlchemyError, CommandError, OSError) as error:
        raise StorageFailed(f"could not {doing}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Say what the database said, without the statement and its values."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(said).split()) or type(said).__name__
