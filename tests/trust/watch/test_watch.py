"""Signals in the database: found, kept, dismissed, appealed against, and what follows for votes and pay."""

from __future__ import annotations

import asyncio
import random

import pytest
from sqlalchemy import insert, select, update

from stumper.curate.payday import pay
from stumper.curate.pipeline import curate
from stumper.errors import BadInput, Conflict, NotFound
from stumper.records import CampaignId, PlayerId, RoundId, Rules, SessionId
from stumper.store import schema
from stumper.store.database import Database
from stumper.trust.grade import grade_session
from stumper.trust.signals import Kind
from stumper.trust.watch import queries
from stumper.trust.watch.appeals import APPEAL_CHARS, appeal, decide, notice_of
from stumper.trust.watch.find import find_signals, jury, weigh
from stumper.trust.watch.kept import Appeal, Decision, Facts, Noticed, State, Stored
from stumper.trust.watch.words import notice, reason
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import CAMPAIGN, ROUND, Said, add_player, add_session, attentive, open_campaign

TOWN = CampaignId(CAMPAIGN)
ANN, BOB = PlayerId("ann"), PlayerId("bob")
NOW = 5_000.0


def hasty(turns: int = 12) -> list[Said]:
    """Marks without time to read: `rows` asks 5 s and answers 4 s before the mark; here all at once."""
    return [Said(turn=n, poisoned=False, verdict="correct", at=30.0 * (n + 1)) for n in range(turns)]


async def add_robot(database: Database, name: str) -> PlayerId:
    """A player who marks every answer in the moment it is there."""
    player_id = await add_player(database, name, e_value=500.0)
    session_id = await add_session(database, name, hasty(), session_id=f"s-{name}")
    async with database.begin() as tx:
        of_robot = schema.exchange.c.turn_id.like(f"{session_id}-%")
        now_read = {"answered_at": schema.exchange.c.judged_at - 0.1}
        await tx.execute(update(schema.exchange).where(of_robot).values(**now_read))
    return player_id


async def notice_signal(
    database: Database, player_id: str, kind: Kind, *, strength: float = 8.0, partners: tuple[str, ...] = ()
) -> None:
    facts = Facts(common=7, chances=9, q=1e-8, partners=[PlayerId(one) for one in partners])
    async with database.begin() as tx:
        one = Stored(PlayerId(player_id), kind, strength, facts, State.OPEN)
        await queries.write_signal(tx, TOWN, one, known=False, now=NOW)


async def kept(database: Database) -> list[Noticed]:
    async with database.read() as tx:
        return await queries.signals(tx, TOWN)


async def test_a_robot_is_found_and_people_are_not(database: Database) -> None:
    await open_campaign(database)
    await add_trusted(database, "ann", "cyd", "dee")
    await add_robot(database, "bob")

    report = await find_signals(database, TOWN, now=NOW)

    (found,) = await kept(database)
    assert (found.player_id, found.kind, found.state) == ("bob", Kind.HASTE, State.OPEN)
    assert (found.facts.common, found.facts.chances) == (12, 12)
    assert (report.players, report.found, report.new, report.lapsed) == (4, 1, 1, 0)
    assert reason(found) == "12 of 12 answers were marked, or questions typed, faster than people can"


async def test_curating_looks_for_signals_first(sqlite_database: Database) -> None:
    await open_campaign(sqlite_database)
    await add_trusted(sqlite_database, "ann", "cyd", "dee")
    await add_robot(sqlite_database, "bob")

    await curate(sqlite_database, TOWN, RoundId(ROUND), now=NOW)

    assert [one.player_id for one in await kept(sqlite_database)] == ["bob"]


async def test_looking_again_changes_nothing_and_the_operators_word_stays(sqlite_database: Database) -> None:
    database = sqlite_database
    await open_campaign(database)
    await add_robot(database, "bob")
    await find_signals(database, TOWN, now=NOW)
    before = await kept(database)

    again = await find_signals(database, TOWN, now=NOW)

    assert (again.new, await kept(database)) == (0, before)
    await decide(database, TOWN, BOB, dismiss=True, now=NOW)
    await find_signals(database, TOWN, now=NOW)
    assert [one.state for one in await kept(database)] == [State.DISMISSED]
    async with database.begin() as tx:  # as if it had been much weaker when it was dismissed
        await tx.execute(update(schema.signal).values(strength=before[0].strength - 5.0))
    await find_signals(database, TOWN, now=NOW)
    assert [one.state for one in await kept(database)] == [State.OPEN]


