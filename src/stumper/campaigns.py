"""Campaigns and their rounds as rows: opening one, finding one, putting the next opponent in."""

from __future__ import annotations

import hashlib
import random
from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.errors import BadInput, Conflict, NotFound
from stumper.records import (
    Campaign,
    CampaignId,
    Decision,
    ReleaseId,
    Round,
    RoundId,
    RoundStatus,
    Rules,
    new_id,
)
from stumper.store.acts import note
from stumper.store.schema import campaign, evaluation, round_, tuning

DEFAULT_LICENCE = "CC BY 4.0"


def _campaign(row: Any) -> Campaign:
    return Campaign(
        id=CampaignId(row.id),
        name=row.name,
        licence=row.licence,
        rules=Rules(**row.rules),
        created_at=row.created_at,
    )


def _round(row: Any) -> Round:
    return Round(
        id=RoundId(row.id),
        campaign_id=CampaignId(row.campaign_id),
        number=row.number,
        model_ref=row.model_ref,
        status=RoundStatus(row.status),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        reason=row.reason,
    )


async def open_campaign(
    tx: AsyncConnection,
    *,
    name: str,
    model_ref: str,
    now: float,
    rng: random.Random,
    rules: Rules | None = None,
    licence: str = DEFAULT_LICENCE,
) -> Campaign:
    """Creates a campaign with its first round, or returns the one of that name unchanged."""
    if not name or len(name) > 80 or not name.replace("-", "").replace("_", "").isalnum():
        raise BadInput(f"{name!r} cannot name a campaign. Use up to 80 letters, digits, '-' and '_'.")
    found = (await tx.execute(select(campaign).where(campaign.c.name == name))).first()
    if found is not None:
        return _campaign(found)
    made = Campaign(
        id=CampaignId(new_id(rng)), name=name, licence=licence, rules=rules or rules_of(name), created_at=now
    )
    await tx.execute(insert(campaign).values(**{**asdict(made), "rules": asdict(made.rules)}))
    await open_round(tx, campaign_id=made.id, model_ref=model_ref, now=now, rng=rng)
    return made


def rules_of(name: str) -> Rules:
    """Returns what a campaign of this name begins with: Toytown's models understand English only."""
    return Rules(speaks="en") if name == "toytown" else Rules()


async def find_campaign(tx: AsyncConnection, name: str) -> Campaign:
    """Raises NotFound, naming the campaigns there are."""
    row = (await tx.execute(select(campaign).where(campaign.c.name == name))).first()
    if row is not None:
        return _campaign(row)
    names = [n for (n,) in await tx.execute(select(campaign.c.name).order_by(campaign.c.name))]
    there = f"There are: {', '.join(names)}." if names else "There is none yet: run stumper images toytown."
    raise NotFound(f"No campaign is called {name!r}. {there}")


async def set_target_mix(tx: AsyncConnection, campaign_id: CampaignId, mix: dict[str, float] | None) -> None:
    """Keeps the share of each category that a campaign's data should have; None: all alike.

    Check it before (``curate.bounties.target_shares``). Quests given before keep their price.
    """
    await change_rules(tx, campaign_id, target_mix=mix)


async def set_approval(tx: AsyncConnection, campaign_id: CampaignId, *, needed: bool) -> None:
    """Says whether a tuned model that passed the gate waits for a person. One that waits goes on waiting."""
    await change_rules(tx, campaign_id, approval=needed)


async def set_paused(tx: AsyncConnection, owner: Campaign, *, paused: bool, actor: str, now: float) -> bool:
    """Keeps sessions from beginning, or lets them, and notes who wanted it. Returns False if it was so
    already.
    """
    if (await hold(tx, owner.id)).paused is paused:
        return False
    await change_rules(tx, owner.id, paused=paused)
    act = "campaign.paused" if paused else "campaign.resumed"
    await note(tx, actor=actor, act=act, about=owner.name, now=now)
    return True


async def change_rules(tx: AsyncConnection, campaign_id: CampaignId, **changed: Any) -> None:
    """Writes some fields of the campaign's `Rules`, which must be checked before."""
    rules = asdict(await hold(tx, campaign_id))
    held = update(campaign).where(campaign.c.id == campaign_id)
    await tx.execute(held.values(rules={**rules, **changed}))


async def hold(tx: AsyncConnection, campaign_id: CampaignId) -> Rules:
    """Returns the campaign's rules; who else changes it or its opponent waits until ``tx`` has ended."""
    held = select(campaign.c.rules).where(campaign.c.id == campaign_id).with_for_update()
    return Rules(**(await tx.execute(held)).scalar_one())


