"""SQL of backups, of restoring them elsewhere, and of the doctor."""

from __future__ import annotations

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.store.schema import metadata

_MODELS = (
    ("round", "model_ref"),
    ("tuning", "base_ref"),
    ("tuning", "tuned_ref"),
    ("evaluation", "base_ref"),
    ("evaluation", "tuned_ref"),
)


async def counts(tx: AsyncConnection) -> dict[str, int]:
    """Counts the rows of every table; an older schema has fewer."""
    there = await tx.run_sync(lambda connection: set(inspect(connection).get_table_names()))
    found = {}
    for name in sorted(there & metadata.tables.keys()):
        found[name] = int((await tx.execute(text(f'SELECT COUNT(*) FROM "{name}"'))).scalar_one())  # noqa: S608
    return found


async def forgotten(tx: AsyncConnection) -> list[str]:
    """Returns the players who were forgotten; none by a schema from before that could be asked for."""
    columns = await tx.run_sync(lambda connection: inspect(connection).get_columns("player"))
    if all(column["name"] != "forgotten_at" for column in columns):
        return []
    rows = await tx.execute(text("SELECT id FROM player WHERE forgotten_at IS NOT NULL ORDER BY id"))
    return [str(id_) for (id_,) in rows]


async def remembered(tx: AsyncConnection) -> set[str]:
    """Returns the players who were not forgotten."""
    return {str(id_) for (id_,) in await tx.execute(text("SELECT id FROM player WHERE forgotten_at IS NULL"))}


async def move_data(tx: AsyncConnection, *, old: str, new: str) -> None:
    """Makes rows that name releases and models below one data folder name them below another."""
    places = [
        ("release", "path", ""),
        *((table, column, scheme) for table, column in _MODELS for scheme in ("onnx:", "hf:")),
    ]
    for table, column, scheme in places:
        before, after = f"{scheme}{old}/", f"{scheme}{new}/"
        await tx.execute(
            text(
                f'UPDATE "{table}" SET {column} = :after || SUBSTR({column}, :length) '  # noqa: S608
                f"WHERE SUBSTR({column}, 1, :upto) = :before"
            ),
            {"after": after, "length": len(before) + 1, "upto": len(before), "before": before},
        )


async def quick_damage(tx: AsyncConnection) -> list[str]:
    """Returns what SQLite finds wrong without comparing its indexes; PostgreSQL has no such question."""
    if tx.dialect.name != "sqlite":
        return []
    said = [str(line) for (line,) in await tx.execute(text("PRAGMA quick_check(3)"))]
    return [] if said == ["ok"] else said


async def opponent(tx: AsyncConnection, campaign: str) -> str | None:
    query = text(
        "SELECT r.model_ref FROM round r JOIN campaign c ON c.id = r.campaign_id "
        "WHERE c.name = :name AND r.status <> 'closed' ORDER BY r.number DESC LIMIT 1"
    )
    found = (await tx.execute(query, {"name": campaign})).scalar_one_or_none()
    return None if found is None else str(found)