async def test_what_is_not_found_any_more_lapses(sqlite_database: Database) -> None:
    await open_campaign(sqlite_database)
    await add_trusted(sqlite_database, "ann")
    await notice_signal(sqlite_database, "ann", Kind.COPIED)

    report = await find_signals(sqlite_database, TOWN, now=NOW)

    assert report.lapsed == 1
    assert [one.state for one in await kept(sqlite_database)] == [State.LAPSED]


async def test_an_empty_campaign_has_no_signals(sqlite_database: Database) -> None:
    await open_campaign(sqlite_database)

    report = await find_signals(sqlite_database, TOWN, now=NOW)

    assert (report.players, report.found) == (0, 0)


async def test_the_same_questions_of_many_are_found_by_their_words(sqlite_database: Database) -> None:
    database = sqlite_database
    await open_campaign(database)
    for player in range(20):
        name = f"player-{player:02}"
        await add_player(database, name)
        own = "list" if player < 2 else name
        said = [
            Said(turn=n, poisoned=False, verdict="correct", at=60.0 * (n + 1), question=f"{own} {own} {n}?")
            for n in range(20)
        ]
        await add_session(database, name, said, session_id=f"s-{name}")

    await find_signals(database, TOWN, now=NOW)

    copied = [one for one in await kept(database) if one.kind is Kind.COPIED]
    assert {one.player_id for one in copied} == {"player-00", "player-01"}
    assert copied[0].facts.partners == ["player-01"]
    async with database.read() as tx:
        assert len(set((await jury(tx, TOWN)).group.values())) == 1


async def paid(database: Database, **decided: str) -> list[int]:
    """Pays the round with these claims decided so; returns the points of all claims' lines."""
    async with database.begin() as tx:
        for claim_id, status in decided.items():
            await tx.execute(update(schema.claim).where(schema.claim.c.id == claim_id).values(status=status))
        await pay(tx, RoundId(ROUND), rules=Rules(), now=NOW)
        lines = select(schema.ledger.c.points).where(schema.ledger.c.reason == "claim")
        return list((await tx.execute(lines.order_by(schema.ledger.c.id))).scalars())


async def test_gains_wait_while_a_strong_signal_is_open_and_come_when_it_is_dismissed(
    database: Database,
) -> None:
    await open_campaign(database)
    await add_trusted(database, "ann")
    await add_claim(database, "ann", "k")
    await add_session(database, "ann", attentive(15), session_id="s-test")
    await notice_signal(database, "ann", Kind.COPIED)

    assert await paid(database, k="accepted") == []
    trusted = await grade_session(database, SessionId("s-test"), now=NOW)
    assert trusted.trusted
    assert trusted.waiting > 0
    assert await paid(database, k="accepted") == []
    await decide(database, TOWN, ANN, dismiss=True, now=NOW)
    assert await paid(database, k="accepted") == [trusted.waiting]


async def test_a_hint_holds_no_pay_and_a_cost_is_not_held_either(sqlite_database: Database) -> None:
    database = sqlite_database
    await open_campaign(database)
    await add_trusted(database, "ann")
    await add_claim(database, "ann", "good")
    await add_claim(database, "ann", "bad")
    await notice_signal(database, "ann", Kind.PASTED)

    (gain,) = await paid(database, good="accepted")
    assert gain > 0
    await notice_signal(database, "ann", Kind.HASTE)
    (_, cost) = await paid(database, bad="rejected")
    assert cost < 0


async def test_a_ring_does_not_settle_its_own_claim(sqlite_database: Database) -> None:
    database = sqlite_database
    await open_campaign(database)
    ring = await add_trusted(database, "ann", "bob", "cyd", "dee")
    await add_claim(database, "ann", "k2")
    async with database.begin() as tx:
        for n, voter in enumerate(ring[1:]):
            await tx.execute(
                insert(schema.vote).values(
                    id=f"v{n}", claim_id="k2", player_id=voter, model_wrong=True, correction_right=True,
                    unanswerable=False, voted_at=NOW,
                )
            )  # fmt: skip

    async def status() -> str:
        await curate(database, TOWN, RoundId(ROUND), now=NOW)
        async with database.read() as tx:
            return str((await tx.execute(select(schema.claim.c.status))).scalar_one())

    assert await status() == "accepted"
    async with database.begin() as tx:
        await tx.execute(schema.example.delete())
    for one in ring:
        await notice_signal(
            database, one, Kind.COPIED, partners=tuple(other for other in ring if other != one)
        )
    async with database.begin() as tx:  # curate would let them lapse: they were written by hand
        await tx.execute(update(schema.signal).values(state=State.UPHELD.value))
    assert await status() == "open"


