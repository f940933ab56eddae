"""What Alembic runs for every command; connection and options come from `stumper.store.migrate`."""

from __future__ import annotations

from alembic import context

from stumper.store.migrate import OPTIONS

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    # SQLite cannot alter most things in place: Alembic copies the table instead.
    render_as_batch=connection.dialect.name == "sqlite",
    **OPTIONS,
)
with context.begin_transaction():
    context.run_migrations()
