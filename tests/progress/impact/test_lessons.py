"""Lessons: what is asked again and what is not, what counts as learned, and who hears of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import select, update

from stumper.errors import ModelUnavailable
from stumper.images.files import Files, FolderFiles
from stumper.progress.impact import queries
from stumper.progress.impact.album import album
from stumper.progress.impact.lessons import Mark, Taught, mark, teach, tell
from stumper.progress.news.post import unseen
from stumper.records import Category, PlayerId, Release, Round, RoundId, RoundStatus, Split
from stumper.release.formats import read_rows
from stumper.store import schema
from stumper.store.database import Database
from stumper.vlm.base import Answer, Capabilities, Model
from stumper.vlm.scripted import Script, ScriptedModel
from tests.progress.impact.taught import (
    PICTURES,
    add_player,
    also_caught,
    close_first_round,
    freeze_and_record,
    right_answer,
)
from tests.release.rows import CAMPAIGN, FIRST, SECOND, Fact, accept, picture_bytes

ANN, BEA = PlayerId("p"), PlayerId("bea")
NOW = Round(id=SECOND, campaign_id=CAMPAIGN, number=2, model_ref="x", status=RoundStatus.OPEN, opened_at=1.0)


class Pupil(ScriptedModel):
    """Knows the right answer to the pictures named, fails at others, and says 'three' to the rest."""

    def __init__(self, *, knows: set[int], fails: frozenset[int] = frozenset()) -> None:
        super().__init__(Script(text="three"), ref="scripted:tuned")
        self._right = {picture_bytes(n): right_answer(n) for n in knows}
        self._fails = {picture_bytes(n) for n in fails}

    async def answer(self, image: bytes, question: str) -> Answer:
        said = await super().answer(image, question)
        if image in self._fails:
            raise ModelUnavailable("Away.")
        return Answer(self._right.get(image, said.text), said.latency_ms)

    async def check(self) -> Capabilities:
        raise AssertionError("no lesson needs it")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return FolderFiles(tmp_path / "files")


async def lessons_of(
    database: Database, files: Files, model: Model, release: Release, about: str, *, round_id: RoundId = FIRST
) -> Taught:
    return await teach(
        database, files, model, campaign_id=CAMPAIGN, round_id=round_id, evaluation_id=about,
        release=Path(release.path), on_progress=lambda _done, _total: None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("three", "five", Mark(1.0, learned=True)),
        ("three", "There are five cats.", Mark(1.0, learned=True)),
        ("three", "four", Mark(0.0, learned=False)),
        ("5", "five", Mark(1.0, learned=False)),  # the old model was right already
        ("three", None, Mark(None, learned=False)),
        ("", "five", Mark(1.0, learned=False)),  # nobody knows what the old one would have said
    ],
)
def test_learned_is_what_is_right_now_and_was_wrong_before(
    before: str, after: str | None, expected: Mark
) -> None:
    asked = "How many cats are there?"

    assert mark(asked, "five", before=before, after=after, category=Category.COUNTING) == expected


async def test_every_example_is_asked_once_and_failures_are_missing(
    database: Database, files: Files, tmp_path: Path
) -> None:
    release, about = await close_first_round(database, files, tmp_path / "releases")
    pupil = Pupil(knows={0, 1, 2}, fails=frozenset({2, 3}))

    first = await lessons_of(database, files, pupil, release, about)
    asked = pupil.calls
    again = await lessons_of(database, files, pupil, release, about)

    assert first == again == Taught(asked=PICTURES, learned=2, missing=2)
    assert asked == PICTURES
    assert pupil.calls == asked + 2  # only what had failed
    recovered = await lessons_of(database, files, Pupil(knows={0, 1, 2}), release, about)
    assert recovered == Taught(asked=PICTURES, learned=3, missing=0)


async def test_a_model_that_is_away_leaves_all_missing_and_nobody_hears_of_it(
    database: Database, files: Files, tmp_path: Path
) -> None:
    release, about = await close_first_round(database, files, tmp_path / "releases")
    away = Pupil(knows=set(), fails=frozenset(range(PICTURES)))

    taught = await lessons_of(database, files, away, release, about)

    assert taught == Taught(asked=PICTURES, learned=0, missing=PICTURES)
    assert await tell(database, evaluation_id=about, round_number=1, now=5.0, rng=random.Random(1)) == 0
    async with database.read() as tx:
        assert set((await tx.execute(select(schema.lesson.c.score))).scalars()) == {None}


async def test_a_lost_picture_is_missing_and_the_others_are_asked(
    sqlite_database: Database, files: Files, tmp_path: Path
) -> None:
    release, about = await close_first_round(sqlite_database, files, tmp_path / "releases")
    async with sqlite_database.begin() as tx:
        gone = update(schema.image).where(schema.image.c.id.in_(select(schema.example.c.image_id).limit(1)))
        await tx.execute(gone.values(file=f"{'0' * 2}/{'0' * 64}.png"))

    taught = await lessons_of(sqlite_database, files, Pupil(knows=set()), release, about)

    assert (taught.asked, taught.missing) == (PICTURES, 1)


async def test_a_lesson_says_whether_its_picture_was_trained_on(
    sqlite_database: Database, files: Files, tmp_path: Path
) -> None:
    release, about = await close_first_round(sqlite_database, files, tmp_path / "releases")
    await lessons_of(sqlite_database, files, Pupil(knows=set()), release, about)

    async with sqlite_database.read() as tx:
        joined = select(schema.example.c.image_id, schema.lesson.c.held_out).join(schema.lesson)
        held_out = {row.image_id: row.held_out for row in await tx.execute(joined)}

    trained = {row.image_id for row in read_rows(Path(release.path), Split.TRAIN)}
    assert trained
    assert {image for image, held in held_out.items() if held} == held_out.keys() - trained
    assert len(held_out) == PICTURES


async def test_players_hear_once_what_was_learned_of_theirs(
    database: Database, files: Files, tmp_path: Path
) -> None:
    release, about = await close_first_round(database, files, tmp_path / "releases")
    await add_player(database, "cleo")
    await add_player(database, "dan")
    await also_caught(database, "cleo", "ce0")
    await also_caught(database, "cleo", "ce1")
    await also_caught(database, "dan", "ce5")
    await lessons_of(database, files, Pupil(knows={0, 2}, fails=frozenset({3})), release, about)

    told = [
        await tell(database, evaluation_id=about, round_number=1, now=now, rng=random.Random(int(now)))
        for now in (5.0, 6.0)
    ]

    assert told == [3, 3]
    async with database.read() as tx:
        heard = {
            name: [(one.about, dict(one.facts), one.written_at) for one in await unseen(tx, PlayerId(name))]
            for name in ("p", "bea", "cleo", "dan")
        }
    assert heard == {
        "p": [(about, {"learned": 1, "of": PICTURES - 2, "round": 1}, 5.0)],
        "bea": [(about, {"learned": 1, "of": 1, "round": 1}, 5.0)],
        "cleo": [(about, {"learned": 1, "of": 2, "round": 1}, 5.0)],
        "dan": [],
    }


async def test_the_forgotten_hear_nothing(database: Database, files: Files, tmp_path: Path) -> None:
    release, about = await close_first_round(database, files, tmp_path / "releases")
    await lessons_of(database, files, Pupil(knows={0}), release, about)
    async with database.begin() as tx:
        bea = update(schema.player).where(schema.player.c.id == BEA)
        await tx.execute(bea.values(forgotten_at=4.0))

    assert await tell(database, evaluation_id=about, round_number=1, now=5.0, rng=random.Random(1)) == 0


@pytest.mark.parametrize(("passed", "left"), [(True, PICTURES - 3), (False, PICTURES)])
async def test_the_next_round_asks_again_what_no_playing_model_has_learned(
    sqlite_database: Database, files: Files, tmp_path: Path, passed: bool, left: int
) -> None:
    database, out = sqlite_database, tmp_path / "releases"
    release, about = await close_first_round(database, files, out, passed=passed)
    await lessons_of(database, files, Pupil(knows={0, 1, 2}), release, about)
    await accept(database, files, [Fact(picture=50, round_id=SECOND)], prefix="n")
    later, second = await freeze_and_record(database, files, out, SECOND, tuned_ref="scripted:2", passed=True)

    async with database.read() as tx:
        asked = await queries.to_ask(tx, campaign_id=CAMPAIGN, round_id=SECOND, about=second)
        early = await queries.to_ask(tx, campaign_id=CAMPAIGN, round_id=FIRST, about=second)

    assert len(asked) == left + 1
    assert len(early) == left
    taught = await lessons_of(database, files, Pupil(knows=set()), later, second, round_id=SECOND)
    assert taught.asked == left + 1


async def test_an_album_shows_ones_own_catches_only(database: Database, files: Files, tmp_path: Path) -> None:
    release, about = await close_first_round(database, files, tmp_path / "releases")
    await lessons_of(database, files, Pupil(knows={0, 1}, fails=frozenset({4})), release, about)

    async with database.read() as tx:
        anns = await album(tx, ANN, campaign_id=CAMPAIGN, current=NOW)
        beas = await album(tx, BEA, campaign_id=CAMPAIGN, current=NOW)
        strangers = await album(tx, PlayerId("nobody"), campaign_id=CAMPAIGN, current=NOW)

    (day,) = anns.days
    assert (day.round, day.passed, day.learned, day.known, len(day.lessons)) == (1, True, 1, 10, 11)
    assert (day.lessons[0].before, day.lessons[0].after, day.lessons[0].right) == ("three", "5", True)
    assert (day.lessons[-1].after, day.lessons[-1].right) == ("", None)
    assert [lesson.turn_id for lesson in beas.days[0].lessons] == ["te0"]
    assert (strangers.days, strangers.checking, strangers.accepted, strangers.round) == ((), 0, 0, 2)


async def test_an_album_counts_what_the_referees_have(
    sqlite_database: Database, files: Files, tmp_path: Path
) -> None:
    await close_first_round(sqlite_database, files, tmp_path / "releases")
    async with sqlite_database.begin() as tx:
        some = schema.claim.c.id.in_(["ce1", "ce2", "ce3"])
        await tx.execute(update(schema.claim).where(some).values(status="open", round_id=SECOND))
        await tx.execute(update(schema.claim).where(schema.claim.c.id == "ce4").values(round_id=SECOND))

    async with sqlite_database.read() as tx:
        found = await album(tx, ANN, campaign_id=CAMPAIGN, current=NOW)

    assert (found.checking, found.accepted) == (3, 1)