def noticed(player: str, kind: Kind, partners: tuple[str, ...], state: State = State.OPEN) -> Noticed:
    facts = Facts(common=7, chances=9, q=1e-8, partners=[PlayerId(one) for one in partners])
    return Noticed(
        player_id=PlayerId(player), nickname=player, kind=kind, strength=8.0, facts=facts, state=state,
        found_at=NOW,
    )  # fmt: skip


def test_whoever_was_cleared_is_nobodys_accomplice() -> None:
    both = weigh([noticed("ann", Kind.COPIED, ("bob",)), noticed("bob", Kind.COPIED, ("ann",))])
    one = weigh([noticed("ann", Kind.COPIED, ("bob",))])

    assert both.group[ANN] == both.group[BOB]
    assert one.group == {}
    assert one.weights.keys() == {"ann"}


async def test_an_appeal_waits_alone_and_is_decided_with_an_answer(database: Database) -> None:
    await open_campaign(database)
    await add_trusted(database, "ann")
    await notice_signal(database, "ann", Kind.COPIED)
    rng = random.Random(1)

    async def say(text: str) -> Appeal:
        return await appeal(database, TOWN, ANN, text=text, now=NOW, rng=rng)

    sent = await asyncio.gather(
        *(say(f"  We sit\nside by side {n} ") for n in range(5)), return_exceptions=True
    )

    assert sum(isinstance(one, Appeal) for one in sent) == 1
    assert sum(isinstance(one, Conflict) for one in sent) == 4
    told = await notice_of(database, TOWN, ANN)
    assert told.appeal is not None
    assert told.appeal.text.startswith("We sit side by side")
    assert not told.may_appeal
    done = await decide(database, TOWN, ANN, dismiss=False, answer="We saw the list.", now=NOW)
    assert done == (1, 1)
    told = await notice_of(database, TOWN, ANN)
    assert told.appeal is not None
    assert (told.appeal.decision, told.appeal.answer) == (Decision.REFUSED, "We saw the list.")
    assert told.may_appeal  # it still counts, so they may say more
    await say("Really?")
    assert await decide(database, TOWN, ANN, dismiss=True, now=NOW) == (1, 1)
    told = await notice_of(database, TOWN, ANN)
    assert (told.lines, told.votes_percent, told.bonuses_wait, told.may_appeal) == ((), 100, False, False)


@pytest.mark.parametrize(
    ("text", "says"), [("", "empty"), (" \n\t", "empty"), ("x" * (APPEAL_CHARS + 1), "1001 characters")]
)
async def test_an_appeal_has_one_to_a_thousand_characters(
    sqlite_database: Database, text: str, says: str
) -> None:
    await open_campaign(sqlite_database)

    with pytest.raises(BadInput, match=says):
        await appeal(sqlite_database, TOWN, ANN, text=text, now=NOW, rng=random.Random(1))


async def test_without_a_signal_or_a_player_there_is_nothing_to_decide(sqlite_database: Database) -> None:
    await open_campaign(sqlite_database)
    await add_trusted(sqlite_database, "ann")

    with pytest.raises(Conflict, match="nothing was noticed"):
        await appeal(sqlite_database, TOWN, ANN, text="Why?", now=NOW, rng=random.Random(1))
    with pytest.raises(NotFound, match="not joined"):
        await appeal(sqlite_database, TOWN, BOB, text="Why?", now=NOW, rng=random.Random(1))
    with pytest.raises(Conflict, match="Nothing counts"):
        await decide(sqlite_database, TOWN, ANN, dismiss=True, now=NOW)
    with pytest.raises(NotFound, match="stumper players list"):
        await decide(sqlite_database, TOWN, BOB, dismiss=True, now=NOW)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_signal_has_words_for_the_operator(kind: Kind) -> None:
    one = noticed("ann", kind, ("bob", "cyd"))

    told = notice([one], [])

    assert "{" not in reason(one)
    assert "bob" in reason(one) or kind in {Kind.HASTE, Kind.PASTED}
    assert "bob" not in repr(told)  # partners are named to the operator only
    assert told.may_appeal
    assert told.bonuses_wait == (kind in {Kind.HASTE, Kind.COPIED, Kind.ASTRAY, Kind.FAVOUR})


def test_who_was_never_noticed_is_told_nothing() -> None:
    assert notice([], []).empty
    assert notice([noticed("ann", Kind.HASTE, (), State.DISMISSED)], []).empty
