"""Settled claims become truths about their pictures, and stop being so when they are reopened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from stumper.curate.belief import Cause
from stumper.curate.replay import replay, told
from stumper.curate.settle import settle_all
from stumper.images.probes import Probe
from stumper.play.asked import known_answer
from stumper.records import (
    CampaignId,
    Claim,
    ClaimId,
    ClaimStatus,
    ExchangeId,
    Image,
    ImageId,
    ImageKind,
    PlayerId,
    RoundId,
)
from stumper.store import schema
from stumper.store.database import Database
from tests.curate.rows import add_claim, add_trusted
from tests.trust.rows import CAMPAIGN, IMAGE, ROUND, open_campaign

_CLAIM = Claim(
    id=ClaimId("c1"),
    exchange_id=ExchangeId("x1"),
    campaign_id=CampaignId(CAMPAIGN),
    round_id=RoundId(ROUND),
    player_id=PlayerId("ann"),
    image_id=ImageId(IMAGE),
    question="How many cats are there?",
    model_answer="three",
    correction="four",
)
_ACCEPTED = replace(_CLAIM, status=ClaimStatus.ACCEPTED, posterior=0.99, reason=Cause.CONFIRMED.value)
_REJECTED = replace(_CLAIM, status=ClaimStatus.REJECTED, posterior=0.01, reason=Cause.MODEL_RIGHT.value)
_PROBE = {"question": "what colour is the cat?", "answer": "red"}


def _image(known: list[dict[str, str]] | None = None) -> Image:
    return Image(
        id=ImageId(IMAGE),
        campaign_id=CampaignId(CAMPAIGN),
        file="f",
        kind=ImageKind.UNTAINTED,
        width_px=1,
        height_px=1,
        source="test",
        licence="CC0",
        known=known,
    )


@pytest.mark.parametrize(
    ("claim", "answer"),
    [
        (_ACCEPTED, "four"),
        (_REJECTED, "three"),
        (_CLAIM, None),
        (replace(_ACCEPTED, posterior=0.97), None),
        (replace(_ACCEPTED, posterior=None), None),
        (replace(_REJECTED, posterior=0.03), None),
        (replace(_REJECTED, reason=Cause.WRONG_CORRECTION.value), None),
        (replace(_ACCEPTED, status=ClaimStatus.DISPUTED), None),
        (replace(_ACCEPTED, same_as=ClaimId("c0")), None),
        (replace(_ACCEPTED, correction="Yes."), None),
    ],
)
def test_only_what_is_certain_and_open_is_a_truth(claim: Claim, answer: str | None) -> None:
    found = told(_image(), [claim])

    assert [truth["answer"] for truth in found] == ([] if answer is None else [answer])
    truths = [Probe(truth["question"], truth["answer"]) for truth in found]
    assert known_answer("how many cats can you see?", truths) == answer


claims = st.lists(
    st.builds(
        lambda claim, name: replace(claim, id=ClaimId(f"c{name}")),
        st.sampled_from([_ACCEPTED, _REJECTED, _CLAIM]),
        st.integers(0, 5),
    ),
    unique_by=lambda claim: claim.id,
)


@given(first=claims, then=claims)
def test_telling_again_changes_nothing_and_probes_stay(first: list[Claim], then: list[Claim]) -> None:
    known = told(_image([_PROBE]), first)
    both = told(_image(known), then)

    assert told(_image(known), first) == known
    assert told(_image(both), then) == both
    assert known[0] == both[0] == _PROBE
    latest = {claim.id: claim for claim in [*first, *then]}
    sure = {id_ for id_, claim in latest.items() if claim.status is not ClaimStatus.OPEN}
    assert {truth.get("claim") for truth in both[1:]} == sure


async def _known(database: Database) -> Any:
    async with database.read() as tx:
        return (await tx.execute(select(schema.image.c.known).where(schema.image.c.id == IMAGE))).scalar_one()


async def test_a_claim_that_is_reopened_takes_its_truth_back(database: Database) -> None:
    await open_campaign(database)
    for decided, changed, known in (
        ([_ACCEPTED], 1, [{"question": _CLAIM.question, "answer": "four", "claim": "c1"}]),
        ([_ACCEPTED], 0, [{"question": _CLAIM.question, "answer": "four", "claim": "c1"}]),
        ([_CLAIM], 1, None),
        ([_CLAIM], 0, None),
    ):
        async with database.begin() as tx:
            assert await replay(tx, CampaignId(CAMPAIGN), decided) == changed
        assert await _known(database) == known


async def test_settling_a_round_tells_the_truths_of_its_claims(sqlite_database: Database) -> None:
    await open_campaign(sqlite_database)
    voters = await add_trusted(sqlite_database, "bob", "cyd", "dee", "eve")
    await add_trusted(sqlite_database, "ann")
    claim_id = await add_claim(sqlite_database, "ann", "c1")
    async with sqlite_database.begin() as tx:
        await tx.execute(update(schema.image).values(kind=ImageKind.UNTAINTED.value))
        for voter in voters:
            await tx.execute(
                insert(schema.vote).values(
                    id=f"v-{voter}", claim_id=claim_id, player_id=voter, model_wrong=True,
                    correction_right=True, unanswerable=False, voted_at=6_000.0,
                )
            )  # fmt: skip

    await settle_all(sqlite_database, CampaignId(CAMPAIGN), RoundId(ROUND), now=9_000.0)

    known = await _known(sqlite_database)
    assert [truth["answer"] for truth in known] == ["four"]


async def test_a_simple_picture_is_left_alone(database: Database) -> None:
    await open_campaign(database)
    async with database.begin() as tx:
        await tx.execute(update(schema.image).values(kind=ImageKind.TAINTED.value))
        assert await replay(tx, CampaignId(CAMPAIGN), [_ACCEPTED]) == 0
    assert await _known(database) is None
