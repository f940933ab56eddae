"""A small campaign with every kind of row that raw files hold, and one player who has been forgotten."""

from __future__ import annotations

from sqlalchemy import insert, update

from stumper.accounts.forget import forget
from stumper.records import PlayerId
from stumper.store import schema
from stumper.store.database import Database
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import CAMPAIGN, IMAGE, ROUND, Said, add_player, add_session, open_campaign

MARK, NETWORK = "Zebrafink", "9f8e7d6c5b4a"
GONE = PlayerId("gone")
VOTES = (("c0", "ann", 1, 1, 0), ("c0", "bob", 1, 0, 0), ("c1", "cleo", 0, 0, 0), ("c2", "ann", 1, 1, 0),
         ("c2", "cleo", 1, 1, 0), ("c3", "bob", 0, 0, 1), ("c3", "gone", 1, 0, 0))  # fmt: skip


async def fill(database: Database) -> None:
    """Four players with controls, claims merged and open, votes, a signal, a sight, an answer found right."""
    await open_campaign(database)
    await add_trusted(database, "ann", "bob", "cleo", GONE)
    await add_player(database, "idle")  # never came back: not of this campaign
    for n, who in enumerate(("bob", "ann", "bob", "cleo", GONE)):
        asked = f"How many {MARK if who == GONE else 'cats'}, {n}?"
        await add_claim(database, who, f"c{n}", question=asked, at=float(n))
    fine = [
        Said(turn=n, poisoned=False, verdict=verdict, at=50.0, question="Is it day?", control=False)
        for n, verdict in enumerate(("correct", None))
    ]
    await add_session(database, "ann", fine, session_id="s-fine", graded_at=1_000.0)
    async with database.begin() as tx:
        for n, (claim_id, who, wrong, right, flag) in enumerate(VOTES):
            await tx.execute(insert(schema.vote).values(
                id=f"v{n}", claim_id=claim_id, player_id=who, model_wrong=bool(wrong),
                correction_right=bool(right), unanswerable=bool(flag), voted_at=float(n),
                better=MARK if who == GONE else None,
            ))  # fmt: skip
        same = update(schema.claim).where(schema.claim.c.id == "c3")
        await tx.execute(same.values(same_as="c2"))
        await tx.execute(insert(schema.signal).values(
            player_id="cleo", campaign_id=CAMPAIGN, kind="haste", strength=0.7, state="open", found_at=1.0,
            facts={"common": 1, "chances": 2, "q": 0.1, "partners": []},
        ))  # fmt: skip
        named = update(schema.player).where(schema.player.c.id == GONE)
        await tx.execute(named.values(nickname=MARK, network=NETWORK))
        sight = {"sees": 0.9, "alarms": 0.1, "fake": 0.0}
        await tx.execute(insert(schema.sight).values(player_id="ann", campaign_id=CAMPAIGN, **sight))
        await tx.execute(insert(schema.example).values(
            id="e0", claim_id="c0", campaign_id=CAMPAIGN, round_id=ROUND, image_id=IMAGE, question="q",
            answer="four", wrong_answer="three", category="counting", posterior=0.97, provenance={},
        ))  # fmt: skip
    await forget(database, GONE, 9_000.0)
