"""Brings a database to the schema of this code, forwards only; a step back is a restored backup.

After a change of `store/schema.py` write the next migration with

    python -m stumper.store.migrate "Add the season table"

and read what it wrote: Alembic cannot tell a renamed column from a dropped and an added one.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, False_, True_, create_engine, inspect, text

from stumper.errors import StoreError
from stumper.store.database import Database
from stumper.store.schema import metadata

VERSION_TABLE = "stumper_version"


def _default_differs(context: MigrationContext, *compared: Any) -> bool | None:
    """Alembic takes SQLite's empty default, read back as (''), for a change; None leaves PostgreSQL to it."""
    _inspected_column, _column, in_database, _default, in_schema = compared
    if context.dialect.name != "sqlite" or in_database is None or in_schema is None:
        return None
    return bool(in_database.strip("'\"()") != in_schema.strip("'\"()"))


def _render(kind: str, item: Any, _context: object) -> str | bool:
    """Writes a yes/no default that both databases read; Alembic would write the number SQLite keeps."""
    default = getattr(item, "arg", None)
    if kind == "server_default" and isinstance(default, False_ | True_):
        return "sa.true()" if isinstance(default, True_) else "sa.false()"
    return False


OPTIONS: dict[str, Any] = {
    "target_metadata": metadata,
    "version_table": VERSION_TABLE,
    "compare_server_default": _default_differs,
    "render_item": _render,
}

# Any number will do, as long as nothing else in the same PostgreSQL database takes it.
_LOCK = 0x5713_9E12


async def migrate(database: Database) -> None:
    """Creates what is missing, or brings an older schema to head; does nothing at head.

    One transaction: it is all done or nothing is. Several processes may start at once.
    Raises StoreError if the schema is newer than this code, unknown, or not Stumper's.
    """
    shown = database.engine.url.render_as_string(hide_password=True)
    async with database.rebuild() as tx:
        await tx.run_sync(_upgrade, shown)


class SchemaState(NamedTuple):
    """Where a database stands beside this code; revisions are names such as ``0010``."""

    current: str | None
    """None without a table of Stumper's."""
    head: str

    @property
    def served(self) -> bool:
        """Whether this code can serve: migrations only add (CONTRIBUTING.md), so a later schema will do."""
        return self.current is not None and self.current.isdigit() and self.current >= self.head


async def schema_state(database: Database) -> SchemaState:
    """Looks, and changes nothing: it makes no file where none is. Raises StoreError without a server."""
    if _no_file(database):
        return SchemaState(None, head())
    async with database.read() as tx:
        return SchemaState(await tx.run_sync(_current), head())


def _no_file(database: Database) -> bool:
    url = database.engine.url
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return False
    return not Path(str(url.database)).exists()


@cache
def head() -> str:
    """The newest revision this code knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _upgrade(connection: Connection, shown: str) -> None:
    if connection.dialect.name == "postgresql":
        # SQLite's BEGIN IMMEDIATE holds others back; PostgreSQL would let two create the same table.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = _config(connection)
    script = ScriptDirectory.from_config(config)
    current, head = _current(connection), script.get_current_head()
    if current == head:
        return
    _refuse_foreign(connection, current, script, shown)
    command.upgrade(config, "head")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    # A percent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts=OPTIONS).get_current_revision()


def _refuse_foreign(connection: Connection, current: str | None, script: ScriptDirectory, shown: str) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    if current is None:
        strangers = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
        if strangers:
            raise StoreError(
                f"{shown} already has tables named {', '.join(strangers[:3])} but no {VERSION_TABLE}, "
                "so Stumper did not make them. Name an empty database with STUMPER_DATABASE."
            )
    elif current not in known:
        newer = current.isdigit() and current > max(known)
        way_out = "Install a newer Stumper" if newer else "Install the Stumper that wrote it"
        raise StoreError(
            f"{shown} has schema {current}, this Stumper knows up to {max(known)}. {way_out}, "
            "restore a backup, or name another database with STUMPER_DATABASE."
        )


def differences(connection: Connection) -> list[Any]:
    """What `schema.py` has that the database has not, and the other way round; empty if they agree."""
    found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=OPTIONS), metadata)
    return found


def write_migration(subject: str) -> Path | None:
    """Writes the migration from the last one to `schema.py`; None if they already agree."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        _upgrade(connection, "sqlite://")
        if not differences(connection):
            return None
        config = _config(connection)
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
        made = command.revision(config, message=subject, rev_id=f"{number:04d}", autogenerate=True)
    engine.dispose()
    return Path(made.path) if isinstance(made, Script) else None


if __name__ == "__main__":
    written = write_migration(" ".join(sys.argv[1:]))
    print(written or "schema.py and the migrations already agree")
