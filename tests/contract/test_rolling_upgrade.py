"""Old and new code share a database while an upgrade rolls: migrations only add, and code bears it."""

from __future__ import annotations

import ast
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from stumper import campaigns
from stumper.app import build
from stumper.config import Settings
from stumper.errors import StoreError
from stumper.front import stream
from stumper.records import Rules
from stumper.store import migrate as migrations
from stumper.store.migrate import VERSION_TABLE, head, migrate, schema_state
from stumper.store.schema import metadata
from tests.front.world import Clock, World, join, play_through, start, web_of

FIRST_ADDITIVE: Final = "0011"
"""Before it there was one process only, which could be stopped for a migration."""
CONTRACTING: Final = frozenset[str]()
"""Migrations that take away what the release before already did without: name each with that release."""
TAKES_AWAY: Final = {
    "drop_column", "drop_table", "rename_table", "alter_column",
    "create_unique_constraint", "create_foreign_key", "create_check_constraint",
}  # fmt: skip
"""What the statements of older code may fail on; a constraint within a new table harms nobody."""
FOLDER = Path(migrations.__file__).parent / "migrations" / "versions"
ADDITIVE = [path for path in sorted(FOLDER.glob("*.py")) if path.name[:4] >= FIRST_ADDITIVE]


def faults(source: str) -> list[str]:
    """What in a migration's ``upgrade`` older code could fail on."""
    upgrade = next(
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    calls = [node for node in ast.walk(upgrade) if isinstance(node, ast.Call)]
    named = [(call.func.attr, call) for call in calls if isinstance(call.func, ast.Attribute)]
    made = {ast.literal_eval(call.args[0]) for name, call in named if name == "create_table"}
    found = [f"line {call.lineno}: {name}" for name, call in named if name in TAKES_AWAY]
    for name, call in named:
        if name == "add_column":
            column = next(one for one in ast.walk(call) if isinstance(one, ast.Call) and one is not call)
            given = {word.arg: word.value for word in column.keywords}
            nullable = given.get("nullable")
            optional = nullable is None or ast.literal_eval(nullable)
            if not optional and "server_default" not in given:
                found.append(f"line {call.lineno}: a column that older code does not fill, without a default")
        if name == "create_index":
            unique = any(word.arg == "unique" and ast.literal_eval(word.value) for word in call.keywords)
            table = ast.literal_eval(call.args[1]) if len(call.args) > 1 else ""
            if unique and table and table not in made:
                found.append(f"line {call.lineno}: a unique index on rows that older code writes")
    return found


@pytest.mark.parametrize("path", ADDITIVE, ids=lambda path: path.stem)
def test_a_migration_only_adds(path: Path) -> None:
    if path.name[:4] in CONTRACTING:
        pytest.skip("takes away what the release before did without")

    assert faults(path.read_text(encoding="utf-8")) == [], (
        "add now; take away a release later, when no code that uses it can run (CONTRIBUTING.md)"
    )


@pytest.mark.parametrize(
    ("line", "harmless"),
    [
        ("op.add_column('player', sa.Column('mood', sa.Text()))", True),
        ("op.add_column('player', sa.Column('mood', sa.Text(), nullable=True))", True),
        ("op.add_column('player', sa.Column('mood', sa.Text(), nullable=False, server_default=''))", True),
        ("op.add_column('player', sa.Column('mood', sa.Text(), nullable=False))", False),
        ("op.create_table('mood', sa.Column('id', sa.Text(), nullable=False))", True),
        ("op.create_index('by_mood', 'player', ['mood'])", True),
        ("op.create_index('by_mood', 'player', ['mood'], unique=True)", False),
        ("op.drop_column('player', 'nickname')", False),
        ("op.drop_table('player')", False),
        ("op.rename_table('player', 'person')", False),
        ("op.alter_column('player', 'nickname', new_column_name='name')", False),
    ],
)
def test_what_counts_as_adding(line: str, harmless: bool) -> None:
    assert (faults(f"def upgrade() -> None:\n    {line}\n") == []) == harmless


@pytest.fixture
async def world(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """This code, which the next version's migrations are about to overtake."""
    monkeypatch.setattr(stream, "GRID_S", 0.001)
    chosen = Settings(data=tmp_path, database=database_url, model="scripted:text=two", secret="s")  # type: ignore[arg-type]
    clock = Clock()
    async with build(chosen, clock=clock, rng=random.Random(7), prepare=False) as app:
        async with app.database.begin() as tx:
            campaign = await campaigns.open_campaign(
                tx, name="toytown", model_ref=chosen.model, now=clock(), rng=random.Random(1),
                rules=Rules(turns=2),
            )  # fmt: skip
        opened = World(app=app, web=web_of(app), clock=clock, campaign=campaign)
        await opened.add_pictures(tainted=6, untainted=6)
        yield opened


async def _overtake(world: World) -> None:
    """Adds to every table what a later version may add, under a running process."""
    statements = [
        f"ALTER TABLE {world.app.database.engine.dialect.identifier_preparer.quote(name)} ADD COLUMN {column}"
        for name in metadata.tables
        for column in ("later_maybe TEXT", "later_always INTEGER NOT NULL DEFAULT 7")
    ]
    async with world.app.database.begin() as tx:
        for statement in [*statements, "CREATE TABLE later (id TEXT PRIMARY KEY)"]:
            await tx.execute(text(statement))
        newer = {"version": f"{int(head()) + 1:04d}"}
        await tx.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :version"), newer)


async def test_code_goes_on_playing_on_a_schema_of_the_next_version(world: World) -> None:
    async with world.phone() as phone:
        await join(phone)
        session = await start(phone)
        await _overtake(world)

        ended = await play_through(phone, world.clock, session)
        again = await start(phone)
        ready = await phone.get("/readyz")

    assert ended["finished"]
    assert again["turn"]
    assert (ready.status_code, ready.json()["checks"]["schema"]) == (200, True)


async def test_a_process_of_the_older_version_does_not_start_on_it(world: World) -> None:
    await _overtake(world)

    assert (await schema_state(world.app.database)).served
    with pytest.raises(StoreError, match="newer Stumper"):
        await migrate(world.app.database)
