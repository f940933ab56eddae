"""After a player is forgotten: releases are withdrawn, the next one is built without them, folders go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from stumper.accounts.aftermath import Aftermath, forget_everywhere
from stumper.accounts.forget import forget
from stumper.curate.pipeline import pseudonym
from stumper.errors import Conflict
from stumper.images.files import Files, FolderFiles
from stumper.records import PlayerId, Release
from stumper.release import freeze, read_rows, verify_release
from stumper.release.withdraw import queries, renew
from stumper.release.withdraw.renew import ensure_current, succeed
from stumper.store import schema
from stumper.store.database import Database
from tests.release.rows import CAMPAIGN, FIRST, SECOND, Fact, accept, facts, open_campaign

MARK = "Zebrafink"
EVE = PlayerId("eve7x2k9")
OF_EVE = [
    Fact(picture=n, question=f"Is the {MARK} on branch {n}?", answer=f"the {MARK}") for n in range(20, 24)
]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return FolderFiles(tmp_path / "data" / "files")


async def played(database: Database, files: Files, *, others: int = 20) -> None:
    """Fills the campaign: examples of Ann on some pictures, of Eve on four more."""
    await open_campaign(database)
    await accept(database, files, facts(others, each=1))
    await accept(database, files, OF_EVE, prefix="z")
    async with database.begin() as tx:
        of_eve = {"id": EVE, "nickname": MARK, "language": "en", "kind": "human", "consent_at": 1.0}
        await tx.execute(insert(schema.player).values(**of_eve, licence="CC0", created_at=1.0))
        mine = schema.claim.c.id.startswith("cz")
        await tx.execute(update(schema.claim).where(mine).values(player_id=EVE))
        known = {"player": pseudonym(CAMPAIGN, EVE)}
        await tx.execute(
            update(schema.example).where(schema.example.c.id.startswith("z")).values(provenance=known)
        )


async def build(database: Database, files: Files, folder: Path, *, now: float = 3.0) -> Release:
    out = folder / "data" / "releases"
    made = await freeze(database, files, campaign_id=CAMPAIGN, round_id=SECOND, out=out, seed=1, now=now)
    return await succeed(database, made)


async def go(database: Database, files: Files, folder: Path, *, delete: bool = False) -> Aftermath:
    return await forget_everywhere(database, files, EVE, data=folder / "data", delete=delete, now=9.0)


async def listed(database: Database) -> list[Release]:
    async with database.read() as tx:
        return [one.release for one in await queries.listed(tx)]


def holders(folder: Path, *words: str) -> list[str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [str(path) for path in files if any(word.encode() in path.read_bytes() for word in words)]


def move(made: Release, to: Path) -> None:
    Path(made.path).rename(to)


async def test_the_next_release_is_without_them_and_replaces_the_one_that_held_them(
    database: Database, files: Files, tmp_path: Path
) -> None:
    await played(database, files)
    old = await build(database, files, tmp_path)
    assert holders(Path(old.path), MARK)

    done = await go(database, files, tmp_path)

    (made,) = done.renewed
    assert made.release is not None
    assert [held.examples for held in done.forgotten.releases] == [4]
    assert (made.built, made.release.version, made.release.examples) == (True, 2, 20)
    assert [(one.replaces, one.withdrawn_at) for one in await listed(database)] == [
        (None, 9.0),
        (old.id, None),
    ]
    assert holders(Path(made.release.path), MARK, pseudonym(CAMPAIGN, EVE), EVE) == []
    assert verify_release(Path(made.release.path)).id == made.release.id
    assert verify_release(Path(old.path)).id == old.id  # until the operator says otherwise


async def test_no_picture_changes_its_split(sqlite_database: Database, files: Files, tmp_path: Path) -> None:
    await played(sqlite_database, files)
    old = await build(sqlite_database, files, tmp_path)

    (made,) = (await go(sqlite_database, files, tmp_path)).renewed

    assert made.release is not None
    before = {
        row.image_id: split for split in ("train", "val", "test") for row in read_rows(Path(old.path), split)
    }
    after = {
        row.image_id: split
        for split in ("train", "val", "test")
        for row in read_rows(Path(made.release.path), split)
    }
    assert after.items() <= before.items()


async def test_a_second_time_changes_nothing(sqlite_database: Database, files: Files, tmp_path: Path) -> None:
    await played(sqlite_database, files)
    await build(sqlite_database, files, tmp_path)
    once = await go(sqlite_database, files, tmp_path)
    releases = await listed(sqlite_database)

    again = await go(sqlite_database, files, tmp_path)

    assert again.forgotten.claims == 0
    assert [one.release for one in again.renewed] == [one.release for one in once.renewed]
    assert not again.renewed[0].built
    assert await listed(sqlite_database) == releases


@pytest.mark.parametrize("killed_in", ["freeze", "succeed"])
async def test_killed_in_the_middle_it_goes_on(
    sqlite_database: Database, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    await played(sqlite_database, files)
    old = await build(sqlite_database, files, tmp_path)

    async def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(renew, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            await go(sqlite_database, files, tmp_path)
    (made,) = (await go(sqlite_database, files, tmp_path)).renewed

    assert made.release is not None
    assert (made.release.version, made.release.replaces) == (2, old.id)
    assert made.built is (killed_in == "freeze")


async def test_with_too_few_pictures_left_it_says_so_and_the_old_one_stays_withdrawn(
    sqlite_database: Database, files: Files, tmp_path: Path
) -> None:
    await played(sqlite_database, files, others=2)
    await build(sqlite_database, files, tmp_path)

    (made,) = (await go(sqlite_database, files, tmp_path)).renewed

    assert made.release is None
    assert "2" in made.problem
    assert [one.withdrawn_at for one in await listed(sqlite_database)] == [9.0]


async def test_a_release_that_was_away_is_put_back_when_it_proves_to_be_without_them(
    sqlite_database: Database, files: Files, tmp_path: Path
) -> None:
    await played(sqlite_database, files)
    async with sqlite_database.begin() as tx:  # Eve's claims are examples only later
        held = schema.example.c.id.startswith("z")
        await tx.execute(update(schema.example).where(held).values(round_id=SECOND))
    out = tmp_path / "data" / "releases"
    early = await freeze(
        sqlite_database, files, campaign_id=CAMPAIGN, round_id=FIRST, out=out, seed=1, now=3.0
    )
    move(early, tmp_path / "elsewhere")

    done = await go(sqlite_database, files, tmp_path)

    assert [held.examples for held in done.forgotten.releases] == [None]
    assert [one.withdrawn_at for one in await listed(sqlite_database)] == [9.0, None]
    made = await freeze(
        sqlite_database, files, campaign_id=CAMPAIGN, round_id=FIRST, out=out, seed=1, now=11.0
    )
    assert (await succeed(sqlite_database, made)).id == early.id
    assert [one.withdrawn_at for one in await listed(sqlite_database)] == [None, None]


async def test_folders_are_deleted_when_the_operator_says_so(
    sqlite_database: Database, files: Files, tmp_path: Path
) -> None:
    await played(sqlite_database, files)
    old = await build(sqlite_database, files, tmp_path)
    evaluations = tmp_path / "data" / "evaluations"
    for answers in (evaluations / f"{old.digest[:16]}-1", evaluations / "rounds" / old.digest[:16]):
        answers.mkdir(parents=True)
        (answers / "base.jsonl").write_text(MARK)
    left = Path(old.path).with_name(f".deleting-{old.id}")
    left.mkdir()  # by a kill
    (left / "train.jsonl").write_text(MARK)

    done = await go(sqlite_database, files, tmp_path, delete=True)

    assert [(one.there, one.problem) for one in done.deleted] == [(True, "")]
    assert holders(tmp_path / "data", MARK) == []


async def test_a_folder_that_is_something_else_is_not_deleted(
    sqlite_database: Database, files: Files, tmp_path: Path
) -> None:
    await played(sqlite_database, files)
    old = await build(sqlite_database, files, tmp_path)
    manifest = Path(old.path) / "release.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "id": "another"}))

    done = await go(sqlite_database, files, tmp_path, delete=True)

    assert "another" in done.deleted[0].problem
    assert holders(Path(old.path), MARK)


async def add_tunings(database: Database, chain: Sequence[tuple[str, str, str]]) -> None:
    async with database.begin() as tx:
        for n, (release_id, base_ref, tuned_ref) in enumerate(chain):
            row = {"id": str(n), "release_id": release_id, "base_ref": base_ref, "tuned_ref": tuned_ref}
            rest = {"recipe": {}, "seed": 1, "figures": {}, "finished_at": float(n)}
            await tx.execute(insert(schema.tuning).values(**row, **rest))


async def test_models_tuned_on_it_or_from_one_that_was_are_named(
    database: Database, files: Files, tmp_path: Path
) -> None:
    await played(database, files)
    old = await build(database, files, tmp_path)
    async with database.begin() as tx:
        other = {"campaign_id": CAMPAIGN, "round_id": FIRST, "digest": "", "path": "x", "examples": 1}
        await tx.execute(insert(schema.release).values(id="o", version=9, created_at=0.0, **other))
        await tx.execute(
            update(schema.round_).where(schema.round_.c.id == SECOND).values(model_ref="hf:child")
        )
    await add_tunings(
        database,
        [(old.id, "onnx:", "hf:one"), ("o", "onnx:", "hf:clean"), ("o", "hf:one", "hf:child")],
    )

    done = await forget(database, EVE, 9.0)

    assert [(one.tuned_ref, one.plays) for one in done.models] == [("hf:one", False), ("hf:child", True)]


async def test_a_withdrawn_release_is_refused_with_the_one_to_use(
    sqlite_database: Database, files: Files, tmp_path: Path
) -> None:
    await played(sqlite_database, files)
    old = await build(sqlite_database, files, tmp_path)
    await ensure_current(sqlite_database, old.id)

    (made,) = (await go(sqlite_database, files, tmp_path)).renewed

    assert made.release is not None
    await ensure_current(sqlite_database, made.release.id)
    await ensure_current(sqlite_database, "of another machine")
    with pytest.raises(Conflict, match=made.release.id):
        await ensure_current(sqlite_database, old.id)


async def test_the_next_build_replaces_what_a_player_withdrew_on_their_own(
    sqlite_database: Database, files: Files, tmp_path: Path
) -> None:
    await played(sqlite_database, files)
    old = await build(sqlite_database, files, tmp_path)
    await forget(sqlite_database, EVE, 5.0)

    made = await build(sqlite_database, files, tmp_path, now=6.0)

    assert (made.version, made.replaces) == (2, old.id)
