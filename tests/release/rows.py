"""Rows that a release is frozen from: a campaign with rounds, pictures and accepted examples."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image as Pictures
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.pipeline import pseudonym
from stumper.images.files import Files
from stumper.records import CampaignId, Category, ImageId, PlayerId, RoundId, Rules
from stumper.store import schema
from stumper.store.database import Database

CAMPAIGN = CampaignId("toytown")
FIRST, SECOND = RoundId("first"), RoundId("second")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One example to be: ``picture`` numbers the image."""

    picture: int
    question: str = "How many cats are there?"
    answer: str = "five"
    wrong_answer: str = "three"
    category: Category = Category.COUNTING
    posterior: float = 0.97
    round_id: RoundId = FIRST
    player: str = "p"


def facts(pictures: int, *, each: int = 2) -> list[Fact]:
    """Returns ``each`` different examples on every picture, with a question of their own."""
    return [
        Fact(
            picture=number,
            question=f"How many cats are in row {place}, {number}?",
            answer=str(4 + number % 5),
        )
        for number in range(pictures)
        for place in range(each)
    ]


def picture_bytes(number: int) -> bytes:
    target = io.BytesIO()
    Pictures.new("RGB", (12, 8), (number % 256, number // 256, 90)).save(target, "PNG")
    return target.getvalue()


def image_id(number: int) -> ImageId:
    return ImageId(hashlib.sha256(picture_bytes(number)).hexdigest()[:20])


async def open_campaign(database: Database, *, model_ref: str = "onnx:") -> None:
    """Inserts the campaign, two rounds, one player and one session."""
    async with database.begin() as tx:
        await _add(tx, schema.campaign, id=CAMPAIGN, name="toytown", licence="CC BY 4.0",
                   rules=asdict(Rules()), created_at=1.0)  # fmt: skip
        for number, round_id in enumerate((FIRST, SECOND), start=1):
            await _add(tx, schema.round_, id=round_id, campaign_id=CAMPAIGN, number=number,
                       model_ref=model_ref, status="open" if round_id == SECOND else "closed",
                       opened_at=1.0)  # fmt: skip
        await _add(tx, schema.player, **_player("p"))
        await _add(tx, schema.session, id="s", player_id="p", round_id=FIRST, campaign_id=CAMPAIGN, turns=10,
                   started_at=1.0, poison_rate=0.4, salt="x", commitment="y")  # fmt: skip


async def accept(
    database: Database, files: Files, found: list[Fact], *, prefix: str = "e", now: float = 2.0
) -> None:
    """Inserts the facts as accepted examples with their whole history; ``prefix`` keeps ids apart."""
    keys = {fact.picture: await files.put(picture_bytes(fact.picture), suffix=".png") for fact in found}
    histories = [_history(fact, f"{prefix}{place}", now) for place, fact in enumerate(found)]
    async with database.begin() as tx:
        known = set((await tx.execute(select(schema.image.c.id))).scalars())
        new = [_picture(number, key) for number, key in keys.items() if image_id(number) not in known]
        if new:
            await tx.execute(insert(schema.image), new)
        joined = set((await tx.execute(select(schema.player.c.id))).scalars())
        for name in sorted({fact.player for fact in found} - joined):
            await _add(tx, schema.player, **_player(name))
        for table in (schema.turn, schema.exchange, schema.claim, schema.example):
            await tx.execute(insert(table), [history[table.name] for history in histories])


def _player(name: str) -> dict[str, Any]:
    return {
        "id": name, "nickname": "Ann", "language": "en", "kind": "human", "consent_at": 1.0,
        "licence": "CC BY 4.0", "created_at": 1.0,
    }  # fmt: skip


def _picture(number: int, key: str) -> dict[str, Any]:
    return {
        "id": image_id(number), "campaign_id": CAMPAIGN, "file": key, "kind": "untainted", "width_px": 12,
        "height_px": 8, "source": "Toytown, seed 1", "licence": "CC0 1.0", "created_at": 1.0,
    }  # fmt: skip


def _history(fact: Fact, name: str, now: float) -> dict[str, dict[str, Any]]:
    """One row of each table, from the turn to the example."""
    where = {"campaign_id": CAMPAIGN, "round_id": fact.round_id, "image_id": image_id(fact.picture)}
    position = int(hashlib.sha256(name.encode()).hexdigest()[:7], 16)
    turn = {
        "id": f"t{name}", "session_id": "s", "position": position, "image_id": where["image_id"],
        "control": False, "coins": "0",
    }  # fmt: skip
    exchange = {
        "id": f"x{name}", "turn_id": turn["id"], "number": 0, "key": "k", "poisoned": False,
        "question": fact.question, "model_answer": fact.wrong_answer, "asked_at": now,
    }  # fmt: skip
    claim = where | {
        "id": f"c{name}", "exchange_id": exchange["id"], "player_id": fact.player, "status": "accepted",
        "question": fact.question, "model_answer": fact.wrong_answer, "correction": fact.answer,
        "created_at": now,
    }  # fmt: skip
    example = where | {
        "id": name, "claim_id": claim["id"], "question": fact.question, "answer": fact.answer,
        "wrong_answer": fact.wrong_answer, "category": fact.category, "posterior": fact.posterior,
        "provenance": {
            "player": pseudonym(CAMPAIGN, PlayerId(fact.player)), "decided_at": now, "language": "en",
            "model": "onnx:/home/me/t", "consent": {"licence": "CC BY 4.0", "given_at": 1.0},
        },
    }  # fmt: skip
    return {"turn": turn, "exchange": exchange, "claim": claim, "example": example}


async def _add(tx: AsyncConnection, table: Any, **values: Any) -> None:
    await tx.execute(insert(table).values(**values))
