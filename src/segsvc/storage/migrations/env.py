"""Runs the migrations on the connection that `segsvc.storage.migrate` hands over."""

from alembic import context

from segsvc.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