async def _newest(tx: AsyncConnection, campaign_id: CampaignId) -> Any:
    query = select(round_).where(round_.c.campaign_id == campaign_id).order_by(round_.c.number.desc())
    return (await tx.execute(query.limit(1))).first()


async def open_round(
    tx: AsyncConnection,
    *,
    campaign_id: CampaignId,
    model_ref: str,
    now: float,
    rng: random.Random,
    reason: str = "",
) -> Round:
    """Puts ``model_ref`` in as the next opponent. Raises Conflict while another round is open."""
    last = await _newest(tx, campaign_id)
    if last is not None and last.status != RoundStatus.CLOSED.value:
        raise Conflict(f"Round {last.number} is still {last.status}. Close it first: stumper round close")
    made = Round(
        id=RoundId(new_id(rng)),
        campaign_id=campaign_id,
        number=1 if last is None else last.number + 1,
        model_ref=model_ref,
        status=RoundStatus.OPEN,
        opened_at=now,
        reason=reason,
    )
    await tx.execute(insert(round_).values(**{**asdict(made), "status": made.status.value}))
    return made


async def current_round(tx: AsyncConnection, campaign_id: CampaignId) -> Round:
    """Returns the newest round, whatever its status. Raises NotFound without one."""
    row = await _newest(tx, campaign_id)
    if row is None:
        raise NotFound(f"Campaign {campaign_id} has no round.")
    return _round(row)


async def find_round(tx: AsyncConnection, round_id: RoundId) -> Round:
    row = (await tx.execute(select(round_).where(round_.c.id == round_id))).first()
    if row is None:
        raise NotFound(f"No round has the id {round_id!r}. See: stumper round list")
    return _round(row)


async def list_rounds(tx: AsyncConnection) -> list[tuple[str, Round]]:
    """Returns (campaign name, round) of all rounds in order."""
    rows = await tx.execute(
        select(round_, campaign.c.name.label("campaign_name"))
        .join(campaign, campaign.c.id == round_.c.campaign_id)
        .order_by(campaign.c.name, round_.c.number)
    )
    return [(row.campaign_name, _round(row)) for row in rows]


async def record_evaluation(
    tx: AsyncConnection,
    *,
    release_id: ReleaseId,
    base_ref: str,
    tuned_ref: str,
    figures: dict[str, Any],
    passed: bool,
    now: float,
    decision: Decision | None = None,
) -> None:
    """Keeps the figures that decided about a tuned model; a release and a model are examined once.

    ``passed``: it plays now; ``decision``: what a person says, where one is asked.
    """
    key = comparison_id(release_id, base_ref, tuned_ref)
    if (await tx.execute(select(evaluation.c.id).where(evaluation.c.id == key))).first() is not None:
        return
    await tx.execute(
        insert(evaluation).values(
            id=key,
            release_id=release_id,
            base_ref=base_ref,
            tuned_ref=tuned_ref,
            figures=figures,
            passed=passed,
            evaluated_at=now,
            decision=None if decision is None else decision.value,
        )
    )


async def record_tuning(
    tx: AsyncConnection,
    *,
    release_id: ReleaseId,
    base_ref: str,
    tuned_ref: str,
    recipe: dict[str, Any],
    seed: int,
    figures: dict[str, Any],
    now: float,
) -> None:
    """Keeps what made a tuned model; ``figures`` are steps, loss, seconds, code and machine.

    A model that was found and not made again keeps its row.
    """
    key = comparison_id(release_id, base_ref, tuned_ref)
    if (await tx.execute(select(tuning.c.id).where(tuning.c.id == key))).first() is not None:
        return
    await tx.execute(
        insert(tuning).values(
            id=key,
            release_id=release_id,
            base_ref=base_ref,
            tuned_ref=tuned_ref,
            recipe=recipe,
            seed=seed,
            figures=figures,
            finished_at=now,
        )
    )


def comparison_id(release_id: ReleaseId, base_ref: str, tuned_ref: str) -> str:
    """Returns the id of a tuning and of its evaluation."""
    return hashlib.sha256(f"{release_id} {base_ref} {tuned_ref}".encode()).hexdigest()[:32]


async def set_status(tx: AsyncConnection, round_id: RoundId, status: RoundStatus, *, now: float) -> None:
    """Raises Conflict for a closed round: it never opens again."""
    closed_at = now if status is RoundStatus.CLOSED else None
    unclosed = update(round_).where(round_.c.id == round_id, round_.c.status != RoundStatus.CLOSED.value)
    if not (await tx.execute(unclosed.values(status=status.value, closed_at=closed_at))).rowcount:
        raise Conflict(f"Round {round_id} is closed already. See: stumper round list")
