"""Puts the chain of an example together from rows and from the folders of releases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.belief import Cause
from stumper.curate.census import Census, weigh
from stumper.curate.classify import classify_many
from stumper.curate.settle import joined, read_docket
from stumper.errors import NotFound
from stumper.records import CampaignId, ClaimId, ExampleId, ImageId, PlayerId, Rules, SessionId
from stumper.release.explain import queries
from stumper.release.explain.chain import (
    Asked,
    Asker,
    Chain,
    Claimed,
    Decided,
    Lesson,
    Opinion,
    Picture,
    Released,
    Taught,
    Twin,
)
from stumper.release.explain.held import holdings
from stumper.release.explain.steps import steps
from stumper.release.formats import row_id
from stumper.release.portable import portable_ref
from stumper.release.raw.export import name_of
from stumper.store.database import Database
from stumper.trust.evidence import update
from stumper.trust.grade import marks_of
from stumper.trust.queries import control_exchanges


async def find(database: Database, id_: str) -> ClaimId:
    """Returns the claim behind the id of an example, of a row of a release, or of a claim. Raises NotFound.

    A row's id is made of its words, so for one all examples are looked through: a few seconds a million.
    """
    async with database.read() as tx:
        found = await queries.claim_of(tx, id_)
        if found is not None:
            return found
        async for row in queries.wordings(tx):
            if row_id(ImageId(row.image_id), row.question, row.answer) == id_:
                return ClaimId(row.claim_id)
    raise NotFound(
        f"Nothing has the id {id_!r}. Take one from a release (`id` in train.jsonl), from `stumper export "
        "claims`, or from `stumper claims list`; what a forgotten player made is gone for good."
    )


async def explain(database: Database, claim_id: ClaimId, *, everybody: bool = False) -> Chain:
    """Returns the chain of a claim and its example.

    ``everybody``: also estimates it from all marks and votes of the campaign, which takes a minute for a
    million. Raises NotFound for an unknown claim or one whose player was forgotten.
    """
    async with database.read() as tx:
        rows = await _read(tx, claim_id)
        one = rows.one
        found = await steps(tx, one, [claim_id, *(ClaimId(twin.id) for twin in rows.twins)])
        opinions = tuple(
            Opinion(judge=row.judge, score=row.score, at=row.asked_at)
            for row in await queries.opinions_on(tx, claim_id)
        )
        asker = await _asker(tx, one)
    of_all = await _of_all(database, one) if everybody else None
    releases = await asyncio.to_thread(_released, one, rows.releases)
    held = {release.id for release in releases}
    return Chain(
        example_id=one.example_id,
        answer=one.example_answer or one.correction,
        campaign=one.campaign,
        licence=one.campaign_licence,
        picture=_picture(one),
        asker=asker,
        asked=_asked(one),
        claimed=_claimed(one, rows.twins),
        steps=found,
        opinions=opinions,
        decided=_decided(one, of_all),
        releases=releases,
        models=tuple(
            Taught(
                tuned_ref=portable_ref(row.tuned_ref),
                base_ref=portable_ref(row.base_ref),
                release_id=row.release_id,
                at=row.finished_at,
            )
            for row in rows.tunings
            if row.release_id in held
        ),
        lessons=tuple(map(_lesson, rows.lessons)),
        provenance=dict(one.provenance or {}),
    )


class _Rows(NamedTuple):
    one: Any
    twins: Sequence[Any]
    releases: Sequence[Any]
    tunings: Sequence[Any]
    lessons: Sequence[Any]


async def _read(tx: AsyncConnection, claim_id: ClaimId) -> _Rows:
    one = await queries.chain(tx, claim_id)
    if one is None:
        raise NotFound(f"No claim has the id {claim_id!r}. See: stumper claims list")
    if one.forgotten_at is not None or one.reason == Cause.FORGOTTEN.value:
        raise NotFound(f"Claim {claim_id!r} was its player's, who had everything deleted: nothing is left.")
    if one.example_id is None:
        return _Rows(one, await queries.twins_of(tx, claim_id), (), (), ())
    releases = await queries.releases_since(tx, CampaignId(one.campaign_id), round_number=one.round)
    return _Rows(
        one,
        await queries.twins_of(tx, claim_id),
        releases,
        await queries.tunings_on(tx, [release.id for release in releases]),
        await queries.lessons_on(tx, ExampleId(one.example_id)),
    )


def _picture(one: Any) -> Picture | None:
    if one.file is None:
        return None
    return Picture(
        id=one.image_id,
        file=one.file,
        source=one.source,
        licence=one.image_licence,
        kind=one.kind,
        width_px=one.width_px,
        height_px=one.height_px,
    )


async def _asker(tx: AsyncConnection, one: Any) -> Asker:
    player_id, campaign_id = PlayerId(one.player_id), CampaignId(one.campaign_id)
    then = 1.0
    for played in await queries.graded_before(tx, player_id, one.created_at):
        marks = marks_of(await control_exchanges(tx, SessionId(played.id)))
        then = update(then, marks, poison_rate=played.poison_rate, cap=Rules(**one.rules).cap_e)
    return Asker(
        pseudonym=name_of(campaign_id, player_id, forgotten=False),
        kind=one.player_kind,
        model=None if one.player_ref is None else portable_ref(one.player_ref),
        method=one.method,
        consent_licence=one.consent_licence,
        consent_at=one.consent_at,
        language=one.language,
        e_value_then=then,
        e_value=one.e_value,
    )


def _asked(one: Any) -> Asked:
    return Asked(
        session_id=one.session_id,
        turn=one.position + 1,
        turns=one.turns,
        number=one.number + 1,
        control=one.control,
        poisoned=one.poisoned,
        seconds=None if one.opened_at is None else one.asked_at - one.opened_at,
        question=one.question,
        round=one.round,
        model=portable_ref(one.model_ref),
        model_answer=one.model_answer,
        shown_answer=one.shown_answer or one.model_answer,
        latency_ms=one.latency_ms,
        asked_at=one.asked_at,
        answered_at=one.answered_at,
        verdict=one.verdict or "wrong",
        correction=one.correction,
        judged_at=one.judged_at,
        confidence=one.confidence,
        pasted=one.pasted,
        suggested=one.suggested,
        answered_by=one.answered_by,
    )


def _claimed(one: Any, twins: Sequence[Any]) -> Claimed:
    (labelled,) = classify_many([one.question], [one.correction])
    campaign_id = CampaignId(one.campaign_id)
    return Claimed(
        id=one.claim_id,
        category=one.category or labelled.category.value,
        confidence=labelled.confidence,
        created_at=one.created_at,
        same_as=one.same_as,
        twins=tuple(
            Twin(
                claim_id=twin.id,
                pseudonym=name_of(campaign_id, PlayerId(twin.player_id), forgotten=False),
                question=twin.question,
                correction=twin.correction,
            )
            for twin in twins
        ),
        blind=one.blind,
    )


def _decided(one: Any, of_all: float | None) -> Decided:
    rules = Rules(**one.rules)
    return Decided(
        status=one.status,
        reason=one.reason,
        at=one.decided_at,
        accept=rules.accept,
        reject=rules.reject,
        posterior=one.posterior,
        posterior_in_example=one.example_posterior,
        posterior_of_all=of_all,
    )


async def _of_all(database: Database, one: Any) -> float | None:
    async with database.read() as tx:
        docket = await read_docket(tx, CampaignId(one.campaign_id), one.round_id)
    census = Census(joined(docket), docket.passed, docket.controls, docket.jury)
    beliefs = (await asyncio.to_thread(weigh, census)).beliefs
    found = beliefs.get(ClaimId(one.same_as or one.claim_id))
    return None if found is None else found.good


def _released(one: Any, rows: Sequence[Any]) -> tuple[Released, ...]:
    if one.example_id is None:
        return ()
    key = row_id(ImageId(one.image_id), one.example_question, one.example_answer)
    found = ((row, holdings(Path(row.path), key)) for row in rows)
    return tuple(
        Released(
            id=row.id,
            version=row.version,
            row_id=key,
            split=None if held is None else held.split,
            weight=None if held is None else held.weight,
            withdrawn_at=row.withdrawn_at,
            path=row.path,
        )
        for row, held in found
        if held is None or held.split is not None
    )


def _lesson(row: Any) -> Lesson:
    return Lesson(
        tuned_ref=portable_ref(row.tuned_ref),
        answer=row.answer,
        score=row.score,
        learned=row.learned,
        held_out=row.held_out,
        passed=row.passed,
    )
