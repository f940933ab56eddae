"""Rows that voting reads: trusted players with a history of controls, and their claims."""

from __future__ import annotations

from sqlalchemy import insert

from stumper.records import ClaimId, PlayerId
from stumper.store import schema
from stumper.store.database import Database
from tests.trust.rows import CAMPAIGN, IMAGE, ROUND, Said, add_player, add_session


async def add_trusted(database: Database, *names: str, turns: int = 15) -> list[PlayerId]:
    """Adds players with E = 500 and a graded session of faultless controls."""
    made = []
    for name in names:
        made.append(await add_player(database, name, e_value=500.0))
        said = [
            Said(turn=n, poisoned=n % 5 < 2, verdict="wrong" if n % 5 < 2 else "correct", at=30.0 * (n + 1))
            for n in range(turns)
        ]
        await add_session(database, name, said, session_id=f"s-{name}", graded_at=1_000.0)
    return made


async def add_claim(
    database: Database,
    claimant: str,
    claim_id: str,
    *,
    question: str = "How many cats are there?",
    correction: str = "four",
    image: str = IMAGE,
    at: float = 5_000.0,
) -> ClaimId:
    """Adds a claim with its exchange in a session of its own."""
    said = [Said(turn=0, poisoned=False, verdict="wrong", at=20.0, question=question, control=False)]
    await add_session(database, claimant, said, session_id=f"s-{claim_id}", graded_at=1_000.0)
    async with database.begin() as tx:
        await tx.execute(
            insert(schema.claim).values(
                id=claim_id, exchange_id=f"s-{claim_id}-x0", campaign_id=CAMPAIGN, round_id=ROUND,
                player_id=claimant, image_id=image, question=question, model_answer="three",
                correction=correction, status="open", created_at=at,
            )
        )  # fmt: skip
    return ClaimId(claim_id)
