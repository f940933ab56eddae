"""Raw files: complete, the same every time, without names, and enough to estimate every belief again."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from stumper.curate.belief import Ballot
from stumper.curate.census import Census, Passed, Weighed, weigh
from stumper.curate.pipeline import pseudonym
from stumper.curate.settle import Docket, joined, read_docket
from stumper.errors import BadInput
from stumper.records import (
    CampaignId,
    Category,
    Claim,
    ClaimId,
    ClaimStatus,
    ExchangeId,
    ImageId,
    PlayerId,
    RoundId,
    Rules,
    Verdict,
)
from stumper.release.raw.columns import COLUMNS, Kind
from stumper.release.raw.export import export, name_of
from stumper.store.database import Database
from stumper.trust.jury import Jury
from stumper.trust.rewards import Outcome, outcome
from tests.release.raw.campaign import GONE, MARK, NETWORK, fill
from tests.trust.rows import CAMPAIGN, ROUND

TOWN = CampaignId(CAMPAIGN)


async def write(
    database: Database, folder: Path, ending: str = ".jsonl", *, chunk: int = 3
) -> dict[Kind, Path]:
    paths = {kind: folder / f"{kind}{ending}" for kind in Kind}
    for kind, path in paths.items():
        await export(database, kind, path, campaign_id=TOWN, chunk=chunk)
    return paths


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_every_row_is_there_once_in_the_order_of_its_id(database: Database, tmp_path: Path) -> None:
    await fill(database)

    found = {kind: rows(path) for kind, path in (await write(database, tmp_path)).items()}

    assert {kind: len(of) for kind, of in found.items()} == {
        Kind.MARKS: 4 * 15 + 5 + 1,  # controls, claims, and the answer found right; one was never judged
        Kind.VOTES: 7,
        Kind.CLAIMS: 5,
        Kind.PLAYERS: 4,
    }
    ids = [row["id"] for row in found[Kind.MARKS]]
    assert ids == sorted(ids)
    assert [list(row) for of in found.values() for row in of] == [
        list(COLUMNS[kind]) for kind, of in found.items() for _ in of
    ]
    assert [row["example"] for row in found[Kind.CLAIMS]] == ["e0", None, None, None, None]
    assert {row["weight"] < 1.0 for row in found[Kind.PLAYERS]} == {True, False}
    assert [
        row["sees"] for row in found[Kind.PLAYERS] if row["player"] == pseudonym(TOWN, PlayerId("ann"))
    ] == [0.9]


async def test_the_estimator_says_the_same_of_the_files_as_of_the_database(
    database: Database, tmp_path: Path
) -> None:
    await fill(database)
    async with database.read() as tx:
        docket = await read_docket(tx, TOWN, RoundId(ROUND))
    expected = weighed(docket)

    found = weighed(docket_of({kind: rows(path) for kind, path in (await write(database, tmp_path)).items()}))

    assert set(found.beliefs) == set(expected.beliefs)
    for claim_id, belief in expected.beliefs.items():
        assert found.beliefs[claim_id] == pytest.approx(belief, abs=1e-9)
    names = {who: name_of(TOWN, who, forgotten=who == GONE) for who in expected.sights}
    for who, sight in expected.sights.items():
        assert found.sights[PlayerId(names[who])] == pytest.approx(sight, abs=1e-9)


def weighed(docket: Docket) -> Weighed:
    return weigh(Census(joined(docket), docket.passed, docket.controls, docket.jury))


def docket_of(files: dict[Kind, list[dict[str, Any]]]) -> Docket:
    """Reads the files as a stranger would, with docs/guide/raw-data.md beside them."""
    ballots: dict[ClaimId, list[Ballot]] = defaultdict(list)
    for row in files[Kind.VOTES]:
        says = (row["model_wrong"], row["correction_right"], row["unanswerable"])
        ballots[ClaimId(row["claim"])].append(Ballot(PlayerId(row["player"]), *says))
    controls: dict[PlayerId, Counter[Outcome]] = defaultdict(Counter)
    passed = []
    for row in files[Kind.MARKS]:
        who, verdict = PlayerId(row["player"]), Verdict(row["verdict"])
        if row["control"] and row["counts"] and row["graded"]:
            controls[who][outcome(poisoned=row["poisoned"], verdict=verdict)] += 1
        elif not row["control"] and verdict is Verdict.CORRECT:
            passed.append(Passed(who, ImageId(row["image"]), RoundId(str(row["round"])), row["question"]))
    people = files[Kind.PLAYERS]
    return Docket(
        round_id=RoundId("1"),
        claims=sorted(map(claim_of, files[Kind.CLAIMS]), key=lambda one: (one.created_at, one.id)),
        ballots=ballots,
        passed=passed,
        controls={PlayerId(row["player"]): controls[PlayerId(row["player"])] for row in people},
        exemplary=(),
        rules=Rules(),
        jury=Jury(
            weights={PlayerId(row["player"]): row["weight"] for row in people},
            group={PlayerId(row["player"]): row["group"] for row in people if row["group"] is not None},
        ),
    )


def claim_of(row: dict[str, Any]) -> Claim:
    return Claim(
        id=ClaimId(row["id"]),
        exchange_id=ExchangeId(row["mark"]),
        campaign_id=TOWN,
        round_id=RoundId(str(row["round"])),
        player_id=PlayerId(row["player"]),
        image_id=ImageId(row["image"]),
        question=row["question"],
        model_answer=row["model_answer"],
        correction=row["correction"],
        status=ClaimStatus(row["status"]),
        category=Category(row["category"]) if row["category"] else None,
        same_as=ClaimId(row["same_as"]) if row["same_as"] else None,
        created_at=row["created_at"],
    )


async def test_nothing_names_anybody_and_no_word_of_the_forgotten_is_there(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database)

    paths = await write(sqlite_database, tmp_path)

    text = "".join(path.read_text(encoding="utf-8") for path in paths.values())
    assert MARK not in text
    assert NETWORK not in text
    assert pseudonym(TOWN, GONE) not in text  # what is left of them leads to no older file
    people = {row["player"] for row in rows(paths[Kind.PLAYERS])}
    assert not people & {"ann", "bob", "cleo", GONE}
    assert all(row["player"] in people for kind in Kind for row in rows(paths[kind]))
    assert sum(row["forgotten"] for row in rows(paths[Kind.PLAYERS])) == 1


async def test_a_player_has_one_name_in_all_files_and_in_releases(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database)

    paths = await write(sqlite_database, tmp_path)

    bob = pseudonym(TOWN, PlayerId("bob"))
    assert {kind: sum(row["player"] == bob for row in rows(path)) for kind, path in paths.items()} == {
        Kind.MARKS: 17, Kind.VOTES: 2, Kind.CLAIMS: 2, Kind.PLAYERS: 1,
    }  # fmt: skip


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".parquet"])
async def test_the_same_rows_give_the_same_bytes_however_they_are_read(
    sqlite_database: Database, tmp_path: Path, ending: str
) -> None:
    await fill(sqlite_database)
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()

    small = await write(sqlite_database, first, ending, chunk=1 if ending != ".parquet" else 500)
    large = await write(sqlite_database, second, ending, chunk=500)

    assert [path.read_bytes() for path in small.values()] == [path.read_bytes() for path in large.values()]


@pytest.mark.slow
async def test_the_readers_of_trainers_read_them(sqlite_database: Database, tmp_path: Path) -> None:
    import datasets
    import pandas

    await fill(sqlite_database)
    plain = await write(sqlite_database, tmp_path)
    packed = await write(sqlite_database, tmp_path, ".jsonl.gz")
    tables = await write(sqlite_database, tmp_path, ".parquet")

    for kind in Kind:
        expected = rows(plain[kind])
        unpacked = gzip.decompress(packed[kind].read_bytes()).decode()
        assert [json.loads(line) for line in unpacked.splitlines()] == expected
        assert parquet.read_table(tables[kind]).to_pylist() == expected
        assert len(pandas.read_json(plain[kind], lines=True)) == len(expected)
    read = datasets.Dataset.from_parquet(str(tables[Kind.VOTES]), cache_dir=str(tmp_path / "cache"))
    assert read["claim"][:2] == ["c0", "c0"]


async def test_an_empty_campaign_gives_empty_files_that_can_be_read(
    sqlite_database: Database, tmp_path: Path
) -> None:
    for kind in Kind:
        assert await export(sqlite_database, kind, tmp_path / f"{kind}.parquet", campaign_id=TOWN) == 0

    table = parquet.read_table(tmp_path / "marks.parquet")
    assert (table.num_rows, table.column_names) == (0, list(COLUMNS[Kind.MARKS]))


@pytest.mark.parametrize(("name", "says"), [("marks.csv", "endings"), ("nowhere/marks.jsonl", "written")])
async def test_a_file_that_cannot_be_written_is_named(
    sqlite_database: Database, tmp_path: Path, name: str, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        await export(sqlite_database, Kind.MARKS, tmp_path / name, campaign_id=TOWN)


async def test_what_fails_in_the_middle_leaves_the_old_file(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(sqlite_database)
    old = tmp_path / "marks.jsonl"
    old.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stumper.release.raw.sinks._Lines.write", full)
    with pytest.raises(BadInput, match="No space left"):
        await export(sqlite_database, Kind.MARKS, old, campaign_id=TOWN)

    assert marks_in(tmp_path) == {"marks.jsonl": "old"}


def marks_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*marks*")}


def test_the_guide_names_every_column() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guide" / "raw-data.md").read_text(encoding="utf-8")
    parts = guide.split("\n## ")

    for kind, columns in COLUMNS.items():
        part = next(part for part in parts if part.lower().startswith(kind.value))
        assert [name for name in columns if f"`{name}`" not in part] == []
