"""Two players with rows in every table that knows players; what one of them typed carries a mark."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select, update

from stumper.curate.pipeline import pseudonym
from stumper.records import CampaignId, PlayerId
from stumper.store import schema
from stumper.store.database import Database
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import CAMPAIGN, IMAGE, ROUND, Said, add_session, open_campaign

MARK = "Zebrafink"
"""Stands in everything that Eve has typed."""
EVE, BOB = PlayerId("eve"), PlayerId("bob")
NOW = 20_000.0


async def add(database: Database, table: Table, **values: Any) -> None:
    async with database.begin() as tx:
        await tx.execute(insert(table).values(**values))


async def live(database: Database, folder: Path) -> None:
    """Fills the database: Eve's claim was accepted and released, Bob's is merged with her second one."""
    await open_campaign(database)
    await add_trusted(database, EVE, BOB, "ref")
    for claim_id, who, at in (("c1", EVE, 1.0), ("c2", EVE, 2.0), ("c3", BOB, 3.0), ("c4", BOB, 4.0)):
        said = f"{MARK} {claim_id}" if who == EVE else f"word {claim_id}"
        await add_claim(database, who, claim_id, question=f"How {said}?", correction=f"so {said}", at=at)
    async with database.begin() as tx:
        theirs = schema.exchange.c.id.like("s-c1%") | schema.exchange.c.id.like("s-c2%")
        typed = {"correction": f"so {MARK}", "key": f"{MARK}-1", "model_answer": f"a {MARK}?"}
        await tx.execute(update(schema.exchange).where(theirs).values(**typed))
        await tx.execute(
            update(schema.claim)
            .where(schema.claim.c.id == "c1")
            .values(status="accepted", posterior=0.99, blind=f"a {MARK}")
        )
        for twin in ("c3", "c4"):
            await tx.execute(update(schema.claim).where(schema.claim.c.id == twin).values(same_as="c2"))
        known = [{"question": f"{MARK}?", "answer": MARK, "claim": "c1"}, {"question": "q", "answer": "a"}]
        await tx.execute(update(schema.image).where(schema.image.c.id == IMAGE).values(known=known))
        await tx.execute(insert(schema.team).values(id="t", name=f"{MARK}s", code="ABC", created_at=1.0))
        mine = {"nickname": MARK, "team_id": "t", "network": "net", "time_zone": "Asia/Kolkata"}
        await tx.execute(update(schema.player).where(schema.player.c.id == EVE).values(**mine))
    await _beside(database)
    await _release(database, folder)
    unfinished = [Said(turn=0, poisoned=False, verdict=None, at=9.0, question=f"{MARK} still?")]
    await add_session(database, EVE, unfinished, session_id="s-open", finished_at=None)


async def _beside(database: Database) -> None:
    """Everything that hangs on a player alone, once for each of the two."""
    await add(database, schema.vote, id="v1", claim_id="c3", player_id="ref", model_wrong=True,
              correction_right=True, unanswerable=False, voted_at=1.0)  # fmt: skip
    await add(database, schema.vote, id="v2", claim_id="c4", player_id=EVE, model_wrong=True,
              correction_right=False, unanswerable=False, better=f"rather {MARK}", voted_at=1.0)  # fmt: skip
    await add(database, schema.league, id="l", week=1, tier=0, number=0, members=2)
    for who, said in ((EVE, MARK), (BOB, "word")):
        await add(database, schema.passcode, code_hash=f"h {who}", player_id=who, made_at=1.0, expires_at=9e9)
        await add(database, schema.link, service="telegram", external_id=f"{said} 1", player_id=who,
                  facts={"last": said}, made_at=1.0)  # fmt: skip
        await add(database, schema.message, id=f"m {who}", player_id=who, kind="league", about="w1",
                  facts={"rank": 1, "size": 2, "said": said}, written_at=1.0)  # fmt: skip
        await add(database, schema.badge, player_id=who, kind="eagle", earned_at=1.0)
        await add(database, schema.quest, player_id=who, day=1, category="count", goal=3)
        await add(database, schema.score, period="all", player_id=who, points=20, updated_at=1.0)
        await add(database, schema.member, player_id=who, week=1, league_id="l", joined_at=1.0)
        await add(database, schema.complaint, player_id=who, campaign_id=CAMPAIGN, image_id=IMAGE,
                  reason="rude", written_at=1.0)  # fmt: skip
        await add(database, schema.assignment, player_id=who, claim_id="c1", gold=False, dealt_at=1.0)
        await add(database, schema.sight, player_id=who, campaign_id=CAMPAIGN, sees=0.9, alarms=0.1, fake=0.0)
        await add(database, schema.appeal, id=f"a {who}", player_id=who, campaign_id=CAMPAIGN,
                  text=f"but {said}", written_at=1.0)  # fmt: skip
        await add(database, schema.ledger, player_id=who, session_id=f"s-{who}", exchange_id=f"s-{who}-x0",
                  reason="hit", points=20, written_at=1.0)  # fmt: skip


async def _release(database: Database, folder: Path) -> None:
    await add(database, schema.opinion, claim_id="c1", judge="rules", prompt="p", score=1.0,
              facts={"why": f"says {MARK}"}, asked_at=1.0)  # fmt: skip
    await add(database, schema.example, id="e1", claim_id="c1", campaign_id=CAMPAIGN, round_id=ROUND,
              image_id=IMAGE, question=f"How {MARK} c1?", answer=f"so {MARK}", wrong_answer="three",
              category="counting", posterior=0.99, provenance={"player": "x"})  # fmt: skip
    for number, names in enumerate(([pseudonym(CampaignId(CAMPAIGN), EVE), "other"], ["other"], None)):
        path = folder / f"release-{number}"
        if names is not None:
            path.mkdir()
            lines = [json.dumps({"id": "1", "provenance": {"player": name}}) for name in names]
            (path / "provenance.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        await add(database, schema.release, id=f"r{number}", campaign_id=CAMPAIGN, round_id=ROUND,
                  version=number + 1, digest="d", path=str(path), examples=2, created_at=9_000.0)  # fmt: skip
    await add(database, schema.evaluation, id="ev", release_id="r0", base_ref="a", tuned_ref="b", figures={},
              passed=True, evaluated_at=1.0)  # fmt: skip
    await add(
        database,
        schema.lesson,
        evaluation_id="ev",
        example_id="e1",
        answer=MARK,
        score=1.0,
        learned=True,
        held_out=False,
    )


async def everything(database: Database) -> dict[str, list[Mapping[str, Any]]]:
    """Returns every row of every table."""
    async with database.read() as tx:
        return {
            table.name: [dict(row) for row in (await tx.execute(select(table))).mappings()]
            for table in schema.metadata.sorted_tables
        }
